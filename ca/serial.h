/*
 * ca/serial.h - numbers that no certificate had before.
 *
 * 16 octets of the CSPRNG, the first 01 to 7f: positive, never shortened when
 * encoded, 126 bits of chance (RFC 5280 section 4.1.2.2 allows 20 octets; the
 * rules of public CAs ask for 64 bits).
 */
#ifndef QUATRAIN_CA_SERIAL_H
#define QUATRAIN_CA_SERIAL_H

#include "ca/ledger.h"

#define SERIAL_TRIES 8

/* One draw; it may be taken. */
void serial_draw(uint8_t to[static TBS_SERIAL_OCTETS]);

/*
 * One that l does not know: a taken one is never written over, but drawn again.
 * Fault: FAULT_INTERNAL, also after SERIAL_TRIES taken ones: then chance is broken.
 */
bool serial_fresh(struct ledger *l, uint8_t to[static TBS_SERIAL_OCTETS], struct fault *f) CHECKED;

#endif
