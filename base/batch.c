/* base/batch.c - see store.h and batch.h; what needs LMDB is in store.c. */
#include "base/batch.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_OCTETS  (16u << 10)
#define BUCKETS_FIRST 256u /* a power of two, as is each double of it */
#define ENTRIES_FIRST 128u

struct batch *
batch_new(struct store *s)
{
	struct batch *b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	if ((b->buckets = calloc(BUCKETS_FIRST, sizeof(*b->buckets))) == NULL) {
		free(b);
		return NULL;
	}
	b->n_buckets = BUCKETS_FIRST;
	b->store = s;
	secret_nonce(b->seed, sizeof(b->seed));
	return b;
}

static uint64_t
hash_of(const struct batch *b, unsigned table, struct octets key)
{
	return secret_hash(b->seed, key) + table;
}

static size_t *
bucket_of(const struct batch *b, uint64_t hash)
{
	return &b->buckets[hash & (b->n_buckets - 1)];
}

static void
chain(struct batch *b, size_t i)
{
	struct entry *e = &b->entries[i];
	size_t *bucket;

	if (e->kind == ENTRY_GUARD) /* not a write: no read may find it */
		return;
	bucket = bucket_of(b, e->hash);
	e->older = *bucket;
	*bucket = i + 1;
}

/* Out of memory here costs speed only: the chains grow longer. */
static void
buckets_grow(struct batch *b)
{
	size_t *more;

	if ((more = calloc(2 * b->n_buckets, sizeof(*more))) == NULL)
		return;
	free(b->buckets);
	b->buckets = more;
	b->n_buckets *= 2;
	for (size_t i = 0; i < b->n; i++)
		chain(b, i);
}

static bool
entries_grow(struct batch *b)
{
	size_t room = b->room == 0 ? ENTRIES_FIRST : 2 * b->room;
	struct entry *more;

	if (b->n < b->room)
		return true;
	if ((more = reallocarray(b->entries, room, sizeof(*more))) == NULL)
		return false;
	b->entries = more;
	b->room = room;
	return true;
}

static uint8_t *
block_take(struct batch *b, size_t n)
{
	size_t room = n > BLOCK_OCTETS ? n : BLOCK_OCTETS;
	struct block *k = b->block;

	if (k == NULL || k->room - k->used < n) {
		if ((k = malloc(sizeof(*k) + room)) == NULL)
			return NULL;
		k->older = b->block;
		k->used = 0;
		k->room = room;
		b->block = k;
	}
	k->used += n;
	return k->at + k->used - n;
}

/* Give back the room from at on: the newest entry's key, with which its octets begin. */
static void
block_give(struct batch *b, const uint8_t *at)
{
	struct block *k = b->block;

	while (at < k->at || at >= k->at + k->room) {
		b->block = k->older;
		free(k);
		k = b->block;
	}
	k->used = (size_t)(at - k->at);
}

static bool
keep(struct batch *b, struct entry e)
{
	uint8_t *at;

	if (e.table >= STORE_TABLES || e.key.n == 0 || e.key.n > STORE_KEY_MAX ||
	    e.value.n > STORE_VALUE_MAX || !entries_grow(b) ||
	    (at = block_take(b, e.key.n + e.value.n)) == NULL)
		return false;
	memcpy(at, e.key.at, e.key.n);
	e.key.at = at;
	if (e.value.n > 0)
		memcpy(at + e.key.n, e.value.at, e.value.n);
	if (e.value.at != NULL) /* NULL stays NULL: to a guard it says absent */
		e.value.at = at + e.key.n;
	e.hash = hash_of(b, e.table, e.key);
	if (b->n >= b->n_buckets)
		buckets_grow(b);
	b->entries[b->n] = e;
	chain(b, b->n++);
	return true;
}

/* What follows a lost write is lost too, so that batch_undo() can tell before it from after it. */
static void
write_entry(
    struct batch *b, enum entry_kind kind, unsigned table, struct octets key, struct octets value)
{
	struct entry e = { .kind = kind, .table = table, .key = key, .value = value };

	if (b->lost > 0 || !keep(b, e))
		b->lost++;
}

void
batch_put(struct batch *b, unsigned table, struct octets key, struct octets value)
{
	write_entry(b, ENTRY_PUT, table, key, value);
}

void
batch_add(struct batch *b, unsigned table, struct octets key, struct octets value)
{
	write_entry(b, ENTRY_ADD, table, key, value);
}

void
batch_remove(struct batch *b, unsigned table, struct octets key)
{
	write_entry(b, ENTRY_REMOVE, table, key, (struct octets){ NULL, 0 });
}

void
batch_guard(struct batch *b, unsigned table, struct octets key, struct octets value)
{
	write_entry(b, ENTRY_GUARD, table, key, value);
}

const struct entry *
batch_find(const struct batch *b, unsigned table, struct octets key)
{
	uint64_t hash = hash_of(b, table, key);

	for (size_t i = *bucket_of(b, hash); i != 0; i = b->entries[i - 1].older) {
		const struct entry *e = &b->entries[i - 1];

		if (e->hash == hash && e->table == table && octets_same(e->key, key))
			return e;
	}
	return NULL;
}

size_t
batch_mark(const struct batch *b)
{
	return b->n + b->lost;
}

void
batch_undo(struct batch *b, size_t mark)
{
	if (mark >= b->n + b->lost)
		return;
	b->lost = mark > b->n ? mark - b->n : 0;
	while (b->n > mark) {
		const struct entry *e = &b->entries[--b->n];

		if (e->kind != ENTRY_GUARD)
			*bucket_of(b, e->hash) = e->older;
		block_give(b, e->key.at);
	}
}

void
batch_free(struct batch *b)
{
	struct block *older;

	if (b == NULL)
		return;
	for (struct block *k = b->block; k != NULL; k = older) {
		older = k->older;
		free(k);
	}
	free(b->buckets);
	free(b->entries);
	free(b);
}
