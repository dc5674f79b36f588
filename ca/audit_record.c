/* ca/audit_record.c - what our own ledger says of one level; see audit.h, audit_under.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "ca/audit_under.h"
#include "ca/claim.h"
#include "ca/ledger_check.h"
#include "ca/revoke.h"

static struct audit_finding
finding(const struct audit_under *u, const char *check, const char *source)
{
	return (struct audit_finding){
		.level = u->level, .check = check, .source = source, .kind = LEAF_RECORD
	};
}

void
audit_say(
    const struct audit_under *u, const char *check, enum leaf_verdict verdict, const char *text)
{
	struct audit_finding found = finding(u, check, AUDIT_OURS);

	found.verdict = verdict;
	(void)snprintf(found.text, sizeof(found.text), "%s", text);
	audit_tell(u->r, &found);
}

bool
audit_say_fault(const struct audit_under *u, const char *check, const char *source,
    const struct fault *why, struct fault *f)
{
	struct audit_finding found = finding(u, check, source);

	if (why->code == FAULT_INTERNAL) {
		*f = *why;
		return false;
	}
	found.verdict = why->code == FAULT_TYPE ? LEAF_NOT_CHECKED : LEAF_FAILS;
	memcpy(found.text, why->text, sizeof(found.text));
	audit_tell(u->r, &found);
	return true;
}

/* The entry's member is these octets in hex. */
static bool
says(const struct json *entry, const char *name, const void *at, size_t n)
{
	char want[LOG_HASH_OCTETS * 2 + 1];
	const char *have = json_text(entry, name);

	text_hex(at, n, want);
	return have != NULL && strcmp(have, want) == 0;
}

static bool
certificate_hash(const struct cert *c, uint8_t to[static EVP_MAX_MD_SIZE])
{
	return EVP_Digest(c->der.at, c->der.n, to, NULL, EVP_sha256(), NULL) == 1;
}

void
audit_say_entry(const struct audit_under *u, const char *check, uint64_t index, struct octets line,
    const struct json *entry)
{
	struct audit_finding found = finding(u, check, AUDIT_OUR_LOG);
	const char *at = json_text(entry, "at"), *act = json_text(entry, "act");

	found.entry = line;
	found.log = ledger_tenant(u->ledger);
	found.index = index;
	(void)snprintf(found.text, sizeof(found.text), "entry %" PRIu64 " of %s: %s at %s", index,
	    found.log, act == NULL ? "-" : act, at == NULL ? "-" : at);
	audit_tell(u->r, &found);
}

/* A row of edition 1 that was revoked knows the entry of that alone (ca/ledger.h). */
static bool
knows_no_issuance(const struct standing *s)
{
	return s->state == STANDING_REVOKED && s->issued_index == s->log_index;
}

/* The entry that issued it names its serial and the SHA-256 of exactly these octets. */
static bool
issued_entry(const struct audit_under *u, struct fault *f)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct bytes line = { 0 };
	struct json *entry = NULL;
	struct fault why;
	bool ok = true;

	if (knows_no_issuance(&u->standing)) {
		audit_say(u, "issued_entry", LEAF_NOT_CHECKED,
		    "its row is of an edition that knows the entry of its revocation alone");
		return true;
	}
	if (!audit_entry(
		u->ledger, u->standing.issued_index, "certificate.issued", &line, &entry, &why))
		ok = audit_say_fault(u, "issued_entry", AUDIT_OUR_LOG, &why, f);
	else if (!certificate_hash(u->cert, digest) || !says(entry, "certificate", digest, 32) ||
		 !says(entry, "serial", u->cert->serial, TBS_SERIAL_OCTETS))
		audit_say(u, "issued_entry", LEAF_FAILS,
		    "the entry that should tell of it tells of another certificate");
	else
		audit_say_entry(
		    u, "issued_entry", u->standing.issued_index, octets_bytes(&line), entry);
	json_free(entry);
	bytes_free(&line);
	return ok;
}

/* A state that is not the first one has an entry of its own; one of a merge names no serials. */
static bool
state_entry(const struct audit_under *u, struct fault *f)
{
	const struct standing *s = &u->standing;
	struct bytes line = { 0 };
	struct json *entry = NULL;
	struct fault why;
	bool ok = true;

	if (s->log_index == s->issued_index)
		return true;
	if (!audit_entry(u->ledger, s->log_index, NULL, &line, &entry, &why))
		ok = audit_say_fault(u, "state_entry", AUDIT_OUR_LOG, &why, f);
	else if (!ledger_check_act(s->state, json_text(entry, "act")) ||
		 (json_text(entry, "serial") != NULL &&
		     !says(entry, "serial", u->cert->serial, TBS_SERIAL_OCTETS)))
		audit_say(u, "state_entry", LEAF_FAILS,
		    "the entry that should tell of its state tells of something else");
	else
		audit_say_entry(u, "state_entry", s->log_index, octets_bytes(&line), entry);
	json_free(entry);
	bytes_free(&line);
	return ok;
}

