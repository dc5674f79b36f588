/* daemon/http_conn.c - see http_internal.h. Connections: accepted, capped, known, ended. */
#include <h2o.h>

#include "daemon/http_raw.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/limit.h"

#define ACCEPTS_A_TURN 16
#define PEER_SILENT_MS 30000 /* the kernel drops a peer that acknowledges nothing for so long */
#define REPLY_STALL_MS 60000 /* and we one that takes longer to read a reply: h2o never does */
#define COMPLAIN_MS    10000 /* between lines in the log about the same */
#define SILENT_MS      4000 /* a handshake that ends after so long was not just a look at the port */
#define IDLE_MS        1000 /* what rested for so long may be cut to let others in */
#define ABOVE_MAX      16   /* certificates beside the client's own that are looked at */
#define ROOM           4    /* then so large a part of all: 1/4 */

static int64_t
steady_ms(void)
{
	return clock_steady_us() / 1000;
}

/* At the cap, or out of descriptors, a listener is deaf until a connection ends. */
static void
hear_again(struct face *face)
{
	if (face->listener != NULL && !h2o_socket_is_reading(face->listener) &&
	    face->conns_n < face->want.conns_max)
		h2o_socket_read_start(face->listener, http_conn_accept);
}

/* h2o closed the socket: its SSL is freed already. */
static void
conn_closed(void *with)
{
	struct conn *c = with;
	struct face *face = c->face;

	if (c->raw != NULL)
		http_raw_closed(c);
	h2o_linklist_unlink(&c->link);
	h2o_timeout_unlink(&c->farewell);
	face->http->conns_n--;
	face->http->comings++;
	face->conns_n--;
	/* Who connects and leaves without a word is a monitor, and no failure. */
	if (c->tls != NULL && !c->shaken &&
	    (c->ssl != NULL || steady_ms() - c->quiet_ms >= SILENT_MS))
		limit_failed(face->want.limit, c->address, clock_steady_us());
	SSL_CTX_free(c->tls);
	OPENSSL_free(c->peer);
	bytes_free(&c->above);
	free(c);
	hear_again(face);
}

struct conn *
http_conn_of(h2o_socket_t *sock)
{
	return sock != NULL && sock->on_close.cb == conn_closed ? sock->on_close.data : NULL;
}

/*
 * A client that says close_notify and stays would have h2o buffer all it sends
 * without bound. A request that came with it is still answered, then closed.
 */
static void
part(h2o_timeout_entry_t *entry)
{
	struct conn *c = H2O_STRUCT_FROM_MEMBER(struct conn, farewell, entry);

	if (!c->in_hand)
		http_conn_end(c);
}

void
http_conn_farewell(struct conn *c)
{
	struct http *h = c->face->http;

	if (!h2o_timeout_is_linked(&c->farewell))
		h2o_timeout_link(h->loop, &h->soon, &c->farewell);
}

void
http_conn_end(struct conn *c)
{
	c->ended = true;
	(void)shutdown(h2o_socket_get_fd(c->sock), SHUT_RDWR);
	if (c->raw != NULL)
		http_raw_end(c);
}

void
http_conn_rest(struct conn *c)
{
	struct http *h = c->face->http;

	c->in_hand = false;
	c->quiet_ms = steady_ms();
	/* The list goes from who rests longest to who was last active. */
	h2o_linklist_unlink(&c->link);
	h2o_linklist_insert(&h->conns, &c->link);
}

static void
conn_new(struct face *face, h2o_socket_t *sock, uint64_t address)
{
	struct conn *c = h2o_mem_alloc(sizeof(*c));
	int silent_ms = PEER_SILENT_MS;

	memset(c, 0, sizeof(*c));
	c->face = face;
	c->sock = sock;
	c->address = address;
	c->quiet_ms = c->stalled_ms = steady_ms();
	c->farewell.cb = part;
	if ((c->tls = face->accept.ssl_ctx) != NULL)
		SSL_CTX_up_ref(c->tls);
	(void)setsockopt(
	    h2o_socket_get_fd(sock), IPPROTO_TCP, TCP_USER_TIMEOUT, &silent_ms, sizeof(silent_ms));
	h2o_linklist_insert(&face->http->conns, &c->link);
	face->http->conns_n++;
	face->conns_n++;
	sock->on_close.cb = conn_closed;
	sock->on_close.data = c;
	if (face->want.streams)
		http_raw_accept(c);
	else
		h2o_accept(&face->accept, sock);
}

