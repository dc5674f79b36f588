/* tests/unit/est_attrs.c - daemon/est_attrs.h: what a service wants, by the standards' own
 * examples, and what a hostile one may say. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/der.h"
#include "base/text.h"
#include "ca/oid.h"
#include "daemon/credential.h"
#include "daemon/est_attrs.h"
#include "tests/unit/run.h"

#define VECTORS QUATRAIN_SOURCE_DIR "/tests/vectors/est/"

static struct est_attrs a;
static struct bytes text, der;
static struct fault f;

static void
teardown(void)
{
	est_attrs_free(&a);
	bytes_free(&text);
	bytes_free(&der);
}

static void
vector(const char *path)
{
	est_attrs_free(&a);
	bytes_clear(&text);
	ck_assert_msg(credential_read(path, &text, &f), "%s", f.text);
}

static void
reads(void)
{
	ck_assert_msg(est_attrs_parse(octets_bytes(&text), "hp-1", &a, &f), "%s", f.text);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

static void
refused(const char *why)
{
	struct est_attrs kept = { .rsa_bits = 77 };

	ck_assert(!est_attrs_parse(octets_bytes(&text), "hp-1", &kept, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_msg(strstr(f.text, why) != NULL, "expected \"%s\" in: %s", why, f.text);
	ck_assert_uint_eq(kept.rsa_bits, 77);
	ck_assert_ptr_null(kept.subject);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

START_TEST(examples_of_lists)
{
	vector(VECTORS "rfc7030-a2.csrattrs");
	reads();
	ck_assert_int_eq(a.key, EST_KEY_ANY);
	ck_assert(a.binding);
	vector(VECTORS "rfc9908-5-1.csrattrs");
	reads();
	ck_assert_int_eq(sk_X509_EXTENSION_num(a.extensions), 1);
	ck_assert_int_eq(
	    OBJ_obj2nid(X509_EXTENSION_get_object(sk_X509_EXTENSION_value(a.extensions, 0))),
	    NID_subject_alt_name);
	ck_assert(!a.binding);
	vector(VECTORS "rfc9908-5-4.csrattrs");
	reads();
	ck_assert_int_eq(a.key, EST_KEY_RSA);
	ck_assert_uint_eq(a.rsa_bits, 4096);
	ck_assert(a.binding);
}
END_TEST

/* Curves that we do not make: better said now than by a refusal of the request. */
START_TEST(examples_of_other_curves)
{
	static const char *const all[] = { "rfc8951-4", "rfc9908-5-2", "rfc9908-5-5",
		"rfc9908-5-6" };
	char path[256];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		(void)snprintf(path, sizeof(path), VECTORS "%s.csrattrs", all[i]);
		vector(path);
		refused("neither P-256 nor RSA");
	}
}
END_TEST

/* A list with template in it, behind (or before) an attribute that wants RSA and a binding. */
static void
wrap(struct octets template, bool first)
{
	static const uint8_t rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
	struct bytes all = { 0 };
	struct der d = { .out = &all };

	der_begin(&d, DER_SEQUENCE);
	for (int i = 0; i < 2; i++) {
		if ((i == 0) == first) {
			der_begin(&d, DER_SEQUENCE);
			der_put(&d, DER_OID, oid_request_template);
			der_begin(&d, DER_SET);
			bytes_put_octets(&all, template);
			der_end(&d);
			der_end(&d);
		} else {
			der_put(&d, DER_OID, octets_of(rsa, sizeof(rsa)));
			der_put(&d, DER_OID, oid_challenge_password);
		}
	}
	der_end(&d);
	est_attrs_free(&a);
	bytes_clear(&text);
	text_base64(octets_bytes(&all), 0, &text);
	bytes_free(&all);
}

START_TEST(template_alone_counts)
{
	char line[128];

	for (int first = 0; first < 2; first++) {
		vector(VECTORS "rfc9908-3-4.template");
		bytes_clear(&der);
		ck_assert(text_unbase64(octets_bytes(&text), &der, &f));
		wrap(octets_bytes(&der), first == 1);
		reads();
		ck_assert_int_eq(a.key, EST_KEY_P256);
		ck_assert(!a.binding);
		ck_assert_ptr_nonnull(a.subject);
		/* The open CN is the device's. */
		ck_assert_ptr_nonnull(X509_NAME_oneline(a.subject, line, sizeof(line)));
		ck_assert_str_eq(line, "/CN=hp-1/OU=myDept/OU=myGroup");
	}
}
END_TEST

