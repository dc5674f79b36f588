/*
 * ca/p256.h - P-256 signatures verified: libcrypto's arithmetic, without what OpenSSL 3 puts around
 * it.
 *
 * An EVP_PKEY made of 65 octets of point costs about half of what a verification
 * does, since a curve is built and thrown away with each. Here one curve and one
 * key are kept for the process's life, and given another point each time. Not for
 * two threads at once.
 *
 * Sources: FIPS 186-4 section 6.4, RFC 5480 section 2, RFC 5758 section 3.2.
 */
#ifndef QUATRAIN_CA_P256_H
#define QUATRAIN_CA_P256_H

#include "base/bytes.h"

enum p256_verdict {
	P256_HOLDS,
	P256_NO_POINT, /* spki is no SPKI_P256 (ca/spki.h), or its point is not on the curve */
	P256_WRONG,    /* not a signature over this text by this key, or not strict DER */
	P256_TROUBLE,  /* libcrypto could not say: out of memory */
};

/* ecdsa-with-SHA256: signature is an Ecdsa-Sig-Value, DER. All but P256_HOLDS may leave libcrypto's
 * errors behind, for fault_crypto(). */
enum p256_verdict p256_verify(struct octets spki, struct octets text, struct octets signature);

/* Is spki an SPKI_P256 with a point that is on the curve? */
bool p256_is_point(struct octets spki);

#endif
