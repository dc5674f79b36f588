/* tests/unit/dump_records.c - ca/dump.h: records that do not hold, though they are sealed as the
 * signer would. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/revoke.h"
#include "tests/unit/dumped.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- records that a captured service could seal ---------------------------------------------- */

/* The records of the dump, taken apart. */
struct records {
	struct bytes all; /* their octets, without frames */
	size_t n, at[4096];
};

static struct records rec;

static void
take_apart(void)
{
	size_t at = 16;

	bytes_clear(&rec.all);
	rec.n = 0;
	for (;;) {
		struct reader r = reader_of(octets_of(dump.at + at, 4));
		size_t n = reader_u32(&r);

		if (n == 0)
			break;
		bytes_put(&rec.all, dump.at + at + 4, n);
		at += 4 + n + DUMP_HASH_OCTETS;
	}
	for (at = 0; at < rec.all.n;) {
		struct reader r = reader_of(octets_of(rec.all.at + at + 1, 4));

		ck_assert_uint_lt(rec.n, COUNT(rec.at) - 1);
		rec.at[rec.n++] = at;
		at += DUMP_HEAD_OCTETS + reader_u32(&r);
	}
	rec.at[rec.n] = rec.all.n;
}

static struct octets
record(size_t i)
{
	return octets_of(rec.all.at + rec.at[i], rec.at[i + 1] - rec.at[i]);
}

static unsigned
kind(size_t i)
{
	return rec.all.at[rec.at[i]];
}

/* The i-th record of a kind, counted from 0; of rows, of a table. */
static size_t
find(unsigned want, int table, size_t i)
{
	for (size_t n = 0; n < rec.n; n++)
		if (kind(n) == want &&
		    (table < 0 || record(n).at[DUMP_HEAD_OCTETS] == (uint8_t)table) && i-- == 0)
			return n;
	ck_abort_msg("no record of kind %u, table %d", want, table);
}

/* Records in frames of a size of their own, and sealed: what is left to refuse is what they say. */
static void
put_together(const struct bytes *records)
{
	uint8_t digest[DUMP_HASH_OCTETS];
	size_t n;

	bytes_clear(&dump);
	dump_begin(&dump, digest);
	for (size_t at = 0; at < records->n; at += n) {
		n = records->n - at < 5000 ? records->n - at : 5000;
		dump_digest(digest, octets_of(records->at + at, n));
		bytes_put_counted(&dump, octets_of(records->at + at, n));
		bytes_put(&dump, digest, sizeof(digest));
	}
	dumped_seal(&dump, digest);
}

/* All records but number i, in whose place there is instead (which may be none). */
static void
with_instead(size_t i, struct octets instead)
{
	struct bytes b = { 0 };

	for (size_t n = 0; n < rec.n; n++)
		bytes_put_octets(&b, n == i ? instead : record(n));
	put_together(&b);
	bytes_free(&b);
}

static void
put_record(struct bytes *b, unsigned of, struct octets content)
{
	bytes_put_u8(b, (uint8_t)of);
	bytes_put_counted(b, content);
}

static void
put_row(struct bytes *b, unsigned table, struct octets key, struct octets value)
{
	struct bytes c = { 0 };

	bytes_put_u8(&c, (uint8_t)table);
	bytes_put_u16(&c, (uint16_t)key.n);
	bytes_put_octets(&c, key);
	bytes_put_octets(&c, value);
	put_record(b, DUMP_ROW, octets_bytes(&c));
	bytes_free(&c);
}

/* Record i, and more behind it, are refused with words. */
static void
refused_behind(size_t i, const struct bytes *more, const char *words)
{
	struct bytes b = { 0 };

	bytes_put_octets(&b, record(i));
	bytes_put_octets(&b, octets_bytes(more));
	with_instead(i, octets_bytes(&b));
	dumped_refused(octets_bytes(&dump), words);
	bytes_free(&b);
}

/* With one octet of record i's content changed. */
static void
refused_changed(size_t i, size_t at, uint8_t bits, const char *words)
{
	struct bytes b = { 0 };

	bytes_put_octets(&b, record(i));
	ck_assert_uint_lt(DUMP_HEAD_OCTETS + at, b.n);
	b.at[DUMP_HEAD_OCTETS + at] ^= bits;
	with_instead(i, octets_bytes(&b));
	dumped_refused(octets_bytes(&dump), words);
	bytes_free(&b);
}

