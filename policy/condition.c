/* policy/condition.c - see condition.h. */
#include "policy/condition.h"

#include <string.h>

#include "policy/glob.h"
#include "policy/set.h"

#define COUNT_KEY_MAX 512 /* octets of a rule's id and a value; a longer one is unknown */

int
condition_and(int a, int b)
{
	if (a == 0 || b == 0)
		return 0;
	return a < 0 || b < 0 ? -1 : 1;
}

int
condition_not(int a)
{
	return a < 0 ? -1 : !a;
}

static const struct value *
of_request(const struct asked *q, const struct attribute_ref *ref)
{
	return request_get(q->request, ref->at, ref->name);
}

int
condition_equal(const struct value *v, const struct value *want)
{
	struct value address;

	if (want->type == VALUE_ADDRESS || want->type == VALUE_NET) {
		/* names of no schema come as texts */
		if (v->type == VALUE_TEXT && value_address(v->text, &address))
			v = &address;
		if (v->type == VALUE_ADDRESS && want->type == VALUE_NET)
			return value_in_net(v, want);
	}
	return v->type != want->type || v->type == VALUE_NONE ? -1 : value_same(v, want);
}

/* Any of the wants; what can be compared with none of them is unknown. */
static int
in(const struct asked *q, const struct condition *c)
{
	const struct value *v = of_request(q, &c->attribute);
	bool compared = c->wants_n == 0 && v->type != VALUE_NONE;

	for (size_t i = 0; i < c->wants_n; i++) {
		int one = condition_equal(v, &c->wants[i]);

		if (one == 1)
			return 1;
		compared |= one == 0;
	}
	return compared ? 0 : -1;
}

static int
not_in(const struct asked *q, const struct condition *c)
{
	return condition_not(in(q, c));
}

/* v and want, as numbers below, at or above 0; false: they cannot be compared. */
static bool
compare(const struct value *v, const struct condition *c, int *ret)
{
	const struct value *want = c->wants;
	int64_t number;

	if (c->versions)
		return v->type == VALUE_TEXT && want->type == VALUE_TEXT &&
		       value_versions(v->text, want->text, ret);
	if (want->type != VALUE_NUMBER)
		return false;
	if (v->type == VALUE_NUMBER)
		number = v->number;
	else if (v->type != VALUE_TEXT || !value_duration(v->text, &number))
		return false;
	*ret = (number > want->number) - (number < want->number);
	return true;
}

static int
ordered(const struct asked *q, const struct condition *c)
{
	int order;

	if (c->wants_n != 1 || !compare(of_request(q, &c->attribute), c, &order))
		return -1;
	switch (c->op) {
	case CONDITION_GT:
		return order > 0;
	case CONDITION_GTE:
		return order >= 0;
	case CONDITION_LT:
		return order < 0;
	default:
		return order <= 0;
	}
}

static int
equals_attr(const struct asked *q, const struct condition *c)
{
	const struct value *v = of_request(q, &c->attribute), *other = of_request(q, &c->other);

	return v->type != other->type || v->type == VALUE_NONE ? -1 : value_same(v, other);
}

static int
contains_attr(const struct asked *q, const struct condition *c)
{
	const struct value *v = of_request(q, &c->attribute), *other = of_request(q, &c->other);

	if (v->type != VALUE_LIST || other->type != VALUE_TEXT)
		return -1;
	for (size_t i = 0; i < v->list.n; i++)
		if (octets_same(v->list.at[i], other->text))
			return 1;
	return 0;
}

bool
condition_time_holds(const struct condition_time *t, int64_t at_s)
{
	unsigned day, minute;
	bool within;

	zone_local(t->zone, at_s, &day, &minute);
	if (t->from_m <= t->until_m) {
		within = minute >= t->from_m && minute < t->until_m;
	} else {
		within = minute >= t->from_m || minute < t->until_m;
		if (minute < t->until_m)
			day = (day + 6) % 7; /* it began yesterday */
	}
	return within && (t->days >> day & 1) != 0;
}

static int
time_within(const struct asked *q, const struct condition *c)
{
	const struct value *at = &q->request->fixed[ATTRIBUTE_TIME];

	return at->type == VALUE_NUMBER ? condition_time_holds(&c->time, at->number) : -1;
}

/* What a rate or quota counts, in room of COUNT_KEY_MAX, and how much one request adds; false:
 * unknown. */
static bool
counter_of(const struct asked *q, const struct condition *c, uint8_t *room, struct counter *ret,
    int64_t *ret_n)
{
	const struct value *key = of_request(q, &c->count.key), *n;
	struct bytes shown = { 0 };
	struct octets id, value = key->text;
	bool quota = c->op == CONDITION_QUOTA && c->count.unit.name.n > 0, ok;

	if (q->rule == NULL || key->type == VALUE_NONE || key->type == VALUE_LIST)
		return false;
	id = q->rule->id;
	if (key->type != VALUE_TEXT) {
		value_text(key, &shown);
		value = octets_bytes(&shown);
	}
	ok = id.n + value.n < COUNT_KEY_MAX && !shown.bad;
	if (ok) {
		memcpy(room, id.at, id.n);
		room[id.n] = '|';
		if (value.n > 0)
			memcpy(room + id.n + 1, value.at, value.n);
	}
	*ret = (struct counter){ .scope = q->document->scope,
		.document = q->document->name,
		.key = { room, id.n + 1 + value.n },
		.per_s = c->count.per_s };
	bytes_free(&shown);
	*ret_n = 1;
	if (quota) {
		ret->unit = c->count.unit.name;
		n = of_request(q, &c->count.unit);
		ok = ok && n->type == VALUE_NUMBER && n->number >= 0;
		*ret_n = n->number;
	}
	return ok;
}

