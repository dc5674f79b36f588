/* policy/set.c - the decision; see set.h. */
#include "policy/set.h"

#include <string.h>

#include "policy/glob.h"
#include "policy/set_internal.h"

#define COUNTED_MAX 64 /* permits that count, of one decision */

struct granted { /* an obligation, and its place in the order of all */
	uint64_t place;
	const struct obligation *is;
};

struct run { /* one decision in the making */
	const struct set *s;
	const struct request *request;
	struct counters *counters;
	bool peek, forbids_only;
	struct view view;
	uint32_t forbid, permit; /* ranks; UINT32_MAX: none so far */
	bool forbid_unknown;
	uint32_t shadow[DECISION_SHADOW_MAX + 1];
	size_t shadow_n;
	struct granted granted[DECISION_OBLIGATIONS_MAX + 1];
	size_t granted_n;
	uint32_t counted[COUNTED_MAX];
	size_t counted_n;
	bool too_many; /* obligations or permits that count */
};

static struct asked
asked_of(const struct run *run, uint32_t rank)
{
	const struct ruling *r = &run->s->rules[rank];

	return (struct asked){ r->document, r->rule, run->request, run->counters };
}

/* A forbid that counts does so wherever it fits but for its counts. */
static void
count_forbid(const struct run *run, const struct asked *q)
{
	struct asked blind = *q;

	blind.counters = NULL;
	if (run->peek || run->counters == NULL || rule_holds(&blind) == 0)
		return;
	condition_count(q, q->rule->when, run->counters);
	condition_count(q, q->rule->unless, run->counters);
}

/* Keep the lowest ranks, in order, and one more, which says that there were more. */
static void
note_shadow(struct run *run, uint32_t rank)
{
	size_t i = run->shadow_n;

	while (i > 0 && run->shadow[i - 1] > rank)
		i--;
	if (i > DECISION_SHADOW_MAX)
		return;
	if (run->shadow_n <= DECISION_SHADOW_MAX)
		run->shadow_n++;
	memmove(
	    &run->shadow[i + 1], &run->shadow[i], (run->shadow_n - 1 - i) * sizeof(run->shadow[0]));
	run->shadow[i] = rank;
}

static bool
same_obligation(const struct obligation *a, const struct obligation *b)
{
	return octets_same(a->name, b->name) && octets_same(a->json, b->json);
}

/* The same way; one that is there already stands where it came first. */
static void
grant(struct run *run, uint64_t place, const struct obligation *is)
{
	size_t i = 0;

	while (i < run->granted_n && !same_obligation(run->granted[i].is, is))
		i++;
	if (i < run->granted_n) {
		if (run->granted[i].place <= place)
			return;
		memmove(&run->granted[i], &run->granted[i + 1],
		    (--run->granted_n - i) * sizeof(run->granted[0]));
	}
	i = run->granted_n;
	while (i > 0 && run->granted[i - 1].place > place)
		i--;
	if (run->granted_n > DECISION_OBLIGATIONS_MAX || i > DECISION_OBLIGATIONS_MAX) {
		run->too_many = true;
		if (i > DECISION_OBLIGATIONS_MAX)
			return;
		run->granted_n--;
	}
	memmove(&run->granted[i + 1], &run->granted[i],
	    (run->granted_n++ - i) * sizeof(run->granted[0]));
	run->granted[i] = (struct granted){ place, is };
}

static void
note_permit(struct run *run, uint32_t rank)
{
	const struct ruling *r = &run->s->rules[rank];

	if (rank < run->permit)
		run->permit = rank;
	for (size_t i = 0; i < r->rule->obligations_n; i++)
		grant(run, (uint64_t)rank << 32 | i, &r->rule->obligations[i]);
	if (!r->counts)
		return;
	if (run->counted_n == COUNTED_MAX)
		run->too_many = true;
	else
		run->counted[run->counted_n++] = rank;
}

/* Note what a rule that fires says. */
static void
fired(struct run *run, uint32_t rank, int says)
{
	const struct ruling *r = &run->s->rules[rank];

	if (r->shadow) {
		note_shadow(run, rank);
	} else if (r->rule->effect == EFFECT_PERMIT) {
		note_permit(run, rank);
	} else if (rank < run->forbid) {
		run->forbid = rank;
		run->forbid_unknown = says < 0;
	}
}

