/*
 * tests/unit/enroll.c - quatrain enroll against a service that may be anybody.
 *
 * A child plays the service: TLS on a port of its own, one request a connection. It
 * writes down every octet that it was sent, so that a test can say what was not.
 */
#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/secret.h"
#include "ca/csr.h"
#include "daemon/credential.h"
#include "daemon/enrol_code.h"
#include "tests/unit/capture.h"
#include "tests/unit/pki.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

#define SECRET "ABCDEFGHIJKLMNOPQRSTUVWX23"
#define NAME   "URI:spiffe://acme.eu.example.org/printer/hp-1,DNS:hp-1.printer.acme.eu.example.org"

enum play {
	PLAY_WELL,
	PLAY_401,
	PLAY_403_PROBLEM,
	PLAY_202,
	PLAY_503,
	PLAY_OTHER_KEY,
	PLAY_OTHER_CA,
	PLAY_HTML,
	PLAY_JUNK,
	PLAY_HUGE,
	PLAY_DROP,
	PLAY_RSA,       /* wants an RSA key */
	PLAY_LATER,     /* is approved at the third question */
	PLAY_ODD_ATTRS, /* what it wants is malformed */
	PLAY_NEXT_ROOT, /* has a next root, and the link to it */
	PLAY_BOUND_12,  /* keeps its connections, and wants requests that are bound to them; TLS 1.2
			 */
	PLAY_BOUND_13
};
#define PLAY_BADLY PLAY_DROP /* the last that ends without a certificate */

static struct pki pki, other;
static X509 *next_root, *next_link;
static struct capture said;
static char folder[SCRATCH_PATH_MAX], url[64], address[64], token[128];
static pid_t service;

int
init_command(const struct invocation *inv)
{
	(void)inv;
	return CLI_OK;
}

int
serve_command(const struct invocation *inv)
{
	(void)inv;
	return CLI_OK;
}

/* ---- the service, in the child: no assertions there, a wrong step ends it ---- */

static enum play now_plays;

static bool
keeps(void)
{
	return now_plays == PLAY_BOUND_12 || now_plays == PLAY_BOUND_13;
}

static void
reply(SSL *tls, int status, const char *type, const char *more, const void *body, size_t n)
{
	char head[512];
	int len = snprintf(head, sizeof(head),
	    "HTTP/1.1 %d X\r\nContent-Type: %s\r\n%s%sContent-Length: %zu\r\n\r\n", status, type,
	    more, keeps() ? "" : "Connection: close\r\n", n);

	(void)SSL_write(tls, head, len);
	if (n > 0)
		(void)SSL_write(tls, body, (int)n);
}

static void
reply_certs(SSL *tls, X509 *const *certs, size_t n)
{
	struct bytes der = { 0 }, text = { 0 };

	pki_certs_only(certs, n, &der);
	text_base64(octets_bytes(&der), 64, &text);
	reply(tls, 200, "application/pkcs7-mime; smime-type=certs-only",
	    "Content-Transfer-Encoding: base64\r\n", text.at, text.n);
	bytes_free(&der);
	bytes_free(&text);
}

/* The service's own view of what binds a request to this connection (RFC 9266, RFC 5929
 * section 3.1: the client's Finished). */
static void
check_binding(SSL *tls, struct octets request)
{
	uint8_t at[32];
	struct bytes expected = { 0 };
	struct csr csr;
	struct fault f;
	size_t n = sizeof(at);

	if (SSL_version(tls) == TLS1_2_VERSION)
		n = SSL_get_peer_finished(tls, at, sizeof(at));
	else if (SSL_export_keying_material(
		     tls, at, n, "EXPORTER-Channel-Binding", 24, NULL, 0, 1) != 1)
		_exit(6);
	if (SSL_version(tls) != (now_plays == PLAY_BOUND_12 ? TLS1_2_VERSION : TLS1_3_VERSION) ||
	    n != (now_plays == PLAY_BOUND_12 ? 12 : 32))
		_exit(7);
	text_base64(octets_of(at, n), 0, &expected);
	if (!csr_parse(request, &csr, &f) || !octets_same(csr.challenge, octets_bytes(&expected)))
		_exit(8);
	bytes_free(&expected);
}

