/* tests/unit/feed.c - ca/feed*.h: what a follower of the feed holds in memory is what OCSP answers,
 * whatever was done; and no piece can be left out, altered or put in another order. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/bulk.h"
#include "ca/feed_cut.h"
#include "ca/feed_set.h"
#include "ca/note.h"
#include "ca/suspend.h"
#include "ocsp/answer.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define LEAVES  6
#define VALID_S 300

static struct ground g;
static struct ledger *l;
static const struct ground_cert *leaf[LEAVES];
static uint8_t key[32]; /* the log's */
static struct feed_set set;
static struct bytes note, lines;
static struct feed_piece piece;
static struct fault f;

static void
setup(void)
{
	char name[16];
	struct delegate d;
	struct octets spki;

	ground_new(&g);
	l = g.acme->ledger;
	for (size_t i = 0; i < LEAVES; i++) {
		(void)snprintf(name, sizeof(name), "hp-%zu", i);
		leaf[i] = ground_leaf(&g, g.acme, "printer", name);
	}
	ck_assert(keyring_delegate(g.keys, &g.acme->a, &found_log, g.now_s, &d, &f));
	spki = key_spki(d.key);
	memcpy(key, spki.at + spki.n - 32, 32);
	set = (struct feed_set){ .row = NULL };
}

static void
teardown(void)
{
	feed_set_free(&set);
	bytes_free(&note);
	bytes_free(&lines);
	ground_free(&g);
}

static const struct key *
log_key(void)
{
	struct delegate d;

	ck_assert(keyring_delegate(g.keys, &g.acme->a, &found_log, g.now_s, &d, &f));
	return d.key;
}

/* The piece as it is sent, in note; read and verified, in piece. */
static void
cut(bool snapshot, uint64_t after)
{
	const struct feed_cut c = { g.realm, l, g.now_s, VALID_S };
	struct feed_piece p;

	bytes_clear(&lines);
	bytes_clear(&note);
	ck_assert_msg(snapshot ? feed_cut_snapshot(&c, NULL, &lines, &p, &f)
			       : feed_cut_changes(&c, after, &lines, &p, &f),
	    "%s", f.text);
	ck_assert(feed_piece_sign(&p, log_key(), &note, &f));
	ck_assert_msg(feed_piece_read(octets_bytes(&note), &piece, &f), "%s", f.text);
	ck_assert_msg(feed_piece_verify(&piece, key, &f), "%s", f.text);
}

static void
take(void)
{
	ck_assert_msg(feed_set_take(&set, &piece, &f), "%s", f.text);
}

static void
follow(void)
{
	do {
		cut(false, set.seq);
		take();
	} while (!feed_set_whole(&set));
}

/* What ocsp/answer.c weighs for this certificate. */
static struct standing
asked(const struct ground_cert *c)
{
	struct level_above above;
	struct standing s;

	ck_assert(ledger_standing(l, c->serial, &s, &f));
	ck_assert(level_above(g.realm, &g.acme->a, &above, &f));
	level_weigh(&above, &s);
	return s;
}

static void
is_as_ocsp_says(const struct feed_set *held)
{
	for (size_t i = 0; i < LEAVES; i++) {
		struct standing s = asked(leaf[i]);
		struct feed_change c;

		ck_assert(feed_set_ask(held, g.acme->a.key_id, leaf[i]->serial, &c));
		ck_assert_msg(
		    c.state == s.state, "leaf %zu: %d, and OCSP says %d", i, c.state, s.state);
		if (s.state == STANDING_GOOD)
			continue;
		ck_assert_uint_eq(c.reason, s.reason);
		ck_assert_int_eq(c.at_s, s.changed_s);
	}
}

static uint64_t seed;

