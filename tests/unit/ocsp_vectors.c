/* tests/unit/ocsp_vectors.c - what others test OCSP with: RFC 9919 appendix A, RFC 9654
 * section 2.1, and the requests and responses of another project's suite, as Debian packages them.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/text.h"
#include "ca/oid.h"
#include "ocsp/answer.h"
#include "ocsp/spelling.h"
#include "tests/unit/forge.h"
#include "tests/unit/run.h"

#define VECTORS  QUATRAIN_SOURCE_DIR "/tests/vectors/ocsp/"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct fault f;

static void
setup(void)
{
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	forge_free();
}

static struct octets
file(const char *folder, const char *name)
{
	static uint8_t at[65536];
	char path[512];
	FILE *in;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s%s", folder, name);
	in = fopen(path, "rb");
	ck_assert_msg(in != NULL, "%s", path);
	n = fread(at, 1, sizeof(at), in);
	(void)fclose(in);
	ck_assert_uint_lt(n, sizeof(at));
	return forge_exact(octets_of(at, n));
}

static struct octets
unbase64(const char *name)
{
	struct bytes b = { 0 };
	struct octets made;

	ck_assert_msg(text_unbase64(file(VECTORS, name), &b, &f), "%s", f.text);
	made = forge_exact(octets_bytes(&b));
	bytes_free(&b);
	return made;
}

START_TEST(rfc_9919_request)
{
	struct octets der = unbase64("rfc9919-a4.request");
	struct status_request r;

	ck_assert_msg(request_parse(der, &r, &f), "%s", f.text);
	ck_assert_uint_eq(r.n, 1);
	ck_assert(octets_same(r.cert[0].serial, RAW("\x01\xaa\xf0\x0d")));
	ck_assert_uint_eq(r.cert[0].key_hash.n, 32);
	ck_assert_uint_eq(r.cert[0].key_hash.at[0], 0x47);
	ck_assert_uint_eq(r.nonce.n, 0);
}
END_TEST

static X509 *
x509(struct octets der)
{
	const uint8_t *p = der.at;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);

	ck_assert_ptr_nonnull(x);
	return x;
}

/* The CertID is the CA's, hashed as clients must. */
START_TEST(rfc_9919_issuer)
{
	X509 *ca = x509(unbase64("rfc9919-a1.pem"));
	struct status_request r;
	uint8_t digest[EVP_MAX_MD_SIZE];

	ck_assert(request_parse(unbase64("rfc9919-a4.request"), &r, &f));
	ck_assert_int_eq(
	    X509_NAME_digest(X509_get_subject_name(ca), EVP_sha256(), digest, NULL), 1);
	ck_assert_mem_eq(r.cert[0].name_hash.at, digest, 32);
	ck_assert_int_eq(X509_pubkey_digest(ca, EVP_sha256(), digest, NULL), 1);
	ck_assert_mem_eq(r.cert[0].key_hash.at, digest, 32);
	X509_free(ca);
}
END_TEST

/* Asked by GET, in every spelling that has no sign to spell. */
START_TEST(rfc_9919_in_a_path)
{
	struct octets text = file(VECTORS, "rfc9919-a4.request"), der;
	struct bytes path = { 0 }, got = { 0 };

	der = unbase64("rfc9919-a4.request");
	bytes_put_text(&path, "/");
	for (size_t i = 0; i < text.n; i++)
		if (text.at[i] != '\n')
			bytes_put_u8(&path, text.at[i]);
	ck_assert_msg(spelling_read(octets_bytes(&path), &got, &f), "%s", f.text);
	ck_assert(octets_same(octets_bytes(&got), der));
	bytes_free(&got);
	bytes_free(&path);
}
END_TEST

START_TEST(rfc_9919_response)
{
	struct octets der = unbase64("rfc9919-a5.response");
	int64_t from_s, until_s;

	ck_assert_msg(answer_times(der, &from_s, &until_s, &f), "%s", f.text);
	ck_assert_int_eq(from_s, 1712147867); /* 3 April 2024, 12:37:47 */
	ck_assert_int_eq(until_s, from_s + 7 * 86400);
}
END_TEST

/* Its answer is the responder's whose certificate stands beside it: the key is named by its hash.
 */
START_TEST(rfc_9919_responder)
{
	struct octets der = unbase64("rfc9919-a5.response"), own = unbase64("rfc9919-a3.pem");
	X509 *by = x509(own);
	uint8_t id[EVP_MAX_MD_SIZE];

	ck_assert_ptr_nonnull(memmem(der.at, der.n, own.at, own.n));
	ck_assert_int_eq(X509_pubkey_digest(by, EVP_sha1(), id, NULL), 1);
	ck_assert_ptr_nonnull(memmem(der.at, der.n, id, 20));
	X509_free(by);
}
END_TEST

