/* tests/unit/seal.c - base/seal.h: only the passphrase opens, and only the file that was written.
 */
#include "base/seal.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <sodium.h>

#include "run.h"
#include "scratch.h"

#define FILE_MAX   8192
#define KEY_MAX    4096
#define KEY_OCTETS 32

/* Where the parts of a sealed file lie in its DER place. */
enum { AT_OPS = 1, AT_MEMORY = 9, AT_SALT = 17, AT_NONCE = 33, AT_BOX = 57 };

static char folder[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX], other[SCRATCH_PATH_MAX];
static struct secret pass, key;
static struct seal *seal;
static uint8_t file[FILE_MAX + 1]; /* what seal_write() made of key at path */
static size_t n_file;

static size_t
file_get(const char *from, uint8_t to[static FILE_MAX + 1])
{
	int fd = open(from, O_RDONLY);
	ssize_t n;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(n = read(fd, to, FILE_MAX + 1), 0);
	ck_assert_int_eq(close(fd), 0);
	return (size_t)n;
}

static void
file_put(const char *at, const void *octets, size_t n)
{
	int fd = open(at, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, octets, n), (ssize_t)n);
	ck_assert_int_eq(close(fd), 0);
}

static void
setup(void)
{
	struct fault f;

	ck_assert_msg(secret_start(&f), "%s", f.text);
	scratch_new(folder);
	scratch_path(folder, "key.pem", path, sizeof(path));
	scratch_path(folder, "other.pem", other, sizeof(other));
	ck_assert(secret_random(32, &pass, &f));
	ck_assert(secret_random(KEY_OCTETS, &key, &f));
	ck_assert_msg(seal_new(&pass, SEAL_RANDOM, &seal, &f), "%s", f.text);
	ck_assert_msg(seal_write(seal, path, &key, &f), "%s", f.text);
	n_file = file_get(path, file);
}

static void
teardown(void)
{
	seal_free(seal);
	secret_free(&pass);
	secret_free(&key);
	scratch_free(folder);
}

static void
opens(struct seal *s, const char *from)
{
	struct secret got = { NULL, 0 };
	struct fault f;

	ck_assert_msg(seal_read(s, from, &got, &f), "%s", f.text);
	ck_assert(secret_same(&got, secret_octets(&key)));
	secret_free(&got);
}

/* Refused, whatever the reason; it is returned. */
static enum fault_code
refused(struct seal *s, const char *from)
{
	struct secret got = { NULL, 7 };
	struct fault f = { 0 };

	ck_assert_msg(!seal_read(s, from, &got, &f), "it opened");
	ck_assert_uint_eq(got.n, 7);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	return f.code;
}

