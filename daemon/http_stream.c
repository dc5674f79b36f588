/* daemon/http_stream.c - see http_internal.h. Replies that go on: one piece after the other. */
#include <h2o.h>

#include "daemon/http_internal.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"

#define LEFT_LOOK_US 1000000 /* between looks whether the client is still there */

/* In its request's pool. */
struct stream {
	h2o_generator_t generator;
	h2o_req_t *req;
	struct conn *conn;
	struct exchange *x;        /* lent */
	h2o_timeout_entry_t pulse; /* linked while there is nothing to say */
	int64_t look_us;           /* at the client, next */
};

static void
forget(void *with)
{
	struct stream *s = with;

	h2o_timeout_unlink(&s->pulse);
}

/* The connection broke while a piece was on its way. */
static void
stop(h2o_generator_t *generator, h2o_req_t *req)
{
	(void)req;
	forget(H2O_STRUCT_FROM_MEMBER(struct stream, generator, generator));
}

/*
 * While a reply is under way nothing is read from its connection, so that a client's farewell is
 * not seen, and would be only when the second piece after it cannot be written.
 */
static bool
has_left(struct stream *s)
{
	struct pollfd p = { .fd = h2o_socket_get_fd(s->conn->sock), .events = POLLRDHUP };
	int64_t now_us = clock_steady_us();

	if (now_us < s->look_us)
		return false;
	s->look_us = now_us + LEFT_LOOK_US;
	return poll(&p, 1, 0) == 1;
}

static void
send_piece(struct stream *s, bool more)
{
	h2o_iovec_t piece = h2o_iovec_init(s->x->reply.at, s->x->reply.n);

	h2o_send(s->req, &piece, piece.len == 0 ? 0 : 1,
	    more ? H2O_SEND_STATE_IN_PROGRESS : H2O_SEND_STATE_FINAL);
}

static void
go_on(struct stream *s)
{
	struct http *h = s->conn->face->http;
	struct exchange *x = s->x;
	struct fault f;
	bool more = false;

	bytes_clear(&x->reply);
	if (!h->stopping && !s->conn->ended && !has_left(s))
		more = x->pull(x);
	if (!bytes_ok(&x->reply, &f)) {
		bytes_free(&x->reply);
		more = false;
	}
	if (more && x->reply.n == 0) {
		bytes_free(&x->reply); /* who waits holds nothing */
		h2o_timeout_link(h->loop, &h->pulse, &s->pulse);
		return;
	}
	send_piece(s, more);
}

/* What was sent has left. */
static void
proceed(h2o_generator_t *generator, h2o_req_t *req)
{
	(void)req;
	go_on(H2O_STRUCT_FROM_MEMBER(struct stream, generator, generator));
}

static void
on_pulse(h2o_timeout_entry_t *entry)
{
	go_on(H2O_STRUCT_FROM_MEMBER(struct stream, pulse, entry));
}

void
http_stream_begin(struct conn *c, h2o_req_t *req, struct exchange *x)
{
	struct stream *s = h2o_mem_alloc_shared(&req->pool, sizeof(*s), forget);

	memset(s, 0, sizeof(*s));
	s->req = req;
	s->conn = c;
	s->x = x;
	s->pulse.cb = on_pulse;
	s->generator.proceed = proceed;
	s->generator.stop = stop;
	h2o_start_response(req, &s->generator);
	send_piece(s, true);
}
