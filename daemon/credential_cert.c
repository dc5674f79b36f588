/* daemon/credential_cert.c - certificates and requests; see credential.h. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "daemon/credential.h"

void
credential_certs_free(STACK_OF(X509) * certs)
{
	sk_X509_pop_free(certs, X509_free);
}

/* Read to the end of bio. The end shows as "no start line" in the error queue, which is no error.
 */
static bool
read_certs(BIO *bio, STACK_OF(X509) * certs, struct fault *f)
{
	X509 *c;

	while ((c = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_num(certs) == CREDENTIAL_CERTS_MAX || sk_X509_push(certs, c) <= 0) {
			X509_free(c);
			return fault_set(f, FAULT_LIMIT, "credential: over %d certificates",
			    CREDENTIAL_CERTS_MAX);
		}
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return fault_crypto(f, FAULT_BADREQ, "credential: certificate");
	ERR_clear_error();
	if (sk_X509_num(certs) == 0)
		return fault_set(
		    f, FAULT_BADREQ, "credential: expected a PEM certificate, found none");
	return true;
}

bool
credential_certs_parse(struct octets pem, STACK_OF(X509) * *ret, struct fault *f)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	BIO *bio = NULL;
	bool ok = false;

	if (pem.n > CREDENTIAL_FILE_MAX)
		fault_set(f, FAULT_LIMIT, "credential: over %d octets", CREDENTIAL_FILE_MAX);
	else if (pem.n == 0)
		fault_set(f, FAULT_BADREQ, "credential: expected a PEM certificate, found nothing");
	else if (certs == NULL || (bio = BIO_new_mem_buf(pem.at, (int)pem.n)) == NULL)
		fault_crypto(f, FAULT_INTERNAL, "credential: certificate");
	else
		ok = read_certs(bio, certs, f);
	BIO_free(bio);
	if (ok)
		*ret = certs;
	else
		credential_certs_free(certs);
	return ok;
}

bool
credential_certs_read(const char *path, STACK_OF(X509) * *ret, struct fault *f)
{
	struct bytes pem = { 0 };
	struct fault why;
	bool ok;

	if (!credential_read(path, &pem, f))
		return false;
	if (!(ok = credential_certs_parse(octets_bytes(&pem), ret, &why)))
		fault_set(f, why.code, "%s: %.150s", path, why.text);
	bytes_free(&pem);
	return ok;
}

bool
credential_cert_put(struct bytes *b, X509 *c, struct fault *f)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *pem;
	long n;
	bool ok =
	    bio != NULL && PEM_write_bio_X509(bio, c) == 1 && (n = BIO_get_mem_data(bio, &pem)) > 0;

	if (ok)
		bytes_put(b, pem, (size_t)n);
	BIO_free(bio);
	return ok ? bytes_ok(b, f) : fault_crypto(f, FAULT_INTERNAL, "credential: PEM");
}

static bool
put_name(X509_REQ *req, const struct credential_says *says)
{
	X509_NAME *name;
	bool ok;

	if (says->like != NULL)
		return X509_REQ_set_subject_name(req, X509_get_subject_name(says->like)) == 1;
	if (says->subject != NULL)
		return X509_REQ_set_subject_name(req, says->subject) == 1;
	name = X509_NAME_new();
	ok = name != NULL &&
	     X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
		 (const unsigned char *)says->cn, -1, -1, 0) == 1 &&
	     X509_REQ_set_subject_name(req, name) == 1;
	X509_NAME_free(name);
	return ok;
}

/* The extension as it stands, criticality and all. A certificate without one is asked for without
 * one. */
static bool
put_alt_names(X509_REQ *req, const X509 *like)
{
	int at = X509_get_ext_by_NID(like, NID_subject_alt_name, -1);
	STACK_OF(X509_EXTENSION) * list;
	X509_EXTENSION *copy;
	bool ok;

	if (at < 0)
		return true;
	list = sk_X509_EXTENSION_new_null();
	copy = X509_EXTENSION_dup(X509_get_ext(like, at));
	ok = list != NULL && copy != NULL && sk_X509_EXTENSION_push(list, copy) > 0;
	if (!ok)
		X509_EXTENSION_free(copy);
	ok = ok && X509_REQ_add_extensions(req, list) == 1;
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return ok;
}

static bool
put_says(X509_REQ *req, const struct credential_says *says)
{
	if (!put_name(req, says))
		return false;
	if (says->like != NULL && !put_alt_names(req, says->like))
		return false;
	if (says->like == NULL && says->extensions != NULL &&
	    X509_REQ_add_extensions(req, says->extensions) != 1)
		return false;
	return says->challenge == NULL ||
	       X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword, MBSTRING_ASC,
		   (const unsigned char *)says->challenge, -1) == 1;
}

bool
credential_request(
    EVP_PKEY *key, const struct credential_says *says, struct bytes *ret, struct fault *f)
{
	X509_REQ *req = X509_REQ_new();
	uint8_t *der = NULL;
	bool ok = false;
	int n;

	if (req == NULL || X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 ||
	    X509_REQ_set_pubkey(req, key) != 1 || !put_says(req, says))
		fault_crypto(f, FAULT_INTERNAL, "credential: request");
	else if (X509_REQ_sign(req, key, EVP_sha256()) <= 0)
		fault_crypto(f, FAULT_BADREQ, "credential: this kind of key signs no request");
	else if ((n = i2d_X509_REQ(req, &der)) <= 0)
		fault_crypto(f, FAULT_INTERNAL, "credential: request");
	else {
		bytes_put(ret, der, (size_t)n);
		ok = bytes_ok(ret, f);
	}
	OPENSSL_free(der);
	X509_REQ_free(req);
	return ok;
}
