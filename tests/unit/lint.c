/* tests/unit/lint.c - ca/tbs.h and ca/lint.h: what is filled in passes, and each check is seen to
 * fail on octets that were doctored for it. */
#include "tests/unit/lint_site.h"
#include "tests/unit/run.h"

START_TEST(every_profile_passes)
{
	static const char *const names[] = { "region", "tenant", "printer", "gateway",
		"workstation", "phone", "service", "operator", "responder", "responder-offline",
		"log" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct tbs t = meant;

		t.profile = profile_find(names[i]);
		t.not_after_s = profile_not_after(t.profile, NOW_S, ISSUER_S);
		if (!t.profile->named)
			t.uri = NULL;
		t.constraints = strcmp(names[i], "tenant") == 0 ? &fence : NULL;
		passes(&t);
	}
}
END_TEST

START_TEST(a_root_passes)
{
	struct tbs t = meant;

	t.profile = profile_find("root");
	t.issuer = t.issuer_key_id = NONE;
	t.uri = t.unit = NULL;
	t.provenance = NULL;
	t.dns_n = 0;
	passes(&t);
}
END_TEST

START_TEST(version)
{
	struct octets tbs = encoded(&meant);

	found(forge_patch(tbs, VERSION, RAW("\xa0\x03\x02\x01\x01")), "version_3");
	found(forge_patch(tbs, VERSION, RAW("\xa0\x03\x02\x01\x00")), "version_3");
}
END_TEST

START_TEST(serial)
{
	struct tbs t = other();

	t.serial[15]++;
	found(encoded(&t), "serial_16_octets");
	t = other();
	t.serial[0] = 0;
	t.serial[1] = 0x80; /* 15 octets as a number */
	meant.serial[0] = 0;
	meant.serial[1] = 0x80;
	found(encoded(&t), "serial_16_octets");
	setup();
	found(with_part(encoded(&meant), SERIAL_AT, RAW("\x02\x01\x01")), "serial_16_octets");
	t = other();
	t.serial[0] = meant.serial[0] = 0xff; /* negative */
	found(encoded(&t), "serial_16_octets");
	setup();
	found(with_part(encoded(&meant), SERIAL_AT,
		  TLV(DER_INTEGER, octets_of(meant.serial, 16), RAW("\0"))),
	    "serial_16_octets");
}
END_TEST

START_TEST(algorithms)
{
	struct octets tbs = encoded(&meant);

	found(with_part(tbs, ALGORITHM_AT, SEQ(RAW("\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"))),
	    "algorithms_agree");
	found(with_part(tbs, ALGORITHM_AT, SEQ(OID(oid_ecdsa_sha256), RAW("\x05\0"))),
	    "algorithms_agree");
}
END_TEST

START_TEST(issuer)
{
	struct octets other_name = forge_common(DER_UTF8, RAW("other CA"));
	/* The same letters in another type: equal to libcrypto's comparison, not to ours. */
	struct octets retyped = SEQ(forge_rdn(oid_organization, DER_UTF8, RAW("acme")),
	    forge_rdn(oid_common_name, DER_PRINTABLE, RAW("acme Tenant CA")));

	found(with_part(encoded(&meant), ISSUER_AT, other_name), "issuer_as_meant");
	found(with_part(encoded(&meant), ISSUER_AT, retyped), "issuer_as_meant");
	found(with_part(encoded(&meant), ISSUER_AT, SEQ(NONE)), "issuer_as_meant");
	meant.issuer = meant.issuer_key_id = NONE;
	found(with_part(encoded(&meant), ISSUER_AT, other_name), "issuer_as_meant");
}
END_TEST

START_TEST(validity)
{
	const int64_t longest_s = meant.profile->valid_s + meant.profile->back_s;
	struct tbs t = other();

	t.not_after_s = t.not_before_s + longest_s;
	passes(&t);
	t.not_after_s++;
	found(encoded(&t), "validity_nests");
	t.not_after_s = t.not_before_s;
	found(encoded(&t), "validity_nests");
	t.not_after_s = t.not_before_s - 1;
	found(encoded(&t), "validity_nests");
	t.not_after_s = ISSUER_S;
	t.not_before_s = ISSUER_S - 1;
	passes(&t);
	t.not_after_s++;
	found(encoded(&t), "validity_nests");
}
END_TEST

