/* enroll/csrattrs.c - see csrattrs.h. */
#include "enroll/csrattrs.h"

#include "base/der.h"
#include "ca/oid.h"

bool
csrattrs_encode(struct bytes *ret, struct fault *f)
{
	struct der d = { .out = ret };

	der_begin(&d, DER_SEQUENCE);
	der_begin(&d, DER_SEQUENCE);
	der_put(&d, DER_OID, oid_ec_public_key);
	der_begin(&d, DER_SET);
	der_put(&d, DER_OID, oid_prime256v1);
	der_end(&d);
	der_end(&d);
	der_put(&d, DER_OID, oid_ecdsa_sha256);
	der_end(&d);
	return bytes_ok(ret, f);
}
