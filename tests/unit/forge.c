/* tests/unit/forge.c - see forge.h. */
#include "tests/unit/forge.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "ca/oid.h"

struct block {
	struct block *next;
	uint8_t *at;
};

static struct block *pool;
static EVP_PKEY *shared;

static uint8_t *
take(size_t n)
{
	struct block *b = malloc(sizeof(*b));

	ck_assert_ptr_nonnull(b);
	b->at = malloc(n == 0 ? 1 : n);
	ck_assert_ptr_nonnull(b->at);
	b->next = pool;
	pool = b;
	return b->at;
}

void
forge_empty(void)
{
	for (struct block *b = pool, *next; b != NULL; b = next) {
		next = b->next;
		free(b->at);
		free(b);
	}
	pool = NULL;
}

void
forge_free(void)
{
	forge_empty();
	EVP_PKEY_free(shared);
	shared = NULL;
}

struct octets
forge_exact(struct octets o)
{
	uint8_t *at = take(o.n);

	if (o.n > 0)
		memcpy(at, o.at, o.n);
	return octets_of(at, o.n);
}

struct octets
forge_fill(uint8_t octet, size_t n)
{
	uint8_t *at = take(n);

	memset(at, octet, n);
	return octets_of(at, n);
}

struct octets
forge_join(const struct octets *parts)
{
	uint8_t *at;
	size_t all = 0, done = 0;

	for (size_t i = 0; parts[i].n != SIZE_MAX; i++)
		all += parts[i].n;
	at = take(all);
	for (size_t i = 0; parts[i].n != SIZE_MAX; i++) {
		if (parts[i].n > 0)
			memcpy(at + done, parts[i].at, parts[i].n);
		done += parts[i].n;
	}
	return octets_of(at, all);
}

struct octets
forge_tlv(uint8_t tag, struct octets content)
{
	struct bytes b = { 0 };
	struct der d = { .out = &b };
	struct octets made;

	der_put(&d, tag, content);
	ck_assert(!b.bad);
	made = forge_exact(octets_bytes(&b));
	bytes_free(&b);
	return made;
}

struct octets
forge_patch(struct octets o, struct octets from, struct octets to)
{
	struct octets copy = forge_exact(o);
	uint8_t *at = memmem(copy.at, copy.n, from.at, from.n);

	ck_assert_ptr_nonnull(at);
	ck_assert_uint_eq(from.n, to.n);
	memcpy(at, to.at, to.n);
	ck_assert_ptr_null(
	    memmem(at + to.n, (size_t)(copy.at + copy.n - at) - to.n, from.at, from.n));
	return copy;
}

struct octets
forge_rdn(struct octets type_oid, uint8_t type, struct octets text)
{
	return SET(SEQ(OID(type_oid), forge_tlv(type, text)));
}

struct octets
forge_common(uint8_t type, struct octets text)
{
	return SEQ(forge_rdn(oid_common_name, type, text));
}

EVP_PKEY *
forge_key(void)
{
	if (shared == NULL)
		shared = EVP_EC_gen("P-256");
	ck_assert_ptr_nonnull(shared);
	return shared;
}

struct octets
forge_spki(EVP_PKEY *key)
{
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	struct octets made;

	ck_assert_int_gt(n, 0);
	made = forge_exact(octets_of(der, (size_t)n));
	OPENSSL_free(der);
	return made;
}

struct octets
forge_sign(EVP_PKEY *key, const EVP_MD *md, struct octets o)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *at = take(1024);
	size_t n = 1024;

	ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, md, NULL, key), 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, at, &n, o.at, o.n), 1);
	EVP_MD_CTX_free(ctx);
	return octets_of(at, n);
}

static struct octets
or_else(struct octets o, struct octets usual)
{
	return o.n > 0 ? o : usual;
}

struct octets
forge_info(const struct forge *f)
{
	EVP_PKEY *key = f->key == NULL ? forge_key() : f->key;

	return SEQ(or_else(f->version, RAW("\x02\x01\x00")),
	    or_else(f->subject, forge_common(DER_UTF8, octets_text("hp-4711"))),
	    or_else(f->spki, forge_spki(key)), forge_tlv(DER_EXPLICIT(0), f->attributes));
}

struct octets
forge_request(const struct forge *f)
{
	EVP_PKEY *key = f->key == NULL ? forge_key() : f->key;
	const EVP_MD *md = f->md == NULL ? EVP_sha256() : f->md;
	struct octets info = forge_info(f);
	struct octets bits = f->signature;

	if (bits.n == 0) {
		if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
			md = NULL;
		bits = JOIN(RAW("\0"), forge_sign(key, md, info));
	}
	return SEQ(info, or_else(f->algorithm, oid_algorithm_ecdsa_sha256),
	    forge_tlv(DER_BIT_STRING, bits));
}

struct octets
forge_extension(struct octets oid, struct octets value)
{
	return SEQ(OID(oid), forge_tlv(DER_OCTETS, value));
}

struct octets
forge_asks(struct octets extensions)
{
	return SEQ(OID(oid_extension_request), SET(forge_tlv(DER_SEQUENCE, extensions)));
}
