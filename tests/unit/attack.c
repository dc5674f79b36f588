/* tests/unit/attack.c - requests that took other authorities in, made anew: each is shown to be
 * what it pretends (libcrypto takes it), and is refused here. tests/attacks.tsv lists all of them.
 */
#include <openssl/bn.h>
#include <openssl/x509.h>

#include "enroll/est.h"
#include "tests/unit/csr_judge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"
#include "tests/unit/visit.h"

#define KEY_REFUSED  "csr: RFC 5480 section 2: expected an uncompressed P-256 key"
#define UNPROVEN     "csr: RFC 7030 section 3.4: possession of the key is not proven"
#define TOO_LONG     "over 8192"
#define POINT_AT     26 /* 04 begins there in a SubjectPublicKeyInfo */
#define POINT_OCTETS 65
#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define MIB          ((size_t)1 << 20)

/* The curve's numbers (SEC 2, section 2.4.2), as INTEGERs' contents where the first bit is set. */
#define PRIME                                                                                      \
	RAW("\0\xff\xff\xff\xff\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"   \
	    "\xff\xff\xff\xff")
#define A                                                                                          \
	RAW("\xff\xff\xff\xff\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff" \
	    "\xff\xff\xfc")
#define B                                                                                          \
	RAW("\x5a\xc6\x35\xd8\xaa\x3a\x93\xe7\xb3\xeb\xbd\x55\x76\x98\x86\xbc\x65\x1d\x06\xb0\xcc" \
	    "\x53\xb0\xf6\x3b\xce\x3c\x3e\x27\xd2\x60\x4b")
#define BASE                                                                                       \
	RAW("\x04\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81" \
	    "\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e" \
	    "\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf" \
	    "\x51\xf5")
#define ORDER                                                                                      \
	RAW("\0\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17"   \
	    "\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51")
#define OID_PRIME_FIELD RAW("\x2a\x86\x48\xce\x3d\x01\x01")
#define OID_MS_ASKS     RAW("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e")

static void
teardown(void)
{
	forge_free();
}

/* What an authority does that leaves it all to libcrypto. The key is the caller's; NULL: refused.
 */
static EVP_PKEY *
naive(struct octets der)
{
	const uint8_t *p = der.at;
	X509_REQ *q = d2i_X509_REQ(NULL, &p, (long)der.n);
	EVP_PKEY *key = q != NULL ? X509_REQ_get_pubkey(q) : NULL;

	if (key != NULL && X509_REQ_verify(q, key) != 1) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	X509_REQ_free(q);
	ERR_clear_error();
	return key;
}

static void
fools(struct octets der)
{
	EVP_PKEY *key = naive(der);

	ck_assert_ptr_nonnull(key);
	EVP_PKEY_free(key);
}

/* The shared key's point. */
static struct octets
point(void)
{
	return octets_of(forge_spki(forge_key()).at + POINT_AT, POINT_OCTETS);
}

static struct octets
spki(struct octets parameters, struct octets bits)
{
	return SEQ(SEQ(OID(oid_ec_public_key), parameters), TLV(DER_BIT_STRING, bits));
}

/* P-256 in numbers, with this generator. */
static struct octets
curve(struct octets prime, struct octets generator)
{
	return SEQ(RAW("\x02\x01\x01"), SEQ(OID(OID_PRIME_FIELD), TLV(DER_INTEGER, prime)),
	    SEQ(TLV(DER_OCTETS, A), TLV(DER_OCTETS, B)), TLV(DER_OCTETS, generator),
	    TLV(DER_INTEGER, ORDER), RAW("\x02\x01\x01"));
}

/* The curve's name is what libcrypto tells of it, and the proof holds. */
START_TEST(row_04_explicit_parameters)
{
	struct octets key = spki(curve(PRIME, BASE), JOIN(RAW("\0"), point()));
	struct octets der = forge_request(&(struct forge){ .spki = key });
	EVP_PKEY *seen = naive(der);
	char name[32] = "";

	ck_assert_ptr_nonnull(seen);
	ck_assert_int_eq(EVP_PKEY_get_group_name(seen, name, sizeof(name), NULL), 1);
	ck_assert_str_eq(name, "prime256v1");
	EVP_PKEY_free(seen);
	csr_refused(der, FAULT_BADREQ, KEY_REFUSED, 0);
}
END_TEST