START_TEST(subject)
{
	found(with_part(encoded(&meant), SUBJECT_AT, SEQ(NONE)), "subject_not_empty");
	found(with_part(encoded(&meant), SUBJECT_AT, forge_common(DER_UTF8, RAW("hp-4711"))),
	    "subject_not_empty");
}
END_TEST

/* Another key than the one that was judged, or the same in another spelling. */
START_TEST(key)
{
	EVP_PKEY *other_key = EVP_EC_gen("P-256"), *wide = EVP_EC_gen("P-384");
	struct octets tbs = encoded(&meant), spki = meant.spki;

	found(with_part(tbs, KEY_AT, forge_spki(other_key)), "key_as_meant");
	found(with_part(tbs, KEY_AT, forge_spki(wide)), "key_as_meant");
	meant.spki = forge_spki(wide);
	found(encoded(&meant), "key_usable");
	meant.spki = forge_patch(
	    spki, oid_spki_p256_prefix, JOIN(octets_of(oid_spki_p256_prefix.at, 26), RAW("\x06")));
	found(encoded(&meant), "key_usable");
	EVP_PKEY_free(other_key);
	EVP_PKEY_free(wide);
}
END_TEST

/* Ed25519 is for a log, never for a CA. */
START_TEST(key_of_a_ca)
{
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	meant.spki = forge_spki(ed);
	passes(&meant);
	become("tenant");
	found(encoded(&meant), "key_usable");
	EVP_PKEY_free(ed);
}
END_TEST

START_TEST(key_ids)
{
	struct octets tbs = encoded(&meant), id20 = forge_fill(1, 20);
	struct tbs t = other();
	uint8_t strange[TBS_KEY_ID_OCTETS] = { 1 };

	t.issuer_key_id = octets_of(strange, sizeof(strange));
	found(encoded(&t), "key_ids");
	found(with_extension(tbs, oid_authority_key_id, NONE), "key_ids");
	found(with_extension(tbs, oid_subject_key_id, NONE), "key_ids");
	found(with_extension(tbs, oid_subject_key_id,
		  forge_extension(oid_subject_key_id, TLV(DER_OCTETS, forge_fill(1, 19)))),
	    "key_ids");
	found(with_extension(tbs, oid_authority_key_id,
		  forge_extension(oid_authority_key_id, SEQ(TLV(DER_CONTEXT(0), id20)))),
	    "key_ids");
	found(with_extension(
		  tbs, oid_authority_key_id, forge_extension(oid_authority_key_id, SEQ(NONE))),
	    "key_ids");
	meant.issuer = meant.issuer_key_id = NONE; /* self-signed: its own */
	found(with_extension(encoded(&meant), oid_authority_key_id,
		  forge_extension(oid_authority_key_id, SEQ(TLV(DER_CONTEXT(0), id20)))),
	    "key_ids");
}
END_TEST

START_TEST(key_usage)
{
	static const uint8_t uses[] = { USE_DIGITAL_SIGNATURE, USE_KEY_AGREEMENT,
		USE_DIGITAL_SIGNATURE | USE_KEY_AGREEMENT | USE_CERT_SIGN, USE_CERT_SIGN,
		USE_CRL_SIGN, 0xff };

	for (size_t i = 0; i < sizeof(uses); i++) {
		struct tbs t = other();

		profile.key_usage = uses[i];
		found(encoded(&t), "key_usage");
	}
	found(with_extension(encoded(&meant), oid_key_usage, NONE), "key_usage");
}
END_TEST

START_TEST(uri)
{
	struct octets ours = TLV(DER_CONTEXT(6), octets_text(meant.uri));
	struct octets another =
	    TLV(DER_CONTEXT(6), RAW("spiffe://acme.eu.example.org/printer/hp-4712"));
	struct octets nul = TLV(DER_CONTEXT(6), octets_text(meant.uri), RAW("\0"));

	found(names(another), "one_uri");
	found(names(JOIN(ours, ours)), "one_uri");
	found(names(JOIN(another, ours)), "one_uri");
	found(names(JOIN(ours, another)), "one_uri");
	found(names(nul), "one_uri");
	found(names(TLV(DER_CONTEXT(2), octets_text(meant.uri))), "one_uri");
	found(with_extension(encoded(&meant), oid_subject_alt_name, NONE), "one_uri");
	become("responder"); /* carries none */
	meant.uri = "spiffe://acme.eu.example.org/printer/hp-4711";
	found(encoded(&meant), "one_uri");
}
END_TEST

