/* policy/spell.c - see spell.h. */
#include "policy/spell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define LIST_SHOWN 8 /* values of a long list that an explanation shows */
#define DAYS_ALL   0x7f

void
spell_duration(int64_t s, struct bytes *ret)
{
	static const struct {
		int64_t s;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' } };

	for (size_t i = 0; s != 0 && i < sizeof(units) / sizeof(units[0]); i++)
		if (s % units[i].s == 0) {
			bytes_put_fmt(ret, "%" PRId64 "%c", s / units[i].s, units[i].unit);
			return;
		}
	bytes_put_fmt(ret, "%" PRId64 "s", s);
}

static void
put_number(int64_t n, enum attribute a, struct bytes *ret)
{
	char at[TEXT_TIME_MAX];

	if (a == ATTRIBUTE_TIME) {
		text_time(n, at);
		bytes_put_text(ret, at);
	} else if (a < ATTRIBUTE_FIXED && attribute_info(a)->reading == READ_DURATION) {
		spell_duration(n, ret);
	} else {
		bytes_put_fmt(ret, "%" PRId64, n);
	}
}

static void
put_quoted(struct octets text, struct bytes *ret)
{
	bytes_put_u8(ret, '"');
	bytes_put_octets(ret, text);
	bytes_put_u8(ret, '"');
}

void
spell_value(const struct value *v, enum attribute a, struct bytes *ret)
{
	switch (v->type) {
	case VALUE_NONE:
		bytes_put_text(ret, "missing");
		return;
	case VALUE_NUMBER:
		put_number(v->number, a, ret);
		return;
	case VALUE_TEXT:
		put_quoted(v->text, ret);
		return;
	case VALUE_LIST:
		bytes_put_u8(ret, '[');
		for (size_t i = 0; i < v->list.n; i++) {
			if (i > 0)
				bytes_put_text(ret, ", ");
			put_quoted(v->list.at[i], ret);
		}
		bytes_put_u8(ret, ']');
		return;
	case VALUE_BOOL:
	case VALUE_ADDRESS:
	case VALUE_NET:
		value_text(v, ret);
		return;
	}
}

/* --- what is wanted -----------------------------------------------------------------------------
 */

static const char *
op_word(const struct condition *c)
{
	static const char *const words[] = {
		[CONDITION_ALL] = "all",
		[CONDITION_ANY] = "any",
		[CONDITION_NOT] = "not",
		[CONDITION_EQUALS] = "equals",
		[CONDITION_IN] = "in",
		[CONDITION_NOT_IN] = "not_in",
		[CONDITION_IN_SET] = "in_set",
		[CONDITION_CIDR] = "cidr",
		[CONDITION_GT] = "gt",
		[CONDITION_GTE] = "gte",
		[CONDITION_LT] = "lt",
		[CONDITION_LTE] = "lte",
		[CONDITION_EQUALS_ATTR] = "equals_attr",
		[CONDITION_CONTAINS_ATTR] = "contains_attr",
		[CONDITION_TIME] = "time",
		[CONDITION_RATE] = "rate",
		[CONDITION_QUOTA] = "quota",
	};

	return words[c->op];
}

struct octets
spell_attribute(const struct condition *c)
{
	switch (c->op) {
	case CONDITION_ALL:
	case CONDITION_ANY:
	case CONDITION_NOT:
		return octets_text("");
	case CONDITION_TIME:
	case CONDITION_RATE:
	case CONDITION_QUOTA:
		return octets_text(op_word(c));
	default:
		return c->attribute.name;
	}
}

void
spell_hours(const struct condition_time *t, struct bytes *ret)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	const char *comma = "";

	if ((t->days & DAYS_ALL) == DAYS_ALL)
		bytes_put_text(ret, "every day");
	else
		for (size_t i = 0; i < 7; i++)
			if ((t->days >> i & 1) != 0) {
				bytes_put_fmt(ret, "%s%s", comma, days[i]);
				comma = ",";
			}
	bytes_put_fmt(ret, " %02u:%02u-%02u:%02u", t->from_m / 60u, t->from_m % 60u,
	    t->until_m / 60u, t->until_m % 60u);
}

