/* tests/unit/print_head.c - relay/print.h: requests that are none, or not for us, and documents
 * that their sender sealed. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/print_site.h"
#include "tests/unit/print_stand.h"
#include "tests/unit/run.h"

#define PULL     "/ipp/print"
#define PULL_URI "ipp://localhost:631/ipp/print"
#define UUID     "urn:uuid:01234567-89ab-4cde-8f01-23456789abcd"
#define SEALED   "sixteen octets, and a tag"

static struct bytes b;

static void
setup(void)
{
	site_new();
	b = (struct bytes){ 0 };
}

static void
teardown(void)
{
	bytes_free(&b);
	site_free();
	ck_assert_int_eq(stand.open, 0);
	stand_free();
}

/* A Get-Printer-Attributes with that head and nothing else said. */
static unsigned
with_head(uint8_t major, uint8_t minor, uint16_t operation, uint32_t id)
{
	struct ipp_head h = { .major = major, .minor = minor, .code = operation, .request_id = id };

	ipp_begin(&b, &h);
	ipp_put_text(&b, IPP_URI, "printer-uri", PULL_URI);
	return site_ask(PULL, &b);
}

START_TEST(versions)
{
	static const struct {
		uint8_t major, minor;
		unsigned status;
		uint8_t answered_major, answered_minor;
	} rows[] = {
		{ 1, 0, 0, 1, 1 },
		{ 1, 1, 0, 1, 1 },
		{ 2, 0, 0, 2, 0 },
		{ 2, 2, 0, 2, 0 },
		{ 0, 0, 0x0503, 2, 0 },
		{ 3, 0, 0x0503, 2, 0 },
		{ 255, 255, 0x0503, 2, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_uint_eq(with_head(rows[i].major, rows[i].minor, 0x0b, 9), rows[i].status);
		ck_assert_uint_eq(site.x.reply.at[0], rows[i].answered_major);
		ck_assert_uint_eq(site.x.reply.at[1], rows[i].answered_minor);
		ck_assert_uint_eq(site.x.reply.at[7], 9);
	}
}
END_TEST

START_TEST(request_ids)
{
	ck_assert_uint_eq(with_head(2, 0, 0x0b, 0), 0x0400);
	ck_assert_uint_eq(with_head(2, 0, 0x0b, 0x80000000), 0x0400);
	ck_assert_uint_eq(with_head(2, 0, 0x0b, INT32_MAX), 0);
}
END_TEST

START_TEST(operations)
{
	static const uint16_t none[] = { 0, 1, 3, 7, 0x0c, 0x12, 0x3f, 0x41, 0x4002, 0xffff };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_uint_eq(with_head(2, 0, none[i], 1), 0x0501);
}
END_TEST

START_TEST(paths)
{
	static const char *const none[] = { "/", "/ipp", "/ipp/", "/ipp/print/", "/ipp/printer",
		"/ipp/print/hp-1/", "/ipp/print/hp-1/x", "/ipp/print/HP", "/ipp/print/-",
		"/ipp/job", "/ipp/job/", "/ipp/job/0", "/ipp/job/01", "/ipp/job/-1", "/ipp/job/1x",
		"/ipp/job/1/", "/ipp/job/9999999999", "/ipp/infra", "/ipp/print/../print", "" };
	struct exchange x = { .method = octets_text("POST"),
		.content_type = octets_text("application/ipp") };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		x.path = octets_text(none[i]);
		ck_assert(!print_serve(&site.print, &x, &site.who));
		ck_assert_ptr_null(x.state);
	}
}
END_TEST

static unsigned
serve(const char *method, const char *type)
{
	struct exchange x = { .method = octets_text(method),
		.path = octets_text(PULL),
		.content_type = octets_text(type) };

	ck_assert(print_serve(&site.print, &x, &site.who));
	if (x.over != NULL)
		x.over(&x);
	exchange_free(&x);
	return x.status;
}

START_TEST(http_that_is_no_ipp)
{
	ck_assert_uint_eq(serve("POST", "application/ipp"), 0);
	ck_assert_uint_eq(serve("POST", "Application/IPP"), 0);
	ck_assert_uint_eq(serve("GET", "application/ipp"), 405);
	ck_assert_uint_eq(serve("PUT", "application/ipp"), 405);
	ck_assert_uint_eq(serve("POST", "application/pdf"), 415);
	ck_assert_uint_eq(serve("POST", ""), 415);
}
END_TEST

