/* tests/unit/openapi.c - docs/openapi.yaml against the routes of daemon/api.c and the rules of
 * policy/rules.c: nothing is missing on either side. The file is read line by line, by its layout;
 * tests/openapi.py reads it as YAML. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api.h"
#include "daemon/openapi.h"
#include "policy/identity.h"
#include "policy/rules.h"
#include "tests/unit/run.h"

#define OPS_MAX  256
#define TEXT_MAX 128

/* One operation of the file. */
struct op {
	char path[TEXT_MAX], method[8], act[32], id[64];
	unsigned roles;
	bool has_roles, local, open, summary;
	unsigned success[4], success_n, refusals;
};

static struct op ops[OPS_MAX];
static size_t ops_n;

/* The names in braces are the file's own: {} is any of them. */
static void
plain(const char *from, char to[static TEXT_MAX])
{
	size_t n = 0;
	bool in = false;

	for (; *from != '\0' && n < TEXT_MAX - 1; from++) {
		in = in && *from != '}';
		if (!in)
			to[n++] = *from;
		in = in || *from == '{';
	}
	to[n] = '\0';
}

static unsigned
read_roles(const char *list)
{
	static const enum identity_role roles[] = { ROLE_OFFICER, ROLE_REGISTRAR, ROLE_AUDITOR };
	unsigned have = 0;

	ck_assert_msg(list[0] == '[' && list[strlen(list) - 1] == ']', "%s", list);
	for (size_t i = 0; i < 3; i++)
		if (strstr(list, identity_role_word(roles[i])) != NULL)
			have |= roles[i];
	return have;
}

/* "key: value" in an operation, or of its responses the status. */
static void
read_line(struct op *op, const char *line, size_t indent)
{
	const char *value = strstr(line, ": ");
	unsigned status;

	value = value == NULL ? "" : value + 2;
	if (indent == 8 && line[0] == '\'' && line[4] == '\'') {
		status = (unsigned)strtoul(line + 1, NULL, 10);
		if (status < 300)
			op->success[op->success_n++ % 4] = status;
		op->refusals += status >= 400;
	}
	if (indent != 6)
		return;
	if (strncmp(line, "operationId: ", 13) == 0)
		(void)snprintf(op->id, sizeof(op->id), "%s", value);
	if (strncmp(line, "x-act: ", 7) == 0)
		(void)snprintf(op->act, sizeof(op->act), "%s", value);
	if (strncmp(line, "x-roles: ", 9) == 0) {
		op->has_roles = true;
		op->roles = read_roles(value);
	}
	op->local = op->local || strcmp(line, "x-local: only") == 0;
	op->open = op->open || strcmp(line, "security: []") == 0;
	if (strncmp(line, "summary: ", 9) == 0)
		op->summary = strpbrk(value + strlen(value) - 1, ".?") != NULL;
}

static void
read_all(void)
{
	static const char *const methods[] = { "get:", "post:", "put:", "patch:", "delete:" };
	struct octets rest = openapi_document;
	char path[TEXT_MAX] = "", line[512];
	bool in = false, method;

	ops_n = 0;
	while (rest.n > 0) {
		const uint8_t *end = memchr(rest.at, '\n', rest.n);
		size_t n = end == NULL ? rest.n : (size_t)(end - rest.at);
		size_t indent = 0;

		ck_assert_uint_lt(n, sizeof(line));
		(void)snprintf(line, sizeof(line), "%.*s", (int)n, (const char *)rest.at);
		rest = octets_of(rest.at + n + (end != NULL), rest.n - n - (end != NULL));
		indent = strspn(line, " ");
		if (indent == 0 && line[0] != '\0')
			in = strcmp(line, "paths:") == 0;
		if (!in || line[indent] == '\0')
			continue;
		if (indent == 2) {
			ck_assert_msg(line[2] == '/' && line[n - 1] == ':', "%s", line);
			(void)snprintf(path, sizeof(path), "%.*s", (int)n - 3, line + 2);
		}
		method = false;
		for (size_t i = 0; indent == 4 && i < 5; i++)
			method = method || strcmp(line + 4, methods[i]) == 0;
		if (method) {
			ck_assert_uint_lt(ops_n, OPS_MAX);
			ops[ops_n] = (struct op){ .roles = 0 };
			(void)snprintf(ops[ops_n].path, TEXT_MAX, "%s", path);
			for (size_t i = 4; i < n - 1; i++)
				ops[ops_n].method[i - 4] = (char)(line[i] - 'a' + 'A');
			ops_n++;
		} else if (indent > 4 && ops_n > 0) {
			read_line(&ops[ops_n - 1], line + indent, indent);
		}
	}
}

