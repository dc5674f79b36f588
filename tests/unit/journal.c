/* tests/unit/journal.c - ca/journal.h and ca/journal_check.h: lines in a chain, what a crash
 * leaves, and ledgers that know less than the journal. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/journal_check.h"
#include "ca/revoke.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct journal_place beginning = { .offset = 0 };
static const uint8_t zeros[JOURNAL_CHAIN_OCTETS];

static struct ground g;
static struct fault f;
static char path[SCRATCH_PATH_MAX + 16];

static void
setup(void)
{
	ground_new(&g);
	scratch_path(g.dir, "journal", path, sizeof(path));
}

static void
teardown(void)
{
	ground_free(&g);
}

static struct journal_line
a_line(enum journal_kind kind, uint8_t first)
{
	struct journal_line l = { .kind = kind, .at_s = GROUND_NOW_S, .tenant = "acme" };

	memset(l.issuer, 0xaa, sizeof(l.issuer));
	memset(l.serial, first, sizeof(l.serial));
	if (kind == JOURNAL_SIGNED)
		memset(l.digest, 0xdd, sizeof(l.digest));
	else
		l.reason = 4;
	return l;
}

/* The file's octets, and back. */
static struct bytes
slurp(void)
{
	struct bytes b = { 0 };
	FILE *in = fopen(path, "rb");
	int c;

	ck_assert_ptr_nonnull(in);
	while ((c = fgetc(in)) != EOF)
		bytes_put_u8(&b, (uint8_t)c);
	(void)fclose(in);
	return b;
}

static void
write_back(const void *at, size_t n)
{
	FILE *out = fopen(path, "wb");

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(at, 1, n, out), n);
	ck_assert_int_eq(fclose(out), 0);
}

static bool
check(void)
{
	f = (struct fault){ 0 };
	return journal_check(g.realm, path, &beginning, NULL, &f);
}

static void
refused(const char *why)
{
	ck_assert_msg(!check(), "it holds, where \"%s\" was due", why);
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
}

/* Everything but the one spelling is refused. */
START_TEST(one_line)
{
	struct bytes b = { 0 };
	uint8_t after[JOURNAL_CHAIN_OCTETS], again[JOURNAL_CHAIN_OCTETS], bit;
	struct journal_line l, made;

	for (int kind = JOURNAL_SIGNED; kind <= JOURNAL_RELEASED; kind++) {
		made = a_line((enum journal_kind)kind, 7);
		bytes_clear(&b);
		journal_write(&made, zeros, &b, after);
		ck_assert(!b.bad && b.n <= JOURNAL_LINE_MAX && b.at[b.n - 1] == '\n');
		ck_assert_msg(
		    journal_parse(octets_of(b.at, b.n - 1), zeros, &l, again, &f), "%s", f.text);
		ck_assert_mem_eq(&l, &made, sizeof(l));
		ck_assert_mem_eq(after, again, sizeof(after));
		for (size_t i = 0; i < (b.n - 1) * 8; i++) {
			bit = (uint8_t)(1u << i % 8);
			b.at[i / 8] ^= bit;
			ck_assert_msg(
			    !journal_parse(octets_of(b.at, b.n - 1), zeros, &l, again, &f),
			    "kind %d, bit %zu", kind, i);
			b.at[i / 8] ^= bit;
		}
		for (size_t n = 0; n < b.n - 1; n++)
			ck_assert(!journal_parse(octets_of(b.at, n), zeros, &l, again, &f));
		ck_assert(!journal_parse(octets_bytes(&b), zeros, &l, again, &f));
		ck_assert(!journal_parse(octets_of(b.at, b.n - 1), after, &l, again, &f));
	}
	bytes_free(&b);
}
END_TEST

