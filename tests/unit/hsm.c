/* tests/unit/hsm.c - ca/hsm.h, ca/pin.h: keys that stay in a token, and a PIN that is tried once.
 */
#include "ca/hsm.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "tests/unit/run.h"
#include "tests/unit/soft_token.h"

static char dir[SCRATCH_PATH_MAX];
static struct fault f;
static struct hsm *hsm;
static const uint8_t digest[32] = "a digest has thirty-two octets.";

static void
setup(void)
{
	ck_assert(secret_start(&f));
	scratch_new(dir);
	soft_token_new(dir);
	hsm = NULL;
}

static void
teardown(void)
{
	hsm_close(hsm);
	scratch_free(dir);
}

static void
open_token(void)
{
	ck_assert_msg(soft_token_open(SOFT_TOKEN_PIN, "file 1\n", &hsm, &f), "%s", f.text);
}

static void
open_again(void)
{
	hsm_close(hsm);
	hsm = NULL;
	open_token();
}

static struct hsm_key
make(const char *label)
{
	struct hsm_key k;

	ck_assert_msg(hsm_make(hsm, label, &k, &f), "%s", f.text);
	return k;
}

static bool
exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* r and s, verified as ECDSA over digest itself. */
static bool
verifies(const struct hsm_key *k, const uint8_t rs[static HSM_SIGNATURE_OCTETS])
{
	const uint8_t *p = k->spki;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, sizeof(k->spki));
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	uint8_t der[96], *to = der;
	int n;
	bool ok;

	ck_assert_int_eq(
	    ECDSA_SIG_set0(sig, BN_bin2bn(rs, 32, NULL), BN_bin2bn(rs + 32, 32, NULL)), 1);
	ck_assert_int_gt(n = i2d_ECDSA_SIG(sig, &to), 0);
	ck_assert_int_eq(EVP_PKEY_verify_init(ctx), 1);
	ok = EVP_PKEY_verify(ctx, der, (size_t)n, digest, sizeof(digest)) == 1;
	ECDSA_SIG_free(sig);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return ok;
}

START_TEST(signs_and_is_found_again)
{
	struct hsm_key one, two, found;
	uint8_t rs[HSM_SIGNATURE_OCTETS];

	open_token();
	ck_assert_str_eq(hsm_token(hsm), SOFT_TOKEN_LABEL);
	one = make("one");
	two = make("two");
	ck_assert_mem_ne(one.id, two.id, sizeof(one.id));
	ck_assert(hsm_sign(hsm, &one, digest, rs, &f));
	ck_assert(verifies(&one, rs));
	ck_assert(!verifies(&two, rs));
	open_again();
	ck_assert(hsm_has(hsm, one.id, &f));
	ck_assert_msg(hsm_find(hsm, one.id, &found, &f), "%s", f.text);
	ck_assert_mem_eq(found.spki, one.spki, sizeof(one.spki));
	ck_assert(hsm_sign(hsm, &found, digest, rs, &f));
	ck_assert(verifies(&one, rs));
}
END_TEST

