/* ca/issue_check.c - see issue_check.h. */
#include "ca/issue_check.h"

#include <string.h>

#include "ca/cert.h"
#include "ca/oid.h"
#include "ca/p256.h"

bool
issue_on_record(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct standing *meant, struct octets tbs, struct fault *f)
{
	struct bytes stored = { 0 };
	struct standing s;
	struct fault why;
	bool ok;

	ok = ledger_standing(l, serial, &s, &why) && s.state == STANDING_PENDING &&
	     s.id == meant->id && memcmp(s.issuer, meant->issuer, sizeof(s.issuer)) == 0 &&
	     s.not_after_s == meant->not_after_s && ledger_certificate(l, s.id, &stored, &why) &&
	     octets_same(octets_bytes(&stored), tbs);
	bytes_free(&stored);
	return ok ||
	       fault_set(f, FAULT_INTERNAL,
		   "issue: the intent on record is not what is to be signed: nothing is signed");
}

bool
issue_holds(struct octets certificate, struct octets tbs, struct octets spki, struct fault *f)
{
	struct cert c;

	if (!cert_parse(certificate, &c, f) || !octets_same(c.tbs, tbs) ||
	    !octets_same(c.outer, oid_algorithm_ecdsa_sha256))
		return fault_set(f, FAULT_INTERNAL,
		    "issue: the certificate is not what was intended: it is thrown away");
	if (p256_verify(spki, c.tbs, c.signature) != P256_HOLDS)
		return fault_crypto(f, FAULT_INTERNAL,
		    "issue: the new signature does not hold under the issuer's key: it is thrown away");
	return true;
}
