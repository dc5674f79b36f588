/*
 * ca/identify.h - whose certificate is this, and does it hold now?
 *
 * No signature is checked: a leaf whose exact octets are in our ledger is
 * known to be ours, and nothing else is (a path that only verifies may come
 * from a stolen CA key; one in the ledger was logged). What is on record is
 * held against ca/leaf.h besides, so that a CA's certificate, another purpose
 * or another's key speaks for nobody. TLS proves that the peer holds the key.
 */
#ifndef QUATRAIN_CA_IDENTIFY_H
#define QUATRAIN_CA_IDENTIFY_H

#include "ca/cert.h"
#include "ca/realm.h"
#include "policy/identity.h"

/* What identify() found besides the identity; texts in cert are lent from the DER it was given. */
struct identified {
	struct cert cert;
	struct standing standing;
	struct authority issuer;
	char why[FAULT_TEXT_MAX]; /* why identity.good is false */
	int64_t late_s; /* it ended so long ago, and nothing else speaks against it; or 0 */
};

/* Does its profile let what ended so lately renew still? It is good for nothing else. */
bool identify_late(const struct identified *a);

/*
 * Who holds the end-entity certificate der. On true ret is an endpoint or an
 * operator, and ret->good says whether it is so now, at every level. The
 * source is left empty. also may be NULL.
 * Faults: FAULT_BADREQ no certificate of our shape, FAULT_AUTH not one of ours,
 *         FAULT_INTERNAL
 */
bool identify(struct realm *r, struct octets der, int64_t now_s, struct identity *ret,
    struct identified *also, struct fault *f) CHECKED;

#endif
