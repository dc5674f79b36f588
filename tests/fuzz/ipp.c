/*
 * tests/fuzz/ipp.c - an IPP message: its end is found in whatever pieces it comes, what is accepted
 * reads the same in each way there is, and a job's template is what was judged.
 *
 * The first octet says how large a piece is; the rest is what a client sent.
 */
#include <stdlib.h>
#include <string.h>

#include "relay/ipp_span.h"
#include "relay/ipp_write.h"
#include "relay/template.h"
#include "relay/wanted.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
need(bool so)
{
	if (!so)
		abort();
}

static bool
lies_in(struct octets o, struct octets in)
{
	return o.n == 0 || (o.at >= in.at && o.at + o.n <= in.at + in.n);
}

/* Where the message ends; 0: there is no end of it, or it can be none. */
static size_t
measure(struct octets in, size_t piece)
{
	struct ipp_measure m = { .at = 0 };
	struct fault f;
	size_t n = 0;

	while (!m.whole && n < in.n) {
		size_t before = m.at;

		n = in.n - n < piece ? in.n : n + piece;
		if (!ipp_measure(octets_of(in.at, n), &m, &f))
			return 0;
		need(m.at >= before && m.at <= n && m.at <= IPP_MESSAGE_MAX);
	}
	return m.whole ? m.at : 0;
}

/* Value by value, and attribute by attribute: the same names in the same order. */
static void
read_twice(struct octets message)
{
	struct ipp_span s = { .rest = octets_of(
				  message.at + IPP_HEAD_OCTETS, message.n - IPP_HEAD_OCTETS) };
	struct ipp_reader r;
	struct ipp_value v, found;
	int32_t number;

	ipp_reader_of(message, &r);
	while (ipp_next(&r, &v)) {
		need(v.depth <= IPP_DEPTH_MAX && v.group < IPP_GROUPS && v.group > 0);
		need(lies_in(v.name, message) && lies_in(v.value, message));
		need(lies_in(ipp_text(&v), v.value));
		need(!ipp_yes(&v) || v.tag == IPP_BOOLEAN);
		need(!ipp_number(&v, &number) || v.value.n == 4);
		if (v.depth > 0 || v.more || v.tag == IPP_COLLECTION_END)
			continue;
		need(ipp_next_span(&s) && octets_same(s.name, v.name) && s.group == v.group);
		need(lies_in(v.value, s.whole));
	}
	need(!ipp_next_span(&s));
	if (ipp_find(message, IPP_GROUP_JOB, "copies", &found))
		need(found.group == IPP_GROUP_JOB && found.depth == 0);
}

/* A message whose job group is the template. */
static void
again(const struct job *j, struct bytes *to)
{
	static const struct ipp_head of = { 2, 0, 2, 1 };

	ipp_begin(to, &of);
	ipp_put_bool(to, "ipp-attribute-fidelity", true);
	ipp_group(to, IPP_GROUP_JOB);
	bytes_put_octets(to, octets_bytes(&j->template));
	ipp_end(to);
}

/* The one value of name, of a message, is it that word? */
static bool
is_word(struct octets message, const char *name, const char *word)
{
	struct ipp_value v;

	return ipp_find(message, IPP_GROUP_JOB, name, &v) &&
	       octets_same(ipp_text(&v), octets_text(word));
}

static void
check_template(struct octets message)
{
	static const struct decider_answer owes = { .permit = true,
		.obligations_n = 3,
		.obligations = { { "duplex", "" }, { "monochrome", "" }, { "copies-max", "2" } } };
	struct job j = { .id = 0 }, k = { .id = 0 };
	struct bytes no = { 0 }, b = { 0 };
	struct ipp_head h;
	struct ipp_value v;
	struct fault f;
	int32_t n;

	if (template_read(message, &j, &no, &f) && template_oblige(&j, &owes, &no, &f)) {
		need(j.copies >= 1 && j.copies <= 2 && j.template.n <= JOB_TEMPLATE_MAX);
		again(&j, &b);
		bytes_clear(&no);
		/* What was judged holds once more: each attribute is there once, and supported. */
		need(ipp_check_request(octets_bytes(&b), &h, &f));
		need(template_read(octets_bytes(&b), &k, &no, &f) && no.n == 0);
		need(octets_same(octets_bytes(&k.template), octets_bytes(&j.template)));
		need(k.copies == j.copies);
		need(is_word(octets_bytes(&b), "print-color-mode", "monochrome"));
		need(!is_word(octets_bytes(&b), "sides", "one-sided"));
		if (ipp_find(octets_bytes(&b), IPP_GROUP_JOB, "copies", &v))
			need(ipp_number(&v, &n) && n == j.copies);
	}
	job_free(&j);
	job_free(&k);
	bytes_free(&no);
	bytes_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	static const char *const otherwise[] = { "all", NULL };
	struct octets in = octets_of(at + 1, n - 1), message;
	struct ipp_head h;
	struct fault f;
	size_t whole;

	if (n < 2)
		return 0;
	whole = measure(in, in.n);
	need(whole == measure(in, 1 + at[0] % 32u));
	message = octets_of(in.at, whole > 0 ? whole : in.n);
	if (!ipp_check(message, &h, &f)) {
		need(f.code == FAULT_BADREQ || f.code == FAULT_LIMIT);
		need(!ipp_check_request(message, &h, &f));
		return 0;
	}
	need(whole > 0); /* whatever is a message has an end that is found */
	read_twice(message);
	(void)wanted_is(&(struct wanted){ message, otherwise }, "sides", "job-template");
	if (ipp_check_request(message, &h, &f))
		check_template(message);
	return 0;
}
