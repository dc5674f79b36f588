/* ca/issue.c - see issue.h. */
#include "ca/issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/digest.h"
#include "ca/holding.h"
#include "ca/intent.h"
#include "ca/issue_check.h"
#include "ca/lint.h"
#include "ca/revoke.h"
#include "ca/serial.h"

enum stage { PREPARED, INTENDING, INTENDED, SIGNED, RECORDED };

struct ticket {
	enum stage stage;
	const struct profile *profile;
	uint8_t serial[TBS_SERIAL_OCTETS];
	uint8_t spki_digest[32], profile_digest[PROFILE_DIGEST_OCTETS];
	struct standing standing;
	int64_t late_s;
	char owner[HOLDING_OWNER_MAX]; /* "kind/name"; empty for CAs and responders */
	struct bytes tbs, certificate;
};

static bool
at_stage(const struct ticket *t, enum stage stage, struct fault *f)
{
	if (t->stage == stage)
		return true;
	return fault_set(f, FAULT_INTERNAL, "issue: stage %d where %d was due", t->stage, stage);
}

bool
issue_key_digest(struct octets spki, uint8_t to[static 32], struct fault *f)
{
	if (EVP_Digest(spki.at, spki.n, to, NULL, EVP_sha256(), NULL) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "key: EVP_Digest");
	return true;
}

/* Room for the names of an endpoint, as its profile's templates spell them. */
struct names {
	char uri[NAME_URI_MAX], unit[TEMPLATE_TEXT_MAX], common[TEMPLATE_TEXT_MAX];
	char dns[PROFILE_DNS_MAX][TEXT_HOST_MAX];
};

/* The names that an endpoint carries: its own, then those that were asked for beside. */
static bool
fill_names(struct tbs *t, const struct wish *w, struct names *to, struct fault *f)
{
	const struct profile *p = w->profile;

	if (w->endpoint != NULL && p->named) {
		if (!name_endpoint_check(w->space, w->endpoint, f) ||
		    !profile_fill(p, w->space, w->endpoint, to->unit, to->common, to->dns, f))
			return false;
		name_uri(w->space, w->endpoint, to->uri);
		t->uri = to->uri;
		t->unit = to->unit;
		t->common = to->common;
		for (size_t i = 0; i < p->dns_n; i++)
			t->dns[t->dns_n++] = to->dns[i];
	}
	if (t->dns_n + w->dns_n > TBS_NAMES_MAX)
		return fault_set(f, FAULT_BADREQ, "issue: over %d DNS names", TBS_NAMES_MAX);
	for (size_t i = 0; i < w->dns_n; i++)
		t->dns[t->dns_n++] = w->dns[i];
	for (size_t i = 0; i < w->ip_n; i++)
		t->ip[t->ip_n++] = w->ip[i];
	return true;
}

/* Whose walls the names must lie within. */
static void
fill_ground(const struct issuer *by, const struct wish *w, struct lint_ground *to,
    char host[static TEXT_HOST_MAX])
{
	if (by->certificate.n != 0)
		to->constraints = by->facts.extension[CERT_CONSTRAINTS];
	if (by->a.level != LEVEL_TENANT || w->space == NULL)
		return;
	name_tenant_host(w->space, by->a.label, host);
	to->host = host;
}

static bool
fill(
    const struct issuer *by, const struct wish *w, int64_t now_s, struct ticket *t, struct fault *f)
{
	bool self = by->certificate.n == 0;
	int64_t issuer_end_s = self ? now_s + w->profile->valid_s : by->a.not_after_s;
	char host[TEXT_HOST_MAX];
	struct names names;
	struct lint_ground ground = { .issuer_not_after_s = issuer_end_s };
	struct tbs meant = {
		.profile = w->profile,
		.issuer = self ? octets_of(NULL, 0) : by->facts.subject,
		.issuer_key_id =
		    self ? octets_of(NULL, 0) : octets_of(by->a.key_id, TBS_KEY_ID_OCTETS),
		.org = w->org,
		.unit = w->unit,
		.common = w->common,
		.spki = w->spki,
		.not_before_s = now_s - w->profile->back_s,
		.not_after_s = profile_not_after(w->profile, now_s, issuer_end_s),
		.constraints = w->constraints,
		.public_url = w->public_url,
		.shards = by->a.shards,
		.provenance = w->profile->named ? w->provenance : NULL,
	};

	if (meant.not_after_s <= now_s)
		return fault_set(f, FAULT_DENIED, "issue: the issuer has expired");
	if (!self && meant.not_before_s < by->facts.not_before_s)
		meant.not_before_s = by->facts.not_before_s;
	fill_ground(by, w, &ground, host);
	if (!fill_names(&meant, w, &names, f) || !serial_fresh(by->ledger, t->serial, f))
		return false;
	memcpy(meant.serial, t->serial, sizeof(meant.serial));
	t->standing.not_before_s = meant.not_before_s;
	t->standing.not_after_s = meant.not_after_s;
	return tbs_encode(&meant, &t->tbs, f) && lint(octets_bytes(&t->tbs), &meant, &ground, f);
}