static struct octets
basic(struct octets whole)
{
	return with_extension(encoded(&meant), oid_basic_constraints, whole);
}

START_TEST(basic_constraints)
{
	struct octets oid = OID(oid_basic_constraints), yes = RAW("\x01\x01\xff");
	struct octets zero = RAW("\x02\x01\0"), one = RAW("\x02\x01\x01");

	found(basic(NONE), "basic_constraints");
	found(basic(SEQ(oid, TLV(DER_OCTETS, SEQ(NONE)))), "basic_constraints"); /* not critical */
	found(basic(SEQ(oid, yes, TLV(DER_OCTETS, SEQ(yes)))), "basic_constraints");
	found(basic(SEQ(oid, yes, TLV(DER_OCTETS, SEQ(yes, zero)))), "basic_constraints");
	found(basic(SEQ(oid, yes, TLV(DER_OCTETS, SEQ(zero)))), "basic_constraints");
	found(basic(SEQ(oid, yes, TLV(DER_OCTETS, RAW("\x05\0")))), "basic_constraints");
	become("tenant");
	meant.constraints = &fence;
	passes(&meant);
	found(basic(SEQ(oid, yes, TLV(DER_OCTETS, SEQ(NONE)))), "basic_constraints");
	found(basic(SEQ(oid, yes, TLV(DER_OCTETS, SEQ(yes)))), "basic_constraints");
	found(basic(SEQ(oid, yes, TLV(DER_OCTETS, SEQ(yes, one)))), "basic_constraints");
	found(basic(SEQ(oid, TLV(DER_OCTETS, SEQ(yes, zero)))), "basic_constraints");
}
END_TEST

START_TEST(purposes)
{
	struct octets client = OID(oid_client_auth), server = OID(oid_server_auth);
	const struct octets lists[] = { client, server, JOIN(server, client),
		JOIN(client, server, OID(oid_ocsp_signing)), JOIN(client, client),
		JOIN(client, RAW("\x06\x04\x55\x1d\x25\0")), RAW("\x06\x04\x55\x1d\x25\0") };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		found(with_extension(encoded(&meant), oid_ext_key_usage,
			  forge_extension(oid_ext_key_usage, forge_tlv(DER_SEQUENCE, lists[i]))),
		    "purposes_exact");
	found(with_extension(encoded(&meant), oid_ext_key_usage, NONE), "purposes_exact");
	become("tenant");
	found(
	    with_extension(encoded(&meant), NONE, forge_extension(oid_ext_key_usage, SEQ(client))),
	    "purposes_exact");
}
END_TEST

START_TEST(places)
{
	struct tbs t;

	found(with_extension(encoded(&meant), oid_info_access, NONE), "status_places");
	found(with_extension(encoded(&meant), oid_crl_points, NONE), "status_places");
	t = other();
	profile.status = false;
	found(encoded(&t), "status_places");
	become("responder");
	t = other();
	profile.status = true;
	found(encoded(&t), "status_places");
}
END_TEST

START_TEST(extensions_twice)
{
	struct octets tbs = encoded(&meant);

	found(with_extension(tbs, NONE, forge_extension(oid_provenance, RAW("\x05\0"))),
	    "no_extension_twice");
	found(with_extension(tbs, NONE, forge_extension(oid_assurance, RAW("\x0a\x01\x04"))),
	    "no_extension_twice");
	found(with_extension(tbs, NONE,
		  JOIN(forge_extension(oid_ocsp_nocheck, RAW("\x05\0")),
		      forge_extension(oid_ocsp_nocheck, RAW("\x05\0")))),
	    "no_extension_twice");
}
END_TEST

START_TEST(no_certificate)
{
	struct octets tbs = encoded(&meant);
	const struct octets rows[] = { NONE, RAW("\x30\0"), octets_of(tbs.at, tbs.n - 1),
		JOIN(tbs, tbs), JOIN(tbs, RAW("\0")) };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(!lint(rows[i], &meant, &ground, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_INTERNAL);
		ck_assert_ptr_nonnull(
		    strstr(f.text, "lint: RFC 5280 section 4.1: not a certificate"));
		ck_assert_uint_eq(ERR_peek_error(), 0);
	}
}
END_TEST

