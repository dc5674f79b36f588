/* daemon/http_raw.c - see http_raw.h. */
#include <h2o.h>

#include "daemon/http_raw_under.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "base/clock.h"

#define HANDSHAKE_MS  5000
#define LINGER_OCTETS (1u << 20)   /* of a body that was refused: read and dropped, */
#define INPUT_OCTETS  (512u << 10) /* more than is read at once; used as far as it is needed */
#define LINGER_MS     2000         /* so that the refusal is read before the reset */
#define RATE_AFTER_MS 60000        /* a body that comes slower than */
#define RATE_OCTETS   512          /* so many a second on the whole is no body */
#define GONE_LOOK_MS  1000

static int64_t
steady_ms(void)
{
	return clock_steady_us() / 1000;
}

/* --- its end ------------------------------------------------------------------------------------
 */

void
http_raw_forget(struct raw *r)
{
	if (!r->live)
		return;
	r->live = false;
	if (r->question != NULL) {
		http_ask_forget(r->question);
		r->question = NULL;
		r->conn->owed = false;
	}
	if (r->x.status == 0 && r->conn->face->want.served != NULL)
		r->conn->face->want.served(&r->x, clock_steady_us() - r->began_us);
	if (r->x.over != NULL)
		r->x.over(&r->x);
	exchange_free(&r->x);
	http_conn_rest(r->conn);
}

void
http_raw_closed(struct conn *c)
{
	struct raw *r = c->raw;

	h2o_timeout_unlink(&r->pulse);
	http_raw_forget(r);
	bytes_free(&r->kept);
	free(r);
	c->raw = NULL;
}

/* Never from within a handler, nor from a frame that goes on with the connection. */
static void
close_soon(h2o_timeout_entry_t *entry)
{
	struct conn *c = H2O_STRUCT_FROM_MEMBER(struct conn, farewell, entry);

	/* Told of a farewell behind a request: that is still answered. */
	if (c->ended || !c->in_hand)
		h2o_socket_close(c->sock);
}

void
http_raw_end(struct conn *c)
{
	h2o_socket_read_stop(c->sock);
	http_conn_farewell(c);
}

static void
end(struct raw *r)
{
	http_conn_end(r->conn);
}

bool
http_raw_idle(const struct conn *c)
{
	return c->raw->step == RAW_HEAD && c->sock->input->size == 0;
}

/* While nothing is read of a connection its end is not seen. */
bool
http_raw_is_gone(struct raw *r, int64_t now_ms)
{
	struct pollfd p = { .fd = h2o_socket_get_fd(r->sock), .events = POLLRDHUP };

	if (now_ms < r->look_ms)
		return false;
	r->look_ms = now_ms + GONE_LOOK_MS;
	return poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static bool
is_slow(const struct raw *r, int64_t now_ms)
{
	int64_t quiet_ms = now_ms - r->active_ms, since_ms = now_ms - r->began_us / 1000;

	switch (r->step) {
	case RAW_SHAKE:
		return now_ms - r->active_ms > HANDSHAKE_MS;
	case RAW_HEAD:
		return quiet_ms > r->conn->face->want.request_ms;
	case RAW_BODY:
		return quiet_ms > r->conn->face->want.request_ms ||
		       (since_ms > RATE_AFTER_MS &&
			   r->got / (uint64_t)(since_ms / 1000) < RATE_OCTETS);
	case RAW_LINGER:
		return now_ms - r->linger_ms > LINGER_MS;
	case RAW_WAIT:
	case RAW_REPLY:
	default:
		return false; /* a reply that nobody reads is http_conn_sweep()'s */
	}
}

void
http_raw_look(struct conn *c, int64_t now_ms)
{
	struct raw *r = c->raw;

	if (c->ended)
		return;
	if (is_slow(r, now_ms) || (r->step == RAW_WAIT && http_raw_is_gone(r, now_ms)))
		end(r);
}

/* --- the request --------------------------------------------------------------------------------
 */

static void
answered(void *with, uint16_t code, struct octets body)
{
	struct raw *r = with;

	r->question = NULL;
	r->conn->owed = false;
	r->x.ask.then(&r->x, code, body);
	http_raw_go_on(r);
}

static void
ask(struct raw *r)
{
	uint16_t verb = r->x.ask.verb;

	r->x.ask.verb = 0;
	r->step = RAW_WAIT;
	h2o_socket_read_stop(r->sock);
	trace_begin(&r->x.trace);
	r->conn->owed = true;
	r->question =
	    http_ask_moved(r->conn->face->http, verb, &r->x.trace, &r->x.ask.body, answered, r);
}

static void
woken(struct exchange *x)
{
	http_raw_go_on(H2O_STRUCT_FROM_MEMBER(struct raw, x, x));
}

static bool
lend_header(const struct exchange *x, const char *name, struct octets *ret)
{
	const struct raw *r =
	    H2O_STRUCT_FROM_MEMBER(struct raw, x, (struct exchange *)(uintptr_t)x);

	return http_head_field(&r->head, name, ret);
}

static void
bind_call(struct exchange *x)
{
	struct raw *r = H2O_STRUCT_FROM_MEMBER(struct raw, x, x);

	x->binding_n = http_tls_binding(r->conn, x->binding);
}

static uint32_t
uid_of(const struct conn *c)
{
	struct ucred who = { .uid = (uid_t)-1 };
	socklen_t n = sizeof(who);
	int fd = h2o_socket_get_fd(c->sock), domain = -1;
	socklen_t domain_n = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_n) != 0 || domain != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0)
		return EXCHANGE_NO_UID;
	return who.uid;
}