static void
issue(SSL *tls, enum play play, struct octets body)
{
	const struct pki *by = play == PLAY_OTHER_CA ? &other : &pki;
	struct bytes der = { 0 };
	struct fault f;
	const uint8_t *p;
	X509_REQ *req;
	X509 *c;
	FILE *to = fopen("request.der", "w");

	if (to == NULL || !text_unbase64(body, &der, &f))
		_exit(3);
	(void)fwrite(der.at, 1, der.n, to);
	(void)fclose(to);
	if (keeps())
		check_binding(tls, octets_bytes(&der));
	p = der.at;
	if ((req = d2i_X509_REQ(NULL, &p, (long)der.n)) == NULL ||
	    X509_REQ_verify(req, X509_REQ_get0_pubkey(req)) != 1)
		_exit(4);
	c = pki_cert("hp-1", play == PLAY_OTHER_KEY ? pki.root_key : X509_REQ_get0_pubkey(req),
	    by->tenant, by->tenant_key, PKI_EE, NAME, 3600);
	reply_certs(tls, &c, 1);
}

/* { rsaEncryption, { 2048 } }: RFC 8951 section 4. */
static void
answer_attrs(SSL *tls, enum play play)
{
	static const uint8_t rsa[] = { 0x30, 0x13, 0x30, 0x11, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
		0xf7, 0x0d, 0x01, 0x01, 0x01, 0x31, 0x04, 0x02, 0x02, 0x08, 0x00 };
	/* { challengePassword } */
	static const uint8_t binding[] = { 0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
		0x0d, 0x01, 0x09, 0x07 };
	struct bytes text = { 0 };

	if (keeps())
		text_base64(octets_of(binding, sizeof(binding)), 0, &text);
	else
		text_base64(octets_of(rsa, play == PLAY_RSA ? sizeof(rsa) : 7), 0, &text);
	if (keeps() || play == PLAY_RSA || play == PLAY_ODD_ATTRS)
		reply(tls, 200, "application/csrattrs", "", text.at, text.n);
	else
		reply(tls, 404, "text/plain", "", "none", 4);
	bytes_free(&text);
}

static bool
is_late(void)
{
	static int asked;

	return ++asked > 2;
}

static void
answer(SSL *tls, enum play play, const char *request, struct octets body)
{
	X509 *known[] = { pki.tenant, pki.region, pki.root, next_root, next_link };
	static char huge[300 * 1024];

	if (strstr(request, "/cacerts ") != NULL)
		reply_certs(tls, known, play == PLAY_NEXT_ROOT ? 5 : 3);
	else if (strstr(request, "/csrattrs ") != NULL)
		answer_attrs(tls, play);
	else if (play == PLAY_LATER && !is_late())
		reply(tls, 202, "text/plain", "Retry-After: 0\r\n", "", 0);
	else if (play == PLAY_401)
		reply(tls, 401, "text/plain", "WWW-Authenticate: Basic realm=\"est\"\r\n",
		    "token: used\033[2J", 15);
	else if (play == PLAY_403_PROBLEM)
		reply(tls, 403, "application/problem+json", "",
		    "{\"detail\":\"policy: not today\"}", 30);
	else if (play == PLAY_202)
		reply(tls, 202, "text/plain", "Retry-After: 77\r\n", "", 0);
	else if (play == PLAY_503)
		reply(tls, 503, "text/plain", "", "signer: busy", 12);
	else if (play == PLAY_HTML)
		reply(tls, 200, "text/html", "", "<html>", 6);
	else if (play == PLAY_JUNK)
		reply(tls, 200, "application/pkcs7-mime", "", "AAAA", 4);
	else if (play == PLAY_HUGE)
		reply(tls, 200, "application/pkcs7-mime", "", huge, sizeof(huge));
	else if (play != PLAY_DROP)
		issue(tls, play, body);
}