static void
standing(const struct audit_under *u)
{
	char text[FAULT_TEXT_MAX], at[TEXT_TIME_MAX];
	const struct standing *s = &u->standing;
	bool good = s->state == STANDING_GOOD && u->t->now_s <= s->not_after_s;
	bool made =
	    s->state == STANDING_GOOD || s->state == STANDING_REVOKED || s->state == STANDING_HELD;

	text_time(s->changed_s, at);
	(void)snprintf(text, sizeof(text), "%s since %s%s%s", ledger_state_word(s, u->t->now_s), at,
	    s->state == STANDING_REVOKED ? ": " : "",
	    s->state == STANDING_REVOKED ? revoke_reason_word(s->reason) : "");
	audit_say(u, "standing", (u->t->book ? made : good) ? LEAF_HOLDS : LEAF_FAILS, text);
}

static bool
log_tree(const struct audit_under *u, struct fault *f)
{
	struct audit_finding found = finding(u, "log_tree", AUDIT_OUR_LOG);
	uint64_t got, size;
	struct fault why;

	if (!audit_tree(u->s->trees, u->ledger, &got, &size, &why))
		return audit_say_fault(u, "log_tree", AUDIT_OUR_LOG, &why, f);
	found.verdict = got == size ? LEAF_HOLDS : LEAF_NOT_CHECKED;
	u->r->more = u->r->more || got < size;
	(void)snprintf(found.text, sizeof(found.text),
	    "%" PRIu64 " of %" PRIu64 " entries of %s make its tree", got, size,
	    ledger_tenant(u->ledger));
	audit_tell(u->r, &found);
	return true;
}

static bool
get_owner(struct ledger *l, const struct cert *c, struct bytes *ret, struct fault *f)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct fault why;

	if (EVP_Digest(c->spki.at, c->spki.n, digest, NULL, EVP_sha256(), NULL) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "audit: EVP_Digest");
	if (ledger_get(l, TABLE_KEY, octets_of(digest, 32), ret, &why) ||
	    why.code == FAULT_NOTFOUND)
		return true;
	*f = why;
	return false;
}

/* The rows of ca/leaf.h that need the ledger. */
static void
leaf_rows(const struct audit_under *u, const struct leaf *l)
{
	for (size_t i = 0; i < leaf_checks_n; i++) {
		const struct leaf_check *k = &leaf_checks[i];
		struct audit_finding found = finding(u, k->name, k->source);

		if (k->kind != LEAF_RECORD && k->kind != LEAF_LATER && k->kind != LEAF_LEVELS &&
		    strcmp(k->name, "name_ours") != 0)
			continue;
		found.verdict = k->judge(l);
		found.kind = k->kind;
		if (found.verdict == LEAF_FAILS && k->kind == LEAF_LATER && u->t->book)
			found.verdict = LEAF_HOLDS; /* the book tells of it rightly */
		if (found.verdict == LEAF_FAILS)
			(void)snprintf(found.text, sizeof(found.text), "%s", k->wrong);
		audit_tell(u->r, &found);
	}
}

/*
 * The whole service's table of keys: one key, one holder (ca/claim.h). Keys of the service itself
 * are claimed for "service".
 */
static bool
claim(const struct audit_under *u, const struct endpoint *e, struct fault *f)
{
	struct ledger *platform = realm_platform(u->s->realm);
	char owner[CLAIM_OWNER_MAX], own[CLAIM_OWNER_MAX];
	struct bytes row = { 0 };
	struct octets have;

	if (u->ledger == platform)
		return true; /* the table is one: key_registered has read it */
	(void)snprintf(owner, sizeof(owner), "%s/%s/%s", e->tenant, e->kind, e->name);
	(void)snprintf(own, sizeof(own), "%s/%s/service", e->tenant, e->kind);
	if (!get_owner(platform, u->cert, &row, f))
		return false;
	have = octets_bytes(&row);
	if (have.n == 0)
		audit_say(
		    u, "key_claimed", LEAF_NOT_CHECKED, "no claim of its key is recorded yet");
	else if (octets_same(have, octets_text(owner)) ||
		 (strcmp(e->kind, "log") == 0 && octets_same(have, octets_text(own))))
		audit_say(u, "key_claimed", LEAF_HOLDS, "");
	else if (octets_same(have, octets_text(REVOKE_KEY_BURNT)))
		audit_say(u, "key_claimed", u->t->book ? LEAF_HOLDS : LEAF_FAILS,
		    "its key was revoked as compromised");
	else
		audit_say(u, "key_claimed", LEAF_FAILS, "its key is claimed by another endpoint");
	bytes_free(&row);
	return true;
}

