/* ca/lint.c - see lint.h. */
#include "ca/lint.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/der.h"
#include "ca/key.h"
#include "ca/oid.h"
#include "ca/p256.h"

struct linted {
	struct cert c;
	X509_EXTENSIONS *extensions;
	const struct tbs *meant;
	int64_t issuer_not_after_s;
};

/* An extension as libcrypto reads it; NULL where it is missing, twice or not readable. */
static void *
read_extension(const struct linted *l, int nid, int *critical)
{
	return X509V3_get_d2i(l->extensions, nid, critical, NULL);
}

static bool
version_3(const struct linted *l)
{
	return l->c.version == 3;
}

static bool
serial_16_octets(const struct linted *l)
{
	return l->c.number.at[0] > 0 && l->c.number.at[0] < 0x80 &&
	       octets_same(l->c.number, octets_of(l->meant->serial, TBS_SERIAL_OCTETS));
}

static bool
algorithms_agree(const struct linted *l)
{
	return octets_same(l->c.inner, l->c.outer) &&
	       octets_same(l->c.inner, oid_algorithm_ecdsa_sha256);
}

static bool
issuer_as_meant(const struct linted *l)
{
	return octets_same(l->c.issuer, l->meant->issuer.n == 0 ? l->c.subject : l->meant->issuer);
}

static bool
validity_nests(const struct linted *l)
{
	int64_t from_s = l->c.not_before_s, to_s = l->c.not_after_s;

	return from_s < to_s && to_s <= l->issuer_not_after_s &&
	       to_s - from_s <= l->meant->profile->valid_s + l->meant->profile->back_s;
}

static bool
subject_not_empty(const struct linted *l)
{
	struct octets in = l->c.subject, name, one;
	int parts = 0;

	if (!der_take(&in, DER_SEQUENCE, &name, NULL))
		return false;
	while (der_take(&name, DER_SET, &one, NULL))
		parts++;
	return parts >= 2;
}

static bool
key_as_meant(const struct linted *l)
{
	return octets_same(l->c.spki, l->meant->spki);
}

/* A P-256 key is a point on its curve; an RSA key's numbers were weighed when it was asked for. */
static bool
key_usable(const struct linted *l)
{
	struct fault ignored;

	switch (spki_kind(l->meant->spki)) {
	case SPKI_ED25519: /* a log's */
		return l->meant->profile->level == LEVEL_ENDPOINT;
	case SPKI_P256:
		return p256_is_point(l->meant->spki) &&
		       profile_takes(l->meant->profile, l->meant->spki, &ignored);
	case SPKI_RSA:
		return profile_takes(l->meant->profile, l->meant->spki, &ignored);
	case SPKI_OTHER:
	default:
		return false;
	}
}

static bool
basic_constraints(const struct linted *l)
{
	int critical = 0;
	BASIC_CONSTRAINTS *bc = read_extension(l, NID_basic_constraints, &critical);
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
	ASN1_BIT_STRING *bits = read_extension(l, NID_key_usage, NULL);
	bool ok = bits != NULL && ASN1_STRING_length(bits) == 1 &&
		  ASN1_STRING_get0_data(bits)[0] ==
		      profile_usage(l->meant->profile, spki_kind(l->meant->spki));

	ASN1_BIT_STRING_free(bits);
	return ok;
}

static bool
purposes_exact(const struct linted *l)
{
	EXTENDED_KEY_USAGE *eku = read_extension(l, NID_ext_key_usage, NULL);
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
	ASN1_OCTET_STRING *own = read_extension(l, NID_subject_key_identifier, NULL);
	AUTHORITY_KEYID *above = read_extension(l, NID_authority_key_identifier, NULL);
	struct octets want = l->meant->issuer_key_id;
	bool ok = own != NULL && above != NULL && above->keyid != NULL && above->issuer == NULL &&
		  above->serial == NULL && ASN1_STRING_length(own) == TBS_KEY_ID_OCTETS;

	if (ok && want.n == 0)
		ok = ASN1_OCTET_STRING_cmp(own, above->keyid) == 0;
	else if (ok)
		ok = octets_same(octets_of(ASN1_STRING_get0_data(above->keyid),
				     (size_t)ASN1_STRING_length(above->keyid)),
		    want);
	AUTHORITY_KEYID_free(above);
	ASN1_OCTET_STRING_free(own);
	return ok;
}

static bool
one_uri(const struct linted *l)
{
	GENERAL_NAMES *names = read_extension(l, NID_subject_alt_name, NULL);
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
	int n = X509v3_get_ext_count(l->extensions);

	for (int i = 0; i < n; i++) {
		ASN1_OBJECT *o = X509_EXTENSION_get_object(X509v3_get_ext(l->extensions, i));

		if (X509v3_get_ext_by_OBJ(l->extensions, o, i) >= 0)
			return false;
	}
	return n > 0;
}

static bool
status_places(const struct linted *l)
{
	bool aia = X509v3_get_ext_by_NID(l->extensions, NID_info_access, -1) >= 0;
	bool crl = X509v3_get_ext_by_NID(l->extensions, NID_crl_distribution_points, -1) >= 0;

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
 * every way but that nobody trusts it, so what is read back has the shape of what will leave. The
 * signature is not verified: it is no check, but makes what is checked whole before the CA's key
 * is used.
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
by_table(const struct linted *l, struct fault *f)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!checks[i].holds(l))
			return fault_set(f, FAULT_INTERNAL, "lint: %s: %s does not hold",
			    checks[i].source, checks[i].name);
	return true;
}

static bool
by_meaning(const struct linted *l, const struct lint_ground *ground, struct fault *f)
{
	const char *source, *name = lint_meant(&l->c, l->meant, ground, &source);

	return name == NULL ||
	       fault_set(f, FAULT_INTERNAL, "lint: %s: %s does not hold", source, name);
}

/* The frame by our own reader, since libcrypto's decodes the key too, which takes longer than all
 * the rest of an issuance; the extensions, where the powers are, by libcrypto's. */
static bool
read_back(struct octets whole, struct linted *l, struct fault *f)
{
	struct fault why;
	const uint8_t *p;

	if (!cert_read(whole, &l->c, &why))
		return fault_set(f, FAULT_INTERNAL,
		    "lint: RFC 5280 section 4.1: not a certificate: %.150s", why.text);
	p = l->c.extensions.at;
	if (p == NULL ||
	    (l->extensions = d2i_X509_EXTENSIONS(NULL, &p, (long)l->c.extensions.n)) == NULL ||
	    p != l->c.extensions.at + l->c.extensions.n)
		return fault_crypto(f, FAULT_INTERNAL,
		    "lint: RFC 5280 section 4.2: extensions that cannot be read");
	return true;
}

bool
lint(struct octets tbs, const struct tbs *meant, const struct lint_ground *ground, struct fault *f)
{
	struct linted l = { .meant = meant, .issuer_not_after_s = ground->issuer_not_after_s };
	struct bytes whole = { 0 };
	bool ok;

	ok = sign_for_now(tbs, &whole, f) && read_back(octets_bytes(&whole), &l, f) &&
	     by_table(&l, f) && by_meaning(&l, ground, f);
	ERR_clear_error(); /* reading leaves some, which must not colour the next fault */
	sk_X509_EXTENSION_pop_free(l.extensions, X509_EXTENSION_free);
	bytes_free(&whole);
	return ok;
}
