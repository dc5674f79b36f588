/* tests/unit/csr.c - ca/csr.h: one shape of request, strictly DER, that asks for no power. For the
 * key and its proof see csr_key.c. Every request here is signed over what it holds, so that nothing
 * but the reason meant can refuse it. */
#include <openssl/x509v3.h>

#include "tests/unit/csr_judge.h"
#include "tests/unit/run.h"

#define NOT_ONE "csr: RFC 2986 section 4.2: not a request"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define OID_UNKNOWN  RAW("\x2a\x03\x04")
#define OID_OTHER    RAW("\x2a\x03\x05")
#define BASIC(...)   forge_extension(oid_basic_constraints, SEQ(__VA_ARGS__))
#define USAGE(s)     forge_extension(oid_key_usage, RAW(s))
#define PURPOSE(...) forge_extension(oid_ext_key_usage, SEQ(__VA_ARGS__))
#define NAMES(...)   forge_extension(oid_subject_alt_name, SEQ(__VA_ARGS__))
#define TRUE         RAW("\x01\x01\xff")
#define DNS(s)       TLV(DER_CONTEXT(2), RAW(s))

static void
teardown(void)
{
	forge_free();
}

static struct octets
with_version(struct octets version)
{
	return forge_request(&(struct forge){ .version = version });
}

static struct octets
with_subject(struct octets subject)
{
	return forge_request(&(struct forge){ .subject = subject });
}

static struct octets
with_attributes(struct octets attributes)
{
	return forge_request(&(struct forge){ .attributes = attributes });
}

/* Extensions that are asked for, one attribute. */
static struct octets
asking(struct octets extensions)
{
	return with_attributes(forge_asks(extensions));
}

