/* ca/p256.c - see p256.h. */
/*
 * EC_KEY is deprecated in OpenSSL 3.0, and nothing that replaces it can be given another public
 * key. Measured with 3.0 on one core: EVP_PKEY_fromdata() 15 to 25 us for each key, of which 9 to
 * 15 build the curve; EC_KEY_oct2key() 0.8. The arithmetic and its checks are the very same
 * functions.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "ca/p256.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>

#include "base/digest.h"
#include "ca/spki.h"

#define POINT_OCTETS  65 /* 4, x, y */
#define SIGNATURE_MAX 72 /* DER of two numbers of 256 bits */

/* Made at the first use, and never given back. */
static EC_KEY *kept;

/* The kept key with this point; NULL in trouble, and *on_curve says whether that is the point's. */
static EC_KEY *
key_of(struct octets spki, bool *on_curve)
{
	*on_curve = true;
	if (kept == NULL && (kept = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1)) == NULL)
		return NULL;
	if (spki_kind(spki) == SPKI_P256 &&
	    EC_KEY_oct2key(kept, spki.at + spki.n - POINT_OCTETS, POINT_OCTETS, NULL) == 1)
		return kept;
	*on_curve = false;
	return NULL;
}

enum p256_verdict
p256_verify(struct octets spki, struct octets text, struct octets signature)
{
	uint8_t digest[DIGEST_OCTETS];
	bool on_curve;
	EC_KEY *key = key_of(spki, &on_curve);

	if (key == NULL)
		return on_curve ? P256_TROUBLE : P256_NO_POINT;
	if (signature.n > SIGNATURE_MAX)
		return P256_WRONG;
	digest_of(text, digest);
	return ECDSA_verify(0, digest, sizeof(digest), signature.at, (int)signature.n, key) == 1
		   ? P256_HOLDS
		   : P256_WRONG;
}

bool
p256_is_point(struct octets spki)
{
	bool on_curve;

	return key_of(spki, &on_curve) != NULL;
}
