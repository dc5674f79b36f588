/* policy/set_compile.c - documents into a set; see set.h. */
#include <stdlib.h>
#include <string.h>

#include "policy/set_internal.h"

static int
compare(struct octets a, struct octets b)
{
	int order = memcmp(a.at, b.at, a.n < b.n ? a.n : b.n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

/* Guardrails before PolicySets, then by name; two of one name stand by their scope and digest. */
static int
by_document(const void *a, const void *b)
{
	const struct document *x = *(const struct document *const *)a;
	const struct document *y = *(const struct document *const *)b;
	int order = (int)x->kind - (int)y->kind;

	if (order == 0)
		order = compare(x->name, y->name);
	if (order == 0)
		order = compare(x->scope, y->scope);
	return order != 0 ? order : memcmp(x->digest, y->digest, sizeof(x->digest));
}

static int
by_digest(const void *a, const void *b)
{
	return memcmp((*(const struct document *const *)a)->digest,
	    (*(const struct document *const *)b)->digest, DOCUMENT_DIGEST_OCTETS);
}

static int
by_id(const void *a, const void *b)
{
	const struct policy_rule *x = ((const struct ruling *)a)->rule;
	const struct policy_rule *y = ((const struct ruling *)b)->rule;
	int order = compare(x->id, y->id);

	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

/* Left out is a rule that is off, and what a Guardrail would permit, which can only forbid. */
static bool
takes_part(const struct document *d, const struct policy_rule *rule)
{
	return rule->mode != MODE_OFF &&
	       (rule->effect == EFFECT_FORBID || d->kind == DOCUMENT_POLICY_SET);
}

static enum section
section_of(const struct ruling *r)
{
	if (r->rule->effect == EFFECT_PERMIT)
		return r->shadow                                 ? SECTION_NONE
		       : r->counts || r->rule->obligations_n > 0 ? SECTION_DUTIES
								 : SECTION_PERMITS;
	return r->shadow || r->counts ? SECTION_ALWAYS : SECTION_FORBIDS;
}

static void
add_rules(struct set *s, const struct document *d)
{
	size_t first = s->n;

	for (size_t i = 0; i < d->rules_n; i++) {
		const struct policy_rule *rule = &d->rules[i];
		struct ruling *r = &s->rules[s->n];

		if (!takes_part(d, rule))
			continue;
		*r = (struct ruling){ .document = d, .rule = rule };
		r->counts = condition_counts(rule->when) || condition_counts(rule->unless);
		r->shadow = rule->mode == MODE_SHADOW;
		r->section = (uint8_t)section_of(r);
		s->n++;
	}
	if (s->n > first)
		qsort(&s->rules[first], s->n - first, sizeof(*s->rules), by_id);
}

static bool
digest_all(struct set *s, const struct document **sorted, size_t n, struct fault *f)
{
	struct bytes all = { 0 };
	bool ok;

	if (n > 0)
		qsort(sorted, n, sizeof(*sorted), by_digest);
	for (size_t i = 0; i < n; i++)
		bytes_put(&all, sorted[i]->digest, sizeof(sorted[i]->digest));
	ok = bytes_ok(&all, f);
	if (ok)
		digest_of(octets_bytes(&all), s->digest);
	bytes_free(&all);
	return ok;
}

static bool
compile(struct set *s, const struct document **sorted, size_t n, struct fault *f)
{
	size_t rules = 0;

	for (size_t i = 0; i < n; i++)
		rules += sorted[i]->rules_n;
	if (rules > SET_RULES_MAX)
		return fault_set(
		    f, FAULT_LIMIT, "policy: %zu rules, most is %d", rules, SET_RULES_MAX);
	s->rules = calloc(rules + 1, sizeof(*s->rules));
	if (s->rules == NULL)
		return fault_set(f, FAULT_INTERNAL, "policy: out of memory");
	if (n > 0)
		qsort(sorted, n, sizeof(*sorted), by_document);
	for (size_t i = 0; i < n; i++) {
		add_rules(s, sorted[i]);
		s->permits |=
		    sorted[i]->kind == DOCUMENT_POLICY_SET && sorted[i]->mode == MODE_ENFORCE;
	}
	return set_pack(s, f) && set_index(s, f) && digest_all(s, sorted, n, f);
}

bool
set_compile(const struct document *const *documents, size_t n, struct set **ret, struct fault *f)
{
	struct set *s = calloc(1, sizeof(*s));
	const struct document **sorted = calloc(n + 1, sizeof(*sorted));
	bool ok;

	if (s == NULL || sorted == NULL) {
		free(s);
		free(sorted);
		return fault_set(f, FAULT_INTERNAL, "policy: out of memory");
	}
	for (size_t i = 0; i < n; i++)
		sorted[i] = documents[i];
	ok = compile(s, sorted, n, f);
	free(sorted);
	if (!ok) {
		set_free(s);
		return false;
	}
	*ret = s;
	return true;
}

void
set_free(struct set *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < NAME_KINDS; i++)
		free(s->names[i].slots);
	free(s->rules);
	free(s->packed);
	free(s->tests);
	sorted_free(s);
	free(s->wild);
	free(s->index.buckets);
	free(s->index.ranks);
	free(s->details.buckets);
	free(s->details.ranks);
	free(s);
}

bool
set_permits(const struct set *s)
{
	return s->permits;
}

const uint8_t *
set_digest(const struct set *s)
{
	return s->digest;
}
