/* ca/tbs.c - see tbs.h. */
#include "ca/tbs.h"

#include <stdio.h>
#include <string.h>

#include "base/der.h"
#include "base/digest.h"
#include "ca/extension.h"
#include "ca/oid.h"

#define GENERAL_MAIL 1 /* GeneralName choices, RFC 5280 section 4.2.1.6 */
#define GENERAL_DNS  2
#define GENERAL_URI  6
#define GENERAL_IP   7

#define SERIAL_FIRST 0x0100u /* the first two octets of a serial: ca/serial.h */
#define SERIAL_END   0x8000u

static void
put_rdn(struct der *d, const struct octets *type, const char *value)
{
	der_begin(d, DER_SET);
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_OID, *type);
	der_put_text(d, DER_UTF8, value);
	der_end(d);
	der_end(d);
}

static void
put_name(struct der *d, const char *org, const char *unit, const char *common)
{
	der_begin(d, DER_SEQUENCE);
	put_rdn(d, &oid_organization, org);
	if (unit != NULL)
		put_rdn(d, &oid_unit, unit);
	put_rdn(d, &oid_common_name, common);
	der_end(d);
}

static void
put_basic_constraints(struct der *d, const struct tbs *t)
{
	extension_begin(d, oid_basic_constraints, true);
	der_begin(d, DER_SEQUENCE); /* empty is cA FALSE: a DEFAULT is not encoded */
	if (t->profile->path_len >= 0) {
		der_put_true(d);
		der_put_small(d, DER_INTEGER, (unsigned)t->profile->path_len);
	}
	der_end(d);
	extension_end(d);
}

static void
put_key_ids(struct der *d, const uint8_t own[static TBS_KEY_ID_OCTETS], struct octets issuer)
{
	struct octets mine = octets_of(own, TBS_KEY_ID_OCTETS);

	extension_begin(d, oid_subject_key_id, false);
	der_put(d, DER_OCTETS, mine);
	extension_end(d);
	extension_begin(d, oid_authority_key_id, false);
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_CONTEXT(0), issuer.n == 0 ? mine : issuer);
	der_end(d);
	extension_end(d);
}

static void
put_alt_names(struct der *d, const struct tbs *t)
{
	if (t->uri == NULL && t->dns_n == 0 && t->ip_n == 0)
		return;
	extension_begin(d, oid_subject_alt_name, false);
	der_begin(d, DER_SEQUENCE);
	for (size_t i = 0; i < t->dns_n; i++)
		der_put_text(d, DER_CONTEXT(GENERAL_DNS), t->dns[i]);
	if (t->uri != NULL)
		der_put_text(d, DER_CONTEXT(GENERAL_URI), t->uri);
	for (size_t i = 0; i < t->ip_n; i++)
		der_put(d, DER_CONTEXT(GENERAL_IP), t->ip[i]);
	der_end(d);
	extension_end(d);
}

static void
put_subtree(struct der *d, unsigned choice, const char *host)
{
	der_begin(d, DER_SEQUENCE);
	der_put_text(d, (uint8_t)DER_CONTEXT(choice), host);
	der_end(d);
}

/* All zero octets are address and mask: every address of that family (RFC 5280 section 4.2.1.10).
 */
static void
put_no_addresses(struct der *d)
{
	static const uint8_t any[32];

	der_begin(d, DER_EXPLICIT(1));
	for (size_t n = 8; n <= 32; n *= 4) {
		der_begin(d, DER_SEQUENCE);
		der_put(d, DER_CONTEXT(GENERAL_IP), octets_of(any, n));
		der_end(d);
	}
	der_end(d);
}

/*
 * strict fences in URI, DNS and mail, critical. compatible leaves the URI out
 * and is not critical, for stacks that know no URI constraints.
 */
static void
put_name_constraints(struct der *d, const struct constraints *c)
{
	bool strict;

	if (c == NULL || c->mode == CONSTRAINTS_NONE || c->n == 0)
		return;
	strict = c->mode == CONSTRAINTS_STRICT;
	extension_begin(d, oid_name_constraints, strict);
	der_begin(d, DER_SEQUENCE);
	der_begin(d, DER_EXPLICIT(0));
	for (size_t i = 0; i < c->n; i++)
		put_subtree(d, GENERAL_DNS, c->host[i]);
	if (strict) {
		put_subtree(d, GENERAL_URI, c->host[0]);
		for (size_t i = 0; i < c->n; i++)
			put_subtree(d, GENERAL_MAIL, c->host[i]);
	}
	der_end(d);
	put_no_addresses(d);
	der_end(d);
	extension_end(d);
}

