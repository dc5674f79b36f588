/* ca/leaf.c - see leaf.h. */
#include "ca/leaf.h"

#include <stdio.h>
#include <string.h>

#include "ca/oid.h"
#include "ca/revoke.h"

#define BIT(e) (1u << (e))

static enum leaf_verdict
verdict(bool holds)
{
	return holds ? LEAF_HOLDS : LEAF_FAILS;
}

static enum leaf_verdict
version_3(const struct leaf *l)
{
	return verdict(l->cert->version == 3);
}

static enum leaf_verdict
end_entity(const struct leaf *l)
{
	return verdict(!l->cert->ca && l->cert->path_len < 0);
}

static enum leaf_verdict
basic_constraints(const struct leaf *l)
{
	return verdict(cert_has(l->cert, CERT_BASIC) && cert_critical(l->cert, CERT_BASIC));
}

static enum leaf_verdict
serial_16_octets(const struct leaf *l)
{
	struct octets n = l->cert->number;

	return verdict(n.n == TBS_SERIAL_OCTETS && n.at[0] > 0 && n.at[0] < 0x80);
}

static enum leaf_verdict
no_extension_twice(const struct leaf *l)
{
	return verdict(!l->cert->twice);
}

static enum leaf_verdict
no_unknown_critical(const struct leaf *l)
{
	return verdict(!l->cert->unknown_critical);
}

static enum leaf_verdict
extensions_readable(const struct leaf *l)
{
	return verdict(l->cert->malformed == 0 && !l->cert->unique_ids);
}

static enum leaf_verdict
algorithms_agree(const struct leaf *l)
{
	return verdict(octets_same(l->cert->inner, l->cert->outer));
}

static enum leaf_verdict
algorithm_ours(const struct leaf *l)
{
	return verdict(octets_same(l->cert->outer, oid_algorithm_ecdsa_sha256));
}

static enum leaf_verdict
no_name_constraints(const struct leaf *l)
{
	return verdict(!cert_has(l->cert, CERT_CONSTRAINTS));
}

static enum leaf_verdict
purposes_present(const struct leaf *l)
{
	return verdict(l->cert->purposes > 0);
}

static enum leaf_verdict
no_any_purpose(const struct leaf *l)
{
	return verdict(!l->cert->any_purpose);
}

/* The profile's purposes, one after the other; NULL beyond the last. */
static const struct octets *
purpose_at(const struct profile *p, unsigned i)
{
	return i < PROFILE_EKU_MAX ? p->eku[i] : NULL;
}

static bool
has_purpose(const struct cert *c, const struct octets *oid)
{
	struct octets one;

	for (unsigned i = 0; cert_purpose(c, i, &one); i++)
		if (octets_same(one, *oid))
			return true;
	return false;
}

/* The same set: as many as the profile has, and each of the profile's. */
static enum leaf_verdict
purposes_exact(const struct leaf *l)
{
	unsigned want = 0;

	if (l->profile == NULL)
		return LEAF_NOT_CHECKED;
	for (const struct octets *oid; (oid = purpose_at(l->profile, want)) != NULL; want++)
		if (!has_purpose(l->cert, oid))
			return LEAF_FAILS;
	return verdict(l->cert->purposes == want);
}

static enum leaf_verdict
signs_no_certificates(const struct leaf *l)
{
	return verdict((l->cert->key_usage & (USE_CERT_SIGN | USE_CRL_SIGN)) == 0);
}

static enum leaf_verdict
key_usage_exact(const struct leaf *l)
{
	if (l->profile == NULL)
		return LEAF_NOT_CHECKED;
	return verdict(l->cert->key_usage == profile_usage(l->profile, spki_kind(l->cert->spki)) &&
		       cert_critical(l->cert, CERT_KEY_USAGE));
}

/* RFC 5280 makes some critical by MUST; of the rest, ours are not. */
static enum leaf_verdict
critical_as_ours(const struct leaf *l)
{
	const unsigned ours = BIT(CERT_BASIC) | BIT(CERT_KEY_USAGE);

	return verdict((l->cert->critical & ~ours) == 0);
}

/* Responders have no name of their own: they are known by their CA. */
static bool
is_nameless(const struct leaf *l)
{
	return l->profile != NULL && !l->profile->named;
}

static enum leaf_verdict
one_uri(const struct leaf *l)
{
	if (is_nameless(l))
		return verdict(l->cert->uris == 0);
	return verdict(l->cert->uris == 1 && l->cert->uri[0] != '\0');
}

