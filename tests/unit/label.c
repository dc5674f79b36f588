/* tests/unit/label.c - enroll/label.h: paths as clients ask them and as nobody should. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "enroll/label.h"
#include "tests/unit/forge.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LONG63   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG300  LONG63 LONG63 LONG63 LONG63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct fault f;

START_TEST(paths_split)
{
	static const struct {
		const char *path, *label, *operation; /* label NULL: not EST's */
	} rows[] = {
		{ "/.well-known/est/cacerts", "", "cacerts" },
		{ "/.well-known/est/acme/cacerts", "acme", "cacerts" },
		{ "/.well-known/est/acme:printer/cacerts", "acme:printer", "cacerts" },
		{ "/acme/.well-known/est/cacerts", "acme", "cacerts" },
		{ "/acme%3Aprinter/.well-known/est/cacerts", "acme%3Aprinter", "cacerts" },
		{ "/.well-known/est/a/b/cacerts", "a", "b/cacerts" },
		{ "/a/b/.well-known/est/cacerts", "a/b", "cacerts" },
		{ "//.well-known/est/cacerts", "", "cacerts" },
		{ "/.well-known/est//cacerts", "", "cacerts" },
		{ "/.well-known/est/", "", "" },
		{ "/x/.well-known/est/acme/cacerts", "x", "acme/cacerts" },
		{ "/.well-known/est", NULL, NULL },
		{ "/.well-known/EST/acme/cacerts", NULL, NULL },
		{ "/v1/tenants", NULL, NULL },
		{ "", NULL, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct octets label = RAW("kept"), operation = RAW("kept");
		bool is = label_split(octets_text(rows[i].path), &label, &operation);

		ck_assert_msg(is == (rows[i].label != NULL), "%s", rows[i].path);
		ck_assert_msg(octets_same(label, octets_text(is ? rows[i].label : "kept")), "%s",
		    rows[i].path);
		ck_assert_msg(octets_same(operation, octets_text(is ? rows[i].operation : "kept")),
		    "%s", rows[i].path);
	}
}
END_TEST

START_TEST(labels)
{
	static const struct {
		const char *text, *tenant, *profile;
	} rows[] = {
		{ "acme", "acme", "" },
		{ "a", "a", "" },
		{ "acme:printer", "acme", "printer" },
		{ "acme%3Aprinter", "acme", "printer" },
		{ "acme%3aprinter", "acme", "printer" },
		{ LONG63 ":" LONG63, LONG63, LONG63 },
	};
	struct label l;

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_msg(label_read(octets_text(rows[i].text), &l, &f), "%s", rows[i].text);
		ck_assert_str_eq(l.tenant, rows[i].tenant);
		ck_assert_str_eq(l.profile, rows[i].profile);
	}
}
END_TEST

START_TEST(hostile_labels)
{
	const struct octets rows[] = { NONE, RAW("."), RAW(".."), RAW("../acme"), RAW("..%2f"),
		RAW("..%2F..%2Fetc"), RAW("%2e%2e"), RAW("%00"), RAW("acme%00"), RAW("acme\0"),
		RAW("ac\0me"), RAW("a/b"), RAW("a%2fb"), RAW("a\\b"), RAW("ACME"), RAW("acme."),
		RAW("-acme"), RAW("acme-"), RAW("ac me"), RAW("acme+printer"), RAW("%61cme"),
		RAW("acme:"), RAW(":printer"), RAW(":"), RAW("%3A"), RAW("acme::printer"),
		RAW("acme:printer:x"), RAW("acme:%3Aprinter"), RAW("acme%253Aprinter"),
		RAW("acme%3"), RAW("acme%"), RAW("acme:../x"), RAW("acme:%00"), RAW("acme:PRINTER"),
		RAW("acme:" LONG63 "a"), RAW(LONG63 "a"), RAW(LONG300), RAW("acme:" LONG300),
		RAW("acme;printer"), RAW("acme\n"), RAW("\xc3\xa4"), RAW("\xff\xfe") };
	struct label l = { "kept", "kept" };

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_msg(!label_read(forge_exact(rows[i]), &l, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
		ck_assert_str_eq(l.tenant, "kept");
		ck_assert_str_eq(l.profile, "kept");
	}
	forge_free();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("label");
	TCase *t = tcase_create("label");

	tcase_add_test(t, paths_split);
	tcase_add_test(t, labels);
	tcase_add_test(t, hostile_labels);
	suite_add_tcase(s, t);
	return run_suite(s);
}
