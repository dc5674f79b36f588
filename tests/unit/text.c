/* tests/unit/text.c - base/text.h: known answers, and everything near them refused. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

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

static void
holds(const char *want)
{
	struct fault f;

	ck_assert(bytes_ok(&b, &f));
	bytes_put_u8(&b, 0);
	ck_assert_str_eq((const char *)b.at, want);
	bytes_clear(&b);
}

START_TEST(hex_both_ways)
{
	char to[7];
	uint8_t at[3];

	text_hex((const uint8_t *)"\x00\xab\xff", 3, to);
	ck_assert_str_eq(to, "00abff");
	ck_assert(text_unhex("00AbfF", at, 3));
	ck_assert_mem_eq(at, "\x00\xab\xff", 3);
	ck_assert(text_unhex("", at, 0));
}
END_TEST

START_TEST(unhex_refuses)
{
	static const char *const bad[] = { "", "00abf", "00abfff", "00abff00", "00abfg", " 0abff",
		"00abff\n", "0x00ab", "00:abff", "-0abff" };

	for (size_t i = 0; i < COUNT(bad); i++) {
		uint8_t at[3] = { 1, 2, 3 };

		ck_assert_msg(!text_unhex(bad[i], at, 3), "%s", bad[i]);
		ck_assert_mem_eq(at, "\1\2\3", 3);
	}
}
END_TEST

/* RFC 4648 section 10, without its padding. */
START_TEST(base32_known_answers)
{
	static const char *const want[] = { "", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB",
		"MZXW6YTBOI" };

	for (size_t n = 0; n < COUNT(want); n++) {
		char to[16];

		text_base32((const uint8_t *)"foobar", n, to);
		ck_assert_str_eq(to, want[n]);
		ck_assert_uint_le(strlen(to), (8 * n + 4) / 5);
	}
}
END_TEST

START_TEST(base64_known_answers)
{
	static const char *const want[] = { "", "Zg==", "Zm8=", "Zm9v",
		"Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };

	for (size_t n = 0; n < COUNT(want); n++) {
		struct fault f;

		text_base64(octets_of("foobar", n), 0, &b);
		holds(want[n]);
		if (n == 0)
			continue;
		ck_assert(text_unbase64(octets_text(want[n]), &b, &f));
		ck_assert(octets_same(octets_bytes(&b), octets_of("foobar", n)));
		bytes_clear(&b);
	}
}
END_TEST

START_TEST(base64_in_columns)
{
	text_base64(octets_text("foobarfoo"), 8, &b);
	holds("Zm9vYmFy\nZm9v\n");
	text_base64(octets_text("foobar"), 8, &b);
	holds("Zm9vYmFy\n");
	text_base64(octets_text("foob"), 1, &b);
	holds("Zm9v\nYg==\n");
	text_base64(octets_of(NULL, 0), 64, &b);
	holds("");
}
END_TEST

/* A text longer than one step of the writer is still one line without seams. */
START_TEST(base64_long_both_ways)
{
	uint8_t at[5000], *end;
	struct bytes back = { 0 };
	struct fault f;

	for (size_t i = 0; i < sizeof(at); i++)
		at[i] = (uint8_t)(i * 7 + i / 256);
	text_base64(octets_of(at, sizeof(at)), 0, &b);
	ck_assert_uint_eq(b.n, (sizeof(at) + 2) / 3 * 4);
	end = memchr(b.at, '\n', b.n);
	ck_assert_ptr_null(end);
	ck_assert(text_unbase64(octets_bytes(&b), &back, &f));
	ck_assert(octets_same(octets_bytes(&back), octets_of(at, sizeof(at))));
	bytes_free(&back);
}
END_TEST

START_TEST(unbase64_is_lenient_about_lines)
{
	static const char *const good[] = { "Zm9vYg==", " Zm9v\r\nYg= =\n",
		"\tZ m 9 v Y g = =", "-----BEGIN X-----\nZm9vYg==\n-----END X-----\n",
		"\r\n-----BEGIN CERTIFICATE REQUEST-----\r\nZm9v\r\nYg==\r\n-----END CERTIFICATE REQUEST-----",
		"Zm9vYg==\n-----END X-----", "-----BEGIN X-----\nZm9vYg==" };

	for (size_t i = 0; i < COUNT(good); i++) {
		struct fault f;

		bytes_put_text(&b, ">");
		ck_assert_msg(text_unbase64(octets_text(good[i]), &b, &f), "%s", good[i]);
		holds(">foob");
	}
}
END_TEST

START_TEST(unbase64_refuses)
{
	static const char *const bad[] = { "", " \r\n\t", "Zg", "Zg=", "Zg===", "Z",
		"Zh==", "Zm9=", "Zm9v!", "Zm9-", "Zm_v", "=Zm9v", "Zg==Zg==", "Zm9v\fZm9v",
		"-----BEGIN X-----", "-----BEGIN X-----\n-----END X-----",
		"Zm9v\n-----BEGIN X-----\nZm9v", "-----BEGIN X-----Zm9v", "Zm9v-----END X-----" };

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct fault f = { 0 };

		bytes_put_text(&b, ">");
		ck_assert_msg(!text_unbase64(octets_text(bad[i]), &b, &f), "%s", bad[i]);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		holds(">");
	}
}
END_TEST