static void
put_count(const struct condition *c, struct bytes *ret)
{
	bytes_put_text(ret, "{key: ");
	bytes_put_octets(ret, c->count.key.name);
	if (c->op == CONDITION_QUOTA && c->count.unit.name.at != NULL) {
		bytes_put_text(ret, ", unit: ");
		bytes_put_octets(ret, c->count.unit.name);
	}
	bytes_put_fmt(ret, ", %s: %" PRId64 ", per: ",
	    c->op == CONDITION_QUOTA ? "limit"
	    : c->count.over          ? "over"
				     : "max",
	    c->count.most);
	spell_duration(c->count.per_s, ret);
	bytes_put_u8(ret, '}');
}

static void
put_hours(const struct condition *c, struct bytes *ret)
{
	spell_hours(&c->time, ret);
	bytes_put_fmt(ret, " %s", c->time.zone == NULL ? "UTC" : zone_name(c->time.zone));
}

/* Of one value, which gt and the like have. */
static void
put_compared(const struct condition *c, struct bytes *ret)
{
	bytes_put_fmt(ret, "{%s: ", op_word(c));
	if (c->wants_n > 0)
		spell_value(&c->wants[0], c->attribute.at, ret);
	bytes_put_u8(ret, '}');
}

static void
put_listed(const struct condition *c, struct bytes *ret)
{
	bytes_put_fmt(ret, "{%s: [", op_word(c));
	for (size_t i = 0; i < c->wants_n && i < LIST_SHOWN; i++) {
		if (i > 0)
			bytes_put_text(ret, ", ");
		spell_value(&c->wants[i], c->attribute.at, ret);
	}
	bytes_put_text(ret, c->wants_n > LIST_SHOWN ? ", ...]}" : "]}");
}

void
spell_want(const struct condition *c, struct bytes *ret)
{
	switch (c->op) {
	case CONDITION_ALL:
	case CONDITION_ANY:
	case CONDITION_NOT:
		return;
	case CONDITION_EQUALS:
		if (c->wants_n > 0)
			spell_value(&c->wants[0], c->attribute.at, ret);
		return;
	case CONDITION_IN:
	case CONDITION_NOT_IN:
	case CONDITION_CIDR:
		put_listed(c, ret);
		return;
	case CONDITION_IN_SET:
		bytes_put_text(ret, "{in_set: ");
		bytes_put_octets(ret, c->set_name);
		bytes_put_u8(ret, '}');
		return;
	case CONDITION_GT:
	case CONDITION_GTE:
	case CONDITION_LT:
	case CONDITION_LTE:
		put_compared(c, ret);
		return;
	case CONDITION_EQUALS_ATTR:
	case CONDITION_CONTAINS_ATTR:
		bytes_put_fmt(ret, "{%s: ", op_word(c));
		bytes_put_octets(ret, c->other.name);
		bytes_put_u8(ret, '}');
		return;
	case CONDITION_TIME:
		put_hours(c, ret);
		return;
	case CONDITION_RATE:
	case CONDITION_QUOTA:
		put_count(c, ret);
		return;
	}
}

/* --- the whole meaning --------------------------------------------------------------------------
 */

static int
by_octets(const void *a, const void *b)
{
	const struct bytes *x = a, *y = b;
	size_t n = x->n < y->n ? x->n : y->n;
	int d = n == 0 ? 0 : memcmp(x->at, y->at, n);

	return d != 0 ? d : (x->n > y->n) - (x->n < y->n);
}

