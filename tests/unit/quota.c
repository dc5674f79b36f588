/* tests/unit/quota.c - base/quota.h: bursts, what is earned, back-off, and a table that is full. */
#include <check.h>
#include <stdlib.h>

#include "base/quota.h"
#include "tests/unit/run.h"

#define S    INT64_C(1000000)
#define NOW  (1000 * S)
#define SOME UINT64_C(0x123456789abcdef1)

static struct quota *q;

static void
begin(int64_t burst, int64_t period_us, int64_t wait_us, int64_t wait_max_us)
{
	struct quota_rule rule = { burst, period_us, wait_us, wait_max_us };
	struct fault f;

	ck_assert_msg(quota_new(&rule, &q, &f), "%s", f.text);
}

static void
teardown(void)
{
	quota_free(q);
	q = NULL;
}

/* How many of n are taken at one moment. */
static unsigned
taken(uint64_t key, int64_t now_us, unsigned n)
{
	unsigned yes = 0;

	for (unsigned i = 0; i < n; i++)
		yes += quota_take(q, key, now_us) == 0;
	return yes;
}

START_TEST(a_burst_then_what_is_earned)
{
	begin(60, 60 * S, 0, 0);
	ck_assert_uint_eq(taken(SOME, NOW, 1000), 60);
	ck_assert_int_eq(quota_wait(q, SOME, NOW), 1 * S);
	ck_assert_uint_eq(taken(SOME, NOW + S - 1, 10), 0);
	ck_assert_uint_eq(taken(SOME, NOW + S, 10), 1);
	ck_assert_uint_eq(taken(SOME, NOW + 11 * S, 1000), 10);
	ck_assert_uint_eq(taken(SOME, NOW + 9999 * S, 1000), 60); /* never more than a burst */
}
END_TEST

START_TEST(one_at_a_time)
{
	begin(1, 1 * S, 0, 0);
	ck_assert_uint_eq(taken(SOME, NOW, 9), 1);
	ck_assert_uint_eq(taken(SOME, NOW + S - 1, 9), 0);
	ck_assert_uint_eq(taken(SOME, NOW + S, 9), 1);
}
END_TEST

START_TEST(keys_do_not_share)
{
	begin(3, 60 * S, 0, 0);
	ck_assert_uint_eq(taken(1, NOW, 9), 3);
	ck_assert_uint_eq(taken(2, NOW, 9), 3);
	/* of the same row */
	ck_assert_uint_eq(taken(1 + QUOTA_KEYS, NOW, 9), 3);
	ck_assert_uint_eq(taken(1, NOW, 9), 0);
}
END_TEST

START_TEST(a_look_takes_nothing)
{
	begin(2, 60 * S, 0, 0);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(quota_wait(q, SOME, NOW), 0);
	ck_assert_uint_eq(taken(SOME, NOW, 9), 2);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(quota_wait(q, SOME, NOW), 30 * S);
}
END_TEST

/* What was under way is charged when it is done; the debt stays within a burst. */
START_TEST(debt_has_an_end)
{
	begin(4, 60 * S, 0, 0);
	for (int i = 0; i < 1000; i++)
		quota_charge(q, SOME, NOW);
	ck_assert_int_eq(quota_wait(q, SOME, NOW), 15 * S);
	ck_assert_uint_eq(taken(SOME, NOW + 15 * S, 9), 1);
	ck_assert_uint_eq(taken(SOME, NOW + 76 * S, 9), 4);
}
END_TEST

START_TEST(what_is_given_back)
{
	begin(3, 60 * S, 0, 0);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(quota_take(q, SOME, NOW), 0);
		quota_give_back(q, SOME);
	}
	ck_assert_uint_eq(taken(SOME, NOW, 9), 3);
	quota_give_back(q, SOME);
	ck_assert_uint_eq(taken(SOME, NOW, 9), 1);
	/* to a key that nobody knows: nothing */
	quota_give_back(q, 77);
	ck_assert_uint_eq(taken(77, NOW, 9), 3);
	/* what was earned meanwhile is not had twice */
	quota_give_back(q, SOME);
	ck_assert_uint_eq(taken(SOME, NOW + 9999 * S, 9), 3);
}
END_TEST

