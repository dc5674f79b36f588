/* daemon/cli_policy.c - policy put, list, show, remove: the policies of a service. */
#include <string.h>

#include "ca/policy_book.h"
#include "daemon/cli_call.h"
#include "daemon/policy_file.h"

static const struct cli_column put_facts[] = {
	{ "name", "policy", 0 },
	{ "kind", "kind", 0 },
	{ "mode", "mode", 0 },
	{ "scope", "scope", 0 },
	{ "revision", "revision", 0 },
	{ "rules", "rules", 0 },
	{ "tests", "tests passed", 0 },
	{ "invariants", "invariants proven", 0 },
	{ "digest", "digest", 0 },
};

static const struct cli_column facts[] = {
	{ "name", "policy", 0 },
	{ "revision", "revision", 0 },
	{ "state", "state", 0 },
	{ "digest", "digest", 0 },
	{ "turn", "turn", 0 },
	{ "etag", "etag", 0 },
	{ "log_index", "log index", 0 },
};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Of a tenant's, or of the Guardrail called name. */
static void
path_of(
    const struct invocation *inv, const char *name, const char *more, char to[static CLI_PATH_MAX])
{
	const char *tenant = cli_option(inv, "tenant");

	if (tenant != NULL)
		(void)snprintf(to, CLI_PATH_MAX, "/v1/tenants/%s/policy%s", tenant, more);
	else
		(void)snprintf(to, CLI_PATH_MAX, "/v1/policies/%s%s", name, more);
}

/* A Guardrail's own name, which is its slot. */
static bool
name_in(const char *path, char to[static TEXT_LABEL_MAX], struct fault *f)
{
	struct policy_files files = { .n = 0 };
	bool ok = policy_files_add(&files, path, f) &&
		  (files.n == 1 || fault_set(f, FAULT_BADREQ, "%.200s: expected a file", path));

	if (ok)
		(void)snprintf(to, TEXT_LABEL_MAX, "%.*s", (int)files.document[0]->name.n,
		    (const char *)files.document[0]->name.at);
	policy_files_free(&files);
	return ok &&
	       (text_is_label(to) ||
		   fault_set(f, FAULT_BADREQ, "%.200s: metadata.name: expected a DNS label", path));
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static bool
put_file(const char *path, const char *name, size_t most, struct json *body, struct fault *f)
{
	struct bytes text = { 0 };
	bool ok = cli_read_file(path, most, &text, f);

	if (ok && memchr(text.at, 0, text.n) != NULL)
		ok = fault_set(f, FAULT_BADREQ, "%s: expected a text", path);
	bytes_put_u8(&text, 0);
	if ((ok = ok && bytes_ok(&text, f)))
		json_put_text(body, name, (const char *)text.at);
	bytes_free(&text);
	return ok;
}

/* What is replaced is what was seen. */
static bool
put(const struct invocation *inv, const char *path, const struct json *body, struct json **ret,
    struct fault *f)
{
	const char *match = cli_option(inv, "if-match");
	struct json *seen = NULL;
	struct client *c = NULL;
	struct fault why;
	bool ok = cli_open(inv, &c, f);

	if (ok && match == NULL && !cli_flag(inv, "dry-run")) {
		if (client_call(c, "GET", path, NULL, &seen, &why))
			match = json_text(seen, "etag");
		else if (why.code != FAULT_NOTFOUND)
			*f = why, ok = false;
	}
	if (ok && match != NULL)
		client_match(c, match);
	ok = ok && client_call(c, "PUT", path, body, ret, f);
	client_close(c);
	json_free(seen);
	return ok;
}

static void
tell_put(const struct invocation *inv, const struct json *answer)
{
	const struct json *warnings = json_get(answer, "warnings");

	for (size_t i = 0; i < json_count(warnings); i++) {
		(void)printf("warning: ");
		cli_put_line(json_as_text(json_at(warnings, i)));
	}
	(void)printf(cli_flag(inv, "dry-run") ? "It would be in force: nothing was changed.\n"
					      : "It is in force.\n");
	cli_print_facts(answer, put_facts, COUNT(put_facts));
	(void)printf("Next: quatrain policy list\n");
}

static bool
prepare(const struct invocation *inv, struct json *body, char path[static CLI_PATH_MAX],
    struct fault *f)
{
	const char *signature = cli_option(inv, "signature");
	char name[TEXT_LABEL_MAX] = "";

	if (!put_file(inv->words[0], "document", POLICY_BOOK_OCTETS, body, f) ||
	    (signature != NULL &&
		!put_file(signature, "signature", POLICY_BOOK_SIGNATURE_OCTETS, body, f)))
		return false;
	if (cli_option(inv, "tenant") == NULL && !name_in(inv->words[0], name, f))
		return false;
	path_of(inv, name, "", path);
	if (strchr(last_part(inv->words[0]), ':') == NULL)
		json_put_octets(body, "file", octets_text(last_part(inv->words[0])));
	if (cli_flag(inv, "dry-run"))
		json_put_bool(body, "dry_run", true);
	return true;
}

int
policy_put_command(const struct invocation *inv)
{
	struct json *body = json_object(), *answer = NULL;
	char path[CLI_PATH_MAX];
	struct fault f;
	int status = CLI_OK;

	if (!prepare(inv, body, path, &f) || !put(inv, path, body, &answer, &f))
		status = cli_refuse(inv, &f);
	else if (inv->json)
		cli_print_json(stdout, answer);
	else if (!cli_waits(answer))
		tell_put(inv, answer);
	json_free(answer);
	json_free(body);
	return status;
}

int
policy_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "name", "POLICY", 20 },
		{ "revision", "REVISION", 8 },
		{ "turn", "TURN", 4 },
		{ "state", "STATE", 8 },
		{ "changed", "CHANGED", 20 },
		{ "by", "BY", 16 },
		{ "digest", "DIGEST", 0 },
	};
	const char *name = cli_option(inv, "history");
	char path[CLI_PATH_MAX] = "/v1/policies";

	if (cli_option(inv, "tenant") != NULL || name != NULL)
		path_of(inv, name, "/history", path);
	return cli_list(inv, path, columns, sizeof(columns) / sizeof(columns[0]),
	    "No policy. Next: quatrain policy put FILE");
}

