/* tests/unit/csr_rsa.c - ca/csr.h and ca/csr_rsa.h: an RSA key in its one spelling, that nobody can
 * factor in passing, and the proof that it is held. The rules of the key come before the proof, so
 * most keys here have none. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "ca/csr_rsa.h"
#include "ca/profile_set.h"
#include "tests/unit/csr_judge.h"
#include "tests/unit/run.h"

#define ALGORITHM "csr: RFC 4055 section 5: expected sha256WithRSAEncryption"
#define UNPROVEN  "csr: RFC 7030 section 3.4: possession of the key is not proven"
#define KEY       "csr: RFC 5480 section 2: expected an uncompressed P-256 key"
#define NO_RSA    "csr: RFC 3279 section 2.3.1: not an RSA public key"
#define EXPONENT  "csr: RFC 8017 section 3.1: expected the public exponent 65537"
#define BITS      "csr: RFC 3279 section 2.3.1: expected an RSA modulus of 2048 to 4096 bits"
#define FACTOR    "csr: SP 800-89 section 5.3.3: the RSA modulus has a factor"
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define E         RAW("\x02\x03\x01\0\x01")

static EVP_PKEY *key; /* 2048 bits, made once: it takes a while */

/* Before any test, in the process that all of them come from. */
static void
make_key(void)
{
	struct fault f;

	ck_assert(profile_load_builtin(&f));
	ck_assert_ptr_nonnull(key = EVP_RSA_gen(2048));
}

static void
free_key(void)
{
	EVP_PKEY_free(key);
}

static void
teardown(void)
{
	forge_free();
}

static BIGNUM *
number(const char *which)
{
	BIGNUM *n = NULL;

	ck_assert_int_eq(EVP_PKEY_get_bn_param(key, which, &n), 1);
	return n;
}

/* The INTEGER of a number that is not negative. */
static struct octets
integer(const BIGNUM *n)
{
	uint8_t at[1100];
	int len = BN_bn2bin(n, at + 1);

	at[0] = 0;
	return (at[1] & 0x80) != 0 || len == 0 ? TLV(DER_INTEGER, octets_of(at, (size_t)len + 1))
					       : TLV(DER_INTEGER, octets_of(at + 1, (size_t)len));
}

static struct octets
spki_of(struct octets algorithm, struct octets numbers)
{
	return SEQ(algorithm, TLV(DER_BIT_STRING, RAW("\0"), numbers));
}

/* A key of this modulus, and its request: proven by nobody. */
static struct octets
for_numbers(struct octets modulus, struct octets exponent)
{
	return forge_request(
	    &(struct forge){ .spki = spki_of(oid_algorithm_rsa, SEQ(modulus, exponent)),
		.algorithm = oid_algorithm_rsa_sha256 });
}

static struct octets
for_modulus(const BIGNUM *n)
{
	return for_numbers(integer(n), E);
}

static struct octets
request(struct forge f)
{
	if (f.key == NULL)
		f.key = key;
	if (f.algorithm.n == 0)
		f.algorithm = oid_algorithm_rsa_sha256;
	return forge_request(&f);
}

START_TEST(a_good_one_passes)
{
	struct csr c = csr_passes(request((struct forge){ .key = key }));

	ck_assert_int_eq(c.kind, SPKI_RSA);
	ck_assert(octets_same(c.spki, forge_spki(key)));
	ck_assert_uint_eq(spki_rsa_bits(c.spki), 2048);
	ck_assert_int_eq(spki_kind(forge_spki(forge_key())), SPKI_P256);
	ck_assert_uint_eq(spki_rsa_bits(forge_spki(forge_key())), 0);
}
END_TEST

/* What libcrypto writes is what most clients send. */
START_TEST(libcryptos_own_passes)
{
	X509_REQ *q = X509_REQ_new();
	uint8_t *der = NULL;
	int n;

	ck_assert_int_eq(X509_REQ_set_pubkey(q, key), 1);
	ck_assert_int_gt(X509_REQ_sign(q, key, EVP_sha256()), 0);
	ck_assert_int_gt(n = i2d_X509_REQ(q, &der), 0);
	ck_assert_int_eq(csr_passes(octets_of(der, (size_t)n)).kind, SPKI_RSA);
	OPENSSL_free(der);
	X509_REQ_free(q);
}
END_TEST

