/* tests/unit/print.c - relay/print.h: what a client may ask of a queue, and what it may not. */
#include <check.h>
#include <string.h>

#include "base/digest.h"
#include "tests/unit/print_site.h"
#include "tests/unit/print_stand.h"
#include "tests/unit/run.h"

#define PULL     "/ipp/print"
#define PULL_URI "ipp://localhost:631/ipp/print"
#define HP_URI   "ipps://relay.example.org/ipp/print/hp-1"
#define PDF      "%PDF-1.7 the document"

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
	ck_assert_int_eq(stand.open, 0); /* whatever happened, no upload is left */
	stand_free();
}

static void
begin(uint16_t operation)
{
	site_begin(&b, operation, PULL_URI);
}

static unsigned
print_job(const char *document)
{
	begin(0x02);
	ipp_put_text(&b, IPP_NAME, "requesting-user-name", "mallory");
	ipp_put_text(&b, IPP_NAME, "job-name", "salaries.pdf");
	return site_ask_with(PULL, &b, document);
}

static unsigned
job_operation(uint16_t operation, int32_t id)
{
	begin(operation);
	ipp_put_number(&b, IPP_INTEGER, "job-id", id);
	return site_ask(PULL, &b);
}

static void
be(const char *name)
{
	memset(site.who.name, 0, sizeof(site.who.name));
	memcpy(site.who.name, name, strlen(name));
}

static bool
has_text(struct octets o, const char *text)
{
	return octets_same(o, octets_text(text));
}

START_TEST(job_of_a_pull_queue_is_held)
{
	ck_assert_uint_eq(print_job(PDF), 0);
	ck_assert_int_eq(site_number(IPP_GROUP_JOB, "job-id"), 1);
	ck_assert_int_eq(site_number(IPP_GROUP_JOB, "job-state"), JOB_HELD);
	ck_assert(has_text(site_text(IPP_GROUP_JOB, "job-state-reasons"), "job-held-for-release"));
	ck_assert(has_text(site_text(IPP_GROUP_JOB, "job-uri"), "ipp://localhost:631/ipp/job/1"));
	ck_assert_str_eq(stand.jobs[0].job.owner, "spiffe://acme.eu.example.org/workstation/alice");
	ck_assert_int_eq(stand.jobs[0].job.release, JOB_RELEASE_OWNER);
	ck_assert_int_eq(stand.jobs[0].job.grade, JOB_GRADE_RELAY);
	ck_assert_str_eq(stand.jobs[0].job.device, "");
	ck_assert_int_eq(stand.jobs[0].job.expires_s, site.now_s + 86400);
	ck_assert_uint_eq(stand.jobs[0].job.octets, strlen(PDF));
	ck_assert_uint_eq(site.changed, 1);
}
END_TEST

START_TEST(job_of_a_printer_is_fetchable)
{
	site_begin(&b, 0x02, HP_URI);
	ck_assert_uint_eq(site_ask_with("/ipp/print/hp-1", &b, PDF), 0);
	ck_assert_int_eq(site_number(IPP_GROUP_JOB, "job-state"), JOB_PENDING);
	ck_assert(has_text(site_text(IPP_GROUP_JOB, "job-state-reasons"), "job-fetchable"));
	ck_assert_str_eq(stand.jobs[0].job.device, "hp-1");
	ck_assert_str_eq(stand.jobs[0].job.printer, "hp-1");
	ck_assert_int_eq(stand.jobs[0].job.release, JOB_RELEASE_NONE);
}
END_TEST

START_TEST(pieces_do_not_matter)
{
	for (size_t piece = 1; piece < 90; piece += 7) {
		site_begin(&b, 0x02, PULL_URI);
		ipp_end(&b);
		bytes_put_text(&b, PDF);
		ck_assert_uint_eq(site_send(PULL, octets_bytes(&b), piece), 0);
		bytes_free(&b);
	}
	for (size_t i = 1; i < stand.jobs_n; i++)
		ck_assert(octets_same(
		    octets_bytes(&stand.jobs[0].document), octets_bytes(&stand.jobs[i].document)));
	ck_assert_uint_eq(stand.jobs[0].document.n, strlen(PDF) + DOCUMENT_TAG);
}
END_TEST

