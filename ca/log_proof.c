/* ca/log_proof.c - see log_proof.h. */
#include "ca/log_proof.h"

#include <inttypes.h>
#include <string.h>

#include "ca/log_tree.h"
#include "ca/redaction.h"

static bool
altered(const struct ledger *l, uint64_t index, struct fault *f)
{
	return fault_set(f, FAULT_CONFLICT,
	    "log of %.63s: entry %" PRIu64
	    " was altered in its store: no checkpoint is signed; restore it from an export",
	    ledger_tenant(l), index);
}

static bool
line_at(struct ledger *l, uint64_t index, struct bytes *line, struct fault *f)
{
	struct fault why;
	uint8_t key[8];

	bytes_clear(line);
	if (ledger_get(l, TABLE_LOG, octets_u64(index, key), line, &why))
		return true;
	*f = why;
	if (why.code == FAULT_NOTFOUND)
		return fault_set(f, FAULT_CONFLICT, "log of %.63s: entry %" PRIu64 " is missing",
		    ledger_tenant(l), index);
	return false;
}

/*
 * Line index does not name its predecessor's hash: which of the two was touched? The one whose own
 * hash its successor, or the edge, does not know either.
 */
static bool
blame(struct ledger *l, uint64_t index, const uint8_t leaf[static LOG_HASH_OCTETS], struct fault *f)
{
	struct bytes line = { 0 };
	uint8_t known[LOG_HASH_OCTETS];
	struct log_edge e;
	struct fault none;
	bool own = false;

	if (line_at(l, index + 1, &line, &none))
		own = redaction_prev(l, index + 1, octets_bytes(&line), known, &none) &&
		      memcmp(known, leaf, sizeof(known)) != 0;
	else if (log_edge_read(l, &e, &none))
		own = memcmp(e.last, leaf, sizeof(e.last)) != 0;
	bytes_free(&line);
	return altered(l, own || index == 0 ? index : index - 1, f);
}

static bool
check_signed(const struct ledger *l, const struct log_edge *e, const struct log_signed *before,
    struct fault *f)
{
	uint8_t root[LOG_HASH_OCTETS];

	if (before->size == 0 || e->size != before->size)
		return true;
	log_edge_root(e, root);
	if (memcmp(root, before->root, sizeof(root)) == 0)
		return true;
	return fault_set(f, FAULT_CONFLICT,
	    "log of %.63s: a checkpoint over %" PRIu64
	    " entries with another root was signed before: no second one is",
	    ledger_tenant(l), e->size);
}

/* Tiles are served of stored nodes: one of another hash would break every proof that needs it. One
 * that is missing is made when it is asked for. */
static bool
check_node(struct ledger *l, unsigned level, uint64_t index,
    const uint8_t hash[static LOG_HASH_OCTETS], struct fault *f)
{
	uint8_t row[LOG_HASH_OCTETS];
	struct fault why;

	if (!log_tree_row(l, level, index, row, &why)) {
		*f = why;
		return why.code == FAULT_NOTFOUND;
	}
	if (memcmp(row, hash, sizeof(row)) == 0)
		return true;
	return fault_set(f, FAULT_CONFLICT,
	    "log of %.63s: node %" PRIu64
	    " of level %u was altered in its store: no checkpoint is signed",
	    ledger_tenant(l), index, level);
}

static bool
check_nodes(struct ledger *l, uint64_t size, const struct log_carry *carry, struct fault *f)
{
	bool ok = true;

	for (unsigned i = 0; ok && i < carry->n; i++)
		ok = check_node(l, i + 1, (size >> (i + 1) * LOG_TILE_BITS) - 1, carry->node[i], f);
	return ok;
}

/* The nodes above the first level that end with entry size - 1, each of those beneath it. */
static bool
check_above(struct ledger *l, uint64_t size, struct fault *f)
{
	uint8_t hash[LOG_HASH_OCTETS];
	struct bytes tile = { 0 };
	struct log_edge e;
	bool ok = true;

	size >>= LOG_TILE_BITS;
	for (unsigned level = 2; ok && size != 0 && size % LOG_TILE_WIDTH == 0; level++) {
		size >>= LOG_TILE_BITS;
		bytes_clear(&tile);
		e = (struct log_edge){ .size = 0 };
		ok = log_tile(l, level - 1, size - 1, LOG_TILE_WIDTH, &tile, f);
		for (size_t at = 0; ok && at < tile.n; at += LOG_HASH_OCTETS)
			log_edge_add(&e, tile.at + at);
		log_edge_root(&e, hash);
		ok = ok && check_node(l, level, size - 1, hash, f);
	}
	bytes_free(&tile);
	return ok;
}

