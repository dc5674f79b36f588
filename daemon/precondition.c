/* daemon/precondition.c - see precondition.h. */
#include "daemon/precondition.h"

#include <string.h>

static void
skip_space(struct octets *o)
{
	while (o->n > 0 && (o->at[0] == ' ' || o->at[0] == '\t'))
		*o = octets_of(o->at + 1, o->n - 1);
}

/* One entity-tag off a list, with its quotes, and the comma behind it. */
static bool
take_tag(struct octets *list, struct octets *ret, bool *ret_weak)
{
	const uint8_t *end;

	skip_space(list);
	*ret_weak = octets_take_text(list, "W/");
	if (list->n < 2 || list->at[0] != '"' ||
	    (end = memchr(list->at + 1, '"', list->n - 1)) == NULL)
		return false;
	*ret = octets_of(list->at, (size_t)(end - list->at) + 1);
	*list = octets_of(end + 1, list->n - ret->n);
	skip_space(list);
	if (list->n == 0)
		return true;
	if (list->at[0] != ',')
		return false;
	*list = octets_of(list->at + 1, list->n - 1);
	skip_space(list);
	return list->n > 0;
}

/* False: it is no list. */
static bool
look_up(struct octets list, const char *tag, bool weak_too, bool *ret)
{
	struct octets one;
	bool weak;

	*ret = octets_same(list, octets_text("*"));
	if (*ret)
		return true;
	do {
		if (!take_tag(&list, &one, &weak))
			return false;
		*ret = *ret || ((weak_too || !weak) && octets_same(one, octets_text(tag)));
	} while (list.n > 0);
	return true;
}

bool
precondition_match(struct octets header, const char *tag, bool wanted, struct fault *f)
{
	bool there;

	if (header.n == 0)
		return !wanted ||
		       fault_set(f, FAULT_BLIND,
			   "If-Match: RFC 6585 section 3: say which state you saw, by its ETag");
	if (!look_up(header, tag, false, &there))
		return fault_set(f, FAULT_BADREQ,
		    "If-Match: RFC 9110 section 13.1.1: expected * or a list of entity tags");
	return there ||
	       fault_set(f, FAULT_STALE,
		   "If-Match: RFC 9110 section 13.1.1: it has changed since: now it is %s", tag);
}

bool
precondition_has(struct octets header, const char *tag)
{
	bool there;

	return header.n > 0 && look_up(header, tag, true, &there) && there;
}
