/* tests/unit/http.c - daemon/http.h keeps its promises without TLS. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/http_site.h"
#include "tests/unit/run.h"

static struct site site;
static struct client c, d;
static struct reply r;

static void
open_usual(void)
{
	static const struct plan usual;

	site_open(&site, &usual);
	client_dial(&c, site.port);
}

static void
close_usual(void)
{
	client_close(&c);
	site_close(&site);
}

static bool
has(const char *text)
{
	return strstr(r.head, text) != NULL || strstr(r.body, text) != NULL;
}

START_TEST(serves_on_a_kept_connection)
{
	for (unsigned i = 0; i < 3; i++) {
		client_get(&c, "/hello");
		ck_assert(client_hear(&c, &r, false));
		ck_assert_uint_eq(r.status, 200);
		ck_assert_str_eq(r.body, "hello\n");
	}
	ck_assert(has("HTTP/1.1 200 OK\r\n"));
	ck_assert(has("\r\nContent-Length: 6\r\n"));
	ck_assert(has("\r\nContent-Type: text/plain\r\n"));
	ck_assert(has("\r\nWWW-Authenticate: Basic realm=\"here\"\r\n"));
	ck_assert(has("\r\nConnection: keep-alive\r\n"));
	ck_assert(!has("Server:"));
	client_expect(&c, "/elsewhere", 404, "");
	client_get(&c, "/empty");
	ck_assert(client_hear(&c, &r, false));
	ck_assert_uint_eq(r.status, 204);
	ck_assert(!has("Content-Length") && !has("Transfer-Encoding"));
	client_expect(&c, "/hello", 200, "hello\n");
	client_get(&c, "/last");
	ck_assert(client_hear(&c, &r, false));
	ck_assert(has("\r\nConnection: close\r\n"));
	ck_assert(client_is_gone(&c));
}
END_TEST

START_TEST(head_has_the_length_and_no_body)
{
	client_say(&c, "HEAD /hello HTTP/1.1\r\nHost: here\r\n\r\n");
	ck_assert(client_hear(&c, &r, true));
	ck_assert_uint_eq(r.status, 200);
	ck_assert(has("\r\nContent-Length: 6\r\n"));
	client_expect(&c, "/hello", 200, "hello\n");
}
END_TEST

/* Past the head of a reply that came; how many octets of its body are in at. */
static size_t
begin_body(struct client *from, uint8_t *at, size_t room)
{
	static const char end[] = "\r\n\r\n";
	size_t n = 0;
	uint8_t *body = NULL;

	while (body == NULL) {
		ssize_t got = recv(from->fd, at + n, room - n, 0);

		ck_assert_int_gt(got, 0);
		n += (size_t)got;
		body = memmem(at, n, end, strlen(end));
	}
	body += strlen(end);
	n -= (size_t)(body - at);
	memmove(at, body, n);
	return n;
}

/* What is long is sent piece by piece, whole, and the connection goes on. */
START_TEST(lends_what_is_large)
{
	static uint8_t at[SITE_LARGE + 8192];

	for (unsigned round = 0; round < 2; round++) {
		size_t n;

		client_say(&c, "GET /large HTTP/1.1\r\nHost: here\r\n\r\n");
		n = begin_body(&c, at, sizeof(at));
		while (n < SITE_LARGE) {
			ssize_t got = recv(c.fd, at + n, SITE_LARGE - n, 0);

			ck_assert_int_gt(got, 0);
			n += (size_t)got;
		}
		ck_assert_uint_eq(n, SITE_LARGE);
		for (size_t i = 0; i < n; i++)
			if (at[i] != site_large_at(i))
				ck_abort_msg("octet %zu", i);
	}
	client_say(&c, "HEAD /large HTTP/1.1\r\nHost: here\r\n\r\n");
	ck_assert(client_hear(&c, &r, true));
	ck_assert(has("\r\nContent-Length: 3145728\r\n"));
	client_expect(&c, "/hello", 200, "hello\n");
	client_say(&c, "GET /large HTTP/1.1\r\nHost: here\r\n\r\n"); /* and leaves in its middle */
	(void)begin_body(&c, at, 4096);
	client_close(&c);
	client_dial(&c, site.port);
	client_expect(&c, "/hello", 200, "hello\n");
}
END_TEST

