/*
 * policy/check_internal.h - a check in the making; for check*.c alone.
 */
#ifndef QUATRAIN_POLICY_CHECK_INTERNAL_H
#define QUATRAIN_POLICY_CHECK_INTERNAL_H

#include "policy/check.h"

#define CHECK_COUNTERS 256 /* rows of the table that tests and counterexamples count in */

/* Room for one more finding, its kind and line set; NULL where only its number is kept. */
struct finding *check_find(struct check *c, enum finding_kind kind, uint32_t line);
void check_name(struct finding *n, struct octets name);

bool check_tests(struct check *c, const struct document *d, const struct set *s, struct fault *f);
bool check_invariants(
    struct check *c, const struct document *d, const struct set *s, struct fault *f);
bool check_rules(struct check *c, const struct document *d, struct fault *f);

#endif
