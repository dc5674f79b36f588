/*
 * enroll/csrattrs.h - what to put into a request: P-256 and ecdsa-with-SHA256.
 *
 * Source: RFC 7030 section 4.5.2 as RFC 8951 section 4 corrects it: CsrAttrs ::=
 * SEQUENCE OF AttrOrOID; a key type is an attribute whose value is its curve.
 */
#ifndef QUATRAIN_ENROLL_CSRATTRS_H
#define QUATRAIN_ENROLL_CSRATTRS_H

#include "base/bytes.h"

/* Append the DER. Fault: FAULT_INTERNAL. */
bool csrattrs_encode(struct bytes *ret, struct fault *f) CHECKED;

#endif
