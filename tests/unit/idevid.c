/* tests/unit/idevid.c - ca/idevid.h: which manufacturers' certificates are taken, and what each of
 * the others lacks. */
#include <check.h>
#include <stdlib.h>

#include <openssl/rsa.h>

#include "ca/idevid.h"
#include "tests/unit/born.h"
#include "tests/unit/run.h"

#define NOW_S    INT64_C(1900000000) /* March 2030 */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static EVP_PKEY *root_key, *mid_key, *key;
static X509 *root, *mid;
static struct bytes root_der, leaf_der, above_der;
static struct born leaf; /* that is made next: a good one, beneath mid */
static struct idevid found;
static struct fault f;

static void
setup(void)
{
	root = born_ca("Root", NULL, NULL, &root_key);
	mid = born_ca("Mid", root, root_key, &mid_key);
	ck_assert_ptr_nonnull(key = EVP_EC_gen("P-256"));
	born_der(root, &root_der);
	born_der(mid, &above_der);
	leaf = (struct born){ .serial = "SN-1",
		.key = key,
		.issuer = mid,
		.by = mid_key,
		.usage = "critical,digitalSignature" };
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	X509_free(root);
	X509_free(mid);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(mid_key);
	EVP_PKEY_free(key);
	bytes_free(&root_der);
	bytes_free(&leaf_der);
	bytes_free(&above_der);
}

static void
make(void)
{
	X509 *c = born_x509(&leaf);

	bytes_clear(&leaf_der);
	born_der(c, &leaf_der);
	X509_free(c);
}

static bool
verified(void)
{
	const struct octets roots[] = { octets_bytes(&root_der) };

	return idevid_verify(
	    octets_bytes(&leaf_der), octets_bytes(&above_der), roots, 1, NOW_S, &found, &f);
}

static void
takes(void)
{
	make();
	ck_assert_msg(verified(), "%s", f.text);
	ck_assert_str_eq(found.serial, leaf.serial);
	ck_assert_uint_eq(found.root, 0);
}

static void
refuses(enum fault_code code, const char *words)
{
	make();
	ck_assert(!verified());
	ck_assert_msg(f.code == code && strstr(f.text, words) != NULL, "%d: %s", f.code, f.text);
}

/* mid again, as *b says. */
static void
other_mid(const struct born *b)
{
	struct born of = *b;

	X509_free(mid);
	EVP_PKEY_free(mid_key);
	of.key = mid_key = EVP_EC_gen("P-256");
	of.common = "Mid";
	of.issuer = root;
	of.by = root_key;
	mid = born_x509(&of);
	leaf.issuer = mid;
	leaf.by = mid_key;
	bytes_clear(&above_der);
	born_der(mid, &above_der);
}

START_TEST(good_ones)
{
	takes();
	leaf.serial_tag = V_ASN1_UTF8STRING;
	takes();
	leaf.purposes = "clientAuth";
	takes();
	leaf.basic = "CA:FALSE";
	takes();
	leaf.serial = "SN 1/(a):+,.-='?";
	takes();
	EVP_PKEY_free(key);
	ck_assert_ptr_nonnull(leaf.key = key = EVP_RSA_gen(2048));
	takes();
	leaf.issuer = root; /* right beneath the root; what came beside it does no harm */
	leaf.by = root_key;
	takes();
	born_der(root, &above_der);
	takes();
	bytes_clear(&above_der);
	takes();
}
END_TEST

/* A CA of a maker that is no root is trusted by itself: the way up from it is nobody's business. */
START_TEST(an_anchor_that_is_no_root)
{
	bytes_clear(&root_der);
	born_der(mid, &root_der);
	bytes_clear(&above_der);
	takes();
}
END_TEST

START_TEST(the_keys_digest)
{
	uint8_t other[IDEVID_DIGEST_OCTETS];

	takes();
	memcpy(other, found.key, sizeof(other));
	takes();
	ck_assert_mem_eq(other, found.key, sizeof(other));
	EVP_PKEY_free(key);
	leaf.key = key = EVP_EC_gen("P-256");
	takes();
	ck_assert_mem_ne(other, found.key, sizeof(other));
}
END_TEST

