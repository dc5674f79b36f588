/*
 * ca/log_tree.h - the log's Merkle tree as tiles, and what they prove.
 *
 * Beside the lines a ledger keeps the roots of its full subtrees of 256, 256^2,
 * ... entries (TABLE_NODE: level u8, index u64 -> hash), each written in the
 * batch of the entry that completes it. They are the tiles of C2SP tlog-tiles
 * above level 0, whose hashes are those of the stored lines; any proof takes a
 * few of them, however long the log is.
 *
 * A node is written only behind the one before it, so that the last one there
 * says that all before it are there too. A ledger of before has none: it gets
 * them when the signer opens it, and until then, and where a row is missing,
 * hashes are made of what lies beneath.
 */
#ifndef QUATRAIN_CA_LOG_TREE_H
#define QUATRAIN_CA_LOG_TREE_H

#include "ca/log.h"

#define LOG_TILE_WIDTH (1u << LOG_TILE_BITS) /* hashes of a full tile */
#define LOG_TILE_LEVEL 63 /* the greatest that a path may name: C2SP tlog-tiles */

/* Sibling hashes, from the leaf's side up. */
struct log_path {
	size_t n;
	uint8_t node[LOG_DEPTH_MAX][LOG_HASH_OCTETS];
};

/* Into l's batch: the nodes that the last entry of size made whole, as log_edge_add_full() told
 * them. Fault: FAULT_INTERNAL. */
bool log_tree_add(
    struct ledger *l, uint64_t size, const struct log_carry *carry, struct fault *f) CHECKED;
/*
 * Into l's batch: nodes that a ledger of before has not, of at_most tiles of level 0. *ret_n counts
 * these: fewer than at_most, and none is missing. Faults: those of log_tile().
 */
bool log_tree_fill(struct ledger *l, unsigned at_most, unsigned *ret_n, struct fault *f) CHECKED;
/* A stored node, level >= 1. Faults: FAULT_NOTFOUND there is no row, FAULT_INTERNAL. */
bool log_tree_row(struct ledger *l, unsigned level, uint64_t index,
    uint8_t to[static LOG_HASH_OCTETS], struct fault *f) CHECKED;

/* What a path beneath "tile/" names: C2SP tlog-tiles. */
struct log_tile_name {
	bool entries; /* "entries/N": lines instead of hashes; level is 0 */
	unsigned level;
	uint64_t index;
	unsigned width; /* LOG_TILE_WIDTH: a full one */
};
/* "1/x001/234" or "entries/007.p/12", spelled the one way there is; false for anything else. Pure.
 */
bool log_tile_read_name(struct octets path, struct log_tile_name *ret);

/* Has a tree of size entries a tile at (level, index) that is at least width wide? Pure. */
bool log_tile_in(uint64_t size, unsigned level, uint64_t index, unsigned width);
/* Append its first width hashes (1 to LOG_TILE_WIDTH), which must be there. Faults:
 * FAULT_INTERNAL, FAULT_NOTFOUND an entry is missing. */
bool log_tile(struct ledger *l, unsigned level, uint64_t index, unsigned width, struct bytes *ret,
    struct fault *f) CHECKED;
/* Append the lines of the index-th tile of entries, each behind its length u16: C2SP tlog-tiles.
 * Faults: those of log_tile(). */
bool log_tile_entries(
    struct ledger *l, uint64_t index, unsigned width, struct bytes *ret, struct fault *f) CHECKED;

/* The root of the tree of the first size entries. Faults: those of log_tile(). */
bool log_tree_root(
    struct ledger *l, uint64_t size, uint8_t to[static LOG_HASH_OCTETS], struct fault *f) CHECKED;
/* PATH(index, D[size]), RFC 6962 section 2.1.1; index < size. Faults: FAULT_NOTFOUND the tree is
 * smaller than size, or index not in it; those of log_tile(). */
bool log_tree_inclusion(
    struct ledger *l, uint64_t index, uint64_t size, struct log_path *ret, struct fault *f) CHECKED;
/* PROOF(old, D[size]), RFC 6962 section 2.1.2; old <= size. Of an empty tree, and of a tree to
 * itself, it is empty. Faults: as before. */
bool log_tree_consistency(
    struct ledger *l, uint64_t old, uint64_t size, struct log_path *ret, struct fault *f) CHECKED;

/* Pure: does path prove that leaf is entry index of the tree? RFC 9162 section 2.1.3.2. */
bool log_path_includes(const struct log_path *path, const uint8_t leaf[static LOG_HASH_OCTETS],
    uint64_t index, uint64_t size, const uint8_t root[static LOG_HASH_OCTETS]);
/* Pure: does it prove that the tree of size entries begins with the one of old? RFC 9162 section
 * 2.1.4.2, and an empty path for an old that is 0 (its root then says nothing) or size. */
bool log_path_extends(const struct log_path *path, uint64_t old,
    const uint8_t old_root[static LOG_HASH_OCTETS], uint64_t size,
    const uint8_t root[static LOG_HASH_OCTETS]);

#endif