/* The last row of a table in the dump. */
static size_t
find_last(unsigned table)
{
	size_t found = rec.n;

	for (size_t n = 0; n < rec.n; n++)
		if (kind(n) == DUMP_ROW && record(n).at[DUMP_HEAD_OCTETS] == table)
			found = n;
	ck_assert_uint_lt(found, rec.n);
	return found;
}

/* The i-th ledger's end states so many rows more. */
static void
state_rows(size_t i, int more)
{
	size_t at = rec.at[find(DUMP_LEDGER_END, -1, i)] + DUMP_HEAD_OCTETS + 7;

	rec.all.at[at] = (uint8_t)(rec.all.at[at] + more);
}

START_TEST(put_together_again)
{
	take_apart();
	put_together(&rec.all);
	ck_assert_msg(dumped_reads(octets_bytes(&dump)), "%s", f.text);
}
END_TEST

START_TEST(anything_missing)
{
	static const unsigned kinds[] = { DUMP_HEADER, DUMP_FILE, DUMP_PIECE, DUMP_FILE_END,
		DUMP_LEDGER, DUMP_ROW, DUMP_LEDGER_END, DUMP_END };

	take_apart();
	for (size_t i = 0; i < COUNT(kinds); i++) {
		with_instead(find(kinds[i], -1, 0), octets_of(NULL, 0));
		dumped_refused(octets_bytes(&dump), "dump: ");
	}
}
END_TEST

START_TEST(anything_twice)
{
	take_apart();
	for (size_t i = 0; i < rec.n; i++) {
		struct bytes again = { 0 };

		if (kind(i) == DUMP_PIECE) /* what a file holds is nobody's but the seal's */
			continue;
		bytes_put_octets(&again, record(i));
		refused_behind(i, &again, "dump: ");
		bytes_free(&again);
	}
}
END_TEST

/* A whole ledger less, and the end says so: the platform's rows know of it. */
START_TEST(ledger_missing)
{
	struct bytes b = { 0 }, end = { 0 };
	uint64_t rows = 0;
	size_t from, to;

	take_apart();
	from = find(DUMP_LEDGER, -1, 2);
	to = find(DUMP_LEDGER_END, -1, 2);
	for (size_t i = 0; i < rec.n; i++) {
		if (i >= from && i <= to)
			continue;
		rows += kind(i) == DUMP_ROW;
		if (kind(i) != DUMP_END)
			bytes_put_octets(&b, record(i));
	}
	bytes_put_u64(&end, 2);
	bytes_put_u64(&end, total.files);
	bytes_put_u64(&end, rows);
	put_record(&b, DUMP_END, octets_bytes(&end));
	put_together(&b);
	dumped_refused(octets_bytes(&dump), "out of order");
	bytes_free(&end);
	bytes_free(&b);
}
END_TEST

