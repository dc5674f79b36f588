/* tests/unit/log_trace.c - ca/log_trace.h: an entry's trace is that of its caller, for a while, and
 * never another's. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/log_trace.h"
#include "ca/redaction.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct ledger *l;
static struct trace mine, t;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	l = g.acme->ledger;
	ck_assert(trace_parse(
	    octets_text("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), &mine));
}

static void
teardown(void)
{
	ground_free(&g);
}

static uint64_t
append(void)
{
	uint64_t n;

	ck_assert(log_append(l, log_entry("test.done", &g.why), g.now_s, &n, &f));
	return n;
}

START_TEST(stands_with_its_entry)
{
	uint64_t n;

	ledger_set_trace(l, &mine);
	n = append();
	ledger_set_trace(l, NULL);
	(void)append();
	ground_commit(l);
	ck_assert(log_trace(l, n, &t));
	ck_assert_mem_eq(&t, &mine, sizeof(t));
	ck_assert(!log_trace(l, n + 1, &t));
	ck_assert(!log_trace(l, n - 1, &t));
	ck_assert(!log_trace(l, n + LOG_TRACES, &t)); /* the same place */
}
END_TEST

START_TEST(goes_with_what_is_undone)
{
	struct ledger_mark mark = ledger_mark(l);
	uint64_t n;

	ledger_set_trace(l, &mine);
	n = append();
	ledger_undo(l, mark);
	ledger_set_trace(l, NULL);
	ck_assert_uint_eq(append(), n);
	ground_commit(l);
	ck_assert(!log_trace(l, n, &t));
}
END_TEST

START_TEST(what_began_here_is_nobodys)
{
	struct trace ours = { .flags = 0 };
	uint64_t n;

	trace_begin(&ours);
	ledger_set_trace(l, &ours);
	n = append();
	ground_commit(l);
	ck_assert(!log_trace(l, n, &t));
}
END_TEST

START_TEST(a_place_is_used_again)
{
	uint64_t n;

	ledger_set_trace(l, &mine);
	n = append();
	log_trace_put(l, n + LOG_TRACES); /* as if so many had been appended */
	ground_commit(l);
	ck_assert(!log_trace(l, n, &t));
	ck_assert(log_trace(l, n + LOG_TRACES, &t));
	log_trace_drop(l, n); /* it is another's by now */
	ground_commit(l);
	ck_assert(log_trace(l, n + LOG_TRACES, &t));
}
END_TEST

START_TEST(goes_with_the_body_of_its_entry)
{
	const struct redaction_order o = {
		.why = &g.why, .reason = octets_text("by law"), .order = octets_text("1")
	};
	uint64_t n, by;

	ledger_set_trace(l, &mine);
	n = append();
	ground_commit(l);
	ck_assert(log_trace(l, n, &t));
	ledger_set_trace(l, NULL);
	ck_assert_msg(redaction_make(l, n, &o, g.now_s, &by, &f), "%s", f.text);
	ground_commit(l);
	ck_assert(!log_trace(l, n, &t));
}
END_TEST

/* As a backup finds them. */
START_TEST(rows)
{
	uint8_t row[1 + 8 + TRACE_ID_OCTETS + TRACE_SPAN_OCTETS + 1] = { 1, 0, 0, 0, 0, 0, 1, 2, 3,
		7, [25] = 7 };
	uint8_t key[] = { 2, 3 };

	ck_assert(log_trace_row(octets_of(key, 2), octets_of(row, sizeof(row))));
	ck_assert(!log_trace_row(octets_of(key, 1), octets_of(row, sizeof(row))));
	ck_assert(!log_trace_row(octets_of(key, 2), octets_of(row, sizeof(row) - 1)));
	ck_assert(!log_trace_row(octets_of(key, 2), octets_of(row, 0)));
	key[0] = 3; /* another's place */
	ck_assert(!log_trace_row(octets_of(key, 2), octets_of(row, sizeof(row))));
	key[0] = 2;
	row[0] = 2;
	ck_assert(!log_trace_row(octets_of(key, 2), octets_of(row, sizeof(row))));
	row[0] = 1;
	row[9] = 0; /* no trace */
	ck_assert(!log_trace_row(octets_of(key, 2), octets_of(row, sizeof(row))));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log_trace");
	TCase *c = tcase_create("all");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, stands_with_its_entry);
	tcase_add_test(c, goes_with_what_is_undone);
	tcase_add_test(c, what_began_here_is_nobodys);
	tcase_add_test(c, a_place_is_used_again);
	tcase_add_test(c, goes_with_the_body_of_its_entry);
	tcase_add_test(c, rows);
	suite_add_tcase(s, c);
	return run_suite(s);
}