START_TEST(claimed_names_do_not_count)
{
	ck_assert_uint_eq(print_job(PDF), 0);
	ck_assert_uint_eq(job_operation(0x09, 1), 0);
	ck_assert(has_text(site_text(IPP_GROUP_JOB, "job-originating-user-name"), "alice"));
	ck_assert(has_text(site_text(IPP_GROUP_JOB, "job-name"), "salaries.pdf"));
}
END_TEST

START_TEST(names_are_nowhere_on_record)
{
	struct bytes row = { 0 };

	ck_assert_uint_eq(print_job(PDF), 0);
	job_write(&stand.jobs[0].job, &row);
	ck_assert_uint_gt(stand.jobs[0].job.names.n, 0); /* but sealed */
	ck_assert_ptr_null(memmem(row.at, row.n, "salaries", 8));
	ck_assert_ptr_null(memmem(row.at, row.n, "mallory", 7));
	ck_assert_ptr_null(
	    memmem(stand.jobs[0].document.at, stand.jobs[0].document.n, "document", 8));
	bytes_free(&row);
}
END_TEST

/* What is text in a request is text in the answer, and nowhere else. */
START_TEST(hostile_names_go_nowhere)
{
	static const char *const names[] = { "x\n*cupsFilter2: \"application/pdf 0 sh\"\n",
		"\"; rm -rf /", "%s%s%n", "../../etc/passwd", "a\r\nSet-Cookie: b", "\x1b[2J" };
	struct bytes row = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		begin(0x02);
		ipp_put_text(&b, IPP_NAME, "requesting-user-name", names[i]);
		ipp_put_text(&b, IPP_NAME, "job-name", names[i]);
		ck_assert_uint_eq(site_ask_with(PULL, &b, PDF), 0);
		ck_assert_str_eq(site.x.why, "");
		job_write(&stand.jobs[i].job, &row);
		ck_assert_ptr_null(memmem(row.at, row.n, names[i], strlen(names[i])));
		bytes_clear(&row);
		ck_assert_uint_eq(job_operation(0x09, (int32_t)i + 1), 0);
		ck_assert(has_text(site_text(IPP_GROUP_JOB, "job-name"), names[i]));
	}
	bytes_free(&row);
}
END_TEST

/* Somebody that nobody knows, with a PIN or without. */
START_TEST(nobody_has_to_say_who_they_are)
{
	begin(0x02);
	ck_assert_uint_eq(site_ask_with(PULL, &b, PDF), 0);
	begin(0x02);
	ipp_put_text(&b, IPP_NAME, "requesting-user-name", "");
	ck_assert_uint_eq(site_ask_with(PULL, &b, PDF), 0);
	ck_assert_uint_eq(job_operation(0x09, 2), 0);
	ck_assert(has_text(site_text(IPP_GROUP_JOB, "job-originating-user-name"), "alice"));
	begin(0x02);
	ipp_put(&b, IPP_OCTETS, "job-password", octets_text("1234"));
	ck_assert_uint_eq(site_ask_with(PULL, &b, PDF), 0x040b);
	ck_assert_uint_eq(stand.jobs_n, 2);
}
END_TEST

START_TEST(another_sees_nothing)
{
	static const uint16_t operations[] = { 0x06, 0x08, 0x09, 0x3b };

	ck_assert_uint_eq(print_job(PDF), 0);
	be("bob");
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		begin(operations[i]);
		ipp_put_number(&b, IPP_INTEGER, "job-id", 1);
		ipp_put_bool(&b, "last-document", true);
		ck_assert_uint_eq(site_ask(PULL, &b), 0x0406);
		ck_assert_uint_eq(
		    job_operation(operations[i], 2), 0x0406 - 6 * (operations[i] == 0x06));
	}
	begin(0x0a);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	ck_assert_uint_eq(site_jobs(), 0);
	begin(0x39);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	ck_assert_int_eq(stand.jobs[0].job.state, JOB_HELD);
	be("alice");
	memcpy(site.who.endpoint, "phone\0\0\0\0\0\0\0", 12); /* another endpoint of that name */
	ck_assert_uint_eq(job_operation(0x09, 1), 0x0406);
}
END_TEST