START_TEST(rows_that_no_ledger_has)
{
	static const uint8_t octets[STORE_VALUE_MAX + 1];
	uint8_t change[REVOKE_CHANGE_KEY]; /* behind every other of its table */
	const struct {
		unsigned table;
		struct octets key, value;
		const char *words;
	} rows[] = {
		{ TABLE_COUNT, octets_text("key"), octets_text("value"), "not known" },
		{ 255, octets_text("key"), octets_text("value"), "not known" },
		{ TABLE_REQUEST, octets_of(octets, 32), octets_text("\1\1"), "a request that" },
		{ TABLE_REQUEST, octets_text("key"), octets_text("\1"), "a request that" },
		{ TABLE_MAKER, octets_text("lexa"), octets_text("\1\1"), "a maker that" },
		{ TABLE_DEVICE, octets_text("lexa/SN-1"), octets_text("\1\1"), "a device that" },
		{ TABLE_DEVICE, octets_text("lexa"), octets_text("\1"), "a device that" },
		{ TABLE_NODE, octets_of(octets, 9), octets_of(octets, 32), "no backup holds" },
		{ TABLE_FEED, octets_of(octets, 8), octets_text("\1value"), "no change" },
		{ TABLE_FEED, octets_of(octets, 7), octets_of(octets, 95), "no change" },
		{ TABLE_TRACE, octets_of(octets, 2), octets_of(octets, 34), "no trace" },
		{ TABLE_BADGE, octets_of(octets, 32), octets_text("\1\1"), "a badge that" },
		{ TABLE_BADGE, octets_text("card"), octets_text("\1\1"), "a badge that" },
		{ TABLE_PRINTER, octets_text("hp-1"), octets_text("\1\1"), "a printer that" },
		{ TABLE_CRL, octets_of(octets, 0), octets_text("value"), "of a size" },
		{ TABLE_CRL, octets_of(octets, STORE_KEY_MAX + 1), octets_of(octets, 0),
		    "of a size" },
		{ TABLE_CRL, octets_text("\xff\xff\xff\xff"), octets_text("value"), "no CA's" },
		{ TABLE_CRL, octets_of(change, sizeof(change)), octets_text("short"), "a change" },
		{ TABLE_META, octets_text("a"), octets_text("b"), "out of order" },
		{ TABLE_CRL, octets_of(octets, 20), octets_of(octets, sizeof(octets)), "over" },
	};
	struct bytes b = { 0 };
	size_t last;

	memset(change, 0xff, sizeof(change));
	take_apart();
	last = find_last(TABLE_FEED);
	while (record(last).at[DUMP_HEAD_OCTETS] == TABLE_FEED) /* it stands behind all of these */
		last--;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bytes_clear(&b);
		if (rows[i].value.n > STORE_VALUE_MAX) { /* the record's own limit comes first */
			bytes_put_u8(&b, DUMP_ROW);
			bytes_put_u32(&b, DUMP_ROW_OCTETS + 1);
		} else {
			put_row(&b, rows[i].table, rows[i].key, rows[i].value);
		}
		refused_behind(last, &b, rows[i].words);
	}
	bytes_free(&b);
}
END_TEST

START_TEST(rows_that_do_not_agree)
{
	static const struct {
		unsigned table;
		size_t at;    /* which octet of the row, its table the first */
		uint8_t bits; /* that change there */
		const char *words;
	} changes[] = {
		{ TABLE_CERT, 10, 0x40, "certificates and standings" }, /* its id */
		{ TABLE_CERT, 11, 1, "no certificate" },
		{ TABLE_SERIAL, 18, 1, "certificates and standings" }, /* its serial */
		{ TABLE_SERIAL, 19, 1, "cannot be read" },             /* its edition */
		{ TABLE_SERIAL, 23, 1, "of a CA that the platform does not know" },
		{ TABLE_SERIAL, 20, 0x10, "cannot be read" },             /* its state */
		{ TABLE_LOG, 10, 0x40, "is missing" },                    /* its index */
		{ TABLE_LOG, 40, 1, "do not give its root" },             /* its text */
		{ TABLE_REVOKED, 10, 1, "revocations and standings" },    /* its issuer */
		{ TABLE_REVOKED, 38, 1, "revocations and standings" },    /* its serial */
		{ TABLE_CA, 5, 1, "a CA that cannot be read" },           /* its key */
		{ TABLE_TOKEN, 35, 0x10, "a token that cannot be read" }, /* its edition */
		{ TABLE_TENANT, 3, 0x80, "a tenant that cannot be read" },
	};

	take_apart();
	for (size_t i = 0; i < COUNT(changes); i++)
		refused_changed(
		    find_last(changes[i].table), changes[i].at, changes[i].bits, changes[i].words);
	/* acme's row names another tenant: then acme's ledger is nobody's */
	refused_changed(find(DUMP_ROW, TABLE_TENANT, 0), 3, 3, "out of order");
}
END_TEST

START_TEST(a_revocation_taken_out)
{
	take_apart();
	with_instead(find_last(TABLE_REVOKED), octets_of(NULL, 0));
	dumped_refused(octets_bytes(&dump), "more or fewer rows");
	state_rows(1, -1);
	with_instead(find_last(TABLE_REVOKED), octets_of(NULL, 0));
	dumped_refused(octets_bytes(&dump), "revocations and standings");
}
END_TEST

