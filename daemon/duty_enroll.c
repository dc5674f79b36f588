/* daemon/duty_enroll.c - enrolment and renewal, as the signer does them; see signer.h. */
#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/der.h"
#include "ca/claim.h"
#include "ca/csr.h"
#include "ca/identify.h"
#include "ca/profile_set.h"
#include "ca/revoke.h"
#include "ca/token.h"
#include "daemon/signer.h"

/* What an enrolment stands on, found out by its kind of proof. */
struct claim {
	struct wire_enroll wire;
	struct csr csr;
	struct ledger *ledger;
	const struct profile *profile;
	struct tenant tenant;
	struct token token;           /* first enrolment */
	struct identified identified; /* renewal */
	struct provenance provenance;
};

static bool
copy_text(struct octets o, char *to, size_t size)
{
	if (o.n >= size || (o.n > 0 && memchr(o.at, '\0', o.n) != NULL))
		return false;
	memcpy(to, o.at, o.n);
	to[o.n] = '\0';
	return true;
}

/* The profile that the proof names, which must let its holder ask this way. */
static bool
take_profile(struct claim *c, const char *name, const char *kind, struct fault *f)
{
	unsigned way = c->wire.renew ? PROFILE_BY_CERTIFICATE : PROFILE_BY_TOKEN;

	if (memcmp(c->wire.profiles, profile_set_digest(), PROFILE_DIGEST_OCTETS) != 0)
		return fault_set(f, FAULT_BUSY,
		    "profile: the edge has read other profiles than the signer: restart the service");
	if ((c->profile = profile_find(name)) == NULL || strcmp(c->profile->kind, kind) != 0)
		return fault_set(f, FAULT_DENIED,
		    "profile: %s: there is none of that name for a %s any more", name, kind);
	if ((c->profile->ask & way) == 0)
		return fault_set(f, FAULT_DENIED, "profile: %s: may not be asked for by %s", name,
		    c->wire.renew ? "certificate" : "token");
	return true;
}

/* A renewal is taken in its window, and of what is as sure as the profile wants. */
static bool
check_renewal(const struct job *j, const struct claim *c, struct fault *f)
{
	const struct standing *s = &c->identified.standing;
	int64_t opens_s = s->not_after_s - c->profile->window_s;
	char at[TEXT_TIME_MAX];

	text_time(opens_s, at);
	if (j->now_s < opens_s)
		return fault_set(f, FAULT_DENIED,
		    "profile: %s: a renewal is taken from %s on, and not sooner", c->profile->name,
		    at);
	if (s->assurance < c->profile->assurance)
		return fault_set(f, FAULT_DENIED,
		    "profile: %s: the certificate was not approved by an officer: enrol again with an officer's token",
		    c->profile->name);
	return true;
}

/* Whoever made the token may not have been one whose token this profile takes. */
static bool
check_approval(const struct claim *c, struct fault *f)
{
	return !c->profile->officer || c->token.approved ||
	       fault_set(f, FAULT_DENIED, "profile: %s: takes a token of an officer alone",
		   c->profile->name);
}

/* Who asks: the device that a token was made for. */
static bool
by_token(struct signer *s, struct job *j, struct claim *c, struct fault *f)
{
	uint8_t hash[TOKEN_HASH_OCTETS];
	char name[TEXT_LABEL_MAX];

	token_hash(&s->token_key, c->wire.password, hash);
	if (!copy_text(c->wire.user, name, sizeof(name)))
		return fault_set(
		    f, FAULT_AUTH, "token: RFC 7030 section 3.2.3: the user is no device's name");
	if (!token_check(c->ledger, hash, name, j->now_s, &c->token, f))
		return false;
	j->who.kind = IDENTITY_TOKEN;
	j->who.good = true;
	memcpy(j->who.tenant, c->wire.tenant, sizeof(j->who.tenant));
	memcpy(j->who.endpoint, c->token.device.kind, sizeof(j->who.endpoint));
	memcpy(j->who.name, c->token.device.name, sizeof(j->who.name));
	token_id(&c->token, j->who.evidence);
	j->device = c->token.device;
	if (!take_profile(c, c->token.profile, j->device.kind, f) || !check_approval(c, f))
		return false;
	c->provenance = (struct provenance){ .how = "token",
		.at_s = j->now_s,
		.assurance = c->profile->officer ? ASSURANCE_APPROVED : ASSURANCE_TOKEN };
	memcpy(c->provenance.enroller, c->token.creator, sizeof(c->provenance.enroller));
	memcpy(c->provenance.evidence, j->who.evidence, sizeof(j->who.evidence));
	return true;
}

