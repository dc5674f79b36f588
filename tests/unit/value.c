/* tests/unit/value.c - policy/value.h: what is a value, and what only looks like one. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "policy/value.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct octets
o(const char *s)
{
	return octets_text(s);
}

static void
shows(const struct value *v, const char *expected)
{
	struct bytes b = { 0 };

	value_text(v, &b);
	bytes_put_u8(&b, '\0');
	ck_assert_str_eq((const char *)b.at, expected);
	bytes_free(&b);
}

START_TEST(addresses)
{
	static const char *const good[][2] = { { "10.20.4.9", "10.20.4.9" },
		{ "0.0.0.0", "0.0.0.0" }, { "255.255.255.255", "255.255.255.255" },
		{ "::ffff:10.1.2.3", "10.1.2.3" }, { "2001:db8::1", "2001:db8::1" }, { "::", "::" },
		{ "2001:DB8:0:0::1", "2001:db8::1" } };
	static const char *const bad[] = { "", "10.20.4", "10.20.4.256", "010.1.1.1", "10.1.1.1 ",
		" 10.1.1.1", "10.1.1.1/32", "1.2.3.4.5", "0x0a.1.1.1", ":::", "2001:db8::g",
		"fe80::1%eth0", "localhost", "1:2:3:4:5:6:7:8:9",
		"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111" };
	struct value v;

	for (size_t i = 0; i < COUNT(good); i++) {
		ck_assert(value_address(o(good[i][0]), &v));
		ck_assert_int_eq(v.type, VALUE_ADDRESS);
		shows(&v, good[i][1]);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!value_address(o(bad[i]), &v), "%s", bad[i]);
	ck_assert(!value_address(octets_of("10.1.1.1\0", 9), &v));
}
END_TEST

START_TEST(nets)
{
	static const char *const good[][2] = { { "10.20.0.0/16", "10.20.0.0/16" },
		{ "0.0.0.0/0", "0.0.0.0/0" }, { "198.51.100.7", "198.51.100.7/32" },
		{ "::/0", "::/0" }, { "2001:db8::/32", "2001:db8::/32" },
		{ "::ffff:10.0.0.0/104", "10.0.0.0/8" }, { "2001:db8::1", "2001:db8::1/128" } };
	static const char *const bad[] = { "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/24",
		"10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8 ", "10.0.0.0/-1", "10.0.0.0/8/8",
		"10.0/8", "2001:db8::/129", "2001:db8::1/64", "::ffff:10.0.0.1/104",
		"10.0.0.0/99999999999999999999" };
	struct value v;

	for (size_t i = 0; i < COUNT(good); i++) {
		ck_assert_msg(value_net(o(good[i][0]), &v), "%s", good[i][0]);
		ck_assert_int_eq(v.type, VALUE_NET);
		shows(&v, good[i][1]);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!value_net(o(bad[i]), &v), "%s", bad[i]);
}
END_TEST

START_TEST(who_is_in_a_net)
{
	static const struct {
		const char *address, *net;
		bool in;
	} rows[] = {
		{ "10.20.4.9", "10.20.0.0/16", true },
		{ "10.21.0.0", "10.20.0.0/16", false },
		{ "10.20.255.255", "10.20.0.0/16", true },
		{ "10.19.255.255", "10.20.0.0/16", false },
		{ "192.168.1.130", "192.168.1.128/25", true },
		{ "192.168.1.127", "192.168.1.128/25", false },
		{ "198.51.100.7", "198.51.100.7", true },
		{ "198.51.100.6", "198.51.100.7", false },
		{ "1.2.3.4", "0.0.0.0/0", true },
		{ "2001:db8::1", "0.0.0.0/0", false },
		{ "2001:db8:20:1::1", "2001:db8:20::/48", true },
		{ "2001:db8:21::1", "2001:db8:20::/48", false },
		/* one family is not in a net of the other, whatever its octets say */
		{ "2001:db8::1", "::/0", true },
		{ "1.2.3.4", "::/0", false },
		{ "1.2.3.4", "::/80", false },
		{ "1.2.3.4", "::ffff:0:0/96", true },
		{ "::ffff:10.20.1.1", "10.20.0.0/16", true },
		{ "10.20.1.1", "::ffff:10.20.0.0/112", true },
		{ "::10.20.1.1", "10.20.0.0/16", false },
	};
	struct value address, net;

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert(value_address(o(rows[i].address), &address));
		ck_assert(value_net(o(rows[i].net), &net));
		ck_assert_msg(value_in_net(&address, &net) == rows[i].in, "%s in %s",
		    rows[i].address, rows[i].net);
	}
}
END_TEST

START_TEST(times)
{
	static const struct {
		const char *text;
		int64_t at_s;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59Z", -1 },
		{ "2026-07-01T10:15:00Z", 1782900900 },
		{ "2026-07-01T12:15:00+02:00", 1782900900 },
		{ "2026-07-01T04:45:00-05:30", 1782900900 },
		{ "2026-07-01t10:15:00z", 1782900900 },
		{ "2026-07-01T10:15:00.999Z", 1782900900 },
		{ "2000-02-29T00:00:00Z", 951782400 },
		{ "2024-12-31T23:59:60Z", 1735689600 },
		{ "9999-12-31T23:59:59Z", 253402300799 },
		{ "0000-01-01T00:00:00Z", -62167219200 },
		{ "1900-03-01T00:00:00Z", -2203891200 },
	};
	static const char *const bad[] = { "", "2026-07-01", "2026-07-01T10:15Z",
		"2026-07-01 10:15:00Z", "2026-07-01T10:15:00", "2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
		"2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z",
		"2026-01-01T00:00:00+2:00", "2026-01-01T00:00:00+24:00",
		"2026-01-01T00:00:00+02:60", "2026-01-01T00:00:00 02:00", "2026-01-01T00:00:00ZZ",
		"+026-01-01T00:00:00Z", "2026-1-01T00:00:00Z ", "20260101T000000ZZZZZZ" };
	int64_t at_s;

	for (size_t i = 0; i < COUNT(good); i++) {
		ck_assert_msg(value_time(o(good[i].text), &at_s), "%s", good[i].text);
		ck_assert_int_eq(at_s, good[i].at_s);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!value_time(o(bad[i]), &at_s), "%s", bad[i]);
}
END_TEST

