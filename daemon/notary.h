/*
 * daemon/notary.h - checkpoints of the logs: proven, signed, cosigned, kept; off any request.
 *
 * A log that changed gets a checkpoint when "log: checkpoint:" seconds have
 * passed since its last one. What is stored is proven first (ca/log_proof.h):
 * where it is not what was signed before, nothing is signed any more for that
 * log, which is told once in the log, in /readyz and in /metrics; issuing and
 * revoking go on.
 *
 * The region's cosigner puts its own line beneath (C2SP tlog-cosignature), after
 * it has seen, by a consistency proof, that the tree begins with the one that it
 * last cosigned. A merge that led an older ledger on begins a new epoch
 * (ca/merge.h), of which nothing was cosigned. What log and cosigner signed is
 * in the marks, and durable, before anybody reads it.
 */
#ifndef QUATRAIN_DAEMON_NOTARY_H
#define QUATRAIN_DAEMON_NOTARY_H

#include "ca/keyring.h"
#include "ca/marks.h"
#include "ca/note.h"

struct notary;
struct signer;

/* The keys that sign for a tenant's logs, both of them: the origin says which it is. */
struct notary_keys {
	char origin[LOG_ORIGIN_MAX], cosigner_name[LOG_ORIGIN_MAX];
	struct authority ca; /* the tenant's */
	struct delegate log, cosigner;
	bool cosigns; /* else the region has no such key, and cannot make one now */
};

/* What was signed, and not yet handed out. */
struct checkpoint {
	char ledger[LEDGER_NAME_MAX];
	char origin[LOG_ORIGIN_MAX];
	struct mark mark; /* signed_size, signed_epoch and signed_root */
	int64_t at_s;
	bool cosigned;
	struct bytes note; /* to bytes_free() */
	size_t own_n;      /* octets of it before the cosigner's line */
};

/* Has l a checkpoint over all its entries and, if cosigns, a cosigner's line in it? Fault:
 * FAULT_INTERNAL. */
bool notary_is_done(struct ledger *l, bool cosigns, bool *ret, struct fault *f) CHECKED;
/* Find or make the keys, which may write to the ledgers: before the tree is proven. Faults: those
 * of keyring_delegate(). */
bool notary_find_keys(struct signer *s, const char *ledger, int64_t now_s, struct notary_keys *ret,
    struct fault *f) CHECKED;
/*
 * Prove l, with what waits in its batch, and sign it: into *ret, which is empty. Nobody may see it
 * before notary_promise() and a commit of the marks (watch_mark). Faults: FAULT_CONFLICT what is
 * stored is not what was signed before, those of log_prove(), FAULT_INTERNAL
 */
bool notary_sign(struct signer *s, const struct notary_keys *k, struct ledger *l, int64_t now_s,
    struct checkpoint *ret, struct fault *f) CHECKED;
/* The entries are durable: into the batch of the marks. Fault: FAULT_INTERNAL. */
bool notary_promise(
    struct signer *s, const char *tenant, const struct checkpoint *c, struct fault *f) CHECKED;
/* The marks are durable: readers of l find it now. Faults: those of ledger_end(). */
bool notary_keep(struct ledger *l, const struct checkpoint *c, struct fault *f) CHECKED;

/* s is lent for good. *ret to notary_free(). Fault: FAULT_INTERNAL. */
bool notary_new(struct signer *s, struct notary **ret, struct fault *f) CHECKED;
void notary_free(struct notary *n); /* NULL is allowed, here and beneath */
/* A tenant's log has new entries. */
void notary_changed(struct notary *n, const char *tenant);
/* A piece of what is due; no batch may hold anything. idle: no round had work since the last one.
 */
void notary_turn(struct notary *n, bool idle);
/* How long until there is something to do: 0 now, -1 not before something changes. */
int notary_wait_ms(const struct notary *n);
/* What is stopped, and why: rows as WIRE_STATE has them, appended. */
void notary_state(const struct notary *n, struct bytes *to);

#endif
