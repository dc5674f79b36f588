/* tests/bench/line.c - see line.h. */
#include "tests/bench/line.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

struct line {
	int fd;
	SSL *ssl; /* NULL: plain */
	size_t n; /* octets of the answer so far */
	char room[LINE_ROOM + 1];
};

static int
trust(X509_STORE_CTX *st, void *with)
{
	(void)with;
	X509_STORE_CTX_set_error(st, X509_V_OK);
	return 1;
}

bool
line_context(SSL_CTX **ret, struct fault *f)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());

	if (c == NULL || SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set1_groups_list(c, "P-256") != 1) {
		SSL_CTX_free(c);
		return fault_crypto(f, FAULT_INTERNAL, "line: no context");
	}
	SSL_CTX_set_cert_verify_callback(c, trust, NULL);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c, SSL_MODE_NO_AUTO_CHAIN); /* a device sends its certificate alone */
	*ret = c;
	return true;
}

static bool
connect_unix(int fd, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(a.sun_path))
		return false;
	memcpy(a.sun_path, path, strlen(path));
	return connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0;
}

static bool
connect_tcp(int fd, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1;

	/* A client under Nagle's algorithm would measure the kernel's delayed ACK. */
	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
	       connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0;
}

static bool
join(struct line *l, const struct place *p, struct fault *f)
{
	const struct timeval wait = { .tv_sec = LINE_WAIT_S };

	l->fd = socket(p->socket != NULL ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0 ||
	    setsockopt(l->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) != 0)
		return fault_errno(f, FAULT_INTERNAL, "line: socket");
	if (p->socket != NULL ? !connect_unix(l->fd, p->socket) : !connect_tcp(l->fd, p->port))
		return fault_errno(f, FAULT_INTERNAL, "line: connect to %s", p->name);
	return true;
}

static bool
shake(struct line *l, const struct place *p, const struct badge *badge, struct fault *f)
{
	void *name = (void *)(uintptr_t)p->name; /* the macro for SNI casts const away, too */

	if ((l->ssl = SSL_new(p->tls)) == NULL || SSL_set_fd(l->ssl, l->fd) != 1 ||
	    SSL_ctrl(l->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "line: TLS");
	if (badge->cert != NULL && (SSL_use_certificate(l->ssl, badge->cert) != 1 ||
				       SSL_use_PrivateKey(l->ssl, badge->key) != 1))
		return fault_crypto(f, FAULT_INTERNAL, "line: client certificate");
	if (SSL_connect(l->ssl) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "line: handshake with %s", p->name);
	return true;
}

bool
line_open(const struct place *p, const struct badge *badge, struct line **ret, struct fault *f)
{
	struct line *l = malloc(sizeof(*l)); /* its room need not be zeroed for each connection */

	if (l == NULL)
		return fault_set(f, FAULT_INTERNAL, "line: out of memory");
	l->fd = -1;
	l->ssl = NULL;
	if (!join(l, p, f) || (p->tls != NULL && !shake(l, p, badge, f))) {
		line_close(l);
		return false;
	}
	*ret = l;
	return true;
}

static bool
say(struct line *l, struct octets o)
{
	size_t n;

	if (l->ssl != NULL)
		return SSL_write_ex(l->ssl, o.at, o.n, &n) == 1;
	while (o.n > 0) {
		ssize_t sent = send(l->fd, o.at, o.n, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		o = octets_of(o.at + sent, o.n - (size_t)sent);
	}
	return true;
}

static bool
hear(struct line *l)
{
	size_t n = 0;
	ssize_t got;

	if (l->n == LINE_ROOM)
		return false;
	if (l->ssl != NULL) {
		if (SSL_read_ex(l->ssl, l->room + l->n, LINE_ROOM - l->n, &n) != 1)
			return false;
	} else {
		if ((got = recv(l->fd, l->room + l->n, LINE_ROOM - l->n, 0)) <= 0)
			return false;
		n = (size_t)got;
	}
	l->n += n;
	l->room[l->n] = '\0';
	return true;
}

/* Octets of the whole answer; 0 while its head is not all there; SIZE_MAX if it has no length. */
static size_t
whole(const struct line *l, size_t *head_n)
{
	const char *end = strstr(l->room, "\r\n\r\n"), *length;
	unsigned long n;

	if (end == NULL)
		return 0;
	*head_n = (size_t)(end - l->room) + 4;
	length = strcasestr(l->room, "\r\nContent-Length:");
	if (length == NULL || length > end)
		return SIZE_MAX;
	n = strtoul(length + sizeof("\r\nContent-Length:") - 1, NULL, 10);
	return n < LINE_ROOM ? *head_n + n : SIZE_MAX;
}

bool
line_ask(struct line *l, struct octets question, struct answer *ret, struct fault *f)
{
	size_t head_n = 0, want = 0;

	l->n = 0;
	if (!say(l, question))
		return fault_crypto(f, FAULT_INTERNAL, "line: could not send");
	while (want == 0 || l->n < want) {
		if (!hear(l))
			return fault_crypto(f, FAULT_INTERNAL, "line: no answer, or half of one");
		want = whole(l, &head_n);
	}
	if (l->n != want || strncmp(l->room, "HTTP/1.1 ", 9) != 0)
		return fault_set(f, FAULT_INTERNAL, "line: an answer of another shape");
	ret->status = (unsigned)strtoul(l->room + 9, NULL, 10);
	ret->head = octets_of(l->room, head_n);
	ret->body = octets_of(l->room + head_n, want - head_n);
	return true;
}

void
line_close(struct line *l)
{
	if (l == NULL)
		return;
	if (l->ssl != NULL && SSL_is_init_finished(l->ssl))
		(void)SSL_shutdown(l->ssl);
	SSL_free(l->ssl);
	if (l->fd >= 0)
		(void)close(l->fd);
	free(l);
}

void
line_put(struct bytes *to, const struct place *p, const char *method, const char *path,
    const char *extra, struct octets body)
{
	bytes_put_fmt(to, "%s %s HTTP/1.1\r\nHost: %s\r\n%s", method, path, p->name, extra);
	if (body.n > 0)
		bytes_put_fmt(to, "Content-Length: %zu\r\n", body.n);
	bytes_put_text(to, "\r\n");
	bytes_put_octets(to, body);
}
