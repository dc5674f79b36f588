/*
 * daemon/staple.h - the OCSP answer about the service's own certificate, sent along in handshakes.
 *
 * Who asks for it in the handshake (status_request; TLS 1.2 and 1.3) gets it for
 * the leaf. It is the signer's, as any client's would be, is asked for again when
 * half of its time is over, and is not sent once the ledger says otherwise.
 * Where there is none the handshake goes on without.
 *
 * Sources: RFC 6066 section 8, RFC 8446 section 4.4.2.1.
 */
#ifndef QUATRAIN_DAEMON_STAPLE_H
#define QUATRAIN_DAEMON_STAPLE_H

#include <openssl/types.h>

#include "daemon/http.h"
#include "ocsp/kept.h"

struct staple {
	struct realm *realm; /* these are set first */
	struct http *http;
	/* its own, zeros at first */
	struct bytes request;         /* about the leaf in use; empty: none is */
	struct bytes answer;          /* empty: none */
	struct kept_seen seen, asked; /* what the answer rests on, and the one that will come */
	int64_t until_s, again_s;     /* the answer's end; when to ask again */
	bool asking;
};

/* tls sends it from now on, about its own leaf; s outlives tls. */
void staple_use(struct staple *s, SSL_CTX *tls);
/* Ask where it is time to; some times a second. */
void staple_tick(struct staple *s);
void staple_free(struct staple *s);

#endif
