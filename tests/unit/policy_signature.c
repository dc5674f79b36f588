/* tests/unit/policy_signature.c - ca/policy_signature.h: whose word a policy is, and whose it is
 * not. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "ca/policy_signature.h"
#include "tests/unit/run.h"

static const char text[] = "kind: Guardrail\n";
static EVP_PKEY *pkey[2];
static char vkey[2][LOG_VKEY_MAX];
static struct policy_key key[2];
static struct bytes signature;
static struct fault f;

static void
setup(void)
{
	static const char *const names[] = { "security.example.org", "other.example.org" };
	uint8_t raw[32];
	size_t n = sizeof(raw);

	for (size_t i = 0; i < 2; i++) {
		ck_assert_ptr_nonnull(pkey[i] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
		ck_assert_int_eq(EVP_PKEY_get_raw_public_key(pkey[i], raw, &n), 1);
		ck_assert(log_vkey(names[i], LOG_KEY_SIGNS, raw, vkey[i], &f));
		ck_assert_msg(policy_key_read(vkey[i], &key[i], &f), "%s", f.text);
	}
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	for (size_t i = 0; i < 2; i++)
		EVP_PKEY_free(pkey[i]);
	bytes_free(&signature);
}

/* A line of key i over what, appended; name NULL: its own. */
static void
sign(size_t i, const char *what, const char *name)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t raw[4 + 64];
	size_t n = 64;

	memcpy(raw, key[i].hash, 4);
	ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey[i]), 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, raw + 4, &n, (const uint8_t *)what, strlen(what)), 1);
	EVP_MD_CTX_free(ctx);
	bytes_put_fmt(&signature, "\xe2\x80\x94 %s ", name == NULL ? key[i].name : name);
	text_base64(octets_of(raw, sizeof(raw)), 0, &signature);
	bytes_put_text(&signature, "\n");
}

static enum fault_code
judged(size_t keys)
{
	f = (struct fault){ 0 };
	return policy_signed(octets_text(text), octets_bytes(&signature), key, keys, &f) ? 0
											 : f.code;
}

START_TEST(one_of_the_keys_stands_behind_it)
{
	sign(0, text, NULL);
	ck_assert_msg(judged(1) == 0, "%s", f.text);
	ck_assert_int_eq(judged(2), 0);
	sign(1, text, NULL);
	ck_assert_int_eq(judged(2), 0);
	ck_assert_int_eq(judged(1), 0); /* the line of a key that nobody trusts harms nothing */
}
END_TEST

START_TEST(nobody_that_is_trusted)
{
	ck_assert_int_eq(judged(2), FAULT_DENIED);
	sign(1, text, NULL);
	ck_assert_int_eq(judged(1), FAULT_DENIED);
	bytes_clear(&signature);
	sign(0, text, "other.example.org"); /* another's name on it */
	ck_assert_int_eq(judged(2), FAULT_DENIED);
}
END_TEST

START_TEST(another_text)
{
	sign(0, "kind: Guardrail", NULL);
	ck_assert_int_eq(judged(1), FAULT_DENIED);
	ck_assert_ptr_nonnull(strstr(f.text, "another text"));
	sign(0, text, NULL); /* a good line beside it does not heal that */
	ck_assert_int_eq(judged(1), FAULT_DENIED);
}
END_TEST

START_TEST(octets_that_were_altered)
{
	sign(0, text, NULL);
	for (size_t i = signature.n - 3; i > signature.n - 60; i -= 7) {
		uint8_t was = signature.at[i];

		signature.at[i] = was == 'A' ? 'B' : 'A';
		ck_assert_int_ne(judged(1), 0);
		signature.at[i] = was;
	}
	ck_assert_int_eq(judged(1), 0);
}
END_TEST

START_TEST(lines_that_are_none)
{
	static const char *const bad[] = { "signature\n", "\xe2\x80\x94 name\n", "\xe2\x80\x94 \n",
		"\xe2\x80\x94 name !!!!\n", "\xe2\x80\x94 name AAAA\n", "- name AAAAAAAA\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bytes_clear(&signature);
		bytes_put_text(&signature, bad[i]);
		ck_assert_msg(judged(1) == FAULT_BADREQ, "%zu: %d %s", i, (int)f.code, f.text);
	}
	bytes_clear(&signature);
	for (size_t i = 0; i <= POLICY_SIGNATURE_LINES; i++)
		sign(1, text, NULL);
	ck_assert_int_eq(judged(1), FAULT_BADREQ);
}
END_TEST

START_TEST(verifier_keys_that_are_none)
{
	static const char *const bad[] = { "", "name", "name+", "name+00000000+", "+00000000+AAAA",
		"name+0000000g+AQ==", "na me+00000000+AQ==" };
	char altered[LOG_VKEY_MAX];
	struct policy_key k;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!policy_key_read(bad[i], &k, &f), "%s", bad[i]);
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	memcpy(altered, vkey[0], sizeof(altered));
	altered[0] = 'S'; /* the hash is over the name too */
	ck_assert(!policy_key_read(altered, &k, &f));
	ck_assert(log_vkey("name", LOG_KEY_COSIGNS, key[0].key, altered, &f));
	ck_assert(!policy_key_read(altered, &k, &f)); /* of another type */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("policy_signature");
	TCase *t = tcase_create("policy_signature");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, one_of_the_keys_stands_behind_it);
	tcase_add_test(t, nobody_that_is_trusted);
	tcase_add_test(t, another_text);
	tcase_add_test(t, octets_that_were_altered);
	tcase_add_test(t, lines_that_are_none);
	tcase_add_test(t, verifier_keys_that_are_none);
	return run_suite(s);
}