/* n texts in order, each once, joined by commas; they are freed. NULL: there was no memory. */
static void
put_sorted(struct bytes *at, size_t n, struct bytes *ret)
{
	if (at == NULL) {
		ret->bad = true;
		return;
	}
	qsort(at, n, sizeof(*at), by_octets);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && by_octets(&at[i - 1], &at[i]) == 0)
			continue;
		if (i > 0)
			bytes_put_text(ret, ", ");
		ret->bad |= at[i].bad;
		bytes_put_octets(ret, octets_bytes(&at[i]));
	}
	for (size_t i = 0; i < n; i++)
		bytes_free(&at[i]);
	free(at);
}

static struct bytes *
room_for(size_t n)
{
	return calloc(n == 0 ? 1 : n, sizeof(struct bytes));
}

void
spell_list(const struct octets *at, size_t n, struct bytes *ret)
{
	struct bytes *texts = room_for(n);

	bytes_put_u8(ret, '[');
	for (size_t i = 0; texts != NULL && i < n; i++)
		bytes_put_octets(&texts[i], at[i]);
	put_sorted(texts, n, ret);
	bytes_put_u8(ret, ']');
}

/* in and in_set of the same values mean the same. */
static void
put_wants(const struct condition *c, struct bytes *ret)
{
	struct bytes *texts = room_for(c->wants_n);

	bytes_put_text(ret, c->op == CONDITION_NOT_IN ? "{not_in: [" : "{in: [");
	for (size_t i = 0; texts != NULL && i < c->wants_n; i++)
		spell_value(&c->wants[i], c->attribute.at, &texts[i]);
	put_sorted(texts, c->wants_n, ret);
	bytes_put_text(ret, "]}");
}

static void
put_leaf(const struct condition *c, struct bytes *ret)
{
	bytes_put_octets(ret, spell_attribute(c));
	bytes_put_text(ret, ": ");
	if (c->op == CONDITION_IN || c->op == CONDITION_NOT_IN || c->op == CONDITION_IN_SET ||
	    c->op == CONDITION_CIDR)
		put_wants(c, ret);
	else
		spell_want(c, ret);
}

/* All of one is that one, and any of one. */
static const struct condition *
unwrap(const struct condition *c)
{
	while ((c->op == CONDITION_ALL || c->op == CONDITION_ANY) && c->kids_n == 1)
		c = &c->kids[0];
	return c;
}

/* The kids, with those of kids of op in their place: their number; their texts where there is
 * room. */
static size_t
spell_kids(const struct condition *c, enum condition_op op, struct bytes *texts, size_t n)
{
	for (size_t i = 0; i < c->kids_n; i++) {
		const struct condition *kid = unwrap(&c->kids[i]);

		if (kid->op == op)
			n = spell_kids(kid, op, texts, n);
		else if (texts == NULL)
			n++;
		else
			spell_condition(kid, &texts[n++]);
	}
	return n;
}

/* The walk is as deep as a document may be. */
void
spell_condition(const struct condition *c, struct bytes *ret)
{
	enum condition_op op;
	struct bytes *texts;
	size_t n;

	if (c == NULL)
		return;
	c = unwrap(c);
	if (c->op != CONDITION_ALL && c->op != CONDITION_ANY && c->op != CONDITION_NOT) {
		put_leaf(c, ret);
		return;
	}
	op = c->op == CONDITION_ANY ? CONDITION_ANY : CONDITION_ALL; /* not: of all its kids */
	n = spell_kids(c, op, NULL, 0);
	texts = room_for(n);
	bytes_put_fmt(ret, "%s(", op_word(c));
	if (texts != NULL)
		(void)spell_kids(c, op, texts, 0);
	put_sorted(texts, n, ret);
	bytes_put_u8(ret, ')');
}

const char *
spell_effect(enum policy_effect effect)
{
	return effect == EFFECT_PERMIT ? "permit" : "forbid";
}

const char *
spell_mode(enum policy_mode mode)
{
	static const char *const words[] = {
		[MODE_ENFORCE] = "enforce", [MODE_SHADOW] = "shadow", [MODE_OFF] = "off"
	};

	return words[mode];
}
