/* tests/unit/cert.c - ca/cert.h: our own certificates are read as libcrypto reads them; other
 * shapes are refused. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/cert.h"
#include "ca/oid.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"

#define SIGNATURE RAW("\x30\x06\x02\x01\x01\x02\x01\x01")

static struct ground g;
static struct cert c;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	memset(&c, 0, sizeof(c));
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	forge_free();
	ground_free(&g);
}

static X509 *
x509(struct octets der)
{
	const uint8_t *p = der.at;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);

	ck_assert_ptr_nonnull(x);
	ck_assert_ptr_eq(p, der.at + der.n);
	return x;
}

static int64_t
seconds(const ASN1_TIME *t)
{
	struct tm tm;

	ck_assert_int_eq(ASN1_TIME_to_tm(t, &tm), 1);
	return (int64_t)timegm(&tm);
}

static void
same_as_libcrypto(struct octets der)
{
	X509 *x = x509(der);
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	const uint8_t *name;
	size_t n;

	ck_assert_msg(cert_parse(der, &c, &f), "%s", f.text);
	ck_assert_int_eq(ASN1_STRING_length(serial), TBS_SERIAL_OCTETS);
	ck_assert_mem_eq(ASN1_STRING_get0_data(serial), c.serial, TBS_SERIAL_OCTETS);
	ck_assert_int_eq(seconds(X509_get0_notBefore(x)), c.not_before_s);
	ck_assert_int_eq(seconds(X509_get0_notAfter(x)), c.not_after_s);
	ck_assert(c.ca == (X509_check_ca(x) == 1));
	ck_assert_mem_eq(ASN1_STRING_get0_data(X509_get0_subject_key_id(x)), c.key_id, 20);
	ck_assert_mem_eq(ASN1_STRING_get0_data(X509_get0_authority_key_id(x)), c.issuer_key_id, 20);
	ck_assert_int_eq(X509_NAME_get0_der(X509_get_subject_name(x), &name, &n), 1);
	ck_assert(octets_same(c.subject, octets_of(name, n)));
	ck_assert_int_eq(X509_NAME_get0_der(X509_get_issuer_name(x), &name, &n), 1);
	ck_assert(octets_same(c.issuer, octets_of(name, n)));
	ck_assert(octets_same(c.der, der));
	X509_free(x);
}

START_TEST(reads_what_libcrypto_reads)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");

	same_as_libcrypto(octets_bytes(&g.root->certificate));
	ck_assert_str_eq(c.uri, "");
	ck_assert_mem_eq(c.key_id, c.issuer_key_id, TBS_KEY_ID_OCTETS);
	same_as_libcrypto(octets_bytes(&g.region->certificate));
	same_as_libcrypto(octets_bytes(&g.acme->certificate));
	same_as_libcrypto(octets_bytes(&leaf->der));
	ck_assert_str_eq(c.uri, "spiffe://acme.eu.example.org/printer/hp-4711");
	ck_assert(octets_same(c.spki, key_spki(leaf->key)));
	ck_assert_uint_gt(c.alt_names.n, 0);
}
END_TEST

/* A certificate in a shape of ours, of this serial and these extensions. */
static struct octets
shaped(struct octets serial, struct octets extensions)
{
	struct octets name = forge_common(DER_UTF8, RAW("a"));
	struct octets tbs = SEQ(RAW("\xa0\x03\x02\x01\x02"), forge_tlv(DER_INTEGER, serial),
	    oid_algorithm_ecdsa_sha256, name,
	    SEQ(TLV(DER_UTC_TIME, RAW("300101000000Z")), TLV(DER_UTC_TIME, RAW("310101000000Z"))),
	    name, forge_spki(forge_key()),
	    TLV(DER_EXPLICIT(3), forge_tlv(DER_SEQUENCE, extensions)));

	return SEQ(tbs, oid_algorithm_ecdsa_sha256, TLV(DER_BIT_STRING, RAW("\0"), SIGNATURE));
}

static struct octets
with(struct octets extensions)
{
	return shaped(forge_fill(1, TBS_SERIAL_OCTETS), extensions);
}

static struct octets
ids(void)
{
	struct octets id = forge_fill(7, TBS_KEY_ID_OCTETS);

	return JOIN(forge_extension(oid_subject_key_id, TLV(DER_OCTETS, id)),
	    forge_extension(oid_authority_key_id, SEQ(TLV(DER_CONTEXT(0), id))));
}

