/*
 * enroll/reply.h - what an operation of EST ends in: a fault's status, certificates, or a question.
 */
#ifndef QUATRAIN_ENROLL_REPLY_H
#define QUATRAIN_ENROLL_REPLY_H

#include "base/exchange.h"
#include "ca/wire.h"
#include "enroll/label.h"

extern const char reply_text[]; /* Content-Type of what people read */

/* The reply to f, all but sending it; its status. Our own troubles are not told to strangers. */
unsigned reply_describe(struct exchange *x, const struct fault *f);
/* Refused without an entry in the log: nobody did anything yet, or the signer wrote one. */
void reply_fault(struct exchange *x, const struct fault *f);
/* The same for what the signer answered with, where code is not 0. */
void reply_signer(struct exchange *x, uint16_t code, struct octets body);

/* 200 with n certificates (DER). Fault: FAULT_INTERNAL, and then x has no reply. */
bool reply_certs(
    struct exchange *x, const struct octets *certificates, size_t n, struct fault *f) CHECKED;

/* Ask the signer: w, with what all questions share filled in. */
void reply_ask(struct exchange *x, const struct label *l, struct wire_enroll *w, uint16_t verb,
    exchange_then *then);

#endif
