/* tests/unit/json_body.c - base/json_body.h: a body that comes in pieces, and what it must not be.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/json_body.h"
#include "tests/unit/run.h"

#define MAX 64

static struct exchange x;
static int called;
static char seen[MAX];

static void
then(struct exchange *at, const void *with, const struct json *body)
{
	ck_assert_ptr_null(at->state);
	ck_assert_str_eq(with, "mine");
	(void)snprintf(seen, sizeof(seen), "%s", json_text(body, "a"));
	called++;
	at->status = 200;
}

static void
begin(const char *type, uint64_t octets)
{
	exchange_free(&x);
	x = (struct exchange){ .content_type = octets_text(type), .body_octets = octets };
	called = 0;
	json_body(&x, MAX, "mine", 5, then);
}

/* One octet a time, as a slow client would. */
static void
send(const char *text)
{
	for (; x.status == 0 && *text != '\0'; text++)
		x.take(&x, octets_of(text, 1), false);
	if (x.status == 0)
		x.take(&x, octets_of(NULL, 0), true);
}

START_TEST(an_object_in_pieces)
{
	begin("application/json", EXCHANGE_CHUNKED);
	send("{\"a\":\"b\"}");
	ck_assert_int_eq(called, 1);
	ck_assert_str_eq(seen, "b");
	begin("Application/JSON; charset=utf-8", 9);
	x.take(&x, octets_text("{\"a\":\"c\"}"), true);
	ck_assert_str_eq(seen, "c");
}
END_TEST

START_TEST(what_is_refused)
{
	static const struct {
		const char *type, *text;
		uint64_t octets;
		unsigned status;
	} cases[] = {
		{ "text/plain", "{}", 2, 415 },
		{ "application/jsonl", "{}", 2, 415 },
		{ "", "{}", 2, 415 },
		{ "application/json", "{}", MAX + 1, 413 },
		{ "application/json",
		    "{\"a\":\"0123456789012345678901234567890123456789012345678901234567890\"}",
		    EXCHANGE_CHUNKED, 413 },
		{ "application/json", "", EXCHANGE_CHUNKED, 400 },
		{ "application/json", "[]", EXCHANGE_CHUNKED, 400 },
		{ "application/json", "7", EXCHANGE_CHUNKED, 400 },
		{ "application/json", "{\"a\":1}{", EXCHANGE_CHUNKED, 400 },
		{ "application/json", "{\"a\":1,\"a\":2}", EXCHANGE_CHUNKED, 400 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(cases[i].type, cases[i].octets);
		send(cases[i].text);
		ck_assert_msg(x.status == cases[i].status, "case %zu: %u", i, x.status);
		ck_assert_str_eq(x.type, "application/problem+json");
		ck_assert_int_eq(called, 0);
	}
}
END_TEST

/* The client went away in the middle: what was collected goes with the exchange. */
START_TEST(half_of_one)
{
	begin("application/json", 9);
	x.take(&x, octets_text("{\"a\""), false);
	ck_assert_int_eq(called, 0);
	ck_assert_uint_eq(x.status, 0);
	exchange_free(&x);
	x = (struct exchange){ .status = 0 };
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("json_body");
	TCase *t = tcase_create("json_body");

	tcase_add_test(t, an_object_in_pieces);
	tcase_add_test(t, what_is_refused);
	tcase_add_test(t, half_of_one);
	suite_add_tcase(s, t);
	return run_suite(s);
}
