/*
 * policy/condition.h - a rule as it was written, held against a request.
 *
 * Slow and plain: it walks the document. What decides (policy/set.h) is compiled from the same
 * rules and has to say the same; this is what explains it. Answers are 1, 0, or -1 unknown.
 */
#ifndef QUATRAIN_POLICY_CONDITION_H
#define QUATRAIN_POLICY_CONDITION_H

#include "policy/counters.h"
#include "policy/document.h"

struct asked { /* all lent */
	const struct document *document;
	const struct policy_rule *rule; /* NULL: an invariant's, which counts nothing */
	const struct request *request;
	const struct counters *counters; /* NULL: rates and quotas are unknown */
};

int condition_and(int a, int b);
int condition_not(int a);
int condition_holds(const struct asked *q, const struct condition *c);
/* v against one of a rule's wants, as equals has it. */
int condition_equal(const struct value *v, const struct value *want);

bool condition_time_holds(const struct condition_time *t, int64_t at_s);

/* Does it have a rate or quota anywhere? NULL has none. */
bool condition_counts(const struct condition *c);
/* Add what each rate and quota of c counts. */
void condition_count(const struct asked *q, const struct condition *c, struct counters *counters);

/* Are action, subject and resource type of the request those of the rule? */
int rule_fits(const struct asked *q);
/* All of it but what it fits: when, and not unless. */
int rule_holds(const struct asked *q);
/* A permit fires on 1, a forbid on -1 too. */
bool rule_fires(const struct policy_rule *rule, int says);

#endif