static int
within_count(const struct asked *q, const struct condition *c)
{
	const struct value *at = &q->request->fixed[ATTRIBUTE_TIME];
	uint8_t room[COUNT_KEY_MAX];
	struct counter of;
	int64_t n, stands;

	if (q->counters == NULL || at->type != VALUE_NUMBER || !counter_of(q, c, room, &of, &n) ||
	    !counters_read(q->counters, &of, at->number, &stands))
		return -1;
	if (q->request->counted)
		n = 0;
	return (n > c->count.most - stands) == c->count.over;
}

static int
all(const struct asked *q, const struct condition *c)
{
	int so_far = 1;

	for (size_t i = 0; i < c->kids_n && so_far != 0; i++)
		so_far = condition_and(so_far, condition_holds(q, &c->kids[i]));
	return so_far;
}

static int
any(const struct asked *q, const struct condition *c)
{
	int so_far = 0;

	for (size_t i = 0; i < c->kids_n && so_far != 1; i++) {
		int one = condition_holds(q, &c->kids[i]);

		so_far = one == 0 ? so_far : one;
	}
	return so_far;
}

static int
negated(const struct asked *q, const struct condition *c)
{
	return condition_not(all(q, c));
}

int
condition_holds(const struct asked *q, const struct condition *c)
{
	static int (*const ops[])(const struct asked *, const struct condition *) = {
		[CONDITION_ALL] = all,
		[CONDITION_ANY] = any,
		[CONDITION_NOT] = negated,
		[CONDITION_EQUALS] = in,
		[CONDITION_IN] = in,
		[CONDITION_NOT_IN] = not_in,
		[CONDITION_IN_SET] = in,
		[CONDITION_CIDR] = in,
		[CONDITION_GT] = ordered,
		[CONDITION_GTE] = ordered,
		[CONDITION_LT] = ordered,
		[CONDITION_LTE] = ordered,
		[CONDITION_EQUALS_ATTR] = equals_attr,
		[CONDITION_CONTAINS_ATTR] = contains_attr,
		[CONDITION_TIME] = time_within,
		[CONDITION_RATE] = within_count,
		[CONDITION_QUOTA] = within_count,
	};

	return ops[c->op](q, c);
}

static bool
is_count(const struct condition *c)
{
	return c->op == CONDITION_RATE || c->op == CONDITION_QUOTA;
}

bool
condition_counts(const struct condition *c)
{
	if (c == NULL || is_count(c))
		return c != NULL;
	for (size_t i = 0; i < c->kids_n; i++)
		if (condition_counts(&c->kids[i]))
			return true;
	return false;
}

void
condition_count(const struct asked *q, const struct condition *c, struct counters *counters)
{
	const struct value *at = &q->request->fixed[ATTRIBUTE_TIME];
	uint8_t room[COUNT_KEY_MAX];
	struct counter of;
	int64_t n;

	/* what finds no room is unknown to the next one who asks, and refused then */
	if (c != NULL && is_count(c) && at->type == VALUE_NUMBER && counter_of(q, c, room, &of, &n))
		(void)counters_add(counters, &of, at->number, n);
	for (size_t i = 0; c != NULL && i < c->kids_n; i++)
		condition_count(q, &c->kids[i], counters);
}

static bool
any_text(const struct octets *texts, size_t n, struct octets text)
{
	for (size_t i = 0; i < n; i++)
		if (octets_same(texts[i], text))
			return true;
	return false;
}

static int
one_of(const struct octets *texts, size_t n, const struct value *v)
{
	if (n == 0)
		return 1;
	return v->type == VALUE_TEXT ? any_text(texts, n, v->text) : -1;
}

static int
subject_fits(const struct asked *q, const struct value *id)
{
	const struct policy_rule *rule = q->rule;

	if (id->type != VALUE_TEXT)
		return -1;
	if (!glob_match(q->document->scope, id->text))
		return 0;
	for (size_t i = 0; i < rule->spiffe_n; i++)
		if (glob_match(rule->spiffe[i], id->text))
			return 1;
	return rule->spiffe_n == 0;
}

int
rule_fits(const struct asked *q)
{
	const struct policy_rule *rule = q->rule;
	const struct value *fixed = q->request->fixed;
	bool action = false;
	int fits;

	for (size_t i = 0; i < rule->actions_n && !action; i++)
		action = glob_action(rule->actions[i], q->request->action);
	if (!action)
		return 0;
	fits = subject_fits(q, &fixed[ATTRIBUTE_SUBJECT_ID]);
	fits =
	    condition_and(fits, one_of(rule->roles, rule->roles_n, &fixed[ATTRIBUTE_SUBJECT_ROLE]));
	return condition_and(
	    fits, one_of(rule->types, rule->types_n, &fixed[ATTRIBUTE_RESOURCE_TYPE]));
}

int
rule_holds(const struct asked *q)
{
	int when = q->rule->when == NULL ? 1 : condition_holds(q, q->rule->when);

	if (when == 0 || q->rule->unless == NULL)
		return when;
	return condition_and(when, condition_not(condition_holds(q, q->rule->unless)));
}

bool
rule_fires(const struct policy_rule *rule, int says)
{
	if (rule->effect == EFFECT_PERMIT)
		return says == 1;
	return says == 1 || (says == -1 && !rule->ignore_missing);
}

int
set_condition(const struct document *document, const struct policy_rule *rule,
    const struct condition *c, const struct request *r, const struct counters *counters)
{
	const struct asked q = { document, rule, r, counters };

	return condition_holds(&q, c);
}
