/* tests/unit/name.c - ca/name.h: what is a name at each level, and how it is spelled. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/name.h"
#include "tests/unit/run.h"

static struct name_space ns;
static struct fault f;

static void
setup(void)
{
	ns = (struct name_space){ "example.org", "eu", "Example Org" };
	f = (struct fault){ 0 };
}

/* n letters and a NUL. */
static const char *
letters(size_t n)
{
	static char text[512];

	memset(text, 'a', n);
	text[n] = '\0';
	return text;
}

static void
set(char *to, size_t size, const char *text)
{
	ck_assert_uint_lt(strlen(text), size);
	memcpy(to, text, strlen(text) + 1);
}

static void
space_refused(const char *why)
{
	f = (struct fault){ 0 };
	ck_assert_msg(!name_space_check(&ns, &f), "%s/%s/%s", ns.domain, ns.region, ns.org);
	ck_assert_uint_eq(f.code, FAULT_BADREQ);
	ck_assert_msg(strncmp(f.text, why, strlen(why)) == 0, "%s", f.text);
	setup();
}

START_TEST(space_passes)
{
	ck_assert(name_space_check(&ns, &f));
	set(ns.domain, sizeof(ns.domain), "org");
	set(ns.region, sizeof(ns.region), letters(NAME_CA_LABEL_MAX));
	set(ns.org, sizeof(ns.org), letters(NAME_ORG_MAX));
	ck_assert_msg(name_space_check(&ns, &f), "%s", f.text);
}
END_TEST

START_TEST(space_refuses)
{
	static const char *const domains[] = { "", ".", "example..org", "-a.org", "a-.org",
		"EXAMPLE.org", "ex_ample.org", "example.org.", "ex ample.org", "ex/ample",
		"example.org\n", "\xc3\xa4.org" };
	static const char *const regions[] = { "", "e.u", "-eu", "eu-", "EU", "e u", "e/u" };
	static const char *const orgs[] = { "", "a\nb", "a\tb", "\x7f", "B\xc3\xbcro", "\x1b[31m" };

	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		set(ns.domain, sizeof(ns.domain), domains[i]);
		space_refused("domain: ");
	}
	for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++) {
		set(ns.region, sizeof(ns.region), regions[i]);
		space_refused("region: ");
	}
	set(ns.region, sizeof(ns.region), letters(NAME_CA_LABEL_MAX + 1));
	space_refused("region: ");
	for (size_t i = 0; i < sizeof(orgs) / sizeof(orgs[0]); i++) {
		set(ns.org, sizeof(ns.org), orgs[i]);
		space_refused("org: ");
	}
}
END_TEST

/* Domain and region together leave room for tenant, kind and name. */
START_TEST(space_is_bounded)
{
	char domain[TEXT_HOST_MAX];

	memset(domain, 'a', sizeof(domain));
	for (size_t i = 30; i < sizeof(domain); i += 30)
		domain[i] = '.';
	domain[NAME_SPACE_MAX - 2] = '\0';
	set(ns.domain, sizeof(ns.domain), domain);
	ck_assert_msg(name_space_check(&ns, &f), "%s", f.text);
	set(ns.region, sizeof(ns.region), "eur");
	space_refused("domain: ");
}
END_TEST

START_TEST(tenants)
{
	static const char *const bad[] = { "", "ACME", "a.b", "a b", "a/b", "../a", "-a", "a-",
		"a_b", "a\n", "\xc3\xa4" };

	ck_assert(name_tenant_check("acme", &f));
	ck_assert(name_tenant_check("a", &f));
	ck_assert(name_tenant_check("xn--a", &f));
	ck_assert(name_tenant_check("4711", &f));
	ck_assert(name_tenant_check(letters(NAME_CA_LABEL_MAX), &f));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!name_tenant_check(bad[i], &f), "row %zu", i);
		ck_assert_uint_eq(f.code, FAULT_BADREQ);
	}
	ck_assert(!name_tenant_check(letters(NAME_CA_LABEL_MAX + 1), &f));
	ck_assert_uint_eq(f.code, FAULT_BADREQ);
	ck_assert(!name_tenant_check("platform", &f));
	ck_assert_uint_eq(f.code, FAULT_CONFLICT);
}
END_TEST

