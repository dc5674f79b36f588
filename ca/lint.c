/* ca/lint.c - see lint.h. */
#include "ca/lint.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ca/key.h"
#include "ca/oid.h"

struct linted {
	X509 *x;
	const struct tbs *meant;
	int64_t issuer_not_after_s;
};

static bool
version_3(const struct linted *l)
{
	return X509_get_version(l->x) == X509_VERSION_3;
}

static bool
serial_16_octets(const struct linted *l)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(l->x);

	return ASN1_STRING_type(serial) == V_ASN1_INTEGER &&
	       ASN1_STRING_length(serial) == TBS_SERIAL_OCTETS &&
	       memcmp(ASN1_STRING_get0_data(serial), l->meant->serial, TBS_SERIAL_OCTETS) == 0;
}

static bool
algorithms_agree(const struct linted *l)
{
	const X509_ALGOR *outer;

	X509_get0_signature(NULL, &outer, l->x);
	return X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(l->x)) == 0 &&
	       X509_get_signature_nid(l->x) == NID_ecdsa_with_SHA256;
}

static bool
issuer_as_meant(const struct linted *l)
{
	X509_NAME *name = X509_get_issuer_name(l->x);
	const uint8_t *der;
	size_t n;

	if (l->meant->issuer.n == 0)
		return X509_NAME_cmp(name, X509_get_subject_name(l->x)) == 0;
	return X509_NAME_get0_der(name, &der, &n) == 1 &&
	       octets_same(octets_of(der, n), l->meant->issuer);
}

static bool
seconds(const ASN1_TIME *t, int64_t *ret)
{
	static const int64_t epoch = 0;
	ASN1_TIME *start = ASN1_TIME_set(NULL, epoch);
	int days, rest;
	bool ok = start != NULL && ASN1_TIME_diff(&days, &rest, start, t) == 1;

	ASN1_TIME_free(start);
	if (ok)
		*ret = (int64_t)days * 86400 + rest;
	return ok;
}

static bool
validity_nests(const struct linted *l)
{
	int64_t from_s, to_s;

	return seconds(X509_get0_notBefore(l->x), &from_s) &&
	       seconds(X509_get0_notAfter(l->x), &to_s) && from_s < to_s &&
	       to_s <= l->issuer_not_after_s &&
	       to_s - from_s <= l->meant->profile->valid_s + l->meant->profile->back_s;
}

static bool
subject_not_empty(const struct linted *l)
{
	return X509_NAME_entry_count(X509_get_subject_name(l->x)) >= 2;
}

static bool
key_as_meant(const struct linted *l)
{
	uint8_t *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(l->x), &der);
	bool same = n > 0 && octets_same(octets_of(der, (size_t)n), l->meant->spki);

	OPENSSL_free(der);
	return same;
}

static bool
key_usable(const struct linted *l)
{
	struct fault ignored;

	if (X509_get0_pubkey(l->x) == NULL)
		return false;
	if (spki_kind(l->meant->spki) == SPKI_ED25519) /* a log's */
		return l->meant->profile->level == LEVEL_ENDPOINT;
	return profile_takes(l->meant->profile, l->meant->spki, &ignored);
}

static bool
basic_constraints(const struct linted *l)
{
	int critical = 0;
	BASIC_CONSTRAINTS *bc = X509_get_ext_d2i(l->x, NID_basic_constraints, &critical, NULL);
	int want = l->meant->profile->path_len;
	bool ok = bc != NULL && critical == 1;

	if (ok && want < 0)
		ok = bc->ca == 0 && bc->pathlen == NULL;
	else if (ok)
		ok = bc->ca != 0 && bc->pathlen != NULL && ASN1_INTEGER_get(bc->pathlen) == want;
	BASIC_CONSTRAINTS_free(bc);
	return ok;
}

static bool
key_usage(const struct linted *l)
{
	return X509_get_key_usage(l->x) ==
	       profile_usage(l->meant->profile, spki_kind(l->meant->spki));
}

static bool
purposes_exact(const struct linted *l)
{
	EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(l->x, NID_ext_key_usage, NULL, NULL);
	int n = eku == NULL ? 0 : sk_ASN1_OBJECT_num(eku), want = 0;
	bool ok = true;

	for (; want < PROFILE_EKU_MAX && l->meant->profile->eku[want] != NULL; want++) {
		const struct octets *oid = l->meant->profile->eku[want];
		const ASN1_OBJECT *o = want < n ? sk_ASN1_OBJECT_value(eku, want) : NULL;

		ok = ok && o != NULL &&
		     octets_same(octets_of(OBJ_get0_data(o), OBJ_length(o)), *oid);
	}
	EXTENDED_KEY_USAGE_free(eku);
	return ok && n == want;
}

static bool
key_ids(const struct linted *l)
{
	const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(l->x);
	const ASN1_OCTET_STRING *above = X509_get0_authority_key_id(l->x);
	struct octets want = l->meant->issuer_key_id;

	if (own == NULL || above == NULL || ASN1_STRING_length(own) != TBS_KEY_ID_OCTETS)
		return false;
	if (want.n == 0)
		return ASN1_OCTET_STRING_cmp(own, above) == 0;
	return (size_t)ASN1_STRING_length(above) == want.n &&
	       memcmp(ASN1_STRING_get0_data(above), want.at, want.n) == 0;
}

