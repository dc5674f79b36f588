/*
 * tests/clients/hold.c - a client that connects and does next to nothing, many times over.
 *
 * hold PORT COUNT SECONDS [FROM [FILE]]: opens COUNT connections to 127.0.0.1 from the
 * address FROM (127.0.0.1), sends each the octets of FILE, puts out "held N" with how many
 * are open, and waits until the other end has closed them all, or SECONDS. Then
 * puts out "cut N after MS": how many were closed, and when the last one was.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SENT_MAX 65536

static struct pollfd *held;
static size_t held_n;

static long
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
dial(const char *port, const char *from)
{
	struct sockaddr_in to = { .sin_family = AF_INET }, own = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_port = htons((uint16_t)atoi(port));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (inet_pton(AF_INET, from, &own.sin_addr) != 1)
		exit(2);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&own, sizeof(own)) == 0 &&
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* Closed connections leave the list. */
static size_t
look(void)
{
	size_t cut = 0;
	char octets[4096];

	if (poll(held, held_n, 100) <= 0)
		return 0;
	for (size_t i = 0; i < held_n; i++) {
		if (held[i].fd < 0 || held[i].revents == 0 ||
		    recv(held[i].fd, octets, sizeof(octets), MSG_DONTWAIT) > 0)
			continue;
		(void)close(held[i].fd);
		held[i].fd = -1;
		cut++;
	}
	return cut;
}

int
main(int argc, char **argv)
{
	struct rlimit files;
	char sent[SENT_MAX];
	size_t sent_n = 0, cut = 0, more;
	long from_ms, last_ms = 0, until_ms;
	FILE *in;

	if (argc < 4)
		return 2;
	held_n = (size_t)atol(argv[2]);
	if ((held = calloc(held_n, sizeof(*held))) == NULL || getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 2;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	if (argc > 5 && (in = fopen(argv[5], "re")) != NULL) {
		sent_n = fread(sent, 1, sizeof(sent), in);
		(void)fclose(in);
	}
	for (size_t i = 0; i < held_n; i++) {
		held[i].events = POLLIN;
		held[i].fd = dial(argv[1], argc > 4 ? argv[4] : "127.0.0.1");
		if (held[i].fd < 0)
			held_n = i;
		else if (sent_n > 0)
			(void)send(held[i].fd, sent, sent_n, MSG_NOSIGNAL);
	}
	(void)printf("held %zu\n", held_n);
	(void)fflush(stdout);
	from_ms = now_ms();
	until_ms = from_ms + atol(argv[3]) * 1000;
	while (cut < held_n && now_ms() < until_ms)
		if ((more = look()) > 0) {
			cut += more;
			last_ms = now_ms() - from_ms;
		}
	(void)printf("cut %zu after %ld\n", cut, last_ms);
	return 0;
}
