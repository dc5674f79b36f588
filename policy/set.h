/*
 * policy/set.h - documents compiled into one index, and the decision.
 *
 * All Guardrails above a tenant and its PolicySet make one set. Default deny;
 * any forbid wins; the order of rules and documents never matters; a permit
 * fires on TRUE alone, a forbid on TRUE and on unknown; obligations are the union
 * over all permits that match, and one that the enforcement point does not
 * support turns the permit into a deny. A set is immutable: any number of
 * threads may decide with it.
 */
#ifndef QUATRAIN_POLICY_SET_H
#define QUATRAIN_POLICY_SET_H

#include "policy/counters.h"
#include "policy/document.h"

#define DECISION_OBLIGATIONS_MAX 16
#define DECISION_SHADOW_MAX      16

enum decision_code {
	DECISION_PERMIT,
	DECISION_FORBID,            /* "forbid" */
	DECISION_FORBID_ON_MISSING, /* "forbid-on-missing": an attribute was not known */
	DECISION_NO_PERMIT,         /* "no-permit": rule is "default" */
	DECISION_UNSUPPORTED,       /* "unsupported-obligation" */
};

struct decision {
	bool permit;
	enum decision_code code;
	const struct policy_rule *rule;  /* that decided; NULL: default. Of several, the first by
					    document (guardrails before, by name) and id, so that the
					    answer is the same always */
	const struct document *document; /* that it is of; NULL with rule */
	size_t obligations_n, shadow_n;
	bool shadow_more; /* there were more than fit */
	const struct obligation *obligations[DECISION_OBLIGATIONS_MAX];
	const struct policy_rule *shadow[DECISION_SHADOW_MAX]; /* forbids in shadow mode that would
								  fire, in that order */
};

struct set;

/*
 * Compile documents, which are lent and must outlive the set. A set without a
 * PolicySet has no permit: set_decide() then permits nothing, and
 * set_forbids() is what counts.
 * Faults: FAULT_LIMIT too many rules, FAULT_INTERNAL
 */
#define SET_RULES_MAX 1000000
bool set_compile(
    const struct document *const *documents, size_t n, struct set **ret, struct fault *f) CHECKED;
void set_free(struct set *s);          /* NULL is allowed */
bool set_permits(const struct set *s); /* it has a PolicySet in mode enforce */
/* SHA-256 over the documents' digests, sorted: what entries name. */
const uint8_t *set_digest(const struct set *s);

/*
 * counters may be NULL: rates and quotas are unknown then. What they count is added after the
 * decision, with peek not at all: for permits if they matched and the decision is permit; for
 * forbids whatever was decided, where the rule fits but for its counts.
 * More obligations than fit a decision are as one that is not supported.
 */
void set_decide(const struct set *s, const struct request *r, struct counters *counters, bool peek,
    struct decision *ret);
/* The forbids alone: permit is true where none fires. For acts that another layer permits. */
void set_forbids(const struct set *s, const struct request *r, struct counters *counters, bool peek,
    struct decision *ret);
const char *decision_word(enum decision_code code); /* "permit", "forbid", ... */

/* Each rule whose action, subject and resource type fit, or may, where the request leaves them
 * out; in the order of documents and ids. What a part says is 1, 0, or -1 unknown; a part that the
 * rule has not is 1 (when) and 0 (unless). For explain, which shows each condition. */
struct considered {
	const struct document *document;
	const struct policy_rule *rule;
	bool match; /* it fires: a permit on TRUE, a forbid on unknown too */
	int fits, when, unless;
};
typedef void set_considered(void *with, const struct considered *c);
void set_explain(const struct set *s, const struct request *r, const struct counters *counters,
    set_considered *each, void *with);
/* One condition (with its kids) against a request: 1, 0, or -1 unknown. document and rule: whose
 * it is, for what it counts; rule may be NULL for an invariant's, which counts nothing. */
int set_condition(const struct document *document, const struct policy_rule *rule,
    const struct condition *c, const struct request *r, const struct counters *counters);
/* For an embedded test's "state": n stands in the rates (quota: in the quotas) of the rule that
 * key ("RULE|VALUE") names. False: no rule of that id counts so, or no room. */
bool set_counted(const struct document *document, bool quota, struct octets key,
    struct counters *counters, int64_t now_s, int64_t n);

#endif
