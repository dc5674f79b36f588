/* tests/unit/zone.c - policy/zone.h: TZif by hand and hostile, and the machine's own against its C
 * library. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/zone.h"
#include "policy/zone_rule.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define DAY      INT64_C(86400)

/* One file by hand: what a test changes in it, and what its zones are called. */
static struct bytes file;
static unsigned fetched;

static bool
fetch(void *with, const char *name, struct bytes *ret, struct fault *f)
{
	(void)with;
	fetched++;
	if (strcmp(name, "Hand/Made") != 0)
		return fault_set(f, FAULT_NOTFOUND, "zone: no %s", name);
	bytes_put_octets(ret, octets_bytes(&file));
	return true;
}

struct made {
	uint8_t version;
	uint32_t isut, isstd, leap, types, chars;
	const int64_t *at;
	const uint8_t *to;
	uint32_t n;
	const int32_t *offset;
	const char *footer;
};

static void
put_block(const struct made *m, bool wide)
{
	uint32_t counts[] = { m->isut, m->isstd, m->leap, m->n, m->types, m->chars };

	bytes_put_text(&file, "TZif");
	bytes_put_u8(&file, m->version);
	bytes_put(&file, (uint8_t[15]){ 0 }, 15);
	for (size_t i = 0; i < COUNT(counts); i++)
		bytes_put_u32(&file, counts[i]);
	for (uint32_t i = 0; i < m->n; i++)
		if (wide)
			bytes_put_u64(&file, (uint64_t)m->at[i]);
		else
			bytes_put_u32(&file, (uint32_t)m->at[i]);
	bytes_put(&file, m->to, m->n);
	for (uint32_t i = 0; i < m->types; i++) {
		bytes_put_u32(&file, (uint32_t)m->offset[i]);
		bytes_put_u16(&file, 0);
	}
	bytes_put(&file, "ABC", m->chars < 4 ? m->chars : 4);
}

static const int64_t AT[] = { -1000 * DAY, 100 * DAY, 200 * DAY };
static const uint8_t TO[] = { 1, 2, 1 };
static const int32_t OFFSET[] = { -1234, 3600, 7200 };
static const struct made MADE = { '2', 0, 0, 0, 3, 4, AT, TO, 3, OFFSET,
	"CET-1CEST,M3.5.0,M10.5.0/3" };

static void
make(const struct made *m)
{
	bytes_clear(&file);
	put_block(m, false);
	if (m->version >= '2') {
		put_block(m, true);
		bytes_put_fmt(&file, "\n%s\n", m->footer);
	}
}

static bool
get(struct fault *f, struct zones **zones, const struct zone **ret)
{
	*zones = zones_new(fetch, NULL);
	ck_assert_ptr_nonnull(*zones);
	return zones_get(*zones, octets_text("Hand/Made"), ret, f);
}

static int64_t
local(const struct zone *z, int64_t at_s)
{
	unsigned day, minute;

	zone_local(z, at_s, &day, &minute);
	return day * 1440 + minute;
}

