/* tests/unit/marks.c - ca/marks.h and ca/log_proof.h: a log is as long as it was, and its lines are
 * its tree. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/log_proof.h"
#include "ca/marks.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct marks *marks;
static struct ledger *l;
static struct mark k;
static struct log_proof proof;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	l = g.acme->ledger;
	proof = (struct log_proof){ .window = 0 };
	ck_assert_msg(marks_open(g.dir, STORE_CREATE, &marks, &f), "%s", f.text);
}

static void
teardown(void)
{
	marks_close(marks);
	ground_free(&g);
}

static void
append(size_t n)
{
	while (n-- > 0)
		ck_assert(log_append(l, log_entry("test", &g.why), g.now_s, NULL, &f));
	ground_commit(l);
}

static void
mark(void)
{
	ck_assert_msg(marks_put(marks, l, g.now_s, &f), "%s", f.text);
	ck_assert_msg(marks_commit(marks, &f), "%s", f.text);
	ck_assert(marks_get(marks, "acme", &k, &f));
}

static void
refused(const char *why)
{
	f = (struct fault){ 0 };
	ck_assert_msg(!marks_hold(&k, l, &f), "it holds, where \"%s\" was due", why);
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_msg(strstr(f.text, "ledger merge") != NULL, "%s", f.text);
}

/* Entry index becomes other octets, as a disk would do it. */
static void
alter(uint64_t index, size_t bit)
{
	struct bytes line = { 0 };
	uint8_t key[8];

	ck_assert(ledger_get(l, TABLE_LOG, octets_u64(index, key), &line, &f));
	line.at[bit / 8 % line.n] ^= (uint8_t)(1u << bit % 8);
	ledger_put(l, TABLE_LOG, octets_u64(index, key), octets_bytes(&line));
	ground_commit(l);
	bytes_free(&line);
}

