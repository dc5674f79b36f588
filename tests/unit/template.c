/* tests/unit/template.c - relay/template.h, relay/capability.h: nothing is printed that was not
 * judged, and what policies oblige to cannot be got around. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/capability.h"
#include "relay/ipp_write.h"
#include "relay/template.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct bytes m, unsupported;
static struct job job;
static struct fault fault;

static void
begin(bool fidelity)
{
	static const struct ipp_head of = { 2, 0, 0x0002, 1 };

	bytes_free(&m);
	bytes_free(&unsupported);
	job_free(&job);
	ipp_begin(&m, &of);
	ipp_put_bool(&m, "ipp-attribute-fidelity", fidelity);
	ipp_group(&m, IPP_GROUP_JOB);
}

static bool
reads(void)
{
	struct ipp_head head;

	ipp_end(&m);
	ck_assert_msg(ipp_check_request(octets_bytes(&m), &head, &fault), "%s", fault.text);
	return template_read(octets_bytes(&m), &job, &unsupported, &fault);
}

static bool
has(const struct bytes *b, const char *text)
{
	return b->n > 0 && memmem(b->at, b->n, text, strlen(text)) != NULL;
}

static bool
oblige(const char *name, const char *value)
{
	struct decider_answer a = { .permit = true, .obligations_n = 1 };

	snprintf(a.obligations[0].name, sizeof(a.obligations[0].name), "%s", name);
	snprintf(a.obligations[0].value, sizeof(a.obligations[0].value), "%s", value);
	return template_oblige(&job, &a, &unsupported, &fault);
}

START_TEST(what_is_supported_stays)
{
	begin(true);
	ipp_put_text(&m, IPP_KEYWORD, "sides", "two-sided-long-edge");
	ipp_put_number(&m, IPP_INTEGER, "copies", 999);
	ipp_put_resolution(&m, "printer-resolution", 300, 300);
	ipp_put_range(&m, "page-ranges", 1, 2);
	ipp_put_range(&m, "", 4, 7);
	ipp_open(&m, "media-col");
	ipp_member(&m, "media-type");
	ipp_put_text(&m, IPP_KEYWORD, "", "stationery");
	ipp_close(&m);
	ck_assert_msg(reads(), "%s", fault.text);
	ck_assert_int_eq(job.copies, 999);
	ck_assert(unsupported.n == 0 && has(&job.template, "media-type"));
	ck_assert(has(&job.template, "printer-resolution") && has(&job.template, "sides"));
}
END_TEST

START_TEST(what_is_not_supported_is_told)
{
	static const struct {
		const char *name, *word;
		int32_t number;
	} rows[] = {
		{ "sides", "four-sided", 0 }, { "sides", NULL, 1 }, { "copies", NULL, 0 },
		{ "copies", NULL, 1000 }, { "copies", NULL, -1 }, { "copies", NULL, INT32_MIN },
		{ "copies", "1", 0 }, { "media", "iso_a0_841x1189mm", 0 },
		{ "print-color-mode", "bi-level", 0 },
		{ "print-quality", NULL, 4 }, /* an integer, not an enum */
		{ "media-col", "stationery", 0 }, { "page-ranges", NULL, 1 },
		{ "output-mode", "color", 0 }, { "job-password", "1234", 0 },
		{ "charset", "utf-8", 0 }, /* -supported, but no template's */
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (int fidelity = 0; fidelity < 2; fidelity++) {
			begin(fidelity == 1);
			if (rows[i].word != NULL)
				ipp_put_text(&m, IPP_KEYWORD, rows[i].name, rows[i].word);
			else
				ipp_put_number(&m, IPP_INTEGER, rows[i].name, rows[i].number);
			ck_assert_msg(reads() == (fidelity == 0), "%zu", i);
			ck_assert_msg(fidelity == 0 || fault.code == FAULT_CONFLICT, "%zu", i);
			ck_assert_msg(has(&unsupported, rows[i].name), "%zu", i);
			ck_assert_msg(job.template.n == 0, "%zu", i);
		}
	ck_assert_int_eq(job.copies, 0); /* not touched where it fails */
}
END_TEST

