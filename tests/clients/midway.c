/*
 * tests/clients/midway.c - a TLS client that stops in the middle of its handshake.
 *
 * midway PORT CERTIFICATE KEY PATH [1.2]: begins a handshake over TLS 1.3, or 1.2, with a client
 * certificate, puts out "midway" when the server's part has come and nothing of its own has
 * gone out, waits for a line on standard input, finishes, asks for PATH and puts out what comes.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define PIECE 16384

static int
dial(const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_port = htons((uint16_t)atoi(port));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		exit(2);
	return fd;
}

static void
flush_out(int fd, BIO *out)
{
	char piece[PIECE];
	int n;

	while ((n = BIO_read(out, piece, sizeof(piece))) > 0)
		if (send(fd, piece, (size_t)n, MSG_NOSIGNAL) != n)
			exit(3);
}

/* One piece from the server. False at the end. */
static int
more_in(int fd, BIO *in)
{
	char piece[PIECE];
	ssize_t n = recv(fd, piece, sizeof(piece), 0);

	return n > 0 && BIO_write(in, piece, (int)n) == (int)n;
}

static void
shake(SSL *ssl, int fd, BIO *in, BIO *out)
{
	char line[16];
	int asked = 0;

	while (SSL_do_handshake(ssl) != 1) {
		/* The first flight out is the greeting; the second has our certificate. */
		if (BIO_pending(out) > 0 && asked++ == 1) {
			(void)printf("midway\n");
			(void)fflush(stdout);
			if (fgets(line, sizeof(line), stdin) == NULL)
				exit(4);
		}
		flush_out(fd, out);
		if (SSL_get_error(ssl, -1) != SSL_ERROR_WANT_READ || !more_in(fd, in)) {
			(void)printf("no handshake\n");
			exit(0);
		}
	}
	if (asked == 1) { /* in TLS 1.3 ours is the last one */
		(void)printf("midway\n");
		(void)fflush(stdout);
		if (fgets(line, sizeof(line), stdin) == NULL)
			exit(4);
	}
	flush_out(fd, out);
}

int
main(int argc, char **argv)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	char text[PIECE];
	int fd, n, version;
	SSL *ssl;

	if (argc < 5)
		return 2;
	version = argc > 5 ? TLS1_2_VERSION : TLS1_3_VERSION;
	fd = dial(argv[1]);
	if (SSL_CTX_use_certificate_chain_file(ctx, argv[2]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, argv[3], SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, version) != 1)
		return 2;
	ssl = SSL_new(ctx);
	SSL_set_bio(ssl, in, out);
	SSL_set_connect_state(ssl);
	shake(ssl, fd, in, out);
	n = snprintf(text, sizeof(text),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", argv[4]);
	if (SSL_write(ssl, text, n) != n)
		return 3;
	flush_out(fd, out);
	do {
		while ((n = SSL_read(ssl, text, sizeof(text))) > 0)
			(void)fwrite(text, 1, (size_t)n, stdout);
	} while (more_in(fd, in));
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	(void)close(fd);
	return 0;
}
