/* tests/unit/cms.c - enroll/cms.h: read back by libcrypto. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/pkcs7.h>

#include "enroll/cms.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct bytes out;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	out = (struct bytes){ 0 };
}

static void
teardown(void)
{
	bytes_free(&out);
	forge_free();
	ground_free(&g);
}

static void
wrap(size_t n)
{
	const struct octets certs[] = { octets_bytes(&g.acme->certificate),
		octets_bytes(&g.region->certificate), octets_bytes(&g.root->certificate) };

	ck_assert_uint_le(n, 3);
	bytes_clear(&out);
	ck_assert(cms_certs_only(certs, n, &out, &f));
	ck_assert_msg(der_check(octets_bytes(&out), &f), "%s", f.text);
}

/* By the parser of PKCS #7, which is what EST clients have. */
START_TEST(pkcs7_reads_it)
{
	for (size_t n = 0; n <= 3; n++) {
		const uint8_t *p;
		PKCS7 *p7;
		STACK_OF(X509) * certs;

		wrap(n);
		p = out.at;
		ck_assert_ptr_nonnull(p7 = d2i_PKCS7(NULL, &p, (long)out.n));
		ck_assert_ptr_eq(p, out.at + out.n);
		ck_assert(PKCS7_type_is_signed(p7));
		ck_assert(PKCS7_type_is_data(p7->d.sign->contents));
		ck_assert_ptr_null(p7->d.sign->contents->d.data); /* absent, not empty */
		ck_assert_int_eq(ASN1_INTEGER_get(p7->d.sign->version), 1);
		ck_assert_int_eq(sk_PKCS7_SIGNER_INFO_num(p7->d.sign->signer_info), 0);
		ck_assert_int_eq(sk_X509_ALGOR_num(p7->d.sign->md_algs), 0);
		certs = p7->d.sign->cert;
		ck_assert_int_eq(certs == NULL ? 0 : sk_X509_num(certs), (int)n);
		for (int i = 0; i < (int)n; i++) {
			const struct issuer *want[] = { g.acme, g.region, g.root };
			uint8_t *der = NULL;
			int len = i2d_X509(sk_X509_value(certs, i), &der);

			ck_assert_int_gt(len, 0);
			ck_assert(octets_same(
			    octets_of(der, (size_t)len), octets_bytes(&want[i]->certificate)));
			OPENSSL_free(der);
		}
		PKCS7_free(p7);
	}
}
END_TEST

START_TEST(cms_reads_it)
{
	const uint8_t *p;
	CMS_ContentInfo *cms;
	STACK_OF(X509) * certs;

	wrap(3);
	p = out.at;
	ck_assert_ptr_nonnull(cms = d2i_CMS_ContentInfo(NULL, &p, (long)out.n));
	ck_assert_int_eq(OBJ_obj2nid(CMS_get0_type(cms)), NID_pkcs7_signed);
	ck_assert_ptr_nonnull(certs = CMS_get1_certs(cms));
	ck_assert_int_eq(sk_X509_num(certs), 3);
	sk_X509_pop_free(certs, X509_free);
	CMS_ContentInfo_free(cms);
}
END_TEST

START_TEST(it_is_appended)
{
	const struct octets cert = octets_bytes(&g.acme->certificate);

	bytes_put_text(&out, "before");
	ck_assert(cms_certs_only(&cert, 1, &out, &f));
	ck_assert_mem_eq(out.at, "before\x30\x82", 8);
}
END_TEST

START_TEST(too_large_is_refused)
{
	const struct octets cert = { (const uint8_t *)"", (size_t)BYTES_MAX + 1 };

	ck_assert(!cms_certs_only(&cert, 1, &out, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cms");
	TCase *t = tcase_create("cms");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, pkcs7_reads_it);
	tcase_add_test(t, cms_reads_it);
	tcase_add_test(t, it_is_appended);
	tcase_add_test(t, too_large_is_refused);
	suite_add_tcase(s, t);
	return run_suite(s);
}
