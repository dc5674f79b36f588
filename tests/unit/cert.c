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
#include "tests/unit/run.h"

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

/* What ca/leaf.h and ca/audit.h go by, of a leaf and of each CA. */
START_TEST(facts_of_ours)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	struct provenance from;
	struct cert_places places;
	struct octets oid;

	ck_assert(cert_read(octets_bytes(&leaf->der), &c, &f));
	ck_assert_int_eq(c.version, 3);
	ck_assert_int_eq(c.path_len, -1);
	ck_assert_uint_eq(c.key_usage, USE_DIGITAL_SIGNATURE | USE_KEY_AGREEMENT);
	ck_assert_uint_eq(c.purposes, 2);
	ck_assert(cert_purpose(&c, 0, &oid) && octets_same(oid, oid_client_auth));
	ck_assert(cert_purpose(&c, 1, &oid) && octets_same(oid, oid_server_auth));
	ck_assert(!cert_purpose(&c, 2, &oid));
	ck_assert(!c.any_purpose && !c.twice && !c.unknown && !c.unique_ids && !c.issuer_named);
	ck_assert_uint_eq(c.malformed, 0);
	ck_assert_uint_eq(c.uris, 1);
	ck_assert_uint_ge(c.dns, 1);
	ck_assert_uint_eq(c.ips + c.others, 0);
	ck_assert(octets_same(c.inner, oid_algorithm_ecdsa_sha256));
	ck_assert(octets_same(c.outer, oid_algorithm_ecdsa_sha256));
	ck_assert(cert_critical(&c, CERT_BASIC) && cert_critical(&c, CERT_KEY_USAGE));
	ck_assert(!cert_critical(&c, CERT_ALT_NAMES) && !cert_has(&c, CERT_CONSTRAINTS));
	ck_assert(cert_provenance(&c, &from));
	ck_assert_str_eq(from.enroller, "operator:alice");
	ck_assert_str_eq(from.how, "token");
	ck_assert_str_eq(from.evidence, "00112233");
	ck_assert_int_eq(from.at_s, g.now_s);
	ck_assert_str_eq(cert_assurance_word(from.assurance), "token");
	ck_assert(cert_places(&c, &places));
	ck_assert(octets_same(places.ocsp, octets_text(GROUND_URL "/ocsp")));
	for (int level = 0; level < 3; level++) {
		const struct issuer *ca[] = { g.root, g.region, g.acme };

		ck_assert(cert_read(octets_bytes(&ca[level]->certificate), &c, &f));
		ck_assert(c.ca);
		ck_assert_int_eq(c.path_len, 2 - level);
		ck_assert_uint_eq(c.key_usage, USE_CERT_SIGN | USE_CRL_SIGN);
		ck_assert(cert_has(&c, CERT_CONSTRAINTS) == (level == 2));
		ck_assert(!cert_provenance(&c, &from));
		ck_assert(cert_places(&c, &places) == (level > 0));
	}
}
END_TEST

/* An extension that is read, and says of itself that it is not of its syntax. */
START_TEST(malformed_extensions)
{
	static const struct {
		const struct octets *oid;
		enum cert_extension bit;
		const char *value;
		size_t n;
	} rows[] = {
#define ROW(oid, bit, s) { &(oid), bit, s, sizeof(s) - 1 }
		ROW(oid_basic_constraints, CERT_BASIC, "\x05\0"),
		ROW(oid_basic_constraints, CERT_BASIC, "\x30\x03\x01\x01\0"),
		ROW(oid_basic_constraints, CERT_BASIC, "\x30\x03\x02\x01\xff"),
		ROW(oid_basic_constraints, CERT_BASIC, "\x30\x05\x01\x01\xff\x05\0"),
		ROW(oid_basic_constraints, CERT_BASIC, "\x30\0\0"),
		ROW(oid_key_usage, CERT_KEY_USAGE, "\x03\x01\0"),
		ROW(oid_key_usage, CERT_KEY_USAGE, "\x03\x02\0\0"),
		ROW(oid_key_usage, CERT_KEY_USAGE, "\x03\x04\0\1\1\1"),
		ROW(oid_key_usage, CERT_KEY_USAGE, "\x04\x01\x80"),
		ROW(oid_ext_key_usage, CERT_PURPOSES, "\x30\0"),
		ROW(oid_ext_key_usage, CERT_PURPOSES, "\x30\2\x05\0"),
		ROW(oid_ext_key_usage, CERT_PURPOSES, "\x06\1\x2a"),
		ROW(oid_subject_alt_name, CERT_ALT_NAMES, "\x30\0"),
		ROW(oid_name_constraints, CERT_CONSTRAINTS, "\x30\0"),
		ROW(oid_info_access, CERT_ACCESS, "\x30\0"),
		ROW(oid_info_access, CERT_ACCESS, "\x30\4\x30\2\x05\0"),
		ROW(oid_info_access, CERT_ACCESS, "\x30\5\x30\3\x06\1\x2a"),
		ROW(oid_crl_points, CERT_CRL_POINTS, "\x30\0"),
		ROW(oid_ocsp_nocheck, CERT_NOCHECK, "\x30\0"),
		ROW(oid_provenance, CERT_PROVENANCE, "\x05\0"),
		ROW(oid_assurance, CERT_ASSURANCE, "\x0a\1\xff"),
		ROW(oid_assurance, CERT_ASSURANCE, "\x02\1\1"),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct octets der = with(JOIN(
		    ids(), forge_extension(*rows[i].oid, octets_of(rows[i].value, rows[i].n))));

		ck_assert_msg(cert_read(forge_exact(der), &c, &f), "row %zu: %s", i, f.text);
		ck_assert_msg(c.malformed == 1u << rows[i].bit, "row %zu: %x", i, c.malformed);
		ck_assert_msg(!cert_parse(der, &c, &f), "row %zu", i);
	}
}
END_TEST

