/* ca/key.c - see key.h. */
#include "ca/key.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#define SIGNATURE_MAX 96 /* DER of two 256-bit integers is at most 72 */

struct key {
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *signing; /* P-256: made once, since each one made costs as much as a tenth of
				  a signature */
	uint8_t *spki;         /* OPENSSL_malloc */
	size_t spki_n;
	uint8_t id[TBS_KEY_ID_OCTETS];
	enum key_kind kind;
};

/* Take pkey over. */
static bool
adopt(EVP_PKEY *pkey, struct key **ret, struct fault *f)
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
	if (k->kind == KEY_P256 && ((k->signing = EVP_PKEY_CTX_new(pkey, NULL)) == NULL ||
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
	return adopt(pkey, ret, f);
}

bool
key_export(const struct key *k, struct secret *ret, struct fault *f)
{
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(k->pkey);
	uint8_t *der = NULL;
	int n;
	bool ok = false;

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
	struct secret der = { 0 };
	bool ok;

	if (!key_export(k, &der, f))
		return false;
	ok = seal_write(s, path, &der, f);
	secret_free(&der);
	return ok;
}

bool
key_read(struct seal *s, const char *path, struct key **ret, struct fault *f)
{
	struct secret der = { 0 };
	const uint8_t *p;
	EVP_PKEY *pkey;

	if (!seal_read(s, path, &der, f))
		return false;
	p = der.at;
	pkey = d2i_AutoPrivateKey(NULL, &p, (long)der.n);
	secret_free(&der);
	if (pkey == NULL)
		return fault_crypto(f, FAULT_BADREQ, "key: %s: not PKCS #8", path);
	return adopt(pkey, ret, f);
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

static bool
sign_p256(const struct key *k, struct octets o, uint8_t *signature, size_t *n)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned digest_n;

	return EVP_Digest(o.at, o.n, digest, &digest_n, EVP_sha256(), NULL) == 1 &&
	       EVP_PKEY_sign(k->signing, signature, n, digest, digest_n) == 1;
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
key_sign(const struct key *k, struct octets o, struct bytes *ret, struct fault *f)
{
	uint8_t signature[SIGNATURE_MAX];
	size_t n = sizeof(signature);

	if (!(k->kind == KEY_P256 ? sign_p256 : sign_ed25519)(k, o, signature, &n))
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
	OPENSSL_free(k->spki);
	free(k);
}
