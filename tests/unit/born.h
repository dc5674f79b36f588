/* tests/unit/born.h - manufacturers' certificates (IEEE 802.1AR) for tests, of any shape, made when
 * they are needed. */
#ifndef QUATRAIN_TESTS_UNIT_BORN_H
#define QUATRAIN_TESTS_UNIT_BORN_H

#include <check.h>
#include <string.h>

#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"

#define BORN_CA    "critical,CA:TRUE"
#define BORN_FIRST INT64_C(1577836800)   /* 2020 */
#define BORN_LAST  INT64_C(253402300799) /* 9999-12-31T23:59:59Z: a device's never ends */

/* What is to be made; zeros are a device's good certificate without a name. */
struct born {
	const char *common;
	const char *serial; /* the subject's serialNumber; NULL: none */
	size_t serial_n;    /* its octets; 0: up to NUL */
	int serial_tag;     /* 0: PrintableString */
	const char *twice;  /* another serialNumber */
	EVP_PKEY *key;
	X509 *issuer;                         /* NULL: itself */
	EVP_PKEY *by;                         /* NULL: key */
	const char *basic, *usage, *purposes; /* NULL: none */
	const EVP_MD *md;                     /* NULL: SHA-256 */
	int64_t from_s, to_s;
};

static inline void
born_ext(X509 *c, int nid, const char *value)
{
	X509_EXTENSION *e = value == NULL ? NULL : X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	ck_assert(value == NULL || (e != NULL && X509_add_ext(c, e, -1) == 1));
	X509_EXTENSION_free(e);
}

static inline void
born_name(X509_NAME *to, int nid, int tag, const char *text, size_t n)
{
	if (text == NULL)
		return;
	ck_assert_int_eq(
	    X509_NAME_add_entry_by_NID(to, nid, tag == 0 ? V_ASN1_PRINTABLESTRING : tag,
		(const unsigned char *)text, n == 0 ? (int)strlen(text) : (int)n, -1, 0),
	    1);
}

static inline X509 *
born_x509(const struct born *b)
{
	X509 *c = X509_new();
	X509_NAME *name = X509_get_subject_name(c);
	uint8_t serial[8];

	ck_assert_int_eq(RAND_bytes(serial, sizeof(serial)), 1);
	serial[0] = (uint8_t)(serial[0] | 0x40); /* no zeros in front, which DER has none of */
	ck_assert_int_eq(X509_set_version(c, X509_VERSION_3), 1);
	ck_assert_int_eq(ASN1_STRING_set(X509_get_serialNumber(c), serial, sizeof(serial)), 1);
	born_name(name, NID_organizationName, 0, "Lexa", 0);
	born_name(name, NID_commonName, 0, b->common, 0);
	born_name(name, NID_serialNumber, b->serial_tag, b->serial, b->serial_n);
	born_name(name, NID_serialNumber, 0, b->twice, 0);
	ck_assert_int_eq(
	    X509_set_issuer_name(c, X509_get_subject_name(b->issuer == NULL ? c : b->issuer)), 1);
	ck_assert_ptr_nonnull(
	    ASN1_TIME_set(X509_getm_notBefore(c), b->from_s == 0 ? BORN_FIRST : b->from_s));
	ck_assert_ptr_nonnull(
	    ASN1_TIME_set(X509_getm_notAfter(c), b->to_s == 0 ? BORN_LAST : b->to_s));
	ck_assert_int_eq(X509_set_pubkey(c, b->key), 1);
	born_ext(c, NID_basic_constraints, b->basic);
	born_ext(c, NID_key_usage, b->usage);
	born_ext(c, NID_ext_key_usage, b->purposes);
	ck_assert_int_gt(
	    X509_sign(c, b->by == NULL ? b->key : b->by, b->md == NULL ? EVP_sha256() : b->md), 0);
	return c;
}

/* A CA's certificate by by (NULL: itself) for a new key, which is put into ret_key. */
static inline X509 *
born_ca(const char *common, X509 *issuer, EVP_PKEY *by, EVP_PKEY **ret_key)
{
	struct born b = { .common = common,
		.key = EVP_EC_gen("P-256"),
		.issuer = issuer,
		.by = by,
		.basic = BORN_CA,
		.usage = "critical,keyCertSign" };

	ck_assert_ptr_nonnull(b.key);
	*ret_key = b.key;
	return born_x509(&b);
}

/* c's DER, appended. */
static inline void
born_der(X509 *c, struct bytes *to)
{
	uint8_t *der = NULL;
	int n = i2d_X509(c, &der);

	ck_assert_int_gt(n, 0);
	bytes_put(to, der, (size_t)n);
	OPENSSL_free(der);
}

#endif
