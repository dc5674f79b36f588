/*
 * ocsp/crl_cache.h - long revocation lists as a process that serves them holds them: once.
 *
 * A list of 40 MB is read from the ledger when it is first asked for, and lent
 * to each reply; a newer one takes its place, and the old one goes when the last
 * slow reader has it. All of them together stay under CRL_CACHE_OCTETS, those
 * that slow readers keep too, so that nobody fills the memory by reading slowly.
 */
#ifndef QUATRAIN_OCSP_CRL_CACHE_H
#define QUATRAIN_OCSP_CRL_CACHE_H

#include "base/shared.h"
#include "ocsp/crl.h"

#define CRL_CACHE_OCTETS (512u << 20)
#define CRL_CACHE_LISTS  64

struct crl_cache;

/* Lists together of at most octets octets. *ret to crl_cache_free(). Fault: FAULT_INTERNAL. */
bool crl_cache_new(size_t octets, struct crl_cache **ret, struct fault *f) CHECKED;
void crl_cache_free(struct crl_cache *c); /* NULL is allowed */

/*
 * The list of ca that has the head *h, or a newer one, whose head *h is then. *ret is held for the
 * caller, to shared_drop(). Faults: FAULT_BUSY no room before others have read what they are at,
 * FAULT_NOTFOUND, FAULT_INTERNAL
 */
bool crl_cache_get(struct crl_cache *c, struct ledger *l,
    const uint8_t ca[static TBS_KEY_ID_OCTETS], struct crl_which which, struct crl_head *h,
    struct shared **ret, struct fault *f) CHECKED;

#endif
