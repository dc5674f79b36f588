/*
 * daemon/agent_pin.h - the PINs of jobs that wait, in memory alone.
 *
 * What the relay makes of a PIN needs its signer, so a PIN has to wait with its job; but nothing
 * that could be guessed at is written to a PC's disk. A job whose PIN was lost with the process is
 * not passed on without it.
 */
#ifndef QUATRAIN_DAEMON_AGENT_PIN_H
#define QUATRAIN_DAEMON_AGENT_PIN_H

#include "base/secret.h"
#include "relay/document.h"

#define AGENT_PINS_MAX 256

struct agent_pins {
	struct {
		bool used;
		uint8_t uuid[DOCUMENT_UUID];
		struct secret pin;
	} at[AGENT_PINS_MAX];
};

/* Of one job, in place of what it had. Faults: FAULT_LIMIT, FAULT_INTERNAL. */
bool agent_pins_put(struct agent_pins *p, const uint8_t uuid[static DOCUMENT_UUID],
    const struct secret *pin, struct fault *f) CHECKED;
/* Lent until the next call that is no look; n 0: there is none. */
struct octets agent_pins_get(const struct agent_pins *p, const uint8_t uuid[static DOCUMENT_UUID]);
void agent_pins_drop(struct agent_pins *p, const uint8_t uuid[static DOCUMENT_UUID]);
void agent_pins_free(struct agent_pins *p);

#endif
