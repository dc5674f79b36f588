/* relay/ipp_span.c - see ipp_span.h. */
#include "relay/ipp_span.h"

#define FIELD_MIN 5 /* tag and two lengths */

/* The octets of the field at o's beginning and the length of its name; 0: there is none. */
static size_t
field(struct octets o, size_t *name)
{
	size_t value;

	if (o.n < FIELD_MIN || o.at[0] < 0x10)
		return 0;
	*name = (size_t)o.at[1] << 8 | o.at[2];
	if (o.n < FIELD_MIN + *name)
		return 0;
	value = (size_t)o.at[3 + *name] << 8 | o.at[4 + *name];
	return o.n < FIELD_MIN + *name + value ? 0 : FIELD_MIN + *name + value;
}

bool
ipp_next_span(struct ipp_span *s)
{
	struct octets from;
	size_t n, name;

	while (s->rest.n > 0 && s->rest.at[0] < 0x10) {
		s->group = (enum ipp_group)s->rest.at[0];
		s->rest = octets_of(s->rest.at + 1, s->rest.n - 1);
	}
	from = s->rest;
	n = field(s->rest, &name);
	if (n == 0)
		return false;
	s->name = octets_of(from.at + 3, name);
	/* What has no name belongs to the one before: more values, and all within collections. */
	do
		s->rest = octets_of(s->rest.at + n, s->rest.n - n);
	while ((n = field(s->rest, &name)) > 0 && name == 0);
	s->whole = octets_of(from.at, from.n - s->rest.n);
	return true;
}
