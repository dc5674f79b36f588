/* base/harden.c - see harden.h. */
#include "base/harden.h"

#include <sodium.h>

_Static_assert(HARDEN_SALT == crypto_pwhash_SALTBYTES, "a salt of Argon2id");

bool
harden(struct octets secret, const uint8_t salt[static HARDEN_SALT],
    uint8_t ret[static HARDEN_OCTETS], struct fault *f)
{
	if (crypto_pwhash(ret, HARDEN_OCTETS, (const char *)secret.at, secret.n, salt,
		HARDEN_PASSES, HARDEN_MEMORY, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return fault_set(f, FAULT_INTERNAL, "harden: no memory for Argon2id");
	return true;
}
