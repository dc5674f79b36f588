/* tests/unit/tls.c - daemon/tls.h and the TLS of daemon/http.h, by OpenSSL's own client. */
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "daemon/tls.h"
#include "tests/unit/http_site.h"
#include "tests/unit/run.h"

static EVP_PKEY *ca_key, *server_key, *client_key;
static X509 *ca, *server, *next_server, *good, *cut, *refused;
static SSL_CTX *tls, *next_tls;
static struct site site;
static struct client c;
static struct reply r;

static X509 *
make(const char *cn, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	static long serial = 1;
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	ck_assert_int_eq(X509_set_version(x, X509_VERSION_3), 1);
	ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(x), serial++), 1);
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(
			     name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0),
	    1);
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(x), -60));
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(x), 86400));
	ck_assert_int_eq(X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : name), 1);
	ck_assert_int_eq(X509_set_pubkey(x, key), 1);
	ck_assert_int_gt(X509_sign(x, issuer_key, EVP_sha256()), 0);
	return x;
}

static bool
admit(void *with, X509 *leaf, const STACK_OF(X509) * above)
{
	/* In the child: no assert of Check's here. */
	(void)above;
	return strcmp(with, "the ledger") == 0 && X509_cmp(leaf, refused) != 0;
}

static SSL_CTX *
context_of(X509 *leaf)
{
	static char with[] = "the ledger";
	STACK_OF(X509) *chain = sk_X509_new_null();
	SSL_CTX *ret = NULL;
	struct fault f;

	ck_assert_int_eq(sk_X509_push(chain, leaf), 1);
	ck_assert_int_eq(sk_X509_push(chain, ca), 2);
	ck_assert_msg(tls_server_context(server_key, chain, admit, with, &ret, &f), "%s", f.text);
	sk_X509_free(chain);
	return ret;
}

static void
open_site(void)
{
	struct plan plan = { 0 };

	ca_key = EVP_EC_gen("P-256");
	server_key = EVP_EC_gen("P-256");
	client_key = EVP_EC_gen("P-256");
	ca = make("ca", ca_key, NULL, ca_key);
	server = make("server", server_key, ca, ca_key);
	next_server = make("next-server", server_key, ca, ca_key);
	good = make("good", client_key, ca, ca_key);
	cut = make("to-be-cut", client_key, ca, ca_key);
	refused = make("refused", client_key, ca, ca_key);
	plan.tls = tls = context_of(server);
	plan.next_tls = next_tls = context_of(next_server);
	site_open(&site, &plan);
}

static void
close_site(void)
{
	site_close(&site);
	SSL_CTX_free(tls);
	SSL_CTX_free(next_tls);
	for (X509 **x = (X509 *[]){ ca, server, next_server, good, cut, refused, NULL }; *x; x++)
		X509_free(*x);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(server_key);
	EVP_PKEY_free(client_key);
}

/* What a client brings; zeros are a plain one of either version. */
struct offer {
	int version; /* no other */
	X509 *cert;
	const char *alpn; /* in wire form */
	const char *ciphers;
	char *groups; /* OpenSSL casts const away */
};

static void
dial(struct client *to, const struct offer *o)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	client_dial(to, site.tls_port);
	if (o->version != 0) {
		SSL_CTX_set_security_level(ctx, 0); /* or it would not even try 1.1 */
		ck_assert_int_eq(SSL_CTX_set_min_proto_version(ctx, o->version), 1);
		ck_assert_int_eq(SSL_CTX_set_max_proto_version(ctx, o->version), 1);
	}
	if (o->cert != NULL) {
		ck_assert_int_eq(SSL_CTX_use_certificate(ctx, o->cert), 1);
		ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, client_key), 1);
	}
	if (o->alpn != NULL)
		ck_assert_int_eq(SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)o->alpn,
				     (unsigned)strlen(o->alpn)),
		    0);
	if (o->ciphers != NULL)
		ck_assert_int_eq(SSL_CTX_set_cipher_list(ctx, o->ciphers), 1);
	if (o->groups != NULL)
		ck_assert_int_eq(SSL_CTX_set1_groups_list(ctx, o->groups), 1);
	to->ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	ck_assert_int_eq(SSL_set_fd(to->ssl, to->fd), 1);
}

static void
connect_with(struct client *to, const struct offer *o)
{
	dial(to, o);
	ck_assert_int_eq(SSL_connect(to->ssl), 1);
}

