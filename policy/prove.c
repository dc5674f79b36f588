/* policy/prove.c - see prove.h. */
#include "policy/prove.h"

#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"

#define LEVELS_MAX 256   /* ways that are being tried at once */
#define GOALS_MAX  65536 /* that wait */
#define LOOKS_MAX  64    /* regions that were looked at, and no request of them was so */
#define CALL_STEPS 500   /* what a search costs before its first step */
#define LOOK_STEPS 5000  /* and a request that is made and decided */

struct prover {
	const struct space *s;
	uint64_t steps;
	size_t words;
	struct region *levels[LEVELS_MAX];
	struct goal *goals; /* a stack */
	size_t goals_n, looks;
	prove_look *look;
	void *with;
	bool found, open;
};

enum step { STEP_ON, STEP_FAILS, STEP_BRANCHES };

bool
region_has(const struct region *r, const struct axis *a, size_t value)
{
	size_t bit = a->first + value;

	return (r->bits[bit / 64] >> bit % 64 & 1) != 0;
}

static void
spend(uint64_t *steps, uint64_t n)
{
	*steps -= *steps < n ? *steps : n;
}

static enum want
flipped(enum want w)
{
	static const enum want to[] = { [WANT_TRUE] = WANT_FALSE,
		[WANT_FALSE] = WANT_TRUE,
		[WANT_NOT_TRUE] = WANT_NOT_FALSE,
		[WANT_NOT_FALSE] = WANT_NOT_TRUE };

	return to[w];
}

static bool
is_wanted(int says, enum want w)
{
	switch (w) {
	case WANT_TRUE:
		return says == 1;
	case WANT_FALSE:
		return says == 0;
	case WANT_NOT_TRUE:
		return says != 1;
	default:
		return says != 0;
	}
}

/* Kleene: "all" is true, or not false, where every kid is; it is false, or not true, where one is.
 */
static bool
needs_every_kid(enum formula_kind kind, enum want w)
{
	bool high = w == WANT_TRUE || w == WANT_NOT_FALSE;

	return (kind == FORMULA_ALL) == high;
}

static bool
subject_is(const struct region *r, struct octets pattern, bool yes)
{
	if (!yes) {
		for (size_t i = 0; i < r->not_n; i++)
			if (glob_within(pattern, r->not [i]))
				return true;
		return false;
	}
	for (size_t i = 0; i < r->must_n; i++)
		if (glob_within(r->must[i], pattern))
			return true;
	return false;
}

static bool
axis_says(struct prover *p, const struct region *r, const struct formula *f, enum want w)
{
	const struct axis *a = &p->s->axes[f->axis];

	spend(&p->steps, f->n / 16);
	for (size_t i = 0; i < f->n; i++)
		if (region_has(r, a, i) &&
		    (f->says[i] == SPACE_ANYTHING || !is_wanted(f->says[i], w)))
			return false;
	return true;
}

/* Does all of r say so already? */
/* NOLINTNEXTLINE(misc-no-recursion): formulas are as deep as documents */
static bool
says(struct prover *p, const struct region *r, const struct formula *f, enum want w)
{
	bool every;

	spend(&p->steps, 1);
	if (f->kind == FORMULA_AXIS)
		return axis_says(p, r, f, w);
	if (f->kind == FORMULA_SUBJECT)
		return subject_is(r, f->pattern, w == WANT_TRUE || w == WANT_NOT_FALSE);
	if (f->kind == FORMULA_NOT)
		return says(p, r, f->kids[0], flipped(w));
	every = needs_every_kid(f->kind, w);
	for (size_t i = 0; i < f->n; i++)
		if (says(p, r, f->kids[i], w) != every)
			return !every;
	return every;
}

static enum step
narrow(struct prover *p, struct region *r, const struct formula *f, enum want w)
{
	const struct axis *a = &p->s->axes[f->axis];
	bool any = false;

	spend(&p->steps, f->n / 16);
	for (size_t i = 0; i < f->n; i++) {
		size_t bit = a->first + i;

		if (f->says[i] != SPACE_ANYTHING && !is_wanted(f->says[i], w))
			r->bits[bit / 64] &= ~(UINT64_C(1) << bit % 64);
		any = any || region_has(r, a, i);
	}
	return any ? STEP_ON : STEP_FAILS;
}

static enum step
narrow_subject(struct prover *p, struct region *r, struct octets pattern, bool yes)
{
	if (subject_is(r, pattern, yes))
		return STEP_ON;
	if (subject_is(r, pattern, !yes))
		return STEP_FAILS;
	if ((yes ? r->must_n : r->not_n) == PROVE_SUBJECTS_MAX) {
		p->open = true;
		return STEP_FAILS;
	}
	if (!yes) {
		r->not [r->not_n++] = pattern;
		return STEP_ON;
	}
	r->must[r->must_n++] = pattern;
	for (size_t i = 0; i < r->not_n; i++)
		if (glob_within(pattern, r->not [i]))
			return STEP_FAILS;
	return STEP_ON;
}

