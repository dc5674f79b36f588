/*
 * relay/recipient.h - to whom a tenant's documents are encrypted: its release certificate, proven
 * by whoever has no ledger.
 *
 * An agent gets it from the relay, which could be anybody's by then: so it is held against the root
 * and the agent's own certificate before a document's key is wrapped to it. Pure.
 * Sources: RFC 5280 section 6; RFC 5753 section 7 (what a certificate for key agreement says).
 */
#ifndef QUATRAIN_RELAY_RECIPIENT_H
#define QUATRAIN_RELAY_RECIPIENT_H

#include "base/bytes.h"
#include "base/fault.h"

#define RECIPIENT_NAME "service/release" /* kind and name of every tenant's */

/*
 * pem: the certificate and what is above it. roots: PEM, at least one, each trusted by itself. own:
 * DER of the agent's own certificate, whose tenant, region and domain the other must have, and
 * whose CA's name. ret: its DER, appended. Faults: FAULT_BADREQ no certificates, or not of our
 * shape; FAULT_DENIED it does not lead to a root now, is another tenant's, or is for something
 * else; FAULT_INTERNAL.
 */
bool recipient_verify(struct octets pem, struct octets roots, struct octets own, int64_t at_s,
    struct bytes *ret, struct fault *f) CHECKED;

#endif