START_TEST(unbase64_refuses_nul)
{
	struct fault f = { 0 };

	ck_assert(!text_unbase64(octets_of("Zm9v\0", 5), &b, &f));
	ck_assert(!text_unbase64(octets_of("Zm9v\0Zm9", 8), &b, &f));
	ck_assert_uint_eq(b.n, 0);
}
END_TEST

/* Each octet but the alphabet's own and what is passed over, in each place of four. */
START_TEST(unbase64_refuses_other_octets)
{
	static const char taken[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/ \t\r\n";
	struct fault f = { 0 };
	char text[] = "Zm9vZm9v";

	for (int octet = 1; octet < 256; octet++)
		for (size_t at = 0; strchr(taken, octet) == NULL && at < 8; at++) {
			(void)memcpy(text, "Zm9vZm9v", 8);
			text[at] = (char)octet;
			if (octet == '=' && at == 7)
				continue;
			ck_assert_msg(!text_unbase64(octets_text(text), &b, &f), "%02x at %zu",
			    (unsigned)octet, at);
		}
}
END_TEST

START_TEST(labels)
{
	char longest[65];

	memset(longest, 'a', sizeof(longest));
	longest[63] = '\0';
	ck_assert(text_is_label(longest));
	longest[63] = 'a';
	longest[64] = '\0';
	ck_assert(!text_is_label(longest));
	ck_assert(text_is_label("a"));
	ck_assert(text_is_label("0-9--z"));
	ck_assert(!text_is_label(""));
	ck_assert(!text_is_label("-a"));
	ck_assert(!text_is_label("a-"));
	ck_assert(!text_is_label("A"));
	ck_assert(!text_is_label("a.b"));
	ck_assert(!text_is_label("a_b"));
	ck_assert(!text_is_label("a b"));
	ck_assert(!text_is_label("\xc3\xa4"));
}
END_TEST

START_TEST(hosts)
{
	char longest[255];

	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = i % 2 == 0 ? 'a' : '.';
	longest[253] = '\0';
	ck_assert(text_is_host(longest));
	longest[253] = 'a';
	longest[254] = '\0';
	ck_assert(!text_is_host(longest));
	ck_assert(text_is_host("a"));
	ck_assert(text_is_host("a.b-c.d"));
	ck_assert(!text_is_host(""));
	ck_assert(!text_is_host("."));
	ck_assert(!text_is_host("a."));
	ck_assert(!text_is_host(".a"));
	ck_assert(!text_is_host("a..b"));
	ck_assert(!text_is_host("a.B"));
	ck_assert(!text_is_host("a.b:1"));
	ck_assert(!text_is_host("*.a"));
}
END_TEST

START_TEST(durations)
{
	static const struct {
		const char *s;
		int64_t want_s;
	} good[] = { { "1", 1 }, { "30s", 30 }, { "15m", 900 }, { "24h", 86400 },
		{ "90d", 7776000 }, { "36525d", INT64_C(3155760000) },
		{ "3155760000", INT64_C(3155760000) } };
	static const char *const bad[] = { "", "0", "0d", "01", "d", "-1", "+1", "1.5h", " 1", "1 ",
		"1D", "1w", "1y", "1dd", "1d1h", "36526d", "3155760001", "9223372036854775807d",
		"99999999999999999999999999" };

	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t v = 0;

		ck_assert_msg(text_duration(good[i].s, &v), "%s", good[i].s);
		ck_assert_int_eq(v, good[i].want_s);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t v = 42;

		ck_assert_msg(!text_duration(bad[i], &v), "%s", bad[i]);
		ck_assert_int_eq(v, 42);
	}
}
END_TEST

