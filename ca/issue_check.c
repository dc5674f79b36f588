/* ca/issue_check.c - see issue_check.h. */
#include "ca/issue_check.h"

#include <string.h>

#include "base/der.h"
#include "ca/oid.h"
#include "ca/p256.h"

bool
issue_on_record(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct intent *meant, struct fault *f)
{
	const struct standing *want = &meant->standing;
	struct bytes row = { 0 };
	struct intent have;
	struct fault why;
	bool there, same;

	there = intent_get(l, serial, &row, &have, &why);
	same = there && have.standing.id == want->id &&
	       memcmp(have.standing.issuer, want->issuer, sizeof(want->issuer)) == 0 &&
	       have.standing.not_after_s == want->not_after_s && octets_same(have.tbs, meant->tbs);
	if (!same)
		fault_set(f, FAULT_INTERNAL,
		    "issue: the intent on record is not what is to be signed: nothing is signed");
	else if (memcmp(have.profile, meant->profile, sizeof(have.profile)) != 0)
		same = fault_set(f, FAULT_INTERNAL,
		    "issue: the intent was made by another edition of profile %s than is in force",
		    want->profile);
	bytes_free(&row);
	return same;
}

/* The three parts of a certificate. What is in the first was read when it was linted: the same
 * octets need no second look. */
static bool
take_apart(struct octets certificate, struct octets tbs, struct octets *signature)
{
	struct octets in = certificate, whole, content, have, algorithm, bits;

	if (!der_take(&in, DER_SEQUENCE, &whole, NULL) || in.n != 0 ||
	    !der_take(&whole, DER_SEQUENCE, &content, &have) || !octets_same(have, tbs) ||
	    !der_take(&whole, DER_SEQUENCE, &content, &algorithm) ||
	    !octets_same(algorithm, oid_algorithm_ecdsa_sha256) ||
	    !der_take(&whole, DER_BIT_STRING, &bits, NULL) || whole.n != 0 || bits.n < 2 ||
	    bits.at[0] != 0)
		return false;
	*signature = octets_of(bits.at + 1, bits.n - 1);
	return true;
}

bool
issue_holds(struct octets certificate, struct octets tbs, struct octets spki, struct fault *f)
{
	struct octets signature;

	if (!take_apart(certificate, tbs, &signature))
		return fault_set(f, FAULT_INTERNAL,
		    "issue: the certificate is not what was intended: it is thrown away");
	if (p256_verify(spki, tbs, signature) != P256_HOLDS)
		return fault_crypto(f, FAULT_INTERNAL,
		    "issue: the new signature does not hold under the issuer's key: it is thrown away");
	return true;
}
