/* ca/extension.c - see extension.h. */
#include "ca/extension.h"

#include "ca/oid.h"

void
extension_begin(struct der *d, struct octets oid, bool critical)
{
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_OID, oid);
	if (critical)
		der_put_true(d);
	der_begin(d, DER_OCTETS);
}

void
extension_end(struct der *d)
{
	der_end(d);
	der_end(d);
}

/* A named bit list has no trailing zero bits (X.690 section 11.2.2). */
void
extension_key_usage(struct der *d, uint8_t bits)
{
	uint8_t content[2] = { 0, bits };

	while (content[0] < 7 && (bits >> content[0] & 1) == 0)
		content[0]++;
	extension_begin(d, oid_key_usage, true);
	der_put(d, DER_BIT_STRING, octets_of(content, sizeof(content)));
	extension_end(d);
}

void
extension_purposes(struct der *d, const struct profile *p)
{
	if (p->eku[0] == NULL)
		return;
	extension_begin(d, oid_ext_key_usage, false);
	der_begin(d, DER_SEQUENCE);
	for (size_t i = 0; i < PROFILE_EKU_MAX && p->eku[i] != NULL; i++)
		der_put(d, DER_OID, *p->eku[i]);
	der_end(d);
	extension_end(d);
}
