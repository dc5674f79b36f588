/* policy/request.c - see request.h. */
#include "policy/request.h"

#include <inttypes.h>

static const struct value unknown = { .type = VALUE_NONE };

void
request_text(struct request *r, enum attribute a, struct octets text)
{
	r->fixed[a] = (struct value){ .type = VALUE_TEXT, .text = text };
}

void
request_number(struct request *r, enum attribute a, int64_t number)
{
	r->fixed[a] = (struct value){ .type = VALUE_NUMBER, .number = number };
}

void
request_bool(struct request *r, enum attribute a, bool yes)
{
	r->fixed[a] = (struct value){ .type = VALUE_BOOL, .yes = yes };
}

static bool
set_open(struct request *r, struct octets name, const struct value *v, struct fault *f)
{
	size_t i = 0;

	if (v->type == VALUE_NET || (v->type == VALUE_LIST && v->list.n > VALUE_LIST_MAX))
		return fault_set(f, FAULT_BADREQ, "request: %.*s: no value of an attribute",
		    (int)name.n, (const char *)name.at);
	while (i < r->open_n && !octets_same(r->open[i].name, name))
		i++;
	if (i == REQUEST_OPEN_MAX)
		return fault_set(f, FAULT_BADREQ, "request: more than %d attributes of no schema",
		    REQUEST_OPEN_MAX);
	r->open[i].name = name;
	r->open[i].value = *v;
	r->open_n += i == r->open_n;
	return true;
}

bool
request_set(struct request *r, struct octets name, const struct value *v, struct fault *f)
{
	enum attribute a;

	if (!attribute_find(name, &a)) {
		struct bytes shown = { 0 };

		value_text(&(struct value){ .type = VALUE_TEXT, .text = name }, &shown);
		fault_set(f, FAULT_BADREQ, "request: no attribute is called %.*s", (int)shown.n,
		    (const char *)shown.at);
		bytes_free(&shown);
		return false;
	}
	if (a == ATTRIBUTE_OPEN)
		return set_open(r, name, v, f);
	if (v->type != attribute_info(a)->type && v->type != VALUE_NONE)
		return fault_set(f, FAULT_BADREQ, "request: %s: a value of another type",
		    attribute_info(a)->name);
	r->fixed[a] = *v;
	return true;
}

const struct value *
request_get(const struct request *r, enum attribute a, struct octets name)
{
	if (a < ATTRIBUTE_FIXED)
		return &r->fixed[a];
	for (size_t i = 0; i < r->open_n; i++)
		if (octets_same(r->open[i].name, name))
			return &r->open[i].value;
	return &unknown;
}
