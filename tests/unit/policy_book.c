/* tests/unit/policy_book.c - ca/policy_book.h: what is in force, and every document that ever was.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "ca/policy_book.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct ledger *l;
static struct fault f;
static struct policy_row all[POLICY_BOOK_MAX];

static void
setup(void)
{
	ground_new(&g);
	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	ground_free(&g);
}

static struct policy_row
put(const char *slot, const char *text, int64_t revision)
{
	struct policy_row r = { .revision = revision, .at_s = g.now_s, .log_index = 7 };

	(void)snprintf(r.slot, sizeof(r.slot), "%s", slot);
	(void)snprintf(r.name, sizeof(r.name), "name-of-%s", slot);
	(void)snprintf(r.by, sizeof(r.by), "operator:alice");
	ck_assert_msg(
	    policy_book_put(l, &r, octets_text(text), octets_text("signed"), &f), "%s", f.text);
	return r;
}

static uint64_t
edition(void)
{
	uint64_t n;

	ck_assert(policy_book_edition(l, &n, &f));
	return n;
}

START_TEST(nothing_is_in_force_at_first)
{
	const uint8_t none[POLICY_BOOK_DIGEST_OCTETS] = { 0 };
	struct policy_row r;
	struct bytes text = { 0 };
	size_t n = 9;

	ck_assert_uint_eq(edition(), 0);
	ck_assert(policy_book_list(l, all, &n, &f));
	ck_assert_uint_eq(n, 0);
	ck_assert(!policy_book_find(l, "set", &r, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!policy_book_text(l, none, &text, NULL, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!policy_book_set(l, none, &text, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_uint_eq(text.n, 0);
	bytes_free(&text);
}
END_TEST

START_TEST(a_change_counts_when_it_is_committed)
{
	struct ledger_mark mark = ledger_mark(l);
	struct policy_row r = put("set", "one", 52), there;
	struct bytes text = { 0 }, signature = { 0 };
	size_t n;

	ck_assert_uint_eq(r.turn, 1);
	ck_assert_uint_eq(edition(), 0);
	ledger_undo(l, mark);
	ck_assert(!policy_book_find(l, "set", &there, &f));
	(void)put("set", "one", 52);
	ground_commit(l);
	ck_assert_uint_eq(edition(), 1);
	ck_assert(policy_book_list(l, all, &n, &f));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(all[0].revision, 52);
	ck_assert_str_eq(all[0].name, "name-of-set");
	ck_assert_str_eq(all[0].by, "operator:alice");
	ck_assert_uint_eq(all[0].log_index, 7);
	ck_assert(all[0].is_signed);
	ck_assert(policy_book_text(l, all[0].digest, &text, &signature, &f));
	ck_assert(octets_same(octets_bytes(&text), octets_text("one")));
	ck_assert(octets_same(octets_bytes(&signature), octets_text("signed")));
	bytes_free(&text);
	bytes_free(&signature);
}
END_TEST

START_TEST(what_was_is_kept_by_its_digest)
{
	struct policy_row first = put("set", "one", 1), history[4];
	struct bytes text = { 0 };
	size_t n;

	(void)put("set", "two", 2); /* of one round */
	ground_commit(l);
	ck_assert_uint_eq(edition(), 2);
	ck_assert(policy_book_find(l, "set", all, &f));
	ck_assert_uint_eq(all[0].turn, 2);
	all[0].turn++;
	ck_assert(policy_book_remove(l, &all[0], &f));
	ground_commit(l);
	ck_assert(policy_book_list(l, all, &n, &f));
	ck_assert_uint_eq(n, 0);
	ck_assert(policy_book_find(l, "set", all, &f));
	ck_assert(all[0].removed);
	ck_assert(policy_book_text(l, first.digest, &text, NULL, &f));
	ck_assert(octets_same(octets_bytes(&text), octets_text("one")));
	(void)put("sett", "another slot", 9);
	(void)put("set", "three", 3);
	ground_commit(l);
	ck_assert(policy_book_history(l, "set", 0, history, 4, &n, &f));
	ck_assert_uint_eq(n, 4);
	ck_assert_uint_eq(history[0].turn, 4);
	ck_assert_int_eq(history[0].revision, 3);
	ck_assert(history[1].removed);
	ck_assert_uint_eq(history[3].turn, 1);
	ck_assert(policy_book_history(l, "set", 2, history, 4, &n, &f));
	ck_assert_uint_eq(n, 2);
	ck_assert(policy_book_history(l, "set", 0, history, 1, &n, &f));
	ck_assert_uint_eq(n, 1);
	bytes_free(&text);
}
END_TEST

