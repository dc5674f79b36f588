/* daemon/verifier.c - see verifier.h. */
#include "daemon/verifier.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "ca/wire.h"

_Static_assert(HARDEN_SALT == RELEASE_SALT && HARDEN_OCTETS == RELEASE_HARD, "of one size");

static bool
hmac(struct octets key, struct octets text, uint8_t ret[static VERIFIER_KEYED], struct fault *f)
{
	unsigned n = VERIFIER_KEYED;

	return HMAC(EVP_sha256(), key.at, (int)key.n, text.at, text.n, ret, &n) != NULL ||
	       fault_crypto(f, FAULT_INTERNAL, "verifier: HMAC");
}

bool
verifier_key(const struct secret *token_key, const char *tenant, struct octets secret,
    uint8_t ret[static VERIFIER_KEYED], struct fault *f)
{
	struct secret of = { 0 };
	struct bytes name = { 0 };
	bool ok;

	bytes_put_text(&name, "quatrain verifier ");
	bytes_put_text(&name, tenant);
	ok = bytes_ok(&name, f) && secret_new(VERIFIER_KEYED, &of, f) &&
	     hmac(secret_octets(token_key), octets_bytes(&name), of.at, f) &&
	     hmac(secret_octets(&of), secret, ret, f);
	secret_free(&of);
	bytes_free(&name);
	return ok;
}

bool
verifier_ask(struct exchange *x, const char *tenant, struct octets secret, struct fault *f)
{
	bytes_clear(&x->ask.body);
	bytes_put_counted_text(&x->ask.body, tenant);
	bytes_put_counted(&x->ask.body, secret);
	x->ask.verb = WIRE_VERIFIER;
	return bytes_ok(&x->ask.body, f);
}

bool
verifier_answer(struct octets answer, struct octets *ret, struct fault *f)
{
	if (answer.n != VERIFIER_KEYED)
		return fault_set(f, FAULT_INTERNAL, "verifier: the signer's answer is none");
	*ret = answer;
	return true;
}

static void
work(void *with)
{
	struct release_work *w = with;
	struct fault f;

	w->ok = harden(octets_bytes(&w->keyed), w->salt, w->ret, &f);
}

static void
done(void *with)
{
	struct release_work *w = with;

	w->done(w);
}

bool
verifier_harden(struct pool *p, struct release_work *w, struct fault *f)
{
	return pool_put(p, work, done, w, f);
}
