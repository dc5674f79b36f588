/* tests/unit/http_site.c - see http_site.h. */
#include "tests/unit/http_site.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int
listen_tcp(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, n), 0);
	ck_assert_int_eq(listen(fd, 64), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static int
listen_unix(struct site *s)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(s->dir, sizeof(s->dir), "/tmp/quatrain-http-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	ck_assert_int_eq(chmod(s->dir, 0755), 0);
	(void)snprintf(s->local, sizeof(s->local), "%s/api.sock", s->dir);
	memcpy(a.sun_path, s->local, sizeof(s->local));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(chmod(s->local, 0666), 0);
	ck_assert_int_eq(listen(fd, 64), 0);
	return fd;
}

static void
wait_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	ck_assert_int_eq(poll(&p, 1, SITE_PATIENCE_S * 1000), 1);
}

char
site_order(struct site *s, char order)
{
	if (order != '\0')
		ck_assert_int_eq(write(s->control, &order, 1), 1);
	wait_for(s->control);
	ck_assert_int_eq(read(s->control, &order, 1), 1);
	return order;
}

void
site_open(struct site *s, const struct plan *plan)
{
	int listeners[3], line[2] = { -1, -1 }, control[2];
	struct fault f;

	listeners[0] = listen_tcp(&s->port);
	listeners[1] = listen_tcp(&s->tls_port);
	listeners[2] = listen_unix(s);
	if (!plan->no_line)
		ck_assert_msg(ipc_pair(line, &f), "%s", f.text);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control), 0);
	if ((s->pid = fork()) == 0) {
		(void)close(line[1]);
		(void)close(control[1]);
		site_run(plan, listeners, line[0], control[0]);
	}
	ck_assert_int_gt(s->pid, 0);
	for (size_t i = 0; i < 3; i++)
		(void)close(listeners[i]);
	(void)close(line[0]);
	(void)close(control[0]);
	s->line = line[1];
	s->control = control[1];
	ck_assert_int_eq(site_order(s, '\0'), '!');
}

void
site_close(struct site *s)
{
	int status;

	ck_assert_int_eq(kill(s->pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(s->pid, &status, 0), s->pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
	(void)close(s->control);
	if (s->line >= 0)
		(void)close(s->line);
	(void)unlink(s->local);
	(void)rmdir(s->dir);
}

static void
dial(struct client *c, int family, const struct sockaddr *a, socklen_t n)
{
	struct timeval patience = { .tv_sec = SITE_PATIENCE_S };

	memset(c, 0, sizeof(*c));
	ck_assert_int_ge(c->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), 0);
	(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	ck_assert_int_eq(connect(c->fd, a, n), 0);
}

void
client_dial(struct client *c, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	dial(c, AF_INET, (struct sockaddr *)&a, sizeof(a));
}

void
client_dial_local(struct client *c, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	dial(c, AF_UNIX, (struct sockaddr *)&a, sizeof(a));
}

void
client_say_octets(struct client *c, const void *at, size_t n)
{
	if (c->ssl != NULL)
		ck_assert_int_eq(SSL_write(c->ssl, at, (int)n), (int)n);
	else
		ck_assert_int_eq(send(c->fd, at, n, MSG_NOSIGNAL), (ssize_t)n);
}

void
client_say(struct client *c, const char *text)
{
	client_say_octets(c, text, strlen(text));
}

void
client_get(struct client *c, const char *path)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: here\r\n\r\n", path);
	client_say(c, text);
}

/* Read on. False at the end of the connection; a timeout fails the test. */
static bool
more(struct client *c)
{
	ssize_t n;

	ck_assert_uint_lt(c->n, sizeof(c->in) - 1);
	errno = 0;
	if (c->ssl != NULL)
		n = SSL_read(c->ssl, c->in + c->n, (int)(sizeof(c->in) - 1 - c->n));
	else
		n = read(c->fd, c->in + c->n, sizeof(c->in) - 1 - c->n);
	ck_assert_msg(n > 0 || (errno != EAGAIN && errno != EWOULDBLOCK), "no reply in time");
	if (n <= 0)
		return false;
	c->n += (size_t)n;
	c->in[c->n] = '\0';
	return true;
}

static size_t
length_of(const char *head)
{
	const char *at = strstr(head, "\r\nContent-Length: ");

	return at == NULL ? 0 : strtoul(at + strlen("\r\nContent-Length: "), NULL, 10);
}

bool
client_hear(struct client *c, struct reply *r, bool bare)
{
	char *end;
	size_t head_n;

	memset(r, 0, sizeof(*r));
	while (c->n == 0 || (end = strstr(c->in, "\r\n\r\n")) == NULL)
		if (!more(c))
			return false;
	head_n = (size_t)(end - c->in) + 4;
	ck_assert_uint_lt(head_n, sizeof(r->head));
	memcpy(r->head, c->in, head_n);
	ck_assert_int_eq(strncmp(r->head, "HTTP/1.1 ", 9), 0);
	r->status = (unsigned)strtoul(r->head + 9, NULL, 10);
	r->n = bare ? 0 : length_of(r->head);
	ck_assert_uint_lt(r->n, sizeof(r->body));
	while (c->n < head_n + r->n)
		if (!more(c))
			return false;
	memcpy(r->body, c->in + head_n, r->n);
	c->n -= head_n + r->n;
	memmove(c->in, c->in + head_n + r->n, c->n);
	c->in[c->n] = '\0';
	return true;
}

void
client_expect(struct client *c, const char *path, unsigned status, const char *body)
{
	static struct reply r;

	client_get(c, path);
	ck_assert_msg(client_hear(c, &r, false), "no reply to %s", path);
	ck_assert_uint_eq(r.status, status);
	if (body != NULL)
		ck_assert_str_eq(r.body, body);
}

bool
client_is_gone(struct client *c)
{
	return c->n == 0 && !more(c);
}

void
client_close(struct client *c)
{
	SSL_free(c->ssl);
	(void)close(c->fd);
}

void
signer_hear(struct site *s, struct message *m)
{
	struct fault f;

	wait_for(s->line);
	ck_assert_msg(ipc_recv(s->line, m, &f), "%s", f.text);
}

void
signer_say(struct site *s, uint32_t id, uint16_t code, const char *text)
{
	struct message m = { .id = id, .code = code, .fd = -1 };
	struct fault f;

	bytes_put_text(&m.body, text);
	ck_assert_msg(ipc_send(s->line, &m, &f), "%s", f.text);
	bytes_free(&m.body);
}
