/* daemon/duty_enroll.c - enrolment and renewal, as the signer does them; see signer.h. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ca/binding.h"
#include "ca/claim.h"
#include "ca/holding.h"
#include "ca/profile_set.h"
#include "ca/revoke.h"
#include "ca/staff.h"
#include "daemon/approval.h"
#include "daemon/evidence.h"
#include "daemon/sent.h"

/* What is asked for may be had, by this key, of this CA. */
static bool
judge_content(struct signer *s, struct errand *j, struct claim *c, struct fault *f)
{
	if (c->csr.spki.n == 0 && !csr_parse(c->wire.csr, &c->csr, f))
		return false;
	memcpy(j->key_digest, c->csr.key_id, sizeof(j->key_digest));
	return binding_check(c->profile->binding, c->csr.challenge, c->wire.binding, f) &&
	       proof_find(c->wire.way)->names(s, j, c, f) &&
	       profile_takes(c->profile, c->csr.spki, f) &&
	       realm_authority_good(s->realm, &j->issuer->a, j->now_s, f);
}

/* Whatever is wrong about it, a token that was spent is told to be just that. */
static bool
judge_spent(struct signer *s, struct errand *j, struct claim *c, struct fault *f)
{
	if (!judge_content(s, j, c, f) || !sent_judge(j, c, c->token.serial, &j->sending, f)) {
		if (f->code == FAULT_INTERNAL)
			return false;
		j->sending = false;
	}
	return j->sending || fault_set(f, FAULT_AUTH, "token: RFC 7030 section 3.2.3: %s is used",
				 j->who.evidence);
}

/* One key, one holder: never another endpoint's anywhere, a CA's, or one that was compromised. The
 * key is claimed by who gets a certificate for it, and not by who waits. */
static bool
judge_request(struct signer *s, struct errand *j, struct claim *c, struct fault *f)
{
	if (!judge_content(s, j, c, f) || (approval_due(c) && !approval_judge(s, j, c, f)))
		return false;
	return j->waits_s > 0 || j->sending || claim_put(s->realm, c->csr.spki, &j->device, f);
}

static bool
judge_who(struct signer *s, struct errand *j, struct claim *c, struct fault *f)
{
	const struct proof *proof = proof_find(c->wire.way);
	struct object what = { .tenant = "" };

	if (proof == NULL)
		return fault_set(f, FAULT_DENIED, "est: a way to ask that there is not");
	/* The proof first: a request is parsed, at some cost, for those alone who have one. */
	if (!proof->who(s, j, c, f))
		return false;
	memcpy(what.tenant, c->wire.tenant, sizeof(what.tenant));
	memcpy(what.endpoint, j->device.kind, sizeof(what.endpoint));
	memcpy(what.name, j->device.name, sizeof(what.name));
	if (!signer_verdict(j, proof->act, &what, f))
		return false;
	return c->spent ? judge_spent(s, j, c, f) : judge_request(s, j, c, f);
}

/* What is given is decided on as it will be; what is renewed, as it is. */
static bool
judge_policies(struct signer *s, struct errand *j, struct claim *c, struct fault *f)
{
	const struct evidence_coming coming = { .issuer = &j->issuer->a,
		.endpoint = &j->device,
		.provenance = &c->provenance,
		.profile = c->profile->name,
		.lifetime_s = c->profile->valid_s };
	const struct proof *proof = proof_find(c->wire.way);
	struct evidence of;
	bool any;

	if (j->waits_s > 0 || j->sending)
		return true;
	if (!signer_has_policies(s, j, &any, f))
		return false;
	if (!any)
		return true;
	if (!(c->wire.way == ENROL_CERTIFICATE
		    ? evidence_of(s->realm, c->wire.peer, &j->who, &c->identified, &of, f)
		    : evidence_to_come(s->realm, &coming, &of, f)))
		return false;
	return signer_rule(s, j, &of, proof->act, &j->inputs.what, f);
}

/* The certificate that the decision grants, as an intent in the ledger's batch. */
static bool
intend(struct signer *s, struct errand *j, struct claim *c, struct fault *f)
{
	const struct proof *proof = proof_find(c->wire.way);
	struct wish w = {
		.profile = c->profile,
		.org = c->wire.tenant,
		.endpoint = &j->device,
		.spki = c->csr.spki,
		.provenance = &c->provenance,
		.public_url = s->settings.public_url,
		.space = realm_space(s->realm),
		.late_s = j->late_s,
	};

	if (!issue_prepare(j->issuer, &w, j->now_s, &j->ticket, f) ||
	    !issue_intend(j->issuer, j->ticket, f))
		return false;
	return (proof->spend == NULL || proof->spend(j, c, f)) && approval_spend(j, c, f);
}

