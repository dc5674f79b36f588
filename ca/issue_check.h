/*
 * ca/issue_check.h - what issue.c asks before and after a key is used; for it alone.
 */
#ifndef QUATRAIN_CA_ISSUE_CHECK_H
#define QUATRAIN_CA_ISSUE_CHECK_H

#include "ca/intent.h"

/*
 * The durable intent is what is about to be signed: pending, under that id, the same octets, by the
 * profile of that digest. Fault: FAULT_INTERNAL it is not, or cannot be read.
 */
bool issue_on_record(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct intent *meant, struct fault *f) CHECKED;

/*
 * The certificate holds exactly tbs, and its signature holds under spki.
 * Fault: FAULT_INTERNAL it does not: a bit flipped, or somebody flipped it.
 */
bool issue_holds(
    struct octets certificate, struct octets tbs, struct octets spki, struct fault *f) CHECKED;

#endif
