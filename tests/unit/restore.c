/* tests/unit/restore.c - ca/restore.h: a backup becomes a data folder, bit for bit, and an older
 * state says so. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/journal_check.h"
#include "ca/marks.h"
#include "ca/restore.h"
#include "ca/token.h"
#include "tests/unit/dumped.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const tenants[] = { NAME_PLATFORM, "acme", "globex" };

static struct realm *reader;

static void
teardown(void)
{
	realm_close(reader);
	reader = NULL;
	dumped_teardown();
}

/* --- and back -------------------------------------------------------------------------------- */

/* Every row of every ledger, and every file, as one text. */
struct picture {
	struct bytes all;
};

static bool
see_row(void *with, unsigned table, struct octets key, struct octets value, struct fault *fault)
{
	struct picture *p = with;

	bytes_put_u8(&p->all, (uint8_t)table);
	bytes_put_counted(&p->all, key);
	bytes_put_counted(&p->all, value);
	return bytes_ok(&p->all, fault);
}

static bool
see_ledger(void *with, const char *tenant, struct fault *fault)
{
	struct picture *p = with;

	bytes_put_counted_text(&p->all, tenant);
	return bytes_ok(&p->all, fault);
}

static bool
see_piece(void *with, struct octets o, struct fault *fault)
{
	struct picture *p = with;

	bytes_put_octets(&p->all, o);
	return bytes_ok(&p->all, fault);
}

static const struct dump_visitor eyes = {
	.file = see_ledger, .piece = see_piece, .ledger = see_ledger, .row = see_row
};

static void
new_folder(char dir[static SCRATCH_PATH_MAX])
{
	static const char *const subs[] = { "keys", "tenants", "run" };
	char path[SCRATCH_PATH_MAX + 16];

	scratch_new(dir);
	for (size_t i = 0; i < COUNT(subs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, subs[i]);
		ck_assert_int_eq(mkdir(path, 0700), 0);
	}
}

static void
restore_raw(const char *dir, struct restore **r, struct dump_verdict *v)
{
	struct dump_visitor to;

	ck_assert(restore_new(dir, r, &f));
	to = restore_visitor(*r);
	ck_assert_msg(dumped_read(octets_bytes(&dump), &to, v), "%s", f.text);
}

/* All that a dump of the restored folder tells, before anything is added to it. */
static void
picture_of(const char *dir, struct bytes *ret)
{
	struct dump_writing w = { .now_s = g.now_s, .put = dumped_keep };
	struct bytes again = { 0 };
	struct dump_verdict v;
	struct dump_visitor to = eyes;
	struct picture p = { { 0 } };

	ck_assert(realm_open(dir, STORE_READ, &reader, &f));
	w.realm = reader;
	w.with = &again;
	ck_assert_msg(dump_write(&w, &total, &f), "%s", f.text);
	dumped_seal(&again, total.digest);
	to.with = &p;
	ck_assert_msg(dumped_read(octets_bytes(&again), &to, &v), "%s", f.text);
	bytes_free(&again);
	realm_close(reader);
	reader = NULL;
	*ret = p.all;
}

START_TEST(comes_back_bit_for_bit)
{
	char dir[SCRATCH_PATH_MAX];
	struct restore *r;
	struct dump_verdict v;
	struct dump_visitor to = eyes;
	struct picture before = { { 0 } };
	struct bytes after = { 0 };

	to.with = &before;
	ck_assert(dumped_read(octets_bytes(&dump), &to, &v));
	new_folder(dir);
	restore_raw(dir, &r, &v);
	restore_free(r);
	picture_of(dir, &after);
	ck_assert_uint_gt(after.n, 10000);
	ck_assert_uint_eq(before.all.n, after.n);
	ck_assert_mem_eq(before.all.at, after.at, after.n);
	bytes_free(&before.all);
	bytes_free(&after);
	scratch_free(dir);
}
END_TEST

static struct token
token_at(struct realm *in, const char *tenant, uint8_t first)
{
	struct bytes b = { 0 };
	uint8_t key[TOKEN_HASH_OCTETS] = { first };
	struct ledger *l;
	struct token t;

	ck_assert(realm_ledger(in, tenant, &l, &f));
	ck_assert(ledger_get(l, TABLE_TOKEN, octets_of(key, sizeof(key)), &b, &f));
	ck_assert(token_read(tenant, octets_of(key, sizeof(key)), octets_bytes(&b), &t));
	bytes_free(&b);
	return t;
}

