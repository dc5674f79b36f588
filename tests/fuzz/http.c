/*
 * tests/fuzz/http.c - octets on a connection: handlers see only requests that have one meaning, and
 * what comes back is HTTP.
 *
 * A server of our own on a Unix socket, in a thread; each input is one connection. Behind it goes
 * one more request, which ends most of what an input leaves open.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/http.h"

extern int LLVMFuzzerInitialize(int *argc, char ***argv);
extern int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

#define INPUT_MAX  8192
#define BODY_MAX   1024
#define METHOD_MAX 16
#define TARGET_MAX 8192
#define WAIT_MS    20 /* for what an input never ends */

static const char last[] = "\r\n\r\nGET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
static struct http *http;
static struct sockaddr_un place = { .sun_family = AF_UNIX };
static pthread_t thread;
static atomic_bool over;

static void
need(bool so)
{
	if (!so)
		abort();
}

static void
need_printable(struct octets o)
{
	for (size_t i = 0; i < o.n; i++)
		need(o.at[i] > ' ' && o.at[i] <= '~');
}

/* What every handler may rely on. */
static void
serve(struct exchange *x)
{
	need(x->face == FACE_LOCAL && x->status == 0 && x->headers_n == 0 && x->reply.n == 0);
	need(x->method.n > 0 && x->method.n <= METHOD_MAX);
	need(x->path.n > 0 && (x->path.at[0] == '/' || octets_same(x->path, octets_text("*"))));
	need(x->path.n + x->query.n <= TARGET_MAX && memchr(x->path.at, '?', x->path.n) == NULL);
	need_printable(x->method);
	need_printable(x->path);
	need_printable(x->query);
	need(x->body.n <= BODY_MAX && !(x->body_too_large && x->body.n > 0));
	need(x->peer.n == 0 && strcmp(x->source, "local") == 0 && x->address == 0);
	x->status = 200;
	x->type = "text/plain";
	bytes_put_octets(&x->reply, x->body);
	exchange_header(x, "X-Path", "%.100s", "seen");
	x->close = x->path.n % 2 == 0;
}

/* h2o keeps rooms for later with the thread, and what a thread that ended has kept looks lost: so
 * it stays. */
static void *
run(void *with)
{
	http_run(with, 0);
	http_free(with);
	atomic_store(&over, true);
	for (;;)
		(void)pause();
	return NULL;
}

static void
stop(void)
{
	http_stop(http);
	while (!atomic_load(&over))
		(void)usleep(1000);
	(void)unlink(place.sun_path);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct http_face face = { .face = FACE_LOCAL,
		.body_max = BODY_MAX,
		.request_ms = 1000,
		.conns_max = 64,
		.serve = serve };
	struct fault f;

	(void)argc;
	(void)argv;
	(void)snprintf(place.sun_path, sizeof(place.sun_path), "/tmp/fuzz-http.%d", (int)getpid());
	face.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	need(bind(face.listener, (struct sockaddr *)&place, sizeof(place)) == 0 &&
	     listen(face.listener, 16) == 0);
	need(http_new(&http, &f) && http_listen(http, &face, &f));
	need(pthread_create(&thread, NULL, run, http) == 0 && atexit(stop) == 0);
	return 0;
}

static bool
is_status_line(const char *at, size_t n)
{
	static const char begins[] = "HTTP/1.1 ";

	return n > sizeof(begins) + 3 && memcmp(at, begins, sizeof(begins) - 1) == 0 &&
	       strspn(at + sizeof(begins) - 1, "0123456789") == 3 && at[9] >= '1' && at[9] <= '5';
}

/* All that comes until the end, or until nothing does for a while. */
static void
hear(int fd)
{
	static char text[1 << 20];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n = 0;
	ssize_t more;

	while (n < sizeof(text) - 1 && poll(&p, 1, WAIT_MS) == 1 &&
	       (more = recv(fd, text + n, sizeof(text) - 1 - n, 0)) > 0)
		n += (size_t)more;
	text[n] = '\0';
	need(n == 0 || is_status_line(text, n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (n > INPUT_MAX)
		n = INPUT_MAX;
	need(fd >= 0 && connect(fd, (struct sockaddr *)&place, sizeof(place)) == 0);
	if (send(fd, at, n, MSG_NOSIGNAL) == (ssize_t)n)
		(void)send(fd, last, sizeof(last) - 1, MSG_NOSIGNAL);
	hear(fd);
	(void)close(fd);
	return 0;
}