static const struct goal *
push(struct prover *p, const struct formula *f, enum want w, const struct goal *next)
{
	struct goal *to;

	if (p->goals_n == GOALS_MAX) {
		p->open = true;
		p->steps = 0;
		return NULL;
	}
	to = &p->goals[p->goals_n++];
	*to = (struct goal){ f, w, next };
	return to;
}

/* Take the first goal: it is done, or made into others, or fails, or can be had in several ways. */
static enum step
step(struct prover *p, struct region *r, const struct goal **goals)
{
	const struct goal *g = *goals;
	const struct formula *f = g->formula;

	*goals = g->next;
	if (f->kind == FORMULA_AXIS)
		return narrow(p, r, f, g->want);
	if (f->kind == FORMULA_SUBJECT)
		return narrow_subject(
		    p, r, f->pattern, g->want == WANT_TRUE || g->want == WANT_NOT_FALSE);
	if (f->kind == FORMULA_NOT) {
		*goals = push(p, f->kids[0], flipped(g->want), g->next);
		return STEP_ON;
	}
	if (!needs_every_kid(f->kind, g->want)) {
		*goals = g;
		return says(p, r, f, g->want) ? (*goals = g->next, STEP_ON) : STEP_BRANCHES;
	}
	for (size_t i = f->n; i-- > 0;)
		*goals = push(p, f->kids[i], g->want, *goals);
	return STEP_ON;
}

static bool
enter(struct prover *p, size_t depth)
{
	const struct region *from = p->levels[depth - 1];
	struct region *to;
	uint64_t *bits;

	if (depth == LEVELS_MAX)
		return false;
	if (p->levels[depth] == NULL) {
		to = calloc(1, sizeof(*to));
		bits = calloc(p->words + 1, sizeof(*bits));
		if (to == NULL || bits == NULL) {
			free(to);
			free(bits);
			return false;
		}
		to->bits = bits;
		p->levels[depth] = to;
	}
	to = p->levels[depth];
	bits = to->bits;
	memcpy(bits, from->bits, p->words * sizeof(*bits));
	memcpy(to, from, sizeof(*to));
	to->bits = bits;
	return true;
}

/* Nothing is left to be wanted. True: the search is over. */
static bool
look(struct prover *p, const struct region *r)
{
	spend(&p->steps, LOOK_STEPS);
	p->found = p->look != NULL && p->look(p->with, r);
	p->open = p->open || !p->found;
	return p->found || p->look == NULL || ++p->looks == LOOKS_MAX;
}

/* True: the search is over. */
/* NOLINTNEXTLINE(misc-no-recursion): LEVELS_MAX */
static bool
search(struct prover *p, size_t depth, const struct goal *goals)
{
	struct region *r = p->levels[depth];
	enum step did = STEP_ON;
	size_t mark;

	while (goals != NULL && did == STEP_ON) {
		if (p->steps == 0) {
			p->open = true;
			return true;
		}
		p->steps--;
		did = step(p, r, &goals);
	}
	if (p->steps == 0) {
		p->open = true;
		return true;
	}
	if (did == STEP_FAILS)
		return false;
	if (did == STEP_ON || goals == NULL)
		return look(p, r);
	mark = p->goals_n;
	for (size_t i = 0; i < goals->formula->n; i++) {
		if (!enter(p, depth + 1)) {
			p->open = true;
			return true;
		}
		if (search(
			p, depth + 1, push(p, goals->formula->kids[i], goals->want, goals->next)))
			return true;
		p->goals_n = mark;
	}
	return false;
}

static bool
begin(struct prover *p)
{
	struct region *r = calloc(1, sizeof(*r));

	p->levels[0] = r;
	p->goals = malloc(GOALS_MAX * sizeof(*p->goals));
	if (r == NULL || p->goals == NULL)
		return false;
	r->bits = calloc(p->words + 1, sizeof(*r->bits));
	if (r->bits == NULL)
		return false;
	for (size_t i = 0; i < p->s->axes_n; i++)
		for (size_t k = 0; k < p->s->axes[i].n; k++) {
			size_t bit = p->s->axes[i].first + k;

			r->bits[bit / 64] |= UINT64_C(1) << bit % 64;
		}
	/* no rule of the document is about anybody else */
	r->must[r->must_n++] = p->s->d->scope;
	return true;
}

enum proof
prove(
    const struct space *s, const struct goal *goals, uint64_t *steps, prove_look *look_, void *with)
{
	struct prover *p;
	enum proof said;

	spend(steps, CALL_STEPS);
	if (*steps == 0 || (p = calloc(1, sizeof(*p))) == NULL)
		return PROOF_OPEN;
	p->s = s;
	p->steps = *steps;
	p->words = s->bits / 64;
	p->look = look_;
	p->with = with;
	if (s->too_large || !begin(p))
		p->open = true;
	else
		(void)search(p, 0, goals);
	*steps = p->steps;
	said = p->found ? PROOF_FOUND : p->open ? PROOF_OPEN : PROOF_NONE;
	for (size_t i = 0; i < LEVELS_MAX && p->levels[i] != NULL; i++) {
		free(p->levels[i]->bits);
		free(p->levels[i]);
	}
	free(p->goals);
	free(p);
	return said;
}
