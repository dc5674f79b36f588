/*
 * ca/journal_check.h - the journal and the ledgers held against each other.
 *
 * Each line of the journal tells of something that a ledger made durable before
 * the line was written. So a line that its ledger does not know proves that the
 * ledger is older than the journal: a copy was put back, or a disk forgot. Then
 * nothing may be answered from it, since what was revoked would look good again.
 *
 * The mark (TABLE_META of the platform's ledger) is the place up to which all
 * lines were held against the ledgers, so that a start reads the tail alone.
 */
#ifndef QUATRAIN_CA_JOURNAL_CHECK_H
#define QUATRAIN_CA_JOURNAL_CHECK_H

#include "ca/journal.h"
#include "ca/realm.h"

/* For realm_on_event(); with is the struct journal: a line for each change. */
bool journal_told(void *with, struct ledger *l, const struct ledger_event *e);

/* The mark; all zeros where there is none yet. Fault: FAULT_INTERNAL. */
bool journal_mark(struct ledger *platform, struct journal_place *ret, struct fault *f) CHECKED;
/* Into the platform's batch. Only for a place that is synced. Fault: FAULT_INTERNAL. */
bool journal_put_mark(
    struct ledger *platform, const struct journal_place *at, struct fault *f) CHECKED;

/*
 * Hold the lines from a place (the mark, or the beginning) to the end against r's ledgers. The
 * first kind of line that does not hold is told: serial, tenant, since when, and what to do.
 * ret_lines counts them; it may be NULL. Faults: FAULT_CONFLICT they do not hold, or the journal is
 * missing, shorter than the place or altered; FAULT_INTERNAL
 */
bool journal_check(struct realm *r, const char *path, const struct journal_place *from,
    uint64_t *ret_lines, struct fault *f) CHECKED;

/* What l knows of one line: true if it agrees. Faults: FAULT_CONFLICT with the words,
 * FAULT_INTERNAL
 */
bool journal_agrees(struct ledger *l, const struct journal_line *line, struct fault *f) CHECKED;

#endif
