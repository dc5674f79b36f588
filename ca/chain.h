/*
 * ca/chain.h - a path from a certificate to a root, as an outsider checks it.
 *
 * For those who have no ledger: the log's verifier and the command line. Our
 * own listeners use ca/identify.h instead.
 * Source: RFC 5280 section 6.
 */
#ifndef QUATRAIN_CA_CHAIN_H
#define QUATRAIN_CA_CHAIN_H

#include "base/bytes.h"
#include "base/fault.h"

#define CHAIN_PEM_MAX 131072 /* octets of one PEM text */

/* The DER of the i-th certificate of a PEM text, appended. Faults: FAULT_NOTFOUND no i-th,
 * FAULT_BADREQ. */
bool chain_pem_at(struct octets pem, size_t i, struct bytes *ret, struct fault *f) CHECKED;

/*
 * The first certificate of pem, by the others of pem, to root (PEM, one
 * certificate), at at_s, with libcrypto's strict checks, and exactly four
 * levels. *leaf (may be NULL) is its DER, appended.
 * Faults: FAULT_BADREQ no certificates, FAULT_DENIED which link does not hold, FAULT_INTERNAL
 */
bool chain_verify(struct octets pem, struct octets root, int64_t at_s, struct bytes *leaf,
    struct fault *f) CHECKED;
/* The same for what stands beneath another level than a tenant's: so many levels, root included. */
bool chain_verify_levels(struct octets pem, struct octets root, int levels, int64_t at_s,
    struct bytes *leaf, struct fault *f) CHECKED;

#endif
