/*
 * ocsp/crl_part.h - the DER of a revocation list, in the parts that crl_build.c puts together.
 *
 * CertificateList = open, begin, entries, end. Lengths come first in DER, so a
 * part is told how much comes behind it. Source: RFC 5280 section 5.
 */
#ifndef QUATRAIN_OCSP_CRL_PART_H
#define QUATRAIN_OCSP_CRL_PART_H

#include "ocsp/crl_build.h"

/* One of revokedCertificates; silent, see bytes_ok(). */
void crl_part_entry(
    struct bytes *to, const uint8_t serial[static TBS_SERIAL_OCTETS], uint8_t reason, int64_t at_s);
/* The extensions of the list. Fault of all: FAULT_INTERNAL. */
bool crl_part_end(
    const struct issuer *by, const struct crl_order *o, struct bytes *ret, struct fault *f) CHECKED;
/* TBSCertList up to its first entry. */
bool crl_part_begin(const struct issuer *by, const struct crl_order *o, uint64_t rows_octets,
    size_t end_octets, struct bytes *ret, struct fault *f) CHECKED;
/* Algorithm and signature, behind the extensions. */
bool crl_part_sign(struct octets signature, struct bytes *end, struct fault *f) CHECKED;
/* The header of a CertificateList of so many octets. */
bool crl_part_open(uint64_t octets, struct bytes *ret, struct fault *f) CHECKED;

#endif
