/* daemon/cli_endpoint.c - endpoint list, show, remove. */
#include <string.h>

#include "base/text.h"
#include "daemon/cli_call.h"

static const struct cli_column facts[] = {
	{ "kind", "kind", 0 },
	{ "name", "name", 0 },
	{ "holds", "holds", 0 },
	{ "status", "newest is", 0 },
	{ "last_issued", "last issued", 0 },
	{ "not_after", "ends", 0 },
	{ "reason", "reason", 0 },
	{ "revoked", "certificates revoked", 0 },
	{ "tokens", "tokens closed", 0 },
	{ "requests", "requests refused", 0 },
	{ "registrations", "registrations removed", 0 },
	{ "printers", "printers taken out", 0 },
	{ "badges", "badges taken out", 0 },
	{ "removed_at", "removed", 0 },
	{ "log_index", "log index", 0 },
};
#define FACTS_N (sizeof(facts) / sizeof(facts[0]))

static const struct cli_column certificates[] = {
	{ "serial", "SERIAL", 32 },
	{ "status", "STATUS", 7 },
	{ "not_before", "BEGINS", 20 },
	{ "not_after", "ENDS", 20 },
	{ "profile", "PROFILE", 0 },
};

int
endpoint_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "kind", "KIND", 11 },
		{ "name", "NAME", 12 },
		{ "holds", "HOLDS", 5 },
		{ "status", "STATUS", 7 },
		{ "last_issued", "LAST ISSUED", 20 },
		{ "not_after", "ENDS", 0 },
	};
	const char *kind = cli_option(inv, "kind");
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/endpoints%s%s",
	    cli_option(inv, "tenant"), kind == NULL ? "" : "?kind=", kind == NULL ? "" : kind);
	return cli_list(inv, path, columns, sizeof(columns) / sizeof(columns[0]),
	    "No device has come in yet. Next: quatrain token create --tenant T --device NAME");
}

/* "KIND/NAME": both are labels, or the service knows nothing of that name. False: it is not. */
static bool
endpoint_path(const struct invocation *inv, struct bytes *to)
{
	const char *word = inv->words[0], *slash = strchr(word, '/');
	char kind[TEXT_LABEL_MAX];

	if (slash == NULL || (size_t)(slash - word) >= sizeof(kind))
		return false;
	(void)snprintf(kind, sizeof(kind), "%.*s", (int)(slash - word), word);
	bytes_put_fmt(to, "/v1/tenants/%s/endpoints/%s", cli_option(inv, "tenant"), word);
	return text_is_label(kind) && text_is_label(slash + 1);
}

static void
tell_shown(const struct invocation *inv, const struct json *answer)
{
	(void)inv;
	cli_print_facts(answer, facts, FACTS_N);
	cli_print_rows(json_get(answer, "certificates"), certificates,
	    sizeof(certificates) / sizeof(certificates[0]), true);
}

static void
tell_removed(const struct invocation *inv, const struct json *answer)
{
	if (json_true(answer, "dry_run"))
		(void)printf("Nothing is removed yet. With it would go:\n");
	else
		(void)printf("The device is removed; its connections are closed.\n");
	cli_print_facts(answer, facts, FACTS_N);
	if (json_true(answer, "dry_run"))
		(void)printf("Next: the same command without --dry-run, if that is meant\n");
	else
		(void)printf(
		    "Next: quatrain token create --tenant %s --device NAME, where it shall come back\n",
		    cli_option(inv, "tenant"));
}

static int
call(const struct invocation *inv, const char *method, struct bytes *path,
    void (*tell)(const struct invocation *inv, const struct json *answer))
{
	struct fault f;
	int status;

	bytes_put_u8(path, 0);
	status = bytes_ok(path, &f) ? cli_call(inv, method, (const char *)path->at, NULL, tell)
				    : cli_refuse(inv, &f);
	bytes_free(path);
	return status;
}

static int
not_one(const struct invocation *inv, struct bytes *path)
{
	bytes_free(path);
	return cli_usage(inv->command, "KIND/NAME: expected a device such as printer/hp-4711");
}

int
endpoint_show_command(const struct invocation *inv)
{
	struct bytes path = { 0 };

	if (!endpoint_path(inv, &path))
		return not_one(inv, &path);
	return call(inv, "GET", &path, tell_shown);
}

int
endpoint_remove_command(const struct invocation *inv)
{
	const char *reason = cli_option(inv, "reason");
	bool dry_run = cli_flag(inv, "dry-run");
	struct bytes path = { 0 };

	if (!endpoint_path(inv, &path))
		return not_one(inv, &path);
	if (reason != NULL || dry_run)
		bytes_put_fmt(&path, "?%s%s%s%s",
		    reason == NULL ? "" : "reason=", reason == NULL ? "" : reason,
		    reason != NULL && dry_run ? "&" : "", dry_run ? "dry_run=true" : "");
	return call(inv, "DELETE", &path, tell_removed);
}
