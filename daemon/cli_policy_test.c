/* daemon/cli_policy_test.c - policy test: the tests that stand in policies, one by one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/cli_call.h"
#include "daemon/cli_policy_files.h"
#include "policy/check.h"
#include "policy/explain.h"

#define COUNTERS_ROWS 1024

struct testing {
	const struct invocation *inv;
	const char *run; /* only tests whose name has it; NULL: all */
	struct policy_files files;
	size_t passed, failed;
	struct json *told;
};

/* What a test says stood in rates and quotas before. */
static void
count_state(const struct document *d, const struct policy_test *t, struct counters *counters,
    const struct request *r)
{
	static const char *const kinds[] = { "rate", "quota" };
	int64_t now_s = r->fixed[ATTRIBUTE_TIME].type == VALUE_NUMBER
			    ? r->fixed[ATTRIBUTE_TIME].number
			    : clock_now_s();

	for (size_t i = 0; i < 2; i++) {
		const struct json *rows = json_get(t->state, kinds[i]);
		const char *key;
		int64_t n;

		for (size_t k = 0; (key = json_name_at(rows, k)) != NULL; k++)
			if (json_number(rows, key, 0, INT64_MAX, 0, &n))
				(void)set_counted(d, i == 1, octets_text(key), counters, now_s, n);
	}
}

/* Why a test's request is decided so; NULL where it is no request. */
static struct json *
explain(const struct document *d, const struct policy_test *t)
{
	struct request_room *room = calloc(1, sizeof(*room));
	void *memory = calloc(1, counters_octets(COUNTERS_ROWS));
	struct counters *counters = memory == NULL ? NULL : counters_at(memory, COUNTERS_ROWS);
	struct set *s = NULL;
	struct json *j = NULL;
	struct request r;
	struct decision got;
	struct fault f;

	if (room != NULL && counters != NULL && request_read(t->request, &r, room, &f) &&
	    set_compile(&d, 1, &s, &f)) {
		count_state(d, t, counters, &r);
		explain_decide(s, &r, counters, true, &got);
		j = explain_json(s, &r, counters, &got);
	}
	set_free(s);
	free(memory);
	free(room);
	return j;
}

static const struct finding *
finding_of(const struct check *k, const struct policy_test *t)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->at[i].kind == FINDING_TEST && k->at[i].line == t->line)
			return &k->at[i];
	return NULL;
}

static void
put_failure(const struct finding *n, const struct json *explanation)
{
	struct bytes text = { 0 };

	bytes_put_fmt(&text, "      expected: %s\n      found:    %s\n", n->expected, n->found);
	if (explanation != NULL)
		explain_text(explanation, &text);
	cli_policy_put_lines(&text);
	bytes_free(&text);
}

static void
tell_test(struct testing *g, const char *file, const struct document *d,
    const struct policy_test *t, const struct finding *n)
{
	struct json *explanation = n == NULL ? NULL : explain(d, t), *j = json_object();
	char line[1024];

	g->passed += n == NULL;
	g->failed += n != NULL;
	json_put_octets(j, "file", octets_text(file));
	json_put_number(j, "line", t->line);
	json_put_octets(j, "name", t->name);
	json_put_bool(j, "passed", n == NULL);
	if (!g->inv->json) {
		(void)snprintf(line, sizeof(line), "%s  %.300s:%u: %.*s",
		    n == NULL ? "pass" : "FAIL", file, t->line, (int)t->name.n,
		    (const char *)t->name.at);
		cli_put_line(line);
		if (n != NULL)
			put_failure(n, explanation);
	} else if (n != NULL) {
		json_put_octets(j, "expected", octets_text(n->expected));
		json_put_octets(j, "found", octets_text(n->found));
		if (explanation != NULL)
			json_put(j, "explanation", explanation);
		explanation = NULL;
	}
	json_free(explanation);
	json_add(g->told, j);
}

static bool
is_wanted(const struct testing *g, const struct policy_test *t)
{
	return g->run == NULL || memmem(t->name.at, t->name.n, g->run, strlen(g->run)) != NULL;
}

static bool
test_file(void *with, const char *file, struct fault *f)
{
	struct testing *g = with;
	size_t n = g->files.n, wanted = 0, before = g->failed;
	const struct document *d;
	struct check *k = NULL;

	if (!policy_files_add(&g->files, file, f))
		return false;
	d = g->files.document[n];
	if (!check_run(d, &k, f))
		return false;
	for (size_t i = 0; i < d->tests_n; i++)
		if (is_wanted(g, &d->tests[i])) {
			wanted++;
			tell_test(g, file, d, &d->tests[i], finding_of(k, &d->tests[i]));
		}
	/* More findings than fit are only counted: then not all that failed have one. */
	if (wanted == d->tests_n && g->failed - before < k->tests - k->tests_passed)
		g->failed = before + k->tests - k->tests_passed;
	check_free(k);
	return true;
}

static void
sum_up(struct testing *g)
{
	struct json *j;

	if (!g->inv->json) {
		(void)printf("%zu passed, %zu failed\n", g->passed, g->failed);
		(void)printf("Next: quatrain policy explain FILE --input FILE\n");
		return;
	}
	j = json_object();
	json_put_number(j, "passed", (int64_t)g->passed);
	json_put_number(j, "failed", (int64_t)g->failed);
	json_put(j, "tests", g->told);
	g->told = NULL;
	cli_print_json(stdout, j);
	json_free(j);
}

int
policy_test_command(const struct invocation *inv)
{
	struct testing g = { .inv = inv, .run = cli_option(inv, "run"), .told = json_array() };
	struct fault f;
	bool ok = true;
	int status;

	for (size_t i = 0; ok && i < inv->words_n; i++)
		ok = policy_files_each(inv->words[i], test_file, &g, &f);
	if (ok && g.passed + g.failed == 0)
		ok = fault_set(&f, FAULT_NOTFOUND, "policy: no test%s%.100s",
		    g.run == NULL ? " stands in it" : " has a name with ",
		    g.run == NULL ? "" : g.run);
	if (ok) {
		sum_up(&g);
		status = g.failed == 0 ? CLI_OK : CLI_REFUSED;
	} else {
		status = cli_refuse(inv, &f);
	}
	json_free(g.told);
	policy_files_free(&g.files);
	return status;
}
