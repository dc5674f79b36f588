/* policy/document_condition.c - when and unless: operators, all, any, not. */
#include <string.h>

#include "policy/document_read.h"

struct operator
{
	const char *name;
	enum condition_op op;
	bool (*read)(struct reading * r, const struct conf_node *n, struct condition *c);
};

static bool
read_one(struct reading *r, const struct conf_node *n, struct condition *c, enum value_use use)
{
	struct value *want = arena_take(r->arena, 1, sizeof(*want));

	if (want == NULL)
		return arena_ok(r->arena, r->f);
	c->wants = want;
	c->wants_n = 1;
	return document_value(r, n, c->attribute.at, use, want, &c->versions);
}

static bool
read_exact(struct reading *r, const struct conf_node *n, struct condition *c)
{
	return read_one(r, n, c, VALUE_EXACT);
}

static bool
read_ordered(struct reading *r, const struct conf_node *n, struct condition *c)
{
	return read_one(r, n, c, VALUE_ORDERED);
}

static bool
read_list(struct reading *r, const struct conf_node *n, struct condition *c)
{
	return document_values(r, n, c->attribute.at, &c->wants, &c->wants_n);
}

static bool
read_set(struct reading *r, const struct conf_node *n, struct condition *c)
{
	return document_set(r, n, c->attribute.at, c);
}

static bool
read_nets(struct reading *r, const struct conf_node *n, struct condition *c)
{
	if (c->attribute.at == ATTRIBUTE_OPEN ||
	    attribute_info(c->attribute.at)->type != VALUE_ADDRESS)
		return document_refuse_found(
		    r, n, "an address, such as source.ip, with cidr", "another");
	if (n->type == CONF_NODE_TEXT)
		return read_one(r, n, c, VALUE_ANY_OF);
	return read_list(r, n, c);
}

bool
document_attribute(
    struct reading *r, const struct conf_node *n, struct octets name, struct attribute_ref *ret)
{
	enum attribute a;

	if (name.n == 0 || name.n > ATTRIBUTE_NAME_MAX || !attribute_find(name, &a))
		return document_refuse_found(r, n, "the name of an attribute", "another");
	ret->at = a;
	ret->name = name;
	return true;
}

static bool
read_other(struct reading *r, const struct conf_node *n, struct condition *c)
{
	enum attribute a = c->attribute.at;
	bool alike;

	if (n->type != CONF_NODE_TEXT)
		return document_refuse(r, n, "the name of an attribute");
	if (!document_attribute(r, n, conf_node_text(n), &c->other))
		return false;
	if (c->op == CONDITION_CONTAINS_ATTR)
		return a == ATTRIBUTE_OPEN || attribute_info(a)->type == VALUE_LIST ||
		       document_refuse_found(
			   r, n, "contains_attr of what can be a list", "another");
	alike = a == ATTRIBUTE_OPEN || c->other.at == ATTRIBUTE_OPEN ||
		attribute_info(a)->type == attribute_info(c->other.at)->type;
	return alike || document_refuse(r, n, "an attribute of the same type");
}

static const struct operator OPERATORS[] = {
	{ "equals", CONDITION_EQUALS, read_exact },
	{ "in", CONDITION_IN, read_list },
	{ "not_in", CONDITION_NOT_IN, read_list },
	{ "in_set", CONDITION_IN_SET, read_set },
	{ "cidr", CONDITION_CIDR, read_nets },
	{ "gt", CONDITION_GT, read_ordered },
	{ "gte", CONDITION_GTE, read_ordered },
	{ "lt", CONDITION_LT, read_ordered },
	{ "lte", CONDITION_LTE, read_ordered },
	{ "max", CONDITION_LTE, read_ordered },
	{ "equals_attr", CONDITION_EQUALS_ATTR, read_other },
	{ "contains_attr", CONDITION_CONTAINS_ATTR, read_other },
};

#define OPERATORS_N (sizeof(OPERATORS) / sizeof(OPERATORS[0]))

static bool
read_operator(struct reading *r, const struct conf_node *n, struct condition *c)
{
	const char *names[OPERATORS_N];
	char expected[DOCUMENT_EXPECTED_MAX];

	for (size_t i = 0; i < OPERATORS_N; i++) {
		if (strcmp(OPERATORS[i].name, n->name) == 0) {
			c->op = OPERATORS[i].op;
			c->line = n->line;
			return OPERATORS[i].read(r, n, c);
		}
		names[i] = OPERATORS[i].name;
	}
	return document_refuse_found(r, n, document_words(names, OPERATORS_N, expected), "another");
}

