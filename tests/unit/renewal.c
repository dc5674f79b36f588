/* tests/unit/renewal.c - daemon/renewal.h: in time, each at its own, and never in haste. */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "daemon/renewal.h"
#include "tests/unit/run.h"

#define DAY INT64_C(86400)

START_TEST(in_the_last_third)
{
	int64_t first = renewal_at(0, 90 * DAY, 0, 0), last = 0, least = INT64_MAX;

	for (uint64_t luck = 0; luck < 5000; luck++) {
		int64_t at = renewal_at(0, 90 * DAY, 0, luck * 6151);

		ck_assert_int_ge(at, 60 * DAY);
		ck_assert_int_lt(at, 90 * DAY);
		last = at > last ? at : last;
		least = at < least ? at : least;
	}
	/* A fleet of one day is spread over days. */
	ck_assert_int_gt(last - least, 10 * DAY);
	ck_assert_int_eq(renewal_at(0, 90 * DAY, 0, 0), first);
}
END_TEST

/* The window of a service is counted from the end, and notBefore is set back: not before it. */
START_TEST(not_before_the_window)
{
	ck_assert_int_ge(renewal_at(-DAY, 90 * DAY, 0, 0), 60 * DAY);
	ck_assert_int_ge(renewal_at(-3600, 10 * DAY, 0, 0), 20 * DAY / 3);
	/* However short it is: no share of it is lost in whole numbers. */
	for (int64_t life = 1; life < 4000; life++)
		ck_assert_int_ge(renewal_at(0, life, 0, 0) * 100, life * 70);
}
END_TEST

START_TEST(by_option)
{
	for (uint64_t luck = 0; luck < 1000; luck++) {
		int64_t at = renewal_at(0, 90 * DAY, 10 * DAY, luck * 7919);

		ck_assert_int_ge(at, 80 * DAY);
		ck_assert_int_le(at, 85 * DAY);
	}
	/* Longer than all of its time: from its beginning. */
	ck_assert_int_ge(renewal_at(0, DAY, 10 * DAY, 0), 0);
	ck_assert_int_le(renewal_at(0, DAY, 10 * DAY, UINT64_MAX), DAY / 2);
}
END_TEST

START_TEST(odd_times)
{
	ck_assert_int_eq(renewal_at(100, 100, 0, 7), 100);
	ck_assert_int_eq(renewal_at(100, 50, 0, 7), 50);
	ck_assert_int_ge(renewal_at(0, 1, 0, 7), 0);
	ck_assert_int_le(renewal_at(0, 1, 0, 7), 1);
	ck_assert_int_lt(
	    renewal_at(0, INT64_C(253402300799), 0, UINT64_MAX), INT64_C(253402300799));
}
END_TEST

/* From the floor to a most that doubles, and any between. */
START_TEST(doubles_up_to_the_cap)
{
	static const struct {
		unsigned failures;
		int64_t most_s;
	} rows[] = { { 1, 120 }, { 2, 240 }, { 3, 480 }, { 5, 1920 }, { 6, 3600 }, { 16, 3600 },
		{ 1000000, 3600 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t least = INT64_MAX, most = 0;

		for (uint64_t luck = 0; luck < 4000; luck++) {
			int64_t s = renewal_wait(rows[i].failures, -1, 0, luck);

			least = s < least ? s : least;
			most = s > most ? s : most;
		}
		ck_assert_int_eq(least, RENEWAL_FLOOR_S);
		ck_assert_int_eq(most, rows[i].most_s);
	}
}
END_TEST

START_TEST(retry_after_is_honoured_and_bounded)
{
	for (uint64_t luck = 0; luck < 500; luck++) {
		int64_t s = renewal_wait(1, 7200, 0, luck * 31);

		ck_assert_int_ge(s, 7200);
		ck_assert_int_le(s, 7920);
	}
	ck_assert_int_ge(renewal_wait(1, 0, 0, 0), RENEWAL_FLOOR_S);
	ck_assert_int_eq(renewal_wait(1, 7 * DAY, 0, 5), RENEWAL_RETRY_S);
}
END_TEST

/* No answer of a service makes a certificate end while we wait. */
START_TEST(never_past_the_end)
{
	for (uint64_t luck = 0; luck < 2000; luck++) {
		ck_assert_int_le(renewal_wait(20, -1, 1200, luck), 300);
		ck_assert_int_le(renewal_wait(1, 7 * DAY, 4000, luck), 2000);
		ck_assert_int_eq(renewal_wait(3, 100, 10, luck), RENEWAL_FLOOR_S);
		/* It is over: the usual. */
		ck_assert_int_le(renewal_wait(1, -1, -5, luck), 120);
	}
}
END_TEST

START_TEST(approval_is_asked_for)
{
	ck_assert_int_eq(renewal_ask(-1), RENEWAL_ASK_S);
	ck_assert_int_eq(renewal_ask(0), 1);
	ck_assert_int_eq(renewal_ask(30), 30);
	ck_assert_int_eq(renewal_ask(INT64_MAX), RENEWAL_CAP_S);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("renewal");
	TCase *t = tcase_create("renewal");

	tcase_add_test(t, in_the_last_third);
	tcase_add_test(t, not_before_the_window);
	tcase_add_test(t, by_option);
	tcase_add_test(t, odd_times);
	tcase_add_test(t, doubles_up_to_the_cap);
	tcase_add_test(t, retry_after_is_honoured_and_bounded);
	tcase_add_test(t, never_past_the_end);
	tcase_add_test(t, approval_is_asked_for);
	suite_add_tcase(s, t);
	return run_suite(s);
}