START_TEST(another_tenant_sees_nothing)
{
	ck_assert_uint_eq(print_job(PDF), 0);
	memcpy(site.who.tenant, "emca", 5);
	ck_assert_uint_eq(job_operation(0x09, 1), 0x0406);
	site_begin(&b, 0x0b, HP_URI);
	ck_assert_uint_eq(site_ask("/ipp/print/hp-1", &b), 0x0406);
}
END_TEST

/* Nothing of a document is used before somebody said yes. */
START_TEST(refused_before_the_document)
{
	char large[4000];

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	site.answer = (struct decider_answer){ .decision = "d2", .why = "not in the evening" };
	begin(0x02);
	ipp_end(&b);
	bytes_put_text(&b, large);
	ck_assert_uint_eq(site_send(PULL, octets_bytes(&b), 100), 0x0403);
	ck_assert_uint_lt(site.took, 300);
	ck_assert(has_text(site_text(IPP_GROUP_OPERATION, "status-message"), "not in the evening"));
	ck_assert_str_eq(site.x.decision, "d2");
	ck_assert_uint_eq(stand.jobs_n, 0);
	ck_assert_int_eq(stand.open, 0);
	site.busy = true;
	ck_assert_uint_eq(print_job(PDF), 0x0507);
	ck_assert_uint_eq(stand.jobs_n, 0);
}
END_TEST

START_TEST(decider_sees_the_job)
{
	site_begin(&b, 0x02, HP_URI);
	ck_assert_uint_eq(site_ask_with("/ipp/print/hp-1", &b, PDF), 0);
	ck_assert_uint_eq(site.asked, 1);
	ck_assert_int_eq(site.question.act, ACT_PRINT_SUBMIT);
	ck_assert_str_eq(stand.jobs[0].job.decision, "d1");
	ck_assert_str_eq(site.x.decision, "d1");
}
END_TEST

START_TEST(obligations_change_a_job)
{
	site.answer.obligations_n = 2;
	strcpy(site.answer.obligations[0].name, "duplex");
	strcpy(site.answer.obligations[1].name, "copies-max");
	strcpy(site.answer.obligations[1].value, "3");
	begin(0x02);
	ipp_group(&b, IPP_GROUP_JOB);
	ipp_put_number(&b, IPP_INTEGER, "copies", 50);
	ipp_put_text(&b, IPP_KEYWORD, "sides", "one-sided");
	ck_assert_uint_eq(site_ask_with(PULL, &b, PDF), 0x0001);
	ck_assert_int_eq(site_number(IPP_GROUP_UNSUPPORTED, "copies"), 50);
	ck_assert(has_text(site_text(IPP_GROUP_UNSUPPORTED, "sides"), "one-sided"));
	ck_assert_int_eq(stand.jobs[0].job.copies, 3);
	begin(0x09);
	ipp_put_number(&b, IPP_INTEGER, "job-id", 1);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	ck_assert_int_eq(site_number(IPP_GROUP_JOB, "copies"), 3);
	ck_assert(has_text(site_text(IPP_GROUP_JOB, "sides"), "two-sided-long-edge"));
}
END_TEST

START_TEST(obligation_that_nobody_keeps_is_a_no)
{
	site.answer.obligations_n = 1;
	strcpy(site.answer.obligations[0].name, "watermark");
	ck_assert_uint_eq(print_job(PDF), 0x0403);
	ck_assert_uint_eq(stand.jobs_n, 0);
}
END_TEST

START_TEST(fidelity_is_kept_or_refused)
{
	for (int fidelity = 0; fidelity < 2; fidelity++) {
		begin(0x04);
		ipp_put_bool(&b, "ipp-attribute-fidelity", fidelity == 1);
		ipp_group(&b, IPP_GROUP_JOB);
		ipp_put_text(&b, IPP_KEYWORD, "sides", "three-sided");
		ipp_put_number(&b, IPP_INTEGER, "copies", 1000);
		ipp_put_text(&b, IPP_KEYWORD, "no-such-thing", "x");
		ck_assert_uint_eq(site_ask(PULL, &b), fidelity == 1 ? 0x040b : 0x0001);
		ck_assert(has_text(site_text(IPP_GROUP_UNSUPPORTED, "sides"), "three-sided"));
		ck_assert_int_eq(site_number(IPP_GROUP_UNSUPPORTED, "copies"), 1000);
		ck_assert_uint_eq(site_text(IPP_GROUP_UNSUPPORTED, "no-such-thing").n, 0);
	}
	ck_assert_uint_eq(stand.jobs_n, 0);
}
END_TEST

