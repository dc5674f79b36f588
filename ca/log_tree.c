/* ca/log_tree.c - see log_tree.h; what needs no ledger is in log_path.c. */
#include "ca/log_tree.h"

#include <string.h>

#define NODE_KEY_OCTETS 9

/* Entries [lo, hi). */
struct span {
	uint64_t lo, hi;
};

static struct octets
node_key(unsigned level, uint64_t index, uint8_t to[static NODE_KEY_OCTETS])
{
	to[0] = (uint8_t)level;
	(void)octets_u64(index, to + 1);
	return octets_of(to, NODE_KEY_OCTETS);
}

bool
log_tree_row(struct ledger *l, unsigned level, uint64_t index, uint8_t to[static LOG_HASH_OCTETS],
    struct fault *f)
{
	uint8_t key[NODE_KEY_OCTETS];
	struct bytes row = { 0 };
	bool ok = ledger_get(l, TABLE_NODE, node_key(level, index, key), &row, f);

	if (ok && row.n != LOG_HASH_OCTETS)
		ok = fault_set(f, FAULT_INTERNAL, "log: a node of the tree that cannot be read");
	if (ok)
		memcpy(to, row.at, LOG_HASH_OCTETS);
	bytes_free(&row);
	return ok;
}

static void
put_row(
    struct ledger *l, unsigned level, uint64_t index, const uint8_t hash[static LOG_HASH_OCTETS])
{
	uint8_t key[NODE_KEY_OCTETS];

	ledger_put(l, TABLE_NODE, node_key(level, index, key), octets_of(hash, LOG_HASH_OCTETS));
}

static bool
has_row(struct ledger *l, uint64_t index, bool *ret, struct fault *f)
{
	uint8_t ignored[LOG_HASH_OCTETS];
	struct fault why;

	*ret = log_tree_row(l, 1, index, ignored, &why);
	if (*ret || why.code == FAULT_NOTFOUND)
		return true;
	*f = why;
	return false;
}

bool
log_tree_add(struct ledger *l, uint64_t size, const struct log_carry *carry, struct fault *f)
{
	uint64_t tiles = size >> LOG_TILE_BITS;
	bool behind = true;

	if (carry->n == 0)
		return true;
	if (tiles > 1 && !has_row(l, tiles - 2, &behind, f))
		return false;
	for (unsigned i = 0; behind && i < carry->n; i++)
		put_row(l, i + 1, (size >> (i + 1) * LOG_TILE_BITS) - 1, carry->node[i]);
	return true;
}

static bool span_root(struct ledger *l, unsigned level, uint64_t first, unsigned n,
    uint8_t to[static LOG_HASH_OCTETS], struct fault *f);

/* Where its row is missing it is made of the tile beneath. */
static bool
node_at(struct ledger *l, unsigned level, uint64_t index, uint8_t to[static LOG_HASH_OCTETS],
    struct fault *f)
{
	struct fault why;

	if (level == 0)
		return log_leaf_at(l, index, to, f);
	if (log_tree_row(l, level, index, to, &why))
		return true;
	if (why.code == FAULT_NOTFOUND)
		return span_root(l, level - 1, index << LOG_TILE_BITS, LOG_TILE_WIDTH, to, f);
	*f = why;
	return false;
}

/* The root over n nodes of a level. */
static bool
span_root(struct ledger *l, unsigned level, uint64_t first, unsigned n,
    uint8_t to[static LOG_HASH_OCTETS], struct fault *f)
{
	struct log_edge e = { .size = 0 };
	uint8_t hash[LOG_HASH_OCTETS];

	for (unsigned i = 0; i < n; i++) {
		if (!node_at(l, level, first + i, hash, f))
			return false;
		log_edge_add(&e, hash);
	}
	log_edge_root(&e, to);
	return true;
}

/* Rows are there up to some tile, and none behind it: which is the first without? */
static bool
first_missing(struct ledger *l, uint64_t tiles, uint64_t *ret, struct fault *f)
{
	uint64_t lo = 0, hi = tiles, at = tiles - 1; /* the last first: mostly it is there */
	bool there;

	while (lo < hi) {
		if (!has_row(l, at, &there, f))
			return false;
		if (there)
			lo = at + 1;
		else
			hi = at;
		at = lo + (hi - lo) / 2;
	}
	*ret = lo;
	return true;
}

/* A full tile's root, and those of greater ones that end with it. */
static bool
fill_tile(struct ledger *l, uint64_t tile, struct fault *f)
{
	uint8_t hash[LOG_HASH_OCTETS];
	unsigned level = 0;

	do {
		if (!span_root(l, level, tile << LOG_TILE_BITS, LOG_TILE_WIDTH, hash, f))
			return false;
		put_row(l, ++level, tile, hash);
		if (++tile % LOG_TILE_WIDTH != 0)
			return true;
		tile = (tile >> LOG_TILE_BITS) - 1;
	} while (level < LOG_DEPTH_MAX / LOG_TILE_BITS);
	return true;
}

bool
log_tree_fill(struct ledger *l, unsigned at_most, unsigned *ret_n, struct fault *f)
{
	struct log_edge e;
	uint64_t tiles, at = 0;
	unsigned n = 0;

	if (!log_edge_read(l, &e, f))
		return false;
	tiles = e.size >> LOG_TILE_BITS;
	if (tiles > 0 && !first_missing(l, tiles, &at, f))
		return false;
	for (; at < tiles && n < at_most; at++, n++)
		if (!fill_tile(l, at, f))
			return false;
	*ret_n = n;
	return true;
}