/* The server ends the handshake with this alert. In TLS 1.3 it can come behind it. */
static void
refuses(const struct offer *o, int alert)
{
	char octet;

	dial(&c, o);
	ERR_clear_error();
	if (SSL_connect(c.ssl) == 1)
		ck_assert_int_le(SSL_read(c.ssl, &octet, 1), 0);
	ck_assert_msg(ERR_GET_REASON(ERR_peek_last_error()) == alert, "%s",
	    ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	client_close(&c);
}

static bool
shows(const char *key, const uint8_t *at, size_t n)
{
	char line[128] = "";

	ck_assert_uint_lt(strlen(key) + 2 * n, sizeof(line));
	memcpy(line, key, strlen(key));
	text_hex(at, n, line + strlen(key));
	return strstr(r.body, line) != NULL;
}

static bool
shows_peer(X509 *x)
{
	uint8_t digest[32];

	ck_assert_int_eq(X509_digest(x, EVP_sha256(), digest, NULL), 1);
	return shows("peer=", digest, sizeof(digest));
}

static void
ask_who(void)
{
	client_get(&c, "/who");
	ck_assert(client_hear(&c, &r, false));
	ck_assert_uint_eq(r.status, 200);
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

START_TEST(knows_its_peer)
{
	struct offer o = { .version = versions[_i] };
	X509 *certs[] = { NULL, good };

	for (size_t i = 0; i < 2; i++) {
		uint8_t binding[32] = { 0 };
		size_t n = 32;

		o.cert = certs[i];
		connect_with(&c, &o);
		if (o.version == TLS1_2_VERSION) /* tls-unique: the first Finished */
			n = SSL_get_finished(c.ssl, binding, sizeof(binding));
		else
			ck_assert_int_eq(
			    SSL_export_keying_material(c.ssl, binding, 32,
				"EXPORTER-Channel-Binding", 24, (const unsigned char *)"", 0, 1),
			    1);
		ck_assert_uint_eq(n, o.version == TLS1_2_VERSION ? 12 : 32);
		for (unsigned j = 0; j < 3; j++) {
			ask_who();
			ck_assert(shows("binding=", binding, n));
			ck_assert(o.cert == NULL ? strstr(r.body, "peer=none\n") != NULL
						 : shows_peer(o.cert));
			ck_assert_ptr_nonnull(strstr(r.body, "source=127.0.0.1:"));
		}
		client_close(&c);
	}
}
END_TEST

START_TEST(sends_its_chain)
{
	connect_with(&c, &(struct offer){ .version = versions[_i] });
	ck_assert_int_eq(sk_X509_num(SSL_get_peer_cert_chain(c.ssl)), 2);
	ck_assert_int_eq(X509_cmp(sk_X509_value(SSL_get_peer_cert_chain(c.ssl), 0), server), 0);
	ck_assert_int_eq(X509_cmp(sk_X509_value(SSL_get_peer_cert_chain(c.ssl), 1), ca), 0);
	client_close(&c);
}
END_TEST

START_TEST(refuses_whom_the_caller_does_not_admit)
{
	refuses(&(struct offer){ .version = versions[_i], .cert = refused },
	    SSL_R_TLSV1_ALERT_UNKNOWN_CA);
}
END_TEST

START_TEST(speaks_http_1_1_alone)
{
	const unsigned char *alpn;
	unsigned n;

	refuses(&(struct offer){ .version = versions[_i], .alpn = "\2h2" },
	    SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
	refuses(&(struct offer){ .version = versions[_i], .alpn = "\10http/1.0" },
	    SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
	connect_with(&c, &(struct offer){ .version = versions[_i], .alpn = "\2h2\10http/1.1" });
	SSL_get0_alpn_selected(c.ssl, &alpn, &n);
	ck_assert_uint_eq(n, 8);
	ck_assert_mem_eq(alpn, "http/1.1", 8);
	client_say(&c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	ck_assert(client_hear(&c, &r, false));
	ck_assert_uint_eq(r.status, 400);
	client_close(&c);
}
END_TEST

START_TEST(refuses_the_old_and_the_weak)
{
	refuses(&(struct offer){ .version = TLS1_1_VERSION }, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
	refuses(&(struct offer){ .version = TLS1_2_VERSION,
		    .ciphers = "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA" },
	    SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
	refuses(&(struct offer){ .version = TLS1_3_VERSION, .groups = "P-521" },
	    SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
}
END_TEST

START_TEST(never_resumes)
{
	SSL_SESSION *session;

	connect_with(&c, &(struct offer){ .version = versions[_i], .cert = good });
	ask_who();
	session = SSL_get1_session(c.ssl);
	client_close(&c);
	dial(&c, &(struct offer){ .version = versions[_i], .cert = good });
	if (SSL_SESSION_is_resumable(session))
		ck_assert_int_eq(SSL_set_session(c.ssl, session), 1);
	ck_assert_int_eq(SSL_connect(c.ssl), 1);
	ck_assert_int_eq(SSL_session_reused(c.ssl), 0);
	ask_who();
	SSL_SESSION_free(session);
	client_close(&c);
}
END_TEST

START_TEST(never_renegotiates)
{
	connect_with(&c, &(struct offer){ .version = TLS1_2_VERSION });
	ask_who();
	ck_assert_int_eq(SSL_renegotiate(c.ssl), 1);
	ck_assert_int_ne(SSL_do_handshake(c.ssl), 1);
	client_close(&c);
}
END_TEST

/* RFC 8446 section 4.6.3: some are taken, a flood is not. */
START_TEST(key_updates_have_an_end)
{
	static const int kinds[] = { SSL_KEY_UPDATE_REQUESTED, SSL_KEY_UPDATE_NOT_REQUESTED };
	static const int few[] = { 1, 10 };

	(void)signal(SIGPIPE, SIG_IGN); /* OpenSSL's own socket BIO asks for it */
	connect_with(&c, &(struct offer){ .version = TLS1_3_VERSION });
	for (int i = 0; i < few[_i]; i++) {
		ck_assert_int_eq(SSL_key_update(c.ssl, kinds[_i]), 1);
		ck_assert_int_eq(SSL_do_handshake(c.ssl), 1);
	}
	ask_who();
	for (int i = 0; i < 100000; i++)
		if (SSL_key_update(c.ssl, kinds[_i]) != 1 || SSL_do_handshake(c.ssl) != 1)
			break;
	ck_assert(client_is_gone(&c));
	client_close(&c);
	connect_with(&c, &(struct offer){ .version = TLS1_3_VERSION });
	ask_who();
	client_close(&c);
}
END_TEST

/* RFC 6066 section 3: there is one host here, whatever a client calls it. */
START_TEST(any_name_is_the_one_host)
{
	static char names[][20] = { "localhost", "elsewhere.example", "x" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		dial(&c, &(struct offer){ .version = versions[_i] });
		ck_assert_int_eq(SSL_set_tlsext_host_name(c.ssl, names[i]), 1);
		ck_assert_int_eq(SSL_connect(c.ssl), 1);
		ask_who();
		client_close(&c);
	}
}
END_TEST

/* RFC 8446 section 2.3: nothing is taken before the handshake is done, and nothing is given to
 * begin so. */
START_TEST(no_early_data_and_no_ticket)
{
	SSL_SESSION *session;

	connect_with(&c, &(struct offer){ .version = TLS1_3_VERSION, .cert = good });
	ask_who();
	session = SSL_get1_session(c.ssl);
	ck_assert_uint_eq(SSL_SESSION_get_max_early_data(session), 0);
	ck_assert_int_eq(SSL_SESSION_has_ticket(session), 0);
	ck_assert_int_eq(SSL_SESSION_is_resumable(session), 0);
	SSL_SESSION_free(session);
	client_close(&c);
}
END_TEST

START_TEST(cuts_whom_it_must_and_nobody_else)
{
	static struct client doomed[2], spared[3];
	struct message m = { .fd = -1 };

	for (size_t i = 0; i < 2; i++)
		connect_with(&doomed[i], &(struct offer){ .version = versions[i], .cert = cut });
	connect_with(&spared[0], &(struct offer){ .cert = good });
	connect_with(&spared[1], &(struct offer){ 0 });
	client_dial(&spared[2], site.port);
	/* One of the doomed has its question on the way when it is cut. */
	client_get(&doomed[0], "/ask");
	client_expect(&doomed[1], "/hello", 200, "hello\n");
	for (size_t i = 0; i < 3; i++)
		client_expect(&spared[i], "/hello", 200, "hello\n");
	ck_assert_int_eq(site_order(&site, 'c'), '2');
	ck_assert_int_eq(site_order(&site, 'c'), '0');
	ck_assert(client_is_gone(&doomed[1]));
	/* What the signer was asked is still answered, and nothing behind it. */
	signer_hear(&site, &m);
	signer_say(&site, m.id, 0, "that");
	ck_assert(client_hear(&doomed[0], &r, false));
	ck_assert_uint_eq(r.status, 200);
	ck_assert(client_is_gone(&doomed[0]));
	bytes_free(&m.body);
	for (size_t i = 0; i < 3; i++) {
		client_expect(&spared[i], "/hello", 200, "hello\n");
		client_close(&spared[i]);
	}
	for (size_t i = 0; i < 2; i++)
		client_close(&doomed[i]);
}
END_TEST

static size_t
resident_octets(pid_t pid)
{
	char path[64];
	unsigned long pages = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%ld/statm", (long)pid);
	ck_assert_ptr_nonnull(file = fopen(path, "r"));
	ck_assert_int_eq(fscanf(file, "%*u %lu", &pages), 1);
	(void)fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* h2o goes on buffering behind a close_notify; the wall must not. */
START_TEST(garbage_behind_close_notify_is_not_kept)
{
	static const char garbage[65536];
	size_t sent = 0, before;

	connect_with(&c, &(struct offer){ .version = versions[_i] });
	ask_who();
	before = resident_octets(site.pid);
	ck_assert_int_eq(SSL_shutdown(c.ssl), 0);
	while (sent < 256u << 20 && send(c.fd, garbage, sizeof(garbage), MSG_NOSIGNAL) > 0)
		sent += sizeof(garbage);
	ck_assert_uint_lt(sent, 64u << 20);
	ck_assert_uint_lt(resident_octets(site.pid), before + (32u << 20));
	client_close(&c);
}
END_TEST

/* A client may say all it has to say, close_notify too, before it listens. */
START_TEST(a_request_before_close_notify_is_answered)
{
	int cork = 1;

	connect_with(&c, &(struct offer){ .version = versions[_i] });
	ask_who();
	ck_assert_int_eq(setsockopt(c.fd, IPPROTO_TCP, TCP_CORK, &cork, sizeof(cork)), 0);
	client_get(&c, "/hello");
	ck_assert_int_eq(SSL_shutdown(c.ssl), 0);
	cork = 0;
	ck_assert_int_eq(setsockopt(c.fd, IPPROTO_TCP, TCP_CORK, &cork, sizeof(cork)), 0);
	ck_assert(client_hear(&c, &r, false));
	ck_assert_str_eq(r.body, "hello\n");
	ck_assert_ptr_nonnull(strstr(r.head, "Connection: close"));
	ck_assert(client_is_gone(&c));
	client_close(&c);
}
END_TEST

START_TEST(takes_a_new_certificate_while_it_serves)
{
	static struct client old;

	connect_with(&old, &(struct offer){ 0 });
	ck_assert_int_eq(site_order(&site, 't'), '.');
	connect_with(&c, &(struct offer){ 0 });
	ck_assert_int_eq(X509_cmp(SSL_get0_peer_certificate(c.ssl), next_server), 0);
	ask_who();
	client_expect(&old, "/hello", 200, "hello\n");
	client_close(&old);
	client_close(&c);
}
END_TEST

START_TEST(plain_http_gets_nothing)
{
	client_dial(&c, site.tls_port);
	client_say(&c, "GET /hello HTTP/1.1\r\nHost: here\r\n\r\n");
	while (!client_is_gone(&c)) {
		ck_assert_uint_le(c.n, 7); /* an alert */
		ck_assert_int_eq(c.in[0], 21);
		c.n = 0;
	}
	client_close(&c);
}
END_TEST

static void
makes_none(EVP_PKEY *key, STACK_OF(X509) * chain)
{
	SSL_CTX *sentinel = tls, *ret = sentinel;
	struct fault f = { 0 };

	ck_assert(!tls_server_context(key, chain, admit, NULL, &ret, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_ptr_eq(ret, sentinel);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

START_TEST(a_context_needs_a_chain_and_its_key)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	SSL_CTX *ret;
	struct fault f;

	makes_none(server_key, chain);
	ck_assert_int_eq(sk_X509_push(chain, server), 1);
	makes_none(ca_key, chain);
	ck_assert(tls_server_context(server_key, chain, NULL, NULL, &ret, &f));
	ck_assert_int_eq(SSL_CTX_get_verify_mode(ret), SSL_VERIFY_NONE);
	SSL_CTX_free(ret);
	sk_X509_free(chain);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tls");
	TCase *t = tcase_create("tls");

	tcase_add_checked_fixture(t, open_site, close_site);
	tcase_set_timeout(t, 4 * SITE_PATIENCE_S);
	tcase_add_loop_test(t, knows_its_peer, 0, 2);
	tcase_add_loop_test(t, sends_its_chain, 0, 2);
	tcase_add_loop_test(t, refuses_whom_the_caller_does_not_admit, 0, 2);
	tcase_add_loop_test(t, speaks_http_1_1_alone, 0, 2);
	tcase_add_loop_test(t, never_resumes, 0, 2);
	tcase_add_loop_test(t, garbage_behind_close_notify_is_not_kept, 0, 2);
	tcase_add_loop_test(t, a_request_before_close_notify_is_answered, 0, 2);
	tcase_add_test(t, refuses_the_old_and_the_weak);
	tcase_add_test(t, never_renegotiates);
	tcase_add_loop_test(t, key_updates_have_an_end, 0, 2);
	tcase_add_loop_test(t, any_name_is_the_one_host, 0, 2);
	tcase_add_test(t, no_early_data_and_no_ticket);
	tcase_add_test(t, cuts_whom_it_must_and_nobody_else);
	tcase_add_test(t, takes_a_new_certificate_while_it_serves);
	tcase_add_test(t, plain_http_gets_nothing);
	tcase_add_test(t, a_context_needs_a_chain_and_its_key);
	suite_add_tcase(s, t);
	return run_suite(s);
}
