/* policy/set_explain.c - every rule that was looked at, and tests' counts; see set.h. */
#include <string.h>

#include "policy/set_internal.h"

void
set_explain(const struct set *s, const struct request *r, const struct counters *counters,
    set_considered *each, void *with)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct policy_rule *rule = s->rules[i].rule;
		const struct asked q = { s->rules[i].document, rule, r, counters };
		struct considered c = { .document = q.document, .rule = rule, .when = 1 };

		c.fits = rule_fits(&q);
		if (c.fits == 0)
			continue;
		if (rule->when != NULL)
			c.when = condition_holds(&q, rule->when);
		if (rule->unless != NULL)
			c.unless = condition_holds(&q, rule->unless);
		c.match = rule_fires(
		    rule, condition_and(c.fits, condition_and(c.when, condition_not(c.unless))));
		each(with, &c);
	}
}

struct counting {
	bool quota;
	struct counter of;
	struct counters *to;
	int64_t now_s, n;
};

/* Put n into each rate or quota of c; false: there was none, or no room. */
static bool
put_counts(struct counting *g, const struct condition *c)
{
	bool put = false;

	if (c == NULL)
		return false;
	if (c->op == (g->quota ? CONDITION_QUOTA : CONDITION_RATE)) {
		g->of.unit = g->quota ? c->count.unit.name : (struct octets){ NULL, 0 };
		g->of.per_s = c->count.per_s;
		return counters_add(g->to, &g->of, g->now_s, g->n);
	}
	for (size_t i = 0; i < c->kids_n; i++)
		put |= put_counts(g, &c->kids[i]);
	return put;
}

bool
set_counted(const struct document *document, bool quota, struct octets key,
    struct counters *counters, int64_t now_s, int64_t n)
{
	struct counting g = { .quota = quota, .to = counters, .now_s = now_s, .n = n };
	bool put = false;

	g.of = (struct counter){ .scope = document->scope, .document = document->name, .key = key };
	for (size_t i = 0; i < document->rules_n; i++) {
		const struct policy_rule *rule = &document->rules[i];

		if (key.n <= rule->id.n || memcmp(key.at, rule->id.at, rule->id.n) != 0 ||
		    key.at[rule->id.n] != '|')
			continue;
		put |= put_counts(&g, rule->when);
		put |= put_counts(&g, rule->unless);
	}
	return put;
}
