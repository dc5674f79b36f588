/* daemon/evidence.c - see evidence.h. */
#include "daemon/evidence.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/holding.h"

#define LOCAL_KIND "machine"
#define LOCAL_NAME "local"

static void
put_id(
    struct realm *r, const char *tenant, const char *kind, const char *name, struct evidence *ret)
{
	struct endpoint e;

	(void)snprintf(e.tenant, sizeof(e.tenant), "%s", tenant);
	(void)snprintf(e.kind, sizeof(e.kind), "%s", kind);
	(void)snprintf(e.name, sizeof(e.name), "%s", name);
	name_uri(realm_space(r), &e, ret->id);
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name);
}

static void
put_ski(const uint8_t key_id[static TBS_KEY_ID_OCTETS], char to[static EVIDENCE_SKI])
{
	memcpy(to, "ski:", 4);
	text_hex(key_id, TBS_KEY_ID_OCTETS, to + 4);
}

/* The CA that issues to endpoints, what stands above it, and above that. */
static bool
put_chain(struct realm *r, const struct authority *issuer, struct evidence *ret, struct fault *f)
{
	struct authority region;

	put_ski(issuer->key_id, ret->tenant);
	put_ski(issuer->issuer, ret->region);
	if (!realm_authority(r, issuer->issuer, &region, f))
		return false;
	put_ski(region.issuer, ret->root);
	return true;
}

static bool
look_at_key(struct realm *r, const struct identity *who, const struct cert *c, struct evidence *ret,
    struct fault *f)
{
	char owner[HOLDING_OWNER_MAX];
	uint8_t digest[DIGEST_OCTETS];
	struct bytes row = { 0 };
	struct ledger *l;
	struct fault why;
	bool ok = true;

	if (!realm_ledger(r, who->tenant, &l, f))
		return false;
	digest_of(c->spki, digest);
	memcpy(&ret->key, digest, sizeof(ret->key));
	holding_owner(who->endpoint, who->name, owner);
	if (ledger_get(l, TABLE_KEY, octets_of(digest, sizeof(digest)), &row, &why))
		ret->key_pinned = octets_same(octets_bytes(&row), octets_text(owner));
	else if (why.code != FAULT_NOTFOUND)
		*f = why, ok = false;
	bytes_free(&row);
	return ok;
}

bool
evidence_of(struct realm *r, struct octets der, const struct identity *who,
    const struct identified *also, struct evidence *ret, struct fault *f)
{
	struct evidence e = {
		.has_certificate = true,
		.is_made = true,
		.assurance = also->standing.assurance,
		.level = LEVEL_ENDPOINT,
		.not_before_s = also->standing.not_before_s,
		.not_after_s = also->standing.not_after_s,
	};
	uint8_t digest[DIGEST_OCTETS];

	put_id(r, who->tenant, who->endpoint, who->name, &e);
	(void)snprintf(e.role, sizeof(e.role), "%s",
	    who->kind == IDENTITY_OPERATOR ? identity_role_word(who->role) : who->endpoint);
	text_hex(also->cert.serial, TBS_SERIAL_OCTETS, e.serial);
	digest_of(der, digest);
	text_hex(digest, sizeof(digest), e.sha256);
	memcpy(e.profile, also->standing.profile, sizeof(e.profile));
	memcpy(e.enroller, also->standing.enroller, sizeof(e.enroller));
	memcpy(e.how, also->standing.how, sizeof(e.how));
	if (!put_chain(r, &also->issuer, &e, f) || !look_at_key(r, who, &also->cert, &e, f))
		return false;
	*ret = e;
	return true;
}

bool
evidence_find(struct realm *r, struct octets der, int64_t now_s, struct identity *who,
    struct evidence *ret, struct fault *f)
{
	struct identified also;
	struct identity found;

	if (!identify(r, der, now_s, &found, &also, f) ||
	    !evidence_of(r, der, &found, &also, ret, f))
		return false;
	if (who != NULL)
		*who = found;
	return true;
}

/* Which of what owner holds has the digest. */
static bool
find_held(struct ledger *l, const char *owner, const uint8_t sha256[static 32], int64_t now_s,
    struct bytes *ret, struct fault *f)
{
	uint8_t digest[DIGEST_OCTETS];
	struct bytes held = { 0 };
	struct standing s;
	bool found = false, ok = holding_list(l, owner, now_s, &held, f);

	for (size_t i = 0; ok && !found && i < held.n; i += TBS_SERIAL_OCTETS) {
		bytes_clear(ret);
		ok = ledger_standing(l, held.at + i, &s, f) &&
		     ledger_certificate(l, s.id, ret, f) && bytes_ok(ret, f);
		digest_of(octets_bytes(ret), digest);
		found = ok && memcmp(digest, sha256, sizeof(digest)) == 0;
	}
	bytes_free(&held);
	return ok && (found || fault_set(f, FAULT_AUTH,
				   "certificate: its holder has none of this digest"));
}

