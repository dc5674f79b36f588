/*
 * enroll/known.h - the attributes that a device is told before it enrols: its own, where it is
 * known.
 *
 * By its certificate the edge knows it; by its token only the signer does, which
 * is asked without spending it. Nobody has to show anything (RFC 7030 section
 * 4.5): whoever shows nothing that holds is told what everybody is.
 *
 * Sources: RFC 7030 section 4.5, RFC 9908.
 */
#ifndef QUATRAIN_ENROLL_KNOWN_H
#define QUATRAIN_ENROLL_KNOWN_H

#include "base/exchange.h"
#include "ca/realm.h"
#include "enroll/label.h"

/* Answer csrattrs, or ask. */
void known_attributes(struct exchange *x, struct realm *r, int64_t now_s, const struct label *l);

#endif