START_TEST(row_43_a_second_value)
{
	begin(false);
	ipp_put_text(&m, IPP_KEYWORD, "sides", "two-sided-long-edge");
	ipp_put_text(&m, IPP_KEYWORD, "", "one-sided");
	ipp_put_number(&m, IPP_INTEGER, "copies", 1);
	ipp_put_number(&m, IPP_INTEGER, "", 500);
	ck_assert_msg(reads(), "%s", fault.text);
	ck_assert_uint_eq(job.template.n, 0);
	ck_assert_int_eq(job.copies, 1);
	ck_assert(has(&unsupported, "one-sided") && has(&unsupported, "copies"));
}
END_TEST

START_TEST(row_43_overrides)
{
	static const char *const members[] = { "sides", "copies", "print-color-mode",
		"output-mode" };

	for (size_t i = 0; i < COUNT(members); i++) {
		begin(false);
		ipp_open(&m, "overrides");
		ipp_member(&m, "pages");
		ipp_put_range(&m, "", 1, 9);
		ipp_member(&m, members[i]);
		ipp_put_text(&m, IPP_KEYWORD, "", "one-sided");
		ipp_close(&m);
		ck_assert_msg(reads(), "%s", fault.text);
		ck_assert_msg(job.template.n == 0, "%s", members[i]);
		ck_assert_msg(has(&unsupported, "overrides"), "%s", members[i]);
	}
}
END_TEST

START_TEST(duplex_and_monochrome)
{
	static const char *const sides[] = { NULL, "one-sided", "two-sided-long-edge",
		"two-sided-short-edge" };

	for (size_t i = 0; i < COUNT(sides); i++) {
		begin(false);
		if (sides[i] != NULL)
			ipp_put_text(&m, IPP_KEYWORD, "sides", sides[i]);
		ipp_put_text(&m, IPP_KEYWORD, "print-color-mode", "color");
		ck_assert(reads());
		ck_assert(oblige("duplex", "") && oblige("monochrome", ""));
		ck_assert(!has(&job.template, "one-sided") && !has(&job.template, "\5color"));
		ck_assert(
		    has(&job.template, i == 3 ? "two-sided-short-edge" : "two-sided-long-edge"));
		ck_assert(has(&job.template, "monochrome"));
		ck_assert(has(&unsupported, "one-sided") == (i == 1));
	}
}
END_TEST