static void
put_access(struct der *d, const struct octets *method, const char *url)
{
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_OID, *method);
	der_put_text(d, DER_CONTEXT(GENERAL_URI), url);
	der_end(d);
}

unsigned
tbs_shard(const uint8_t serial[static TBS_SERIAL_OCTETS], unsigned shards)
{
	/* Two octets of chance, of which the first is 01 to 7f. */
	unsigned at = (unsigned)serial[0] << 8 | serial[1];

	if (shards <= 1 || at < SERIAL_FIRST)
		return 0;
	at = (at - SERIAL_FIRST) * shards / (SERIAL_END - SERIAL_FIRST);
	return at < shards ? at : shards - 1;
}

void
tbs_shard_first(unsigned shard, unsigned shards, uint8_t to[static TBS_SERIAL_OCTETS])
{
	unsigned at = 0;

	if (shards > 1 && shard > 0)
		at = SERIAL_FIRST + (shard * (SERIAL_END - SERIAL_FIRST) + shards - 1) / shards;
	memset(to, 0, TBS_SERIAL_OCTETS);
	to[0] = (uint8_t)(at >> 8);
	to[1] = (uint8_t)at;
}

void
tbs_crl_path(
    struct octets issuer, unsigned shard, unsigned shards, char to[static TBS_CRL_PATH_MAX])
{
	char id[TBS_KEY_ID_OCTETS * 2 + 1];

	text_hex(issuer.at, issuer.n <= TBS_KEY_ID_OCTETS ? issuer.n : 0, id);
	if (shards <= 1)
		(void)snprintf(to, TBS_CRL_PATH_MAX, "crl/%s.crl", id);
	else
		(void)snprintf(to, TBS_CRL_PATH_MAX, "crl/%s/%u.crl", id, shard);
}

/* Where the status of this certificate and its issuer's certificate are found: plain HTTP. */
static bool
put_status(struct der *d, const struct tbs *t)
{
	char id[TBS_KEY_ID_OCTETS * 2 + 1], ocsp[320], issuer[320], crl[320];
	char list[TBS_CRL_PATH_MAX];

	if (!t->profile->status)
		return true;
	tbs_crl_path(t->issuer_key_id, tbs_shard(t->serial, t->shards), t->shards, list);
	text_hex(t->issuer_key_id.at, t->issuer_key_id.n, id);
	if (snprintf(ocsp, sizeof(ocsp), "%s/ocsp", t->public_url) >= (int)sizeof(ocsp) ||
	    snprintf(issuer, sizeof(issuer), "%s/ca/%s.cer", t->public_url, id) >=
		(int)sizeof(issuer) ||
	    snprintf(crl, sizeof(crl), "%s/%s", t->public_url, list) >= (int)sizeof(crl))
		return false;
	extension_begin(d, oid_info_access, false);
	der_begin(d, DER_SEQUENCE);
	put_access(d, &oid_access_ocsp, ocsp);
	put_access(d, &oid_access_issuers, issuer);
	der_end(d);
	extension_end(d);

	extension_begin(d, oid_crl_points, false);
	der_begin(d, DER_SEQUENCE);
	der_begin(d, DER_SEQUENCE);
	der_begin(d, DER_EXPLICIT(0)); /* distributionPoint */
	der_begin(d, DER_EXPLICIT(0)); /* fullName */
	der_put_text(d, DER_CONTEXT(GENERAL_URI), crl);
	for (int i = 0; i < 4; i++)
		der_end(d);
	extension_end(d);
	return true;
}

static void
put_nocheck(struct der *d, const struct tbs *t)
{
	if (!t->profile->nocheck)
		return;
	extension_begin(d, oid_ocsp_nocheck, false);
	der_put(d, DER_NULL, octets_of(NULL, 0));
	extension_end(d);
}

/* provenance ::= SEQUENCE { enroller, how UTF8String, at GeneralizedTime, evidence UTF8String };
 * assurance ::= ENUMERATED. */
