/* relay/envelope.c - see envelope.h. */
#include "relay/envelope.h"

#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "base/digest.h"

#define VERSION 1
#define BINDS   32
#define CONTENT (1 + DOCUMENT_KEY + DOCUMENT_PREFIX + BINDS)

/* The recipient's certificate, with a key that ECDH on P-256 takes. */
static bool
read_recipient(struct octets der, X509 **ret, struct fault *f)
{
	const uint8_t *p = der.at;
	X509 *x = der.n == 0 ? NULL : d2i_X509(NULL, &p, (long)der.n);
	EVP_PKEY *key = x == NULL ? NULL : X509_get0_pubkey(x);
	char group[32];
	size_t n;

	if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    EVP_PKEY_get_group_name(key, group, sizeof(group), &n) != 1 ||
	    strcmp(group, SN_X9_62_prime256v1) != 0) {
		X509_free(x);
		return fault_crypto(
		    f, FAULT_BADREQ, "envelope: expected a recipient with a P-256 key");
	}
	*ret = x;
	return true;
}

/*
 * Of few recipients many envelopes are made, and reading one's certificate takes a third of the
 * time that its envelope does. These are known by their octets, so that another is never taken for
 * one.
 */
#define KEPT 8

static bool
find_recipient(struct octets der, X509 **ret, struct fault *f)
{
	static _Thread_local struct {
		uint8_t digest[DIGEST_OCTETS];
		X509 *x;
	} kept[KEPT];
	uint8_t digest[DIGEST_OCTETS];
	size_t at;

	digest_of(der, digest);
	at = digest[0] % KEPT;
	if (kept[at].x == NULL || memcmp(kept[at].digest, digest, sizeof(digest)) != 0) {
		X509 *x;

		if (!read_recipient(der, &x, f))
			return false;
		X509_free(kept[at].x);
		kept[at].x = x;
		memcpy(kept[at].digest, digest, sizeof(digest));
	}
	*ret = X509_up_ref(kept[at].x) == 1 ? kept[at].x : NULL;
	return *ret != NULL || fault_crypto(f, FAULT_INTERNAL, "envelope: X509_up_ref");
}

static void
put_content(const struct content_key *k, const struct document_of *of, uint8_t to[static CONTENT])
{
	to[0] = VERSION;
	memcpy(to + 1, k->key.at, DOCUMENT_KEY);
	memcpy(to + 1 + DOCUMENT_KEY, k->prefix, DOCUMENT_PREFIX);
	document_binds(of, to + CONTENT - BINDS);
}

/* SHA-1 in the key derivation is libcrypto's default, and is not ours. */
static bool
add_recipient(CMS_ContentInfo *cms, X509 *recipient)
{
	CMS_RecipientInfo *ri =
	    CMS_add1_recipient(cms, recipient, NULL, NULL, CMS_USE_KEYID | CMS_KEY_PARAM);
	EVP_PKEY_CTX *ctx = ri == NULL ? NULL : CMS_RecipientInfo_get0_pkey_ctx(ri);

	return ctx != NULL && EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) == 1;
}

static bool
put_cms(CMS_ContentInfo *cms, struct bytes *ret, struct fault *f)
{
	uint8_t *der = NULL;
	int n = i2d_CMS_ContentInfo(cms, &der);

	if (n <= 0)
		return fault_crypto(f, FAULT_INTERNAL, "envelope: i2d_CMS_ContentInfo");
	if (n <= ENVELOPE_MAX)
		bytes_put(ret, der, (size_t)n);
	OPENSSL_free(der);
	return n <= ENVELOPE_MAX ? bytes_ok(ret, f)
				 : fault_set(f, FAULT_INTERNAL, "envelope: %d octets", n);
}

bool
envelope_wrap(const struct content_key *k, const struct document_of *of, struct octets recipient,
    struct bytes *ret, struct fault *f)
{
	uint8_t content[CONTENT];
	CMS_ContentInfo *cms = NULL;
	BIO *in = NULL;
	X509 *x;
	bool ok = false;

