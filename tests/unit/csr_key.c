/* tests/unit/csr_key.c - ca/csr.h: a P-256 key in its one spelling, and the proof that it is held.
 * libcrypto's own parser accepts most of what is refused here. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/x509.h>

#include "tests/unit/csr_judge.h"
#include "tests/unit/run.h"

#define KEY_REFUSED   "csr: RFC 5480 section 2: expected an uncompressed P-256 key"
#define POINT_REFUSED "csr: RFC 5480 section 2.2: the point is not on the curve"
#define ALGORITHM     "csr: RFC 5758 section 3.2: expected ecdsa-with-SHA256"
#define RSA_ALGORITHM "csr: RFC 4055 section 5: expected sha256WithRSAEncryption"
#define UNPROVEN      "csr: RFC 7030 section 3.4: possession of the key is not proven"

#define POINT_AT 27 /* x begins there in a SubjectPublicKeyInfo */

static void
teardown(void)
{
	forge_free();
}

/* A request for spki, as its holder would sign it. */
static struct octets
for_spki(struct octets spki)
{
	return forge_request(&(struct forge){ .spki = spki });
}

static EVP_PKEY *
made(const char *type, const char *group, const char *form)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	ck_assert_int_eq(EVP_PKEY_keygen_init(ctx), 1);
	if (group != NULL)
		ck_assert_int_eq(EVP_PKEY_CTX_set_group_name(ctx, group), 1);
	if (form != NULL && strcmp(form, "explicit") == 0)
		ck_assert_int_eq(EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_EXPLICIT_CURVE), 1);
	else if (strcmp(type, "RSA") == 0)
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 1024), 1);
	ck_assert_int_eq(EVP_PKEY_keygen(ctx, &key), 1);
	if (form != NULL && strcmp(form, "explicit") != 0)
		ck_assert_int_eq(EVP_PKEY_set_utf8_string_param(
				     key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form),
		    1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

START_TEST(a_good_one_passes)
{
	struct octets spki = forge_spki(forge_key());
	struct csr c = csr_passes(forge_request(&(struct forge){ .key = NULL }));
	uint8_t digest[EVP_MAX_MD_SIZE];

	ck_assert(octets_same(c.spki, spki));
	ck_assert(octets_same(c.subject, forge_common(DER_UTF8, octets_text("hp-4711"))));
	ck_assert_uint_eq(c.alt_names.n, 0);
	ck_assert_uint_eq(c.challenge.n, 0);
	ck_assert_int_eq(EVP_Digest(spki.at, spki.n, digest, NULL, EVP_sha256(), NULL), 1);
	ck_assert_mem_eq(c.key_id, digest, CSR_KEY_ID_OCTETS);
}
END_TEST

/* What libcrypto writes is what most clients send. */
START_TEST(libcryptos_own_passes)
{
	X509_REQ *q = X509_REQ_new();
	uint8_t *der = NULL;
	int n;

	ck_assert_int_eq(X509_REQ_set_version(q, 0), 1);
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(q), "CN",
			     MBSTRING_ASC, (const unsigned char *)"hp-4711", -1, -1, 0),
	    1);
	ck_assert_int_eq(X509_REQ_set_pubkey(q, forge_key()), 1);
	ck_assert_int_gt(X509_REQ_sign(q, forge_key(), EVP_sha256()), 0);
	ck_assert_int_gt(n = i2d_X509_REQ(q, &der), 0);
	(void)csr_passes(octets_of(der, (size_t)n));
	OPENSSL_free(der);
	X509_REQ_free(q);
}
END_TEST

