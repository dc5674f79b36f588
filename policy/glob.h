/*
 * policy/glob.h - patterns of names: SPIFFE ids and actions.
 *
 * A pattern of ids is spiffe://HOST/PATH. The host goes label by label, and `*` is exactly one
 * label; the path goes segment by segment, where `*` is any run of characters but '/' (a segment
 * of `*` alone is not empty), and `**` as the last segment is the whole rest, which is not empty
 * either. A pattern of actions is a name, "print.*" (all below it), or "*".
 */
#ifndef QUATRAIN_POLICY_GLOB_H
#define QUATRAIN_POLICY_GLOB_H

#include "base/bytes.h"

#define GLOB_MAX        512 /* octets of a pattern */
#define GLOB_ACTION_MAX 64

/* Can a rule say this: the form above, labels and segments not empty and of characters that ids
 * have (RFC 3986 unreserved). */
bool glob_is_pattern(struct octets pattern);
bool glob_match(struct octets pattern, struct octets id);
/* Every id that inner matches, outer matches too. Never true where that is not so; may be false
 * where it is, for an outer with '*' inside of a path segment. */
bool glob_within(struct octets inner, struct octets outer);

bool glob_is_action(struct octets pattern);
bool glob_action(struct octets pattern, struct octets action);

#endif
