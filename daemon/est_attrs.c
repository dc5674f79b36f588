/* daemon/est_attrs.c - see est_attrs.h. */
#include "daemon/est_attrs.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/der.h"
#include "base/text.h"
#include "ca/oid.h"

/* rsaEncryption, 1.2.840.113549.1.1.1 */
static const uint8_t rsa_octets[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };

/* What is read, and for whom. */
struct reading {
	struct est_attrs a;
	const char *cn;
	bool other_key; /* of a kind that we do not make */
};

static bool
is(struct octets oid, struct octets what)
{
	return octets_same(oid, what);
}

static bool
refuse(const char *what, struct fault *f)
{
	return fault_set(
	    f, FAULT_BADREQ, "est: csrattrs: RFC 9908 section 3: %s is malformed", what);
}

/* Of two kinds that are offered P-256 is taken. */
static void
want_p256(struct reading *r, bool right_curve)
{
	if (right_curve)
		r->a.key = EST_KEY_P256;
	else
		r->other_key = true;
}

static void
want_rsa(struct reading *r, unsigned bits)
{
	if (r->a.key == EST_KEY_P256)
		return;
	r->a.key = EST_KEY_RSA;
	r->a.rsa_bits = bits;
}

static unsigned
small(struct octets integer)
{
	unsigned v = 0;

	if (integer.n == 0 || integer.n > 3)
		return 0;
	for (size_t i = 0; i < integer.n; i++)
		v = v << 8 | integer.at[i];
	return v;
}

/* Whole extensions, as one value of extensionRequest has them. Before RFC 9908 some put bare OIDs
 * there, which say nothing that we could follow. */
static bool
take_extensions(struct reading *r, struct octets whole, struct fault *f)
{
	const uint8_t *p = whole.at;
	X509_EXTENSIONS *list = d2i_X509_EXTENSIONS(NULL, &p, (long)whole.n);

	if (list == NULL || p != whole.at + whole.n || r->a.extensions != NULL) {
		sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
		ERR_clear_error();
		return refuse("extensionRequest", f);
	}
	r->a.extensions = list;
	return true;
}

static bool take_template(struct reading *r, struct octets whole, struct fault *f);

/* SEQUENCE { type, SET OF value } */
static bool
take_attribute(struct reading *r, struct octets in, bool templates, struct fault *f)
{
	struct octets oid, values, value = { 0 }, whole = { 0 };
	uint8_t tag = 0;

	if (!der_take(&in, DER_OID, &oid, NULL) || !der_take(&in, DER_SET, &values, NULL) ||
	    in.n != 0)
		return refuse("an attribute", f);
	(void)der_next(&values, &tag, &value, &whole);
	if (is(oid, oid_ec_public_key))
		want_p256(r, tag == 0 || (tag == DER_OID && is(value, oid_prime256v1)));
	else if (is(oid, octets_of(rsa_octets, sizeof(rsa_octets))))
		want_rsa(r, tag == DER_INTEGER ? small(value) : 0);
	else if (is(oid, oid_challenge_password))
		r->a.binding = true;
	else if (is(oid, oid_extension_request) && tag == DER_SEQUENCE)
		return take_extensions(r, whole, f);
	else if (templates && is(oid, oid_request_template))
		return take_template(r, whole, f);
	return true;
}

static void
take_bare(struct reading *r, struct octets oid)
{
	if (is(oid, oid_ec_public_key))
		want_p256(r, true);
	else if (is(oid, octets_of(rsa_octets, sizeof(rsa_octets))))
		want_rsa(r, 0);
	else if (is(oid, oid_challenge_password))
		r->a.binding = true;
}

/* ---- the template of RFC 9908 section 3.4 ---- */

/* SEQUENCE { type, value OPTIONAL }; set is what X509_NAME_add_entry_by_OBJ() wants. */
static bool
take_rdn_part(struct reading *r, struct octets in, int set, struct fault *f)
{
	struct octets oid, whole, value = octets_text(r->cn);
	const uint8_t *p;
	ASN1_OBJECT *type;
	uint8_t tag = DER_UTF8;
	bool open, ok;

	if (!der_take(&in, DER_OID, &oid, &whole))
		return refuse("the subject", f);
	open = in.n == 0;
	if (open && !is(oid, oid_common_name))
		return true; /* open, and we have nothing for it */
	if (!open && (!der_next(&in, &tag, &value, NULL) || in.n != 0))
		return refuse("the subject", f);
	p = whole.at;
	type = d2i_ASN1_OBJECT(NULL, &p, (long)whole.n);
	ok = type != NULL && X509_NAME_add_entry_by_OBJ(
				 r->a.subject, type, tag, value.at, (int)value.n, -1, set) == 1;
	ASN1_OBJECT_free(type);
	ERR_clear_error();
	return ok || refuse("the subject", f);
}

static bool
take_subject(struct reading *r, struct octets in, struct fault *f)
{
	struct octets rdn, part;

	if ((r->a.subject = X509_NAME_new()) == NULL)
		return fault_crypto(f, FAULT_INTERNAL, "est: X509_NAME_new");
	while (in.n > 0) {
		int before = X509_NAME_entry_count(r->a.subject);

		if (!der_take(&in, DER_SET, &rdn, NULL))
			return refuse("the subject", f);
		while (rdn.n > 0) {
			bool more = X509_NAME_entry_count(r->a.subject) > before;

			if (!der_take(&rdn, DER_SEQUENCE, &part, NULL))
				return refuse("the subject", f);
			if (!take_rdn_part(r, part, more ? -1 : 0, f))
				return false;
		}
	}
	return true;
}