/* Read a rule as it was written. */
static void
consider(struct run *run, uint32_t rank)
{
	const struct ruling *r = &run->s->rules[rank];
	const struct asked q = asked_of(run, rank);
	int says = rule_fits(&q);

	if (says == 0)
		return;
	says = condition_and(says, rule_holds(&q));
	if (r->counts && r->rule->effect == EFFECT_FORBID)
		count_forbid(run, &q);
	if (rule_fires(r->rule, says))
		fired(run, rank, says);
}

static void
consider_packed(struct run *run, uint32_t rank)
{
	int says = packed_holds(run->s, &run->s->packed[rank], &run->view);

	if (says > 0)
		fired(run, rank, says);
	else if (says < 0)
		consider(run, rank);
}

static void
consider_bucket(struct run *run, const struct bucket *b, const uint32_t *ranks)
{
	uint32_t i = b->first;

	for (; i < b->end[SECTION_ALWAYS]; i++)
		consider_packed(run, ranks[i]);
	for (; i < b->end[SECTION_FORBIDS] && ranks[i] < run->forbid; i++)
		consider_packed(run, ranks[i]);
	if (run->forbids_only || run->forbid != UINT32_MAX)
		return;
	for (i = b->end[SECTION_FORBIDS]; i < b->end[SECTION_DUTIES]; i++)
		consider_packed(run, ranks[i]);
	for (; i < b->end[SECTION_PERMITS] && ranks[i] < run->permit; i++)
		consider_packed(run, ranks[i]);
}

/* The word that the request has at a place; false: it is not known. */
static bool
word_at(const struct run *run, unsigned place, struct octets *ret)
{
	const struct value *v;

	if (place < PLACE_SEGMENTS) {
		*ret = path_segment(run->view.id, place);
		return true;
	}
	v = &run->request->fixed[place - PLACE_SEGMENTS];
	*ret = v->text;
	return v->type == VALUE_TEXT;
}

static void
consider_detail(struct run *run, const struct bucket *b, unsigned place, struct octets word)
{
	const struct table *details = &run->s->details;
	const struct bucket *d = bucket_find(details, detail_key(b->key, place, word));

	if (d != NULL)
		consider_bucket(run, d, details->ranks);
}

/* Those rules of a bucket that want what the request has. Where it does not say what it has, any of
 * them may fire. */
static void
consider_some(struct run *run, const struct bucket *b)
{
	struct octets word;

	for (uint64_t left = b->places; left != 0; left &= left - 1)
		if (!word_at(run, (unsigned)__builtin_ctzll(left), &word)) {
			consider_bucket(run, b, run->s->index.ranks);
			return;
		}
	for (uint64_t left = b->places; left != 0; left &= left - 1) {
		unsigned place = (unsigned)__builtin_ctzll(left);

		if (word_at(run, place, &word))
			consider_detail(run, b, place, word);
	}
	consider_detail(run, b, PLACE_REST, (struct octets){ NULL, 0 });
}

/* All buckets of one action's name: of the tenant and of any, of the role and of any. */
static void
consider_action(struct run *run, uint32_t action, uint32_t tenant, uint32_t role)
{
	for (unsigned wild = 0; wild < 4; wild++) {
		const struct bucket *b;

		if ((run->s->wild[action] >> wild & 1) == 0 ||
		    ((wild & WILD_TENANT) == 0 && tenant == 0) ||
		    ((wild & WILD_ROLE) == 0 && role == 0))
			continue;
		b = bucket_find(
		    &run->s->index, bucket_key(action, (wild & WILD_TENANT) != 0 ? 0 : tenant,
					(wild & WILD_ROLE) != 0 ? 0 : role));
		if (b != NULL && b->places != 0)
			consider_some(run, b);
		else if (b != NULL)
			consider_bucket(run, b, run->s->index.ranks);
	}
}

static void
consider_index(struct run *run)
{
	const struct set *s = run->s;
	const struct request *r = run->request;
	struct octets action = r->action;
	uint32_t tenant =
	    names_find(&s->names[NAME_TENANT], names_tenant(r->fixed[ATTRIBUTE_SUBJECT_ID].text));
	uint32_t role = names_find(&s->names[NAME_ROLE], r->fixed[ATTRIBUTE_SUBJECT_ROLE].text);
	uint32_t name = names_find(&s->names[NAME_ACTION], action);

	view_of(r, &run->view);
	consider_action(run, 0, tenant, role);
	if (name != 0)
		consider_action(run, name, tenant, role);
	/* "print.*" stands as "print." */
	for (size_t i = 1; i < action.n && i <= GLOB_ACTION_MAX; i++) {
		if (action.at[i - 1] != '.')
			continue;
		name = names_find(&s->names[NAME_ACTION], octets_of(action.at, i));
		if (name != 0)
			consider_action(run, name, tenant, role);
	}
}

