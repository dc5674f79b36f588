/* tests/unit/ocsp_request.c - ocsp/request.h: what clients send is taken, within limits. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ocsp.h>

#include "ca/oid.h"
#include "ocsp/request.h"
#include "tests/unit/forge.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SHA512   RAW("\x60\x86\x48\x01\x65\x03\x04\x02\x03")
#define TRUE     RAW("\x01\x01\xff")
#define NOT_ONE  "ocsp: RFC 6960 section 4.1.1: not a request"

static struct status_request r;
static struct fault f;

static void
setup(void)
{
	memset(&r, 0, sizeof(r));
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	forge_free();
}

static struct octets
cert_id(struct octets algorithm, size_t hash_n, struct octets serial)
{
	return SEQ(SEQ(OID(algorithm), RAW("\x05\0")), TLV(DER_OCTETS, forge_fill('n', hash_n)),
	    TLV(DER_OCTETS, forge_fill('k', hash_n)), TLV(DER_INTEGER, serial));
}

static struct octets
usual_id(void)
{
	return cert_id(oid_sha1, 20, forge_fill(1, TBS_SERIAL_OCTETS));
}

/* Of these Requests (joined) and this [2] (n 0: none). */
static struct octets
request_of(struct octets list, struct octets extensions)
{
	struct octets end = extensions.n == 0 ? NONE : TLV(DER_EXPLICIT(2), extensions);

	return SEQ(SEQ(forge_tlv(DER_SEQUENCE, list), end));
}

static struct octets
with_nonce(size_t n)
{
	struct octets value = TLV(DER_OCTETS, forge_fill('#', n));

	return request_of(SEQ(usual_id()), SEQ(forge_extension(oid_ocsp_nonce, value)));
}

static void
passes(struct octets der)
{
	ck_assert_msg(request_parse(forge_exact(der), &r, &f), "%s", f.text);
}

static void
refused(struct octets der, const char *why, size_t row)
{
	struct status_request untouched;

	memset(&r, 0x5a, sizeof(r));
	memcpy(&untouched, &r, sizeof(r));
	f = (struct fault){ 0 };
	ck_assert_msg(!request_parse(forge_exact(der), &r, &f), "row %zu", row);
	ck_assert_msg(f.code == FAULT_BADREQ, "row %zu: fault %d: %s", row, f.code, f.text);
	ck_assert_msg(strstr(f.text, why) != NULL, "row %zu: %s", row, f.text);
	ck_assert_mem_eq(&r, &untouched, sizeof(r));
}

START_TEST(the_usual)
{
	struct octets id = usual_id();

	passes(request_of(SEQ(id), NONE));
	ck_assert_uint_eq(r.n, 1);
	ck_assert(octets_same(r.cert[0].whole, id));
	ck_assert(octets_same(r.cert[0].name_hash, forge_fill('n', 20)));
	ck_assert(octets_same(r.cert[0].key_hash, forge_fill('k', 20)));
	ck_assert(octets_same(r.cert[0].serial, forge_fill(1, TBS_SERIAL_OCTETS)));
	ck_assert_uint_eq(r.nonce.n, 0);
}
END_TEST

/* As libcrypto writes it, nonce and all. */
START_TEST(libcryptos_own)
{
	OCSP_REQUEST *q = OCSP_REQUEST_new();
	EVP_PKEY *key = forge_key();
	X509_NAME *name = X509_NAME_new();
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	const EVP_MD *mds[] = { EVP_sha1(), EVP_sha256(), EVP_sha512() };
	uint8_t *der = NULL;
	int n;

	ck_assert_ptr_nonnull(key);
	ck_assert_int_eq(ASN1_INTEGER_set(serial, 77), 1);
	ck_assert_int_eq(ASN1_BIT_STRING_set(bits, (unsigned char[]){ 4 }, 1), 1);
	for (size_t i = 0; i < COUNT(mds); i++)
		ck_assert_ptr_nonnull(
		    OCSP_request_add0_id(q, OCSP_cert_id_new(mds[i], name, bits, serial)));
	ck_assert_int_eq(OCSP_request_add1_nonce(q, NULL, -1), 1);
	ck_assert_int_gt(n = i2d_OCSP_REQUEST(q, &der), 0);
	passes(octets_of(der, (size_t)n));
	ck_assert_uint_eq(r.n, 3);
	ck_assert_uint_eq(r.cert[0].key_hash.n, 20);
	ck_assert_uint_eq(r.cert[1].key_hash.n, 32);
	ck_assert_uint_eq(r.cert[2].key_hash.n, 0); /* SHA-512: nobody is known by it */
	ck_assert_uint_eq(r.nonce.n, 16);
	OPENSSL_free(der);
	ASN1_BIT_STRING_free(bits);
	ASN1_INTEGER_free(serial);
	X509_NAME_free(name);
	OCSP_REQUEST_free(q);
}
END_TEST