/* The size of a placeholder: a BIT STRING with SEQUENCE { modulus, exponent } in it. */
static unsigned
placeholder_bits(struct octets bits)
{
	struct octets key, modulus;

	if (bits.n < 1 || bits.at[0] != 0)
		return 0;
	bits = octets_of(bits.at + 1, bits.n - 1);
	if (!der_take(&bits, DER_SEQUENCE, &key, NULL) ||
	    !der_take(&key, DER_INTEGER, &modulus, NULL) || modulus.n > 2049)
		return 0;
	while (modulus.n > 0 && modulus.at[0] == 0)
		modulus = octets_of(modulus.at + 1, modulus.n - 1);
	return (unsigned)modulus.n * 8;
}

static bool
take_key(struct reading *r, struct octets in, struct fault *f)
{
	struct octets algorithm, oid, value, bits = { 0 };
	bool curve;

	if (!der_take(&in, DER_SEQUENCE, &algorithm, NULL) ||
	    !der_take(&algorithm, DER_OID, &oid, NULL))
		return refuse("the key", f);
	(void)der_take(&in, DER_BIT_STRING, &bits, NULL);
	if (is(oid, octets_of(rsa_octets, sizeof(rsa_octets)))) {
		want_rsa(r, placeholder_bits(bits));
		return true;
	}
	curve = der_take(&algorithm, DER_OID, &value, NULL);
	want_p256(r, is(oid, oid_ec_public_key) && (!curve || is(value, oid_prime256v1)));
	return true;
}

/* All that the list said is void: "only the template" (RFC 9908 section 3.4). */
static bool
take_template(struct reading *r, struct octets whole, struct fault *f)
{
	struct reading t = { .cn = r->cn };
	struct octets in, part, attribute;
	bool ok = der_take(&whole, DER_SEQUENCE, &in, NULL) &&
		  der_take(&in, DER_INTEGER, &part, NULL) && part.n == 1 && part.at[0] == 0;

	if (!ok)
		return refuse("the template", f);
	if (der_take(&in, DER_SEQUENCE, &part, NULL))
		ok = take_subject(&t, part, f);
	if (ok && der_take(&in, DER_EXPLICIT(0), &part, NULL))
		ok = take_key(&t, part, f);
	if (ok && der_take(&in, DER_EXPLICIT(1), &part, NULL))
		while (ok && part.n > 0)
			ok = der_take(&part, DER_SEQUENCE, &attribute, NULL)
				 ? take_attribute(&t, attribute, false, f)
				 : refuse("the template", f);
	if (ok && in.n != 0)
		ok = refuse("the template", f);
	est_attrs_free(ok ? &r->a : &t.a);
	if (ok)
		*r = t;
	return ok;
}

/* The template, if there is one, is read last, whatever its place. */
static bool
take_list(struct reading *r, struct octets list, struct fault *f)
{
	for (int templates = 0; templates < 2; templates++) {
		struct octets in = list, value, inner, oid;
		uint8_t tag;

		while (in.n > 0) {
			bool is_template;

			if (!der_next(&in, &tag, &value, NULL) ||
			    (tag != DER_OID && tag != DER_SEQUENCE))
				return refuse("the list", f);
			inner = value;
			is_template = tag == DER_SEQUENCE &&
				      der_take(&inner, DER_OID, &oid, NULL) &&
				      is(oid, oid_request_template);
			if (is_template != (templates == 1))
				continue;
			if (tag == DER_OID)
				take_bare(r, value);
			else if (!take_attribute(r, value, true, f))
				return false;
		}
	}
	return true;
}

bool
est_attrs_parse(struct octets body, const char *cn, struct est_attrs *ret, struct fault *f)
{
	struct reading r = { .cn = cn };
	struct bytes der = { 0 };
	struct octets in, list;
	struct fault why;
	bool ok;

	if (body.n > 2 * EST_ATTRS_MAX)
		return fault_set(f, FAULT_LIMIT, "est: csrattrs: %zu octets, over %d", body.n,
		    2 * EST_ATTRS_MAX);
	ok = text_unbase64(body, &der, &why) && der_check(octets_bytes(&der), &why);
	if (!ok)
		fault_set(f, why.code, "est: csrattrs: %.200s", why.text);
	in = octets_bytes(&der);
	if (ok && !der_take(&in, DER_SEQUENCE, &list, NULL))
		ok = refuse("the list", f);
	ok = ok && take_list(&r, list, f);
	if (ok && r.other_key && r.a.key == EST_KEY_ANY)
		ok = fault_set(f, FAULT_BADREQ,
		    "est: csrattrs: the service wants a key that is neither P-256 nor RSA");
	if (ok)
		*ret = r.a;
	else
		est_attrs_free(&r.a);
	bytes_free(&der);
	return ok;
}

void
est_attrs_free(struct est_attrs *a)
{
	X509_NAME_free(a->subject);
	sk_X509_EXTENSION_pop_free(a->extensions, X509_EXTENSION_free);
	*a = (struct est_attrs){ 0 };
}
