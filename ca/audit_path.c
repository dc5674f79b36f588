/* ca/audit_path.c - RFC 5280's rules and our profile's, for one level and its link; see audit.h. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/der.h"
#include "ca/audit.h"
#include "ca/oid.h"
#include "ca/p256.h"
#include "ca/subtree.h"

#define SERIAL_OCTETS_MAX 20 /* RFC 5280 section 4.1.2.2 */
#define STRENGTH_BITS_MIN 112

struct at {
	const struct audit_chain *c;
	size_t i;
	const struct cert *cert;
	const struct cert *above; /* NULL: not in the chain; itself where it is self-signed */
	const struct audit_terms *t;
};

static enum leaf_verdict
verdict(bool holds)
{
	return holds ? LEAF_HOLDS : LEAF_FAILS;
}

static bool
self_issued(const struct cert *c)
{
	return octets_same(c->issuer, c->subject);
}

static bool
is_empty_name(struct octets name)
{
	return name.n <= 2;
}

static X509 *
x509_of(const struct cert *c)
{
	const uint8_t *p = c->der.at;

	return d2i_X509(NULL, &p, (long)c->der.n);
}

/* Whatever algorithm others use, as libcrypto has it. */
static bool
signed_somehow(const struct cert *c, const struct cert *above)
{
	X509 *x = x509_of(c), *by = x509_of(above);
	EVP_PKEY *key = by == NULL ? NULL : X509_get0_pubkey(by);
	bool ok = x != NULL && key != NULL && X509_verify(x, key) == 1;

	X509_free(by);
	X509_free(x);
	return ok;
}

static bool
is_ours(const struct cert *c)
{
	return octets_same(c->outer, oid_algorithm_ecdsa_sha256) && octets_same(c->inner, c->outer);
}

static enum leaf_verdict
signature(const struct at *a, char *why)
{
	bool ok;

	(void)why;
	if (a->above == NULL)
		return LEAF_NOT_CHECKED;
	if (is_ours(a->cert) && spki_kind(a->above->spki) == SPKI_P256)
		ok = p256_verify(a->above->spki, a->cert->tbs, a->cert->signature) == P256_HOLDS;
	else
		ok = signed_somehow(a->cert, a->above);
	ERR_clear_error();
	return verdict(ok);
}

static enum leaf_verdict
algorithm_strong(const struct at *a, char *why)
{
	X509 *x;
	int bits = 0;
	bool ok;

	(void)why;
	if (is_ours(a->cert))
		return LEAF_HOLDS;
	x = x509_of(a->cert);
	ok = x != NULL && X509_get_signature_info(x, NULL, NULL, &bits, NULL) == 1 &&
	     bits >= STRENGTH_BITS_MIN;
	X509_free(x);
	ERR_clear_error();
	return verdict(ok);
}

static enum leaf_verdict
issuer_name(const struct at *a, char *why)
{
	(void)why;
	if (is_empty_name(a->cert->issuer))
		return LEAF_FAILS;
	if (a->above == NULL)
		return LEAF_NOT_CHECKED;
	return verdict(octets_same(a->cert->issuer, a->above->subject));
}

/* A self-signed one may leave its issuer's key out: it is its own. */
static enum leaf_verdict
key_ids(const struct at *a, char *why)
{
	const struct cert *c = a->cert;

	(void)why;
	if (c->ca && c->own_id.n == 0)
		return LEAF_FAILS;
	if (!cert_has(c, CERT_ISSUER_KEY_ID))
		return verdict(self_issued(c));
	if (c->issuer_id.n == 0)
		return LEAF_FAILS;
	if (a->above == NULL)
		return LEAF_NOT_CHECKED;
	return verdict(octets_same(c->issuer_id, a->above->own_id));
}

/* MUST be marked so, or not so; what our profile wants besides is in its own rows. */
static enum leaf_verdict
critical_rightly(const struct at *a, char *why)
{
	static const enum cert_extension never[] = { CERT_KEY_ID, CERT_ISSUER_KEY_ID, CERT_ACCESS };

	(void)why;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (cert_critical(a->cert, never[i]))
			return LEAF_FAILS;
	return verdict(!a->cert->ca || cert_critical(a->cert, CERT_BASIC));
}