START_TEST(document_of_a_kind_that_is_not_taken)
{
	begin(0x02);
	ipp_put_text(&b, IPP_MIME, "document-format", "application/x-shockwave-flash");
	ck_assert_uint_eq(site_ask_with(PULL, &b, PDF), 0x040a);
	begin(0x02);
	ipp_put_text(&b, IPP_KEYWORD, "compression", "brotli");
	ck_assert_uint_eq(site_ask_with(PULL, &b, PDF), 0x040f);
	begin(0x0b);
	ipp_put_text(&b, IPP_MIME, "document-format", "text/html");
	ck_assert_uint_eq(site_ask(PULL, &b), 0x040a);
}
END_TEST

START_TEST(compressed_stays_compressed)
{
	begin(0x02);
	ipp_put_text(&b, IPP_KEYWORD, "compression", "gzip");
	ck_assert_uint_eq(site_ask_with(PULL, &b, "\x1f\x8b not even gzip"), 0);
	ck_assert_str_eq(stand.jobs[0].job.compression, "gzip");
	ck_assert_uint_eq(stand.jobs[0].job.octets, strlen("\x1f\x8b not even gzip"));
}
END_TEST

START_TEST(document_that_is_not_there)
{
	ck_assert_uint_eq(print_job(""), 0x0400);
	ck_assert_uint_eq(stand.jobs_n, 0);
}
END_TEST

START_TEST(document_over_the_limit)
{
	begin(0x02);
	ipp_end(&b);
	for (int i = 0; i < 1100; i++)
		bytes_put(&b, (char[1000]){ 1 }, 1000);
	ck_assert_uint_eq(site_send(PULL, octets_bytes(&b), 0), 0x041a); /* it said so */
	ck_assert_uint_eq(site_send(PULL, octets_bytes(&b), 65536), 0x041a);
	ck_assert_uint_le(site.took, 65536);
	ck_assert_uint_eq(stand.jobs_n, 0);
}
END_TEST

START_TEST(quota_that_is_used_up)
{
	stand.full = true;
	ck_assert_uint_eq(print_job(PDF), 0x041a);
	begin(0x05);
	ck_assert_uint_eq(site_ask(PULL, &b), 0x041a);
}
END_TEST

START_TEST(client_that_goes_away_leaves_nothing)
{
	begin(0x02);
	ipp_end(&b);
	bytes_put_text(&b, PDF PDF PDF);
	for (size_t n = 0; n < b.n; n++) {
		site_break(PULL, octets_bytes(&b), n);
		ck_assert_int_eq(stand.open, 0);
	}
	ck_assert_uint_eq(stand.jobs_n, 0);
	ck_assert_ptr_null(site.print.sending);
}
END_TEST

START_TEST(disk_that_fails_is_told)
{
	begin(0x02);
	ipp_end(&b);
	bytes_put_text(&b, PDF);
	stand.broken = true;
	ck_assert_uint_eq(site_send(PULL, octets_bytes(&b), 0), 0x0500);
	ck_assert_uint_eq(site_jobs(), 0);
}
END_TEST

START_TEST(certificate_is_made_when_it_is_needed)
{
	site.keyless = true;
	ck_assert_uint_eq(print_job(PDF), 0);
	ck_assert(
	    octets_same(octets_bytes(&stand.jobs[0].job.envelope), octets_text("certificate")));
	ck_assert_uint_eq(stand.jobs[0].document.n, strlen(PDF) + DOCUMENT_TAG);
	site.print.asks = false; /* where there is nobody to ask */
	ck_assert_uint_eq(print_job(PDF), 0x0502);
	ck_assert_uint_eq(stand.jobs_n, 1);
}
END_TEST

static unsigned
send_document(int32_t id, bool last, const char *document)
{
	begin(0x06);
	ipp_put_number(&b, IPP_INTEGER, "job-id", id);
	ipp_put_bool(&b, "last-document", last);
	return site_ask_with(PULL, &b, document);
}

/* way NULL: it is not said. */
static unsigned
with_pin(uint16_t operation, const char *way, struct octets pin)
{
	site.pins = true;
	begin(operation);
	ipp_put(&b, IPP_OCTETS, "job-password", pin);
	if (way != NULL)
		ipp_put_text(&b, IPP_KEYWORD, "job-password-encryption", way);
	return site_ask_with(PULL, &b, operation == 0x02 ? PDF : "");
}