/* The local face speaks for the officer at this machine: root and ourselves, nobody else. */
static bool
may_stay(const struct face *face, h2o_socket_t *sock)
{
	struct ucred who = { .uid = (uid_t)-1 };
	socklen_t n = sizeof(who);
	char uid[24];

	if (face->want.face != FACE_LOCAL)
		return true;
	if (getsockopt(h2o_socket_get_fd(sock), SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 &&
	    (who.uid == 0 || who.uid == geteuid()))
		return true;
	(void)snprintf(uid, sizeof(uid), "%lld", (long long)(int)who.uid);
	log_fact(LOG_WARN, "local-refused", "uid", uid, NULL);
	return false;
}

static uint64_t
address_of(const struct face *face, h2o_socket_t *sock)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };

	if (face->want.limit == NULL || h2o_socket_getpeername(sock, (struct sockaddr *)&ss) == 0)
		return 0;
	return limit_address(face->want.limit, (const struct sockaddr *)&ss);
}

/* A reset, which leaves nothing of the connection on this machine. */
static void
hang_up(h2o_socket_t *sock)
{
	const struct linger none = { .l_onoff = 1 };

	(void)setsockopt(h2o_socket_get_fd(sock), SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	h2o_socket_close(sock);
}

/* Out of descriptors a listener stays ready: be deaf until a connection ends or the next sweep. */
static void
rest(h2o_socket_t *listener)
{
	struct face *face = listener->data;
	struct fault f;

	(void)fault_errno(&f, FAULT_INTERNAL, "http: cannot accept");
	if (face->complained_ms == 0 || steady_ms() - face->complained_ms > COMPLAIN_MS) {
		log_fact(LOG_WARN, "accept-rests", "why", f.text, NULL);
		face->complained_ms = steady_ms();
	}
	face->starved = true;
	h2o_socket_read_stop(listener);
}

void
http_conn_accept(h2o_socket_t *listener, const char *err)
{
	struct face *face = listener->data;
	h2o_socket_t *sock;
	uint64_t address;

	if (err != NULL)
		return;
	for (unsigned i = 0; i < ACCEPTS_A_TURN; i++) {
		if (face->conns_n >= face->want.conns_max) {
			h2o_socket_read_stop(listener);
			return;
		}
		errno = 0;
		if ((sock = h2o_evloop_socket_accept(listener)) == NULL) {
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				rest(listener);
			return;
		}
		address = address_of(face, sock);
		if (!may_stay(face, sock))
			h2o_socket_close(sock);
		else if (face->accept.ssl_ctx != NULL &&
			 !limit_welcome(face->want.limit, address, clock_steady_us()))
			hang_up(sock);
		else
			conn_new(face, sock, address);
	}
}

struct octets
http_conn_peer(struct conn *c)
{
	X509 *x;
	int n;

	if (c->peer == NULL && c->ssl != NULL && (x = SSL_get0_peer_certificate(c->ssl)) != NULL) {
		if ((n = i2d_X509(x, &c->peer)) > 0)
			c->peer_n = (size_t)n;
		ERR_clear_error();
	}
	return octets_of(c->peer, c->peer_n);
}

/* What does not fit is left out: a path that needs it is none. */
struct octets
http_conn_above(struct conn *c)
{
	const STACK_OF(X509) *all = c->ssl == NULL ? NULL : SSL_get_peer_cert_chain(c->ssl);
	uint8_t *der = NULL;
	int n;

	for (int i = 0; c->above.n == 0 && i < sk_X509_num(all) && i < ABOVE_MAX; i++) {
		if ((n = i2d_X509(sk_X509_value(all, i), &der)) > 0)
			bytes_put(&c->above, der, (size_t)n);
		OPENSSL_free(der);
		der = NULL;
	}
	return octets_bytes(&c->above);
}

const char *
http_conn_source(struct conn *c)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	char host[NI_MAXHOST], port[NI_MAXSERV];
	socklen_t n;

	if (c->source[0] != '\0')
		return c->source;
	n = h2o_socket_getpeername(c->sock, (struct sockaddr *)&ss);
	if (n == 0 || ss.ss_family == AF_UNIX ||
	    getnameinfo((struct sockaddr *)&ss, n, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		(void)snprintf(c->source, sizeof(c->source), "%s", n == 0 ? "gone" : "local");
	else
		(void)snprintf(c->source, sizeof(c->source),
		    ss.ss_family == AF_INET6 ? "[%.45s]:%.5s" : "%.45s:%.5s", host, port);
	return c->source;
}

static void
look_at(struct conn *c, int64_t now_ms)
{
	if (!h2o_socket_is_writing(c->sock) || c->written != c->sock->bytes_written) {
		c->written = c->sock->bytes_written;
		c->stalled_ms = now_ms;
	} else if (now_ms - c->stalled_ms > REPLY_STALL_MS) {
		http_conn_end(c);
	}
}

/*
 * At its cap, or out of descriptors, a face would be shut to all by few who only hold connections:
 * those that rest longest go. Idle ones of honest clients do too, who come again.
 */
static void
make_room(struct face *face, int64_t now_ms)
{
	unsigned left = 1 + face->conns_n / ROOM;

	if ((face->conns_n < face->want.conns_max && !face->starved) || face->listener == NULL)
		return;
	face->starved = false;
	for (h2o_linklist_t *l = face->http->conns.next; l != &face->http->conns && left > 0;
	     l = l->next) {
		struct conn *c = H2O_STRUCT_FROM_MEMBER(struct conn, link, l);

		if (c->face != face || c->in_hand || c->ended || now_ms - c->quiet_ms < IDLE_MS)
			continue;
		http_conn_end(c);
		left--;
	}
}

void
http_conn_sweep(struct http *h)
{
	int64_t now_ms = steady_ms();

	for (h2o_linklist_t *l = h->conns.next; l != &h->conns; l = l->next) {
		struct conn *c = H2O_STRUCT_FROM_MEMBER(struct conn, link, l);

		look_at(c, now_ms);
		if (c->raw != NULL)
			http_raw_look(c, now_ms);
	}
	for (struct face *face = h->faces; face != NULL; face = face->next) {
		make_room(face, now_ms);
		hear_again(face);
	}
}

unsigned
http_cut(struct http *h, bool (*cut)(void *with, const struct http_peer *peer), void *with)
{
	unsigned n = 0;

	for (h2o_linklist_t *l = h->conns.next; l != &h->conns; l = l->next) {
		struct conn *c = H2O_STRUCT_FROM_MEMBER(struct conn, link, l);
		struct http_peer peer = { .peer = http_conn_peer(c), .room = c->room };

		if (c->ended || c->last || peer.peer.n == 0)
			continue;
		peer.source = http_conn_source(c);
		if (!cut(with, &peer))
			continue;
		n++;
		if (c->owed)
			c->last = true;
		else
			http_conn_end(c);
	}
	return n;
}

void
http_each_peer(struct http *h,
    void (*visit)(void *with, struct octets peer, uint8_t tag[static HTTP_TAG_OCTETS]), void *with)
{
	for (h2o_linklist_t *l = h->conns.next; l != &h->conns; l = l->next) {
		struct conn *c = H2O_STRUCT_FROM_MEMBER(struct conn, link, l);
		struct octets peer = http_conn_peer(c);

		if (!c->ended && peer.n > 0)
			visit(with, peer, c->tag);
	}
}

uint64_t
http_comings(const struct http *h)
{
	return h->comings;
}
