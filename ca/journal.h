/*
 * ca/journal.h - the signer's own list of what it signed.
 *
 * One line a signature on a certificate, written before it is made: "unix
 * seconds, serial, SHA-256 of the to-be-signed octets", in hex. It is beside
 * the ledger, not in it: a signature that the ledger does not know shows here.
 */
#ifndef QUATRAIN_CA_JOURNAL_H
#define QUATRAIN_CA_JOURNAL_H

#include "ca/tbs.h"

struct journal {
	int fd;
};

/* Open or make path, 0600. Fault: FAULT_INTERNAL. */
bool journal_open(const char *path, struct journal *ret, struct fault *f) CHECKED;
void journal_close(struct journal *j);

/* On return it outlives the process. Fault: FAULT_INTERNAL; nothing may be signed then. */
bool journal_note(struct journal *j, const uint8_t serial[static TBS_SERIAL_OCTETS],
    struct octets tbs, int64_t now_s, struct fault *f) CHECKED;

#endif