START_TEST(pin_becomes_a_verifier)
{
	uint8_t digest[DIGEST_OCTETS];
	const struct job *j = &stand.jobs[0].job;
	struct bytes row = { 0 };

	ck_assert_uint_eq(with_pin(0x02, "none", octets_text("4711")), 0);
	ck_assert_uint_eq(stand.jobs_n, 0);
	ck_assert_uint_eq(site_hardened(true), 0);
	ck_assert_int_eq(site_number(IPP_GROUP_JOB, "job-state"), JOB_HELD);
	ck_assert_int_eq(j->release, JOB_RELEASE_PASSWORD);
	ck_assert_uint_eq(j->octets, strlen(PDF));
	/* of its SHA-256, so that who sends that sends the same */
	digest_of(octets_text("4711"), digest);
	ck_assert_uint_eq(j->verifier[RELEASE_SALT], (uint8_t)('a' ^ 0x5a));
	ck_assert_uint_eq(j->verifier[RELEASE_SALT + 4], digest[0] ^ 0x5a);
	job_write(j, &row);
	ck_assert_ptr_null(memmem(row.at, row.n, "4711", 4));
	ck_assert_ptr_null(memmem(row.at, row.n, digest, sizeof(digest)));
	bytes_free(&row);
	ck_assert_uint_eq(with_pin(0x02, "sha2-256", octets_of(digest, sizeof(digest))), 0);
	ck_assert_uint_eq(site_hardened(true), 0);
	ck_assert_int_eq(memcmp(j->verifier + RELEASE_SALT,
			     stand.jobs[1].job.verifier + RELEASE_SALT, RELEASE_HARD),
	    0);
	ck_assert_int_ne(memcmp(j->verifier, stand.jobs[1].job.verifier, RELEASE_SALT), 0);
	ck_assert_uint_eq(with_pin(0x05, NULL, octets_text("0815")), 0);
	ck_assert_uint_eq(site_hardened(true), 0);
	ck_assert_int_eq(stand.jobs[2].job.release, JOB_RELEASE_PASSWORD);
	ck_assert_uint_eq(send_document(3, true, PDF), 0);
	ck_assert_int_eq(stand.jobs[2].job.state, JOB_HELD);
}
END_TEST

/* Sent to a printer's own queue it waits there for its PIN. */
START_TEST(pin_at_a_printers_queue)
{
	site.pins = true;
	site_begin(&b, 0x02, HP_URI);
	ipp_put(&b, IPP_OCTETS, "job-password", octets_text("4711"));
	ck_assert_uint_eq(site_ask_with("/ipp/print/hp-1", &b, PDF), 0);
	ck_assert_uint_eq(site_hardened(true), 0);
	ck_assert_int_eq(stand.jobs[0].job.state, JOB_HELD);
	ck_assert_str_eq(stand.jobs[0].job.printer, "hp-1");
	ck_assert_str_eq(stand.jobs[0].job.device, "");
}
END_TEST

START_TEST(pins_that_are_none)
{
	static const uint8_t longest[256];

	ck_assert_uint_eq(with_pin(0x02, "none", octets_text("471")), 0x0400);
	ck_assert_uint_eq(with_pin(0x02, "none", octets_of(longest, sizeof(longest))), 0x0400);
	ck_assert_uint_eq(with_pin(0x02, "sha2-256", octets_text("4711")), 0x0400);
	ck_assert_uint_eq(with_pin(0x02, "md5", octets_text("4711")), 0x040b);
	ck_assert_uint_eq(with_pin(0x02, "sha2-256 ", octets_text("4711")), 0x0400);
	ck_assert_uint_eq(stand.jobs_n, 0);
	ck_assert_ptr_null(site.work);
}
END_TEST

START_TEST(pin_that_nobody_can_take)
{
	site.key_fault = FAULT_BUSY;
	ck_assert_uint_eq(with_pin(0x02, "none", octets_text("4711")), 0x0507);
	site.key_fault = 0;
	site.soft = true;
	ck_assert_uint_eq(with_pin(0x02, "none", octets_text("4711")), 0x0507);
	site.soft = false;
	ck_assert_uint_eq(with_pin(0x02, "none", octets_text("4711")), 0);
	ck_assert_uint_eq(site_hardened(false), 0x0505);
	ck_assert_uint_eq(stand.jobs_n, 0);
}
END_TEST

