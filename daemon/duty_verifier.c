/*
 * daemon/duty_verifier.c - a PIN or a badge under a key that only the signer has; see signer.h.
 *
 * BLAKE2b, keyed with what tokens are hashed by, and told apart from them by its first octets: so
 * that whoever takes the relay's disk has nothing to try PINs on. What is hard to compute is the
 * relay's part (daemon/harden.h).
 */
#include <string.h>

#include <sodium.h>

#include "daemon/signer.h"

#define SECRET_MAX 255
#define HASH       32

bool
duty_verifier(struct signer *s, struct errand *j, struct fault *f)
{
	static const char word[] = "quatrain verifier 1";
	struct reader r = reader_of(j->body);
	char tenant[TEXT_LABEL_MAX];
	crypto_generichash_state h;
	struct octets secret;
	struct tenant known;
	uint8_t hash[HASH];

	reader_counted_text(&r, tenant, sizeof(tenant));
	secret = reader_counted(&r);
	if (!reader_done(&r) || secret.n == 0 || secret.n > SECRET_MAX)
		return fault_set(f, FAULT_BADREQ, "verifier: expected a tenant and a secret");
	if (!realm_tenant(s->realm, tenant, &known, f))
		return false;
	memcpy(j->tenant, tenant, sizeof(j->tenant));
	(void)crypto_generichash_init(&h, s->token_key.at, s->token_key.n, sizeof(hash));
	(void)crypto_generichash_update(&h, (const uint8_t *)word, sizeof(word));
	(void)crypto_generichash_update(&h, (const uint8_t *)tenant, strlen(tenant) + 1);
	(void)crypto_generichash_update(&h, secret.at, secret.n);
	(void)crypto_generichash_final(&h, hash, sizeof(hash));
	bytes_put(&j->answer, hash, sizeof(hash));
	secret_wipe(hash, sizeof(hash));
	secret_wipe(&h, sizeof(h));
	return bytes_ok(&j->answer, f);
}