static bool
same_names(struct octets a, struct octets b)
{
	const uint8_t *pa = a.at, *pb = b.at;
	X509_NAME *na = d2i_X509_NAME(NULL, &pa, (long)a.n),
		  *nb = d2i_X509_NAME(NULL, &pb, (long)b.n);
	bool same = na != NULL && nb != NULL && X509_NAME_cmp(na, nb) == 0;

	X509_NAME_free(na);
	X509_NAME_free(nb);
	return same;
}

/* Every requested name is among those of the certificate: a set within a set, in any order. */
static bool
names_within(struct octets asked, struct octets have)
{
	struct octets one, other, rest, content;
	uint8_t tag;

	while (der_next(&asked, &tag, &content, &one)) {
		bool found = false;

		for (rest = have; !found && der_next(&rest, &tag, &content, &other);)
			found = octets_same(one, other);
		if (!found)
			return false;
	}
	return true;
}

/* Who asks: the holder of the certificate. */
static bool
by_certificate(struct signer *s, struct job *j, struct claim *c, struct fault *f)
{
	struct identified *a = &c->identified;

	if (!identify(s->realm, c->wire.peer, j->now_s, &j->who, a, f))
		return false;
	memcpy(j->who.source, c->wire.source, sizeof(j->who.source));
	if (!j->who.good)
		return fault_set(f, FAULT_DENIED, "est: RFC 7030 section 4.2.2: %s", a->why);
	memcpy(j->device.tenant, j->who.tenant, sizeof(j->device.tenant));
	memcpy(j->device.kind, j->who.endpoint, sizeof(j->device.kind));
	memcpy(j->device.name, j->who.name, sizeof(j->device.name));
	if (!take_profile(c, a->standing.profile, j->device.kind, f) || !check_renewal(j, c, f))
		return false;
	c->provenance = (struct provenance){
		.how = "certificate",
		.at_s = j->now_s,
		.assurance =
		    a->standing.assurance, /* a renewal is as sure as the first enrolment was */
	};
	memcpy(c->provenance.enroller, a->standing.enroller, sizeof(c->provenance.enroller));
	memcpy(c->provenance.evidence, j->who.evidence, sizeof(j->who.evidence));
	return true;
}

/* A renewal asks for the names that it has, and for nothing else. */
static bool
check_same_names(const struct claim *c, struct fault *f)
{
	const struct cert *cert = &c->identified.cert;

	if (!same_names(c->csr.subject, cert->subject))
		return fault_set(f, FAULT_BADREQ,
		    "est: RFC 7030 section 4.2.2: the subject differs from the certificate's");
	return names_within(c->csr.alt_names, cert->alt_names) ||
	       fault_set(f, FAULT_BADREQ,
		   "est: RFC 7030 section 4.2.2: subjectAltName differs from the certificate's");
}

/* A first enrolment may name itself in subjectAltName, and nothing else. */
static bool
check_asked_names(struct signer *s, const struct job *j, const struct claim *c, struct fault *f)
{
	char uri[NAME_URI_MAX], unit[TEMPLATE_TEXT_MAX], common[TEMPLATE_TEXT_MAX];
	char dns[PROFILE_DNS_MAX][TEXT_HOST_MAX];
	struct bytes own = { 0 };
	struct der d = { .out = &own };
	bool ok;

	if (c->wire.renew)
		return check_same_names(c, f);
	if (!profile_fill(c->profile, realm_space(s->realm), &j->device, unit, common, dns, f))
		return false;
	name_uri(realm_space(s->realm), &j->device, uri);
	der_put_text(&d, DER_CONTEXT(6), uri);
	for (size_t i = 0; i < c->profile->dns_n; i++)
		der_put_text(&d, DER_CONTEXT(2), dns[i]);
	der_put_text(&d, DER_CONTEXT(2), j->device.name);
	ok = bytes_ok(&own, f) &&
	     (names_within(c->csr.alt_names, octets_bytes(&own)) ||
		 fault_set(f, FAULT_BADREQ,
		     "csr: RFC 5280 section 4.2.1.6: asks for a name that is not its own"));
	bytes_free(&own);
	return ok;
}

/* One key, one holder: never another endpoint's anywhere, a CA's, or one that was compromised. */
static bool
check_key(struct signer *s, struct job *j, const struct claim *c, struct fault *f)
{
	memcpy(j->key_digest, c->csr.key_id, sizeof(j->key_digest));
	return claim_put(s->realm, c->csr.spki, &j->device, f);
}