START_TEST(times)
{
	char to[TEXT_TIME_MAX];

	text_time(0, to);
	ck_assert_str_eq(to, "1970-01-01T00:00:00Z");
	text_time(1795357800, to);
	ck_assert_str_eq(to, "2026-11-22T14:30:00Z");
	text_time(951782399, to);
	ck_assert_str_eq(to, "2000-02-28T23:59:59Z");
	text_time(-1, to);
	ck_assert_str_eq(to, "1969-12-31T23:59:59Z");
	text_time(TEXT_TIME_LAST_S, to);
	ck_assert_str_eq(to, "9999-12-31T23:59:59Z");
	text_time(INT64_MAX, to);
	ck_assert_str_eq(to, "9999-12-31T23:59:59Z");
	text_time(INT64_MIN, to);
	ck_assert_str_eq(to, "0000-01-01T00:00:00Z");
}
END_TEST

START_TEST(printable_escapes)
{
	text_put_printable(&b, octets_of("a b'=\"\\\n\0\x7f\xff", 11));
	holds("a b'=\\x22\\x5c\\x0a\\x00\\x7f\\xff");
}
END_TEST

START_TEST(unpercent_decodes)
{
	char to[5];

	ck_assert(text_unpercent(octets_text("a%2Fb%2f"), to, sizeof(to)));
	ck_assert_str_eq(to, "a/b/");
	ck_assert(text_unpercent(octets_text("+%25"), to, sizeof(to)));
	ck_assert_str_eq(to, "+%");
	ck_assert(text_unpercent(octets_of(NULL, 0), to, sizeof(to)));
	ck_assert_str_eq(to, "");
}
END_TEST

START_TEST(unpercent_refuses)
{
	static const char *const bad[] = { "%", "%2", "%2g", "%g2", "a%", "%%41", "%00", "a%00b",
		"%-1", "abcde", "%61%62%63%64%65" };
	char to[5];

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!text_unpercent(octets_text(bad[i]), to, sizeof(to)), "%s", bad[i]);
	ck_assert(!text_unpercent(octets_of("a\0b", 3), to, sizeof(to)));
	ck_assert(!text_unpercent(octets_text(""), to, 0));
}
END_TEST