static enum leaf_verdict
serial_number(const struct at *a, char *why)
{
	struct octets n = a->cert->number;

	(void)why;
	return verdict(
	    n.n > 0 && n.n <= SERIAL_OCTETS_MAX && n.at[0] < 0x80 && (n.n > 1 || n.at[0] != 0));
}

static enum leaf_verdict
valid_now(const struct at *a, char *why)
{
	(void)why;
	if (a->t->book)
		return verdict(a->cert->not_before_s <= a->cert->not_after_s);
	return verdict(a->cert->not_before_s <= a->t->now_s && a->t->now_s <= a->cert->not_after_s);
}

static enum leaf_verdict
validity_nests(const struct at *a, char *why)
{
	(void)why;
	if (a->above == NULL)
		return LEAF_NOT_CHECKED;
	return verdict(a->cert->not_before_s >= a->above->not_before_s &&
		       a->cert->not_after_s <= a->above->not_after_s);
}

/* An empty subject leaves the alternative name as the only one, and it is then critical. */
static enum leaf_verdict
subject_named(const struct at *a, char *why)
{
	(void)why;
	if (!is_empty_name(a->cert->subject))
		return LEAF_HOLDS;
	return verdict(!a->cert->ca && cert_critical(a->cert, CERT_ALT_NAMES));
}

static bool
is_dns(struct octets o)
{
	struct octets host = o;

	if (o.n > 2 && o.at[0] == '*' && o.at[1] == '.')
		host = octets_of(o.at + 2, o.n - 2);
	return subtree_is_host(host);
}

static enum leaf_verdict
names_readable(const struct at *a, char *why)
{
	struct octets list = a->cert->alt_names, one;
	uint8_t tag;
	bool ok = true;

	(void)why;
	while (ok && der_next(&list, &tag, &one, NULL)) {
		if (tag == CERT_NAME_DNS)
			ok = is_dns(one);
		else if (tag == CERT_NAME_IP)
			ok = one.n == 4 || one.n == 16;
		else if (tag == CERT_NAME_URI)
			ok = one.n > 0 && memchr(one.at, ':', one.n) != NULL;
		else if (tag == CERT_NAME_MAIL)
			ok = one.n > 0 && memchr(one.at, '@', one.n) != NULL;
	}
	return verdict(ok);
}

/* From here on: the signers of certificates. */

static enum leaf_verdict
is_ca(const struct at *a, char *why)
{
	(void)why;
	return verdict(a->cert->ca);
}

/* How many CAs that are not self-issued stand between this one and the leaf. */
static enum leaf_verdict
path_length(const struct at *a, char *why)
{
	int beneath = 0;

	(void)why;
	for (size_t i = 1; i < a->i; i++)
		beneath += !self_issued(&a->c->cert[i]);
	return verdict(a->cert->path_len < 0 || beneath <= a->cert->path_len);
}

static enum leaf_verdict
signs_certificates(const struct at *a, char *why)
{
	(void)why;
	return verdict((a->cert->key_usage & USE_CERT_SIGN) != 0);
}

static enum leaf_verdict
constraints_readable(const struct at *a, char *why)
{
	struct fault f;

	(void)why;
	return verdict(!cert_has(a->cert, CERT_CONSTRAINTS) ||
		       subtree_readable(a->cert->extension[CERT_CONSTRAINTS], &f));
}

/* The walls hold for everything beneath but what is self-issued, and for the leaf always. */
static enum leaf_verdict
names_constrained(const struct at *a, char *why)
{
	struct fault f;

	if (!cert_has(a->cert, CERT_CONSTRAINTS))
		return LEAF_HOLDS;
	for (size_t i = 0; i < a->i; i++) {
		const struct cert *c = &a->c->cert[i];

		if (c->der.at == NULL || (i > 0 && self_issued(c)))
			continue;
		if (!subtree_allows(a->cert->extension[CERT_CONSTRAINTS], c, &f)) {
			memcpy(why, f.text, sizeof(f.text));
			return LEAF_FAILS;
		}
	}
	return LEAF_HOLDS;
}

static enum leaf_verdict
no_purposes(const struct at *a, char *why)
{
	(void)why;
	return verdict(!cert_has(a->cert, CERT_PURPOSES));
}

