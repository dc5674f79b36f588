/*
 * policy/counters.h - how often, and how much: what rates and quotas of rules count.
 *
 * A fixed table in memory that the caller gives (its own, or shared between processes): rows by
 * the hash of rule and key, each a token bucket or a sum in a window. What does not fit counts as
 * unknown, which stops a permit and fires a forbid.
 */
#ifndef QUATRAIN_POLICY_COUNTERS_H
#define QUATRAIN_POLICY_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct counters;

/* How many octets a table of rows takes, and a table in zeroed memory of so many; rows is a power
 * of two. Several threads or processes may use one at once. */
size_t counters_octets(size_t rows);
struct counters *counters_at(void *memory, size_t rows);

/* How much stands there now: false: unknown, the table is full. key: rule id '|' value. */
bool counters_read(
    const struct counters *c, struct octets key, int64_t per_s, int64_t now_s, int64_t *ret);
/* Add to it. */
bool counters_add(struct counters *c, struct octets key, int64_t per_s, int64_t now_s, int64_t n);

#endif