START_TEST(lines_of_another_shape)
{
	static const char *const bad[] = { "", " ", "1", "1 acme", "x acme",
		"1 00112233445566778899aabbccddeeff",
		"01 00112233445566778899aabbccddeeff "
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		"1 0011 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		"1 00112233445566778899aabbccddeeff "
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff x" };
	uint8_t after[JOURNAL_CHAIN_OCTETS];
	struct journal_line l;

	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(
		    !journal_parse(octets_text(bad[i]), zeros, &l, after, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
}
END_TEST

static bool
count(void *with, const struct journal_line *l, struct fault *why)
{
	size_t *n = with;

	(void)why;
	n[l->kind]++;
	return true;
}

START_TEST(what_is_noted_is_read)
{
	size_t n[JOURNAL_OLD + 1] = { 0 };
	struct journal_place end;

	ck_assert_msg(journal_read(path, &beginning, count, n, &end, &f), "%s", f.text);
	ck_assert_uint_gt(
	    n[JOURNAL_SIGNED], 6); /* root, region, platform, acme and what they have */
	ck_assert_uint_eq(n[JOURNAL_REVOKED], 0);
	ck_assert_mem_eq(&end, &g.journal.end, sizeof(end));
	ground_revoke(&g, g.acme->ledger, ground_leaf(&g, g.acme, "printer", "a")->serial, 4);
	memset(n, 0, sizeof(n));
	ck_assert(journal_read(path, &end, count, n, NULL, &f));
	ck_assert_uint_eq(n[JOURNAL_SIGNED], 1);
	ck_assert_uint_eq(n[JOURNAL_REVOKED], 1);
	ck_assert_msg(check(), "%s", f.text);
}
END_TEST

/* A revocation that is undone, or whose commit fails, was none. */
START_TEST(what_was_undone_is_not_noted)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "a");
	struct ledger *l = g.acme->ledger;
	struct ledger_mark mark = ledger_mark(l);
	uint64_t index, lines = g.journal.lines;

	ck_assert(revoke_certificate(l, leaf->serial, 4, &g.why, g.now_s, &index, &f));
	ledger_undo(l, mark);
	ground_commit(l);
	ck_assert_uint_eq(g.journal.lines, lines);
	ck_assert(revoke_certificate(l, leaf->serial, 4, &g.why, g.now_s, &index, &f));
	batch_add(ledger_batch(l), TABLE_SERIAL, octets_of(leaf->serial, TBS_SERIAL_OCTETS),
	    octets_text("there already"));
	ck_assert(!ledger_end(l, &f));
	ck_assert_uint_eq(g.journal.lines, lines);
	ground_revoke(&g, l, leaf->serial, 4);
	ck_assert_uint_eq(g.journal.lines, lines + 1);
	ck_assert_msg(check(), "%s", f.text);
}
END_TEST

static void
reopen(void)
{
	journal_close(&g.journal);
	ck_assert_msg(journal_open(path, &g.journal, &f), "%s", f.text);
}

/* At every length that a crash could have left of it. */
START_TEST(a_torn_last_line_is_cut_off)
{
	struct journal_place end = g.journal.end;
	struct journal_line l = a_line(JOURNAL_REVOKED, 7);
	struct bytes whole, line = { 0 };
	uint8_t after[JOURNAL_CHAIN_OCTETS];

	whole = slurp();
	journal_write(&l, end.chain, &line, after);
	for (size_t n = 1; n < line.n; n++) {
		whole.n = (size_t)end.offset;
		bytes_put(&whole, line.at, n);
		write_back(whole.at, whole.n);
		ck_assert_msg(check(), "%zu octets: %s", n, f.text);
		reopen();
		ck_assert_uint_eq(g.journal.cut, n);
		ck_assert_mem_eq(&g.journal.end, &end, sizeof(end));
		ck_assert(check());
	}
	(void)ground_leaf(&g, g.acme, "printer", "a");
	ck_assert_msg(check(), "%s", f.text);
	bytes_free(&line);
	bytes_free(&whole);
}
END_TEST

/* The power went when the file had grown, and before its octets were written. */
START_TEST(zeros_at_the_end_are_torn)
{
	static const size_t sizes[] = { JOURNAL_LINE_MAX, JOURNAL_LINE_MAX + 1, 5000, 65535 };
	struct journal_place end = g.journal.end;
	struct bytes whole = slurp();
	uint8_t gap[65536] = { 0 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		whole.n = (size_t)end.offset;
		bytes_put(&whole, gap, sizes[i]);
		write_back(whole.at, whole.n);
		ck_assert_msg(check(), "%zu zeros: %s", sizes[i], f.text);
		reopen();
		ck_assert_uint_eq(g.journal.cut, sizes[i]);
		ck_assert_mem_eq(&g.journal.end, &end, sizeof(end));
	}
	whole.n = (size_t)end.offset;
	bytes_put(&whole, gap, sizeof(gap)); /* more than a crash leaves */
	write_back(whole.at, whole.n);
	ck_assert(!check());
	whole.n = (size_t)end.offset;
	bytes_put(&whole, gap, 5000);
	bytes_put_u8(&whole, '\n'); /* a line was there */
	write_back(whole.at, whole.n);
	ck_assert(!check());
	bytes_free(&whole);
}
END_TEST

START_TEST(another_kind_of_file_is_no_journal)
{
	struct journal j = { .fd = -1 };

	journal_close(&g.journal);
	ck_assert_int_eq(chmod(path, 0622), 0);
	ck_assert(!journal_open(path, &j, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert(!journal_read(path, &beginning, count, NULL, NULL, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert(!journal_open(path, &j, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(journal_open(path, &g.journal, &f));
}
END_TEST

/* Every line altered, dropped or doubled in the middle. */
START_TEST(a_touched_line_is_an_alarm)
{
	struct bytes whole = slurp(), other = { 0 };
	size_t begin = 0, lines = 0;

	for (size_t i = 0; i < whole.n; i++) {
		if (whole.at[i] != '\n')
			continue;
		lines++;
		whole.at[i - 1] ^= 1;
		write_back(whole.at, whole.n);
		refused("was altered");
		whole.at[i - 1] ^= 1;
		bytes_clear(&other); /* twice */
		bytes_put(&other, whole.at, i + 1);
		bytes_put(&other, whole.at + begin, whole.n - begin);
		write_back(other.at, other.n);
		refused("was altered");
		if (i + 1 < whole.n) { /* not at all */
			bytes_clear(&other);
			bytes_put(&other, whole.at, begin);
			bytes_put(&other, whole.at + i + 1, whole.n - i - 1);
			write_back(other.at, other.n);
			refused("was altered");
		}
		begin = i + 1;
	}
	ck_assert_uint_gt(lines, 6);
	write_back(whole.at, whole.n);
	ck_assert_msg(check(), "%s", f.text);
	bytes_free(&other);
	bytes_free(&whole);
}
END_TEST

START_TEST(one_that_is_missing_or_shorter_is_an_alarm)
{
	const struct journal_place marked = g.journal.end;
	struct bytes whole = slurp();
	struct journal_place other = marked;

	write_back("", 0);
	refused("it is missing");
	ck_assert_int_eq(remove(path), 0);
	refused("it is missing");
	write_back(whole.at, whole.n);
	ck_assert(journal_check(g.realm, path, &marked, NULL, &f));
	while (whole.at[whole.n - 2] != '\n')
		whole.n--;
	write_back(whole.at, whole.n - 1);
	ck_assert(!journal_check(g.realm, path, &marked, NULL, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_msg(strstr(f.text, "octets long") != NULL, "%s", f.text);
	other.offset = 3;
	ck_assert(!journal_check(g.realm, path, &other, NULL, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	write_back("\n", 1);
	ck_assert(!journal_check(g.realm, path, &beginning, NULL, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	bytes_free(&whole);
}
END_TEST

START_TEST(no_line_of_ours_at_the_end_is_refused)
{
	static const char *const bad[] = { "hello\n", "\n", "1 2 3 4 5 6 7\n" };
	struct journal j = { .fd = -1 };

	for (size_t i = 0; i < COUNT(bad); i++) {
		write_back(bad[i], strlen(bad[i]));
		ck_assert_msg(!journal_open(path, &j, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_CONFLICT);
		ck_assert_int_eq(j.fd, -1);
	}
}
END_TEST

/* The first edition's lines are passed over; the chain begins behind them, and none may follow. */
START_TEST(lines_of_the_first_edition)
{
	static const char old[] =
	    "1900000000 00112233445566778899aabbccddeeff "
	    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
	size_t n[JOURNAL_OLD + 1] = { 0 };
	struct bytes b;

	write_back(old, sizeof(old) - 1);
	reopen();
	ck_assert_mem_eq(g.journal.end.chain, zeros, sizeof(zeros));
	(void)ground_leaf(&g, g.acme, "printer", "a");
	ck_assert_msg(check(), "%s", f.text);
	ck_assert(journal_read(path, &beginning, count, n, NULL, &f));
	ck_assert_uint_eq(n[JOURNAL_OLD], 1);
	ck_assert_uint_eq(n[JOURNAL_SIGNED], 1);
	b = slurp();
	bytes_put(&b, old, sizeof(old) - 1);
	write_back(b.at, b.n);
	refused("was altered");
	bytes_free(&b);
}
END_TEST

/* --- row 27: a signature can always be traced to an intent -------------------------------------
 */

static void
note(enum journal_kind kind, const uint8_t *serial, const uint8_t *digest)
{
	struct journal_line l = a_line(kind, 7);

	memcpy(l.issuer, g.acme->a.key_id, sizeof(l.issuer));
	if (serial != NULL)
		memcpy(l.serial, serial, sizeof(l.serial));
	if (digest != NULL)
		memcpy(l.digest, digest, sizeof(l.digest));
	ck_assert_msg(journal_note(&g.journal, &l, &f), "%s", f.text);
}

START_TEST(row_27_a_signature_without_an_intent)
{
	note(JOURNAL_SIGNED, NULL, NULL);
	refused("certificate 07070707070707070707070707070707, is not in its ledger");
	ck_assert_msg(strstr(f.text, "tenant acme") != NULL, "%s", f.text);
	ck_assert_msg(strstr(f.text, "ledger merge") != NULL, "%s", f.text);
}
END_TEST

START_TEST(row_27_another_content_than_was_signed)
{
	static const uint8_t other[32] = { 1, 2, 3 };

	note(JOURNAL_SIGNED, ground_leaf(&g, g.acme, "printer", "a")->serial, other);
	refused("is another in the ledger than was signed");
}
END_TEST

START_TEST(row_28_a_revocation_that_the_ledger_forgot)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "a");

	note(JOURNAL_REVOKED, leaf->serial, NULL);
	refused("revoked, is not so in its ledger");
	ground_revoke(&g, g.acme->ledger, leaf->serial, 4);
	ck_assert_msg(check(), "%s", f.text);
}
END_TEST

START_TEST(row_28_a_hold_that_the_ledger_forgot)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "a");

	note(JOURNAL_HELD, leaf->serial, NULL);
	refused("suspended, is not so in its ledger");
	note(JOURNAL_RELEASED, leaf->serial, NULL);
	ck_assert_msg(check(), "%s", f.text);
	note(JOURNAL_HELD, leaf->serial, NULL);
	refused("suspended, is not so in its ledger");
}
END_TEST

/* What a CA signed that never came to count went with the try that made it. */
START_TEST(a_ca_that_never_was_is_passed_over)
{
	struct journal_line l = a_line(JOURNAL_SIGNED, 7);

	ck_assert(journal_note(&g.journal, &l, &f));
	(void)snprintf(l.tenant, sizeof(l.tenant), "never");
	ck_assert(journal_note(&g.journal, &l, &f));
	ck_assert_msg(check(), "%s", f.text);
	memcpy(l.issuer, g.acme->a.key_id, sizeof(l.issuer));
	ck_assert(journal_note(&g.journal, &l, &f));
	refused("its ledger is not there");
}
END_TEST

/* A failed write leaves no line and no half of one; a failed sync ends the journal. */
START_TEST(a_journal_that_fails_takes_no_more)
{
	struct journal_line l = a_line(JOURNAL_SIGNED, 7);
	struct journal full = { .fd = -1 };

	ck_assert(!journal_note(&full, &l, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_uint_eq(full.end.offset, 0);
	full = (struct journal){ .fd = -1, .dirty = true };
	ck_assert(!journal_sync(&full, &f));
	ck_assert(full.broken);
	ck_assert(!journal_sync(&full, &f));
	ck_assert(!journal_note(&full, &l, &f));
}
END_TEST

START_TEST(the_mark_comes_back)
{
	struct journal_place at;

	ck_assert(journal_mark(realm_platform(g.realm), &at, &f));
	ck_assert_uint_eq(at.offset, 0);
	ck_assert(journal_put_mark(realm_platform(g.realm), &g.journal.end, &f));
	ground_commit(realm_platform(g.realm));
	ck_assert(journal_mark(realm_platform(g.realm), &at, &f));
	ck_assert_mem_eq(&at, &g.journal.end, sizeof(at));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("journal");
	TCase *t = tcase_create("journal");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, one_line);
	tcase_add_test(t, lines_of_another_shape);
	tcase_add_test(t, what_is_noted_is_read);
	tcase_add_test(t, what_was_undone_is_not_noted);
	tcase_add_test(t, a_torn_last_line_is_cut_off);
	tcase_add_test(t, zeros_at_the_end_are_torn);
	tcase_add_test(t, another_kind_of_file_is_no_journal);
	tcase_add_test(t, a_touched_line_is_an_alarm);
	tcase_add_test(t, one_that_is_missing_or_shorter_is_an_alarm);
	tcase_add_test(t, no_line_of_ours_at_the_end_is_refused);
	tcase_add_test(t, lines_of_the_first_edition);
	tcase_add_test(t, row_27_a_signature_without_an_intent);
	tcase_add_test(t, row_27_another_content_than_was_signed);
	tcase_add_test(t, row_28_a_revocation_that_the_ledger_forgot);
	tcase_add_test(t, row_28_a_hold_that_the_ledger_forgot);
	tcase_add_test(t, a_ca_that_never_was_is_passed_over);
	tcase_add_test(t, a_journal_that_fails_takes_no_more);
	tcase_add_test(t, the_mark_comes_back);
	suite_add_tcase(s, t);
	return run_suite(s);
}