static void
last_entry(struct ledger *l, struct json **ret)
{
	struct log_edge e;
	struct bytes line = { 0 };
	uint8_t key[8];

	ck_assert(log_edge_read(l, &e, &f));
	ck_assert(ledger_get(l, TABLE_LOG, octets_u64(e.size - 1, key), &line, &f));
	ck_assert(json_parse(octets_bytes(&line), ret, &f));
	bytes_free(&line);
}

START_TEST(ends_what_could_be_used_twice)
{
	char dir[SCRATCH_PATH_MAX];
	struct restore *r;
	struct restored sum;
	struct dump_verdict v;

	new_folder(dir);
	restore_raw(dir, &r, &v);
	ck_assert_msg(restore_finish(r, &v, &g.why, g.now_s + 60, &sum, &f), "%s", f.text);
	restore_free(r);
	ck_assert_uint_eq(sum.tokens, 2);
	ck_assert(realm_open(dir, STORE_READ, &reader, &f));
	ck_assert_int_eq(token_at(reader, "acme", 1).state, TOKEN_REVOKED);
	ck_assert_int_eq(token_at(reader, "acme", 2).state, TOKEN_USED);
	ck_assert_int_eq(token_at(reader, "globex", 3).state, TOKEN_REVOKED);
	for (size_t i = 0; i < COUNT(tenants); i++) {
		struct ledger *l;
		struct json *j;

		ck_assert(realm_ledger(reader, tenants[i], &l, &f));
		last_entry(l, &j);
		ck_assert_str_eq(json_text(j, "act"), "ledger.restored");
		ck_assert_ptr_nonnull(json_text(j, "backup_at"));
		json_free(j);
	}
	scratch_free(dir);
}
END_TEST

START_TEST(revoked_stays_revoked)
{
	char dir[SCRATCH_PATH_MAX];
	struct restore *r;
	struct restored sum;
	struct dump_verdict v;
	struct standing s;
	struct ledger *l;

	new_folder(dir);
	restore_raw(dir, &r, &v);
	ck_assert(restore_finish(r, &v, &g.why, g.now_s, &sum, &f));
	restore_free(r);
	ck_assert(realm_open(dir, STORE_READ, &reader, &f));
	ck_assert(realm_ledger(reader, "acme", &l, &f));
	ck_assert(ledger_standing(l, g.leaf[1].serial, &s, &f));
	ck_assert_int_eq(s.state, STANDING_REVOKED);
	ck_assert_int_eq(s.reason, 1);
	ck_assert(ledger_standing(l, g.leaf[0].serial, &s, &f));
	ck_assert_int_eq(s.state, STANDING_GOOD);
	scratch_free(dir);
}
END_TEST

/* A restored service is not started without marks, and goes on in an epoch of its own. */
START_TEST(marks_and_epochs_are_new)
{
	char dir[SCRATCH_PATH_MAX];
	struct restore *r;
	struct restored sum;
	struct dump_verdict v;
	struct marks *m;
	struct mark k;
	struct ledger *l;
	struct log_edge e;
	uint64_t epoch;
	bool expected;

	new_folder(dir);
	restore_raw(dir, &r, &v);
	ck_assert(restore_finish(r, &v, &g.why, g.now_s, &sum, &f));
	restore_free(r);
	ck_assert(realm_open(dir, STORE_READ, &reader, &f));
	ck_assert(marks_expected(realm_platform(reader), &expected, &f));
	ck_assert(expected);
	ck_assert(marks_open(dir, STORE_READ, &m, &f));
	for (size_t i = 0; i < COUNT(tenants); i++) {
		ck_assert(realm_ledger(reader, tenants[i], &l, &f));
		ck_assert(log_edge_read(l, &e, &f) && log_epoch(l, &epoch, &f));
		ck_assert_uint_eq(epoch, 1);
		ck_assert(marks_get(m, tenants[i], &k, &f));
		ck_assert_uint_eq(k.size, e.size);
		ck_assert_uint_eq(k.epoch, 1);
		ck_assert_uint_eq(k.signed_size, 0);
		ck_assert(marks_hold(&k, l, &f));
	}
	marks_close(m);
	scratch_free(dir);
}
END_TEST