/* One request: all of it into the file "seen", then its answer. */
static bool
converse(SSL *tls, enum play play)
{
	static char in[65536];
	FILE *seen = fopen("seen", "a");
	X509 *peer = SSL_get1_peer_certificate(tls);
	const char *body = NULL, *length;
	size_t n = 0, want = 0;
	int got = 1;

	while ((body == NULL || (size_t)(in + n - body) < want) && n + 1 < sizeof(in)) {
		if ((got = SSL_read(tls, in + n, (int)(sizeof(in) - 1 - n))) <= 0)
			break;
		n += (size_t)got;
		in[n] = '\0';
		if (body == NULL && (body = strstr(in, "\r\n\r\n")) != NULL) {
			body += 4;
			length = strstr(in, "Content-Length: ");
			want = length == NULL ? 0 : (size_t)strtoul(length + 16, NULL, 10);
		}
	}
	in[n] = '\0';
	if (seen == NULL || fprintf(seen, "%s%s\n", peer == NULL ? "" : "PEER ", in) < 0 ||
	    fclose(seen) != 0)
		_exit(5);
	X509_free(peer);
	if (got > 0 && body != NULL)
		answer(tls, play, in, octets_of(body, want));
	if (got > 0 && body != NULL && keeps())
		return true;
	(void)SSL_shutdown(tls);
	return false;
}

static int
any_peer(int ok, X509_STORE_CTX *ctx)
{
	(void)ok;
	(void)ctx;
	return 1;
}

static void __attribute__((noreturn)) play_service(int listener, SSL_CTX *ctx, enum play play)
{
	(void)signal(SIGPIPE, SIG_IGN);
	now_plays = play;
	if (play == PLAY_BOUND_12 && SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) != 1)
		_exit(9);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		SSL *tls = SSL_new(ctx);

		if (fd < 0 || tls == NULL || SSL_set_fd(tls, fd) != 1)
			_exit(2);
		if (SSL_accept(tls) == 1 && play != PLAY_DROP)
			while (converse(tls, play))
				continue;
		SSL_free(tls);
		(void)close(fd);
	}
}

/* ---- the tests ---- */

static SSL_CTX *
service_context(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *c =
	    pki_cert("service", key, pki.tenant, pki.tenant_key, PKI_EE, "DNS:localhost", 3600);
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	ck_assert_int_eq(SSL_CTX_use_certificate(ctx, c), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, key), 1);
	ck_assert_int_eq(SSL_CTX_add1_chain_cert(ctx, pki.tenant), 1);
	ck_assert_int_eq(SSL_CTX_add1_chain_cert(ctx, pki.region), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, any_peer);
	/* As the real one: who resumes a session shows no certificate. */
	ck_assert_int_eq(SSL_CTX_set_num_tickets(ctx, 0), 1);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	X509_free(c);
	EVP_PKEY_free(key);
	return ctx;
}

static void
service_end(void)
{
	if (service == 0)
		return;
	ck_assert_int_eq(kill(service, SIGKILL), 0);
	ck_assert_int_eq(waitpid(service, NULL, 0), service);
	service = 0;
}

static void
service_begin(enum play play)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	SSL_CTX *ctx = service_context();
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	service_end();
	(void)unlink("seen");
	ck_assert_int_eq(bind(listener, (const struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(listener, 8), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &n), 0);
	(void)snprintf(url, sizeof(url), "https://localhost:%u", ntohs(at.sin_port));
	(void)snprintf(address, sizeof(address), "https://127.0.0.1:%u", ntohs(at.sin_port));
	ck_assert_int_eq(fflush(NULL), 0);
	ck_assert_int_ge(service = fork(), 0);
	if (service == 0)
		play_service(listener, ctx, play);
	(void)close(listener);
	SSL_CTX_free(ctx);
}

static void
write_cert(const char *dir, const char *name, X509 *c)
{
	struct bytes pem = { 0 };
	struct fault f;

	ck_assert(credential_cert_put(&pem, c, &f));
	ck_assert(credential_replace(dir, name, 0644, octets_bytes(&pem), &f));
	bytes_free(&pem);
}

static void
setup(void)
{
	char root[27];
	struct fault f;

	ck_assert(secret_start(&f));
	scratch_new(folder);
	ck_assert_int_eq(chdir(folder), 0);
	pki_new(&pki);
	pki_new(&other);
	pki_root_text(pki.root, root);
	(void)snprintf(token, sizeof(token), SECRET ".%s.acme.hp-1", root);
	write_cert(".", "right.pem", pki.root);
	write_cert(".", "wrong.pem", other.root);
}

static void
teardown(void)
{
	service_end();
	pki_free(&pki);
	pki_free(&other);
	ck_assert_int_eq(chdir("/"), 0);
	scratch_free(folder);
}

