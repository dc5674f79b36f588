/* tests/unit/position.c - daemon/position.h: one spelling of a place in several logs, and no other.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/position.h"
#include "tests/unit/run.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct position p;
static struct bytes text;
static struct fault f;

static void
teardown(void)
{
	bytes_free(&text);
}

static bool
reads(const char *s)
{
	return position_read(octets_text(s), &p, &f);
}

static const char *
writes(size_t first)
{
	bytes_clear(&text);
	position_write(&p, first, &text);
	bytes_put_u8(&text, 0);
	return (const char *)text.at;
}

START_TEST(says_each_log_the_one_in_hand_first)
{
	ck_assert(reads("acme:18,platform:0,beta:7"));
	ck_assert_uint_eq(p.n, 3);
	ck_assert_str_eq(p.at[1].tenant, "platform");
	ck_assert_uint_eq(p.at[2].next, 7);
	ck_assert_uint_eq(position_find(&p, "beta"), 2);
	ck_assert_uint_eq(position_find(&p, "bet"), 3);
	ck_assert_str_eq(writes(0), "acme:18,platform:0,beta:7");
	ck_assert_str_eq(writes(1), "platform:0,acme:18,beta:7");
	ck_assert_str_eq(writes(2), "beta:7,acme:18,platform:0");
}
END_TEST

START_TEST(the_longest_fits)
{
	p = (struct position){ .n = POSITION_LOGS_MAX };
	for (size_t i = 0; i < p.n; i++) {
		memset(p.at[i].tenant, 'a', TEXT_LABEL_MAX - 1);
		p.at[i].tenant[0] = (char)('a' + i % 26);
		p.at[i].tenant[1] = (char)('a' + i / 26);
		p.at[i].next = 999999999999999999;
	}
	bytes_clear(&text);
	position_write(&p, 63, &text);
	ck_assert_uint_lt(text.n, POSITION_TEXT_MAX);
	ck_assert(position_read(octets_bytes(&text), &p, &f));
	ck_assert_uint_eq(p.n, POSITION_LOGS_MAX);
	bytes_put_text(&text, ",one:1");
	ck_assert(!position_read(octets_bytes(&text), &p, &f));
}
END_TEST

static const char *const none[] = { "", ",", ":", "acme", "acme:", ":1", "acme:1,", ",acme:1",
	"acme:1,,beta:2", "acme:01", "acme:-1", "acme:+1", "acme: 1", " acme:1", "acme:1 ",
	"acme:0x1", "acme:1000000000000000000", "acme:18446744073709551616", "acme:1,acme:1",
	"Acme:1", "a_b:1", "-a:1", "a-:1", "../x:1", L63 "a:1", "acme:1:2", "acme:1\n",
	"acme:1;beta:2" };

START_TEST(refuses_another_spelling)
{
	p.n = 77;
	ck_assert_msg(!reads(none[_i]), "%s", none[_i]);
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_uint_eq(p.n, 77);
}
END_TEST

START_TEST(refuses_octets_that_are_no_text)
{
	ck_assert(!position_read(octets_of("ac\0me:1", 7), &p, &f));
	ck_assert(!position_read(octets_of("acme:1\0", 7), &p, &f));
	ck_assert(!position_read(octets_of("\xff\xfe:1", 4), &p, &f));
	ck_assert(reads(L63 ":1"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("position");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, says_each_log_the_one_in_hand_first);
	tcase_add_test(t, the_longest_fits);
	tcase_add_loop_test(t, refuses_another_spelling, 0, (int)(sizeof(none) / sizeof(*none)));
	tcase_add_test(t, refuses_octets_that_are_no_text);
	suite_add_tcase(s, t);
	return run_suite(s);
}