START_TEST(shows_the_request_as_it_came)
{
	client_say(&c,
	    "GET /who?a=%20b?c HTTP/1.1\r\nHOST: here\r\nContent-type: x/y\r\n"
	    "Authorization: Basic QQ==\r\nUser-Agent: me\r\nIf-None-Match: \"z\"\r\n\r\n");
	ck_assert(client_hear(&c, &r, false));
	ck_assert(
	    has("path=/who\nquery=a=%20b?c\ntype=x/y\nauth=Basic QQ==\nagent=me\nmatch=\"z\"\n"));
	ck_assert(has("source=127.0.0.1:"));
	ck_assert(has("peer=none\nface=0\nwith=the house\n"));
	ck_assert(has("binding=\n"));
	/* RFC 9112 section 3.2.2: a target with scheme and host is taken too. */
	client_say(&c, "GET http://here:80/who HTTP/1.1\r\nHost: here\r\n\r\n");
	ck_assert(client_hear(&c, &r, false));
	ck_assert(has("path=/who\nquery=\n"));
	/* Nothing is normalized or decoded on the way. */
	client_expect(&c, "/x/../hello", 404, "");
	client_expect(&c, "/%68ello", 404, "");
	client_expect(&c, "//hello", 404, "");
}
END_TEST

static void
post(size_t n)
{
	static char body[SITE_BODY_MAX + 1];
	char head[128];

	memset(body, 'x', sizeof(body));
	(void)snprintf(head, sizeof(head),
	    "POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: %zu\r\n\r\n", n);
	client_say(&c, head);
	client_say_octets(&c, body, n);
	ck_assert(client_hear(&c, &r, false));
}

