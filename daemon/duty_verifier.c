/*
 * daemon/duty_verifier.c - a PIN or a badge under a key that only the signer has; see signer.h.
 *
 * HMAC-SHA-256, keyed with what tokens are hashed by, and told apart from them by its first octets:
 * so that whoever takes the relay's disk has nothing to try PINs on. What is hard to compute is the
 * relay's part (daemon/harden.h).
 */
#include <string.h>

#include <openssl/hmac.h>

#include "daemon/signer.h"

#define SECRET_MAX 255
#define HASH       32

bool
duty_verifier(struct signer *s, struct errand *j, struct fault *f)
{
	static const char word[] = "quatrain verifier 1";
	struct reader r = reader_of(j->body);
	char tenant[TEXT_LABEL_MAX];
	struct bytes text = { 0 };
	struct octets secret;
	struct tenant known;
	uint8_t hash[HASH];
	unsigned n = 0;
	bool ok;

	reader_counted_text(&r, tenant, sizeof(tenant));
	secret = reader_counted(&r);
	if (!reader_done(&r) || secret.n == 0 || secret.n > SECRET_MAX)
		return fault_set(f, FAULT_BADREQ, "verifier: expected a tenant and a secret");
	if (!realm_tenant(s->realm, tenant, &known, f))
		return false;
	memcpy(j->tenant, tenant, sizeof(j->tenant));
	bytes_put(&text, word, sizeof(word));
	bytes_put(&text, tenant, strlen(tenant) + 1);
	bytes_put_octets(&text, secret);
	ok = bytes_ok(&text, f) && (HMAC(EVP_sha256(), s->token_key.at, (int)s->token_key.n,
					text.at, text.n, hash, &n) != NULL ||
				       fault_crypto(f, FAULT_INTERNAL, "verifier: HMAC"));
	bytes_free(&text); /* which wipes */
	if (!ok)
		return false;
	bytes_put(&j->answer, hash, sizeof(hash));
	secret_wipe(hash, sizeof(hash));
	return bytes_ok(&j->answer, f);
}
