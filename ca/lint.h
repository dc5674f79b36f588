/*
 * ca/lint.h - a certificate that is about to be signed, read by somebody else.
 *
 * tbs.c writes the octets; here libcrypto reads them back, wrapped with a
 * signature that is good under no key, and a table of cited checks holds them
 * against the profile and the issuer. A finding refuses the issuance.
 */
#ifndef QUATRAIN_CA_LINT_H
#define QUATRAIN_CA_LINT_H

#include "ca/tbs.h"

/* Fault: FAULT_INTERNAL (what we wrote is at fault, never a peer), with the check's name and
 * section. */
bool lint(struct octets tbs, const struct tbs *meant, int64_t issuer_not_after_s,
    struct fault *f) CHECKED;

#endif