START_TEST(back_off_doubles)
{
	int64_t now_us = NOW;

	begin(20, 60 * S, 1 * S, 256 * S);
	for (int i = 0; i < 19; i++) {
		quota_charge(q, SOME, now_us);
		ck_assert_int_eq(quota_wait(q, SOME, now_us), 0);
	}
	for (int64_t wait_us = 1 * S; wait_us <= 256 * S; wait_us *= 2) {
		quota_charge(q, SOME, now_us);
		ck_assert_int_eq(quota_wait(q, SOME, now_us), wait_us);
		now_us += wait_us;
		ck_assert_int_eq(quota_wait(q, SOME, now_us - 1), 1);
		ck_assert_int_eq(quota_wait(q, SOME, now_us), 0);
	}
	quota_charge(q, SOME, now_us);
	ck_assert_int_eq(quota_wait(q, SOME, now_us), 256 * S);
}
END_TEST

/* A hundred handshakes that were under way are one try: each alone would have doubled the wait. */
START_TEST(a_flood_is_one_try)
{
	begin(5, 60 * S, 1 * S, 256 * S);
	for (int i = 0; i < 100; i++)
		quota_charge(q, SOME, NOW);
	ck_assert_int_eq(quota_wait(q, SOME, NOW), 1 * S);
	quota_charge(q, SOME, NOW + S);
	ck_assert_int_eq(quota_wait(q, SOME, NOW + S), 2 * S);
}
END_TEST

START_TEST(quiet_is_forgiven)
{
	begin(5, 60 * S, 1 * S, 256 * S);
	for (int i = 0; i < 9; i++)
		quota_charge(q, SOME, NOW + i * 200 * S);
	ck_assert_int_eq(quota_wait(q, SOME, NOW + 1600 * S), 0);
	for (int i = 0; i < 5; i++)
		quota_charge(q, SOME, NOW + 2000 * S);
	ck_assert_int_eq(quota_wait(q, SOME, NOW + 2000 * S), 1 * S);
	quota_charge(q, SOME, NOW + 2100 * S);
	ck_assert_int_eq(quota_wait(q, SOME, NOW + 2100 * S), 0);
}
END_TEST

/* A million strangers come by once each: who overdrew is still known, and nobody new is refused. */
START_TEST(a_flood_of_keys)
{
	uint64_t key = 1;

	begin(10, 3600 * S, 0, 0);
	ck_assert_uint_eq(taken(SOME, NOW, 99), 10);
	for (unsigned i = 0; i < 1000000; i++) {
		key = key * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		ck_assert_int_eq(quota_take(q, key | 1, NOW + i), 0);
	}
	ck_assert_int_gt(quota_wait(q, SOME, NOW + S), 0);
}
END_TEST

/* Nine who overdrew share a row of eight: the one that owes least is forgiven, the others are not.
 */
START_TEST(who_owes_least_is_forgotten)
{
	unsigned known = 0;

	begin(2, 60 * S, 0, 0);
	for (uint64_t i = 0; i < 9; i++)
		ck_assert_uint_eq(taken(1 + i * QUOTA_KEYS, NOW + (int64_t)i * S, 9), 2);
	for (uint64_t i = 0; i < 9; i++)
		known += quota_wait(q, 1 + i * QUOTA_KEYS, NOW + 9 * S) > 0;
	ck_assert_uint_eq(known, 8);
	ck_assert_int_eq(quota_wait(q, 1, NOW + 9 * S), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("quota");
	TCase *t = tcase_create("quota");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, a_burst_then_what_is_earned);
	tcase_add_test(t, one_at_a_time);
	tcase_add_test(t, keys_do_not_share);
	tcase_add_test(t, a_look_takes_nothing);
	tcase_add_test(t, debt_has_an_end);
	tcase_add_test(t, what_is_given_back);
	tcase_add_test(t, back_off_doubles);
	tcase_add_test(t, a_flood_is_one_try);
	tcase_add_test(t, quiet_is_forgiven);
	tcase_add_test(t, a_flood_of_keys);
	tcase_add_test(t, who_owes_least_is_forgotten);
	suite_add_tcase(s, t);
	return run_suite(s);
}