/* A signature for the secret 1 under a curve that begins at the victim's own point: with the nonce
 * 1 too, r is the point's x and s is the digest and r. */
static struct octets
signed_by_one(struct octets info)
{
	struct octets x = octets_of(point().at + 1, 32), n = ORDER;
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *order = BN_bin2bn(n.at, (int)n.n, NULL), *r = BN_bin2bn(x.at, 32, NULL);
	BIGNUM *s = BN_new();
	uint8_t digest[32], at[2][33] = { { 0 }, { 0 } };
	const uint8_t *from[2];

	ck_assert_int_eq(EVP_Digest(info.at, info.n, digest, NULL, EVP_sha256(), NULL), 1);
	ck_assert_ptr_nonnull(BN_bin2bn(digest, 32, s));
	ck_assert_int_eq(BN_nnmod(r, r, order, ctx), 1);
	ck_assert_int_eq(BN_mod_add(s, s, r, order, ctx), 1);
	ck_assert_int_eq(BN_bn2binpad(r, at[0] + 1, 32), 32);
	ck_assert_int_eq(BN_bn2binpad(s, at[1] + 1, 32), 32);
	for (size_t i = 0; i < 2; i++) {
		from[i] = at[i];
		while (from[i] < at[i] + 32 && from[i][0] == 0 && from[i][1] < 0x80)
			from[i]++;
	}
	BN_free(order);
	BN_free(r);
	BN_free(s);
	BN_CTX_free(ctx);
	return SEQ(TLV(DER_INTEGER, octets_of(from[0], (size_t)(at[0] + 33 - from[0]))),
	    TLV(DER_INTEGER, octets_of(from[1], (size_t)(at[1] + 33 - from[1]))));
}

/* Whoever has seen a public key can prove to hold it, on a curve of their own making. */
START_TEST(row_04_anothers_key_as_the_generator)
{
	struct forge f = { .spki = spki(curve(PRIME, point()), JOIN(RAW("\0"), point())) };

	f.signature = JOIN(RAW("\0"), signed_by_one(forge_info(&f)));
	fools(forge_request(&f));
	csr_refused(forge_request(&f), FAULT_BADREQ, KEY_REFUSED, 0);
	f.spki = NONE; /* and with the curve by its name the proof is none */
	f.signature = JOIN(RAW("\0"), signed_by_one(forge_info(&f)));
	csr_refused(forge_request(&f), FAULT_BADREQ, UNPROVEN, 1);
}
END_TEST

