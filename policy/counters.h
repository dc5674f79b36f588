/*
 * policy/counters.h - how often, and how much: what rates and quotas of rules count.
 *
 * A fixed table in memory that the caller gives (its own, or shared between processes): rows by
 * the hash of what is counted, each the sums of the last stretches of its window. What was added
 * counts for at least per_s seconds, and at most a fifth longer: so no more than the limit passes
 * in any window, wherever it begins. What does not fit counts as unknown, which stops a permit and
 * fires a forbid.
 *
 * Rows whose window has passed are used again. There are no locks, so a process that dies holds
 * up nobody. A clock that steps back by up to a window loses nothing.
 */
#ifndef QUATRAIN_POLICY_COUNTERS_H
#define QUATRAIN_POLICY_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct counters;

/* How many octets a table of rows takes, and a table in zeroed memory of so many, aligned for 8
 * octets; rows is a power of two. Several threads or processes may use one at once. */
size_t counters_octets(size_t rows);
struct counters *counters_at(void *memory, size_t rows);

struct counter {
	struct octets scope, document; /* whose rule: rules of one id in two tenants count apart */
	struct octets key;             /* rule id '|' value */
	struct octets unit;            /* of a quota, the attribute that is added; none: a rate */
	int64_t per_s;                 /* 1 or more */
};

/* How much stands there now; false: unknown, since there is no room, or it was too much to count
 * (2^40). */
bool counters_read(const struct counters *c, const struct counter *of, int64_t now_s, int64_t *ret);
/* Add n, 0 or more, to it; false: no room. */
bool counters_add(struct counters *c, const struct counter *of, int64_t now_s, int64_t n);

#endif
