/*
 * tests/unit/forge.h - DER by hand, well formed or not, and requests made of it.
 *
 * Everything that is built lies in one pool, lent until forge_free(). Nothing is
 * checked: what a hostile peer could send must be possible here.
 */
#ifndef QUATRAIN_TESTS_UNIT_FORGE_H
#define QUATRAIN_TESTS_UNIT_FORGE_H

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/der.h"

#define NONE          ((struct octets){ NULL, 0 })
#define RAW(s)        octets_of((s), sizeof(s) - 1) /* of a literal, NULs and all */
#define END           ((struct octets){ NULL, SIZE_MAX })
#define JOIN(...)     forge_join((const struct octets[]){ __VA_ARGS__, END })
#define TLV(tag, ...) forge_tlv((tag), JOIN(__VA_ARGS__))
#define SEQ(...)      TLV(DER_SEQUENCE, __VA_ARGS__)
#define SET(...)      TLV(DER_SET, __VA_ARGS__) /* in the order given, sorted or not */
#define OID(o)        forge_tlv(DER_OID, (o))

struct octets forge_join(const struct octets *parts); /* closed by END */
struct octets forge_tlv(uint8_t tag, struct octets content);
struct octets forge_fill(uint8_t octet, size_t n);
/* A copy in a block of its very size, so that a sanitizer sees any read past it. */
struct octets forge_exact(struct octets o);
/* A copy with the first (and only) occurrence of from replaced by to, of the same length. */
struct octets forge_patch(struct octets o, struct octets from, struct octets to);
void forge_empty(void); /* the pool alone: the key stays */
void forge_free(void);

/* A name of one RDN: a CN of this string type. */
struct octets forge_common(uint8_t type, struct octets text);
struct octets forge_rdn(struct octets type_oid, uint8_t type, struct octets text);

/* EVP_PKEY helpers: public key as SubjectPublicKeyInfo, signature over o. */
EVP_PKEY *forge_key(void); /* one P-256 key for all, lent */
struct octets forge_spki(EVP_PKEY *key);
struct octets forge_sign(EVP_PKEY *key, const EVP_MD *md, struct octets o);

/* A PKCS #10 request; parts that are n 0 are the usual ones. */
struct forge {
	EVP_PKEY *key;            /* NULL: forge_key() */
	const EVP_MD *md;         /* NULL: SHA-256 */
	struct octets version;    /* whole */
	struct octets subject;    /* whole Name */
	struct octets spki;       /* whole; else of key */
	struct octets attributes; /* content of [0] */
	struct octets algorithm;  /* whole */
	struct octets signature;  /* content of the BIT STRING, its first octet too; else made */
};
struct octets forge_info(const struct forge *f);
struct octets forge_request(const struct forge *f);
/* An attribute extensionRequest that holds these extensions (whole ones, joined). */
struct octets forge_asks(struct octets extensions);
struct octets forge_extension(struct octets oid, struct octets value); /* not critical */

#endif
