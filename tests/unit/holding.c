/* tests/unit/holding.c - ca/holding.h: what an endpoint has, and what ends when it begins anew. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/holding.h"
#include "ca/issue.h"
#include "ca/profile_set.h"
#include "ca/revoke.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define OWNER "printer/hp-1"

static struct ground g;
static struct ledger *l;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	l = g.acme->ledger;
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	ground_free(&g);
}

static const uint8_t *
issued(const char *name)
{
	return ground_leaf(&g, g.acme, "printer", name)->serial;
}

/* What owner holds at now_s is this, newest first. */
static void
holds(const char *owner, int64_t now_s, size_t n, const uint8_t *const serials[])
{
	struct bytes got = { 0 };

	ck_assert_msg(holding_list(l, owner, now_s, &got, &f), "%s", f.text);
	ck_assert_uint_eq(got.n, n * TBS_SERIAL_OCTETS);
	for (size_t i = 0; i < n; i++)
		ck_assert_mem_eq(got.at + i * TBS_SERIAL_OCTETS, serials[i], TBS_SERIAL_OCTETS);
	bytes_free(&got);
}

static struct standing
standing(const uint8_t *serial)
{
	struct standing s;

	ck_assert_msg(ledger_standing(l, serial, &s, &f), "%s", f.text);
	return s;
}

static size_t
supersede(const uint8_t *by)
{
	size_t n = 99;

	ck_assert_msg(holding_supersede(l, OWNER, by, &g.why, g.now_s + 9, &n, &f), "%s", f.text);
	ground_commit(l);
	return n;
}

START_TEST(each_of_its_own)
{
	const uint8_t *a = issued("hp-1"), *b = issued("hp-1"), *other = issued("hp-11");

	holds(OWNER, g.now_s, 2, (const uint8_t *const[]){ b, a });
	holds("printer/hp-11", g.now_s, 1, &other);
	holds("printer/hp", g.now_s, 0, NULL);
	holds("gateway/hp-1", g.now_s, 0, NULL);
}
END_TEST

START_TEST(what_has_ended_is_held_no_more)
{
	const uint8_t *a = issued("hp-1"), *b = issued("hp-1"), *c = issued("hp-1");
	int64_t end_s = standing(c).not_after_s;

	ground_revoke(&g, l, b, REASON_UNSPECIFIED);
	holds(OWNER, g.now_s, 2, (const uint8_t *const[]){ c, a });
	holds(OWNER, end_s, 2, (const uint8_t *const[]){ c, a });
	holds(OWNER, end_s + 1, 0, NULL);
}
END_TEST

/* What could renew still is held still, and a new beginning ends it: it must not come back. */
START_TEST(what_is_within_grace_is_held)
{
	const uint8_t *a = issued("hp-1"), *b;
	int64_t end_s = standing(a).not_after_s;
	struct bytes bundle = { 0 };

	bytes_put_counted_text(&bundle, "operator.yaml");
	bytes_put_counted_text(&bundle, "name: operator\nask: []\n");
	bytes_put_counted_text(&bundle, "service.yaml");
	bytes_put_counted_text(&bundle, "name: service\npurposes: [clientAuth, serverAuth]\n");
	bytes_put_counted_text(&bundle, "printer.yaml");
	bytes_put_counted_text(&bundle, "name: printer\ngrace: 1h\n");
	ck_assert_msg(profile_load(octets_bytes(&bundle), &f), "%s", f.text);
	bytes_free(&bundle);
	holds(OWNER, end_s + 3600, 1, &a);
	holds(OWNER, end_s + 3601, 0, NULL);
	g.now_s = end_s + 1;
	b = issued("hp-1");
	holds(OWNER, g.now_s, 2, (const uint8_t *const[]){ b, a });
	ck_assert_uint_eq(supersede(b), 1);
	ck_assert_int_eq(standing(a).state, STANDING_REVOKED);
	ck_assert_uint_eq(standing(a).reason, REASON_SUPERSEDED);
	holds(OWNER, g.now_s, 1, &b);
}
END_TEST

