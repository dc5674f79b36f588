/* daemon/http.c - see http.h. The loop, its listeners, timers and watches, and its end. */
#include <h2o.h>

#include "daemon/http_raw.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "base/log.h"

#define HANDSHAKE_MS  5000
#define TURN_MS       1000 /* the longest that the loop sleeps */
#define DRAIN_TURN_MS 50   /* between looks at connections that became idle */
#define END_TURNS     100  /* of 10 ms, for h2o to notice that its sockets are shut */
#define RECEIVE_OCTETS                                                                             \
	(256 * 1024) /* h2o reads until the kernel's buffer is empty: keep it small */

struct watch {
	struct watch *next;
	h2o_socket_t *sock; /* on a duplicate of the caller's descriptor */
	void (*ready)(void *with);
	void *with;
};

struct timer {
	struct timer *next;
	struct http *http;
	h2o_timeout_t period;
	h2o_timeout_entry_t entry;
	void (*tick)(void *with);
	void *with;
};

static void
on_stop(h2o_socket_t *sock, const char *err)
{
	struct http *h = sock->data;

	(void)err;
	h->stopping = true;
	h2o_socket_read_stop(sock);
}

static void
on_sweep(void *with)
{
	struct http *h = with;

	http_conn_sweep(h);
	http_desk_expire(h);
}