/* Who cannot be looked up is held against each rule. */
static void
consider_all(struct run *run)
{
	for (size_t i = 0; i < run->s->n; i++) {
		unsigned section = run->s->rules[i].section;

		if (section < SECTION_PERMITS || (section == SECTION_PERMITS && !run->forbids_only))
			consider(run, (uint32_t)i);
	}
}

static bool
supported(const struct run *run)
{
	const struct request *r = run->request;

	if (run->too_many)
		return false;
	for (size_t i = 0; i < run->granted_n && !r->supports_all; i++) {
		size_t k = 0;

		while (k < r->supports_n && !octets_same(r->supports[k], run->granted[i].is->name))
			k++;
		if (k == r->supports_n)
			return false;
	}
	return true;
}

static void
decide_by(struct run *run, uint32_t rank, enum decision_code code, struct decision *ret)
{
	ret->code = code;
	ret->permit = code == DECISION_PERMIT;
	if (rank == UINT32_MAX)
		return;
	ret->rule = run->s->rules[rank].rule;
	ret->document = run->s->rules[rank].document;
}

static void
conclude(struct run *run, struct decision *ret)
{
	*ret = (struct decision){ .code = DECISION_NO_PERMIT };
	ret->shadow_more = run->shadow_n > DECISION_SHADOW_MAX;
	ret->shadow_n = ret->shadow_more ? DECISION_SHADOW_MAX : run->shadow_n;
	for (size_t i = 0; i < ret->shadow_n; i++)
		ret->shadow[i] = run->s->rules[run->shadow[i]].rule;
	if (run->forbid != UINT32_MAX) {
		decide_by(run, run->forbid,
		    run->forbid_unknown ? DECISION_FORBID_ON_MISSING : DECISION_FORBID, ret);
		return;
	}
	if (run->forbids_only || run->permit == UINT32_MAX) {
		decide_by(
		    run, UINT32_MAX, run->forbids_only ? DECISION_PERMIT : DECISION_NO_PERMIT, ret);
		return;
	}
	decide_by(run, run->permit, supported(run) ? DECISION_PERMIT : DECISION_UNSUPPORTED, ret);
	for (size_t i = 0; i < run->granted_n && i < DECISION_OBLIGATIONS_MAX; i++)
		ret->obligations[ret->obligations_n++] = run->granted[i].is;
}

static void
decide(struct run *run, struct decision *ret)
{
	const struct value *fixed = run->request->fixed;

	if (fixed[ATTRIBUTE_SUBJECT_ID].type == VALUE_TEXT &&
	    fixed[ATTRIBUTE_SUBJECT_ROLE].type == VALUE_TEXT)
		consider_index(run);
	else
		consider_all(run);
	conclude(run, ret);
	for (size_t i = 0; i < run->counted_n && ret->permit && !run->peek; i++) {
		const struct asked q = asked_of(run, run->counted[i]);

		if (run->counters == NULL)
			break;
		condition_count(&q, q.rule->when, run->counters);
		condition_count(&q, q.rule->unless, run->counters);
	}
}

/* Its lists are left as they are: clearing them costs as much as a small decision. */
static void
run_begin(struct run *run, const struct set *s, const struct request *r, struct counters *counters)
{
	run->s = s;
	run->request = r;
	run->counters = counters;
	run->peek = run->forbids_only = run->forbid_unknown = run->too_many = false;
	run->forbid = run->permit = UINT32_MAX;
	run->shadow_n = run->granted_n = run->counted_n = 0;
}

void
set_decide(const struct set *s, const struct request *r, struct counters *counters, bool peek,
    struct decision *ret)
{
	struct run run;

	run_begin(&run, s, r, counters);
	run.peek = peek || r->counted;
	decide(&run, ret);
}

void
set_forbids(const struct set *s, const struct request *r, struct counters *counters, bool peek,
    struct decision *ret)
{
	struct run run;

	run_begin(&run, s, r, counters);
	run.peek = peek || r->counted;
	run.forbids_only = true;
	decide(&run, ret);
}

const char *
decision_word(enum decision_code code)
{
	static const char *const words[] = {
		[DECISION_PERMIT] = "permit",
		[DECISION_FORBID] = "forbid",
		[DECISION_FORBID_ON_MISSING] = "forbid-on-missing",
		[DECISION_NO_PERMIT] = "no-permit",
		[DECISION_UNSUPPORTED] = "unsupported-obligation",
	};

	return words[code];
}