static bool
a_header(const struct exchange *x, const char *name, struct octets *ret)
{
	(void)x;
	*ret = octets_text(strcmp(name, "content-encoding") == 0 ? "gzip" : "");
	return true;
}

START_TEST(content_encoding_is_refused)
{
	struct exchange x = { .method = octets_text("POST"),
		.path = octets_text(PULL),
		.content_type = octets_text("application/ipp"),
		.header = a_header };

	ck_assert(print_serve(&site.print, &x, &site.who));
	ck_assert_uint_eq(x.status, 415);
}
END_TEST

START_TEST(only_endpoints)
{
	site.who.good = false;
	ck_assert_uint_eq(serve("POST", "application/ipp"), 403);
	site.who.good = true;
	site.who.kind = IDENTITY_OPERATOR;
	ck_assert_uint_eq(serve("POST", "application/ipp"), 403);
	site.who.kind = IDENTITY_NOBODY;
	ck_assert_uint_eq(serve("POST", "application/ipp"), 403);
}
END_TEST

START_TEST(messages_that_end_too_soon)
{
	site_begin(&b, 0x0b, PULL_URI);
	ipp_end(&b);
	for (size_t n = 0; n < b.n; n++)
		ck_assert_uint_eq(site_send(PULL, octets_of(b.at, n), 0), 400);
	ck_assert_uint_eq(site_send(PULL, octets_bytes(&b), 0), 0);
	bytes_put_u8(&b, 'x'); /* and too late */
	ck_assert_uint_eq(site_send(PULL, octets_bytes(&b), 0), 0x0400);
	ck_assert_uint_eq(site_send(PULL, octets_bytes(&b), b.n - 1), 0x0400);
}
END_TEST

START_TEST(message_that_is_too_long)
{
	char name[32];

	site_begin(&b, 0x02, PULL_URI);
	for (int i = 0; b.n < IPP_MESSAGE_MAX + 1000; i++) {
		snprintf(name, sizeof(name), "attribute-%d", i);
		ipp_put_text(&b, IPP_TEXT, name, "and its value");
	}
	ck_assert_uint_eq(site_send(PULL, octets_bytes(&b), 0), 0x0408);
	ck_assert_uint_eq(site_send(PULL, octets_bytes(&b), 1000), 0x0408);
	ck_assert_uint_le(site.took, IPP_MESSAGE_MAX + 1000);
}
END_TEST

START_TEST(messages_that_are_none)
{
	static const char *const bodies[] = { "GET / HTTP/1.1\r\n\r\n", "%PDF-1.7 ......",
		"<?xml version='1.0'?><x/>" };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		ck_assert_uint_eq(site_send(PULL, octets_text(bodies[i]), 3), 400);
}
END_TEST

START_TEST(charset_and_language_come_first)
{
	static const uint8_t head[] = { 2, 0, 0, 0x0b, 0, 0, 0, 1, IPP_GROUP_OPERATION };
	static const char *const charsets[] = { "utf-16", "iso-8859-1", "utf-8x", "utf" };

	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
		bytes_put(&b, head, sizeof(head));
		ipp_put_text(&b, IPP_CHARSET, "attributes-charset", charsets[i]);
		ipp_put_text(&b, IPP_LANGUAGE, "attributes-natural-language", "en");
		ipp_put_text(&b, IPP_URI, "printer-uri", PULL_URI);
		ck_assert_uint_eq(site_ask(PULL, &b), 0x040d);
	}
	bytes_put(&b, head, sizeof(head));
	ipp_put_text(&b, IPP_LANGUAGE, "attributes-natural-language", "en");
	ipp_put_text(&b, IPP_CHARSET, "attributes-charset", "utf-8");
	ipp_put_text(&b, IPP_URI, "printer-uri", PULL_URI);
	ck_assert_uint_eq(site_ask(PULL, &b), 0x0400);
}
END_TEST

