/* ca/log_path.c - what needs no ledger of log_tree.h: which tiles a tree has, and what paths prove.
 */
#include <string.h>

#include "ca/log_tree.h"

bool
log_tile_in(uint64_t size, unsigned level, uint64_t index, unsigned width)
{
	uint64_t nodes;

	if (level >= LOG_DEPTH_MAX / LOG_TILE_BITS || width == 0 || width > LOG_TILE_WIDTH)
		return false;
	nodes = size >> level * LOG_TILE_BITS;
	return index <= nodes >> LOG_TILE_BITS && nodes - (index << LOG_TILE_BITS) >= width;
}

static bool
same(const uint8_t a[static LOG_HASH_OCTETS], const uint8_t b[static LOG_HASH_OCTETS])
{
	return memcmp(a, b, LOG_HASH_OCTETS) == 0;
}

/* Where a hash and its tree's last one stand in a level. */
struct place {
	uint64_t at, last;
};

static void
up(struct place *p)
{
	p->at >>= 1;
	p->last >>= 1;
}

/* Is the sibling on the left? Levels in which the last hash has no sibling are skipped with it. */
static bool
left_sibling(struct place *p)
{
	if ((p->at & 1) == 0 && p->at != p->last)
		return false;
	while ((p->at & 1) == 0 && p->at != 0)
		up(p);
	return true;
}

bool
log_path_includes(const struct log_path *path, const uint8_t leaf[static LOG_HASH_OCTETS],
    uint64_t index, uint64_t size, const uint8_t root[static LOG_HASH_OCTETS])
{
	struct place p = { index, size - 1 };
	uint8_t hash[LOG_HASH_OCTETS];

	if (index >= size)
		return false;
	memcpy(hash, leaf, sizeof(hash));
	for (size_t i = 0; i < path->n; i++, up(&p)) {
		if (p.last == 0)
			return false;
		if (left_sibling(&p))
			log_node(path->node[i], hash, hash);
		else
			log_node(hash, path->node[i], hash);
	}
	return p.last == 0 && same(hash, root);
}

bool
log_path_extends(const struct log_path *path, uint64_t old,
    const uint8_t old_root[static LOG_HASH_OCTETS], uint64_t size,
    const uint8_t root[static LOG_HASH_OCTETS])
{
	struct place p = { old - 1, size - 1 };
	uint8_t before[LOG_HASH_OCTETS], now[LOG_HASH_OCTETS];
	size_t i = 0;

	if (old == 0 || old >= size)
		return path->n == 0 && (old == 0 || (old == size && same(old_root, root)));
	while ((p.at & 1) != 0)
		up(&p);
	if (p.at != 0 && path->n == 0)
		return false;
	memcpy(before, p.at == 0 ? old_root : path->node[i++], sizeof(before));
	memcpy(now, before, sizeof(now));
	for (; i < path->n; i++, up(&p)) {
		if (p.last == 0)
			return false;
		if (left_sibling(&p)) {
			log_node(path->node[i], before, before);
			log_node(path->node[i], now, now);
		} else {
			log_node(now, path->node[i], now);
		}
	}
	return p.last == 0 && same(before, old_root) && same(now, root);
}