/* A modulus without an end to its square root: never handed to libcrypto. */
START_TEST(row_05_a_field_that_is_none)
{
	struct octets composite = JOIN(RAW("\0"), forge_fill(0xff, 32));
	struct octets compressed = JOIN(RAW("\x02"), octets_of(point().at + 1, 32));
	const struct octets rows[] = {
		spki(curve(composite, compressed), JOIN(RAW("\0"), compressed)),
		spki(curve(composite, point()), JOIN(RAW("\0"), point())),
		spki(curve(RAW("\x09"), compressed), JOIN(RAW("\0"), compressed)),
		spki(curve(RAW("\0"), compressed), JOIN(RAW("\0"), compressed)),
		spki(curve(RAW("\xff"), compressed), JOIN(RAW("\0"), compressed)),
		spki(curve(PRIME, compressed), JOIN(RAW("\0"), compressed)),
		spki(OID(oid_prime256v1), JOIN(RAW("\0"), compressed)),
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(forge_request(&(struct forge){ .spki = rows[i] }), FAULT_BADREQ,
		    KEY_REFUSED, i);
}
END_TEST

/* One key in each of its spellings has another fingerprint: only the one that is blocked gets in.
 */
START_TEST(row_07_encodings_of_a_blocked_key)
{
	struct octets named = OID(oid_prime256v1), p = point(), rows[4];
	uint8_t low = p.at[POINT_OCTETS - 1] & 1;
	uint8_t form[] = { (uint8_t)(2 + low), (uint8_t)(6 + low) };
	struct csr blocked = csr_passes(forge_request(&(struct forge){ .key = NULL }));
	size_t n = 0;

	rows[n++] = spki(named, JOIN(RAW("\0"), octets_of(&form[0], 1), octets_of(p.at + 1, 32)));
	rows[n++] = spki(named, JOIN(RAW("\0"), octets_of(&form[1], 1), octets_of(p.at + 1, 64)));
	rows[n++] = spki(curve(PRIME, BASE), JOIN(RAW("\0"), p));
	if (low == 0)
		rows[n++] = spki(named, JOIN(RAW("\1"), p));
	for (size_t i = 0; i < n; i++) {
		struct octets der = forge_request(&(struct forge){ .spki = rows[i] });
		EVP_PKEY *seen = naive(der);
		uint8_t digest[32];

		ck_assert_ptr_nonnull(seen);
		ck_assert(i == 2 || EVP_PKEY_eq(seen, forge_key()) == 1);
		EVP_PKEY_free(seen);
		ck_assert_int_eq(
		    EVP_Digest(rows[i].at, rows[i].n, digest, NULL, EVP_sha256(), NULL), 1);
		ck_assert_mem_ne(digest, blocked.key_id, CSR_KEY_ID_OCTETS);
		csr_refused(der, FAULT_BADREQ, KEY_REFUSED, i);
	}
}
END_TEST

static struct octets
asking(struct octets extensions)
{
	return forge_request(&(struct forge){ .attributes = forge_asks(extensions) });
}

/* n times the same octets. */
static struct octets
times(size_t n, struct octets one)
{
	uint8_t *at = malloc(n * one.n);
	struct octets all;

	ck_assert_ptr_nonnull(at);
	for (size_t i = 0; i < n; i++)
		memcpy(at + i * one.n, one.at, one.n);
	all = forge_exact(octets_of(at, n * one.n));
	free(at);
	return all;
}

/* Each within the one before, from the inside out: 30 82 and a length, n times. */
static struct octets
nested(size_t n)
{
	uint8_t *at = malloc(n * 4);
	struct octets all;

	ck_assert_ptr_nonnull(at);
	for (size_t i = 0; i < n; i++) {
		size_t rest = (n - i - 1) * 4;

		at[i * 4] = 0x30;
		at[i * 4 + 1] = 0x82;
		at[i * 4 + 2] = (uint8_t)(rest >> 8);
		at[i * 4 + 3] = (uint8_t)rest;
	}
	all = forge_exact(octets_of(at, n * 4));
	free(at);
	return all;
}

static struct octets
huge(size_t kind)
{
	struct octets other = RAW("\x2a\x03\x04");
	struct octets o = forge_rdn(oid_organization, DER_UTF8, RAW("o"));
	struct octets san = TLV(DER_CONTEXT(2), RAW("a.printer.acme.eu.example.org"));

	switch (kind) {
	case 0:
		return forge_request(
		    &(struct forge){ .attributes = SEQ(OID(other),
					 SET(TLV(DER_OCTETS, forge_fill('x', 10 * MIB)))) });
	case 1:
		return asking(forge_extension(oid_subject_alt_name, SEQ(times(50000, san))));
	case 2:
		return forge_request(&(struct forge){ .subject = SEQ(times(2000, o)) });
	case 3:
		return forge_request(
		    &(struct forge){ .attributes = SEQ(OID(other), SET(nested(5000))) });
	case 4:
		return forge_request(
		    &(struct forge){ .attributes = SEQ(OID(times(MIB, RAW("\x2a"))), SET(NONE)) });
	default: /* no request at all: nobody looks that far */
		return nested(5000);
	}
}

#define HUGE_KINDS 6

START_TEST(row_10_too_large_to_be_read)
{
	for (size_t i = 0; i < HUGE_KINDS; i++)
		csr_refused(huge(i), FAULT_LIMIT, TOO_LONG, i);
}
END_TEST

static int64_t
now(void)
{
	return GROUND_NOW_S;
}

/* At the face: whatever of it the wall lets through is told as 413, with one entry in the log. */
START_TEST(row_10_too_large_for_est)
{
	struct ground g;
	struct est est;

	ground_new(&g);
	est = (struct est){ g.realm, now };
	for (size_t i = 0; i < HUGE_KINDS; i++) {
		struct exchange x =
		    visit(FACE_SECURE, "POST", "/.well-known/est/acme/simpleenroll");
		struct bytes body = { 0 };

		text_base64(huge(i), 0, &body);
		x.content_type = RAW("application/pkcs10");
		x.authorization = RAW("Basic aHA6c2VjcmV0");
		x.body = octets_bytes(&body);
		ck_assert(est_serve(&est, &x));
		visit_refused(&x, "acme", "certificate.enroll", FAULT_LIMIT, 413);
		exchange_free(&x);
		bytes_free(&body);
		forge_empty();
	}
	ground_free(&g);
}
END_TEST

/* One parser reads Microsoft's attribute, another the standard's: what is asked for must be one. */
START_TEST(row_15_extensions_under_another_oid)
{
	struct octets san =
	    SEQ(forge_extension(oid_subject_alt_name, SEQ(TLV(DER_CONTEXT(2), RAW("a.example")))));
	struct octets ms = SEQ(OID(OID_MS_ASKS), SET(san));

	csr_refused(forge_request(&(struct forge){ .attributes = ms }), FAULT_BADREQ,
	    "extensionRequest under another identifier", 0);
	csr_refused(forge_request(&(struct forge){
			.attributes = JOIN(SEQ(OID(oid_extension_request), SET(san)), ms) }),
	    FAULT_BADREQ, "extensionRequest under another identifier", 1);
}
END_TEST

START_TEST(row_16_names_of_rare_kinds)
{
	struct octets any = TLV(DER_EXPLICIT(0), OID(RAW("\x2a\x03\x04")),
	    TLV(DER_EXPLICIT(0), TLV(DER_UTF8, RAW("a"))));
	const struct octets rows[] = {
		TLV(DER_EXPLICIT(3), SEQ(NONE)),                        /* x400Address */
		TLV(DER_EXPLICIT(3), TLV(DER_OCTETS, RAW("abcdefgh"))), /* of another type */
		TLV(DER_CONTEXT(3), RAW("abcdefgh")),
		TLV(DER_EXPLICIT(5), TLV(DER_EXPLICIT(1), TLV(DER_UTF8, RAW("a")))), /* ediParty */
		TLV(DER_CONTEXT(5), RAW("a")), TLV(DER_EXPLICIT(5), NONE), any,
		TLV(DER_EXPLICIT(4), SEQ(NONE)), /* directoryName */
		TLV(DER_CONTEXT(8), RAW("\x2a\x03\x04")),
		TLV(DER_EXPLICIT(9), NONE), /* there are nine kinds */
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(asking(forge_extension(oid_subject_alt_name, SEQ(rows[i]))),
		    FAULT_BADREQ, "a kind or number of names that is not taken", i);
}
END_TEST

/* An address whose domain is punycode, long enough to run over a buffer that decodes it. */
START_TEST(row_17_punycode_mail)
{
	struct octets mail = JOIN(RAW("a@xn--"), forge_fill('z', 594));

	ck_assert_uint_eq(mail.n, 600);
	csr_refused(asking(forge_extension(oid_subject_alt_name, SEQ(TLV(DER_CONTEXT(1), mail)))),
	    FAULT_BADREQ, "a kind or number of names that is not taken", 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("attack");
	TCase *t = tcase_create("attack");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, row_04_explicit_parameters);
	tcase_add_test(t, row_04_anothers_key_as_the_generator);
	tcase_add_test(t, row_05_a_field_that_is_none);
	tcase_add_test(t, row_07_encodings_of_a_blocked_key);
	tcase_add_test(t, row_10_too_large_to_be_read);
	tcase_add_test(t, row_10_too_large_for_est);
	tcase_add_test(t, row_15_extensions_under_another_oid);
	tcase_add_test(t, row_16_names_of_rare_kinds);
	tcase_add_test(t, row_17_punycode_mail);
	suite_add_tcase(s, t);
	return run_suite(s);
}
