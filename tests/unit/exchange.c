/* tests/unit/exchange.c - base/exchange.h: no header that a peer could smuggle another one into. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/exchange.h"
#include "tests/unit/run.h"

static struct exchange x;

static void
setup(void)
{
	x = (struct exchange){ 0 };
}

START_TEST(adds_headers)
{
	exchange_header(&x, "Retry-After", "%d", 30);
	exchange_header(&x, "Location", "/v1/%s", "a");
	exchange_header(&x, "X-Empty", "%s", "");
	ck_assert_uint_eq(x.headers_n, 3);
	ck_assert_str_eq(x.headers[0].name, "Retry-After");
	ck_assert_str_eq(x.headers[0].value, "30");
	ck_assert_str_eq(x.headers[1].value, "/v1/a");
	ck_assert_str_eq(x.headers[2].value, "");
}
END_TEST

START_TEST(leaves_out_controls)
{
	static const char *const bad[] = { "a\r\nSet-Cookie: b", "a\n", "\r", "a\tb", "\x01",
		"\x7f" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		exchange_header(&x, "Location", "%s", bad[i]);
		ck_assert_msg(x.headers_n == 0, "row %zu", i);
	}
	exchange_header(&x, "Location", "%s", "good");
	ck_assert_uint_eq(x.headers_n, 1);
	ck_assert_str_eq(x.headers[0].value, "good");
}
END_TEST

START_TEST(leaves_out_what_does_not_fit)
{
	char value[sizeof(x.headers[0].value) + 1];

	memset(value, 'v', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	exchange_header(&x, "Location", "%s", value);
	ck_assert_uint_eq(x.headers_n, 0);
	value[sizeof(value) - 2] = '\0';
	exchange_header(&x, "Location", "%s", value);
	ck_assert_uint_eq(x.headers_n, 1);
	ck_assert_str_eq(x.headers[0].value, value);
}
END_TEST

START_TEST(leaves_out_one_too_many)
{
	for (int i = 0; i < EXCHANGE_HEADERS_MAX + 1; i++)
		exchange_header(&x, "Name", "%d", i);
	ck_assert_uint_eq(x.headers_n, EXCHANGE_HEADERS_MAX);
	ck_assert_str_eq(x.headers[EXCHANGE_HEADERS_MAX - 1].value, "7");
}
END_TEST

/* Under the sanitizers this fails if anything stays behind, or is freed twice. */
START_TEST(frees_what_it_owns)
{
	bytes_put_text(&x.ask.body, "question");
	bytes_put_text(&x.reply, "answer");
	x.state = malloc(1);
	exchange_free(&x);
	ck_assert_ptr_null(x.state);
	ck_assert_ptr_null(x.reply.at);
	ck_assert_ptr_null(x.ask.body.at);
	exchange_free(&x);
}
END_TEST

/* The same here: the last holder frees it, and nobody before. */
START_TEST(shares_what_is_large)
{
	struct shared *large = shared_new(3);
	struct exchange other = { 0 };

	ck_assert_ptr_nonnull(large);
	ck_assert_uint_eq(large->n, 3);
	memcpy(large->at, "abc", 3);
	x.shared = shared_hold(large);
	other.shared = shared_hold(large);
	ck_assert_uint_eq(large->holders, 3);
	exchange_free(&x);
	ck_assert_ptr_null(x.shared);
	exchange_free(&x);
	ck_assert_uint_eq(large->holders, 2);
	exchange_free(&other);
	ck_assert_mem_eq(large->at, "abc", 3);
	shared_drop(large);
	shared_drop(NULL);
	ck_assert_ptr_null(shared_new(SIZE_MAX));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("exchange");
	TCase *t = tcase_create("exchange");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, adds_headers);
	tcase_add_test(t, leaves_out_controls);
	tcase_add_test(t, leaves_out_what_does_not_fit);
	tcase_add_test(t, leaves_out_one_too_many);
	tcase_add_test(t, frees_what_it_owns);
	tcase_add_test(t, shares_what_is_large);
	suite_add_tcase(s, t);
	return run_suite(s);
}
