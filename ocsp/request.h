/*
 * ocsp/request.h - an OCSPRequest, decoded and limited.
 *
 * Sources: RFC 6960 section 4.1, RFC 9654 section 2.1 (nonce), RFC 9919
 * (lightweight profile, which replaces RFC 5019).
 */
#ifndef QUATRAIN_OCSP_REQUEST_H
#define QUATRAIN_OCSP_REQUEST_H

#include "base/bytes.h"
#include "base/fault.h"
#include "ca/tbs.h"

#define REQUEST_MAX_OCTETS 4096
#define REQUEST_CERTS_MAX  16
#define REQUEST_NONCE_MIN  16 /* RFC 9654: a responder takes 16 to 32 at least */
#define REQUEST_NONCE_MAX  32

struct request_cert {
	struct octets whole;               /* the CertID as it was sent: answered octet for octet */
	struct octets name_hash, key_hash; /* SHA-1 (20) or SHA-256 (32); n 0: another algorithm */
	struct octets serial;              /* INTEGER content */
};

/* All lent from the request. */
struct status_request {
	size_t n;
	struct request_cert cert[REQUEST_CERTS_MAX];
	struct octets nonce; /* n 0: none, or of a length that is passed over */
};

/*
 * Faults: FAULT_BADREQ not a request, none or over REQUEST_CERTS_MAX certificates, a nonce of 0 or
 * over 128 octets; FAULT_LIMIT over REQUEST_MAX_OCTETS
 */
bool request_parse(struct octets der, struct status_request *ret, struct fault *f) CHECKED;

#endif
