/* policy/check_rules.c - rules that look like a mistake: warnings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/check_internal.h"
#include "policy/condition.h"
#include "policy/glob.h"
#include "policy/prove.h"

#define STEPS_MAX  UINT64_C(20000000) /* for all rules of a document */
#define STEPS_RULE UINT64_C(20000)
#define STEPS_PAIR UINT64_C(2000)
#define RULES_MAX  2000 /* beyond, no rule is looked at by itself */
#define PAIRS_MAX  250  /* rules that are held against each other */
#define CROWD      200  /* rules of one action and role: a decision looks at all of them */
#define PLACES_MAX 1000000

struct rules { /* that are looked at */
	struct check *check;
	const struct document *d;
	struct space space;
	struct goal *room; /* for one goal a rule, and two more */
	uint64_t steps;    /* that are left */
};

static void
warn(struct check *c, enum finding_kind kind, const struct policy_rule *rule, const char *expected,
    const char *found)
{
	struct finding *n = check_find(c, kind, rule->line);

	if (n == NULL)
		return;
	check_name(n, rule->id);
	(void)snprintf(n->expected, sizeof(n->expected), "%s", expected);
	(void)snprintf(n->found, sizeof(n->found), "%s", found);
}

/* No request is so. What cannot be told with that much work is not told. */
static bool
none(struct rules *r, const struct goal *goals, uint64_t steps)
{
	uint64_t left = steps < r->steps ? steps : r->steps, had = left;
	bool so = left > 0 && prove(&r->space, goals, &left, NULL, NULL) == PROOF_NONE;

	r->steps -= had - left;
	return so;
}

static enum want
fires(const struct policy_rule *rule)
{
	return rule->effect == EFFECT_PERMIT || rule->ignore_missing ? WANT_TRUE : WANT_NOT_FALSE;
}

static enum want
does_not_fire(const struct policy_rule *rule)
{
	return rule->effect == EFFECT_PERMIT || rule->ignore_missing ? WANT_NOT_TRUE : WANT_FALSE;
}

/* Can the rule fire at all, and if it is a permit, where no forbid does? */
static void
check_alone(struct rules *r, size_t i)
{
	const struct policy_rule *rule = &r->d->rules[i];
	struct goal *first = &r->room[0];
	size_t n = 1;

	*first = (struct goal){ r->space.rules[i], fires(rule), NULL };
	if (none(r, first, STEPS_RULE)) {
		warn(r->check, FINDING_NEVER, rule, "conditions that can hold",
		    "some that exclude each other");
		return;
	}
	if (rule->effect == EFFECT_FORBID)
		return;
	for (size_t k = 0; k < r->d->rules_n; k++) {
		if (r->space.rules[k] == NULL || r->d->rules[k].effect == EFFECT_PERMIT)
			continue;
		r->room[n] =
		    (struct goal){ r->space.rules[k], does_not_fire(&r->d->rules[k]), first->next };
		first->next = &r->room[n++];
	}
	if (n > 1 && none(r, first, STEPS_RULE))
		warn(r->check, FINDING_STOPPED, rule, "a permit that some request gets",
		    "forbids that stop all of them");
}

static bool
obliges_as_well(const struct policy_rule *a, const struct policy_rule *b)
{
	for (size_t i = 0; i < a->obligations_n; i++) {
		size_t k = 0;

		while (k < b->obligations_n &&
		       !(octets_same(a->obligations[i].name, b->obligations[k].name) &&
			   octets_same(a->obligations[i].json, b->obligations[k].json)))
			k++;
		if (k == b->obligations_n)
			return false;
	}
	return true;
}

/* Wherever a fires b does, and does as much. */
static bool
covers(struct rules *r, size_t b, size_t a)
{
	const struct policy_rule *x = &r->d->rules[a], *y = &r->d->rules[b];

	if (r->space.rules[b] == NULL || x->effect != y->effect || !obliges_as_well(x, y) ||
	    condition_counts(x->when) || condition_counts(x->unless))
		return false;
	r->room[1] = (struct goal){ r->space.rules[b], does_not_fire(y), NULL };
	r->room[0] = (struct goal){ r->space.rules[a], fires(x), &r->room[1] };
	return none(r, &r->room[0], STEPS_PAIR);
}

/* Of two that say the same, the later one is told. */
static void
check_covered(struct rules *r, size_t a)
{
	char found[CHECK_TEXT_MAX];

	for (size_t b = 0; b < r->d->rules_n; b++) {
		if (a == b || !covers(r, b, a) || (a < b && covers(r, a, b)))
			continue;
		(void)snprintf(found, sizeof(found), "%.*s, which says that and as much",
		    (int)r->d->rules[b].id.n, (const char *)r->d->rules[b].id.at);
		warn(r->check, FINDING_COVERED, &r->d->rules[a], "a rule of its own", found);
		return;
	}
}