START_TEST(copies_have_a_most)
{
	static const struct {
		const char *most;
		int32_t asked, left;
	} rows[] = { { "3", 2, 2 }, { "3", 3, 3 }, { "3", 4, 3 }, { "0", 4, 1 }, { "-7", 4, 1 },
		{ "many", 4, 1 }, { "99999999999999999999", 4, 4 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ipp_value v;
		int32_t n;

		begin(false);
		ipp_put_number(&m, IPP_INTEGER, "copies", rows[i].asked);
		ck_assert(reads() && oblige("copies-max", rows[i].most));
		ck_assert_msg(job.copies == rows[i].left, "%zu", i);
		begin(false); /* and the printer is told the same */
		ipp_put_number(&m, IPP_INTEGER, "copies", rows[i].asked);
		ck_assert(reads() && oblige("copies-max", rows[i].most));
		bytes_free(&m);
		ipp_begin(&m, &(struct ipp_head){ 2, 0, 2, 1 });
		ipp_group(&m, IPP_GROUP_JOB);
		bytes_put_octets(&m, octets_bytes(&job.template));
		ipp_end(&m);
		ck_assert(ipp_find(octets_bytes(&m), IPP_GROUP_JOB, "copies", &v));
		ck_assert_msg(ipp_number(&v, &n) && n == rows[i].left, "%zu", i);
	}
}
END_TEST

START_TEST(unknown_obligations_are_not_kept)
{
	begin(false);
	ck_assert(reads());
	ck_assert(template_keeps("duplex") && template_keeps("log") && !template_keeps("Duplex"));
	ck_assert(!template_keeps("watermark") && !template_keeps(""));
	ck_assert(!oblige("watermark", ""));
	ck_assert_int_eq(fault.code, FAULT_DENIED);
	ck_assert_uint_eq(job.template.n, 0);
}
END_TEST

/* What is accepted can be read again, with all that policies put to it. */
START_TEST(as_long_as_a_row_takes)
{
	int accepted = 0, obliged = 0;

	for (int ranges = 620; ranges < 634; ranges++) {
		struct bytes row = { 0 };
		struct job again;

		begin(false);
		for (int i = 0; i < ranges; i++)
			ipp_put_range(&m, i == 0 ? "page-ranges" : "", 1, 2);
		if (!reads()) {
			ck_assert_int_eq(fault.code, FAULT_LIMIT);
			continue;
		}
		accepted++;
		if (!oblige("duplex", "")) {
			ck_assert_int_eq(fault.code, FAULT_LIMIT);
			continue;
		}
		obliged++;
		job.id = 1;
		job.state = JOB_HELD;
		job.grade = JOB_GRADE_RELAY;
		job.release = JOB_RELEASE_OWNER;
		job_write(&job, &row);
		ck_assert_msg(job_read(octets_bytes(&row), &again, &fault), "%d", ranges);
		job_free(&again);
		bytes_free(&row);
	}
	ck_assert_int_gt(obliged, 0);
	ck_assert_int_gt(accepted, obliged);
	ck_assert_int_lt(accepted, 14);
}
END_TEST

START_TEST(formats)
{
	static const char *const takes[] = { "application/pdf", "Application/PDF",
		"application/pdf; version=1.7", "image/urf" };
	static const char *const not [] = { "", "application/pd", "application/pdfx", ";",
		"application/postscript", " application/pdf", "text/plain" };

	for (size_t i = 0; i < COUNT(takes); i++)
		ck_assert_msg(capability_takes_format(octets_text(takes[i])), "%zu", i);
	for (size_t i = 0; i < COUNT(not ); i++)
		ck_assert_msg(!capability_takes_format(octets_text(not [i])), "%zu", i);
}
END_TEST

static void
show(const char *const *words, const char *base)
{
	const struct capability q = { .base = base,
		.queue = "hp-1",
		.tenant = "acme",
		.now_s = 1900000000,
		.started_s = 1899990000,
		.queued = 2 };
	const struct wanted w = { .otherwise = words };
	struct ipp_head head;

	bytes_free(&m);
	ipp_begin(&m, &(struct ipp_head){ 2, 0, 0, 1 });
	ipp_group(&m, IPP_GROUP_PRINTER);
	capability_put(&m, &q, &w);
	ipp_end(&m);
	ck_assert_msg(ipp_check(octets_bytes(&m), &head, &fault), "%s", fault.text);
}

static bool
shows(const char *name)
{
	struct ipp_value v;

	return ipp_find(octets_bytes(&m), IPP_GROUP_PRINTER, name, &v);
}

START_TEST(a_queue_shows_what_is_asked_for)
{
	show((const char *const[]){ "all", NULL }, "ipps://relay:632");
	ck_assert(shows("sides-supported") && shows("printer-uuid") && shows("media-col-ready"));
	ck_assert(!shows("media-col-database")); /* only by its name */
	show((const char *const[]){ "job-template", "media-col-database", NULL }, "ipps://relay");
	ck_assert(shows("sides-supported") && shows("media-col-database"));
	ck_assert(!shows("printer-uuid") && !shows("printer-state"));
	show((const char *const[]){ "printer-description", NULL }, "ipps://relay");
	ck_assert(!shows("sides-supported") && shows("printer-uuid") && shows("printer-up-time"));
	show((const char *const[]){ "printer-state", "no-such-thing", NULL }, "ipps://relay");
	ck_assert(shows("printer-state") && !shows("printer-name") && !shows("no-such-thing"));
}
END_TEST

/* Whatever has a default is allowed to be asked for. */
START_TEST(defaults_are_supported)
{
	static const char *const rows[] = { "copies", "finishings", "media",
		"orientation-requested", "output-bin", "print-color-mode", "print-quality",
		"printer-resolution", "sides", "multiple-document-handling" };
	bool known;

	show((const char *const[]){ "all", NULL }, "ipps://relay");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ipp_value v;
		char name[64];

		snprintf(name, sizeof(name), "%s-default", rows[i]);
		ck_assert_msg(ipp_find(octets_bytes(&m), IPP_GROUP_PRINTER, name, &v), "%s", name);
		ck_assert_msg(
		    capability_allows(octets_text(rows[i]), &v, &known) && known, "%s", rows[i]);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { what_is_supported_stays, what_is_not_supported_is_told,
		row_43_a_second_value, row_43_overrides, duplex_and_monochrome, copies_have_a_most,
		unknown_obligations_are_not_kept, as_long_as_a_row_takes, formats,
		a_queue_shows_what_is_asked_for, defaults_are_supported };
	Suite *s = suite_create("template");

	for (size_t i = 0; i < COUNT(tests); i++) {
		TCase *c = tcase_create(tests[i]->name);

		tcase_add_test(c, tests[i]);
		suite_add_tcase(s, c);
	}
	return run_suite(s);
}
