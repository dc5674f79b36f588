/* ca/spki.c - see spki.h. */
#include "ca/spki.h"

#include "base/der.h"
#include "ca/oid.h"

/* Behind the outer header: an AlgorithmIdentifier, whole. */
static bool
algorithm_is(struct octets spki, struct octets algorithm)
{
	struct octets in = spki, info, content, whole;

	return der_take(&in, DER_SEQUENCE, &info, NULL) && in.n == 0 &&
	       der_take(&info, DER_SEQUENCE, &content, &whole) && octets_same(whole, algorithm);
}

enum spki_kind
spki_kind(struct octets spki)
{
	if (spki.n == SPKI_P256_OCTETS &&
	    octets_same(octets_of(spki.at, oid_spki_p256_prefix.n), oid_spki_p256_prefix))
		return SPKI_P256;
	if (algorithm_is(spki, oid_algorithm_rsa))
		return SPKI_RSA;
	if (algorithm_is(spki, oid_algorithm_ed25519))
		return SPKI_ED25519;
	return SPKI_OTHER;
}

const char *
spki_word(enum spki_kind kind)
{
	static const char *const words[] = { "other", "P-256", "RSA", "Ed25519" };

	return words[kind];
}

bool
spki_rsa(struct octets spki, struct octets *modulus, struct octets *exponent)
{
	struct octets in = spki, info, algorithm, bits, numbers, list;
	struct fault f;

	if (!algorithm_is(spki, oid_algorithm_rsa) || !der_take(&in, DER_SEQUENCE, &info, NULL) ||
	    !der_take(&info, DER_SEQUENCE, &algorithm, NULL) ||
	    !der_take(&info, DER_BIT_STRING, &bits, NULL) || info.n != 0 || bits.n < 2 ||
	    bits.at[0] != 0)
		return false;
	numbers = octets_of(bits.at + 1, bits.n - 1);
	return der_check(numbers, &f) && der_take(&numbers, DER_SEQUENCE, &list, NULL) &&
	       der_take(&list, DER_INTEGER, modulus, NULL) &&
	       der_take(&list, DER_INTEGER, exponent, NULL) && list.n == 0;
}

unsigned
spki_rsa_bits(struct octets spki)
{
	struct octets modulus, exponent;
	unsigned bits;

	/* DER: one zero octet in front where the next begins with a one. */
	if (!spki_rsa(spki, &modulus, &exponent) || modulus.n < 2 || (modulus.at[0] & 0x80) != 0)
		return 0;
	if (modulus.at[0] == 0) {
		modulus.at++;
		modulus.n--;
	}
	bits = (unsigned)modulus.n * 8;
	for (uint8_t top = modulus.at[0]; top != 0 && (top & 0x80) == 0; top = (uint8_t)(top << 1))
		bits--;
	return bits;
}