/* What is odd is told, not refused; but it is none of ours. */
START_TEST(odd_ones_are_read)
{
	struct octets any = RAW("\x06\x04\x55\x1d\x25\0"), id = forge_fill(7, 20);
	struct octets unknown = OID(oid_crl_number), yes = RAW("\x01\x01\xff");
	struct octets value = TLV(DER_OCTETS, RAW("\2\1\1"));

	ck_assert(
	    cert_read(with(JOIN(ids(), forge_extension(oid_ext_key_usage, SEQ(any)))), &c, &f));
	ck_assert(c.any_purpose);
	ck_assert(cert_read(with(JOIN(ids(), SEQ(unknown, value))), &c, &f));
	ck_assert(c.unknown && !c.unknown_critical);
	ck_assert(cert_read(with(JOIN(ids(), SEQ(unknown, yes, value))), &c, &f));
	ck_assert(c.unknown_critical);
	ck_assert(cert_read(with(JOIN(ids(), SEQ(unknown, value), SEQ(unknown, value))), &c, &f));
	ck_assert(c.twice);
	ck_assert(!cert_parse(with(JOIN(ids(), SEQ(unknown, value), SEQ(unknown, value))), &c, &f));
	ck_assert(cert_read(with(forge_extension(oid_authority_key_id,
				SEQ(TLV(DER_CONTEXT(0), id), TLV(DER_CONTEXT(2), RAW("\1"))))),
	    &c, &f));
	ck_assert(c.issuer_named);
	ck_assert(cert_read(
	    with(JOIN(ids(), forge_extension(oid_key_usage, RAW("\x03\x03\x07\0\x80")))), &c, &f));
	ck_assert_uint_eq(c.key_usage, CERT_USE_DECIPHER_ONLY);
	ck_assert(cert_read(with(JOIN(ids(), forge_extension(oid_basic_constraints,
						 SEQ(yes, RAW("\x02\x02\x01\0"))))),
	    &c, &f));
	ck_assert_int_eq(c.path_len, 255);
	ck_assert(cert_read(shaped(RAW("\x80"), ids()), &c, &f)); /* a negative serial */
	ck_assert_uint_eq(c.number.n, 1);
	ck_assert(!cert_read(
	    forge_patch(with(ids()), RAW("\xa0\x03\x02\x01\x02"), RAW("\xa0\x03\x02\x01\x03")), &c,
	    &f)); /* version 4 */
}
END_TEST

/* Looking for one that is there twice takes the square of their number: it is small. */
START_TEST(too_many_extensions)
{
	struct octets all = ids();

	for (int i = 2; i < CERT_READ_MAX; i++)
		all = JOIN(all, SEQ(OID(forge_fill((uint8_t)i, 3)), TLV(DER_OCTETS, RAW("\5\0"))));
	ck_assert_msg(cert_read(with(all), &c, &f), "%s", f.text);
	ck_assert(!c.twice);
	all = JOIN(all, SEQ(OID(forge_fill(0x7f, 3)), TLV(DER_OCTETS, RAW("\5\0"))));
	ck_assert(!cert_read(with(all), &c, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
}
END_TEST

/* Version 1: no version, no extensions; and unique identifiers, which nobody needs. */
START_TEST(old_ones_are_read)
{
	struct octets name = forge_common(DER_UTF8, RAW("a"));
	struct octets both =
	    SEQ(TLV(DER_UTC_TIME, RAW("300101000000Z")), TLV(DER_UTC_TIME, RAW("310101000000Z")));
	struct octets head = JOIN(forge_tlv(DER_INTEGER, RAW("\1")), oid_algorithm_ecdsa_sha256,
	    name, both, name, forge_spki(forge_key()));
	struct octets tail =
	    JOIN(oid_algorithm_ecdsa_sha256, TLV(DER_BIT_STRING, RAW("\0"), SIGNATURE));

	ck_assert(cert_read(SEQ(SEQ(head), tail), &c, &f));
	ck_assert_int_eq(c.version, 1);
	ck_assert_uint_eq(c.present, 0);
	ck_assert(!cert_parse(SEQ(SEQ(head), tail), &c, &f));
	ck_assert(cert_read(SEQ(SEQ(head, TLV(0x81, RAW("\0\1"))), tail), &c, &f));
	ck_assert(c.unique_ids);
	ck_assert(!cert_read(SEQ(SEQ(head, TLV(0x84, RAW("\0\1"))), tail), &c, &f));
	ck_assert(!cert_read(SEQ(SEQ(head), tail, RAW("\5\0")), &c, &f));
	ck_assert(!cert_read(SEQ(SEQ(head), oid_algorithm_ecdsa_sha256), &c, &f));
	ck_assert(!cert_read(
	    SEQ(SEQ(head), oid_algorithm_ecdsa_sha256, TLV(DER_BIT_STRING, RAW("\1\2"))), &c, &f));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cert");
	TCase *t = tcase_create("cert");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, reads_what_libcrypto_reads);
	tcase_add_test(t, extensions_of_another_shape);
	tcase_add_test(t, cas);
	tcase_add_test(t, other_shapes);
	tcase_add_test(t, every_cut);
	tcase_add_test(t, every_flipped_bit);
	tcase_add_test(t, facts_of_ours);
	tcase_add_test(t, malformed_extensions);
	tcase_add_test(t, odd_ones_are_read);
	tcase_add_test(t, too_many_extensions);
	tcase_add_test(t, old_ones_are_read);
	tcase_add_test(t, times);
	tcase_add_test(t, pem_can_be_read);
	suite_add_tcase(s, t);
	return run_suite(s);
}
