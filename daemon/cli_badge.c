/* daemon/cli_badge.c - badge add, list, remove: whose badge a printer's reader reads. */
#include <stdio.h>
#include <string.h>

#include "daemon/cli.h"
#include "daemon/cli_call.h"

#define FILE_MAX 1024

static void
path_of(const struct invocation *inv, const char *id, char path[static CLI_PATH_MAX])
{
	(void)snprintf(path, CLI_PATH_MAX, "/v1/tenants/%s/badges%s%s", cli_option(inv, "tenant"),
	    id == NULL ? "" : "/", id == NULL ? "" : id);
}

/* The first line, as a reader gives it: never an argument, which others on this machine see. */
static bool
read_badge(const char *path, struct bytes *ret, struct fault *f)
{
	if (!cli_read_file(path, FILE_MAX, ret, f))
		return false;
	bytes_put_u8(ret, 0); /* so that it ends, whatever the file holds */
	if (!bytes_ok(ret, f))
		return false;
	ret->at[strcspn((char *)ret->at, "\r\n")] = '\0';
	return ret->at[0] != '\0' ||
	       fault_set(f, FAULT_BADREQ, "badge: expected a line with what a reader reads");
}

static void
tell_added(const struct invocation *inv, const struct json *answer)
{
	static const struct cli_column facts[] = {
		{ "id", "badge", 0 },
		{ "owner", "owner", 0 },
		{ "state", "state", 0 },
	};

	cli_print_facts(answer, facts, sizeof(facts) / sizeof(facts[0]));
	(void)printf(
	    "\nIts holder's jobs are released where it is read.\nNext: quatrain badge list --tenant %s\n",
	    cli_option(inv, "tenant"));
}

int
badge_add_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];
	struct bytes badge = { 0 };
	struct json *body;
	struct fault f;
	int status;

	if (!read_badge(inv->words[0], &badge, &f)) {
		bytes_free(&badge);
		return cli_refuse(inv, &f);
	}
	body = json_object();
	json_put_text(body, "badge", (const char *)badge.at);
	json_put_text(body, "owner", cli_option(inv, "owner"));
	path_of(inv, NULL, path);
	status = cli_call(inv, "PUT", path, body, tell_added);
	bytes_free(&badge);
	return status;
}

int
badge_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "id", "BADGE", 18 },
		{ "owner", "OWNER", 24 },
		{ "added", "ADDED", 20 },
		{ "by", "BY", 16 },
	};
	char path[CLI_PATH_MAX];

	path_of(inv, NULL, path);
	return cli_list(inv, path, columns, sizeof(columns) / sizeof(columns[0]),
	    "Nobody has a badge here. Next: quatrain badge add FILE --tenant T --owner workstation/NAME");
}

static void
tell_removed(const struct invocation *inv, const struct json *answer)
{
	char owner[CLI_CELL_MAX];

	(void)printf(
	    "Removed: that badge of %s releases nothing any more.\nNext: quatrain badge list --tenant %s\n",
	    cli_cell(answer, "owner", owner), cli_option(inv, "tenant"));
}

int
badge_remove_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];

	path_of(inv, inv->words[0], path);
	return cli_call(inv, "DELETE", path, NULL, tell_removed);
}
