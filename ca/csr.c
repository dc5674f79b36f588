/* ca/csr.c - see csr.h. */
#include "ca/csr.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/der.h"
#include "base/digest.h"
#include "ca/csr_rsa.h"
#include "ca/oid.h"
#include "ca/p256.h"
#include "ca/profile.h"

#define NAME_RDNS_MAX 16
#define NAME_VALUE_MAX                                                                             \
	256 /* octets; ub-name (RFC 5280 appendix A.1) is 32768, ours are far shorter */
#define GENERAL_DNS   DER_CONTEXT(2)
#define GENERAL_URI   DER_CONTEXT(6)
#define GENERAL_IP    DER_CONTEXT(7)
#define ALT_NAMES_MAX 32
#define TYPES_MAX     32 /* of extensions, and of attributes: real requests have five */
#define NOT_A_REQUEST "csr: RFC 2986 section 4.2: not a request"

/* One text of a name: a character string of a current type, no control octets, no NUL. */
static bool
check_text(uint8_t tag, struct octets text, struct fault *f)
{
	if (tag != DER_UTF8 && tag != DER_PRINTABLE && tag != DER_IA5)
		return fault_set(f, FAULT_BADREQ,
		    "csr: RFC 5280 section 4.1.2.4: string type %u in a name", tag);
	if (text.n == 0 || text.n > NAME_VALUE_MAX)
		return fault_set(f, FAULT_BADREQ, "csr: a name of %zu octets", text.n);
	for (size_t i = 0; i < text.n; i++)
		if (text.at[i] < 0x20 || text.at[i] > 0x7e)
			return fault_set(f, FAULT_BADREQ,
			    "csr: a name with an octet that is not printable ASCII");
	return true;
}

static bool
check_rdn(struct octets rdn, unsigned *commons, struct fault *f)
{
	struct octets pair, oid, text;
	uint8_t tag;

	if (!der_take(&rdn, DER_SEQUENCE, &pair, NULL) || rdn.n != 0)
		return fault_set(
		    f, FAULT_BADREQ, "csr: RFC 5280 section 4.1.2.4: expected one value in an RDN");
	if (!der_take(&pair, DER_OID, &oid, NULL) || !der_next(&pair, &tag, &text, NULL) ||
	    pair.n != 0)
		return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
	if (octets_same(oid, oid_common_name) && ++*commons > 1)
		return fault_set(f, FAULT_BADREQ, "csr: two common names");
	return check_text(tag, text, f);
}

static bool
check_subject(struct octets name, struct fault *f)
{
	struct octets rdn;
	unsigned commons = 0, n = 0;

	while (der_take(&name, DER_SET, &rdn, NULL)) {
		if (++n > NAME_RDNS_MAX)
			return fault_set(
			    f, FAULT_BADREQ, "csr: over %d parts in the subject", NAME_RDNS_MAX);
		if (!check_rdn(rdn, &commons, f))
			return false;
	}
	return name.n == 0 || fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
}

/* Requested extensions: judged, never copied. Each refuses what an endpoint must not ask for. */
static bool
ask_basic(struct octets value, struct csr *c, struct fault *f)
{
	struct octets in, flag;

	(void)c;
	if (!der_take(&value, DER_SEQUENCE, &in, NULL) || value.n != 0)
		return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
	if (der_take(&in, DER_BOOLEAN, &flag, NULL))
		return fault_set(f, FAULT_BADREQ, "csr: RFC 5280 section 4.2.1.9: asks to be a CA");
	return true;
}

static bool
ask_key_usage(struct octets value, struct csr *c, struct fault *f)
{
	struct octets bits;

	(void)c;
	if (!der_take(&value, DER_BIT_STRING, &bits, NULL) || value.n != 0 || bits.n < 2)
		return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
	if ((bits.at[1] & (USE_CERT_SIGN | USE_CRL_SIGN)) != 0)
		return fault_set(f, FAULT_BADREQ,
		    "csr: RFC 5280 section 4.2.1.3: asks for keyCertSign or cRLSign");
	return true;
}

static bool
ask_ext_key_usage(struct octets value, struct csr *c, struct fault *f)
{
	struct octets list, oid;

	(void)c;
	if (!der_take(&value, DER_SEQUENCE, &list, NULL) || value.n != 0)
		return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
	while (der_take(&list, DER_OID, &oid, NULL))
		if (!octets_same(oid, oid_client_auth) && !octets_same(oid, oid_server_auth))
			return fault_set(f, FAULT_BADREQ,
			    "csr: RFC 5280 section 4.2.1.12: asks for another purpose than clientAuth or serverAuth");
	return list.n == 0 || fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
}

