/*
 * ca/spki.h - which kind of key a SubjectPublicKeyInfo holds, by its first octets.
 *
 * Constant octets, compared: no parser decides what a key is.
 * Sources: RFC 5480 section 2, RFC 3279 section 2.3.1, RFC 8410 section 4.
 */
#ifndef QUATRAIN_CA_SPKI_H
#define QUATRAIN_CA_SPKI_H

#include "base/bytes.h"

enum spki_kind { SPKI_OTHER, SPKI_P256, SPKI_RSA, SPKI_ED25519 };

/* spki is well-formed DER. SPKI_P256 is one in its only spelling; SPKI_RSA says that it is
 * rsaEncryption with NULL, and nothing of the numbers. */
enum spki_kind spki_kind(struct octets spki);
/* "P-256", "RSA", ...: for a person. */
const char *spki_word(enum spki_kind kind);
/* Bits of an RSA key's modulus; 0 where spki is no RSA key of the usual shape. */
unsigned spki_rsa_bits(struct octets spki);
/* modulus and exponent, content octets of their INTEGERs. False where spki is no RSA key. */
bool spki_rsa(struct octets spki, struct octets *modulus, struct octets *exponent);

#endif
