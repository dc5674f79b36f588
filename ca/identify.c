/* ca/identify.c - see identify.h. */
#include "ca/identify.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/leaf.h"
#include "ca/oid.h"

/* The record of exactly these octets; anything else of that serial is a forgery. */
static bool
find(struct realm *r, struct octets der, struct identified *a, struct ledger **ret, struct fault *f)
{
	struct ledger *l;
	struct bytes ours = { 0 };
	bool same;

	if (!realm_authority(r, a->cert.issuer_key_id, &a->issuer, f) ||
	    !realm_records(r, &a->issuer, &l, f) ||
	    !ledger_standing(l, a->cert.serial, &a->standing, f))
		return false;
	if (!ledger_certificate(l, a->standing.id, &ours, f)) {
		bytes_free(&ours);
		return false;
	}
	same = octets_same(octets_bytes(&ours), der);
	bytes_free(&ours);
	if (!same)
		return fault_set(f, FAULT_NOTFOUND, "certificate: not the one on record");
	*ret = l;
	return true;
}

/* The role is the platform's row's, never the certificate's: it can be taken away. */
static bool
find_role(struct realm *r, const char *name, enum identity_role *ret, struct fault *f)
{
	struct bytes b = { 0 };
	struct fault why;
	bool ok = true;

	*ret = ROLE_NONE;
	if (ledger_get(realm_platform(r), TABLE_OPERATOR, octets_text(name), &b, &why))
		*ret = b.n > 0 ? (enum identity_role)b.at[0] : ROLE_NONE;
	else if (why.code != FAULT_NOTFOUND) {
		*f = why;
		ok = false;
	}
	bytes_free(&b);
	return ok;
}

static bool
still_good(struct realm *r, struct identified *a, int64_t now_s, struct fault *f)
{
	bool ended = now_s > a->standing.not_after_s;
	struct fault why;

	if (a->standing.state != STANDING_GOOD || ended)
		(void)snprintf(a->why, sizeof(a->why), "the certificate is %s",
		    ledger_state_word(&a->standing, now_s));
	if (a->standing.state != STANDING_GOOD)
		return false;
	if (realm_authority_good(r, &a->issuer, now_s, &why)) {
		a->late_s = ended ? now_s - a->standing.not_after_s : 0;
		return !ended;
	}
	if (why.code == FAULT_INTERNAL)
		*f = why;
	memcpy(a->why, why.text, sizeof(a->why));
	return false;
}

/* Is it made to speak for its holder? A log's or a responder's key signs other things. */
static bool
is_client(const struct standing *s)
{
	const struct profile *p = profile_find(s->profile);

	for (size_t i = 0; p != NULL && i < PROFILE_EKU_MAX; i++)
		if (p->eku[i] == &oid_client_auth)
			return true;
	return false;
}

/* Our own certificate of the CA that the leaf names: pinned by its key, not by its name. */
static bool
read_issuer(struct realm *r, const struct authority *a, struct bytes *der, struct cert *ret,
    struct fault *f)
{
	return realm_ca_certificate(r, a, der, f) && cert_parse(octets_bytes(der), ret, f);
}

/* Who registered the key: empty where nobody did. */
static bool
read_owner(struct ledger *l, const struct cert *c, struct bytes *ret, struct fault *f)
{
	uint8_t digest[DIGEST_OCTETS];
	struct fault why;

	digest_of(c->spki, digest);
	if (ledger_get(l, TABLE_KEY, octets_of(digest, 32), ret, &why) ||
	    why.code == FAULT_NOTFOUND)
		return true;
	*f = why;
	return false;
}

/* The leaf held against the table of ca/leaf.h. *ret_good: nothing that came later speaks against
 * it. Faults: FAULT_AUTH, FAULT_INTERNAL. */
static bool
hold(struct realm *r, struct ledger *l, struct identified *a, const struct endpoint *e,
    bool *ret_good, struct fault *f)
{
	const struct leaf_check *check;
	struct bytes der = { 0 }, owner = { 0 };
	struct cert issuer;
	struct leaf leaf = { .cert = &a->cert,
		.profile = profile_find(a->standing.profile),
		.space = realm_space(r),
		.endpoint = e,
		.issuer = &issuer,
		.issuer_level = a->issuer.level,
		.owner_known = true };
	bool ok = false;

	if (!read_issuer(r, &a->issuer, &der, &issuer, f) || !read_owner(l, &a->cert, &owner, f))
		goto out;
	leaf.owner = octets_bytes(&owner);
	*ret_good = leaf_good(&leaf, &check);
	if (!*ret_good && check->kind == LEAF_LATER)
		(void)snprintf(a->why, sizeof(a->why), "%s", check->wrong);
	else if (!*ret_good) {
		fault_set(f, FAULT_AUTH, "certificate: %s: %s: %s", check->source, check->name,
		    check->wrong);
		goto out;
	}
	ok = true;
out:
	bytes_free(&owner);
	bytes_free(&der);
	return ok;
}

/* The endpoint as the ledger has it: whatever a certificate says of itself. */
static struct endpoint
recorded_endpoint(const struct ledger *l, const struct standing *s)
{
	struct endpoint e;

	(void)snprintf(e.tenant, sizeof(e.tenant), "%s", ledger_tenant(l));
	(void)snprintf(e.kind, sizeof(e.kind), "%s", profile_kind(s->profile));
	(void)snprintf(e.name, sizeof(e.name), "%s", s->name);
	return e;
}

bool
identify_late(const struct identified *a)
{
	const struct profile *p = profile_find(a->standing.profile);

	return a->late_s > 0 && p != NULL && a->late_s <= p->grace_s;
}

bool
identify(struct realm *r, struct octets der, int64_t now_s, struct identity *ret,
    struct identified *also, struct fault *f)
{
	struct identified a = { 0 };
	struct identity who = { .kind = IDENTITY_ENDPOINT };
	struct endpoint e;
	struct ledger *l = NULL;
	struct fault why = { 0 };
	bool clean;

	if (!cert_parse(der, &a.cert, f))
		return false;
	if (!find(r, der, &a, &l, &why)) {
		if (why.code == FAULT_NOTFOUND)
			return fault_set(f, FAULT_AUTH, "certificate: not issued by this service");
		*f = why;
		return false;
	}
	if (profile_find(a.standing.profile) == NULL)
		return fault_set(f, FAULT_AUTH, "certificate: there is no profile %s any more",
		    a.standing.profile);
	if (!is_client(&a.standing))
		return fault_set(f, FAULT_AUTH, "certificate: not an end entity's");
	e = recorded_endpoint(l, &a.standing);
	if (!hold(r, l, &a, &e, &clean, f))
		return false;
	who.good = still_good(r, &a, now_s, &why) && clean;
	a.late_s = clean ? a.late_s : 0;
	if (why.code == FAULT_INTERNAL) {
		*f = why;
		return false;
	}
	memcpy(who.tenant, e.tenant, sizeof(who.tenant));
	memcpy(who.endpoint, e.kind, sizeof(who.endpoint));
	memcpy(who.name, e.name, sizeof(who.name));
	text_hex(a.cert.serial, sizeof(a.cert.serial), who.evidence);
	if (strcmp(e.tenant, NAME_PLATFORM) == 0 && strcmp(e.kind, "operator") == 0) {
		who.kind = IDENTITY_OPERATOR;
		if (!find_role(r, e.name, &who.role, f))
			return false;
	}
	*ret = who;
	if (also != NULL)
		*also = a;
	return true;
}
