/*
 * ocsp/publish.h - what anybody may fetch of a CA: its certificate and its CRL.
 *
 * Sources: RFC 5280 sections 4.2.1.13 and 4.2.2.1, RFC 2585 (types).
 */
#ifndef QUATRAIN_OCSP_PUBLISH_H
#define QUATRAIN_OCSP_PUBLISH_H

#include "base/exchange.h"
#include "ca/realm.h"

/* True if the path is /crl/... or /ca/..., and then x is answered or asks. */
bool publish_serve(struct realm *realm, int64_t (*now_s)(void), struct exchange *x);

#endif
