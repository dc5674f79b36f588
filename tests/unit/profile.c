/* tests/unit/profile.c - ca/profile.h: every profile is one that may be issued, and its digest is
 * its own. For the files see profile_file.c. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/oid.h"
#include "ca/profile_set.h"
#include "tests/unit/run.h"

static const char *const cas[] = { "root", "region", "tenant" };
static const char *const endpoints[] = { "printer", "gateway", "workstation", "phone", "service",
	"legacy-rsa" };
static const char *const inner[] = { "operator", "responder", "responder-offline", "log" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct fault f;

static void
setup(void)
{
	ck_assert_msg(profile_load_builtin(&f), "%s", f.text);
}

static bool
has_purpose(const struct profile *p, struct octets oid)
{
	for (size_t i = 0; i < PROFILE_EKU_MAX; i++)
		if (p->eku[i] != NULL && octets_same(*p->eku[i], oid))
			return true;
	return false;
}

/* What is spent on them is the parser's, and tests/unit/conf.c measures it. */
START_TEST(row_51_yaml_bombs)
{
	static const char *const pieces[] = { "[", "{", "a: {", "&a [", "- " };
	static char yaml[100000];
	struct profile p = { .name = "untouched" };

	for (size_t i = 0; i < COUNT(pieces); i++) {
		for (size_t at = 0; at < sizeof(yaml); at++)
			yaml[at] = pieces[i][at % strlen(pieces[i])];
		ck_assert(
		    !profile_parse("bomb.yaml", octets_of(yaml, sizeof(yaml)), NULL, 0, &p, &f));
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert(!profile_parse("bomb.yaml", octets_of(yaml, 60000), NULL, 0, &p, &f));
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_str_eq(p.name, "untouched");
	}
}
END_TEST

START_TEST(cas_sign_and_nothing_else)
{
	for (size_t i = 0; i < COUNT(cas); i++) {
		const struct profile *p = profile_find(cas[i]);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq(p->level, LEVEL_ROOT + i);
		ck_assert_int_eq(p->path_len, 2 - (int)i);
		ck_assert_uint_eq(p->key_usage, USE_CERT_SIGN | USE_CRL_SIGN);
		ck_assert_ptr_null(p->eku[0]);
		ck_assert(!p->enrol && !p->named && !p->nocheck);
		ck_assert(p->status == (i > 0)); /* nobody says where a root's status is */
		if (i > 0)
			ck_assert_int_lt(p->valid_s, profile_find(cas[i - 1])->valid_s);
	}
}
END_TEST

START_TEST(endpoints_never_sign_certificates)
{
	for (size_t i = 0; i < COUNT(endpoints) + COUNT(inner); i++) {
		bool outer = i < COUNT(endpoints);
		const struct profile *p =
		    profile_find(outer ? endpoints[i] : inner[i - COUNT(endpoints)]);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq(p->level, LEVEL_ENDPOINT);
		ck_assert_int_eq(p->path_len, -1);
		ck_assert_uint_eq(p->key_usage & (USE_CERT_SIGN | USE_CRL_SIGN), 0);
		ck_assert_ptr_nonnull(p->eku[0]);
		ck_assert(p->enrol == outer);
		ck_assert(p->enrol == ((p->ask & PROFILE_BY_TOKEN) != 0));
		ck_assert_int_gt(p->valid_s, 0);
		ck_assert(
		    has_purpose(p, oid_ocsp_signing) == (strncmp(p->name, "responder", 9) == 0));
		ck_assert(has_purpose(p, oid_log_signing) == (strcmp(p->name, "log") == 0));
		if (outer)
			ck_assert(p->named && p->status && has_purpose(p, oid_client_auth));
	}
}
END_TEST

/* RFC 6960 4.2.2.2.1: nocheck is for what is short-lived or signs answers only. */
START_TEST(nocheck_is_for_responders)
{
	for (size_t i = 0; i < COUNT(inner); i++) {
		const struct profile *p = profile_find(inner[i]);

		ck_assert(p->nocheck == has_purpose(p, oid_ocsp_signing));
		ck_assert(!(p->nocheck && p->status));
	}
}
END_TEST

START_TEST(kinds)
{
	ck_assert_str_eq(profile_kind("legacy-rsa"), "printer");
	ck_assert_str_eq(profile_kind("printer"), "printer");
	ck_assert_str_eq(profile_kind("log"), "log");
	ck_assert_str_eq(profile_kind("gone"), "gone");
	ck_assert(profile_is_own("root") && profile_is_own("log"));
	ck_assert(!profile_is_own("printer") && !profile_is_own(""));
}
END_TEST

START_TEST(unknown_names)
{
	static const char *const bad[] = { "", "Printer", "printer ", "print", "printers", "ca",
		"root\n", "../root" };

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_ptr_null(profile_find(bad[i]));
}
END_TEST

START_TEST(names_in_order)
{
	char names[PROFILE_NAMES_MAX];
	size_t n = 0;

	for (; profile_at(n) != NULL; n++)
		if (n > 0)
			ck_assert_int_lt(strcmp(profile_at(n - 1)->name, profile_at(n)->name), 0);
	ck_assert_uint_eq(n, 7);
	profile_names(names);
	ck_assert_str_eq(names, "gateway, legacy-rsa, phone, printer, service, workstation");
}
END_TEST

