/* ca/feed_set.c - see feed_set.h. */
#include "ca/feed_set.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_LEAST 64

void
feed_set_free(struct feed_set *s)
{
	free(s->row);
	memset(s, 0, offsetof(struct feed_set, row));
	s->row = NULL;
	s->rows = s->used = 0;
}

/* Serials are random: their octets spread by themselves. A row that is free is STANDING_PENDING's
 * elder, 0. */
static struct feed_change *
place_of(const struct feed_set *s, const uint8_t *issuer, const uint8_t *serial)
{
	uint64_t h = 0;
	size_t at;

	for (size_t i = 0; i < 8; i++)
		h = h << 8 | serial[TBS_SERIAL_OCTETS - 1 - i];
	for (at = (size_t)h & (s->rows - 1);; at = (at + 1) & (s->rows - 1)) {
		struct feed_change *c = &s->row[at];

		if (c->state == 0 || (memcmp(c->serial, serial, TBS_SERIAL_OCTETS) == 0 &&
					 memcmp(c->issuer, issuer, TBS_KEY_ID_OCTETS) == 0))
			return c;
	}
}

/* Room for one more, and what became good again left out. */
static bool
make_room(struct feed_set *s, struct fault *f)
{
	struct feed_set more = { .row = NULL };

	if (s->rows > 0 && (s->used + 1) * 4 < s->rows * 3)
		return true;
	for (size_t i = 0; i < s->rows; i++)
		more.used += s->row[i].state != 0 && s->row[i].state != STANDING_GOOD;
	for (more.rows = ROWS_LEAST; (more.used + 1) * 2 > more.rows;)
		more.rows *= 2;
	if ((more.row = calloc(more.rows, sizeof(*more.row))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "feed: out of memory");
	for (size_t i = 0; i < s->rows; i++)
		if (s->row[i].state != 0 && s->row[i].state != STANDING_GOOD)
			*place_of(&more, s->row[i].issuer, s->row[i].serial) = s->row[i];
	free(s->row);
	s->row = more.row;
	s->rows = more.rows;
	s->used = more.used;
	return true;
}

static bool
put(struct feed_set *s, const struct feed_change *c, struct fault *f)
{
	struct feed_change *row;

	if (!make_room(s, f))
		return false;
	row = place_of(s, c->issuer, c->serial);
	s->used += row->state == 0;
	*row = *c;
	return true;
}

/* Does p come next? */
static bool
follows(const struct feed_set *s, const struct feed_piece *p, struct fault *f)
{
	if (s->origin[0] != '\0' && strcmp(s->origin, p->origin) != 0)
		return fault_set(f, FAULT_CONFLICT, "feed: a piece of %.100s", p->origin);
	if (p->snapshot && !p->has_from)
		return true;
	if (p->snapshot)
		return (s->paging && p->size >= s->seq &&
			   memcmp(p->from_place, s->place, sizeof(s->place)) == 0) ||
		       fault_set(f, FAULT_CONFLICT, "feed: a page of the snapshot is missing");
	return (!s->paging && p->from == s->seq &&
		   memcmp(p->before, s->hash, sizeof(s->hash)) == 0) ||
	       fault_set(f, FAULT_CONFLICT,
		   "feed: this piece does not follow on change %llu: one is missing, or it is another feed",
		   (unsigned long long)s->seq);
}

static void
note_snapshot(struct feed_set *s, const struct feed_piece *p)
{
	if (!p->has_from) {
		s->seq = p->size;
		memcpy(s->hash, p->after, sizeof(s->hash));
		s->known = 0;
	}
	if (p->size > s->known)
		s->known = p->size;
	s->paging = p->has_to;
	memcpy(s->place, p->to_place, sizeof(s->place));
}

/* An older signature that another process still had may come after a newer one: it says less. */
static void
note_head(struct feed_set *s, const struct feed_piece *p)
{
	memcpy(s->origin, p->origin, sizeof(s->origin));
	if (p->size > s->size)
		s->size = p->size;
	if (p->at_s < s->at_s)
		return;
	s->at_s = p->at_s;
	s->until_s = p->until_s;
	s->cas_n = p->cas_n;
	memcpy(s->ca, p->ca, sizeof(s->ca));
}

bool
feed_set_take(struct feed_set *s, const struct feed_piece *p, struct fault *f)
{
	struct octets lines = p->lines;
	struct feed_change c;

	if (!follows(s, p, f))
		return false;
	if (p->snapshot && !p->has_from)
		feed_set_free(s);
	while (feed_piece_next(&lines, &c))
		if (!put(s, &c, f))
			return false;
	if (p->snapshot) {
		note_snapshot(s, p);
	} else {
		s->seq = p->to;
		memcpy(s->hash, p->after, sizeof(s->hash));
	}
	note_head(s, p);
	return true;
}

bool
feed_set_whole(const struct feed_set *s)
{
	return s->origin[0] != '\0' && !s->paging && s->seq >= s->size && s->seq >= s->known;
}

bool
feed_set_ask(const struct feed_set *s, const uint8_t issuer[static TBS_KEY_ID_OCTETS],
    const uint8_t serial[static TBS_SERIAL_OCTETS], struct feed_change *ret)
{
	const struct feed_change *row = s->rows == 0 ? NULL : place_of(s, issuer, serial);
	struct feed_change c = { .state = STANDING_GOOD };
	size_t i = 0;

	while (i < s->cas_n && memcmp(s->ca[i].key_id, issuer, TBS_KEY_ID_OCTETS) != 0)
		i++;
	if (i == s->cas_n)
		return false;
	memcpy(c.serial, serial, sizeof(c.serial));
	memcpy(c.issuer, issuer, sizeof(c.issuer));
	if (row != NULL && row->state != 0 && row->state != STANDING_GOOD)
		c = *row;
	feed_weigh(&s->ca[i], &c);
	*ret = c;
	return true;
}

static int
by_place(const void *a, const void *b)
{
	const struct feed_change *const *x = a, *const *y = b;
	int order = memcmp((*x)->issuer, (*y)->issuer, TBS_KEY_ID_OCTETS);

	return order != 0 ? order : memcmp((*x)->serial, (*y)->serial, TBS_SERIAL_OCTETS);
}

bool
feed_set_lines(const struct feed_set *s, struct bytes *ret, size_t *ret_n, struct fault *f)
{
	const struct feed_change **all = calloc(s->used + 1, sizeof(struct feed_change *));
	size_t n = 0;

	if (all == NULL)
		return fault_set(f, FAULT_INTERNAL, "feed: out of memory");
	for (size_t i = 0; i < s->rows; i++)
		if (s->row[i].state != 0 && s->row[i].state != STANDING_GOOD)
			all[n++] = &s->row[i];
	qsort(all, n, sizeof(struct feed_change *), by_place);
	for (size_t i = 0; i < n; i++) {
		feed_line(all[i], ret);
		bytes_put_u8(ret, '\n');
	}
	free(all);
	*ret_n = n;
	return bytes_ok(ret, f);
}
