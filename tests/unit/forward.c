/* tests/unit/forward.c - relay/forward.h: what an agent says to a relay, and what it makes of the
 * answers. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "relay/forward.h"
#include "relay/ipp_write.h"
#include "tests/unit/run.h"

static const struct forward_to pull = { "https://relay.example:8631", "" };
static const struct forward_to hp = { "https://relay.example:8631", "hp-1" };

static struct job job;
static struct bytes out, in;
static struct forward_answer a;
static struct fault f;

static void
setup(void)
{
	job = (struct job){ .id = 7,
		.tenant = "acme",
		.owner = "spiffe://acme.this.local/user/u1000",
		.format = "application/pdf",
		.state = JOB_PENDING };
	memset(job.uuid, 0xab, sizeof(job.uuid));
	bytes_put_text(&job.envelope, "the envelope");
	bytes_put_text(&job.names, "sealed names");
	ipp_put_number(&job.template, IPP_INTEGER, "copies", 2);
}

static void
teardown(void)
{
	job_free(&job);
	bytes_free(&out);
	bytes_free(&in);
}

static struct octets
value(enum ipp_group group, const char *name)
{
	struct ipp_value v;
	struct ipp_head h;

	ck_assert_msg(ipp_check(octets_bytes(&out), &h, &f), "%s", f.text);
	if (!ipp_find(octets_bytes(&out), group, name, &v))
		return (struct octets){ 0 };
	return v.value;
}

static void
says(const char *name, const char *text)
{
	struct octets o = value(IPP_GROUP_OPERATION, name);

	ck_assert_msg(octets_same(o, octets_text(text)), "%s: %.*s", name, (int)o.n,
	    o.n == 0 ? "" : (const char *)o.at);
}

START_TEST(urls)
{
	char url[FORWARD_URI_MAX], longest[FORWARD_URI_MAX + 32];
	struct forward_to to = pull;

	ck_assert(forward_url(&pull, url));
	ck_assert_str_eq(url, "https://relay.example:8631/ipp/print");
	ck_assert(forward_url(&hp, url));
	ck_assert_str_eq(url, "https://relay.example:8631/ipp/print/hp-1");
	to.relay = "http://relay.example";
	ck_assert(!forward_url(&to, url));
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "https://", 8);
	longest[sizeof(longest) - 1] = '\0';
	to.relay = longest;
	ck_assert(!forward_url(&to, url));
	forward_look(&out, &to, 1);
	ck_assert(!bytes_ok(&out, &f));
}
END_TEST

START_TEST(a_sealed_job)
{
	forward_print(&out, &hp, &job, octets_text("a digest"));
	says("job-password", "a digest");
	says("job-password-encryption", "sha2-256");
	says("printer-uri", "ipps://relay.example:8631/ipp/print/hp-1");
	says("document-format", "application/vnd.quatrain.sealed");
	says("quatrain-job-uuid", "urn:uuid:abababab-abab-abab-abab-abababababab");
	says("quatrain-envelope", "the envelope");
	says("quatrain-names", "sealed names");
	says("quatrain-document-format", "application/pdf");
	ck_assert_uint_eq(value(IPP_GROUP_OPERATION, "quatrain-compression").n, 0);
	ck_assert_uint_eq(value(IPP_GROUP_JOB, "copies").n, 4);
	/* who and what it is called is nobody's on the way */
	ck_assert_uint_eq(value(IPP_GROUP_OPERATION, "requesting-user-name").n, 0);
	ck_assert_uint_eq(value(IPP_GROUP_OPERATION, "job-name").n, 0);
	ck_assert_ptr_null(memmem(out.at, out.n, "u1000", 5));
}
END_TEST

START_TEST(a_bare_one)
{
	bytes_clear(&job.template);
	bytes_clear(&job.names);
	memcpy(job.compression, "gzip", 5);
	forward_print(&out, &pull, &job, (struct octets){ 0 });
	ck_assert_uint_eq(value(IPP_GROUP_OPERATION, "job-password").n, 0);
	says("printer-uri", "ipps://relay.example:8631/ipp/print");
	says("quatrain-compression", "gzip");
	ck_assert_uint_eq(value(IPP_GROUP_OPERATION, "quatrain-names").n, 0);
	bytes_clear(&out);
	forward_validate(&out, &pull, &job);
	says("quatrain-compression", "gzip");
	ck_assert_uint_eq(out.at[3], 0x04);
	bytes_clear(&out);
	forward_find(&out, &pull, &job);
	says("quatrain-envelope", "-");
	ck_assert_uint_eq(value(IPP_GROUP_JOB, "copies").n, 0);
}
END_TEST