bool
log_tile(struct ledger *l, unsigned level, uint64_t index, unsigned width, struct bytes *ret,
    struct fault *f)
{
	uint8_t hash[LOG_HASH_OCTETS];

	for (unsigned i = 0; i < width; i++) {
		if (!node_at(l, level, (index << LOG_TILE_BITS) + i, hash, f))
			return false;
		bytes_put(ret, hash, sizeof(hash));
	}
	return bytes_ok(ret, f);
}

bool
log_tile_entries(
    struct ledger *l, uint64_t index, unsigned width, struct bytes *ret, struct fault *f)
{
	struct bytes line = { 0 };
	uint8_t key[8];
	bool ok = true;

	for (unsigned i = 0; ok && i < width; i++) {
		bytes_clear(&line);
		ok = ledger_get(
		    l, TABLE_LOG, octets_u64((index << LOG_TILE_BITS) + i, key), &line, f);
		if (ok) {
			bytes_put_u16(ret, (uint16_t)line.n); /* at most LOG_ENTRY_MAX */
			bytes_put_octets(ret, octets_bytes(&line));
		}
	}
	bytes_free(&line);
	return ok && bytes_ok(ret, f);
}

/* A subtree of 2^height entries. */
static bool
full_root(struct ledger *l, unsigned height, uint64_t index, uint8_t to[static LOG_HASH_OCTETS],
    struct fault *f)
{
	unsigned level = height / LOG_TILE_BITS, inside = height % LOG_TILE_BITS;

	return span_root(l, level, index << inside, 1u << inside, to, f);
}

/* MTH(D[lo:hi]), where lo is a multiple of the greatest power of two that is not over hi - lo. */
static bool
mth(struct ledger *l, struct span s, uint8_t to[static LOG_HASH_OCTETS], struct fault *f)
{
	uint8_t part[LOG_DEPTH_MAX][LOG_HASH_OCTETS];
	unsigned n = 0, height;

	for (uint64_t at = s.lo; at < s.hi; at += UINT64_C(1) << height) {
		height = 63u - (unsigned)__builtin_clzll(s.hi - at);
		if (!full_root(l, height, at >> height, part[n++], f))
			return false;
	}
	for (; n > 1; n--)
		log_node(part[n - 2], part[n - 1], part[n - 2]);
	memcpy(to, part[0], LOG_HASH_OCTETS);
	return true;
}

bool
log_tree_root(struct ledger *l, uint64_t size, uint8_t to[static LOG_HASH_OCTETS], struct fault *f)
{
	static const struct log_edge empty;

	if (size > 0)
		return mth(l, (struct span){ 0, size }, to, f);
	log_edge_root(&empty, to);
	return true;
}

/* Where a tree of n entries is parted: the greatest power of two less than n. */
static uint64_t
split(uint64_t n)
{
	return UINT64_C(1) << (63u - (unsigned)__builtin_clzll(n - 1));
}

/* The way down was found from the root; a path goes up. */
static bool
hash_spans(struct ledger *l, const struct span *s, size_t n, struct log_path *ret, struct fault *f)
{
	struct log_path p = { .n = 0 };

	while (n > 0)
		if (!mth(l, s[--n], p.node[p.n++], f))
			return false;
	*ret = p;
	return true;
}

static bool
has_size(struct ledger *l, uint64_t size, struct fault *f)
{
	struct log_edge e;

	if (!log_edge_read(l, &e, f))
		return false;
	return size <= e.size ||
	       fault_set(f, FAULT_NOTFOUND, "log: the tree has not so many entries");
}

bool
log_tree_inclusion(
    struct ledger *l, uint64_t index, uint64_t size, struct log_path *ret, struct fault *f)
{
	struct span way[LOG_DEPTH_MAX], at = { 0, size };
	size_t n = 0;

	if (!has_size(l, size, f))
		return false;
	if (index >= size)
		return fault_set(f, FAULT_NOTFOUND, "log: the entry is not in this tree");
	while (at.hi - at.lo > 1) {
		uint64_t middle = at.lo + split(at.hi - at.lo);

		if (index < middle) {
			way[n++] = (struct span){ middle, at.hi };
			at.hi = middle;
		} else {
			way[n++] = (struct span){ at.lo, middle };
			at.lo = middle;
		}
	}
	return hash_spans(l, way, n, ret, f);
}

bool
log_tree_consistency(
    struct ledger *l, uint64_t old, uint64_t size, struct log_path *ret, struct fault *f)
{
	struct span way[LOG_DEPTH_MAX + 1], at = { 0, size };
	size_t n = 0;

	if (!has_size(l, size, f))
		return false;
	if (old > size)
		return fault_set(f, FAULT_NOTFOUND, "log: the older tree is the larger");
	while (old > 0 && old != at.hi) {
		uint64_t middle = at.lo + split(at.hi - at.lo);

		if (old <= middle) {
			way[n++] = (struct span){ middle, at.hi };
			at.hi = middle;
		} else {
			way[n++] = (struct span){ at.lo, middle };
			at.lo = middle;
		}
	}
	if (at.lo > 0) /* else it is the older tree's root, which the verifier has */
		way[n++] = at;
	return hash_spans(l, way, n, ret, f);
}