START_TEST(slots_and_octets_have_an_end)
{
	static uint8_t large[POLICY_BOOK_OCTETS + 1];
	struct policy_row r = { .slot = "set" };
	char slot[16];
	size_t n;

	ck_assert(!policy_book_put(l, &r, octets_of(large, sizeof(large)), octets_text(""), &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert(!policy_book_put(
	    l, &r, octets_text("a"), octets_of(large, POLICY_BOOK_SIGNATURE_OCTETS + 1), &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	for (unsigned i = 0; i < POLICY_BOOK_MAX; i++) {
		(void)snprintf(slot, sizeof(slot), "rail-%u", i);
		(void)put(slot, "x", i);
	}
	ground_commit(l);
	(void)snprintf(r.slot, sizeof(r.slot), "one-more");
	ck_assert(!policy_book_put(l, &r, octets_text("x"), octets_text(""), &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	(void)put("rail-3", "another", 4);
	ground_commit(l);
	ck_assert(policy_book_list(l, all, &n, &f));
	ck_assert_uint_eq(n, POLICY_BOOK_MAX);
}
END_TEST

START_TEST(a_row_that_was_altered_is_seen)
{
	struct policy_row r = put("set", "one", 1);
	struct bytes text = { 0 };
	uint8_t key[1 + POLICY_BOOK_DIGEST_OCTETS] = { 'd' };
	size_t n;

	ground_commit(l);
	memcpy(key + 1, r.digest, sizeof(r.digest));
	ledger_put(
	    l, TABLE_POLICY, octets_of(key, sizeof(key)), octets_of("\1\0\0\0\3two\0\0\0\0", 12));
	ground_commit(l);
	ck_assert(!policy_book_text(l, r.digest, &text, NULL, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_uint_eq(text.n, 0);
	ledger_put(l, TABLE_POLICY, octets_text("nset"), octets_text("\1what"));
	ground_commit(l);
	ck_assert(!policy_book_find(l, "set", &r, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert(!policy_book_list(l, all, &n, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ledger_put(l, TABLE_POLICY, octets_text("e"), octets_text("1"));
	ground_commit(l);
	ck_assert(!policy_book_edition(l, &(uint64_t){ 0 }, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
}
END_TEST

START_TEST(a_set_is_kept_once)
{
	uint8_t digest[DIGEST_OCTETS], two[2 * DIGEST_OCTETS] = { 1, 2 };
	struct bytes documents = { 0 };

	digest_of(octets_of(two, sizeof(two)), digest);
	ck_assert(policy_book_keep_set(l, digest, octets_of(two, sizeof(two)), &f));
	ck_assert(policy_book_keep_set(l, digest, octets_of(two, DIGEST_OCTETS), &f));
	ground_commit(l);
	ck_assert(policy_book_set(l, digest, &documents, &f));
	ck_assert_uint_eq(documents.n, sizeof(two));
	bytes_free(&documents);
}
END_TEST

static bool
check_row(void *with, unsigned table, struct octets key, struct octets value)
{
	size_t *n = with;

	if (table != TABLE_POLICY)
		return true;
	(*n)++;
	ck_assert(policy_book_row(key, value));
	ck_assert(!policy_book_row(key, octets_of(value.at, value.n - 1)));
	ck_assert(!policy_book_row(octets_of(key.at, key.n - 1), value) || key.n == 1);
	return true;
}

START_TEST(a_backup_knows_each_row)
{
	const uint8_t digest[DIGEST_OCTETS] = { 1 };
	size_t n = 0;

	(void)put("set", "one", 1);
	ck_assert(policy_book_keep_set(l, digest, octets_of(digest, sizeof(digest)), &f));
	ground_commit(l);
	ck_assert(store_dump(ledger_store(l), check_row, &n, &f));
	ck_assert_uint_eq(n, 5);
	ck_assert(!policy_book_row(octets_text(""), octets_text("")));
	ck_assert(!policy_book_row(octets_text("z"), octets_text("")));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("policy_book");
	TCase *t = tcase_create("policy_book");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, nothing_is_in_force_at_first);
	tcase_add_test(t, a_change_counts_when_it_is_committed);
	tcase_add_test(t, what_was_is_kept_by_its_digest);
	tcase_add_test(t, slots_and_octets_have_an_end);
	tcase_add_test(t, a_row_that_was_altered_is_seen);
	tcase_add_test(t, a_set_is_kept_once);
	tcase_add_test(t, a_backup_knows_each_row);
	suite_add_tcase(s, t);
	return run_suite(s);
}