START_TEST(durations)
{
	static const struct {
		const char *text;
		int64_t s;
	} good[] = { { "90d", 7776000 }, { "1h", 3600 }, { "30m", 1800 }, { "10s", 10 },
		{ "0s", 0 } };
	static const char *const bad[] = { "", "d", "90", "90 d", "-1d", "+1d", "1.5h", "1w", "1D",
		"01h", "1hh", "99999999999999999d", "1m ", " 1m", "\xc3\xa9m" };
	int64_t s;

	for (size_t i = 0; i < COUNT(good); i++) {
		ck_assert(value_duration(o(good[i].text), &s));
		ck_assert_int_eq(s, good[i].s);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!value_duration(o(bad[i]), &s), "%s", bad[i]);
}
END_TEST

START_TEST(versions)
{
	static const struct {
		const char *a, *b;
		int order;
	} good[] = { { "5.2.1", "5.2.1", 0 }, { "5.10", "5.9", 1 }, { "5.9", "5.10", -1 },
		{ "5", "5.0.0", 0 }, { "5.0.1", "5", 1 }, { "05.1", "5.1", 0 },
		{ "999999999.0.0.0.0.0.0.1", "999999999", 1 } };
	static const char *const bad[] = { "", ".", "5.", ".5", "5..1", "5.1a", "v5", "5.1-rc1",
		"1.1.1.1.1.1.1.1.1", "1234567890", "5 .1", "-5" };
	int order;

	for (size_t i = 0; i < COUNT(good); i++) {
		ck_assert(value_versions(o(good[i].a), o(good[i].b), &order));
		ck_assert_int_eq(order, good[i].order);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(!value_versions(o(bad[i]), o("1"), &order), "%s", bad[i]);
		ck_assert_msg(!value_versions(o("1"), o(bad[i]), &order), "%s", bad[i]);
	}
}
END_TEST

START_TEST(sameness)
{
	struct octets ab[] = { o("a"), o("b") }, ac[] = { o("a"), o("c") };
	struct value rows[] = {
		{ .type = VALUE_BOOL, .yes = true },
		{ .type = VALUE_BOOL, .yes = false },
		{ .type = VALUE_NUMBER, .number = 1 },
		{ .type = VALUE_NUMBER, .number = 0 },
		{ .type = VALUE_TEXT, .text = o("a") },
		{ .type = VALUE_TEXT, .text = o("A") },
		{ .type = VALUE_TEXT, .text = o("") },
		{ .type = VALUE_LIST, .list = { ab, 2 } },
		{ .type = VALUE_LIST, .list = { ab, 1 } },
		{ .type = VALUE_LIST, .list = { ac, 2 } },
		{ .type = VALUE_ADDRESS },
		{ .type = VALUE_ADDRESS, .address = { 1 } },
		{ .type = VALUE_NET, .prefix = 96 },
		{ .type = VALUE_NET, .prefix = 128 },
	};
	struct value none = { .type = VALUE_NONE };

	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t k = 0; k < COUNT(rows); k++)
			ck_assert_int_eq(value_same(&rows[i], &rows[k]), i == k);
	ck_assert(!value_same(&none, &none)); /* two that are not known need not be one */
}
END_TEST

START_TEST(shown)
{
	struct octets many[VALUE_LIST_MAX];
	struct value v = { .type = VALUE_NONE };
	char huge[4001];
	struct bytes b = { 0 };

	shows(&v, "unknown");
	shows(&(struct value){ .type = VALUE_BOOL, .yes = true }, "true");
	shows(&(struct value){ .type = VALUE_NUMBER, .number = INT64_MIN }, "-9223372036854775808");
	shows(
	    &(struct value){ .type = VALUE_TEXT, .text = o("a\nb\x1b[1m") }, "\"a\\x0ab\\x1b[1m\"");
	for (size_t i = 0; i < 4000; i += 2)
		memcpy(&huge[i], "\xc3\xa9", 2);
	huge[4000] = '\0';
	for (size_t i = 0; i < VALUE_LIST_MAX; i++)
		many[i] = o(huge);
	v = (struct value){ .type = VALUE_LIST, .list = { many, VALUE_LIST_MAX } };
	value_text(&v, &b);
	ck_assert(!b.bad);
	ck_assert_uint_le(b.n, 1200);
	ck_assert_ptr_null(memchr(b.at, '\\', b.n)); /* no character was cut in two */
	bytes_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("value");
	TCase *t = tcase_create("value");

	tcase_add_test(t, addresses);
	tcase_add_test(t, nets);
	tcase_add_test(t, who_is_in_a_net);
	tcase_add_test(t, times);
	tcase_add_test(t, durations);
	tcase_add_test(t, versions);
	tcase_add_test(t, sameness);
	tcase_add_test(t, shown);
	suite_add_tcase(s, t);
	return run_suite(s);
}