/* The 32 octets of the example there, in a request of ours. */
START_TEST(rfc_9654_nonce)
{
	struct octets extension =
	    RAW("\x30\x2f\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02\x04\x22\x04\x20"
		"\xdd\x49\xd4\x07\x2c\x44\x9d\xa1\xc3\x17\xbd\x1c\x1b\xdf\xfe\xdb"
		"\xe1\x50\x31\x2e\xc4\xcd\x0a\xdd\x18\xe5\xbd\x6f\x84\xbf\x14\xc8");
	struct octets id = SEQ(SEQ(OID(oid_sha256)), TLV(DER_OCTETS, forge_fill('n', 32)),
	    TLV(DER_OCTETS, forge_fill('k', 32)), TLV(DER_INTEGER, RAW("\x01")));
	struct status_request r;

	ck_assert(request_parse(
	    forge_exact(SEQ(SEQ(SEQ(SEQ(id)), TLV(DER_EXPLICIT(2), SEQ(extension))))), &r, &f));
	ck_assert_uint_eq(r.nonce.n, 32);
	ck_assert_mem_eq(r.nonce.at, extension.at + 17, 32);
}
END_TEST

/* n 0: refused, with this in the reason. */
static const struct {
	const char *name;
	size_t n, nonce_n;
	const char *why;
} requests[] = {
	{ "ocsp-army.inapplicable-req.der", 1, 0, NULL },
	{ "ocsp-army.revoked-req.der", 1, 0, NULL },
	{ "ocsp-army.valid-req.der", 1, 0, NULL },
	{ "req-duplicate-ext.der", 0, 0, "two nonces" },
	{ "req-ext-nonce.der", 1, 16, NULL },
	{ "req-ext-unknown-oid.der", 1, 0, NULL },  /* not critical */
	{ "req-invalid-hash-alg.der", 1, 0, NULL }, /* of an issuer that nobody knows by it */
	{ "req-multi-sha1.der", 2, 0, NULL },
	{ "req-sha1.der", 1, 0, NULL },
};

START_TEST(others_requests)
{
	for (size_t i = 0; i < COUNT(requests); i++) {
		struct octets der = file(QUATRAIN_OCSP_VECTORS "/", requests[i].name);
		struct status_request r = { .n = 0 };
		bool ok = request_parse(der, &r, &f);

		ck_assert_msg(ok == (requests[i].why == NULL), "%s: %s", requests[i].name, f.text);
		ck_assert_msg(r.n == requests[i].n, "%s: %zu", requests[i].name, r.n);
		ck_assert_uint_eq(r.nonce.n, requests[i].nonce_n);
		if (!ok)
			ck_assert_msg(strstr(f.text, requests[i].why) != NULL, "%s", f.text);
		for (size_t n = 0; n < der.n; n++) /* and no beginning of one is one */
			ck_assert(!request_parse(octets_of(der.at, n), &r, &f));
	}
}
END_TEST

/* A response has the times of its first answer, or none that can be read. */
START_TEST(others_responses)
{
	static const struct {
		const char *name;
		int64_t lasts_s; /* 0: not to be read */
	} rows[] = {
		{ "resp-sha256.der", 604800 },
		{ "resp-revoked.der", 602100 },
		{ "resp-responder-key-hash.der", 602100 },
		{ "resp-revoked-no-next-update.der", 0 },
		{ "resp-successful-no-response-bytes.der", 0 },
		{ "resp-unauthorized.der", 0 },
		{ "resp-unknown-response-status.der", 0 },
	};
	int64_t from_s = 0, until_s = 0;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct octets der = file(QUATRAIN_OCSP_VECTORS "/", rows[i].name);
		bool ok = answer_times(der, &from_s, &until_s, &f);

		ck_assert_msg(ok == (rows[i].lasts_s != 0), "%s: %d", rows[i].name, ok);
		if (ok)
			ck_assert_msg(until_s - from_s == rows[i].lasts_s, "%s: %lld", rows[i].name,
			    (long long)(until_s - from_s));
		for (size_t n = 0; n < der.n; n++)
			ck_assert(!answer_times(octets_of(der.at, n), &from_s, &until_s, &f));
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ocsp_vectors");
	TCase *t = tcase_create("vectors");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, rfc_9919_request);
	tcase_add_test(t, rfc_9919_issuer);
	tcase_add_test(t, rfc_9919_in_a_path);
	tcase_add_test(t, rfc_9919_response);
	tcase_add_test(t, rfc_9919_responder);
	tcase_add_test(t, rfc_9654_nonce);
	tcase_add_test(t, others_requests);
	tcase_add_test(t, others_responses);
	suite_add_tcase(s, t);
	return run_suite(s);
}
