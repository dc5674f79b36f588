/* tests/unit/http_head.c - relay/http_head.h: a head has one meaning, or it is refused. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/http_head.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define POST     "POST /ipp/print HTTP/1.1\r\nHost: a\r\n"

static struct http_head head;
static unsigned status;
static struct fault fault;
static size_t used;

static bool
reads(const char *text)
{
	used = 0;
	status = 0;
	head = (struct http_head){ .keep = false };
	return http_head_read(octets_text(text), &used, &head, &status, &fault);
}

START_TEST(what_a_head_says)
{
	static const char text[] = "POST /ipp/print/hp-1?a=b?c HTTP/1.1\r\nHost: relay:632\r\n"
				   "Content-Type: \t application/ipp \t\r\nX-Empty:\r\n"
				   "content-LENGTH: 12\r\nExpect: 100-Continue\r\n\r\nbody";
	struct octets o;

	ck_assert(reads(text));
	ck_assert_uint_eq(used, strlen(text) - strlen("body"));
	ck_assert(octets_same(head.method, octets_text("POST")));
	ck_assert(octets_same(head.path, octets_text("/ipp/print/hp-1")));
	ck_assert(octets_same(head.query, octets_text("a=b?c")));
	ck_assert(head.is_11 && head.keep && head.expects);
	ck_assert_uint_eq(head.octets, 12);
	ck_assert_uint_eq(head.fields_n, 5);
	ck_assert(http_head_field(&head, "content-type", &o));
	ck_assert(octets_same(o, octets_text("application/ipp")));
	ck_assert(http_head_field(&head, "x-empty", &o));
	ck_assert(o.at != NULL && o.n == 0);
	ck_assert(http_head_field(&head, "x-none", &o));
	ck_assert_ptr_null(o.at);
}
END_TEST

START_TEST(who_keeps_a_connection)
{
	static const struct {
		const char *text;
		bool keep;
	} rows[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", true },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, close\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: a\r\nConnection: ,,close ,\r\n\r\n",
		    false },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_msg(reads(rows[i].text), "%zu: %s", i, fault.text);
		ck_assert_uint_eq(used, strlen(rows[i].text));
		ck_assert_msg(head.keep == rows[i].keep, "%zu", i);
	}
}
END_TEST

START_TEST(how_long_a_body_is)
{
	ck_assert(reads(POST "\r\n"));
	ck_assert_uint_eq(head.octets, 0);
	ck_assert(reads(POST "Content-Length: 999999999999999999\r\n\r\n"));
	ck_assert_uint_eq(head.octets, 999999999999999999);
	ck_assert(reads(POST "Transfer-Encoding: Chunked\r\n\r\n"));
	ck_assert_uint_eq(head.octets, HTTP_CHUNKED);
	/* HTTP/1.0 has no 100 */
	ck_assert(reads("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
	ck_assert(!head.expects);
}
END_TEST

/* What comes in pieces is waited for, from its first octet to its last. */
START_TEST(pieces_are_waited_for)
{
	static const char text[] = POST "A: b\r\nContent-Length: 3\r\n\r\nabcPOST";
	const size_t whole = strlen(text) - strlen("abcPOST");

	for (size_t n = 0; n <= strlen(text); n++) {
		struct http_head h = { .keep = false };
		size_t m = 77;

		ck_assert_msg(
		    http_head_read(octets_of(text, n), &m, &h, &status, &fault), "%zu", n);
		ck_assert_uint_eq(m, n < whole ? 0 : whole);
	}
}
END_TEST

static const struct {
	const char *text;
	unsigned status;
	enum fault_code code;
} refused[] = {
	/* the first line */
	{ "\r\n" POST "\r\n", 400, FAULT_BADREQ },
	{ " " POST "\r\n", 400, FAULT_BADREQ },
	{ "\x16\x03\x01\x02", 400, FAULT_BADREQ },
	{ "GET\r\n\r\n", 400, FAULT_BADREQ },
	{ "GET /\r\n\r\n", 400, FAULT_BADREQ }, /* HTTP/0.9 */
	{ "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, FAULT_BADREQ },
	{ "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 505, FAULT_TYPE },
	{ "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", 400, FAULT_BADREQ },
	{ "GET / x HTTP/1.1\r\nHost: a\r\n\r\n", 505, FAULT_TYPE },
	{ "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, FAULT_BADREQ },
	{ "ABCDEFGHIJKLMNOPQ / HTTP/1.1\r\nHost: a\r\n\r\n", 400, FAULT_BADREQ },
	{ "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400, FAULT_BADREQ },
	{ "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, FAULT_BADREQ },
	{ "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400, FAULT_BADREQ },
	{ "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400, FAULT_BADREQ },
	{ "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400, FAULT_BADREQ },
	{ "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, FAULT_BADREQ },
	{ "CONNECT a:631 HTTP/1.1\r\nHost: a\r\n\r\n", 400, FAULT_BADREQ },
	{ "PRI * HTTP/2.0\r\n\r\n", 400, FAULT_BADREQ },
	{ "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, FAULT_TYPE },
	{ "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, FAULT_TYPE },
	{ "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 505, FAULT_TYPE },
	{ "GET / http/1.1\r\nHost: a\r\n\r\n", 505, FAULT_TYPE },
	{ "GET / HTTP/1.1\nHost: a\n\r\n\r\n", 400, FAULT_BADREQ },
	/* fields */
	{ POST " folded: x\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "A: b\r\n\tc\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "A\r\n\r\n", 400, FAULT_BADREQ },
	{ POST ": b\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "A : b\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Content-Length\t: 1\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "A\x0b: b\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "A: b\x01\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "A: b\x7f\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "A: \xff\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "A: b\rContent-Length: 1\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "A: b\nContent-Length: 1\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "A: b\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "A: b\r\r\n\r\n", 400, FAULT_BADREQ },
	/* whose host it is */
	{ "GET / HTTP/1.1\r\n\r\n", 400, FAULT_BADREQ },
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Host: a\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "hOST: b\r\n\r\n", 400, FAULT_BADREQ },
	{ "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, FAULT_BADREQ },
	/* how long its body is */
	{ POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Content-Length: 3\r\ncontent-length: 4\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Content-Length: 3, 3\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Content-Length: +3\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Content-Length: -3\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Content-Length: 0x3\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Content-Length: 3 \v\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Content-Length: 1 2\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Content-Length:\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Content-Length: 18446744073709551617\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", 400, FAULT_BADREQ },
	{ POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400,
	    FAULT_BADREQ },
	{ POST "Transfer-Encoding: chunked, chunked\r\n\r\n", 501, FAULT_TYPE },
	{ POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, FAULT_TYPE },
	{ POST "Transfer-Encoding: chunked;q=1\r\n\r\n", 501, FAULT_TYPE },
	{ POST "Transfer-Encoding: \"chunked\"\r\n\r\n", 501, FAULT_TYPE },
	{ POST "Transfer-Encoding: xchunked\r\n\r\n", 501, FAULT_TYPE },
	{ POST "Transfer-Encoding: identity\r\n\r\n", 501, FAULT_TYPE },
	{ POST "Transfer-Encoding:\r\n\r\n", 501, FAULT_TYPE },
	{ POST "Transfer-Encoding:\x0b"
	       "chunked\r\n\r\n",
	    400, FAULT_BADREQ },
	{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, FAULT_BADREQ },
	/* what is expected */
	{ POST "Expect: 100-continue, x\r\n\r\n", 417, FAULT_TYPE },
	{ POST "Expect:\r\n\r\n", 417, FAULT_TYPE },
	{ POST "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n", 417, FAULT_TYPE },
};

START_TEST(what_has_no_one_meaning)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		ck_assert_msg(!reads(refused[i].text), "%zu: %s", i, refused[i].text);
		ck_assert_msg(status == refused[i].status, "%zu: %u: %s", i, status, fault.text);
		ck_assert_msg(fault.code == refused[i].code, "%zu: %s", i, fault.text);
		ck_assert_uint_eq(used, 0);
		ck_assert_uint_eq(head.fields_n, 0);
	}
}
END_TEST

/* Octets that C would end a text with. */
START_TEST(nul_octets)
{
	static const char *const texts[] = { "P@ST / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /@ HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1@\r\nHost: a\r\n\r\n",
		POST "A@: b\r\n\r\n", POST "A: @b\r\n\r\n", POST "Content-Length: 1@\r\n\r\n",
		POST "Transfer-Encoding: chunked@\r\n\r\n" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		char text[128];
		size_t n = strlen(texts[i]), m = 0;

		memcpy(text, texts[i], n);
		text[strcspn(texts[i], "@")] = '\0';
		ck_assert_msg(
		    !http_head_read(octets_of(text, n), &m, &head, &status, &fault), "%zu", i);
	}
}
END_TEST

static char much[2 * HTTP_HEAD_MAX];

/* A head of n octets, one field of which makes it so. */
static struct octets
of_length(size_t n)
{
	size_t at = (size_t)snprintf(much, sizeof(much), POST "A: ");

	memset(much + at, 'a', n - at - 4);
	memcpy(much + n - 4, "\r\n\r\n", 4);
	return octets_of(much, n);
}

START_TEST(too_long)
{
	ck_assert(http_head_read(of_length(HTTP_HEAD_MAX), &used, &head, &status, &fault));
	ck_assert_uint_eq(used, HTTP_HEAD_MAX);
	ck_assert(!http_head_read(of_length(HTTP_HEAD_MAX + 1), &used, &head, &status, &fault));
	ck_assert_uint_eq(status, 431);
	ck_assert_int_eq(fault.code, FAULT_LIMIT);
	/* Without an end it is not waited for any longer than that. */
	memset(much, 'a', sizeof(much));
	ck_assert(
	    http_head_read(octets_of(much, HTTP_HEAD_MAX - 1), &used, &head, &status, &fault));
	ck_assert_uint_eq(used, 0);
	ck_assert(!http_head_read(octets_of(much, HTTP_HEAD_MAX), &used, &head, &status, &fault));
	ck_assert_uint_eq(status, 431);
}
END_TEST

START_TEST(a_target_that_is_too_long)
{
	for (size_t n = HTTP_TARGET_MAX; n <= HTTP_TARGET_MAX + 1; n++) {
		memset(much, 'a', sizeof(much));
		memcpy(much, "GET /", 5);
		(void)snprintf(much + 4 + n, sizeof(much) - 4 - n, " HTTP/1.1\r\nHost: a\r\n\r\n");
		ck_assert_msg(reads(much) == (n == HTTP_TARGET_MAX), "%zu", n);
	}
	ck_assert_uint_eq(status, 400);
}
END_TEST

START_TEST(too_many_fields)
{
	for (unsigned n = HTTP_FIELDS_MAX; n <= HTTP_FIELDS_MAX + 1; n++) {
		size_t at = (size_t)snprintf(much, sizeof(much), POST);

		for (unsigned i = 1; i < n; i++)
			at += (size_t)snprintf(much + at, sizeof(much) - at, "X-%u: y\r\n", i);
		(void)snprintf(much + at, sizeof(much) - at, "\r\n");
		ck_assert_msg(reads(much) == (n == HTTP_FIELDS_MAX), "%u", n);
	}
	ck_assert_uint_eq(status, 431);
	ck_assert_int_eq(fault.code, FAULT_LIMIT);
}
END_TEST

/* Of what stands twice nobody can say which counts. */
START_TEST(a_field_that_stands_twice)
{
	struct octets o;

	ck_assert(reads(POST "X-A: 1\r\nx-a: 1\r\nX-AB: 2\r\n\r\n"));
	ck_assert(!http_head_field(&head, "x-a", &o));
	ck_assert(http_head_field(&head, "x-ab", &o));
	ck_assert(octets_same(o, octets_text("2")));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http_head");
	TCase *t = tcase_create("http_head");

	tcase_add_test(t, what_a_head_says);
	tcase_add_test(t, who_keeps_a_connection);
	tcase_add_test(t, how_long_a_body_is);
	tcase_add_test(t, pieces_are_waited_for);
	tcase_add_test(t, what_has_no_one_meaning);
	tcase_add_test(t, nul_octets);
	tcase_add_test(t, too_long);
	tcase_add_test(t, a_target_that_is_too_long);
	tcase_add_test(t, too_many_fields);
	tcase_add_test(t, a_field_that_stands_twice);
	suite_add_tcase(s, t);
	return run_suite(s);
}