static const char *
slurp(const char *path)
{
	static char text[65536];
	FILE *from = fopen(path, "r");
	size_t n;

	if (from == NULL)
		return "";
	n = fread(text, 1, sizeof(text) - 1, from);
	text[n] = '\0';
	(void)fclose(from);
	return text;
}

/* Refused with why; nothing secret was heard by the service where quiet. */
static void
refused(const char *why, bool quiet, const char *const *argv)
{
	capture_run(&said, argv);
	ck_assert_msg(said.status == CLI_REFUSED, "%d: %s%s", said.status, said.out, said.err);
	ck_assert_msg(strstr(said.err, why) != NULL, "expected \"%s\" in: %s", why, said.err);
	ck_assert_ptr_null(strstr(said.err, SECRET));
	ck_assert_ptr_null(strchr(said.err, '\033'));
	ck_assert_int_ne(access("d/cert.pem", F_OK), 0);
	if (quiet)
		ck_assert_msg(strstr(slurp("seen"), "Authorization") == NULL, "%s", slurp("seen"));
}

static void
done(const char *const *argv)
{
	capture_run(&said, argv);
	ck_assert_msg(said.status == CLI_OK, "%s", said.err);
}

#define ENROLL_WITH(...) ARGS("enroll", "--url", url, "--token", token, "--out", "d", __VA_ARGS__)
#define RENEW_WITH(...)  ARGS("enroll", "--url", url, "--renew", "--out", "d", __VA_ARGS__)
#define ENROLL           ARGS("enroll", "--url", url, "--token", token, "--out", "d")
#define RENEW            ARGS("enroll", "--url", url, "--renew", "--out", "d")

/* The three files belong together, and cert.pem is leaf, tenant, region. */
static void
check_files(void)
{
	STACK_OF(X509) *certs = NULL, *root = NULL;
	EVP_PKEY *key = NULL;
	struct stat st;
	struct fault f;

	ck_assert_msg(credential_certs_read("d/cert.pem", &certs, &f), "%s", f.text);
	ck_assert_msg(credential_certs_read("d/root.pem", &root, &f), "%s", f.text);
	ck_assert_msg(credential_key_read("d", "key.pem", &key, &f), "%s", f.text);
	ck_assert_int_eq(sk_X509_num(certs), 3);
	ck_assert_int_eq(X509_check_private_key(sk_X509_value(certs, 0), key), 1);
	ck_assert_int_eq(X509_cmp(sk_X509_value(certs, 1), pki.tenant), 0);
	ck_assert_int_eq(X509_cmp(sk_X509_value(certs, 2), pki.region), 0);
	ck_assert_int_eq(sk_X509_num(root), 1);
	ck_assert_int_eq(X509_cmp(sk_X509_value(root, 0), pki.root), 0);
	ck_assert_int_eq(stat("d/key.pem", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	EVP_PKEY_free(key);
	credential_certs_free(certs);
	credential_certs_free(root);
}

START_TEST(knows_nothing_but_the_token)
{
	service_begin(PLAY_WELL);
	done(ENROLL);
	check_files();
	ck_assert_ptr_nonnull(strstr(said.out, "Enrolled"));
	ck_assert_ptr_nonnull(strstr(said.out, "--renew"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "Authorization: Basic"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "POST /.well-known/est/acme/simpleenroll "));
	/* A second time is refused before anybody is asked. */
	service_end();
	capture_run(&said, ENROLL);
	ck_assert_int_eq(said.status, CLI_REFUSED);
	ck_assert_ptr_nonnull(strstr(said.err, "cert.pem is in d already"));
}
END_TEST

START_TEST(token_from_a_file)
{
	FILE *to = fopen("token", "w");

	ck_assert_int_gt(fprintf(to, "%s\n", token), 0);
	ck_assert_int_eq(fclose(to), 0);
	service_begin(PLAY_WELL);
	done(ARGS("enroll", "--url", url, "--token-file", "token", "--out", "d", "--json"));
	check_files();
	ck_assert_ptr_nonnull(strstr(said.out, "\"tenant\":\"acme\""));
}
END_TEST

/* SECRET alone: the rest is said by options. */
START_TEST(secret_alone_needs_a_root)
{
	service_begin(PLAY_WELL);
	refused("nothing says which service to trust", true,
	    ARGS("enroll", "--url", url, "--token", SECRET, "--device", "hp-1", "--tenant", "acme",
		"--out", "d"));
	done(ARGS("enroll", "--url", url, "--token", SECRET, "--device", "hp-1", "--tenant", "acme",
	    "--out", "d", "--root", "right.pem"));
	check_files();
}
END_TEST

START_TEST(nothing_secret_for_a_stranger)
{
	char root[27];

	service_begin(PLAY_WELL);
	refused("not who it should be", true, ENROLL_WITH("--root", "wrong.pem"));
	/* The name in the URL must be in the certificate, root or no root. */
	refused("not who it should be", true,
	    ARGS("enroll", "--url", address, "--token", token, "--out", "d"));
	pki_root_text(other.root, root);
	(void)snprintf(token, sizeof(token), SECRET ".%s.acme.hp-1", root);
	refused("has not the root certificate that the token names", true, ENROLL);
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "GET /.well-known/est/acme/cacerts "));
	ck_assert_ptr_null(strstr(slurp("seen"), "POST"));
	pki_root_text(pki.tenant, root);
	(void)snprintf(token, sizeof(token), SECRET ".%s.acme.hp-1", root);
	refused("has not the root certificate", true, ENROLL);
}
END_TEST

