/*
 * base/exchange.h - one request and its reply, whatever carries it.
 *
 * Handlers know this and not HTTP's library, so that tests and fuzzers call
 * them without a socket. A handler either fills the reply in and is done, or
 * asks another process: it fills ask in, sets then, and is called again there
 * with the answer.
 */
#ifndef QUATRAIN_BASE_EXCHANGE_H
#define QUATRAIN_BASE_EXCHANGE_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/shared.h"
#include "base/trace.h"

#define EXCHANGE_HEADERS_MAX  8
#define EXCHANGE_SOURCE_MAX   64
#define EXCHANGE_WHY_MAX      200
#define EXCHANGE_DECISION_MAX 33
#define EXCHANGE_ROOM_OCTETS  16
#define EXCHANGE_CHUNKED      UINT64_MAX
#define EXCHANGE_NO_UID       UINT32_MAX

/* Where a request came in. */
enum exchange_face { FACE_PUBLIC, FACE_SECURE, FACE_LOCAL, FACE_METRICS, FACE_RELAY };

struct exchange_header {
	const char *name; /* a constant, in its canonical case */
	char value[512];
};

struct exchange;
/* The answer's code is 0 or a fault_code, and then body is the fault's text. */
typedef void exchange_then(struct exchange *x, uint16_t code, struct octets body);

struct exchange {
	/* the request: all lent until the reply is sent */
	enum exchange_face face;
	struct octets method, path, query; /* path is raw, query without its '?' */
	struct octets content_type, authorization, user_agent, origin, accept;
	struct octets if_none_match, if_modified_since, if_match, idempotency_key;
	struct octets fetch_site;    /* what a browser says of who asks (Sec-Fetch-Site) */
	struct octets last_event_id; /* of a stream of events that is taken up again */
	struct octets body;
	bool body_too_large;  /* over the face's limit; body is then empty */
	uint64_t body_octets; /* of a face that streams: how many will come; EXCHANGE_CHUNKED: not
				 said */
	uint32_t uid;         /* of a peer on a Unix socket; EXCHANGE_NO_UID: there is none */
	struct octets peer;   /* DER of the client's certificate, n 0 for none */
	struct octets above;  /* what came with it: DERs one behind the other */
	bool born; /* peer is none of ours: its device's manufacturer issued it (IDevID) */
	uint8_t
	    *room; /* the connection's own, zeros at first, kept between its requests; NULL: none
		    */
	/* Find out what binds a credential to this connection; NULL where there is no TLS. It costs
	   as much as a signature, so only whoever needs it asks: exchange_bind(). */
	void (*bind)(struct exchange *x);
	uint8_t binding[32];
	size_t binding_n;                 /* 32: tls-exporter (RFC 9266); 12: tls-unique; 0: none */
	char source[EXCHANGE_SOURCE_MAX]; /* address:port, or "local" */
	struct trace trace;       /* as it came, or as trace_begin() made it when one was wanted */
	struct octets tracestate; /* fit to be passed on; n 0: none */
	uint64_t address; /* what the source counts as, where anything is limited; 0: nobody */
	/* Any other header by its name in lower case: exchange_ask_header(). NULL: none came. */
	bool (*header)(const struct exchange *x, const char *name, struct octets *ret);

	/* for the handler: what it was registered with, and what it keeps between calls */
	void *with;
	void *state; /* freed with free() after the reply */
	struct {
		uint64_t refusal, tenant, device; /* 0: nobody */
	} charged; /* what the reply counts against; daemon/limit.h */

	/*
	 * Of a face that streams, the body comes in pieces, never as body. The handler is called
	 * when the head is there and nothing of the body was read: it answers, and then the body
	 * stays unread and the connection ends, or it sets take. That is called with each piece
	 * (lent for the call), and once with last (piece may be empty). What it has not done when
	 * it returns, it answers (status), asks (ask), or waits for.
	 */
	void (*take)(struct exchange *x, struct octets piece, bool last);
	/*
	 * Set by a handler, by take or by then that can neither answer nor go on yet: nothing more
	 * is read of the connection until somebody calls exchange_wake(). over tells whoever would
	 * that the client is gone.
	 */
	bool waits;
	void (*wake)(struct exchange *x); /* the carrier's; exchange_wake() calls it */

	/* a question for the signer, when verb is not 0 */
	struct {
		uint16_t verb;
		struct bytes body;
		exchange_then *then;
	} ask;

	/* the reply */
	unsigned status;  /* 0: not answered yet */
	const char *type; /* Content-Type; NULL for an empty body */
	struct bytes reply;
	struct shared *shared; /* held; NULL: none. Sent in reply's place, and never copied */
	struct exchange_header headers[EXCHANGE_HEADERS_MAX];
	size_t headers_n;
	bool close; /* end the connection after it */
	/*
	 * NULL, or reply is only the beginning: when it has left, pull is asked for the next piece,
	 * which it puts into reply (empty then). With nothing to say it is asked again a few
	 * milliseconds later, so that what waits, waits where pull reads it, and never in memory.
	 * False: there is no more behind this piece.
	 */
	bool (*pull)(struct exchange *x);
	void (*over)(struct exchange *x); /* NULL, or called once, when the reply has ended */
	char why[EXCHANGE_WHY_MAX];       /* for the log: why it was refused; empty: it was not */
	char decision[EXCHANGE_DECISION_MAX]; /* the id of what policies decided; empty: nothing */
};

/* Add a header; a value that does not fit, or has control octets, is left out. */
void exchange_header(struct exchange *x, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* at_s as RFC 9110 section 5.6.7 writes a date; empty where no year of four digits holds it. */
#define EXCHANGE_DATE_MAX 32
void exchange_date(int64_t at_s, char to[static EXCHANGE_DATE_MAX]);
/* Lend the header of that name (in lower case); ret->at is NULL where there is none. False: it came
 * twice, and nobody can say which counts. */
bool exchange_ask_header(const struct exchange *x, const char *name, struct octets *ret);
/* Fill in binding and binding_n. */
void exchange_bind(struct exchange *x);
/* The same of a value that has neither format nor control octets. */
void exchange_header_text(struct exchange *x, const char *name, const char *value);
/* x waits no more: what it now has as status, ask or pull is done, or its body is read on. */
void exchange_wake(struct exchange *x);
/* Free what x owns: ask.body, reply, state; let go of shared. */
void exchange_free(struct exchange *x);

#endif