static bool
ask_alt_names(struct octets value, struct csr *c, struct fault *f)
{
	struct octets list, rest, name;
	uint8_t tag;
	unsigned n = 0;

	if (!der_take(&value, DER_SEQUENCE, &list, NULL) || value.n != 0 || list.n == 0)
		return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
	for (rest = list; der_next(&rest, &tag, &name, NULL);) {
		if ((tag != GENERAL_DNS && tag != GENERAL_URI && tag != GENERAL_IP) ||
		    ++n > ALT_NAMES_MAX)
			return fault_set(f, FAULT_BADREQ,
			    "csr: RFC 5280 section 4.2.1.6: a kind or number of names that is not taken");
		if (tag != GENERAL_IP && memchr(name.at, '\0', name.n) != NULL)
			return fault_set(f, FAULT_BADREQ, "csr: NUL in a subjectAltName");
	}
	c->alt_names = list;
	return true;
}

static const struct {
	const struct octets *oid;
	bool (*ask)(struct octets value, struct csr *c, struct fault *f);
} asks[] = {
	{ &oid_basic_constraints, ask_basic },
	{ &oid_key_usage, ask_key_usage },
	{ &oid_ext_key_usage, ask_ext_key_usage },
	{ &oid_subject_alt_name, ask_alt_names },
};

#define ASKS (sizeof(asks) / sizeof(asks[0]))

/* The items of list each begin with a type, and no two with the same, whether it is known here or
 * not: of two, one reader takes the first and another the last. */
static bool
check_types(struct octets list, const char *twice, struct fault *f)
{
	struct octets seen[TYPES_MAX], one;
	size_t n = 0;

	for (; der_take(&list, DER_SEQUENCE, &one, NULL); n++) {
		if (n == TYPES_MAX)
			return fault_set(
			    f, FAULT_BADREQ, "csr: over %d extensions, or attributes", TYPES_MAX);
		if (!der_take(&one, DER_OID, &seen[n], NULL))
			return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
		for (size_t i = 0; i < n; i++)
			if (octets_same(seen[i], seen[n]))
				return fault_set(f, FAULT_BADREQ, "%s", twice);
	}
	return list.n == 0 || fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
}

static bool
read_extension(struct octets in, struct csr *c, struct fault *f)
{
	struct octets oid, flag, value;

	if (!der_take(&in, DER_OID, &oid, NULL))
		return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
	if (der_take(&in, DER_BOOLEAN, &flag, NULL) && flag.at[0] == 0)
		return fault_set(f, FAULT_BADREQ, "csr: X.690 section 11.5: a DEFAULT is encoded");
	if (!der_take(&in, DER_OCTETS, &value, NULL) || in.n != 0)
		return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
	for (size_t i = 0; i < ASKS; i++) {
		if (!octets_same(oid, *asks[i].oid))
			continue;
		if (!der_check(value, f))
			return false;
		return asks[i].ask(value, c, f);
	}
	return true; /* unknown ones are not copied, so they do no harm */
}

static bool
read_extension_request(struct octets values, struct csr *c, struct fault *f)
{
	struct octets list, one;

	if (!der_take(&values, DER_SEQUENCE, &list, NULL) || values.n != 0)
		return fault_set(f, FAULT_BADREQ,
		    "csr: RFC 2985 section 5.4.2: expected one value in extensionRequest");
	if (!check_types(list, "csr: RFC 5280 section 4.2: an extension twice", f))
		return false;
	while (der_take(&list, DER_SEQUENCE, &one, NULL))
		if (!read_extension(one, c, f))
			return false;
	return true;
}

/* Encoders of base64 put a line end behind it; no password has one. */
static bool
read_challenge(struct octets values, struct csr *c, struct fault *f)
{
	struct octets text;
	uint8_t tag;

	if (!der_next(&values, &tag, &text, NULL) || values.n != 0)
		return fault_set(
		    f, FAULT_BADREQ, "csr: RFC 2985 section 5.4.1: expected one challengePassword");
	while (text.n > 0 && (text.at[text.n - 1] == '\n' || text.at[text.n - 1] == '\r'))
		text.n--;
	if (!check_text(tag, text, f))
		return false;
	c->challenge = text;
	return true;
}

/*
 * Attributes that are not known here pass, each type once: real clients send such (the system's
 * version, the key's store) and cannot be told not to, and nothing of a request is copied. What
 * would be read as a second list of extensions does not.
 */
static bool
read_attribute(struct octets one, struct csr *c, struct fault *f)
{
	struct octets oid, values;

	if (!der_take(&one, DER_OID, &oid, NULL) || !der_take(&one, DER_SET, &values, NULL) ||
	    one.n != 0)
		return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
	if (octets_same(oid, oid_extension_request))
		return read_extension_request(values, c, f);
	if (octets_same(oid, oid_challenge_password))
		return read_challenge(values, c, f);
	if (octets_same(oid, oid_ms_extension_request))
		return fault_set(f, FAULT_BADREQ,
		    "csr: RFC 2985 section 5.4.2: an extensionRequest under another identifier");
	return true;
}

