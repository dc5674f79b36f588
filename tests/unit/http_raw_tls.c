/* tests/unit/http_raw_tls.c - a face whose bodies stream, under TLS that demands a certificate: who
 * comes in, who is cut in the middle of a body, and who fails too often. */
#include <check.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "daemon/limit.h"
#include "daemon/tls.h"
#include "tests/unit/http_site.h"
#include "tests/unit/run.h"

#define LARGE    ((size_t)32 << 20)
#define FAILURES 4 /* handshakes that may fail, before the address has to wait */

static EVP_PKEY *key;
static X509 *server, *good, *revoked, *other;
static pid_t pid;
static uint16_t port;
static int cutter; /* an octet here: cut revoked */
static struct client c, d;
static struct reply r;

static X509 *
make(const char *cn)
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
	ck_assert_int_eq(X509_set_issuer_name(x, name), 1);
	ck_assert_int_eq(X509_set_pubkey(x, key), 1);
	ck_assert_int_gt(X509_sign(x, key, EVP_sha256()), 0);
	return x;
}

/* --- the child ----------------------------------------------------------------------------------
 */

static struct http *http;
static struct limit *limits;
static unsigned overs;
static size_t given;

static void
count(struct exchange *x, struct octets piece, bool last)
{
	*(uint64_t *)x->state += piece.n;
	if (!last)
		return;
	x->status = 200;
	bytes_put_fmt(&x->reply, "%llu octets", (unsigned long long)*(const uint64_t *)x->state);
}

static bool
gush(struct exchange *x)
{
	uint8_t *at = bytes_extend(&x->reply, 262144);

	if (at != NULL)
		memset(at, 'x', 262144);
	given += 262144;
	return given < LARGE;
}

static void
over(struct exchange *x)
{
	(void)x;
	overs++;
}

static void
serve(struct exchange *x)
{
	if (octets_same(x->path, octets_text("/overs"))) {
		x->status = x->peer.n > 0 ? 200 : 500;
		bytes_put_fmt(&x->reply, "%u", overs);
		return;
	}
	x->over = over;
	if (octets_same(x->path, octets_text("/gush"))) {
		given = 0;
		x->status = 200;
		x->pull = gush;
		return;
	}
	x->state = calloc(1, sizeof(uint64_t));
	x->take = count;
}

static bool
admit(void *with, X509 *leaf, const STACK_OF(X509) * above)
{
	(void)with;
	(void)above;
	return X509_cmp(leaf, other) != 0;
}

static bool
is_revoked(void *with, const struct http_peer *peer)
{
	unsigned char *der = NULL;
	int n = i2d_X509(revoked, &der);
	bool same = n > 0 && octets_same(peer->peer, octets_of(der, (size_t)n));

	(void)with;
	OPENSSL_free(der);
	return same;
}

static void
cut(void *with)
{
	char order;

	(void)with;
	if (read(cutter, &order, 1) != 1)
		return;
	order = (char)('0' + http_cut(http, is_revoked, NULL));
	if (write(cutter, &order, 1) != 1)
		abort();
}

static void
stop(int signal)
{
	(void)signal;
	http_stop(http);
}

static _Noreturn void
run(int tcp, bool limited)
{
	struct http_face face = { .face = FACE_RELAY,
		.listener = tcp,
		.request_ms = 1500,
		.conns_max = 64,
		.streams = true,
		.serve = serve };
	struct sigaction sa = { .sa_handler = stop };
	struct settings s = { .limits = { .connections = 1000, .handshakes = FAILURES } };
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct fault f;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sk_X509_push(chain, server) != 1 ||
	    !tls_server_context(key, chain, admit, NULL, &face.tls, &f))
		abort();
	tls_demand(face.tls);
	if (limited && !limit_new(&s, &limits, &f))
		abort();
	face.limit = limits;
	if (!http_new(&http, &f) || !http_listen(http, &face, &f) ||
	    !http_watch(http, cutter, cut, NULL, &f))
		abort();
	(void)sigaction(SIGTERM, &sa, NULL);
	http_run(http, 500);
	http_free(http);
	limit_free(limits);
	SSL_CTX_free(face.tls);
	sk_X509_free(chain);
	_exit(0);
}