/* Tile by tile, as far as they are whole in what is read again. */
static bool
reread_nodes(struct ledger *l, struct log_edge *tile, uint64_t index,
    const uint8_t leaf[static LOG_HASH_OCTETS], struct fault *f)
{
	struct log_carry carry;

	if (index % LOG_TILE_WIDTH == 0)
		*tile = (struct log_edge){ .size = 0 };
	if (tile->size != index % LOG_TILE_WIDTH)
		return true; /* its beginning was not read */
	log_edge_add_full(tile, leaf, &carry);
	return carry.n == 0 || (check_node(l, 1, index >> LOG_TILE_BITS, carry.node[0], f) &&
				   check_above(l, index + 1, f));
}

/* From e on to size, line by line; each names the leaf before it. */
static bool
climb(struct ledger *l, struct log_edge *e, uint64_t size, const struct log_signed *before,
    struct fault *f)
{
	struct bytes line = { 0 };
	struct log_carry carry;
	uint8_t leaf[LOG_HASH_OCTETS], prev[LOG_HASH_OCTETS];
	struct fault none;
	bool ok = true;

	while (ok && e->size < size) {
		if (!(ok = line_at(l, e->size, &line, f)))
			break;
		log_line_leaf(octets_bytes(&line), e->size, leaf);
		if (!redaction_prev(l, e->size, octets_bytes(&line), prev, &none))
			ok = altered(l, e->size, f);
		else if (memcmp(prev, e->last, sizeof(prev)) != 0)
			ok = blame(l, e->size, leaf, f);
		log_edge_add_full(e, leaf, &carry);
		ok = ok && check_nodes(l, e->size, &carry, f) && check_signed(l, e, before, f);
	}
	bytes_free(&line);
	return ok;
}

/* Older lines again: [from, to), of which each but the first names its predecessor's hash. */
static bool
reread(struct ledger *l, uint64_t from, uint64_t to, struct fault *f)
{
	struct bytes line = { 0 };
	struct log_edge tile = { .size = 0 };
	uint8_t leaf[LOG_HASH_OCTETS] = { 0 }, before[LOG_HASH_OCTETS], prev[LOG_HASH_OCTETS];
	struct fault none;
	bool ok = true;

	for (uint64_t i = from; ok && i < to; i++) {
		if (!(ok = line_at(l, i, &line, f)))
			break;
		memcpy(before, leaf, sizeof(before));
		log_line_leaf(octets_bytes(&line), i, leaf);
		if (!redaction_prev(l, i, octets_bytes(&line), prev, &none))
			ok = altered(l, i, f);
		else if (i > from && memcmp(prev, before, sizeof(before)) != 0)
			ok = blame(l, i, leaf, f);
		ok = ok && reread_nodes(l, &tile, i, leaf, f);
	}
	bytes_free(&line);
	return ok;
}

/* A window overlaps the one before by a line, so that each line's hash is looked at once. */
static bool
roll(struct ledger *l, struct log_proof *p, uint64_t size, struct fault *f)
{
	uint64_t from = p->window < size ? p->window : 0, to = from + LOG_PROOF_WINDOW;

	if (to > size)
		to = size;
	if (!reread(l, from, to, f))
		return false;
	p->window = to == size ? 0 : to - 1;
	return true;
}

bool
log_prove_some(struct ledger *l, struct log_proof *p, const struct log_signed *before,
    bool *ret_more, struct fault *f)
{
	struct log_edge said, e = p->edge;

	if (!log_edge_read(l, &said, f))
		return false;
	*ret_more = false;
	if (said.size < LOG_PROOF_WHOLE || e.size + LOG_PROOF_WINDOW >= said.size)
		return true;
	if (!climb(l, &e, e.size + LOG_PROOF_WINDOW, before, f))
		return false;
	p->edge = e;
	*ret_more = true;
	return true;
}

bool
log_prove(struct ledger *l, struct log_proof *p, const struct log_signed *before, struct fault *f)
{
	struct log_edge said, e = { .size = 0 };
	uint8_t want[LOG_HASH_OCTETS], root[LOG_HASH_OCTETS];

	if (!log_edge_read(l, &said, f))
		return false;
	if (said.size < before->size)
		return fault_set(f, FAULT_CONFLICT,
		    "log of %.63s: a checkpoint over %" PRIu64
		    " entries was signed, and there are %" PRIu64,
		    ledger_tenant(l), before->size, said.size);
	if (said.size >= LOG_PROOF_WHOLE && p->edge.size > 0 && p->edge.size <= said.size) {
		if (!roll(l, p, p->edge.size, f))
			return false;
		e = p->edge;
		if (!check_signed(l, &e, before, f))
			return false;
	}
	if (!climb(l, &e, said.size, before, f))
		return false;
	log_edge_root(&said, want);
	log_edge_root(&e, root);
	if (memcmp(e.last, said.last, sizeof(said.last)) != 0)
		return altered(l, said.size == 0 ? 0 : said.size - 1, f);
	if (memcmp(want, root, sizeof(root)) != 0)
		return fault_set(f, FAULT_CONFLICT,
		    "log of %.63s: its edge is not the tree of its lines: no checkpoint is signed",
		    ledger_tenant(l));
	p->edge = e;
	return true;
}