static bool
open_stop(struct http *h, struct fault *f)
{
	h2o_socket_t *sock;

	if ((h->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		return fault_errno(f, FAULT_INTERNAL, "http: eventfd");
	sock = h2o_evloop_socket_create(h->loop, h->stop_fd, H2O_SOCKET_FLAG_DONT_READ);
	sock->data = h;
	h2o_socket_read_start(sock, on_stop);
	h->stop = sock;
	return true;
}

bool
http_new(struct http **ret, struct fault *f)
{
	struct http *h;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "http: out of memory");
	/* h2o writes with writev(2), which cannot be told to raise no signal. */
	(void)signal(SIGPIPE, SIG_IGN);
	h->loop = h2o_evloop_create();
	h2o_timeout_init(h->loop, &h->soon, HTTP_SOON_MS);
	h2o_timeout_init(h->loop, &h->pulse, HTTP_PULSE_MS);
	h2o_linklist_init_anchor(&h->conns);
	http_desk_open(h);
	if (!open_stop(h, f)) {
		http_free(h);
		return false;
	}
	http_every(h, HTTP_SWEEP_MS, on_sweep, h);
	*ret = h;
	return true;
}

static void
face_configure(struct face *face)
{
	h2o_globalconf_t *c = &face->config;
	h2o_hostconf_t *host;

	h2o_config_init(c);
	c->server_name = h2o_iovec_init(NULL, 0);
	c->http1.upgrade_to_http2 = 0;
	c->http1.req_timeout = (uint64_t)face->want.request_ms;
	c->handshake_timeout = HANDSHAKE_MS;
	c->max_request_entity_size = HTTP_H2O_BODY_MAX;
	/* One host of any name, at the port that stands for all. */
	host = h2o_config_register_host(c, h2o_iovec_init(H2O_STRLIT("default")), 65535);
	http_call_register(face, host);
	h2o_context_init(&face->context, face->http->loop, c);
	face->accept.ctx = &face->context;
	face->accept.hosts = c->hosts;
}

static void
face_set_tls(struct face *face, SSL_CTX *tls)
{
	http_tls_guard(tls);
	SSL_CTX_up_ref(tls);
	SSL_CTX_free(face->accept.ssl_ctx);
	face->accept.ssl_ctx = tls;
}

static void
face_listen(struct face *face)
{
	int octets = RECEIVE_OCTETS;

	/* Accepted sockets inherit it. */
	(void)setsockopt(face->want.listener, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	face->listener = h2o_evloop_socket_create(
	    face->http->loop, face->want.listener, H2O_SOCKET_FLAG_DONT_READ);
	face->listener->data = face;
	h2o_socket_read_start(face->listener, http_conn_accept);
}

static bool
is_unix(int fd)
{
	int domain = -1;
	socklen_t n = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == AF_UNIX;
}

bool
http_listen(struct http *h, const struct http_face *want, struct fault *f)
{
	struct face *face;

	if (want->face == FACE_LOCAL && !is_unix(want->listener))
		return fault_set(f, FAULT_INTERNAL, "http: the local face needs a Unix socket");
	if (want->body_max > HTTP_H2O_BODY_MAX || want->request_ms <= 0 || want->conns_max == 0)
		return fault_set(f, FAULT_INTERNAL, "http: a face without usable limits");
	if ((face = calloc(1, sizeof(*face))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "http: out of memory");
	face->http = h;
	face->want = *want;
	face_configure(face);
	face->next = h->faces;
	h->faces = face;
	if (want->tls != NULL)
		face_set_tls(face, want->tls);
	face_listen(face);
	return true;
}

void
http_set_tls(struct http *h, enum exchange_face which, SSL_CTX *tls)
{
	for (struct face *face = h->faces; face != NULL; face = face->next)
		if (face->want.face == which)
			face_set_tls(face, tls);
}

/* The other end is gone and nothing is left to read: it would be ready for ever. */
static bool
is_over(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char octet;

	if (poll(&p, 1, 0) != 1 || (p.revents & (POLLHUP | POLLERR)) == 0)
		return false;
	return (p.revents & POLLIN) == 0 || recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void
on_ready(h2o_socket_t *sock, const char *err)
{
	struct watch *w = sock->data;

	(void)err;
	w->ready(w->with);
	if (is_over(h2o_socket_get_fd(sock)))
		h2o_socket_read_stop(sock);
}

bool
http_watch(struct http *h, int fd, void (*ready)(void *with), void *with, struct fault *f)
{
	struct watch *w;
	int copy;

	if ((copy = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return fault_errno(f, FAULT_INTERNAL, "http: cannot watch descriptor %d", fd);
	if ((w = calloc(1, sizeof(*w))) == NULL) {
		(void)close(copy);
		return fault_set(f, FAULT_INTERNAL, "http: out of memory");
	}
	w->ready = ready;
	w->with = with;
	w->sock = h2o_evloop_socket_create(h->loop, copy, H2O_SOCKET_FLAG_DONT_READ);
	w->sock->data = w;
	w->next = h->watches;
	h->watches = w;
	h2o_socket_read_start(w->sock, on_ready);
	return true;
}

static void
on_tick(h2o_timeout_entry_t *entry)
{
	struct timer *t = H2O_STRUCT_FROM_MEMBER(struct timer, entry, entry);

	h2o_timeout_link(t->http->loop, &t->period, &t->entry);
	t->tick(t->with);
}

void
http_every(struct http *h, int64_t period_ms, void (*tick)(void *with), void *with)
{
	struct timer *t = h2o_mem_alloc(sizeof(*t));

	memset(t, 0, sizeof(*t));
	t->http = h;
	t->tick = tick;
	t->with = with;
	t->entry.cb = on_tick;
	t->next = h->timers;
	h->timers = t;
	h2o_timeout_init(h->loop, &t->period, period_ms < 1 ? 1 : (uint64_t)period_ms);
	h2o_timeout_link(h->loop, &t->period, &t->entry);
}

struct http_later {
	struct http_later *next;
	void (*fn)(void *with);
	void *with;
};

void
http_after(struct http *h, void (*fn)(void *with), void *with)
{
	struct http_later **end = &h->later, *one = h2o_mem_alloc(sizeof(*one));

	*one = (struct http_later){ .fn = fn, .with = with };
	while (*end != NULL)
		end = &(*end)->next;
	*end = one;
}

void
http_on_turn(struct http *h, bool (*fn)(void *with), void *with)
{
	h->on_turn = fn;
	h->turn_with = with;
}

static void
run_later(struct http *h)
{
	struct http_later *all = h->later;

	h->later = NULL;
	for (struct http_later *next; all != NULL; all = next) {
		next = all->next;
		all->fn(all->with);
		free(all);
	}
}

/* One turn of the loop. A loop that cannot turn stops: the parent starts the process anew. */
static void
turn(struct http *h, int32_t wait_ms)
{
	struct fault f;

	bool later = h->later != NULL;

	/* What they write is h2o's affair before it sleeps. */
	run_later(h);
	later |= h->on_turn != NULL && h->on_turn(h->turn_with);
	errno = 0;
	if (h2o_evloop_run(h->loop, later || h->later != NULL ? 0 : wait_ms) == 0 ||
	    errno == EINTR || h->broken)
		return;
	(void)fault_errno(&f, FAULT_INTERNAL, "http: the loop");
	log_fact(LOG_ERROR, "loop-broken", "why", f.text, NULL);
	h->broken = h->stopping = true;
}

static int
end_idle(h2o_req_t *req, void *with)
{
	struct conn *c = http_conn_of(req->conn->callbacks->get_socket(req->conn));

	(void)with;
	if (req->timestamps.request_begin_at.tv_sec == 0 && !c->ended)
		http_conn_end(c);
	return 0;
}

static void
end_all_idle(struct http *h)
{
	/* Whether a connection is kept was decided with its last request: so look again and again.
	 */
	for (struct face *face = h->faces; face != NULL; face = face->next)
		(void)face->config.http1.callbacks.foreach_request(&face->context, end_idle, NULL);
	for (h2o_linklist_t *l = h->conns.next; l != &h->conns; l = l->next) {
		struct conn *c = H2O_STRUCT_FROM_MEMBER(struct conn, link, l);

		if (c->raw != NULL && !c->ended && http_raw_idle(c))
			http_conn_end(c);
	}
}

static void
stop_listening(struct http *h)
{
	for (struct face *face = h->faces; face != NULL; face = face->next) {
		if (face->listener != NULL)
			h2o_socket_close(face->listener);
		face->listener = NULL;
		face->context.shutdown_requested = 1; /* replies say "Connection: close" */
	}
}

/* End what is left by force, and tell every open question that it has no answer. */
static void
end_all(struct http *h)
{
	stop_listening(h);
	http_desk_hang_up(h);
	http_desk_deliver(h);
	for (unsigned i = 0; i < END_TURNS && h->conns_n > 0 && !h->broken; i++) {
		for (h2o_linklist_t *l = h->conns.next; l != &h->conns; l = l->next)
			http_conn_end(H2O_STRUCT_FROM_MEMBER(struct conn, link, l));
		turn(h, 10);
	}
}

void
http_run(struct http *h, int64_t drain_ms)
{
	int64_t end_us;

	while (!h->stopping)
		turn(h, TURN_MS);
	stop_listening(h);
	end_us = clock_steady_us() + drain_ms * 1000;
	while (h->conns_n > 0 && clock_steady_us() < end_us && !h->broken) {
		end_all_idle(h);
		turn(h, DRAIN_TURN_MS);
	}
	end_all(h);
}

void
http_stop(struct http *h)
{
	const uint64_t one = 1;
	int saved = errno;

	(void)!write(h->stop_fd, &one, sizeof(one));
	errno = saved;
}

static void
free_watches(struct http *h)
{
	for (struct watch *w = h->watches, *next; w != NULL; w = next) {
		next = w->next;
		h2o_socket_close(w->sock);
		free(w);
	}
	if (h->stop != NULL)
		h2o_socket_close(h->stop);
}

static void
free_timers(struct http *h)
{
	for (struct timer *t = h->timers, *next; t != NULL; t = next) {
		next = t->next;
		h2o_timeout_unlink(&t->entry);
		h2o_timeout_dispose(h->loop, &t->period);
		free(t);
	}
	h2o_timeout_unlink(&h->desk.later);
}

static void
free_faces(struct http *h)
{
	for (struct face *face = h->faces, *next; face != NULL; face = next) {
		next = face->next;
		h2o_context_dispose(&face->context);
		h2o_config_dispose(&face->config);
		SSL_CTX_free(face->accept.ssl_ctx);
		free(face);
	}
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	end_all(h);
	http_desk_close(h);
	free_watches(h);
	free_timers(h);
	for (struct http_later *next; h->later != NULL; h->later = next) {
		next = h->later->next;
		free(h->later);
	}
	/* h2o cannot let go of a context with connections; they never outlast end_all() but when
	 * broken. */
	if (h->conns_n > 0)
		return;
	free_faces(h);
	h2o_timeout_dispose(h->loop, &h->soon);
	h2o_timeout_dispose(h->loop, &h->pulse);
	h2o_evloop_destroy(h->loop);
	free(h);
}
