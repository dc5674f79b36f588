/* ca/lint_meant.c - the octets say what was meant, text by text; see lint.h. */
#include <stdio.h>
#include <string.h>

#include "base/der.h"
#include "ca/lint.h"
#include "ca/oid.h"
#include "ca/subtree.h"

#define URL_MAX 400

struct held {
	const struct cert *c;
	const struct tbs *meant;
	const struct lint_ground *ground;
};

/* One RDN of one attribute: this type, this text, as UTF8String. */
static bool
take_rdn(struct octets *in, const struct octets *type, const char *text)
{
	struct octets set, one, oid, value;

	return der_take(in, DER_SET, &set, NULL) && der_take(&set, DER_SEQUENCE, &one, NULL) &&
	       set.n == 0 && der_take(&one, DER_OID, &oid, NULL) && octets_same(oid, *type) &&
	       der_take(&one, DER_UTF8, &value, NULL) && one.n == 0 &&
	       octets_same(value, octets_text(text));
}

static bool
subject_as_meant(const struct held *h)
{
	struct octets in = h->c->subject, name;

	return der_take(&in, DER_SEQUENCE, &name, NULL) &&
	       take_rdn(&name, &oid_organization, h->meant->org) &&
	       (h->meant->unit == NULL || take_rdn(&name, &oid_unit, h->meant->unit)) &&
	       take_rdn(&name, &oid_common_name, h->meant->common) && name.n == 0;
}

static bool
extensions_known(const struct held *h)
{
	return !h->c->unknown && !h->c->twice && h->c->malformed == 0 && !h->c->unique_ids;
}

/* RFC 5280 makes basicConstraints of a CA critical by MUST; keyUsage and the walls by SHOULD and
 * MUST. */
static bool
critical_as_meant(const struct held *h)
{
	const struct constraints *walls = h->meant->constraints;
	unsigned want = 1u << CERT_BASIC | 1u << CERT_KEY_USAGE;

	if (walls != NULL && walls->mode == CONSTRAINTS_STRICT && walls->n > 0)
		want |= 1u << CERT_CONSTRAINTS;
	return h->c->critical == want;
}

static size_t
times_in(struct octets list, uint8_t tag, struct octets value)
{
	struct octets one;
	uint8_t its;
	size_t n = 0;

	while (der_next(&list, &its, &one, NULL))
		n += its == tag && octets_same(one, value);
	return n;
}

/* As many as were meant, and each that was meant is there: a set, whatever its order. */
static bool
names_as_meant(const struct held *h)
{
	const struct tbs *t = h->meant;
	struct octets list = h->c->alt_names;
	size_t want = t->dns_n + t->ip_n + (t->uri != NULL);

	if (h->c->uris + h->c->dns + h->c->ips != want || h->c->others != 0)
		return false;
	if (t->uri != NULL && times_in(list, CERT_NAME_URI, octets_text(t->uri)) != 1)
		return false;
	for (size_t i = 0; i < t->dns_n; i++)
		if (times_in(list, CERT_NAME_DNS, octets_text(t->dns[i])) == 0)
			return false;
	for (size_t i = 0; i < t->ip_n; i++)
		if (times_in(list, CERT_NAME_IP, t->ip[i]) == 0)
			return false;
	return true;
}

/* The names that the profile's templates made, which come first: each under the tenant's host. */
static bool
own_names_under(const struct tbs *t, const char *host)
{
	if (t->dns_n < t->profile->dns_n)
		return false;
	for (size_t i = 0; i < t->profile->dns_n; i++)
		if (!subtree_host_within(octets_text(t->dns[i]), octets_text(host)) ||
		    strlen(t->dns[i]) <= strlen(host))
			return false;
	return true;
}

/*
 * A named leaf is its tenant's: the URI's host is the tenant's own, its profile's DNS names lie
 * under it, and all names lie within the walls of the CA that signs.
 */
static bool
names_in_subtree(const struct held *h)
{
	static const char scheme[] = "spiffe://";
	const char *host = h->ground->host, *uri = h->c->uri;
	struct fault ignored;

	if (h->ground->constraints.n > 0 && !subtree_allows(h->ground->constraints, h->c, &ignored))
		return false;
	if (!h->meant->profile->named || host == NULL)
		return true;
	if (strncmp(uri, scheme, sizeof(scheme) - 1) != 0)
		return false;
	uri += sizeof(scheme) - 1;
	return strcspn(uri, "/") == strlen(host) && strncmp(uri, host, strlen(host)) == 0 &&
	       own_names_under(h->meant, host);
}

static bool
take_base(struct octets *list, uint8_t tag, struct octets value)
{
	struct octets one, base;

	return der_take(list, DER_SEQUENCE, &one, NULL) && der_take(&one, tag, &base, NULL) &&
	       one.n == 0 && octets_same(base, value);
}

static bool
take_hosts(struct octets *list, uint8_t tag, const struct constraints *walls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!take_base(list, tag, octets_text(walls->host[i])))
			return false;
	return true;
}