	if (k->key.n != DOCUMENT_KEY)
		return fault_set(f, FAULT_INTERNAL, "envelope: no key");
	if (!find_recipient(recipient, &x, f))
		return false;
	put_content(k, of, content);
	if ((in = BIO_new_mem_buf(content, sizeof(content))) == NULL ||
	    (cms = CMS_AuthEnvelopedData_create(EVP_aes_256_gcm())) == NULL ||
	    CMS_set_detached(cms, 0) != 1 || !add_recipient(cms, x) ||
	    CMS_final(cms, in, NULL, CMS_BINARY) != 1)
		fault_crypto(f, FAULT_INTERNAL, "envelope: CMS");
	else
		ok = put_cms(cms, ret, f);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	X509_free(x);
	secret_wipe(content, sizeof(content));
	return ok;
}

/* --- opened -------------------------------------------------------------------------------------
 */

/* One AuthEnvelopedData with one recipient, by key agreement, and nothing behind it. */
static CMS_ContentInfo *
read_cms(struct octets o)
{
	const uint8_t *p = o.at;
	CMS_ContentInfo *cms =
	    o.n == 0 || o.n > ENVELOPE_MAX ? NULL : d2i_CMS_ContentInfo(NULL, &p, (long)o.n);
	STACK_OF(CMS_RecipientInfo) * all;

	if (cms != NULL && p == o.at + o.n &&
	    OBJ_obj2nid(CMS_get0_type(cms)) == NID_id_smime_ct_authEnvelopedData &&
	    (all = CMS_get0_RecipientInfos(cms)) != NULL && sk_CMS_RecipientInfo_num(all) == 1 &&
	    CMS_RecipientInfo_type(sk_CMS_RecipientInfo_value(all, 0)) == CMS_RECIPINFO_AGREE)
		return cms;
	CMS_ContentInfo_free(cms);
	return NULL;
}

static bool
take_content(BIO *out, const struct document_of *of, struct content_key *ret, struct fault *f)
{
	uint8_t *at = NULL, binds[BINDS];
	long n = BIO_get_mem_data(out, &at);
	bool ok;

	document_binds(of, binds);
	if (n != CONTENT || at[0] != VERSION || memcmp(at + CONTENT - BINDS, binds, BINDS) != 0)
		return fault_set(f, FAULT_DENIED, "envelope: it is another document's");
	ok = secret_copy(octets_of(at + 1, DOCUMENT_KEY), &ret->key, f);
	if (ok)
		memcpy(ret->prefix, at + 1 + DOCUMENT_KEY, DOCUMENT_PREFIX);
	return ok;
}

static void
wipe_free(BIO *out)
{
	uint8_t *at = NULL;
	long n = out == NULL ? 0 : BIO_get_mem_data(out, &at);

	if (n > 0)
		secret_wipe(at, (size_t)n);
	BIO_free(out);
}

bool
envelope_unwrap(struct octets envelope, const struct document_of *of, struct octets recipient,
    EVP_PKEY *key, struct content_key *ret, struct fault *f)
{
	CMS_ContentInfo *cms = read_cms(envelope);
	BIO *out = NULL;
	X509 *x = NULL;
	bool ok = false;

	if (cms == NULL)
		return fault_crypto(f, FAULT_BADREQ, "envelope: RFC 5083: no envelope of ours");
	if (!read_recipient(recipient, &x, f))
		goto out;
	if ((out = BIO_new(BIO_s_mem())) == NULL) {
		fault_set(f, FAULT_INTERNAL, "envelope: out of memory");
		goto out;
	}
	if (CMS_decrypt(cms, key, x, NULL, out, CMS_BINARY) != 1)
		fault_crypto(f, FAULT_DENIED, "envelope: it does not open with this key");
	else
		ok = take_content(out, of, ret, f);
out:
	wipe_free(out);
	X509_free(x);
	CMS_ContentInfo_free(cms);
	return ok;
}
