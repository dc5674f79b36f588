/*
 * ocsp/publish.h - what anybody may fetch of a CA: its certificate and its CRLs.
 *
 * /ca/<key id>.cer, /crl/<key id>.crl, /crl/<key id>-delta.crl and, where the CA
 * has shards, /crl/<key id>/<n>.crl. A request never waits for a signature: the
 * newest whole list is served (ocsp/crl.h), which is seconds behind the last
 * revocation; who must know at once asks by OCSP. A client may keep a list for
 * PUBLISH_CRL_AGE_S, and never past its nextUpdate. Ranges are not served: the
 * whole list comes, as RFC 9110 section 14.2 allows.
 *
 * Sources: RFC 5280 sections 4.2.1.13 and 4.2.2.1, RFC 2585 (types), RFC 9111.
 */
#ifndef QUATRAIN_OCSP_PUBLISH_H
#define QUATRAIN_OCSP_PUBLISH_H

#include "base/exchange.h"
#include "ca/realm.h"

#define PUBLISH_CRL_AGE_S  300
#define PUBLISH_CERT_AGE_S 86400
#define PUBLISH_RETRY_S    5 /* where there is no list yet, or no memory for it */

struct publish;

/* realm is lent. *ret to publish_free(). Fault: FAULT_INTERNAL. */
bool publish_new(
    struct realm *realm, int64_t (*now_s)(void), struct publish **ret, struct fault *f) CHECKED;
void publish_free(struct publish *p); /* NULL is allowed */

/* True if the path is /crl/... or /ca/..., and then x is answered. */
bool publish_serve(struct publish *p, struct exchange *x);

#endif
