/* tests/unit/http_raw.c - a face whose bodies stream, behind daemon/http.h: on TCP and on a Unix
 * socket, without TLS (the flows have that). */
#include <check.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/http_site.h"
#include "tests/unit/run.h"

#define LARGE ((size_t)48 << 20)

static pid_t pid;
static uint16_t port;
static char dir[32], path[64];
static struct client c, d;
static struct reply r;

/* --- the child ----------------------------------------------------------------------------------
 */

static struct http *http;
static struct exchange *parked;
static unsigned overs, commits;
static size_t given;

static void
say(struct exchange *x)
{
	uint64_t *sum = x->state;

	x->status = 200;
	x->type = "text/plain";
	bytes_put_fmt(&x->reply, "%llu octets, uid %d",
	    sum == NULL ? 0ULL : (unsigned long long)*sum,
	    x->uid == EXCHANGE_NO_UID ? -1 : (int)x->uid);
}

static void
count(struct exchange *x, struct octets piece, bool last)
{
	*(uint64_t *)x->state += piece.n;
	if (last)
		say(x);
}

/* Each piece waits for the end of the turn: the body must not run ahead. */
static void
let_go(void *with)
{
	struct exchange *x = with;

	commits++;
	if (x == parked) {
		parked = NULL;
		exchange_wake(x);
	}
}

static void
count_slowly(struct exchange *x, struct octets piece, bool last)
{
	count(x, piece, last);
	x->waits = !last;
	parked = x;
	if (!last)
		http_after(http, let_go, x);
}

static void
stop_in_the_middle(struct exchange *x, struct octets piece, bool last)
{
	count(x, piece, last);
	if (*(uint64_t *)x->state > 100000) {
		x->status = 413;
		bytes_put_text(&x->reply, "enough");
	}
}

static bool
gush(struct exchange *x)
{
	uint8_t *at = bytes_extend(&x->reply, 65536);

	for (size_t i = 0; at != NULL && i < 65536; i++)
		at[i] = site_large_at(given + i);
	given += 65536;
	return given < LARGE;
}

static void
over(struct exchange *x)
{
	if (parked == x)
		parked = NULL;
	overs++;
}

static bool
is(const struct exchange *x, const char *at)
{
	return octets_same(x->path, octets_text(at));
}

static void
serve(struct exchange *x)
{
	x->over = over;
	if (is(x, "/no")) {
		x->status = 403;
		bytes_put_text(&x->reply, "no");
	} else if (is(x, "/overs")) {
		x->status = 200;
		bytes_put_fmt(&x->reply, "%u", overs);
	} else if (is(x, "/wait")) {
		x->waits = true; /* for ever: the client leaves */
		parked = x;
	} else if (is(x, "/gush")) {
		given = 0;
		x->status = 200;
		x->pull = gush;
	} else if (is(x, "/silent")) {
		x->status = 0;
	} else {
		x->state = calloc(1, sizeof(uint64_t));
		x->take = is(x, "/slow")     ? count_slowly
			  : is(x, "/middle") ? stop_in_the_middle
					     : count;
	}
}

static void
stop(int signal)
{
	(void)signal;
	http_stop(http);
}

static _Noreturn void
run(int tcp, int local)
{
	struct http_face face = { .face = FACE_RELAY,
		.listener = tcp,
		.request_ms = 1500,
		.conns_max = 64,
		.streams = true,
		.serve = serve };
	struct sigaction sa = { .sa_handler = stop };
	struct fault f;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!http_new(&http, &f) || !http_listen(http, &face, &f))
		abort();
	face.listener = local;
	if (!http_listen(http, &face, &f))
		abort();
	(void)sigaction(SIGTERM, &sa, NULL);
	http_run(http, 500);
	http_free(http);
	_exit(0);
}

static void
setup(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	socklen_t n = sizeof(a);
	int tcp = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(tcp, (struct sockaddr *)&a, n), 0);
	ck_assert_int_eq(listen(tcp, 64), 0);
	ck_assert_int_eq(getsockname(tcp, (struct sockaddr *)&a, &n), 0);
	port = ntohs(a.sin_port);
	(void)snprintf(dir, sizeof(dir), "/tmp/quatrain-raw-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/sock", dir);
	(void)snprintf(u.sun_path, sizeof(u.sun_path), "%s", path);
	ck_assert_int_eq(bind(local, (struct sockaddr *)&u, sizeof(u)), 0);
	ck_assert_int_eq(listen(local, 64), 0);
	if ((pid = fork()) == 0)
		run(tcp, local);
	(void)close(tcp);
	(void)close(local);
	client_dial(&c, port);
}

static void
teardown(void)
{
	int status;

	client_close(&c);
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
	(void)unlink(path);
	(void)rmdir(dir);
}

/* --- the parent ---------------------------------------------------------------------------------
 */

static void
is_answered(struct client *k, unsigned status, const char *body)
{
	ck_assert(client_hear(k, &r, false));
	ck_assert_msg(r.status == status, "%u, not %u: %s", r.status, status, r.body);
	if (body != NULL)
		ck_assert_str_eq(r.body, body);
}

