/* tests/unit/der.c - base/der.h: DER passes, each freedom of BER is refused, what is written can be
 * read. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/der.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ROW(s)                                                                                     \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}

struct row {
	const char *at;
	size_t n;
};

static struct bytes b;
static struct der d;

static void
setup(void)
{
	b = (struct bytes){ 0 };
	d = (struct der){ .out = &b };
}

static void
teardown(void)
{
	bytes_free(&b);
}

static void
all_pass(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct fault f = { 0 };

		ck_assert_msg(
		    der_check(octets_of(rows[i].at, rows[i].n), &f), "row %zu: %s", i, f.text);
	}
}

/* Each row is refused for a reason that holds why. */
static void
all_refused(const struct row *rows, size_t n, const char *why)
{
	for (size_t i = 0; i < n; i++) {
		struct fault f = { 0 };

		ck_assert_msg(!der_check(octets_of(rows[i].at, rows[i].n), &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_msg(strstr(f.text, why) != NULL, "row %zu: %s", i, f.text);
	}
}

static void
wrote(const char *want, size_t n)
{
	struct fault f;

	ck_assert(bytes_ok(&b, &f));
	ck_assert_uint_eq(b.n, n);
	ck_assert_mem_eq(b.at, want, n);
	ck_assert_msg(der_check(octets_bytes(&b), &f), "%s", f.text);
	bytes_clear(&b);
}

START_TEST(passes_primitives)
{
	static const struct row rows[] = { ROW("\x01\x01\x00"), ROW("\x01\x01\xff"),
		ROW("\x02\x01\x00"), ROW("\x02\x02\x00\x80"), ROW("\x02\x01\x80"),
		ROW("\x02\x02\xff\x7f"), ROW("\x0a\x01\x06"), ROW("\x03\x01\x00"),
		ROW("\x03\x02\x07\x80"), ROW("\x04\x00"), ROW("\x05\x00"), ROW("\x06\x01\x2a"),
		ROW("\x06\x03\x2a\x86\x48"), ROW("\x0d\x02\x81\x00"), ROW("\x0c\x02\xc3\xa4"),
		ROW("\x13\x0cGo '()+,-./:"),
		ROW("\x12\x03"
		    "1 2"),
		ROW("\x14\x01\xe4"), ROW("\x16\x01@"), ROW("\x1a\x01~"),
		ROW("\x1e\x02\x00"
		    "a"),
		ROW("\x1c\x04\0\0\0a"),
		ROW("\x17\x0d"
		    "500101000000Z"),
		ROW("\x17\x0d"
		    "240229235959Z"),
		ROW("\x18\x0f"
		    "20000229235959Z"),
		ROW("\x18\x0f"
		    "99991231235959Z"),
		ROW("\x80\x00"), ROW("\x9e\x01\xff"), ROW("\x41\x01\x00"), ROW("\xc1\x01\x00") };

	all_pass(rows, COUNT(rows));
}
END_TEST

START_TEST(passes_constructed)
{
	static const struct row rows[] = { ROW("\x30\x00"), ROW("\x31\x00"), ROW("\xa0\x00"),
		ROW("\x30\x07\x02\x01\x01\x30\x02\x05\x00"), ROW("\xa3\x04\xa0\x02\x05\x00") };
	static const struct row sets[] = {
		ROW("\x31\x06\x02\x01\x01\x02\x01\x02"),     /* ascending */
		ROW("\x31\x06\x02\x01\x01\x02\x01\x01"),     /* alike */
		ROW("\x31\x05\x02\x01\x7f\x04\x00"),         /* by tag */
		ROW("\x31\x07\xa0\x03\x02\x01\x01\x81\x00"), /* a SET by tags, whatever the form */
		ROW("\x30\x06\x02\x01\x02\x02\x01\x01"),     /* a SEQUENCE in any order */
	};

	all_pass(rows, COUNT(rows));
	all_pass(sets, COUNT(sets));
}
END_TEST

START_TEST(refuses_headers)
{
	static const struct row rows[] = { ROW(""), ROW("\x02"), ROW("\x02\x02\x01"),
		ROW("\x00\x00"), ROW("\x30\x80\x00\x00"), /* indefinite */
		ROW("\x04\x81\x01"
		    "a"), /* long form of a short length */
		ROW("\x04\x82\x00\x01"
		    "a"),                             /* a zero in front */
		ROW("\x04\x81"), ROW("\x04\x82\x01"), /* length cut short */
		ROW("\x04\x84\xff\xff\xff\xff"), ROW("\x04\x85\x01\x00\x00\x00\x00"),
		ROW("\x04\x88\xff\xff\xff\xff\xff\xff\xff\xff"), ROW("\x04\xff"),
		ROW("\x1f\x1f\x00"), ROW("\xbf\x81\x00\x00"), /* high tag numbers */
		ROW("\x30\x03\x02\x02\x01"),                  /* a member past its parent's end */
		ROW("\x30\x01\x02"), ROW("\xa0\x02\x04\x01") };

	all_refused(rows, COUNT(rows), "bad tag or length");
}
END_TEST

/* 127 is the last length that must be short, 128 the first that must be long. */
START_TEST(refuses_long_form_of_127)
{
	uint8_t at[3 + 128] = { 0x04, 0x81, 0x80 };
	struct fault f = { 0 };

	ck_assert(der_check(octets_of(at, 3 + 128), &f));
	at[2] = 0x7f;
	ck_assert(!der_check(octets_of(at, 3 + 127), &f));
}
END_TEST

START_TEST(refuses_what_follows)
{
	static const struct row rows[] = { ROW("\x05\x00\x00"), ROW("\x30\x00\x30\x00") };

	all_refused(rows, COUNT(rows), "octets too many");
}
END_TEST

START_TEST(refuses_forms)
{
	static const struct row rows[] = { ROW("\x24\x03\x04\x01"
					       "a"),
		ROW("\x10\x00"), ROW("\x11\x00"), ROW("\x22\x03\x02\x01\x01"), ROW("\x21\x00"),
		ROW("\x2c\x00"), ROW("\x30\x02\x23\x00") };
	static const struct row types[] = { ROW("\x07\x00"), ROW("\x28\x00"), ROW("\x09\x00"),
		ROW("\x2b\x00"), ROW("\x0e\x00"), ROW("\x15\x00"), ROW("\x19\x00"), ROW("\x1b\x00"),
		ROW("\x1d\x00") };

	all_refused(rows, COUNT(rows), "X.690 section 10.2");
	all_refused(types, COUNT(types), "is not taken here");
}
END_TEST

START_TEST(refuses_contents)
{
	static const struct row rows[] = { ROW("\x01\x00"), ROW("\x01\x01\x01"),
		ROW("\x01\x02\xff\xff"), ROW("\x02\x00"), ROW("\x02\x02\x00\x7f"),
		ROW("\x02\x02\xff\x80"), ROW("\x0a\x00"), ROW("\x0a\x02\x00\x01"), ROW("\x03\x00"),
		ROW("\x03\x01\x01"), ROW("\x03\x02\x08\x00"), ROW("\x03\x02\x01\x01"),
		ROW("\x03\x02\x07\x40"), ROW("\x05\x01\x00"), ROW("\x06\x00"), ROW("\x06\x01\x80"),
		ROW("\x06\x02\x2a\x86"), ROW("\x06\x03\x2a\x80\x01"), ROW("\x06\x02\x80\x01"),
		ROW("\x0d\x00"), ROW("\x0c\x01\xff"), ROW("\x0c\x03\xed\xa0\x80"),
		ROW("\x0c\x02\xc0\x80"), ROW("\x0c\x01\xc3"), ROW("\x13\x01@"), ROW("\x13\x01*"),
		ROW("\x13\x01_"), ROW("\x13\x01\x00"), ROW("\x13\x01\xe4"),
		ROW("\x12\x01"
		    "a"),
		ROW("\x12\x01-"), ROW("\x16\x01\x80"), ROW("\x1a\x01\x1f"), ROW("\x1a\x01\x7f"),
		ROW("\x1e\x01"
		    "a"),
		ROW("\x1c\x03"
		    "abc") };

	all_refused(rows, COUNT(rows), "malformed");
}
END_TEST

START_TEST(refuses_times)
{
	static const char *const utc[] = { "", "2401010000Z", "240101000000z", "240101000000+0000",
		"240101000000", "24010100000:Z", "240001000000Z", "241301000000Z", "240100000000Z",
		"240132000000Z", "240431000000Z", "230229000000Z", "240101240000Z", "240101006000Z",
		"240101000060Z" };
	static const char *const full[] = { "240101000000Z", "21000229000000Z", "20240101000000.5Z",
		"2024010100000 Z", "20241301000000Z" };

	for (size_t i = 0; i < COUNT(utc) + COUNT(full); i++) {
		bool is_utc = i < COUNT(utc);
		struct row row;

		der_put_text(
		    &d, is_utc ? DER_UTC_TIME : DER_TIME, is_utc ? utc[i] : full[i - COUNT(utc)]);
		row = (struct row){ (const char *)b.at, b.n };
		all_refused(&row, 1, is_utc ? "malformed UTCTime" : "malformed GeneralizedTime");
		bytes_clear(&b);
	}
}
END_TEST

START_TEST(refuses_sets_out_of_order)
{
	static const struct row rows[] = { ROW("\x31\x06\x02\x01\x02\x02\x01\x01"),
		ROW("\x31\x05\x04\x00\x02\x01\x01"),
		ROW("\x31\x07\x02\x02\x00\x80\x02\x01\x01"), /* the longer one first */
		ROW("\x30\x08\x31\x06\x02\x01\x02\x02\x01\x01"),
		ROW("\x31\x09\x02\x01\x01\x02\x01\x03\x02\x01\x02") };

	all_refused(rows, COUNT(rows), "X.690 section 11.6");
}
END_TEST

/* depth SEQUENCEs, each in the one before. */
static void
nest(unsigned depth)
{
	for (unsigned i = 0; i < depth; i++) {
		uint8_t header[2] = { 0x30, (uint8_t)(2 * (depth - 1 - i)) };

		bytes_put(&b, header, 2);
	}
}

START_TEST(depth_is_bounded)
{
	struct fault f = { 0 };

	nest(DER_DEPTH_MAX);
	ck_assert(der_check(octets_bytes(&b), &f));
	bytes_clear(&b);
	nest(DER_DEPTH_MAX + 1);
	ck_assert(!der_check(octets_bytes(&b), &f));
	ck_assert_ptr_nonnull(strstr(f.text, "over 16 levels deep"));
	ck_assert_ptr_nonnull(strstr(f.text, "octet 32:"));
}
END_TEST

START_TEST(fault_tells_the_offset)
{
	struct fault f = { 0 };

	ck_assert(!der_check(octets_of("\x30\x05\x30\x03\x01\x01\x02", 7), &f));
	ck_assert_str_eq(f.text, "der: octet 4: malformed BOOLEAN");
}
END_TEST

START_TEST(next_takes_value_by_value)
{
	struct octets in = octets_of("\x02\x01\x05\x30\x02\x05\x00", 7), content, whole;
	uint8_t tag;

	ck_assert(der_next(&in, &tag, &content, &whole));
	ck_assert_uint_eq(tag, DER_INTEGER);
	ck_assert(octets_same(content, octets_of("\x05", 1)));
	ck_assert(octets_same(whole, octets_of("\x02\x01\x05", 3)));
	ck_assert(!der_take(&in, DER_SET, &content, NULL));
	ck_assert_uint_eq(in.n, 4);
	ck_assert(der_take(&in, DER_SEQUENCE, &content, NULL));
	ck_assert(octets_same(content, octets_of("\x05\x00", 2)));
	ck_assert_uint_eq(in.n, 0);
	ck_assert(!der_next(&in, &tag, &content, NULL));
	ck_assert(!der_take(&in, DER_SEQUENCE, &content, NULL));
}
END_TEST

START_TEST(next_takes_nothing_of_a_bad_header)
{
	static const struct row rows[] = { ROW("\x30\x80\x00\x00"),
		ROW("\x04\x81\x01"
		    "a"),
		ROW("\x04\x02"
		    "a"),
		ROW("\x1f\x01\x00"), ROW("\x04"), ROW("\x00\x00") };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct octets in = octets_of(rows[i].at, rows[i].n), content = { 0 }, whole = { 0 };
		uint8_t tag = 99;

		ck_assert_msg(!der_next(&in, &tag, &content, &whole), "row %zu", i);
		ck_assert_ptr_eq(in.at, rows[i].at);
		ck_assert_uint_eq(in.n, rows[i].n);
		ck_assert_uint_eq(tag, 99);
		ck_assert_ptr_null(content.at);
	}
}
END_TEST

START_TEST(writes_primitives)
{
	der_put_true(&d);
	wrote("\x01\x01\xff", 3);
	der_put_small(&d, DER_INTEGER, 0);
	wrote("\x02\x01\x00", 3);
	der_put_small(&d, DER_ENUMERATED, 127);
	wrote("\x0a\x01\x7f", 3);
	der_put_small(&d, DER_INTEGER, 128);
	wrote("\x02\x02\x00\x80", 4);
	der_put_small(&d, DER_INTEGER, INT32_MAX);
	wrote("\x02\x04\x7f\xff\xff\xff", 6);
	der_put_unsigned(&d, octets_of(NULL, 0));
	wrote("\x02\x01\x00", 3);
	der_put_unsigned(&d, octets_of("\0\0\x7f", 3));
	wrote("\x02\x01\x7f", 3);
	der_put_unsigned(&d, octets_of("\0\xff\0", 3));
	wrote("\x02\x03\x00\xff\x00", 5);
	der_put_bits(&d, octets_of("\xa5", 1));
	wrote("\x03\x02\x00\xa5", 4);
	der_put_text(&d, DER_UTF8, "hi");
	wrote("\x0c\x02hi", 4);
}
END_TEST

START_TEST(writes_times)
{
	der_put_time(&d, 0);
	wrote("\x17\x0d"
	      "700101000000Z",
	    15);
	der_put_time(&d, INT64_C(2524607999));
	wrote("\x17\x0d"
	      "491231235959Z",
	    15);
	der_put_time(&d, INT64_C(2524608000));
	wrote("\x18\x0f"
	      "20500101000000Z",
	    17);
	der_put_time(&d, INT64_C(-631152000));
	wrote("\x17\x0d"
	      "500101000000Z",
	    15);
	der_put_time(&d, INT64_C(-631152001));
	wrote("\x18\x0f"
	      "19491231235959Z",
	    17);
	der_put_generalized_time(&d, 0);
	wrote("\x18\x0f"
	      "19700101000000Z",
	    17);
	der_put_time(&d, INT64_C(253402300800));
	ck_assert(b.bad);
}
END_TEST

/* A length of each size, around where one more octet is needed. */
START_TEST(writes_lengths)
{
	static const size_t sizes[] = { 0, 1, 127, 128, 255, 256, 65535, 65536, 70000 };
	uint8_t *zeros = calloc(1, 70000);

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct octets in, content, inner;
		struct fault f;

		der_begin(&d, DER_SEQUENCE);
		der_put(&d, DER_OCTETS, octets_of(zeros, sizes[i]));
		der_put_small(&d, DER_INTEGER, 5);
		der_end(&d);
		ck_assert(der_check(octets_bytes(&b), &f));
		in = octets_bytes(&b);
		ck_assert(der_take(&in, DER_SEQUENCE, &content, NULL));
		ck_assert(der_take(&content, DER_OCTETS, &inner, NULL));
		ck_assert_uint_eq(inner.n, sizes[i]);
		ck_assert(der_take(&content, DER_INTEGER, &inner, NULL));
		ck_assert_uint_eq(content.n, 0);
		bytes_clear(&b);
	}
	free(zeros);
}
END_TEST