START_TEST(lengths)
{
	static const int bits[] = { 8, 512, 1024, 2040, 2047, 2049, 2055, 4095, 4097, 4104, 8192 };
	BIGNUM *n = BN_new();

	for (size_t i = 0; i < COUNT(bits); i++) {
		ck_assert_int_eq(BN_rand(n, bits[i], BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
		csr_refused(for_modulus(n), FAULT_BADREQ, BITS, i);
	}
	BN_zero(n);
	csr_refused(for_modulus(n), FAULT_BADREQ, BITS, 0);
	BN_free(n);
}
END_TEST

START_TEST(exponents)
{
	BIGNUM *modulus = number(OSSL_PKEY_PARAM_RSA_N);
	struct octets n = integer(modulus);
	const struct octets rows[] = { RAW("\x02\x01\x03"), RAW("\x02\x01\x01"), RAW("\x02\x01\0"),
		RAW("\x02\x01\x11"), RAW("\x02\x03\x01\0\x03"), RAW("\x02\x03\xff\0\x01"),
		RAW("\x02\x04\x01\0\x01\0"), RAW("\x02\x09\0\x81\0\0\0\0\0\0\x01"), n };

	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(for_numbers(n, rows[i]), FAULT_BADREQ, EXPONENT, i);
	BN_free(modulus);
}
END_TEST

/* One key, many spellings: each would have a fingerprint of its own. */
START_TEST(other_spellings)
{
	BIGNUM *modulus = number(OSSL_PKEY_PARAM_RSA_N);
	struct octets n = integer(modulus), good = SEQ(n, E);
	struct octets rsa = OID(octets_of(oid_algorithm_rsa.at + 4, 9)), null = RAW("\x05\0");
	const struct octets keys[] = {
		spki_of(SEQ(rsa), good),                          /* no NULL */
		spki_of(SEQ(rsa, null, null), good),              /* two */
		spki_of(SEQ(rsa, SEQ(NONE)), good),               /* parameters */
		spki_of(SEQ(OID(oid_ec_public_key), null), good), /* another's */
		spki_of(SEQ(RAW("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")), good), /* PSS */
		spki_of(SEQ(RAW("\x06\x04\x55\x08\x01\x01"), null), good), /* X.500's rsa */
	};
	const struct octets numbers[] = {
		SEQ(n),
		SEQ(E, n, E),
		SEQ(n, E, E),
		SEQ(n, E, null),
		SEQ(NONE),
		n,
		NONE,
		null,
		JOIN(good, null),
		SET(n, E),
		SEQ(TLV(DER_OCTETS, RAW("\x01")), E),
		TLV(DER_EXPLICIT(0), n, E),
	};
	struct octets bits = TLV(DER_BIT_STRING, RAW("\0"), good);

	for (size_t i = 0; i < COUNT(keys); i++)
		csr_refused(request((struct forge){ .spki = keys[i] }), FAULT_BADREQ, KEY, i);
	for (size_t i = 0; i < COUNT(numbers); i++)
		csr_refused(
		    request((struct forge){ .spki = spki_of(oid_algorithm_rsa, numbers[i]) }),
		    FAULT_BADREQ, "csr: RFC ", i);
	csr_refused(request((struct forge){ .spki = SEQ(oid_algorithm_rsa, bits, null) }),
	    FAULT_BADREQ, NO_RSA, 0);
	csr_refused(
	    request((struct forge){ .spki = SEQ(oid_algorithm_rsa, TLV(DER_OCTETS, good)) }),
	    FAULT_BADREQ, NO_RSA, 1);
	csr_refused(
	    request((struct forge){ .spki = SEQ(oid_algorithm_rsa,
					TLV(DER_BIT_STRING, RAW("\x01"), SEQ(n, E, null))) }),
	    FAULT_BADREQ, "csr: RFC ", 2);
	BN_free(modulus);
}
END_TEST

START_TEST(numbers_of_another_spelling)
{
	BIGNUM *modulus = number(OSSL_PKEY_PARAM_RSA_N);
	struct octets n = integer(modulus), bare = octets_of(n.at + 5, n.n - 5);

	ck_assert_uint_eq(n.n, 4 + 257);
	ck_assert_uint_ge(bare.at[0], 0x80);
	csr_refused(for_numbers(TLV(DER_INTEGER, bare), E), FAULT_BADREQ, BITS, 0); /* negative */
	csr_refused(for_numbers(TLV(DER_INTEGER, RAW("\0\0"), bare), E), FAULT_BADREQ, NO_RSA, 1);
	csr_refused(for_numbers(n, RAW("\x02\x04\0\x01\0\x01")), FAULT_BADREQ, NO_RSA, 2);
	csr_refused(
	    for_numbers(JOIN(RAW("\x02\x83\0\x01\x01\0"), bare), E), FAULT_BADREQ, NO_RSA, 3);
	BN_free(modulus);
}
END_TEST

/* A multiple of each of these primes near the good modulus. */
START_TEST(small_factors)
{
	static const BN_ULONG primes[] = { 3, 5, 7, 11, 101, 751, 757, 7919, 9973 };
	BIGNUM *n = number(OSSL_PKEY_PARAM_RSA_N);

	for (size_t i = 0; i < COUNT(primes); i++) {
		BIGNUM *m = BN_dup(n);

		ck_assert_int_eq(BN_sub_word(m, BN_mod_word(m, primes[i])), 1);
		if (!BN_is_odd(m))
			ck_assert_int_eq(BN_sub_word(m, primes[i]), 1);
		ck_assert_int_eq(BN_num_bits(m), 2048);
		csr_refused(for_modulus(m), FAULT_BADREQ, FACTOR, i);
		BN_free(m);
	}
	ck_assert_int_eq(BN_sub_word(n, 1), 1);
	csr_refused(for_modulus(n), FAULT_BADREQ, FACTOR, 0); /* even */
	BN_free(n);
}
END_TEST

static void
to_next_prime(BIGNUM *p)
{
	do
		ck_assert_int_eq(BN_add_word(p, 2), 1);
	while (BN_check_prime(p, NULL, NULL) != 1);
}

START_TEST(close_factors)
{
	BIGNUM *p = number(OSSL_PKEY_PARAM_RSA_FACTOR1), *q = BN_dup(p), *n = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	ck_assert_int_eq(BN_sqr(n, p, ctx), 1);
	csr_refused(for_modulus(n), FAULT_BADREQ, "are close", 0); /* a square */
	for (size_t i = 1; i < 3; i++) {
		to_next_prime(q);
		ck_assert_int_eq(BN_mul(n, p, q, ctx), 1);
		csr_refused(for_modulus(n), FAULT_BADREQ, "are close", i);
	}
	BN_CTX_free(ctx);
	BN_free(n);
	BN_free(p);
	BN_free(q);
}
END_TEST

static bool
has_small_factor(const BIGNUM *n)
{
	for (BN_ULONG d = 3; d < RSA_FACTOR_MAX; d += 2)
		if (BN_mod_word(n, d) == 0)
			return true;
	return false;
}

/* A number like those of the generator: a power of 65537 by each of its primes. */
START_TEST(roca)
{
	static const BN_ULONG primes[] = { 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47,
		53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
		149, 151, 157, 163, 167 };
	BIGNUM *m = BN_new(), *n = BN_new(), *rest = BN_new(), *power = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	ck_assert_int_eq(BN_set_word(m, 1), 1);
	for (size_t i = 0; i < COUNT(primes); i++)
		ck_assert_int_eq(BN_mul_word(m, primes[i]), 1);
	ck_assert_int_eq(BN_set_word(n, 65537), 1);
	ck_assert_int_eq(BN_set_word(power, 1234567), 1);
	ck_assert_int_eq(BN_mod_exp(power, n, power, m, ctx), 1);
	ck_assert_int_eq(BN_rand(n, 2048, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY), 1);
	ck_assert_int_eq(BN_clear_bit(n, 2046), 1); /* so that it may grow */
	ck_assert_int_eq(BN_mod(rest, n, m, ctx), 1);
	ck_assert_int_eq(BN_sub(n, n, rest), 1);
	ck_assert_int_eq(BN_add(n, n, power), 1);
	while (has_small_factor(n))
		ck_assert_int_eq(BN_add(n, n, m), 1);
	csr_refused(for_modulus(n), FAULT_BADREQ, "csr: CVE-2017-15361", 0);
	BN_CTX_free(ctx);
	BN_free(power);
	BN_free(rest);
	BN_free(n);
	BN_free(m);
}
END_TEST

START_TEST(other_algorithms)
{
	static const uint8_t rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x00 };
	static const uint8_t last[] = { 0x04, 0x05, 0x0a, 0x0c, 0x0d, 0x0e, 0x01 };
	struct octets null = RAW("\x05\0");

	for (size_t i = 0; i < COUNT(last); i++) { /* MD5, SHA-1, PSS, SHA-384, -512, -224, none */
		struct octets oid = OID(JOIN(octets_of(rsa, 8), octets_of(&last[i], 1)));

		csr_refused(request((struct forge){ .algorithm = SEQ(oid, null) }), FAULT_BADREQ,
		    ALGORITHM, i);
	}
	csr_refused(request((struct forge){ .algorithm = oid_algorithm_ecdsa_sha256 }),
	    FAULT_BADREQ, ALGORITHM, 10);
	csr_refused(request((struct forge){
			.algorithm = SEQ(octets_of(oid_algorithm_rsa_sha256.at + 2, 11)) }),
	    FAULT_BADREQ, ALGORITHM, 11); /* without NULL */
	csr_refused(forge_request(&(struct forge){ .algorithm = oid_algorithm_rsa_sha256 }),
	    FAULT_BADREQ, "csr: RFC 5758 section 3.2", 12); /* a P-256 key */
}
END_TEST

/* With the padding of PSS, which no algorithm here announces. */
static struct octets
signed_pss(struct octets info)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *k;
	uint8_t at[512];
	size_t n = sizeof(at);

	ck_assert_int_eq(EVP_DigestSignInit(ctx, &k, EVP_sha256(), NULL, key), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(k, RSA_PKCS1_PSS_PADDING), 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, at, &n, info.at, info.n), 1);
	EVP_MD_CTX_free(ctx);
	return forge_exact(octets_of(at, n));
}

