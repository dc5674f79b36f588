/* policy/check_test.c - the embedded tests of a document, decided. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/check_internal.h"

struct trial { /* one test under way */
	struct check *check;
	const struct document *d;
	const struct policy_test *test;
	const struct request *request;
	const struct decision *got;
	bool failed;
};

/* "deny by no-secret (forbid)" */
static void
put_decision(const struct document *d, const struct decision *got, char *to, size_t size)
{
	const char *word = got->permit ? "permit" : "deny";

	if (d->kind == DOCUMENT_GUARDRAIL && got->permit)
		word = "not-forbidden";
	(void)snprintf(to, size, "%s by %.*s (%s)", word,
	    got->rule == NULL ? 7 : (int)got->rule->id.n,
	    got->rule == NULL ? "default" : (const char *)got->rule->id.at,
	    decision_word(got->code));
}

static void
fail(struct trial *t, const char *part, const char *expected, const char *found)
{
	struct finding *n = check_find(t->check, FINDING_TEST, t->test->line);

	t->failed = true;
	if (n == NULL)
		return;
	check_name(n, t->test->name);
	(void)snprintf(n->expected, sizeof(n->expected), "%s%.180s", part, expected);
	(void)snprintf(n->found, sizeof(n->found), "%s", found);
	n->request = request_json(t->request);
}

static void
try_text(struct trial *t, const char *member, const char *found)
{
	const char *want = json_text(t->test->expect, member);
	char part[32], decided[CHECK_TEXT_MAX];

	if (want == NULL || t->failed || strcmp(want, found) == 0)
		return;
	(void)snprintf(part, sizeof(part), "%s ", member);
	put_decision(t->d, t->got, decided, sizeof(decided));
	fail(t, part, want, decided);
}

static struct octets
obligation_at(const struct decision *d, size_t i)
{
	return d->obligations[i]->name;
}

static struct octets
shadow_at(const struct decision *d, size_t i)
{
	return d->shadow[i]->id;
}

/* A list of names, each of which is among the n there are, and no other; order says nothing. */
static bool
same_names(const struct json *want, const struct decision *got, size_t n,
    struct octets (*at)(const struct decision *, size_t))
{
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < json_count(want) &&
		       !octets_same(octets_text(json_as_text(json_at(want, k))), at(got, i)))
			k++;
		if (k == json_count(want))
			return false;
	}
	for (size_t k = 0; k < json_count(want); k++) {
		size_t i = 0;

		while (
		    i < n && !octets_same(octets_text(json_as_text(json_at(want, k))), at(got, i)))
			i++;
		if (i == n)
			return false;
	}
	return true;
}

static void
put_name(struct bytes *to, struct octets name)
{
	bytes_put_text(to, to->n > 1 ? ", " : "");
	bytes_put_octets(to, name);
}

static void
try_names(struct trial *t, const char *member, size_t n,
    struct octets (*at)(const struct decision *, size_t))
{
	const struct json *want = json_get(t->test->expect, member);
	struct bytes expected = { 0 }, found = { 0 };
	char part[32];

	if (want == NULL || t->failed || same_names(want, t->got, n, at))
		return;
	bytes_put_u8(&expected, '[');
	bytes_put_u8(&found, '[');
	for (size_t k = 0; k < json_count(want); k++)
		put_name(&expected, octets_text(json_as_text(json_at(want, k))));
	for (size_t i = 0; i < n; i++)
		put_name(&found, at(t->got, i));
	bytes_put(&expected, "]", 2);
	bytes_put(&found, "]", 2);
	(void)snprintf(part, sizeof(part), "%s ", member);
	if (!expected.bad && !found.bad)
		fail(t, part, (const char *)expected.at, (const char *)found.at);
	bytes_free(&expected);
	bytes_free(&found);
}

/* "state": {"quota": {"RULE|VALUE": n}}: so much was counted before. */
static bool
set_state(struct trial *t, const char *kind, struct counters *counters, int64_t now_s)
{
	const struct json *rows = json_get(t->test->state, kind);
	const char *key;
	int64_t n;

	for (size_t i = 0; (key = json_name_at(rows, i)) != NULL; i++)
		if (!json_number(rows, key, 0, INT64_MAX, 0, &n) ||
		    !set_counted(
			t->d, strcmp(kind, "quota") == 0, octets_text(key), counters, now_s, n)) {
			fail(t, "in state.", "\"RULE|VALUE\" of a rule that counts so", key);
			return false;
		}
	return true;
}

static void
compare(struct trial *t)
{
	const struct decision *got = t->got;
	const char *word = got->permit ? "permit" : "deny";
	char id[CHECK_TEXT_MAX];

	if (t->d->kind == DOCUMENT_GUARDRAIL && got->permit)
		word = "not-forbidden";
	(void)snprintf(id, sizeof(id), "%.*s", got->rule == NULL ? 7 : (int)got->rule->id.n,
	    got->rule == NULL ? "default" : (const char *)got->rule->id.at);
	try_text(t, "decision", word);
	try_text(t, "rule", id);
	try_text(t, "code", decision_word(got->code));
	try_names(t, "obligations", got->obligations_n, obligation_at);
	try_names(t, "shadow", got->shadow_n, shadow_at);
}

static bool
run(struct trial *t, const struct set *s, void *memory, struct fault *f)
{
	struct request request;
	struct request_room room;
	struct decision got;
	struct counters *counters;
	int64_t now_s;

	if (!request_read(t->test->request, &request, &room, f))
		return false;
	now_s = request.fixed[ATTRIBUTE_TIME].type == VALUE_NUMBER
		    ? request.fixed[ATTRIBUTE_TIME].number
		    : 0;
	memset(memory, 0, counters_octets(CHECK_COUNTERS));
	counters = counters_at(memory, CHECK_COUNTERS);
	t->request = &request;
	t->failed = false;
	if (set_state(t, "quota", counters, now_s) && set_state(t, "rate", counters, now_s)) {
		if (t->d->kind == DOCUMENT_GUARDRAIL)
			set_forbids(s, &request, counters, true, &got);
		else
			set_decide(s, &request, counters, true, &got);
		t->got = &got;
		compare(t);
	}
	t->request = NULL;
	t->got = NULL;
	return true;
}

bool
check_tests(struct check *c, const struct document *d, const struct set *s, struct fault *f)
{
	struct trial t = { .check = c, .d = d };
	void *memory = calloc(1, counters_octets(CHECK_COUNTERS));
	bool ok = true;

	if (memory == NULL)
		return fault_set(f, FAULT_INTERNAL, "check: out of memory");
	c->tests = d->tests_n;
	for (size_t i = 0; i < d->tests_n && ok; i++) {
		t.test = &d->tests[i];
		ok = run(&t, s, memory, f);
		c->tests_passed += ok && !t.failed;
	}
	free(memory);
	return ok;
}