static void
refused(struct octets der, size_t row)
{
	struct octets exact = forge_exact(der);
	struct cert untouched;

	memset(&c, 0x5a, sizeof(c));
	memcpy(&untouched, &c, sizeof(c));
	ck_assert_msg(!cert_parse(exact, &c, &f), "row %zu", row);
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_mem_eq(&c, &untouched, sizeof(c));
}

START_TEST(extensions_of_another_shape)
{
	struct octets id = forge_fill(7, TBS_KEY_ID_OCTETS), uri = TLV(DER_CONTEXT(6), RAW("a:b"));
	struct octets own = forge_extension(oid_subject_key_id, TLV(DER_OCTETS, id));
	struct octets above = forge_extension(oid_authority_key_id, SEQ(TLV(DER_CONTEXT(0), id)));
	const struct octets rows[] = {
		NONE,
		own,
		above,
		JOIN(own, own),
		JOIN(ids(), own),
		JOIN(ids(), above),
		JOIN(
		    above, forge_extension(oid_subject_key_id, TLV(DER_OCTETS, forge_fill(7, 19)))),
		JOIN(
		    above, forge_extension(oid_subject_key_id, TLV(DER_OCTETS, forge_fill(7, 21)))),
		JOIN(own, forge_extension(oid_authority_key_id, SEQ(NONE))),
		JOIN(own, forge_extension(
			      oid_authority_key_id, SEQ(TLV(DER_CONTEXT(0), forge_fill(7, 32))))),
		JOIN(ids(), forge_extension(oid_subject_alt_name, SEQ(uri, uri))),
		JOIN(ids(),
		    forge_extension(oid_subject_alt_name, SEQ(TLV(DER_CONTEXT(6), RAW("a:\0b"))))),
		JOIN(ids(), forge_extension(oid_subject_alt_name,
				SEQ(TLV(DER_CONTEXT(6), forge_fill('a', NAME_URI_MAX))))),
		JOIN(ids(), forge_extension(oid_subject_alt_name, RAW("\x05\0"))),
		JOIN(ids(), forge_extension(oid_subject_alt_name, SEQ(uri)),
		    forge_extension(oid_subject_alt_name, SEQ(uri))),
		JOIN(ids(), forge_extension(oid_basic_constraints, RAW("\x05\0"))),
		JOIN(ids(), RAW("\x05\0")),
		JOIN(ids(), SEQ(NONE)),
		JOIN(ids(), SEQ(OID(oid_key_usage))),
	};

	ck_assert_msg(cert_parse(with(ids()), &c, &f), "%s", f.text);
	ck_assert_msg(
	    cert_parse(with(JOIN(ids(), forge_extension(oid_subject_alt_name, SEQ(uri)))), &c, &f),
	    "%s", f.text);
	ck_assert_str_eq(c.uri, "a:b");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		refused(with(rows[i]), i);
}
END_TEST

/* A CA is one whatever its BOOLEAN says: only TRUE is DER. */
START_TEST(cas)
{
	struct octets yes = RAW("\x01\x01\xff");

	ck_assert(cert_parse(
	    with(JOIN(ids(), forge_extension(oid_basic_constraints, SEQ(yes)))), &c, &f));
	ck_assert(c.ca);
	ck_assert(cert_parse(
	    with(JOIN(ids(), forge_extension(oid_basic_constraints, SEQ(NONE)))), &c, &f));
	ck_assert(!c.ca);
}
END_TEST

