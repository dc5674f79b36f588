/*
 * ca/csr.h - a PKCS #10 request, parsed and proven.
 *
 * A struct csr exists only if the request is strict DER of one shape, is for a
 * P-256 key by name or an RSA key that passes ca/csr_rsa.h, is signed by that
 * key with ecdsa-with-SHA256 or sha256WithRSAEncryption, and asks for no power
 * that an endpoint must not have. Whether the sender may have what it asks for,
 * and such a key, is not decided here: see policy/decide.h, ca/profile.h and
 * ca/issue.h.
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
	struct octets challenge; /* challengePassword's text; n 0: none */
	uint8_t key_id[CSR_KEY_ID_OCTETS];
};

/*
 * Parse der and verify the signature that proves possession of the key. What
 * ret holds is lent from der.
 *
 * Faults: FAULT_LIMIT     over CSR_MAX_OCTETS
 *         FAULT_BADREQ    not DER, another shape, key or algorithm; no proof of possession; asks
 * for cA, keyCertSign, cRLSign or OCSPSigning; says which FAULT_INTERNAL  out of memory
 */
bool csr_parse(struct octets der, struct csr *ret, struct fault *f) CHECKED;

#endif
