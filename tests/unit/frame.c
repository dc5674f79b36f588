/* tests/unit/frame.c - enroll/frame.h: bodies as devices in the field send them, and what is none;
 * answers by what the request shows. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "enroll/frame.h"
#include "tests/unit/forge.h"
#include "tests/unit/run.h"
#include "tests/unit/visit.h"

#define VECTORS  QUATRAIN_SOURCE_DIR "/tests/vectors/est/"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PKCS10   "application/pkcs10"
#define PEM      "application/x-pem-file"
#define OLD      "-----BEGIN NEW CERTIFICATE REQUEST-----"
#define OLD_END  "-----END NEW CERTIFICATE REQUEST-----"
#define NEW      "-----BEGIN CERTIFICATE REQUEST-----"
#define NEW_END  "-----END CERTIFICATE REQUEST-----"

static struct exchange x;
static struct bytes out;
static struct fault f;

static void
setup(void)
{
	x = visit(FACE_SECURE, "POST", "/");
	out = (struct bytes){ 0 };
}

static void
teardown(void)
{
	exchange_free(&x);
	bytes_free(&out);
	forge_free();
}

static bool
reads(const char *type, struct octets body)
{
	x.content_type = octets_text(type);
	x.body = forge_exact(body);
	bytes_clear(&out);
	return frame_read(&x, &out, &f);
}

START_TEST(bodies)
{
	static const struct {
		const char *type, *body;
	} rows[] = {
		{ PKCS10, "MAMCAQA=" },
		{ PKCS10, "MAMCAQA=\n" },
		{ PKCS10, "MAMC\nAQA=\n" },
		{ PKCS10, "MAMC\r\nAQA=\r\n" },
		{ PKCS10, "MA\nMCA\r\nQA=" }, /* a line end inside four letters */
		{ PKCS10, "MAMCAQA\n=" },
		{ PKCS10, " \t\r\n MAMC AQA=\t \n\n" },
		{ PKCS10, "MAMC\rAQA=\r" },
		{ PKCS10, NEW "\nMAMCAQA=\n" NEW_END },
		{ PKCS10, NEW "\nMAMCAQA=\n" NEW_END "\n" },
		{ PKCS10, "\n" NEW "\r\nMAMC\r\nAQA=\r\n" NEW_END "\r\n\r\n" },
		{ PKCS10, OLD "\nMAMCAQA=\n" OLD_END "\n" },
		{ PKCS10, NEW "\n\nMAMCAQA=\n\n" NEW_END "\n" },
		{ "application/PKCS10", "MAMCAQA=" },
		{ "Application/Pkcs10; charset=utf-8", "MAMCAQA=" },
		{ PKCS10 ";charset=\"us-ascii\"; smime-type=x", "MAMCAQA=" },
		{ PKCS10 " ; charset=utf-8", "MAMCAQA=" },
		{ PEM, NEW "\nMAMCAQA=\n" NEW_END "\n" },
		{ "APPLICATION/X-PEM-FILE; charset=UTF-8", OLD "\r\nMAMCAQA=\r\n" OLD_END "\r\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_msg(
		    reads(rows[i].type, octets_text(rows[i].body)), "row %zu: %s", i, f.text);
		ck_assert(octets_same(octets_bytes(&out), RAW("\x30\x03\x02\x01\0")));
	}
}
END_TEST

START_TEST(types_that_are_none)
{
	static const char *const rows[] = { "", "application/pkcs1", "application/pkcs10x",
		"application/pkcs10-mime", "text/plain", "application/octet-stream",
		"application/x-pem-files", "application/x-pkcs10", " application/pkcs10",
		"multipart/mixed; application/pkcs10", "application/pkcs7-mime",
		"application/pkcs10,text/plain", "application/x-www-form-urlencoded" };

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_msg(!reads(rows[i], RAW("MAMCAQA=")), "%s", rows[i]);
		ck_assert_int_eq(f.code, FAULT_TYPE);
		ck_assert_uint_eq(out.n, 0);
	}
}
END_TEST

