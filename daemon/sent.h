/*
 * daemon/sent.h - an answer that was lost: the certificate that was made is sent once more.
 *
 * The proof is spent then, and the device never saw what it was spent for. It
 * asks again with the same proof and the same key, within SENT_WITHIN_S, and
 * gets the same certificate, as long as that is good: nothing is signed, and an
 * entry tells of it.
 */
#ifndef QUATRAIN_DAEMON_SENT_H
#define QUATRAIN_DAEMON_SENT_H

#include "daemon/proof.h"

#define SENT_WITHIN_S 3600

/* May the certificate serial be sent to who asks c? *ret says so, and then j->sent names it. Fault:
 * FAULT_INTERNAL. */
bool sent_judge(struct errand *j, const struct claim *c,
    const uint8_t serial[static TBS_SERIAL_OCTETS], bool *ret, struct fault *f) CHECKED;
/* The answer, and the entry. Faults: FAULT_DENIED it ended meanwhile, FAULT_INTERNAL. */
bool sent_act(struct signer *s, struct errand *j, struct fault *f) CHECKED;

#endif