/* The place up to which the journal was held may be from after the backup's copy of it. */
START_TEST(journal_goes_on_from_its_end)
{
	static const struct journal_place later = { .offset = 1u << 20 };
	struct journal_place at, end = { .offset = 0 };
	char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
	struct restore *r;
	struct restored sum;
	struct dump_verdict v;
	struct stat st;

	ck_assert(journal_put_mark(realm_platform(g.realm), &later, &f));
	ground_commit(realm_platform(g.realm));
	dumped_take();
	new_folder(dir);
	restore_raw(dir, &r, &v);
	ck_assert(restore_finish(r, &v, &g.why, g.now_s, &sum, &f));
	restore_free(r);
	(void)snprintf(path, sizeof(path), "%s/journal", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(realm_open(dir, STORE_READ, &reader, &f));
	ck_assert(journal_mark(realm_platform(reader), &at, &f));
	ck_assert_uint_eq(at.offset, (uint64_t)st.st_size);
	ck_assert(journal_check(reader, path, &at, NULL, &f));
	ck_assert_msg(journal_check(reader, path, &end, NULL, &f), "%s", f.text);
	scratch_free(dir);
}
END_TEST

START_TEST(a_journal_that_does_not_hold)
{
	char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
	struct restore *r;
	struct restored sum = { .tokens = 7 };
	struct dump_verdict v;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/journal", g.dir);
	ck_assert_int_ge(fd = open(path, O_WRONLY), 0);
	ck_assert_int_eq(pwrite(fd, "1", 1, 3), 1);
	ck_assert_int_eq(close(fd), 0);
	dumped_take();
	new_folder(dir);
	restore_raw(dir, &r, &v);
	ck_assert(!restore_finish(r, &v, &g.why, g.now_s, &sum, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_uint_eq(sum.tokens, 7);
	restore_free(r);
	scratch_free(dir);
}
END_TEST

/* The ground's platform knows of no claims, as one that was read before its tenants. */
START_TEST(keys_that_came_later_are_claimed)
{
	char dir[SCRATCH_PATH_MAX];
	struct bytes owner = { 0 };
	struct restore *r;
	struct restored sum;
	struct dump_verdict v;
	uint8_t digest[32];

	ck_assert(issue_key_digest(key_spki(g.leaf[0].key), digest, &f));
	ck_assert(!ledger_get(
	    realm_platform(g.realm), TABLE_KEY, octets_of(digest, sizeof(digest)), &owner, &f));
	new_folder(dir);
	restore_raw(dir, &r, &v);
	ck_assert(restore_finish(r, &v, &g.why, g.now_s, &sum, &f));
	restore_free(r);
	ck_assert(realm_open(dir, STORE_READ, &reader, &f));
	ck_assert(ledger_get(
	    realm_platform(reader), TABLE_KEY, octets_of(digest, sizeof(digest)), &owner, &f));
	ck_assert(octets_same(octets_bytes(&owner), octets_text("acme/printer/hp-1")));
	bytes_free(&owner);
	scratch_free(dir);
}
END_TEST

/* What is in the way is not written over, and nothing is made where there is no folder. */
START_TEST(a_folder_that_is_not_empty)
{
	char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
	struct dump_visitor to;
	struct dump_verdict v;
	struct restore *r;
	FILE *there;

	new_folder(dir);
	(void)snprintf(path, sizeof(path), "%s/chain.pem", dir);
	ck_assert_ptr_nonnull(there = fopen(path, "wx"));
	ck_assert_int_eq(fclose(there), 0);
	ck_assert(restore_new(dir, &r, &f));
	to = restore_visitor(r);
	ck_assert(!dumped_read(octets_bytes(&dump), &to, &v));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	restore_free(r);
	scratch_free(dir);
	ck_assert(restore_new(dir, &r, &f));
	to = restore_visitor(r);
	ck_assert(!dumped_read(octets_bytes(&dump), &to, &v));
	restore_free(r);
	restore_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("restore");
	TCase *t = tcase_create("restore");

	tcase_add_checked_fixture(t, dumped_setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, comes_back_bit_for_bit);
	tcase_add_test(t, ends_what_could_be_used_twice);
	tcase_add_test(t, revoked_stays_revoked);
	tcase_add_test(t, marks_and_epochs_are_new);
	tcase_add_test(t, journal_goes_on_from_its_end);
	tcase_add_test(t, a_journal_that_does_not_hold);
	tcase_add_test(t, keys_that_came_later_are_claimed);
	tcase_add_test(t, a_folder_that_is_not_empty);
	suite_add_tcase(s, t);
	return run_suite(s);
}