START_TEST(bodies_that_are_none)
{
	const struct octets rows[] = {
		NONE,
		RAW("\n"),
		RAW(" \t\r\n"),
		RAW("MAMCAQA"),   /* padding is missing */
		RAW("MAMCAQA=="), /* too much of it */
		RAW("MAMCAQ=="),  /* two octets short, but whole letters: DER is the next one's */
		RAW("MAMCAQB="),  /* bits beyond the end */
		RAW("MAM!CAQA="),
		RAW("MAMCAQA=MAMCAQA="), /* two of them */
		RAW("MAMCAQA=\0"),
		RAW("MAMC\0AQA="),
		RAW("MAMC\vAQA="),
		RAW("MAMC\xc2\xa0"
		    "AQA="),
		RAW("MAMC-AQ_"), /* the alphabet of URLs */
		RAW("=MAMCAQA"),
		RAW("\x30\x82\x01\x00 raw DER"),
		RAW("\x30\x81\x80 raw DER"),
		RAW("data:application/pkcs10;base64,MAMCAQA="),
		RAW("{\"csr\":\"MAMCAQA=\"}"),
		RAW(NEW),
		RAW(NEW_END),
		RAW(NEW NEW_END),
		RAW(NEW "\n" NEW_END),
		RAW(NEW "\nMAMCAQA=\n"),
		RAW("MAMCAQA=\n" NEW_END),
		RAW(NEW "\nMAMCAQA=\n" OLD_END),
		RAW(OLD "\nMAMCAQA=\n" NEW_END),
		RAW("subject=CN=x\n" NEW "\nMAMCAQA=\n" NEW_END),
		RAW(NEW "\nMAMCAQA=\n" NEW_END "\nmore"),
		RAW(NEW "\nMAMCAQA=\n" NEW_END "\n" NEW "\nMAMCAQA=\n" NEW_END),
		RAW(NEW "\nProc-Type: 4,ENCRYPTED\n\nMAMCAQA=\n" NEW_END),
		RAW("-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----"),
		RAW("-----BEGIN PRIVATE KEY-----\nMAMCAQA=\n-----END PRIVATE KEY-----"),
		RAW("-----begin certificate request-----\nMAMCAQA=\n-----end certificate request-----"),
		RAW("----BEGIN CERTIFICATE REQUEST----\nMAMCAQA=\n----END CERTIFICATE REQUEST----"),
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (i == 5) { /* taken for what it is: base64, of something */
			ck_assert(reads(PKCS10, rows[i]));
			continue;
		}
		ck_assert_msg(!reads(PKCS10, rows[i]), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_uint_eq(out.n, 0);
	}
}
END_TEST

/* Who says that it is PEM sends PEM. */
START_TEST(pem_without_armour)
{
	ck_assert(!reads(PEM, RAW("MAMCAQA=")));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(!reads(PEM, RAW(NEW "\nMAMCAQA\n" NEW_END)));
	ck_assert(!reads(PEM, NONE));
}
END_TEST

/* RFC 7030 appendix A.3: the body of a request as the standard prints it. */
START_TEST(the_standards_example)
{
	char text[4096];
	FILE *in = fopen(VECTORS "rfc7030-a3.request", "r");
	size_t n;

	ck_assert_ptr_nonnull(in);
	n = fread(text, 1, sizeof(text), in);
	(void)fclose(in);
	ck_assert(reads(PKCS10, octets_of(text, n)));
	ck_assert_uint_eq(out.n, 649);
	ck_assert_ptr_nonnull(memmem(out.at, out.n, "+rrCir/7+EYu50T4", 16));
}
END_TEST

/* How many lines the answer has, and that none is longer than 64 where there are several. */
static unsigned
lines_of(const char *agent, struct octets body, size_t der_n)
{
	struct bytes back = { 0 };
	unsigned lines = 0;
	size_t at = 0, longest = 0;

	exchange_free(&x);
	setup();
	x.user_agent = octets_text(agent);
	x.body = body;
	frame_put(&x, forge_fill('x', der_n));
	ck_assert(bytes_ok(&x.reply, &f));
	ck_assert_str_eq(visit_header(&x, "Content-Transfer-Encoding"), "base64");
	ck_assert_int_eq(x.reply.at[x.reply.n - 1], '\n');
	ck_assert_ptr_null(memchr(x.reply.at, '\r', x.reply.n));
	while (at < x.reply.n) {
		const uint8_t *end = memchr(x.reply.at + at, '\n', x.reply.n - at);
		size_t n = (size_t)(end - x.reply.at) - at;

		longest = n > longest ? n : longest;
		at += n + 1;
		lines++;
	}
	ck_assert(lines == 1 || longest == 64);
	ck_assert(text_unbase64(octets_bytes(&x.reply), &back, &f));
	ck_assert_uint_eq(back.n, der_n);
	bytes_free(&back);
	return lines;
}

START_TEST(answers)
{
	const struct octets one = forge_fill('A', 400);
	const struct octets lines = JOIN(forge_fill('A', 64), RAW("\n"), forge_fill('A', 64));
	const struct octets wide = JOIN(forge_fill('A', 76), RAW("\r\n"), forge_fill('A', 64));
	const struct octets pem = JOIN(RAW(NEW "\n"), lines);
	const struct octets late = JOIN(one, RAW("\n"));

	/* 765 octets are 1020 letters and an LF: the last that OpenSSL's filter takes whole */
	ck_assert_uint_eq(lines_of("curl/7.88.1", NONE, 765), 1);
	ck_assert_uint_eq(lines_of("curl/7.88.1", NONE, 766), 16);
	ck_assert_uint_eq(lines_of("curl/7.88.1", one, 765), 1);
	ck_assert_uint_eq(lines_of("curl/7.88.1", late, 766), 16);
	/* libest, whatever the length */
	ck_assert_uint_eq(lines_of("libest 3.2.0p", NONE, 90), 2);
	ck_assert_uint_eq(lines_of("LIBEST", one, 2000), 42);
	ck_assert_uint_eq(lines_of("notlibest", one, 90), 1);
	/* who sends lines reads lines */
	ck_assert_uint_eq(lines_of("", lines, 90), 2);
	ck_assert_uint_eq(lines_of("", wide, 2000), 42);
	ck_assert_uint_eq(lines_of("", pem, 90), 2);
	/* strongSwan before 5.9.11: no User-Agent, no lines */
	ck_assert_uint_eq(lines_of("", NONE, 3000), 1);
	ck_assert_uint_eq(lines_of("", one, 3000), 1);
	ck_assert_uint_eq(lines_of("", late, 3000), 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("frame");
	TCase *t = tcase_create("frame");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, bodies);
	tcase_add_test(t, types_that_are_none);
	tcase_add_test(t, bodies_that_are_none);
	tcase_add_test(t, pem_without_armour);
	tcase_add_test(t, the_standards_example);
	tcase_add_test(t, answers);
	suite_add_tcase(s, t);
	return run_suite(s);
}
