/*
 * ca/marks.h - high-water marks: how far each ledger's log had come when it was last looked at.
 *
 * A small store of its own in <data>/keys/marks, beside the keys and not beside
 * the ledgers: a copy of tenants/ that was put back is older than its mark, and
 * says so. A mark holds size, newest leaf hash and root; entries name the leaf
 * before them, so the newest one pins all. It is written after what it tells of
 * is durable, so a ledger may be ahead of its mark and never behind.
 *
 * The mark also keeps the last checkpoint that was signed, and the region's
 * cosigner what it last cosigned of each log (C2SP tlog-witness: kept before it
 * is told): a second one of the
 * same size and epoch with another root would show two logs to two readers.
 *
 * What is not defended: a copy of the whole data folder, with the marks, is as
 * old as itself; only an export that somebody else keeps can tell (ca/merge.h).
 */
#ifndef QUATRAIN_CA_MARKS_H
#define QUATRAIN_CA_MARKS_H

#include "ca/log.h"
#include "ca/realm.h"

#define MARKS_AT_START 1000 /* ledgers held against their marks at a start; others when opened */

struct mark {
	uint64_t size;
	uint8_t leaf[LOG_HASH_OCTETS]; /* of entry size - 1; zeros when empty */
	uint8_t root[LOG_HASH_OCTETS];
	uint64_t epoch;                     /* log_epoch() */
	int64_t at_s;                       /* when it was made */
	uint64_t signed_size, signed_epoch; /* of the last checkpoint; size 0: none yet */
	uint8_t signed_root[LOG_HASH_OCTETS];
};

/* The newest tree of a log that the region's cosigner put its name to. */
struct mark_cosigned {
	uint64_t size, epoch;
	uint8_t root[LOG_HASH_OCTETS];
	int64_t at_s;
};

struct marks;

/*
 * data is the service's folder. Faults: FAULT_NOTFOUND there are none (STORE_READ, STORE_WRITE),
 * FAULT_INTERNAL
 */
bool marks_open(
    const char *data, enum store_mode mode, struct marks **ret, struct fault *f) CHECKED;
void marks_close(struct marks *m); /* NULL is allowed */

/* Does the platform's ledger say that there are marks? Then a data folder without them is an alarm.
 * Faults: FAULT_INTERNAL. */
bool marks_expected(struct ledger *platform, bool *ret, struct fault *f) CHECKED;
/* Into the platform's batch. */
void marks_expect(struct ledger *platform);

/* A tenant's mark, with what the batch holds. Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool marks_get(struct marks *m, const char *tenant, struct mark *ret, struct fault *f) CHECKED;
/* Into the batch: l as it is now; the last checkpoint stays. Nothing may wait in l's batch. Fault:
 * FAULT_INTERNAL. */
bool marks_put(struct marks *m, struct ledger *l, int64_t now_s, struct fault *f) CHECKED;
/* Into the batch: a checkpoint that is about to be handed out. Fault: FAULT_INTERNAL. */
bool marks_put_signed(
    struct marks *m, const char *tenant, const struct mark *checkpoint, struct fault *f) CHECKED;
/* What was last cosigned of the log called origin. Faults: FAULT_NOTFOUND nothing, FAULT_INTERNAL.
 */
bool marks_cosigned(
    struct marks *m, const char *origin, struct mark_cosigned *ret, struct fault *f) CHECKED;
/* Into the batch. Fault: FAULT_INTERNAL. */
bool marks_put_cosigned(
    struct marks *m, const char *origin, const struct mark_cosigned *k, struct fault *f) CHECKED;
void marks_remove(struct marks *m, const char *tenant);
/* Durable on return. Faults: those of batch_apply(). */
bool marks_commit(struct marks *m, struct fault *f) CHECKED;

/* l against its mark. Faults: FAULT_CONFLICT it is behind or another, and what is missing;
 * FAULT_INTERNAL. */
bool marks_hold(const struct mark *k, struct ledger *l, struct fault *f) CHECKED;
/* The platform's ledger and those of the MARKS_AT_START tenants that were marked last. *ret_n
 * counts them. Faults: those of marks_hold(). */
bool marks_check(struct marks *m, struct realm *r, size_t *ret_n, struct fault *f) CHECKED;
/* Each mark there is, in order of labels; until visit returns false. Fault: FAULT_INTERNAL. */
typedef bool marks_visit(void *with, const char *tenant, const struct mark *k);
bool marks_each(struct marks *m, marks_visit *visit, void *with, struct fault *f) CHECKED;

#endif
