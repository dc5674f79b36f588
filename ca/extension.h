/*
 * ca/extension.h - X.509 extensions, written: what certificates, lists, answers and attributes
 * share.
 *
 * Source: RFC 5280 sections 4.1.2.9 and 4.2.1.
 */
#ifndef QUATRAIN_CA_EXTENSION_H
#define QUATRAIN_CA_EXTENSION_H

#include "base/der.h"
#include "ca/profile.h"

/* Open an Extension down to the content of its OCTET STRING; extension_end() closes it. */
void extension_begin(struct der *d, struct octets oid, bool critical);
void extension_end(struct der *d);

/* KeyUsage of these bits (profile_usage()), critical. */
void extension_key_usage(struct der *d, uint8_t bits);
/* ExtKeyUsage of the profile; nothing where it has none. */
void extension_purposes(struct der *d, const struct profile *p);

#endif
