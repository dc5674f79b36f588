/*
 * policy/witness.h - a request out of a region of the space; for check*.c alone.
 */
#ifndef QUATRAIN_POLICY_WITNESS_H
#define QUATRAIN_POLICY_WITNESS_H

#include "policy/prove.h"

struct witness { /* what the request's texts are lent from, besides the space */
	struct arena arena;
	struct request request;
};

/* One request of r, its values what rules name where that can be; what no rule narrowed is
 * left out. False: none was found. To be freed in either case. */
bool witness_of(const struct space *s, const struct region *r, struct witness *ret);
void witness_free(struct witness *w);

#endif