static void
start(bool limited)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int tcp = socket(AF_INET, SOCK_STREAM, 0), pair[2];

	key = EVP_EC_gen("P-256");
	server = make("server");
	good = make("good");
	revoked = make("revoked");
	other = make("other");
	ck_assert_int_eq(bind(tcp, (struct sockaddr *)&a, n), 0);
	ck_assert_int_eq(listen(tcp, 64), 0);
	ck_assert_int_eq(getsockname(tcp, (struct sockaddr *)&a, &n), 0);
	port = ntohs(a.sin_port);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	if ((pid = fork()) == 0) {
		(void)close(pair[1]);
		cutter = pair[0];
		run(tcp, limited);
	}
	(void)close(tcp);
	(void)close(pair[0]);
	cutter = pair[1];
}

static void
start_open(void)
{
	start(false);
}

static void
start_limited(void)
{
	start(true);
}

static void
finish(void)
{
	int status;

	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
	(void)close(cutter);
	for (X509 **x = (X509 *[]){ server, good, revoked, other, NULL }; *x != NULL; x++)
		X509_free(*x);
	EVP_PKEY_free(key);
}

/* --- the parent ---------------------------------------------------------------------------------
 */

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

/* Does the handshake succeed? TLS 1.3 tells its client so before the server has judged it. */
static bool
connects(struct client *to, int version, X509 *cert)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	client_dial(to, port);
	ck_assert_int_eq(SSL_CTX_set_min_proto_version(ctx, version), 1);
	ck_assert_int_eq(SSL_CTX_set_max_proto_version(ctx, version), 1);
	if (cert != NULL) {
		ck_assert_int_eq(SSL_CTX_use_certificate(ctx, cert), 1);
		ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, key), 1);
	}
	to->ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	ck_assert_int_eq(SSL_set_fd(to->ssl, to->fd), 1);
	ERR_clear_error();
	return SSL_connect(to->ssl) == 1;
}

static int
refused_with(int version, X509 *cert)
{
	int reason;
	char octet;

	if (connects(&d, version, cert))
		ck_assert_int_le(SSL_read(d.ssl, &octet, 1), 0);
	reason = ERR_GET_REASON(ERR_peek_last_error());
	ERR_clear_error();
	client_close(&d);
	return reason;
}

#define POST(n) "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " #n "\r\n\r\n"

static void
is_answered(struct client *k, unsigned status, const char *body)
{
	ck_assert(client_hear(k, &r, false));
	ck_assert_uint_eq(r.status, status);
	ck_assert_str_eq(r.body, body);
}

START_TEST(who_shows_a_good_one)
{
	ck_assert(connects(&c, versions[_i], good));
	client_say(&c, POST(5) "hello" POST(2) "ab");
	is_answered(&c, 200, "5 octets");
	is_answered(&c, 200, "2 octets");
	client_say(&c, POST(3));
	client_say(&c, "ab");
	client_say(&c, "c");
	is_answered(&c, 200, "3 octets");
	client_close(&c);
}
END_TEST

