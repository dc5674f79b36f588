/*
 * ca/refusal.h - a request that is refused at the door, told to the log before it is answered.
 *
 * The faces (enroll/, ocsp/, daemon/api) fill the reply in and call this; the
 * signer writes one entry. Where the signer cannot, the refusal still stands.
 */
#ifndef QUATRAIN_CA_REFUSAL_H
#define QUATRAIN_CA_REFUSAL_H

#include "base/exchange.h"
#include "base/fault.h"

/* x's reply is filled in but for its status. tenant may be empty; act is a word such as
 * "certificate.enroll". */
void refusal_send(struct exchange *x, const char *tenant, const char *act, const struct fault *why,
    unsigned status);

#endif