START_TEST(subjects_that_pass)
{
	static const struct {
		uint8_t type;
		const char *text;
	} rows[] = {
		{ DER_UTF8, "hp-4711" },
		{ DER_PRINTABLE, "hp-4711" },
		{ DER_IA5, "hp@4711" },
		{ DER_UTF8, " ~" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct octets name = forge_common(rows[i].type, octets_text(rows[i].text));

		ck_assert(octets_same(csr_passes(with_subject(name)).subject, name));
	}
	(void)csr_passes(with_subject(SEQ(NONE)));
	(void)csr_passes(with_subject(forge_common(DER_UTF8, forge_fill('a', 256))));
	(void)csr_passes(with_subject(SEQ(forge_rdn(oid_organization, DER_UTF8, RAW("acme")),
	    forge_rdn(oid_unit, DER_UTF8, RAW("printer")),
	    forge_rdn(oid_common_name, DER_UTF8, RAW("hp-4711")))));
}
END_TEST

/* What could be read as another name, or write into a log or a terminal. */
START_TEST(texts_that_mislead)
{
	const struct octets rows[] = {
		RAW("a\0b"), RAW("\0"), RAW("a\r\nb"), RAW("a\nb"), RAW("\x1b[31mred"), RAW("\x7f"),
		RAW("\xe2\x80\xae"
		    "4711-ph"),      /* right to left */
		RAW("\xe2\x80\x8b"), /* of no width */
		RAW("\xd0\xb0"
		    "cme"),              /* a Cyrillic a */
		RAW("Bu\xcc\x88ro"),     /* decomposed */
		RAW("B\xc3\xbcro"),      /* composed */
		RAW("\xf0\x9f\x96\xa8"), /* a printer */
		RAW("\xc2\x85"),         /* C1 */
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(with_subject(forge_common(DER_UTF8, rows[i])), FAULT_BADREQ,
		    "csr: a name with an octet that is not printable ASCII", i);
	for (size_t i = 0; i < 4; i++)
		csr_refused(with_subject(forge_common(DER_IA5, rows[i])), FAULT_BADREQ,
		    "csr: a name with an octet that is not printable ASCII", i);
}
END_TEST

START_TEST(texts_that_are_no_utf8)
{
	const struct octets rows[] = {
		RAW("\xff"),
		RAW("\xc0\x80"),         /* NUL, overlong */
		RAW("\xc1\xa1"),         /* a, overlong */
		RAW("\xe0\x81\xa1"),     /* a, overlong again */
		RAW("\xed\xa0\x80"),     /* a surrogate */
		RAW("\xf4\x90\x80\x80"), /* beyond U+10FFFF */
		RAW("a\xc3"),            /* cut */
		RAW("\x80"),
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(with_subject(forge_common(DER_UTF8, rows[i])), FAULT_BADREQ,
		    "malformed UTF8String", i);
	csr_refused(with_subject(forge_common(DER_PRINTABLE, RAW("a@b"))), FAULT_BADREQ,
	    "malformed PrintableString", 0);
	csr_refused(with_subject(forge_common(DER_PRINTABLE, RAW("a\0b"))), FAULT_BADREQ,
	    "malformed PrintableString", 1);
	csr_refused(with_subject(forge_common(DER_IA5, RAW("\xe4"))), FAULT_BADREQ,
	    "malformed IA5String", 2);
}
END_TEST

START_TEST(types_of_the_past)
{
	static const struct {
		uint8_t type;
		const char *text;
		size_t n;
	} rows[] = {
		{ 0x14, "hp", 2 },       /* T61 */
		{ 0x1e, "\0h\0p", 4 },   /* BMP */
		{ 0x1c, "\0\0\0h", 4 },  /* Universal */
		{ 0x12, "4711", 4 },     /* Numeric */
		{ 0x1a, "hp", 2 },       /* Visible */
		{ DER_OCTETS, "hp", 2 }, /* no string at all */
		{ DER_INTEGER, "\x01", 1 },
		{ DER_SEQUENCE, "", 0 },
		{ DER_CONTEXT(0), "hp", 2 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(
		    with_subject(forge_common(rows[i].type, octets_of(rows[i].text, rows[i].n))),
		    FAULT_BADREQ, "csr: RFC 5280 section 4.1.2.4: string type", i);
}
END_TEST

START_TEST(texts_of_no_size)
{
	csr_refused(
	    with_subject(forge_common(DER_UTF8, NONE)), FAULT_BADREQ, "csr: a name of 0 octets", 0);
	csr_refused(with_subject(forge_common(DER_UTF8, forge_fill('a', 257))), FAULT_BADREQ,
	    "csr: a name of 257 octets", 1);
}
END_TEST

/* n RDNs, each an O. */
static struct octets
parts(size_t n)
{
	struct octets all = NONE;

	for (size_t i = 0; i < n; i++)
		all = JOIN(all, forge_rdn(oid_organization, DER_UTF8, RAW("o")));
	return forge_tlv(DER_SEQUENCE, all);
}

START_TEST(subjects_of_many_parts)
{
	struct octets one = SEQ(OID(oid_common_name), TLV(DER_UTF8, RAW("a")));
	struct octets two = SEQ(OID(oid_organization), TLV(DER_UTF8, RAW("b")));

	(void)csr_passes(with_subject(parts(16)));
	csr_refused(with_subject(parts(17)), FAULT_BADREQ, "csr: over 16 parts", 0);
	csr_refused(with_subject(parts(2000)), FAULT_LIMIT, "over 8192", 0);
	csr_refused(with_subject(SEQ(forge_rdn(oid_common_name, DER_UTF8, RAW("a")),
			forge_rdn(oid_common_name, DER_UTF8, RAW("b")))),
	    FAULT_BADREQ, "csr: two common names", 0);
	csr_refused(
	    with_subject(SEQ(SET(one, two))), FAULT_BADREQ, "expected one value in an RDN", 0);
	csr_refused(with_subject(SEQ(SET(NONE))), FAULT_BADREQ, "expected one value in an RDN", 1);
}
END_TEST

START_TEST(subjects_of_another_shape)
{
	struct octets cn = OID(oid_common_name), text = TLV(DER_UTF8, RAW("a"));
	const struct octets rows[] = {
		SEQ(SEQ(SEQ(cn, text))),
		SEQ(RAW("\x05\0")),
		SEQ(SET(SEQ(cn))),
		SEQ(SET(SEQ(NONE))),
		SEQ(SET(SEQ(text, cn))),
		SEQ(SET(SEQ(cn, text, text))),
		TLV(DER_SET, SET(SEQ(cn, text))),
		RAW("\x05\0"),
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(with_subject(rows[i]), FAULT_BADREQ, NOT_ONE, i);
}
END_TEST

START_TEST(versions)
{
	const struct octets rows[] = { RAW("\x02\x01\x01"), RAW("\x02\x01\x02"),
		RAW("\x02\x01\xff"), RAW("\x02\x02\x01\0"), RAW("\x02\x09\x01\0\0\0\0\0\0\0\0"),
		RAW("\x0a\x01\0"), RAW("\x04\x01\0"), RAW("\xa0\x03\x02\x01\0") };

	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(with_version(rows[i]), FAULT_BADREQ,
		    "csr: RFC 2986 section 4.1: expected version 0", i);
	csr_refused(with_version(RAW("\x02\x02\0\0")), FAULT_BADREQ, "malformed INTEGER", 0);
	csr_refused(with_version(RAW("\x02\0")), FAULT_BADREQ, "malformed INTEGER", 1);
}
END_TEST

/* Freedoms that BER leaves: libcrypto takes most of them. */
START_TEST(ber)
{
	struct octets good = forge_request(&(struct forge){ .key = NULL });
	struct octets inside = octets_of(good.at + 3, good.n - 3); /* 30 81 and one of length */
	struct octets rdn = forge_rdn(oid_common_name, DER_UTF8, RAW("hp"));
	const struct octets outer[] = {
		JOIN(RAW("\x30\x82\0"), octets_of(good.at + 2, 1), inside),
		JOIN(RAW("\x30\x80"), inside, RAW("\0\0")),
		JOIN(RAW("\x3f\x10"), octets_of(good.at + 1, good.n - 1)),
		with_subject(JOIN(RAW("\x30\x80"), rdn, RAW("\0\0"))),
		with_subject(JOIN(RAW("\x30\x81\x0d"), rdn)),
		with_subject(JOIN(RAW("\x30\x82\0\x0d"), rdn)),
	};

	ck_assert_uint_eq(good.at[1], 0x81);
	ck_assert_uint_eq(rdn.n, 13);
	for (size_t i = 0; i < COUNT(outer); i++)
		csr_refused(outer[i], FAULT_BADREQ, "bad tag or length", i);
	csr_refused(with_subject(forge_common(0x2c, RAW("\x0c\x02hp"))), FAULT_BADREQ,
	    "X.690 section 10.2", 0); /* a string in pieces */
}
END_TEST

START_TEST(octets_that_follow)
{
	struct octets good = forge_request(&(struct forge){ .key = NULL });

	csr_refused(JOIN(good, RAW("\0")), FAULT_BADREQ, "octets too many", 0);
	csr_refused(JOIN(good, RAW("\r\n")), FAULT_BADREQ, "octets too many", 1);
	csr_refused(JOIN(good, good), FAULT_BADREQ, "octets too many", 2);
	csr_refused(JOIN(RAW("\0"), good), FAULT_BADREQ, "bad tag or length", 3);
}
END_TEST

START_TEST(sets_out_of_order)
{
	struct octets later = SEQ(OID(oid_organization), TLV(DER_UTF8, RAW("b")));
	struct octets sooner = SEQ(OID(oid_common_name), TLV(DER_UTF8, RAW("a")));
	struct octets a = TLV(DER_UTF8, RAW("a")), b = TLV(DER_UTF8, RAW("b"));

	csr_refused(with_subject(SEQ(SET(later, sooner))), FAULT_BADREQ, "X.690 section 11.6", 0);
	csr_refused(with_attributes(SEQ(OID(OID_UNKNOWN), SET(b, a))), FAULT_BADREQ,
	    "X.690 section 11.6", 1);
	(void)csr_passes(with_attributes(SEQ(OID(OID_UNKNOWN), SET(a, b))));
}
END_TEST

START_TEST(other_shapes)
{
	struct octets info = forge_info(&(struct forge){ .key = NULL });
	struct octets bits =
	    TLV(DER_BIT_STRING, RAW("\0"), forge_sign(forge_key(), EVP_sha256(), info));
	struct octets algorithm = oid_algorithm_ecdsa_sha256;
	struct octets version = RAW("\x02\x01\0"), name = SEQ(NONE), key = forge_spki(forge_key());
	struct octets end = TLV(DER_EXPLICIT(0), NONE);
	const struct octets rows[] = {
		RAW("\x30\0"),
		RAW("\x05\0"),
		SEQ(info),
		SEQ(info, algorithm),
		SEQ(info, bits, algorithm),
		SEQ(info, algorithm, bits, RAW("\x05\0")),
		TLV(DER_EXPLICIT(0), info, algorithm, bits),
		SEQ(info, algorithm, TLV(DER_OCTETS, RAW("abc"))),
		SEQ(SEQ(version, name, key), algorithm, bits), /* no attributes */
		SEQ(SEQ(version, name, end), algorithm, bits),
		SEQ(SEQ(version, key, end), algorithm, bits),
		SEQ(SEQ(version, name, key, end, end), algorithm, bits),
		SEQ(SEQ(version, name, key, TLV(DER_EXPLICIT(1), NONE)), algorithm, bits),
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(rows[i], FAULT_BADREQ, "csr: RFC 2986 section 4", i);
	csr_refused(SEQ(algorithm, info, bits), FAULT_BADREQ, "csr: RFC 2986 section 4.1", 0);
}
END_TEST

START_TEST(challenges)
{
	struct octets pw = OID(oid_challenge_password), a = TLV(DER_UTF8, RAW("abc"));
	struct octets one = SEQ(pw, SET(a));
	struct csr c = csr_passes(with_attributes(one));
	const struct octets rows[] = {
		SEQ(pw, SET(NONE)),
		SEQ(pw, SET(a, TLV(DER_UTF8, RAW("abd")))),
		SEQ(pw, SET(TLV(DER_UTF8, RAW("a\0b")))),
		SEQ(pw, SET(TLV(0x1e, RAW("\0a")))),
		SEQ(pw, SET(TLV(DER_UTF8, NONE))),
		JOIN(one, one),
	};
	static const char *const why[] = { "expected one challengePassword",
		"expected one challengePassword", "not printable ASCII", "string type 30",
		"a name of 0 octets", "an attribute twice" };

	ck_assert(octets_same(c.challenge, RAW("abc")));
	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(with_attributes(rows[i]), FAULT_BADREQ, why[i], i);
}
END_TEST

START_TEST(attributes_of_another_shape)
{
	struct octets oid = OID(OID_UNKNOWN);
	const struct octets rows[] = {
		RAW("\x05\0"),
		oid,
		SEQ(NONE),
		SEQ(oid),
		SEQ(oid, SEQ(NONE)),
		SEQ(oid, SET(NONE), SET(NONE)),
		SEQ(SET(NONE), oid),
		SET(SEQ(oid, SET(NONE))),
		SEQ(OID(oid_extension_request), SET(SEQ(RAW("\x05\0")))),
		SEQ(OID(oid_extension_request), SET(SEQ(SEQ(NONE)))),
		SEQ(OID(oid_extension_request), SET(SEQ(SEQ(oid)))),
		SEQ(OID(oid_extension_request), SET(SEQ(SEQ(oid, TRUE)))),
		SEQ(OID(oid_extension_request), SET(SEQ(SEQ(oid, SEQ(NONE))))),
		SEQ(OID(oid_extension_request),
		    SET(SEQ(SEQ(oid, TLV(DER_OCTETS, NONE), RAW("\x05\0"))))),
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(with_attributes(rows[i]), FAULT_BADREQ, NOT_ONE, i);
}
END_TEST

START_TEST(extension_requests_are_one)
{
	struct octets none = SEQ(NONE), some = SEQ(NAMES(DNS("a.example")));
	struct octets oid = OID(oid_extension_request);

	csr_refused(with_attributes(JOIN(SEQ(oid, SET(some)), SEQ(oid, SET(some)))), FAULT_BADREQ,
	    "csr: RFC 2985 section 5.4: an attribute twice", 0);
	csr_refused(with_attributes(JOIN(SEQ(oid, SET(none)), SEQ(oid, SET(some)))), FAULT_BADREQ,
	    "csr: RFC 2985 section 5.4: an attribute twice", 1);
	csr_refused(with_attributes(SEQ(oid, SET(none, some))), FAULT_BADREQ,
	    "csr: RFC 2985 section 5.4.2: expected one value", 2);
	csr_refused(with_attributes(SEQ(oid, SET(NONE))), FAULT_BADREQ,
	    "csr: RFC 2985 section 5.4.2: expected one value", 3);
	csr_refused(with_attributes(SEQ(oid, SET(RAW("\x05\0")))), FAULT_BADREQ,
	    "csr: RFC 2985 section 5.4.2: expected one value", 4);
}
END_TEST

/* Nothing is copied from them, so what is not known here does no harm. */
START_TEST(extensions_that_pass)
{
	const struct octets rows[] = {
		SEQ(NONE),
		BASIC(NONE),
		USAGE("\x03\x02\x03\x88"), /* digitalSignature, keyAgreement */
		PURPOSE(OID(oid_client_auth), OID(oid_server_auth)),
		forge_extension(OID_UNKNOWN, RAW("\xff no DER")),
		SEQ(OID(OID_UNKNOWN), TRUE, TLV(DER_OCTETS, NONE)),
	};

	for (size_t i = 1; i < COUNT(rows); i++)
		(void)csr_passes(asking(rows[i]));
	(void)csr_passes(asking(NONE));
}
END_TEST

START_TEST(names_that_are_asked_for)
{
	struct octets names = JOIN(DNS("hp-4711.example"),
	    TLV(DER_CONTEXT(6), RAW("spiffe://a/b/c")), TLV(DER_CONTEXT(7), RAW("\x7f\0\0\1")));
	struct csr c = csr_passes(asking(forge_extension(oid_subject_alt_name, SEQ(names))));

	ck_assert(octets_same(c.alt_names, names));
}
END_TEST

START_TEST(extensions_twice)
{
	const struct octets rows[] = { NAMES(DNS("a.example")), BASIC(NONE),
		USAGE("\x03\x02\x07\x80"), PURPOSE(OID(oid_client_auth)) };

	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(asking(JOIN(rows[i], rows[(i + 1) % COUNT(rows)], rows[i])),
		    FAULT_BADREQ, "csr: RFC 5280 section 4.2: an extension twice", i);
}
END_TEST

/* What is not known here is held to it too, and so are attributes. */
START_TEST(unknown_ones_twice)
{
	struct octets one = forge_extension(OID_UNKNOWN, NONE),
		      other = forge_extension(OID_OTHER, NONE);
	struct octets a = SEQ(OID(OID_UNKNOWN), SET(NONE)), b = SEQ(OID(OID_OTHER), SET(NONE));

	(void)csr_passes(asking(JOIN(one, other)));
	csr_refused(asking(JOIN(one, one)), FAULT_BADREQ, "an extension twice", 0);
	csr_refused(asking(JOIN(one, other, one)), FAULT_BADREQ, "an extension twice", 1);
	csr_refused(asking(JOIN(one, forge_extension(OID_UNKNOWN, RAW("x")))), FAULT_BADREQ,
	    "an extension twice", 2);
	(void)csr_passes(with_attributes(JOIN(a, b)));
	csr_refused(with_attributes(JOIN(a, b, a)), FAULT_BADREQ, "an attribute twice", 3);
	csr_refused(with_attributes(JOIN(a, SEQ(OID(OID_UNKNOWN), SET(RAW("\x05\0"))))),
	    FAULT_BADREQ, "an attribute twice", 4);
}
END_TEST

START_TEST(types_without_end)
{
	struct octets extensions = NONE, attributes = NONE;

	for (uint8_t i = 0; i < 33; i++) {
		struct octets type = JOIN(OID_UNKNOWN, octets_of(&i, 1));

		if (i == 32) {
			(void)csr_passes(asking(extensions));
			(void)csr_passes(with_attributes(attributes));
		}
		extensions = JOIN(extensions, forge_extension(type, NONE));
		attributes = JOIN(attributes, SEQ(OID(type), SET(NONE)));
	}
	csr_refused(asking(extensions), FAULT_BADREQ, "over 32 extensions", 0);
	csr_refused(with_attributes(attributes), FAULT_BADREQ, "over 32 extensions", 1);
}
END_TEST

START_TEST(powers)
{
	static const uint8_t pkix[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x00 };
	struct octets two = RAW("\x02\x01\x02"), zero = RAW("\x02\x01\0");
	const struct {
		struct octets extension;
		const char *why;
	} rows[] = {
		{ BASIC(TRUE), "asks to be a CA" },
		{ BASIC(TRUE, zero), "asks to be a CA" },
		{ BASIC(TRUE, two), "asks to be a CA" },
		{ BASIC(RAW("\x01\x01\0")), "asks to be a CA" }, /* a DEFAULT, encoded */
		{ USAGE("\x03\x02\x02\x04"), "asks for keyCertSign or cRLSign" },
		{ USAGE("\x03\x02\x01\x02"), "asks for keyCertSign or cRLSign" },
		{ USAGE("\x03\x02\x01\x86"), "asks for keyCertSign or cRLSign" },
		{ USAGE("\x03\x03\x07\xff\x80"), "asks for keyCertSign or cRLSign" },
		{ PURPOSE(OID(oid_ocsp_signing)), "asks for another purpose" },
		{ PURPOSE(OID(oid_client_auth), OID(oid_ocsp_signing)),
		    "asks for another purpose" },
		{ PURPOSE(RAW("\x06\x04\x55\x1d\x25\0")), "asks for another purpose" }, /* any */
		{ PURPOSE(OID(JOIN(octets_of(pkix, 7), RAW("\x03")))), "asks for another purpose" },
		{ PURPOSE(OID(JOIN(octets_of(pkix, 7), RAW("\x08")))), "asks for another purpose" },
		{ PURPOSE(OID(oid_log_signing)), "asks for another purpose" },
		{ NAMES(TLV(DER_EXPLICIT(3), SEQ(NONE))), "a kind or number of names" }, /* x400 */
		{ NAMES(TLV(DER_EXPLICIT(5), TLV(DER_CONTEXT(1), RAW("a")))), "a kind or number" },
		{ NAMES(DNS("a\0.example")), "NUL in a subjectAltName" },
		{ NAMES(TLV(DER_CONTEXT(6), RAW("spiffe://a\0"))), "NUL in a subjectAltName" },
		{ NAMES(TLV(DER_CONTEXT(1), RAW("a@b\0c"))), "a kind or number of names" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		csr_refused(asking(rows[i].extension), FAULT_BADREQ, rows[i].why, i);
		csr_refused(asking(JOIN(forge_extension(OID_UNKNOWN, NONE), rows[i].extension)),
		    FAULT_BADREQ, rows[i].why, i);
	}
}
END_TEST

START_TEST(extension_values_of_another_shape)
{
	const struct octets rows[] = {
		forge_extension(oid_basic_constraints, SET(NONE)),
		forge_extension(oid_key_usage, RAW("\x03\x01\0")),
		forge_extension(oid_key_usage, TLV(DER_OCTETS, RAW("\x80"))),
		forge_extension(oid_ext_key_usage, SEQ(RAW("\x05\0"))),
		forge_extension(oid_ext_key_usage, OID(oid_client_auth)),
		forge_extension(oid_subject_alt_name, SEQ(NONE)),
		forge_extension(oid_subject_alt_name, DNS("a.example")),
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(asking(rows[i]), FAULT_BADREQ, NOT_ONE, i);
	for (size_t i = 0; i < 4; i++) {
		const struct octets oid[] = { oid_basic_constraints, oid_key_usage,
			oid_ext_key_usage, oid_subject_alt_name };

		csr_refused(asking(forge_extension(oid[i], NONE)), FAULT_BADREQ, "der: ", i);
		csr_refused(asking(forge_extension(oid[i], JOIN(SEQ(NONE), RAW("\0")))),
		    FAULT_BADREQ, "der: ", i);
		csr_refused(
		    asking(forge_extension(oid[i], RAW("\x30\x80\0\0"))), FAULT_BADREQ, "der: ", i);
	}
}
END_TEST

START_TEST(booleans)
{
	struct octets oid = OID(OID_UNKNOWN), value = TLV(DER_OCTETS, NONE);

	csr_refused(
	    asking(SEQ(oid, RAW("\x01\x01\x01"), value)), FAULT_BADREQ, "malformed BOOLEAN", 0);
	csr_refused(asking(BASIC(RAW("\x01\x01\x01"))), FAULT_BADREQ, "malformed BOOLEAN", 1);
	csr_refused(asking(SEQ(oid, RAW("\x01\x01\0"), value)), FAULT_BADREQ,
	    "csr: X.690 section 11.5: a DEFAULT is encoded", 2);
}
END_TEST

START_TEST(many_names)
{
	struct octets all = NONE;

	for (size_t i = 0; i < 32; i++)
		all = JOIN(all, DNS("a.example"));
	(void)csr_passes(asking(forge_extension(oid_subject_alt_name, SEQ(all))));
	csr_refused(asking(forge_extension(oid_subject_alt_name, SEQ(all, DNS("b.example")))),
	    FAULT_BADREQ, "a kind or number of names", 0);
}
END_TEST

/* Filled up with an attribute that nobody knows. */
static struct octets
of_size(size_t n)
{
	size_t room = n;
	struct octets der;

	do {
		ck_assert_uint_gt(room, 0);
		der = with_attributes(
		    SEQ(OID(OID_UNKNOWN), SET(TLV(DER_OCTETS, forge_fill('x', --room)))));
	} while (der.n > n);
	return der;
}

START_TEST(sizes)
{
	size_t n = CSR_MAX_OCTETS;

	while (of_size(n).n != CSR_MAX_OCTETS) /* a signature is some octets longer or shorter */
		ck_assert_uint_eq(n, CSR_MAX_OCTETS);
	csr_refused(of_size(CSR_MAX_OCTETS + 64), FAULT_LIMIT, "over 8192", 0);
	csr_refused(of_size(70000), FAULT_LIMIT, "over 8192", 1);
	csr_refused(with_attributes(SEQ(
			OID(OID_UNKNOWN), SET(TLV(DER_OCTETS, forge_fill('x', (size_t)10 << 20))))),
	    FAULT_LIMIT, "over 8192", 2);
	csr_refused(forge_fill(0x30, (size_t)10 << 20), FAULT_LIMIT, "over 8192", 3);
	csr_refused(NONE, FAULT_BADREQ, "der: ", 4);
}
END_TEST

START_TEST(depths)
{
	struct octets deep = SEQ(NONE);

	for (int i = 0; i < 5; i++)
		deep = SEQ(deep);
	(void)csr_passes(with_attributes(SEQ(OID(OID_UNKNOWN), SET(deep))));
	for (int i = 0; i < 50; i++)
		deep = SEQ(deep);
	csr_refused(with_attributes(SEQ(OID(OID_UNKNOWN), SET(deep))), FAULT_BADREQ,
	    "over 16 levels deep", 0);
	for (int i = 0; i < 2500; i++)
		deep = SEQ(deep);
	csr_refused(with_attributes(SEQ(OID(OID_UNKNOWN), SET(deep))), FAULT_LIMIT, "over 8192", 1);
}
END_TEST

START_TEST(oids)
{
	struct octets value = SET(NONE);
	const struct octets rows[] = { RAW("\x80\x2a"), RAW("\x2a\x80\x03"), RAW("\x2a\x86"),
		forge_fill(0x80, 4000), NONE };

	for (size_t i = 0; i < COUNT(rows); i++)
		csr_refused(with_attributes(SEQ(OID(rows[i]), value)), FAULT_BADREQ,
		    "malformed OBJECT IDENTIFIER", i);
	(void)csr_passes(with_attributes(SEQ(OID(JOIN(forge_fill(0x81, 4000), RAW("\0"))), value)));
}
END_TEST

/* A request that uses most of what there is. */
static struct octets
full(void)
{
	struct octets asks = forge_asks(JOIN(BASIC(NONE), USAGE("\x03\x02\x07\x80"),
	    PURPOSE(OID(oid_client_auth)), NAMES(DNS("hp-4711.example"))));

	return with_attributes(
	    JOIN(asks, SEQ(OID(oid_challenge_password), SET(TLV(DER_UTF8, RAW("abc"))))));
}

START_TEST(every_cut)
{
	struct octets good = full();

	(void)csr_passes(good);
	for (size_t n = 0; n < good.n; n++)
		csr_refused(octets_of(good.at, n), FAULT_BADREQ, "der: ", n);
}
END_TEST

START_TEST(every_flipped_bit)
{
	struct octets good = full();
	struct octets copy = forge_exact(good);
	uint8_t *at = malloc(good.n);

	for (size_t bit = 0; bit < good.n * 8; bit++) {
		struct csr c;
		struct fault f = { 0 };

		memcpy(at, copy.at, copy.n);
		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(!csr_parse(octets_of(at, good.n), &c, &f), "bit %zu", bit);
		ck_assert_msg(f.code == FAULT_BADREQ, "bit %zu: %s", bit, f.text);
		ck_assert_uint_eq(ERR_peek_error(), 0);
	}
	free(at);
}
END_TEST

static TCase *
names_and_shapes(void)
{
	TCase *t = tcase_create("names and shapes");

	tcase_add_test(t, subjects_that_pass);
	tcase_add_test(t, texts_that_mislead);
	tcase_add_test(t, texts_that_are_no_utf8);
	tcase_add_test(t, types_of_the_past);
	tcase_add_test(t, texts_of_no_size);
	tcase_add_test(t, subjects_of_many_parts);
	tcase_add_test(t, subjects_of_another_shape);
	tcase_add_test(t, versions);
	tcase_add_test(t, ber);
	tcase_add_test(t, octets_that_follow);
	tcase_add_test(t, sets_out_of_order);
	tcase_add_test(t, other_shapes);
	tcase_add_test(t, sizes);
	tcase_add_test(t, depths);
	tcase_add_test(t, oids);
	tcase_add_test(t, every_cut);
	tcase_add_test(t, every_flipped_bit);
	return t;
}

static TCase *
what_is_asked(void)
{
	TCase *t = tcase_create("what is asked");

	tcase_add_test(t, challenges);
	tcase_add_test(t, attributes_of_another_shape);
	tcase_add_test(t, extension_requests_are_one);
	tcase_add_test(t, extensions_that_pass);
	tcase_add_test(t, names_that_are_asked_for);
	tcase_add_test(t, extensions_twice);
	tcase_add_test(t, unknown_ones_twice);
	tcase_add_test(t, types_without_end);
	tcase_add_test(t, powers);
	tcase_add_test(t, extension_values_of_another_shape);
	tcase_add_test(t, booleans);
	tcase_add_test(t, many_names);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("csr");
	TCase *t[] = { names_and_shapes(), what_is_asked() };

	for (size_t i = 0; i < COUNT(t); i++) {
		tcase_add_checked_fixture(t[i], NULL, teardown);
		tcase_set_timeout(t[i], 60); /* a loaded machine is no failure */
		suite_add_tcase(s, t[i]);
	}
	return run_suite(s);
}
