/* relay/events.c - see events.h. */
#include "relay/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES      EVENTS_MAX
#define GENERATIONS (INT32_MAX / PLACES)

struct events {
	events_may *may;
	void *with;
	size_t n, top; /* in use; no place from top on ever was */
	uint32_t generation;
	struct subscription at[PLACES];
};

bool
events_new(events_may *may, void *with, struct events **ret, struct fault *f)
{
	struct events *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return fault_set(f, FAULT_INTERNAL, "events: out of memory");
	e->may = may;
	e->with = with;
	*ret = e;
	return true;
}

static void
drop(struct events *e, struct subscription *s)
{
	free(s->ring);
	*s = (struct subscription){ .id = 0 };
	e->n--;
}

void
events_free(struct events *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < e->top; i++)
		free(e->at[i].ring);
	free(e);
}

static bool
is_of(const struct subscription *s, const struct identity *who)
{
	return s->id != 0 && strcmp(s->tenant, who->tenant) == 0 &&
	       strcmp(s->kind, who->endpoint) == 0 && strcmp(s->name, who->name) == 0;
}

static bool
has_room(const struct events *e, const struct identity *who, size_t *ret_place, struct fault *f)
{
	size_t mine = 0, place = e->top;

	for (size_t i = 0; i < e->top; i++) {
		mine += is_of(&e->at[i], who);
		if (e->at[i].id == 0 && place == e->top)
			place = i;
	}
	if (mine >= EVENTS_OWNER_MAX)
		return fault_set(
		    f, FAULT_LIMIT, "subscription: at most %d of one connector", EVENTS_OWNER_MAX);
	if (place == PLACES)
		return fault_set(f, FAULT_LIMIT, "subscription: there are %d already", EVENTS_MAX);
	*ret_place = place;
	return true;
}

/* A number that was somebody's is not the next one's of the same place. */
static int32_t
next_id(struct events *e, size_t place)
{
	e->generation = e->generation % (GENERATIONS - 1) + 1;
	return (int32_t)(e->generation * PLACES + place);
}

bool
events_subscribe(struct events *e, const struct identity *who, const struct subscription *wish,
    struct subscription **ret, struct fault *f)
{
	struct subscription *s;
	size_t place = 0;

	if (!has_room(e, who, &place, f))
		return false;
	s = &e->at[place];
	*s = *wish;
	s->id = next_id(e, place);
	s->ring = NULL;
	s->sequence = 0;
	s->first = s->n = 0;
	memcpy(s->tenant, who->tenant, sizeof(s->tenant));
	memcpy(s->kind, who->endpoint, sizeof(s->kind));
	memcpy(s->name, who->name, sizeof(s->name));
	if (place == e->top)
		e->top++;
	e->n++;
	*ret = s;
	return true;
}

struct subscription *
events_find(struct events *e, const struct identity *who, int32_t id, int64_t now_s)
{
	struct subscription *s = id <= 0 ? NULL : &e->at[(size_t)id % PLACES];

	return s != NULL && s->id == id && is_of(s, who) && now_s < s->ends_s ? s : NULL;
}

void
events_cancel(struct events *e, struct subscription *s)
{
	drop(e, s);
}

static bool
concerns(const struct events *e, const struct subscription *s, const char *tenant,
    const struct event *ev)
{
	return s->id != 0 && (s->events & ev->kind) != 0 && strcmp(s->tenant, tenant) == 0 &&
	       (s->device[0] == '\0' || strcmp(s->device, ev->device) == 0) &&
	       e->may(e->with, s, ev->device);
}

static bool
keep(struct subscription *s, const struct event *ev)
{
	struct event *to;

	if (s->ring == NULL && (s->ring = calloc(EVENTS_KEPT, sizeof(*s->ring))) == NULL)
		return false;
	if (s->n == EVENTS_KEPT) {
		s->first = (s->first + 1) % EVENTS_KEPT;
		s->n--;
	}
	to = &s->ring[(s->first + s->n) % EVENTS_KEPT];
	*to = *ev;
	to->sequence = s->sequence = s->sequence == INT32_MAX ? 1 : s->sequence + 1;
	s->n++;
	return true;
}

size_t
events_raise(struct events *e, const char *tenant, const struct event *ev)
{
	size_t told = 0;

	for (size_t i = 0; i < e->top; i++)
		if (concerns(e, &e->at[i], tenant, ev))
			told += keep(&e->at[i], ev);
	return told;
}

const struct event *
events_at(const struct subscription *s, int32_t from, size_t i)
{
	for (size_t k = 0; k < s->n; k++) {
		const struct event *ev = &s->ring[(s->first + k) % EVENTS_KEPT];

		if (ev->sequence >= from && i-- == 0)
			return ev;
	}
	return NULL;
}

void
events_forget(struct subscription *s, int32_t from)
{
	while (s->n > 0 && s->ring[s->first].sequence < from) {
		s->first = (s->first + 1) % EVENTS_KEPT;
		s->n--;
	}
}

void
events_tick(struct events *e, int64_t now_s)
{
	for (size_t i = 0; i < e->top; i++) {
		struct subscription *s = &e->at[i];

		if (s->id != 0 && now_s >= s->ends_s)
			drop(e, s);
		while (s->n > 0 && now_s - s->ring[s->first].at_s >= EVENTS_LIFE_S) {
			s->first = (s->first + 1) % EVENTS_KEPT;
			s->n--;
		}
		if (s->n == 0 && s->ring != NULL) {
			free(s->ring);
			s->ring = NULL;
			s->first = 0;
		}
	}
}

size_t
events_count(const struct events *e)
{
	return e->n;
}