START_TEST(a_mark_comes_back)
{
	struct log_edge e;
	uint8_t root[LOG_HASH_OCTETS];

	ck_assert(!marks_get(marks, "acme", &k, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	mark();
	ck_assert(log_edge_read(l, &e, &f));
	log_edge_root(&e, root);
	ck_assert_uint_eq(k.size, e.size);
	ck_assert_mem_eq(k.leaf, e.last, sizeof(k.leaf));
	ck_assert_mem_eq(k.root, root, sizeof(root));
	ck_assert_int_eq(k.at_s, g.now_s);
	marks_remove(marks, "acme");
	ck_assert(marks_commit(marks, &f));
	ck_assert(!marks_get(marks, "acme", &k, &f));
}
END_TEST

START_TEST(a_log_may_go_on)
{
	mark();
	ck_assert_msg(marks_hold(&k, l, &f), "%s", f.text);
	append(3);
	ck_assert_msg(marks_hold(&k, l, &f), "%s", f.text);
}
END_TEST

START_TEST(row_28_a_log_may_not_be_shorter)
{
	append(3);
	mark();
	for (uint64_t ahead = 1; ahead < 4; ahead++) {
		k.size += 1;
		refused("are missing");
	}
}
END_TEST

START_TEST(row_28_another_history_of_the_same_length)
{
	append(3);
	mark();
	append(2);
	alter(k.size - 1, 77);
	refused("is another than at");
}
END_TEST

START_TEST(row_28_an_epoch_never_goes_back)
{
	log_put_epoch(l, 3);
	ground_commit(l);
	mark();
	ck_assert_uint_eq(k.epoch, 3);
	log_put_epoch(l, 2);
	ground_commit(l);
	refused("older than its last merge");
}
END_TEST

START_TEST(row_28_all_marks_at_a_start)
{
	size_t n;

	mark();
	ck_assert(marks_put(marks, g.platform->ledger, g.now_s, &f));
	ck_assert(marks_commit(marks, &f));
	ck_assert_msg(marks_check(marks, g.realm, &n, &f), "%s", f.text);
	ck_assert_uint_eq(n, 2);
	append(1);
	mark();
	alter(k.size - 1, 5);
	ck_assert(!marks_check(marks, g.realm, &n, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	alter(k.size - 1, 5);
	ck_assert(marks_check(marks, g.realm, &n, &f));
	keyring_drop(g.keys, l);
	realm_drop(g.realm, "acme");
	ck_assert_msg(marks_check(marks, g.realm, &n, &f), "%s", f.text); /* by its folder */
}
END_TEST

START_TEST(marks_that_should_be_there)
{
	bool expected = true;

	ck_assert(marks_expected(g.platform->ledger, &expected, &f));
	ck_assert(!expected);
	marks_expect(g.platform->ledger);
	ground_commit(g.platform->ledger);
	ck_assert(marks_expected(g.platform->ledger, &expected, &f));
	ck_assert(expected);
}
END_TEST

/* --- proofs ----------------------------------------------------------------------------------- */

static const struct log_signed none;

static void
unproven(const struct log_signed *before, const char *why)
{
	f = (struct fault){ 0 };
	ck_assert_msg(!log_prove(l, &proof, before, &f), "proven, where \"%s\" was due", why);
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
}

START_TEST(row_32_any_flipped_bit_in_any_line)
{
	char why[32];
	struct log_edge e;

	append(5);
	ck_assert(log_edge_read(l, &e, &f));
	ck_assert_msg(log_prove(l, &proof, &none, &f), "%s", f.text);
	for (uint64_t i = 0; i < e.size; i++)
		for (size_t bit = 3; bit < 2400; bit += 397) {
			alter(i, bit);
			(void)snprintf(why, sizeof(why), " was altered");
			unproven(&none, why);
			alter(i, bit);
			ck_assert_msg(log_prove(l, &proof, &none, &f), "%s", f.text);
		}
}
END_TEST

START_TEST(row_32_the_line_is_named)
{
	append(5);
	alter(4, 1000);
	unproven(&none, "entry 4 was altered");
}
END_TEST

START_TEST(row_32_a_line_that_is_gone)
{
	uint8_t key[8];

	append(5);
	batch_remove(ledger_batch(l), TABLE_LOG, octets_u64(3, key));
	ground_commit(l);
	unproven(&none, "entry 3 is missing");
}
END_TEST

START_TEST(row_32_an_edge_of_another_tree)
{
	struct bytes edge = { 0 };

	append(5);
	ck_assert(ledger_get(l, TABLE_META, octets_text("log"), &edge, &f));
	edge.at[edge.n - 1] ^= 1;
	ledger_put(l, TABLE_META, octets_text("log"), octets_bytes(&edge));
	ground_commit(l);
	unproven(&none, "");
	bytes_free(&edge);
}
END_TEST

/* What waits in the batch is proven with the rest: a checkpoint covers the entry of its export. */
START_TEST(what_is_not_durable_yet_is_proven_too)
{
	struct log_edge e;

	ck_assert(log_append(l, log_entry("test", &g.why), g.now_s, NULL, &f));
	ck_assert_msg(log_prove(l, &proof, &none, &f), "%s", f.text);
	ck_assert(log_edge_read(l, &e, &f));
	ck_assert_uint_eq(proof.edge.size, e.size);
}
END_TEST

/* A long log: what was proven is not climbed again, but read again window by window. */
START_TEST(row_32_a_long_log_is_read_again_piece_by_piece)
{
	const uint64_t touched = 3 * LOG_PROOF_WINDOW + 7;
	int proofs = 0;

	while (proof.edge.size < LOG_PROOF_WHOLE) {
		append(10000);
		ck_assert_msg(log_prove(l, &proof, &none, &f), "%s", f.text);
	}
	alter(touched, 1000);
	while (log_prove(l, &proof, &none, &f)) {
		append(1);
		ck_assert_int_lt(++proofs, LOG_PROOF_WHOLE / LOG_PROOF_WINDOW + 2);
	}
	ck_assert_int_ge(proofs, 1); /* the first window is before it */
	ck_assert_msg(strstr(f.text, "entry 15007 was altered") != NULL, "%s", f.text);
	alter(touched, 1000);
	ck_assert_msg(log_prove(l, &proof, &none, &f), "%s", f.text);
	append(2);
	alter(proof.edge.size + 1, 50); /* one that was never proven: at once */
	unproven(&none, "was altered");
}
END_TEST

START_TEST(row_31_no_second_tree_of_the_same_size)
{
	struct log_signed before;
	struct log_edge e;

	append(3);
	ck_assert(log_edge_read(l, &e, &f));
	before.size = e.size;
	log_edge_root(&e, before.root);
	ck_assert_msg(log_prove(l, &proof, &before, &f), "%s", f.text);
	append(4); /* a longer one holds the signed one within */
	ck_assert_msg(log_prove(l, &proof, &before, &f), "%s", f.text);
	before.root[7] ^= 1;
	unproven(&before, "another root was signed before");
	before.root[7] ^= 1;
	before.size += 1;
	unproven(&before, "another root was signed before");
	before.size = e.size + 5;
	unproven(&before, "was signed, and there are");
}
END_TEST

START_TEST(row_31_the_mark_keeps_what_was_signed)
{
	struct mark c = { .signed_size = 9, .signed_epoch = 1 };

	memset(c.signed_root, 0x11, sizeof(c.signed_root));
	mark();
	ck_assert(marks_put_signed(marks, "acme", &c, &f));
	c.signed_size = 8; /* of the same round, shorter */
	ck_assert(marks_put_signed(marks, "acme", &c, &f));
	append(1);
	mark();
	ck_assert_uint_eq(k.signed_size, 9);
	ck_assert_uint_eq(k.signed_epoch, 1);
	ck_assert_mem_eq(k.signed_root, c.signed_root, sizeof(k.signed_root));
	c.signed_epoch = 2; /* after a merge it begins anew */
	ck_assert(marks_put_signed(marks, "acme", &c, &f));
	ck_assert(marks_commit(marks, &f));
	ck_assert(marks_get(marks, "acme", &k, &f));
	ck_assert_uint_eq(k.signed_size, 8);
}
END_TEST

START_TEST(the_newest_entry)
{
	uint8_t leaf[LOG_HASH_OCTETS], again[LOG_HASH_OCTETS];
	struct log_edge e;
	int64_t at_s;

	g.now_s += 77;
	append(1);
	ck_assert_msg(log_last(l, leaf, &at_s, &f), "%s", f.text);
	ck_assert_int_eq(at_s, g.now_s);
	ck_assert(log_edge_read(l, &e, &f));
	ck_assert_mem_eq(leaf, e.last, sizeof(leaf));
	ck_assert(log_leaf_at(l, e.size - 1, again, &f));
	ck_assert_mem_eq(leaf, again, sizeof(leaf));
	ck_assert(!log_leaf_at(l, e.size, again, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("marks");
	TCase *t = tcase_create("marks");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 240);
	tcase_add_test(t, a_mark_comes_back);
	tcase_add_test(t, a_log_may_go_on);
	tcase_add_test(t, row_28_a_log_may_not_be_shorter);
	tcase_add_test(t, row_28_another_history_of_the_same_length);
	tcase_add_test(t, row_28_an_epoch_never_goes_back);
	tcase_add_test(t, row_28_all_marks_at_a_start);
	tcase_add_test(t, marks_that_should_be_there);
	tcase_add_test(t, row_32_any_flipped_bit_in_any_line);
	tcase_add_test(t, row_32_the_line_is_named);
	tcase_add_test(t, row_32_a_line_that_is_gone);
	tcase_add_test(t, row_32_an_edge_of_another_tree);
	tcase_add_test(t, row_32_a_long_log_is_read_again_piece_by_piece);
	tcase_add_test(t, what_is_not_durable_yet_is_proven_too);
	tcase_add_test(t, row_31_no_second_tree_of_the_same_size);
	tcase_add_test(t, row_31_the_mark_keeps_what_was_signed);
	tcase_add_test(t, the_newest_entry);
	suite_add_tcase(s, t);
	return run_suite(s);
}
