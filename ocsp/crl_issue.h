/*
 * ocsp/crl_issue.h - all revocation lists of a CA, made anew where they have to be. Signer only.
 *
 * One issue: the delta list, the shards in which something changed, then the
 * complete list, under one number and of one time (RFC 5280 section 5.2.3). The
 * short ones come first, so that what was revoked is told in seconds also where
 * the complete list takes longer, or waits (whole).
 *
 * A delta's base stays the same for half a complete list's life, or for
 * CRL_DELTA_MAX changes, so that who keeps a complete list of some days ago can
 * still bring it up to date; then it is the newest complete list. Changes that
 * no list needs any more are removed.
 */
#ifndef QUATRAIN_OCSP_CRL_ISSUE_H
#define QUATRAIN_OCSP_CRL_ISSUE_H

#include "ocsp/crl_build.h"

#define CRL_DELTA_MAX 8192 /* changes in a delta list */

struct crl_issue {
	uint8_t ca[TBS_KEY_ID_OCTETS];
	struct crl_order order; /* what its lists share */
	struct crl_state state;
	bool whole, all; /* the complete list too; all shards */
	bool based;      /* the delta list's base is known */
	uint8_t dirty[TBS_SHARDS_MAX / 8];
	unsigned next; /* of its lists, in the order of making */
	bool building;
	struct crl_build build;
};

/* What is wanted. */
struct crl_want {
	const char *public_url; /* lent */
	int64_t valid_s;        /* nextUpdate is so long after now, or the CA's end */
	bool whole; /* false: only what is short; where there is none yet, all the same */
};

/*
 * Into the batch of by->ledger. To crl_issue_free() whatever comes. Faults: FAULT_DENIED by has
 * expired, FAULT_INTERNAL
 */
bool crl_issue_begin(struct crl_issue *i, const struct issuer *by, const struct crl_want *w,
    int64_t now_s, struct fault *f) CHECKED;
/* Some more, of about rows rows; commit after it. by is the same CA. Faults: those of
 * crl_build_step(). */
bool crl_issue_step(struct crl_issue *i, const struct issuer *by, size_t rows, bool *ret_done,
    struct fault *f) CHECKED;
void crl_issue_free(struct crl_issue *i);

/* All of it in one batch: for a CA that was just made, and ceremonies. Faults: those of both. */
bool crl_make(
    const struct issuer *by, const struct crl_want *w, int64_t now_s, struct fault *f) CHECKED;

#endif
