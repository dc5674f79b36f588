/* tests/unit/pki.h - certificates for tests, made when they are needed and never kept. */
#ifndef QUATRAIN_TESTS_UNIT_PKI_H
#define QUATRAIN_TESTS_UNIT_PKI_H

#include <check.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/text.h"

/* A root, a region, a tenant, and what they need to sign. */
struct pki {
	EVP_PKEY *root_key, *region_key, *tenant_key;
	X509 *root, *region, *tenant;
};

#define PKI_CA "critical,CA:TRUE"
#define PKI_EE "critical,CA:FALSE"

static inline void
pki_ext(X509 *c, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, c, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ck_assert_ptr_nonnull(e);
	ck_assert_int_eq(X509_add_ext(c, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* A certificate for key, signed by by; issuer NULL: self-signed. It ends end_s from now. san may be
 * NULL. */
static inline X509 *
pki_cert(const char *cn, EVP_PKEY *key, X509 *issuer, EVP_PKEY *by, const char *basic,
    const char *san, long end_s)
{
	X509 *c = X509_new();
	X509_NAME *name = X509_get_subject_name(c);
	uint8_t serial[16];

	ck_assert_int_eq(RAND_bytes(serial, sizeof(serial)), 1);
	serial[0] &= 0x7f;
	ck_assert_int_eq(X509_set_version(c, X509_VERSION_3), 1);
	BIGNUM *n = BN_bin2bn(serial, sizeof(serial), NULL);
	ck_assert_ptr_nonnull(BN_to_ASN1_INTEGER(n, X509_get_serialNumber(c)));
	BN_free(n);
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(
			     name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0),
	    1);
	ck_assert_int_eq(
	    X509_set_issuer_name(c, X509_get_subject_name(issuer == NULL ? c : issuer)), 1);
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(c), -3600));
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(c), end_s));
	ck_assert_int_eq(X509_set_pubkey(c, key), 1);
	pki_ext(c, c, NID_subject_key_identifier, "hash");
	pki_ext(c, issuer == NULL ? c : issuer, NID_authority_key_identifier, "keyid:always");
	pki_ext(c, c, NID_basic_constraints, basic);
	if (san != NULL)
		pki_ext(c, c, NID_subject_alt_name, san);
	ck_assert_int_gt(X509_sign(c, by, EVP_sha256()), 0);
	return c;
}

static inline void
pki_new(struct pki *p)
{
	p->root_key = EVP_EC_gen("P-256");
	p->region_key = EVP_EC_gen("P-256");
	p->tenant_key = EVP_EC_gen("P-256");
	p->root = pki_cert("Root", p->root_key, NULL, p->root_key, PKI_CA, NULL, 86400);
	p->region = pki_cert("Region", p->region_key, p->root, p->root_key, PKI_CA, NULL, 86400);
	p->tenant =
	    pki_cert("Tenant", p->tenant_key, p->region, p->region_key, PKI_CA, NULL, 86400);
}

static inline void
pki_free(struct pki *p)
{
	EVP_PKEY_free(p->root_key);
	EVP_PKEY_free(p->region_key);
	EVP_PKEY_free(p->tenant_key);
	X509_free(p->root);
	X509_free(p->region);
	X509_free(p->tenant);
}

/* Append the DER of a certs-only CMS of n certificates. */
static inline void
pki_certs_only(X509 *const *certs, size_t n, struct bytes *der)
{
	PKCS7 *p = PKCS7_new();
	uint8_t *at = NULL;
	int len;

	ck_assert_int_eq(PKCS7_set_type(p, NID_pkcs7_signed), 1);
	ck_assert_int_eq(PKCS7_content_new(p, NID_pkcs7_data), 1);
	ck_assert_int_eq(PKCS7_set_detached(p, 1), 1);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(PKCS7_add_certificate(p, certs[i]), 1);
	ck_assert_int_gt(len = i2d_PKCS7(p, &at), 0);
	bytes_put(der, at, (size_t)len);
	OPENSSL_free(at);
	PKCS7_free(p);
}

/* The part of a token that names root. */
static inline void
pki_root_text(X509 *root, char to[static 27])
{
	uint8_t hash[EVP_MAX_MD_SIZE];

	ck_assert_int_eq(X509_digest(root, EVP_sha256(), hash, NULL), 1);
	text_base32(hash, 16, to);
}

#endif