static const struct profile *
ca_profile(const struct at *a)
{
	static const char *const names[] = {
		[LEVEL_ROOT] = "root", [LEVEL_REGION] = "region", [LEVEL_TENANT] = "tenant"
	};
	unsigned level = audit_level(a->c, a->i);

	return level >= LEVEL_ROOT && level <= LEVEL_TENANT ? profile_find(names[level]) : NULL;
}

static enum leaf_verdict
ca_as_its_level(const struct at *a, char *why)
{
	const struct profile *p = ca_profile(a);

	(void)why;
	return verdict(p != NULL && a->cert->path_len == p->path_len &&
		       a->cert->key_usage == p->key_usage &&
		       cert_critical(a->cert, CERT_KEY_USAGE));
}

static enum leaf_verdict
ca_key(const struct at *a, char *why)
{
	(void)why;
	return verdict(
	    a->cert->spki.n == SPKI_P256_OCTETS &&
	    octets_same(octets_of(a->cert->spki.at, oid_spki_p256_prefix.n), oid_spki_p256_prefix));
}

static enum leaf_verdict
ca_names_nobody(const struct at *a, char *why)
{
	(void)why;
	return verdict(
	    !cert_has(a->cert, CERT_ALT_NAMES) && !a->cert->issuer_named && !a->cert->unknown);
}

static enum leaf_verdict
key_at_one_level(const struct at *a, char *why)
{
	(void)why;
	for (size_t i = 0; i < a->c->n; i++)
		if (i != a->i && octets_same(a->c->cert[i].spki, a->cert->spki))
			return LEAF_FAILS;
	return LEAF_HOLDS;
}

static enum leaf_verdict
trusted(const struct at *a, char *why)
{
	(void)why;
	if (a->i + 1 < a->c->n)
		return LEAF_HOLDS;
	if (a->t->root.n == 0)
		return LEAF_NOT_CHECKED;
	return verdict(octets_same(a->t->root, a->cert->der));
}

static enum leaf_verdict
levels(const struct at *a, char *why)
{
	const struct profile *p = a->t->profile;
	bool delegate = p != NULL && p->level == LEVEL_ENDPOINT && !p->named; /* of any CA */

	(void)why;
	return verdict(a->c->n == AUDIT_LEVELS || (delegate && a->c->n < AUDIT_LEVELS));
}

enum where { EVERY, CAS, TOP, LEAF };

