/* daemon/cli_level.c - tenant and region suspend and resume, cert hold and release. */
#include "daemon/cli_level.h"

#include <string.h>

static const struct cli_column facts[] = {
	{ "tenants", "tenants", 0 },
	{ "certificates", "good certificates", 0 },
	{ "connections", "live connections", 0 },
	{ "renewals_due", "renewals due in 30 days", 0 },
	{ "log_index", "log index", 0 },
	{ "platform_index", "log index, platform", 0 },
};
#define FACTS_N (sizeof(facts) / sizeof(facts[0]))

void
cli_put_radius(const struct json *answer)
{
	const char *note = json_text(answer, "note");

	cli_print_facts(answer, facts, FACTS_N);
	if (json_get(answer, "complete") != NULL && !json_true(answer, "complete"))
		(void)printf(
		    "There are more tenants than were counted: the numbers are the least.\n");
	if (json_true(answer, "platform"))
		(void)printf(
		    "The service's own tenant lies beneath: operators come in by the local socket alone.\n");
	if (note != NULL)
		(void)printf("Note: %s.\n", note);
}

void
cli_put_cas(const struct json *answer)
{
	static const struct cli_column columns[] = {
		{ "serial", "CA", 32 },
		{ "status", "STATUS", 7 },
		{ "created", "CREATED", 20 },
		{ "not_after", "ENDS", 20 },
		{ "good", "GOOD", 5 },
		{ "held", "HELD", 4 },
		{ "revoked", "REVOKED", 0 },
	};
	const struct json *cas = json_get(answer, "cas");

	if (json_count(cas) > 0)
		cli_print_rows(cas, columns, sizeof(columns) / sizeof(columns[0]), true);
}

static struct json *
body_of(const struct invocation *inv)
{
	struct json *body = json_object();

	if (cli_option(inv, "reason") != NULL)
		json_put_text(body, "reason", cli_option(inv, "reason"));
	if (cli_flag(inv, "dry-run"))
		json_put_bool(body, "dry_run", true);
	return body;
}

/* "tenant acme" or "region eu", and what was done, or would be. */
static void
tell_level(const struct invocation *inv, const struct json *answer)
{
	const char *const *words = inv->command->words;
	bool resume = strcmp(words[1], "resume") == 0, dry = json_true(answer, "dry_run");

	if (dry)
		(void)printf("Nothing was done. %s %s %s would %s:\n", words[0], inv->words[0],
		    words[1], resume ? "let go on" : "stop");
	else
		(void)printf(resume ? "The %s %s goes on; all beneath is as it was.\n"
				    : "The %s %s is suspended, and all beneath it.\n",
		    words[0], inv->words[0]);
	cli_put_radius(answer);
	if (dry || !resume)
		(void)printf("Next: quatrain %s %s %s\n", words[0], dry ? words[1] : "resume",
		    inv->words[0]);
	else
		(void)printf("Next: quatrain cert list --tenant %s\n",
		    strcmp(words[0], "tenant") == 0 ? inv->words[0] : "T");
}

static int
run_level(const struct invocation *inv)
{
	const char *const *words = inv->command->words;
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/v1/%ss/%s/%s", words[0], inv->words[0], words[1]);
	return cli_call(inv, "POST", path, body_of(inv), tell_level);
}

int
tenant_suspend_command(const struct invocation *inv)
{
	return run_level(inv);
}

int
tenant_resume_command(const struct invocation *inv)
{
	return run_level(inv);
}

int
region_suspend_command(const struct invocation *inv)
{
	return run_level(inv);
}

int
region_resume_command(const struct invocation *inv)
{
	return run_level(inv);
}

static void
tell_leaf(const struct invocation *inv, const struct json *answer)
{
	static const struct cli_column columns[] = {
		{ "serial", "serial", 0 },
		{ "name", "name", 0 },
		{ "kind", "kind", 0 },
		{ "status", "status", 0 },
		{ "log_index", "log index", 0 },
	};
	bool hold = strcmp(inv->command->words[1], "hold") == 0;

	if (json_true(answer, "dry_run"))
		(void)printf("Nothing was done. It would be %s:\n", hold ? "held" : "released");
	else
		(void)printf(hold ? "The certificate is held; OCSP says so from now on.\n"
				  : "The certificate is good again.\n");
	cli_print_facts(answer, columns, sizeof(columns) / sizeof(columns[0]));
	(void)printf("Next: quatrain cert %s --tenant %s %s\n",
	    json_true(answer, "dry_run") == hold ? "hold" : "release", cli_option(inv, "tenant"),
	    inv->words[0]);
}

static int
run_leaf(const struct invocation *inv)
{
	char path[CLI_PATH_MAX], behind[16];

	(void)snprintf(behind, sizeof(behind), "/%s", inv->command->words[1]);
	cli_serial_path(inv, behind, path);
	return cli_call(inv, "POST", path, body_of(inv), tell_leaf);
}

int
cert_hold_command(const struct invocation *inv)
{
	return run_leaf(inv);
}

int
cert_release_command(const struct invocation *inv)
{
	return run_leaf(inv);
}

static void
tell_region(const struct invocation *inv, const struct json *answer)
{
	static const struct cli_column columns[] = {
		{ "name", "region", 0 },
		{ "status", "status", 0 },
		{ "created", "created", 0 },
		{ "ca_serial", "CA serial", 0 },
		{ "not_after", "CA ends", 0 },
	};

	(void)inv;
	cli_print_facts(answer, columns, sizeof(columns) / sizeof(columns[0]));
	cli_put_cas(answer);
	cli_print_pem(answer, "chain");
	/* The PEM on standard output stays what a pipe can use. */
	(void)fprintf(stderr, "Next: quatrain tenant list\n");
}

int
region_show_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/v1/regions/%s", inv->words[0]);
	return cli_call(inv, "GET", path, NULL, tell_region);
}
