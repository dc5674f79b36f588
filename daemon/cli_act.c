/* daemon/cli_act.c - act list, show, approve, refuse: what waits for a second officer. */
#include <string.h>

#include "daemon/cli_call.h"

static void
path_of(const struct invocation *inv, const char *act, char to[static CLI_PATH_MAX])
{
	(void)snprintf(to, CLI_PATH_MAX, "/v1/acts/%s%s", inv->words[0], act);
}

int
act_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "id", "ID", 16 },
		{ "request", "REQUEST", 16 },
		{ "object", "OBJECT", 16 },
		{ "state", "STATE", 8 },
		{ "by", "ASKED BY", 20 },
		{ "asked", "ASKED", 20 },
		{ "expires", "EXPIRES", 0 },
	};
	const char *state = cli_option(inv, "state");
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/v1/acts%s%s",
	    state == NULL ? "" : "?state=", state == NULL ? "" : state);
	return cli_list(inv, path, columns, sizeof(columns) / sizeof(columns[0]),
	    "No act waits. Which ones do, and when, says two_person in the configuration.");
}

/* What it would do, as the service says it: its members differ from act to act. */
static void
put_shows(const struct json *shows)
{
	const char *name;

	for (size_t i = 0; (name = json_name_at(shows, i)) != NULL; i++) {
		const struct json *list = json_get(shows, name);
		char cell[CLI_CELL_MAX];

		(void)printf("  ");
		if (json_count(list) > 0) {
			(void)printf("%s: %zu\n", name, json_count(list));
			for (size_t k = 0; k < json_count(list); k++)
				if (json_as_text(json_at(list, k)) != NULL) {
					(void)printf("  ");
					cli_put_line(json_as_text(json_at(list, k)));
				}
			continue;
		}
		(void)printf("%s: %s\n", name, cli_cell(shows, name, cell));
	}
}

static void
tell_act(const struct invocation *inv, const struct json *answer)
{
	static const struct cli_column facts[] = {
		{ "id", "id", 0 },
		{ "request", "request", 0 },
		{ "tenant", "tenant", 0 },
		{ "object", "object", 0 },
		{ "state", "state", 0 },
		{ "by", "asked by", 0 },
		{ "asked", "asked", 0 },
		{ "expires", "expires", 0 },
		{ "decided_by", "decided by", 0 },
		{ "decided", "decided", 0 },
		{ "reason", "reason", 0 },
		{ "log_index", "log index", 0 },
	};
	const char *state = json_text(answer, "state");
	bool waits = state != NULL && strcmp(state, "waiting") == 0;

	cli_print_facts(answer, facts, sizeof(facts) / sizeof(facts[0]));
	if (waits)
		(void)printf("What it would do:\n");
	put_shows(json_get(answer, "shows"));
	(void)printf(
	    waits ? "Next: quatrain act approve %s, or quatrain act refuse %s --reason TEXT\n"
		  : "Next: quatrain act list\n",
	    inv->words[0], inv->words[0]);
}

int
act_show_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];

	path_of(inv, "", path);
	return cli_call(inv, "GET", path, NULL, tell_act);
}

static void
tell_decided(const struct invocation *inv, const struct json *answer)
{
	static const struct cli_column facts[] = {
		{ "request", "request", 0 },
		{ "asked_by", "asked by", 0 },
		{ "log_index", "log index", 0 },
	};
	bool approve = strcmp(inv->command->words[1], "approve") == 0;

	if (json_true(answer, "dry_run"))
		(void)printf("Nothing was done. Approved now:\n");
	else
		(void)printf(approve ? "It is approved, and done.\n" : "It is refused.\n");
	cli_print_facts(answer, facts, sizeof(facts) / sizeof(facts[0]));
	put_shows(json_get(answer, json_true(answer, "dry_run") ? "shows" : "answer"));
	(void)printf("Next: quatrain act list\n");
}

int
act_approve_command(const struct invocation *inv)
{
	struct json *body = json_object();
	char path[CLI_PATH_MAX];

	if (cli_flag(inv, "dry-run"))
		json_put_bool(body, "dry_run", true);
	path_of(inv, "/approve", path);
	return cli_call(inv, "POST", path, body, tell_decided);
}

int
act_refuse_command(const struct invocation *inv)
{
	struct json *body = json_object();
	char path[CLI_PATH_MAX];

	json_put_text(body, "reason", cli_option(inv, "reason"));
	path_of(inv, "/refuse", path);
	return cli_call(inv, "POST", path, body, tell_decided);
}
