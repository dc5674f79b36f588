/* tests/unit/roster.c - daemon/roster.h: a list of devices is right in every line, or refused. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/roster.h"
#include "tests/unit/run.h"

static const struct roster_row ours = { .profile = "printer" };
static struct roster r;
static struct fault f;

static void
teardown(void)
{
	roster_free(&r);
}

static void
reads(const char *text, size_t n)
{
	ck_assert_msg(roster_parse(octets_text(text), &ours, &r, &f), "%s", f.text);
	ck_assert_uint_eq(r.n, n);
}

static void
row(size_t i, const char *device, const char *profile, int64_t ttl_s, size_t line)
{
	ck_assert_str_eq(r.at[i].device, device);
	ck_assert_str_eq(r.at[i].profile, profile);
	ck_assert_int_eq(r.at[i].ttl_s, ttl_s);
	ck_assert_uint_eq(r.at[i].line, line);
}

static void
refused(const char *text, enum fault_code code, const char *why)
{
	struct roster kept = { .at = NULL, .n = 77 };

	ck_assert_msg(!roster_parse(octets_text(text), &ours, &kept, &f), "not refused: %s", text);
	ck_assert_int_eq(f.code, code);
	ck_assert_msg(strstr(f.text, why) != NULL, "expected \"%s\" in: %s", why, f.text);
	ck_assert_uint_eq(kept.n, 77);
}

START_TEST(columns_in_any_order)
{
	reads("\xef\xbb\xbfttl,device,profile\r\n7d,hp-1,\r\n,\"hp-2\",gateway\r\n\r\n", 2);
	row(0, "hp-1", "printer", 7 * 86400, 2);
	row(1, "hp-2", "gateway", 0, 3);
}
END_TEST

START_TEST(device_alone)
{
	reads("device\nhp-1\nhp-2", 2);
	row(1, "hp-2", "printer", 0, 3);
}
END_TEST

START_TEST(one_device_for_two_profiles)
{
	reads("device,profile\nhp-1,\nhp-1,gateway\n", 2);
}
END_TEST

START_TEST(refuses_headers)
{
	refused("", FAULT_BADREQ, "expected a header line");
	refused("\n\n", FAULT_BADREQ, "expected a header line");
	refused("profile\nx\n", FAULT_BADREQ, "line 1: expected a header line with the column");
	refused("hp-1\nhp-2\n", FAULT_BADREQ, "line 1, column 1: expected device, profile or ttl");
	refused("device;profile\nhp-1;x\n", FAULT_BADREQ, "found \"device;profile\"");
	refused("device,Profile\nhp-1,x\n", FAULT_BADREQ, "line 1, column 2");
	refused("device,device\nhp-1,hp-1\n", FAULT_BADREQ, "column 2: device stands there twice");
	refused("device,\nhp-1,\n", FAULT_BADREQ, "line 1, column 2");
	refused("device\n", FAULT_BADREQ, "expected a device in line 2");
}
END_TEST

START_TEST(refuses_rows)
{
	refused("device\nhp-1\nHP-2\n", FAULT_BADREQ, "line 3, column 1 (device): expected a name");
	refused("device\nhp-1\n hp-2\n", FAULT_BADREQ, "line 3");
	refused("device\na.b\n", FAULT_BADREQ, "line 2");
	refused("device\n\"=cmd()\"\n", FAULT_BADREQ, "line 2");
	refused("device\n<script>\n", FAULT_BADREQ, "line 2");
	refused("device\n\"\"\n", FAULT_BADREQ, "found \"\"");
	refused("device,ttl\nhp-1,soon\n", FAULT_BADREQ, "line 2, column 2 (ttl): expected 60s");
	refused("device,ttl\nhp-1,59s\n", FAULT_BADREQ, "line 2, column 2 (ttl)");
	refused("device,ttl\nhp-1,31d\n", FAULT_BADREQ, "line 2, column 2 (ttl)");
	refused("device,ttl\nhp-1,-1\n", FAULT_BADREQ, "line 2, column 2 (ttl)");
	refused("device,profile\nhp-1,a b\n", FAULT_BADREQ, "line 2, column 2 (profile)");
	refused("device,profile\nhp-1\n", FAULT_BADREQ, "line 2: expected 2 cells");
	refused("device\nhp-1,printer\n", FAULT_BADREQ, "line 2: expected 1 cells");
	refused("device\nhp-1\nhp-2\nhp-1\n", FAULT_BADREQ,
	    "line 4: device hp-1 stands in line 2 already");
	refused("device,profile\nhp-1,\nhp-1,printer\n", FAULT_BADREQ, "line 3: device hp-1");
	refused("device\n\"hp-1\n", FAULT_BADREQ, "line 2, column 6");
}
END_TEST

START_TEST(limits)
{
	static char text[ROSTER_OCTETS_MAX + 2];
	size_t n = (size_t)snprintf(text, sizeof(text), "device\n");

	for (unsigned i = 0; i < ROSTER_ROWS_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "d%u\n", i);
	reads(text, ROSTER_ROWS_MAX);
	(void)snprintf(text + n, sizeof(text) - n, "one-more\n");
	refused(text, FAULT_LIMIT, "line 10002: over 10000 devices");
	memset(text, '\n', sizeof(text) - 1);
	refused(text, FAULT_LIMIT, "octets, over 1048576");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("roster");
	TCase *t = tcase_create("roster");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, columns_in_any_order);
	tcase_add_test(t, device_alone);
	tcase_add_test(t, one_device_for_two_profiles);
	tcase_add_test(t, refuses_headers);
	tcase_add_test(t, refuses_rows);
	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	return run_suite(s);
}
