/* base/digest.c - see digest.h. */
/* SHA256_Init() and its like are deprecated in OpenSSL 3.0 in favour of EVP, which can fail: a tree
 * of hashes would have to be able to. SHA256() is not, and is EVP inside. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/digest.h"

#include <openssl/sha.h>

_Static_assert(SHA256_DIGEST_LENGTH == DIGEST_OCTETS, "SHA-256 is 32 octets");

void
digest_of_both(struct octets a, struct octets b, uint8_t to[static DIGEST_OCTETS])
{
	SHA256_CTX c;

	(void)SHA256_Init(&c); /* these three always answer 1 */
	if (a.n > 0)
		(void)SHA256_Update(&c, a.at, a.n);
	if (b.n > 0)
		(void)SHA256_Update(&c, b.at, b.n);
	(void)SHA256_Final(to, &c);
}

void
digest_of(struct octets o, uint8_t to[static DIGEST_OCTETS])
{
	digest_of_both(o, octets_of(NULL, 0), to);
}
