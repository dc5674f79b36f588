/* ca/key.c - see key.h. */
#include "ca/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/digest.h"
#include "ca/key_file.h"

#define SIGNATURE_MAX 96 /* DER of two 256-bit integers is at most 72 */

struct key {
	EVP_PKEY *pkey;        /* of a key in a token the public half alone */
	EVP_PKEY_CTX *signing; /* P-256: made once, since each one made costs as much as a tenth of
				  a signature; NULL for a key in a token */
	struct hsm *hsm;       /* lent; NULL: the key is here */
	struct hsm_key *there; /* in hsm; it moves when the token's session does */
	uint8_t *spki;         /* OPENSSL_malloc */
	size_t spki_n;
	uint8_t id[TBS_KEY_ID_OCTETS];
	enum key_kind kind;
};

/* Take pkey over; there is the key's place in the token h, or both are NULL. */
static bool
adopt(EVP_PKEY *pkey, struct hsm *h, const struct hsm_key *there, struct key **ret, struct fault *f)
{
	struct key *k;
	int n;

	if ((k = calloc(1, sizeof(*k))) == NULL) {
		EVP_PKEY_free(pkey);
		return fault_set(f, FAULT_INTERNAL, "key: out of memory");
	}
	k->pkey = pkey;
	k->kind = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_ED25519 ? KEY_ED25519 : KEY_P256;
	if ((n = i2d_PUBKEY(pkey, &k->spki)) <= 0) {
		fault_crypto(f, FAULT_INTERNAL, "key: i2d_PUBKEY");
		key_free(k);
		return false;
	}
	k->spki_n = (size_t)n;
	if (h != NULL && (k->there = malloc(sizeof(*there))) == NULL) {
		key_free(k);
		return fault_set(f, FAULT_INTERNAL, "key: out of memory");
	}
	if (h != NULL) {
		k->hsm = h;
		*k->there = *there;
	} else if (k->kind == KEY_P256 && ((k->signing = EVP_PKEY_CTX_new(pkey, NULL)) == NULL ||
					      EVP_PKEY_sign_init(k->signing) != 1)) {
		fault_crypto(f, FAULT_INTERNAL, "key: EVP_PKEY_sign_init");
		key_free(k);
		return false;
	}
	if (!tbs_key_id(key_spki(k), k->id, f)) {
		key_free(k);
		return false;
	}
	*ret = k;
	return true;
}

bool
key_new(enum key_kind kind, struct key **ret, struct fault *f)
{
	EVP_PKEY *pkey;

	pkey = kind == KEY_P256 ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (pkey == NULL)
		return fault_crypto(f, FAULT_INTERNAL, "key: generation");
	return adopt(pkey, NULL, NULL, ret, f);
}

static bool
adopt_there(struct hsm *h, const struct hsm_key *there, struct key **ret, struct fault *f)
{
	const uint8_t *p = there->spki;
	EVP_PKEY *pkey =
	    d2i_PUBKEY(NULL, &p, sizeof(there->spki)); /* proves that it is on the curve */

	if (pkey == NULL)
		return fault_crypto(f, FAULT_INTERNAL, "key: the token's public key");
	return adopt(pkey, h, there, ret, f);
}

bool
key_new_in(struct hsm *h, const char *label, struct key **ret, struct fault *f)
{
	struct hsm_key there;

	return hsm_make(h, label, &there, f) && adopt_there(h, &there, ret, f);
}

bool
key_is_in_token(const struct key *k)
{
	return k->hsm != NULL;
}

bool
key_export(const struct key *k, struct secret *ret, struct fault *f)
{
	PKCS8_PRIV_KEY_INFO *p8;
	uint8_t *der = NULL;
	int n;
	bool ok = false;

	if (k->hsm != NULL)
		return fault_set(f, FAULT_DENIED, "key: it is in token %s and never leaves it",
		    hsm_token(k->hsm));
	p8 = EVP_PKEY2PKCS8(k->pkey);
	if (p8 == NULL || (n = i2d_PKCS8_PRIV_KEY_INFO(p8, &der)) <= 0) {
		fault_crypto(f, FAULT_INTERNAL, "key: PKCS #8");
		goto out;
	}
	ok = secret_copy(octets_of(der, (size_t)n), ret, f);
	OPENSSL_clear_free(der, (size_t)n);
out:
	PKCS8_PRIV_KEY_INFO_free(p8); /* wipes its copy */
	return ok;
}

bool
key_write(const struct key *k, struct seal *s, const char *path, struct fault *f)
{
	struct key_uri uri;
	struct secret der = { 0 };
	bool ok;

	if (k->hsm != NULL) {
		(void)snprintf(uri.token, sizeof(uri.token), "%s", hsm_token(k->hsm));
		memcpy(uri.id, k->id, sizeof(uri.id));
		return key_file_write_uri(path, &uri, f);
	}
	if (!key_export(k, &der, f))
		return false;
	ok = seal_write(s, path, &der, f);
	secret_free(&der);
	return ok;
}

