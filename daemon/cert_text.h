/*
 * daemon/cert_text.h - one certificate on a page, for people: what it says, what we know of it,
 * and what stands above it.
 *
 * Every text of a certificate goes in as text_put_safe() leaves it, on a line of
 * its own, and lists are cut where they get long: whatever somebody managed to
 * have certified, the page has its shape.
 */
#ifndef QUATRAIN_DAEMON_CERT_TEXT_H
#define QUATRAIN_DAEMON_CERT_TEXT_H

#include "ca/cert.h"
#include "ca/realm.h"

#define CERT_TEXT_NAMES_MAX 32 /* of a SubjectAltName, and then how many more */

struct cert_text {
	struct realm *realm;
	struct ledger *ledger; /* that has it */
	const uint8_t *serial;
	const struct standing *standing;
	const struct standing *weighed; /* the same beneath its CAs */
	struct octets certificate;      /* DER; n 0: there is none */
	int64_t now_s;
};

/* Appended. Fault: FAULT_INTERNAL. */
bool cert_text(const struct cert_text *t, struct bytes *ret, struct fault *f) CHECKED;

#endif