START_TEST(proofs)
{
	struct forge f = { .key = key };
	struct octets info = forge_info(&f), good = forge_sign(key, EVP_sha256(), info);
	uint8_t bent = good.at[255] ^ 1u;
	const struct octets rows[] = {
		JOIN(octets_of(good.at, 255), octets_of(&bent, 1)),
		octets_of(good.at, 255),
		JOIN(good, RAW("\0")),
		JOIN(RAW("\0"), good),
		forge_fill(0, 256),
		forge_fill(0xff, 256),
		JOIN(forge_fill(0, 255), RAW("\x01")),
		RAW("\x01"),
		forge_sign(key, EVP_sha1(), info),
		forge_sign(key, EVP_sha512(), info),
		signed_pss(info),
		forge_sign(forge_key(), EVP_sha256(), info),
		forge_sign(key, EVP_sha256(), JOIN(info, RAW("\0"))),
	};

	f.signature = JOIN(RAW("\0"), good);
	(void)csr_passes(request(f));
	for (size_t i = 0; i < COUNT(rows); i++) {
		f.signature = JOIN(RAW("\0"), rows[i]);
		csr_refused(request(f), FAULT_BADREQ, UNPROVEN, i);
	}
	f = (struct forge){ .spki = forge_spki(key), .key = forge_key() };
	csr_refused(request(f), FAULT_BADREQ, UNPROVEN, 20);
}
END_TEST