/* What the ledger will say of it. */
static void
describe(const struct issuer *by, const struct wish *w, struct ticket *t)
{
	struct standing *s = &t->standing;

	s->state = STANDING_PENDING;
	memcpy(s->issuer, by->a.key_id, sizeof(s->issuer));
	(void)snprintf(s->profile, sizeof(s->profile), "%s", w->profile->name);
	if (w->endpoint != NULL) {
		(void)snprintf(s->name, sizeof(s->name), "%s", w->endpoint->name);
		holding_owner(w->endpoint->kind, w->endpoint->name, t->owner);
	} else {
		(void)snprintf(s->name, sizeof(s->name), "%s", w->common);
	}
	if (w->provenance != NULL) {
		s->assurance = w->provenance->assurance;
		memcpy(s->enroller, w->provenance->enroller, sizeof(s->enroller));
		memcpy(s->how, w->provenance->how, sizeof(s->how));
	}
}

bool
issue_prepare(const struct issuer *by, const struct wish *w, int64_t now_s, struct ticket **ret,
    struct fault *f)
{
	struct ticket *t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "issue: out of memory");
	t->profile = w->profile;
	t->late_s = w->late_s;
	if (!fill(by, w, now_s, t, f) || !issue_key_digest(w->spki, t->spki_digest, f) ||
	    !profile_digest(w->profile, t->profile_digest, f)) {
		ticket_free(t);
		return false;
	}
	describe(by, w, t);
	t->stage = PREPARED;
	*ret = t;
	return true;
}

bool
issue_intend(const struct issuer *by, struct ticket *t, struct fault *f)
{
	struct intent i = { .tbs = octets_bytes(&t->tbs) };

	if (!at_stage(t, PREPARED, f) || !ledger_next_id(by->ledger, &t->standing.id, f))
		return false;
	i.standing = t->standing;
	/* The digest pins the profile: a certificate made under another edition would be noticed.
	 */
	memcpy(i.profile, t->profile_digest, sizeof(i.profile));
	if (!intent_put(by->ledger, t->serial, &i, f))
		return false;
	t->stage = INTENDING;
	return true;
}

void
issue_intended(struct ticket *t)
{
	if (t->stage == INTENDING)
		t->stage = INTENDED;
}

/* The durable intent is what is signed, and was made by the profile that is in force: what was
 * decided and what is signed are not two things. */
static bool
is_on_record(const struct issuer *by, const struct ticket *t, struct fault *f)
{
	const struct profile *p = profile_find(t->standing.profile);
	struct intent meant = { .standing = t->standing, .tbs = octets_bytes(&t->tbs) };

	if (p == NULL) /* no digest is all zero octets */
		return issue_on_record(by->ledger, t->serial, &meant, f);
	return profile_digest(p, meant.profile, f) &&
	       issue_on_record(by->ledger, t->serial, &meant, f);
}

/* Before the key is used: whatever becomes of us then, the journal knows. */
static bool
note(const struct issuer *by, const struct ticket *t, struct journal *j, int64_t now_s,
    struct fault *f)
{
	struct journal_line l = { .kind = JOURNAL_SIGNED, .at_s = now_s };

	digest_of(octets_bytes(&t->tbs), l.digest);
	(void)snprintf(l.tenant, sizeof(l.tenant), "%s", ledger_tenant(by->ledger));
	memcpy(l.issuer, by->a.key_id, sizeof(l.issuer));
	memcpy(l.serial, t->serial, sizeof(l.serial));
	return journal_note(j, &l, f);
}

/* As the issuer's certificate says; a root that is yet to be made has none. */
static struct octets
signer_spki(const struct issuer *by)
{
	return by->certificate.n == 0 ? key_spki(by->key) : by->facts.spki;
}

bool
issue_sign(
    const struct issuer *by, struct ticket *t, struct journal *j, int64_t now_s, struct fault *f)
{
	struct bytes signature = { 0 };
	bool ok = false;

	if (!at_stage(t, INTENDED, f) || !is_on_record(by, t, f) || !note(by, t, j, now_s, f))
		return false;
	if (key_sign(by->key, octets_bytes(&t->tbs), &signature, f) &&
	    tbs_seal(octets_bytes(&t->tbs), octets_bytes(&signature), &t->certificate, f) &&
	    issue_holds(octets_bytes(&t->certificate), octets_bytes(&t->tbs), signer_spki(by), f)) {
		t->stage = SIGNED;
		ok = true;
	}
	if (!ok) /* whatever it is, nobody shall see it */
		bytes_free(&t->certificate);
	bytes_free(&signature);
	return ok;
}