static bool
check_each(struct check *c, const struct document *d, struct fault *f)
{
	struct rules r = { .check = c, .d = d, .steps = STEPS_MAX };
	bool ok;

	r.room = calloc(d->rules_n + 2, sizeof(*r.room));
	if (r.room == NULL)
		return fault_set(f, FAULT_INTERNAL, "check: out of memory");
	ok = space_open(&r.space, d, f);
	for (size_t i = 0; ok && !r.space.too_large && i < d->rules_n; i++) {
		size_t was = c->warnings;

		if (r.space.rules[i] == NULL)
			continue;
		check_alone(&r, i);
		if (c->warnings == was && d->rules_n <= PAIRS_MAX)
			check_covered(&r, i);
	}
	if (ok)
		space_close(&r.space);
	free(r.room);
	return ok;
}

struct place { /* where a rule stands in the index */
	struct octets action, role;
	const struct policy_rule *rule;
};

static int
by_octets(struct octets a, struct octets b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.at, b.at, n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int
by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = by_octets(x->action, y->action);

	if (order == 0)
		order = by_octets(x->role, y->role);
	return order != 0 ? order : (x->rule > y->rule) - (x->rule < y->rule);
}

static size_t
put_places(const struct document *d, struct place *to, size_t most)
{
	static const struct octets any = { (const uint8_t *)"*", 1 };
	size_t n = 0;

	for (size_t i = 0; i < d->rules_n; i++) {
		const struct policy_rule *rule = &d->rules[i];
		size_t roles_n = rule->roles_n == 0 ? 1 : rule->roles_n;

		for (size_t k = 0; k < rule->actions_n * roles_n && n < most; k++)
			to[n++] = (struct place){ rule->actions[k / roles_n],
				rule->roles_n == 0 ? any : rule->roles[k % roles_n], rule };
	}
	return n;
}

static void
crowded(struct check *c, const struct place *first, size_t n)
{
	char found[CHECK_TEXT_MAX];

	(void)snprintf(found, sizeof(found), "%zu for action %.*s and role %.*s", n,
	    (int)first->action.n, (const char *)first->action.at, (int)first->role.n,
	    (const char *)first->role.at);
	warn(c, FINDING_CROWDED, first->rule, "at most 200 rules for one action and role", found);
}

static bool
check_crowds(struct check *c, const struct document *d, struct fault *f)
{
	size_t most = 0, n, from = 0;
	struct place *places;

	for (size_t i = 0; i < d->rules_n; i++)
		most += d->rules[i].actions_n * (d->rules[i].roles_n + 1);
	most = most > PLACES_MAX ? PLACES_MAX : most;
	if (most <= CROWD)
		return true;
	if ((places = calloc(most, sizeof(*places))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "check: out of memory");
	n = put_places(d, places, most);
	qsort(places, n, sizeof(*places), by_place);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && octets_same(places[i].action, places[from].action) &&
		    octets_same(places[i].role, places[from].role))
			continue;
		if (i - from > CROWD)
			crowded(c, &places[from], i - from);
		from = i;
	}
	free(places);
	return true;
}

/* What every endpoint needs; a policy in force that permits it to nobody is rarely meant. */
static void
check_needed(struct check *c, const struct document *d)
{
	static const char *const needed[] = { "est.enroll", "est.reenroll", "connect" };

	if (d->kind != DOCUMENT_POLICY_SET || d->mode != MODE_ENFORCE)
		return;
	for (size_t k = 0; k < sizeof(needed) / sizeof(needed[0]); k++) {
		struct finding *n;
		bool permitted = false;

		for (size_t i = 0; i < d->rules_n && !permitted; i++)
			for (size_t a = 0; a < d->rules[i].actions_n && !permitted; a++)
				permitted =
				    d->rules[i].effect == EFFECT_PERMIT &&
				    d->rules[i].mode == MODE_ENFORCE &&
				    glob_action(d->rules[i].actions[a], octets_text(needed[k]));
		if (permitted || (n = check_find(c, FINDING_NOBODY, 1)) == NULL)
			continue;
		(void)snprintf(n->name, sizeof(n->name), "%s", needed[k]);
		(void)snprintf(
		    n->expected, sizeof(n->expected), "a permit, since endpoints need it");
		(void)snprintf(n->found, sizeof(n->found), "none");
	}
}

bool
check_rules(struct check *c, const struct document *d, struct fault *f)
{
	check_needed(c, d);
	return (d->rules_n > RULES_MAX || check_each(c, d, f)) && check_crowds(c, d, f);
}
