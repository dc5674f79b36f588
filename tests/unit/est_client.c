/* tests/unit/est_client.c - daemon/est_client.h and est_trust.h: what a hostile service may send.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/cms.h>
#include <openssl/err.h>

#include "daemon/credential.h"
#include "daemon/est_client.h"
#include "daemon/est_trust.h"
#include "tests/unit/pki.h"
#include "tests/unit/run.h"

#define SECRET "ABCDEFGHIJKLMNOPQRSTUVWX23"
#define ROOT   "BCDEFGHIJKLMNOPQRSTUVWXYZ2"

static struct pki pki;

static void
setup(void)
{
	pki_new(&pki);
}

static void
teardown(void)
{
	pki_free(&pki);
}

static void
place_refused(const char *url, const char *label, const char *why)
{
	struct est_place p = { .label = "untouched" };
	struct fault f = { 0 };

	ck_assert_msg(!est_place(url, label, NULL, &p, &f), "%s", url);
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_str_eq(p.label, "untouched");
}

START_TEST(places_refused)
{
	place_refused("http://h", "a", "https://");
	place_refused("https://", "a", "https://");
	place_refused("https:///x", "a", "https://");
	place_refused("https://h", NULL, "which tenant?");
	place_refused("https://h/.well-known/est", NULL, "which tenant?");
	place_refused("https://h/other", "a", "RFC 7030 section 3.2.2");
	place_refused("https://h/.well-known/est/a/simpleenroll", "a", "RFC 7030 section 3.2.2");
	place_refused("https://h/.well-known/establish", "a", "RFC 7030 section 3.2.2");
	place_refused("https://h/.well-known/est/A", "a", "RFC 7030 section 3.2.2");
	place_refused("https://h?x=/.well-known/est/a", "a", "RFC 7030 section 3.2.2");
	place_refused("https://h/.well-known/est/a", "b", "of tenant a, not of b");
	place_refused("https://h/.well-known/est/a:B", "a", "RFC 7030 section 3.2.2");
	place_refused("https://h/.well-known/est/a:", "a", "RFC 7030 section 3.2.2");
	place_refused("https://h/.well-known/est/:b", "a", "RFC 7030 section 3.2.2");
	place_refused("https://h/.well-known/est/a:b:c", "a", "RFC 7030 section 3.2.2");
}
END_TEST

static void
place_is(const char *url, const char *label, const char *base)
{
	struct est_place p;
	struct fault f;

	ck_assert_msg(est_place(url, label, NULL, &p, &f), "%s", f.text);
	ck_assert_str_eq(p.base, base);
	ck_assert_str_eq(p.label, "acme");
}

START_TEST(places)
{
	place_is("https://h", "acme", "https://h/.well-known/est/acme");
	place_is("https://h:8443/", "acme", "https://h:8443/.well-known/est/acme");
	place_is("https://[::1]:8443", "acme", "https://[::1]:8443/.well-known/est/acme");
	place_is("https://h/.well-known/est", "acme", "https://h/.well-known/est/acme");
	place_is("https://h/.well-known/est/", "acme", "https://h/.well-known/est/acme");
	place_is("https://h/.well-known/est/acme", NULL, "https://h/.well-known/est/acme");
	place_is("https://h/.well-known/est/acme/", "acme", "https://h/.well-known/est/acme");
	place_is("https://h/.well-known/est/acme:printer", NULL,
	    "https://h/.well-known/est/acme:printer");
}
END_TEST

static void
token_refused(const char *token, const char *why)
{
	struct est_token t = { .device = "untouched" };
	struct fault f = { 0 };

	ck_assert_msg(!est_token_read(octets_text(token), &t, &f), "%s", token);
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_ptr_null(strstr(f.text, SECRET));
	ck_assert_str_eq(t.device, "untouched");
}

START_TEST(tokens_refused)
{
	token_refused("", "expected SECRET");
	token_refused("A", "expected SECRET");
	token_refused(SECRET "A", "expected SECRET");
	token_refused(SECRET ".", "expected SECRET");
	token_refused(SECRET "." ROOT, "expected SECRET");
	token_refused(SECRET "." ROOT ".acme", "expected SECRET");
	token_refused(SECRET "." ROOT ".acme.hp.x", "expected SECRET");
	token_refused(SECRET "." ROOT ".acme.", "damaged");
	token_refused(SECRET "." ROOT "..hp", "damaged");
	token_refused(SECRET "." ROOT ".Acme.hp", "damaged");
	token_refused(SECRET "." ROOT ".acme.h p", "expected SECRET");
	token_refused(SECRET "." ROOT ".acme.h_p", "damaged");
	token_refused(SECRET "..acme.hp", "damaged");
	token_refused(SECRET "." ROOT "2.acme.hp", "damaged");
	token_refused(SECRET ".BCDEFGHIJKLMNOPQRSTUVWXYZ1.acme.hp", "damaged");
	token_refused("ABCDEFGHIJKLMNOPQRSTUVWX2!." ROOT ".acme.hp", "expected SECRET");
	token_refused(SECRET
	    "." ROOT ".a0123456789012345678901234567890123456789012345678901234567890123.hp",
	    "damaged");
}
END_TEST

START_TEST(tokens)
{
	struct est_token t;
	struct fault f;

	ck_assert_msg(
	    est_token_read(octets_text(SECRET "." ROOT ".acme.hp-1"), &t, &f), "%s", f.text);
	ck_assert_str_eq(t.root, ROOT);
	ck_assert_str_eq(t.tenant, "acme");
	ck_assert_str_eq(t.device, "hp-1");
	ck_assert_msg(est_token_read(octets_text(SECRET), &t, &f), "%s", f.text);
	ck_assert_str_eq(t.root, "");
	ck_assert_str_eq(t.device, "");
}
END_TEST

/* body is refused for a reason that holds why, and nothing is left over. */
static void
certs_refused(struct octets body, enum fault_code code, const char *why)
{
	STACK_OF(X509) *none = NULL;
	struct fault f = { 0 };

	ck_assert(!est_certs_parse(body, &none, &f));
	ck_assert_int_eq(f.code, code);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_ptr_null(none);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

static struct octets
base64_of(struct octets der, struct bytes *text)
{
	bytes_clear(text);
	text_base64(der, 64, text);
	return octets_bytes(text);
}

START_TEST(certs_refused_of_other_shapes)
{
	struct bytes der = { 0 }, text = { 0 };
	X509 *many[CREDENTIAL_CERTS_MAX + 1];
	uint8_t *big;

	certs_refused(octets_text(""), FAULT_BADREQ, "");
	certs_refused(octets_text("<html>"), FAULT_BADREQ, "");
	certs_refused(octets_text("AAAA"), FAULT_BADREQ, "RFC 5652 section 3");
	pki_certs_only(NULL, 0, &der);
	certs_refused(base64_of(octets_bytes(&der), &text), FAULT_BADREQ, "no certificate");
	bytes_clear(&der);
	pki_certs_only(&pki.root, 1, &der);
	bytes_put_u8(&der, 0);
	certs_refused(base64_of(octets_bytes(&der), &text), FAULT_BADREQ, "1 octets behind");
	bytes_clear(&der);
	for (size_t i = 0; i <= CREDENTIAL_CERTS_MAX; i++) {
		many[i] = pki_cert("x", pki.root_key, NULL, pki.root_key, PKI_CA, NULL, 60);
	}
	pki_certs_only(many, CREDENTIAL_CERTS_MAX + 1, &der);
	certs_refused(
	    base64_of(octets_bytes(&der), &text), FAULT_LIMIT, "17 certificates, over 16");
	for (size_t i = 0; i <= CREDENTIAL_CERTS_MAX; i++)
		X509_free(many[i]);
	ck_assert_ptr_nonnull(big = malloc(EST_BODY_MAX + 1));
	memset(big, 'A', EST_BODY_MAX + 1);
	certs_refused(octets_of(big, EST_BODY_MAX + 1), FAULT_LIMIT, "over");
	free(big);
	bytes_free(&der);
	bytes_free(&text);
}
END_TEST

/* A CMS of data, not of signed data. */
START_TEST(certs_refused_of_other_content)
{
	BIO *in = BIO_new_mem_buf("x", 1);
	CMS_ContentInfo *cms = CMS_data_create(in, CMS_BINARY);
	struct bytes text = { 0 };
	uint8_t *der = NULL;
	int n = i2d_CMS_ContentInfo(cms, &der);

	ck_assert_int_gt(n, 0);
	certs_refused(
	    base64_of(octets_of(der, (size_t)n), &text), FAULT_BADREQ, "expected SignedData");
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	bytes_free(&text);
}
END_TEST

/* Cut anywhere it is refused; no bit that flips brings it to a fall. */
START_TEST(certs_of_damaged_octets)
{
	struct bytes der = { 0 }, text = { 0 };
	STACK_OF(X509) * certs;
	struct fault f;

	pki_certs_only(&pki.root, 1, &der);
	for (size_t n = 0; n < der.n; n += 7) {
		(void)base64_of(octets_of(der.at, n), &text);
		certs_refused(octets_bytes(&text), FAULT_BADREQ, "");
	}
	for (size_t bit = 0; bit < der.n * 8; bit += 5) {
		der.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		certs = NULL;
		if (est_certs_parse(base64_of(octets_bytes(&der), &text), &certs, &f))
			ck_assert_int_ge(sk_X509_num(certs), 1);
		else
			ck_assert_ptr_null(certs);
		credential_certs_free(certs);
		der.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	bytes_free(&der);
	bytes_free(&text);
}
END_TEST

START_TEST(certs_are_read)
{
	X509 *all[] = { pki.tenant, pki.region, pki.root };
	struct bytes der = { 0 }, text = { 0 };
	STACK_OF(X509) *certs = NULL;
	struct fault f;

	pki_certs_only(all, 3, &der);
	ck_assert_msg(
	    est_certs_parse(base64_of(octets_bytes(&der), &text), &certs, &f), "%s", f.text);
	ck_assert_int_eq(sk_X509_num(certs), 3);
	credential_certs_free(certs);
	bytes_free(&der);
	bytes_free(&text);
}
END_TEST

/* RFC 7030 appendix A: answers as the standard prints them, the certificates of a root rollover
 * too. */
START_TEST(the_standards_answers)
{
	static const struct {
		const char *file;
		int n;
	} rows[] = { { "rfc7030-a1.response", 4 }, { "rfc7030-a3.response", 1 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		STACK_OF(X509) *certs = NULL;
		char path[512], text[8192];
		struct fault f;
		FILE *in;
		size_t n;

		(void)snprintf(
		    path, sizeof(path), QUATRAIN_SOURCE_DIR "/tests/vectors/est/%s", rows[i].file);
		ck_assert_msg((in = fopen(path, "r")) != NULL, "%s", path);
		n = fread(text, 1, sizeof(text), in);
		(void)fclose(in);
		ck_assert_msg(
		    est_certs_parse(octets_of(text, n), &certs, &f), "%s: %s", path, f.text);
		ck_assert_int_eq(sk_X509_num(certs), rows[i].n);
		credential_certs_free(certs);
	}
}
END_TEST

static STACK_OF(X509) * stack(X509 *a, X509 *b, X509 *c)
{
	X509 *all[] = { a, b, c };
	STACK_OF(X509) *s = sk_X509_new_null();

	for (size_t i = 0; i < 3; i++)
		if (all[i] != NULL)
			ck_assert_int_gt(sk_X509_push(s, all[i]), 0);
	return s;
}

START_TEST(root_by_hash)
{
	STACK_OF(X509) *all = stack(pki.tenant, pki.region, pki.root);
	X509 *found = NULL;
	struct fault f;
	char text[EST_ROOT_CHARS + 1];

	pki_root_text(pki.root, text);
	ck_assert_msg(est_trust_find(all, text, &found, &f), "%s", f.text);
	ck_assert_int_eq(X509_cmp(found, pki.root), 0);
	X509_free(found);
	found = NULL;
	/* One letter that differs; and the hash of one that is not self-signed. */
	text[3] = text[3] == 'A' ? 'B' : 'A';
	ck_assert(!est_trust_find(all, text, &found, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	pki_root_text(pki.region, text);
	ck_assert(!est_trust_find(all, text, &found, &f));
	ck_assert_ptr_null(found);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	sk_X509_free(all);
}
END_TEST

static void
chain_refused(X509 *leaf, STACK_OF(X509) * known, X509 *root)
{
	STACK_OF(X509) *roots = stack(root, NULL, NULL), *chain = NULL;
	struct fault f;

	ck_assert(!est_trust_chain(leaf, known, roots, &chain, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_ptr_null(chain);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	sk_X509_free(known);
	sk_X509_free(roots);
}

START_TEST(chains)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *leaf = pki_cert("hp", key, pki.tenant, pki.tenant_key, PKI_EE, NULL, 3600);
	X509 *late = pki_cert("hp", key, pki.tenant, pki.tenant_key, PKI_EE, NULL, -60);
	X509 *forged = pki_cert("hp", key, pki.tenant, key, PKI_EE, NULL, 3600);
	STACK_OF(X509) *known = stack(pki.region, pki.root, pki.tenant), *chain = NULL;
	STACK_OF(X509) * roots;
	struct pki other;
	struct fault f;

	pki_new(&other);
	roots = stack(other.root, pki.root, NULL); /* any of them will do */
	ck_assert_msg(est_trust_chain(leaf, known, roots, &chain, &f), "%s", f.text);
	ck_assert_int_eq(sk_X509_num(chain), 4);
	ck_assert_int_eq(X509_cmp(sk_X509_value(chain, 1), pki.tenant), 0);
	ck_assert_int_eq(X509_cmp(sk_X509_value(chain, 3), pki.root), 0);
	credential_certs_free(chain);
	sk_X509_free(known);
	sk_X509_free(roots);
	chain_refused(leaf, stack(pki.tenant, NULL, NULL), pki.root);
	/* What the service calls its root is of no weight. */
	chain_refused(leaf, stack(pki.tenant, pki.region, pki.root), other.root);
	chain_refused(late, stack(pki.tenant, pki.region, NULL), pki.root);
	chain_refused(forged, stack(pki.tenant, pki.region, NULL), pki.root);
	pki_free(&other);
	X509_free(leaf);
	X509_free(late);
	X509_free(forged);
	EVP_PKEY_free(key);
}
END_TEST

/* ---- the next root ---- */

static EVP_PKEY *next_key;

/* After what came in certs, which are freed, the old root is trusted, and the next one if follows.
 */
static void
follows(bool yes, X509 *next, X509 *link, X509 *more)
{
	STACK_OF(X509) *roots = stack(pki.root, NULL, NULL), *certs = stack(next, link, more);
	struct fault f;
	bool changed;

	ck_assert_int_eq(X509_up_ref(pki.root), 1);
	ck_assert_msg(
	    est_trust_follow(roots, certs, (int64_t)time(NULL), &changed, &f), "%s", f.text);
	ck_assert_int_eq(changed, yes);
	ck_assert_int_eq(sk_X509_num(roots), yes ? 2 : 1);
	ck_assert_int_eq(X509_cmp(sk_X509_value(roots, 0), pki.root), 0);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	credential_certs_free(roots);
	credential_certs_free(certs);
}

static X509 *
next_root(const char *cn, long end_s)
{
	return pki_cert(cn, next_key, NULL, next_key, PKI_CA, NULL, end_s);
}

/* The next root's name and key, signed by by of this name. */
static X509 *
link_by(const char *cn, X509 *issuer, EVP_PKEY *by, long end_s)
{
	return pki_cert(cn, next_key, issuer, by, PKI_CA, NULL, end_s);
}

START_TEST(next_root_by_its_link)
{
	next_key = EVP_EC_gen("P-256");
	follows(true, next_root("Root", 3600), link_by("Root", pki.root, pki.root_key, 3600), NULL);
	/* In whatever order, and beside others. */
	follows(true, link_by("Root", pki.root, pki.root_key, 3600), next_root("Root", 3600),
	    X509_dup(pki.tenant));
	EVP_PKEY_free(next_key);
}
END_TEST

START_TEST(next_root_refused)
{
	EVP_PKEY *stranger = EVP_EC_gen("P-256");

	next_key = EVP_EC_gen("P-256");
	/* Nothing leads to it. */
	follows(false, next_root("Root", 3600), NULL, NULL);
	/* The link is signed by itself, by a stranger, by a region of ours. */
	follows(false, next_root("Root", 3600), next_root("Root", 3600), NULL);
	follows(false, next_root("Root", 3600), link_by("Root", pki.root, stranger, 3600), NULL);
	follows(false, next_root("Root", 3600), link_by("Root", pki.region, pki.region_key, 3600),
	    X509_dup(pki.region));
	/* It has another name, another key, or has ended; or the next root has. */
	follows(
	    false, next_root("Root", 3600), link_by("Other", pki.root, pki.root_key, 3600), NULL);
	follows(false, next_root("Root", 3600),
	    pki_cert("Root", stranger, pki.root, pki.root_key, PKI_CA, NULL, 3600), NULL);
	follows(false, next_root("Root", 3600), link_by("Root", pki.root, pki.root_key, -60), NULL);
	follows(false, next_root("Root", -60), link_by("Root", pki.root, pki.root_key, 3600), NULL);
	/* It is no CA's. */
	follows(false, next_root("Root", 3600),
	    pki_cert("Root", next_key, pki.root, pki.root_key, PKI_EE, NULL, 3600), NULL);
	/* A region that makes itself a root: the root did sign its name and key. */
	follows(false, pki_cert("Region", pki.region_key, NULL, pki.region_key, PKI_CA, NULL, 3600),
	    X509_dup(pki.region), NULL);
	EVP_PKEY_free(stranger);
	EVP_PKEY_free(next_key);
}
END_TEST

START_TEST(ended_root_is_dropped)
{
	X509 *ended, *good;
	STACK_OF(X509) * roots, *none = sk_X509_new_null();
	struct fault f;
	bool changed;

	next_key = EVP_EC_gen("P-256");
	ended = next_root("Root", -60);
	good = next_root("Root", 3600);
	roots = stack(ended, good, NULL);
	ck_assert(est_trust_follow(roots, none, (int64_t)time(NULL), &changed, &f));
	ck_assert(changed);
	ck_assert_int_eq(sk_X509_num(roots), 1);
	ck_assert_int_eq(X509_cmp(sk_X509_value(roots, 0), good), 0);
	credential_certs_free(roots);
	/* The last one stays: without it nothing could be asked again. */
	roots = stack(next_root("Root", -60), NULL, NULL);
	ck_assert(est_trust_follow(roots, none, (int64_t)time(NULL), &changed, &f));
	ck_assert(!changed);
	ck_assert_int_eq(sk_X509_num(roots), 1);
	credential_certs_free(roots);
	sk_X509_free(none);
	EVP_PKEY_free(next_key);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("est_client");
	TCase *t = tcase_create("est_client");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, places_refused);
	tcase_add_test(t, places);
	tcase_add_test(t, tokens_refused);
	tcase_add_test(t, tokens);
	tcase_add_test(t, certs_refused_of_other_shapes);
	tcase_add_test(t, certs_refused_of_other_content);
	tcase_add_test(t, certs_of_damaged_octets);
	tcase_add_test(t, certs_are_read);
	tcase_add_test(t, the_standards_answers);
	tcase_add_test(t, root_by_hash);
	tcase_add_test(t, chains);
	tcase_add_test(t, next_root_by_its_link);
	tcase_add_test(t, next_root_refused);
	tcase_add_test(t, ended_root_is_dropped);
	suite_add_tcase(s, t);
	return run_suite(s);
}