START_TEST(questions_about_one)
{
	struct ipp_head h;

	forward_look(&out, &pull, 4711);
	ck_assert(ipp_check(octets_bytes(&out), &h, &f));
	ck_assert_uint_eq(h.code, 0x09);
	ck_assert_uint_eq(value(IPP_GROUP_OPERATION, "job-id").at[3], 4711 & 0xff);
	bytes_clear(&out);
	forward_cancel(&out, &pull, 4711);
	ck_assert(ipp_check(octets_bytes(&out), &h, &f));
	ck_assert_uint_eq(h.code, 0x08);
}
END_TEST

/* An answer with a job; id or state under 0: left out. */
static void
answer(uint16_t status, const char *message, int32_t id, int32_t state, const char *reason)
{
	const struct ipp_head h = { .major = 2, .code = status, .request_id = 1 };

	bytes_clear(&in);
	ipp_begin(&in, &h);
	if (message != NULL)
		ipp_put_text(&in, IPP_TEXT, "status-message", message);
	if (id >= 0 || state >= 0)
		ipp_group(&in, IPP_GROUP_JOB);
	if (id >= 0)
		ipp_put_number(&in, IPP_INTEGER, "job-id", id);
	if (state >= 0)
		ipp_put_number(&in, IPP_ENUM, "job-state", state);
	if (reason != NULL) {
		ipp_put_text(&in, IPP_KEYWORD, "job-state-reasons", reason);
		ipp_put_text(&in, IPP_KEYWORD, "", "job-fetchable");
		ipp_put_text(&in, IPP_TEXT, "job-state-message", "its own words");
	}
	ipp_end(&in);
}

static bool
reads(void)
{
	return forward_read(octets_bytes(&in), &a, &f);
}

START_TEST(an_answer)
{
	answer(0, NULL, 12, JOB_HELD, "job-held-for-release");
	ck_assert_msg(reads(), "%s", f.text);
	ck_assert_int_eq(a.verdict, FORWARD_DONE);
	ck_assert_uint_eq(a.id, 12);
	ck_assert_int_eq(a.state, JOB_HELD);
	ck_assert_uint_eq(a.reasons, JOB_HELD_FOR_RELEASE | JOB_FETCHABLE);
	ck_assert_str_eq(a.says, "its own words");
	answer(0x0001, NULL, 1, JOB_COMPLETED, "a-reason-of-others");
	ck_assert(reads());
	ck_assert_int_eq(a.verdict, FORWARD_DONE);
	ck_assert_uint_eq(a.reasons, JOB_FETCHABLE);
	answer(0, NULL, -1, -1, NULL);
	ck_assert(reads());
	ck_assert_uint_eq(a.id, 0);
}
END_TEST

START_TEST(what_passes_and_what_stays)
{
	static const struct {
		uint16_t status;
		enum forward_verdict verdict;
	} rows[] = {
		{ 0x0400, FORWARD_REFUSED },
		{ 0x0401, FORWARD_REFUSED },
		{ 0x0402, FORWARD_LATER },
		{ 0x0403, FORWARD_REFUSED },
		{ 0x0404, FORWARD_REFUSED },
		{ 0x0406, FORWARD_GONE },
		{ 0x0407, FORWARD_GONE },
		{ 0x0408, FORWARD_REFUSED },
		{ 0x040a, FORWARD_REFUSED },
		{ 0x041a, FORWARD_LATER },
		{ 0x0500, FORWARD_LATER },
		{ 0x0501, FORWARD_REFUSED },
		{ 0x0502, FORWARD_LATER },
		{ 0x0503, FORWARD_REFUSED },
		{ 0x0505, FORWARD_LATER },
		{ 0x0507, FORWARD_LATER },
		{ 0x0508, FORWARD_REFUSED },
		{ 0x0509, FORWARD_REFUSED },
		{ 0x0600, FORWARD_REFUSED },
		{ 0x0300, FORWARD_REFUSED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		answer(rows[i].status, "no, since\x1b[2J it is so", -1, -1, NULL);
		ck_assert(reads());
		ck_assert_msg(a.verdict == rows[i].verdict, "%04x", rows[i].status);
		ck_assert_str_eq(a.says, "no, since\\x1b[2J it is so");
	}
}
END_TEST

START_TEST(words_are_cut_at_a_character)
{
	char text[2 * JOB_SAYS_MAX];

	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 3);
	answer(0x0403, text, -1, -1, NULL);
	ck_assert(reads());
	ck_assert_uint_eq(strlen(a.says), JOB_SAYS_MAX - 2);
	ck_assert_int_eq((uint8_t)a.says[JOB_SAYS_MAX - 3], 0xa9);
}
END_TEST