START_TEST(takes_bodies_up_to_the_limit)
{
	post(0);
	ck_assert_uint_eq(r.status, 200);
	ck_assert_uint_eq(r.n, 0);
	post(SITE_BODY_MAX);
	ck_assert_uint_eq(r.status, 200);
	ck_assert_uint_eq(r.n, SITE_BODY_MAX);
	ck_assert_uint_eq(strspn(r.body, "x"), SITE_BODY_MAX);
	post(SITE_BODY_MAX + 1);
	ck_assert_uint_eq(r.status, 413);
	ck_assert_str_eq(r.body, "too large, 0 octets shown");
	client_say(&c, "POST /echo HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
		       "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
	ck_assert(client_hear(&c, &r, false));
	ck_assert_str_eq(r.body, "abcde");
	client_expect(&c, "/hello", 200, "hello\n");
}
END_TEST

START_TEST(refuses_a_body_that_nobody_takes)
{
	client_say(&c, "POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 1048577\r\n\r\n");
	ck_assert(client_hear(&c, &r, false));
	ck_assert_uint_eq(r.status, 413);
	ck_assert(client_is_gone(&c));
}
END_TEST

START_TEST(answers_pipelined_requests_in_order)
{
	client_say(&c, "POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\none"
		       "GET /hello HTTP/1.1\r\nHost: here\r\n\r\n"
		       "POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nthree");
	ck_assert(client_hear(&c, &r, false));
	ck_assert_str_eq(r.body, "one");
	ck_assert(client_hear(&c, &r, false));
	ck_assert_str_eq(r.body, "hello\n");
	ck_assert(client_hear(&c, &r, false));
	ck_assert_str_eq(r.body, "three");
}
END_TEST

START_TEST(a_handler_that_says_nothing_is_our_fault)
{
	client_expect(&c, "/nothing", 500, NULL);
	ck_assert(client_is_gone(&c));
}
END_TEST

/* Heads that two readers could understand in two ways, or that no client of ours sends. */
static const char *const ambiguous[] = {
	"GET /hello HTTP/1.1\r\n\r\n",
	"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
	"GET /hello HTTP/1.1\r\nHost: a\r\nhOsT: a\r\n\r\n",
	"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
	"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 50\r\n\r\nx",
	"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
	"0\r\n\r\n",
	"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked"
	"\r\n\r\n0\r\n\r\n",
	"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nX: y\r\n Content-Length: 9\r\n\r\nx",
	"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
	"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
	"GET /hello HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
	"GET /hello HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n\r\n",
	"GET /hello HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nAuthorization: y\r\n\r\n",
	"GET /h\xc3\xa4llo HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /hello?\xff HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /hel\x01lo HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET hello HTTP/1.1\r\nHost: a\r\n\r\n",
	"CONNECT here:80 HTTP/1.1\r\nHost: a\r\n\r\n",
	"GETGETGETGETGETGE /hello HTTP/1.1\r\nHost: a\r\n\r\n",
	"\r\n\r\nnonsense\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
};

START_TEST(refuses_an_ambiguous_head)
{
	client_say(&c, ambiguous[_i]);
	ck_assert(client_hear(&c, &r, false));
	ck_assert_uint_eq(r.status, 400);
	ck_assert(!has("keep-alive"));
	ck_assert(client_is_gone(&c));
}
END_TEST

START_TEST(refuses_a_target_too_long)
{
	static char target[8300];

	memset(target, 'x', sizeof(target) - 1);
	client_say(&c, "GET /");
	client_say(&c, target);
	client_say(&c, " HTTP/1.1\r\nHost: here\r\n\r\n");
	ck_assert(client_hear(&c, &r, false));
	ck_assert_uint_eq(r.status, 414);
}
END_TEST

START_TEST(a_listener_needs_its_limits_and_local_a_unix_socket)
{
	struct http_face good = { .face = FACE_PUBLIC,
		.listener = socket(AF_INET, SOCK_STREAM, 0),
		.body_max = 1,
		.request_ms = 1,
		.conns_max = 1 },
			 bad[4] = { good, good, good, good };
	struct http *h;
	struct fault f;

	ck_assert(http_new(&h, &f));
	bad[0].face = FACE_LOCAL;
	bad[1].body_max = (1u << 20) + 1;
	bad[2].request_ms = 0;
	bad[3].conns_max = 0;
	for (size_t i = 0; i < 4; i++) {
		memset(&f, 0, sizeof(f));
		ck_assert(!http_listen(h, &bad[i], &f));
		ck_assert_int_eq(f.code, FAULT_INTERNAL);
	}
	ck_assert(!http_watch(h, -1, NULL, NULL, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	http_stop(h);
	http_run(h, 1000);
	http_free(h);
	http_free(NULL);
	ck_assert_int_eq(close(good.listener), 0); /* it stayed ours */
}
END_TEST

START_TEST(local_is_for_root_and_ourselves)
{
	static const struct plan usual;
	int status;

	site_open(&site, &usual);
	client_dial_local(&c, site.local);
	client_get(&c, "/who");
	ck_assert(client_hear(&c, &r, false));
	ck_assert(has("source=local\n"));
	ck_assert(has("face=2\n"));
	if (geteuid() == 0) { /* else there is no third party to play */
		pid_t pid = fork();

		if (pid == 0) {
			_exit(setuid(65534) != 0 ||
			      (client_dial_local(&d, site.local), !client_is_gone(&d)));
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
	}
	client_expect(&c, "/hello", 200, "hello\n");
	close_usual();
}
END_TEST

START_TEST(the_cap_holds_and_lets_the_next_in)
{
	struct plan plan = { .conns_max = 3 };
	static struct client many[5];
	struct timeval short_wait = { .tv_usec = 200000 };
	char octet;

	site_open(&site, &plan);
	for (size_t i = 0; i < 3; i++) {
		client_dial(&many[i], site.port);
		client_expect(&many[i], "/hello", 200, "hello\n");
	}
	for (size_t i = 3; i < 5; i++) {
		client_dial(&many[i], site.port);
		client_get(&many[i], "/hello");
	}
	(void)setsockopt(many[3].fd, SOL_SOCKET, SO_RCVTIMEO, &short_wait, sizeof(short_wait));
	ck_assert_int_eq(recv(many[3].fd, &octet, 1, 0), -1);
	short_wait.tv_sec = SITE_PATIENCE_S;
	(void)setsockopt(many[3].fd, SOL_SOCKET, SO_RCVTIMEO, &short_wait, sizeof(short_wait));
	for (size_t i = 3; i < 5; i++) {
		client_close(&many[i - 3]);
		ck_assert(client_hear(&many[i], &r, false));
		ck_assert_str_eq(r.body, "hello\n");
	}
	for (size_t i = 2; i < 5; i++)
		client_close(&many[i]);
	site_close(&site);
}
END_TEST

START_TEST(ticks_and_counts)
{
	do {
		client_get(&c, "/counts");
		ck_assert(client_hear(&c, &r, false));
	} while (strtoul(r.body, NULL, 10) < 3 || !has("ticks, served"));
}
END_TEST

static void
add_refusals(TCase *t)
{
	tcase_add_test(t, refuses_a_body_that_nobody_takes);
	tcase_add_test(t, a_handler_that_says_nothing_is_our_fault);
	tcase_add_loop_test(
	    t, refuses_an_ambiguous_head, 0, (int)(sizeof(ambiguous) / sizeof(*ambiguous)));
	tcase_add_test(t, refuses_a_target_too_long);
}

int
main(void)
{
	Suite *s = suite_create("http");
	TCase *one = tcase_create("a client"), *bare = tcase_create("of their own");

	tcase_add_checked_fixture(one, open_usual, close_usual);
	tcase_add_test(one, serves_on_a_kept_connection);
	tcase_add_test(one, head_has_the_length_and_no_body);
	tcase_add_test(one, lends_what_is_large);
	tcase_add_test(one, shows_the_request_as_it_came);
	tcase_add_test(one, takes_bodies_up_to_the_limit);
	tcase_add_test(one, answers_pipelined_requests_in_order);
	tcase_add_test(one, ticks_and_counts);
	add_refusals(one);
	tcase_add_test(bare, a_listener_needs_its_limits_and_local_a_unix_socket);
	tcase_add_test(bare, local_is_for_root_and_ourselves);
	tcase_add_test(bare, the_cap_holds_and_lets_the_next_in);
	tcase_set_timeout(one, 4 * SITE_PATIENCE_S);
	tcase_set_timeout(bare, 4 * SITE_PATIENCE_S);
	suite_add_tcase(s, one);
	suite_add_tcase(s, bare);
	return run_suite(s);
}