/* RFC 9654 section 2.1: none and too many are malformed, few and many are passed over. */
START_TEST(nonces)
{
	static const struct {
		size_t n;
		bool valid, echoed;
	} rows[] = { { 0, false, false }, { 1, true, false }, { 15, true, false },
		{ 16, true, true }, { 23, true, true }, { 32, true, true }, { 33, true, false },
		{ 128, true, false }, { 129, false, false }, { 2000, false, false } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!rows[i].valid) {
			refused(with_nonce(rows[i].n), "RFC 9654 section 2.1", i);
			continue;
		}
		passes(with_nonce(rows[i].n));
		ck_assert_uint_eq(r.nonce.n, rows[i].echoed ? rows[i].n : 0);
	}
}
END_TEST

START_TEST(nonces_of_another_shape)
{
	struct octets good = forge_extension(oid_ocsp_nonce, TLV(DER_OCTETS, forge_fill('#', 16)));
	struct octets few = forge_extension(oid_ocsp_nonce, TLV(DER_OCTETS, forge_fill('#', 8)));
	const struct octets rows[] = {
		SEQ(forge_extension(
		    oid_ocsp_nonce, forge_fill('#', 16))), /* no OCTET STRING in it */
		SEQ(forge_extension(oid_ocsp_nonce, TLV(DER_IA5, forge_fill('#', 16)))),
		SEQ(forge_extension(
		    oid_ocsp_nonce, JOIN(TLV(DER_OCTETS, forge_fill('#', 16)), RAW("\0")))),
		SEQ(forge_extension(oid_ocsp_nonce, NONE)),
		SEQ(good, good),
		SEQ(few, few),
		SEQ(few, good),
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		refused(request_of(SEQ(usual_id()), rows[i]), "RFC 9654 section 2.1", i);
}
END_TEST

START_TEST(many_certificates)
{
	struct octets all = NONE;

	for (size_t i = 0; i < REQUEST_CERTS_MAX; i++)
		all = JOIN(all, SEQ(usual_id()));
	passes(request_of(all, NONE));
	ck_assert_uint_eq(r.n, REQUEST_CERTS_MAX);
	refused(request_of(JOIN(all, SEQ(usual_id())), NONE), "over 16 certificates", 17);
	refused(request_of(NONE, NONE), NOT_ONE, 0);
}
END_TEST

/* A thousand are refused for their octets, before any is looked at. */
START_TEST(a_thousand_certificates)
{
	struct octets hundred = NONE, all = NONE;

	for (size_t i = 0; i < 100; i++)
		hundred = JOIN(hundred, SEQ(usual_id()));
	for (size_t i = 0; i < 10; i++)
		all = JOIN(all, hundred);
	ck_assert(!request_parse(request_of(all, NONE), &r, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert(!request_parse(request_of(hundred, NONE), &r, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
}
END_TEST

/* RFC 6960 4.4.6 and 4.4.7: where to ask instead, and what to sign with, are wishes. */
START_TEST(wishes)
{
	static const char *const oids[] = { "\x2b\x06\x01\x05\x05\x07\x30\x01\x07",
		"\x2b\x06\x01\x05\x05\x07\x30\x01\x08", "\x2b\x06\x01\x05\x05\x07\x30\x01\x04" };
	struct octets p384 = SEQ(SEQ(SEQ(OID(oid_sha256))));

	for (size_t i = 0; i < COUNT(oids); i++) {
		struct octets oid = octets_of(oids[i], 9), e = forge_extension(oid, p384);

		passes(request_of(SEQ(usual_id()), SEQ(e)));
		passes(request_of(SEQ(usual_id(), TLV(DER_EXPLICIT(0), SEQ(e))), NONE));
		refused(
		    request_of(SEQ(usual_id()), SEQ(SEQ(OID(oid), TRUE, TLV(DER_OCTETS, p384)))),
		    "critical extension", 1);
	}
}
END_TEST

START_TEST(hashes_of_another_length)
{
	static const size_t lengths[] = { 0, 1, 19, 21, 31, 32, 64 };
	struct octets serial = RAW("\1");

	for (size_t i = 0; i < COUNT(lengths); i++) {
		refused(request_of(SEQ(cert_id(oid_sha1, lengths[i], serial)), NONE),
		    "a hash of another length", i);
		if (lengths[i] != 32)
			refused(request_of(SEQ(cert_id(oid_sha256, lengths[i], serial)), NONE),
			    "a hash of another length", i);
	}
	passes(request_of(SEQ(cert_id(SHA512, 64, serial)), NONE));
	ck_assert_uint_eq(r.cert[0].key_hash.n, 0);
}
END_TEST

START_TEST(serials_of_any_length)
{
	const struct octets rows[] = { RAW("\0"), RAW("\1"), RAW("\xff"), forge_fill(1, 20),
		forge_fill(1, 200) };

	for (size_t i = 0; i < COUNT(rows); i++) {
		passes(request_of(SEQ(cert_id(oid_sha1, 20, rows[i])), NONE));
		ck_assert(octets_same(r.cert[0].serial, rows[i]));
	}
}
END_TEST

/* Who signs is not asked; that the shape is one is. */
START_TEST(signed_requests)
{
	struct octets tbs = SEQ(SEQ(SEQ(usual_id())));
	struct octets signature = TLV(
	    DER_EXPLICIT(0), SEQ(oid_algorithm_ecdsa_sha256, TLV(DER_BIT_STRING, RAW("\0\x30\0")),
				 TLV(DER_EXPLICIT(0), SEQ(SEQ(NONE)))));
	const struct octets rows[] = { RAW("\x05\0"), SEQ(NONE), TLV(DER_EXPLICIT(1), NONE),
		JOIN(signature, signature), JOIN(signature, RAW("\x05\0")),
		TLV(DER_CONTEXT(0), NONE) };

	passes(SEQ(tbs, signature));
	ck_assert_uint_eq(r.n, 1);
	for (size_t i = 0; i < COUNT(rows); i++)
		refused(SEQ(tbs, rows[i]), NOT_ONE, i);
}
END_TEST

START_TEST(names_and_versions)
{
	struct octets list = SEQ(SEQ(usual_id())), one = TLV(DER_EXPLICIT(0), RAW("\x02\x01\0"));
	struct octets name = TLV(DER_EXPLICIT(1), TLV(DER_EXPLICIT(4), SEQ(NONE)));
	const struct octets versions[] = { TLV(DER_EXPLICIT(0), RAW("\x02\x01\x01")),
		TLV(DER_EXPLICIT(0), RAW("\x02\x02\x01\0")), TLV(DER_EXPLICIT(0), NONE) };

	passes(SEQ(SEQ(name, list)));
	passes(SEQ(SEQ(one, name, list))); /* some write the DEFAULT out */
	for (size_t i = 0; i < COUNT(versions); i++)
		refused(SEQ(SEQ(versions[i], list)), "expected version 1", i);
}
END_TEST

START_TEST(extensions)
{
	struct octets unknown = RAW("\x2a\x03\x04"), value = TLV(DER_OCTETS, RAW("\x05\0"));
	struct octets oid = OID(unknown);
	const struct octets rows[] = { RAW("\x05\0"), SEQ(RAW("\x05\0")), SEQ(SEQ(NONE)),
		SEQ(SEQ(oid)), SEQ(SEQ(oid, TRUE)), SEQ(SEQ(oid, value, value)),
		JOIN(SEQ(NONE), SEQ(NONE)), SEQ(SEQ(value, oid)) };

	passes(request_of(SEQ(usual_id()), SEQ(SEQ(oid, value))));
	passes(request_of(SEQ(usual_id()), SEQ(SEQ(oid, RAW("\x01\x01\0"), value))));
	refused(request_of(SEQ(usual_id()), SEQ(SEQ(oid, TRUE, value))),
	    "a critical extension that is not known here", 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		refused(request_of(SEQ(usual_id()), rows[i]), NOT_ONE, i);
}
END_TEST

/* Extensions of one certificate's request: passed over, unless they must not be. */
START_TEST(single_extensions)
{
	struct octets id = usual_id(), oid = OID(RAW("\x2a\x03\x04"));
	struct octets value = TLV(DER_OCTETS, RAW("\x05\0"));
	const struct octets rows[] = { RAW("\x05\0"), SEQ(NONE), TLV(DER_EXPLICIT(1), NONE),
		TLV(DER_EXPLICIT(0), RAW("\x05\0")), TLV(DER_EXPLICIT(0), SEQ(SEQ(oid))) };

	passes(request_of(SEQ(id, TLV(DER_EXPLICIT(0), SEQ(SEQ(oid, value)))), NONE));
	ck_assert(octets_same(r.cert[0].whole, id));
	refused(request_of(SEQ(id, TLV(DER_EXPLICIT(0), SEQ(SEQ(oid, TRUE, value)))), NONE),
	    "a critical extension that is not known here", 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		refused(request_of(SEQ(id, rows[i]), NONE), NOT_ONE, i);
}
END_TEST

START_TEST(other_shapes)
{
	struct octets good = request_of(SEQ(usual_id()), NONE), id = usual_id();
	struct octets hash = TLV(DER_OCTETS, forge_fill('h', 20)), number = RAW("\x02\x01\1");
	struct octets sha1 = SEQ(OID(oid_sha1));
	const struct octets rows[] = {
		SEQ(NONE),
		SEQ(SEQ(NONE)),
		SEQ(SEQ(id)),
		SEQ(SEQ(SEQ(id))),
		SEQ(SEQ(SEQ(SEQ(NONE)))),
		SEQ(SEQ(SEQ(SEQ(SEQ(NONE))))),
		request_of(SEQ(SEQ(sha1, hash, hash)), NONE),
		request_of(SEQ(SEQ(sha1, hash, number)), NONE),
		request_of(SEQ(SEQ(sha1, hash, hash, number, number)), NONE),
		request_of(SEQ(SEQ(SEQ(NONE), hash, hash, number)), NONE),
		request_of(SEQ(SEQ(OID(oid_sha1), hash, hash, number)), NONE),
		request_of(JOIN(SEQ(id), RAW("\x05\0")), NONE),
		SEQ(SEQ(SEQ(SEQ(id)), RAW("\x05\0"))),
		SEQ(SEQ(SEQ(SEQ(id)), TLV(DER_EXPLICIT(3), NONE))),
		TLV(DER_SET, SEQ(SEQ(SEQ(id)))),
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		refused(rows[i], NOT_ONE, i);
	refused(NONE, "der: ", 0);
	refused(JOIN(good, RAW("\0")), "der: ", 1);
	refused(JOIN(good, good), "der: ", 2);
	for (size_t n = 0; n < good.n; n++)
		refused(octets_of(good.at, n), "der: ", n);
}
END_TEST

START_TEST(sizes)
{
	struct octets ext =
	    forge_extension(RAW("\x2a\x03\x04"), forge_fill('x', REQUEST_MAX_OCTETS));

	ck_assert(!request_parse(request_of(SEQ(usual_id()), SEQ(ext)), &r, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert(!request_parse(forge_fill(0x30, 1 << 20), &r, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
}
END_TEST

/* Whatever a flipped bit makes of it, what is lent lies within. */
START_TEST(every_flipped_bit)
{
	struct octets good = with_nonce(32);
	uint8_t *at = malloc(good.n);

	for (size_t bit = 0; bit < good.n * 8; bit++) {
		memcpy(at, good.at, good.n);
		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (!request_parse(octets_of(at, good.n), &r, &f)) {
			ck_assert_int_eq(f.code, FAULT_BADREQ);
			continue;
		}
		ck_assert_uint_eq(r.n, 1);
		ck_assert(r.cert[0].whole.at > at);
		ck_assert(r.cert[0].serial.at + r.cert[0].serial.n <= at + good.n);
		ck_assert(r.nonce.n == 0 || r.nonce.at + r.nonce.n <= at + good.n);
	}
	free(at);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ocsp_request");
	TCase *t = tcase_create("ocsp_request");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_usual);
	tcase_add_test(t, libcryptos_own);
	tcase_add_test(t, nonces);
	tcase_add_test(t, nonces_of_another_shape);
	tcase_add_test(t, many_certificates);
	tcase_add_test(t, a_thousand_certificates);
	tcase_add_test(t, wishes);
	tcase_add_test(t, hashes_of_another_length);
	tcase_add_test(t, serials_of_any_length);
	tcase_add_test(t, signed_requests);
	tcase_add_test(t, names_and_versions);
	tcase_add_test(t, extensions);
	tcase_add_test(t, single_extensions);
	tcase_add_test(t, other_shapes);
	tcase_add_test(t, sizes);
	tcase_add_test(t, every_flipped_bit);
	suite_add_tcase(s, t);
	return run_suite(s);
}
