/* tests/unit/ledger.c - ca/ledger.h: what a failed commit takes with it is never told to be there.
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "ca/ledger.h"
#include "run.h"
#include "scratch.h"

static char folder[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX + 16];
static struct ledger *l;

static void
setup(void)
{
	struct fault f;

	scratch_new(folder);
	scratch_path(folder, "acme", dir, sizeof(dir));
	ck_assert_msg(ledger_open(dir, "acme", STORE_CREATE, &l, &f), "%s", f.text);
}

static void
teardown(void)
{
	ledger_close(l);
	scratch_free(folder);
}

static void
put(const char *key)
{
	ledger_put(l, TABLE_META, octets_text(key), octets_text("there"));
}

static bool
has(const char *key)
{
	struct bytes b = { 0 };
	struct fault f;
	bool there = ledger_get(l, TABLE_META, octets_text(key), &b, &f);

	bytes_free(&b);
	return there;
}

/* From now on no file grows; or again as before. */
static void
disk_full(bool full)
{
	struct rlimit limit;

	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = full ? 4096 : limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(keeps_what_was_committed)
{
	struct fault f;

	put("a");
	ck_assert(has("a")); /* through the batch */
	ck_assert(ledger_commit(l, &f));
	ck_assert(has("a"));
	put("b");
	ck_assert(ledger_end(l, &f));
	ck_assert(has("b"));
}
END_TEST

/* A commit in the middle fails; room comes back; nobody's last commit may hide the loss. */
START_TEST(a_lost_commit_stays_lost_to_the_end_of_the_round)
{
	struct fault f;

	put("revocation");
	disk_full(true);
	ck_assert(!ledger_commit(l, &f));
	ck_assert_int_eq(f.code, FAULT_BUSY);
	disk_full(false);
	ck_assert(!has("revocation"));
	put("later");
	ck_assert(!ledger_commit(l, &f));
	ck_assert_int_eq(f.code, FAULT_BUSY);
	ck_assert(!ledger_end(l, &f));
	ck_assert(!has("later"));
	ck_assert(!ledger_settled(l));

	put("next round");
	ck_assert(ledger_end(l, &f));
	ck_assert(has("next round"));
	ck_assert(!has("revocation"));
	ck_assert(!has("later"));
}
END_TEST

START_TEST(an_undo_takes_back_to_its_mark)
{
	struct ledger_mark mark;
	struct fault f;

	put("before");
	mark = ledger_mark(l);
	put("after");
	ledger_undo(l, mark);
	ck_assert(has("before"));
	ck_assert(!has("after"));
	ck_assert(ledger_end(l, &f));
	ck_assert(has("before"));
}
END_TEST

/* A commit between mark and undo: what it made durable stays, and nothing after it. */
START_TEST(an_undo_knows_of_commits_since)
{
	struct ledger_mark mark;
	struct fault f;

	put("a");
	put("b");
	mark = ledger_mark(l);
	put("c");
	ck_assert(ledger_commit(l, &f));
	put("d");
	ledger_undo(l, mark);
	ck_assert(has("a"));
	ck_assert(has("c"));
	ck_assert(!has("d"));
	ck_assert(ledger_end(l, &f));
	ck_assert(!has("d"));
}
END_TEST

START_TEST(a_serial_is_added_once)
{
	const uint8_t serial[TBS_SERIAL_OCTETS] = { 1, 2, 3 };
	struct standing s = { .state = STANDING_GOOD, .profile = "printer" };
	struct fault f;

	ck_assert(ledger_add_standing(l, serial, &s, &f));
	ck_assert(ledger_end(l, &f));
	ck_assert(ledger_add_standing(l, serial, &s, &f));
	ck_assert(!ledger_end(l, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
}
END_TEST

START_TEST(states_have_words)
{
	struct standing s = { .state = STANDING_GOOD, .not_after_s = 100 };

	ck_assert_str_eq(ledger_state_word(&s, 100), "good");
	ck_assert_str_eq(ledger_state_word(&s, 101), "expired");
	s.state = STANDING_REVOKED;
	ck_assert_str_eq(ledger_state_word(&s, 101), "revoked");
	s.state = STANDING_ABANDONED;
	ck_assert_str_eq(ledger_state_word(&s, 0), "abandoned");
}
END_TEST

/* A row cut short, or with an octet more, is no row. */
START_TEST(refuses_rows_of_another_length)
{
	struct authority a = { .level = LEVEL_TENANT, .label = "acme" };
	struct bytes row = { 0 };
	struct fault f;

	ck_assert(ledger_put_authority(l, &a, &f));
	ck_assert(ledger_get(l, TABLE_CA, octets_of(a.key_id, sizeof(a.key_id)), &row, &f));
	for (size_t n = 0; n < row.n; n++)
		ck_assert(!ledger_read_authority(octets_of(row.at, n), &a));
	ck_assert(ledger_read_authority(octets_bytes(&row), &a));
	bytes_put_u8(&row, 0);
	ck_assert(!ledger_read_authority(octets_bytes(&row), &a));
	row.at[0]++;
	ck_assert(!ledger_read_authority(octets_of(row.at, row.n - 1), &a));
	bytes_free(&row);
}
END_TEST

static const uint8_t some_serial[TBS_SERIAL_OCTETS] = { 7, 7 };

static void
standing_row(struct bytes *row)
{
	struct standing s = { .state = STANDING_REVOKED,
		.reason = 1,
		.id = 3,
		.changed_s = 40,
		.log_index = 9,
		.issued_index = 5,
		.profile = "printer",
		.name = "hp-1",
		.how = "token" };
	struct fault f;

	ck_assert(ledger_put_standing(l, some_serial, &s, &f));
	ck_assert(
	    ledger_get(l, TABLE_SERIAL, octets_of(some_serial, sizeof(some_serial)), row, &f));
}

START_TEST(a_standing_knows_the_entry_that_issued_it)
{
	struct bytes row = { 0 };
	struct standing s;

	standing_row(&row);
	ck_assert(ledger_read_standing(octets_bytes(&row), &s));
	ck_assert_uint_eq(s.log_index, 9);
	ck_assert_uint_eq(s.issued_index, 5);
	ck_assert_str_eq(s.name, "hp-1");
	for (size_t n = 0; n < row.n; n++)
		ck_assert(!ledger_read_standing(octets_of(row.at, n), &s));
	row.at[0]++;
	ck_assert(!ledger_read_standing(octets_bytes(&row), &s));
	bytes_free(&row);
}
END_TEST

/* The row as it was before: without the eight octets of issued_index. */
START_TEST(a_standing_of_the_first_edition_is_read)
{
	const size_t at = 1 + 1 + 1 + TBS_KEY_ID_OCTETS + 5 * 8;
	struct bytes row = { 0 }, old = { 0 };
	struct standing s;

	standing_row(&row);
	bytes_put_u8(&old, 1);
	bytes_put(&old, row.at + 1, at - 1);
	bytes_put(&old, row.at + at + 8, row.n - at - 8);
	ck_assert(ledger_read_standing(octets_bytes(&old), &s));
	ck_assert_uint_eq(s.log_index, 9);
	ck_assert_uint_eq(s.issued_index, 9);
	ck_assert_str_eq(s.profile, "printer");
	ck_assert_str_eq(s.how, "token");
	for (size_t n = 0; n < old.n; n++)
		ck_assert(!ledger_read_standing(octets_of(old.at, n), &s));
	old.at[0] = 2; /* of that length it would be no row of the second edition */
	ck_assert(!ledger_read_standing(octets_bytes(&old), &s));
	bytes_free(&old);
	bytes_free(&row);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ledger");
	TCase *t = tcase_create("ledger");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, keeps_what_was_committed);
	tcase_add_test(t, a_lost_commit_stays_lost_to_the_end_of_the_round);
	tcase_add_test(t, an_undo_takes_back_to_its_mark);
	tcase_add_test(t, an_undo_knows_of_commits_since);
	tcase_add_test(t, a_serial_is_added_once);
	tcase_add_test(t, states_have_words);
	tcase_add_test(t, refuses_rows_of_another_length);
	tcase_add_test(t, a_standing_knows_the_entry_that_issued_it);
	tcase_add_test(t, a_standing_of_the_first_edition_is_read);
	suite_add_tcase(s, t);
	return run_suite(s);
}
