/* tests/unit/http_site.c - see http_site.h. */
#include "http_site.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "base/text.h"

/* The child's. */
static struct http *http;
static int child_control;
static SSL_CTX *next_tls;
static unsigned ticks;
static uint64_t served;

/* Check's own asserts would have the child go on with the suite. */
static void
must(bool what)
{
	if (!what)
		abort();
}

static void
hello(struct exchange *x)
{
	x->status = 200;
	x->type = "text/plain";
	exchange_header(x, "WWW-Authenticate", "Basic realm=\"%s\"", "here");
	bytes_put_text(&x->reply, "hello\n");
}

static void
echo(struct exchange *x)
{
	x->status = x->body_too_large ? 413 : 200;
	x->type = "application/octet-stream";
	if (x->body_too_large)
		bytes_put_fmt(&x->reply, "too large, %zu octets shown", x->body.n);
	else
		bytes_put_octets(&x->reply, x->body);
}

/* Everything that a handler can see, a line each. */
static void
who(struct exchange *x)
{
	char hex[2 * 32 + 1];
	uint8_t digest[32];

	x->status = 200;
	x->type = "text/plain";
	text_hex(x->binding, sizeof(x->binding), hex);
	bytes_put_fmt(&x->reply, "source=%s\nbinding=%s\n", x->source, hex);
	EVP_Digest(x->peer.at, x->peer.n, digest, NULL, EVP_sha256(), NULL);
	text_hex(digest, sizeof(digest), hex);
	bytes_put_fmt(&x->reply, "peer=%s\nface=%d\nwith=%s\n", x->peer.n > 0 ? hex : "none",
	    (int)x->face, (const char *)x->with);
	bytes_put_fmt(&x->reply, "path=%.*s\nquery=%.*s\n", (int)x->path.n,
	    (const char *)x->path.at, (int)x->query.n, (const char *)x->query.at);
	bytes_put_fmt(&x->reply, "type=%.*s\nauth=%.*s\nagent=%.*s\nmatch=%.*s\n",
	    (int)x->content_type.n, (const char *)x->content_type.at, (int)x->authorization.n,
	    (const char *)x->authorization.at, (int)x->user_agent.n, (const char *)x->user_agent.at,
	    (int)x->if_none_match.n, (const char *)x->if_none_match.at);
}

static void
tell_answer(struct exchange *x, uint16_t code, struct octets body)
{
	x->status = code == 0 ? 200 : 503;
	x->type = "text/plain";
	bytes_put_fmt(&x->reply, "%u %.*s %s", code, (int)body.n, (const char *)body.at,
	    (const char *)x->state);
}

static void
ask_again(struct exchange *x, uint16_t code, struct octets body)
{
	must(code == 0);
	x->ask.verb = 2;
	bytes_put_octets(&x->ask.body, body);
	bytes_put_text(&x->ask.body, " and more");
	x->ask.then = tell_answer;
}

static void
ask(struct exchange *x)
{
	x->state = strdup("kept");
	x->ask.verb = 1;
	bytes_put_octets(&x->ask.body, x->body);
	x->ask.then = octets_same(x->path, octets_text("/twice")) ? ask_again : tell_answer;
}

static void
tell_counts(struct exchange *x)
{
	x->status = 200;
	bytes_put_fmt(&x->reply, "%u ticks, %s", ticks, served > 0 ? "served" : "none served");
}

static void
no_content(struct exchange *x)
{
	x->status = 204;
}

static void
last(struct exchange *x)
{
	hello(x);
	x->close = true;
}

static void
say_nothing(struct exchange *x)
{
	(void)x;
}

static const struct {
	const char *path;
	void (*serve)(struct exchange *x);
} routes[] = {
	{ "/hello", hello },
	{ "/echo", echo },
	{ "/who", who },
	{ "/ask", ask },
	{ "/twice", ask },
	{ "/counts", tell_counts },
	{ "/empty", no_content },
	{ "/last", last },
	{ "/nothing", say_nothing },
};

static void
serve(struct exchange *x)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (octets_same(x->path, octets_text(routes[i].path))) {
			routes[i].serve(x);
			return;
		}
	}
	x->status = 404;
}

static void
count_served(const struct exchange *x, int64_t took_us)
{
	served += x->status == 200 && took_us >= 0;
}

static void
count_tick(void *with)
{
	(*(unsigned *)with)++;
}

static void
say_answer(void *with, uint16_t code, struct octets body)
{
	char c = code == 0 && body.n == 1 ? (char)*body.at : '!';

	must(write(*(int *)with, &c, 1) == 1);
}

static bool
is_to_be_cut(void *with, struct octets peer)
{
	const uint8_t *p = peer.at;
	X509 *x = d2i_X509(NULL, &p, (long)peer.n);
	char cn[64] = "";

	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, cn, sizeof(cn));
	X509_free(x);
	return strcmp(cn, with) == 0;
}

static void
obey(void *with)
{
	char cut[] = "to-be-cut", order, answer = '.';

	(void)with;
	if (read(child_control, &order, 1) != 1)
		return;
	if (order == 'c')
		answer = (char)('0' + http_cut(http, is_to_be_cut, cut));
	else if (order == 't')
		http_set_tls(http, FACE_SECURE, next_tls);
	else if (order == 'l')
		http_set_line(http, -1);
	else if (order == 'q')
		http_ask(http, 7, octets_text("mine"), say_answer, &child_control);
	must(write(child_control, &answer, 1) == 1);
}

static void
on_term(int signal_number)
{
	(void)signal_number;
	http_stop(http);
}

static void
listen_at(const struct plan *plan, enum exchange_face which, int fd)
{
	static char with[] = "the house";
	struct http_face face = {
		.face = which,
		.listener = fd,
		.tls = which == FACE_SECURE ? plan->tls : NULL,
		.body_max = SITE_BODY_MAX,
		.request_ms = SITE_PATIENCE_S * 1000,
		.conns_max = which == FACE_PUBLIC && plan->conns_max > 0 ? plan->conns_max : 100,
		.serve = serve,
		.served = count_served,
		.with = with,
	};
	struct fault f;

	must(http_listen(http, &face, &f));
}

/* In the child: never returns. */
static void
run(const struct plan *plan, const int listeners[3], int line, int control)
{
	struct sigaction sa = { .sa_handler = on_term };
	struct fault f;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	child_control = control;
	next_tls = plan->next_tls;
	must(http_new(&http, &f));
	(void)sigaction(SIGTERM, &sa, NULL);
	listen_at(plan, FACE_PUBLIC, listeners[0]);
	listen_at(plan, FACE_LOCAL, listeners[2]);
	if (plan->tls != NULL)
		listen_at(plan, FACE_SECURE, listeners[1]);
	else
		(void)close(listeners[1]);
	http_set_line(http, line);
	must(http_watch(http, control, obey, NULL, &f));
	http_every(http, 1, count_tick, &ticks);
	must(write(control, "!", 1) == 1); /* SIGTERM is safe from here on */
	http_run(http, plan->drain_ms > 0 ? plan->drain_ms : SITE_PATIENCE_S * 1000);
	(void)signal(SIGTERM, SIG_IGN); /* it may come twice */
	http_free(http);
	_exit(0);
}

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
		run(plan, listeners, line[0], control[0]);
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
