/* tests/unit/limit.c - daemon/limit.h and daemon/network.h: who is counted for what, and for
 * nothing of another's. */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/secret.h"
#include "daemon/limit.h"
#include "daemon/network.h"
#include "tests/unit/run.h"

#define S       INT64_C(1000000)
#define NOW     (1000 * S)
#define GUESSER "198.51.100.7"
#define VICTIM  "203.0.113.9"
/* hp-4711:wrong and hp-4712:wrong */
#define BASIC_4711 "Basic aHAtNDcxMTp3cm9uZw=="
#define BASIC_4712 "Basic aHAtNDcxMjp3cm9uZw=="

static struct settings settings;
static struct limit *l;
static struct exchange x;

static void
begin(void)
{
	struct fault f;

	limit_free(l);
	ck_assert_msg(limit_new(&settings, &l, &f), "%s", f.text);
}

static void
setup(void)
{
	struct fault f;

	ck_assert_msg(secret_start(&f), "%s", f.text);
	log_start("test", LOG_ERROR);
	ck_assert_msg(settings_load(NULL, &settings, &f), "%s", f.text);
	begin();
}

static void
teardown(void)
{
	exchange_free(&x);
	limit_free(l);
	l = NULL;
}

static uint64_t
address(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return limit_address(l, (const struct sockaddr *)&v4);
	ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return limit_address(l, (const struct sockaddr *)&v6);
}

static const struct identity device_4711 = { .kind = IDENTITY_ENDPOINT,
	.tenant = "acme",
	.endpoint = "printer",
	.name = "hp-4711",
	.good = true };

/* One request of from that is answered status where no limit stops it. The status it gets. */
static unsigned
ask(const char *from, const char *path, const char *authorization, const struct identity *who,
    unsigned status, int64_t now_us)
{
	exchange_free(&x);
	x = (struct exchange){ .face = FACE_SECURE,
		.path = octets_text(path),
		.authorization = octets_text(authorization),
		.address = address(from) };
	if (!limit_serve(l, &x, who, now_us))
		x.status = status;
	limit_served(l, &x, now_us);
	return x.status;
}

#define ENROLL "/.well-known/est/acme/simpleenroll"

static unsigned
guess(const char *from, const char *basic, int64_t now_us)
{
	return ask(from, ENROLL, basic, NULL, 401, now_us);
}