/* A root of the same Name that signed nothing of it, before and behind the true one. */
START_TEST(twin_roots)
{
	struct bytes twin = { 0 };
	EVP_PKEY *twin_key;
	X509 *x = born_ca("Root", NULL, NULL, &twin_key);
	struct octets roots[2];

	born_der(x, &twin);
	roots[0] = octets_bytes(&twin);
	roots[1] = octets_bytes(&root_der);
	make();
	for (size_t i = 0; i < 2; i++) {
		struct octets other = roots[0];

		ck_assert_msg(idevid_verify(octets_bytes(&leaf_der), octets_bytes(&above_der),
				  roots, 2, NOW_S, &found, &f),
		    "%s", f.text);
		ck_assert_uint_eq(found.root, 1 - i);
		roots[0] = roots[1];
		roots[1] = other;
	}
	ck_assert(!idevid_verify(octets_bytes(&leaf_der), octets_bytes(&above_der),
	    (const struct octets[]){ octets_bytes(&twin) }, 1, NOW_S, &found, &f));
	ck_assert_int_eq(f.code, FAULT_AUTH);
	bytes_free(&twin);
	EVP_PKEY_free(twin_key);
	X509_free(x);
}
END_TEST

START_TEST(leaves_that_are_refused)
{
	const struct born good = leaf;

	leaf.to_s = NOW_S - 1;
	refuses(FAULT_AUTH, "expired");
	leaf = good;
	leaf.from_s = NOW_S + 1;
	refuses(FAULT_AUTH, "not yet valid");
	leaf = good;
	leaf.md = EVP_sha1();
	refuses(FAULT_AUTH, "too weak");
	leaf = good;
	leaf.purposes = "serverAuth";
	refuses(FAULT_AUTH, "purpose");
	leaf.purposes = "DER:3000"; /* row 18 */
	refuses(FAULT_AUTH, "purpose");
	leaf = good;
	leaf.usage = "critical,keyCertSign";
	refuses(FAULT_AUTH, "purpose");
	leaf = good;
	leaf.basic = BORN_CA;
	refuses(FAULT_BADREQ, "a CA's certificate");
	leaf = good;
	leaf.by = root_key;
	refuses(FAULT_AUTH, "");
	leaf = good;
	leaf.issuer = NULL;
	leaf.by = NULL;
	refuses(FAULT_AUTH, "");
	leaf = good;
	ck_assert_ptr_nonnull(leaf.key = EVP_RSA_gen(1024));
	refuses(FAULT_AUTH, "too weak");
	EVP_PKEY_free(leaf.key);
}
END_TEST

START_TEST(paths_that_are_refused)
{
	struct born ca = { .basic = BORN_CA, .usage = "critical,keyCertSign" };

	ca.to_s = NOW_S - 1;
	other_mid(&ca);
	refuses(FAULT_AUTH, "expired");
	ca.to_s = 0;
	ca.basic = "critical,CA:FALSE";
	other_mid(&ca);
	refuses(FAULT_AUTH, "invalid CA");
	ca.basic = NULL;
	other_mid(&ca);
	refuses(FAULT_AUTH, "invalid CA");
	ca.basic = BORN_CA;
	ca.usage = "critical,cRLSign";
	other_mid(&ca);
	refuses(FAULT_AUTH, "");
	ca.usage = "critical,keyCertSign";
	ca.md = EVP_sha1();
	other_mid(&ca);
	refuses(FAULT_AUTH, "too weak");
	ca.md = NULL;
	other_mid(&ca);
	takes();
	bytes_clear(&above_der);
	refuses(FAULT_AUTH, "");
}
END_TEST

