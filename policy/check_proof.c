/* policy/check_proof.c - invariants proven or refuted, and that somebody can still change policies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/check_internal.h"
#include "policy/glob.h"
#include "policy/prove.h"
#include "policy/witness.h"

#define STEPS_MAX UINT64_C(32000000) /* for all proofs of a document: about a second */

struct claim { /* what is looked for: a request that is permitted though it never should be */
	const struct document *d;
	const struct set *s;
	const struct space *space;
	const struct invariant *invariant; /* NULL: an officer's change of policies */
	void *counters;
	uint64_t steps;
	struct json *request; /* found */
	char by[CHECK_TEXT_MAX];
};

/* Decide it, by the rules and not by what the space says of them. */
static bool
is_so(struct claim *c, const struct request *r, struct decision *got)
{
	struct counters *counters;
	bool action = c->invariant == NULL;

	memset(c->counters, 0, counters_octets(CHECK_COUNTERS));
	counters = counters_at(c->counters, CHECK_COUNTERS);
	if (c->d->kind == DOCUMENT_GUARDRAIL)
		set_forbids(c->s, r, counters, true, got);
	else
		set_decide(c->s, r, counters, true, got);
	for (size_t i = 0; !action && i < c->invariant->actions_n; i++)
		action = glob_action(c->invariant->actions[i], r->action);
	return got->permit && action &&
	       (c->invariant == NULL || c->invariant->when == NULL ||
		   set_condition(c->d, NULL, c->invariant->when, r, NULL) == 1);
}

static bool
look(void *with, const struct region *r)
{
	struct claim *c = with;
	struct witness w;
	struct decision got;
	bool so = witness_of(c->space, r, &w) && is_so(c, &w.request, &got);

	if (so) {
		c->request = request_json(&w.request);
		(void)snprintf(c->by, sizeof(c->by), "one that is permitted by %.*s",
		    got.rule == NULL ? 7 : (int)got.rule->id.n,
		    got.rule == NULL ? "nothing" : (const char *)got.rule->id.at);
	}
	witness_free(&w);
	return so;
}

/* No forbid may fire: goals of all of them before goals; NULL: too many of them. */
static const struct goal *
no_forbid(const struct space *s, struct goal *room, const struct goal *next)
{
	size_t n = 0;

	for (size_t i = s->d->rules_n; i-- > 0;) {
		const struct policy_rule *rule = &s->d->rules[i];

		if (s->rules[i] == NULL || rule->effect != EFFECT_FORBID)
			continue;
		room[n] = (struct goal){ s->rules[i],
			rule->ignore_missing ? WANT_NOT_TRUE : WANT_FALSE, next };
		next = &room[n++];
	}
	return next;
}

static void
refuted(struct check *check, struct claim *c)
{
	struct finding *n = check_find(check, FINDING_INVARIANT, c->invariant->line);

	if (n == NULL) {
		json_free(c->request);
	} else {
		(void)snprintf(n->name, sizeof(n->name), "never_permit");
		(void)snprintf(n->expected, sizeof(n->expected), "no such request");
		(void)snprintf(n->found, sizeof(n->found), "%s", c->by);
		n->request = c->request;
	}
	c->request = NULL;
}

static void
unproven(struct check *check, const struct claim *c)
{
	struct finding *n = check_find(check, FINDING_UNPROVEN, c->invariant->line);

	if (n == NULL)
		return;
	(void)snprintf(n->name, sizeof(n->name), "never_permit");
	(void)snprintf(n->expected, sizeof(n->expected), "that it can be proven");
	(void)snprintf(n->found, sizeof(n->found), "%s",
	    c->space->too_large ? "too many rules to prove anything of"
				: "neither a proof nor a request that is permitted");
}