/* How many conditions one member of a mapping makes: {gte: 1, lt: 5} are two. */
static size_t
conditions_of(const struct conf_node *member)
{
	static const char *const words[] = { "all", "any", "not", "time", "rate", "quota" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], member->name) == 0)
			return 1;
	return member->type == CONF_NODE_MAP && member->n > 0 ? member->n : 1;
}

/* NOLINTBEGIN(misc-no-recursion): a tree has at most CONF_DEPTH_MAX levels */
static bool read_all(struct reading *r, const struct conf_node *n, struct condition *c);

static bool
read_kids(struct reading *r, const struct conf_node *n, struct condition *c)
{
	struct condition *kids;

	if (n->type != CONF_NODE_LIST || n->n == 0)
		return document_refuse_found(r, n, "a list of conditions",
		    n->type == CONF_NODE_LIST ? "an empty one" : "none");
	if ((kids = arena_take(r->arena, n->n, sizeof(*kids))) == NULL)
		return arena_ok(r->arena, r->f);
	for (uint32_t i = 0; i < n->n; i++)
		if (!read_all(r, &n->kids[i], &kids[i]))
			return false;
	c->kids = kids;
	c->kids_n = n->n;
	return true;
}

static bool
read_not(struct reading *r, const struct conf_node *n, struct condition *c)
{
	struct condition *kid = arena_take(r->arena, 1, sizeof(*kid));

	if (kid == NULL)
		return arena_ok(r->arena, r->f);
	c->kids = kid;
	c->kids_n = 1;
	return read_all(r, n, kid);
}

static const struct operator WORDS[] = {
	{ "all", CONDITION_ALL, read_kids },
	{ "any", CONDITION_ANY, read_kids },
	{ "not", CONDITION_NOT, read_not },
	{ "time", CONDITION_TIME, document_time },
	{ "rate", CONDITION_RATE, document_rate },
	{ "quota", CONDITION_QUOTA, document_quota },
};

/* One member: a word above, or an attribute with a literal or with operators, each of which is a
 * condition from to on. */
static bool
read_member(struct reading *r, const struct conf_node *n, struct condition *to)
{
	struct attribute_ref attribute = { 0 };

	r->key = n->name;
	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
		if (strcmp(WORDS[i].name, n->name) == 0) {
			to->op = WORDS[i].op;
			to->line = n->line;
			return WORDS[i].read(r, n, to);
		}
	if (!document_attribute(r, n, octets_of(n->name, n->name_n), &attribute))
		return false;
	if (n->type == CONF_NODE_LIST || (n->type == CONF_NODE_MAP && n->n == 0))
		return document_refuse(r, n, "a value or an operator");
	if (n->type == CONF_NODE_TEXT) {
		to->op = CONDITION_EQUALS;
		to->line = n->line;
		to->attribute = attribute;
		return read_exact(r, n, to);
	}
	for (uint32_t i = 0; i < n->n; i++) {
		to[i].attribute = attribute;
		if (!read_operator(r, &n->kids[i], &to[i]))
			return false;
	}
	return true;
}

static bool
read_all(struct reading *r, const struct conf_node *n, struct condition *c)
{
	struct condition *kids;
	size_t kids_n = 0, at = 0;

	if (n->type != CONF_NODE_MAP || n->n == 0)
		return document_refuse(r, n, "a mapping of conditions");
	for (uint32_t i = 0; i < n->n; i++)
		kids_n += conditions_of(&n->kids[i]);
	if ((kids = arena_take(r->arena, kids_n, sizeof(*kids))) == NULL)
		return arena_ok(r->arena, r->f);
	for (uint32_t i = 0; i < n->n; i++) {
		if (!read_member(r, &n->kids[i], &kids[at]))
			return false;
		at += conditions_of(&n->kids[i]);
	}
	c->op = CONDITION_ALL;
	c->line = n->line;
	c->kids = kids;
	c->kids_n = kids_n;
	return true;
}
/* NOLINTEND(misc-no-recursion) */

bool
document_condition(struct reading *r, const struct conf_node *n, const struct condition **ret)
{
	struct condition *c = arena_take(r->arena, 1, sizeof(*c));

	if (c == NULL)
		return arena_ok(r->arena, r->f);
	*ret = c;
	return read_all(r, n, c);
}
