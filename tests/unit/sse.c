/* tests/unit/sse.c - daemon/sse.h: what is put is what is read, whatever stands in it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/sse.h"
#include "tests/unit/run.h"

static struct sse s;
static struct bytes told, out;
static struct fault f;

static void
setup(void)
{
	s = sse_begin();
}

static void
teardown(void)
{
	sse_free(&s);
	bytes_free(&told);
	bytes_free(&out);
}

/* "[event|data|id]" for each. */
static bool
tell(void *with, const struct sse_event *e, struct fault *why)
{
	(void)why;
	(*(unsigned *)with)++;
	bytes_put_text(&told, "[");
	bytes_put_octets(&told, e->event);
	bytes_put_text(&told, "|");
	bytes_put_octets(&told, e->data);
	bytes_put_text(&told, "|");
	bytes_put_octets(&told, e->id);
	bytes_put_text(&told, "]");
	return true;
}

/* In pieces of n octets. */
static unsigned
take(struct octets o, size_t n)
{
	unsigned count = 0;

	bytes_clear(&told);
	while (o.n > 0) {
		size_t k = o.n < n ? o.n : n;

		ck_assert_msg(sse_take(&s, octets_of(o.at, k), tell, &count, &f), "%s", f.text);
		o = octets_of(o.at + k, o.n - k);
	}
	bytes_put_u8(&told, 0);
	return count;
}

static const struct {
	const char *stream, *events, *id;
	int64_t retry_ms;
} streams[] = {
	{ "data: a\n\n", "[message|a|]", "", -1 },
	{ "\xef\xbb\xbf"
	  "data: a\n\n",
	    "[message|a|]", "", -1 },
	{ "data:a\ndata: b\ndata:  c\n\n", "[message|a\nb\n c|]", "", -1 },
	{ "event: x\rdata: a\rid: 7\r\r", "[x|a|7]", "7", -1 },
	{ "event: x\r\ndata: a\r\nid: 7\r\n\r\n", "[x|a|7]", "7", -1 },
	{ ": hi\n:\nretry: 1500\nid: 9\n\n", "", "9", 1500 },
	{ "id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", "[message|a|1][message|b|1][message|c|]",
	    "", -1 },
	{ "event: lost\n\ndata: a\n\n", "[message|a|]", "", -1 },
	{ "data\n\ndata\ndata\n\n", "[message||][message|\n|]", "", -1 },
	{ "data: never whole\nid: 3\n", "", "3", -1 },
	{ "retry: 15x\nretry: \nretry: -1\nnonsense: 1\n\n", "", "", -1 },
	{ "retry: 99999999999999999999999\n\n", "", "", SSE_RETRY_MAX_MS },
};

START_TEST(reads_as_the_standard_says)
{
	for (size_t n = 1; n < 40; n += 6) {
		sse_free(&s);
		s = sse_begin();
		(void)take(octets_text(streams[_i].stream), n);
		ck_assert_str_eq((const char *)told.at, streams[_i].events);
		ck_assert(octets_same(octets_bytes(&s.id), octets_text(streams[_i].id)));
		ck_assert_int_eq(s.retry_ms, streams[_i].retry_ms);
	}
}
END_TEST

START_TEST(an_id_with_a_nul_is_none)
{
	static const char stream[] = "id: 4\nid: a\0b\ndata: x\n\n";

	ck_assert_uint_eq(take(octets_of(stream, sizeof(stream) - 1), 3), 1);
	ck_assert_str_eq((const char *)told.at, "[message|x|4]");
}
END_TEST

static const char *const hostile[] = { "a", "a\nb", "a\r\nid: 666\r\n\r\ndata: forged",
	"x\n\nevent: forged\ndata: y\n\n", "\n", "\r", ":", "data: data: x" };

START_TEST(no_data_ends_its_event)
{
	struct octets data = octets_text(hostile[_i]);

	sse_put(&out, octets_text("acme:1"), octets_text("certificate.issued"), data);
	sse_put(&out, octets_text("acme:2"), octets_of(NULL, 0), octets_of(NULL, 0));
	ck_assert_uint_eq(take(octets_bytes(&out), 1000), 1);
	ck_assert_int_eq(strncmp((const char *)told.at, "[certificate.issued|", 20), 0);
	ck_assert_ptr_nonnull(strstr((const char *)told.at, "|acme:1]"));
	ck_assert(octets_same(octets_bytes(&s.id), octets_text("acme:2")));
}
END_TEST

START_TEST(an_act_that_is_none_is_an_entry)
{
	static const char *const acts[] = { "", "a\nid: 6", "A", "a b", "\xc3\xa9" };

	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++) {
		bytes_clear(&out);
		sse_put(&out, octets_text("t:1"), octets_text(acts[i]), octets_text("{}"));
		ck_assert_uint_eq(take(octets_bytes(&out), 7), 1);
		ck_assert_str_eq((const char *)told.at, "[entry|{}|t:1]");
	}
}
END_TEST

START_TEST(what_was_cut_off_is_forgotten_but_its_id)
{
	(void)take(octets_text("id: 5\ndata: whole\n\nevent: half\ndata: ha"), 4);
	sse_again(&s);
	ck_assert_uint_eq(take(octets_text("data: next\n\n"), 4), 1);
	ck_assert_str_eq((const char *)told.at, "[message|next|5]");
}
END_TEST

/* A server that never ends a line, or an event, fills no memory. */
START_TEST(is_bounded)
{
	unsigned n = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < 20000; i++)
		ok = sse_take(&s, octets_text("0123456789"), tell, &n, &f);
	ck_assert(!ok);
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	sse_free(&s);
	s = sse_begin();
	for (ok = true; ok && n < 1000000; n++)
		ok = sse_take(&s, octets_text("data: 0123456789\n"), tell, &n, &f);
	ck_assert(!ok);
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert_uint_lt(s.data.n, 2 * SSE_EVENT_MAX);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sse");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(
	    t, reads_as_the_standard_says, 0, (int)(sizeof(streams) / sizeof(*streams)));
	tcase_add_test(t, an_id_with_a_nul_is_none);
	tcase_add_loop_test(
	    t, no_data_ends_its_event, 0, (int)(sizeof(hostile) / sizeof(*hostile)));
	tcase_add_test(t, an_act_that_is_none_is_an_entry);
	tcase_add_test(t, what_was_cut_off_is_forgotten_but_its_id);
	tcase_add_test(t, is_bounded);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
