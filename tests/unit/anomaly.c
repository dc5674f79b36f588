/* tests/unit/anomaly.c - policy/anomaly.h: each reason alone, hostile clocks, the same everywhere.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "policy/anomaly.h"
#include "tests/unit/run.h"

#define HOUR_S   3600
#define DAY_S    INT64_C(86400)
#define WEEK_S   (7 * DAY_S)
#define MONDAY_S INT64_C(1893974400) /* 2030-01-07T00:00:00Z */
#define HOME     1111
#define AWAY     2222

static struct anomaly a;
static struct anomaly_score s;

static void
setup(void)
{
	memset(&a, 0, sizeof(a));
	memset(&s, 0, sizeof(s));
}

static struct anomaly_event
at(int64_t at_s)
{
	return (struct anomaly_event){ .at_s = at_s, .network = HOME, .key = 77 };
}

static void
learn(int64_t at_s)
{
	struct anomaly_event e = at(at_s);

	anomaly_learn(&a, &e);
}

/* Four weeks of a printer that connects at nine on working days. */
static int64_t
office(void)
{
	int64_t last = 0;

	for (int64_t week = 0; week < 4; week++)
		for (int64_t day = 0; day < 5; day++)
			for (int64_t n = 0; n < 3; n++)
				learn(last = MONDAY_S + week * WEEK_S + day * DAY_S + 9 * HOUR_S +
					     n * 600);
	return last;
}

static const struct anomaly_reason *
reason(enum anomaly_word w)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.reason[i].word == w)
			return &s.reason[i];
	return NULL;
}

static void
weigh(const struct anomaly_event *e)
{
	anomaly_weigh(&a, e, &s);
}

