/* ca/idevid.c - see idevid.h. */
#include "ca/idevid.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ca/cert.h"

#define STRENGTH 2 /* libcrypto's level: 112 bits, which is RSA 2048 and SHA-2 */

bool
idevid_is_serial(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return n > 0 && n <= IDEVID_SERIAL_MAX && text[0] != ' ' && text[n - 1] != ' ';
}

static X509 *
read_one(struct octets der)
{
	const uint8_t *p = der.at;
	X509 *x = der.n > CERT_MAX_OCTETS ? NULL : d2i_X509(NULL, &p, (long)der.n);

	if (x != NULL && p == der.at + der.n)
		return x;
	X509_free(x);
	return NULL;
}

/* DERs one behind the other; *ret to sk_X509_pop_free(). */
static bool
read_above(struct octets above, STACK_OF(X509) * *ret, struct fault *f)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	const uint8_t *p = above.at, *end = above.n == 0 ? p : above.at + above.n;

	while (all != NULL && p < end && sk_X509_num(all) <= IDEVID_ABOVE_MAX) {
		X509 *x = d2i_X509(NULL, &p, (long)(end - p));

		if (x == NULL || sk_X509_push(all, x) <= 0) {
			X509_free(x);
			break;
		}
	}
	if (all != NULL && p == end && sk_X509_num(all) <= IDEVID_ABOVE_MAX) {
		*ret = all;
		return true;
	}
	sk_X509_pop_free(all, X509_free);
	ERR_clear_error();
	return fault_set(f, FAULT_BADREQ,
	    "idevid: expected at most %d certificates beside the device's", IDEVID_ABOVE_MAX);
}

static bool
push_roots(const struct octets *roots, size_t n, STACK_OF(X509) * to, struct fault *f)
{
	for (size_t i = 0; i < n; i++) {
		X509 *x = read_one(roots[i]);

		if (x == NULL || sk_X509_push(to, x) <= 0) {
			X509_free(x);
			return fault_crypto(f, FAULT_INTERNAL, "idevid: a root that is none");
		}
	}
	return true;
}

/* IEEE 802.1AR section 8.6: the subject names the device by one serialNumber. */
static bool
take_serial(X509 *leaf, char to[static IDEVID_SERIAL_MAX + 1], struct fault *f)
{
	const X509_NAME *subject = X509_get_subject_name(leaf);
	int at = X509_NAME_get_index_by_NID(subject, NID_serialNumber, -1);
	const ASN1_STRING *value;
	int n;

	if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_serialNumber, at) >= 0)
		return fault_set(f, FAULT_BADREQ,
		    "idevid: IEEE 802.1AR section 8.6: expected one serialNumber in the subject");
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	n = ASN1_STRING_length(value);
	if ((ASN1_STRING_type(value) == V_ASN1_PRINTABLESTRING ||
		ASN1_STRING_type(value) == V_ASN1_UTF8STRING) &&
	    n > 0 && n <= IDEVID_SERIAL_MAX &&
	    memchr(ASN1_STRING_get0_data(value), '\0', (size_t)n) == NULL) {
		memcpy(to, ASN1_STRING_get0_data(value), (size_t)n);
		to[n] = '\0';
		if (idevid_is_serial(to))
			return true;
	}
	return fault_set(f, FAULT_BADREQ,
	    "idevid: X.520 section 6.2.9: expected a serialNumber of 1 to %d printable ASCII characters",
	    IDEVID_SERIAL_MAX);
}

static bool
digest_key(X509 *x, uint8_t to[static IDEVID_DIGEST_OCTETS], struct fault *f)
{
	uint8_t *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	bool ok = n > 0 && EVP_Digest(der, (size_t)n, to, NULL, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	return ok || fault_crypto(f, FAULT_INTERNAL, "idevid: EVP_Digest");
}

static bool
digest_name(const X509_NAME *name, uint8_t to[static IDEVID_DIGEST_OCTETS], struct fault *f)
{
	return X509_NAME_digest(name, EVP_sha256(), to, NULL) == 1 ||
	       fault_crypto(f, FAULT_INTERNAL, "idevid: EVP_Digest");
}

/* A device's own certificate, and no CA's: libcrypto lets one pass as a client. */
static bool
check_leaf(X509 *leaf, struct fault *f)
{
	return (X509_get_extension_flags(leaf) & (EXFLAG_CA | EXFLAG_INVALID)) == 0 ||
	       fault_set(f, FAULT_BADREQ, "idevid: RFC 5280 section 4.2.1.9: a CA's certificate");
}

/* By this one root. *ret_unknown: it is not of the path's issuer at all. */
static bool
verify(X509 *leaf, STACK_OF(X509) * above, STACK_OF(X509) * root, int64_t now_s, bool *ret_unknown,
    struct fault *f)
{
	X509_STORE_CTX *st = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *how;
	bool ok = false;
	int why;

	*ret_unknown = false;
	if (st == NULL || X509_STORE_CTX_init(st, NULL, leaf, above) != 1) {
		fault_crypto(f, FAULT_INTERNAL, "idevid: X509_STORE_CTX_init");
		goto out;
	}
	X509_STORE_CTX_set0_trusted_stack(st, root);
	how = X509_STORE_CTX_get0_param(st);
	X509_VERIFY_PARAM_set_time(how, (time_t)now_s);
	X509_VERIFY_PARAM_set_depth(how, IDEVID_ABOVE_MAX);
	X509_VERIFY_PARAM_set_auth_level(how, STRENGTH);
	if (X509_VERIFY_PARAM_set_purpose(how, X509_PURPOSE_SSL_CLIENT) != 1 ||
	    X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN) != 1) {
		fault_crypto(f, FAULT_INTERNAL, "idevid: X509_VERIFY_PARAM");
		goto out;
	}
	ok = X509_verify_cert(st) == 1;
	why = X509_STORE_CTX_get_error(st);
	*ret_unknown = why == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
		       why == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
		       why == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
		       why == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
		       why == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
	if (!ok)
		fault_set(f, FAULT_AUTH, "idevid: no path to a manufacturer's root: %s",
		    X509_verify_cert_error_string(why));
out:
	X509_STORE_CTX_free(st);
	ERR_clear_error();
	return ok;
}

