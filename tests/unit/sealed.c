/* tests/unit/sealed.c - relay/document.h: sealed in chunks, and that no octet of one that was
 * touched comes out. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "relay/document.h"
#include "tests/unit/run.h"

#define CHUNK    ((size_t)DOCUMENT_CHUNK)
#define SEALED   (CHUNK + DOCUMENT_TAG)
#define LARGE    (3 * CHUNK + 17)
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct content_key key;
static struct document_of of;
static struct bytes sealed, opened;
static uint8_t plain[LARGE];
static struct fault f;

static void
setup(void)
{
	ck_assert(secret_start(&f));
	ck_assert(content_key_new(&key, &f));
	of = (struct document_of){ .tenant = "acme", .job = { 1, 2, 3 }, .number = 1 };
	for (size_t i = 0; i < LARGE; i++)
		plain[i] = (uint8_t)(i * 31 + (i >> 9));
}

static void
teardown(void)
{
	content_key_free(&key);
	bytes_free(&sealed);
	bytes_free(&opened);
}

/* n octets in pieces of step. */
static void
seal(size_t n, size_t step)
{
	struct document_writer *w;

	bytes_clear(&sealed);
	ck_assert(document_writer_new(&key, &of, &w, &f));
	for (size_t at = 0; at < n; at += step)
		ck_assert(document_seal(
		    w, octets_of(plain + at, n - at < step ? n - at : step), false, &sealed, &f));
	ck_assert(document_seal(w, octets_of(NULL, 0), true, &sealed, &f));
	document_writer_free(w);
}

/* False: it was refused; opened has what came before. */
static bool
opens(struct octets o, size_t step)
{
	struct document_reader *r;
	bool ok = true;

	bytes_clear(&opened);
	ck_assert(document_reader_new(&key, &of, &r, &f));
	for (size_t at = 0; ok && at < o.n; at += step)
		ok = document_open(
		    r, octets_of(o.at + at, o.n - at < step ? o.n - at : step), false, &opened, &f);
	ok = ok && document_open(r, octets_of(NULL, 0), true, &opened, &f);
	document_reader_free(r);
	return ok;
}

START_TEST(of_any_length_in_any_pieces)
{
	static const size_t lengths[] = { 0, 1, 15, 16, 17, CHUNK - 1, CHUNK, CHUNK + 1,
		2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, LARGE };
	static const size_t steps[] = { 1000, CHUNK - 1, CHUNK, CHUNK + 1, SEALED, LARGE * 2 };
	uint64_t back;

	for (size_t i = 0; i < COUNT(lengths); i++)
		for (size_t j = 0; j < COUNT(steps); j++) {
			seal(lengths[i], steps[j]);
			ck_assert_uint_eq(sealed.n, document_sealed_octets(lengths[i]));
			ck_assert(document_plain_octets(sealed.n, &back));
			ck_assert_uint_eq(back, lengths[i]);
			ck_assert_msg(opens(octets_bytes(&sealed), steps[j]), "%s", f.text);
			ck_assert_uint_eq(opened.n, lengths[i]);
			ck_assert(lengths[i] == 0 || memcmp(opened.at, plain, lengths[i]) == 0);
		}
}
END_TEST

/* What did come out was in chunks before the one that was touched. */
static void
is_refused(struct octets o, size_t whole_chunks)
{
	ck_assert(!opens(o, SEALED));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_uint_le(opened.n, whole_chunks * CHUNK);
	ck_assert(opened.n == 0 || memcmp(opened.at, plain, opened.n) == 0);
}

START_TEST(a_flipped_bit)
{
	seal(LARGE, LARGE);
	for (size_t i = 0; i < sealed.n; i += 997) {
		sealed.at[i] ^= 0x10;
		is_refused(octets_bytes(&sealed), i / SEALED);
		sealed.at[i] ^= 0x10;
	}
	ck_assert(opens(octets_bytes(&sealed), SEALED));
}
END_TEST

START_TEST(cut_short)
{
	seal(LARGE, LARGE);
	for (size_t n = 0; n < sealed.n; n += 499)
		is_refused(octets_of(sealed.at, n), n / SEALED);
	is_refused(octets_of(sealed.at, SEALED), 1);
	is_refused(octets_of(sealed.at, 3 * SEALED), 3);
	is_refused(octets_of(sealed.at, sealed.n - 1), 3);
}
END_TEST

START_TEST(chunks_in_another_order)
{
	uint8_t *other;
	size_t n;

	seal(LARGE, LARGE);
	n = sealed.n;
	ck_assert_ptr_nonnull(other = malloc(n + SEALED));
	memcpy(other, sealed.at, n); /* the first two in each other's place */
	memcpy(other, sealed.at + SEALED, SEALED);
	memcpy(other + SEALED, sealed.at, SEALED);
	is_refused(octets_of(other, n), 0);
	memcpy(other, sealed.at, SEALED); /* one twice */
	memcpy(other + SEALED, sealed.at, n);
	is_refused(octets_of(other, n + SEALED), 1);
	memcpy(other, sealed.at, SEALED); /* one left out */
	memcpy(other + SEALED, sealed.at + 2 * SEALED, n - 2 * SEALED);
	is_refused(octets_of(other, n - SEALED), 1);
	memcpy(other, sealed.at, n); /* something behind the last */
	memset(other + n, 0, SEALED);
	is_refused(octets_of(other, n + SEALED), 3);
	free(other);
}
END_TEST

START_TEST(of_another_job)
{
	seal(100, 100);
	of.number = 2;
	is_refused(octets_bytes(&sealed), 0);
	of.number = 1;
	of.job[15] = 1;
	is_refused(octets_bytes(&sealed), 0);
	of.job[15] = 0;
	memcpy(of.tenant, "acm", 4);
	is_refused(octets_bytes(&sealed), 0);
	memcpy(of.tenant, "acme", 5);
	key.prefix[0] ^= 1;
	is_refused(octets_bytes(&sealed), 0);
	key.prefix[0] ^= 1;
	key.key.at[31] ^= 1;
	is_refused(octets_bytes(&sealed), 0);
	key.key.at[31] ^= 1;
	ck_assert(opens(octets_bytes(&sealed), 100));
}
END_TEST

START_TEST(nothing_after_the_end)
{
	struct document_writer *w;

	ck_assert(document_writer_new(&key, &of, &w, &f));
	ck_assert(document_seal(w, octets_text("a"), true, &sealed, &f));
	ck_assert(!document_seal(w, octets_text("b"), true, &sealed, &f));
	document_writer_free(w);
	content_key_free(&key);
	ck_assert(!document_writer_new(&key, &of, &w, &f));
}
END_TEST

START_TEST(lengths_that_none_has)
{
	static const uint64_t none[] = { 0, 1, 15, SEALED + 1, SEALED + 15, SEALED + 16,
		2 * SEALED + 16 };
	uint64_t n;

	for (size_t i = 0; i < COUNT(none); i++)
		ck_assert_msg(!document_plain_octets(none[i], &n), "case %zu", i);
	ck_assert(document_plain_octets(SEALED + 17, &n) && n == CHUNK + 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sealed");
	TCase *t = tcase_create("sealed");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, of_any_length_in_any_pieces);
	tcase_add_test(t, a_flipped_bit);
	tcase_add_test(t, cut_short);
	tcase_add_test(t, chunks_in_another_order);
	tcase_add_test(t, of_another_job);
	tcase_add_test(t, nothing_after_the_end);
	tcase_add_test(t, lengths_that_none_has);
	suite_add_tcase(s, t);
	return run_suite(s);
}