static struct json *
entry(const struct issuer *by, const struct ticket *t, const struct log_context *why)
{
	struct json *j = log_entry("certificate.issued", why);
	uint8_t digest[DIGEST_OCTETS];

	digest_of(octets_bytes(&t->certificate), digest);
	json_put_hex(j, "serial", t->serial, sizeof(t->serial));
	json_put_hex(j, "issuer", by->a.key_id, sizeof(by->a.key_id));
	json_put_hex(j, "certificate", digest, 32);
	json_put_hex(j, "key", t->spki_digest, sizeof(t->spki_digest));
	json_put_hex(j, "profile_digest", t->profile_digest, sizeof(t->profile_digest));
	json_put_text(j, "profile", t->profile->name);
	json_put_text(j, "name", t->owner[0] != '\0' ? t->owner : t->standing.name);
	json_put_text(j, "how", t->standing.how);
	if (t->late_s > 0)
		json_put_number(j, "late_s", t->late_s);
	json_put_number(j, "assurance", t->standing.assurance);
	json_put_time(j, "not_before", t->standing.not_before_s);
	json_put_time(j, "not_after", t->standing.not_after_s);
	return j;
}

/* A renewal mostly keeps its key: a row that says so already is not written again, since keys are
 * chance and each row a page of its own. Of a first enrolment nobody need look. */
static void
register_key(struct ledger *l, const struct ticket *t)
{
	struct octets key = octets_of(t->spki_digest, sizeof(t->spki_digest));
	struct bytes row = { 0 };
	struct fault none;
	bool there = strcmp(t->standing.how, "certificate") == 0 &&
		     ledger_get(l, TABLE_KEY, key, &row, &none) &&
		     octets_same(octets_bytes(&row), octets_text(t->owner));

	bytes_free(&row);
	if (!there)
		ledger_put(l, TABLE_KEY, key, octets_text(t->owner));
}

bool
issue_record(const struct issuer *by, struct ticket *t, const struct log_context *why,
    int64_t now_s, uint64_t *ret_index, struct fault *f)
{
	struct ledger *l = by->ledger;
	uint8_t key[8];

	if (!at_stage(t, SIGNED, f) ||
	    !log_append(l, entry(by, t, why), now_s, &t->standing.log_index, f))
		return false;
	t->standing.issued_index = t->standing.log_index;
	t->standing.state = STANDING_GOOD;
	t->standing.changed_s = now_s;
	if (!ledger_add_standing(l, t->serial, &t->standing, f))
		return false;
	batch_add(ledger_batch(l), TABLE_CERT, octets_u64(t->standing.id, key),
	    octets_bytes(&t->certificate));
	intent_end(l, t->serial);
	if (t->owner[0] != '\0') {
		if (!holding_add(l, t->owner, t->serial, why, now_s, f))
			return false;
		register_key(l, t);
	}
	if (ret_index != NULL)
		*ret_index = t->standing.log_index;
	t->stage = RECORDED;
	return true;
}

bool
issue_now(const struct issuer *by, const struct wish *w, struct journal *j,
    const struct log_context *why, int64_t now_s, struct ticket **ret, struct fault *f)
{
	struct ledger_mark mark = ledger_mark(by->ledger);
	struct ticket *t;

	if (!issue_prepare(by, w, now_s, &t, f))
		return false;
	if (!issue_intend(by, t, f) || !ledger_commit(by->ledger, f))
		goto fail;
	issue_intended(t);
	if (!issue_sign(by, t, j, now_s, f) || !issue_record(by, t, why, now_s, NULL, f) ||
	    !ledger_commit(by->ledger, f))
		goto fail;
	*ret = t;
	return true;
fail:
	ledger_undo(by->ledger, mark);
	ticket_free(t);
	return false;
}

struct octets
ticket_certificate(const struct ticket *t)
{
	return octets_bytes(&t->certificate);
}

const uint8_t *
ticket_serial(const struct ticket *t)
{
	return t->serial;
}

int64_t
ticket_not_after(const struct ticket *t)
{
	return t->standing.not_after_s;
}

void
ticket_free(struct ticket *t)
{
	if (t == NULL)
		return;
	bytes_free(&t->tbs);
	bytes_free(&t->certificate);
	free(t);
}

struct pending {
	struct bytes serials;
};

static bool
collect(void *with, struct octets key, struct octets value)
{
	struct pending *p = with;

	(void)value;
	if (key.n == TBS_SERIAL_OCTETS)
		bytes_put_octets(&p->serials, key);
	return true;
}

bool
issue_abandon(
    struct ledger *l, const struct log_context *why, int64_t now_s, size_t *ret_n, struct fault *f)
{
	struct pending p = { 0 };
	bool ok = false;

	if (!store_scan(
		ledger_store(l), TABLE_PENDING, octets_of(NULL, 0), SIZE_MAX, collect, &p, f) ||
	    !bytes_ok(&p.serials, f))
		goto out;
	for (size_t at = 0; at < p.serials.n; at += TBS_SERIAL_OCTETS)
		if (!revoke_abandoned(l, p.serials.at + at, why, now_s, f))
			goto out;
	*ret_n = p.serials.n / TBS_SERIAL_OCTETS;
	ok = true;
out:
	bytes_free(&p.serials);
	return ok;
}