static const struct op *
find(const char *method, const char *path)
{
	char want[TEXT_MAX], have[TEXT_MAX];

	plain(path, want);
	for (size_t i = 0; i < ops_n; i++) {
		plain(ops[i].path, have);
		if (strcmp(ops[i].method, method) == 0 && strcmp(have, want) == 0)
			return &ops[i];
	}
	return NULL;
}

static const struct api_route *
find_route(const struct op *op)
{
	char want[TEXT_MAX], have[TEXT_MAX];
	const struct api_route *r;

	plain(op->path, want);
	for (size_t i = 0; (r = api_route(i)) != NULL; i++) {
		plain(r->path, have);
		if (strcmp(r->method, op->method) == 0 && strcmp(have, want) == 0)
			return r;
	}
	return NULL;
}

/* {t} is a tenant in both. */
static bool
same_tenant(const char *route, const char *path)
{
	const char *t = strstr(route, "{t}");

	return t == NULL ? strstr(path, "{tenant}") == NULL
			 : strncmp(path + (t - route), "{tenant}", 8) == 0;
}

START_TEST(every_route_is_in_it)
{
	const struct api_route *r;
	size_t n = 0;

	for (; (r = api_route(n)) != NULL; n++) {
		const struct op *op = find(r->method, r->path);
		bool told = false;

		ck_assert_msg(op != NULL, "docs/openapi.yaml has no %s %s", r->method, r->path);
		for (size_t i = 0; i < op->success_n && i < 4; i++)
			told = told || op->success[i] == r->status;
		ck_assert_msg(
		    told, "%s %s: docs/openapi.yaml tells of no %u", r->method, r->path, r->status);
		ck_assert_msg(same_tenant(r->path, op->path), "%s is %s", r->path, op->path);
	}
	ck_assert_uint_gt(n, 35);
}
END_TEST

START_TEST(every_path_of_it_is_a_route)
{
	static const char *const others[] = { "/healthz", "/readyz", "/metrics" };

	for (size_t i = 0; i < ops_n; i++) {
		bool known = find_route(&ops[i]) != NULL;

		for (size_t k = 0; k < 3; k++)
			known = known || strcmp(ops[i].path, others[k]) == 0;
		ck_assert_msg(known, "no route: %s %s", ops[i].method, ops[i].path);
		for (size_t k = 0; k < i; k++)
			ck_assert_msg(strcmp(ops[k].id, ops[i].id) != 0, "twice: %s", ops[i].id);
	}
}
END_TEST

/* Whom the rules let do it, by role; kinds: from where. */
static unsigned
permitted(const char *act, unsigned *ret_kinds)
{
	size_t n;
	const struct rule *r = rules_all(&n);
	unsigned roles = 0;

	*ret_kinds = 0;
	for (size_t i = 0; i < n; i++)
		if (strcmp(rules_act_word(r[i].act), act) == 0) {
			roles |= r[i].roles;
			*ret_kinds |= r[i].kinds;
		}
	return roles;
}

static bool
is_reading(const char *act)
{
	return strcmp(act, "read") == 0 || strcmp(act, "revocations.read") == 0;
}

START_TEST(roles_are_as_the_rules_say)
{
	for (size_t i = 0; i < ops_n; i++) {
		const struct op *op = &ops[i];
		const struct api_route *r = find_route(op);
		unsigned kinds, roles = permitted(op->act, &kinds);

		ck_assert_msg(op->has_roles && op->summary && op->id[0] != '\0' &&
				  op->refusals > 0 && op->success_n > 0,
		    "%s %s: x-roles, a summary that is a sentence, operationId, responses",
		    op->method, op->path);
		ck_assert_msg(op->open == (op->act[0] == '\0'), "%s %s: asked who, or not?",
		    op->method, op->path);
		ck_assert_msg(op->roles == roles, "%s %s: x-roles are not those of %s", op->method,
		    op->path, op->act);
		ck_assert_msg(
		    op->local == (kinds == IDENTITY_LOCAL), "%s %s: x-local", op->method, op->path);
		if (r == NULL || op->open)
			continue;
		ck_assert_msg((r->verb == 0) == is_reading(op->act), "%s %s: x-act %s", op->method,
		    op->path, op->act);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("openapi");
	TCase *t = tcase_create("openapi");

	tcase_add_checked_fixture(t, read_all, NULL);
	tcase_add_test(t, every_route_is_in_it);
	tcase_add_test(t, every_path_of_it_is_a_route);
	tcase_add_test(t, roles_are_as_the_rules_say);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
