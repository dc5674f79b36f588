/*
 * policy/explain.h - why a set decided so: every rule that was considered, with what it looked at.
 *
 * One object, for programs and auditors; its text for people is made of that
 * object. It tells rules and attributes: not for whoever was refused, who gets
 * a code and the decision's id.
 */
#ifndef QUATRAIN_POLICY_EXPLAIN_H
#define QUATRAIN_POLICY_EXPLAIN_H

#include "policy/set.h"

/*
 * The explanation of d, which s gave for r with these counters (NULL: rates and quotas are
 * unknown), before anything of it was counted. Members:
 *
 *	decision        permit, deny; of Guardrails alone not-forbidden, deny
 *	code, rule      as decision_word(); the rule's id, or "default"
 *	document        of the rule, with its reason and line
 *	policy          set_digest(), hex
 *	obligations     [{NAME: PARAMETERS}]
 *	shadow          ids of the forbids on trial that would fire
 *	considered      each rule whose action, subject and resource type fit: id, document, line,
 *	                effect, mode, match, fits, when and unless (true, FALSE, unknown), checks,
 *	                failed
 *	  checks        each condition: part (when, unless), depth, attr, got, want, says; of
 *	                all, any and not op in place of attr, got and want, their kids one deeper
 *	  failed        of a rule that does not match: the conditions on top that stood against it
 *	nearest_permit  the permit of which the fewest conditions failed, where none matched
 *
 * NULL out of memory, which json_write() refuses.
 */
struct json *explain_json(const struct set *s, const struct request *r,
    const struct counters *counters, const struct decision *d);

/* The same for people, many lines, appended. */
void explain_text(const struct json *explanation, struct bytes *ret);

/* "permit", "deny"; "not-forbidden" where nothing in s could have permitted. */
const char *explain_decision(const struct set *s, const struct decision *d);
/* Decide as s can: Guardrails alone only forbid. Nothing is counted with peek. */
void explain_decide(const struct set *s, const struct request *r, struct counters *counters,
    bool peek, struct decision *ret);

#endif
