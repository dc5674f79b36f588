/* daemon/cli_tenant.c - tenant create, list, show. */
#include "daemon/cli_level.h"

static const struct cli_column facts[] = {
	{ "name", "tenant", 0 },
	{ "status", "status", 0 },
	{ "constraints", "constraints", 0 },
	{ "created", "created", 0 },
	{ "ca_serial", "CA serial", 0 },
	{ "not_after", "CA ends", 0 },
	{ "est", "EST label", 0 },
	{ "log_index", "log index", 0 },
};
#define FACTS_N (sizeof(facts) / sizeof(facts[0]))

static void
tell_created(const struct invocation *inv, const struct json *answer)
{
	(void)printf("Tenant %s is made.\n", inv->words[0]);
	cli_print_facts(answer, facts + 1, FACTS_N - 1);
	(void)printf("Next: quatrain token create --tenant %s --device NAME\n", inv->words[0]);
}

int
tenant_create_command(const struct invocation *inv)
{
	struct json *body = json_object(), *names = json_array();
	const char *constraints = cli_option(inv, "constraints"), *name;

	for (size_t i = 0; (name = cli_option_at(inv, "name", i)) != NULL; i++)
		json_add_text(names, name);
	json_put_text(body, "name", inv->words[0]);
	if (constraints != NULL)
		json_put_text(body, "constraints", constraints);
	json_put(body, "names", names);
	return cli_call(inv, "POST", "/v1/tenants", body, tell_created);
}

int
tenant_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "name", "TENANT", 16 },
		{ "status", "STATUS", 9 },
		{ "constraints", "CONSTRAINTS", 11 },
		{ "created", "CREATED", 20 },
		{ "not_after", "CA ENDS", 20 },
	};

	return cli_list(inv, "/v1/tenants", columns, sizeof(columns) / sizeof(columns[0]),
	    "No tenant yet. Next: quatrain tenant create NAME");
}

static void
tell_shown(const struct invocation *inv, const struct json *answer)
{
	cli_print_facts(answer, facts, FACTS_N);
	cli_put_cas(answer);
	cli_print_pem(answer, "chain");
	/* The PEM on standard output stays what a pipe can use. */
	(void)fprintf(stderr, "Next: quatrain cert list --tenant %s\n", inv->words[0]);
}

int
tenant_show_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s", inv->words[0]);
	return cli_call(inv, "GET", path, NULL, tell_shown);
}

static void
tell_rolled(const struct invocation *inv, const struct json *answer)
{
	static const struct cli_column columns[] = {
		{ "ca_serial", "new CA serial", 0 },
		{ "not_after", "new CA ends", 0 },
		{ "before_serial", "CA before", 0 },
		{ "before_not_after", "it ends", 0 },
		{ "log_index", "log index", 0 },
	};

	(void)printf("Tenant %s has a new CA; the one before stays good for what it issued.\n",
	    inv->words[0]);
	cli_print_facts(answer, columns, sizeof(columns) / sizeof(columns[0]));
	(void)printf("Next: quatrain tenant show %s\n", inv->words[0]);
}

int
tenant_rollover_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/rollover", inv->words[0]);
	return cli_call(inv, "POST", path, json_object(), tell_rolled);
}
