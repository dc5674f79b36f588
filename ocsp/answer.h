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

#define ANSWER_VALID_S 3600 /* to nextUpdate, unless the responder or the CA ends before */

/* RFC 6960 section 4.2.1; nothing else is sent. */
enum answer_status {
	ANSWER_OK = 0,
	ANSWER_MALFORMED = 1,
	ANSWER_INTERNAL = 2,
	ANSWER_TRY_LATER = 3,
	ANSWER_UNAUTHORIZED = 6,
};

/* A CA's delegated responder, and how it speaks. */
struct responder {
	const struct key *key;
	struct octets certificate; /* DER */
	int64_t until_s;           /* the certificate's end */
	/* Of a serial that was never issued: the extended definition of RFC 6960 section 2.2. */
	bool unknown_is_revoked;
	/* Of a certificate that has ended: an archive cutoff (section 4.4.4), which is the CA's
	 * founding, for no entry is ever removed. */
	bool cutoff;
};

/* The five octets of an answer that is not signed. */
void answer_status(enum answer_status status, struct bytes *ret);

/* The issuer that all of r's certificates must share: one answer has one signer, and a delegate
 * speaks for its own CA only (RFC 6960 section 4.2.2.2), so certificates of two are nobody's to
 * answer for. Faults: FAULT_NOTFOUND it is none of ours, FAULT_INTERNAL. */
bool answer_issuer(struct realm *realm, const struct status_request *r, struct authority *ret,
    struct fault *f) CHECKED;

/* A whole OCSPResponse for r, appended. Fault: FAULT_INTERNAL. */
bool answer(struct realm *realm, const struct status_request *r, const struct authority *issuer,
    const struct responder *by, int64_t now_s, struct bytes *ret, struct fault *f) CHECKED;

/* From when to when an OCSPResponse of ours is good: thisUpdate and nextUpdate of its first
 * answer. Fault: FAULT_INTERNAL it is none, or one without an answer. */
bool answer_times(
    struct octets der, int64_t *this_update_s, int64_t *next_update_s, struct fault *f) CHECKED;

#endif
