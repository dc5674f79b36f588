/*
 * enroll/est.h - enrolment over secure transport: the face of RFC 7030.
 *
 * /.well-known/est/LABEL/OPERATION (label.h). Without a label the tenant is the
 * one of the client's certificate or of its token, for clients that know no
 * labels, and for strongSwan 5.9.8, which forgets its own behind a 202. Here a
 * fault becomes a status, and here alone. It refuses early what cannot be; the
 * signer judges everything again.
 *
 * Sources: RFC 7030, RFC 8951 (framing: see frame.h), RFC 9908 (csrattrs.h),
 * RFC 9266 (ca/binding.h).
 */
#ifndef QUATRAIN_ENROLL_EST_H
#define QUATRAIN_ENROLL_EST_H

#include "base/exchange.h"
#include "ca/realm.h"

#define EST_BODY_MAX 65536 /* octets; a request is about 500 */

struct est {
	struct realm *realm;
	int64_t (*now_s)(void);
};

/* True if the path is EST's, and then x is answered or asks. */
bool est_serve(struct est *e, struct exchange *x);

/* May a device that shows its manufacturer's certificate ask this? */
bool est_for_born(const struct exchange *x);
/* May one whose certificate ended lately (ca/identify.h) ask it? */
bool est_for_late(const struct exchange *x);
/* Answer that x's client certificate does not hold (any more): 403, with why. */
void est_refuse_peer(struct exchange *x, const struct fault *why);

#endif