static void
refused_by(enum play play, const char *why)
{
	service_begin(play);
	refused(why, false, ENROLL);
	/* What was promised is kept for the next try. */
	ck_assert_int_eq(access("d/key.pem", F_OK), 0);
}

START_TEST(refusals_of_the_service)
{
	refused_by(PLAY_401, "token: used?[2J");
	ck_assert_ptr_nonnull(strstr(said.err, "Next: ask for a new token"));
	refused_by(PLAY_403_PROBLEM, "policy: not today");
	refused_by(PLAY_503, "signer: busy");
	refused_by(PLAY_OTHER_KEY, "no certificate for our key");
	refused_by(PLAY_OTHER_CA, "does not lead to the root");
	refused_by(PLAY_HTML, "is that an EST service?");
	refused_by(PLAY_JUNK, "RFC 5652 section 3");
	refused_by(PLAY_HUGE, "over 262144 octets");
}
END_TEST

/* Longer than somebody wants to wait: it ends at once, and can be gone on with. */
START_TEST(not_decided_yet)
{
	service_begin(PLAY_202);
	refused("asks to try again in 77 s", false, ENROLL_WITH("--wait", "1s"));
	ck_assert_ptr_nonnull(strstr(said.err, "Next: run the same command again"));
	ck_assert_int_eq(access("d/key.pem", F_OK), 0);
	service_begin(PLAY_WELL);
	done(ENROLL);
	check_files();
}
END_TEST

START_TEST(approved_in_the_end)
{
	service_begin(PLAY_LATER);
	done(ENROLL);
	check_files();
	ck_assert_ptr_nonnull(strstr(said.err, "waits for approval, asks again in 1 s"));
}
END_TEST

static int
bits_of_key(void)
{
	EVP_PKEY *key = NULL;
	struct fault f;
	int bits;

	ck_assert_msg(credential_key_read("d", "key.pem", &key, &f), "%s", f.text);
	bits = EVP_PKEY_get_bits(key);
	EVP_PKEY_free(key);
	return bits;
}

START_TEST(key_as_the_service_wants_it)
{
	service_begin(PLAY_RSA);
	done(ENROLL);
	check_files();
	ck_assert_int_eq(bits_of_key(), 2048);
}
END_TEST

START_TEST(key_as_the_options_want_it)
{
	service_begin(PLAY_RSA);
	done(ENROLL_WITH("--key", "p256"));
	check_files();
	ck_assert_int_eq(bits_of_key(), 256);
	service_begin(PLAY_WELL);
	done(RENEW_WITH("--key", "rsa3072", "--new-key"));
	check_files();
	ck_assert_int_eq(bits_of_key(), 3072);
}
END_TEST

START_TEST(odd_attributes_are_refused)
{
	service_begin(PLAY_ODD_ATTRS);
	refused("csrattrs", false, ENROLL);
	ck_assert_ptr_null(strstr(slurp("seen"), "POST"));
}
END_TEST

