/*
 * ocsp/answer.h - an OCSPResponse, built from the ledger and signed. Signer only,
 * but for answer_status(), which every face may send.
 *
 * The responder is named by key, its delegated certificate rides along, the
 * request's CertIDs come back octet for octet, nextUpdate is always there. What
 * stands above counts: beneath a suspended CA all is certificateHold, beneath a
 * revoked one revoked (ca/level.h).
 * Sources: RFC 6960 section 4.2, RFC 9919 (lightweight profile).
 */
#ifndef QUATRAIN_OCSP_ANSWER_H
#define QUATRAIN_OCSP_ANSWER_H

#include "ca/key.h"
#include "ca/realm.h"
#include "ocsp/request.h"

#define ANSWER_VALID_S   3600 /* nextUpdate; caches are told ANSWER_MAX_AGE_S */
#define ANSWER_MAX_AGE_S 60

/* RFC 6960 section 4.2.1; nothing else is sent. */
enum answer_status {
	ANSWER_OK = 0,
	ANSWER_MALFORMED = 1,
	ANSWER_INTERNAL = 2,
	ANSWER_TRY_LATER = 3,
	ANSWER_UNAUTHORIZED = 6,
};

/* A CA's delegated responder. */
struct responder {
	const struct key *key;
	struct octets certificate; /* DER */
};

/* The five octets of an answer that is not signed. */
void answer_status(enum answer_status status, struct bytes *ret);

/* The issuer that all of r's certificates must share. Faults: FAULT_NOTFOUND it is none of ours,
 * FAULT_INTERNAL. */
bool answer_issuer(
    struct realm *realm, const struct request *r, struct authority *ret, struct fault *f) CHECKED;

/* A whole OCSPResponse for r, appended. Fault: FAULT_INTERNAL. */
bool answer(struct realm *realm, const struct request *r, const struct authority *issuer,
    const struct responder *by, int64_t now_s, struct bytes *ret, struct fault *f) CHECKED;

#endif
