/*
 * base/batch.h - what a batch is made of; only base/batch.c and base/store.c look inside.
 *
 * The contract stands in base/store.h. Entries are kept in the order they were
 * written, so that undoing pops from the end and applying replays; keys and
 * values lie in blocks that are popped with them. A bucket's chain begins with
 * the newest entry, which is the one that a read through the batch must see.
 */
#ifndef QUATRAIN_BASE_BATCH_H
#define QUATRAIN_BASE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "base/store.h"

enum entry_kind { ENTRY_PUT, ENTRY_ADD, ENTRY_REMOVE, ENTRY_GUARD };

struct entry {
	enum entry_kind kind;
	unsigned table;
	uint64_t hash;
	size_t older;      /* the next entry of its bucket, counted from 1; 0: none */
	struct octets key; /* lent by a block, as is the value */
	struct octets value;
};

struct block {
	struct block *older;
	size_t used, room;
	uint8_t at[];
};

struct batch {
	struct store *store; /* lent */
	struct entry *entries;
	size_t n, room;
	size_t lost;     /* writes that could not be kept, as if they lay above the n entries */
	size_t *buckets; /* the newest entry of each, counted from 1 */
	size_t n_buckets;
	struct block *block; /* the newest */
	uint8_t seed[SECRET_SEED_OCTETS];
};

/* The newest write of key in the batch, or NULL; never a guard. */
const struct entry *batch_find(const struct batch *b, unsigned table, struct octets key);

#endif
