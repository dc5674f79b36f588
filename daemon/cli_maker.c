/* daemon/cli_maker.c - maker add, list, remove: the manufacturers whose devices a tenant takes. */
#include <stdio.h>
#include <string.h>

#include "daemon/cli.h"
#include "daemon/cli_call.h"

#define FILE_MAX 32768 /* octets of a root, in PEM */

static bool
read_root(const char *path, struct bytes *ret, struct fault *f)
{
	if (!cli_read_file(path, FILE_MAX, ret, f))
		return false;
	if (ret->n > 0 && memchr(ret->at, '\0', ret->n) != NULL)
		return fault_set(f, FAULT_BADREQ, "maker: %s: expected a certificate in PEM", path);
	bytes_put_u8(ret, 0);
	return bytes_ok(ret, f);
}

static void
tell_added(const struct invocation *inv, const struct json *answer)
{
	static const struct cli_column facts[] = {
		{ "name", "maker", 0 },
		{ "sha256", "root", 0 },
	};

	cli_print_facts(answer, facts, sizeof(facts) / sizeof(facts[0]));
	(void)printf(
	    "\nIts devices come in when they are registered.\nNext: quatrain device add SERIAL --tenant %s --maker %s --device NAME\n",
	    cli_option(inv, "tenant"), cli_option(inv, "name"));
}

int
maker_add_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];
	struct bytes pem = { 0 };
	struct json *body;
	struct fault f;
	int status;

	if (!read_root(inv->words[0], &pem, &f)) {
		bytes_free(&pem);
		return cli_refuse(inv, &f);
	}
	body = json_object();
	json_put_text(body, "name", cli_option(inv, "name"));
	json_put_text(body, "certificate", (const char *)pem.at);
	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/makers", cli_option(inv, "tenant"));
	status = cli_call(inv, "POST", path, body, tell_added);
	bytes_free(&pem);
	return status;
}

int
maker_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "name", "MAKER", 16 },
		{ "subject", "ROOT", 40 },
		{ "not_after", "ENDS", 20 },
		{ "added", "ADDED", 20 },
		{ "by", "BY", 16 },
	};
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/makers", cli_option(inv, "tenant"));
	return cli_list(inv, path, columns, sizeof(columns) / sizeof(columns[0]),
	    "No maker is known here. Next: quatrain maker add ROOT.pem --tenant T --name NAME");
}

static void
tell_removed(const struct invocation *inv, const struct json *answer)
{
	char name[CLI_CELL_MAX];

	(void)printf(
	    "Removed: devices of %s come in no more. What was issued to them stays good.\nNext: quatrain cert list --tenant %s\n",
	    cli_cell(answer, "name", name), cli_option(inv, "tenant"));
}

int
maker_remove_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/makers/%s", cli_option(inv, "tenant"),
	    inv->words[0]);
	return cli_call(inv, "DELETE", path, NULL, tell_removed);
}
