/*
 * enroll/label.h - whose CA a path of EST means, and by which profile.
 *
 * /.well-known/est/LABEL/OPERATION (RFC 7030 section 3.2.2), and
 * /LABEL/.well-known/est/OPERATION for clients that put the label in front
 * (strongSwan before 5.9.11). A label is one path segment: TENANT, or
 * TENANT:PROFILE where a tenant has several kinds of device, the colon also as
 * %3A. Both parts are DNS labels, so that none of it could name a file, a second
 * segment or a NUL. No other escape is decoded.
 */
#ifndef QUATRAIN_ENROLL_LABEL_H
#define QUATRAIN_ENROLL_LABEL_H

#include "base/bytes.h"
#include "base/text.h"

struct label {
	char tenant[TEXT_LABEL_MAX];
	char profile[TEXT_LABEL_MAX]; /* empty: not told */
};

/* False: the path is not EST's. Else what stands where a label and an operation do, be they such
 * or not; n 0 for nothing. Both are lent from path. */
bool label_split(struct octets path, struct octets *ret_label, struct octets *ret_operation);

/* Fault: FAULT_NOTFOUND o is not of that shape. Whether there is such a tenant and such a profile
 * is not looked at. */
bool label_read(struct octets o, struct label *ret, struct fault *f) CHECKED;

#endif
