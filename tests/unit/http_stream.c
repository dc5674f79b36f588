/* tests/unit/http_stream.c - replies that go on, behind daemon/http.h. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/http_site.h"
#include "tests/unit/run.h"

static struct site site;
static struct client c, d;
static struct reply r;
static char all[65536];

static void
setup(void)
{
	static const struct plan usual;

	site_open(&site, &usual);
	client_dial(&c, site.port);
	client_dial(&d, site.port);
}

static void
teardown(void)
{
	client_close(&c);
	client_close(&d);
	site_close(&site);
}

/* Chunks of RFC 9112 section 7.1 put together; false where the end is not the last chunk's. */
static bool
hear_chunks(struct client *k)
{
	size_t n = 0;
	char *at, *end;

	at = k->in;
	for (;;) {
		size_t chunk = strtoul(at, &end, 16);

		if (end == at || strncmp(end, "\r\n", 2) != 0)
			return false;
		at = end + 2;
		if (chunk == 0)
			break;
		memcpy(all + n, at, chunk);
		n += chunk;
		at += chunk + 2;
	}
	all[n] = '\0';
	return strcmp(at, "\r\n") == 0;
}

/* What the house says of its streams. */
static unsigned
streams_over(size_t *ret_kib)
{
	char *end;
	unsigned n;

	client_get(&d, "/streams");
	ck_assert(client_hear(&d, &r, false));
	n = (unsigned)strtoul(r.body, &end, 10);
	if (ret_kib != NULL)
		*ret_kib = strtoul(end + strlen(" over, "), NULL, 10);
	return n;
}

static void
read_to_the_end(struct client *k)
{
	ssize_t n;

	while ((n = read(k->fd, k->in + k->n, sizeof(k->in) - 1 - k->n)) > 0)
		k->n += (size_t)n;
	k->in[k->n] = '\0';
}

START_TEST(says_piece_after_piece_and_ends)
{
	client_get(&c, "/stream");
	ck_assert(client_hear(&c, &r, true));
	ck_assert_uint_eq(r.status, 200);
	ck_assert_ptr_nonnull(strstr(r.head, "ransfer-encoding: chunked\r\n"));
	ck_assert_ptr_null(strstr(r.head, "Content-Length"));
	ck_assert_ptr_nonnull(strstr(r.head, "Connection: close\r\n"));
	read_to_the_end(&c);
	ck_assert(hear_chunks(&c));
	ck_assert_str_eq(all, "zero one two three");
	ck_assert_uint_eq(streams_over(NULL), 1);
}
END_TEST

START_TEST(head_begins_none)
{
	client_say(&c, "HEAD /wait HTTP/1.1\r\nHost: here\r\n\r\n");
	ck_assert(client_hear(&c, &r, true));
	ck_assert_uint_eq(r.status, 200);
	ck_assert(client_is_gone(&c));
	ck_assert_uint_eq(streams_over(NULL), 1);
}
END_TEST

START_TEST(a_client_that_leaves_ends_its_stream)
{
	for (unsigned i = 0; i < 3; i++) {
		struct client k;

		client_dial(&k, site.port);
		client_get(&k, i == 2 ? "/gush" : "/wait");
		ck_assert(client_hear(&k, &r, true));
		client_close(&k);
		while (streams_over(NULL) < i + 1)
			continue;
	}
}
END_TEST

/* What the kernel's two buffers hold, and a piece: the rest is never asked for. */
START_TEST(who_reads_slowly_costs_no_memory)
{
	size_t kib = 0, before;

	client_get(&c, "/gush");
	ck_assert(client_hear(&c, &r, true));
	do {
		before = kib;
		for (unsigned i = 0; i < 50; i++)
			(void)streams_over(&kib);
	} while (kib == 0 || kib != before);
	ck_assert_uint_lt(kib, 65536);
	ck_assert_uint_eq(streams_over(NULL), 0);
}
END_TEST

/* Not torn off: the last chunk comes. */
START_TEST(a_stop_ends_streams_well)
{
	client_get(&c, "/wait");
	ck_assert(client_hear(&c, &r, true));
	ck_assert_int_eq(kill(site.pid, SIGTERM), 0);
	read_to_the_end(&c);
	ck_assert(hear_chunks(&c));
	ck_assert_str_eq(all, "zero ");
}
END_TEST

START_TEST(tells_where_a_stream_goes_on)
{
	client_say(&c, "GET /who HTTP/1.1\r\nHost: here\r\nlast-event-ID: acme:7\r\n\r\n");
	ck_assert(client_hear(&c, &r, false));
	ck_assert_ptr_nonnull(strstr(r.body, "\nlast=acme:7\n"));
	client_say(&c,
	    "GET /who HTTP/1.1\r\nHost: here\r\nLast-Event-ID: a:1\r\nLast-Event-ID: a:1\r\n\r\n");
	ck_assert(client_hear(&c, &r, false));
	ck_assert_uint_eq(r.status, 400);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http_stream");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, says_piece_after_piece_and_ends);
	tcase_add_test(t, head_begins_none);
	tcase_add_test(t, a_client_that_leaves_ends_its_stream);
	tcase_add_test(t, who_reads_slowly_costs_no_memory);
	tcase_add_test(t, a_stop_ends_streams_well);
	tcase_add_test(t, tells_where_a_stream_goes_on);
	tcase_set_timeout(t, 4 * SITE_PATIENCE_S);
	suite_add_tcase(s, t);
	return run_suite(s);
}