bool
duty_enroll_judge(struct signer *s, struct errand *j, struct fault *f)
{
	struct claim c = { .provenance = { .at_s = 0 } };

	if (!wire_enroll(j->body, &c.wire, f))
		return false;
	memcpy(j->who.source, c.wire.source, sizeof(j->who.source));
	if (!realm_ledger(s->realm, c.wire.tenant, &c.ledger, f))
		return false;
	memcpy(j->tenant, c.wire.tenant, sizeof(j->tenant));
	j->way = c.wire.way;
	return ledger_has_room(c.ledger, f) && ledger_has_room(realm_platform(s->realm), f) &&
	       realm_tenant(s->realm, c.wire.tenant, &c.tenant, f) &&
	       keyring_issuer(s->keys, c.tenant.key_id, &j->issuer, f) && judge_who(s, j, &c, f) &&
	       judge_policies(s, j, &c, f) && (j->waits_s > 0 || j->sending || intend(s, j, &c, f));
}

/*
 * Since it was judged, another job of the round may have revoked the certificate that is renewed,
 * its CA, or its key as compromised, or registered the same key.
 */
static bool
judge_again(struct signer *s, const struct errand *j, struct fault *f)
{
	const struct proof *proof = proof_find(j->way);

	return claim_check(s->realm, j->key_digest, &j->device, f) &&
	       realm_authority_good(s->realm, &j->issuer->a, j->now_s, f) && proof != NULL &&
	       (proof->holds == NULL || proof->holds(s, j, f));
}

/* An operator's row names the certificate that he has now; the role stays. */
static bool
keep_operator(struct signer *s, const struct errand *j, struct fault *f)
{
	struct ledger *platform = realm_platform(s->realm);
	struct staff o;

	if (j->who.kind != IDENTITY_OPERATOR)
		return true;
	if (!staff_find(platform, j->device.name, &o, f))
		return false;
	memcpy(o.serial, ticket_serial(j->ticket), sizeof(o.serial));
	staff_put(platform, &o);
	return true;
}

/* A device that comes in anew was reset, or is another one: what it had ends with this, in the same
 * transaction. */
static bool
end_what_was(struct errand *j, const struct log_context *why, struct fault *f)
{
	const struct proof *proof = proof_find(j->way);
	char owner[HOLDING_OWNER_MAX];
	size_t n = 0;

	if (proof == NULL || proof->act == ACT_RENEW)
		return true;
	holding_owner(j->device.kind, j->device.name, owner);
	if (!holding_supersede(
		j->issuer->ledger, owner, ticket_serial(j->ticket), why, j->now_s, &n, f))
		return false;
	j->cuts = n > 0;
	return true;
}

/* A renewal after the end is a line of the service's own log too: whoever runs it wants to know why
 * nobody renewed in time. */
static void
tell_late(const struct errand *j, uint64_t index)
{
	char late[24], at[24];

	if (j->late_s <= 0)
		return;
	(void)snprintf(late, sizeof(late), "%lld", (long long)j->late_s);
	(void)snprintf(at, sizeof(at), "%llu", (unsigned long long)index);
	log_fact(LOG_INFO, "renewed-late", "tenant", j->device.tenant, "kind", j->device.kind,
	    "name", j->device.name, "late_s", late, "log_index", at, NULL);
}

bool
duty_enroll_act(struct signer *s, struct errand *j, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	uint64_t index;

	if (j->waits_s > 0) {
		bytes_put_counted(&j->answer, octets_of(NULL, 0));
		bytes_put_u64(&j->answer, j->waits_s);
		return bytes_ok(&j->answer, f);
	}
	if (j->sending)
		return sent_act(s, j, f);
	issue_intended(j->ticket);
	if (!judge_again(s, j, f) || !issue_sign(j->issuer, j->ticket, &s->journal, j->now_s, f) ||
	    !issue_record(j->issuer, j->ticket, &why, j->now_s, &index, f) ||
	    !end_what_was(j, &why, f) || !keep_operator(s, j, f))
		return false;
	tell_late(j, index);
	bytes_put_counted(&j->answer, ticket_certificate(j->ticket));
	bytes_put_u64(&j->answer, index);
	return bytes_ok(&j->answer, f);
}

/* Whose token is it? Nothing is spent, and nothing told of one that could not be spent now. */
bool
duty_device(struct signer *s, struct errand *j, struct fault *f)
{
	struct claim c = { .provenance = { .at_s = 0 } };

	if (!wire_enroll(j->body, &c.wire, f))
		return false;
	if (c.wire.way != ENROL_TOKEN || c.wire.csr.n > 0)
		return fault_set(f, FAULT_BADREQ, "wire: a question of another shape");
	if (!realm_ledger(s->realm, c.wire.tenant, &c.ledger, f) || !proof_token.who(s, j, &c, f))
		return false;
	if (c.spent)
		return fault_set(
		    f, FAULT_AUTH, "token: RFC 7030 section 3.2.3: %s is used", j->who.evidence);
	bytes_put_counted_text(&j->answer, j->device.kind);
	bytes_put_counted_text(&j->answer, j->device.name);
	bytes_put_counted_text(&j->answer, c.profile->name);
	return bytes_ok(&j->answer, f);
}
