/*
 * enroll/waiting.h - a client that waits for a registrar: what it is told, and how it comes again.
 *
 * Source: RFC 7030 section 4.2.3.
 */
#ifndef QUATRAIN_ENROLL_WAITING_H
#define QUATRAIN_ENROLL_WAITING_H

#include "base/exchange.h"
#include "ca/realm.h"
#include "enroll/label.h"

/* 202, without a body (Bouncy Castle 1.72 fails over one), and the seconds until the next try: no
 * date, which strongSwan does not read. */
void waiting_reply(struct exchange *x, uint64_t seconds);

/* May a client that shows nothing but its key ask for the label's profile? */
bool waiting_allowed(const struct exchange *x, const struct label *l);

/*
 * Whose request has the key in x's body: strongSwan 5.9.8 drops its path when it is told to wait,
 * and asks again without a label. Nothing is proven by it; the signer wants the key's signature.
 * False: nobody's.
 */
bool waiting_label(struct realm *r, const struct exchange *x, struct label *ret);

#endif