START_TEST(the_usual_is_nothing)
{
	struct anomaly_event e;

	(void)office();
	e = at(MONDAY_S + 4 * WEEK_S + 9 * HOUR_S);
	weigh(&e);
	ck_assert_uint_eq(s.score, 0);
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

START_TEST(what_is_new_is_cold)
{
	struct anomaly_event e = at(MONDAY_S);

	weigh(&e);
	ck_assert_uint_eq(s.score, 0);
	ck_assert_uint_eq(s.n, 1);
	ck_assert_int_eq(reason(ANOMALY_COLD)->seen, 0);
	/* Many events in an hour are no habit yet, and neither is a day with few. */
	for (int i = 0; i < 50; i++)
		learn(MONDAY_S + i);
	e.at_s = MONDAY_S + 3 * HOUR_S;
	e.network = AWAY;
	weigh(&e);
	ck_assert_uint_eq(s.score, 0);
	ck_assert_ptr_nonnull(reason(ANOMALY_COLD));
	e.at_s = MONDAY_S + DAY_S;
	weigh(&e);
	ck_assert_ptr_null(reason(ANOMALY_COLD));
}
END_TEST

START_TEST(two_networks_at_once)
{
	struct anomaly_event e = at(MONDAY_S);

	learn(MONDAY_S);
	e = at(MONDAY_S + 60);
	e.network = AWAY;
	weigh(&e); /* it moved */
	ck_assert_ptr_null(reason(ANOMALY_AT_ONCE));
	anomaly_learn(&a, &e);
	e = at(MONDAY_S + 90);
	weigh(&e); /* and is back, while the other was there a moment ago: cold or not */
	ck_assert_ptr_nonnull(reason(ANOMALY_AT_ONCE));
	ck_assert_uint_eq(s.score, 60);
	ck_assert_int_eq(reason(ANOMALY_AT_ONCE)->seen, 30);
	e = at(MONDAY_S + 60 + 301);
	weigh(&e);
	ck_assert_ptr_null(reason(ANOMALY_AT_ONCE));
}
END_TEST

/* Within one second too; and who stays where it went is at one place. */
START_TEST(two_networks_in_one_second)
{
	struct anomaly_event e = at(MONDAY_S);

	anomaly_learn(&a, &e);
	e.network = AWAY;
	anomaly_learn(&a, &e);
	weigh(&e);
	ck_assert_ptr_null(reason(ANOMALY_AT_ONCE));
	e.network = HOME;
	weigh(&e);
	ck_assert_ptr_nonnull(reason(ANOMALY_AT_ONCE));
}
END_TEST

START_TEST(one_network_again_and_again_is_one)
{
	for (int i = 0; i < 100; i++) {
		struct anomaly_event e = at(MONDAY_S + i);

		weigh(&e);
		ck_assert_ptr_null(reason(ANOMALY_AT_ONCE));
		anomaly_learn(&a, &e);
	}
}
END_TEST

START_TEST(another_network)
{
	struct anomaly_event e;

	(void)office();
	e = at(MONDAY_S + 4 * WEEK_S + 9 * HOUR_S);
	e.network = AWAY;
	weigh(&e);
	ck_assert_uint_eq(s.score, 20);
	ck_assert_ptr_nonnull(reason(ANOMALY_NETWORK));
	ck_assert_int_eq(reason(ANOMALY_NETWORK)->usual, 1);
	anomaly_learn(&a, &e);
	e.at_s += DAY_S;
	weigh(&e);
	ck_assert_ptr_null(reason(ANOMALY_NETWORK));
	e.network = 0; /* not known, as on the local socket */
	weigh(&e);
	ck_assert_ptr_null(reason(ANOMALY_NETWORK));
}
END_TEST

START_TEST(the_network_seen_longest_ago_is_forgotten)
{
	struct anomaly_event e;

	(void)office();
	for (uint64_t i = 0; i < ANOMALY_NETWORKS; i++) {
		e = at(MONDAY_S + 5 * WEEK_S + (int64_t)i * DAY_S + 9 * HOUR_S);
		e.network = 3000 + i;
		anomaly_learn(&a, &e);
	}
	for (uint64_t i = 0; i < ANOMALY_NETWORKS; i++) {
		e.network = 3000 + i;
		weigh(&e);
		ck_assert_ptr_null(reason(ANOMALY_NETWORK));
	}
	e.network = HOME;
	weigh(&e);
	ck_assert_ptr_nonnull(reason(ANOMALY_NETWORK));
}
END_TEST

START_TEST(an_hour_that_is_not_its_own)
{
	struct anomaly_event e;

	(void)office();
	e = at(MONDAY_S + 4 * WEEK_S + 3 * HOUR_S);
	weigh(&e);
	ck_assert_uint_eq(s.score, 15);
	ck_assert_ptr_nonnull(reason(ANOMALY_HOUR));
	ck_assert_int_eq(reason(ANOMALY_HOUR)->seen, 0);
	for (int64_t h = 8; h <= 10; h++) { /* those beside it are its own too */
		e = at(MONDAY_S + 4 * WEEK_S + h * HOUR_S);
		weigh(&e);
		ck_assert_ptr_null(reason(ANOMALY_HOUR));
	}
	e = at(MONDAY_S + 4 * WEEK_S + 5 * DAY_S + 9 * HOUR_S); /* a Saturday */
	weigh(&e);
	ck_assert_ptr_nonnull(reason(ANOMALY_HOUR));
}
END_TEST

/* Sunday's last hour and Monday's first are neighbours. */
START_TEST(a_week_has_no_edge)
{
	struct anomaly_event e;

	for (int i = 0; i < 60; i++)
		learn(MONDAY_S + i * WEEK_S / 30 / 60);
	memset(a.hours, 0, sizeof(a.hours));
	a.hours[ANOMALY_HOURS - 1] = 100;
	a.hours[50] = 1;
	e = at(a.first_s + WEEK_S * 2);
	e.at_s = MONDAY_S + WEEK_S * 2;
	weigh(&e);
	ck_assert_ptr_null(reason(ANOMALY_HOUR));
	e.at_s += 2 * HOUR_S;
	weigh(&e);
	ck_assert_ptr_nonnull(reason(ANOMALY_HOUR));
}
END_TEST

/* What was usual a year ago is not held against anybody. */
START_TEST(hours_ebb)
{
	struct anomaly_event e;
	unsigned all = 0;

	(void)office();
	e = at(MONDAY_S + 100 * WEEK_S + 3 * HOUR_S);
	weigh(&e);
	ck_assert_ptr_null(reason(ANOMALY_HOUR));
	anomaly_learn(&a, &e);
	for (size_t i = 0; i < ANOMALY_HOURS; i++)
		all += a.hours[i];
	ck_assert_uint_eq(all, 1);
}
END_TEST

START_TEST(too_often)
{
	struct anomaly_event e;
	int64_t from = MONDAY_S + 4 * WEEK_S + 9 * HOUR_S;

	(void)office(); /* three an hour */
	for (int i = 0; i < 24; i++) {
		e = at(from + i);
		weigh(&e);
		ck_assert_ptr_null(reason(ANOMALY_RATE));
		anomaly_learn(&a, &e);
	}
	e = at(from + 24);
	weigh(&e);
	ck_assert_ptr_nonnull(reason(ANOMALY_RATE));
	ck_assert_int_eq(reason(ANOMALY_RATE)->seen, 25);
	ck_assert_int_eq(reason(ANOMALY_RATE)->usual, 3);
	ck_assert_uint_eq(s.score, 25);
	e = at(from + HOUR_S); /* the next hour is another */
	weigh(&e);
	ck_assert_ptr_null(reason(ANOMALY_RATE));
}
END_TEST

START_TEST(a_key_that_changed)
{
	struct anomaly_event e = at(MONDAY_S);

	learn(MONDAY_S);
	e.key = 78;
	weigh(&e);
	ck_assert_ptr_nonnull(reason(ANOMALY_KEY));
	ck_assert_uint_eq(s.score, 40);
	e.renewed = true;
	weigh(&e);
	ck_assert_ptr_null(reason(ANOMALY_KEY));
	e.renewed = false;
	e.key = 0;
	weigh(&e);
	ck_assert_ptr_null(reason(ANOMALY_KEY));
	anomaly_learn(&a, &e); /* what is not known does not become the last one */
	ck_assert_uint_eq(a.key, 77);
}
END_TEST

START_TEST(a_printer_that_asks_for_an_officers_act)
{
	struct anomaly_event e = at(MONDAY_S);

	e.foreign = true;
	weigh(&e);
	ck_assert_ptr_nonnull(reason(ANOMALY_FOREIGN));
	ck_assert_uint_eq(s.score, 40);
	anomaly_learn(&a, &e);
	weigh(&e);
	ck_assert_int_eq(reason(ANOMALY_FOREIGN)->seen, 2);
	e.foreign = false; /* what it did is not forgotten at once */
	e.at_s += DAY_S;
	weigh(&e);
	ck_assert_ptr_nonnull(reason(ANOMALY_FOREIGN));
	e.at_s++;
	weigh(&e);
	ck_assert_ptr_null(reason(ANOMALY_FOREIGN));
}
END_TEST

START_TEST(a_score_ends_at_a_hundred)
{
	struct anomaly_event e = at(MONDAY_S);

	learn(MONDAY_S);
	e.network = AWAY;
	anomaly_learn(&a, &e);
	e.network = HOME;
	e.key = 1;
	e.foreign = true;
	weigh(&e);
	ck_assert_uint_eq(s.score, ANOMALY_SCORE_MAX);
	ck_assert_ptr_nonnull(reason(ANOMALY_AT_ONCE));
	ck_assert_ptr_nonnull(reason(ANOMALY_KEY));
	ck_assert_ptr_nonnull(reason(ANOMALY_FOREIGN));
}
END_TEST

START_TEST(a_clock_that_goes_back_costs_nothing)
{
	struct anomaly_event e;
	int64_t last = office();
	struct anomaly was = a;

	e = at(MONDAY_S - 100 * WEEK_S);
	weigh(&e);
	ck_assert_uint_eq(s.score, 0);
	anomaly_learn(&a, &e);
	ck_assert_int_eq(a.last_s, last);
	ck_assert_int_eq(a.first_s, was.first_s);
	ck_assert_uint_eq(a.week, was.week);
	ck_assert_uint_eq(a.events, was.events + 1);
}
END_TEST

START_TEST(no_time_is_too_strange)
{
	static const int64_t strange[] = { INT64_MIN, -1, 0, 1, INT64_MAX, INT64_MAX - 1,
		INT64_C(253402300799), INT64_C(253402300800) };

	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		struct anomaly_event e = at(strange[i]);

		setup();
		for (int k = 0; k < 3; k++) {
			weigh(&e);
			ck_assert_uint_le(s.score, ANOMALY_SCORE_MAX);
			anomaly_learn(&a, &e);
		}
		ck_assert_uint_eq(a.events, 3);
		ck_assert_int_ge(a.last_s, 0);
		ck_assert(anomaly_is_sane(&a, a.last_s));
	}
}
END_TEST

