/* relay/job_names.c - see job_names.h. */
#include "relay/job_names.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/digest.h"

#define NONCE    12
#define STEP     64
#define MARK     2 /* a document's chunks have 0 and 1 there */
#define OPEN_MAX 1024

static bool
cipher_new(const struct content_key *k, const struct document_of *of, bool seals,
    EVP_CIPHER_CTX **ret, struct fault *f)
{
	uint8_t nonce[NONCE], binds[DIGEST_OCTETS];
	EVP_CIPHER_CTX *c;
	int n;

	if (k->key.n != DOCUMENT_KEY)
		return fault_set(f, FAULT_INTERNAL, "names: no key");
	memset(nonce, 0xff, sizeof(nonce));
	memcpy(nonce, k->prefix, DOCUMENT_PREFIX);
	nonce[NONCE - 1] = MARK;
	document_binds(of, binds);
	c = EVP_CIPHER_CTX_new();
	if (c == NULL ||
	    EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, k->key.at, nonce, seals) != 1 ||
	    EVP_CipherUpdate(c, NULL, &n, binds, (int)sizeof(binds)) != 1) {
		EVP_CIPHER_CTX_free(c);
		return fault_crypto(f, FAULT_INTERNAL, "names: AES-256-GCM");
	}
	*ret = c;
	return true;
}

static void
put_all(const struct print_name *names, struct bytes *ret)
{
	bytes_put_counted_text(ret, names->job);
	bytes_put_counted_text(ret, names->document);
	bytes_put_counted_text(ret, names->user);
	while (ret->n % STEP != 0 && !ret->bad)
		bytes_put_u8(ret, 0);
}

bool
job_names_seal(const struct content_key *k, const struct document_of *of,
    const struct print_name *names, struct bytes *ret, struct fault *f)
{
	struct bytes plain = { 0 };
	EVP_CIPHER_CTX *c = NULL;
	uint8_t *to;
	bool ok;
	int n;

	put_all(names, &plain);
	to = bytes_extend(ret, plain.n + DOCUMENT_TAG);
	ok = bytes_ok(&plain, f) && bytes_ok(ret, f) && cipher_new(k, of, true, &c, f);
	if (ok &&
	    (EVP_CipherUpdate(c, to, &n, plain.at, (int)plain.n) != 1 ||
		EVP_CipherFinal_ex(c, to + plain.n, &n) != 1 ||
		EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, DOCUMENT_TAG, to + plain.n) != 1))
		ok = fault_crypto(f, FAULT_INTERNAL, "names: AES-256-GCM");
	EVP_CIPHER_CTX_free(c);
	bytes_free(&plain);
	return ok;
}

static bool
read_all(struct octets plain, struct print_name *ret)
{
	struct reader in = reader_of(plain);

	*ret = (struct print_name){ .job = "" };
	reader_counted_text(&in, ret->job, sizeof(ret->job));
	reader_counted_text(&in, ret->document, sizeof(ret->document));
	reader_counted_text(&in, ret->user, sizeof(ret->user));
	return !in.bad;
}

bool
job_names_open(const struct content_key *k, const struct document_of *of, struct octets sealed,
    struct print_name *ret, struct fault *f)
{
	uint8_t plain[OPEN_MAX], tag[DOCUMENT_TAG];
	EVP_CIPHER_CTX *c = NULL;
	struct print_name names;
	size_t n = sealed.n - DOCUMENT_TAG;
	bool ok;
	int m;

	if (sealed.n < DOCUMENT_TAG || n > sizeof(plain))
		return fault_set(f, FAULT_DENIED, "names: of no such length");
	memcpy(tag, sealed.at + n, sizeof(tag));
	if (!cipher_new(k, of, false, &c, f))
		return false;
	ok = EVP_CipherUpdate(c, plain, &m, sealed.at, (int)n) == 1 &&
	     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, DOCUMENT_TAG, tag) == 1 &&
	     EVP_CipherFinal_ex(c, plain + n, &m) == 1 && read_all(octets_of(plain, n), &names);
	EVP_CIPHER_CTX_free(c);
	secret_wipe(plain, sizeof(plain));
	if (!ok)
		return fault_set(f, FAULT_DENIED, "names: not of this document, or changed");
	*ret = names;
	return true;
}
