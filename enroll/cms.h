/*
 * enroll/cms.h - certificates on their way: certs-only CMS.
 *
 * SignedData without content and without signers (RFC 5652 section 5, RFC 7030
 * section 4.1.3). eContent is absent: some clients take an empty one for content.
 */
#ifndef QUATRAIN_ENROLL_CMS_H
#define QUATRAIN_ENROLL_CMS_H

#include "base/bytes.h"

/* Append the ContentInfo that holds n certificates (DER). Fault: FAULT_INTERNAL. */
bool cms_certs_only(
    const struct octets *certificates, size_t n, struct bytes *ret, struct fault *f) CHECKED;

#endif