static bool
read_attributes(struct octets in, struct csr *c, struct fault *f)
{
	struct octets one;

	if (!check_types(in, "csr: RFC 2985 section 5.4: an attribute twice", f))
		return false;
	while (der_take(&in, DER_SEQUENCE, &one, NULL))
		if (!read_attribute(one, c, f))
			return false;
	return true;
}

static bool
read_info(struct octets in, struct csr *c, struct fault *f)
{
	struct octets version, name, key, attributes;

	if (!der_take(&in, DER_INTEGER, &version, NULL) || version.n != 1 || version.at[0] != 0)
		return fault_set(f, FAULT_BADREQ, "csr: RFC 2986 section 4.1: expected version 0");
	if (!der_take(&in, DER_SEQUENCE, &name, &c->subject))
		return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
	if (!der_take(&in, DER_SEQUENCE, &key, &c->spki))
		return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
	if (!der_take(&in, DER_EXPLICIT(0), &attributes, NULL) || in.n != 0)
		return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
	/* One comparison ends every other curve, parameter, point form and encoding. */
	c->kind = spki_kind(c->spki);
	if (c->kind != SPKI_P256 && c->kind != SPKI_RSA)
		return fault_set(f, FAULT_BADREQ,
		    "csr: RFC 5480 section 2: expected an uncompressed P-256 key with a named curve, or an RSA key");
	return check_subject(name, f) && read_attributes(attributes, c, f);
}

#define UNPROVEN "csr: RFC 7030 section 3.4: possession of the key is not proven"

static bool
prove_p256(const struct csr *c, struct fault *f)
{
	switch (p256_verify(c->spki, c->signed_part, c->signature)) {
	case P256_HOLDS:
		return true;
	case P256_NO_POINT:
		return fault_crypto(
		    f, FAULT_BADREQ, "csr: RFC 5480 section 2.2: the point is not on the curve");
	case P256_WRONG:
		return fault_crypto(f, FAULT_BADREQ, UNPROVEN);
	case P256_TROUBLE:
	default:
		return fault_crypto(f, FAULT_INTERNAL, "csr: ECDSA_verify");
	}
}

static bool
prove_rsa(const struct csr *c, struct fault *f)
{
	EVP_PKEY *key;
	EVP_MD_CTX *ctx;
	bool ok = false;

	if (!csr_rsa_key(c->spki, &key, f))
		return false;
	if ((ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) != 1) {
		fault_crypto(f, FAULT_INTERNAL, "csr: EVP_DigestVerifyInit");
		goto out;
	}
	if (EVP_DigestVerify(
		ctx, c->signature.at, c->signature.n, c->signed_part.at, c->signed_part.n) != 1) {
		fault_crypto(f, FAULT_BADREQ, UNPROVEN);
		goto out;
	}
	ok = true;
out:
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

bool
csr_prove(const struct csr *c, struct fault *f)
{
	return c->kind == SPKI_RSA ? prove_rsa(c, f) : prove_p256(c, f);
}

/* What the request is signed with: the one algorithm of its kind of key, in its one spelling. */
static bool
check_algorithm(enum spki_kind kind, struct octets algorithm, struct fault *f)
{
	if (kind == SPKI_RSA)
		return octets_same(algorithm, oid_algorithm_rsa_sha256) ||
		       fault_set(f, FAULT_BADREQ,
			   "csr: RFC 4055 section 5: expected sha256WithRSAEncryption");
	return octets_same(algorithm, oid_algorithm_ecdsa_sha256) ||
	       fault_set(f, FAULT_BADREQ, "csr: RFC 5758 section 3.2: expected ecdsa-with-SHA256");
}

bool
csr_read(struct octets der, struct csr *ret, struct fault *f)
{
	struct octets in = der, whole, content, algorithm, signature;
	struct csr c = { 0 };

	if (der.n > CSR_MAX_OCTETS)
		return fault_set(f, FAULT_LIMIT, "csr: %zu octets, over %d", der.n, CSR_MAX_OCTETS);
	if (!der_check(der, f))
		return false;
	if (!der_take(&in, DER_SEQUENCE, &whole, NULL) ||
	    !der_take(&whole, DER_SEQUENCE, &content, &c.signed_part) ||
	    !der_take(&whole, DER_SEQUENCE, &(struct octets){ 0 }, &algorithm) ||
	    !der_take(&whole, DER_BIT_STRING, &signature, NULL) || whole.n != 0)
		return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
	if (signature.n < 2 || signature.at[0] != 0)
		return fault_set(f, FAULT_BADREQ, NOT_A_REQUEST);
	if (!read_info(content, &c, f) || !check_algorithm(c.kind, algorithm, f))
		return false;
	c.signature = octets_of(signature.at + 1, signature.n - 1);
	digest_of(c.spki, c.key_id);
	*ret = c;
	return true;
}

bool
csr_parse(struct octets der, struct csr *ret, struct fault *f)
{
	struct csr c;

	if (!csr_read(der, &c, f) || !csr_prove(&c, f))
		return false;
	*ret = c;
	return true;
}
