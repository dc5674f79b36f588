/*
 * tests/unit/lint_site.h - a certificate that is meant, and ways to doctor its octets, for lint and
 * lint_meant.
 */
#ifndef QUATRAIN_TESTS_UNIT_LINT_SITE_H
#define QUATRAIN_TESTS_UNIT_LINT_SITE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "ca/lint.h"
#include "ca/oid.h"
#include "ca/profile_set.h"
#include "tests/unit/forge.h"

#define NOW_S     INT64_C(1900000000)
#define ISSUER_S  (NOW_S + INT64_C(1000000000)) /* the issuer's notAfter */
#define VERSION   RAW("\xa0\x03\x02\x01\x02")
#define PARTS_MAX 8 /* of a TBSCertificate */
#define EXTS_MAX  16

enum { VERSION_AT, SERIAL_AT, ALGORITHM_AT, ISSUER_AT, VALIDITY_AT, SUBJECT_AT, KEY_AT, EXTS_AT };

static struct tbs meant;
static struct constraints fence;
static struct provenance from;
static struct profile profile; /* a copy to change */
static uint8_t issuer_id[TBS_KEY_ID_OCTETS];
static struct lint_ground ground;
static struct fault f;

static inline void
setup(void)
{
	ck_assert(profile_load_builtin(&f));
	memset(issuer_id, 0x5a, sizeof(issuer_id));
	ground =
	    (struct lint_ground){ .issuer_not_after_s = ISSUER_S, .host = "acme.eu.example.org" };
	from = (struct provenance){ .enroller = "operator:alice",
		.how = "token",
		.evidence = "0011",
		.at_s = NOW_S,
		.assurance = ASSURANCE_TOKEN };
	fence = (struct constraints){
		.mode = CONSTRAINTS_STRICT, .n = 1, .host = { "acme.eu.example.org" }
	};
	meant = (struct tbs){ .profile = profile_find("printer"),
		.serial = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
		.issuer = SEQ(forge_rdn(oid_organization, DER_UTF8, RAW("acme")),
		    forge_rdn(oid_common_name, DER_UTF8, RAW("acme Tenant CA"))),
		.issuer_key_id = octets_of(issuer_id, sizeof(issuer_id)),
		.org = "acme",
		.unit = "printer",
		.common = "hp-4711",
		.spki = forge_spki(forge_key()),
		.not_before_s = NOW_S,
		.not_after_s = NOW_S + 90 * 86400,
		.uri = "spiffe://acme.eu.example.org/printer/hp-4711",
		.dns_n = 1,
		.dns = { "hp-4711.printer.acme.eu.example.org" },
		.public_url = "http://ca.example.org",
		.provenance = &from };
	f = (struct fault){ 0 };
}

static inline void
teardown(void)
{
	forge_free();
}

static inline struct octets
encoded(const struct tbs *t)
{
	struct bytes b = { 0 };
	struct octets made;

	ck_assert_msg(tbs_encode(t, &b, &f), "%s", f.text);
	ck_assert_msg(der_check(octets_bytes(&b), &f), "%s", f.text);
	made = forge_exact(octets_bytes(&b));
	bytes_free(&b);
	return made;
}

static inline void
passes(const struct tbs *t)
{
	ck_assert_msg(lint(encoded(t), t, &ground, &f), "%s", f.text);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

/* The check of that name finds it, and no other before it. */
static inline void
found(struct octets tbs, const char *check)
{
	char text[FAULT_TEXT_MAX];

	f = (struct fault){ 0 };
	(void)snprintf(text, sizeof(text), ": %s does not hold", check);
	ck_assert_msg(!lint(tbs, &meant, &ground, &f), "%s passed", check);
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_msg(strstr(f.text, text) != NULL, "%s: %s", check, f.text);
}

/* The same TBSCertificate with its part in another place. */
static inline struct octets
with_part(struct octets tbs, size_t at, struct octets part)
{
	struct octets in = tbs, rest, parts[PARTS_MAX], content;
	uint8_t tag;

	ck_assert(der_take(&in, DER_SEQUENCE, &rest, NULL));
	for (size_t i = 0; i < PARTS_MAX; i++)
		ck_assert(der_next(&rest, &tag, &content, &parts[i]));
	parts[at] = part;
	return SEQ(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7]);
}

/* The same with the extension oid replaced; by nothing: left out; oid n 0: one more. */
static inline struct octets
with_extension(struct octets tbs, struct octets oid, struct octets by)
{
	struct octets in = tbs, rest, list, content, one, all = NONE;
	uint8_t tag;
	bool done = oid.n == 0;

	ck_assert(der_take(&in, DER_SEQUENCE, &rest, NULL));
	for (size_t i = 0; i < PARTS_MAX; i++)
		ck_assert(der_next(&rest, &tag, &content, NULL));
	ck_assert(der_take(&content, DER_SEQUENCE, &list, NULL));
	while (der_take(&list, DER_SEQUENCE, &content, &one)) {
		struct octets its;

		ck_assert(der_take(&content, DER_OID, &its, NULL));
		if (octets_same(its, oid)) {
			one = by;
			done = true;
		}
		all = JOIN(all, one);
	}
	ck_assert(done);
	if (oid.n == 0)
		all = JOIN(all, by);
	return with_part(tbs, EXTS_AT, TLV(DER_EXPLICIT(3), forge_tlv(DER_SEQUENCE, all)));
}

/* What is meant, but for what the caller changes in a copy before it is encoded. */
static inline struct tbs
other(void)
{
	struct tbs t = meant;

	profile = *meant.profile;
	t.profile = &profile;
	return t;
}

static inline void
become(const char *name)
{
	meant.profile = profile_find(name);
	meant.uri = NULL;
	meant.not_after_s = profile_not_after(meant.profile, NOW_S, ISSUER_S);
}

static inline struct octets
names(struct octets list)
{
	return with_extension(encoded(&meant), oid_subject_alt_name,
	    forge_extension(oid_subject_alt_name, forge_tlv(DER_SEQUENCE, list)));
}

#endif
