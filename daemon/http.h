/*
 * daemon/http.h - the wall around libh2o: listeners in, exchanges out.
 *
 * One loop, one thread, one process; several processes share a listening
 * socket. HTTP/1.1 only. h2o's own types never leave http*.c. The holes of
 * h2o 2.2.5's TLS glue (alerts, close_notify, context lifetime, write timeout,
 * Nagle) are closed here, and nowhere else knows of them.
 *
 * h2o buffers a body whole: a face that streams is served on its sockets alone (http_raw.h).
 */
#ifndef QUATRAIN_DAEMON_HTTP_H
#define QUATRAIN_DAEMON_HTTP_H

#include <openssl/types.h>

#include "base/exchange.h"
#include "base/ipc.h"

struct http;
struct limit;

struct http_face {
	enum exchange_face face;
	int listener; /* a listening socket, taken; TCP, or Unix as FACE_LOCAL must be */
	/* NULL: plain. A reference is taken, the info callback set; whom it admits is its affair.
	 */
	SSL_CTX *tls;
	/* Octets, to 1 MiB. More comes as exchange.body_too_large; over 1 MiB h2o answers 413. */
	size_t body_max;
	int64_t request_ms; /* head and body, and idle keep-alive; where bodies stream the longest
			       silence */
	/*
	 * Bodies come in pieces (exchange.take), replies of any length leave by exchange.pull;
	 * body_max means nothing. The listener may be a Unix socket: then exchange.uid says whose
	 * process it is.
	 */
	bool streams;
	unsigned
	    conns_max; /* more wait in the listener's queue, or for who idles longest to be cut */
	struct limit
	    *limit; /* lent; NULL: none. With tls it closes what comes too often, before TLS. */
	/*
	 * Fill x in or ask; called for every request but those that have no one
	 * meaning (two lengths, two hosts, a folded header, a target that is not
	 * printable ASCII, ...), which are answered 400. HEAD comes as it is: reply
	 * as to GET, the body stays unsent. No status and no question is a 500.
	 */
	void (*serve)(struct exchange *x);
	/* Called when the reply is on its way (for the log and counters), or with status 0 when the
	 * client left while an answer was due; may be NULL. */
	void (*served)(const struct exchange *x, int64_t took_us);
	void *with; /* becomes exchange.with */
};

/* SIGPIPE is ignored from here on. Fault: FAULT_INTERNAL. */
bool http_new(struct http **ret, struct fault *f) CHECKED;
/*
 * face is copied. On failure its listener stays the caller's. On FACE_LOCAL only
 * root and our own user may stay (SO_PEERCRED). Fault: FAULT_INTERNAL no usable
 * limits, no Unix socket for FACE_LOCAL, memory.
 */
bool http_listen(struct http *h, const struct http_face *face, struct fault *f) CHECKED;

/* New connections of that face get this context from now on; a reference is taken. */
void http_set_tls(struct http *h, enum exchange_face which, SSL_CTX *tls);

/*
 * The line to the signer, taken; -1 for none. Questions still waiting on an
 * older line are answered FAULT_BUSY. Exchanges that ask without a line, or
 * whose answer does not come within HTTP_ASK_MS, get FAULT_BUSY too.
 */
#define HTTP_ASK_MS 20000
void http_set_line(struct http *h, int fd);
/* Call told(with, verb) when the other end says something unasked: a message of id 0. */
void http_on_told(struct http *h, void (*told)(void *with, uint16_t verb), void *with);
bool http_has_line(const struct http *h); /* false once the other end is gone */

/*
 * A question of the process itself, outside any exchange; then(with, code, body)
 * once, later, and never from inside this call.
 */
void http_ask(struct http *h, uint16_t verb, struct octets body,
    void (*then)(void *with, uint16_t code, struct octets body), void *with);

/*
 * Call ready(with) whenever fd is readable, until it is at its end. fd stays the
 * caller's and becomes non-blocking. Fault: FAULT_INTERNAL.
 */
bool http_watch(
    struct http *h, int fd, void (*ready)(void *with), void *with, struct fault *f) CHECKED;
/* Call tick(with) each period. */
void http_every(struct http *h, int64_t period_ms, void (*tick)(void *with), void *with);

/*
 * Close at once every connection with a peer certificate that cut() says yes to; one that has
 * asked the signer gets that answer first, so that who ended itself is told so.
 * Returns how many. A handshake under way may slip through: judge the peer of
 * each request too.
 */
struct http_peer {
	struct octets peer; /* DER */
	const char *source; /* as exchange.source */
	uint8_t *room;      /* as exchange.room */
};
unsigned http_cut(
    struct http *h, bool (*cut)(void *with, const struct http_peer *peer), void *with);

/*
 * Visit every live connection that showed a certificate. tag is room of the
 * connection's own, zeros at first, kept from visit to visit.
 */
#define HTTP_TAG_OCTETS 24
void http_each_peer(struct http *h,
    void (*visit)(void *with, struct octets peer, uint8_t tag[static HTTP_TAG_OCTETS]), void *with);
/* Goes up whenever a connection may have come or gone since. */
uint64_t http_comings(const struct http *h);

/* Call fn(with) once, when all that is ready in this turn of the loop was handled; from within that
 * call for the next turn. For what many requests share, such as a commit. */
void http_after(struct http *h, void (*fn)(void *with), void *with);

/* Call fn(with) at the end of each turn of the loop; true: it did something. NULL: no more. */
void http_on_turn(struct http *h, bool (*fn)(void *with), void *with);

/* Serve until http_stop(): then listeners close, requests in hand finish, at most drain_ms. */
void http_run(struct http *h, int64_t drain_ms);
void http_stop(struct http *h); /* safe from a signal handler, until http_free() */
void http_free(struct http *h);

#endif