START_TEST(utc)
{
	struct zones *zones = zones_new(NULL, NULL);
	const struct zone *z = NULL;
	struct fault f;

	ck_assert(zones_get(zones, octets_text("UTC"), &z, &f));
	ck_assert_str_eq(zone_name(z), "UTC");
	ck_assert_str_eq(zone_name(NULL), "UTC");
	ck_assert_int_eq(local(z, 0), 3 * 1440); /* a Thursday */
	ck_assert_int_eq(local(NULL, 0), 3 * 1440);
	ck_assert_int_eq(local(NULL, -1), 3 * 1440 - 1);
	ck_assert_int_eq(local(NULL, 4 * DAY - 1), 7 * 1440 - 1);
	ck_assert_int_eq(local(NULL, 4 * DAY), 0);
	ck_assert_int_eq(local(NULL, 1782893700), 2 * 1440 + 8 * 60 + 15); /* 2026-07-01T08:15Z */
	ck_assert(local(NULL, INT64_MAX) < 7 * INT64_C(1440));
	ck_assert(local(NULL, INT64_MIN) < 7 * INT64_C(1440));
	ck_assert(!zones_get(zones, octets_text("Europe/Paris"), &z, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	zones_free(zones);
	zones_free(NULL);
}
END_TEST

START_TEST(by_hand)
{
	static const struct {
		int64_t at_s, offset_s;
	} rows[] = {
		{ -1000 * DAY - 1, -1234 }, { -1000 * DAY, 3600 }, { 100 * DAY - 1, 3600 },
		{ 100 * DAY, 7200 }, { 200 * DAY - 1, 7200 },
		{ 1774745999, 3600 }, /* 2026-03-29T00:59:59Z, by the rule behind the table */
		{ 1774746000, 7200 }, { 1792889999, 7200 },           /* 2026-10-25 */
		{ 1792890000, 3600 }, { INT64_C(32503680000), 3600 }, /* the year 3000 */
	};
	const struct zone *z = NULL, *again = NULL;
	struct zones *zones;
	struct fault f;

	make(&MADE);
	fetched = 0;
	ck_assert_msg(get(&f, &zones, &z), "%s", f.text);
	ck_assert_str_eq(zone_name(z), "Hand/Made");
	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(
		    local(z, rows[i].at_s) == local(NULL, rows[i].at_s + rows[i].offset_s),
		    "row %zu", i);
	ck_assert(local(z, INT64_MAX) < 7 * INT64_C(1440));
	ck_assert(local(z, INT64_MIN) < 7 * INT64_C(1440));
	ck_assert(zones_get(zones, octets_text("Hand/Made"), &again, &f));
	ck_assert_ptr_eq(z, again);
	ck_assert_uint_eq(fetched, 1);
	zones_free(zones);
}
END_TEST

START_TEST(old_and_bare)
{
	struct made m = MADE;
	const struct zone *z = NULL;
	struct zones *zones;
	struct fault f;

	m.version = 0; /* 32 bits, no footer: the last type stays */
	make(&m);
	ck_assert_msg(get(&f, &zones, &z), "%s", f.text);
	ck_assert_int_eq(local(z, 1774746000), local(NULL, 1774746000 + 3600));
	ck_assert_int_eq(local(z, 150 * DAY), local(NULL, 150 * DAY + 7200));
	zones_free(zones);
	m = MADE;
	m.footer = "";
	make(&m);
	ck_assert_msg(get(&f, &zones, &z), "%s", f.text);
	ck_assert_int_eq(local(z, 1774746000), local(NULL, 1774746000 + 3600));
	zones_free(zones);
	m.n = 0; /* no change ever, and no rule */
	m.types = 1;
	make(&m);
	ck_assert_msg(get(&f, &zones, &z), "%s", f.text);
	ck_assert_int_eq(local(z, 0), local(NULL, -1234));
	zones_free(zones);
}
END_TEST

START_TEST(refuses_names)
{
	static const char *const rows[] = { "", "/etc/passwd", "../../etc/passwd", "Europe/../UTC",
		"Europe//Paris", "Europe/Paris/", "/", "a b", "a\\b", "Europe/Paris\n",
		"posixrules.",
		"Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct zones *zones = zones_new(fetch, NULL);
	const struct zone *z = NULL;
	struct fault f;

	fetched = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_msg(!zones_get(zones, octets_text(rows[i]), &z, &f), "%s", rows[i]);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	ck_assert(!zones_get(zones, octets_of("Hand\0Made", 9), &z, &f));
	ck_assert_uint_eq(fetched, 0);
	ck_assert(!zones_get(zones, octets_text("Mars/Base"), &z, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_ptr_null(z);
	zones_free(zones);
}
END_TEST

static void
refused(const char *why)
{
	const struct zone *z = NULL;
	struct zones *zones;
	struct fault f = { 0 };

	ck_assert_msg(!get(&f, &zones, &z), "%s was taken", why);
	ck_assert_msg(f.code == FAULT_BADREQ && strstr(f.text, why) != NULL, "%s: %s", why, f.text);
	ck_assert_ptr_null(z);
	zones_free(zones);
}

START_TEST(refuses_octets)
{
	static const int64_t falls[] = { 0, 100, 100 };
	static const uint8_t beyond[] = { 1, 3, 1 };
	static const int32_t far[] = { 0, 93600, 0 };
	struct made m = MADE;

	m.at = falls;
	make(&m);
	refused("ascend");
	m = MADE;
	m.to = beyond;
	make(&m);
	refused("not there");
	m = MADE;
	m.offset = far;
	make(&m);
	refused("cannot be");
	m = MADE;
	m.types = 0;
	make(&m);
	refused("no types");
	m = MADE;
	m.chars = 0;
	make(&m);
	refused("no types");
	m = MADE;
	m.leap = 1;
	bytes_clear(&file);
	put_block(&MADE, false);
	put_block(&m, true);
	bytes_put(&file, (uint8_t[12]){ 0 }, 12);
	refused("leap seconds");
	m = MADE;
	m.types = 257;
	bytes_clear(&file);
	put_block(&MADE, false);
	bytes_put(&file, (uint8_t[4096]){ 0 }, 0);
	m.n = 0;
	m.types = 3;
	put_block(&m, true);
	file.at[file.n - 4 - 3 * 6 - 8 + 2] = 1; /* typecnt 256 + 3 */
	bytes_put(&file, (uint8_t[2000]){ 0 }, 2000);
	refused("too many");
}
END_TEST

START_TEST(refuses_footers)
{
	static const char *const rows[] = { "C-1", "CET", "CET-25", "CET-1CEST", "CET-1CEST,M3.5.0",
		"CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
		"CET-1CEST,M0.5.0,M10.5.0", "CET-1CEST,J0,J365", "CET-1CEST,366,1", "CET-1:60",
		"CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,M3.5.0,M10.5.0/", "<CET-1",
		"CET-1CEST,M3.5.0,M10.5.0x", "CET-1CEST,M3.5.0/2:,M10.5.0", "\n" };
	struct made m = MADE;
	const struct zone *z = NULL;
	struct zones *zones;
	struct fault f;

	for (size_t i = 0; i < COUNT(rows); i++) {
		m.footer = rows[i];
		make(&m);
		refused("footer");
	}
	make(&MADE);
	file.at[file.n - 1] = ' ';
	refused("no footer");
	make(&MADE);
	for (size_t cut = file.n - 1; cut > 0; cut--) { /* no length but the whole is taken */
		file.n = cut;
		ck_assert_msg(!get(&f, &zones, &z), "cut at %zu", cut);
		zones_free(zones);
	}
	file.n = 0;
	refused("no TZif");
}
END_TEST

/* Each rule's offset at a time: what POSIX and RFC 8536 say of it. */
START_TEST(rules)
{
	static const struct {
		const char *rule;
		int64_t at_s;
		int32_t offset_s;
	} rows[] = {
		{ "<+0330>-3:30", 0, 12600 },
		{ "<-03>3", 0, -10800 },
		{ "EST5EDT,M3.2.0,M11.1.0", 1772953199, -18000 }, /* 2026-03-08T06:59:59Z */
		{ "EST5EDT,M3.2.0,M11.1.0", 1772953200, -14400 },
		{ "AEST-10AEDT,M10.1.0,M4.1.0/3", 1767225600, 39600 }, /* summer over new year */
		{ "AEST-10AEDT,M10.1.0,M4.1.0/3", 1782864000, 36000 },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1774745999, -7200 }, /* Nuuk */
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1774746000, -3600 },
		{ "XXX3EDT4,0/0,J365/23", 1782864000, -14400 }, /* summer all year */
		{ "AAA0BBB,J60/0,J61/0", 1709251200 - 1, 0 }, /* J60 is 1 March in leap years too */
		{ "AAA0BBB,J60/0,J61/0", 1709251200, 3600 },
		{ "AAA0BBB,59/0,60/0", 1709164800, 3600 }, /* 59 is 29 February 2024 */
		{ "AAA0BBB,59/0,60/0", 1709251200, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct zone_rule r;

		ck_assert_msg(zone_rule_read(octets_text(rows[i].rule), &r), "%s", rows[i].rule);
		ck_assert_msg(zone_rule_offset(&r, rows[i].at_s) == rows[i].offset_s, "row %zu: %d",
		    i, zone_rule_offset(&r, rows[i].at_s));
	}
}
END_TEST

static bool
from_machine(void *with, const char *name, struct bytes *ret, struct fault *f)
{
	char path[128], buffer[4096];
	FILE *in;
	size_t n;

	(void)with;
	(void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	in = fopen(path, "re");
	if (in == NULL)
		return fault_set(f, FAULT_NOTFOUND, "zone: no %s", name);
	while ((n = fread(buffer, 1, sizeof(buffer), in)) > 0)
		bytes_put(ret, buffer, n);
	(void)fclose(in);
	return true;
}

/* By the C library, whose zone is the same. */
static void
compare(const struct zone *z, const char *name, int64_t at_s)
{
	time_t t = (time_t)at_s;
	struct tm tm;
	int64_t want;

	ck_assert_ptr_nonnull(localtime_r(&t, &tm));
	want = (tm.tm_wday + 6) % 7 * INT64_C(1440) + tm.tm_hour * INT64_C(60) + tm.tm_min;
	ck_assert_msg(local(z, at_s) == want, "%s at %lld: %lld, not %lld", name, (long long)at_s,
	    (long long)local(z, at_s), (long long)want);
}

/* What Debian's tzdata says (scripts/setup), by the C library and by us. */
START_TEST(as_the_c_library)
{
	static const char *const names[] = { "Europe/Paris", "America/New_York",
		"Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "America/St_Johns",
		"Pacific/Apia", "Europe/Dublin", "America/Nuuk", "Asia/Tehran", "Etc/GMT+12",
		"Pacific/Chatham" };
	struct zones *zones = zones_new(from_machine, NULL);
	const struct zone *z = NULL;
	struct fault f;

	for (size_t i = 0; i < COUNT(names); i++) {
		ck_assert_msg(zones_get(zones, octets_text(names[i]), &z, &f),
		    "%s (is tzdata installed?)", f.text);
		ck_assert_int_eq(setenv("TZ", names[i], 1), 0);
		tzset();
		for (int64_t at = -2208988800; at < INT64_C(4102444800); at += 18420 * 43 + 60)
			compare(z, names[i], at);
		for (int64_t at = 1767225600; at < 1798761600; at += 3600 * 3 + 1800)
			compare(z, names[i], at - (at % 3600 == 0));
	}
	zones_free(zones);
}
END_TEST

static void
teardown(void)
{
	bytes_free(&file);
}

int
main(void)
{
	Suite *suite = suite_create("zone");
	TCase *t = tcase_create("zone");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, utc);
	tcase_add_test(t, by_hand);
	tcase_add_test(t, old_and_bare);
	tcase_add_test(t, refuses_names);
	tcase_add_test(t, refuses_octets);
	tcase_add_test(t, refuses_footers);
	tcase_add_test(t, rules);
	tcase_add_test(t, as_the_c_library);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