START_TEST(uris)
{
	static const struct {
		const char *uri;
		unsigned status;
	} rows[] = {
		{ "ipp://localhost/ipp/print", 0 },
		{ "ipps://[::1]:8632/ipp/print", 0 },
		{ "ipp://%2frun%2fquatrain%2fagent.sock/ipp/print", 0 },
		{ "HTTPS://x/ipp/print", 0 },
		{ "ipp:///ipp/print", 0x0406 },
		{ "ipp://localhost", 0x0406 },
		{ "ipp://localhost/", 0x0406 },
		{ "ipp://localhost/ipp/print/hp-1", 0x0406 },
		{ "ipp://localhost/ipp/print/", 0x0406 },
		{ "ipp://localhost/ipp/job/1", 0x0406 },
		{ "file:///etc/passwd", 0x0406 },
		{ "/ipp/print", 0x0406 },
		{ "ftp://localhost/ipp/print", 0x0406 },
	};
	char longest[1000];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		site_begin(&b, 0x0b, rows[i].uri);
		ck_assert_msg(site_ask(PULL, &b) == rows[i].status, "%s", rows[i].uri);
	}
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "ipp://", 6);
	memcpy(longest + 980, "/ipp/print", 11);
	site_begin(&b, 0x0b, longest);
	ck_assert_uint_eq(site_ask(PULL, &b), 0x0406);
	site_begin(&b, 0x0b, NULL);
	ck_assert_uint_eq(site_ask(PULL, &b), 0x0400);
	site_begin(&b, 0x09, PULL_URI);
	ipp_put_text(&b, IPP_URI, "job-uri", "ipp://localhost/ipp/job/1");
	ck_assert_uint_eq(site_ask(PULL, &b), 0x0400);
}
END_TEST

/* A sealed Print-Job, but for one thing that is wrong. */
enum wrong { RIGHT, NO_UUID, BAD_UUID, SHORT_UUID, NO_ENVELOPE, EMPTY_ENVELOPE, BAD_INSIDE };

static unsigned
sealed(enum wrong wrong, const char *body)
{
	site_begin(&b, 0x02, PULL_URI);
	ipp_put_text(&b, IPP_MIME, "document-format", "application/vnd.quatrain.sealed");
	ipp_put_text(&b, IPP_MIME, "quatrain-document-format",
	    wrong == BAD_INSIDE ? "text/html" : "image/urf");
	if (wrong != NO_UUID)
		ipp_put_text(&b, IPP_URI, "quatrain-job-uuid",
		    wrong == BAD_UUID     ? "urn:uuid:01234567-89ab-4cde-8f01-23456789abcX"
		    : wrong == SHORT_UUID ? "urn:uuid:01234567"
					  : UUID);
	if (wrong != NO_ENVELOPE)
		ipp_put(&b, IPP_OCTETS, "quatrain-envelope",
		    octets_text(wrong == EMPTY_ENVELOPE ? "" : "an envelope"));
	ipp_put(&b, IPP_OCTETS, "quatrain-names", octets_text("sealed names"));
	ipp_put_text(&b, IPP_KEYWORD, "quatrain-compression", "deflate");
	return site_ask_with(PULL, &b, body);
}

START_TEST(sealed_by_its_sender)
{
	const struct job *j = &stand.jobs[0].job;

	ck_assert_uint_eq(sealed(RIGHT, SEALED), 0);
	ck_assert_int_eq(j->grade, JOB_GRADE_AGENT);
	ck_assert_str_eq(j->format, "image/urf");
	ck_assert_str_eq(j->compression, "deflate");
	ck_assert(octets_same(octets_bytes(&j->envelope), octets_text("an envelope")));
	ck_assert(octets_same(octets_bytes(&j->names), octets_text("sealed names")));
	ck_assert(octets_same(octets_bytes(&stand.jobs[0].document), octets_text(SEALED)));
	ck_assert_uint_eq(j->octets, strlen(SEALED) - DOCUMENT_TAG);
	ck_assert(octets_same(site_text(IPP_GROUP_JOB, "job-uuid"), octets_text(UUID)));
}
END_TEST

