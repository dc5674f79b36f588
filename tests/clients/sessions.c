/*
 * tests/clients/sessions.c - many live sessions of one device, and how soon they end.
 *
 * sessions PORT COUNT ROOT CERT KEY SOCKET FILE: opens COUNT TLS connections to
 * 127.0.0.1 with the device's certificate, has each answer GET /healthz once,
 * and puts out "held N". Then it sends the octets of FILE to the local socket,
 * and waits, 10 s at most, until it is answered and all connections are at their
 * end. Puts out "status S", then "cut N of M": how many were, and in
 * microseconds since FILE was sent "answered US" and "last US", the end of the
 * last connection, "p50 US" and "p99 US", of all ends.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define WAIT_US 10000000

static const char hello[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

static struct pollfd *at; /* the local socket last */
static SSL **session;
static long *ended_us; /* in the order of ends */
static size_t n;

static long
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static SSL_CTX *
credentials(char **argv)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL || SSL_CTX_load_verify_locations(ctx, argv[3], NULL) != 1 ||
	    SSL_CTX_use_certificate_chain_file(ctx, argv[4]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, argv[5], SSL_FILETYPE_PEM) != 1)
		exit(2);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return ctx;
}

/* A session that was served: what lives, and not what is about to. */
static int
open_one(SSL_CTX *ctx, const char *port, SSL **ret)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char answer[512];

	to.sin_port = htons((uint16_t)atoi(port));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    (*ret = SSL_new(ctx)) == NULL || SSL_set_fd(*ret, fd) != 1 || SSL_connect(*ret) != 1 ||
	    SSL_write(*ret, hello, sizeof(hello) - 1) != sizeof(hello) - 1 ||
	    SSL_read(*ret, answer, sizeof(answer)) <= 0 || strncmp(answer, "HTTP/1.1 200", 12) != 0)
		return -1;
	return fd;
}

static int
open_local(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(path) >= sizeof(to.sun_path))
		exit(2);
	memcpy(to.sun_path, path, strlen(path) + 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		exit(2);
	return fd;
}

static void
send_file(int fd, const char *path)
{
	char text[65536];
	FILE *in = fopen(path, "re");
	size_t got;

	if (in == NULL)
		exit(2);
	got = fread(text, 1, sizeof(text), in);
	(void)fclose(in);
	if (send(fd, text, got, MSG_NOSIGNAL) != (ssize_t)got)
		exit(2);
}

/* The end is a close_notify, and a FIN or a reset behind it. */
static int
is_over(size_t i)
{
	char octets[4096];
	ssize_t got = recv(at[i].fd, octets, sizeof(octets), MSG_DONTWAIT);

	if (got > 0)
		return 0;
	(void)close(at[i].fd);
	at[i].fd = -1;
	return 1;
}

static void
wait_for_the_end(void)
{
	long from_us = now_us(), answered_us = 0, last_us = 0;
	size_t cut = 0;
	char answer[4096] = "HTTP/1.1 000";

	while ((cut < n || answered_us == 0) && now_us() - from_us < WAIT_US) {
		if (poll(at, n + 1, 100) <= 0)
			continue;
		for (size_t i = 0; i < n; i++)
			if (at[i].fd >= 0 && at[i].revents != 0 && is_over(i)) {
				last_us = now_us() - from_us;
				ended_us[cut++] = last_us;
			}
		if (at[n].revents != 0 && recv(at[n].fd, answer, sizeof(answer) - 1, 0) > 0) {
			answered_us = now_us() - from_us;
			at[n].fd = -1;
		}
	}
	(void)printf("status %.3s\ncut %zu of %zu\nanswered %ld\nlast %ld\n", answer + 9, cut, n,
	    answered_us, last_us);
	if (cut > 0)
		(void)printf("p50 %ld\np99 %ld\n", ended_us[cut / 2], ended_us[cut * 99 / 100]);
}

int
main(int argc, char **argv)
{
	struct rlimit files;
	SSL_CTX *ctx;

	if (argc != 8 || getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 2;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	n = (size_t)atol(argv[2]);
	at = calloc(n + 1, sizeof(*at));
	session = calloc(n + 1, sizeof(*session));
	ended_us = calloc(n, sizeof(*ended_us));
	if (at == NULL || session == NULL || ended_us == NULL)
		return 2;
	ctx = credentials(argv);
	for (size_t i = 0; i < n; i++) {
		at[i].events = POLLIN;
		if ((at[i].fd = open_one(ctx, argv[1], &session[i])) < 0)
			n = i;
	}
	(void)printf("held %zu\n", n);
	at[n] = (struct pollfd){ .fd = open_local(argv[6]), .events = POLLIN };
	send_file(at[n].fd, argv[7]);
	wait_for_the_end();
	for (size_t i = 0; i < n; i++)
		SSL_free(session[i]);
	SSL_CTX_free(ctx);
	free(ended_us);
	free(session);
	free(at);
	return 0;
}