static void
put_provenance(struct der *d, const struct provenance *p)
{
	if (p == NULL)
		return;
	extension_begin(d, oid_provenance, false);
	der_begin(d, DER_SEQUENCE);
	der_put_text(d, DER_UTF8, p->enroller);
	der_put_text(d, DER_UTF8, p->how);
	der_put_generalized_time(d, p->at_s);
	der_put_text(d, DER_UTF8, p->evidence);
	der_end(d);
	extension_end(d);
	extension_begin(d, oid_assurance, false);
	der_put_small(d, DER_ENUMERATED, (unsigned)p->assurance);
	extension_end(d);
}

static bool
put_extensions(struct der *d, const struct tbs *t, const uint8_t key_id[static TBS_KEY_ID_OCTETS])
{
	bool fits;

	der_begin(d, DER_EXPLICIT(3));
	der_begin(d, DER_SEQUENCE);
	put_basic_constraints(d, t);
	extension_key_usage(d, profile_usage(t->profile, spki_kind(t->spki)));
	extension_purposes(d, t->profile);
	put_key_ids(d, key_id, t->issuer_key_id);
	put_alt_names(d, t);
	put_name_constraints(d, t->constraints);
	fits = put_status(d, t);
	put_nocheck(d, t);
	put_provenance(d, t->provenance);
	der_end(d);
	der_end(d);
	return fits;
}

bool
tbs_encode(const struct tbs *t, struct bytes *ret, struct fault *f)
{
	uint8_t key_id[TBS_KEY_ID_OCTETS];
	struct der d = { .out = ret };

	if (!tbs_key_id(t->spki, key_id, f))
		return false;
	der_begin(&d, DER_SEQUENCE);
	der_begin(&d, DER_EXPLICIT(0));
	der_put_small(&d, DER_INTEGER, 2); /* v3 */
	der_end(&d);
	der_put(&d, DER_INTEGER, octets_of(t->serial, sizeof(t->serial)));
	bytes_put_octets(ret, oid_algorithm_ecdsa_sha256);
	if (t->issuer.n == 0)
		put_name(&d, t->org, t->unit, t->common);
	else
		bytes_put_octets(ret, t->issuer);
	der_begin(&d, DER_SEQUENCE);
	der_put_time(&d, t->not_before_s);
	der_put_time(&d, t->not_after_s);
	der_end(&d);
	put_name(&d, t->org, t->unit, t->common);
	bytes_put_octets(ret, t->spki);
	if (!put_extensions(&d, t, key_id))
		return fault_set(f, FAULT_INTERNAL, "tbs: public_url is too long");
	der_end(&d);
	return bytes_ok(ret, f);
}

bool
tbs_name(const char *org, const char *unit, const char *common, struct bytes *ret, struct fault *f)
{
	struct der d = { .out = ret };

	put_name(&d, org, unit, common);
	return bytes_ok(ret, f);
}

bool
tbs_key_id(struct octets spki, uint8_t to[static TBS_KEY_ID_OCTETS], struct fault *f)
{
	struct octets in = spki, info, bits;
	uint8_t digest[DIGEST_OCTETS];

	if (!der_take(&in, DER_SEQUENCE, &info, NULL) || in.n != 0 ||
	    !der_take(&info, DER_SEQUENCE, &bits, NULL) ||
	    !der_take(&info, DER_BIT_STRING, &bits, NULL) || bits.n < 2 || bits.at[0] != 0)
		return fault_set(
		    f, FAULT_BADREQ, "key: RFC 5280 section 4.1: not a SubjectPublicKeyInfo");
	digest_of(octets_of(bits.at + 1, bits.n - 1), digest);
	memcpy(to, digest, TBS_KEY_ID_OCTETS);
	return true;
}

bool
tbs_seal(struct octets tbs, struct octets signature, struct bytes *ret, struct fault *f)
{
	struct der d = { .out = ret };

	der_begin(&d, DER_SEQUENCE);
	bytes_put_octets(ret, tbs);
	bytes_put_octets(ret, oid_algorithm_ecdsa_sha256);
	der_put_bits(&d, signature);
	der_end(&d);
	return bytes_ok(ret, f);
}
