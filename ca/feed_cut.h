/*
 * ca/feed_cut.h - a piece of the feed cut from the ledgers, to be signed. Signer only.
 */
#ifndef QUATRAIN_CA_FEED_CUT_H
#define QUATRAIN_CA_FEED_CUT_H

#include "ca/feed_piece.h"

struct feed_cut {
	struct realm *realm;
	struct ledger *ledger; /* the tenant's */
	int64_t now_s, valid_s;
};

/*
 * ret->lines is lent from lines, which they are appended to. At most FEED_PIECE_LINES of them.
 * Faults: FAULT_CONFLICT there are fewer changes than after, FAULT_INTERNAL
 */
bool feed_cut_changes(const struct feed_cut *c, uint64_t after, struct bytes *lines,
    struct feed_piece *ret, struct fault *f) CHECKED;
/* A page of the snapshot behind a place; NULL: the first. Fault: FAULT_INTERNAL. */
bool feed_cut_snapshot(const struct feed_cut *c, const uint8_t *place, struct bytes *lines,
    struct feed_piece *ret, struct fault *f) CHECKED;

#endif