static bool
one_uri(const struct linted *l)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(l->x, NID_subject_alt_name, NULL, NULL);
	int uris = 0;
	bool same = false;

	for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);

		if (n->type != GEN_URI)
			continue;
		uris++;
		same =
		    l->meant->uri != NULL && octets_same(octets_of(ASN1_STRING_get0_data(n->d.ia5),
							     (size_t)ASN1_STRING_length(n->d.ia5)),
						 octets_text(l->meant->uri));
	}
	GENERAL_NAMES_free(names);
	return l->meant->profile->named ? uris == 1 && same : uris == 0;
}

static bool
no_extension_twice(const struct linted *l)
{
	int n = X509_get_ext_count(l->x);

	for (int i = 0; i < n; i++) {
		ASN1_OBJECT *o = X509_EXTENSION_get_object(X509_get_ext(l->x, i));

		if (X509_get_ext_by_OBJ(l->x, o, i) >= 0)
			return false;
	}
	return n > 0;
}

static bool
status_places(const struct linted *l)
{
	bool aia = X509_get_ext_by_NID(l->x, NID_info_access, -1) >= 0;
	bool crl = X509_get_ext_by_NID(l->x, NID_crl_distribution_points, -1) >= 0;

	return aia == l->meant->profile->status && crl == l->meant->profile->status;
}

static const struct {
	const char *name, *source;
	bool (*holds)(const struct linted *l);
} checks[] = {
	{ "version_3", "RFC 5280 section 4.1.2.1", version_3 },
	{ "serial_16_octets", "RFC 5280 section 4.1.2.2", serial_16_octets },
	{ "algorithms_agree", "RFC 5280 section 4.1.1.2", algorithms_agree },
	{ "issuer_as_meant", "RFC 5280 section 4.1.2.4", issuer_as_meant },
	{ "validity_nests", "RFC 5280 section 4.1.2.5", validity_nests },
	{ "subject_not_empty", "RFC 5280 section 4.1.2.6", subject_not_empty },
	{ "key_as_meant", "RFC 5280 section 4.1.2.7", key_as_meant },
	{ "key_usable", "RFC 5480 section 2, RFC 3279 section 2.3.1", key_usable },
	{ "key_ids", "RFC 5280 sections 4.2.1.1 and 4.2.1.2", key_ids },
	{ "key_usage", "RFC 5280 section 4.2.1.3", key_usage },
	{ "one_uri", "SPIFFE X509-SVID section 2", one_uri },
	{ "basic_constraints", "RFC 5280 section 4.2.1.9", basic_constraints },
	{ "purposes_exact", "RFC 5280 section 4.2.1.12", purposes_exact },
	{ "status_places", "RFC 5280 sections 4.2.1.13 and 4.2.2.1", status_places },
	{ "no_extension_twice", "RFC 5280 section 4.2", no_extension_twice },
};

/*
 * Made at the first lint, never stored and under no CA: a certificate that it signed is one in
 * every way but that nobody trusts it, so what is read back has the shape of what will leave.
 */
static struct key *throwaway;

static bool
sign_for_now(struct octets tbs, struct bytes *ret, struct fault *f)
{
	struct bytes signature = { 0 };
	bool ok = (throwaway != NULL || key_new(KEY_P256, &throwaway, f)) &&
		  key_sign(throwaway, tbs, &signature, f) &&
		  tbs_seal(tbs, octets_bytes(&signature), ret, f);

	bytes_free(&signature);
	return ok;
}

static bool
by_libcrypto(const struct linted *l, struct fault *f)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!checks[i].holds(l))
			return fault_set(f, FAULT_INTERNAL, "lint: %s: %s does not hold",
			    checks[i].source, checks[i].name);
	return true;
}

static bool
by_ourselves(
    struct octets whole, const struct tbs *meant, const struct lint_ground *ground, struct fault *f)
{
	const char *name, *source;
	struct cert c;
	struct fault why;

	if (!cert_read(whole, &c, &why))
		return fault_set(f, FAULT_INTERNAL, "lint: %.200s", why.text);
	name = lint_meant(&c, meant, ground, &source);
	return name == NULL ||
	       fault_set(f, FAULT_INTERNAL, "lint: %s: %s does not hold", source, name);
}

bool
lint(struct octets tbs, const struct tbs *meant, const struct lint_ground *ground, struct fault *f)
{
	struct linted l = { .meant = meant, .issuer_not_after_s = ground->issuer_not_after_s };
	struct bytes whole = { 0 };
	const uint8_t *p;
	bool ok = false;

	if (!sign_for_now(tbs, &whole, f))
		goto out;
	p = whole.at;
	if ((l.x = d2i_X509(NULL, &p, (long)whole.n)) == NULL || p != whole.at + whole.n) {
		fault_crypto(f, FAULT_INTERNAL, "lint: RFC 5280 section 4.1: not a certificate");
		goto out;
	}
	ok = by_libcrypto(&l, f) && by_ourselves(octets_bytes(&whole), meant, ground, f);
out:
	ERR_clear_error(); /* reading leaves some, which must not colour the next fault */
	X509_free(l.x);
	bytes_free(&whole);
	return ok;
}