START_TEST(writes_to_the_depth_that_is_read)
{
	struct fault f;

	for (int i = 0; i < DER_DEPTH_MAX; i++)
		der_begin(&d, DER_SEQUENCE);
	for (int i = 0; i < DER_DEPTH_MAX; i++)
		der_end(&d);
	ck_assert(bytes_ok(&b, &f));
	ck_assert(der_check(octets_bytes(&b), &f));
}
END_TEST

START_TEST(refuses_to_write_wrongly)
{
	for (int i = 0; i < DER_DEPTH_MAX + 1; i++)
		der_begin(&d, DER_SEQUENCE);
	ck_assert(b.bad);
	bytes_clear(&b);
	d.depth = 0;
	der_end(&d);
	ck_assert(b.bad);
	bytes_clear(&b);
	der_put_small(&d, DER_INTEGER, (unsigned)INT32_MAX + 1);
	ck_assert(b.bad);
	bytes_clear(&b);
	der_put(&d, DER_OCTETS, octets_of("", (size_t)BYTES_MAX + 1));
	ck_assert(b.bad);
}
END_TEST

/* Flip every bit of a value that uses most rules: whatever is made of it, nothing reads past the
 * end. */
START_TEST(survives_flipped_bits)
{
	uint8_t at[64];
	size_t n, passed = 0;

	der_begin(&d, DER_SEQUENCE);
	der_put_true(&d);
	der_put_time(&d, 1000000000);
	der_begin(&d, DER_SET);
	der_put(&d, DER_OID, octets_of("\x2a\x86\x48", 3));
	der_put_text(&d, DER_PRINTABLE, "abc");
	der_end(&d);
	der_put_bits(&d, octets_of("\x01", 1));
	der_end(&d);
	n = b.n;
	ck_assert_uint_le(n, sizeof(at));
	for (size_t bit = 0; bit < n * 8; bit++) {
		struct fault f;
		uint8_t *exact = malloc(n);

		memcpy(exact, b.at, n);
		exact[bit / 8] ^= (uint8_t)(1u << bit % 8);
		passed += der_check(octets_of(exact, n), &f);
		ck_assert(!der_check(octets_of(exact, n - 1), &f));
		free(exact);
	}
	ck_assert_uint_lt(passed, n * 8 / 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("der");
	TCase *t = tcase_create("der");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, passes_primitives);
	tcase_add_test(t, passes_constructed);
	tcase_add_test(t, refuses_headers);
	tcase_add_test(t, refuses_long_form_of_127);
	tcase_add_test(t, refuses_what_follows);
	tcase_add_test(t, refuses_forms);
	tcase_add_test(t, refuses_contents);
	tcase_add_test(t, refuses_times);
	tcase_add_test(t, refuses_sets_out_of_order);
	tcase_add_test(t, depth_is_bounded);
	tcase_add_test(t, fault_tells_the_offset);
	tcase_add_test(t, next_takes_value_by_value);
	tcase_add_test(t, next_takes_nothing_of_a_bad_header);
	tcase_add_test(t, writes_primitives);
	tcase_add_test(t, writes_times);
	tcase_add_test(t, writes_lengths);
	tcase_add_test(t, writes_to_the_depth_that_is_read);
	tcase_add_test(t, refuses_to_write_wrongly);
	tcase_add_test(t, survives_flipped_bits);
	suite_add_tcase(s, t);
	return run_suite(s);
}
