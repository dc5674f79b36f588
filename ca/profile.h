/*
 * ca/profile.h - the kinds of certificate there are, and what each may say.
 *
 * A table of values that cannot be invalid. The digest of a profile stands in
 * every intent, so that a certificate made under another edition is noticed.
 * Sources: RFC 5280 section 4.2.1, RFC 6960 section 4.2.2.2.
 */
#ifndef QUATRAIN_CA_PROFILE_H
#define QUATRAIN_CA_PROFILE_H

#include <stdint.h>

#include "base/bytes.h"

#define PROFILE_EKU_MAX       2
#define PROFILE_DIGEST_OCTETS 32

enum level { LEVEL_ROOT = 1, LEVEL_REGION, LEVEL_TENANT, LEVEL_ENDPOINT };

/* KeyUsage bits as they stand in the BIT STRING's first octet (RFC 5280 section 4.2.1.3). */
#define USE_DIGITAL_SIGNATURE 0x80
#define USE_KEY_AGREEMENT     0x08
#define USE_CERT_SIGN         0x04
#define USE_CRL_SIGN          0x02

struct profile {
	const char *name; /* also the kind of an endpoint, where enrol is true */
	enum level level;
	uint8_t key_usage;
	int path_len; /* CAs: pathLenConstraint; -1: not a CA */
	const struct octets *eku[PROFILE_EKU_MAX];
	int64_t valid_s;
	int64_t back_s; /* notBefore is set back so far, for clocks that are behind */
	bool enrol;     /* may be asked for over EST */
	bool named;     /* carries the endpoint's URI and DNS names */
	bool status;    /* carries AIA and a CRL distribution point */
	bool nocheck;   /* OCSP responder: id-pkix-ocsp-nocheck */
};

/* NULL for an unknown name. */
const struct profile *profile_find(const char *name);

/* SHA-256 over all of the profile's values. Fault: FAULT_INTERNAL. */
bool profile_digest(
    const struct profile *p, uint8_t to[static PROFILE_DIGEST_OCTETS], struct fault *f) CHECKED;

/* When a certificate made now under issuer's notAfter ends: validity nests. */
int64_t profile_not_after(const struct profile *p, int64_t now_s, int64_t issuer_not_after_s);

#endif