/* This service ends each connection behind its answer: what is bound to one has none to go over. */
START_TEST(bound_request_goes_over_no_other_connection)
{
	service_begin(PLAY_WELL);
	refused("did not keep the connection", false, ENROLL_WITH("--bind"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "GET /.well-known/est/acme/csrattrs "));
	ck_assert_ptr_null(strstr(slurp("seen"), "POST"));
}
END_TEST

/* The service holds each request against its own view of the connection. */
START_TEST(bound_as_the_service_wants_it)
{
	service_begin(PLAY_BOUND_13);
	done(ENROLL);
	check_files();
	done(RENEW);
	check_files();
	service_begin(PLAY_BOUND_12);
	done(RENEW);
	done(RENEW_WITH("--new-key"));
	check_files();
}
END_TEST

START_TEST(code_says_it_all)
{
	struct bytes code = { 0 };
	char line[1024];

	service_begin(PLAY_WELL);
	enrol_code_put(&code, url, token, true);
	(void)snprintf(line, sizeof(line), "%.*s", (int)code.n, (const char *)code.at);
	bytes_free(&code);
	done(ARGS("enroll", "--code", line, "--out", "d"));
	check_files();
	ck_assert_int_eq(bits_of_key(), 2048);
	ck_assert_ptr_nonnull(strstr(said.out, url));
	capture_run(&said, ARGS("enroll", "--code", "quatrain:enrol?token=" SECRET, "--out", "e"));
	ck_assert_int_eq(said.status, CLI_REFUSED);
	ck_assert_ptr_nonnull(strstr(said.err, "expected url and token"));
	ck_assert_ptr_null(strstr(said.err, SECRET));
}
END_TEST

START_TEST(manufacturers_certificate)
{
	EVP_PKEY *key = NULL;
	struct fault f;
	X509 *c;

	ck_assert(credential_key_make(".", "idevid.key", 0, &key, &f));
	c = pki_cert("SN-1", key, other.tenant, other.tenant_key, PKI_EE, NULL, 3600);
	write_cert(".", "idevid.pem", c);
	service_begin(PLAY_WELL);
	/* Nothing of ours names the root, so somebody must. */
	refused("nothing says which service to trust", true,
	    ARGS("enroll", "--url", url, "--tenant", "acme", "--idevid-cert", "idevid.pem",
		"--idevid-key", "idevid.key", "--out", "d"));
	done(ARGS("enroll", "--url", url, "--tenant", "acme", "--profile", "printer",
	    "--idevid-cert", "idevid.pem", "--idevid-key", "idevid.key", "--out", "d", "--root",
	    "right.pem"));
	check_files();
	ck_assert_ptr_nonnull(
	    strstr(slurp("seen"), "PEER POST /.well-known/est/acme:printer/simpleenroll "));
	ck_assert_ptr_null(strstr(slurp("seen"), "Authorization"));
	EVP_PKEY_free(key);
	X509_free(c);
}
END_TEST

START_TEST(nothing_but_a_key)
{
	service_begin(PLAY_WELL);
	refused("which device?", true,
	    ARGS("enroll", "--url", url, "--tenant", "acme", "--request", "--out", "d", "--root",
		"right.pem"));
	done(ARGS("enroll", "--url", url, "--tenant", "acme", "--request", "--device", "hp-1",
	    "--out", "d", "--root", "right.pem"));
	check_files();
	ck_assert_ptr_null(strstr(slurp("seen"), "Authorization"));
	ck_assert_ptr_null(strstr(slurp("seen"), "PEER"));
}
END_TEST

