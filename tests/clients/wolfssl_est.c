/*
 * tests/clients/wolfssl_est.c - the plainest printer, on wolfSSL.
 *
 * wolfssl_est PORT NAME ROOT.pem REQUEST ANSWER: connects to PORT of this
 * machine, trusts ROOT.pem alone, expects NAME in the certificate, sends the
 * octets of REQUEST and writes what comes back to ANSWER.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#define REQUEST_MAX 16384

static bool
fails(const char *what, int code)
{
	fprintf(stderr, "wolfssl_est: %s: %d\n", what, code);
	return false;
}

static int
reach(const char *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool
shake(WOLFSSL *tls, const char *name, int fd)
{
	int rc;

	if (wolfSSL_check_domain_name(tls, name) != WOLFSSL_SUCCESS)
		return fails("name", 0);
	if (wolfSSL_set_fd(tls, fd) != WOLFSSL_SUCCESS)
		return fails("descriptor", 0);
	if ((rc = wolfSSL_connect(tls)) != WOLFSSL_SUCCESS)
		return fails("handshake", wolfSSL_get_error(tls, rc));
	printf("%s %s\n", wolfSSL_get_version(tls), wolfSSL_get_cipher(tls));
	return true;
}

static bool
send_file(WOLFSSL *tls, const char *file)
{
	unsigned char octets[REQUEST_MAX];
	FILE *in = fopen(file, "rb");
	int n;

	if (in == NULL)
		return fails(file, 0);
	n = (int)fread(octets, 1, sizeof(octets), in);
	fclose(in);
	return wolfSSL_write(tls, octets, n) == n || fails("write", 0);
}

static bool
receive_file(WOLFSSL *tls, const char *file)
{
	unsigned char octets[4096];
	FILE *out = fopen(file, "wb");
	int n;

	if (out == NULL)
		return fails(file, 0);
	while ((n = wolfSSL_read(tls, octets, sizeof(octets))) > 0)
		fwrite(octets, 1, (size_t)n, out);
	fclose(out);
	/* An end without close_notify may be an attacker's. */
	n = wolfSSL_get_error(tls, n);
	return n == WOLFSSL_ERROR_ZERO_RETURN || fails("read", n);
}

static bool
enrol(char **argv)
{
	WOLFSSL_CTX *with = wolfSSL_CTX_new(wolfSSLv23_client_method());
	WOLFSSL *tls = NULL;
	int fd = -1;
	bool ok = false;

	if (with == NULL)
		return fails("context", 0);
	wolfSSL_CTX_set_verify(with, WOLFSSL_VERIFY_PEER, NULL);
	if (wolfSSL_CTX_load_verify_locations(with, argv[3], NULL) != WOLFSSL_SUCCESS)
		fails("root certificate", 0);
	else if ((tls = wolfSSL_new(with)) == NULL)
		fails("session", 0);
	else if ((fd = reach(argv[1])) < 0)
		fails("connect", 0);
	else
		ok = shake(tls, argv[2], fd) && send_file(tls, argv[4]) &&
		     receive_file(tls, argv[5]);
	wolfSSL_free(tls);
	wolfSSL_CTX_free(with);
	if (fd >= 0)
		close(fd);
	return ok;
}

int
main(int argc, char **argv)
{
	bool ok;

	if (argc != 6) {
		fprintf(stderr, "usage: wolfssl_est PORT NAME ROOT.pem REQUEST ANSWER\n");
		return 2;
	}
	wolfSSL_Init();
	ok = enrol(argv);
	wolfSSL_Cleanup();
	return ok ? 0 : 1;
}
