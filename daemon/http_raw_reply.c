/* daemon/http_raw_reply.c - see http_raw_under.h. Replies: whole, or one piece after the other. */
#include <h2o.h>

#include "daemon/http_raw_under.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

static int64_t
steady_ms(void)
{
	return clock_steady_us() / 1000;
}

static void on_written(h2o_socket_t *sock, const char *err);

void
http_raw_write(struct raw *r, h2o_iovec_t *parts, size_t n)
{
	r->writing = true;
	r->step = RAW_REPLY;
	h2o_socket_read_stop(r->sock);
	h2o_socket_write(r->sock, parts, n, on_written);
}

/* What is left of a request that was refused is dropped for a while: a reset behind unread octets
 * would take the answer with it. */
static void
linger(struct raw *r)
{
	r->step = RAW_LINGER;
	r->linger_ms = steady_ms();
	(void)shutdown(h2o_socket_get_fd(r->sock), SHUT_WR);
}

static void
request_done(struct raw *r)
{
	bool whole = r->whole,
	     keep = r->keep && whole && !r->conn->last && !r->conn->face->http->stopping;

	http_raw_forget(r);
	r->active_ms = steady_ms();
	if (r->conn->ended)
		return;
	if (!keep && (whole || r->conn->last)) {
		h2o_socket_close(r->sock); /* nothing of ours goes on with it in this frame */
		return;
	}
	if (keep)
		r->step = RAW_HEAD;
	else
		linger(r);
	http_raw_go_on(r);
}

/* One piece of what goes on, as a chunk where the client knows them. */
static void
write_piece(struct raw *r, bool last)
{
	struct octets o = octets_bytes(&r->x.reply);
	h2o_iovec_t parts[3];
	size_t n = 0;

	if (o.n > 0) {
		(void)snprintf(r->size, sizeof(r->size), "%zx\r\n", o.n);
		if (r->chunks)
			parts[n++] = h2o_iovec_init(r->size, strlen(r->size));
		parts[n++] = h2o_iovec_init(o.at, o.n);
	}
	if (r->chunks && last)
		parts[n++] = o.n > 0 ? h2o_iovec_init(H2O_STRLIT("\r\n0\r\n\r\n"))
				     : h2o_iovec_init(H2O_STRLIT("0\r\n\r\n"));
	else if (r->chunks && o.n > 0)
		parts[n++] = h2o_iovec_init(H2O_STRLIT("\r\n"));
	if (last)
		r->x.pull = NULL;
	if (n > 0)
		http_raw_write(r, parts, n);
	else
		request_done(r);
}

static void
pull(struct raw *r)
{
	struct http *h = r->conn->face->http;
	struct fault f;
	bool more;

	bytes_clear(&r->x.reply);
	more = !h->stopping && r->x.pull(&r->x);
	if (!bytes_ok(&r->x.reply, &f)) {
		http_conn_end(
		    r->conn); /* no end of the reply: the client must not take it for whole */
		return;
	}
	if (more && r->x.reply.n == 0) {
		h2o_timeout_link(h->loop, &h->pulse, &r->pulse);
		return;
	}
	write_piece(r, !more);
}

void
http_raw_pulse(h2o_timeout_entry_t *entry)
{
	struct raw *r = H2O_STRUCT_FROM_MEMBER(struct raw, pulse, entry);

	if (!r->conn->ended && http_raw_is_gone(r, steady_ms()))
		http_conn_end(r->conn);
	else if (!r->conn->ended)
		pull(r);
}

static void
on_written(h2o_socket_t *sock, const char *err)
{
	struct raw *r = sock->data;

	r->writing = false;
	r->active_ms = steady_ms();
	if (err != NULL || r->conn->ended) {
		http_conn_end(r->conn);
	} else if (r->invited) { /* the handler may have been woken meanwhile, and say more */
		r->invited = false;
		r->step = RAW_WAIT;
		http_raw_go_on(r);
	} else if (r->x.pull != NULL) {
		pull(r);
	} else {
		request_done(r);
	}
}

static void
put_line(struct bytes *b, const char *name, const char *value)
{
	bytes_put_fmt(b, "%s: %s\r\n", name, value);
}

/* The head, into out. */
static void
write_head(struct raw *r, size_t body, bool silent)
{
	struct exchange *x = &r->x;
	struct bytes b = { 0 };

	bytes_put_fmt(&b, "HTTP/1.1 %u %s\r\n", x->status, http_reason(x->status));
	if (x->type != NULL)
		put_line(&b, "Content-Type", x->type);
	for (size_t i = 0; i < x->headers_n; i++)
		put_line(&b, x->headers[i].name, x->headers[i].value);
	if (x->pull != NULL && r->chunks)
		put_line(&b, "Transfer-Encoding", "chunked");
	else if (x->pull == NULL && !(silent && body == 0))
		bytes_put_fmt(&b, "Content-Length: %zu\r\n", body);
	put_line(&b, "Connection", r->keep ? "keep-alive" : "close");
	bytes_put_text(&b, "\r\n");
	r->out[0] = '\0';
	if (!b.bad && b.n < sizeof(r->out))
		(void)snprintf(r->out, sizeof(r->out), "%.*s", (int)b.n, (const char *)b.at);
	bytes_free(&b);
}

void
http_raw_reply(struct raw *r)
{
	struct exchange *x = &r->x;
	struct octets body =
	    x->shared != NULL ? octets_of(x->shared->at, x->shared->n) : octets_bytes(&x->reply);
	bool head = octets_same(x->method, octets_text("HEAD"));
	bool silent = head || x->status == 204 || x->status == 304;
	h2o_iovec_t parts[4];
	size_t n = 0;

	r->keep =
	    r->keep && r->whole && !x->close && !r->conn->last && !r->conn->face->http->stopping;
	if (x->pull != NULL && !r->chunks)
		r->keep = false; /* HTTP/1.0: its end is the connection's */
	write_head(r, body.n, silent && !head);
	if (r->conn->face->want.served != NULL)
		r->conn->face->want.served(x, clock_steady_us() - r->began_us);
	if (silent)
		x->pull = NULL;
	parts[n++] = h2o_iovec_init(r->out, strlen(r->out));
	if (silent || body.n == 0) {
		http_raw_write(r, parts, n);
		return;
	}
	if (x->pull != NULL && r->chunks) { /* what there is already is the first piece */
		(void)snprintf(r->size, sizeof(r->size), "%zx\r\n", body.n);
		parts[n++] = h2o_iovec_init(r->size, strlen(r->size));
	}
	parts[n++] = h2o_iovec_init(body.at, body.n);
	if (x->pull != NULL && r->chunks)
		parts[n++] = h2o_iovec_init(H2O_STRLIT("\r\n"));
	http_raw_write(r, parts, n);
}