START_TEST(next_root_is_followed)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	STACK_OF(X509) *roots = NULL;
	struct fault f;

	next_root = pki_cert("Root", key, NULL, key, PKI_CA, NULL, 7200);
	next_link = pki_cert("Root", key, pki.root, pki.root_key, PKI_CA, NULL, 3600);
	service_begin(PLAY_WELL);
	done(ENROLL);
	service_begin(PLAY_NEXT_ROOT);
	done(RENEW);
	ck_assert_msg(credential_certs_read("d/root.pem", &roots, &f), "%s", f.text);
	ck_assert_int_eq(sk_X509_num(roots), 2);
	ck_assert_int_eq(X509_cmp(sk_X509_value(roots, 0), pki.root), 0);
	ck_assert_int_eq(X509_cmp(sk_X509_value(roots, 1), next_root), 0);
	/* Both are trusted from now on, and nothing is added twice. */
	done(RENEW);
	credential_certs_free(roots);
	ck_assert(credential_certs_read("d/root.pem", &roots, &f));
	ck_assert_int_eq(sk_X509_num(roots), 2);
	credential_certs_free(roots);
	X509_free(next_root);
	X509_free(next_link);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(a_service_that_drops_the_line)
{
	service_begin(PLAY_DROP);
	refused("fetch: ", true, ENROLL);
	service_end();
	refused("nobody answers there", true, ENROLL);
}
END_TEST

START_TEST(interrupted_try_keeps_its_key)
{
	char before[4096];

	service_begin(PLAY_503);
	refused("signer: busy", false, ENROLL);
	(void)snprintf(before, sizeof(before), "%.4000s", slurp("d/key.pem"));
	service_begin(PLAY_WELL);
	done(ENROLL);
	check_files();
	ck_assert_str_eq(slurp("d/key.pem"), before);
}
END_TEST

/* The request of a renewal: subject and names as in the certificate, to the octet. */
static void
check_request(X509 *cert)
{
	const char *at = slurp("request.der");
	const uint8_t *p = (const uint8_t *)at;
	X509_REQ *req = d2i_X509_REQ(NULL, &p, 65536);
	STACK_OF(X509_EXTENSION) * list;
	X509_EXTENSION *ours, *theirs;

	ck_assert_ptr_nonnull(req);
	ck_assert_int_eq(
	    X509_NAME_cmp(X509_REQ_get_subject_name(req), X509_get_subject_name(cert)), 0);
	ck_assert_ptr_nonnull(list = X509_REQ_get_extensions(req));
	ck_assert_int_eq(sk_X509_EXTENSION_num(list), 1);
	ours = sk_X509_EXTENSION_value(list, 0);
	theirs = X509_get_ext(cert, X509_get_ext_by_NID(cert, NID_subject_alt_name, -1));
	ck_assert_int_eq(
	    ASN1_STRING_cmp(X509_EXTENSION_get_data(ours), X509_EXTENSION_get_data(theirs)), 0);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	X509_REQ_free(req);
}

START_TEST(renewal)
{
	STACK_OF(X509) *before = NULL, *after = NULL;
	char key[4096];
	struct fault f;

	service_begin(PLAY_WELL);
	done(ENROLL);
	(void)snprintf(key, sizeof(key), "%.4000s", slurp("d/key.pem"));
	ck_assert(credential_certs_read("d/cert.pem", &before, &f));
	(void)unlink("seen");
	done(RENEW);
	check_files();
	check_request(sk_X509_value(before, 0));
	ck_assert_str_eq(slurp("d/key.pem"), key);
	ck_assert_ptr_nonnull(
	    strstr(slurp("seen"), "PEER POST /.well-known/est/acme/simplereenroll "));
	ck_assert_ptr_null(strstr(slurp("seen"), "Authorization"));
	ck_assert(credential_certs_read("d/cert.pem", &after, &f));
	ck_assert_int_ne(X509_cmp(sk_X509_value(before, 0), sk_X509_value(after, 0)), 0);
	done(RENEW_WITH("--new-key"));
	check_files();
	check_request(sk_X509_value(before, 0));
	ck_assert_str_ne(slurp("d/key.pem"), key);
	ck_assert_int_ne(access("d/key.pem.new", F_OK), 0);
	ck_assert_int_ne(access("d/cert.pem.new", F_OK), 0);
	credential_certs_free(before);
	credential_certs_free(after);
}
END_TEST