START_TEST(utf8_characters)
{
	static const struct {
		const char *s;
		size_t n;
		uint32_t code;
	} good[] = { { "A", 1, 'A' }, { "\x7f", 1, 0x7f }, { "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff }, { "\xe0\xa0\x80", 3, 0x800 },
		{ "\xed\x9f\xbf", 3, 0xd7ff }, { "\xee\x80\x80", 3, 0xe000 },
		{ "\xef\xbf\xbf", 3, 0xffff }, { "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff } };

	for (size_t i = 0; i < COUNT(good); i++) {
		uint32_t code = 1;

		ck_assert_uint_eq(text_utf8(octets_text(good[i].s), &code), good[i].n);
		ck_assert_uint_eq(code, good[i].code);
		ck_assert_uint_eq(text_utf8(octets_of(good[i].s, good[i].n - 1), &code), 0);
	}
}
END_TEST

START_TEST(utf8_refuses)
{
	static const char *const bad[] = { "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2",
		"\xc2\x41", "\xe0\x9f\xbf", "\xe1\x80\x41", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe", "\xff" };

	for (size_t i = 0; i < COUNT(bad); i++) {
		uint32_t code = 1;

		ck_assert_msg(text_utf8(octets_text(bad[i]), &code) == 0, "row %zu", i);
		ck_assert_uint_eq(code, 1);
	}
}
END_TEST

/* Turn \xNN back into its octet. */
static void
unescape(struct octets o, struct bytes *ret)
{
	while (o.n > 0) {
		size_t n = o.n >= 4 && o.at[0] == '\\' && o.at[1] == 'x' ? 4 : 1;
		char pair[3] = { 0 };
		uint8_t c = o.at[0];

		if (n == 4) {
			memcpy(pair, o.at + 2, 2);
			ck_assert(text_unhex(pair, &c, 1));
		}
		bytes_put_u8(ret, c);
		o.at += n;
		o.n -= n;
	}
}

START_TEST(safe_escapes_and_can_be_had_back)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "plain \"text\" \xc3\xa4\xf0\x9f\x98\x80",
		    "plain \"text\" \xc3\xa4\xf0\x9f\x98\x80" },
		{ "C:\\dir\\", "C:\\dir\\" },
		{ "\\x41", "\\x5cx41" },
		{ "\\\\x41", "\\\\x5cx41" },
		{ "\\\x1b[31m", "\\\\x1b[31m" },
		{ "a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f" },
		{ "\xc2\x85", "\\xc2\\x85" },
		{ "\xe2\x80\xae\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9",
		    "\\xe2\\x80\\xae\\xe2\\x80\\xaa\\xe2\\x81\\xa6\\xe2\\x81\\xa9" },
		{ "\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "\\xe2\\x80\\x8e\\xe2\\x80\\x8f\\xd8\\x9c" },
		{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
		{ "\xff\xc0\x80 \xed\xa0\x80 \xe2\x80",
		    "\\xff\\xc0\\x80 \\xed\\xa0\\x80 \\xe2\\x80" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes back = { 0 };

		text_put_safe(&b, octets_text(rows[i].in), false);
		unescape(octets_bytes(&b), &back);
		ck_assert(octets_same(octets_bytes(&back), octets_text(rows[i].in)));
		bytes_free(&back);
		holds(rows[i].want);
	}
}
END_TEST

START_TEST(safe_lets_line_feeds_pass_on_request)
{
	text_put_safe(&b, octets_text("a\nb\r\n"), true);
	holds("a\nb\\x0d\n");
	text_put_safe(&b, octets_of("\0", 1), true);
	holds("\\x00");
}
END_TEST

/* All that is at stake when two texts meet in one record: no two come out alike. */
START_TEST(safe_is_injective_on_short_texts)
{
	static const char letters[] = "\\x5c\x1b";
	enum { N = 5 };
	char seen[N * N * N * N][20];
	size_t n = 0;

	for (size_t i = 0; i < COUNT(seen); i++) {
		const char in[4] = { letters[i % N], letters[i / N % N], letters[i / N / N % N],
			letters[i / N / N / N] };

		text_put_safe(&b, octets_of(in, sizeof(in)), false);
		ck_assert_uint_lt(b.n, sizeof(seen[n]));
		memcpy(seen[n], b.at, b.n);
		seen[n][b.n] = '\0';
		bytes_clear(&b);
		for (size_t j = 0; j < n; j++)
			ck_assert_str_ne(seen[j], seen[n]);
		n++;
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text");
	TCase *t = tcase_create("text");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, hex_both_ways);
	tcase_add_test(t, unhex_refuses);
	tcase_add_test(t, base32_known_answers);
	tcase_add_test(t, base64_known_answers);
	tcase_add_test(t, base64_in_columns);
	tcase_add_test(t, base64_long_both_ways);
	tcase_add_test(t, unbase64_is_lenient_about_lines);
	tcase_add_test(t, unbase64_refuses);
	tcase_add_test(t, unbase64_refuses_nul);
	tcase_add_test(t, unbase64_refuses_other_octets);
	tcase_add_test(t, labels);
	tcase_add_test(t, hosts);
	tcase_add_test(t, durations);
	tcase_add_test(t, times);
	tcase_add_test(t, printable_escapes);
	tcase_add_test(t, unpercent_decodes);
	tcase_add_test(t, unpercent_refuses);
	tcase_add_test(t, utf8_characters);
	tcase_add_test(t, utf8_refuses);
	tcase_add_test(t, safe_escapes_and_can_be_had_back);
	tcase_add_test(t, safe_lets_line_feeds_pass_on_request);
	tcase_add_test(t, safe_is_injective_on_short_texts);
	suite_add_tcase(s, t);
	return run_suite(s);
}