#define POST(p) "POST " p " HTTP/1.1\r\nHost: x\r\n"

START_TEST(bodies_of_both_framings)
{
	client_say(&c, POST("/") "Content-Length: 5\r\n\r\nhello");
	is_answered(&c, 200, "5 octets, uid -1");
	client_say(&c,
	    POST(
		"/") "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nA: b\r\n\r\n");
	is_answered(&c, 200, "5 octets, uid -1");
	client_say(&c, POST("/") "Content-Length: 0\r\n\r\n");
	is_answered(&c, 200, "0 octets, uid -1");
	client_say(&c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	is_answered(&c, 200, "0 octets, uid -1");
	client_dial_local(&d, path);
	client_say(&d, POST("/") "Content-Length: 1\r\n\r\nx");
	(void)snprintf(c.in, sizeof(c.in), "1 octets, uid %d", (int)getuid());
	is_answered(&d, 200, c.in);
	client_close(&d);
}
END_TEST

/* Several in one write, the body of one with the head of the next. */
START_TEST(pipelined)
{
	client_say(&c,
	    POST("/") "Content-Length: 2\r\n\r\nab" POST("/slow") "Content-Length: 3\r\n\r\ncde" POST(
		"/") "Transfer-Encoding: chunked\r\n\r\n1\r\nf\r\n0\r\n\r\n" POST("/no") "\r\n");
	is_answered(&c, 200, "2 octets, uid -1");
	is_answered(&c, 200, "3 octets, uid -1");
	is_answered(&c, 200, "1 octets, uid -1");
	is_answered(&c, 403, "no");
}
END_TEST

START_TEST(octet_by_octet)
{
	const char *text =
	    POST("/slow") "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

	for (; *text != '\0'; text++)
		client_say_octets(&c, text, 1);
	is_answered(&c, 200, "5 octets, uid -1");
}
END_TEST

START_TEST(a_hundred_only_where_the_body_is_wanted)
{
	client_say(&c, POST("/") "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
	ck_assert(client_hear(&c, &r, true));
	ck_assert_uint_eq(r.status, 100);
	client_say(&c, "body");
	is_answered(&c, 200, "4 octets, uid -1");
	client_say(&c, POST("/no") "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
	is_answered(&c, 403, "no");
	ck_assert_ptr_nonnull(strstr(r.head, "Connection: close"));
}
END_TEST

static void
say_much(struct client *k, size_t n)
{
	static char piece[65536];

	for (size_t m; n > 0; n -= m) {
		m = n < sizeof(piece) ? n : sizeof(piece);
		client_say_octets(k, piece, m);
	}
}

static size_t
resident_kib(void)
{
	char name[64], line[256];
	size_t kib = 0;
	FILE *in;

	(void)snprintf(name, sizeof(name), "/proc/%ld/status", (long)pid);
	ck_assert_ptr_nonnull(in = fopen(name, "re"));
	while (fgets(line, sizeof(line), in) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtoul(line + 6, NULL, 10);
	(void)fclose(in);
	return kib;
}

/* Under AddressSanitizer what is freed would be kept, and counted. */
/* NOLINTBEGIN(bugprone-reserved-identifier): its name is the sanitizer's */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* However long a body, and however slowly it is taken: what it costs stays the same. */
START_TEST(a_large_body_in_little_memory)
{
	static const char *const heads[] = { POST("/"), POST("/slow") };
	char head[128], want[64];
	size_t before;

	client_say(&c, POST("/") "Content-Length: 0\r\n\r\n");
	is_answered(&c, 200, NULL);
	before = resident_kib();
	for (int i = 0; i < 2; i++) {
		(void)snprintf(
		    head, sizeof(head), "%sContent-Length: %zu\r\n\r\n", heads[i], LARGE);
		client_say(&c, head);
		say_much(&c, LARGE);
		(void)snprintf(want, sizeof(want), "%zu octets, uid -1", LARGE);
		is_answered(&c, 200, want);
	}
	ck_assert_uint_lt(resident_kib() - before, 24576); /* of 98304 that came */
}
END_TEST

/* The answer arrives although the body does not stop. */
START_TEST(refused_in_the_middle)
{
	client_say(&c, POST("/middle") "Content-Length: 1000000\r\n\r\n");
	say_much(&c, 300000);
	is_answered(&c, 413, "enough");
	ck_assert_ptr_nonnull(strstr(r.head, "Connection: close"));
	ck_assert(client_is_gone(&c));
}
END_TEST

START_TEST(a_reply_that_goes_on)
{
	static char in[LARGE + (LARGE >> 8) + 65536];
	size_t n = 0, at, chunk, got = 0;
	ssize_t more;
	char *end;

	client_say(&c, "GET /gush HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	while (n < sizeof(in) && (more = read(c.fd, in + n, sizeof(in) - n)) > 0)
		n += (size_t)more;
	ck_assert_ptr_nonnull(strstr(in, "Transfer-Encoding: chunked\r\n"));
	at = (size_t)(strstr(in, "\r\n\r\n") - in) + 4;
	while ((chunk = strtoul(in + at, &end, 16)) > 0) {
		at = (size_t)(end - in) + 2;
		for (size_t i = 0; i < chunk; i++)
			if ((uint8_t)in[at + i] != site_large_at(got + i))
				ck_abort_msg("octet %zu", got + i);
		got += chunk;
		at += chunk + 2;
	}
	ck_assert_uint_eq(got, LARGE);
	ck_assert_uint_eq(at + 5, n); /* "0", CR LF, CR LF */
	/* Of HTTP/1.0 its end is the connection's. */
	client_dial(&d, port);
	client_say(&d, "GET /gush HTTP/1.0\r\n\r\n");
	for (n = 0; (more = read(d.fd, in, sizeof(in))) > 0;)
		n += (size_t)more;
	ck_assert_uint_gt(n, LARGE);
	ck_assert_uint_lt(n, LARGE + 512);
	client_close(&d);
}
END_TEST

START_TEST(what_has_no_one_meaning)
{
	static const struct {
		const char *text;
		unsigned status;
	} cases[] = {
		{ "POST / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\n\r\n", 400 },
		{ POST("/") "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400 },
		{ POST("/") "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400 },
		{ POST("/") "Content-Length: +3\r\n\r\nabc", 400 },
		{ POST("/") "Content-Length: 3, 3\r\n\r\nabc", 400 },
		{ POST("/") "Content-Length : 3\r\n\r\nabc", 400 },
		{ POST("/") "A: b\r\n folded\r\n\r\n", 400 },
		{ POST("/") "A: b\nContent-Length: 3\r\n\r\nabc", 400 },
		{ POST("/") "A: b\rc\r\n\r\n", 400 },
		{ POST("/") "Transfer-Encoding: gzip, chunked\r\n\r\n", 501 },
		{ POST("/") "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		    400 },
		{ POST("/") "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", 400 },
		{ POST("/") "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", 400 },
		{ POST("/") "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n", 400 },
		{ POST("/") "Transfer-Encoding: chunked\r\n\r\n1000000000000000\r\n", 400 },
		{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
		{ "POST / HTTP/2.0\r\nHost: x\r\n\r\n", 505 },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400 },
		{ "POST http://a/ HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
		{ POST("/") "Expect: 200-ok\r\n\r\n", 417 },
		{ POST("/") "Content-Type: a\r\nContent-Type: b\r\n\r\n", 400 },
		{ "\r\nPOST / HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
		{ "\x16\x03\x01", 400 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		client_dial(&d, port);
		client_say(&d, cases[i].text);
		ck_assert_msg(client_hear(&d, &r, false), "case %zu", i);
		ck_assert_msg(r.status == cases[i].status, "case %zu: %u", i, r.status);
		ck_assert_msg(client_is_gone(&d), "case %zu", i);
		client_close(&d);
	}
}
END_TEST

START_TEST(a_head_without_end)
{
	client_say(&c, "POST / HTTP/1.1\r\nHost: x\r\nA: ");
	say_much(&c, 20000);
	is_answered(&c, 431, NULL);
	client_dial(&d, port);
	client_say(&d, "POST / HTTP/1.1\r\nHost: x\r\nA: ");
	for (int i = 0; i < 2000; i++)
		client_say(&d, "aaaaaaaaaa");
	is_answered(&d, 431, NULL);
	client_close(&d);
}
END_TEST

/* Who says nothing any more, or has left, is let go of, and the handler is told. */
START_TEST(silent_and_gone)
{
	client_say(&c, POST("/") "Content-Length: 10\r\n\r\nhalf");
	ck_assert(client_is_gone(&c));
	client_close(&c);
	client_dial(&d, port);
	client_say(&d, "POST /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	client_close(&d);
	client_dial(&d, port);
	client_say(&d, "POST / HTT");
	ck_assert(client_is_gone(&d));
	client_close(&d);
	for (int i = 0; i < 100; i++) {
		client_dial(&c, port);
		client_get(&c, "/overs");
		ck_assert(client_hear(&c, &r, false));
		if (strtoul(r.body, NULL, 10) >= 2)
			return;
		client_close(&c);
		(void)usleep(100000);
	}
	ck_abort_msg("nobody was told: %s", r.body);
}
END_TEST

START_TEST(a_handler_without_an_answer)
{
	client_say(&c, POST("/silent") "\r\n");
	is_answered(&c, 500, NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http_raw");
	TCase *t = tcase_create("http_raw");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, bodies_of_both_framings);
	tcase_add_test(t, pipelined);
	tcase_add_test(t, octet_by_octet);
	tcase_add_test(t, a_hundred_only_where_the_body_is_wanted);
	tcase_add_test(t, a_large_body_in_little_memory);
	tcase_add_test(t, refused_in_the_middle);
	tcase_add_test(t, a_reply_that_goes_on);
	tcase_add_test(t, what_has_no_one_meaning);
	tcase_add_test(t, a_head_without_end);
	tcase_add_test(t, silent_and_gone);
	tcase_add_test(t, a_handler_without_an_answer);
	suite_add_tcase(s, t);
	return run_suite(s);
}
