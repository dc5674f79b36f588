/*
 * daemon/approval.h - an enrolment that a registrar must say yes to first.
 *
 * The first time a device asks, the request is put into its tenant's ledger and
 * the device is told to come again; so is each poll after it, which writes
 * nothing. Once it was approved the device's next poll, which proves the key
 * once more and is judged once more, gets the certificate.
 *
 * Source: RFC 7030 section 4.2.3 (202 and Retry-After).
 */
#ifndef QUATRAIN_DAEMON_APPROVAL_H
#define QUATRAIN_DAEMON_APPROVAL_H

#include "daemon/proof.h"

/* Must a registrar approve what c stands on? */
bool approval_due(const struct claim *c);

/*
 * On true: j->waits_s is set, and nothing else is to be done; or j->sending; or it is approved, and
 * c->provenance says by whom. A request that is new is in the batches then. Faults: FAULT_DENIED it
 * was refused, and why; FAULT_CONFLICT the key waits for something else, or another has the name by
 * now; FAULT_BUSY too many wait; FAULT_INTERNAL
 */
bool approval_judge(struct signer *s, struct errand *j, struct claim *c, struct fault *f) CHECKED;
/* It is used up with the intent of j->ticket: into the batch. Fault: FAULT_INTERNAL. */
bool approval_spend(struct errand *j, struct claim *c, struct fault *f) CHECKED;

/* Into e: which request, of which device, by which profile and key. */
void approval_describe(struct json *e, const struct petition *r);

#endif
