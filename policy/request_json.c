/* policy/request_json.c - a request as JSON; see request.h. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/request.h"

#define MEMBERS_MAX 64 /* of one object: finding the i-th walks over those before it */
#define WHOLE_MAX   ((INT64_C(1) << 53) - 1) /* RFC 7493 section 2.2 */

static const char *const groups[] = { "subject", "cert", "chain", "source", "device", "resource",
	"context", "anomaly" };

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

struct reading {
	struct request *to;
	struct request_room *room;
};

/* Texts of an array into the room; false: no array of texts, or too many. */
static bool
read_texts(const struct json *array, struct request_room *room, struct value *ret)
{
	size_t n = json_count(array), room_max = sizeof(room->at) / sizeof(room->at[0]);

	if (n > VALUE_LIST_MAX || n > room_max - room->n)
		return false;
	*ret = (struct value){ .type = VALUE_LIST, .list = { &room->at[room->n], n } };
	for (const struct json *j = json_at(array, 0); j != NULL; j = json_next(j)) {
		if (json_as_text(j) == NULL)
			return false;
		room->at[room->n++] = octets_text(json_as_text(j));
	}
	return true;
}

/* A value by its own type; VALUE_NONE for null. */
static bool
read_open(const struct json *in, const char *member, struct request_room *room, struct value *ret)
{
	const struct json *j = json_get(in, member);

	*ret = (struct value){ .type = VALUE_NONE };
	switch (json_kind(j)) {
	case JSON_TEXT:
		ret->type = VALUE_TEXT;
		ret->text = octets_text(json_as_text(j));
		return true;
	case JSON_TRUE:
	case JSON_FALSE:
		*ret = (struct value){ .type = VALUE_BOOL, .yes = json_kind(j) == JSON_TRUE };
		return true;
	case JSON_NUMBER:
		ret->type = VALUE_NUMBER;
		return json_number(in, member, -WHOLE_MAX, WHOLE_MAX, 0, &ret->number);
	case JSON_ARRAY:
		return read_texts(j, room, ret);
	case JSON_NULL:
		return true;
	case JSON_OBJECT:
	case JSON_NONE:
		break;
	}
	return false;
}

/* Turn a text into what attribute a has: a time, a duration, an address. */
static bool
from_text(enum attribute a, struct value *v)
{
	const struct attribute_info *info = attribute_info(a);
	struct octets text = v->text;

	if (info->type == VALUE_ADDRESS)
		return value_address(text, v);
	if (info->type != VALUE_NUMBER)
		return false;
	v->type = VALUE_NUMBER;
	if (a == ATTRIBUTE_TIME)
		return value_time(text, &v->number);
	return info->reading == READ_DURATION && value_duration(text, &v->number);
}

static const char *
wanted(enum attribute a)
{
	static const char *const words[] = { "nothing", "true or false", "a whole number", "a text",
		"an address", "a net", "a list of texts" };
	const struct attribute_info *info = attribute_info(a);

	if (a == ATTRIBUTE_TIME)
		return "a time as RFC 3339 has it";
	return info->reading == READ_DURATION ? "a duration or seconds" : words[info->type];
}

/* in's member into the attribute name, which lives as long as the request. */
static bool
read_value(const struct reading *g, const struct json *in, const char *member, struct octets name,
    struct fault *f)
{
	enum attribute a;
	struct value v;

	if (!attribute_find(name, &a))
		return request_set(g->to, name, &(struct value){ .type = VALUE_NONE }, f);
	if (!read_open(in, member, g->room, &v))
		return fault_set(f, FAULT_BADREQ, "request: %.*s: expected %s", (int)name.n,
		    (const char *)name.at, a < ATTRIBUTE_FIXED ? wanted(a) : "a value");
	if (v.type == VALUE_NONE)
		return true;
	if (a < ATTRIBUTE_FIXED && v.type != attribute_info(a)->type &&
	    !(v.type == VALUE_TEXT && from_text(a, &v)))
		return fault_set(f, FAULT_BADREQ, "request: %s: expected %s",
		    attribute_info(a)->name, wanted(a));
	return request_set(g->to, name, &v, f);
}

/* The name of a member of a group: the schema's own, or one in the room. */
static bool
name_of(const struct reading *g, const char *group, const char *member, struct octets *ret,
    struct fault *f)
{
	char whole[ATTRIBUTE_NAME_MAX], *to;
	enum attribute a;
	int n = snprintf(whole, sizeof(whole), "%s.%s", group, member);

	if (n < 0 || (size_t)n >= sizeof(whole) || !attribute_find(octets_text(whole), &a)) {
		struct bytes shown = { 0 };

		text_put_safe(
		    &shown, octets_of(member, strnlen(member, ATTRIBUTE_NAME_MAX)), false);
		fault_set(f, FAULT_BADREQ, "request: %s has no member %.*s", group, (int)shown.n,
		    (const char *)shown.at);
		bytes_free(&shown);
		return false;
	}
	if (a != ATTRIBUTE_OPEN) {
		*ret = octets_text(attribute_info(a)->name);
		return true;
	}
	if (g->to->open_n == REQUEST_OPEN_MAX)
		return fault_set(f, FAULT_BADREQ, "request: more than %d attributes of no schema",
		    REQUEST_OPEN_MAX);
	to = g->room->names[g->to->open_n];
	memcpy(to, whole, (size_t)n + 1);
	*ret = octets_text(to);
	return true;
}

static bool
read_group(const struct reading *g, const struct json *j, const char *group, struct fault *f)
{
	const char *member;

	if (json_name_at(j, MEMBERS_MAX) != NULL)
		return fault_set(
		    f, FAULT_BADREQ, "request: %s: more than %d members", group, MEMBERS_MAX);
	for (size_t i = 0; (member = json_name_at(j, i)) != NULL; i++) {
		struct octets name;

		if (!name_of(g, group, member, &name, f) || !read_value(g, j, member, name, f))
			return false;
	}
	return true;
}