static void
tell_document(const struct invocation *inv, const struct json *answer)
{
	const char *text = json_text(answer, "document");
	struct bytes line = { 0 };
	struct fault ignored;

	(void)inv;
	while (text != NULL && *text != '\0') {
		size_t n = strcspn(text, "\n");

		bytes_clear(&line);
		bytes_put(&line, text, n);
		bytes_put_u8(&line, 0);
		if (!bytes_ok(&line, &ignored))
			break;
		cli_put_line((const char *)line.at);
		text += n + (text[n] == '\n' ? 1 : 0);
	}
	bytes_free(&line);
	cli_print_facts(answer, facts, COUNT(facts));
	(void)printf("Next: quatrain policy list\n");
}

int
policy_show_command(const struct invocation *inv)
{
	const char *turn = cli_option(inv, "revision");
	char path[CLI_PATH_MAX], more[32] = "";

	if (inv->words_n == 0 && cli_option(inv, "tenant") == NULL)
		return cli_policy_rules(inv);
	if (turn != NULL)
		(void)snprintf(more, sizeof(more), "?turn=%.20s", turn);
	path_of(inv, inv->words_n == 0 ? "" : inv->words[0], more, path);
	return cli_call(inv, "GET", path, NULL, tell_document);
}

static void
tell_removed(const struct invocation *inv, const struct json *answer)
{
	(void)inv;
	(void)printf("It is not in force any more.\n");
	cli_print_facts(answer, facts, COUNT(facts));
	(void)printf("Next: quatrain policy list\n");
}

int
policy_remove_command(const struct invocation *inv)
{
	struct json *answer = NULL, *seen = NULL;
	struct client *c = NULL;
	char path[CLI_PATH_MAX];
	struct fault f;
	bool ok;

	if ((inv->words_n == 0) == (cli_option(inv, "tenant") == NULL))
		return cli_usage(inv->command, "expected the name of a guardrail, or --tenant");
	path_of(inv, inv->words_n == 0 ? "" : inv->words[0], "", path);
	ok = cli_open(inv, &c, &f) && client_call(c, "GET", path, NULL, &seen, &f);
	if (ok)
		client_match(c, json_text(seen, "etag"));
	ok = ok && client_call(c, "DELETE", path, NULL, &answer, &f);
	client_close(c);
	json_free(seen);
	if (!ok)
		return cli_refuse(inv, &f);
	if (inv->json)
		cli_print_json(stdout, answer);
	else if (!cli_waits(answer))
		tell_removed(inv, answer);
	json_free(answer);
	return CLI_OK;
}