START_TEST(counts_end_and_do_not_begin_anew)
{
	struct anomaly_event e = at(MONDAY_S + 9 * HOUR_S);

	(void)office();
	a.events = a.hour_n = a.foreign = UINT32_MAX;
	a.hours[9] = UINT16_MAX;
	e.at_s = a.last_s;
	e.foreign = true;
	a.hours[(a.last_s - MONDAY_S) % WEEK_S / HOUR_S] = UINT16_MAX;
	anomaly_learn(&a, &e);
	ck_assert_uint_eq(a.events, UINT32_MAX);
	ck_assert_uint_eq(a.hour_n, UINT32_MAX);
	ck_assert_uint_eq(a.foreign, UINT32_MAX);
	ck_assert_uint_eq(a.hours[9], UINT16_MAX / 2); /* shares stay what they are */
	weigh(&e);
	ck_assert_uint_le(s.score, ANOMALY_SCORE_MAX);
}
END_TEST

/* The same events in the same order, and nothing else, make the row. */
START_TEST(the_same_twice)
{
	struct anomaly first;

	(void)office();
	first = a;
	setup();
	(void)office();
	ck_assert_int_eq(memcmp(&first, &a, sizeof(a)), 0);
}
END_TEST

START_TEST(rows_that_cannot_be)
{
	struct anomaly good;
	int64_t now_s = office() + 60;

	good = a;
	ck_assert(anomaly_is_sane(&a, now_s));
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		a = good;                                                                          \
		change;                                                                            \
		ck_assert_msg(!anomaly_is_sane(&a, now_s), "%s", #change);                         \
	} while (0)
	REFUSED(a.events = 0);
	REFUSED(a.first_s = -1);
	REFUSED(a.last_s = a.first_s - 1);
	REFUSED(a.last_s = now_s + DAY_S);
	REFUSED(a.week += 2);
	REFUSED(a.hour_at += 2);
	REFUSED(a.hour_n = a.events + 1);
	REFUSED(a.foreign = a.events + 1);
	REFUSED(a.foreign_s = -1);
	REFUSED(a.foreign_s = a.last_s + 1);
	REFUSED(a.network[0].last_s = -1);
	REFUSED(a.network[0].last_s = a.last_s + 1);
}
END_TEST

