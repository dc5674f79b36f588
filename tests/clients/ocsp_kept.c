/*
 * tests/clients/ocsp_kept.c - asks for OCSP over connections that it keeps.
 *
 * ocsp_kept PORT COUNT PATH: for each line on standard input, a GET of PATH on each of COUNT
 * connections to 127.0.0.1; then one line: what the answers said, without repeating
 * ("good", "revoked", "good unknown", ...), or "status N" of an unsigned one.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ocsp.h>

#define COUNT_MAX 64
#define REPLY_MAX 16384
#define WORDS_MAX 8
#define WORD_MAX  32

static int
connect_to(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		perror("ocsp_kept: connect");
		exit(1);
	}
	return fd;
}

/* The body's octets, once all are there; 0: not yet. */
static size_t
whole(const char *reply, size_t n, const char **body)
{
	const char *end = memmem(reply, n, "\r\n\r\n", 4);
	const char *length = memmem(reply, n, "Content-Length: ", 16);
	size_t want;

	if (end == NULL || length == NULL)
		return 0;
	want = strtoul(length + 16, NULL, 10);
	*body = end + 4;
	return (size_t)(reply + n - *body) >= want ? want : 0;
}

static void
word_of(const char *body, size_t n, char to[static WORD_MAX])
{
	static const char *const words[] = { "good", "revoked", "unknown" };
	const unsigned char *p = (const unsigned char *)body;
	OCSP_RESPONSE *o = d2i_OCSP_RESPONSE(NULL, &p, (long)n);
	OCSP_BASICRESP *b = o == NULL ? NULL : OCSP_response_get1_basic(o);
	OCSP_SINGLERESP *one = b == NULL ? NULL : OCSP_resp_get0(b, 0);
	int status = one == NULL ? -1 : OCSP_single_get0_status(one, NULL, NULL, NULL, NULL);

	if (status >= 0 && status < 3)
		(void)snprintf(to, WORD_MAX, "%s", words[status]);
	else
		(void)snprintf(to, WORD_MAX, "status %d", o == NULL ? -1 : OCSP_response_status(o));
	OCSP_BASICRESP_free(b);
	OCSP_RESPONSE_free(o);
}

static void
ask(int fd, const char *path, char word[static WORD_MAX])
{
	static char reply[REPLY_MAX + 1];
	const char *body = NULL;
	size_t have = 0, n = 0;
	ssize_t got;

	if (dprintf(fd, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path) < 0)
		perror("ocsp_kept: send");
	while (n == 0 && (got = read(fd, reply + have, REPLY_MAX - have)) > 0) {
		have += (size_t)got;
		reply[have] = '\0';
		n = whole(reply, have, &body);
	}
	if (n == 0)
		(void)snprintf(word, WORD_MAX, "closed");
	else
		word_of(body, n, word);
}

static void
ask_all(const int *fd, int count, const char *path)
{
	char said[WORDS_MAX][WORD_MAX], word[WORD_MAX];
	size_t n = 0, k;

	for (int i = 0; i < count; i++) {
		ask(fd[i], path, word);
		for (k = 0; k < n && strcmp(said[k], word) != 0; k++)
			;
		if (k == n && n < WORDS_MAX)
			memcpy(said[n++], word, sizeof(word));
	}
	for (k = 0; k < n; k++)
		printf("%s%s", k == 0 ? "" : " ", said[k]);
	printf("\n");
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	int fd[COUNT_MAX], count = argc == 4 ? (int)strtol(argv[2], NULL, 10) : 0;
	char line[64];

	if (count < 1 || count > COUNT_MAX) {
		(void)fprintf(stderr, "usage: ocsp_kept PORT COUNT PATH\n");
		return 2;
	}
	for (int i = 0; i < count; i++)
		fd[i] = connect_to((int)strtol(argv[1], NULL, 10));
	while (fgets(line, sizeof(line), stdin) != NULL)
		ask_all(fd, count, argv[3]);
	for (int i = 0; i < count; i++)
		(void)close(fd[i]);
	return 0;
}