static bool
judge_who(struct signer *s, struct job *j, struct claim *c, struct fault *f)
{
	struct object what = { .tenant = "" };

	/* The proof first: a request is parsed, at some cost, for those alone who have one. */
	if (c->wire.renew ? !by_certificate(s, j, c, f) : !by_token(s, j, c, f))
		return false;
	memcpy(what.tenant, c->wire.tenant, sizeof(what.tenant));
	memcpy(what.endpoint, j->device.kind, sizeof(what.endpoint));
	memcpy(what.name, j->device.name, sizeof(what.name));
	decide(&j->who, c->wire.renew ? ACT_RENEW : ACT_ENROLL, &what, &j->verdict);
	if (!j->verdict.permit)
		return fault_set(
		    f, FAULT_DENIED, "policy: %s: %s", j->verdict.rule, j->verdict.reason);
	return csr_parse(c->wire.csr, &c->csr, f) && check_asked_names(s, j, c, f) &&
	       profile_takes(c->profile, c->csr.spki, f) && check_key(s, j, c, f) &&
	       realm_authority_good(s->realm, &j->issuer->a, j->now_s, f);
}

/* The certificate that the decision grants, as an intent in the ledger's batch. */
static bool
intend(struct signer *s, struct job *j, struct claim *c, struct fault *f)
{
	struct wish w = {
		.profile = c->profile,
		.org = c->wire.tenant,
		.endpoint = &j->device,
		.spki = c->csr.spki,
		.provenance = &c->provenance,
		.public_url = s->settings.public_url,
		.space = realm_space(s->realm),
	};

	if (!issue_prepare(j->issuer, &w, j->now_s, &j->ticket, f) ||
	    !issue_intend(j->issuer, j->ticket, f))
		return false;
	if (c->wire.renew)
		return true;
	/* Spent with the intent: no second request of this round or any later one finds it unused.
	 */
	c->token.state = TOKEN_USED;
	memcpy(c->token.serial, ticket_serial(j->ticket), sizeof(c->token.serial));
	return token_put(c->ledger, &c->token, f);
}

bool
duty_enroll_judge(struct signer *s, struct job *j, struct fault *f)
{
	struct claim c = { .provenance = { .at_s = 0 } };

	if (!wire_enroll(j->body, &c.wire, f))
		return false;
	memcpy(j->who.source, c.wire.source, sizeof(j->who.source));
	if (!realm_ledger(s->realm, c.wire.tenant, &c.ledger, f))
		return false;
	memcpy(j->tenant, c.wire.tenant, sizeof(j->tenant));
	j->renew = c.wire.renew;
	return ledger_has_room(c.ledger, f) && ledger_has_room(realm_platform(s->realm), f) &&
	       realm_tenant(s->realm, c.wire.tenant, &c.tenant, f) &&
	       keyring_issuer(s->keys, c.tenant.key_id, &j->issuer, f) && judge_who(s, j, &c, f) &&
	       intend(s, j, &c, f);
}

/*
 * Since it was judged, another job of the round may have revoked the certificate that is renewed,
 * its CA, or its key as compromised, or registered the same key.
 */
static bool
judge_again(struct signer *s, const struct job *j, struct fault *f)
{
	struct wire_enroll wire;
	struct identity who;
	struct identified also;

	if (!claim_check(s->realm, j->key_digest, &j->device, f) ||
	    !realm_authority_good(s->realm, &j->issuer->a, j->now_s, f))
		return false;
	if (!j->renew)
		return true;
	if (!wire_enroll(j->body, &wire, f) ||
	    !identify(s->realm, wire.peer, j->now_s, &who, &also, f))
		return false;
	return who.good || fault_set(f, FAULT_DENIED, "est: RFC 7030 section 4.2.2: %s", also.why);
}

/* An operator's row names the certificate that he has now; the role stays. */
static bool
keep_operator(struct signer *s, const struct job *j, struct fault *f)
{
	struct ledger *platform = realm_platform(s->realm);
	struct octets name = octets_text(j->device.name);
	struct bytes row = { 0 };
	bool ok;

	if (j->who.kind != IDENTITY_OPERATOR)
		return true;
	ok = ledger_get(platform, TABLE_OPERATOR, name, &row, f);
	if (ok && row.n == 1 + TBS_SERIAL_OCTETS) {
		memcpy(row.at + 1, ticket_serial(j->ticket), TBS_SERIAL_OCTETS);
		ledger_put(platform, TABLE_OPERATOR, name, octets_bytes(&row));
	}
	bytes_free(&row);
	return ok;
}

bool
duty_enroll_act(struct signer *s, struct job *j, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	uint64_t index;

	issue_intended(j->ticket);
	if (!judge_again(s, j, f) || !issue_sign(j->issuer, j->ticket, &s->journal, j->now_s, f) ||
	    !issue_record(j->issuer, j->ticket, &why, j->now_s, &index, f) ||
	    !keep_operator(s, j, f))
		return false;
	bytes_put_counted(&j->answer, ticket_certificate(j->ticket));
	bytes_put_u64(&j->answer, index);
	return bytes_ok(&j->answer, f);
}