/* strict: DNS, URI and mail of the tenant; compatible: DNS alone; no address in either. */
static bool
constraints_as_meant(const struct held *h)
{
	static const uint8_t every[32];
	const struct constraints *walls = h->meant->constraints;
	struct octets in = h->c->extension[CERT_CONSTRAINTS], list, permitted, excluded;
	bool strict;

	if (walls == NULL || walls->mode == CONSTRAINTS_NONE || walls->n == 0)
		return !cert_has(h->c, CERT_CONSTRAINTS);
	strict = walls->mode == CONSTRAINTS_STRICT;
	if (!der_take(&in, DER_SEQUENCE, &list, NULL) ||
	    !der_take(&list, DER_EXPLICIT(0), &permitted, NULL) ||
	    !der_take(&list, DER_EXPLICIT(1), &excluded, NULL) || list.n != 0)
		return false;
	return take_hosts(&permitted, CERT_NAME_DNS, walls, walls->n) &&
	       (!strict || (take_hosts(&permitted, CERT_NAME_URI, walls, 1) &&
			       take_hosts(&permitted, CERT_NAME_MAIL, walls, walls->n))) &&
	       permitted.n == 0 && take_base(&excluded, CERT_NAME_IP, octets_of(every, 8)) &&
	       take_base(&excluded, CERT_NAME_IP, octets_of(every, 32)) && excluded.n == 0;
}

static bool
is_url(struct octets have, const char *base, const char *folder, const char *id, const char *end)
{
	char want[URL_MAX];
	int n = snprintf(want, sizeof(want), "%s/%s%s%s", base, folder, id, end);

	return n > 0 && n < (int)sizeof(want) && octets_same(have, octets_text(want));
}

static bool
places_as_meant(const struct held *h)
{
	char id[TBS_KEY_ID_OCTETS * 2 + 1] = "";
	char list[TBS_CRL_PATH_MAX] = "";
	const char *base = h->meant->public_url;
	struct cert_places p;

	if (!h->meant->profile->status)
		return !cert_has(h->c, CERT_ACCESS) && !cert_has(h->c, CERT_CRL_POINTS);
	if (h->meant->issuer_key_id.n == TBS_KEY_ID_OCTETS)
		text_hex(h->meant->issuer_key_id.at, TBS_KEY_ID_OCTETS, id);
	tbs_crl_path(h->meant->issuer_key_id, tbs_shard(h->meant->serial, h->meant->shards),
	    h->meant->shards, list);
	return cert_places(h->c, &p) && is_url(p.ocsp, base, "ocsp", "", "") &&
	       is_url(p.issuers, base, "ca/", id, ".cer") && is_url(p.crl, base, list, "", "");
}

static bool
nocheck_as_profile(const struct held *h)
{
	return cert_has(h->c, CERT_NOCHECK) == h->meant->profile->nocheck;
}

static bool
provenance_as_meant(const struct held *h)
{
	const struct provenance *want = h->meant->provenance;
	struct provenance have;

	if (want == NULL)
		return !cert_has(h->c, CERT_PROVENANCE);
	return cert_provenance(h->c, &have) && strcmp(have.enroller, want->enroller) == 0 &&
	       strcmp(have.how, want->how) == 0 && strcmp(have.evidence, want->evidence) == 0 &&
	       have.at_s == want->at_s;
}

static bool
assurance_as_meant(const struct held *h)
{
	const struct provenance *want = h->meant->provenance;
	struct provenance have;

	if (want == NULL)
		return !cert_has(h->c, CERT_ASSURANCE);
	return cert_provenance(h->c, &have) && have.assurance == want->assurance;
}

static const struct {
	const char *name, *source;
	bool (*holds)(const struct held *h);
} checks[] = {
	{ "extensions_known", "RFC 5280 section 4.2", extensions_known },
	{ "critical_as_meant", "RFC 5280 section 4.2", critical_as_meant },
	{ "subject_as_meant", "RFC 5280 section 4.1.2.6", subject_as_meant },
	{ "names_as_meant", "RFC 5280 section 4.2.1.6", names_as_meant },
	{ "constraints_as_meant", "RFC 5280 section 4.2.1.10", constraints_as_meant },
	{ "names_in_subtree", "RFC 5280 section 4.2.1.10", names_in_subtree },
	{ "places_as_meant", "RFC 5280 sections 4.2.1.13 and 4.2.2.1", places_as_meant },
	{ "nocheck_as_profile", "RFC 6960 section 4.2.2.2.1", nocheck_as_profile },
	{ "provenance_as_meant", "our profile", provenance_as_meant },
	{ "assurance_as_meant", "our profile", assurance_as_meant },
};

const char *
lint_meant(const struct cert *c, const struct tbs *meant, const struct lint_ground *ground,
    const char **ret_source)
{
	const struct held h = { c, meant, ground };

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!checks[i].holds(&h)) {
			*ret_source = checks[i].source;
			return checks[i].name;
		}
	return NULL;
}