static unsigned
any(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

/* Anything that changes a standing; what cannot be done now is not done. */
static void
act(void)
{
	static const uint8_t reasons[] = { 0, 1, 3, 4, 5, 9 };
	const struct suspend_why why = { .who = &g.why };
	struct ledger_mark mark = ledger_mark(l);
	const uint8_t *serial = leaf[any(LEAVES)]->serial;
	uint8_t both[2 * TBS_SERIAL_OCTETS];
	unsigned what = any(8);
	struct level_cas cas;
	struct bulk done;
	uint64_t n;
	bool ok = true;

	g.now_s++;
	if (what == 0)
		ok = revoke_certificate(
		    l, serial, reasons[any(sizeof(reasons))], &g.why, g.now_s, &n, &f);
	else if (what <= 2)
		ok = suspend_hold(l, serial, &why, g.now_s, &n, &f);
	else if (what <= 4)
		ok = suspend_release(l, serial, &why, g.now_s, &n, &f);
	else if (what == 5 && any(4) == 0) {
		memcpy(both, serial, TBS_SERIAL_OCTETS);
		memcpy(both + TBS_SERIAL_OCTETS, leaf[any(LEAVES)]->serial, TBS_SERIAL_OCTETS);
		ok =
		    bulk_revoke(g.realm, l, octets_of(both, bulk_sort(both, 2) * TBS_SERIAL_OCTETS),
			reasons[any(6)], &g.why, g.now_s, &done, &f);
	} else if (what >= 6) {
		enum level level = what == 6 ? LEVEL_TENANT : LEVEL_REGION;
		const char *label = what == 6 ? "acme" : realm_space(g.realm)->region;
		bool resume = any(2) == 0;

		if (suspend_check(g.realm, level, label, resume, g.now_s, &cas, &f))
			ground_suspend(&g, level, label, resume);
	}
	if (!ok)
		ledger_undo(l, mark);
	ground_commit(realm_platform(g.realm));
	ground_commit(l);
}

/* Three who follow: one from the first change on, one from a snapshot each time, one that looks
 * now and then. */
START_TEST(memory_is_what_ocsp_answers)
{
	struct feed_set rare = { .row = NULL }, always;

	seed = 0x9e3779b97f4a7c15u * (unsigned)(_i + 1);
	for (unsigned i = 0; i < 60; i++) {
		act();
		follow();
		is_as_ocsp_says(&set);
		always = set;
		set = (struct feed_set){ .row = NULL };
		cut(true, 0);
		take();
		ck_assert(feed_set_whole(&set));
		is_as_ocsp_says(&set);
		feed_set_free(&set);
		set = rare;
		if (any(8) == 0) {
			follow();
			is_as_ocsp_says(&set);
		}
		rare = set;
		set = always;
	}
	feed_set_free(&rare);
}
END_TEST

/* A CA that ends takes all with it, but for what had ended before by itself. */
START_TEST(a_revoked_ca_needs_no_line_of_its_own)
{
	ground_revoke(&g, l, leaf[0]->serial, 4);
	g.now_s += 100;
	ground_revoke(&g, realm_platform(g.realm), g.acme->a.serial, REASON_KEY_COMPROMISE);
	follow();
	ck_assert_uint_eq(set.seq, 1);
	ck_assert_int_eq(set.ca[0].state, STANDING_REVOKED);
	ck_assert_uint_eq(set.ca[0].reason, REASON_CA_COMPROMISE);
	is_as_ocsp_says(&set);
}
END_TEST

START_TEST(of_a_ca_that_is_not_its_own_it_says_nothing)
{
	struct feed_change c;

	follow();
	ck_assert(!feed_set_ask(&set, g.platform->a.key_id, leaf[0]->serial, &c));
	ck_assert(feed_set_ask(&set, g.acme->a.key_id, g.acme->a.serial, &c));
	ck_assert_int_eq(c.state, STANDING_GOOD);
}
END_TEST

START_TEST(what_is_undone_is_not_told)
{
	struct ledger_mark mark = ledger_mark(l);
	uint64_t n;

	ck_assert(revoke_certificate(l, leaf[0]->serial, 4, &g.why, g.now_s, &n, &f));
	cut(false, 0); /* not durable yet */
	ck_assert_uint_eq(piece.size, 0);
	ledger_undo(l, mark);
	ground_commit(l);
	follow();
	ck_assert_uint_eq(set.seq, 0);
	is_as_ocsp_says(&set);
}
END_TEST

static void
revoke_each(void)
{
	for (size_t i = 0; i < LEAVES; i++)
		ground_revoke(&g, l, leaf[i]->serial, 4);
}

START_TEST(a_piece_that_is_missing_is_found)
{
	revoke_each();
	cut(false, 2);
	ck_assert(!feed_set_take(&set, &piece, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	cut(false, 0);
	take();
	ck_assert(!feed_set_take(&set, &piece, &f)); /* once more */
	cut(false, 3);
	ck_assert(!feed_set_take(&set, &piece, &f));
	is_as_ocsp_says(&set);
	piece.origin[0] = 'z';
	piece.from = piece.to = set.seq;
	ck_assert(!feed_set_take(&set, &piece, &f));
}
END_TEST

/* What is signed by one tenant's log is no word about another's, whatever it is called. */
START_TEST(another_tenants_piece_is_refused)
{
	const struct issuer *globex = ground_tenant(&g, "globex", CONSTRAINTS_STRICT);
	const struct feed_cut c = { g.realm, globex->ledger, g.now_s, VALID_S };
	struct feed_piece p;
	struct delegate d;

	revoke_each();
	follow();
	bytes_clear(&lines);
	bytes_clear(&note);
	ck_assert(feed_cut_snapshot(&c, NULL, &lines, &p, &f));
	ck_assert(keyring_delegate(g.keys, &globex->a, &found_log, g.now_s, &d, &f));
	ck_assert(feed_piece_sign(&p, d.key, &note, &f));
	ck_assert(feed_piece_read(octets_bytes(&note), &piece, &f));
	ck_assert(!feed_piece_verify(&piece, key, &f)); /* by acme's key */
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	/* and were that key another, its name would still be */
	ck_assert(!feed_set_take(&set, &piece, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	is_as_ocsp_says(&set);
}
END_TEST

/* A history that is another: as long, and with another hash. */
START_TEST(another_history_is_found)
{
	revoke_each();
	follow();
	set.hash[5] ^= 1;
	cut(false, set.seq);
	ck_assert(!feed_set_take(&set, &piece, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
}
END_TEST

START_TEST(past_the_end_is_refused)
{
	const struct feed_cut c = { g.realm, l, g.now_s, VALID_S };
	struct feed_piece p;

	revoke_each();
	ck_assert(!feed_cut_changes(&c, LEAVES + 1, &lines, &p, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	cut(false, LEAVES);
	ck_assert_uint_eq(piece.lines_n, 0);
}
END_TEST

/* A row that was altered in its store, or is gone, is not signed. */
START_TEST(an_altered_row_is_not_told)
{
	const struct feed_cut c = { g.realm, l, g.now_s, VALID_S };
	struct feed_piece p;
	struct bytes row = { 0 };
	uint8_t k[8];

	revoke_each();
	ck_assert(ledger_get(l, TABLE_FEED, octets_u64(3, k), &row, &f));
	for (size_t i = 0; i < row.n; i++) {
		row.at[i] ^= 1;
		ledger_put(l, TABLE_FEED, octets_u64(3, k), octets_bytes(&row));
		ground_commit(l);
		bytes_clear(&lines);
		if (i < row.n - FEED_HASH_OCTETS)
			ck_assert_msg(!feed_cut_changes(&c, 2, &lines, &p, &f), "octet %zu", i);
		bytes_clear(&lines);
		ck_assert_msg(!feed_cut_changes(&c, 0, &lines, &p, &f), "octet %zu", i);
		ck_assert_int_eq(f.code, FAULT_INTERNAL);
		row.at[i] ^= 1;
	}
	batch_remove(ledger_batch(l), TABLE_FEED, octets_u64(3, k));
	ground_commit(l);
	ck_assert(!feed_cut_changes(&c, 0, &lines, &p, &f));
	cut(true, 0); /* what is not good now stands elsewhere, too */
	ck_assert_uint_eq(piece.lines_n, LEAVES);
	bytes_free(&row);
}
END_TEST

START_TEST(an_older_signature_says_less)
{
	struct bytes old = { 0 };
	struct feed_piece eldest;

	follow();
	cut(false, 0);
	bytes_put_octets(&old, octets_bytes(&note));
	g.now_s += 60;
	ground_suspend(&g, LEVEL_TENANT, "acme", false);
	follow();
	ck_assert_int_eq(set.at_s, g.now_s);
	ck_assert_int_eq(set.until_s, g.now_s + VALID_S);
	ck_assert(feed_piece_read(octets_bytes(&old), &eldest, &f));
	ck_assert(feed_set_take(&set, &eldest, &f));
	ck_assert_int_eq(set.at_s, g.now_s);
	is_as_ocsp_says(&set);
	bytes_free(&old);
}
END_TEST

/* Each octet of a piece that is changed is either refused or the signature does not hold. */
START_TEST(every_octet_is_signed)
{
	revoke_each();
	ground_suspend(&g, LEVEL_TENANT, "acme", false);
	cut(_i == 1, 0);
	for (size_t i = 0; i < note.n; i++) {
		struct feed_piece p;

		note.at[i] ^= 1;
		if (feed_piece_read(octets_bytes(&note), &p, &f)) {
			ck_assert_msg(!feed_piece_verify(&p, key, &f), "octet %zu", i);
			ck_assert_int_eq(f.code, FAULT_BADREQ);
		} else
			ck_assert_int_eq(f.code, FAULT_BADREQ);
		note.at[i] ^= 1;
	}
	key[3] ^= 1;
	ck_assert(!feed_piece_verify(&piece, key, &f));
}
END_TEST

START_TEST(what_is_cut_off_is_refused)
{
	struct feed_piece p;

	revoke_each();
	cut(false, 0);
	for (size_t n = 0; n < note.n; n++)
		ck_assert(!feed_piece_read(octets_of(note.at, n), &p, &f));
}
END_TEST

static const char *const no_lines[] = { "", " ", "x",
	"00112233445566778899aabbccddeeff 00112233445566778899aabbccddeeff00112233 revoked "
	"superseded 2030-01-01T00:00:00Z 7",
	"00112233445566778899AABBCCDDEEFF 00112233445566778899aabbccddeeff00112233 revoked "
	"superseded 2030-01-01T00:00:00Z 7 2031-01-01T00:00:00Z",
	"00112233445566778899aabbccddeeff 00112233445566778899aabbccddeeff00112233 gone superseded "
	"2030-01-01T00:00:00Z 7 2031-01-01T00:00:00Z",
	"00112233445566778899aabbccddeeff 00112233445566778899aabbccddeeff00112233 revoked because "
	"2030-01-01T00:00:00Z 7 2031-01-01T00:00:00Z",
	"00112233445566778899aabbccddeeff 00112233445566778899aabbccddeeff00112233 revoked "
	"superseded 2030-13-01T00:00:00Z 7 2031-01-01T00:00:00Z",
	"00112233445566778899aabbccddeeff 00112233445566778899aabbccddeeff00112233 revoked "
	"superseded 2030-01-01T00:00:00Z -7 2031-01-01T00:00:00Z",
	"00112233445566778899aabbccddeeff 00112233445566778899aabbccddeeff00112233 revoked "
	"superseded 2030-01-01T00:00:00Z 07 2031-01-01T00:00:00Z",
	"00112233445566778899aabbccddeeff 00112233445566778899aabbccddeeff00112233 revoked "
	"superseded 2030-01-01T00:00:00Z 7 2031-01-01T00:00:00Z ",
	"00112233445566778899aabbccddeeff  00112233445566778899aabbccddeeff00112233 revoked "
	"superseded 2030-01-01T00:00:00Z 7 2031-01-01T00:00:00Z" };

START_TEST(a_line_has_one_spelling)
{
	static const char good[] =
	    "00112233445566778899aabbccddeeff 00112233445566778899aabbccddeeff00112233 revoked "
	    "superseded 2030-01-01T00:00:00Z 7 2031-01-01T00:00:00Z";
	struct feed_change c = { .log_index = 99 };

	ck_assert(!feed_read_line(octets_text(no_lines[_i]), &c));
	ck_assert_uint_eq(c.log_index, 99);
	ck_assert(feed_read_line(octets_text(good), &c));
	ck_assert_uint_eq(c.log_index, 7);
}
END_TEST

/* In pages, with changes between them. */
START_TEST(pages_of_a_snapshot_meet_changes)
{
	static const uint8_t zeros[FEED_PLACE_OCTETS];
	struct feed_piece first, other;
	struct octets all;
	struct feed_change c;

	revoke_each();
	cut(true, 0);
	first = piece;
	all = first.lines;
	ck_assert(feed_piece_next(&all, &c));
	first.lines.n = piece.lines.n - all.n; /* one line */
	first.lines_n = 1;
	first.has_to = true;
	memcpy(first.to_place, c.issuer, TBS_KEY_ID_OCTETS);
	memcpy(first.to_place + TBS_KEY_ID_OCTETS, c.serial, TBS_SERIAL_OCTETS);
	ck_assert(feed_set_take(&set, &first, &f));
	ck_assert(!feed_set_whole(&set));
	other = piece;
	other.lines = all;
	other.has_from = true;
	memcpy(other.from_place, zeros, sizeof(zeros));
	ck_assert(!feed_set_take(&set, &other, &f)); /* a page between is missing */
	memcpy(other.from_place, first.to_place, sizeof(zeros));
	other.size += 1; /* it was made later, and knows of one change more */
	ck_assert(feed_set_take(&set, &other, &f));
	ck_assert(!feed_set_whole(&set));
	ck_assert_uint_eq(set.seq, LEAVES);
}
END_TEST

/* The standing of the n-th of many, that nobody enrolled: held, revoked or released. */
static void
put_many(unsigned n, enum standing_state state)
{
	uint8_t serial[TBS_SERIAL_OCTETS] = { 0x22, (uint8_t)(n >> 8), (uint8_t)n };
	struct standing s = { .state = state,
		.reason = state == STANDING_HELD ? REASON_HOLD : 4,
		.not_after_s = g.now_s + (n % 10 == 0 ? -1 : 1000),
		.changed_s = g.now_s,
		.profile = "printer",
		.name = "hp" };

	memcpy(s.issuer, g.acme->a.key_id, sizeof(s.issuer));
	ck_assert(ledger_put_standing(l, serial, &s, &f));
	ck_assert(state == STANDING_GOOD ? revoke_unlist(l, serial, &s, &f)
					 : revoke_list(l, serial, &s, &f));
}

/* The next page, as it is sent. */
static void
cut_page(const uint8_t *place)
{
	const struct feed_cut c = { g.realm, l, g.now_s, VALID_S };
	struct feed_piece p;

	bytes_clear(&lines);
	bytes_clear(&note);
	ck_assert_msg(feed_cut_snapshot(&c, place, &lines, &p, &f), "%s", f.text);
	ck_assert(feed_piece_sign(&p, log_key(), &note, &f));
	ck_assert_uint_lt(note.n, FEED_PIECE_MAX);
	ck_assert_msg(feed_piece_read(octets_bytes(&note), &piece, &f), "%s", f.text);
	ck_assert_uint_le(piece.lines_n, FEED_PIECE_LINES);
	take();
}

/* While a follower reads pages others are revoked, released and held behind and before it; what
 * has ended is in the changes alone. */
START_TEST(many_in_pages_with_changes_between)
{
	struct bytes a = { 0 }, b = { 0 };
	struct feed_set other;
	size_t n, rows, ended = 0;
	unsigned pages = 1;

	for (unsigned i = 0; i < 2000; i++)
		put_many(i, i % 3 == 0 ? STANDING_HELD : STANDING_REVOKED);
	ground_commit(l);
	follow(); /* from the first change on */
	ck_assert_uint_eq(set.seq, 2000);
	other = set;
	set = (struct feed_set){ .row = NULL };
	for (cut_page(NULL); set.paging; pages++) {
		uint8_t place[FEED_PLACE_OCTETS];

		memcpy(place, set.place, sizeof(place));
		put_many(pages * 3, STANDING_GOOD);
		put_many(1998 - pages * 3, STANDING_GOOD);
		put_many(2000 + pages, STANDING_REVOKED);
		ground_commit(l);
		cut_page(place);
	}
	ck_assert_uint_eq(pages, 3);
	ck_assert(!feed_set_whole(&set));
	follow();
	ck_assert(feed_set_lines(&set, &a, &rows, &f));
	feed_set_free(&set);
	set = other;
	follow();
	ck_assert(feed_set_lines(&set, &b, &n, &f));
	for (unsigned i = 0; i < 2000; i += 10)
		ended++;
	ck_assert_uint_gt(n, rows);
	ck_assert_uint_le(n - rows, ended);
	for (struct octets in = octets_bytes(&a); in.n > 0;) { /* each of them is in the other */
		const uint8_t *end = memchr(in.at, '\n', in.n);
		size_t len = (size_t)(end - in.at) + 1;

		ck_assert_ptr_nonnull(memmem(b.at, b.n, in.at, len));
		in = octets_of(in.at + len, in.n - len);
	}
	bytes_free(&a);
	bytes_free(&b);
}
END_TEST

START_TEST(forgets_what_is_good_again)
{
	struct bytes out = { 0 };
	const struct suspend_why why = { .who = &g.why };
	uint64_t n;
	size_t count;

	for (unsigned i = 0; i < 200; i++) {
		const uint8_t *serial = leaf[i % 2]->serial;

		ck_assert(suspend_hold(l, serial, &why, g.now_s, &n, &f));
		ck_assert(suspend_release(l, serial, &why, g.now_s, &n, &f));
		ground_commit(l);
		follow();
	}
	ck_assert_uint_eq(set.seq, 400);
	ck_assert_uint_le(set.rows, 64);
	ck_assert(feed_set_lines(&set, &out, &count, &f));
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(out.n, 0);
	bytes_free(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("feed");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, memory_is_what_ocsp_answers, 0, 6);
	tcase_add_test(t, a_revoked_ca_needs_no_line_of_its_own);
	tcase_add_test(t, of_a_ca_that_is_not_its_own_it_says_nothing);
	tcase_add_test(t, what_is_undone_is_not_told);
	tcase_add_test(t, a_piece_that_is_missing_is_found);
	tcase_add_test(t, another_tenants_piece_is_refused);
	tcase_add_test(t, another_history_is_found);
	tcase_add_test(t, past_the_end_is_refused);
	tcase_add_test(t, an_altered_row_is_not_told);
	tcase_add_test(t, an_older_signature_says_less);
	tcase_add_loop_test(t, every_octet_is_signed, 0, 2);
	tcase_add_test(t, what_is_cut_off_is_refused);
	tcase_add_loop_test(
	    t, a_line_has_one_spelling, 0, (int)(sizeof(no_lines) / sizeof(*no_lines)));
	tcase_add_test(t, pages_of_a_snapshot_meet_changes);
	tcase_add_test(t, many_in_pages_with_changes_between);
	tcase_add_test(t, forgets_what_is_good_again);
	suite_add_tcase(s, t);
	return run_suite(s);
}
