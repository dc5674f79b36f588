/* tests/unit/credential.c - daemon/credential.h: three files, whole or not at all, and never
 * another's. */
#include <check.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "ca/csr.h"
#include "daemon/credential.h"
#include "tests/unit/pki.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

static char folder[SCRATCH_PATH_MAX], path[CREDENTIAL_PATH_MAX];
static struct fault f;

static void
setup(void)
{
	scratch_new(folder);
}

static void
teardown(void)
{
	scratch_free(folder);
}

/* name in the folder holds exactly text, with mode. */
static void
holds(const char *name, const char *text, unsigned mode)
{
	struct bytes b = { 0 };
	struct stat st;

	ck_assert(credential_path(folder, name, path, &f));
	ck_assert_msg(credential_read(path, &b, &f), "%s", f.text);
	ck_assert(octets_same(octets_bytes(&b), octets_text(text)));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, mode);
	bytes_free(&b);
}

START_TEST(makes_and_never_overwrites)
{
	ck_assert(!credential_exists(folder, "a"));
	ck_assert_msg(credential_make(folder, "a", 0600, octets_text("one"), &f), "%s", f.text);
	ck_assert(credential_exists(folder, "a"));
	holds("a", "one", 0600);
	ck_assert(!credential_make(folder, "a", 0600, octets_text("two"), &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	holds("a", "one", 0600);
	/* A name that leads elsewhere is there already. */
	ck_assert(credential_path(folder, "link", path, &f));
	ck_assert_int_eq(symlink("nowhere", path), 0);
	ck_assert(credential_exists(folder, "link"));
	ck_assert(!credential_make(folder, "link", 0600, octets_text("two"), &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!credential_make("/nowhere/at/all", "a", 0600, octets_text("two"), &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
}
END_TEST

START_TEST(replaces_whole)
{
	ck_assert(credential_replace(folder, "a", 0644, octets_text("one"), &f));
	ck_assert(credential_replace(folder, "a", 0644, octets_text("two"), &f));
	holds("a", "two", 0644);
	ck_assert(credential_rename(folder, "a", "b", &f));
	holds("b", "two", 0644);
	ck_assert(!credential_rename(folder, "a", "b", &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert(!credential_replace("/nowhere/at/all", "a", 0644, octets_text("x"), &f));
	/* No temporary file stays: the folder empties with what we know of. */
	ck_assert(credential_path(folder, "b", path, &f));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(folder), 0);
	ck_assert(credential_folder(folder, &f));
}
END_TEST

START_TEST(folders)
{
	char sub[SCRATCH_PATH_MAX + 16];
	struct stat st;

	scratch_path(folder, "sub", sub, sizeof(sub));
	ck_assert_msg(credential_folder(sub, &f), "%s", f.text);
	ck_assert_int_eq(stat(sub, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert(credential_folder(sub, &f));
	ck_assert(credential_make(folder, "file", 0600, octets_text("x"), &f));
	scratch_path(folder, "file", sub, sizeof(sub));
	ck_assert(!credential_folder(sub, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	scratch_path(folder, "no/such/one", sub, sizeof(sub));
	ck_assert(!credential_folder(sub, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(reads_are_bounded)
{
	struct bytes b = { 0 };
	char *big = malloc(CREDENTIAL_FILE_MAX + 1);

	ck_assert_ptr_nonnull(big);
	memset(big, 'x', CREDENTIAL_FILE_MAX + 1);
	ck_assert(credential_make(folder, "most", 0600, octets_of(big, CREDENTIAL_FILE_MAX), &f));
	ck_assert(
	    credential_make(folder, "more", 0600, octets_of(big, CREDENTIAL_FILE_MAX + 1), &f));
	free(big);
	ck_assert(credential_path(folder, "more", path, &f));
	ck_assert(!credential_read(path, &b, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert(credential_path(folder, "none", path, &f));
	ck_assert(!credential_read(path, &b, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!credential_read(folder, &b, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_uint_eq(b.n, 0);
	ck_assert(credential_path(folder, "most", path, &f));
	ck_assert(credential_read(path, &b, &f));
	ck_assert_uint_eq(b.n, CREDENTIAL_FILE_MAX);
	bytes_free(&b);
}
END_TEST

START_TEST(paths_are_bounded)
{
	static char name[CREDENTIAL_PATH_MAX];

	memset(name, 'x', sizeof(name) - 1);
	ck_assert(!credential_path(folder, name, path, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(!credential_exists(folder, name));
}
END_TEST

START_TEST(keys)
{
	EVP_PKEY *made = NULL, *read = NULL, *none = NULL;
	struct stat st;

	ck_assert_msg(credential_key_make(folder, "key.pem", 0, &made, &f), "%s", f.text);
	ck_assert(credential_path(folder, "key.pem", path, &f));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_msg(credential_key_read(folder, "key.pem", &read, &f), "%s", f.text);
	ck_assert_int_eq(EVP_PKEY_eq(made, read), 1);
	ck_assert(!credential_key_make(folder, "key.pem", 0, &none, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!credential_key_read(folder, "other.pem", &none, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(credential_make(folder, "junk.pem", 0600,
	    octets_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), &f));
	ck_assert(!credential_key_read(folder, "junk.pem", &none, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_ptr_null(none);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	EVP_PKEY_free(made);
	EVP_PKEY_free(read);
}
END_TEST

/* A key behind a passphrase is refused, and nobody is asked. */
START_TEST(locked_key_is_refused)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *none = NULL;
	FILE *to;

	ck_assert(credential_path(folder, "key.pem", path, &f));
	ck_assert_ptr_nonnull(to = fopen(path, "w"));
	ck_assert_int_eq(
	    PEM_write_PKCS8PrivateKey(to, key, EVP_aes_128_cbc(), "pass", 4, NULL, NULL), 1);
	ck_assert_int_eq(fclose(to), 0);
	ck_assert(!credential_key_read(folder, "key.pem", &none, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_ptr_nonnull(strstr(f.text, "unencrypted"));
	EVP_PKEY_free(key);
}
END_TEST

static void
certs_refused(const char *pem, enum fault_code code)
{
	STACK_OF(X509) *none = NULL;

	ck_assert_msg(!credential_certs_parse(octets_text(pem), &none, &f), "%s", pem);
	ck_assert_int_eq(f.code, code);
	ck_assert_ptr_null(none);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

START_TEST(certificates)
{
	STACK_OF(X509) *certs = NULL;
	struct bytes pem = { 0 };
	struct pki p;

	certs_refused("", FAULT_BADREQ);
	certs_refused("hello\n", FAULT_BADREQ);
	certs_refused(
	    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", FAULT_BADREQ);
	certs_refused("-----BEGIN CERTIFICATE-----\nAAAA\n", FAULT_BADREQ);
	pki_new(&p);
	ck_assert(credential_cert_put(&pem, p.tenant, &f));
	bytes_put_text(&pem, "between\n");
	ck_assert(credential_cert_put(&pem, p.root, &f));
	ck_assert_msg(credential_certs_parse(octets_bytes(&pem), &certs, &f), "%s", f.text);
	ck_assert_int_eq(sk_X509_num(certs), 2);
	ck_assert_int_eq(X509_cmp(sk_X509_value(certs, 1), p.root), 0);
	credential_certs_free(certs);
	for (int i = 2; i <= CREDENTIAL_CERTS_MAX; i++)
		ck_assert(credential_cert_put(&pem, p.root, &f));
	bytes_put_u8(&pem, 0);
	certs_refused((const char *)pem.at, FAULT_LIMIT);
	bytes_free(&pem);
	pki_free(&p);
}
END_TEST

/* What we send is what our own strict reader of requests takes. */
START_TEST(requests)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *odd = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct credential_says name = { .cn = "hp-1" }, renewal = { .cn = NULL };
	struct bytes der = { 0 };
	struct csr csr;
	struct pki p;
	X509 *like;

	pki_new(&p);
	like = pki_cert(
	    "hp", key, p.tenant, p.tenant_key, PKI_EE, "URI:spiffe://a.b.c/d/e,DNS:e.d", 60);
	ck_assert_msg(credential_request(key, &name, &der, &f), "%s", f.text);
	ck_assert_msg(csr_parse(octets_bytes(&der), &csr, &f), "%s", f.text);
	ck_assert_uint_eq(csr.alt_names.n, 0);
	bytes_clear(&der);
	renewal.like = like;
	ck_assert_msg(credential_request(key, &renewal, &der, &f), "%s", f.text);
	ck_assert_msg(csr_parse(octets_bytes(&der), &csr, &f), "%s", f.text);
	ck_assert_uint_gt(csr.alt_names.n, 0);
	bytes_clear(&der);
	/* A certificate without names is asked for without names. */
	renewal.like = p.tenant;
	ck_assert(credential_request(key, &renewal, &der, &f));
	ck_assert_msg(csr_parse(octets_bytes(&der), &csr, &f), "%s", f.text);
	ck_assert_uint_eq(csr.alt_names.n, 0);
	bytes_clear(&der);
	/* What binds it to a connection is its challenge. */
	name.challenge = "q83vASNFZ4mrze8B";
	ck_assert(credential_request(key, &name, &der, &f));
	ck_assert_msg(csr_parse(octets_bytes(&der), &csr, &f), "%s", f.text);
	ck_assert(octets_same(csr.challenge, octets_text("q83vASNFZ4mrze8B")));
	bytes_clear(&der);
	ck_assert(!credential_request(odd, &name, &der, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_uint_eq(der.n, 0);
	name.cn = "a-name-that-is-longer-than-the-sixty-four-letters-of-a-common-name";
	ck_assert(!credential_request(key, &name, &der, &f));
	ck_assert_uint_eq(der.n, 0);
	bytes_free(&der);
	X509_free(like);
	pki_free(&p);
	EVP_PKEY_free(key);
	EVP_PKEY_free(odd);
}
END_TEST

/* The content of name in the folder, through whatever links. */
static void
reads_as(const char *name, const char *text)
{
	struct bytes b = { 0 };

	ck_assert(credential_path(folder, name, path, &f));
	ck_assert_msg(credential_read(path, &b, &f), "%s", f.text);
	ck_assert(octets_same(octets_bytes(&b), octets_text(text)));
	bytes_free(&b);
}

static size_t
folders_of_pairs(void)
{
	glob_t found;
	size_t n;

	ck_assert(credential_path(folder, ".pair-*", path, &f));
	n = glob(path, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
	if (n > 0)
		globfree(&found);
	return n;
}

START_TEST(pair_changes_at_once)
{
	struct stat st;

	ck_assert(credential_make(folder, "key.pem", 0600, octets_text("k1"), &f));
	ck_assert(credential_make(folder, "cert.pem", 0644, octets_text("c1"), &f));
	ck_assert_msg(credential_pair_replace(folder, octets_text("k2"), octets_text("c2"), &f),
	    "%s", f.text);
	reads_as("key.pem", "k2");
	reads_as("cert.pem", "c2");
	ck_assert(credential_path(folder, "key.pem", path, &f));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	/* A renewal of the certificate alone puts a file in the link's place; the next pair finds
	 * its way. */
	ck_assert(credential_replace(folder, "cert.pem", 0644, octets_text("c3"), &f));
	ck_assert(credential_pair_replace(folder, octets_text("k4"), octets_text("c4"), &f));
	ck_assert(credential_pair_replace(folder, octets_text("k5"), octets_text("c5"), &f));
	reads_as("key.pem", "k5");
	reads_as("cert.pem", "c5");
	ck_assert_uint_eq(folders_of_pairs(), 1);
}
END_TEST

START_TEST(pair_needs_one_before)
{
	ck_assert(!credential_pair_replace(folder, octets_text("k"), octets_text("c"), &f));
	ck_assert(!credential_exists(folder, "key.pem"));
	ck_assert(!credential_pair_replace("/nowhere", octets_text("k"), octets_text("c"), &f));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("credential");
	TCase *t = tcase_create("credential");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, makes_and_never_overwrites);
	tcase_add_test(t, replaces_whole);
	tcase_add_test(t, folders);
	tcase_add_test(t, reads_are_bounded);
	tcase_add_test(t, paths_are_bounded);
	tcase_add_test(t, keys);
	tcase_add_test(t, locked_key_is_refused);
	tcase_add_test(t, certificates);
	tcase_add_test(t, requests);
	tcase_add_test(t, pair_changes_at_once);
	tcase_add_test(t, pair_needs_one_before);
	suite_add_tcase(s, t);
	return run_suite(s);
}
