/* base/shared.c - see shared.h. */
#include "base/shared.h"

#include <stdlib.h>

struct shared *
shared_new(size_t n)
{
	struct shared *s = n > SIZE_MAX - sizeof(*s) ? NULL : malloc(sizeof(*s) + n);

	if (s == NULL)
		return NULL;
	s->holders = 1;
	s->n = n;
	return s;
}

struct shared *
shared_hold(struct shared *s)
{
	s->holders++;
	return s;
}

void
shared_drop(struct shared *s)
{
	if (s != NULL && --s->holders == 0)
		free(s);
}
