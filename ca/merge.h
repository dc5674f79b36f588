/*
 * ca/merge.h - a ledger that is older than what is remembered of it goes on, and un-revokes
 * nothing.
 *
 * When an older copy of a ledger was put back, the journal still knows what was
 * signed and ended since, and the mark how long the log had been. A merge takes
 * from the journal, and from journals and exports of elsewhere:
 *   - a signed serial that the ledger does not know: recorded as revoked. Its
 *     certificate is lost here and may be in use, so nobody can answer for it.
 *   - a revocation or a hold that the ledger does not know: applied.
 * It never makes anything good again. One entry, "ledger.merged", tells the log
 * how far it had come, its lost root, and how many of each; the epoch counts up
 * and stands in every later checkpoint; the mark begins anew from there.
 *
 * Offline: nothing else may have the data folder open. A restore calls the same.
 */
#ifndef QUATRAIN_CA_MERGE_H
#define QUATRAIN_CA_MERGE_H

#include "ca/journal.h"
#include "ca/marks.h"

struct merge;

/* What was found out about one ledger. */
struct merge_plan {
	char tenant[LEDGER_NAME_MAX];
	uint64_t size, epoch;          /* now */
	bool behind;                   /* its mark knows more, or another history */
	struct mark mark;              /* while behind */
	uint64_t unknown, ended, held; /* to be recorded as revoked; to be revoked; to be held */
	bool from_the_future; /* its newest entry is later than now by more than a slow clock is */
};

/* What was found out about the rest. */
struct merge_state {
	bool no_marks;        /* keys/marks is gone, where there were some */
	bool journal_damaged; /* it goes on from its last good line */
	char journal_why[FAULT_TEXT_MAX];
	uint64_t old_lines; /* of the journal's first edition: they do not say whose they are */
	uint64_t strangers; /* lines under a CA that is not known here: they came to nothing */
	uint64_t gone;      /* marks of tenants that the platform does not know any more */
};

/*
 * Look at all ledgers, or at tenant's alone where it is not NULL. data is the service's folder,
 * with r open for writing on it; r is lent for good. Nothing is written.
 * Faults: FAULT_NOTFOUND no such tenant, FAULT_INTERNAL
 */
bool merge_new(struct realm *r, const char *tenant, int64_t now_s, struct merge **ret,
    struct fault *f) CHECKED;
void merge_free(struct merge *m); /* NULL is allowed */

/* What a journal elsewhere knows, as far as it holds. Faults: FAULT_NOTFOUND, FAULT_CONFLICT it
 * is altered, and where; FAULT_INTERNAL. */
bool merge_journal(struct merge *m, const char *path, struct fault *f) CHECKED;
/* What an exported log knows: proven first, with the root in the data folder. Faults: those of
 * log_verify_folder(), FAULT_NOTFOUND it is the log of none of our tenants. */
bool merge_export(struct merge *m, const char *dir, struct fault *f) CHECKED;

/* Count what all sources together come to: before the plans are looked at. Fault: FAULT_INTERNAL.
 */
bool merge_count(struct merge *m, struct fault *f) CHECKED;
/* The plans of the ledgers that need one, in no order; lent. ret_state may be NULL. */
const struct merge_plan *merge_plans(struct merge *m, size_t *ret_n, struct merge_state *ret_state);

/* Do it. Faults: those of ledger_commit(); then it can be done again. */
bool merge_apply(struct merge *m, const struct log_context *why, struct fault *f) CHECKED;

#endif
