/* tests/unit/printer.c - ca/printer.h: who may speak for which printer, and nobody else. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "ca/printer.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct ground g;
static struct ledger *l;
static struct fault f;
static uint8_t uuid[PRINTER_UUID];

static void
setup(void)
{
	ground_new(&g);
	(void)ground_tenant(&g, "globex", CONSTRAINTS_STRICT);
	f = (struct fault){ 0 };
	ck_assert_msg(realm_ledger(g.realm, "acme", &l, &f), "%s", f.text);
}

static void
teardown(void)
{
	ground_free(&g);
}

static struct printer
printer_of(const char *name, size_t n, const char *const *gateways)
{
	struct printer p = { .gateways_n = n, .added_s = 17, .log_index = 4 };

	(void)snprintf(p.name, sizeof(p.name), "%s", name);
	for (size_t i = 0; i < n; i++)
		(void)snprintf(p.gateways[i], sizeof(p.gateways[i]), "%s", gateways[i]);
	return p;
}

static void
put(const char *name, size_t n, const char *const *gateways)
{
	struct printer p = printer_of(name, n, gateways);

	ck_assert_msg(printer_put(g.realm, l, &p, &f), "%s", f.text);
	ground_commit(l);
}

static bool
speaks(const char *tenant, const char *kind, const char *name, const char *printer)
{
	struct identity who = { .kind = IDENTITY_ENDPOINT, .good = true };

	(void)snprintf(who.tenant, sizeof(who.tenant), "%s", tenant);
	(void)snprintf(who.endpoint, sizeof(who.endpoint), "%s", kind);
	(void)snprintf(who.name, sizeof(who.name), "%s", name);
	return printer_speaks(g.realm, &who, printer);
}

static const char *const sites[] = { "site-1", "site-2" };

START_TEST(what_is_put_is_found)
{
	struct printer p;

	put("hp-1", 2, sites);
	put("hp-2", 1, sites + 1);
	ck_assert_msg(printer_get(l, "hp-1", &p, &f), "%s", f.text);
	ck_assert_uint_eq(p.gateways_n, 2);
	ck_assert_str_eq(p.gateways[1], "site-2");
	ck_assert_int_eq(p.added_s, 17);
	ck_assert_uint_eq(p.log_index, 4);
	printer_uuid(g.realm, "acme", "hp-2", uuid);
	ck_assert_msg(printer_find(g.realm, "acme", uuid, &p, &f), "%s", f.text);
	ck_assert_str_eq(p.name, "hp-2");
	ck_assert(!printer_find(g.realm, "globex", uuid, &p, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!printer_find(g.realm, "nobody", uuid, &p, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!printer_get(l, "hp-3", &p, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(a_uuid_that_is_a_name_finds_nothing)
{
	struct printer p;

	put("sixteen-octets-x", 1, sites); /* as long as a uuid */
	ck_assert(!printer_find(g.realm, "acme", (const uint8_t *)"sixteen-octets-x", &p, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(only_its_gateways_speak_for_it)
{
	struct identity revoked = {
		.kind = IDENTITY_ENDPOINT, .tenant = "acme", .endpoint = "gateway", .name = "site-1"
	};
	struct identity other = revoked;

	put("hp-1", 2, sites);
	ck_assert(speaks("acme", "gateway", "site-1", "hp-1"));
	ck_assert(speaks("acme", "gateway", "site-2", "hp-1"));
	ck_assert(speaks("acme", "printer", "hp-1", "hp-1"));
	ck_assert(speaks("acme", "printer", "hp-9", "hp-9")); /* it has no row */
	ck_assert(!speaks("acme", "gateway", "site-3", "hp-1"));
	ck_assert(!speaks("acme", "gateway", "site-1", "hp-2"));
	ck_assert(!speaks("acme", "gateway", "hp-1", "hp-1"));
	ck_assert(!speaks("acme", "printer", "hp-2", "hp-1"));
	ck_assert(!speaks("acme", "workstation", "site-1", "hp-1"));
	ck_assert(!speaks("acme", "service", "hp-1", "hp-1"));
	ck_assert(!speaks("globex", "gateway", "site-1", "hp-1"));
	ck_assert(!speaks("nobody", "gateway", "site-1", "hp-1"));
	ck_assert(!printer_speaks(g.realm, &revoked, "hp-1"));
	other.good = true;
	other.kind = IDENTITY_TOKEN;
	ck_assert(!printer_speaks(g.realm, &other, "hp-1"));
}
END_TEST

START_TEST(what_is_removed_is_gone)
{
	struct printer p;

	put("hp-1", 2, sites);
	printer_remove(g.realm, l, "hp-1");
	ground_commit(l);
	ck_assert(!printer_get(l, "hp-1", &p, &f));
	printer_uuid(g.realm, "acme", "hp-1", uuid);
	ck_assert(!printer_find(g.realm, "acme", uuid, &p, &f));
	ck_assert(!speaks("acme", "gateway", "site-1", "hp-1"));
	put("hp-1", 1, sites + 1);
	ck_assert(!speaks("acme", "gateway", "site-1", "hp-1"));
	ck_assert(speaks("acme", "gateway", "site-2", "hp-1"));
}
END_TEST

/* By Python's uuid.uuid5(uuid.NAMESPACE_URL, ...), which others of us could compare with. */
START_TEST(the_uuid_follows_from_the_name)
{
	char text[PRINTER_UUID_TEXT];
	uint8_t back[PRINTER_UUID];

	printer_uuid(g.realm, "acme", "hp-1", uuid);
	printer_uuid_text(uuid, text);
	ck_assert_str_eq(text, "urn:uuid:4c3b9474-7187-577e-b8a9-c4a88609dd46");
	ck_assert(printer_uuid_read(octets_text(text), back));
	ck_assert_mem_eq(back, uuid, sizeof(uuid));
	printer_uuid(g.realm, "globex", "hp-1", back);
	ck_assert_mem_ne(back, uuid, sizeof(uuid));
}
END_TEST

START_TEST(what_is_no_uuid)
{
	static const char *const texts[] = { "",
		"urn:uuid:", "urn:uuid:00000000-0000-5000-8000-00000000000",
		"urn:uuid:00000000-0000-5000-8000-0000000000000",
		"urn:uuid:00000000-0000-5000-8000-00000000000g",
		"urn:uuid:0000000-00000-5000-8000-000000000000",
		"urn:uuid:000000000000050000800000000000000000",
		"urn:uuie:00000000-0000-5000-8000-000000000000",
		"00000000-0000-5000-8000-000000000000" };

	for (size_t i = 0; i < COUNT(texts); i++)
		ck_assert_msg(!printer_uuid_read(octets_text(texts[i]), uuid), "%s", texts[i]);
	ck_assert(!printer_uuid_read(
	    octets_of("urn:uuid:00000000-0000-5000-8000-0000\0000000", 45), uuid));
	ck_assert(
	    printer_uuid_read(octets_text("urn:uuid:00000000-0000-5000-8000-00000000000A"), uuid));
	ck_assert_uint_eq(uuid[15], 10);
}
END_TEST

START_TEST(the_tag_says_what_stands_there)
{
	struct printer p = printer_of("hp-1", 2, sites), q = p;
	char a[PRINTER_TAG_MAX], b[PRINTER_TAG_MAX];

	ck_assert(printer_tag(&p, a, &f));
	ck_assert(printer_tag(&q, b, &f));
	ck_assert_str_eq(a, b);
	ck_assert_uint_eq(strlen(a), 34);
	q.gateways_n = 1;
	ck_assert(printer_tag(&q, b, &f));
	ck_assert_str_ne(a, b);
	q = p;
	q.log_index++;
	ck_assert(printer_tag(&q, b, &f));
	ck_assert_str_ne(a, b);
}
END_TEST

/* Every octet of a row changed, cut or added to is no row, or another one. */
START_TEST(rows_that_are_none)
{
	static const uint8_t none[] = { 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
	struct octets name = octets_text("hp-1");
	struct bytes row = { 0 };
	struct printer p;

	put("hp-1", 2, sites);
	ck_assert(ledger_get(l, TABLE_PRINTER, name, &row, &f));
	ck_assert(printer_read(name, octets_bytes(&row), &p));
	ck_assert(printer_row(name, octets_bytes(&row)));
	for (size_t n = 0; n < row.n; n++)
		ck_assert(!printer_read(name, octets_of(row.at, n), &p));
	ck_assert(!printer_read(octets_text("HP"), octets_bytes(&row), &p));
	ck_assert(!printer_read(octets_of("", 0), octets_bytes(&row), &p));
	ck_assert(!printer_read(
	    octets_text("0123456789012345678901234567890123456789012345678901234567890123"),
	    octets_bytes(&row), &p));
	row.at[0] = 2;
	ck_assert(!printer_read(name, octets_bytes(&row), &p));
	row.at[0] = 1;
	row.at[17] = PRINTER_GATEWAYS_MAX + 1;
	ck_assert(!printer_read(name, octets_bytes(&row), &p));
	row.at[17] = 2;
	row.at[22] = '/';
	ck_assert(!printer_read(name, octets_bytes(&row), &p));
	row.at[22] = 's';
	bytes_put_u8(&row, 0);
	ck_assert(!printer_read(name, octets_bytes(&row), &p));
	ck_assert(!printer_read(name, octets_of(none, sizeof(none)), &p));
	printer_uuid(g.realm, "acme", "hp-1", uuid);
	bytes_clear(&row);
	ck_assert(ledger_get(l, TABLE_PRINTER, octets_of(uuid, sizeof(uuid)), &row, &f));
	ck_assert(printer_row(octets_of(uuid, sizeof(uuid)), octets_bytes(&row)));
	ck_assert(!printer_row(octets_of(uuid, sizeof(uuid)), octets_of(row.at, row.n - 1)));
	ck_assert(!printer_row(name, octets_bytes(&row)));
	bytes_free(&row);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("printer");
	TCase *t = tcase_create("printer");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_put_is_found);
	tcase_add_test(t, a_uuid_that_is_a_name_finds_nothing);
	tcase_add_test(t, only_its_gateways_speak_for_it);
	tcase_add_test(t, what_is_removed_is_gone);
	tcase_add_test(t, the_uuid_follows_from_the_name);
	tcase_add_test(t, what_is_no_uuid);
	tcase_add_test(t, the_tag_says_what_stands_there);
	tcase_add_test(t, rows_that_are_none);
	suite_add_tcase(s, t);
	return run_suite(s);
}
