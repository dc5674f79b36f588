/* tests/unit/p256.c - ca/p256.h: one kept key, and never the answer of the key before. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>

#include "ca/oid.h"
#include "ca/p256.h"
#include "tests/unit/forge.h"
#include "tests/unit/run.h"

static EVP_PKEY *one, *other;
static struct octets text;

static void
setup(void)
{
	one = forge_key();
	other = EVP_EC_gen("P-256");
	ck_assert_ptr_nonnull(other);
	text = octets_text("what is signed");
}

static void
teardown(void)
{
	ERR_clear_error();
	EVP_PKEY_free(other);
	forge_free();
}

START_TEST(each_key_answers_for_itself)
{
	struct octets a = forge_spki(one), b = forge_spki(other);
	struct octets by_a = forge_sign(one, EVP_sha256(), text);
	struct octets by_b = forge_sign(other, EVP_sha256(), text);

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(p256_verify(a, text, by_a), P256_HOLDS);
		ck_assert_int_eq(p256_verify(b, text, by_a), P256_WRONG);
		ck_assert_int_eq(p256_verify(b, text, by_b), P256_HOLDS);
		ck_assert_int_eq(p256_verify(a, text, by_b), P256_WRONG);
	}
	ck_assert_int_eq(p256_verify(a, octets_text("what is signeD"), by_a), P256_WRONG);
	ck_assert_int_eq(p256_verify(a, NONE, by_a), P256_WRONG);
	ck_assert_int_eq(p256_verify(a, NONE, forge_sign(one, EVP_sha256(), NONE)), P256_HOLDS);
	ck_assert_int_eq(p256_verify(a, text, forge_sign(one, EVP_sha384(), text)), P256_WRONG);
}
END_TEST

/* What has no point is no key, and leaves none of the key before. */
START_TEST(points_that_are_none)
{
	struct octets a = forge_spki(one), by_a = forge_sign(one, EVP_sha256(), text);
	uint8_t off[SPKI_P256_OCTETS], compressed[SPKI_P256_OCTETS];
	struct octets rows[] = { NONE, octets_of(a.at, a.n - 1), octets_of(a.at + 1, a.n - 1),
		JOIN(a, RAW("\0")), octets_of(off, a.n), octets_of(compressed, a.n) };

	ck_assert_uint_eq(a.n, SPKI_P256_OCTETS);
	memcpy(off, a.at, a.n);
	off[a.n - 1] ^= 1;
	memcpy(compressed, a.at, a.n);
	compressed[a.n - 65] = 2;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert(p256_is_point(a));
		ck_assert_int_eq(p256_verify(a, text, by_a), P256_HOLDS);
		ck_assert_msg(!p256_is_point(rows[i]), "row %zu", i);
		ck_assert_msg(p256_verify(rows[i], text, by_a) == P256_NO_POINT, "row %zu", i);
	}
}
END_TEST

START_TEST(every_flipped_bit_of_a_signature)
{
	struct octets a = forge_spki(one), good = forge_sign(one, EVP_sha256(), text);
	uint8_t at[80];

	for (size_t bit = 0; bit < good.n * 8; bit++) {
		memcpy(at, good.at, good.n);
		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(
		    p256_verify(a, text, octets_of(at, good.n)) == P256_WRONG, "bit %zu", bit);
	}
}
END_TEST

START_TEST(signatures_of_another_shape)
{
	struct octets a = forge_spki(one), good = forge_sign(one, EVP_sha256(), text);
	const struct octets rows[] = { NONE, RAW("\0"), RAW("\x30\0"), forge_fill(0, 64),
		forge_fill(0xff, 72), JOIN(good, RAW("\0")), octets_of(good.at, good.n - 1),
		JOIN(RAW("\x30\x81"), octets_of(good.at + 1, good.n - 1)), /* BER */
		SEQ(RAW("\x02\x01\0\x02\x01\0")), JOIN(good, forge_fill(0, 1u << 20)) };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(p256_verify(a, text, rows[i]) == P256_WRONG, "row %zu", i);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("p256");
	TCase *t = tcase_create("p256");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, each_key_answers_for_itself);
	tcase_add_test(t, points_that_are_none);
	tcase_add_test(t, every_flipped_bit_of_a_signature);
	tcase_add_test(t, signatures_of_another_shape);
	suite_add_tcase(s, t);
	return run_suite(s);
}