static void damaged_template(struct octets template)
{
	wrap(template, false);
	refused("RFC 9908 section 3");
}

START_TEST(templates_refused)
{
	static const uint8_t edition[] = { 0x30, 0x03, 0x02, 0x01, 0x01 };
	static const uint8_t bare[] = { 0x30, 0x00 };
	static const uint8_t name[] = { 0x30, 0x07, 0x02, 0x01, 0x00, 0x30, 0x02, 0x31, 0x80 };
	static const uint8_t behind[] = { 0x30, 0x05, 0x02, 0x01, 0x00, 0x05, 0x00 };
	static const uint8_t rdn[] = { 0x30, 0x09, 0x02, 0x01, 0x00, 0x30, 0x04, 0x31, 0x02, 0x05,
		0x00 };

	damaged_template(octets_of(edition, sizeof(edition)));
	damaged_template(octets_of(bare, sizeof(bare)));
	damaged_template(octets_of(behind, sizeof(behind)));
	damaged_template(octets_of(rdn, sizeof(rdn)));
	wrap(octets_of(name, sizeof(name)), false);
	refused("csrattrs");
}
END_TEST

static void
says(const void *octets, size_t n)
{
	est_attrs_free(&a);
	bytes_clear(&text);
	text_base64(octets_of(octets, n), 0, &text);
}

#define SAYS(...) says((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

START_TEST(lists_refused)
{
	static char big[3 * EST_ATTRS_MAX];

	bytes_put_text(&text, "not base64!");
	refused("csrattrs");
	SAYS(0x30, 0x80, 0x00, 0x00); /* BER */
	refused("csrattrs");
	SAYS(0x31, 0x00);
	refused("the list");
	SAYS(0x30, 0x02, 0x05, 0x00); /* neither OID nor attribute */
	refused("the list");
	SAYS(0x30, 0x02, 0x30, 0x00); /* an attribute of nothing */
	refused("an attribute");
	SAYS(0x30, 0x05, 0x30, 0x03, 0x06, 0x01, 0x2a); /* without values */
	refused("an attribute");
	SAYS(0x30, 0x00, 0x00);
	refused("csrattrs");
	memset(big, 'A', sizeof(big));
	ck_assert(!est_attrs_parse(octets_of(big, sizeof(big)), "hp-1", &a, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
}
END_TEST

START_TEST(nothing_is_wanted)
{
	SAYS(0x30, 0x00);
	reads();
	ck_assert_int_eq(a.key, EST_KEY_ANY);
	ck_assert(!a.binding);
	ck_assert_ptr_null(a.subject);
	ck_assert_ptr_null(a.extensions);
}
END_TEST

/* Whatever bit flips, it is read or refused, and nothing is left over. */
START_TEST(damaged_octets)
{
	struct bytes octets = { 0 };

	vector(VECTORS "rfc9908-3-4.template");
	ck_assert(text_unbase64(octets_bytes(&text), &der, &f));
	wrap(octets_bytes(&der), false);
	ck_assert(text_unbase64(octets_bytes(&text), &octets, &f));
	for (size_t bit = 0; bit < octets.n * 8; bit++) {
		octets.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		says(octets.at, octets.n);
		if (!est_attrs_parse(octets_bytes(&text), "hp-1", &a, &f))
			ck_assert_ptr_null(a.subject);
		ck_assert_uint_eq(ERR_peek_error(), 0);
		octets.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n < octets.n; n++) {
		says(octets.at, n);
		ck_assert(!est_attrs_parse(octets_bytes(&text), "hp-1", &a, &f));
	}
	bytes_free(&octets);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("est_attrs");
	TCase *t = tcase_create("est_attrs");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, examples_of_lists);
	tcase_add_test(t, examples_of_other_curves);
	tcase_add_test(t, template_alone_counts);
	tcase_add_test(t, templates_refused);
	tcase_add_test(t, lists_refused);
	tcase_add_test(t, nothing_is_wanted);
	tcase_add_test(t, damaged_octets);
	suite_add_tcase(s, t);
	return run_suite(s);
}
