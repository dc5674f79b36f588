/* tests/unit/pace.c - base/pace.h: a burst, then a trickle, and a count of what was left out. */
#include <check.h>
#include <stdlib.h>

#include "base/pace.h"
#include "tests/unit/run.h"

#define S INT64_C(1000000)

/* How many of n are taken at one moment. */
static unsigned
taken(struct pace *p, int64_t now_us, unsigned n)
{
	uint64_t unsaid;
	unsigned yes = 0;

	for (unsigned i = 0; i < n; i++)
		yes += pace_take(p, now_us, &unsaid);
	return yes;
}

START_TEST(a_burst_then_a_trickle)
{
	struct pace p = { .burst = 300, .each_s = 10 };

	ck_assert_uint_eq(taken(&p, 1000 * S, 2000), 300);
	ck_assert_uint_eq(taken(&p, 1000 * S + S / 20, 10), 0);
	ck_assert_uint_eq(taken(&p, 1000 * S + S / 10, 10), 1);
	ck_assert_uint_eq(taken(&p, 1001 * S, 2000), 9);
	ck_assert_uint_eq(taken(&p, 1011 * S, 2000), 100);
	ck_assert_uint_eq(taken(&p, 100000 * S, 2000), 300); /* never more than a burst */
}
END_TEST

START_TEST(a_trickle_is_exact)
{
	struct pace p = { .burst = 3, .each_s = 10 };
	unsigned all = taken(&p, 5 * S, 10);

	for (int64_t us = 5 * S; us <= 15 * S; us += S / 100)
		all += taken(&p, us, 3);
	ck_assert_uint_eq(all, 103);
}
END_TEST

START_TEST(what_is_left_out_is_counted_once)
{
	struct pace p = { .burst = 2, .each_s = 1 };
	uint64_t unsaid = 77;

	ck_assert(pace_take(&p, 10 * S, &unsaid));
	ck_assert_uint_eq(unsaid, 0);
	ck_assert_uint_eq(taken(&p, 10 * S, 5), 1);
	ck_assert(!pace_take(&p, 10 * S, &unsaid));
	ck_assert(pace_take(&p, 11 * S, &unsaid));
	ck_assert_uint_eq(unsaid, 5);
	ck_assert(pace_take(&p, 12 * S, &unsaid));
	ck_assert_uint_eq(unsaid, 0);
}
END_TEST

/* A steady clock does not go back; if one did, nothing would be earned, and nothing lost. */
START_TEST(a_clock_that_stands_or_goes_back)
{
	struct pace p = { .burst = 2, .each_s = 1 };

	ck_assert_uint_eq(taken(&p, 10 * S, 9), 2);
	ck_assert_uint_eq(taken(&p, 3 * S, 9), 0);
	ck_assert_uint_eq(taken(&p, 11 * S, 9), 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pace");
	TCase *t = tcase_create("pace");

	tcase_add_test(t, a_burst_then_a_trickle);
	tcase_add_test(t, a_trickle_is_exact);
	tcase_add_test(t, what_is_left_out_is_counted_once);
	tcase_add_test(t, a_clock_that_stands_or_goes_back);
	suite_add_tcase(s, t);
	return run_suite(s);
}
