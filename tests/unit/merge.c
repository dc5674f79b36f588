/* tests/unit/merge.c - ca/merge.h and ca/ledger_check.h: an older ledger goes on, and nothing that
 * was ended is good again. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/journal_check.h"
#include "ca/ledger_check.h"
#include "ca/merge.h"
#include "ca/revoke.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static const struct journal_place beginning = { .offset = 0 };

static struct ground g;
static char path[SCRATCH_PATH_MAX + 16];
static struct merge *m;
static struct ledger *l;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	scratch_path(g.dir, "journal", path, sizeof(path));
	l = g.acme->ledger;
	m = NULL;
}

static void
teardown(void)
{
	merge_free(m);
	ground_free(&g);
}

static void
look(const char *tenant)
{
	merge_free(m);
	m = NULL;
	ck_assert_msg(merge_new(g.realm, tenant, g.now_s, &m, &f), "%s", f.text);
	ck_assert_msg(merge_count(m, &f), "%s", f.text);
}

/* The one plan that there is; NULL where there is none. */
static const struct merge_plan *
plan(void)
{
	size_t n;
	const struct merge_plan *p = merge_plans(m, &n, NULL);

	ck_assert_uint_le(n, 1);
	return n == 0 ? NULL : p;
}

static void
apply(void)
{
	ck_assert_msg(merge_apply(m, &g.why, &f), "%s", f.text);
	ck_assert_msg(journal_check(g.realm, path, &beginning, NULL, &f), "%s", f.text);
	look(NULL);
	ck_assert_ptr_null(plan()); /* once is enough */
}

static enum standing_state
state_of(const uint8_t *serial, uint8_t *reason)
{
	struct standing s;

	ck_assert_msg(ledger_standing(l, serial, &s, &f), "%s", f.text);
	*reason = s.reason;
	return s.state;
}

static void
note(enum journal_kind kind, const uint8_t *serial, uint8_t reason)
{
	struct journal_line line = {
		.kind = kind, .at_s = g.now_s - 5, .tenant = "acme", .reason = reason
	};

	memcpy(line.issuer, g.acme->a.key_id, sizeof(line.issuer));
	memcpy(line.serial, serial, sizeof(line.serial));
	ck_assert(journal_note(&g.journal, &line, &f));
}

static void
say(void *with, const char *text)
{
	struct bytes *b = with;

	bytes_put_text(b, text);
	bytes_put_text(b, "\n");
}

/* What a whole look at acme's ledger finds; the first of it, NULL where it is whole. */
static const char *
found(void)
{
	static struct bytes all;
	const struct ledger_hearing to = { say, NULL, &all };
	struct ledger_counts n;

	bytes_clear(&all);
	ck_assert_msg(ledger_check(l, NULL, &to, &n, &f), "%s", f.text);
	bytes_put_u8(&all, 0);
	ck_assert_int_eq(n.findings == 0, all.n == 1);
	return n.findings == 0 ? NULL : (const char *)all.at;
}

static void
whole(void)
{
	const char *what = found();

	ck_assert_msg(what == NULL, "%s", what);
}

static void
finds(const char *what)
{
	const char *all = found();

	ck_assert_msg(all != NULL, "whole, where \"%s\" was due", what);
	ck_assert_msg(strstr(all, what) != NULL, "%s", all);
}

