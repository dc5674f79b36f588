/*
 * daemon/watch.h - what the signer remembers beside its ledgers, and holds them against.
 *
 * The journal, the high-water marks and the clock: at a start, when a ledger is
 * opened, after each round, and once a second for what changed. What does not
 * hold stops the service, or keeps that tenant's ledger shut: fail closed.
 */
#ifndef QUATRAIN_DAEMON_WATCH_H
#define QUATRAIN_DAEMON_WATCH_H

#include "ca/journal.h"
#include "ca/log_proof.h"
#include "ca/marks.h"

#define WATCH_CLOCK_S 300 /* so far may the clock be behind the newest entry of a log */

struct signer;
struct watched;

struct watch {
	struct marks *marks;
	int64_t newest_s;        /* of any log's newest entry that this process saw */
	int64_t marked_us;       /* when the last marks were written, by the steady clock */
	uint64_t journal_done;   /* lines that the journal's mark is past */
	bool clock_wrong;        /* and it was said */
	bool silent;             /* a journal line could not be written, and it was said */
	bool unmarked;           /* marks could not be written, and it was said */
	struct watched *watched; /* what is known of single ledgers */
};

/*
 * Open journal and marks of s->realm, and hold all that must be held at a start.
 * Faults: FAULT_CONFLICT a ledger is older than what is remembered of it, and
 * what to do; FAULT_BUSY the clock; FAULT_INTERNAL
 */
bool watch_start(struct signer *s, struct fault *f) CHECKED;
void watch_stop(struct signer *s);

/* A ledger that was just opened, before anything is written to it. Faults: FAULT_BUSY it is older
 * than its mark, which is logged; FAULT_INTERNAL. */
bool watch_ledger(struct signer *s, struct ledger *l, struct fault *f) CHECKED;

/*
 * Is now a time at which something may be issued or answered? A clock that went
 * forward cannot be told from time that passed; one that went back can. Fault: FAULT_BUSY.
 */
bool watch_clock(struct signer *s, int64_t now_s, struct fault *f) CHECKED;

/* After a round's last commit: what it wrote is the newest that is known. */
void watch_round(struct signer *s, int64_t now_s);
/* Marks for what changed, when a second has passed. Nothing may wait in any batch. */
void watch_tick(struct signer *s);
/* How long to wait for work at most: -1 for ever, since nothing is left to be marked. */
int watch_wait_ms(const struct signer *s);

/* What is stopped, and why: rows as WIRE_STATE has them, appended. */
void watch_state(const struct signer *s, struct bytes *to);

/* Before a checkpoint over l is signed: its lines are proven; *ret has what may be signed. Faults:
 * those of log_prove(). */
bool watch_prove(struct signer *s, struct ledger *l, struct mark *ret, struct fault *f) CHECKED;
/* A piece of a long log's first proof. Faults: those of log_prove_some(). */
bool watch_prove_some(struct signer *s, struct ledger *l, bool *ret_more, struct fault *f) CHECKED;
/* Its entries are durable: what was proven last goes into the marks' batch. Fault: FAULT_INTERNAL.
 */
bool watch_signed(
    struct signer *s, const char *tenant, const struct mark *k, struct fault *f) CHECKED;
/* Marks of all that changed, durable on return: before a checkpoint is handed out. Fault:
 * FAULT_INTERNAL. */
bool watch_mark(struct signer *s, struct fault *f) CHECKED;

#endif