/*
 * Each root by itself: libcrypto takes the first of a Name for the issuer and tries
 * no other, so a root that somebody else gave the same Name would shut a device out.
 * One that did not sign costs one signature. f tells of a root that comes near.
 */
static bool
verify_by_any(X509 *leaf, STACK_OF(X509) * above, STACK_OF(X509) * roots, int64_t now_s,
    size_t *ret, struct fault *f)
{
	bool ok = false, told = false;

	fault_set(f, FAULT_AUTH, "idevid: no path to a manufacturer's root");
	for (int i = 0; !ok && i < sk_X509_num(roots); i++) {
		STACK_OF(X509) *one = sk_X509_new_null();
		bool unknown = false;
		struct fault why;

		if (one == NULL || sk_X509_push(one, sk_X509_value(roots, i)) <= 0) {
			sk_X509_free(one);
			return fault_crypto(f, FAULT_INTERNAL, "idevid: sk_X509_push");
		}
		ok = verify(leaf, above, one, now_s, &unknown, &why);
		if (ok)
			*ret = (size_t)i;
		else if (!told)
			*f = why, told = !unknown;
		sk_X509_free(one);
	}
	return ok;
}

bool
idevid_verify(struct octets leaf, struct octets above, const struct octets *roots, size_t n,
    int64_t now_s, struct idevid *ret, struct fault *f)
{
	STACK_OF(X509) *others = NULL, *anchors = sk_X509_new_null();
	struct idevid found = { .root = 0 };
	X509 *own = read_one(leaf);
	bool ok = false;

	if (own == NULL || anchors == NULL || n > IDEVID_ROOTS_MAX) {
		fault_set(f, FAULT_BADREQ, "idevid: no certificate");
		ERR_clear_error();
		goto out;
	}
	ok = read_above(above, &others, f) && push_roots(roots, n, anchors, f) &&
	     check_leaf(own, f) && take_serial(own, found.serial, f) &&
	     digest_key(own, found.key, f) &&
	     verify_by_any(own, others, anchors, now_s, &found.root, f);
	if (ok)
		*ret = found;
out:
	X509_free(own);
	sk_X509_pop_free(others, X509_free);
	sk_X509_pop_free(anchors, X509_free);
	return ok;
}

static bool
strong_key(X509 *x)
{
	EVP_PKEY *key = X509_get0_pubkey(x);

	return key != NULL && EVP_PKEY_get_security_bits(key) >= 112;
}

bool
idevid_root(struct octets der, uint8_t ret_name[static IDEVID_DIGEST_OCTETS],
    uint8_t ret_digest[static IDEVID_DIGEST_OCTETS], struct fault *f)
{
	X509 *x = read_one(der);
	bool ok = false;

	if (x == NULL)
		fault_set(f, FAULT_BADREQ, "maker: expected one certificate, at most %d octets",
		    CERT_MAX_OCTETS);
	else if (X509_check_ca(x) != 1 || (X509_get_key_usage(x) & KU_KEY_CERT_SIGN) == 0)
		fault_set(f, FAULT_BADREQ,
		    "maker: RFC 5280 section 4.2.1.9: expected a CA's certificate");
	else if (!strong_key(x))
		fault_set(
		    f, FAULT_BADREQ, "maker: expected a key of RSA 2048 bits, P-256 or stronger");
	else
		ok = digest_name(X509_get_subject_name(x), ret_name, f) &&
		     (EVP_Digest(der.at, der.n, ret_digest, NULL, EVP_sha256(), NULL) == 1 ||
			 fault_crypto(f, FAULT_INTERNAL, "maker: EVP_Digest"));
	X509_free(x);
	ERR_clear_error();
	return ok;
}

bool
idevid_issuers(struct octets leaf, struct octets above,
    uint8_t ret[static IDEVID_ABOVE_MAX + 1][IDEVID_DIGEST_OCTETS], size_t *ret_n, struct fault *f)
{
	STACK_OF(X509) *others = NULL;
	X509 *own = read_one(leaf);
	size_t n = 0;
	bool ok = false;

	if (own == NULL)
		fault_set(f, FAULT_BADREQ, "idevid: no certificate");
	else if (read_above(above, &others, f))
		ok = digest_name(X509_get_issuer_name(own), ret[n++], f);
	for (int i = 0; ok && i < sk_X509_num(others); i++)
		ok = digest_name(X509_get_issuer_name(sk_X509_value(others, i)), ret[n++], f);
	if (ok)
		*ret_n = n;
	X509_free(own);
	sk_X509_pop_free(others, X509_free);
	ERR_clear_error();
	return ok;
}