START_TEST(what_is_unmade_is_gone)
{
	struct hsm_key kept, k, none;

	open_token();
	kept = make("kept");
	open_again();
	k = make("made");
	hsm_unmake(hsm);
	ck_assert(!hsm_find(hsm, k.id, &none, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!hsm_has(hsm, k.id, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_msg(hsm_find(hsm, kept.id, &none, &f), "%s", f.text);
}
END_TEST

START_TEST(no_token_no_module)
{
	static const struct {
		const char *module, *token;
		enum fault_code code;
	} rows[] = {
		{ "/nowhere/module.so", SOFT_TOKEN_LABEL, FAULT_NOTFOUND },
		{ "/etc/passwd", SOFT_TOKEN_LABEL, FAULT_NOTFOUND },
		{ NULL, "another", FAULT_NOTFOUND },
		{ NULL, "our", FAULT_NOTFOUND },
		{ NULL, "our token ", FAULT_NOTFOUND },
		{ NULL, "a label that is over thirty-two octets", FAULT_NOTFOUND },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pin p = soft_token_pin(SOFT_TOKEN_PIN, "file 1\n");
		const char *module = rows[i].module == NULL ? soft_token_module() : rows[i].module;
		bool opened = hsm_open(module, rows[i].token, &p, &hsm, &f);

		/* softhsm2 pads as the standard says, so a space at the end is the same label */
		ck_assert_msg(opened == (i == 4), "row %zu: %s", i, opened ? "opened" : f.text);
		ck_assert_msg(opened || f.code == rows[i].code, "row %zu: %s", i, f.text);
		ck_assert_ptr_null(p.digits.at); /* taken in any case */
		hsm_close(hsm);
		hsm = NULL;
	}
	ck_assert_uint_eq(soft_token_logins(), 1);
}
END_TEST

START_TEST(two_of_one_label_are_none)
{
	soft_token_add(SOFT_TOKEN_LABEL);
	ck_assert(!soft_token_open(SOFT_TOKEN_PIN, "file 1\n", &hsm, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_uint_eq(soft_token_logins(), 0);
}
END_TEST

START_TEST(a_wrong_pin_is_tried_once)
{
	for (int i = 0; i < 5; i++) {
		ck_assert(!soft_token_open("00000000", "file 1\n", &hsm, &f));
		ck_assert_int_eq(f.code, FAULT_AUTH);
		ck_assert_uint_eq(soft_token_logins(), 1);
		ck_assert(exists(soft_token_marker()));
	}
	ck_assert_msg(strstr(f.text, "pin-refused") != NULL, "%s", f.text);
	/* even the right one, where its source is the same: the marker knows no PIN */
	ck_assert(!soft_token_open(SOFT_TOKEN_PIN, "file 1\n", &hsm, &f));
	ck_assert_uint_eq(soft_token_logins(), 1);
	/* another source is tried, and takes the marker away when it was right */
	ck_assert_msg(soft_token_open(SOFT_TOKEN_PIN, "file 2\n", &hsm, &f), "%s", f.text);
	ck_assert_uint_eq(soft_token_logins(), 2);
	ck_assert(!exists(soft_token_marker()));
}
END_TEST

START_TEST(a_removed_marker_is_one_more_try)
{
	ck_assert(!soft_token_open("00000000", "file 1\n", &hsm, &f));
	ck_assert_int_eq(unlink(soft_token_marker()), 0);
	ck_assert(!soft_token_open("00000000", "file 1\n", &hsm, &f));
	ck_assert(!soft_token_open("00000000", "file 1\n", &hsm, &f));
	ck_assert_uint_eq(soft_token_logins(), 2);
	/* a source that begins like it is another */
	ck_assert(!soft_token_open("00000001", "file 11\n", &hsm, &f));
	ck_assert_uint_eq(soft_token_logins(), 3);
}
END_TEST

START_TEST(no_try_without_room_for_its_memory)
{
	char taken[SCRATCH_PATH_MAX + 64];
	struct pin p = soft_token_pin("00000000", "file 1\n");

	/* a folder in the marker's place of readiness: it can be neither removed nor opened */
	(void)snprintf(taken, sizeof(taken), "%s.new", soft_token_marker());
	ck_assert_int_eq(mkdir(taken, 0700), 0);
	ck_assert(!hsm_open(soft_token_module(), SOFT_TOKEN_LABEL, &p, &hsm, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_uint_eq(soft_token_logins(), 0);
	/* nor with a marker that cannot be read */
	ck_assert_int_eq(rmdir(taken), 0);
	ck_assert_int_eq(symlink("/nowhere", soft_token_marker()), 0);
	ck_assert(!soft_token_open(SOFT_TOKEN_PIN, "file 1\n", &hsm, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_uint_eq(soft_token_logins(), 0);
}
END_TEST

START_TEST(a_person_is_left_a_try)
{
	static const char *const flags[] = { "final-try", "locked" };

	for (size_t i = 0; i < 2; i++) {
		soft_token_does(flags[i]);
		ck_assert(!soft_token_open(SOFT_TOKEN_PIN, "file 1\n", &hsm, &f));
		ck_assert_int_eq(f.code, FAULT_AUTH);
	}
	ck_assert_uint_eq(soft_token_logins(), 0);
	ck_assert(!exists(soft_token_marker()));
}
END_TEST

START_TEST(a_module_with_threads_is_none)
{
	soft_token_does("threads");
	ck_assert(!soft_token_open(SOFT_TOKEN_PIN, "file 1\n", &hsm, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_msg(strstr(f.text, "THREADS") != NULL, "%s", f.text);
}
END_TEST

START_TEST(a_lost_session_is_opened_once)
{
	struct hsm_key k, other;
	uint8_t rs[HSM_SIGNATURE_OCTETS];

	open_token();
	k = make("key");
	other = make("other");
	soft_token_does("lost-once");
	ck_assert_msg(hsm_sign(hsm, &k, digest, rs, &f), "%s", f.text);
	ck_assert(verifies(&k, rs));
	ck_assert_uint_eq(soft_token_logins(), 2);
	/* a key of the older session is found anew */
	ck_assert_msg(hsm_sign(hsm, &other, digest, rs, &f), "%s", f.text);
	ck_assert(verifies(&other, rs));
	ck_assert_uint_eq(soft_token_logins(), 2);
	soft_token_does("lost");
	for (size_t i = 0; i < 3; i++) {
		ck_assert(!hsm_sign(hsm, &k, digest, rs, &f));
		ck_assert_msg(strstr(f.text, "SESSION_HANDLE_INVALID") != NULL, "%s", f.text);
		ck_assert_uint_eq(soft_token_logins(), 3 + i); /* one for each, and no loop */
	}
	soft_token_does("");
	ck_assert_msg(hsm_sign(hsm, &k, digest, rs, &f), "%s", f.text);
}
END_TEST

/* The PIN was changed under us: the login that a lost session needs is refused, once for all. */
START_TEST(a_pin_that_went_wrong_is_tried_once)
{
	struct hsm_key k;
	uint8_t rs[HSM_SIGNATURE_OCTETS];

	open_token();
	k = make("key");
	soft_token_does("lost refuses");
	for (size_t i = 0; i < 3; i++) {
		ck_assert(!hsm_sign(hsm, &k, digest, rs, &f));
		ck_assert_int_eq(f.code, FAULT_AUTH);
		ck_assert_uint_eq(soft_token_logins(), 2);
	}
	ck_assert(exists(soft_token_marker()));
}
END_TEST

START_TEST(a_signature_of_another_size_is_none)
{
	struct hsm_key k;
	uint8_t rs[HSM_SIGNATURE_OCTETS] = { 7 };

	open_token();
	k = make("key");
	soft_token_does("short");
	ck_assert(!hsm_sign(hsm, &k, digest, rs, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_uint_eq(rs[0], 7);
}
END_TEST

START_TEST(a_key_that_could_leave_is_none)
{
	struct hsm_key k, none;

	open_token();
	k = make("key");
	soft_token_does("leaves");
	ck_assert(!hsm_find(hsm, k.id, &none, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert(!hsm_make(hsm, "another", &none, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hsm");
	TCase *t = tcase_create("hsm");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, signs_and_is_found_again);
	tcase_add_test(t, what_is_unmade_is_gone);
	tcase_add_test(t, no_token_no_module);
	tcase_add_test(t, two_of_one_label_are_none);
	tcase_add_test(t, a_wrong_pin_is_tried_once);
	tcase_add_test(t, a_removed_marker_is_one_more_try);
	tcase_add_test(t, no_try_without_room_for_its_memory);
	tcase_add_test(t, a_person_is_left_a_try);
	tcase_add_test(t, a_module_with_threads_is_none);
	tcase_add_test(t, a_lost_session_is_opened_once);
	tcase_add_test(t, a_pin_that_went_wrong_is_tried_once);
	tcase_add_test(t, a_signature_of_another_size_is_none);
	tcase_add_test(t, a_key_that_could_leave_is_none);
	suite_add_tcase(s, t);
	return run_suite(s);
}