bool
evidence_find_digest(struct realm *r, const char *id, const uint8_t sha256[static 32],
    int64_t now_s, struct identity *who, struct evidence *ret, struct fault *f)
{
	char owner[HOLDING_OWNER_MAX], own[NAME_URI_MAX];
	struct bytes der = { 0 };
	struct endpoint e;
	struct ledger *l;
	bool ok;

	if (!name_of_uri(id, &e))
		return fault_set(f, FAULT_AUTH, "certificate: no SPIFFE id of this service");
	name_uri(realm_space(r), &e, own);
	if (strcmp(own, id) != 0)
		return fault_set(f, FAULT_AUTH, "certificate: no SPIFFE id of this service");
	if (!realm_ledger(r, e.tenant, &l, f)) {
		if (f->code == FAULT_NOTFOUND)
			f->code = FAULT_AUTH;
		return false;
	}
	holding_owner(e.kind, e.name, owner);
	ok = find_held(l, owner, sha256, now_s, &der, f) &&
	     evidence_find(r, octets_bytes(&der), now_s, who, ret, f);
	bytes_free(&der);
	return ok;
}

void
evidence_without(struct realm *r, const struct identity *who, struct evidence *ret)
{
	*ret = (struct evidence){ .id = "" };
	if (who->kind != IDENTITY_LOCAL)
		return;
	put_id(r, NAME_PLATFORM, LOCAL_KIND, LOCAL_NAME, ret);
	(void)snprintf(ret->role, sizeof(ret->role), "%s", identity_role_word(who->role));
}

bool
evidence_to_come(
    struct realm *r, const struct evidence_coming *c, struct evidence *ret, struct fault *f)
{
	struct evidence e = {
		.has_certificate = true,
		.assurance = c->provenance->assurance,
		.level = LEVEL_ENDPOINT,
		.not_before_s = c->provenance->at_s,
		.not_after_s = c->provenance->at_s + c->lifetime_s,
		.key_pinned = true, /* it is registered with it, or it is not issued (ca/claim.h) */
	};

	put_id(r, c->endpoint->tenant, c->endpoint->kind, c->endpoint->name, &e);
	memcpy(e.role, c->endpoint->kind, sizeof(e.role));
	(void)snprintf(e.profile, sizeof(e.profile), "%s", c->profile);
	memcpy(e.enroller, c->provenance->enroller, sizeof(e.enroller));
	memcpy(e.how, c->provenance->how, sizeof(e.how));
	if (!put_chain(r, c->issuer, &e, f))
		return false;
	*ret = e;
	return true;
}

static void
put_text(struct request *r, enum attribute a, const char *text)
{
	if (text != NULL && text[0] != '\0')
		request_text(r, a, octets_text(text));
}

static void
put_source(struct request *r, const char *source)
{
	const char *end = strrchr(source, ':'), *from = source;
	size_t n = end == NULL ? strlen(source) : (size_t)(end - source);

	if (n >= 2 && source[0] == '[' && source[n - 1] == ']') {
		from++;
		n -= 2;
	}
	/* What is no address stays unknown. */
	(void)value_address(octets_of(from, n), &r->fixed[ATTRIBUTE_SOURCE_IP]);
}

static void
put_certificate(const struct evidence *e, int64_t now_s, struct request *r)
{
	put_text(r, ATTRIBUTE_CERT_SERIAL, e->serial);
	put_text(r, ATTRIBUTE_CERT_SHA256, e->sha256);
	put_text(r, ATTRIBUTE_CERT_PROFILE, e->profile);
	put_text(r, ATTRIBUTE_CERT_ENROLLER, e->enroller);
	put_text(r, ATTRIBUTE_CERT_HOW, e->how);
	request_number(r, ATTRIBUTE_CERT_LEVEL, e->level);
	request_number(r, ATTRIBUTE_CERT_AGE, now_s - e->not_before_s);
	request_number(r, ATTRIBUTE_CERT_EXPIRES_IN, e->not_after_s - now_s);
	request_number(r, ATTRIBUTE_CERT_ASSURANCE, e->assurance);
	request_bool(r, ATTRIBUTE_CERT_KEY_PINNED, e->key_pinned);
	request_bool(r, ATTRIBUTE_DEVICE_SERIAL_BOUND, e->assurance == ASSURANCE_IDEVID);
}

void
evidence_request(const struct evidence *e, const char *action, const char *source, int64_t now_s,
    struct request *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->action = octets_text(action);
	put_text(ret, ATTRIBUTE_SUBJECT_ID, e->id);
	put_text(ret, ATTRIBUTE_SUBJECT_ROLE, e->role);
	put_text(ret, ATTRIBUTE_SUBJECT_NAME, e->name);
	if (e->has_certificate)
		put_certificate(e, now_s, ret);
	put_text(ret, ATTRIBUTE_CHAIN_ROOT, e->root);
	put_text(ret, ATTRIBUTE_CHAIN_REGION, e->region);
	put_text(ret, ATTRIBUTE_CHAIN_TENANT, e->tenant);
	put_source(ret, source);
	request_number(ret, ATTRIBUTE_TIME, now_s);
}

void
evidence_resource(struct request *r, const char *type, const char *id, const char *tenant)
{
	put_text(r, ATTRIBUTE_RESOURCE_TYPE, type);
	put_text(r, ATTRIBUTE_RESOURCE_ID, id);
	put_text(r, ATTRIBUTE_RESOURCE_TENANT, tenant);
}