/* The token may hold a private key that does not belong to the public one. */
static bool
proves_itself(const struct key *k, struct fault *f)
{
	static const char probe[] = "quatrain: a key is opened";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct bytes signature = { 0 };
	bool ok = key_sign(k, octets_text(probe), &signature, f);

	if (ok &&
	    (ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, k->pkey) != 1 ||
		EVP_DigestVerify(ctx, signature.at, signature.n, (const uint8_t *)probe,
		    sizeof(probe) - 1) != 1))
		ok = fault_crypto(
		    f, FAULT_CONFLICT, "key: what the token signs is not by its public key");
	bytes_free(&signature);
	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool
read_there(
    struct hsm *h, const struct key_uri *uri, const char *path, struct key **ret, struct fault *f)
{
	struct hsm_key there;
	struct key *k;

	if (h == NULL || strcmp(hsm_token(h), uri->token) != 0)
		return fault_set(f, FAULT_NOTFOUND,
		    "key: %s is in token %s: set hsm.module and hsm.token", path, uri->token);
	if (!hsm_find(h, uri->id, &there, f) || !adopt_there(h, &there, &k, f))
		return false;
	if (!proves_itself(k, f)) {
		key_free(k);
		return false;
	}
	*ret = k;
	return true;
}

bool
key_read(struct seal *s, struct hsm *h, const char *path, struct key **ret, struct fault *f)
{
	struct secret der = { 0 };
	struct key_uri uri;
	const uint8_t *p;
	EVP_PKEY *pkey;
	bool is_uri;

	if (!key_file_read_uri(path, &is_uri, &uri, f))
		return false;
	if (is_uri)
		return read_there(h, &uri, path, ret, f);
	if (!seal_read(s, path, &der, f))
		return false;
	p = der.at;
	pkey = d2i_AutoPrivateKey(NULL, &p, (long)der.n);
	secret_free(&der);
	if (pkey == NULL)
		return fault_crypto(f, FAULT_BADREQ, "key: %s: not PKCS #8", path);
	return adopt(pkey, NULL, NULL, ret, f);
}

struct octets
key_spki(const struct key *k)
{
	return octets_of(k->spki, k->spki_n);
}

const uint8_t *
key_id(const struct key *k)
{
	return k->id;
}

enum key_kind
key_kind(const struct key *k)
{
	return k->kind;
}

/* r and s as a token gives them, to DER (RFC 3279 section 2.2.3). */
static bool
to_der(const uint8_t rs[static HSM_SIGNATURE_OCTETS], uint8_t *signature, size_t *n)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(rs, HSM_SIGNATURE_OCTETS / 2, NULL);
	BIGNUM *s = BN_bin2bn(rs + HSM_SIGNATURE_OCTETS / 2, HSM_SIGNATURE_OCTETS / 2, NULL);
	int len = 0;

	if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
	} else if ((len = i2d_ECDSA_SIG(sig, NULL)) > 0 && (size_t)len <= *n) {
		len = i2d_ECDSA_SIG(sig, &signature);
	}
	ECDSA_SIG_free(sig);
	if (len <= 0 || (size_t)len > *n)
		return false;
	*n = (size_t)len;
	return true;
}

static bool
sign_there(const struct key *k, const uint8_t digest[static KEY_DIGEST_OCTETS], struct bytes *ret,
    struct fault *f)
{
	uint8_t rs[HSM_SIGNATURE_OCTETS], signature[SIGNATURE_MAX];
	size_t n = sizeof(signature);

	if (!hsm_sign(k->hsm, k->there, digest, rs, f))
		return false;
	if (!to_der(rs, signature, &n))
		return fault_crypto(f, FAULT_INTERNAL, "key: the token's signature");
	bytes_put(ret, signature, n);
	return bytes_ok(ret, f);
}

static bool
sign_ed25519(const struct key *k, struct octets o, uint8_t *signature, size_t *n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey) == 1 &&
		  EVP_DigestSign(ctx, signature, n, o.at, o.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

bool
key_sign_digest(const struct key *k, const uint8_t digest[static KEY_DIGEST_OCTETS],
    struct bytes *ret, struct fault *f)
{
	uint8_t signature[SIGNATURE_MAX];
	size_t n = sizeof(signature);

	if (k->kind != KEY_P256)
		return fault_set(f, FAULT_INTERNAL, "key: of a kind that signs no digest");
	if (k->hsm != NULL)
		return sign_there(k, digest, ret, f);
	if (EVP_PKEY_sign(k->signing, signature, &n, digest, KEY_DIGEST_OCTETS) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "key: signing");
	bytes_put(ret, signature, n);
	return bytes_ok(ret, f);
}

bool
key_sign(const struct key *k, struct octets o, struct bytes *ret, struct fault *f)
{
	uint8_t signature[SIGNATURE_MAX], digest[DIGEST_OCTETS];
	size_t n = sizeof(signature);

	if (k->kind == KEY_P256 || k->hsm != NULL) {
		digest_of(o, digest);
		return key_sign_digest(k, digest, ret, f);
	}
	if (!sign_ed25519(k, o, signature, &n))
		return fault_crypto(f, FAULT_INTERNAL, "key: signing");
	bytes_put(ret, signature, n);
	return bytes_ok(ret, f);
}

void
key_free(struct key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_CTX_free(k->signing);
	EVP_PKEY_free(k->pkey);
	free(k->there);
	OPENSSL_free(k->spki);
	free(k);
}