/* By each permit in turn; a guardrail has none, and its forbids alone have to do. */
static enum proof
prove_invariant(struct claim *c, const struct formula *invariant, struct goal *room)
{
	const struct space *s = c->space;
	struct goal first = { invariant, WANT_TRUE, NULL }, permit = { NULL, WANT_TRUE, &first };
	enum proof worst = PROOF_NONE;

	if (s->too_large)
		return PROOF_OPEN;
	first.next = no_forbid(s, room, NULL);
	if (c->d->kind == DOCUMENT_GUARDRAIL)
		return prove(s, &first, &c->steps, look, c);
	for (size_t i = 0; i < c->d->rules_n && worst != PROOF_FOUND; i++) {
		enum proof one;

		if (s->rules[i] == NULL || c->d->rules[i].effect != EFFECT_PERMIT)
			continue;
		permit.formula = s->rules[i];
		one = prove(s, &permit, &c->steps, look, c);
		worst = one == PROOF_NONE ? worst : one;
	}
	return worst;
}

/* An officer's id as the guardrail's scope has them: in the tenant's place is "platform". */
static struct octets
officers(const struct document *d, struct arena *a)
{
	struct bytes b = { 0 };
	struct octets o = d->scope, id;

	if (!octets_take_text(&o, "spiffe://*."))
		return (struct octets){ 0 };
	o.n -= strlen("**");
	bytes_put_text(&b, "spiffe://platform.");
	bytes_put_octets(&b, o);
	bytes_put_text(&b, "operator/*");
	id = arena_copy(a, octets_bytes(&b));
	bytes_free(&b);
	return id;
}

/* A guardrail that stops every officer's policy.change could never be taken back. */
static void
check_locked(struct check *check, struct claim *c, struct space *s, struct goal *room)
{
	struct octets id = officers(c->d, &s->arena);
	struct goal first = { NULL, WANT_TRUE, NULL };
	struct finding *n;

	c->invariant = NULL;
	if (s->too_large || id.n == 0)
		return;
	first.formula = space_staff(s, id);
	first.next = no_forbid(s, room, NULL);
	if (prove(s, &first, &c->steps, look, c) == PROOF_FOUND) {
		json_free(c->request);
		c->request = NULL;
		return;
	}
	if ((n = check_find(check, FINDING_LOCKED, 1)) == NULL)
		return;
	(void)snprintf(n->name, sizeof(n->name), "%s", SPACE_CHANGE);
	(void)snprintf(n->expected, sizeof(n->expected),
	    "an officer who may still change policies, or nobody could take this back");
	(void)snprintf(n->found, sizeof(n->found), "forbids that stop every one");
}

static bool
forbids_staff(const struct document *d)
{
	for (size_t i = 0; i < d->rules_n; i++)
		for (size_t k = 0; k < d->rules[i].actions_n; k++)
			if (d->rules[i].mode == MODE_ENFORCE &&
			    glob_action(d->rules[i].actions[k], octets_text(SPACE_CHANGE)))
				return d->kind == DOCUMENT_GUARDRAIL;
	return false;
}

static bool
prove_all(struct check *check, struct claim *c, struct space *space, struct fault *f)
{
	struct goal *room = calloc(c->d->rules_n + 1, sizeof(*room));

	c->counters = calloc(1, counters_octets(CHECK_COUNTERS));
	if (room == NULL || c->counters == NULL) {
		free(room);
		free(c->counters);
		return fault_set(f, FAULT_INTERNAL, "check: out of memory");
	}
	for (size_t i = 0; i < c->d->invariants_n; i++) {
		enum proof said;

		c->invariant = &c->d->invariants[i];
		said = prove_invariant(c, space->too_large ? NULL : space->invariants[i], room);
		if (said == PROOF_FOUND)
			refuted(check, c);
		else if (said == PROOF_OPEN)
			unproven(check, c);
		else
			check->invariants_proven++;
	}
	if (forbids_staff(c->d))
		check_locked(check, c, space, room);
	free(room);
	free(c->counters);
	return arena_ok(&space->arena, f);
}

bool
check_invariants(struct check *c, const struct document *d, const struct set *s, struct fault *f)
{
	struct claim claim = { .d = d, .s = s, .steps = STEPS_MAX };
	struct space space;
	bool ok;

	c->invariants = d->invariants_n;
	if (d->invariants_n == 0 && !forbids_staff(d))
		return true;
	if (!space_open(&space, d, f))
		return false;
	claim.space = &space;
	ok = prove_all(c, &claim, &space, f);
	space_close(&space);
	return ok;
}
