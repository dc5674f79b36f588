/* base/box.c - see box.h. */
#include "base/box.h"

#include <string.h>

#include <sodium.h>

static bool
key_of(const struct secret *key, const char *use, struct secret *ret, struct fault *f)
{
	if (key->n < crypto_generichash_KEYBYTES_MIN || key->n > crypto_generichash_KEYBYTES_MAX)
		return fault_set(f, FAULT_INTERNAL, "box: a key of %zu octets", key->n);
	if (!secret_new(crypto_secretbox_KEYBYTES, ret, f))
		return false;
	(void)crypto_generichash(
	    ret->at, ret->n, (const uint8_t *)use, strlen(use), key->at, key->n);
	return true;
}

bool
box_seal(const struct secret *key, const char *use, struct octets plain, struct bytes *ret,
    struct fault *f)
{
	uint8_t nonce[crypto_secretbox_NONCEBYTES], *to;
	struct secret own;

	if (!key_of(key, use, &own, f))
		return false;
	secret_nonce(nonce, sizeof(nonce));
	bytes_put(ret, nonce, sizeof(nonce));
	to = bytes_extend(ret, plain.n + crypto_secretbox_MACBYTES);
	if (to != NULL)
		(void)crypto_secretbox_easy(to, plain.at, plain.n, nonce, own.at);
	secret_free(&own);
	return bytes_ok(ret, f);
}

bool
box_open(const struct secret *key, const char *use, struct octets box, struct bytes *ret,
    struct fault *f)
{
	static const size_t head = crypto_secretbox_NONCEBYTES;
	struct secret own;
	uint8_t *to;
	size_t n, was = ret->n;
	bool ok;

	if (box.n < head + crypto_secretbox_MACBYTES)
		return fault_set(f, FAULT_AUTH, "box: it is too short");
	n = box.n - head - crypto_secretbox_MACBYTES;
	if (!key_of(key, use, &own, f))
		return false;
	/* One octet more: of nothing there would be no place. */
	if ((to = bytes_extend(ret, n + 1)) == NULL) {
		secret_free(&own);
		return bytes_ok(ret, f);
	}
	ok = crypto_secretbox_open_easy(to, box.at + head, box.n - head, box.at, own.at) == 0;
	secret_free(&own);
	ret->n = ok ? was + n : was;
	return ok || fault_set(f, FAULT_AUTH, "box: another key, or it was altered");
}
