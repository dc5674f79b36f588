/*
 * ca/csr.h - a PKCS #10 request: read, and proven.
 *
 * Read: the request is strict DER of one shape, is for a P-256 key by name or
 * an RSA key, says that it is signed with ecdsa-with-SHA256 or
 * sha256WithRSAEncryption, and asks for no power that an endpoint must not have.
 * Proven: the key is one that may be certified (a point on the curve, or
 * ca/csr_rsa.h), and the request is signed by it. The edge reads; the signer,
 * that trusts nobody's word, reads again and proves, once: the proof was three
 * fifths of what an edge spent on an enrolment. Whether the sender may have what
 * it asks for, and such a key, is not decided here: see policy/decide.h,
 * ca/profile.h and ca/issue.h.
 *
 * libcrypto's own parser is not used: it accepts explicit curve parameters,
 * compressed points, BER lengths and trailing octets.
 *
 * Sources: RFC 2986 (PKCS #10), RFC 7030 section 4.2.1 (EST simpleenroll),
 * RFC 5480 (EC keys), RFC 5758 section 3.2, RFC 4055 section 5.
 */
#ifndef QUATRAIN_CA_CSR_H
#define QUATRAIN_CA_CSR_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "ca/spki.h"

#define CSR_MAX_OCTETS    8192 /* a P-256 request is about 300 octets, of RSA 1100 */
#define CSR_KEY_ID_OCTETS 32   /* SHA-256 of the SubjectPublicKeyInfo */

struct csr {
	struct octets subject; /* DER Name; all of these are lent from the request */
	struct octets spki;    /* DER */
	enum spki_kind kind;   /* SPKI_P256 or SPKI_RSA */
	struct octets
	    alt_names; /* content of the requested SubjectAltName; n 0: none was asked for */
	struct octets challenge;   /* challengePassword's text without a line end; n 0: none */
	struct octets signed_part; /* CertificationRequestInfo, DER: what the signature is over */
	struct octets signature;
	uint8_t key_id[CSR_KEY_ID_OCTETS];
};

/*
 * Read der. Nothing is proven: whoever sent it may have copied the key. What ret
 * holds is lent from der.
 *
 * Faults: FAULT_LIMIT     over CSR_MAX_OCTETS
 *         FAULT_BADREQ    not DER, another shape, kind of key or algorithm; asks for cA,
 *                         keyCertSign, cRLSign or OCSPSigning; says which
 *         FAULT_INTERNAL  libcrypto
 */
bool csr_read(struct octets der, struct csr *ret, struct fault *f) CHECKED;

/*
 * The key is one that may be certified, and the sender has it.
 * Faults: FAULT_BADREQ the point is not on the curve, a rule of ca/csr_rsa.h, no proof of
 *         possession; FAULT_INTERNAL out of memory
 */
bool csr_prove(const struct csr *c, struct fault *f) CHECKED;

/* Both: *ret exists only if it is proven. */
bool csr_parse(struct octets der, struct csr *ret, struct fault *f) CHECKED;

#endif
