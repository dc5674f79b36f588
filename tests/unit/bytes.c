/* tests/unit/bytes.c - base/bytes.h: what is put comes back, and what does not fit is never half
 * there. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/unit/run.h"

static struct bytes b;

static void
setup(void)
{
	b = (struct bytes){ 0 };
}

static void
teardown(void)
{
	bytes_free(&b);
}

/* b holds exactly these octets. */
static void
holds(const void *at, size_t n)
{
	struct fault f;

	ck_assert(bytes_ok(&b, &f));
	ck_assert_uint_eq(b.n, n);
	ck_assert(octets_same(octets_bytes(&b), octets_of(at, n)));
}

/* b is bad, says so as our own fault, and stays so whatever else is put. */
static void
is_bad(void)
{
	struct fault f = { 0 };
	size_t n = b.n;

	bytes_put_u8(&b, 1);
	ck_assert_uint_eq(b.n, n);
	ck_assert(!bytes_ok(&b, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_ptr_nonnull(strstr(f.text, "bytes: "));
}

START_TEST(puts_big_endian)
{
	bytes_put_u8(&b, 0x01);
	bytes_put_u16(&b, 0x0203);
	bytes_put_u32(&b, 0x04050607);
	bytes_put_u64(&b, UINT64_C(0x08090a0b0c0d0eff));
	holds("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\xff", 15);
}
END_TEST

START_TEST(puts_counted_and_text)
{
	bytes_put_counted_text(&b, "ab");
	bytes_put_counted(&b, octets_of(NULL, 0));
	bytes_put_text(&b, "cd");
	bytes_put(&b, NULL, 0);
	bytes_put_octets(&b, octets_text("e"));
	bytes_put_fmt(&b, "%d-%s", 7, "f");
	holds("\0\0\0\2ab\0\0\0\0cde7-f", 16);
}
END_TEST

START_TEST(grows_past_its_first_room)
{
	for (unsigned i = 0; i < 1000; i++)
		bytes_put_fmt(&b, "%03u", i);
	ck_assert_uint_eq(b.n, 3000);
	ck_assert_mem_eq(b.at + 2997, "999", 3);
	ck_assert_mem_eq(b.at, "000001", 6);
}
END_TEST

START_TEST(extend_lends_what_was_added)
{
	uint8_t *to;

	bytes_put_text(&b, "a");
	to = bytes_extend(&b, 2);
	ck_assert_ptr_eq(to, b.at + 1);
	memcpy(to, "bc", 2);
	holds("abc", 3);
	ck_assert_ptr_nonnull(bytes_extend(&b, 0));
	holds("abc", 3);
}
END_TEST

START_TEST(refuses_over_the_limit)
{
	static const uint8_t one = 1;

	bytes_put(&b, &one, 1);
	ck_assert_ptr_null(bytes_extend(&b, BYTES_MAX));
	ck_assert_uint_eq(b.n, 1);
	is_bad();
	bytes_clear(&b);
	bytes_put_counted(&b, octets_of(&one, (size_t)BYTES_MAX + 1));
	is_bad();
	bytes_clear(&b);
	ck_assert_ptr_null(bytes_extend(&b, SIZE_MAX));
	is_bad();
}
END_TEST

START_TEST(takes_the_limit_itself)
{
	ck_assert_ptr_nonnull(bytes_extend(&b, BYTES_MAX));
	ck_assert_uint_eq(b.n, BYTES_MAX);
	ck_assert_ptr_null(bytes_extend(&b, 1));
	is_bad();
}
END_TEST

START_TEST(clear_and_free_begin_anew)
{
	bytes_put_text(&b, "abc");
	ck_assert_ptr_null(bytes_extend(&b, SIZE_MAX));
	bytes_clear(&b);
	holds("", 0);
	bytes_put_text(&b, "d");
	holds("d", 1);
	bytes_free(&b);
	ck_assert_ptr_null(b.at);
	ck_assert_uint_eq(b.room, 0);
	bytes_put_text(&b, "e");
	holds("e", 1);
}
END_TEST

START_TEST(same_is_by_length_and_octets)
{
	ck_assert(octets_same(octets_text(""), octets_of(NULL, 0)));
	ck_assert(octets_same(octets_text("ab"), octets_of("abc", 2)));
	ck_assert(!octets_same(octets_text("ab"), octets_text("abc")));
	ck_assert(!octets_same(octets_text("ab"), octets_text("aB")));
	ck_assert(!octets_same(octets_text("a"), octets_of(NULL, 0)));
}
END_TEST

START_TEST(takes_a_text_from_the_front)
{
	struct octets o = octets_text("/crl/x"), none = { NULL, 0 };

	ck_assert(!octets_take_text(&o, "/ca/"));
	ck_assert(!octets_take_text(&o, "/crl/xy"));
	ck_assert(!octets_take_text(&none, "/"));
	ck_assert(octets_same(o, octets_text("/crl/x")));
	ck_assert(octets_take_text(&o, "/crl/"));
	ck_assert(octets_same(o, octets_text("x")));
	ck_assert(octets_take_text(&o, "x"));
	ck_assert_uint_eq(o.n, 0);
}
END_TEST

START_TEST(reads_back_what_was_put)
{
	uint8_t raw[2];
	char text[3];
	struct reader r;
	struct octets o;

	bytes_put_u8(&b, 9);
	bytes_put_u16(&b, 0xfffe);
	bytes_put_u32(&b, 0xfffffffd);
	bytes_put_u64(&b, UINT64_MAX - 3);
	bytes_put_text(&b, "xy");
	bytes_put_counted_text(&b, "abc");
	bytes_put_counted_text(&b, "de");
	r = reader_of(octets_bytes(&b));
	ck_assert_uint_eq(reader_u8(&r), 9);
	ck_assert_uint_eq(reader_u16(&r), 0xfffe);
	ck_assert_uint_eq(reader_u32(&r), 0xfffffffd);
	ck_assert_uint_eq(reader_u64(&r), UINT64_MAX - 3);
	reader_copy(&r, raw, 2);
	ck_assert_mem_eq(raw, "xy", 2);
	o = reader_counted(&r);
	ck_assert(octets_same(o, octets_text("abc")));
	ck_assert(!reader_done(&r));
	reader_counted_text(&r, text, sizeof(text));
	ck_assert_str_eq(text, "de");
	ck_assert(reader_done(&r));
}
END_TEST

/* After a short read everything is zeros, even what would still fit. */
START_TEST(short_read_is_bad_for_good)
{
	struct reader r = reader_of(octets_of("\1\2\3", 3));
	uint8_t raw[2] = { 7, 7 };
	char text[4] = "zzz";

	ck_assert_uint_eq(reader_u32(&r), 0);
	ck_assert_uint_eq(reader_u8(&r), 0);
	ck_assert_uint_eq(reader_u16(&r), 0);
	ck_assert_uint_eq(reader_u64(&r), 0);
	reader_copy(&r, raw, 2);
	ck_assert_mem_eq(raw, "\0\0", 2);
	ck_assert_uint_eq(reader_counted(&r).n, 0);
	reader_counted_text(&r, text, sizeof(text));
	ck_assert_str_eq(text, "");
	ck_assert(!reader_done(&r));
}
END_TEST

START_TEST(count_past_the_end_is_bad)
{
	struct reader r = reader_of(octets_of("\0\0\0\3ab", 6));

	ck_assert_uint_eq(reader_counted(&r).n, 0);
	ck_assert(r.bad);
	r = reader_of(octets_of("\xff\xff\xff\xff"
				"ab",
	    6));
	ck_assert_uint_eq(reader_counted(&r).n, 0);
	ck_assert(r.bad);
}
END_TEST

START_TEST(text_that_does_not_fit_is_bad)
{
	char text[3] = "zz";
	struct reader r = reader_of(octets_of("\0\0\0\3abc", 7));

	reader_counted_text(&r, text, sizeof(text));
	ck_assert(r.bad);
	ck_assert_str_eq(text, "");
	r = reader_of(octets_of("\0\0\0\2a\0", 6));
	reader_counted_text(&r, text, sizeof(text));
	ck_assert_msg(r.bad, "a NUL inside");
	r = reader_of(octets_of("\0\0\0\0", 4));
	reader_counted_text(&r, text, 0);
	ck_assert_msg(r.bad, "no room for the NUL");
}
END_TEST

START_TEST(nothing_reads_as_done)
{
	struct reader r = reader_of(octets_of(NULL, 0));

	ck_assert(reader_done(&r));
	reader_copy(&r, NULL, 0);
	ck_assert(reader_done(&r));
	ck_assert_uint_eq(reader_u8(&r), 0);
	ck_assert(!reader_done(&r));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bytes");
	TCase *t = tcase_create("bytes");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, puts_big_endian);
	tcase_add_test(t, puts_counted_and_text);
	tcase_add_test(t, grows_past_its_first_room);
	tcase_add_test(t, extend_lends_what_was_added);
	tcase_add_test(t, refuses_over_the_limit);
	tcase_add_test(t, takes_the_limit_itself);
	tcase_add_test(t, clear_and_free_begin_anew);
	tcase_add_test(t, same_is_by_length_and_octets);
	tcase_add_test(t, takes_a_text_from_the_front);
	tcase_add_test(t, reads_back_what_was_put);
	tcase_add_test(t, short_read_is_bad_for_good);
	tcase_add_test(t, count_past_the_end_is_bad);
	tcase_add_test(t, text_that_does_not_fit_is_bad);
	tcase_add_test(t, nothing_reads_as_done);
	suite_add_tcase(s, t);
	return run_suite(s);
}
