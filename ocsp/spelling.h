/*
 * ocsp/spelling.h - an OCSPRequest in the path of a GET, as clients and what is between them and
 * us write it.
 *
 * What is meant is base64 of the DER, percent-encoded (RFC 6960 appendix A.1).
 * What comes has '+', '/' and '=' as they are, or encoded, or encoded twice; '+'
 * turned into a space; the URL's alphabet ('-', '_'); no padding; a slash more
 * before or behind it. All of these mean one request.
 */
#ifndef QUATRAIN_OCSP_SPELLING_H
#define QUATRAIN_OCSP_SPELLING_H

#include "base/bytes.h"

/* in_path is what stands behind "/ocsp". Appended. Fault: FAULT_BADREQ it is none, or longer than
 * any. */
bool spelling_read(struct octets in_path, struct bytes *ret, struct fault *f) CHECKED;

#endif