START_TEST(endpoints)
{
	static const struct endpoint bad[] = { { "acme", "", "a" }, { "acme", "printer", "" },
		{ "acme", "Printer", "a" }, { "acme", "printer", "HP" },
		{ "acme", "printer", "a.b" }, { "acme", "printer", "a/b" },
		{ "acme", "prin/ter", "a" }, { "acme", "printer", "-a" } };
	struct endpoint e = { "acme", "printer", "hp-4711" };

	ck_assert(name_endpoint_check(&ns, &e, &f));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!name_endpoint_check(&ns, &bad[i], &f), "row %zu", i);
		ck_assert_uint_eq(f.code, FAULT_BADREQ);
	}
}
END_TEST

/* NAME.KIND.TENANT.REGION.DOMAIN to 253 octets and not one more. */
START_TEST(endpoints_are_bounded)
{
	char domain[TEXT_HOST_MAX];
	char dns[TEXT_HOST_MAX];
	struct endpoint e = { .tenant = "" };
	size_t fixed;

	memset(domain, 'a', sizeof(domain));
	domain[50] = '.';
	domain[100] = '\0';
	set(ns.domain, sizeof(ns.domain), domain);
	set(e.tenant, sizeof(e.tenant), letters(NAME_CA_LABEL_MAX));
	set(e.name, sizeof(e.name), letters(63));
	fixed = 100 + 2 + NAME_CA_LABEL_MAX + 63 + 4;
	set(e.kind, sizeof(e.kind), letters(253 - fixed));
	ck_assert_msg(name_endpoint_check(&ns, &e, &f), "%s", f.text);
	name_dns(&ns, &e, dns);
	ck_assert_uint_eq(strlen(dns), 253);
	ck_assert(text_is_host(dns));
	set(e.kind, sizeof(e.kind), letters(254 - fixed));
	ck_assert(!name_endpoint_check(&ns, &e, &f));
	name_dns(&ns, &e, dns);
	ck_assert_str_eq(dns, "");
}
END_TEST

START_TEST(spelling)
{
	struct endpoint e = { "acme", "printer", "hp-4711" }, back;
	char host[TEXT_HOST_MAX], uri[NAME_URI_MAX], dns[TEXT_HOST_MAX];

	name_tenant_host(&ns, e.tenant, host);
	name_uri(&ns, &e, uri);
	name_dns(&ns, &e, dns);
	ck_assert_str_eq(host, "acme.eu.example.org");
	ck_assert_str_eq(uri, "spiffe://acme.eu.example.org/printer/hp-4711");
	ck_assert_str_eq(dns, "hp-4711.printer.acme.eu.example.org");
	ck_assert(name_of_uri(uri, &back));
	ck_assert_str_eq(back.tenant, e.tenant);
	ck_assert_str_eq(back.kind, e.kind);
	ck_assert_str_eq(back.name, e.name);
}
END_TEST

START_TEST(uris_of_another_shape)
{
	static const char *const bad[] = { "", "spiffe:", "spiffe://", "spiffe:///printer/a",
		"spiffe://acme", "spiffe://acme/printer", "spiffe://acme/printer/",
		"spiffe://acme//a", "spiffe://acme/printer/a/", "spiffe://acme/printer/a/b",
		"spiffe://acme/printer/a?b", "spiffe://acme/printer/a#b",
		"spiffe://acme/printer/a%20", "spiffe://ACME/printer/a", "spiffe://.acme/printer/a",
		"spiffe://a@b.eu/printer/a", "spiffe://acme:1/printer/a", "https://acme/printer/a",
		"SPIFFE://acme/printer/a", " spiffe://acme/printer/a", "spiffe://acme/printer/A",
		"spiffe://acme/printer/..", "spiffe://acme/../a" };
	struct endpoint e = { "untouched", "", "" };
	char uri[NAME_URI_MAX];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!name_of_uri(bad[i], &e), "row %zu: %s", i, bad[i]);
	memcpy(uri, "spiffe://", 10);
	memset(uri + 9, 'a', 64);
	memcpy(uri + 73, "/printer/a", 11);
	ck_assert(!name_of_uri(uri, &e));
	ck_assert_str_eq(e.tenant, "untouched");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("name");
	TCase *t = tcase_create("name");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, space_passes);
	tcase_add_test(t, space_refuses);
	tcase_add_test(t, space_is_bounded);
	tcase_add_test(t, tenants);
	tcase_add_test(t, endpoints);
	tcase_add_test(t, endpoints_are_bounded);
	tcase_add_test(t, spelling);
	tcase_add_test(t, uris_of_another_shape);
	suite_add_tcase(s, t);
	return run_suite(s);
}