/* pathlen:0 in mid, and a CA beneath it all the same. */
START_TEST(a_path_that_is_too_long)
{
	struct born ca = { .basic = BORN_CA ",pathlen:0", .usage = "critical,keyCertSign" };
	EVP_PKEY *low_key;
	X509 *low;

	other_mid(&ca);
	takes();
	low = born_ca("Low", mid, mid_key, &low_key);
	leaf.issuer = low;
	leaf.by = low_key;
	born_der(low, &above_der);
	refuses(FAULT_AUTH, "path length");
	X509_free(low);
	EVP_PKEY_free(low_key);
}
END_TEST

START_TEST(serial_numbers)
{
	static const char longest[] =
	    "1234567890123456789012345678901234567890123456789012345678901234";
	static const struct {
		const char *text;
		size_t n;
		int tag;
	} none[] = {
		{ NULL, 0, 0 },
		{ "SN-1\0hp-1", 9, 0 },
		{ "\0", 1, 0 },
		{ "SN-1\r\nevent=ready", 0, 0 },
		{ "SN\t1", 0, 0 },
		{ "SN-\xc3\xa9", 0, V_ASN1_UTF8STRING },
		{ "SN-\x7f", 0, 0 },
		{ " SN-1", 0, 0 },
		{ "SN-1 ", 0, 0 },
		{ "12345678901234567890123456789012345678901234567890123456789012345", 0, 0 },
		{ "\0S\0N", 4, V_ASN1_BMPSTRING },
		{ "SN-1", 0, V_ASN1_IA5STRING },
		{ "SN-1", 0, V_ASN1_TELETEXSTRING },
	};

	leaf.serial = longest;
	takes();
	for (size_t i = 0; i < COUNT(none); i++) {
		leaf.serial = none[i].text;
		leaf.serial_n = none[i].n;
		leaf.serial_tag = none[i].tag;
		refuses(FAULT_BADREQ, "serialNumber");
		ck_assert(strchr(f.text, '\n') == NULL);
	}
	leaf.serial = leaf.twice = "SN-1";
	leaf.serial_n = 0;
	leaf.serial_tag = 0;
	refuses(FAULT_BADREQ, "one serialNumber");
}
END_TEST

START_TEST(texts_that_are_serial_numbers)
{
	ck_assert(idevid_is_serial("0"));
	ck_assert(idevid_is_serial("a b~!"));
	ck_assert(!idevid_is_serial(""));
	ck_assert(!idevid_is_serial(" "));
	ck_assert(!idevid_is_serial("a "));
	ck_assert(!idevid_is_serial("a\nb"));
	ck_assert(!idevid_is_serial("a\x80"));
}
END_TEST