static void
take_trace(struct exchange *x)
{
	struct octets parent, state;

	if (!exchange_ask_header(x, "traceparent", &parent) || parent.at == NULL ||
	    !trace_parse(parent, &x->trace))
		memset(&x->trace, 0, sizeof(x->trace));
	else if (exchange_ask_header(x, "tracestate", &state) && state.n > 0 &&
		 trace_state_ok(state))
		x->tracestate = state;
}

/* False: a field that counts stands twice. */
static bool
fill(struct raw *r)
{
	struct conn *c = r->conn;
	struct exchange *x = &r->x;

	*x = (struct exchange){ .face = c->face->want.face,
		.with = c->face->want.with,
		.method = r->head.method,
		.path = r->head.path,
		.query = r->head.query,
		.body_octets = r->head.octets == HTTP_CHUNKED ? EXCHANGE_CHUNKED : r->head.octets,
		.uid = uid_of(c),
		.peer = http_conn_peer(c),
		.above = http_conn_above(c),
		.address = c->address,
		.room = c->room,
		.bind = c->ssl == NULL ? NULL : bind_call,
		.header = lend_header,
		.wake = woken };
	memcpy(x->source, http_conn_source(c), sizeof(x->source));
	take_trace(x);
	return http_head_field(&r->head, "content-type", &x->content_type) &&
	       http_head_field(&r->head, "authorization", &x->authorization) &&
	       http_head_field(&r->head, "user-agent", &x->user_agent) &&
	       http_head_field(&r->head, "idempotency-key", &x->idempotency_key);
}

void
http_raw_refuse(struct raw *r, unsigned status, const struct fault *f)
{
	http_refuse(&r->x, status, f->text);
	r->whole = false;
	http_raw_reply(r);
}

static void
start_request(struct raw *r)
{
	r->live = true;
	r->whole = r->begun = false;
	r->got = 0;
	r->expects = r->head.expects;
	r->left = r->head.octets == HTTP_CHUNKED ? 0 : r->head.octets;
	r->chunked = (struct chunked){ .state = CHUNKED_SIZE };
	r->conn->in_hand = true;
	r->began_us = clock_steady_us();
}

/* True: the head is there, and the handler has had its say. */
static bool
read_head(struct raw *r)
{
	struct octets in = octets_of(r->sock->input->bytes, r->sock->input->size);
	unsigned status = 400;
	struct fault f;
	size_t n;

	if (in.n == 0)
		return false;
	bytes_clear(&r->kept);
	if (http_head_read(in, &n, &r->head, &status, &f)) {
		if (n == 0) /* more is needed */
			return false;
	} else {
		r->head = (struct http_head){ .keep = false };
		r->keep = r->chunks = false;
		start_request(r);
		(void)fill(r);
		http_raw_refuse(r, status, &f);
		return false;
	}
	bytes_put(&r->kept, in.at, n);
	h2o_buffer_consume(&r->sock->input, n);
	/* The same octets again, where they stay. */
	if (r->kept.bad || !http_head_read(octets_bytes(&r->kept), &n, &r->head, &status, &f)) {
		end(r);
		return false;
	}
	r->keep = r->head.keep;
	r->chunks = r->head.is_11;
	start_request(r);
	if (!fill(r)) {
		fault_set(&f, FAULT_BADREQ, "http: a field that counts stands twice");
		http_raw_refuse(r, 400, &f);
		return false;
	}
	r->conn->face->want.serve(&r->x);
	return true;
}

