/*
 * tests/clients/bound_est.c - a device that binds its request to its TLS connection.
 *
 * bound_est HOST PORT PATH ROOT.pem KEY.pem SUBJECT-CN VERSION USER:PASSWORD PASSWORD OUT
 *
 * VERSION is 1.2 or 1.3. PASSWORD is what challengePassword says: own (what binds
 * to this very connection), own+lf (the same with a line end behind it), other
 * (another connection's, made just before), none, or =TEXT. Prints the status and
 * whether the service ended the connection behind it ("200 closed", "400 open");
 * the body goes into OUT. Nothing of quatrain is in it: libssl alone.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define ROOM 16384

struct device {
	char *host, *port; /* libcrypto takes no const */
	const char *path, *version, *login, *password, *out;
	EVP_PKEY *key;
	const char *name;
	SSL_CTX *tls;
};

static _Noreturn void
stop(const char *why)
{
	(void)fprintf(stderr, "bound_est: %s\n", why);
	exit(2);
}

static char *
base64(const unsigned char *at, size_t n)
{
	char *to = malloc(4 * ((n + 2) / 3) + 1);

	if (to == NULL)
		stop("memory");
	(void)EVP_EncodeBlock((unsigned char *)to, at, (int)n);
	return to;
}

/* RFC 9266 on TLS 1.3, RFC 5929's tls-unique on 1.2: the client's Finished is the first. */
static char *
binding_of(SSL *ssl)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	unsigned char at[64];
	size_t n = 32;

	if (SSL_version(ssl) == TLS1_2_VERSION)
		n = SSL_get_finished(ssl, at, sizeof(at));
	else if (SSL_export_keying_material(ssl, at, n, label, strlen(label), at, 0, 1) != 1)
		stop("no exporter");
	return base64(at, n);
}

static SSL *
connect_to(const struct device *d, BIO **bio)
{
	SSL *ssl;

	*bio = BIO_new_ssl_connect(d->tls);
	if (*bio == NULL || BIO_get_ssl(*bio, &ssl) <= 0)
		stop("memory");
	(void)BIO_set_conn_hostname(*bio, d->host);
	(void)BIO_set_conn_port(*bio, d->port);
	if (BIO_do_handshake(*bio) <= 0)
		stop("no handshake");
	return ssl;
}

/* What goes into challengePassword; NULL: nothing. */
static char *
password_for(const struct device *d, SSL *ssl)
{
	char *text, *with;
	BIO *other;

	if (strcmp(d->password, "none") == 0)
		return NULL;
	if (d->password[0] == '=')
		return strdup(d->password + 1);
	if (strcmp(d->password, "other") == 0) {
		text = binding_of(connect_to(d, &other));
		BIO_free_all(other);
		return text;
	}
	text = binding_of(ssl);
	if (strcmp(d->password, "own+lf") != 0)
		return text;
	if ((with = malloc(strlen(text) + 2)) == NULL)
		stop("memory");
	(void)snprintf(with, strlen(text) + 2, "%s\n", text);
	free(text);
	return with;
}

static char *
request_for(const struct device *d, const char *password)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();
	unsigned char *der = NULL;
	char *text;
	int n;

	if (req == NULL || name == NULL ||
	    X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)d->name, -1, -1, 0) != 1 ||
	    X509_REQ_set_subject_name(req, name) != 1 || X509_REQ_set_pubkey(req, d->key) != 1 ||
	    (password != NULL && X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword,
				     MBSTRING_ASC, (const unsigned char *)password, -1) != 1) ||
	    X509_REQ_sign(req, d->key, EVP_sha256()) <= 0 || (n = i2d_X509_REQ(req, &der)) <= 0)
		stop("no request");
	text = base64(der, (size_t)n);
	OPENSSL_free(der);
	X509_NAME_free(name);
	X509_REQ_free(req);
	return text;
}

static void
send_all(BIO *bio, const char *text)
{
	int n = (int)strlen(text);

	if (BIO_write(bio, text, n) != n)
		stop("cannot write");
}

static void
post(const struct device *d, BIO *bio, const char *body)
{
	char *login = base64((const unsigned char *)d->login, strlen(d->login));
	char head[1024];

	(void)snprintf(head, sizeof(head),
	    "POST %s HTTP/1.1\r\nHost: %s:%s\r\nAuthorization: Basic %s\r\n"
	    "Content-Type: application/pkcs10\r\nContent-Length: %zu\r\n\r\n",
	    d->path, d->host, d->port, login, strlen(body));
	send_all(bio, head);
	send_all(bio, body);
	free(login);
}

/* One answer with a length; its status. */
static int
answer(BIO *bio, const char *out)
{
	char text[ROOM] = "";
	const char *body = NULL, *length;
	size_t n = 0, due = 0;
	FILE *to;

	while (body == NULL || n < (size_t)(body - text) + due) {
		int got = BIO_read(bio, text + n, (int)(sizeof(text) - 1 - n));

		if (got <= 0)
			stop("no answer");
		n += (size_t)got;
		text[n] = '\0';
		if (body == NULL && (body = strstr(text, "\r\n\r\n")) != NULL) {
			body += 4;
			length = strstr(text, "\r\nContent-Length: ");
			if (length == NULL)
				stop("no length");
			due = strtoul(length + 18, NULL, 10);
		}
	}
	if ((to = fopen(out, "w")) == NULL || fwrite(body, 1, due, to) != due || fclose(to) != 0)
		stop("cannot write the answer");
	return (int)strtol(text + 9, NULL, 10);
}

/* Is the connection still there for a second request? */
static int
is_open(const struct device *d, BIO *bio)
{
	char head[512], c;

	(void)snprintf(
	    head, sizeof(head), "GET /healthz HTTP/1.1\r\nHost: %s:%s\r\n\r\n", d->host, d->port);
	return BIO_write(bio, head, (int)strlen(head)) > 0 && BIO_read(bio, &c, 1) == 1;
}

int
main(int argc, char **argv)
{
	struct device d = { 0 };
	char *password, *body;
	FILE *key;
	SSL *ssl;
	BIO *bio;
	int version, status;

	(void)signal(SIGPIPE, SIG_IGN); /* a connection that ended is an answer too */
	if (argc != 11)
		stop("expected ten arguments");
	d.host = argv[1];
	d.port = argv[2];
	d.path = argv[3];
	d.name = argv[6];
	d.version = argv[7];
	d.login = argv[8];
	d.password = argv[9];
	d.out = argv[10];
	if ((key = fopen(argv[5], "r")) == NULL ||
	    (d.key = PEM_read_PrivateKey(key, NULL, NULL, NULL)) == NULL)
		stop("no key");
	(void)fclose(key);
	version = strcmp(d.version, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
	if ((d.tls = SSL_CTX_new(TLS_client_method())) == NULL ||
	    SSL_CTX_set_min_proto_version(d.tls, version) != 1 ||
	    SSL_CTX_set_max_proto_version(d.tls, version) != 1 ||
	    SSL_CTX_load_verify_locations(d.tls, argv[4], NULL) != 1)
		stop("no context");
	SSL_CTX_set_verify(d.tls, SSL_VERIFY_PEER, NULL);
	ssl = connect_to(&d, &bio);
	password = password_for(&d, ssl);
	body = request_for(&d, password);
	post(&d, bio, body);
	status = answer(bio, d.out);
	(void)printf("%d %s\n", status, is_open(&d, bio) ? "open" : "closed");
	free(body);
	free(password);
	BIO_free_all(bio);
	EVP_PKEY_free(d.key);
	SSL_CTX_free(d.tls);
	return 0;
}