START_TEST(sent_twice_is_one_job)
{
	ck_assert_uint_eq(sealed(RIGHT, SEALED), 0);
	ck_assert_uint_eq(sealed(RIGHT, SEALED), 0);
	ck_assert_int_eq(site_number(IPP_GROUP_JOB, "job-id"), 1);
	ck_assert_uint_eq(stand.jobs_n, 1);
	ck_assert_uint_eq(site.changed, 1);
	memcpy(site.who.name, "bob\0\0", 6); /* whoever else says that number */
	ck_assert_uint_eq(sealed(RIGHT, SEALED), 0x0404);
	ck_assert_uint_eq(stand.jobs_n, 1);
}
END_TEST

START_TEST(sealed_wrongly)
{
	for (enum wrong w = NO_UUID; w <= EMPTY_ENVELOPE; w++)
		ck_assert_msg(sealed(w, SEALED) == 0x0400, "%d", (int)w);
	ck_assert_uint_eq(sealed(BAD_INSIDE, SEALED), 0x040a);
	ck_assert_uint_eq(sealed(RIGHT, "short"), 0x0400);
	ck_assert_uint_eq(sealed(RIGHT, ""), 0x0400);
	ck_assert_uint_eq(stand.jobs_n, 0);
	/* a uuid of one's own is for sealed documents */
	site_begin(&b, 0x02, PULL_URI);
	ipp_put_text(&b, IPP_URI, "quatrain-job-uuid", UUID);
	ck_assert_uint_eq(site_ask_with(PULL, &b, "%PDF"), 0x0400);
}
END_TEST

/* Two that send the same document at the same time. */
START_TEST(one_upload_at_a_time)
{
	struct exchange other = { .method = octets_text("POST"),
		.path = octets_text(PULL),
		.content_type = octets_text("application/ipp"),
		.body_octets = EXCHANGE_CHUNKED };
	struct bytes head = { 0 };

	site_begin(&head, 0x02, PULL_URI);
	ipp_put_text(&head, IPP_MIME, "document-format", "application/vnd.quatrain.sealed");
	ipp_put_text(&head, IPP_URI, "quatrain-job-uuid", UUID);
	ipp_put(&head, IPP_OCTETS, "quatrain-envelope", octets_text("x"));
	ipp_end(&head);
	ck_assert(print_serve(&site.print, &other, &site.who));
	other.take(&other, octets_bytes(&head), false);
	ck_assert_uint_eq(other.status, 0);
	ck_assert_int_eq(stand.open, 1);
	ck_assert_uint_eq(sealed(RIGHT, SEALED), 0x0507);
	other.over(&other);
	exchange_free(&other);
	ck_assert_int_eq(stand.open, 0);
	ck_assert_uint_eq(sealed(RIGHT, SEALED), 0);
	bytes_free(&head);
}
END_TEST

START_TEST(gone_while_it_waits_for_the_commit)
{
	struct exchange x = { .method = octets_text("POST"),
		.path = octets_text(PULL),
		.content_type = octets_text("application/ipp") };

	site_begin(&b, 0x02, PULL_URI);
	ipp_end(&b);
	bytes_put_text(&b, "%PDF");
	ck_assert(print_serve(&site.print, &x, &site.who));
	x.take(&x, octets_bytes(&b), true);
	ck_assert(x.waits);
	x.over(&x);
	exchange_free(&x);
	ck_assert_ptr_null(site.print.waiting);
	print_committed(&site.print, NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("print_head");
	TCase *t = tcase_create("print_head");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, versions);
	tcase_add_test(t, request_ids);
	tcase_add_test(t, operations);
	tcase_add_test(t, paths);
	tcase_add_test(t, http_that_is_no_ipp);
	tcase_add_test(t, content_encoding_is_refused);
	tcase_add_test(t, only_endpoints);
	tcase_add_test(t, messages_that_end_too_soon);
	tcase_add_test(t, message_that_is_too_long);
	tcase_add_test(t, messages_that_are_none);
	tcase_add_test(t, charset_and_language_come_first);
	tcase_add_test(t, uris);
	tcase_add_test(t, sealed_by_its_sender);
	tcase_add_test(t, sent_twice_is_one_job);
	tcase_add_test(t, sealed_wrongly);
	tcase_add_test(t, one_upload_at_a_time);
	tcase_add_test(t, gone_while_it_waits_for_the_commit);
	suite_add_tcase(s, t);
	return run_suite(s);
}
