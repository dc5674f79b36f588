/*
 * daemon/handshake.h - the secure listener's side of TLS: its certificate, and whom it lets in.
 *
 * The service's key and certificate are the signer's to give; they are asked
 * for until they come, each hour, and when the platform has a new CA.
 */
#ifndef QUATRAIN_DAEMON_HANDSHAKE_H
#define QUATRAIN_DAEMON_HANDSHAKE_H

#include <openssl/types.h>

#include "base/pace.h"
#include "ca/realm.h"
#include "daemon/http.h"

struct handshake {
	struct realm *realm; /* these are set first */
	struct http *http;
	struct pace *lines; /* of refusals in the log */
	/* A new context, lent. False: it could not be put to use, with a fault. */
	bool (*use)(void *with, SSL_CTX *tls, struct fault *f);
	void *with;
	/* its own, zeros at first */
	bool asking;
	int64_t asked_s;
	uint8_t asked_of[TBS_KEY_ID_OCTETS]; /* the platform's CA at that time */
};

/* Ask the signer where it is time to: now where none came yet (wanted). */
void handshake_tick(struct handshake *h, bool wanted);
/* A standing changed: the platform may have another CA, and then the next tick asks. */
void handshake_look(struct handshake *h);

#endif
