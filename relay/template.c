/* relay/template.c - see template.h. */
#include "relay/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/capability.h"
#include "relay/ipp_span.h"
#include "relay/ipp_write.h"

#define COPIES_MAX 999

/* Begin to read the values of one attribute. */
static void
values_of(const struct ipp_span *s, struct ipp_reader *ret)
{
	*ret = (struct ipp_reader){
		.rest = s->whole, .last = { .group = IPP_GROUP_JOB }, .groups = 1
	};
}

/* Those of more than one value. Of the others a second value could be the one that is printed,
 * after the first was judged. */
static bool
has_many(struct octets name)
{
	return octets_same(name, octets_text("finishings")) ||
	       octets_same(name, octets_text("overrides")) ||
	       octets_same(name, octets_text("page-ranges"));
}

/* Each value of the attribute as its queue can print it? known: there is such an attribute. */
static bool
is_supported(const struct ipp_span *s, bool *known)
{
	struct ipp_reader r;
	struct ipp_value v;
	bool all = true;

	*known = true;
	values_of(s, &r);
	while (all && *known && ipp_next(&r, &v))
		if (v.tag == IPP_COLLECTION_END)
			continue;
		else if (v.depth == 0)
			all =
			    capability_allows(s->name, &v, known) && (!v.more || has_many(s->name));
		else if (v.depth == 1 && !v.more)
			all = capability_has_member(s->name, v.name);
	return all;
}

static void
put_unsupported(struct bytes *to, const struct ipp_span *s, bool known)
{
	char name[IPP_NAME_MAX + 1];

	snprintf(name, sizeof(name), "%.*s", (int)s->name.n, (const char *)s->name.at);
	if (known)
		bytes_put_octets(to, s->whole);
	else
		ipp_put_none(to, IPP_UNSUPPORTED, name);
}

/* The attribute of that name; false: the template has none. */
static bool
find(const struct job *j, const char *name, struct ipp_span *ret)
{
	struct ipp_span s = { .rest = octets_bytes(&j->template) };

	while (ipp_next_span(&s))
		if (octets_same(s.name, octets_text(name))) {
			*ret = s;
			return true;
		}
	return false;
}

static int32_t
copies_of(const struct job *j)
{
	struct ipp_span s;
	struct ipp_reader r;
	struct ipp_value v;
	int32_t n;

	if (!find(j, "copies", &s))
		return 1;
	values_of(&s, &r);
	return ipp_next(&r, &v) && ipp_number(&v, &n) && n >= 1 && n <= COPIES_MAX ? n : 1;
}

static bool
is_short(const struct job *j, struct fault *f)
{
	if (j->template.n <= JOB_TEMPLATE_MAX)
		return true;
	return fault_set(
	    f, FAULT_LIMIT, "template: job attributes of more than %u octets", JOB_TEMPLATE_MAX);
}

bool
template_read(struct octets message, struct job *j, struct bytes *unsupported, struct fault *f)
{
	struct ipp_span s = { .rest = octets_of(
				  message.at + IPP_HEAD_OCTETS, message.n - IPP_HEAD_OCTETS) };
	struct ipp_value fidelity;
	bool known;

	while (ipp_next_span(&s)) {
		if (s.group != IPP_GROUP_JOB)
			continue;
		if (is_supported(&s, &known))
			bytes_put_octets(&j->template, s.whole);
		else
			put_unsupported(unsupported, &s, known);
	}
	if (!is_short(j, f))
		return false;
	if (unsupported->n > 0 &&
	    ipp_find(message, IPP_GROUP_OPERATION, "ipp-attribute-fidelity", &fidelity) &&
	    ipp_yes(&fidelity))
		return fault_set(f, FAULT_CONFLICT,
		    "template: RFC 8011 section 4.1.7: not to be printed as it is wanted");
	j->copies = copies_of(j);
	return bytes_ok(&j->template, f) && bytes_ok(unsupported, f);
}

