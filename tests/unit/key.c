/* tests/unit/key.c - ca/key.h: keys that sign what others verify, and that come back from their
 * sealed files and from nowhere else. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ca/key.h"
#include "ca/key_file.h"
#include "ca/oid.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"
#include "tests/unit/soft_token.h"

static char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
static struct seal *seal;
static struct key *p256, *ed;
static struct fault f;

static struct seal *
seal_of(const char *word)
{
	struct secret passphrase = { 0 };
	struct seal *s;

	ck_assert(secret_copy(octets_text(word), &passphrase, &f));
	ck_assert(seal_new(&passphrase, SEAL_RANDOM, &s, &f));
	secret_free(&passphrase);
	return s;
}

static void
setup(void)
{
	ck_assert(secret_start(&f));
	scratch_new(dir);
	scratch_path(dir, "key", path, sizeof(path));
	seal = seal_of("one");
	ck_assert(key_new(KEY_P256, &p256, &f));
	ck_assert(key_new(KEY_ED25519, &ed, &f));
}

static void
teardown(void)
{
	key_free(p256);
	key_free(ed);
	seal_free(seal);
	scratch_free(dir);
}

static bool
verifies(const struct key *k, struct octets text, struct octets signature)
{
	struct octets spki = key_spki(k);
	const uint8_t *p = spki.at;
	EVP_PKEY *pub = d2i_PUBKEY(NULL, &p, (long)spki.n);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ck_assert_ptr_nonnull(pub);
	ck_assert_int_eq(EVP_DigestVerifyInit(
			     ctx, NULL, key_kind(k) == KEY_P256 ? EVP_sha256() : NULL, NULL, pub),
	    1);
	ok = EVP_DigestVerify(ctx, signature.at, signature.n, text.at, text.n) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pub);
	return ok;
}

START_TEST(signs_what_libcrypto_verifies)
{
	const struct key *keys[] = { p256, ed };

	for (size_t i = 0; i < 2; i++) {
		struct bytes signature = { 0 };

		bytes_put_text(&signature, "before");
		ck_assert(key_sign(keys[i], octets_text("text"), &signature, &f));
		ck_assert_mem_eq(signature.at, "before", 6);
		ck_assert(verifies(
		    keys[i], octets_text("text"), octets_of(signature.at + 6, signature.n - 6)));
		ck_assert(!verifies(
		    keys[i], octets_text("texT"), octets_of(signature.at + 6, signature.n - 6)));
		ck_assert(!verifies(keys[1 - i], octets_text("text"),
		    octets_of(signature.at + 6, signature.n - 6)));
		ck_assert(i == 0 || signature.n == 6 + 64);
		bytes_free(&signature);
	}
}
END_TEST

/* Over a digest it is the same signature; only what signs digests does. */
START_TEST(signs_a_digest)
{
	static const uint8_t zeros[KEY_DIGEST_OCTETS];
	struct bytes of_text = { 0 }, none = { 0 };
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct key *k, *e;
	const uint8_t *p;
	EVP_PKEY *public;
	EVP_PKEY_CTX *ctx;

	ck_assert(key_new(KEY_P256, &k, &f));
	ck_assert(key_new(KEY_ED25519, &e, &f));
	ck_assert_int_eq(EVP_Digest("text", 4, digest, NULL, EVP_sha256(), NULL), 1);
	ck_assert(key_sign_digest(k, digest, &of_text, &f));
	p = key_spki(k).at;
	ck_assert_ptr_nonnull(public = d2i_PUBKEY(NULL, &p, (long)key_spki(k).n));
	ck_assert_ptr_nonnull(ctx = EVP_PKEY_CTX_new(public, NULL));
	ck_assert_int_eq(EVP_PKEY_verify_init(ctx), 1);
	ck_assert_int_eq(EVP_PKEY_verify(ctx, of_text.at, of_text.n, digest, sizeof(zeros)), 1);
	ck_assert_int_ne(EVP_PKEY_verify(ctx, of_text.at, of_text.n, zeros, sizeof(zeros)), 1);
	ck_assert(!key_sign_digest(e, zeros, &none, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_uint_eq(none.n, 0);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(public);
	bytes_free(&of_text);
	key_free(k);
	key_free(e);
}
END_TEST

START_TEST(kinds_are_told)
{
	uint8_t id[TBS_KEY_ID_OCTETS];
	struct key *other;

	ck_assert_int_eq(key_kind(p256), KEY_P256);
	ck_assert_int_eq(key_kind(ed), KEY_ED25519);
	ck_assert_uint_eq(key_spki(p256).n, SPKI_P256_OCTETS);
	ck_assert_mem_eq(key_spki(p256).at, oid_spki_p256_prefix.at, oid_spki_p256_prefix.n);
	ck_assert_uint_eq(key_spki(ed).n, 44);
	ck_assert(tbs_key_id(key_spki(p256), id, &f));
	ck_assert_mem_eq(key_id(p256), id, sizeof(id));
	ck_assert(key_new(KEY_P256, &other, &f));
	ck_assert_mem_ne(key_id(p256), key_id(other), TBS_KEY_ID_OCTETS);
	key_free(other);
	key_free(NULL);
}
END_TEST

START_TEST(comes_back_from_its_file)
{
	const struct key *keys[] = { p256, ed };

	for (size_t i = 0; i < 2; i++) {
		struct key *back;
		struct bytes signature = { 0 };

		ck_assert_msg(key_write(keys[i], seal, path, &f), "%s", f.text);
		ck_assert_msg(key_read(seal, NULL, path, &back, &f), "%s", f.text);
		ck_assert_int_eq(key_kind(back), key_kind(keys[i]));
		ck_assert(octets_same(key_spki(back), key_spki(keys[i])));
		ck_assert(key_sign(back, octets_text("text"), &signature, &f));
		ck_assert(verifies(keys[i], octets_text("text"), octets_bytes(&signature)));
		bytes_free(&signature);
		key_free(back);
		ck_assert_int_eq(unlink(path), 0);
	}
}
END_TEST

START_TEST(file_is_nobody_elses)
{
	struct seal *other = seal_of("two");
	struct key *back = NULL;

	ck_assert(!key_read(seal, NULL, path, &back, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(key_write(p256, seal, path, &f));
	ck_assert(!key_read(other, NULL, path, &back, &f));
	ck_assert_int_eq(f.code, FAULT_AUTH);
	ck_assert(!key_write(ed, seal, path, &f)); /* never over another */
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_ptr_null(back);
	seal_free(other);
}
END_TEST

START_TEST(sealed_and_no_key)
{
	static const struct octets rows[] = {
		{ (const uint8_t *)"x", 1 },
		{ (const uint8_t *)"\x30\x00", 2 },
		{ (const uint8_t *)"\x30\x82\x01\x00", 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secret s = { 0 };
		struct key *back = NULL;

		ck_assert(secret_copy(rows[i], &s, &f));
		ck_assert(seal_write(seal, path, &s, &f));
		secret_free(&s);
		ck_assert_msg(!key_read(seal, NULL, path, &back, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_ptr_null(back);
		ck_assert_int_eq(unlink(path), 0);
	}
}
END_TEST

#define ID "%00%01%02%03%04%05%06%07%08%09%0a%0b%0c%0d%0e%0f%10%11%12%13"

/* One line of RFC 7512, with our three attributes and no other. */
START_TEST(uris)
{
	static const struct {
		const char *line, *token; /* NULL: refused */
	} rows[] = {
		{ "pkcs11:token=our%20token;id=" ID ";type=private\n", "our token" },
		{ "pkcs11:id=" ID ";type=private;token=a\n", "a" },
		{ "pkcs11:token=12345678901234567890123456789012;id=" ID ";type=private\n",
		    "12345678901234567890123456789012" },
		{ "", NULL },
		{ "pkcs11:\n", NULL },
		{ "pkcs11:token=a;id=" ID ";type=private", NULL }, /* cut off */
		{ "pkcs11:token=a;id=" ID "\n", NULL },
		{ "pkcs11:token=a;type=private\n", NULL },
		{ "pkcs11:id=" ID ";type=private\n", NULL },
		{ "pkcs11:token=;id=" ID ";type=private\n", NULL },
		{ "pkcs11:token=a;token=b;id=" ID ";type=private\n", NULL },
		{ "pkcs11:token=a;id=" ID ";type=public\n", NULL },
		{ "pkcs11:token=a;id=" ID ";type=private;\n\n", NULL },
		{ "pkcs11:token=a;id=" ID ";type=private\npkcs11:\n", NULL },
		{ "pkcs11:token=a;id=" ID ";type=private;object=x\n", NULL },
		{ "pkcs11:token=a;id=" ID ";type=private?pin-value=1234\n", NULL },
		{ "pkcs11:token=a?module-path=/x;id=" ID ";type=private\n", "a?module-path=/x" },
		{ "pkcs11:token=a%00b;id=" ID ";type=private\n", NULL },
		{ "pkcs11:token=a%;id=" ID ";type=private\n", NULL },
		{ "pkcs11:token=123456789012345678901234567890123;id=" ID ";type=private\n", NULL },
		{ "pkcs11:token=a;id=" ID "%14;type=private\n", NULL },
		{ "pkcs11:token=a;id=%00;type=private\n", NULL },
		{ "pkcs11:token=a;id=0123456789012345678901234567890123456789;type=private\n",
		    NULL },
		{ "PKCS11:token=a;id=" ID ";type=private\n", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct key_uri u = { .token = "untouched" };
		bool ok = key_uri_read(octets_text(rows[i].line), &u, &f);

		ck_assert_msg(ok == (rows[i].token != NULL), "row %zu", i);
		ck_assert_msg(ok || f.code == FAULT_BADREQ, "row %zu", i);
		ck_assert_str_eq(u.token, ok ? rows[i].token : "untouched");
		ck_assert(!ok || u.id[19] == 0x13);
	}
}
END_TEST

START_TEST(lives_in_a_token)
{
	struct bytes signature = { 0 };
	struct secret out = { 0 };
	struct hsm *hsm, *none = NULL;
	struct key *k, *back = NULL;

	soft_token_new(dir);
	ck_assert_msg(soft_token_open(SOFT_TOKEN_PIN, "file 1\n", &hsm, &f), "%s", f.text);
	ck_assert_msg(key_new_in(hsm, "a key", &k, &f), "%s", f.text);
	ck_assert(key_is_in_token(k) && !key_is_in_token(p256));
	ck_assert_int_eq(key_kind(k), KEY_P256);
	ck_assert(!key_export(k, &out, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_msg(key_write(k, NULL, path, &f), "%s", f.text);
	ck_assert(!key_write(k, NULL, path, &f)); /* never over another */
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_msg(key_read(seal, hsm, path, &back, &f), "%s", f.text);
	ck_assert_mem_eq(key_id(back), key_id(k), TBS_KEY_ID_OCTETS);
	for (int i = 0; i < 64; i++) { /* r or s with a zero in front, or a bit there */
		ck_assert(key_sign(back, octets_text("text"), &signature, &f));
		ck_assert(verifies(k, octets_text("text"), octets_bytes(&signature)));
		ck_assert(!verifies(p256, octets_text("text"), octets_bytes(&signature)));
		bytes_clear(&signature);
	}
	key_free(back);
	back = NULL;
	ck_assert(!key_read(seal, none, path, &back, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_msg(strstr(f.text, SOFT_TOKEN_LABEL) != NULL, "%s", f.text);
	soft_token_does("foreign");
	ck_assert(!key_read(seal, hsm, path, &back, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	soft_token_does("");
	hsm_unmake(hsm);
	ck_assert(!key_read(seal, hsm, path, &back, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_ptr_null(back);
	bytes_free(&signature);
	key_free(k);
	hsm_close(hsm);
}
END_TEST

START_TEST(export_is_pkcs8)
{
	struct secret s = { 0 };
	const uint8_t *p;
	EVP_PKEY *back;
	uint8_t *spki = NULL;
	int n;

	ck_assert(key_export(p256, &s, &f));
	p = s.at;
	ck_assert_ptr_nonnull(back = d2i_AutoPrivateKey(NULL, &p, (long)s.n));
	ck_assert_int_gt(n = i2d_PUBKEY(back, &spki), 0);
	ck_assert(octets_same(octets_of(spki, (size_t)n), key_spki(p256)));
	OPENSSL_free(spki);
	EVP_PKEY_free(back);
	secret_free(&s);
}
END_TEST

/* Nothing of the private number stands in the file, behind its base64. */
START_TEST(file_hides_the_key)
{
	struct secret s = { 0 };
	struct bytes der = { 0 };
	uint8_t file[4096];
	size_t n;
	FILE *in;

	ck_assert(key_write(p256, seal, path, &f));
	ck_assert(key_export(p256, &s, &f));
	ck_assert_ptr_nonnull(in = fopen(path, "rb"));
	n = fread(file, 1, sizeof(file), in);
	(void)fclose(in);
	ck_assert(text_unbase64(octets_of(file, n), &der, &f));
	ck_assert_uint_gt(der.n, s.n);
	for (size_t i = 0; i + 8 <= s.n; i++)
		ck_assert_ptr_null(memmem(der.at, der.n, s.at + i, 8));
	bytes_free(&der);
	secret_free(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("key");
	TCase *t = tcase_create("key");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, signs_what_libcrypto_verifies);
	tcase_add_test(t, signs_a_digest);
	tcase_add_test(t, kinds_are_told);
	tcase_add_test(t, comes_back_from_its_file);
	tcase_add_test(t, file_is_nobody_elses);
	tcase_add_test(t, sealed_and_no_key);
	tcase_add_test(t, uris);
	tcase_add_test(t, lives_in_a_token);
	tcase_add_test(t, export_is_pkcs8);
	tcase_add_test(t, file_hides_the_key);
	suite_add_tcase(s, t);
	return run_suite(s);
}
