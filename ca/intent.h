/*
 * ca/intent.h - what is about to be signed, durable before the key is used.
 *
 * A row of TABLE_PENDING is the whole of it: the standing that the serial will
 * begin with, the digest of the profile that it was made by, and the
 * TBSCertificate. Serials are chance, so each row of TABLE_SERIAL that is touched
 * is a page of its own to write: an intent touches none, and neither does it write
 * TABLE_CERT twice. With the outcome the row goes and the others come, in one
 * commit. ledger_standing() knows a serial either way.
 *
 * A row of before this was a digest alone, with the rest in the other two tables;
 * such a one reads as FAULT_NOTFOUND, and abandoning it needs no more.
 */
#ifndef QUATRAIN_CA_INTENT_H
#define QUATRAIN_CA_INTENT_H

#include "ca/ledger.h"

#define INTENT_DIGEST_OCTETS 32

struct intent {
	struct standing standing; /* pending */
	uint8_t profile[INTENT_DIGEST_OCTETS];
	struct octets tbs; /* DER */
};

/* Into l's batch; its commit fails if anybody holds the serial. Fault: FAULT_INTERNAL. */
bool intent_put(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct intent *i, struct fault *f) CHECKED;
/* ret->tbs is lent from row. Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool intent_get(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], struct bytes *row,
    struct intent *ret, struct fault *f) CHECKED;
/* Its standing alone, for ledger_standing(). Faults: those of intent_get(). */
bool intent_standing(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    struct standing *ret, struct fault *f) CHECKED;
/* A row's value; tbs is lent from it. */
bool intent_read(struct octets value, struct intent *ret);

/* What its outcome does, into l's batch. */
void intent_end(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS]);
/* The same for one that is given up: what was meant stays in TABLE_CERT. Fault: FAULT_INTERNAL. */
bool intent_give_up(
    struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], struct fault *f) CHECKED;

#endif
