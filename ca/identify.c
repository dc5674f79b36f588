/* ca/identify.c - see identify.h. */
#include "ca/identify.h"

#include <stdio.h>
#include <string.h>

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
	struct fault why;

	if (a->standing.state != STANDING_GOOD || now_s > a->standing.not_after_s) {
		(void)snprintf(a->why, sizeof(a->why), "the certificate is %s",
		    ledger_state_word(&a->standing, now_s));
		return false;
	}
	if (realm_authority_good(r, &a->issuer, now_s, &why))
		return true;
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

bool
identify(struct realm *r, struct octets der, int64_t now_s, struct identity *ret,
    struct identified *also, struct fault *f)
{
	struct identified a = { 0 };
	struct identity who = { .kind = IDENTITY_ENDPOINT };
	struct endpoint e;
	struct ledger *l = NULL;
	struct fault why = { 0 };

	if (!cert_parse(der, &a.cert, f))
		return false;
	if (!find(r, der, &a, &l, &why)) {
		if (why.code == FAULT_NOTFOUND)
			return fault_set(f, FAULT_AUTH, "certificate: not issued by this service");
		*f = why;
		return false;
	}
	if (a.cert.ca || a.issuer.level != LEVEL_TENANT || !is_client(&a.standing) ||
	    !name_of_uri(a.cert.uri, &e) || strcmp(e.tenant, ledger_tenant(l)) != 0)
		return fault_set(f, FAULT_AUTH, "certificate: not an end entity's");
	who.good = still_good(r, &a, now_s, &why);
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