START_TEST(nothing_to_do)
{
	look(NULL);
	ck_assert_ptr_null(plan());
	look("acme");
	ck_assert_ptr_null(plan());
	merge_free(m);
	m = NULL;
	ck_assert(!merge_new(g.realm, "nobody", g.now_s, &m, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(a_lost_certificate_becomes_revoked)
{
	static const uint8_t serial[TBS_SERIAL_OCTETS] = { 0x11, 0x22 };
	struct bytes row = { 0 };
	uint8_t key[TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS], index[8], reason;
	struct standing s;
	uint64_t epoch;

	note(JOURNAL_SIGNED, serial, 0);
	look(NULL);
	ck_assert_ptr_nonnull(plan());
	ck_assert_str_eq(plan()->tenant, "acme");
	ck_assert_uint_eq(plan()->unknown, 1);
	apply();
	ck_assert_int_eq(state_of(serial, &reason), STANDING_REVOKED);
	ck_assert_uint_eq(reason, REASON_UNSPECIFIED);
	ck_assert(ledger_standing(l, serial, &s, &f));
	ck_assert_int_eq(s.not_after_s, g.acme->a.not_after_s);
	ck_assert_uint_eq(s.issued_index, s.log_index);
	ck_assert(ledger_get(l, TABLE_LOG, octets_u64(s.log_index, index), &row, &f));
	bytes_put_u8(&row, 0); /* an entry of its own: nothing else of it is left */
	ck_assert_ptr_nonnull(strstr((char *)row.at, "\"act\":\"certificate.lost\""));
	ck_assert_ptr_nonnull(
	    strstr((char *)row.at, "\"serial\":\"11220000000000000000000000000000\""));
	bytes_clear(&row);
	memcpy(key, g.acme->a.key_id, TBS_KEY_ID_OCTETS);
	memcpy(key + TBS_KEY_ID_OCTETS, serial, TBS_SERIAL_OCTETS);
	ck_assert(ledger_get(l, TABLE_REVOKED, octets_of(key, sizeof(key)), &row, &f));
	ck_assert(log_epoch(l, &epoch, &f));
	ck_assert_uint_eq(epoch, 1);
	whole();
	bytes_free(&row);
}
END_TEST

START_TEST(a_lost_one_that_was_revoked_keeps_its_reason)
{
	static const uint8_t serial[TBS_SERIAL_OCTETS] = { 0x11, 0x22 };
	uint8_t reason;

	note(JOURNAL_SIGNED, serial, 0);
	note(JOURNAL_HELD, serial, REASON_HOLD);
	note(JOURNAL_RELEASED, serial, 0);
	note(JOURNAL_REVOKED, serial, 4);
	look("acme");
	ck_assert_uint_eq(plan()->unknown, 1);
	ck_assert_uint_eq(plan()->ended, 0);
	apply();
	ck_assert_int_eq(state_of(serial, &reason), STANDING_REVOKED);
	ck_assert_uint_eq(reason, 4);
	whole();
}
END_TEST

START_TEST(lost_revocations_and_holds_are_made_again)
{
	const uint8_t *ended = ground_leaf(&g, g.acme, "printer", "a")->serial,
		      *held = ground_leaf(&g, g.acme, "printer", "b")->serial,
		      *released = ground_leaf(&g, g.acme, "printer", "c")->serial;
	uint8_t reason;

	note(JOURNAL_REVOKED, ended, REASON_KEY_COMPROMISE);
	note(JOURNAL_HELD, held, REASON_HOLD);
	note(JOURNAL_HELD, released, REASON_HOLD);
	note(JOURNAL_RELEASED, released, 0);
	look(NULL);
	ck_assert_uint_eq(plan()->unknown, 0);
	ck_assert_uint_eq(plan()->ended, 1);
	ck_assert_uint_eq(plan()->held, 1);
	apply();
	ck_assert_int_eq(state_of(ended, &reason), STANDING_REVOKED);
	ck_assert_uint_eq(reason, REASON_KEY_COMPROMISE);
	ck_assert_int_eq(state_of(held, &reason), STANDING_HELD);
	ck_assert_int_eq(state_of(released, &reason), STANDING_GOOD);
	whole();
}
END_TEST

/* An intent that the journal knows to have been abandoned since. */
START_TEST(a_lost_end_of_an_intent)
{
	struct endpoint e = { "", "printer", "a" };
	struct provenance from;
	struct ticket *ticket;
	struct key *key;
	struct wish w;
	uint8_t serial[TBS_SERIAL_OCTETS], reason;

	ck_assert(key_new(KEY_P256, &key, &f));
	w = ground_wish(&g, g.acme, &e, &from, key_spki(key));
	ck_assert_msg(issue_prepare(g.acme, &w, g.now_s, &ticket, &f), "%s", f.text);
	ck_assert(issue_intend(g.acme, ticket, &f));
	ground_commit(l);
	memcpy(serial, ticket_serial(ticket), sizeof(serial));
	look(NULL);
	ck_assert_ptr_null(plan());
	note(JOURNAL_REVOKED, serial, 0);
	look(NULL);
	ck_assert_uint_eq(plan()->ended, 1);
	apply();
	ck_assert_int_eq(state_of(serial, &reason), STANDING_ABANDONED);
	whole();
	ticket_free(ticket);
	key_free(key);
}
END_TEST

/* Nothing is made good: what is revoked or held here stays so, whatever the journal says last. */
START_TEST(nothing_is_made_good)
{
	const uint8_t *ended = ground_leaf(&g, g.acme, "printer", "a")->serial;
	uint8_t reason;

	ground_revoke(&g, l, ended, 4);
	note(JOURNAL_RELEASED, ended, 0);
	look(NULL);
	ck_assert_ptr_null(plan());
	ck_assert_int_eq(state_of(ended, &reason), STANDING_REVOKED);
}
END_TEST

START_TEST(behind_its_mark)
{
	struct marks *marks;
	struct mark k;
	struct log_edge e;

	ck_assert(marks_open(g.dir, STORE_CREATE, &marks, &f));
	ck_assert(log_append(l, log_entry("test", &g.why), g.now_s, NULL, &f));
	ck_assert(marks_put(marks, l, g.now_s, &f)); /* of an entry that is lost */
	ck_assert(marks_commit(marks, &f));
	marks_close(marks);
	ledger_undo(l, (struct ledger_mark){ 0, 0 });
	look(NULL);
	ck_assert_ptr_nonnull(plan());
	ck_assert(plan()->behind);
	ck_assert_uint_eq(plan()->mark.size, plan()->size + 1);
	apply();
	merge_free(m);
	m = NULL;
	ck_assert(marks_open(g.dir, STORE_READ, &marks, &f));
	ck_assert(marks_get(marks, "acme", &k, &f));
	ck_assert(log_edge_read(l, &e, &f));
	ck_assert_uint_eq(k.size, e.size);
	ck_assert_uint_eq(k.epoch, 1);
	ck_assert_msg(marks_hold(&k, l, &f), "%s", f.text);
	marks_close(marks);
}
END_TEST

/* A clock that had been set ahead left entries of a time to come: the log goes on from now. */
START_TEST(entries_of_the_future)
{
	ck_assert(log_append(l, log_entry("test", &g.why), g.now_s + 86400, NULL, &f));
	ground_commit(l);
	look(NULL);
	ck_assert_ptr_nonnull(plan());
	ck_assert(plan()->from_the_future);
	apply();
}
END_TEST

static void
damage(void)
{
	FILE *io = fopen(path, "rb+");

	ck_assert_ptr_nonnull(io);
	ck_assert_int_eq(fseek(io, 300, SEEK_SET), 0);
	ck_assert_int_ne(fputc('#', io), EOF);
	ck_assert_int_eq(fclose(io), 0);
}

START_TEST(a_damaged_journal_goes_on_from_its_last_good_line)
{
	struct merge_state state;
	size_t n;

	damage();
	ck_assert(!journal_check(g.realm, path, &beginning, NULL, &f));
	look(NULL);
	(void)merge_plans(m, &n, &state);
	ck_assert(state.journal_damaged);
	apply();
	(void)merge_plans(m, &n, &state);
	ck_assert(!state.journal_damaged);
}
END_TEST

START_TEST(a_missing_journal_begins_anew)
{
	struct merge_state state;
	size_t n;

	ck_assert_int_eq(remove(path), 0);
	look(NULL);
	(void)merge_plans(m, &n, &state);
	ck_assert(state.journal_damaged);
	ck_assert_str_eq(plan()->tenant, NAME_PLATFORM); /* whose log tells of it */
	apply();
}
END_TEST

START_TEST(marks_that_are_gone_are_told_of)
{
	struct merge_state state;
	struct bytes line = { 0 };
	struct log_edge e;
	uint8_t key[8];
	size_t n;

	marks_expect(g.platform->ledger);
	ground_commit(g.platform->ledger);
	look(NULL);
	(void)merge_plans(m, &n, &state);
	ck_assert(state.no_marks);
	apply();
	(void)merge_plans(m, &n, &state);
	ck_assert(!state.no_marks);
	ck_assert(log_edge_read(g.platform->ledger, &e, &f));
	ck_assert(
	    ledger_get(g.platform->ledger, TABLE_LOG, octets_u64(e.size - 1, key), &line, &f));
	bytes_put_u8(&line, 0);
	ck_assert_ptr_nonnull(strstr((const char *)line.at, "\"act\":\"ledger.merged\""));
	ck_assert_ptr_nonnull(strstr((const char *)line.at, "\"marks_missing\":true"));
	bytes_free(&line);
}
END_TEST

START_TEST(what_another_journal_knows)
{
	static const uint8_t serial[TBS_SERIAL_OCTETS] = { 0x11, 0x22 };
	char other[SCRATCH_PATH_MAX + 16];
	struct journal_line line = { .kind = JOURNAL_SIGNED, .at_s = g.now_s, .tenant = "acme" };
	struct journal j;
	uint8_t reason;

	scratch_path(g.dir, "elsewhere", other, sizeof(other));
	ck_assert(journal_open(other, &j, &f));
	memcpy(line.issuer, g.acme->a.key_id, sizeof(line.issuer));
	memcpy(line.serial, serial, sizeof(line.serial));
	ck_assert(journal_note(&j, &line, &f));
	memset(line.issuer, 0, sizeof(line.issuer)); /* a CA that nobody knows here */
	ck_assert(journal_note(&j, &line, &f));
	journal_close(&j);
	look(NULL);
	ck_assert_msg(merge_journal(m, other, &f), "%s", f.text);
	ck_assert(merge_count(m, &f));
	ck_assert_uint_eq(plan()->unknown, 1);
	apply();
	ck_assert_int_eq(state_of(serial, &reason), STANDING_REVOKED);
	ck_assert(!merge_journal(m, "/nowhere", &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!merge_export(m, "/nowhere", &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

/* --- check ------------------------------------------------------------------------------------ */

START_TEST(a_ledger_of_every_kind_is_whole)
{
	const uint8_t *a = ground_leaf(&g, g.acme, "printer", "a")->serial;

	(void)ground_leaf(&g, g.acme, "printer", "b");
	ground_revoke(&g, l, a, 4);
	whole();
	l = g.platform->ledger;
	(void)ground_operator(&g, "alice", ROLE_OFFICER);
	whole();
}
END_TEST

static void
touch(enum ledger_table table, struct octets key, size_t at)
{
	struct bytes b = { 0 };

	ck_assert(ledger_get(l, table, key, &b, &f));
	b.at[at] ^= 1;
	ledger_put(l, table, key, octets_bytes(&b));
	ground_commit(l);
	bytes_free(&b);
}

START_TEST(what_a_check_finds)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "a");
	struct standing s;
	uint8_t key[8];

	ck_assert(ledger_standing(l, leaf->serial, &s, &f));
	touch(TABLE_CERT, octets_u64(s.id, key), 200);
	finds("is another than was issued");
	touch(TABLE_CERT, octets_u64(s.id, key), 200);
	touch(TABLE_LOG, octets_u64(2, key), 60);
	finds("entry 2 was altered");
	touch(TABLE_LOG, octets_u64(2, key), 60);
	batch_remove(ledger_batch(l), TABLE_CERT, octets_u64(s.id, key));
	ground_commit(l);
	finds("has lost its octets");
}
END_TEST

START_TEST(a_check_finds_standings_without_a_reason)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "a");
	struct standing s;

	ck_assert(ledger_standing(l, leaf->serial, &s, &f));
	s.state = STANDING_REVOKED;
	ck_assert(ledger_put_standing(l, leaf->serial, &s, &f));
	ground_commit(l);
	finds("does not say so");
	finds("is missing in the list");
	s.state = STANDING_GOOD;
	ck_assert(ledger_put_standing(l, leaf->serial, &s, &f));
	ground_commit(l);
	whole();
	ground_revoke(&g, l, leaf->serial, 4);
	whole();
	ck_assert(ledger_put_standing(l, leaf->serial, &s, &f)); /* somebody makes it good */
	ground_commit(l);
	finds("was ended, and is not so");
	finds("stands in the list");
}
END_TEST

START_TEST(a_check_finds_counters_and_edges)
{
	static const uint8_t one[8] = { 0, 0, 0, 0, 0, 0, 0, 1 };

	(void)ground_leaf(&g, g.acme, "printer", "a");
	ledger_put(l, TABLE_META, octets_text("next-id"), octets_of(one, sizeof(one)));
	ground_commit(l);
	finds("counter of certificates");
	touch(TABLE_META, octets_text("log"), 12);
	finds("was altered: the tree's edge");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("merge");
	TCase *t = tcase_create("merge"), *c = tcase_create("check");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, nothing_to_do);
	tcase_add_test(t, a_lost_certificate_becomes_revoked);
	tcase_add_test(t, a_lost_one_that_was_revoked_keeps_its_reason);
	tcase_add_test(t, lost_revocations_and_holds_are_made_again);
	tcase_add_test(t, a_lost_end_of_an_intent);
	tcase_add_test(t, nothing_is_made_good);
	tcase_add_test(t, behind_its_mark);
	tcase_add_test(t, entries_of_the_future);
	tcase_add_test(t, a_damaged_journal_goes_on_from_its_last_good_line);
	tcase_add_test(t, a_missing_journal_begins_anew);
	tcase_add_test(t, marks_that_are_gone_are_told_of);
	tcase_add_test(t, what_another_journal_knows);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, a_ledger_of_every_kind_is_whole);
	tcase_add_test(c, what_a_check_finds);
	tcase_add_test(c, a_check_finds_standings_without_a_reason);
	tcase_add_test(c, a_check_finds_counters_and_edges);
	suite_add_tcase(s, c);
	return run_suite(s);
}
