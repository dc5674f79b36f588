/* ca/log_path.c - what needs no ledger of log_tree.h: which tiles a tree has, and what paths prove.
 */
#include <string.h>

#include "ca/log_tree.h"

#define INDEX_GROUPS 6 /* 10^18 tiles are more than any tree has */

bool
log_tile_in(uint64_t size, unsigned level, uint64_t index, unsigned width)
{
	uint64_t nodes;

	if (level >= LOG_DEPTH_MAX / LOG_TILE_BITS || width == 0 || width > LOG_TILE_WIDTH)
		return false;
	nodes = size >> level * LOG_TILE_BITS;
	return index <= nodes >> LOG_TILE_BITS && nodes - (index << LOG_TILE_BITS) >= width;
}

/* A decimal number of at most max, without zeros before it; all of o. */
static bool
read_decimal(struct octets o, unsigned max, unsigned *ret)
{
	unsigned v = 0;

	if (o.n == 0 || o.n > 3 || (o.at[0] == '0' && o.n > 1))
		return false;
	for (size_t i = 0; i < o.n; i++) {
		if (o.at[i] < '0' || o.at[i] > '9')
			return false;
		v = v * 10 + (unsigned)(o.at[i] - '0');
	}
	*ret = v;
	return v <= max;
}

/* Take up to the next slash off o, and the slash; all of it where there is none. */
static struct octets
take_element(struct octets *o)
{
	const uint8_t *end = o->n == 0 ? NULL : memchr(o->at, '/', o->n);
	struct octets ret = octets_of(o->at, end == NULL ? o->n : (size_t)(end - o->at));

	*o = end == NULL ? octets_of(NULL, 0) : octets_of(end + 1, o->n - ret.n - 1);
	return ret;
}

/* "x001/x234/067": groups of three digits, all but the last behind an x; the first is no x000. What
 * stands behind the last three digits stays in o. */
static bool
read_index(struct octets *o, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned groups = 0; groups < INDEX_GROUPS; groups++) {
		bool more = o->n > 0 && o->at[0] == 'x';
		const uint8_t *d;

		if (o->n < 3u + more)
			return false;
		d = o->at + more;
		for (unsigned i = 0; i < 3; i++) {
			if (d[i] < '0' || d[i] > '9')
				return false;
			v = v * 10 + (uint64_t)(d[i] - '0');
		}
		*o = octets_of(d + 3, o->n - 3 - more);
		if (!more) {
			*ret = v;
			return true;
		}
		if (v == 0 || o->n == 0 || o->at[0] != '/')
			return false;
		*o = octets_of(o->at + 1, o->n - 1);
	}
	return false;
}

bool
log_tile_read_name(struct octets path, struct log_tile_name *ret)
{
	static const char part[] = ".p/";
	struct log_tile_name t = { .width = LOG_TILE_WIDTH };
	struct octets level;

	if (path.n == 0)
		return false;
	level = take_element(&path);
	t.entries = octets_same(level, octets_text("entries"));
	if ((!t.entries && !read_decimal(level, LOG_TILE_LEVEL, &t.level)) ||
	    !read_index(&path, &t.index))
		return false;
	if (path.n > 0) {
		if (path.n <= sizeof(part) - 1 || memcmp(path.at, part, sizeof(part) - 1) != 0 ||
		    !read_decimal(octets_of(path.at + sizeof(part) - 1, path.n - sizeof(part) + 1),
			LOG_TILE_WIDTH - 1, &t.width) ||
		    t.width == 0)
			return false;
	}
	*ret = t;
	return true;
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