/* otherName, rfc822Name, directoryName and their kin name nobody here. */
static enum leaf_verdict
no_other_names(const struct leaf *l)
{
	return verdict(l->cert->others == 0);
}

static enum leaf_verdict
name_ours(const struct leaf *l)
{
	char uri[NAME_URI_MAX];

	if (is_nameless(l))
		return verdict(l->cert->uri[0] == '\0');
	if (l->space == NULL || l->endpoint == NULL)
		return LEAF_NOT_CHECKED;
	name_uri(l->space, l->endpoint, uri);
	return verdict(strcmp(uri, l->cert->uri) == 0);
}

static enum leaf_verdict
key_id_of_key(const struct leaf *l)
{
	uint8_t id[TBS_KEY_ID_OCTETS];
	struct fault ignored;

	return verdict(tbs_key_id(l->cert->spki, id, &ignored) &&
		       octets_same(l->cert->own_id, octets_of(id, sizeof(id))));
}

/* A kind of key that can be ours at all; where the profile is known, one that it takes. */
static enum leaf_verdict
key_taken(const struct leaf *l)
{
	enum spki_kind kind = spki_kind(l->cert->spki);
	struct fault ignored;

	if (l->profile == NULL)
		return verdict(kind != SPKI_OTHER);
	if (kind == SPKI_ED25519)
		return verdict(l->profile->eku[0] == &oid_log_signing);
	return verdict(profile_takes(l->profile, l->cert->spki, &ignored));
}

static enum leaf_verdict
issuer_known(const struct leaf *l)
{
	if (l->issuer == NULL)
		return LEAF_NOT_CHECKED;
	return verdict(l->issuer->ca && octets_same(l->cert->issuer_id, l->issuer->own_id) &&
		       !l->cert->issuer_named);
}

static enum leaf_verdict
issuer_named(const struct leaf *l)
{
	if (l->issuer == NULL)
		return LEAF_NOT_CHECKED;
	return verdict(octets_same(l->cert->issuer, l->issuer->subject));
}

/* Root, region, tenant, leaf; a responder of root or region, and a region's cosigner, which name no
 * endpoint, stand beside the CAs, not under them all. */
static enum leaf_verdict
four_levels(const struct leaf *l)
{
	if (l->issuer == NULL)
		return LEAF_NOT_CHECKED;
	return verdict(l->issuer_level == LEVEL_TENANT || is_nameless(l));
}

static enum leaf_verdict
on_record(const struct leaf *l)
{
	if (l->recorded.n == 0)
		return LEAF_NOT_CHECKED;
	return verdict(octets_same(l->recorded, l->cert->der));
}

static bool
burnt(const struct leaf *l)
{
	return octets_same(l->owner, octets_text(REVOKE_KEY_BURNT));
}

static bool
owned(const struct leaf *l, const char *tenant, const char *name)
{
	char owner[TEXT_LABEL_MAX * 3];

	(void)snprintf(owner, sizeof(owner), "%s%s%s/%s", tenant, tenant[0] == '\0' ? "" : "/",
	    l->endpoint->kind, name);
	return octets_same(l->owner, octets_text(owner));
}

/*
 * Only named ones are registered. In the platform's
 * table the owner stands with its tenant or without, and keys of the service itself are claimed for
 * "service" (ca/claim.h).
 */
static enum leaf_verdict
key_registered(const struct leaf *l)
{
	const struct endpoint *e = l->endpoint;
	bool own;

	if (is_nameless(l))
		return LEAF_HOLDS;
	if (!l->owner_known || e == NULL)
		return LEAF_NOT_CHECKED;
	own = strcmp(e->tenant, NAME_PLATFORM) == 0 &&
	      (strcmp(e->kind, "service") == 0 || strcmp(e->kind, "log") == 0);
	return verdict(burnt(l) || owned(l, "", e->name) || owned(l, e->tenant, e->name) ||
		       (own && owned(l, e->tenant, "service")));
}

static enum leaf_verdict
key_not_burnt(const struct leaf *l)
{
	return l->owner_known ? verdict(!burnt(l)) : LEAF_NOT_CHECKED;
}