START_TEST(a_new_beginning_ends_the_rest)
{
	const uint8_t *a = issued("hp-1"), *b = issued("hp-1"), *other = issued("hp-2"),
		      *c = issued("hp-1");

	ck_assert_uint_eq(supersede(c), 2);
	for (size_t i = 0; i < 2; i++) {
		struct standing s = standing(i == 0 ? a : b);

		ck_assert_int_eq(s.state, STANDING_REVOKED);
		ck_assert_uint_eq(s.reason, REASON_SUPERSEDED);
		ck_assert_int_eq(s.changed_s, g.now_s + 9);
		ck_assert_uint_gt(s.log_index, s.issued_index);
	}
	ck_assert_int_eq(standing(c).state, STANDING_GOOD);
	ck_assert_int_eq(standing(other).state, STANDING_GOOD);
	holds(OWNER, g.now_s, 1, &c);
	ck_assert_uint_eq(supersede(c), 0);
}
END_TEST

/* A hold is no shelter: what is released later must not be good beside the new one. */
START_TEST(what_is_held_ends_too)
{
	const uint8_t *a = issued("hp-1"), *b;
	struct standing s = standing(a);

	s.state = STANDING_HELD;
	s.reason = REASON_HOLD;
	ck_assert(ledger_put_standing(l, a, &s, &f));
	ground_commit(l);
	b = issued("hp-1");
	ck_assert_uint_eq(supersede(b), 1);
	ck_assert_int_eq(standing(a).state, STANDING_REVOKED);
	ck_assert_uint_eq(standing(a).reason, REASON_SUPERSEDED);
}
END_TEST

/* A device that renews without end cannot make the row long: its oldest ends. */
START_TEST(as_many_as_there_may_be)
{
	const uint8_t *first = issued("hp-1"), *second = issued("hp-1");
	struct bytes row = { 0 };

	/* the same two over and over stand for as many as fit */
	for (int i = 0; i < HOLDING_MAX - 1; i++)
		bytes_put(&row, second, TBS_SERIAL_OCTETS);
	bytes_put(&row, first, TBS_SERIAL_OCTETS);
	ledger_put(l, TABLE_ENDPOINT, octets_text(OWNER), octets_bytes(&row));
	ground_commit(l);
	(void)issued("hp-1");
	ck_assert_int_eq(standing(first).state, STANDING_REVOKED);
	ck_assert_uint_eq(standing(first).reason, REASON_SUPERSEDED);
	ck_assert_int_eq(standing(second).state, STANDING_GOOD);
	bytes_clear(&row);
	ck_assert(holding_list(l, OWNER, g.now_s, &row, &f));
	ck_assert_uint_eq(row.n, (size_t)HOLDING_MAX * TBS_SERIAL_OCTETS);
	bytes_free(&row);
}
END_TEST

START_TEST(rows_that_are_none)
{
	static const uint8_t octets[TBS_SERIAL_OCTETS + 1] = { 1 };
	const uint8_t *a = issued("hp-1");
	struct bytes got = { 0 };
	size_t n = 99;

	/* too long by one; then a serial that is nobody's */
	for (size_t cut = 0; cut < 2; cut++) {
		ledger_put(
		    l, TABLE_ENDPOINT, octets_text(OWNER), octets_of(octets, sizeof(octets) - cut));
		ground_commit(l);
		ck_assert(!holding_list(l, OWNER, g.now_s, &got, &f));
		ck_assert(!holding_add(l, OWNER, a, &g.why, g.now_s, &f));
		ck_assert(!holding_supersede(l, OWNER, a, &g.why, g.now_s, &n, &f));
		ck_assert_uint_eq(n, 99);
	}
	ck_assert_int_eq(standing(a).state, STANDING_GOOD);
	bytes_free(&got);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("holding");
	TCase *t = tcase_create("holding");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, each_of_its_own);
	tcase_add_test(t, what_has_ended_is_held_no_more);
	tcase_add_test(t, what_is_within_grace_is_held);
	tcase_add_test(t, a_new_beginning_ends_the_rest);
	tcase_add_test(t, what_is_held_ends_too);
	tcase_add_test(t, as_many_as_there_may_be);
	tcase_add_test(t, rows_that_are_none);
	return run_suite(s);
}
