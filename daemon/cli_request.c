/* daemon/cli_request.c - request list, show, approve, refuse. */
#include <string.h>

#include "daemon/cli_call.h"

static void
path_of(const struct invocation *inv, const char *act, char to[static CLI_PATH_MAX])
{
	(void)snprintf(to, CLI_PATH_MAX, "/v1/tenants/%s/requests/%s%s", cli_option(inv, "tenant"),
	    inv->words[0], act);
}

int
request_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "id", "ID", 16 },
		{ "device", "DEVICE", 16 },
		{ "profile", "PROFILE", 11 },
		{ "state", "STATE", 8 },
		{ "way", "PROOF", 8 },
		{ "source", "FROM", 21 },
		{ "asked", "ASKED", 20 },
		{ "replaces", "REPLACES", 32 },
	};
	const char *state = cli_option(inv, "state");
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/requests%s%s", cli_option(inv, "tenant"),
	    state == NULL ? "" : "?state=", state == NULL ? "" : state);
	return cli_list(inv, path, columns, sizeof(columns) / sizeof(columns[0]),
	    "No device waits here. A profile lets devices ask with \"ask: [request]\" or \"approval: each\".");
}

static void
tell_names(const struct json *names)
{
	const char *name;

	for (size_t i = 0; i < json_count(names); i++)
		if ((name = json_as_text(json_at(names, i))) != NULL) {
			(void)printf("asks for: ");
			cli_put_line(name);
		}
}

static void
tell_shown(const struct invocation *inv, const struct json *answer)
{
	static const struct cli_column facts[] = {
		{ "id", "id", 0 },
		{ "device", "device", 0 },
		{ "kind", "kind", 0 },
		{ "profile", "profile", 0 },
		{ "state", "state", 0 },
		{ "way", "proof", 0 },
		{ "proof", "proof id", 0 },
		{ "source", "from", 0 },
		{ "asked", "asked", 0 },
		{ "expires", "expires", 0 },
		{ "subject", "subject", 0 },
		{ "key", "key", 0 },
		{ "key_sha256", "key SHA-256", 0 },
		{ "csr_sha256", "request SHA-256", 0 },
		{ "by", "decided by", 0 },
		{ "decided", "decided", 0 },
		{ "reason", "reason", 0 },
		{ "serial", "certificate", 0 },
	};
	const char *state = json_text(answer, "state");
	char replaces[CLI_CELL_MAX];

	cli_print_facts(answer, facts, sizeof(facts) / sizeof(facts[0]));
	tell_names(json_get(answer, "names"));
	if (json_text(answer, "replaces") != NULL)
		(void)printf(
		    "\nThis device has a certificate already, %s: a new one takes its place.\n",
		    cli_cell(answer, "replaces", replaces));
	if (state != NULL && strcmp(state, "waiting") == 0)
		(void)printf(
		    "Next, when the key's SHA-256 is the one that the device shows: quatrain request approve --tenant %s %s\n",
		    cli_option(inv, "tenant"), inv->words[0]);
}

int
request_show_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];

	path_of(inv, "", path);
	return cli_call(inv, "GET", path, NULL, tell_shown);
}

static void
tell_approved(const struct invocation *inv, const struct json *answer)
{
	char device[CLI_CELL_MAX], replaces[CLI_CELL_MAX], until[CLI_CELL_MAX];

	(void)printf("Approved: %s gets its certificate when it asks again, until %s.\n",
	    cli_cell(answer, "device", device), cli_cell(answer, "expires", until));
	if (json_text(answer, "replaces") != NULL)
		(void)printf("It takes the place of %s.\n", cli_cell(answer, "replaces", replaces));
	(void)printf("Next: quatrain cert list --tenant %s --device %s\n",
	    cli_option(inv, "tenant"), device);
}

int
request_approve_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];

	path_of(inv, "/approve", path);
	return cli_call(inv, "POST", path, json_object(), tell_approved);
}

static void
tell_refused(const struct invocation *inv, const struct json *answer)
{
	char device[CLI_CELL_MAX], until[CLI_CELL_MAX];

	(void)printf("Refused: %s is told so, with the reason, until %s.\n",
	    cli_cell(answer, "device", device), cli_cell(answer, "expires", until));
	(void)printf("Next, to think again: quatrain request approve --tenant %s %s\n",
	    cli_option(inv, "tenant"), inv->words[0]);
}

int
request_refuse_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];
	struct json *body = json_object();

	json_put_text(body, "reason", cli_option(inv, "reason"));
	path_of(inv, "/refuse", path);
	return cli_call(inv, "POST", path, body, tell_refused);
}
