/* tests/unit/export.c - export_time(): moments and days of RFC 3339. */
#include <check.h>
#include <stdlib.h>

#include "daemon/export.h"
#include "tests/unit/run.h"

START_TEST(times)
{
	static const struct {
		const char *text;
		int64_t from, to;
	} rows[] = {
		{ "1970-01-01", 0, 86399 },
		{ "2024-02-29", 1709164800, 1709251199 },
		{ "1970-01-01T00:00:07Z", 7, 7 },
		{ "1970-01-01t00:00:07z", 7, 7 },
		{ "1970-01-01T01:00:07+01:00", 7, 7 },
		{ "1969-12-31T18:30:07-05:30", 7, 7 },
		{ "1970-01-01T00:00:07+00:00", 7, 7 },
		{ "1970-01-01T23:59:59-23:59", 172740 - 1, 172740 - 1 },
	};
	int64_t at_s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(export_time(rows[i].text, false, &at_s), "%s", rows[i].text);
		ck_assert_msg(at_s == rows[i].from, "%s: %d", rows[i].text, (int)at_s);
		ck_assert(export_time(rows[i].text, true, &at_s));
		ck_assert_int_eq(at_s, rows[i].to);
	}
}
END_TEST

START_TEST(no_times)
{
	static const char *const rows[] = { "", "1970", "1970-1-1", "1970-01-32", "1970-13-01",
		"2023-02-29", "1970-01-01 ", "1970-01-01T", "1970-01-01T00:00Z",
		"1970-01-01T00:00:07", "1970-01-01 00:00:07Z", "1970-01-01T00:00:07.5Z",
		"1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:61Z",
		"1970-01-01T00:00:07ZZ", "1970-01-01T00:00:07+1:00", "1970-01-01T00:00:07+0100",
		"1970-01-01T00:00:07+01:00Z", "1970-01-01T00:00:07+01:60",
		"1970-01-01T00:00:07+30:00", "1970-01-01T00:00:07 01:00", "19700101", "yesterday",
		"1970-01-0x", "=1970-01-01", "-1970-01-01" };
	int64_t at_s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(!export_time(rows[i], false, &at_s), "%s", rows[i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("export");
	TCase *t = tcase_create("time");

	tcase_add_test(t, times);
	tcase_add_test(t, no_times);
	suite_add_tcase(s, t);
	return run_suite(s);
}