static bool
read_supports(const struct json *array, struct request *r, struct fault *f)
{
	if (json_kind(array) != JSON_ARRAY || json_count(array) > REQUEST_SUPPORTS_MAX)
		return fault_set(f, FAULT_BADREQ,
		    "request: supports: expected a list of at most %d names", REQUEST_SUPPORTS_MAX);
	for (const struct json *j = json_at(array, 0); j != NULL; j = json_next(j)) {
		if (json_as_text(j) == NULL)
			return fault_set(
			    f, FAULT_BADREQ, "request: supports: expected names of obligations");
		if (strcmp(json_as_text(j), "*") == 0)
			r->supports_all = true;
		else
			r->supports[r->supports_n++] = octets_text(json_as_text(j));
	}
	return true;
}

/* A member of the whole that is no group. */
static bool
read_member(const struct reading *g, const struct json *j, const char *member, struct fault *f)
{
	if (strcmp(member, "time") == 0)
		return read_value(g, j, member, octets_text("time"), f);
	if (strcmp(member, "supports") == 0)
		return read_supports(json_get(j, member), g->to, f);
	if (strcmp(member, "action") != 0)
		return fault_set(f, FAULT_BADREQ, "request: a member that none has");
	if (json_text(j, member) == NULL || json_text(j, member)[0] == '\0')
		return fault_set(f, FAULT_BADREQ, "request: action: expected a text");
	g->to->action = octets_text(json_text(j, member));
	return true;
}

static const char *
group_of(const char *member)
{
	for (size_t i = 0; i < GROUPS; i++)
		if (strcmp(member, groups[i]) == 0)
			return groups[i];
	return NULL;
}

static bool
read_all(const struct reading *g, const struct json *j, struct fault *f)
{
	const char *member;

	for (size_t i = 0; (member = json_name_at(j, i)) != NULL; i++) {
		const char *group = group_of(member);

		if (group == NULL) {
			if (!read_member(g, j, member, f))
				return false;
		} else if (json_kind(json_get(j, member)) != JSON_OBJECT) {
			return fault_set(f, FAULT_BADREQ, "request: %s: expected an object", group);
		} else if (!read_group(g, json_get(j, member), group, f)) {
			return false;
		}
	}
	if (g->to->action.n == 0)
		return fault_set(f, FAULT_BADREQ, "request: no action is said");
	return true;
}

bool
request_read(const struct json *j, struct request *ret, struct request_room *room, struct fault *f)
{
	struct request r = { 0 };

	room->n = 0;
	if (json_kind(j) != JSON_OBJECT || json_name_at(j, MEMBERS_MAX) != NULL)
		return fault_set(f, FAULT_BADREQ, "request: expected an object with an action");
	if (!read_all(&(struct reading){ &r, room }, j, f))
		return false;
	*ret = r;
	return true;
}

static void
put_texts(struct json *j, const char *member, const struct octets *at, size_t n, bool all)
{
	struct json *array = json_array();

	for (size_t i = 0; i < n; i++) {
		struct json *holder = json_object();

		json_put_octets(holder, "text", at[i]);
		json_add(array, json_take(holder, "text"));
		json_free(holder);
	}
	if (all)
		json_add_text(array, "*");
	json_put(j, member, array);
}

static void
put_value(struct json *j, const char *member, const struct value *v)
{
	struct bytes b = { 0 };

	switch (v->type) {
	case VALUE_BOOL:
		json_put_bool(j, member, v->yes);
		break;
	case VALUE_NUMBER:
		json_put_number(j, member, v->number);
		break;
	case VALUE_TEXT:
		json_put_octets(j, member, v->text);
		break;
	case VALUE_ADDRESS:
	case VALUE_NET:
		value_text(v, &b);
		json_put_octets(j, member, octets_bytes(&b));
		break;
	case VALUE_LIST:
		put_texts(j, member, v->list.at, v->list.n, false);
		break;
	case VALUE_NONE:
		break;
	}
	bytes_free(&b);
}

/* name is "group.member"; the group's object is made by its first member. */
static void
put_named(struct json *made[static GROUPS], struct octets name, const struct value *v)
{
	char member[ATTRIBUTE_NAME_MAX];

	for (size_t i = 0; i < GROUPS && v->type != VALUE_NONE; i++) {
		struct octets rest = name;

		if (!octets_take_text(&rest, groups[i]) || !octets_take_text(&rest, ".") ||
		    rest.n >= sizeof(member))
			continue;
		memcpy(member, rest.at, rest.n);
		member[rest.n] = '\0';
		if (made[i] == NULL)
			made[i] = json_object();
		put_value(made[i], member, v);
	}
}

struct json *
request_json(const struct request *r)
{
	struct json *j = json_object(), *made[GROUPS] = { 0 };

	json_put_octets(j, "action", r->action);
	for (int a = 0; a < ATTRIBUTE_FIXED; a++)
		put_named(made, octets_text(attribute_info((enum attribute)a)->name), &r->fixed[a]);
	for (size_t i = 0; i < r->open_n; i++)
		put_named(made, r->open[i].name, &r->open[i].value);
	for (size_t i = 0; i < GROUPS; i++)
		if (made[i] != NULL)
			json_put(j, groups[i], made[i]);
	if (r->fixed[ATTRIBUTE_TIME].type == VALUE_NUMBER)
		json_put_time(j, "time", r->fixed[ATTRIBUTE_TIME].number);
	if (r->supports_all || r->supports_n > 0)
		put_texts(j, "supports", r->supports, r->supports_n, r->supports_all);
	return j;
}
