/* enroll/cms.c - see cms.h. */
#include "enroll/cms.h"

#include "base/der.h"
#include "ca/oid.h"

bool
cms_certs_only(const struct octets *certificates, size_t n, struct bytes *ret, struct fault *f)
{
	const struct octets none = { NULL, 0 };
	struct der d = { .out = ret };

	der_begin(&d, DER_SEQUENCE);
	der_put(&d, DER_OID, oid_signed_data);
	der_begin(&d, DER_EXPLICIT(0));
	der_begin(&d, DER_SEQUENCE);
	der_put_small(&d, DER_INTEGER, 1);
	der_put(&d, DER_SET, none); /* digestAlgorithms */
	der_begin(&d, DER_SEQUENCE);
	der_put(&d, DER_OID, oid_data);
	der_end(&d);
	der_begin(&d, DER_EXPLICIT(0)); /* certificates, [0] IMPLICIT SET */
	for (size_t i = 0; i < n; i++)
		bytes_put_octets(ret, certificates[i]);
	der_end(&d);
	der_put(&d, DER_SET, none); /* signerInfos */
	der_end(&d);
	der_end(&d);
	der_end(&d);
	return bytes_ok(ret, f);
}