/* Every value that a profile has is in its digest. */
START_TEST(digest_tells_every_value)
{
	static struct profile other[28];
	const struct profile *p = profile_find("legacy-rsa");
	uint8_t digest[PROFILE_DIGEST_OCTETS], theirs[PROFILE_DIGEST_OCTETS];

	for (size_t i = 0; i < COUNT(other); i++)
		other[i] = *p;
	other[0].name[0]++;
	other[1].level = LEVEL_TENANT;
	other[2].key_usage ^= USE_KEY_AGREEMENT;
	other[3].path_len = 0;
	other[4].eku[1] = NULL;
	other[5].valid_s++;
	other[6].back_s--;
	other[7].named = false;
	other[8].status = false;
	other[9].nocheck = true;
	other[10].enrol = false;
	other[11].kind[0]++;
	other[12].keys |= PROFILE_P256;
	other[13].rsa_min += 8;
	other[14].rsa_max -= 8;
	other[15].rsa_step += 8;
	other[16].unit = other[16].common;
	other[17].common = other[17].unit;
	other[18].dns_n = 0;
	other[19].dns_n = 2;
	other[20].dns[0].piece[1].text[0] = '-';
	other[21].window_s--;
	other[22].ask = PROFILE_BY_TOKEN;
	other[23].officer = true;
	other[24].assurance = ASSURANCE_APPROVED;
	other[25].eku[0] = other[25].eku[1];
	other[26].binding = BINDING_STATIC;
	other[27].grace_s = 1;
	ck_assert(profile_digest(p, digest, &f));
	for (size_t i = 0; i < COUNT(other); i++) {
		ck_assert(profile_digest(&other[i], theirs, &f));
		ck_assert_msg(memcmp(digest, theirs, sizeof(digest)) != 0, "row %zu", i);
	}
	ck_assert(profile_digest(p, theirs, &f));
	ck_assert_mem_eq(digest, theirs, sizeof(digest));
}
END_TEST

START_TEST(validity_nests)
{
	const struct profile *p = profile_find("printer");
	int64_t now_s = 1800000000;

	ck_assert_int_eq(profile_not_after(p, now_s, INT64_MAX), now_s + p->valid_s);
	ck_assert_int_eq(profile_not_after(p, now_s, now_s + 5), now_s + 5);
	ck_assert_int_eq(profile_not_after(p, now_s, now_s - 5), now_s - 5);
	ck_assert_int_eq(profile_not_after(p, now_s, now_s + p->valid_s), now_s + p->valid_s);
}
END_TEST

/* RFC 3279 2.3.1: an RSA key agrees on nothing. */
START_TEST(usage_is_the_keys)
{
	const struct profile *p = profile_find("printer"), *root = profile_find("root");

	ck_assert_uint_eq(profile_usage(p, SPKI_P256), USE_DIGITAL_SIGNATURE | USE_KEY_AGREEMENT);
	ck_assert_uint_eq(profile_usage(p, SPKI_RSA), USE_DIGITAL_SIGNATURE | USE_KEY_ENCIPHERMENT);
	ck_assert_uint_eq(profile_usage(root, SPKI_P256), USE_CERT_SIGN | USE_CRL_SIGN);
	ck_assert_uint_eq(profile_usage(root, SPKI_RSA), USE_CERT_SIGN | USE_CRL_SIGN);
	ck_assert_uint_eq(profile_usage(profile_find("log"), SPKI_RSA), USE_DIGITAL_SIGNATURE);
}
END_TEST

START_TEST(names_that_do_not_fit)
{
	static const struct name_space ns = { "example.org", "eu", "Example" };
	struct endpoint e = { "acme", "printer", "hp-4711" };
	struct profile p = *profile_find("printer");
	char unit[TEMPLATE_TEXT_MAX], common[TEMPLATE_TEXT_MAX];
	char dns[PROFILE_DNS_MAX][TEXT_HOST_MAX];

	ck_assert(profile_fill(&p, &ns, &e, unit, common, dns, &f));
	ck_assert_str_eq(unit, "printer");
	ck_assert_str_eq(common, "hp-4711");
	ck_assert_str_eq(dns[0], "hp-4711.printer.acme.eu.example.org");
	ck_assert(template_subject("The printer {name}", &p.common));
	ck_assert(profile_fill(&p, &ns, &e, unit, common, dns, &f));
	ck_assert_str_eq(common, "The printer hp-4711");
	memset(e.name, 'a', 63);
	ck_assert(!profile_fill(&p, &ns, &e, unit, common, dns, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_ptr_nonnull(strstr(f.text, "\"The printer {name}\""));
	ck_assert(template_subject("{name}", &p.common));
	ck_assert(profile_fill(&p, &ns, &e, unit, common, dns, &f));
	ck_assert(template_dns("{name}-x.{tenant}.{region}.{domain}", &p.dns[0]));
	ck_assert(!profile_fill(&p, &ns, &e, unit, common, dns, &f)); /* a label of 65 */
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	e.name[10] = '\0';
	ck_assert(profile_fill(&p, &ns, &e, unit, common, dns, &f));
	ck_assert_str_eq(dns[0], "aaaaaaaaaa-x.acme.eu.example.org");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("profile");
	TCase *t = tcase_create("profile");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, row_51_yaml_bombs);
	tcase_add_test(t, cas_sign_and_nothing_else);
	tcase_add_test(t, endpoints_never_sign_certificates);
	tcase_add_test(t, nocheck_is_for_responders);
	tcase_add_test(t, kinds);
	tcase_add_test(t, unknown_names);
	tcase_add_test(t, names_in_order);
	tcase_add_test(t, digest_tells_every_value);
	tcase_add_test(t, validity_nests);
	tcase_add_test(t, usage_is_the_keys);
	tcase_add_test(t, names_that_do_not_fit);
	suite_add_tcase(s, t);
	return run_suite(s);
}
