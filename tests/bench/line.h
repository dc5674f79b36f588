/*
 * tests/bench/line.h - one connection of a load client: blocking, HTTP/1.1, over TCP, TLS or a Unix
 * socket.
 *
 * It reads what our service and nginx send: a status line, Content-Length, a
 * body under LINE_ROOM. Not a client for anything else.
 */
#ifndef QUATRAIN_TESTS_BENCH_LINE_H
#define QUATRAIN_TESTS_BENCH_LINE_H

#include <openssl/ssl.h>

#include "base/bytes.h"

#define LINE_ROOM   16384 /* octets of an answer, its head included */
#define LINE_WAIT_S 10    /* an answer that takes longer is a failure */

struct place {
	const char *socket; /* path of a Unix socket; NULL: TCP, on the loopback address */
	uint16_t port;
	const char *name; /* for Host and SNI */
	SSL_CTX *tls;     /* lent; NULL: plain */
};

/* Whom a client shows itself as in TLS; both NULL: as nobody. */
struct badge {
	X509 *cert;
	EVP_PKEY *key;
};

struct answer {
	unsigned status;
	struct octets head, body; /* lent until the line's next question */
};

struct line;

/*
 * A client's context: no resumption and keys on P-256, so that every handshake is
 * a whole one and all peers do the same work. It trusts whoever answers: to verify
 * a chain of four costs a client more than a server's whole handshake, and here
 * they share the processors. *ret is the caller's, to SSL_CTX_free().
 * Fault: FAULT_INTERNAL.
 */
bool line_context(SSL_CTX **ret, struct fault *f) CHECKED;

/* Connected and, with TLS, shaken hands. Fault: FAULT_INTERNAL. */
bool line_open(
    const struct place *p, const struct badge *badge, struct line **ret, struct fault *f) CHECKED;
/* Fault: FAULT_INTERNAL the connection ended, an answer of another shape, LINE_WAIT_S. */
bool line_ask(struct line *l, struct octets question, struct answer *ret, struct fault *f) CHECKED;
void line_close(struct line *l); /* NULL is allowed */

/* Append a request's head, and its body if there is one. extra: whole header lines, or "". */
void line_put(struct bytes *to, const struct place *p, const char *method, const char *path,
    const char *extra, struct octets body);

#endif
