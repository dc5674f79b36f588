/*
 * ca/found.h - makes a CA: key, certificate, standing, and the rows by which it is found.
 *
 * Used by the ceremony (root, region, platform) and by the signer (tenants).
 * A CA counts from the commit of the platform's ledger that names it; what an
 * interrupted try left behind is a key file and a logged certificate that
 * nobody uses.
 */
#ifndef QUATRAIN_CA_FOUND_H
#define QUATRAIN_CA_FOUND_H

#include "ca/keyring.h"

/*
 * The root, self-signed; its rows are committed. Its sealed key goes to the file elsewhere, or,
 * where that is NULL, among the others. *ret is lent from k. Faults: FAULT_CONFLICT elsewhere
 * exists, FAULT_INTERNAL.
 */
bool found_root(struct keyring *k, const char *elsewhere, int64_t now_s, const struct issuer **ret,
    struct fault *f) CHECKED;

/*
 * A CA of level region or tenant beneath above; label names it. constraints is a tenant's, or NULL.
 * Its rows are committed. *ret is lent from k. Faults: FAULT_DENIED above has expired,
 * FAULT_INTERNAL.
 */
bool found_ca(struct keyring *k, const struct issuer *above, const char *label,
    const struct constraints *constraints, int64_t now_s, const struct issuer **ret,
    struct fault *f) CHECKED;

/*
 * The same, but its rows stay in the platform's batch: the caller commits them when all that they
 * promise is there. records is the ledger of what it will issue.
 */
bool found_beneath(struct keyring *k, const struct issuer *above, const char *label,
    struct ledger *records, const struct constraints *constraints, int64_t now_s,
    const struct issuer **ret, struct fault *f) CHECKED;

/*
 * A tenant: its store, CA, responder and log key, then the row that makes it count, with a log
 * entry in its own log and in the platform's. hosts are registered domains that its leaves may
 * name. Faults: FAULT_BADREQ its name, FAULT_CONFLICT there is one, those of found_ca()
 */
struct found_tenant {
	const char *name;
	enum constraint_mode mode;
	size_t host_n;
	const char *host[TBS_NAMES_MAX - 1];
	/* Before the commit that makes it a tenant, with what is told of it in the platform's log;
	 * may be NULL. */
	bool (*decided)(void *with, const struct issuer *ca, uint64_t log_index, struct fault *f);
	void *with;
};
bool found_tenant(struct keyring *k, const struct issuer *region, const struct found_tenant *t,
    const struct log_context *why, int64_t now_s, const struct issuer **ret, uint64_t *ret_index,
    struct fault *f) CHECKED;

/* "strict", "compatible", "none"; false for another word. */
bool found_mode(const char *word, enum constraint_mode *ret);
const char *found_mode_word(enum constraint_mode mode);

/* The purposes that every CA, or every tenant, has a delegate for. */
extern const struct purpose found_responder, found_responder_offline, found_log;
/* That a region has one for: it cosigns the checkpoints of its tenants' logs. */
extern const struct purpose found_cosigner;
/* That a tenant has one for when something is printed: its users' documents are sealed to it. */
extern const struct purpose found_release;

#endif