/* The walls of a tenant as libcrypto reads them. */
START_TEST(constraints_are_written)
{
	static const enum constraint_mode modes[] = { CONSTRAINTS_STRICT, CONSTRAINTS_COMPATIBLE,
		CONSTRAINTS_NONE };

	become("tenant");
	meant.constraints = &fence;
	for (size_t i = 0; i < 3; i++) {
		struct bytes whole = { 0 };
		struct octets tbs;
		const uint8_t *p;
		X509 *x;
		NAME_CONSTRAINTS *nc;
		int critical = -2;

		fence.mode = modes[i];
		tbs = encoded(&meant);
		ck_assert(tbs_seal(tbs, RAW("\x30\x06\x02\x01\x01\x02\x01\x01"), &whole, &f));
		p = whole.at;
		ck_assert_ptr_nonnull(x = d2i_X509(NULL, &p, (long)whole.n));
		nc = X509_get_ext_d2i(x, NID_name_constraints, &critical, NULL);
		ck_assert((nc != NULL) == (modes[i] != CONSTRAINTS_NONE));
		if (nc != NULL) {
			ck_assert_int_eq(critical, modes[i] == CONSTRAINTS_STRICT);
			ck_assert_int_eq(sk_GENERAL_SUBTREE_num(nc->permittedSubtrees),
			    modes[i] == CONSTRAINTS_STRICT ? 3 : 1);
			ck_assert_int_eq(sk_GENERAL_SUBTREE_num(nc->excludedSubtrees), 2);
		}
		NAME_CONSTRAINTS_free(nc);
		X509_free(x);
		bytes_free(&whole);
	}
}
END_TEST

START_TEST(what_does_not_fit)
{
	struct bytes b = { 0 };
	char url[512];
	struct tbs t = meant;

	memset(url, 'u', sizeof(url));
	url[sizeof(url) - 1] = '\0';
	t.public_url = url;
	ck_assert(!tbs_encode(&t, &b, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	bytes_clear(&b);
	t = meant;
	t.spki = RAW("\x30\x03\x02\x01\x01");
	ck_assert(!tbs_encode(&t, &b, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	bytes_free(&b);
}
END_TEST

/* RFC 7093 section 2, method 1. */
START_TEST(key_id)
{
	uint8_t id[TBS_KEY_ID_OCTETS], digest[EVP_MAX_MD_SIZE];
	struct octets bits = octets_of(meant.spki.at + meant.spki.n - 65, 65);
	const struct octets rows[] = { NONE, RAW("\x30\0"), JOIN(meant.spki, RAW("\0")),
		octets_of(meant.spki.at, meant.spki.n - 1),
		SEQ(SEQ(NONE), TLV(DER_BIT_STRING, RAW("\0"))),
		SEQ(SEQ(NONE), TLV(DER_BIT_STRING, RAW("\x01\x80"))),
		SEQ(SEQ(NONE), TLV(DER_OCTETS, RAW("\0\1"))) };

	ck_assert(tbs_key_id(meant.spki, id, &f));
	ck_assert_int_eq(EVP_Digest(bits.at, bits.n, digest, NULL, EVP_sha256(), NULL), 1);
	ck_assert_mem_eq(id, digest, sizeof(id));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(!tbs_key_id(rows[i], id, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_mem_eq(id, digest, sizeof(id));
	}
}
END_TEST

static TCase *
checks(void)
{
	TCase *t = tcase_create("checks");

	tcase_add_test(t, version);
	tcase_add_test(t, serial);
	tcase_add_test(t, algorithms);
	tcase_add_test(t, issuer);
	tcase_add_test(t, validity);
	tcase_add_test(t, subject);
	tcase_add_test(t, key);
	tcase_add_test(t, key_of_a_ca);
	tcase_add_test(t, key_ids);
	tcase_add_test(t, key_usage);
	tcase_add_test(t, uri);
	tcase_add_test(t, basic_constraints);
	tcase_add_test(t, purposes);
	tcase_add_test(t, places);
	tcase_add_test(t, extensions_twice);
	return t;
}

static TCase *
writing(void)
{
	TCase *t = tcase_create("writing");

	tcase_add_test(t, every_profile_passes);
	tcase_add_test(t, a_root_passes);
	tcase_add_test(t, no_certificate);
	tcase_add_test(t, constraints_are_written);
	tcase_add_test(t, what_does_not_fit);
	tcase_add_test(t, key_id);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("lint");
	TCase *t[] = { checks(), writing() };

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		tcase_add_checked_fixture(t[i], setup, teardown);
		tcase_set_timeout(t[i], 60); /* a loaded machine is no failure */
		suite_add_tcase(s, t[i]);
	}
	return run_suite(s);
}