START_TEST(networks_of_addresses)
{
	uint8_t x[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7 }, y[16];

	memcpy(y, x, sizeof(y));
	y[15] = 200;
	ck_assert_uint_eq(anomaly_network(x), anomaly_network(y));
	y[14] = 3;
	ck_assert_uint_ne(anomaly_network(x), anomaly_network(y));
	memset(x, 0, sizeof(x));
	x[0] = 0x20;
	x[1] = 0x01;
	memcpy(y, x, sizeof(y));
	y[6] = 9; /* of one /48 */
	ck_assert_uint_eq(anomaly_network(x), anomaly_network(y));
	y[5] = 9;
	ck_assert_uint_ne(anomaly_network(x), anomaly_network(y));
	memset(x, 0, sizeof(x));
	ck_assert_uint_ne(anomaly_network(x), 0);
}
END_TEST

START_TEST(every_reason_has_words)
{
	for (unsigned w = 0; w < ANOMALY_WORDS; w++) {
		struct anomaly_reason r = { (enum anomaly_word)w,
			anomaly_points((enum anomaly_word)w), INT64_MIN, INT64_MAX };
		struct bytes b = { 0 };

		anomaly_text(&r, &b);
		ck_assert(!b.bad);
		ck_assert_uint_gt(b.n, 10);
		ck_assert_ptr_null(memchr(b.at, '\n', b.n));
		ck_assert_int_eq(memcmp(b.at, anomaly_word((enum anomaly_word)w),
				     strlen(anomaly_word((enum anomaly_word)w))),
		    0);
		bytes_free(&b);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("anomaly");
	TCase *t = tcase_create("anomaly");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, the_usual_is_nothing);
	tcase_add_test(t, what_is_new_is_cold);
	tcase_add_test(t, two_networks_at_once);
	tcase_add_test(t, two_networks_in_one_second);
	tcase_add_test(t, one_network_again_and_again_is_one);
	tcase_add_test(t, another_network);
	tcase_add_test(t, the_network_seen_longest_ago_is_forgotten);
	tcase_add_test(t, an_hour_that_is_not_its_own);
	tcase_add_test(t, a_week_has_no_edge);
	tcase_add_test(t, hours_ebb);
	tcase_add_test(t, too_often);
	tcase_add_test(t, a_key_that_changed);
	tcase_add_test(t, a_printer_that_asks_for_an_officers_act);
	tcase_add_test(t, a_score_ends_at_a_hundred);
	tcase_add_test(t, a_clock_that_goes_back_costs_nothing);
	tcase_add_test(t, no_time_is_too_strange);
	tcase_add_test(t, counts_end_and_do_not_begin_anew);
	tcase_add_test(t, the_same_twice);
	tcase_add_test(t, rows_that_cannot_be);
	tcase_add_test(t, networks_of_addresses);
	tcase_add_test(t, every_reason_has_words);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