const struct leaf_check leaf_checks[] = {
	{ "version_3", "RFC 5280 section 4.1.2.1", "expected version 3", LEAF_PATH, true,
	    version_3 },
	{ "end_entity", "RFC 5280 section 4.2.1.9", "a CA's certificate is no end entity's",
	    LEAF_PROFILE, false, end_entity },
	{ "signs_no_certificates", "RFC 5280 section 4.2.1.3",
	    "an end entity's key signs no certificates and no CRLs", LEAF_PROFILE, false,
	    signs_no_certificates },
	{ "no_extension_twice", "RFC 5280 section 4.2", "an extension stands there twice",
	    LEAF_PATH, true, no_extension_twice },
	{ "no_unknown_critical", "RFC 5280 section 4.2", "a critical extension is not known here",
	    LEAF_PATH, true, no_unknown_critical },
	{ "extensions_readable", "RFC 5280 section 4.2",
	    "an extension is not of its own syntax, or there are unique identifiers", LEAF_PATH,
	    true, extensions_readable },
	{ "algorithms_agree", "RFC 5280 section 4.1.1.2",
	    "the signature's algorithm differs inside and outside", LEAF_PATH, true,
	    algorithms_agree },
	{ "no_name_constraints", "RFC 5280 section 4.2.1.10",
	    "name constraints belong into a CA's certificate", LEAF_PATH, false,
	    no_name_constraints },
	{ "serial_16_octets", "RFC 5280 section 4.1.2.2",
	    "the serial is not a positive number of 16 octets", LEAF_PROFILE, true,
	    serial_16_octets },
	{ "basic_constraints", "RFC 5280 section 4.2.1.9",
	    "it does not say, critically, that it is no CA's", LEAF_PROFILE, false,
	    basic_constraints },
	{ "algorithm_ours", "RFC 5758 section 3.2", "expected ecdsa-with-SHA256", LEAF_PROFILE,
	    true, algorithm_ours },
	{ "purposes_present", "RFC 5280 section 4.2.1.12", "it has no extended key usage",
	    LEAF_PROFILE, false, purposes_present },
	{ "no_any_purpose", "RFC 5280 section 4.2.1.12", "anyExtendedKeyUsage is for nobody",
	    LEAF_PROFILE, false, no_any_purpose },
	{ "purposes_exact", "RFC 5280 section 4.2.1.12",
	    "its extended key usages are not exactly its profile's", LEAF_PROFILE, false,
	    purposes_exact },
	{ "key_usage_exact", "RFC 5280 section 4.2.1.3",
	    "its key usage is not its profile's, critical", LEAF_PROFILE, false, key_usage_exact },
	{ "critical_as_ours", "RFC 5280 section 4.2", "another extension is critical than in ours",
	    LEAF_PROFILE, false, critical_as_ours },
	{ "key_taken", "RFC 5480 section 2, RFC 3279 section 2.3.1",
	    "its key is of a kind or size that its profile does not take", LEAF_PROFILE, false,
	    key_taken },
	{ "key_id_of_key", "RFC 7093 section 2", "the subject key identifier is not its key's",
	    LEAF_PROFILE, true, key_id_of_key },
	{ "one_uri", "SPIFFE X509-SVID section 2", "expected exactly one URI where it is named",
	    LEAF_NAMES, false, one_uri },
	{ "no_other_names", "RFC 5280 section 4.2.1.6", "a name is neither URI, DNS nor address",
	    LEAF_NAMES, false, no_other_names },
	{ "name_ours", "SPIFFE-ID section 2",
	    "the URI is not the one of this tenant, kind and name", LEAF_NAMES, false, name_ours },
	{ "issuer_known", "RFC 5280 section 4.2.1.1",
	    "the authority key identifier is not of our CA's key", LEAF_RECORD, false,
	    issuer_known },
	{ "issuer_named", "RFC 5280 section 4.1.2.4", "the issuer's name is not our CA's",
	    LEAF_RECORD, false, issuer_named },
	{ "four_levels", "RFC 5280 section 6.1", "expected root, region, tenant and leaf",
	    LEAF_LEVELS, false, four_levels },
	{ "on_record", "our ledger", "these are not the octets on record", LEAF_RECORD, false,
	    on_record },
	{ "key_registered", "our ledger", "its key is not registered to this endpoint", LEAF_RECORD,
	    false, key_registered },
	{ "key_not_burnt", "our ledger", "its key was revoked as compromised", LEAF_LATER, false,
	    key_not_burnt },
};
const size_t leaf_checks_n = sizeof(leaf_checks) / sizeof(leaf_checks[0]);

bool
leaf_good(const struct leaf *l, const struct leaf_check **ret)
{
	for (size_t i = 0; i < leaf_checks_n; i++)
		if (leaf_checks[i].judge(l) == LEAF_FAILS) {
			*ret = &leaf_checks[i];
			return false;
		}
	return true;
}