START_TEST(what_comes_above)
{
	struct bytes one = { 0 };

	make();
	bytes_put_octets(&one, octets_bytes(&above_der));
	for (size_t n = 1; n < IDEVID_ABOVE_MAX; n++)
		bytes_put_octets(&above_der, octets_bytes(&one));
	ck_assert_msg(verified(), "%s", f.text);
	bytes_put_octets(&above_der, octets_bytes(&one));
	ck_assert(!verified());
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	for (size_t n = 0; n < 20; n++)
		bytes_put_octets(&above_der, octets_bytes(&one));
	ck_assert(!verified());
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	for (size_t n = 1; n < one.n; n++) { /* cut anywhere */
		bytes_clear(&above_der);
		bytes_put(&above_der, one.at, n);
		ck_assert(!verified());
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	bytes_clear(&above_der);
	bytes_put_octets(&above_der, octets_bytes(&one));
	bytes_put_u8(&above_der, 0);
	ck_assert(!verified());
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	bytes_free(&one);
}
END_TEST

START_TEST(octets_that_are_no_certificate)
{
	struct bytes whole = { 0 };

	make();
	bytes_put_octets(&whole, octets_bytes(&leaf_der));
	for (size_t n = 0; n < whole.n; n++) {
		bytes_clear(&leaf_der);
		bytes_put(&leaf_der, whole.at, n);
		ck_assert(!verified());
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	bytes_clear(&leaf_der);
	bytes_put_octets(&leaf_der, octets_bytes(&whole));
	bytes_put_u8(&leaf_der, 0);
	ck_assert(!verified());
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	bytes_free(&whole);
}
END_TEST

/* Each bit of what is signed and of the signature. */
START_TEST(every_flipped_bit)
{
	make();
	for (size_t i = 0; i < leaf_der.n * 8; i++) {
		leaf_der.at[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_msg(!verified(), "bit %zu", i);
		leaf_der.at[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	ck_assert_msg(verified(), "%s", f.text);
}
END_TEST

static bool
is_root(X509 *x)
{
	uint8_t name[IDEVID_DIGEST_OCTETS], digest[IDEVID_DIGEST_OCTETS];
	struct bytes der = { 0 };
	bool ok;

	born_der(x, &der);
	ok = idevid_root(octets_bytes(&der), name, digest, &f);
	bytes_free(&der);
	return ok;
}

START_TEST(roots)
{
	static const struct {
		const char *basic, *usage;
		bool root;
	} rows[] = {
		{ BORN_CA, "critical,keyCertSign", true },
		{ BORN_CA, NULL, true },
		{ BORN_CA, "critical,digitalSignature", false },
		{ "critical,CA:FALSE", "critical,keyCertSign", false },
		{ NULL, "critical,keyCertSign", false },
		{ NULL, NULL, false },
	};
	struct born b = { .common = "Root", .key = root_key };
	EVP_PKEY *weak = EVP_RSA_gen(1024);
	X509 *x;

	for (size_t i = 0; i < COUNT(rows); i++) {
		b.basic = rows[i].basic;
		b.usage = rows[i].usage;
		x = born_x509(&b);
		ck_assert_msg(is_root(x) == rows[i].root, "row %zu", i);
		ck_assert(rows[i].root || f.code == FAULT_BADREQ);
		X509_free(x);
	}
	b.basic = BORN_CA;
	b.usage = NULL;
	b.key = weak;
	x = born_x509(&b);
	ck_assert(!is_root(x));
	ck_assert_ptr_nonnull(strstr(f.text, "RSA 2048"));
	X509_free(x);
	EVP_PKEY_free(weak);
	ck_assert(is_root(mid)); /* another CA of a maker will do */
}
END_TEST

START_TEST(names_of_issuers)
{
	uint8_t names[IDEVID_ABOVE_MAX + 1][IDEVID_DIGEST_OCTETS], name[IDEVID_DIGEST_OCTETS],
	    digest[IDEVID_DIGEST_OCTETS];
	size_t n;

	make();
	ck_assert(idevid_issuers(octets_bytes(&leaf_der), octets_bytes(&above_der), names, &n, &f));
	ck_assert_uint_eq(n, 2);
	ck_assert(idevid_root(octets_bytes(&above_der), name, digest, &f));
	ck_assert_mem_eq(names[0], name, sizeof(name));
	ck_assert(idevid_root(octets_bytes(&root_der), name, digest, &f));
	ck_assert_mem_eq(names[1], name, sizeof(name));
	ck_assert(!idevid_issuers(octets_of(NULL, 0), octets_bytes(&above_der), names, &n, &f));
	bytes_put_u8(&above_der, 0x30);
	ck_assert(
	    !idevid_issuers(octets_bytes(&leaf_der), octets_bytes(&above_der), names, &n, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("idevid");
	TCase *t = tcase_create("idevid");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, good_ones);
	tcase_add_test(t, an_anchor_that_is_no_root);
	tcase_add_test(t, the_keys_digest);
	tcase_add_test(t, twin_roots);
	tcase_add_test(t, leaves_that_are_refused);
	tcase_add_test(t, paths_that_are_refused);
	tcase_add_test(t, a_path_that_is_too_long);
	tcase_add_test(t, serial_numbers);
	tcase_add_test(t, texts_that_are_serial_numbers);
	tcase_add_test(t, what_comes_above);
	tcase_add_test(t, octets_that_are_no_certificate);
	tcase_add_test(t, every_flipped_bit);
	tcase_add_test(t, roots);
	tcase_add_test(t, names_of_issuers);
	suite_add_tcase(s, t);
	return run_suite(s);
}
