/*
 * ocsp/ocsp.h - is it still good? The face of OCSP, CRLs and CA certificates.
 *
 * Plain HTTP. Ready answers are kept by the octets of the request and used only
 * while the ledger says exactly what it said when they were asked for, so an
 * answer is never older than the last committed revocation. Everything else is
 * signed now by the signer.
 *
 * Sources: RFC 6960 appendix A (HTTP), RFC 9919 section 5 and 6 (GET, headers),
 * RFC 5280 sections 4.2.1.13 and 4.2.2.1.
 */
#ifndef QUATRAIN_OCSP_OCSP_H
#define QUATRAIN_OCSP_OCSP_H

#include "base/exchange.h"
#include "ca/realm.h"

struct ocsp;

/* max_age_s: how long an answer is used again, and caches may; less than ANSWER_VALID_S. *ret to
 * ocsp_free(). Fault: FAULT_INTERNAL. */
bool ocsp_new(struct realm *realm, int64_t (*now_s)(void), int64_t max_age_s, struct ocsp **ret,
    struct fault *f) CHECKED;
void ocsp_free(struct ocsp *o); /* NULL is allowed */

/* True if the path is /ocsp, /crl/... or /ca/..., and then x is answered or asks. */
bool ocsp_serve(struct ocsp *o, struct exchange *x);

#endif