/* Who was told 100 sends; who was not, and waits, is told. */
static bool
invite(struct raw *r)
{
	h2o_iovec_t line = h2o_iovec_init(H2O_STRLIT("HTTP/1.1 100 Continue\r\n\r\n"));

	if (!r->expects || r->sock->input->size > 0 || r->head.octets == 0)
		return false;
	r->expects = false;
	r->invited = true;
	http_raw_write(r, &line, 1);
	return true;
}

/* The handler has spoken. True: its body is to be read. */
static bool
settle(struct raw *r)
{
	struct exchange *x = &r->x;
	struct fault f;

	if (x->status == 0 && x->ask.verb != 0 && bytes_ok(&x->ask.body, &f)) {
		ask(r);
		return false;
	}
	if (x->status == 0 && x->waits) {
		r->step = RAW_WAIT;
		h2o_socket_read_stop(r->sock);
		return false;
	}
	if (x->status == 0 && x->take != NULL && !r->whole) {
		if (r->step != RAW_BODY) /* while its handler waited nobody could send */
			r->active_ms = steady_ms();
		r->step = RAW_BODY;
		return !invite(r);
	}
	if (!r->whole && r->head.octets == 0) /* of no body all was read */
		r->whole = true;
	if (x->status < 200 || x->status > 599 || !bytes_ok(&x->reply, &f)) {
		fault_set(&f, FAULT_INTERNAL, "the service could not make an answer");
		bytes_free(&x->reply);
		http_raw_refuse(r, 500, &f);
		return false;
	}
	http_raw_reply(r);
	return false;
}

/* Nothing of what a refused client still sends is kept. */
static void
drop_input(struct raw *r)
{
	r->lingered += r->sock->input->size;
	h2o_buffer_consume(&r->sock->input, r->sock->input->size);
	if (r->lingered > LINGER_OCTETS)
		end(r);
}

static void on_read(h2o_socket_t *sock, const char *err);

/* As far as it goes with what is there. */
static void
advance(struct raw *r)
{
	if (r->live && r->step != RAW_BODY && !settle(r))
		return;
	while (!r->conn->ended) {
		if (r->step == RAW_LINGER) {
			drop_input(r);
			return;
		}
		if (r->step == RAW_HEAD && !read_head(r))
			return;
		if (r->step == RAW_BODY && !http_raw_body(r))
			return;
		if (!settle(r))
			return;
	}
}

/* What a handler wakes from within is gone on with when it has returned. */
void
http_raw_go_on(struct raw *r)
{
	if (r->inside || r->writing || r->conn->ended || r->question != NULL ||
	    r->step == RAW_REPLY || (r->live && r->x.waits))
		return;
	r->inside = true;
	advance(r);
	r->inside = false;
	if (r->conn->ended || r->writing)
		return;
	if (r->step == RAW_HEAD || r->step == RAW_BODY || r->step == RAW_LINGER)
		h2o_socket_read_start(r->sock, on_read);
}

static void
on_read(h2o_socket_t *sock, const char *err)
{
	struct raw *r = sock->data;
	bool parted =
	    r->conn->ssl != NULL && (SSL_get_shutdown(r->conn->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;

	if (err != NULL || (parted && sock->input->size == 0)) {
		h2o_socket_close(sock);
		return;
	}
	/* A head has request_ms from its first octet to its last: another octet now and then does
	   not make it any longer. */
	if (r->step != RAW_HEAD || !r->begun)
		r->active_ms = steady_ms();
	r->begun = r->step == RAW_HEAD;
	http_raw_go_on(r);
}

static void
on_shaken(h2o_socket_t *sock, const char *err)
{
	struct raw *r = sock->data;

	if (err != NULL) {
		h2o_socket_close(sock);
		return;
	}
	r->step = RAW_HEAD;
	r->active_ms = steady_ms();
	http_raw_go_on(r);
}

void
http_raw_accept(struct conn *c)
{
	struct raw *r = h2o_mem_alloc(sizeof(*r));

	memset(r, 0, sizeof(*r));
	r->conn = c;
	r->sock = c->sock;
	r->active_ms = steady_ms();
	r->pulse.cb = http_raw_pulse;
	c->raw = r;
	c->farewell.cb = close_soon;
	c->sock->data = r;
	/* One that grew would leave a copy of what was in it behind. */
	(void)h2o_buffer_reserve(&c->sock->input, INPUT_OCTETS);
	if (c->tls != NULL) {
		h2o_socket_ssl_handshake(c->sock, c->tls, NULL, on_shaken);
		return;
	}
	r->step = RAW_HEAD;
	h2o_socket_read_start(c->sock, on_read);
}
