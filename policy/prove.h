/*
 * policy/prove.h - is there a request for which formulas say what is wanted?
 *
 * A search through the space of a document: goals narrow a region of it, and what can be had in
 * several ways is tried in each. Where nothing is found nothing is there, since the space has every
 * request in it; what looks like a find is believed only when the caller has seen a request of it
 * decided so. Work is counted, and ends: then nothing is said. For check*.c alone.
 */
#ifndef QUATRAIN_POLICY_PROVE_H
#define QUATRAIN_POLICY_PROVE_H

#include "policy/space.h"

#define PROVE_SUBJECTS_MAX 64

/* What formulas shall say. */
enum want { WANT_TRUE, WANT_FALSE, WANT_NOT_TRUE, WANT_NOT_FALSE };

struct goal {
	const struct formula *formula;
	enum want want;
	const struct goal *next;
};

/* A part of the space: which values of each axis are left, and what the id matches or does not. */
struct region {
	uint64_t *bits;
	size_t must_n, not_n;
	struct octets must[PROVE_SUBJECTS_MAX], not [PROVE_SUBJECTS_MAX];
};

bool region_has(const struct region *r, const struct axis *a, size_t value);

enum proof {
	PROOF_NONE, /* there is no such request */
	PROOF_FOUND,
	PROOF_OPEN, /* not known */
};

/* Look at a region where all goals hold, as far as is known; true: one of its requests was seen to
 * be so. */
typedef bool prove_look(void *with, const struct region *r);

/* goals: the first of them, lent. steps: how much work at most, and what is left of it after. look
 * may be NULL: then each region that is left counts as PROOF_OPEN. */
enum proof prove(
    const struct space *s, const struct goal *goals, uint64_t *steps, prove_look *look, void *with);

#endif