/* Other curves, other kinds of key: each request is well made and proves its key. */
START_TEST(other_keys)
{
	static const struct {
		const char *type, *group;
		const char *why;
	} rows[] = {
		{ "EC", "P-384", KEY_REFUSED },
		{ "EC", "P-521", KEY_REFUSED },
		{ "EC", "P-224", KEY_REFUSED },
		{ "EC", "secp256k1", KEY_REFUSED },
		{ "EC", "brainpoolP256r1", KEY_REFUSED },
		{ "RSA", NULL, RSA_ALGORITHM },
		{ "ED25519", NULL, KEY_REFUSED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct forge f = { .key = made(rows[i].type, rows[i].group, NULL) };

		csr_refused(forge_request(&f), FAULT_BADREQ, rows[i].why, i);
		EVP_PKEY_free(f.key);
	}
}
END_TEST

/* The same with the algorithm that such a key truly signs by. */
START_TEST(other_keys_by_libcrypto)
{
	static const struct {
		const char *type, *group;
		const char *why;
	} rows[] = {
		{ "EC", "P-384", KEY_REFUSED },
		{ "RSA", NULL,
		    "expected an RSA modulus of 2048 to 4096 bits in whole octets, found 1024" },
		{ "ED25519", NULL, KEY_REFUSED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EVP_PKEY *key = made(rows[i].type, rows[i].group, NULL);
		X509_REQ *q = X509_REQ_new();
		uint8_t *der = NULL;
		int n;

		ck_assert_int_eq(X509_REQ_set_pubkey(q, key), 1);
		ck_assert_int_gt(X509_REQ_sign(q, key,
				     strcmp(rows[i].type, "ED25519") == 0 ? NULL : EVP_sha256()),
		    0);
		ck_assert_int_gt(n = i2d_X509_REQ(q, &der), 0);
		csr_refused(octets_of(der, (size_t)n), FAULT_BADREQ, rows[i].why, i);
		OPENSSL_free(der);
		X509_REQ_free(q);
		EVP_PKEY_free(key);
	}
}
END_TEST

/* The curve itself, spelled out, or the point in another form: one key with many fingerprints. */
START_TEST(other_spellings_of_p256)
{
	static const char *const forms[] = { "explicit", "compressed", "hybrid" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct forge f = { .key = made("EC", "P-256", forms[i]) };

		ck_assert_mem_ne(forge_spki(f.key).at, oid_spki_p256_prefix.at, POINT_AT);
		csr_refused(forge_request(&f), FAULT_BADREQ, KEY_REFUSED, i);
		EVP_PKEY_free(f.key);
	}
}
END_TEST

static struct octets
spki_of(struct octets algorithm, struct octets bits)
{
	return SEQ(algorithm, forge_tlv(DER_BIT_STRING, bits));
}

/* By hand: what no library writes. The point stands behind the octet of unused bits. */
START_TEST(keys_by_hand)
{
	struct octets good = forge_spki(forge_key());
	struct octets point = octets_of(good.at + POINT_AT - 1, 65);
	struct octets named = SEQ(OID(oid_ec_public_key), OID(oid_prime256v1));
	struct octets p =
	    JOIN(RAW("\xff\xff\xff\xff\0\0\0\1"), forge_fill(0, 12), forge_fill(0xff, 12));
	struct octets fakes = SEQ(RAW("\x02\x01\x01"),
	    SEQ(RAW("\x06\x07\x2a\x86\x48\xce\x3d\x01\x01"), TLV(DER_INTEGER, RAW("\0"), p)),
	    SEQ(TLV(DER_OCTETS, p), TLV(DER_OCTETS, p)),
	    TLV(DER_OCTETS, point), /* whose generator is the key itself: its secret is 1 */
	    TLV(DER_INTEGER, RAW("\0"), p), RAW("\x02\x01\x01"));
	const struct octets rows[] = {
		spki_of(SEQ(OID(oid_ec_public_key), fakes), JOIN(RAW("\0"), point)),
		spki_of(SEQ(OID(oid_ec_public_key)), JOIN(RAW("\0"), point)),
		spki_of(SEQ(OID(oid_ec_public_key), RAW("\x05\0")), JOIN(RAW("\0"), point)),
		spki_of(SEQ(OID(oid_ec_public_key), OID(oid_prime256v1), RAW("\x05\0")),
		    JOIN(RAW("\0"), point)),
		spki_of(SEQ(OID(oid_prime256v1), OID(oid_prime256v1)), JOIN(RAW("\0"), point)),
		spki_of(named, RAW("\0\0")),                                      /* infinity */
		spki_of(named, RAW("\0")),                                        /* no point */
		spki_of(named, JOIN(RAW("\0"), octets_of(point.at, 64))),         /* short */
		spki_of(named, JOIN(RAW("\0"), point, RAW("\0"))),                /* long */
		spki_of(named, JOIN(RAW("\0\x05"), octets_of(point.at + 1, 64))), /* no such form */
		spki_of(
		    named, JOIN(RAW("\0\x02"), octets_of(point.at + 1, 64))), /* compressed, long */
		SEQ(named, TLV(DER_BIT_STRING, RAW("\0"), point), RAW("\x05\0")),
		SEQ(named, TLV(DER_OCTETS, RAW("\0"), point)),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		csr_refused(for_spki(rows[i]), FAULT_BADREQ, KEY_REFUSED, i);
}
END_TEST

/* Unused bits that are zero: another BIT STRING, the same key to libcrypto. */
START_TEST(unused_bits)
{
	struct octets good = forge_spki(forge_key()), named;
	struct octets point = octets_of(good.at + POINT_AT - 1, 65);

	named = SEQ(OID(oid_ec_public_key), OID(oid_prime256v1));
	for (uint8_t unused = 1; unused < 9; unused++) {
		struct octets spki = spki_of(named, JOIN(octets_of(&unused, 1), point));
		bool zeros = unused < 8 && (point.at[64] & ((1u << unused) - 1)) == 0;

		csr_refused(for_spki(spki), FAULT_BADREQ,
		    zeros ? KEY_REFUSED : "malformed BIT STRING", unused);
	}
}
END_TEST

/* x + p of a point whose x is small: the same point to who reduces before looking. */
static struct octets
beyond_p(void)
{
	EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = EC_POINT_new(g);
	BIGNUM *x = BN_new(), *p = BN_new(), *y = BN_new();
	uint8_t at[64];
	BN_ULONG small = 1;

	ck_assert_int_eq(EC_GROUP_get_curve(g, p, NULL, NULL, NULL), 1);
	while (BN_set_word(x, small) == 1 &&
	       EC_POINT_set_compressed_coordinates(g, point, x, 0, NULL) != 1)
		ck_assert_uint_lt(small++, 100);
	ERR_clear_error();
	ck_assert_int_eq(EC_POINT_get_affine_coordinates(g, point, x, y, NULL), 1);
	ck_assert_int_eq(BN_add(x, x, p), 1);
	ck_assert_int_eq(BN_bn2binpad(x, at, 32), 32);
	ck_assert_int_eq(BN_bn2binpad(y, at + 32, 32), 32);
	BN_free(x);
	BN_free(y);
	BN_free(p);
	EC_POINT_free(point);
	EC_GROUP_free(g);
	return forge_exact(octets_of(at, 64));
}

START_TEST(points_off_the_curve)
{
	struct octets good = forge_spki(forge_key());
	struct octets x = octets_of(good.at + POINT_AT, 32),
		      y = octets_of(good.at + POINT_AT + 32, 32);
	uint8_t last = y.at[31] ^ 1u;
	const struct octets rows[] = {
		JOIN(x, octets_of(y.at, 31), octets_of(&last, 1)),
		JOIN(y, x),
		forge_fill(0, 64),
		JOIN(x, forge_fill(0, 32)),
		JOIN(forge_fill(0, 32), y),
		forge_fill(0xff, 64),
		JOIN(forge_fill(0xff, 32), y),
		JOIN(x, forge_fill(0xff, 32)),
		beyond_p(),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		csr_refused(
		    for_spki(JOIN(oid_spki_p256_prefix, rows[i])), FAULT_BADREQ, POINT_REFUSED, i);
}
END_TEST

START_TEST(other_algorithms)
{
	static const uint8_t ecdsa[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x00 };
	const struct octets rows[] = {
		SEQ(RAW("\x06\x07\x2a\x86\x48\xce\x3d\x04\x01")), /* SHA-1 */
		SEQ(OID(JOIN(octets_of(ecdsa, 7), RAW("\x03")))), /* SHA-384 */
		SEQ(OID(JOIN(octets_of(ecdsa, 7), RAW("\x04")))), /* SHA-512 */
		SEQ(OID(oid_ecdsa_sha256), RAW("\x05\0")),        /* NULL parameters */
		SEQ(OID(oid_ecdsa_sha256), RAW("\x30\0")), SEQ(OID(oid_sha256)),
		SEQ(RAW("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), RAW("\x05\0")), /* RSA */
	};
	const EVP_MD *mds[] = { EVP_sha1(), EVP_sha384(), EVP_sha512(), EVP_sha256(), EVP_sha256(),
		EVP_sha256(), EVP_sha256() };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		csr_refused(forge_request(&(struct forge){ .algorithm = rows[i], .md = mds[i] }),
		    FAULT_BADREQ, ALGORITHM, i);
}
END_TEST

/* It says ecdsa-with-SHA256, and is not. */
START_TEST(digests_that_lie)
{
	const EVP_MD *const mds[] = { EVP_sha1(), EVP_sha224(), EVP_sha384(), EVP_sha512(),
		EVP_sha3_256() };

	for (size_t i = 0; i < sizeof(mds) / sizeof(mds[0]); i++)
		csr_refused(
		    forge_request(&(struct forge){ .md = mds[i] }), FAULT_BADREQ, UNPROVEN, i);
}
END_TEST

START_TEST(anothers_key)
{
	EVP_PKEY *other = made("EC", "P-256", NULL);
	struct forge f = { .key = other, .spki = forge_spki(forge_key()) };

	csr_refused(forge_request(&f), FAULT_BADREQ, UNPROVEN, 0);
	EVP_PKEY_free(other);
}
END_TEST

/* The signature of one request under the text of another. */
START_TEST(anothers_proof)
{
	struct forge f = { .subject = forge_common(DER_UTF8, octets_text("other")) };

	f.signature = JOIN(RAW("\0"), forge_sign(forge_key(), EVP_sha256(), forge_info(&f)));
	f.subject = forge_common(DER_UTF8, octets_text("mine!"));
	csr_refused(forge_request(&f), FAULT_BADREQ, UNPROVEN, 0);
}
END_TEST

/* What an edge does: all of the shape, nothing of the proof. */
START_TEST(reading_proves_nothing)
{
	struct octets anyone = forge_fill(0x41, 70), off;
	struct forge f = { .signature = JOIN(RAW("\0"), anyone) };
	uint8_t *spki;
	struct fault why = { 0 };
	struct csr c;

	ck_assert_msg(csr_read(forge_request(&f), &c, &why), "%s", why.text);
	ck_assert(octets_same(c.signature, anyone));
	ck_assert(octets_same(c.signed_part, forge_info(&f)));
	ck_assert(!csr_prove(&c, &why) && why.code == FAULT_BADREQ);
	ck_assert_str_eq(why.text, UNPROVEN);

	f.spki = off = forge_exact(forge_spki(forge_key()));
	spki = (uint8_t *)(uintptr_t)off.at;
	spki[off.n - 1] ^= 1; /* no point of the curve has this y */
	ck_assert_msg(csr_read(forge_request(&f), &c, &why), "%s", why.text);
	ck_assert(!csr_prove(&c, &why) && why.code == FAULT_BADREQ);
	ck_assert_msg(strstr(why.text, POINT_REFUSED) == why.text, "%s", why.text);
	ck_assert_uint_eq(ERR_peek_error(), 0);

	f.spki = forge_spki(forge_key());
	ck_assert(csr_read(forge_request(&(struct forge){ 0 }), &c, &why) && csr_prove(&c, &why));
}
END_TEST

START_TEST(signatures_by_hand)
{
	struct forge f = { .key = NULL };
	struct octets good = forge_sign(forge_key(), EVP_sha256(), forge_info(&f));
	struct octets n =
	    RAW("\x02\x21\0\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xbc"
		"\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51");
	const struct octets rows[] = {
		SEQ(RAW("\x02\x01\0\x02\x01\0")), /* r = s = 0 */
		SEQ(RAW("\x02\x01\x01\x02\x01\0")), SEQ(RAW("\x02\x01\x01\x02\x01\x01")),
		SEQ(RAW("\x02\x01\xff\x02\x01\xff")), SEQ(n, n), SEQ(n, RAW("\x02\x01\x01")),
		SEQ(RAW("\x02\x01\x01")), SEQ(NONE), RAW("\x05\0"), RAW("\0"),
		JOIN(good, RAW("\0")),                                     /* an octet more */
		JOIN(good, good),                                          /* twice */
		octets_of(good.at, good.n - 1),                            /* an octet less */
		JOIN(RAW("\x30\x81"), octets_of(good.at + 1, good.n - 1)), /* BER */
		JOIN(RAW("\x30\x80"), octets_of(good.at + 2, good.n - 2), RAW("\0\0")),
		octets_of(good.at + 2, good.n - 2), forge_fill(0, 64), /* raw, as P1363 has it */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f.signature = JOIN(RAW("\0"), rows[i]);
		csr_refused(forge_request(&f), FAULT_BADREQ, UNPROVEN, i);
	}
}
END_TEST

START_TEST(signatures_of_no_octets)
{
	csr_refused(forge_request(&(struct forge){ .signature = RAW("\0") }), FAULT_BADREQ,
	    "csr: RFC 2986 section 4.2: not a request", 0);
}
END_TEST

/* The signature's own unused bits: malformed, or bits that are no octets. */
START_TEST(signatures_with_unused_bits)
{
	struct forge f = { .key = NULL };
	struct octets good = forge_sign(forge_key(), EVP_sha256(), forge_info(&f));

	for (uint8_t unused = 1; unused < 9; unused++) {
		bool zeros = unused < 8 && (good.at[good.n - 1] & ((1u << unused) - 1)) == 0;

		f.signature = JOIN(octets_of(&unused, 1), good);
		csr_refused(forge_request(&f), FAULT_BADREQ,
		    zeros ? "csr: RFC 2986 section 4.2: not a request" : "malformed BIT STRING",
		    unused);
	}
}
END_TEST

/* (r, n - s) is as good a proof, from whoever saw the first: so nothing may be keyed on a
 * signature's octets, only on the key. */
START_TEST(a_twin_signature_names_the_same_key)
{
	struct forge f = { .key = NULL };
	struct octets good = forge_sign(forge_key(), EVP_sha256(), forge_info(&f));
	const uint8_t *p = good.at;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)good.n);
	EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *s = BN_new(), *r = BN_dup(ECDSA_SIG_get0_r(sig));
	struct csr first, twin;
	uint8_t *der = NULL;
	int n;

	ck_assert_int_eq(BN_sub(s, EC_GROUP_get0_order(g), ECDSA_SIG_get0_s(sig)), 1);
	ck_assert_int_eq(ECDSA_SIG_set0(sig, r, s), 1);
	ck_assert_int_gt(n = i2d_ECDSA_SIG(sig, &der), 0);
	f.signature = JOIN(RAW("\0"), good);
	first = csr_passes(forge_request(&f));
	f.signature = JOIN(RAW("\0"), octets_of(der, (size_t)n));
	twin = csr_passes(forge_request(&f));
	ck_assert_mem_eq(first.key_id, twin.key_id, CSR_KEY_ID_OCTETS);
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	EC_GROUP_free(g);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("csr_key");
	TCase *t = tcase_create("csr_key");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, a_good_one_passes);
	tcase_add_test(t, libcryptos_own_passes);
	tcase_add_test(t, other_keys);
	tcase_add_test(t, other_keys_by_libcrypto);
	tcase_add_test(t, other_spellings_of_p256);
	tcase_add_test(t, keys_by_hand);
	tcase_add_test(t, unused_bits);
	tcase_add_test(t, points_off_the_curve);
	tcase_add_test(t, other_algorithms);
	tcase_add_test(t, digests_that_lie);
	tcase_add_test(t, anothers_key);
	tcase_add_test(t, anothers_proof);
	tcase_add_test(t, reading_proves_nothing);
	tcase_add_test(t, signatures_by_hand);
	tcase_add_test(t, signatures_of_no_octets);
	tcase_add_test(t, signatures_with_unused_bits);
	tcase_add_test(t, a_twin_signature_names_the_same_key);
	suite_add_tcase(s, t);
	return run_suite(s);
}
