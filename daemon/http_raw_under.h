/*
 * daemon/http_raw_under.h - what the files of http_raw* share: one connection and the request in
 * hand.
 */
#ifndef QUATRAIN_DAEMON_HTTP_RAW_UNDER_H
#define QUATRAIN_DAEMON_HTTP_RAW_UNDER_H

#include "daemon/http_raw.h"
#include "relay/chunked.h"
#include "relay/http_head.h"

#define RAW_REPLY_HEAD_MAX 6144

enum raw_step {
	RAW_SHAKE, /* TLS's handshake */
	RAW_HEAD,
	RAW_BODY,
	RAW_WAIT,  /* for the handler, or the signer */
	RAW_REPLY, /* a write is under way, or a piece is awaited */
	RAW_LINGER,
};

/* One connection, and the request in hand. */
struct raw {
	struct conn *conn;
	h2o_socket_t *sock;
	enum raw_step step;
	bool live;  /* x is a request's */
	bool whole; /* its body was given to the last octet */
	bool keep, expects, inside, writing, chunks;
	bool begun;   /* something of the next head is there */
	bool invited; /* what is written is the 100 */
	struct exchange x;
	struct http_head head;
	struct bytes kept; /* the head's octets: the input moves */
	struct chunked chunked;
	uint64_t left, got; /* octets of the body: to come; came */
	struct question *question;
	int64_t began_us, active_ms, linger_ms, look_ms;
	size_t lingered;
	h2o_timeout_entry_t pulse; /* linked while a reply has nothing to say */
	char out[RAW_REPLY_HEAD_MAX], size[24];
};

/* As far as it goes with what is there; what a handler wakes from within is gone on with when it
 * has returned. */
void http_raw_go_on(struct raw *r);
/* Its client left while nothing was read of it? Looked for once a second. */
bool http_raw_is_gone(struct raw *r, int64_t now_ms);
/* Answer what no handler sees: its framing is not trusted any further. */
void http_raw_refuse(struct raw *r, unsigned status, const struct fault *f);
/* The request is over: whoever kept it is told. */
void http_raw_forget(struct raw *r);

/* http_raw_body.c: give the handler the next piece of the body; false: none is there. */
bool http_raw_body(struct raw *r);

/* http_raw_reply.c */
/* Send r->x's reply; go on with the next request, or end, when it has left. */
void http_raw_reply(struct raw *r);
/* Write parts, which are lent until it is done; then go on. */
void http_raw_write(struct raw *r, h2o_iovec_t *parts, size_t n);
/* For r->pulse. */
void http_raw_pulse(h2o_timeout_entry_t *entry);

#endif