static const struct {
	const char *name, *source, *wrong;
	enum leaf_kind kind;
	enum where where;
	enum leaf_verdict (*judge)(const struct at *a, char *why);
} checks[] = {
	{ "signature", "RFC 5280 section 6.1.3 (a)(1)", "the key above did not sign it", LEAF_PATH,
	    EVERY, signature },
	{ "algorithm_strong", "RFC 5280 section 4.1.1.2",
	    "the signature's algorithm is broken or not known", LEAF_PATH, EVERY,
	    algorithm_strong },
	{ "issuer_name", "RFC 5280 section 6.1.3 (a)(4)",
	    "the issuer it names is not the one above it", LEAF_PATH, EVERY, issuer_name },
	{ "key_ids", "RFC 5280 sections 4.2.1.1 and 4.2.1.2",
	    "the key identifiers of the link are missing or differ", LEAF_PATH, EVERY, key_ids },
	{ "critical_rightly", "RFC 5280 section 4.2",
	    "an extension is critical that must not be, or is not and must be", LEAF_PATH, EVERY,
	    critical_rightly },
	{ "serial_number", "RFC 5280 section 4.1.2.2",
	    "the serial is zero, negative or over 20 octets", LEAF_PATH, EVERY, serial_number },
	{ "valid_now", "RFC 5280 section 6.1.3 (a)(2)", "it has ended, or not begun", LEAF_PATH,
	    EVERY, valid_now },
	{ "subject_named", "RFC 5280 sections 4.1.2.6 and 4.2.1.6",
	    "it has no subject, and no critical alternative name in its place", LEAF_PATH, EVERY,
	    subject_named },
	{ "names_readable", "RFC 5280 section 4.2.1.6", "an alternative name is not of its syntax",
	    LEAF_PATH, EVERY, names_readable },
	{ "is_ca", "RFC 5280 section 6.1.4 (k)", "it is no CA's and signed a certificate",
	    LEAF_PATH, CAS, is_ca },
	{ "signs_certificates", "RFC 5280 section 6.1.4 (n)",
	    "its key is not for signing certificates", LEAF_PATH, CAS, signs_certificates },
	{ "path_length", "RFC 5280 section 6.1.4 (l)", "more CAs are beneath it than it allows",
	    LEAF_PATH, CAS, path_length },
	{ "constraints_readable", "RFC 5280 section 4.2.1.10", "its name constraints are malformed",
	    LEAF_PATH, CAS, constraints_readable },
	{ "names_constrained", "RFC 5280 section 4.2.1.10", "a name beneath it is not permitted",
	    LEAF_PATH, CAS, names_constrained },
	{ "trusted", "RFC 5280 section 6.1.1 (d)", "the chain does not end in the root given",
	    LEAF_PATH, TOP, trusted },
	{ "validity_nests", "our profile", "it begins before or ends after the one above it",
	    LEAF_PROFILE, EVERY, validity_nests },
	{ "key_at_one_level", "our profile", "its key is used at another level too", LEAF_PROFILE,
	    EVERY, key_at_one_level },
	{ "ca_as_its_level", "our profile",
	    "path length or key usage are not those of a CA of its level", LEAF_PROFILE, CAS,
	    ca_as_its_level },
	{ "ca_key", "RFC 5480 section 2", "a CA's key is P-256", LEAF_PROFILE, CAS, ca_key },
	{ "no_purposes", "our profile", "a CA's certificate has no extended key usage",
	    LEAF_PROFILE, CAS, no_purposes },
	{ "ca_names_nobody", "our profile",
	    "a CA's certificate has no alternative names and nothing that is not ours",
	    LEAF_PROFILE, CAS, ca_names_nobody },
	{ "levels", "RFC 5280 section 6.1", "expected root, region, tenant and leaf", LEAF_LEVELS,
	    LEAF, levels },
};

/* Those of ca/leaf.h: all of a leaf, some of every certificate. What the ledger knows is
 * audit_record()'s. */
static void
leaf_rules(const struct at *a, struct audit_report *r)
{
	const struct leaf l = { .cert = a->cert, .profile = a->i == 0 ? a->t->profile : NULL };

	for (size_t i = 0; i < leaf_checks_n; i++) {
		const struct leaf_check *k = &leaf_checks[i];
		struct audit_finding found = { .level = audit_level(a->c, a->i),
			.check = k->name,
			.source = k->source,
			.kind = k->kind };

		if ((a->i > 0 && !k->every) || k->kind == LEAF_RECORD || k->kind == LEAF_LATER ||
		    k->kind == LEAF_LEVELS)
			continue;
		found.verdict = k->judge(&l);
		if (found.verdict == LEAF_NOT_CHECKED && (a->t->recorded || a->i > 0))
			continue;
		if (found.verdict == LEAF_FAILS)
			memcpy(found.text, k->wrong, strlen(k->wrong) + 1);
		audit_tell(r, &found);
	}
}

static bool
applies(enum where where, const struct at *a)
{
	switch (where) {
	case EVERY:
		return true;
	case CAS:
		return a->i > 0;
	case TOP:
		return a->i + 1 == a->c->n;
	case LEAF:
	default:
		return a->i == 0;
	}
}

void
audit_path(
    const struct audit_chain *c, size_t i, const struct audit_terms *t, struct audit_report *r)
{
	struct at a = { c, i, &c->cert[i], NULL, t };

	if (i + 1 < c->n)
		a.above = &c->cert[i + 1];
	else if (self_issued(a.cert))
		a.above = a.cert;
	for (size_t k = 0; k < sizeof(checks) / sizeof(checks[0]); k++) {
		struct audit_finding found = { .level = audit_level(c, i),
			.check = checks[k].name,
			.source = checks[k].source,
			.kind = checks[k].kind };

		if (!applies(checks[k].where, &a))
			continue;
		found.verdict = checks[k].judge(&a, found.text);
		if (found.verdict == LEAF_FAILS && found.text[0] == '\0')
			memcpy(found.text, checks[k].wrong, strlen(checks[k].wrong) + 1);
		audit_tell(r, &found);
	}
	leaf_rules(&a, r);
}