START_TEST(renewal_refused_changes_nothing)
{
	char cert[16384], key[4096];

	service_begin(PLAY_WELL);
	done(ENROLL);
	(void)snprintf(cert, sizeof(cert), "%.16000s", slurp("d/cert.pem"));
	(void)snprintf(key, sizeof(key), "%.4000s", slurp("d/key.pem"));
	for (int play = PLAY_401; play <= PLAY_BADLY; play++) {
		service_begin((enum play)play);
		capture_run(&said, RENEW_WITH("--new-key", "--wait", "1s"));
		ck_assert_int_eq(said.status, CLI_REFUSED);
		ck_assert_str_eq(slurp("d/cert.pem"), cert);
		ck_assert_str_eq(slurp("d/key.pem"), key);
	}
	service_begin(PLAY_WELL);
	capture_run(&said, RENEW_WITH("--root", "wrong.pem"));
	ck_assert_int_eq(said.status, CLI_REFUSED);
	/* The key that the refused ones made is not wasted. */
	(void)snprintf(key, sizeof(key), "%.4000s", slurp("d/key.pem.new"));
	done(RENEW_WITH("--new-key"));
	check_files();
	ck_assert_str_eq(slurp("d/key.pem"), key);
}
END_TEST

/* Cut behind the change of both: a key that has its certificate is not taken for a new one. */
START_TEST(cut_renewal_is_finished)
{
	char key[4096];

	service_begin(PLAY_WELL);
	done(ENROLL);
	done(RENEW_WITH("--new-key"));
	(void)snprintf(key, sizeof(key), "%.4000s", slurp("d/key.pem"));
	ck_assert_int_eq(link("d/.pair/key.pem", "d/key.pem.new"), 0);
	done(RENEW_WITH("--new-key"));
	check_files();
	ck_assert_str_ne(slurp("d/key.pem"), key);
	ck_assert_int_ne(access("d/key.pem.new", F_OK), 0);
	/* And one that has none yet is. */
	done(ARGS("enroll", "--url", url, "--token", token, "--out", "e"));
	ck_assert_int_eq(rename("e/key.pem", "d/key.pem.new"), 0);
	(void)snprintf(key, sizeof(key), "%.4000s", slurp("d/key.pem.new"));
	done(RENEW_WITH("--new-key"));
	check_files();
	ck_assert_str_eq(slurp("d/key.pem"), key);
}
END_TEST

/* The service may let it renew yet; where it does not, there is a way. */
START_TEST(expired_asks_all_the_same)
{
	EVP_PKEY *key = NULL;
	struct fault f;
	X509 *late;

	service_begin(PLAY_WELL);
	done(ENROLL);
	ck_assert(credential_key_read("d", "key.pem", &key, &f));
	late = pki_cert("hp-1", key, pki.tenant, pki.tenant_key, PKI_EE, NAME, -60);
	write_cert("d", "cert.pem", late);
	service_begin(PLAY_401);
	capture_run(&said, RENEW);
	ck_assert_int_eq(said.status, CLI_REFUSED);
	ck_assert_ptr_nonnull(
	    strstr(said.err, "Next: the certificate has expired: ask for a token"));
	service_begin(PLAY_WELL);
	done(RENEW);
	check_files();
	X509_free(late);
	EVP_PKEY_free(key);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("enroll");
	TCase *t = tcase_create("enroll");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, knows_nothing_but_the_token);
	tcase_add_test(t, token_from_a_file);
	tcase_add_test(t, secret_alone_needs_a_root);
	tcase_add_test(t, nothing_secret_for_a_stranger);
	tcase_add_test(t, refusals_of_the_service);
	tcase_add_test(t, a_service_that_drops_the_line);
	tcase_add_test(t, interrupted_try_keeps_its_key);
	tcase_add_test(t, renewal);
	tcase_add_test(t, renewal_refused_changes_nothing);
	tcase_add_test(t, cut_renewal_is_finished);
	tcase_add_test(t, expired_asks_all_the_same);
	tcase_add_test(t, not_decided_yet);
	tcase_add_test(t, approved_in_the_end);
	tcase_add_test(t, key_as_the_service_wants_it);
	tcase_add_test(t, key_as_the_options_want_it);
	tcase_add_test(t, odd_attributes_are_refused);
	tcase_add_test(t, bound_request_goes_over_no_other_connection);
	tcase_add_test(t, bound_as_the_service_wants_it);
	tcase_add_test(t, code_says_it_all);
	tcase_add_test(t, manufacturers_certificate);
	tcase_add_test(t, nothing_but_a_key);
	tcase_add_test(t, next_root_is_followed);
	suite_add_tcase(s, t);
	return run_suite(s);
}
