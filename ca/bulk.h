/*
 * ca/bulk.h - many certificates end in one act: all of them, or none.
 *
 * All goes into the ledger's batch, as ca/revoke.h writes each of them: so
 * journal, lists, census and log know them as they know any other. One commit
 * makes it durable. Signer only.
 */
#ifndef QUATRAIN_CA_BULK_H
#define QUATRAIN_CA_BULK_H

#include "ca/realm.h"
#include "ca/revoke.h"

#define BULK_MAX 10000 /* certificates that one act may name */

struct bulk {
	size_t revoked; /* ended by this act; with keyCompromise others of the same key, too */
	size_t already; /* were at their end before */
	uint64_t first; /* the entry of the first of them; its own entries follow one another */
};

/* Is it of a kind that somebody can ask for: a device's, an operator's? CAs, responders, logs and
 * the service itself end one by one. */
bool bulk_may(const struct standing *s);

/*
 * Sorts serials (TBS_SERIAL_OCTETS each, lent and changed) and takes what stands there twice out.
 * Returns how many are left.
 */
size_t bulk_sort(uint8_t *serials, size_t n);

/*
 * Serials (TBS_SERIAL_OCTETS each), each once, end for reason. With keyCompromise each key burns in
 * l, and in the platform's batch, which must be committed before l's. Faults: FAULT_NOTFOUND no
 * serial of l, FAULT_DENIED bulk_may() says no, FAULT_BUSY it is being made just now, FAULT_LIMIT
 * over twice BULK_MAX come to their end, FAULT_INTERNAL; all name the serial
 */
bool bulk_revoke(struct realm *r, struct ledger *l, struct octets serials, uint8_t reason,
    const struct log_context *why, int64_t now_s, struct bulk *ret, struct fault *f) CHECKED;

#endif
