/* tests/unit/delivery.c - daemon/delivery.h and daemon/fetch_send.h against a server of our own. */
#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/digest.h"
#include "daemon/delivery.h"
#include "tests/unit/run.h"

#define HEAD_MAX 8192
#define LARGE    ((size_t)5 * 1024 * 1024 + 17)

/* One request is read to its end, or to the connection's, and answered. */
static struct server {
	int listener, port;
	const char *answer; /* a status line's end */
	pthread_t thread;
	char head[HEAD_MAX];
	struct bytes body; /* as it came, chunks and all */
	bool whole;
} server;

static int wake_fd;
static struct delivery *d;
static struct fetch_send what;
static struct secret password;
static struct fault f;
static char url[128];

static bool
has_end(const struct bytes *b, size_t head, uint64_t length, bool chunked)
{
	if (chunked)
		return b->n >= head + 5 && memcmp(b->at + b->n - 5, "0\r\n\r\n", 5) == 0;
	return b->n - head >= length;
}

static void
read_request(struct server *s, int fd)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	uint8_t piece[65536];
	const uint8_t *end;
	size_t head = 0;
	uint64_t length = 0;
	bool chunked = false;
	ssize_t n;

	while (!s->whole && (n = recv(fd, piece, sizeof(piece), 0)) > 0) {
		bytes_put(&s->body, piece, (size_t)n);
		if (head == 0 && (end = memmem(s->body.at, s->body.n, "\r\n\r\n", 4)) != NULL) {
			const char *at;

			head = (size_t)(end - s->body.at) + 4;
			(void)snprintf(
			    s->head, sizeof(s->head), "%.*s", (int)head, (const char *)s->body.at);
			chunked = strcasestr(s->head, "Transfer-Encoding: chunked") != NULL;
			if ((at = strcasestr(s->head, "Content-Length: ")) != NULL)
				length = strtoull(at + 16, NULL, 10);
			ck_assert_int_gt(send(fd, go_on, sizeof(go_on) - 1, MSG_NOSIGNAL), 0);
		}
		s->whole = head > 0 && has_end(&s->body, head, length, chunked);
	}
	if (s->whole) {
		memmove(s->body.at, s->body.at + head, s->body.n - head);
		s->body.n -= head;
	}
}

static void *
run_server(void *with)
{
	struct server *s = with;
	int fd = accept(s->listener, NULL, NULL);
	char line[128];

	if (fd < 0)
		return NULL;
	read_request(s, fd);
	(void)snprintf(line, sizeof(line), "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", s->answer);
	(void)!send(fd, line, strlen(line), MSG_NOSIGNAL);
	(void)close(fd);
	return NULL;
}

static void
serve(const char *answer)
{
	server.answer = answer;
	ck_assert_int_eq(pthread_create(&server.thread, NULL, run_server, &server), 0);
}

static void
setup(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);

	ck_assert(secret_start(&f));
	server = (struct server){ .listener = socket(AF_INET, SOCK_STREAM, 0) };
	ck_assert_int_eq(bind(server.listener, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(server.listener, 4), 0);
	ck_assert_int_eq(getsockname(server.listener, (struct sockaddr *)&a, &n), 0);
	server.port = ntohs(a.sin_port);
	wake_fd = eventfd(0, EFD_NONBLOCK);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/scans/a.pdf", server.port);
	ck_assert(secret_copy(octets_text("hunter2"), &password, &f));
	what = (struct fetch_send){ .way = FETCH_WEBDAV,
		.url = url,
		.type = "application/pdf",
		.octets = FETCH_SEND_UNKNOWN };
}

static void
teardown(void)
{
	delivery_free(d);
	d = NULL;
	(void)close(server.listener);
	(void)close(wake_fd);
	bytes_free(&server.body);
	secret_free(&password);
}

static void
await_wake(void)
{
	struct pollfd p = { .fd = wake_fd, .events = POLLIN };
	uint64_t n;

	ck_assert_int_eq(poll(&p, 1, 20000), 1);
	(void)!read(wake_fd, &n, sizeof(n));
}

/* All of o, as a loop would: when there is no room, when it is told that there is. */
static void
put_all(struct octets o)
{
	bool ok;

	while (o.n > 0) {
		size_t n = delivery_put(d, o);

		ck_assert_uint_le(n, o.n);
		o = octets_of(o.at + n, o.n - n);
		if (o.n > 0) {
			if (delivery_ended(d, &ok, &f))
				return;
			await_wake();
		}
	}
}

static bool
ends(void)
{
	bool ok;

	while (!delivery_ended(d, &ok, &f))
		await_wake();
	return ok;
}

static bool
sends(struct octets o)
{
	ck_assert_msg(delivery_begin(&what, wake_fd, &d, &f), "%s", f.text);
	put_all(o);
	delivery_last(d);
	return ends();
}

