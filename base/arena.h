/*
 * base/arena.h - much that lives and ends together: taken piece by piece, freed whole.
 *
 * Not for secrets: nothing is wiped. A zeroed struct arena is an empty one. A piece
 * that could not be had leaves the arena marked bad, so that a builder takes many
 * and looks once, with arena_ok(); until then it must bear a NULL.
 */
#ifndef QUATRAIN_BASE_ARENA_H
#define QUATRAIN_BASE_ARENA_H

#include "base/bytes.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* owned; the newest first */
	uint8_t *at;                /* what is left of it */
	size_t left;
	bool bad;
};

/* n things of size octets, zeroed, aligned for any type; lent until arena_free(). NULL when out of
 * memory; never NULL for n 0. */
void *arena_take(struct arena *a, size_t n, size_t size);
/* A copy of o with a NUL behind it; no octets when out of memory. */
struct octets arena_copy(struct arena *a, struct octets o);
/* A copy of n things, not zeroed first. NULL when out of memory. */
void *arena_copy_of(struct arena *a, const void *from, size_t n, size_t size);

/* Fault: FAULT_INTERNAL a piece could not be had. */
bool arena_ok(const struct arena *a, struct fault *f) CHECKED;
void arena_free(struct arena *a); /* and ready for use again */

#endif