/* Take name out of the template; what it was is appended to unsupported. */
static void
drop(struct job *j, const char *name, struct bytes *unsupported)
{
	struct bytes left = { 0 };
	struct ipp_span s = { .rest = octets_bytes(&j->template) };

	while (ipp_next_span(&s))
		bytes_put_octets(
		    octets_same(s.name, octets_text(name)) ? unsupported : &left, s.whole);
	bytes_free(&j->template);
	j->template = left;
}

void
template_word(
    const struct job *j, const char *name, const char *otherwise, char to[static TEMPLATE_WORD_MAX])
{
	struct ipp_span s;
	struct ipp_reader r;
	struct ipp_value v;
	struct octets o = { 0 };

	if (find(j, name, &s)) {
		values_of(&s, &r);
		if (ipp_next(&r, &v))
			o = ipp_text(&v);
	}
	if (o.n == 0 || o.n >= TEMPLATE_WORD_MAX)
		o = octets_text(otherwise);
	(void)snprintf(to, TEMPLATE_WORD_MAX, "%.*s", (int)o.n, (const char *)o.at);
}

/* Has the attribute of that name the keyword? */
static bool
has_word(const struct job *j, const char *name, const char *word)
{
	struct ipp_span s;
	struct ipp_reader r;
	struct ipp_value v;

	if (!find(j, name, &s))
		return false;
	values_of(&s, &r);
	return ipp_next(&r, &v) && octets_same(ipp_text(&v), octets_text(word));
}

static void
oblige_duplex(struct job *j, const char *value, struct bytes *unsupported)
{
	(void)value;
	if (has_word(j, "sides", "two-sided-long-edge") ||
	    has_word(j, "sides", "two-sided-short-edge"))
		return;
	drop(j, "sides", unsupported);
	ipp_put_text(&j->template, IPP_KEYWORD, "sides", "two-sided-long-edge");
}

static void
oblige_monochrome(struct job *j, const char *value, struct bytes *unsupported)
{
	(void)value;
	if (has_word(j, "print-color-mode", "monochrome"))
		return;
	drop(j, "print-color-mode", unsupported);
	ipp_put_text(&j->template, IPP_KEYWORD, "print-color-mode", "monochrome");
}

static void
oblige_copies(struct job *j, const char *value, struct bytes *unsupported)
{
	long most = strtol(value, NULL, 10);

	most = most < 1 ? 1 : most;
	if (j->copies <= most)
		return;
	drop(j, "copies", unsupported);
	j->copies = (int32_t)most;
	ipp_put_number(&j->template, IPP_INTEGER, "copies", j->copies);
}

static void
oblige_nothing(struct job *j, const char *value, struct bytes *unsupported)
{
	(void)j;
	(void)value;
	(void)unsupported;
}

static const struct {
	const char *name;
	void (*apply)(struct job *j, const char *value, struct bytes *unsupported);
} obligations[] = {
	{ "duplex", oblige_duplex },
	{ "monochrome", oblige_monochrome },
	{ "copies-max", oblige_copies },
	{ "log", oblige_nothing },
};
#define OBLIGATIONS (sizeof(obligations) / sizeof(obligations[0]))

static size_t
obligation_of(const char *name)
{
	size_t i = 0;

	while (i < OBLIGATIONS && strcmp(obligations[i].name, name) != 0)
		i++;
	return i;
}

bool
template_keeps(const char *obligation)
{
	return obligation_of(obligation) < OBLIGATIONS;
}

bool
template_oblige(
    struct job *j, const struct decider_answer *a, struct bytes *unsupported, struct fault *f)
{
	for (size_t i = 0; i < a->obligations_n; i++)
		if (!template_keeps(a->obligations[i].name))
			return fault_set(f, FAULT_DENIED,
			    "template: policies oblige to %s, which nobody here can keep",
			    a->obligations[i].name);
	for (size_t i = 0; i < a->obligations_n; i++)
		obligations[obligation_of(a->obligations[i].name)].apply(
		    j, a->obligations[i].value, unsupported);
	/* What is longer could be written as a row, and never be read. */
	return is_short(j, f) && bytes_ok(&j->template, f) && bytes_ok(unsupported, f);
}
