/* enroll/csrattrs.c - see csrattrs.h. */
#include "enroll/csrattrs.h"

#include "base/der.h"
#include "ca/csr_rsa.h"
#include "ca/extension.h"
#include "ca/oid.h"
#include "ca/tbs.h"

static bool
is_rsa(const struct csrattrs *what)
{
	return what->profile != NULL && (what->profile->keys & PROFILE_P256) == 0;
}

/* rsaEncryption and sha256WithRSAEncryption, each OID whole, out of its AlgorithmIdentifier. */
static struct octets
oid_of(struct octets algorithm)
{
	struct octets in, oid = { NULL, 0 }, content;

	if (der_take(&algorithm, DER_SEQUENCE, &in, NULL))
		(void)der_take(&in, DER_OID, &content, &oid);
	return oid;
}

/* The key as an attribute: its type, and the curve or the least size that is taken. */
static void
put_key(struct der *d, const struct csrattrs *what)
{
	der_begin(d, DER_SEQUENCE);
	if (is_rsa(what)) {
		bytes_put_octets(d->out, oid_of(oid_algorithm_rsa));
		der_begin(d, DER_SET);
		der_put_small(d, DER_INTEGER, what->profile->rsa_min);
	} else {
		der_put(d, DER_OID, oid_ec_public_key);
		der_begin(d, DER_SET);
		der_put(d, DER_OID, oid_prime256v1);
	}
	der_end(d);
	der_end(d);
}

/* RFC 9908 section 3.2: one attribute, one value, whole extensions, each once. What is certain is
 * whole, so that the template needs no extensionReqTemplate. */
static void
put_extensions(struct der *d, const struct csrattrs *what)
{
	if (what->profile == NULL && what->alt_names.n == 0)
		return;
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_OID, oid_extension_request);
	der_begin(d, DER_SET);
	der_begin(d, DER_SEQUENCE);
	if (what->profile != NULL) {
		extension_key_usage(
		    d, profile_usage(what->profile, is_rsa(what) ? SPKI_RSA : SPKI_P256));
		extension_purposes(d, what->profile);
	}
	if (what->alt_names.n > 0) {
		extension_begin(d, oid_subject_alt_name, false);
		der_put(d, DER_SEQUENCE, what->alt_names);
		extension_end(d);
	}
	der_end(d);
	der_end(d);
	der_end(d);
}

/* RFC 9908 section 3.4: a size of RSA is told by a placeholder of that size, a key of no one. */
static void
put_placeholder(struct der *d, unsigned bits)
{
	uint8_t modulus[RSA_BITS_MAX / 8] = { 0x80 };
	size_t n = bits / 8 <= sizeof(modulus) ? bits / 8 : sizeof(modulus);
	struct bytes key = { 0 };
	struct der k = { .out = &key };

	modulus[n - 1] |= 1;
	der_begin(&k, DER_SEQUENCE);
	der_put_unsigned(&k, octets_of(modulus, n));
	der_put_small(&k, DER_INTEGER, 65537);
	der_end(&k);
	der_put_bits(d, octets_bytes(&key));
	d->out->bad |= key.bad;
	bytes_free(&key);
}

static void
put_template(struct der *d, const struct csrattrs *what)
{
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_OID, oid_request_template);
	der_begin(d, DER_SET);
	der_begin(d, DER_SEQUENCE);
	der_put_small(d, DER_INTEGER, 0);
	bytes_put_octets(d->out, what->subject);
	der_begin(d, DER_EXPLICIT(0)); /* IMPLICIT: the SEQUENCE's own tag is gone */
	if (is_rsa(what)) {
		bytes_put_octets(d->out, oid_algorithm_rsa);
		put_placeholder(d, what->profile->rsa_min);
	} else {
		der_begin(d, DER_SEQUENCE);
		der_put(d, DER_OID, oid_ec_public_key);
		der_put(d, DER_OID, oid_prime256v1);
		der_end(d);
	}
	der_end(d);
	der_begin(d, DER_EXPLICIT(1)); /* attributes, a SET */
	put_extensions(d, what);
	der_end(d);
	der_end(d);
	der_end(d);
	der_end(d);
}

bool
csrattrs_encode(const struct csrattrs *what, struct bytes *ret, struct fault *f)
{
	bool binding = what->profile != NULL && what->profile->binding == BINDING_REQUIRED;
	struct der d = { .out = ret };

	der_begin(&d, DER_SEQUENCE);
	if (binding)
		der_put(&d, DER_OID, oid_challenge_password);
	put_key(&d, what);
	put_extensions(&d, what);
	bytes_put_octets(
	    ret, oid_of(is_rsa(what) ? oid_algorithm_rsa_sha256 : oid_algorithm_ecdsa_sha256));
	if (!binding)
		put_template(&d, what);
	der_end(&d);
	return bytes_ok(ret, f);
}

bool
csrattrs_names(const struct profile *p, const struct name_space *ns, const struct endpoint *e,
    struct bytes *ret_subject, struct bytes *ret_alt_names, struct fault *f)
{
	char uri[NAME_URI_MAX], unit[TEMPLATE_TEXT_MAX], common[TEMPLATE_TEXT_MAX];
	char dns[PROFILE_DNS_MAX][TEXT_HOST_MAX];
	struct der d = { .out = ret_alt_names };

	if (!profile_fill(p, ns, e, unit, common, dns, f) ||
	    !tbs_name(e->tenant, unit, common, ret_subject, f))
		return false;
	for (size_t i = 0; i < p->dns_n; i++)
		der_put_text(&d, DER_CONTEXT(2), dns[i]);
	name_uri(ns, e, uri);
	der_put_text(&d, DER_CONTEXT(6), uri);
	return bytes_ok(ret_alt_names, f);
}
