/*
 * policy/compare.h - what of two documents differs in meaning.
 *
 * Order, comments, reasons, tests and the names of sets are no meaning; the
 * values in a set are. Pure.
 */
#ifndef QUATRAIN_POLICY_COMPARE_H
#define QUATRAIN_POLICY_COMPARE_H

#include "policy/document.h"

/*
 * Members:
 *
 *	same         nothing differs
 *	document     of kind, name, scope, mode and offline those that do: {what, old, new}
 *	rules        in order of ids: {id, change, and of changed parts: [{what, old, new}]};
 *	             change is added, removed, changed or renamed (then old: the id of before)
 *	invariants   {change, means}: added or removed
 *
 * NULL out of memory, which json_write() refuses.
 */
struct json *compare_documents(const struct document *old, const struct document *now);

#endif
