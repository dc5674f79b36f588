/* tests/unit/chunked.c - relay/chunked.h: chunks come off in whatever pieces they come, or not at
 * all. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/chunked.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct chunked chunked;
static struct fault fault;
static char body[8192];
static size_t body_n;

/* All of in, by pieces: how many octets were taken; SIZE_MAX: refused. */
static size_t
take(struct octets in, size_t piece)
{
	size_t at = 0, used;
	struct octets run;

	chunked = (struct chunked){ .state = CHUNKED_SIZE };
	body_n = 0;
	while (at < in.n && chunked.state != CHUNKED_END) {
		size_t n = in.n - at < piece ? in.n - at : piece;

		if (!chunked_take(&chunked, octets_of(in.at + at, n), &used, &run, &fault))
			return SIZE_MAX;
		ck_assert_uint_gt(used, 0);
		ck_assert_uint_le(used, n);
		ck_assert_uint_le(run.n, used);
		ck_assert_uint_le(body_n + run.n, sizeof(body));
		if (run.n > 0)
			memcpy(body + body_n, run.at, run.n);
		body_n += run.n;
		at += used;
	}
	return at;
}

START_TEST(in_whatever_pieces)
{
	static const struct {
		const char *text, *body;
		size_t behind;
	} rows[] = {
		{ "0\r\n\r\n", "", 0 },
		{ "000\r\n\r\n", "", 0 },
		{ "5\r\nhello\r\n0\r\n\r\n", "hello", 0 },
		{ "5\r\nhello\r\n0\r\n\r\nPOST", "hello", 4 },
		{ "1\r\nh\r\n4\r\nello\r\n00\r\n\r\n", "hello", 0 },
		{ "00000000000000A\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0 },
		{ "9\r\n0\r\n\r\n6789\r\n0\r\n\r\n", "0\r\n\r\n6789", 0 },
		{ "5;x=y;z=\"0\"\r\nhello\r\n0;a\r\n\r\n", "hello", 0 },
		{ "5;\r\nhello\r\n0\r\nA: b\r\nC:\r\n\r\n", "hello", 0 },
		{ "0\r\nContent-Length: 5\r\n\r\nhello", "", 5 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = strlen(rows[i].text);

		for (size_t piece = 1; piece <= n; piece++) {
			size_t taken = take(octets_text(rows[i].text), piece);

			ck_assert_msg(
			    taken == n - rows[i].behind, "%zu by %zu: %zu", i, piece, taken);
			ck_assert_int_eq(chunked.state, CHUNKED_END);
			ck_assert(octets_same(octets_of(body, body_n), octets_text(rows[i].body)));
		}
	}
}
END_TEST

START_TEST(what_is_no_chunk)
{
	static const char *const rows[] = {
		"\r\n",
		"\n",
		" 5\r\nhello",
		"5 \r\nhello",
		"5\t;x\r\nhello",
		"0x5\r\nhello",
		"+5\r\nhello",
		"-5\r\nhello",
		"-0\r\n\r\n",
		"g\r\n",
		"5g\r\n",
		"5_0\r\n",
		"5\nhello\r\n",
		"5\r\rhello",
		"5\rhello",
		"5\r\nhelloX\r\n",
		"5\r\nhello\n0\r\n\r\n",
		"5\r\nhello\r0\r\n\r\n",
		"5\r\nhello0\r\n\r\n",
		"5\r\nhello\r\n\r\n",
		"5\r\nhello\r\n;\r\n",
		"1000000000000000\r\n",
		"0000000000000000\r\n\r\n",
		"ffffffffffffffff\r\n",
		"10000000000000005\r\nhello",
		"5;x\ny\r\nhello",
		"5;x\ry\r\nhello",
		"5;\x01\r\nhello",
		"5;\x80\r\nhello",
		"5;\x7f\r\nhello",
		"0\r\nA: b\n\r\n",
		"0\r\nA: b\rC\r\n",
		"0\r\nA: \x02\r\n\r\n",
		"0\r\n\n",
		"0\r\n\r\r",
		"0\r\n\rX",
		"0\n\r\n",
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t piece = 1; piece <= strlen(rows[i]); piece++) {
			fault.code = FAULT_INTERNAL;
			ck_assert_msg(take(octets_text(rows[i]), piece) == SIZE_MAX,
			    "%zu by %zu: %s", i, piece, rows[i]);
			ck_assert_int_eq(fault.code, FAULT_BADREQ);
		}
	ck_assert_uint_eq(take(octets_of("5\0\r\nhello", 9), 9), SIZE_MAX);
	ck_assert_uint_eq(take(octets_of("0\r\n\0: b\r\n\r\n", 11), 11), SIZE_MAX);
}
END_TEST

/* Extensions and trailers are bounded together, over the whole of a body. */
START_TEST(extensions_without_end)
{
	static char text[CHUNKED_EXTRA_MAX * 4];
	size_t n = 0;

	memset(text, 'x', sizeof(text));
	memcpy(text, "1;", 2);
	ck_assert_uint_eq(take(octets_of(text, 2 + CHUNKED_EXTRA_MAX), 100), 2 + CHUNKED_EXTRA_MAX);
	ck_assert_uint_eq(take(octets_of(text, 3 + CHUNKED_EXTRA_MAX), 100), SIZE_MAX);
	memcpy(text, "0\r\n", 3);
	ck_assert_uint_eq(take(octets_of(text, 3 + CHUNKED_EXTRA_MAX), 100), 3 + CHUNKED_EXTRA_MAX);
	ck_assert_uint_eq(take(octets_of(text, 4 + CHUNKED_EXTRA_MAX), 100), SIZE_MAX);
	/* one octet each, in many chunks */
	while (n < sizeof(text) - 8)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "1;x\r\nb\r\n");
	ck_assert_uint_eq(take(octets_of(text, n), n), n);
	ck_assert_uint_eq(body_n, n / 8);
}
END_TEST

START_TEST(not_yet_at_its_end)
{
	static const char text[] = "5;a\r\nhello\r\n0\r\nA: b\r\n\r\n";

	for (size_t n = 0; n < strlen(text); n++) {
		ck_assert_uint_eq(take(octets_of(text, n), 3), n);
		ck_assert_int_ne(chunked.state, CHUNKED_END);
	}
}
END_TEST

/* Nothing is taken of what follows. */
START_TEST(behind_its_end)
{
	struct octets run;
	size_t used = 7;

	ck_assert_uint_eq(take(octets_text("0\r\n\r\n"), 5), 5);
	ck_assert(chunked_take(&chunked, octets_text("5\r\n"), &used, &run, &fault));
	ck_assert_uint_eq(used, 0);
	ck_assert_uint_eq(run.n, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chunked");
	TCase *t = tcase_create("chunked");

	tcase_add_test(t, in_whatever_pieces);
	tcase_add_test(t, what_is_no_chunk);
	tcase_add_test(t, extensions_without_end);
	tcase_add_test(t, not_yet_at_its_end);
	tcase_add_test(t, behind_its_end);
	suite_add_tcase(s, t);
	return run_suite(s);
}