static bool
leaf(const struct audit_under *u, struct fault *f)
{
	const struct profile *p = profile_find(u->standing.profile);
	struct bytes pinned = { 0 }, recorded = { 0 }, owner = { 0 };
	struct endpoint e;
	struct cert issuer;
	struct leaf l = { .cert = u->cert,
		.profile = p,
		.space = realm_space(u->s->realm),
		.endpoint = p != NULL && p->named ? &e : NULL,
		.issuer = &issuer,
		.issuer_level = u->issuer.level,
		.owner_known = true };
	bool ok = false;

	(void)snprintf(e.tenant, sizeof(e.tenant), "%s", ledger_tenant(u->ledger));
	(void)snprintf(e.kind, sizeof(e.kind), "%s", profile_kind(u->standing.profile));
	(void)snprintf(e.name, sizeof(e.name), "%s", u->standing.name);
	if (!realm_ca_certificate(u->s->realm, &u->issuer, &pinned, f) ||
	    !cert_read(octets_bytes(&pinned), &issuer, f) ||
	    (u->standing.id != LEDGER_NO_CERTIFICATE &&
		!ledger_certificate(u->ledger, u->standing.id, &recorded, f)) ||
	    !get_owner(u->ledger, u->cert, &owner, f))
		goto out;
	l.recorded = octets_bytes(&recorded);
	l.owner = octets_bytes(&owner);
	leaf_rows(u, &l);
	ok = (l.endpoint == NULL || claim(u, &e, f)) && audit_evidence(u, f);
out:
	bytes_free(&owner);
	bytes_free(&recorded);
	bytes_free(&pinned);
	return ok;
}

/* A CA is known by its key, and is then exactly the certificate that we have of it. */
static bool
authority(const struct audit_under *u, struct fault *f)
{
	struct bytes pinned = { 0 };
	struct authority a;
	struct fault why;
	bool ok = true;

	if (!realm_authority(u->s->realm, u->cert->key_id, &a, &why)) {
		if (why.code == FAULT_NOTFOUND)
			audit_say(u, "authority_pinned", LEAF_FAILS, "no CA of ours has this key");
		else
			ok = audit_say_fault(u, "authority_pinned", AUDIT_OURS, &why, f);
	} else if (!realm_ca_certificate(u->s->realm, &a, &pinned, f)) {
		ok = false;
	} else if ((unsigned)a.level != u->level ||
		   !octets_same(octets_bytes(&pinned), u->cert->der)) {
		audit_say(u, "authority_pinned", LEAF_FAILS,
		    "our CA of this key has another certificate, or another level");
	} else {
		audit_say(u, "authority_pinned", LEAF_HOLDS, a.label);
	}
	bytes_free(&pinned);
	return ok;
}

/* Its issuer, the ledger that records what that one issues, and its row there. */
static bool
find(struct audit_under *u, struct fault *f)
{
	struct fault why;
	bool self = octets_same(u->cert->issuer, u->cert->subject);

	if (realm_authority(
		u->s->realm, self ? u->cert->key_id : u->cert->issuer_key_id, &u->issuer, &why) &&
	    realm_records(u->s->realm, &u->issuer, &u->ledger, &why) &&
	    ledger_standing(u->ledger, u->cert->serial, &u->standing, &why))
		return true;
	u->ledger = NULL;
	if (why.code == FAULT_INTERNAL) {
		*f = why;
		return false;
	}
	audit_say(
	    u, "recorded", LEAF_FAILS, "no certificate of this serial and issuer is on record");
	return true;
}

bool
audit_record(const struct audit_site *s, const struct audit_chain *c, size_t i,
    const struct audit_terms *t, struct audit_report *r, struct fault *f)
{
	struct audit_under u = {
		.s = s, .t = t, .r = r, .cert = &c->cert[i], .level = audit_level(c, i)
	};

	if (!find(&u, f))
		return false;
	if (u.ledger == NULL)
		return true;
	if (i > 0 && !authority(&u, f))
		return false;
	standing(&u);
	if (!issued_entry(&u, f) || !state_entry(&u, f))
		return false;
	if (((i == 0 && !t->book) || i + 1 == c->n) && !log_tree(&u, f))
		return false;
	return i > 0 || leaf(&u, f);
}