START_TEST(other_shapes)
{
	struct octets good = with(ids()), name = forge_common(DER_UTF8, RAW("a"));
	struct octets leaf = octets_bytes(&ground_leaf(&g, g.acme, "printer", "a")->der);
	const struct octets rows[] = {
		NONE,
		RAW("\x30\0"),
		SEQ(SEQ(NONE)),
		SEQ(SEQ(name)),
		JOIN(good, RAW("\0")),
		JOIN(leaf, leaf),
		forge_patch(good, RAW("\xa0\x03\x02\x01\x02"), RAW("\xa4\x03\x02\x01\x02")),
		shaped(forge_fill(1, 15), ids()),
		shaped(forge_fill(1, 17), ids()),
		shaped(RAW("\1"), ids()),
		forge_patch(good, RAW("300101000000Z"), RAW("300101000000+")),
		forge_patch(good, RAW("300101000000Z"), RAW("301301000000Z")),
		forge_fill(0x30, CERT_MAX_OCTETS + 1),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		refused(rows[i], i);
}
END_TEST

START_TEST(every_cut)
{
	struct octets leaf = octets_bytes(&ground_leaf(&g, g.acme, "printer", "a")->der);

	for (size_t n = 0; n < leaf.n; n++)
		refused(octets_of(leaf.at, n), n);
}
END_TEST

/* Whatever a flipped bit makes of it, it is read within its octets; and what passes is bounded. */
START_TEST(every_flipped_bit)
{
	struct octets leaf = octets_bytes(&ground_leaf(&g, g.acme, "printer", "a")->der);
	struct octets copy = forge_exact(leaf);
	uint8_t *at = malloc(leaf.n);
	size_t passed = 0;

	for (size_t bit = 0; bit < leaf.n * 8; bit++) {
		memcpy(at, copy.at, copy.n);
		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (!cert_parse(octets_of(at, leaf.n), &c, &f)) {
			ck_assert_int_eq(f.code, FAULT_BADREQ);
			continue;
		}
		passed++;
		ck_assert(c.spki.at >= at && c.spki.at + c.spki.n <= at + leaf.n);
		ck_assert_uint_lt(strlen(c.uri), NAME_URI_MAX);
	}
	ck_assert_uint_gt(passed, 0); /* contents are not judged here, see identify.h */
	free(at);
}
END_TEST

START_TEST(times)
{
	static const struct {
		uint8_t tag;
		const char *text;
		int64_t s;
	} good[] = {
		{ DER_UTC_TIME, "700101000000Z", 0 },
		{ DER_UTC_TIME, "491231235959Z", INT64_C(2524607999) },
		{ DER_UTC_TIME, "500101000000Z", INT64_C(-631152000) },
		{ DER_TIME, "20500101000000Z", INT64_C(2524608000) },
		{ DER_TIME, "20000229120000Z", INT64_C(951825600) },
		{ DER_TIME, "99991231235959Z", INT64_C(253402300799) },
	};
	static const struct {
		uint8_t tag;
		const char *text;
	} bad[] = {
		{ DER_UTC_TIME, "" },
		{ DER_UTC_TIME, "700101000000" },
		{ DER_UTC_TIME, "700101000000z" },
		{ DER_UTC_TIME, "7001010000Z" },
		{ DER_UTC_TIME, "700101000000+0000" },
		{ DER_UTC_TIME, "70010100000-Z" },
		{ DER_UTC_TIME, "19700101000000Z" },
		{ DER_TIME, "700101000000Z" },
		{ DER_TIME, "19700101000000.5Z" },
		{ DER_TIME, "1970010100000:Z" },
		{ DER_IA5, "700101000000Z" },
	};
	int64_t s = -5;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert(cert_time(good[i].tag, octets_text(good[i].text), &s));
		ck_assert_int_eq(s, good[i].s);
	}
	s = -5;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!cert_time(bad[i].tag, octets_text(bad[i].text), &s), "row %zu", i);
	ck_assert_int_eq(s, -5);
}
END_TEST

START_TEST(pem_can_be_read)
{
	struct octets der = octets_bytes(&g.acme->certificate);
	struct bytes pem = { 0 }, back = { 0 };

	ck_assert(cert_pem(der, &pem, &f));
	ck_assert(text_unbase64(octets_bytes(&pem), &back, &f));
	ck_assert(octets_same(octets_bytes(&back), der));
	ck_assert_mem_eq(pem.at, "-----BEGIN CERTIFICATE-----\n", 28);
	ck_assert_mem_eq(pem.at + pem.n - 26, "-----END CERTIFICATE-----\n", 26);
	bytes_free(&pem);
	bytes_free(&back);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cert");
	TCase *t = tcase_create("cert");
	SRunner *r = srunner_create(s);

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, reads_what_libcrypto_reads);
	tcase_add_test(t, extensions_of_another_shape);
	tcase_add_test(t, cas);
	tcase_add_test(t, other_shapes);
	tcase_add_test(t, every_cut);
	tcase_add_test(t, every_flipped_bit);
	tcase_add_test(t, times);
	tcase_add_test(t, pem_can_be_read);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
