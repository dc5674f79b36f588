/* base/arena.c - see arena.h. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_OCTETS 8192u
#define MOST_OCTETS  (1u << 20) /* of one block, unless one piece is larger */

struct arena_block {
	struct arena_block *next;
	size_t octets;
	alignas(max_align_t) uint8_t room[];
};

/* A block of its own for what is large; else one twice as large as the last. */
static uint8_t *
grow(struct arena *a, size_t octets)
{
	size_t want = a->blocks == NULL ? FIRST_OCTETS : 2 * a->blocks->octets;
	struct arena_block *b;

	want = want > MOST_OCTETS ? MOST_OCTETS : want;
	want = want < octets ? octets : want;
	if ((b = malloc(sizeof(*b) + want)) == NULL) {
		a->bad = true;
		return NULL;
	}
	b->next = a->blocks;
	b->octets = want > MOST_OCTETS ? MOST_OCTETS : want;
	a->blocks = b;
	a->at = b->room + octets;
	a->left = want - octets;
	return b->room;
}

/* Not zeroed. */
static uint8_t *
take(struct arena *a, size_t octets, size_t align)
{
	size_t pad = (align - (uintptr_t)a->at % align) % align;
	uint8_t *p = a->at;

	if (a->bad || octets > SIZE_MAX / 2)
		a->bad = true;
	if (a->bad)
		return NULL;
	if (p == NULL || a->left < pad || a->left - pad < octets)
		return grow(a, octets);
	a->at += pad + octets;
	a->left -= pad + octets;
	return p + pad;
}

void *
arena_take(struct arena *a, size_t n, size_t size)
{
	size_t octets = 0;
	void *p = NULL;

	if (__builtin_mul_overflow(n, size, &octets))
		a->bad = true;
	else
		p = take(a, octets, alignof(max_align_t));
	return p == NULL ? NULL : memset(p, 0, octets);
}

void *
arena_copy_of(struct arena *a, const void *from, size_t n, size_t size)
{
	size_t octets = 0;
	void *p = NULL;

	if (__builtin_mul_overflow(n, size, &octets))
		a->bad = true;
	else
		p = take(a, octets, alignof(max_align_t));
	if (p != NULL && octets > 0)
		memcpy(p, from, octets);
	return p;
}

struct octets
arena_copy(struct arena *a, struct octets o)
{
	uint8_t *p = take(a, o.n + 1, 1);

	if (p == NULL)
		return (struct octets){ 0 };
	if (o.n > 0)
		memcpy(p, o.at, o.n);
	p[o.n] = '\0';
	return octets_of(p, o.n);
}

bool
arena_ok(const struct arena *a, struct fault *f)
{
	return !a->bad || fault_set(f, FAULT_INTERNAL, "arena: out of memory");
}

void
arena_free(struct arena *a)
{
	for (struct arena_block *b = a->blocks, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}
