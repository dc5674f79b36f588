/* tests/unit/trace.c - base/trace.h: a trace is passed on as it came, or not at all. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/trace.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ID       "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN     "00f067aa0ba902b7"
#define ZERO16   "0000000000000000"

static const char parent[] = "00-" ID "-" SPAN "-01";

START_TEST(a_parent_is_passed_on)
{
	static const char *const rows[][2] = {
		{ "00-" ID "-" SPAN "-01", "00-" ID "-" SPAN "-01" },
		{ "00-" ID "-" SPAN "-00", "00-" ID "-" SPAN "-00" },
		/* flags without a meaning are not passed on */
		{ "00-" ID "-" SPAN "-ff", "00-" ID "-" SPAN "-01" },
		{ "00-" ID "-" SPAN "-02", "00-" ID "-" SPAN "-00" },
		/* a later version, as version 00 reads it */
		{ "01-" ID "-" SPAN "-01", "00-" ID "-" SPAN "-01" },
		{ "cc-" ID "-" SPAN "-01-what-comes", "00-" ID "-" SPAN "-01" },
		{ "fe-" ID "-" SPAN "-00-", "00-" ID "-" SPAN "-00" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[TRACE_TEXT_MAX];
		struct trace t;

		ck_assert_msg(trace_parse(octets_text(rows[i][0]), &t), "%s", rows[i][0]);
		ck_assert(trace_is_set(&t));
		trace_text(&t, text);
		ck_assert_str_eq(text, rows[i][1]);
		trace_begin(&t);
		trace_text(&t, text);
		ck_assert_str_eq(text, rows[i][1]);
	}
}
END_TEST

START_TEST(what_is_no_parent_is_none)
{
	static const char *const rows[] = {
		"",
		"00",
		"00-",
		"00-" ID,
		"00-" ID "-" SPAN,
		"00-" ID "-" SPAN "-",
		"00-" ID "-" SPAN "-0",
		"00-" ID "-" SPAN "-01-",
		"00-" ID "-" SPAN "-011",
		"00-" ID "-" SPAN "-01 ",
		" 00-" ID "-" SPAN "-01",
		"00-" ID "-" SPAN "-01-more",
		"ff-" ID "-" SPAN "-01",
		"ff-" ID "-" SPAN "-01-more",
		"0-" ID "-" SPAN "-01",
		"01-" ID "-" SPAN "-01more",
		"01-" ID "-" SPAN "-0",
		"0x-" ID "-" SPAN "-01",
		"FE-" ID "-" SPAN "-01",
		"00-" ZERO16 ZERO16 "-" SPAN "-01",
		"00-" ID "-" ZERO16 "-01",
		"00_" ID "-" SPAN "-01",
		"00-" ID "_" SPAN "-01",
		"00-" ID "-" SPAN "_01",
		"00-4BF92f3577b34da6a3ce929d0e0e4736-" SPAN "-01",
		"00-4bf92f3577b34da6a3ce929d0e0e473g-" SPAN "-01",
		"00-" ID "-00F067aa0ba902b7-01",
		"00-" ID "-" SPAN "-0A",
		"00-" ID "-" SPAN "-\x7f\x80",
		"00-" ID ID SPAN "-01",
	};
	static const char with_nul[] = "00-4bf92f3577b34da6a3ce929d0e0e473\0-" SPAN "-01";

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct trace t = { .flags = 77 };

		ck_assert_msg(!trace_parse(octets_text(rows[i]), &t), "%s", rows[i]);
		ck_assert_int_eq(t.flags, 77);
		ck_assert(!trace_is_set(&t));
	}
	for (size_t n = 0; n < sizeof(parent) - 1; n++) {
		struct trace t;

		ck_assert_msg(!trace_parse(octets_of(parent, n), &t), "%zu octets", n);
	}
	struct trace t;
	ck_assert(!trace_parse(octets_of(with_nul, sizeof(with_nul) - 1), &t));
}
END_TEST

START_TEST(one_begins_where_there_is_none)
{
	struct trace t = { .flags = 0 }, other = { .flags = 0 }, back;
	char text[TRACE_TEXT_MAX];

	trace_begin(&t);
	trace_begin(&other);
	ck_assert(trace_is_set(&t));
	ck_assert_int_eq(t.flags, 0);
	ck_assert_mem_ne(t.id, other.id, sizeof(t.id));
	ck_assert_mem_ne(t.span, other.span, sizeof(t.span));
	trace_text(&t, text);
	ck_assert(trace_parse(octets_text(text), &back));
	ck_assert(t.begun && !back.begun); /* whoever gets it did not begin it */
	back.begun = true;
	ck_assert_mem_eq(&t, &back, sizeof(t));
}
END_TEST

START_TEST(states_that_are_passed_on)
{
	static const char *const rows[] = {
		"a=b",
		"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
		"a=b,",
		",a=b",
		"a=b , c=d",
		"a=b\t,\tc=d",
		"a=b,,c=d",
		"fw529a3039@dt=FfD0A2",
		"0tenant@s=x",
		"a-_*/9=x",
		"a= b",
		"a=!~\"",
		"a=b:c;d",
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(trace_state_ok(octets_text(rows[i])), "%s", rows[i]);
}
END_TEST

/* count members "a0=1", "a1=1", ... */
static struct octets
members(char *to, unsigned count)
{
	size_t n = 0;

	for (unsigned i = 0; i < count; i++)
		n += (size_t)sprintf(to + n, "%sa%u=1", i == 0 ? "" : ",", i);
	return octets_of(to, n);
}

START_TEST(states_that_are_dropped)
{
	static const char *const rows[] = {
		"",
		",",
		" ",
		"a",
		"=b",
		"a=",
		"a=b=c",
		"A=b",
		"9a=b",
		"a b=c",
		"a=b,a=c",
		"a=b\r",
		"a=b\r\nx: y",
		"a=\x01",
		"a=\xc3\xa9",
		"\xc3\xa9=a",
		"a@=b",
		"@a=b",
		"a@9s=b",
		"a@b@c=d",
		"a@aaaaaaaaaaaaaaa=b",
		"-a=b",
		"_@a=b",
		"a=b;c=d,e",
		"a =b",
		"a=b\x7f",
	};
	char text[1024];

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(!trace_state_ok(octets_text(rows[i])), "%s", rows[i]);
	ck_assert(trace_state_ok(members(text, 32)));
	ck_assert(!trace_state_ok(members(text, 33)));
	memset(text, 'a', sizeof(text));
	text[200] = '=';
	ck_assert(trace_state_ok(octets_of(text, 457)));
	ck_assert(!trace_state_ok(octets_of(text, 458))); /* a value over 256 octets */
	memset(text, ',', sizeof(text));
	memcpy(text, "a=b", 3);
	ck_assert(trace_state_ok(octets_of(text, TRACE_STATE_MAX)));
	ck_assert(!trace_state_ok(octets_of(text, TRACE_STATE_MAX + 1)));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trace");
	TCase *t = tcase_create("trace");
	struct fault f;

	if (!secret_start(&f))
		return EXIT_FAILURE;
	tcase_add_test(t, a_parent_is_passed_on);
	tcase_add_test(t, what_is_no_parent_is_none);
	tcase_add_test(t, one_begins_where_there_is_none);
	tcase_add_test(t, states_that_are_passed_on);
	tcase_add_test(t, states_that_are_dropped);
	suite_add_tcase(s, t);
	return run_suite(s);
}
