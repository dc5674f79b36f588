/*
 * ocsp/crl.h - a CA's certificate revocation list, complete, version 2. Signer only.
 *
 * Source: RFC 5280 section 5.
 */
#ifndef QUATRAIN_OCSP_CRL_H
#define QUATRAIN_OCSP_CRL_H

#include "ca/issue.h"

#define CRL_VALID_S         (7 * 86400)
#define CRL_VALID_OFFLINE_S (2 * 365 * 86400) /* an offline root's, made at the ceremony */

/*
 * Make the list of what by->a has revoked, number it one higher than the last,
 * and put it into the batch of by->ledger; valid_s after now is its nextUpdate.
 * Fault: FAULT_INTERNAL.
 */
bool crl_make(const struct issuer *by, int64_t now_s, int64_t valid_s, struct fault *f) CHECKED;

/* What is stored of the CA key_id in l. *ret_fresh: it is not past its half-life, and nothing was
 * revoked since. Faults: FAULT_NOTFOUND none was made yet, FAULT_INTERNAL. */
bool crl_stored(struct ledger *l, const uint8_t key_id[static TBS_KEY_ID_OCTETS], int64_t now_s,
    struct bytes *ret, bool *ret_fresh, struct fault *f) CHECKED;

#endif
