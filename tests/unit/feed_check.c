/* tests/unit/feed_check.c - ca/feed_check.h: a feed that was altered, cut or lengthened is found,
 * and one that says what the log does not. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/feed_check.h"
#include "ca/ledger_check.h"
#include "ca/suspend.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define LEAVES 4

static struct ground g;
static struct ledger *l;
static const struct ground_cert *leaf[LEAVES];
static struct bytes said;
static struct fault f;

/* Changes 1 to 4: revoked, held, released, revoked. */
static void
setup(void)
{
	const struct suspend_why why = { .who = &g.why };
	uint64_t n;
	char name[16];

	ground_new(&g);
	l = g.acme->ledger;
	for (size_t i = 0; i < LEAVES; i++) {
		(void)snprintf(name, sizeof(name), "hp-%zu", i);
		leaf[i] = ground_leaf(&g, g.acme, "printer", name);
	}
	ground_revoke(&g, l, leaf[0]->serial, 4);
	ck_assert(suspend_hold(l, leaf[1]->serial, &why, g.now_s, &n, &f));
	ck_assert(suspend_release(l, leaf[1]->serial, &why, g.now_s, &n, &f));
	ground_commit(l);
	ground_revoke(&g, l, leaf[2]->serial, 0);
}

static void
teardown(void)
{
	bytes_free(&said);
	ground_free(&g);
}

static void
say(void *with, const char *text)
{
	bytes_put_text(with, text);
	bytes_put_text(with, "\n");
}

/* What a look at the feed finds, as lines. */
static const char *
found(void)
{
	bytes_clear(&said);
	ck_assert_msg(feed_check(l, say, &said, &f), "%s", f.text);
	bytes_put_u8(&said, 0);
	return (const char *)said.at;
}

static void
finds(const char *what)
{
	ck_assert_msg(strstr(found(), what) != NULL, "\"%s\", where \"%s\" was due", found(), what);
}

static void
put(uint64_t seq, const struct bytes *row)
{
	uint8_t key[8];

	ledger_put(l, TABLE_FEED, octets_u64(seq, key), octets_bytes(row));
	ground_commit(l);
}

static void
get(uint64_t seq, struct bytes *row)
{
	uint8_t key[8];

	ck_assert(ledger_get(l, TABLE_FEED, octets_u64(seq, key), row, &f));
}

START_TEST(whole)
{
	struct feed_edge e;

	ck_assert_str_eq(found(), "");
	ck_assert(feed_edge(l, &e, &f));
	ck_assert_uint_eq(e.size, 4);
}
END_TEST

START_TEST(of_none)
{
	l = realm_platform(g.realm);
	ck_assert_str_eq(found(), "");
}
END_TEST

START_TEST(an_altered_octet)
{
	struct bytes row = { 0 };

	get((uint64_t)_i, &row);
	for (size_t i = 0; i < row.n; i++) {
		row.at[i] ^= 1;
		put((uint64_t)_i, &row);
		finds("was altered");
		row.at[i] ^= 1;
	}
	put((uint64_t)_i, &row);
	ck_assert_str_eq(found(), "");
	bytes_free(&row);
}
END_TEST

START_TEST(a_missing_change)
{
	uint8_t key[8];

	batch_remove(ledger_batch(l), TABLE_FEED, octets_u64((uint64_t)_i, key));
	ground_commit(l);
	finds("is missing, or was altered");
}
END_TEST

START_TEST(one_behind_the_end)
{
	struct bytes row = { 0 };

	get(4, &row);
	put(5, &row);
	finds("behind its end");
	bytes_free(&row);
}
END_TEST

START_TEST(an_end_that_is_another)
{
	static const char word[] = "feed";
	struct bytes edge = { 0 };

	ck_assert(ledger_get(l, TABLE_META, octets_text(word), &edge, &f));
	edge.at[edge.n - 1] ^= 1;
	ledger_put(l, TABLE_META, octets_text(word), octets_bytes(&edge));
	ground_commit(l);
	finds("end is not that of its changes");
	bytes_clear(&edge); /* as if the last had not been */
	bytes_put_u64(&edge, 3);
	ck_assert(feed_hash(l, 3, bytes_extend(&edge, FEED_HASH_OCTETS), &f));
	ledger_put(l, TABLE_META, octets_text(word), octets_bytes(&edge));
	ground_commit(l);
	finds("behind its end");
	bytes_free(&edge);
}
END_TEST

/* The chain holds, as whoever wrote it computed it, and the log knows nothing of it. */
START_TEST(what_the_log_does_not_say)
{
	struct standing s;

	ck_assert(ledger_standing(l, leaf[0]->serial, &s, &f));
	if (_i == 0) /* another's entry */
		ck_assert(feed_add(l, leaf[3]->serial, &s, &f));
	if (_i == 1) { /* its own, which says something else */
		s.state = STANDING_GOOD;
		ck_assert(feed_add(l, leaf[0]->serial, &s, &f));
	}
	if (_i == 2) { /* none */
		s.log_index = 1000;
		ck_assert(feed_add(l, leaf[0]->serial, &s, &f));
	}
	ground_commit(l);
	finds("change 5 of the feed: no entry of the log says so");
}
END_TEST

START_TEST(a_whole_look_tells_it)
{
	const struct ledger_hearing to = { say, NULL, &said };
	struct ledger_counts n;
	struct bytes row = { 0 };

	bytes_clear(&said);
	ck_assert(ledger_check(l, NULL, &to, &n, &f));
	ck_assert_uint_eq(n.findings, 0);
	get(2, &row);
	row.at[20] ^= 1;
	put(2, &row);
	ck_assert(ledger_check(l, NULL, &to, &n, &f));
	ck_assert_uint_eq(n.findings, 1);
	bytes_put_u8(&said, 0);
	ck_assert_str_eq((const char *)said.at, "feed: change 2 is missing, or was altered\n");
	bytes_free(&row);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("feed_check");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, whole);
	tcase_add_test(t, of_none);
	tcase_add_loop_test(t, an_altered_octet, 1, 5);
	tcase_add_loop_test(t, a_missing_change, 1, 5);
	tcase_add_test(t, one_behind_the_end);
	tcase_add_test(t, an_end_that_is_another);
	tcase_add_loop_test(t, what_the_log_does_not_say, 0, 3);
	tcase_add_test(t, a_whole_look_tells_it);
	suite_add_tcase(s, t);
	return run_suite(s);
}