/* Which lengths a profile takes; the gate has taken them before. */
START_TEST(profiles_say_how_long)
{
	static const struct {
		int bits;
		bool good;
	} rows[] = { { 2048, true }, { 2056, false }, { 2560, false }, { 3072, true },
		{ 4088, false }, { 4096, true } };
	struct octets p256 = forge_spki(forge_key());
	BIGNUM *n = BN_new();
	struct fault f;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct octets spki;

		ck_assert_int_eq(BN_rand(n, rows[i].bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
		spki = spki_of(oid_algorithm_rsa, SEQ(integer(n), E));
		ck_assert_int_eq(profile_takes(profile_find("legacy-rsa"), spki, &f), rows[i].good);
		ck_assert(!profile_takes(profile_find("printer"), spki, &f));
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_ptr_nonnull(strstr(f.text, "expected a P-256 key, found an RSA key of"));
		ck_assert(!profile_takes(profile_find("root"), spki, &f));
	}
	ck_assert(!profile_takes(profile_find("legacy-rsa"), p256, &f));
	ck_assert_str_eq(f.text,
	    "profile: legacy-rsa: expected an RSA key of 2048 to 4096 bits in steps of 1024, found a P-256 key");
	ck_assert(profile_takes(profile_find("printer"), p256, &f));
	BN_free(n);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("csr_rsa");
	TCase *t = tcase_create("csr_rsa");

	tcase_add_unchecked_fixture(t, make_key, free_key);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, a_good_one_passes);
	tcase_add_test(t, libcryptos_own_passes);
	tcase_add_test(t, lengths);
	tcase_add_test(t, exponents);
	tcase_add_test(t, other_spellings);
	tcase_add_test(t, numbers_of_another_spelling);
	tcase_add_test(t, small_factors);
	tcase_add_test(t, close_factors);
	tcase_add_test(t, roca);
	tcase_add_test(t, other_algorithms);
	tcase_add_test(t, proofs);
	tcase_add_test(t, profiles_say_how_long);
	suite_add_tcase(s, t);
	return run_suite(s);
}
