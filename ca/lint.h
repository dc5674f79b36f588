/*
 * ca/lint.h - a certificate that is about to be signed, read by somebody else.
 *
 * tbs.c writes the octets; here they are signed by a throwaway key, are read
 * back by ca/cert.h (which shares nothing with the writer) and, the extensions,
 * by libcrypto, and a table of cited checks holds them against the profile, the
 * issuer and what was meant. A finding refuses the issuance.
 */
#ifndef QUATRAIN_CA_LINT_H
#define QUATRAIN_CA_LINT_H

#include "ca/cert.h"

/* What the certificate will stand under. */
struct lint_ground {
	int64_t issuer_not_after_s;
	struct octets
	    constraints;  /* the issuer's name constraints, as in cert.extension; n 0: none */
	const char *host; /* of the tenant whose CA signs; NULL: no tenant's */
};

/* Fault: FAULT_INTERNAL (what we wrote is at fault, never a peer), with the check's name and
 * section. */
bool lint(struct octets tbs, const struct tbs *meant, const struct lint_ground *ground,
    struct fault *f) CHECKED;

/* ca/lint_meant.c: what stands in it is what was meant. NULL, or the name of the first check that
 * fails; *ret_source is its source. */
const char *lint_meant(const struct cert *c, const struct tbs *meant,
    const struct lint_ground *ground, const char **ret_source);

#endif
