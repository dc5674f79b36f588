/* daemon/cli_printer.c - printer add, list, show, remove: which gateways print for a tenant, and
 * where. */
#include <stdio.h>
#include <string.h>

#include "daemon/cli.h"
#include "daemon/cli_call.h"

static const struct cli_column facts[] = {
	{ "name", "printer", 0 },
	{ "uuid", "output device", 0 },
	{ "state", "state", 0 },
};

static void
path_of(const struct invocation *inv, const char *name, char path[static CLI_PATH_MAX])
{
	(void)snprintf(path, CLI_PATH_MAX, "/v1/tenants/%s/printers%s%s", cli_option(inv, "tenant"),
	    name == NULL ? "" : "/", name == NULL ? "" : name);
}

static void
print_gateways(const struct json *j)
{
	const struct json *list = json_get(j, "gateways");

	for (size_t i = 0; i < json_count(list); i++) {
		(void)printf("gateway: ");
		cli_put_line(json_as_text(json_at(list, i)));
	}
}

/* What is replaced or removed is what was seen; what is not there can only be added. */
static bool
write_it(const struct invocation *inv, const char *method, const struct json *body,
    struct json **ret, struct fault *f)
{
	char path[CLI_PATH_MAX];
	struct json *seen = NULL;
	struct client *c = NULL;
	struct fault why;
	bool ok;

	path_of(inv, inv->words[0], path);
	ok = cli_open(inv, &c, f);
	if (ok && client_call(c, "GET", path, NULL, &seen, &why))
		client_match(c, json_text(seen, "etag"));
	else if (ok && (why.code != FAULT_NOTFOUND || body == NULL))
		*f = why, ok = false;
	ok = ok && client_call(c, method, path, body, ret, f);
	client_close(c);
	json_free(seen);
	return ok;
}

static int
done(const struct invocation *inv, bool ok, struct json *answer, const struct fault *f,
    void (*tell)(const struct invocation *inv, const struct json *answer))
{
	if (!ok)
		return cli_refuse(inv, f);
	if (inv->json)
		cli_print_json(stdout, answer);
	else
		tell(inv, answer);
	json_free(answer);
	return CLI_OK;
}

static void
tell_added(const struct invocation *inv, const struct json *answer)
{
	cli_print_facts(answer, facts, sizeof(facts) / sizeof(facts[0]));
	print_gateways(answer);
	(void)printf(
	    "\nThese gateways, and no others, print there.\nNext: quatrain printer list --tenant %s\n",
	    cli_option(inv, "tenant"));
}

int
printer_add_command(const struct invocation *inv)
{
	struct json *body = json_object(), *gateways = json_array(), *answer = NULL;
	const char *name;
	struct fault f;
	bool ok;

	for (size_t i = 0; (name = cli_option_at(inv, "gateway", i)) != NULL; i++)
		json_add_text(gateways, name);
	json_put(body, "gateways", gateways);
	ok = write_it(inv, "PUT", body, &answer, &f);
	json_free(body);
	return done(inv, ok, answer, &f, tell_added);
}

int
printer_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "name", "PRINTER", 16 },
		{ "uuid", "OUTPUT DEVICE", 45 },
		{ "added", "ADDED", 20 },
	};
	char path[CLI_PATH_MAX];

	path_of(inv, NULL, path);
	return cli_list(inv, path, columns, sizeof(columns) / sizeof(columns[0]),
	    "No printer is known here. Next: quatrain printer add NAME --tenant T --gateway G");
}

static void
tell_shown(const struct invocation *inv, const struct json *answer)
{
	static const struct cli_column shown[] = {
		{ "name", "printer", 0 },
		{ "uuid", "output device", 0 },
		{ "added", "added", 0 },
		{ "etag", "etag", 0 },
	};

	cli_print_facts(answer, shown, sizeof(shown) / sizeof(shown[0]));
	print_gateways(answer);
	(void)printf("Next: quatrain printer list --tenant %s\n", cli_option(inv, "tenant"));
}

int
printer_show_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];

	path_of(inv, inv->words[0], path);
	return cli_call(inv, "GET", path, NULL, tell_shown);
}

static void
tell_removed(const struct invocation *inv, const struct json *answer)
{
	char name[CLI_CELL_MAX];

	(void)printf(
	    "Removed: no gateway prints on %s any more.\nNext: quatrain printer list --tenant %s\n",
	    cli_cell(answer, "name", name), cli_option(inv, "tenant"));
}

int
printer_remove_command(const struct invocation *inv)
{
	struct json *answer = NULL;
	struct fault f;
	bool ok = write_it(inv, "DELETE", NULL, &answer, &f);

	return done(inv, ok, answer, &f, tell_removed);
}
