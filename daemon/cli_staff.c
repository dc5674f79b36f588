/* daemon/cli_staff.c - operator show, role, remove; region list; policy show; health. */
#include <string.h>

#include "daemon/cli_call.h"

static void
operator_path(const struct invocation *inv, char to[static CLI_PATH_MAX])
{
	(void)snprintf(to, CLI_PATH_MAX, "/v1/operators/%s", inv->words[0]);
}

static const struct cli_column facts[] = {
	{ "name", "operator", 0 },
	{ "role", "role", 0 },
	{ "status", "status", 0 },
	{ "serial", "serial", 0 },
	{ "etag", "etag", 0 },
	{ "log_index", "log index", 0 },
};
#define FACTS_N (sizeof(facts) / sizeof(facts[0]))

static void
tell_operator(const struct invocation *inv, const struct json *answer)
{
	cli_print_facts(answer, facts, FACTS_N);
	(void)printf(
	    "Next: quatrain cert show --tenant platform %s, or quatrain operator role %s --role ROLE\n",
	    json_text(answer, "serial") == NULL ? "SERIAL" : json_text(answer, "serial"),
	    inv->words[0]);
}

int
operator_show_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];

	operator_path(inv, path);
	return cli_call(inv, "GET", path, NULL, tell_operator);
}

/* What is changed is what was seen: the tag of one look goes with the change. */
static bool
change(const struct invocation *inv, const char *path, struct json **ret, struct fault *f)
{
	const char *match = cli_option(inv, "if-match");
	struct json *body = json_object(), *seen = NULL;
	struct client *c = NULL;
	bool ok = cli_open(inv, &c, f);

	if (ok && match == NULL) {
		ok = client_call(c, "GET", path, NULL, &seen, f);
		match = ok ? json_text(seen, "etag") : NULL;
	}
	json_put_text(body, "role", cli_option(inv, "role"));
	if (ok)
		client_match(c, match);
	ok = ok && client_call(c, "PATCH", path, body, ret, f);
	client_close(c);
	json_free(seen);
	json_free(body);
	return ok;
}

int
operator_role_command(const struct invocation *inv)
{
	struct json *answer = NULL;
	char path[CLI_PATH_MAX];
	struct fault f;

	operator_path(inv, path);
	if (!change(inv, path, &answer, &f))
		return cli_refuse(inv, &f);
	if (inv->json)
		cli_print_json(stdout, answer);
	else if (!cli_waits(answer)) {
		(void)printf(
		    "Operator %s has another role now, from the next request on.\n", inv->words[0]);
		cli_print_facts(answer, facts, FACTS_N);
		(void)printf("Next: quatrain operator list\n");
	}
	json_free(answer);
	return CLI_OK;
}

static void
tell_removed(const struct invocation *inv, const struct json *answer)
{
	(void)printf(
	    "Operator %s is removed: certificates revoked: %zu, and their connections ended.\n",
	    inv->words[0], json_count(json_get(answer, "revoked")));
	cli_print_facts(answer, facts, FACTS_N);
	(void)printf("Next: quatrain operator list\n");
}

int
operator_remove_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];

	operator_path(inv, path);
	return cli_call(inv, "DELETE", path, NULL, tell_removed);
}

int
region_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "name", "REGION", 16 },
		{ "status", "STATUS", 9 },
		{ "created", "CREATED", 20 },
		{ "not_after", "CA ENDS", 20 },
	};

	return cli_list(inv, "/v1/regions", columns, sizeof(columns) / sizeof(columns[0]),
	    "No region. Next: quatrain init");
}

/* A list of words as one, in the member that is printed. */
static void
join(const struct json *rule, const char *name, struct json *to)
{
	const struct json *list = json_get(rule, name);
	char text[CLI_CELL_MAX] = "";
	size_t n = 0;

	for (size_t i = 0; i < json_count(list) && n < sizeof(text); i++)
		if (json_as_text(json_at(list, i)) != NULL)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n == 0 ? "" : ",",
			    json_as_text(json_at(list, i)));
	json_put_octets(to, name, octets_text(text[0] == '\0' ? "any" : text));
}

static void
tell_policy(const struct invocation *inv, const struct json *answer)
{
	static const struct cli_column columns[] = {
		{ "act", "ACT", 19 },
		{ "kinds", "WHO", 15 },
		{ "roles", "ROLES", 26 },
		{ "conditions", "WHERE", 22 },
		{ "rule", "RULE", 0 },
	};
	static const struct cli_column head[] = { { "digest", "digest", 0 },
		{ "two_person", "two persons", 0 }, { "otherwise", "otherwise", 0 } };
	const struct json *rules = json_get(answer, "rules");
	struct json *rows = json_array(), *row;

	(void)inv;
	for (size_t i = 0; i < json_count(rules); i++) {
		const struct json *rule = json_at(rules, i);

		row = json_object();
		json_put_text(row, "act", json_text(rule, "act"));
		json_put_text(row, "rule", json_text(rule, "id"));
		join(rule, "kinds", row);
		join(rule, "roles", row);
		join(rule, "conditions", row);
		json_add(rows, row);
	}
	cli_print_rows(rows, columns, sizeof(columns) / sizeof(columns[0]), true);
	cli_print_facts(answer, head, sizeof(head) / sizeof(head[0]));
	(void)printf("Next: quatrain operator list\n");
	json_free(rows);
}

int
cli_policy_rules(const struct invocation *inv)
{
	return cli_call(inv, "GET", "/v1/policy", NULL, tell_policy);
}

static void
tell_health(const struct invocation *inv, const struct json *answer)
{
	static const struct cli_column columns[] = {
		{ "issuing", "issuing", 0 },
		{ "revoking", "revoking", 0 },
		{ "signer", "signer", 0 },
		{ "clock", "clock", 0 },
		{ "newest_entry", "newest entry", 0 },
		{ "tenants", "tenants", 0 },
		{ "acts_waiting", "acts that wait", 0 },
		{ "backup_taken", "last backup", 0 },
	};
	static const struct {
		const char *name, *title;
	} lists[] = { { "reasons", "not well" }, { "without_room", "without room" } };

	(void)inv;
	cli_print_facts(answer, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct json *list = json_get(answer, lists[i].name);

		for (size_t k = 0; k < json_count(list); k++) {
			(void)printf("%s: ", lists[i].title);
			cli_put_line(json_as_text(json_at(list, k)) == NULL
					 ? ""
					 : json_as_text(json_at(list, k)));
		}
	}
	(void)printf("Next: quatrain act list --state waiting\n");
}

int
health_command(const struct invocation *inv)
{
	return cli_call(inv, "GET", "/v1/health", NULL, tell_health);
}