START_TEST(addresses)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };

	ck_assert_uint_ne(address(GUESSER), 0);
	ck_assert_uint_eq(address(GUESSER), address("::ffff:" GUESSER));
	ck_assert_uint_ne(address(GUESSER), address("198.51.100.8"));
	ck_assert_uint_eq(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff::9"));
	ck_assert_uint_ne(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
	ck_assert_uint_eq(address("127.0.0.1"), 0);
	ck_assert_uint_eq(address("127.255.0.1"), 0);
	ck_assert_uint_eq(address("::ffff:127.0.0.1"), 0);
	ck_assert_uint_eq(address("::1"), 0);
	ck_assert_uint_ne(address("::2"), 0);
	ck_assert_uint_ne(address("128.0.0.1"), 0);
	ck_assert_uint_eq(limit_address(l, (const struct sockaddr *)&local), 0);
	ck_assert_uint_eq(limit_address(NULL, (const struct sockaddr *)&local), 0);
}
END_TEST

START_TEST(the_exemption_can_be_taken_away)
{
	settings.limits.exempt.n = 0;
	begin();
	ck_assert_uint_ne(address("127.0.0.1"), 0);
	ck_assert_uint_ne(address("::1"), 0);
}
END_TEST

START_TEST(networks)
{
	static const char *const good[] = { "192.0.2.7", "192.0.2.0/24", "0.0.0.0/0", "10.0.0.0/8",
		"192.0.2.7/32", "2001:db8::/32", "::/0", "::1/128", "::ffff:192.0.2.0/120" };
	static const char *const bad[] = { "", "/", "/8", "192.0.2", "192.0.2.0/", "192.0.2.0/33",
		"192.0.2.1/24", "192.0.2.0/024", "192.0.2.0/+8", "192.0.2.0/8/8", "2001:db8::/129",
		"2001:db8::1/64", "localhost", "192.0.2.0 /24", "192.0.2.0/24 ", "0x7f.0.0.1",
		"2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8" };
	struct network n;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		ck_assert_msg(network_parse(good[i], &n), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!network_parse(bad[i], &n), "%s", bad[i]);
}
END_TEST

START_TEST(networks_hold_their_own)
{
	uint8_t inside[NETWORK_OCTETS], outside[NETWORK_OCTETS];
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct network n;

	ck_assert(network_parse("192.0.2.128/25", &n));
	ck_assert_int_eq(inet_pton(AF_INET, "192.0.2.200", &v4.sin_addr), 1);
	ck_assert(network_address((const struct sockaddr *)&v4, inside));
	ck_assert_int_eq(inet_pton(AF_INET, "192.0.2.127", &v4.sin_addr), 1);
	ck_assert(network_address((const struct sockaddr *)&v4, outside));
	ck_assert(network_has(&n, inside));
	ck_assert(!network_has(&n, outside));
	ck_assert(network_parse("0.0.0.0/0", &n));
	ck_assert(network_has(&n, outside));
	ck_assert(network_parse("2000::/3", &n));
	ck_assert(!network_has(&n, outside));
}
END_TEST

START_TEST(who_guesses_is_told_to_wait)
{
	for (int i = 0; i < 60; i++)
		ck_assert_uint_eq(guess(GUESSER, BASIC_4711, NOW), 401);
	ck_assert_uint_eq(guess(GUESSER, BASIC_4711, NOW), 429);
	ck_assert_str_eq(x.headers[0].name, "Retry-After");
	ck_assert_str_eq(x.headers[0].value, "1");
	ck_assert_str_eq(x.type, "text/plain; charset=utf-8");
	ck_assert_ptr_nonnull(strstr(x.why, "RFC 6585 section 4"));
	ck_assert_uint_eq(guess(GUESSER, BASIC_4712, NOW), 429);
	ck_assert_uint_eq(ask(GUESSER, "/v1/tenants", "", NULL, 200, NOW), 429);
	ck_assert_str_eq(x.type, "application/problem+json");
	ck_assert_uint_eq(guess(GUESSER, BASIC_4711, NOW + S), 401);
	ck_assert_uint_eq(guess(GUESSER, BASIC_4711, NOW + S), 429);
}
END_TEST

/* The device whose name is guessed, and all others, are served as before. */
START_TEST(a_guesser_locks_nobody_out)
{
	for (int i = 0; i < 100000; i++)
		(void)guess(GUESSER, BASIC_4711, NOW);
	ck_assert_uint_eq(ask(VICTIM, ENROLL, BASIC_4711, NULL, 200, NOW), 200);
	ck_assert_uint_eq(ask(VICTIM, ENROLL, BASIC_4712, NULL, 200, NOW), 200);
	/* even behind the same address, once it has a certificate */
	ck_assert_uint_eq(
	    ask(GUESSER, "/.well-known/est/acme/simplereenroll", "", &device_4711, 200, NOW), 200);
}
END_TEST

START_TEST(guessers_from_everywhere_lock_nobody_out)
{
	char from[32];

	for (unsigned i = 0; i < 200000; i++) {
		(void)snprintf(
		    from, sizeof(from), "11.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
		ck_assert_uint_eq(guess(from, BASIC_4711, NOW + i), 401);
	}
	ck_assert_uint_eq(ask(VICTIM, ENROLL, BASIC_4711, NULL, 200, NOW + S), 200);
}
END_TEST

/* Asking first without a proof is how many clients begin; and what was limited is not counted
 * twice.
 */
START_TEST(what_is_no_guess)
{
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(ask(GUESSER, ENROLL, "", NULL, 401, NOW), 401);
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(ask(GUESSER, ENROLL, BASIC_4711, NULL, 503, NOW), 503);
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(
		    ask(GUESSER, "/.well-known/est/acme/cacerts", "", NULL, 200, NOW), 200);
	for (int i = 0; i < 61; i++)
		(void)guess(GUESSER, BASIC_4711, NOW);
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(guess(GUESSER, BASIC_4711, NOW), 429);
	ck_assert_uint_eq(guess(GUESSER, BASIC_4711, NOW + S), 401);
}
END_TEST

/* Who leaves before he is answered has asked all the same. */
START_TEST(who_leaves_is_counted)
{
	for (int i = 0; i < 60; i++)
		ck_assert_uint_eq(ask(GUESSER, ENROLL, BASIC_4711, NULL, 0, NOW), 0);
	ck_assert_uint_eq(guess(GUESSER, BASIC_4711, NOW), 429);
	ck_assert_uint_eq(ask(VICTIM, ENROLL, BASIC_4711, NULL, 200, NOW), 200);
}
END_TEST

START_TEST(a_holder_counts_as_himself)
{
	const struct identity other = { .tenant = "acme", .name = "hp-4712", .good = true };

	for (int i = 0; i < 60; i++)
		ck_assert_uint_eq(ask(GUESSER, ENROLL, "", &device_4711, 400, NOW), 400);
	ck_assert_uint_eq(ask(GUESSER, ENROLL, "", &device_4711, 400, NOW), 429);
	ck_assert_uint_eq(ask(VICTIM, ENROLL, "", &device_4711, 400, NOW), 429);
	ck_assert_uint_eq(ask(GUESSER, ENROLL, "", &other, 400, NOW), 400);
	ck_assert_uint_eq(guess(GUESSER, BASIC_4711, NOW), 401);
}
END_TEST

START_TEST(a_device_in_a_loop)
{
	for (int i = 0; i < 20; i++)
		ck_assert_uint_eq(
		    ask(VICTIM, "/acme/.well-known/est/simplereenroll", "", &device_4711, 200, NOW),
		    200);
	ck_assert_uint_eq(
	    ask(VICTIM, "/.well-known/est/acme/simplereenroll", "", &device_4711, 200, NOW), 429);
	ck_assert_str_eq(x.headers[0].value, "180");
	ck_assert_uint_eq(
	    ask(GUESSER, "/.well-known/est/acme:printer/simpleenroll", BASIC_4711, NULL, 200, NOW),
	    429);
	ck_assert_uint_eq(ask(GUESSER, ENROLL, BASIC_4712, NULL, 200, NOW), 200);
	ck_assert_uint_eq(
	    ask(VICTIM, "/.well-known/est/acme/cacerts", "", &device_4711, 200, NOW), 200);
	ck_assert_uint_eq(
	    ask(VICTIM, "/.well-known/est/globex/simpleenroll", BASIC_4711, NULL, 200, NOW), 200);
}
END_TEST

START_TEST(a_tenant_leaves_the_signer_to_others)
{
	struct identity who = device_4711;

	for (int i = 0; i < 200; i++) {
		(void)snprintf(who.name, sizeof(who.name), "hp-%d", i);
		ck_assert_uint_eq(ask(VICTIM, ENROLL, "", &who, 200, NOW), 200);
	}
	ck_assert_uint_eq(ask(VICTIM, ENROLL, BASIC_4711, NULL, 200, NOW), 429);
	ck_assert_uint_eq(
	    ask(VICTIM, "/.well-known/est/acme:router/simpleenroll", BASIC_4712, NULL, 200, NOW),
	    429);
	ck_assert_uint_eq(
	    ask(VICTIM, "/.well-known/est/globex/simpleenroll", BASIC_4711, NULL, 200, NOW), 200);
	ck_assert_uint_eq(ask(VICTIM, ENROLL, BASIC_4712, NULL, 200, NOW + S), 200);
}
END_TEST

/* A fleet at once: each is counted when it comes, and given back where nothing was issued. */
START_TEST(a_tenants_requests_under_way)
{
	struct exchange many[201];
	char from[32];

	for (int i = 0; i < 201; i++) {
		(void)snprintf(from, sizeof(from), "203.0.113.%d", i);
		many[i] = (struct exchange){ .face = FACE_SECURE,
			.path = octets_text(ENROLL),
			.authorization = octets_text(BASIC_4711),
			.address = address(from) };
		ck_assert(limit_serve(l, &many[i], NULL, NOW) == (i == 200));
	}
	exchange_free(&many[200]);
	for (int i = 0; i < 10; i++) {
		many[i].status = 401;
		limit_served(l, &many[i], NOW);
	}
	for (int i = 0; i < 10; i++)
		ck_assert_uint_eq(ask("192.0.2.7", ENROLL, BASIC_4712, NULL, 200, NOW), 200);
	ck_assert_uint_eq(ask("192.0.2.7", ENROLL, BASIC_4712, NULL, 200, NOW), 429);
}
END_TEST

/* Labels and users of any octets: named, none is charged to another. */
START_TEST(names_that_are_none)
{
	static const char *const paths[] = { "/", "", "/.well-known/est/", "/.well-known/est//",
		"/.well-known/est/simpleenroll", "//.well-known/est/simpleenroll",
		"/.well-known/est/:/simpleenroll", "/.well-known/est/::x/simplereenroll",
		"/a/.well-known/est/b/simpleenroll", "/.well-known/est/acme/simpleenroll/" };
	static const char *const proofs[] = { "", "Basic", "Basic ", "Basic =", "Basic !!!!",
		"Basic Og==", "Basic aA==", "Bearer aHAtNDcxMTp3cm9uZw==" };
	int64_t now_us = NOW;
	char label[4096];

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		for (size_t k = 0; k < sizeof(proofs) / sizeof(*proofs); k++) {
			now_us += S;
			ck_assert_uint_eq(ask(VICTIM, paths[i], proofs[k], NULL, 200, now_us), 200);
		}
	memset(label, 'a', sizeof(label));
	memcpy(label, "/.well-known/est/", strlen("/.well-known/est/"));
	memcpy(label + sizeof(label) - sizeof("/simpleenroll"), "/simpleenroll",
	    sizeof("/simpleenroll"));
	ck_assert_uint_eq(ask(GUESSER, label, BASIC_4711, NULL, 404, NOW), 404);
}
END_TEST

START_TEST(connections_of_one_address)
{
	for (int i = 0; i < 3000; i++)
		ck_assert(limit_welcome(l, address(GUESSER), NOW));
	ck_assert(!limit_welcome(l, address(GUESSER), NOW));
	ck_assert(limit_welcome(l, address(VICTIM), NOW));
	ck_assert(limit_welcome(l, address(GUESSER), NOW + S / 10));
	ck_assert(limit_welcome(l, 0, NOW));
	ck_assert(limit_welcome(NULL, 1, NOW));
}
END_TEST

START_TEST(failed_handshakes_back_off)
{
	int64_t now_us = NOW;

	for (int i = 0; i < 20; i++) {
		ck_assert(limit_welcome(l, address(GUESSER), now_us));
		limit_failed(l, address(GUESSER), now_us);
	}
	for (int64_t wait_us = S; wait_us < 256 * S; wait_us *= 2) {
		ck_assert(!limit_welcome(l, address(GUESSER), now_us + wait_us - 1));
		now_us += wait_us;
		ck_assert(limit_welcome(l, address(GUESSER), now_us));
		limit_failed(l, address(GUESSER), now_us);
	}
	ck_assert(limit_welcome(l, address(VICTIM), now_us));
	ck_assert(!limit_welcome(l, address(GUESSER), now_us + 255 * S));
	ck_assert(limit_welcome(l, address(GUESSER), now_us + 256 * S));
	/* quiet, and all is forgiven */
	now_us += 400 * S;
	for (int i = 0; i < 20; i++) {
		ck_assert(limit_welcome(l, address(GUESSER), now_us));
		limit_failed(l, address(GUESSER), now_us);
	}
	ck_assert(limit_welcome(l, address(GUESSER), now_us + S));
	limit_failed(NULL, 1, NOW);
}
END_TEST

START_TEST(ocsp_is_free_until_it_is_not)
{
	struct exchange o = { .face = FACE_PUBLIC, .address = address(GUESSER) };

	for (int i = 0; i < 5000; i++)
		ck_assert(!limit_serve(l, &o, NULL, NOW));
	settings.limits.ocsp = 50;
	begin();
	o.address = address(GUESSER);
	for (int i = 0; i < 50; i++)
		ck_assert(!limit_serve(l, &o, NULL, NOW));
	ck_assert(limit_serve(l, &o, NULL, NOW));
	ck_assert_uint_eq(o.status, 429);
	exchange_free(&o);
}
END_TEST

START_TEST(zero_is_no_limit)
{
	settings.limits.connections = settings.limits.handshakes = settings.limits.refusals = 0;
	settings.limits.tenant = settings.limits.device = 0;
	begin();
	for (int i = 0; i < 5000; i++) {
		ck_assert(limit_welcome(l, address(GUESSER), NOW));
		limit_failed(l, address(GUESSER), NOW);
		ck_assert_uint_eq(guess(GUESSER, BASIC_4711, NOW), 401);
		ck_assert_uint_eq(ask(GUESSER, ENROLL, "", &device_4711, 200, NOW), 200);
	}
}
END_TEST

START_TEST(who_was_refused_is_counted)
{
	static _Atomic uint64_t counts[LIMITS];

	limit_count(l, counts);
	for (int i = 0; i < 63; i++)
		(void)guess(GUESSER, BASIC_4711, NOW);
	for (int i = 0; i < 3002; i++)
		(void)limit_welcome(l, address(GUESSER), NOW);
	ck_assert_str_eq(limit_word(0), "connections");
	ck_assert_uint_eq(counts[0], 2);
	ck_assert_str_eq(limit_word(2), "refusals");
	ck_assert_uint_eq(counts[2], 3);
	ck_assert_str_eq(limit_word(5), "ocsp");
	ck_assert_uint_eq(counts[5], 0);
}
END_TEST

static void
add_requests(TCase *t)
{
	tcase_add_test(t, who_guesses_is_told_to_wait);
	tcase_add_test(t, a_guesser_locks_nobody_out);
	tcase_add_test(t, guessers_from_everywhere_lock_nobody_out);
	tcase_add_test(t, what_is_no_guess);
	tcase_add_test(t, who_leaves_is_counted);
	tcase_add_test(t, a_holder_counts_as_himself);
	tcase_add_test(t, a_device_in_a_loop);
	tcase_add_test(t, a_tenant_leaves_the_signer_to_others);
	tcase_add_test(t, a_tenants_requests_under_way);
	tcase_add_test(t, names_that_are_none);
}

int
main(void)
{
	Suite *s = suite_create("limit");
	TCase *t = tcase_create("limit");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, addresses);
	tcase_add_test(t, the_exemption_can_be_taken_away);
	tcase_add_test(t, networks);
	tcase_add_test(t, networks_hold_their_own);
	add_requests(t);
	tcase_add_test(t, connections_of_one_address);
	tcase_add_test(t, failed_handshakes_back_off);
	tcase_add_test(t, ocsp_is_free_until_it_is_not);
	tcase_add_test(t, zero_is_no_limit);
	tcase_add_test(t, who_was_refused_is_counted);
	suite_add_tcase(s, t);
	return run_suite(s);
}
