/* policy/document_value.c - what a rule's scalars are, by the attribute they are held against;
 * sets.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/document_read.h"

#define TEXT_VALUE_MAX 1024

static bool
is_version(struct octets o)
{
	int order;

	return value_versions(o, o, &order);
}

static bool
read_text(struct reading *r, const struct conf_node *n, struct value *ret)
{
	bool yes;

	if (n->n == 0 || conf_node_bool(n, &yes) || (!n->quoted && strcmp(n->text, "null") == 0))
		return document_refuse(r, n, "a text");
	*ret = (struct value){ .type = VALUE_TEXT };
	return document_text(r, n, TEXT_VALUE_MAX, &ret->text);
}

static bool
read_bool(struct reading *r, const struct conf_node *n, struct value *ret)
{
	*ret = (struct value){ .type = VALUE_BOOL };
	return conf_node_bool(n, &ret->yes) || document_refuse(r, n, "true or false");
}

static bool
read_number(
    struct reading *r, const struct conf_node *n, enum attribute_reading how, struct value *ret)
{
	*ret = (struct value){ .type = VALUE_NUMBER };
	if (conf_node_number(n, &ret->number))
		return true;
	if (how == READ_DURATION)
		return value_duration(conf_node_text(n), &ret->number) ||
		       document_refuse(r, n, "a duration such as 90d, 12h, 30m or 10s");
	return document_refuse(r, n, "a whole number");
}

static bool
read_address(struct reading *r, const struct conf_node *n, enum value_use use, struct value *ret)
{
	if (use == VALUE_EXACT)
		return value_address(conf_node_text(n), ret) ||
		       document_refuse(r, n, "an address of IPv4 or IPv6");
	return value_net(conf_node_text(n), ret) ||
	       document_refuse(r, n, "a network such as 10.20.0.0/16 without bits of hosts");
}

/* The value of an open name is what it looks like. */
static bool
read_open(struct reading *r, const struct conf_node *n, enum value_use use, struct value *ret,
    bool *versions)
{
	*ret = (struct value){ .type = VALUE_NUMBER };
	if (conf_node_number(n, &ret->number))
		return true;
	if (use == VALUE_ORDERED) {
		if (!n->quoted && value_duration(conf_node_text(n), &ret->number))
			return true;
		if (!is_version(conf_node_text(n)))
			return document_refuse(r, n, "a whole number, a duration or a version");
		*versions = true;
		return read_text(r, n, ret);
	}
	*ret = (struct value){ .type = VALUE_BOOL };
	return conf_node_bool(n, &ret->yes) || read_text(r, n, ret);
}

/* Bool and address have no order; a text has one only where it is a version. */
static bool
check_order(struct reading *r, const struct conf_node *n, const struct attribute_info *info)
{
	if (info->type == VALUE_NUMBER)
		return true;
	if (info->reading != READ_VERSION)
		return document_refuse_found(
		    r, n, "equals, in, not_in or in_set", "an operator for what has an order");
	return is_version(conf_node_text(n)) ||
	       document_refuse(r, n, "a version such as \"5.2.1\"");
}

bool
document_value(struct reading *r, const struct conf_node *n, enum attribute a, enum value_use use,
    struct value *ret, bool *ret_versions)
{
	const struct attribute_info *info = a == ATTRIBUTE_OPEN ? NULL : attribute_info(a);

	if (n->type != CONF_NODE_TEXT)
		return document_refuse(r, n, "one value");
	if (info == NULL)
		return read_open(r, n, use, ret, ret_versions);
	if (use == VALUE_ORDERED) {
		if (!check_order(r, n, info))
			return false;
		*ret_versions = info->reading == READ_VERSION;
	}
	if (info->type == VALUE_BOOL)
		return read_bool(r, n, ret);
	if (info->type == VALUE_NUMBER)
		return read_number(r, n, info->reading, ret);
	if (info->type == VALUE_ADDRESS)
		return read_address(r, n, use, ret);
	return read_text(r, n, ret);
}

bool
document_values(struct reading *r, const struct conf_node *n, enum attribute a,
    const struct value **ret, size_t *ret_n)
{
	struct value *to;
	bool versions;

	if (n->type != CONF_NODE_LIST || n->n == 0)
		return document_refuse_found(
		    r, n, "a list of values", n->type == CONF_NODE_LIST ? "an empty one" : "none");
	if ((to = arena_take(r->arena, n->n, sizeof(*to))) == NULL)
		return arena_ok(r->arena, r->f);
	for (uint32_t i = 0; i < n->n; i++)
		if (!document_value(r, &n->kids[i], a, VALUE_ANY_OF, &to[i], &versions))
			return false;
	*ret = to;
	*ret_n = n->n;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(
	    ((const struct named_set *)a)->node->name, ((const struct named_set *)b)->node->name);
}

bool
document_sets(struct reading *r, const struct conf_node *n)
{
	if (n->type != CONF_NODE_MAP)
		return document_refuse(r, n, "a mapping of names to lists");
	if ((r->sets = arena_take(r->arena, n->n, sizeof(*r->sets))) == NULL)
		return arena_ok(r->arena, r->f);
	for (uint32_t i = 0; i < n->n; i++) {
		const struct conf_node *set = &n->kids[i];

		if (set->type != CONF_NODE_LIST || set->n == 0)
			return document_refuse_found(r, set, "a list of values",
			    set->type == CONF_NODE_LIST ? "an empty one" : "none");
		for (uint32_t k = 0; k < set->n; k++)
			if (set->kids[k].type != CONF_NODE_TEXT)
				return document_refuse(r, set, "a list of single values");
		r->sets[i].node = set;
	}
	r->sets_n = n->n;
	qsort(r->sets, r->sets_n, sizeof(*r->sets), by_name);
	return true;
}

static struct named_set *
find_set(const struct reading *r, const char *name)
{
	const struct conf_node node = { .name = name };
	const struct named_set key = { .node = &node };

	return r->sets_n == 0 ? NULL : bsearch(&key, r->sets, r->sets_n, sizeof(*r->sets), by_name);
}

/* What is wrong with a set is told at its own line. */
static bool
type_set(struct reading *r, const struct conf_node *set, enum attribute a, const struct value **ret,
    size_t *ret_n)
{
	const char *rule = r->rule, *key = r->key;
	bool ok;

	r->rule = NULL;
	r->key = set->name;
	ok = document_values(r, set, a, ret, ret_n);
	r->rule = rule;
	r->key = key;
	return ok;
}

bool
document_set(struct reading *r, const struct conf_node *n, enum attribute a, struct condition *c)
{
	size_t type = a == ATTRIBUTE_OPEN ? VALUE_NONE : attribute_info(a)->type;
	bool duration = a != ATTRIBUTE_OPEN && attribute_info(a)->reading == READ_DURATION;
	struct named_set *set = n->type == CONF_NODE_TEXT ? find_set(r, n->text) : NULL;
	const struct value *wants = NULL;
	size_t wants_n = 0;

	if (set == NULL)
		return document_refuse(r, n, "the name of one of the sets");
	wants = set->as[type].at;
	wants_n = set->as[type].n;
	if ((wants == NULL || duration) && !type_set(r, set->node, a, &wants, &wants_n))
		return false;
	if (!duration) {
		set->as[type].at = wants;
		set->as[type].n = wants_n;
	}
	c->set_name = conf_node_text(n);
	c->wants = wants;
	c->wants_n = wants_n;
	return true;
}