START_TEST(an_intent_without_a_standing)
{
	static const uint8_t serial[TBS_SERIAL_OCTETS] = { 1 }, digest[32];
	struct bytes b = { 0 };

	take_apart();
	put_row(&b, TABLE_PENDING, octets_of(serial, sizeof(serial)), octets_text("x"));
	refused_behind(find_last(TABLE_SERIAL), &b, "an intent that cannot be read");
	bytes_clear(&b); /* of the edition before: a digest, and a standing that is pending */
	put_row(&b, TABLE_PENDING, octets_of(serial, sizeof(serial)),
	    octets_of(digest, sizeof(digest)));
	refused_behind(find_last(TABLE_SERIAL), &b, "more or fewer rows");
	state_rows(2, 1);
	refused_behind(find_last(TABLE_SERIAL), &b, "intents and standings");
	bytes_free(&b);
}
END_TEST

START_TEST(files_of_other_names)
{
	static const char *const names[] = { "", "journal2", "../journal", "keys/../root.pem",
		"keys/0123456789abcdef0123456789abcdef01234567.key.key",
		"keys/0123456789ABCDEF0123456789abcdef01234567.key", "keys/token.key2",
		"master.key", "tenants/platform/data.mdb", "keys/marks", "/etc/passwd",
		"keys/0123456789abcdef0123456789abcdef0123456.key" };
	struct bytes b = { 0 }, name = { 0 };
	size_t i;

	take_apart();
	i = find(DUMP_FILE, -1, 2);
	for (size_t n = 0; n < COUNT(names); n++) {
		ck_assert(!dump_is_name(names[n]));
		bytes_clear(&b);
		bytes_clear(&name);
		bytes_put_counted_text(&name, names[n]);
		put_record(&b, DUMP_FILE, octets_bytes(&name));
		with_instead(i, octets_bytes(&b));
		dumped_refused(octets_bytes(&dump), "a file of a name");
	}
	bytes_free(&name);
	bytes_free(&b);
}
END_TEST

START_TEST(files_that_lie)
{
	static const uint8_t piece[DUMP_PIECE_MAX];
	struct bytes b = { 0 };
	size_t key = 0;

	take_apart();
	for (size_t i = 0; i < 3; i++)
		refused_changed(find(DUMP_FILE_END, -1, i), 7, 1, "longer or shorter");
	while (kind(key) != DUMP_FILE || memmem(record(key).at, record(key).n, "keys/", 5) == NULL)
		key++;
	for (size_t i = 0; i < 3; i++)
		put_record(&b, DUMP_PIECE, octets_of(piece, sizeof(piece)));
	refused_behind(key, &b, "too large");
	bytes_clear(&b);
	put_record(&b, DUMP_PIECE, octets_of(piece, 0));
	refused_behind(key, &b, "an empty piece");
	bytes_free(&b);
}
END_TEST

/* The master key's place may hold anything; what begins the path to every client may not. */
START_TEST(another_root_inside)
{
	struct bytes b = { 0 }, pem = { 0 }, size = { 0 };
	size_t i;

	take_apart();
	i = find(DUMP_END, -1, 0) - 1;
	ck_assert_uint_eq(kind(i), DUMP_FILE_END);
	ck_assert(cert_pem(octets_bytes(&g.region->certificate), &pem, &f));
	for (size_t n = 0; n < i - 1; n++)
		bytes_put_octets(&b, record(n));
	put_record(&b, DUMP_PIECE, octets_bytes(&pem));
	bytes_put_u64(&size, pem.n);
	put_record(&b, DUMP_FILE_END, octets_bytes(&size));
	bytes_put_octets(&b, record(i + 1));
	put_together(&b);
	dumped_refused(octets_bytes(&dump), "root.pem is another");
	bytes_free(&size);
	bytes_free(&pem);
	bytes_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("dump_records");
	TCase *t = tcase_create("dump_records");

	tcase_add_checked_fixture(t, dumped_setup, dumped_teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, put_together_again);
	tcase_add_test(t, anything_missing);
	tcase_add_test(t, anything_twice);
	tcase_add_test(t, ledger_missing);
	tcase_add_test(t, rows_that_no_ledger_has);
	tcase_add_test(t, rows_that_do_not_agree);
	tcase_add_test(t, a_revocation_taken_out);
	tcase_add_test(t, an_intent_without_a_standing);
	tcase_add_test(t, files_of_other_names);
	tcase_add_test(t, files_that_lie);
	tcase_add_test(t, another_root_inside);
	suite_add_tcase(s, t);
	return run_suite(s);
}
