/*
 * policy/decide.h - may this identity do this act on this object?
 *
 * Pure: the same arguments give the same verdict. Default deny; an identity
 * that is not good is permitted nothing.
 */
#ifndef QUATRAIN_POLICY_DECIDE_H
#define QUATRAIN_POLICY_DECIDE_H

#include "policy/identity.h"
#include "policy/rules.h"

/* What the act is done to; empty texts where it has no such part. */
struct object {
	char tenant[TEXT_LABEL_MAX];
	char endpoint[TEXT_LABEL_MAX];
	char name[TEXT_LABEL_MAX];
};

struct verdict {
	bool permit;
	const char *rule;   /* the id that decided; "default-deny", "not-good" */
	const char *reason; /* a sentence for the refused */
};

void decide(
    const struct identity *who, enum act act, const struct object *what, struct verdict *ret);

#endif