START_TEST(opens_again)
{
	struct seal *again = NULL;
	struct stat st;
	struct fault f;

	opens(seal, path);
	ck_assert(seal_new(&pass, SEAL_RANDOM, &again, &f));
	opens(again, path);
	opens(again, path); /* by the key that it has derived */
	seal_free(again);
	seal_free(NULL);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(says_nothing_of_the_key)
{
	struct fault f;
	uint8_t second[FILE_MAX + 1];
	size_t n;

	ck_assert_ptr_null(memmem(file, n_file, key.at, key.n));
	ck_assert(seal_write(seal, other, &key, &f));
	n = file_get(other, second);
	ck_assert_uint_eq(n, n_file);
	ck_assert_mem_ne(second, file, n); /* the same key, another nonce */
	opens(seal, other);
}
END_TEST

START_TEST(a_wrong_passphrase_is_refused)
{
	struct secret wrong = { NULL, 0 };
	struct seal *s = NULL;
	struct fault f;

	for (size_t i = 0; i < 3; i++) { /* a bit, one octet less, another */
		ck_assert(secret_copy(octets_of(pass.at, pass.n - (i == 1)), &wrong, &f));
		if (i != 1)
			wrong.at[i * 15] ^= 1;
		ck_assert(seal_new(&wrong, SEAL_RANDOM, &s, &f));
		ck_assert_int_eq(refused(s, path), FAULT_AUTH);
		seal_free(s);
		secret_free(&wrong);
	}
}
END_TEST

START_TEST(an_empty_passphrase_is_refused)
{
	struct secret empty = { NULL, 0 };
	struct seal *s = seal;
	struct fault f = { 0 };

	ck_assert(!seal_new(&empty, SEAL_PASSPHRASE, &s, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_ptr_eq(s, seal);
}
END_TEST

START_TEST(every_flipped_octet_is_refused)
{
	for (size_t i = 0; i < n_file; i++) {
		file[i] ^= 1;
		file_put(other, file, n_file);
		file[i] ^= 1;
		ck_assert_msg(refused(seal, other) != 0, "octet %zu", i);
	}
	file_put(other, file, n_file);
	opens(seal, other); /* so it was the flip */
}
END_TEST

START_TEST(every_cut_is_refused)
{
	for (size_t n = 0; n < n_file; n++) {
		file_put(other, file, n);
		ck_assert_int_eq(refused(seal, other), FAULT_BADREQ);
	}
}
END_TEST

/* The file's text with something put in at an offset. */
static enum fault_code
refused_with(size_t at, const char *what)
{
	uint8_t more[2 * FILE_MAX];
	size_t n = strlen(what);

	memcpy(more, file, at);
	memcpy(more + at, what, n);
	memcpy(more + at + n, file + at, n_file - at);
	file_put(other, more, n_file + n);
	return refused(seal, other);
}

START_TEST(what_pem_readers_pass_over_is_refused)
{
	size_t first = strlen("-----BEGIN QUATRAIN SEALED KEY-----\n");
	char twice[FILE_MAX];

	ck_assert_int_eq(refused_with(0, "a comment\n"), FAULT_BADREQ);
	ck_assert_int_eq(refused_with(0, "\n"), FAULT_BADREQ);
	ck_assert_int_eq(refused_with(n_file, "\n"), FAULT_BADREQ);
	ck_assert_int_eq(refused_with(n_file - 1, " "), FAULT_BADREQ);
	ck_assert_int_eq(refused_with(n_file - 1, "\r"), FAULT_BADREQ);
	ck_assert_int_eq(refused_with(first, "Proc-Type: 4,ENCRYPTED\n\n"), FAULT_BADREQ);
	ck_assert_int_eq(refused_with(first + 4, "\n"), FAULT_BADREQ);
	memcpy(twice, file, n_file);
	twice[n_file] = '\0';
	ck_assert_int_eq(refused_with(n_file, twice), FAULT_BADREQ);
}
END_TEST

/* The file's parts, to be altered, and put into PEM again under name. */
static uint8_t der[FILE_MAX];
static size_t n_der;

static void
der_get(void)
{
	BIO *b = BIO_new_mem_buf(file, (int)n_file);
	char *name = NULL, *header = NULL;
	unsigned char *at = NULL;
	long n = 0;

	ck_assert_int_eq(PEM_read_bio(b, &name, &header, &at, &n), 1);
	ck_assert_str_eq(name, "QUATRAIN SEALED KEY");
	n_der = (size_t)n;
	memcpy(der, at, n_der);
	OPENSSL_free(at);
	OPENSSL_free(name);
	OPENSSL_free(header);
	BIO_free(b);
}

static void
der_put(const char *name, size_t n)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *text;
	long length;

	ck_assert_int_gt(PEM_write_bio(b, name, "", der, (long)n), 0);
	length = BIO_get_mem_data(b, &text);
	file_put(other, text, (size_t)length);
	BIO_free(b);
}

static enum fault_code
der_refused(void)
{
	der_put("QUATRAIN SEALED KEY", n_der);
	return refused(seal, other);
}

START_TEST(has_the_parts_that_the_header_says)
{
	der_get();
	ck_assert_uint_eq(n_der, AT_BOX + KEY_OCTETS + crypto_secretbox_MACBYTES);
	ck_assert_uint_eq(der[0], 1);
	ck_assert_uint_eq(der[AT_OPS + 7], crypto_pwhash_OPSLIMIT_MIN);
	ck_assert_uint_eq(der[AT_MEMORY + 6], crypto_pwhash_MEMLIMIT_MIN >> 8);
	der_put("QUATRAIN SEALED KEY", n_der);
	opens(seal, other);
}
END_TEST

START_TEST(every_flipped_bit_of_salt_nonce_and_box_is_refused)
{
	der_get();
	for (size_t bit = AT_SALT * 8; bit < n_der * 8; bit++) {
		der[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(der_refused() == FAULT_AUTH, "bit %zu", bit);
		der[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
END_TEST

static void
number_put(size_t at, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		der[at + i] = (uint8_t)(v >> (56 - 8 * i));
}

/* None of these may be tried: the largest would run for years, or ask for all memory there is. */
START_TEST(a_cost_out_of_bounds_is_refused)
{
	static const uint64_t ops[] = { 0, 17, 1u << 20, 1ull << 32, UINT64_MAX };
	static const uint64_t memory[] = { 0, 8191, (1u << 30) + 1, 1ull << 40, UINT64_MAX };

	der_get();
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		number_put(AT_OPS, ops[i]);
		ck_assert_int_eq(der_refused(), FAULT_BADREQ);
	}
	number_put(AT_OPS, 1);
	for (size_t i = 0; i < sizeof(memory) / sizeof(*memory); i++) {
		number_put(AT_MEMORY, memory[i]);
		ck_assert_int_eq(der_refused(), FAULT_BADREQ);
	}
	number_put(AT_MEMORY, 8192);
	number_put(AT_OPS, 16); /* the most: tried, and another key comes of it */
	ck_assert_int_eq(der_refused(), FAULT_AUTH);
}
END_TEST

START_TEST(other_kinds_of_file_are_refused)
{
	static uint8_t big[FILE_MAX + 1];

	der_get();
	der_put("PRIVATE KEY", n_der);
	ck_assert_int_eq(refused(seal, other), FAULT_BADREQ);
	for (size_t n = 1; n <= AT_BOX + crypto_secretbox_MACBYTES; n++) {
		der_put("QUATRAIN SEALED KEY", n);
		ck_assert_int_eq(refused(seal, other), FAULT_BADREQ);
	}
	der_put("QUATRAIN SEALED KEY", AT_BOX + KEY_MAX + crypto_secretbox_MACBYTES + 1);
	ck_assert_int_eq(refused(seal, other), FAULT_BADREQ);
	der[0] = 2;
	ck_assert_int_eq(der_refused(), FAULT_BADREQ);
	der[0] = 0;
	ck_assert_int_eq(der_refused(), FAULT_BADREQ);
	file_put(other, big, sizeof(big));
	ck_assert_int_eq(refused(seal, other), FAULT_BADREQ);
	ck_assert_int_eq(refused(seal, folder), FAULT_INTERNAL);
	ck_assert_int_eq(unlink(other), 0);
	ck_assert_int_eq(refused(seal, other), FAULT_NOTFOUND);
}
END_TEST

static void
write_refused(const char *to, const struct secret *k, enum fault_code code)
{
	struct fault f = { 0 };

	ck_assert(!seal_write(seal, to, k, &f));
	ck_assert_msg(f.code == code, "%d: %s", f.code, f.text);
}

START_TEST(writes_no_file_twice)
{
	uint8_t now[FILE_MAX + 1];
	struct secret second = { NULL, 0 };
	struct fault f;

	ck_assert(secret_random(32, &second, &f));
	write_refused(path, &second, FAULT_CONFLICT);
	ck_assert_uint_eq(file_get(path, now), n_file);
	ck_assert_mem_eq(now, file, n_file);
	ck_assert_int_eq(symlink(path, other), 0);
	write_refused(other, &second, FAULT_CONFLICT);
	write_refused("/nonexistent/key.pem", &second, FAULT_INTERNAL);
	secret_free(&second);
}
END_TEST

START_TEST(keys_of_every_length_within_bounds)
{
	static const size_t right[] = { 1, 31, 33, 2400, KEY_MAX }, wrong[] = { 0, KEY_MAX + 1 };
	struct fault f;

	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		secret_free(&key);
		ck_assert(secret_random(right[i], &key, &f));
		ck_assert_msg(seal_write(seal, other, &key, &f), "%s", f.text);
		opens(seal, other);
		ck_assert_int_eq(unlink(other), 0);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		secret_free(&key);
		ck_assert(secret_random(wrong[i], &key, &f));
		write_refused(other, &key, FAULT_INTERNAL);
		ck_assert_int_eq(access(other, F_OK), -1);
	}
}
END_TEST

/* Version, cost and salt of a file. */
static void
params_of(const char *from, uint8_t ret[static AT_NONCE])
{
	n_file = file_get(from, file);
	der_get();
	memcpy(ret, der, AT_NONCE);
}

/* A new seal has a new salt, but goes on with that of the first file it opens. */
START_TEST(a_folder_keeps_one_salt)
{
	uint8_t was[AT_NONCE], is[AT_NONCE];
	struct seal *s = NULL;
	struct fault f;

	params_of(path, was);
	ck_assert(seal_new(&pass, SEAL_RANDOM, &s, &f));
	opens(s, path);
	ck_assert(seal_write(s, other, &key, &f));
	params_of(other, is);
	ck_assert_mem_eq(is, was, sizeof(was));
	opens(seal, other);
	seal_free(s);
	ck_assert_int_eq(unlink(other), 0);
	ck_assert(seal_new(&pass, SEAL_RANDOM, &s, &f));
	ck_assert(seal_write(s, other, &key, &f)); /* nothing read: a salt of its own */
	params_of(other, is);
	ck_assert_mem_ne(is, was, sizeof(was));
	opens(seal, other);
	opens(seal, path);
	seal_free(s);
}
END_TEST

/* A file sealed cheaply does not make a person's passphrase cheap. */
START_TEST(a_passphrase_keeps_its_cost)
{
	uint8_t params[AT_NONCE];
	struct seal *s = NULL;
	struct fault f;

	ck_assert(seal_new(&pass, SEAL_PASSPHRASE, &s, &f));
	opens(s, path);
	ck_assert(seal_write(s, other, &key, &f));
	params_of(other, params);
	ck_assert_uint_eq(params[AT_OPS + 7], crypto_pwhash_OPSLIMIT_MODERATE);
	ck_assert_uint_eq(params[AT_MEMORY + 4], crypto_pwhash_MEMLIMIT_MODERATE >> 24);
	opens(s, other);
	opens(s, path);
	seal_free(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("seal");
	TCase *t = tcase_create("seal");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, opens_again);
	tcase_add_test(t, says_nothing_of_the_key);
	tcase_add_test(t, a_wrong_passphrase_is_refused);
	tcase_add_test(t, an_empty_passphrase_is_refused);
	tcase_add_test(t, every_flipped_octet_is_refused);
	tcase_add_test(t, every_cut_is_refused);
	tcase_add_test(t, what_pem_readers_pass_over_is_refused);
	tcase_add_test(t, has_the_parts_that_the_header_says);
	tcase_add_test(t, every_flipped_bit_of_salt_nonce_and_box_is_refused);
	tcase_add_test(t, a_cost_out_of_bounds_is_refused);
	tcase_add_test(t, other_kinds_of_file_are_refused);
	tcase_add_test(t, writes_no_file_twice);
	tcase_add_test(t, keys_of_every_length_within_bounds);
	tcase_add_test(t, a_folder_keeps_one_salt);
	tcase_add_test(t, a_passphrase_keeps_its_cost);
	suite_add_tcase(s, t);
	return run_suite(s);
}
