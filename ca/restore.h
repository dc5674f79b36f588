/*
 * ca/restore.h - a dump's rows and files become a data folder.
 *
 * It is a visitor of dump_read(): what it makes counts only when that has said
 * that the dump holds, and restore_finish() has told each ledger of it. Until
 * then the folder is one in the making, which nobody serves.
 *
 * A restored ledger is an older state. So its log says so, and what could be
 * used twice is closed: a token that was unused in the backup may have been used or
 * revoked since.
 */
#ifndef QUATRAIN_CA_RESTORE_H
#define QUATRAIN_CA_RESTORE_H

#include "ca/dump.h"

struct restore;

/* dir holds the empty folders keys and tenants, and nothing else. *ret to restore_free(). Fault:
 * FAULT_INTERNAL. */
bool restore_new(const char *dir, struct restore **ret, struct fault *f) CHECKED;
void restore_free(struct restore *r); /* NULL is allowed */

/* For dump_read(); progress is left NULL. Faults of the visits: FAULT_BUSY the disk is full,
 * FAULT_INTERNAL. */
struct dump_visitor restore_visitor(struct restore *r);

struct restored {
	uint64_t tokens;   /* closed */
	uint64_t in_token; /* keys whose files name a place in an HSM */
};

/*
 * After dump_read() said yes: each ledger's log gets the entry ledger.restored with the backup's
 * time and digest, and its next epoch; open tokens are revoked; the platform learns of the keys
 * that ledgers know which were read after its own. The journal is read whole, and the marks are
 * made anew. All of it is durable on return. Faults: FAULT_CONFLICT the journal does not hold,
 * FAULT_BUSY the disk is full, FAULT_INTERNAL.
 */
bool restore_finish(struct restore *r, const struct dump_verdict *v, const struct log_context *why,
    int64_t now_s, struct restored *ret, struct fault *f) CHECKED;

#endif