START_TEST(gone_while_its_pin_hardens)
{
	struct release_work *w;

	ck_assert_uint_eq(with_pin(0x02, "none", octets_text("4711")), 0);
	w = site.work;
	site.work = NULL;
	ck_assert_uint_eq(print_job(PDF), 0); /* another; the first is over */
	w->ok = true;
	w->done(w);
	ck_assert_uint_eq(stand.jobs_n, 1);
	ck_assert_uint_eq(site.print.hardening, 0);
}
END_TEST

START_TEST(cancel)
{
	ck_assert_uint_eq(print_job(PDF), 0);
	ck_assert_uint_eq(job_operation(0x08, 1), 0);
	ck_assert_int_eq(stand.jobs[0].job.state, JOB_CANCELED);
	ck_assert_uint_eq(stand.jobs[0].document.n, 0);
	ck_assert_int_eq(site.changed_to, JOB_CANCELED);
	ck_assert_uint_eq(job_operation(0x08, 1), 0x0404);
	ck_assert_uint_eq(job_operation(0x08, 2), 0x0406);
	ck_assert_uint_eq(job_operation(0x08, 0), 0x0400);
	ck_assert_uint_eq(job_operation(0x08, -1), 0x0400);
	begin(0x08);
	ck_assert_uint_eq(site_ask(PULL, &b), 0x0400);
}
END_TEST

START_TEST(cancel_by_the_jobs_address)
{
	ck_assert_uint_eq(print_job(PDF), 0);
	site_begin(&b, 0x08, NULL);
	ipp_put_text(&b, IPP_URI, "job-uri", "ipp://localhost/ipp/job/2");
	ck_assert_uint_eq(site_ask("/ipp/job/1", &b), 0x0406);
	site_begin(&b, 0x08, NULL);
	ipp_put_text(&b, IPP_URI, "job-uri", "ipp://localhost/ipp/job/1");
	ck_assert_uint_eq(site_ask("/ipp/job/1", &b), 0);
	ck_assert_int_eq(stand.jobs[0].job.state, JOB_CANCELED);
}
END_TEST

START_TEST(cancel_mine)
{
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(print_job(PDF), 0);
	be("bob");
	ck_assert_uint_eq(print_job(PDF), 0);
	be("alice");
	begin(0x39);
	ipp_put_number(&b, IPP_INTEGER, "job-ids", 1);
	ipp_put_number(&b, IPP_INTEGER, "", 4); /* bob's: then none of them */
	ck_assert_uint_eq(site_ask(PULL, &b), 0x0406);
	ck_assert_int_eq(stand.jobs[0].job.state, JOB_HELD);
	begin(0x39);
	ipp_put_number(&b, IPP_INTEGER, "job-ids", 2);
	ipp_put_number(&b, IPP_INTEGER, "", 2);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	begin(0x39);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(stand.jobs[i].job.state, JOB_CANCELED);
	ck_assert_int_eq(stand.jobs[3].job.state, JOB_HELD);
}
END_TEST

static unsigned
list(const char *which, int32_t limit)
{
	begin(0x0a);
	if (which != NULL)
		ipp_put_text(&b, IPP_KEYWORD, "which-jobs", which);
	if (limit != 0)
		ipp_put_number(&b, IPP_INTEGER, "limit", limit);
	return site_ask(PULL, &b);
}

