/*
 * ca/removal.h - an endpoint leaves: whatever it has, and whatever could let it in again, ends.
 *
 * Its certificates are revoked, its open tokens closed, its requests that wait
 * or were approved refused, its registrations as a maker's device taken out,
 * and a printer's row in ca/printer.h, each with an entry as if done by itself, all into l's batch.
 * What is left is history; with a new token the name can come again. Signer only.
 */
#ifndef QUATRAIN_CA_REMOVAL_H
#define QUATRAIN_CA_REMOVAL_H

#include "ca/bulk.h"

/* How many of each. */
struct removal {
	struct bulk certificates;
	size_t tokens, requests, devices, badges;
	size_t printers; /* its row of TABLE_PRINTER: 1 or 0 */
};

/*
 * What was put before into l's batch must be committed: tokens and rows are
 * looked for in the store. Faults: FAULT_NOTFOUND there is nothing of that
 * endpoint, FAULT_DENIED it is the service's own, FAULT_BUSY a certificate of it is being made just
 * now, FAULT_INTERNAL
 */
bool removal_run(struct realm *r, struct ledger *l, const struct endpoint *e, uint8_t reason,
    const struct log_context *why, int64_t now_s, struct removal *ret, struct fault *f) CHECKED;

#endif
