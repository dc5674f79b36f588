/* ca/serial.c - see serial.h. */
#include "ca/serial.h"

#include "base/secret.h"

void
serial_draw(uint8_t to[static TBS_SERIAL_OCTETS])
{
	do {
		secret_nonce(to, TBS_SERIAL_OCTETS);
		to[0] &= 0x7f;
	} while (to[0] == 0);
}

bool
serial_fresh(struct ledger *l, uint8_t to[static TBS_SERIAL_OCTETS], struct fault *f)
{
	struct standing s;
	struct fault why;

	for (int i = 0; i < SERIAL_TRIES; i++) {
		serial_draw(to);
		if (ledger_standing(l, to, &s, &why))
			continue;
		if (why.code == FAULT_NOTFOUND)
			return true;
		*f = why;
		return false;
	}
	return fault_set(f, FAULT_INTERNAL, "issue: %d serials in a row were taken", SERIAL_TRIES);
}