static void
unreadable(const char *why)
{
	a.id = 99;
	ck_assert(!reads());
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_uint_eq(a.id, 99);
}

START_TEST(answers_that_are_none)
{
	answer(0, NULL, 0, JOB_HELD, NULL);
	unreadable("job-id");
	answer(0, NULL, 1, 2, NULL);
	unreadable("job-state");
	answer(0, NULL, 1, 10, NULL);
	unreadable("job-state");
	answer(0, NULL, 1, -1, NULL);
	unreadable("without");
	answer(0, NULL, -1, JOB_HELD, NULL);
	unreadable("without");
	answer(0, NULL, 1, JOB_HELD, NULL);
	bytes_put_u8(&in, 0);
	unreadable("one whole message");
	answer(0, NULL, 1, JOB_HELD, NULL);
	for (size_t n = in.n - 1; n > 0; n--) {
		in.n = n;
		ck_assert(!reads());
	}
	bytes_clear(&in);
	bytes_put_text(&in, "<html>no printer here</html>");
	ck_assert(!reads());
}
END_TEST

START_TEST(a_job_follows_its_answers)
{
	answer(0, NULL, 12, JOB_HELD, "job-held-for-release");
	ck_assert(reads());
	ck_assert(forward_take(&job, &a, 100));
	ck_assert_uint_eq(forward_id(&job), 12);
	ck_assert_int_eq(job.state, JOB_HELD);
	ck_assert_int_eq(job.changed_s, 100);
	ck_assert(!forward_take(&job, &a, 101));
	ck_assert_int_eq(job.changed_s, 100);
	answer(0, NULL, 12, JOB_ABORTED, "aborted-by-system");
	ck_assert(reads());
	ck_assert(forward_take(&job, &a, 102));
	ck_assert(job_is_over(&job));
	ck_assert_int_eq(job.completed_s, 102);
	ck_assert_str_eq(job_state_message(&job), "its own words");
}
END_TEST

/* What was canceled here is not brought back by an answer that was on its way. */
START_TEST(what_ended_here_stays_ended)
{
	job.state = JOB_CANCELED;
	job.reasons = JOB_CANCELED_BY_USER;
	answer(0, NULL, 12, JOB_HELD, "job-held-for-release");
	ck_assert(reads());
	ck_assert(forward_take(&job, &a, 100));
	ck_assert_uint_eq(forward_id(&job), 12);
	ck_assert_int_eq(job.state, JOB_CANCELED);
	ck_assert_uint_eq(job.reasons, JOB_CANCELED_BY_USER);
	answer(0, NULL, -1, -1, NULL);
	ck_assert(reads());
	ck_assert(!forward_take(&job, &a, 100));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("forward");
	TCase *t = tcase_create("forward");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, urls);
	tcase_add_test(t, a_sealed_job);
	tcase_add_test(t, a_bare_one);
	tcase_add_test(t, questions_about_one);
	tcase_add_test(t, an_answer);
	tcase_add_test(t, what_passes_and_what_stays);
	tcase_add_test(t, words_are_cut_at_a_character);
	tcase_add_test(t, answers_that_are_none);
	tcase_add_test(t, a_job_follows_its_answers);
	tcase_add_test(t, what_ended_here_stays_ended);
	suite_add_tcase(s, t);
	return run_suite(s);
}