START_TEST(jobs_are_listed)
{
	for (int i = 0; i < 5; i++)
		ck_assert_uint_eq(print_job(PDF), 0);
	ck_assert_uint_eq(job_operation(0x08, 2), 0);
	ck_assert_uint_eq(job_operation(0x08, 4), 0);
	ck_assert_uint_eq(list(NULL, 0), 0);
	ck_assert_uint_eq(site_jobs(), 3);
	ck_assert_uint_eq(list("completed", 0), 0);
	ck_assert_uint_eq(site_jobs(), 2);
	ck_assert_int_eq(site_number(IPP_GROUP_JOB, "job-id"), 4); /* the newest first */
	ck_assert_uint_eq(list("all", 0), 0);
	ck_assert_uint_eq(site_jobs(), 5);
	ck_assert_uint_eq(list("all", 4), 0);
	ck_assert_uint_eq(site_jobs(), 4);
	ck_assert_uint_eq(list("not-completed", 1), 0);
	ck_assert_uint_eq(site_jobs(), 1);
	ck_assert_uint_eq(list("fetchable", 0), 0x040b);
	ck_assert_uint_eq(list(NULL, -1), 0x0400);
	begin(0x0a);
	ipp_put_number(&b, IPP_INTEGER, "job-ids", 5);
	ipp_put_number(&b, IPP_INTEGER, "", 77);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	ck_assert_uint_eq(site_jobs(), 1);
	site_begin(&b, 0x0a, HP_URI);
	ck_assert_uint_eq(site_ask("/ipp/print/hp-1", &b), 0);
	ck_assert_uint_eq(site_jobs(), 0);
}
END_TEST

/* On a machine that many share; whose jobs they are is another question. */
START_TEST(jobs_of_one_user)
{
	static const struct {
		const char *user;
		unsigned jobs;
	} rows[] = { { "mallory", 1 }, { "trudy", 0 }, { "", 1 } };

	ck_assert_uint_eq(print_job(PDF), 0); /* as mallory */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(0x0a);
		ipp_put_text(&b, IPP_NAME, "requesting-user-name", rows[i].user);
		ipp_put_bool(&b, "my-jobs", true);
		ck_assert_uint_eq(site_ask(PULL, &b), 0);
		ck_assert_uint_eq(site_jobs(), rows[i].jobs);
	}
	be("bob");
	begin(0x0a);
	ipp_put_text(&b, IPP_NAME, "requesting-user-name", "mallory");
	ipp_put_bool(&b, "my-jobs", true);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	ck_assert_uint_eq(site_jobs(), 0);
}
END_TEST

START_TEST(many_jobs_are_cut)
{
	for (int i = 0; i < 510; i++)
		ck_assert_uint_eq(print_job(PDF), 0);
	ck_assert_uint_eq(list(NULL, 0), 0);
	ck_assert_uint_eq(site_jobs(), 500);
}
END_TEST

START_TEST(job_and_its_document_apart)
{
	begin(0x05);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	ck_assert_int_eq(site_number(IPP_GROUP_JOB, "job-state"), JOB_PENDING);
	ck_assert(has_text(site_text(IPP_GROUP_JOB, "job-state-reasons"), "job-incoming"));
	ck_assert_int_eq(stand.jobs[0].job.expires_s, site.now_s + 60);
	ck_assert_uint_eq(send_document(1, true, PDF), 0);
	ck_assert_int_eq(site_number(IPP_GROUP_JOB, "job-state"), JOB_HELD);
	ck_assert_int_eq(stand.jobs[0].job.expires_s, site.now_s + 86400);
	ck_assert_uint_eq(stand.jobs[0].job.octets, strlen(PDF));
	ck_assert_uint_eq(send_document(1, true, PDF), 0x0404);
}
END_TEST

START_TEST(one_document_a_job)
{
	begin(0x05);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	ck_assert_uint_eq(send_document(1, false, PDF), 0);
	ck_assert_int_eq(site_number(IPP_GROUP_JOB, "job-state"), JOB_PENDING);
	ck_assert_uint_eq(send_document(1, false, PDF), 0x0509);
	ck_assert_uint_eq(send_document(1, true, ""), 0);
	ck_assert_int_eq(site_number(IPP_GROUP_JOB, "job-state"), JOB_HELD);
}
END_TEST

START_TEST(job_that_is_closed)
{
	begin(0x05);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	ck_assert_uint_eq(send_document(1, false, PDF), 0);
	ck_assert_uint_eq(job_operation(0x3b, 1), 0);
	ck_assert_int_eq(stand.jobs[0].job.state, JOB_HELD);
	ck_assert_uint_eq(job_operation(0x3b, 1), 0x0404);
	begin(0x05);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	ck_assert_uint_eq(job_operation(0x3b, 2), 0); /* without anything to print */
	ck_assert_int_eq(stand.jobs[1].job.state, JOB_ABORTED);
}
END_TEST

