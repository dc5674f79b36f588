/* policy/document_count.c - conditions of time, rate and quota. */
#include <stdio.h>
#include <string.h>

#include "policy/document_read.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define DAY_M     1440
#define ALL_DAYS  0x7f
#define MOST_MAX  (INT64_C(1) << 40)
#define PER_MAX_S (INT64_C(366) * 86400)

static const char *const DAYS[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

static bool
read_days(struct reading *r, const struct conf_node *n, void *to)
{
	struct condition_time *t = to;
	const struct conf_node *kids = n->type == CONF_NODE_LIST ? n->kids : n;
	size_t kids_n = n->type == CONF_NODE_LIST ? n->n : 1;
	unsigned day;

	t->days = 0;
	for (size_t i = 0; i < kids_n; i++) {
		if (!document_word(r, &kids[i], DAYS, COUNT(DAYS), &day))
			return false;
		t->days |= (uint8_t)(1u << day);
	}
	return t->days != 0 || document_refuse_found(r, n, "mon to sun", "an empty list");
}

/* "07:00"; 24:00 is the end of a day. */
static bool
minutes(const char *s, uint16_t *ret)
{
	int h, m;

	for (size_t i = 0; i < 5; i++)
		if (i == 2 ? s[i] != ':' : s[i] < '0' || s[i] > '9')
			return false;
	h = (s[0] - '0') * 10 + (s[1] - '0');
	m = (s[3] - '0') * 10 + (s[4] - '0');
	*ret = (uint16_t)(h * 60 + m);
	return m < 60 && *ret <= DAY_M;
}

static bool
read_hours(struct reading *r, const struct conf_node *n, void *to)
{
	struct condition_time *t = to;

	if (n->type != CONF_NODE_TEXT || n->n != 11 || n->text[5] != '-' ||
	    !minutes(n->text, &t->from_m) || !minutes(n->text + 6, &t->until_m) ||
	    t->from_m == t->until_m || t->from_m == DAY_M)
		return document_refuse(r, n, "hours such as \"07:00-20:00\"");
	if (t->until_m == 0) /* "22:00-00:00" */
		t->until_m = DAY_M;
	return true;
}

bool
document_zone(struct reading *r, const struct conf_node *n, const struct zone **ret)
{
	struct octets name;
	struct fault f = { 0 };

	if (!document_text(r, n, ZONE_NAME_MAX, &name))
		return false;
	if (zones_get(r->zones, name, ret, &f))
		return true;
	if (f.code == FAULT_INTERNAL || f.code == FAULT_LIMIT) {
		*r->f = f;
		return false;
	}
	return document_refuse(r, n, "a time zone that is known here, such as Europe/Paris");
}

static bool
read_zone(struct reading *r, const struct conf_node *n, void *to)
{
	struct condition_time *t = to;

	return document_zone(r, n, &t->zone);
}

bool
document_time(struct reading *r, const struct conf_node *n, struct condition *c)
{
	static const struct document_key keys[] = {
		{ "days", false, read_days },
		{ "hours", false, read_hours },
		{ "zone", false, read_zone },
	};

	c->time = (struct condition_time){ .days = ALL_DAYS, .until_m = DAY_M, .zone = r->zone };
	if (!document_keys(r, n, keys, COUNT(keys), &c->time))
		return false;
	return conf_node_get(n, "days") != NULL || conf_node_get(n, "hours") != NULL ||
	       document_refuse_found(r, n, "days, hours or both", "none");
}

static bool
read_key(struct reading *r, const struct conf_node *n, void *to)
{
	struct condition_count *c = to;
	struct octets name;

	return document_text(r, n, ATTRIBUTE_NAME_MAX, &name) &&
	       document_attribute(r, n, name, &c->key);
}

static bool
read_unit(struct reading *r, const struct conf_node *n, void *to)
{
	struct condition_count *c = to;
	struct octets name;

	if (!document_text(r, n, ATTRIBUTE_NAME_MAX, &name) ||
	    !document_attribute(r, n, name, &c->unit))
		return false;
	return c->unit.at == ATTRIBUTE_OPEN || attribute_info(c->unit.at)->type == VALUE_NUMBER ||
	       document_refuse(r, n, "an attribute that is a number");
}

static bool
read_most(struct reading *r, const struct conf_node *n, void *to)
{
	struct condition_count *c = to;

	if (!conf_node_number(n, &c->most) || c->most < 0 || c->most > MOST_MAX)
		return document_refuse(r, n, "a whole number of 0 or more");
	c->over = strcmp(n->name, "over") == 0;
	return true;
}

static bool
read_per(struct reading *r, const struct conf_node *n, void *to)
{
	struct condition_count *c = to;

	return (n->type == CONF_NODE_TEXT && value_duration(conf_node_text(n), &c->per_s) &&
		   c->per_s > 0 && c->per_s <= PER_MAX_S) ||
	       document_refuse(r, n, "a duration from 1s to 366d");
}

static bool
may_count(struct reading *r, const struct conf_node *n)
{
	return r->counts || document_refuse_found(r, n, "conditions that count nothing", "one");
}

bool
document_rate(struct reading *r, const struct conf_node *n, struct condition *c)
{
	static const struct document_key keys[] = {
		{ "key", true, read_key },
		{ "max", false, read_most },
		{ "over", false, read_most },
		{ "per", true, read_per },
	};

	if (!may_count(r, n) || !document_keys(r, n, keys, COUNT(keys), &c->count))
		return false;
	return (conf_node_get(n, "max") == NULL) != (conf_node_get(n, "over") == NULL) ||
	       document_refuse_found(
		   r, n, "either max or over", conf_node_get(n, "max") == NULL ? "none" : "both");
}

bool
document_quota(struct reading *r, const struct conf_node *n, struct condition *c)
{
	static const struct document_key keys[] = {
		{ "key", true, read_key },
		{ "unit", false, read_unit },
		{ "limit", true, read_most },
		{ "per", true, read_per },
	};

	return may_count(r, n) && document_keys(r, n, keys, COUNT(keys), &c->count);
}