START_TEST(who_shows_none_or_another)
{
	ck_assert_int_eq(refused_with(versions[_i], NULL),
	    versions[_i] == TLS1_3_VERSION ? SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED
					   : SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
	ck_assert_int_eq(refused_with(versions[_i], other), SSL_R_TLSV1_ALERT_UNKNOWN_CA);
	/* What does not speak TLS learns nothing. */
	client_dial(&c, port);
	client_say(&c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	if (!client_is_gone(&c))
		ck_assert_int_eq(c.in[0], 21); /* an alert */
	client_close(&c);
}
END_TEST

static unsigned
overs_of(struct client *k)
{
	client_get(k, "/overs");
	ck_assert(client_hear(k, &r, false));
	ck_assert_uint_eq(r.status, 200);
	return (unsigned)strtoul(r.body, NULL, 10);
}

static void
cut_revoked(char expected)
{
	char order = 'c';

	ck_assert_int_eq(write(cutter, &order, 1), 1);
	ck_assert_int_eq(read(cutter, &order, 1), 1);
	ck_assert_int_eq(order, expected);
}

/* Each in the middle of its body, or between two; who is good goes on. */
START_TEST(cut_in_the_middle_of_a_body)
{
	struct client idle;
	char octet;

	ck_assert(connects(&c, versions[_i], good));
	client_say(&c, POST(4) "ab");
	ck_assert(connects(&d, versions[_i], revoked));
	client_say(&d, POST(4) "ab");
	ck_assert(connects(&idle, versions[_i], revoked));
	ck_assert_uint_eq(overs_of(&idle), 0);
	client_get(&idle, "/overs"); /* the body before has come by now */
	ck_assert(client_hear(&idle, &r, false));
	cut_revoked('2');
	ck_assert_int_le(SSL_read(d.ssl, &octet, 1), 0);
	ck_assert_int_le(SSL_read(idle.ssl, &octet, 1), 0);
	client_say(&c, "cd");
	is_answered(&c, 200, "4 octets");
	for (unsigned i = 0; i < 100 && overs_of(&c) < 2; i++)
		(void)usleep(20000);
	ck_assert_uint_eq(overs_of(&c), 2); /* of the body cut, and of its own */
	client_close(&c);
	client_close(&d);
	client_close(&idle);
}
END_TEST

START_TEST(cut_in_the_middle_of_a_reply)
{
	static char piece[65536];
	size_t n = 0;
	int more;

	ck_assert(connects(&d, versions[_i], revoked));
	client_get(&d, "/gush");
	ck_assert_int_eq(SSL_read(d.ssl, piece, 16), 16);
	cut_revoked('1');
	while ((more = SSL_read(d.ssl, piece, sizeof(piece))) > 0)
		n += (size_t)more;
	ck_assert_uint_lt(n, LARGE / 2);
	client_close(&d);
}
END_TEST

START_TEST(a_reply_that_goes_on)
{
	static char piece[65536];
	size_t n = 0;
	int more;

	ck_assert(connects(&c, versions[_i], good));
	client_say(&c, "GET /gush HTTP/1.0\r\n\r\n");
	while ((more = SSL_read(c.ssl, piece, sizeof(piece))) > 0)
		n += (size_t)more;
	ck_assert_uint_gt(n, LARGE);
	ck_assert_uint_lt(n, LARGE + 512);
	client_close(&c);
}
END_TEST

/* A client that says farewell in the middle of a body is let go of. */
START_TEST(farewell_in_the_middle)
{
	ck_assert(connects(&c, versions[_i], good));
	client_say(&c, POST(4) "ab");
	ck_assert_int_eq(SSL_shutdown(c.ssl), 0);
	ck_assert(client_is_gone(&c));
	client_close(&c);
}
END_TEST

/* A head that comes an octet now and then has no more time than one that does not. */
START_TEST(a_head_by_single_octets)
{
	unsigned i;

	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert(connects(&c, TLS1_3_VERSION, good));
	for (i = 0; i < 100; i++) {
		if (SSL_write(c.ssl, "G", 1) != 1)
			break;
		(void)usleep(100000);
	}
	ck_assert_uint_lt(i, 60);
	ERR_clear_error();
	client_close(&c);
}
END_TEST

/* A client that comes again at once, and fails each time: before TLS there is nothing to win. */
START_TEST(who_fails_too_often_waits)
{
	unsigned alerts = 0, resets = 0;

	for (unsigned i = 0; i < 20; i++) {
		if (refused_with(versions[_i], NULL) != 0 && resets == 0)
			alerts++;
		else
			resets++;
	}
	ck_assert_uint_ge(alerts, FAILURES);
	ck_assert_uint_ge(resets, 1);
	/* And with it whoever comes from there. */
	ck_assert(!connects(&c, versions[_i], good));
	client_close(&c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http_raw_tls");
	TCase *t = tcase_create("http_raw_tls"), *l = tcase_create("limited");

	tcase_add_checked_fixture(t, start_open, finish);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, who_shows_a_good_one, 0, 2);
	tcase_add_loop_test(t, who_shows_none_or_another, 0, 2);
	tcase_add_loop_test(t, cut_in_the_middle_of_a_body, 0, 2);
	tcase_add_loop_test(t, cut_in_the_middle_of_a_reply, 0, 2);
	tcase_add_loop_test(t, a_reply_that_goes_on, 0, 2);
	tcase_add_loop_test(t, farewell_in_the_middle, 0, 2);
	tcase_add_test(t, a_head_by_single_octets);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(l, start_limited, finish);
	tcase_set_timeout(l, 60);
	tcase_add_loop_test(l, who_fails_too_often_waits, 0, 2);
	suite_add_tcase(s, l);
	return run_suite(s);
}