START_TEST(document_for_a_job_that_ended)
{
	begin(0x05);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	ck_assert_uint_eq(job_operation(0x08, 1), 0);
	ck_assert_uint_eq(send_document(1, true, PDF), 0x0508);
	ck_assert_uint_eq(send_document(9, true, PDF), 0x0406);
	begin(0x06);
	ipp_put_number(&b, IPP_INTEGER, "job-id", 1);
	ck_assert_uint_eq(site_ask_with(PULL, &b, PDF), 0x0400); /* no last-document */
}
END_TEST

START_TEST(queue_says_what_it_is)
{
	begin(0x0b);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	ck_assert(has_text(site_text(IPP_GROUP_PRINTER, "printer-uri-supported"), PULL_URI));
	ck_assert(
	    has_text(site_text(IPP_GROUP_PRINTER, "ipp-features-supported"), "ipp-everywhere"));
	ck_assert_int_eq(site_number(IPP_GROUP_PRINTER, "queued-job-count"), 0);
	ck_assert_uint_eq(print_job(PDF), 0);
	begin(0x0b);
	ipp_put_text(&b, IPP_KEYWORD, "requested-attributes", "queued-job-count");
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	ck_assert_int_eq(site_number(IPP_GROUP_PRINTER, "queued-job-count"), 1);
	ck_assert_uint_lt(site.x.reply.n, 150);
	site_begin(&b, 0x0b, HP_URI);
	ck_assert_uint_eq(site_ask("/ipp/print/hp-1", &b), 0);
	ck_assert(has_text(site_text(IPP_GROUP_PRINTER, "printer-name"), "hp-1"));
}
END_TEST

START_TEST(identify)
{
	begin(0x3c);
	ck_assert_uint_eq(site_ask(PULL, &b), 0);
	begin(0x3c);
	ipp_put_text(&b, IPP_KEYWORD, "identify-actions", "sound");
	ck_assert_uint_eq(site_ask(PULL, &b), 0x040b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("print");
	TCase *t = tcase_create("print");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, job_of_a_pull_queue_is_held);
	tcase_add_test(t, job_of_a_printer_is_fetchable);
	tcase_add_test(t, pieces_do_not_matter);
	tcase_add_test(t, claimed_names_do_not_count);
	tcase_add_test(t, names_are_nowhere_on_record);
	tcase_add_test(t, hostile_names_go_nowhere);
	tcase_add_test(t, nobody_has_to_say_who_they_are);
	tcase_add_test(t, another_sees_nothing);
	tcase_add_test(t, another_tenant_sees_nothing);
	tcase_add_test(t, refused_before_the_document);
	tcase_add_test(t, decider_sees_the_job);
	tcase_add_test(t, obligations_change_a_job);
	tcase_add_test(t, obligation_that_nobody_keeps_is_a_no);
	tcase_add_test(t, fidelity_is_kept_or_refused);
	tcase_add_test(t, document_of_a_kind_that_is_not_taken);
	tcase_add_test(t, compressed_stays_compressed);
	tcase_add_test(t, document_that_is_not_there);
	tcase_add_test(t, document_over_the_limit);
	tcase_add_test(t, quota_that_is_used_up);
	tcase_add_test(t, client_that_goes_away_leaves_nothing);
	tcase_add_test(t, disk_that_fails_is_told);
	tcase_add_test(t, certificate_is_made_when_it_is_needed);
	tcase_add_test(t, pin_becomes_a_verifier);
	tcase_add_test(t, pin_at_a_printers_queue);
	tcase_add_test(t, pins_that_are_none);
	tcase_add_test(t, pin_that_nobody_can_take);
	tcase_add_test(t, gone_while_its_pin_hardens);
	tcase_add_test(t, cancel);
	tcase_add_test(t, cancel_by_the_jobs_address);
	tcase_add_test(t, cancel_mine);
	tcase_add_test(t, jobs_are_listed);
	tcase_add_test(t, jobs_of_one_user);
	tcase_add_test(t, many_jobs_are_cut);
	tcase_add_test(t, job_and_its_document_apart);
	tcase_add_test(t, one_document_a_job);
	tcase_add_test(t, job_that_is_closed);
	tcase_add_test(t, document_for_a_job_that_ended);
	tcase_add_test(t, queue_says_what_it_is);
	tcase_add_test(t, identify);
	suite_add_tcase(s, t);
	return run_suite(s);
}
