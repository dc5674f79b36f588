/*
 * daemon/http_internal.h - what the files of http* share.
 *
 * It shows h2o, so nothing but http*.c includes it, behind <h2o.h>, which the
 * test of layers lets nobody else include. Whose memory is whose:
 * an h2o_socket_t of a client belongs to h2o from accept to on_close and is
 * ended with shutdown(2) alone; a call lives in its request's pool.
 */
#ifndef QUATRAIN_DAEMON_HTTP_INTERNAL_H
#define QUATRAIN_DAEMON_HTTP_INTERNAL_H

#include "daemon/http.h"

/* The header compiles, and links, with libuv's layout too; only a crash would tell. */
_Static_assert(H2O_USE_LIBUV == 0, "h2o: the event loop is its own, not libuv's");
_Static_assert(sizeof(void *) != 8 || sizeof(h2o_context_t) == 864, "h2o: not the ABI of 2.2.5");

#define HTTP_H2O_BODY_MAX (1u << 20) /* octets; h2o answers 413 over it */
#define HTTP_SOON_MS      5          /* retries, refusals and farewells wait this long */
#define HTTP_PULSE_MS     10         /* until a stream that had nothing to say is asked again */
#define HTTP_SWEEP_MS     500        /* between looks at stalled writes and late answers */
#define HTTP_ALERT_MAX    64         /* octets of a TLS record that can be an alert */

struct face;
struct question;
struct raw;

/* The questions of a process and the line they go over; see http_ask.c. */
struct desk {
	h2o_socket_t *line;    /* owned; NULL for none */
	struct message answer; /* read into, its room kept */
	uint32_t last_id;
	struct question *sent_by_id[1024];
	h2o_linklist_t waiting, sent, refused; /* each oldest first */
	size_t waiting_n;
	h2o_timeout_entry_t later;
	void (*told)(void *with, uint16_t verb); /* NULL: nobody wants to know */
	void *told_with;
};

struct http {
	h2o_loop_t *loop;
	h2o_timeout_t soon;  /* of HTTP_SOON_MS */
	h2o_timeout_t pulse; /* of HTTP_PULSE_MS */
	struct face *faces;
	struct watch *watches;
	struct timer *timers;
	h2o_linklist_t conns;
	unsigned conns_n;
	uint64_t comings;   /* handshakes that ended, connections that closed */
	h2o_socket_t *stop; /* on stop_fd, an eventfd */
	int stop_fd;
	bool stopping;
	bool broken; /* the loop turns no more */
	struct desk desk;
	struct http_later *later;    /* http_after()'s, oldest first */
	bool (*on_turn)(void *with); /* http_on_turn()'s */
	void *turn_with;
};

/* One listener with its own limits: h2o keeps them in a globalconf and a context. */
struct face {
	struct face *next;
	struct http *http;
	struct http_face want;
	h2o_globalconf_t config;
	h2o_context_t context;
	h2o_accept_ctx_t accept; /* ssl_ctx holds a reference */
	h2o_socket_t *listener;  /* NULL once closed */
	unsigned conns_n;
	int64_t complained_ms; /* in the log, last; 0 never */
	bool starved;          /* it found no descriptor free */
};

/* One accepted connection, from accept until h2o closes it. */
struct conn {
	h2o_linklist_t link; /* in http.conns */
	struct face *face;
	h2o_socket_t *sock; /* lent by h2o; of a face that streams http_raw.c's */
	struct raw *raw;    /* of such a face; NULL */
	SSL_CTX *tls;       /* a reference: h2o takes none, and calls SSL_new() late */
	SSL *ssl;           /* lent by h2o; NULL without TLS or before the first octet */
	h2o_timeout_entry_t farewell;
	uint64_t address;               /* what its peer counts as; see limit.h */
	bool shaken;                    /* the handshake is done */
	unsigned turns;                 /* steps of TLS after that: key updates */
	int64_t quiet_ms;               /* when it came, or its last request was answered */
	bool in_hand;                   /* a request is being answered */
	bool owed;                      /* and the signer's answer to it is awaited */
	bool last;                      /* cut meanwhile: it ends behind that answer */
	bool ended;                     /* shutdown(2) was called */
	uint8_t record[HTTP_ALERT_MAX]; /* the last TLS record written, if it is short */
	size_t record_n;
	size_t written; /* octets, when last looked at */
	int64_t stalled_ms;
	uint8_t *peer; /* DER, owned; NULL until asked for */
	size_t peer_n;
	struct bytes above;           /* the certificates that came with it */
	uint8_t tag[HTTP_TAG_OCTETS]; /* http_each_peer()'s */
	uint8_t room[EXCHANGE_ROOM_OCTETS];
	char source[EXCHANGE_SOURCE_MAX];
};

/* http_conn.c */
void http_conn_accept(h2o_socket_t *listener, const char *err); /* a read callback of a listener */
struct conn *http_conn_of(h2o_socket_t *sock); /* NULL for a socket that is not a client's */
struct octets http_conn_above(struct conn *c);
struct octets http_conn_peer(struct conn *c); /* DER, lent; n 0 for none */
const char *http_conn_source(struct conn *c);
void http_conn_end(struct conn *c);
void http_conn_rest(struct conn *c);     /* no request is in hand any more */
void http_conn_farewell(struct conn *c); /* the client said close_notify */
void http_conn_sweep(struct http *h);

/* http_tls.c: close the holes of h2o's TLS on every connection that tls makes. */
void http_tls_guard(SSL_CTX *tls);
/* What binds a credential to c: tls-exporter (RFC 9266) on TLS 1.3, tls-unique (RFC 5929) on 1.2;
 * how many octets, 0 for none. */
size_t http_tls_binding(const struct conn *c, uint8_t to[static 32]);

/* http_call.c: the words of a status; every request of the face comes to its serve(). */
const char *http_reason(unsigned status);
/* Answer what no handler should see; the connection's framing is not trusted any further. */
void http_refuse(struct exchange *x, unsigned status, const char *why);
void http_call_register(struct face *face, h2o_hostconf_t *host);

/* http_stream.c: what x has in reply, then what its pull() says, until that or the connection ends.
 * The head is filled in; x lives as long as req. */
void http_stream_begin(struct conn *c, h2o_req_t *req, struct exchange *x);

/* http_ask.c */
typedef void http_answer(void *with, uint16_t code, struct octets body);
void http_desk_open(struct http *h);
/* trace may be NULL; body is moved. The question, for http_ask_forget() until then is called. */
struct question *http_ask_moved(struct http *h, uint16_t verb, const struct trace *trace,
    struct bytes *body, http_answer *then, void *with);
void http_ask_forget(struct question *q); /* then will not be called */
void http_desk_expire(struct http *h);    /* refuse what waits for too long */
void http_desk_hang_up(struct http *h);   /* close the line and refuse all */
void http_desk_deliver(struct http *h);   /* tell the refused now */
void http_desk_close(struct http *h);     /* free what is left */

#endif
