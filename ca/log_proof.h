/*
 * ca/log_proof.h - the stored lines are what the tree's edge says, before a checkpoint is signed.
 *
 * The edge alone would sign what is not there: a bit that flipped in a stored
 * line breaks every proof that is made later, and a log whose checkpoint nobody
 * can reproduce is dead. So before each checkpoint the root is recomputed from
 * the lines: of all entries while they are fewer than LOG_PROOF_WHOLE; above
 * that, of those since the last proof of this process (all of them the first
 * time), and LOG_PROOF_WINDOW older ones besides, window after window, each line
 * held against the hash of it that its successor names. So every line is read
 * again in bounded time, and no checkpoint waits for more than that. The stored
 * nodes of the tree (ca/log_tree.h) are held against the lines with them.
 */
#ifndef QUATRAIN_CA_LOG_PROOF_H
#define QUATRAIN_CA_LOG_PROOF_H

#include "ca/log.h"

#define LOG_PROOF_WHOLE  20000 /* entries */
#define LOG_PROOF_WINDOW 5000

/* What was proven before in this process; all zeros: nothing yet. */
struct log_proof {
	struct log_edge edge;
	uint64_t window; /* where the next one begins */
};

/* A tree that was signed before: at that size the root must be this one. size 0: none. */
struct log_signed {
	uint64_t size;
	uint8_t root[LOG_HASH_OCTETS];
};

/*
 * Prove l's log, what waits in its batch included, and move p on.
 * Faults: FAULT_CONFLICT which entry was altered or is missing, or that another
 * tree was signed at this size; then nothing may be signed. FAULT_INTERNAL
 */
bool log_prove(struct ledger *l, struct log_proof *p, const struct log_signed *before,
    struct fault *f) CHECKED;
/*
 * Of a long log that this process has not proven yet, the next LOG_PROOF_WINDOW entries: so that
 * the first proof of it can be had in pieces. *ret_more: call again before log_prove(). Faults: the
 * same.
 */
bool log_prove_some(struct ledger *l, struct log_proof *p, const struct log_signed *before,
    bool *ret_more, struct fault *f) CHECKED;

#endif