START_TEST(all_of_it_arrives)
{
	uint8_t *large = malloc(LARGE), there[DIGEST_OCTETS], here[DIGEST_OCTETS];

	ck_assert_ptr_nonnull(large);
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (uint8_t)(i * 2654435761u >> 13);
	serve("201 Created");
	what.octets = LARGE;
	what.user = "alice";
	what.password = &password;
	ck_assert_msg(sends(octets_of(large, LARGE)), "%s", f.text);
	(void)pthread_join(server.thread, NULL);
	ck_assert_uint_eq(server.body.n, LARGE);
	digest_of(octets_of(large, LARGE), here);
	digest_of(octets_bytes(&server.body), there);
	ck_assert_mem_eq(here, there, DIGEST_OCTETS);
	ck_assert_ptr_nonnull(strstr(server.head, "PUT /scans/a.pdf HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(server.head, "Content-Type: application/pdf\r\n"));
	ck_assert_ptr_nonnull(strstr(server.head, "Authorization: Basic YWxpY2U6aHVudGVyMg==\r\n"));
	free(large);
}
END_TEST

START_TEST(of_a_length_that_nobody_knows)
{
	serve("204 No Content");
	ck_assert_msg(sends(octets_text("a page")), "%s", f.text);
	(void)pthread_join(server.thread, NULL);
	ck_assert_ptr_nonnull(strcasestr(server.head, "Transfer-Encoding: chunked\r\n"));
	ck_assert_uint_eq(server.body.n, strlen("6\r\na page\r\n0\r\n\r\n"));
}
END_TEST

/* The other side must not take the half of a scan for a scan. */
START_TEST(what_breaks_off_has_no_end)
{
	serve("201 Created");
	ck_assert(delivery_begin(&what, wake_fd, &d, &f));
	put_all(octets_text("the first page"));
	delivery_free(d);
	d = NULL;
	(void)pthread_join(server.thread, NULL);
	ck_assert(!server.whole);
}
END_TEST

START_TEST(what_is_not_taken)
{
	static const struct {
		const char *answer;
		enum fault_code code;
	} cases[] = { { "403 Forbidden", FAULT_DENIED }, { "401 Unauthorized", FAULT_DENIED },
		{ "302 Found", FAULT_DENIED }, { "507 Insufficient Storage", FAULT_LIMIT },
		{ "413 Content Too Large", FAULT_LIMIT },
		{ "503 Service Unavailable", FAULT_BUSY } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		serve(cases[i].answer);
		ck_assert_msg(!sends(octets_text("a page")), "%s", cases[i].answer);
		ck_assert_msg(f.code == cases[i].code, "%s: %s", cases[i].answer, f.text);
		delivery_free(d);
		d = NULL;
		(void)pthread_join(server.thread, NULL);
		server.whole = false;
		bytes_clear(&server.body);
	}
}
END_TEST

START_TEST(where_nothing_is_sent_at_all)
{
	static const struct {
		const char *url;
		enum fetch_way way;
		enum fault_code code;
	} cases[] = { { "http://127.0.0.1:1/a", FETCH_WEBDAV, FAULT_BUSY },
		{ "http://dav.example/a", FETCH_WEBDAV, FAULT_BADREQ },
		{ "http://127.0.0.1.evil.example/a", FETCH_WEBDAV, FAULT_BADREQ },
		{ "http://localhost@evil.example/a", FETCH_WEBDAV, FAULT_BADREQ },
		{ "ftp://127.0.0.1/a", FETCH_WEBDAV, FAULT_BADREQ },
		{ "file:///etc/passwd", FETCH_WEBDAV, FAULT_BADREQ },
		{ "smtp://mail.example", FETCH_SMTP, FAULT_BADREQ },
		{ "http://127.0.0.1:1/a", FETCH_S3, FAULT_BADREQ } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		what.url = cases[i].url;
		what.way = cases[i].way;
		what.from = what.to = "scan@acme.example";
		ck_assert_msg(!sends(octets_text("a page")), "%s", cases[i].url);
		ck_assert_msg(f.code == cases[i].code, "%s: %s", cases[i].url, f.text);
		delivery_free(d);
		d = NULL;
	}
}
END_TEST

START_TEST(an_s3_request_is_signed)
{
	serve("200 OK");
	what.way = FETCH_S3;
	what.octets = 6;
	what.user = "AKIDEXAMPLE";
	what.password = &password;
	what.region = "eu-west-1";
	ck_assert_msg(sends(octets_text("a page")), "%s", f.text);
	(void)pthread_join(server.thread, NULL);
	ck_assert_ptr_nonnull(strstr(server.head, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
	ck_assert_ptr_nonnull(strstr(server.head, "/eu-west-1/s3/aws4_request"));
	ck_assert_ptr_nonnull(
	    strcasestr(server.head, "x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"));
	ck_assert_ptr_nonnull(strcasestr(server.head, "x-amz-date: "));
	ck_assert_ptr_null(strstr(server.head, "hunter2"));
	ck_assert_ptr_nonnull(strstr(server.head, "Content-Length: 6\r\n"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("delivery");
	TCase *t = tcase_create("delivery");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_of_it_arrives);
	tcase_add_test(t, of_a_length_that_nobody_knows);
	tcase_add_test(t, what_breaks_off_has_no_end);
	tcase_add_test(t, what_is_not_taken);
	tcase_add_test(t, where_nothing_is_sent_at_all);
	tcase_add_test(t, an_s3_request_is_signed);
	suite_add_tcase(s, t);
	return run_suite(s);
}
