/* daemon/approval.c - see approval.h. */
#include "daemon/approval.h"

#include <stdio.h>
#include <string.h>

#include "ca/binding.h"
#include "ca/claim.h"
#include "ca/issue.h"
#include "daemon/sent.h"

#define FULL_AGAIN_S 300 /* where too many wait */

/* When to come again: soon at first, when somebody may sit before it and wait. */
static const struct {
	int64_t within_s; /* since it was asked */
	unsigned again_s;
} paces[] = {
	{ 60, 5 },
	{ 600, 10 },
	{ 3600, 60 },
	{ INT64_MAX, 300 },
};

bool
approval_due(const struct claim *c)
{
	return c->wire.way == ENROL_REQUEST ||
	       (c->profile->each && c->wire.way != ENROL_CERTIFICATE);
}

static void
wait_on(struct errand *j, const struct petition *r)
{
	size_t i = 0;

	while (j->now_s - r->asked_s >= paces[i].within_s)
		i++;
	j->waits_s = paces[i].again_s;
}

void
approval_describe(struct json *e, const struct petition *r)
{
	char id[PETITION_ID_LETTERS + 1], name[TEXT_LABEL_MAX * 2];

	petition_id(r, id);
	(void)snprintf(name, sizeof(name), "%s/%s", r->device.kind, r->device.name);
	json_put_text(e, "request", id);
	json_put_text(e, "name", name);
	json_put_text(e, "profile", r->profile);
	json_put_hex(e, "key", r->key, sizeof(r->key));
}

static bool
log_asked(struct signer *s, struct errand *j, struct ledger *l, struct petition *r, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct json *e = log_entry("enrolment.asked", &why);

	approval_describe(e, r);
	json_put_hex(e, "csr", r->digest, sizeof(r->digest));
	json_put_time(e, "expires", j->now_s + PETITION_OPEN_S);
	return log_append(l, e, j->now_s, &r->asked_index, f);
}

/* Asked for the first time, or anew after the last time came to its end. */
static bool
open_one(struct signer *s, struct errand *j, struct claim *c, struct fault *f)
{
	const struct proof *proof = proof_find(c->wire.way);
	struct petition r = { .way = c->wire.way, .device = j->device };
	struct bytes kept = { 0 };
	bool ok;

	memcpy(r.key, c->csr.key_id, sizeof(r.key));
	memcpy(r.source, c->wire.source, sizeof(r.source));
	(void)snprintf(r.profile, sizeof(r.profile), "%s", c->profile->name);
	if (c->wire.way != ENROL_REQUEST)
		(void)snprintf(r.proof, sizeof(r.proof), "%s", j->who.evidence);
	ok = binding_hide(c->wire.csr, c->csr.challenge, &kept, f);
	r.csr = octets_bytes(&kept);
	ok = ok && claim_check(s->realm, r.key, &j->device, f) &&
	     issue_key_digest(c->wire.csr, r.digest, f) && log_asked(s, j, c->ledger, &r, f) &&
	     petition_open(s->realm, c->ledger, &r, j->now_s, f);
	bytes_free(&kept);
	if (!ok) {
		if (f->code == FAULT_BUSY)
			bytes_put_fmt(&j->members, "{\"retry_s\":%d}", FULL_AGAIN_S);
		return false;
	}
	wait_on(j, &r);
	return proof->keep == NULL || proof->keep(c, f);
}

/* Whoever approved saw which certificate the new one would replace. */
static bool
check_replaces(struct errand *j, struct claim *c, const struct petition *r, struct fault *f)
{
	uint8_t have[TBS_SERIAL_OCTETS];
	char id[PETITION_ID_LETTERS + 1];

	if (!petition_replaces(c->ledger, &j->device, j->now_s, have, f))
		return false;
	if (memcmp(have, r->replaces, sizeof(have)) == 0)
		return true;
	petition_id(r, id);
	j->untold = true;
	return fault_set(f, FAULT_CONFLICT,
	    "request: %s: since it was approved %s/%s has got or lost a certificate: it must be approved again",
	    id, j->device.kind, j->device.name);
}

static bool
take(struct errand *j, struct claim *c, const struct petition *r, struct fault *f)
{
	if (!check_replaces(j, c, r, f))
		return false;
	c->request = *r;
	c->request.csr = octets_of(NULL, 0); /* is of no use from here on, and its row is freed */
	c->approved = true;
	c->provenance = (struct provenance){
		.how = "approval", .at_s = j->now_s, .assurance = ASSURANCE_APPROVED
	};
	memcpy(c->provenance.enroller, r->by, sizeof(c->provenance.enroller));
	petition_id(r, c->provenance.evidence);
	return true;
}

static bool
refuse(struct errand *j, const struct petition *r, struct fault *f)
{
	char id[PETITION_ID_LETTERS + 1];

	petition_id(r, id);
	j->untold = true; /* the refusal was written down when it was made */
	return fault_set(f, FAULT_DENIED, "request: %s: refused: %s", id, r->reason);
}

static bool
same(const struct errand *j, const struct claim *c, const struct petition *r, struct fault *f)
{
	if (strcmp(r->profile, c->profile->name) != 0 || r->way != c->wire.way)
		return fault_set(f, FAULT_CONFLICT,
		    "request: this key waits already, by profile %s: ask for that as before, or with another key",
		    r->profile);
	return petition_same(r, &c->csr, &j->device, f);
}

static bool
judge_state(struct signer *s, struct errand *j, struct claim *c, const struct petition *r,
    enum petition_state state, struct fault *f)
{
	if (state == PETITION_ISSUED && !sent_judge(j, c, r->serial, &j->sending, f))
		return false;
	if (j->sending)
		return true;
	if (state == PETITION_ISSUED || state == PETITION_EXPIRED)
		return open_one(s, j, c, f);
	if (!same(j, c, r, f))
		return false;
	if (state == PETITION_WAITING)
		wait_on(j, r);
	return state == PETITION_WAITING ||
	       (state == PETITION_REFUSED ? refuse(j, r, f) : take(j, c, r, f));
}

bool
approval_judge(struct signer *s, struct errand *j, struct claim *c, struct fault *f)
{
	struct bytes row = { 0 };
	enum petition_state state;
	struct petition r;
	struct fault why;
	bool ok;

	if (petition_get(c->ledger, c->csr.key_id, &row, &r, &why))
		ok = petition_state(c->ledger, &r, j->now_s, &state, f) &&
		     judge_state(s, j, c, &r, state, f);
	else if (why.code == FAULT_NOTFOUND)
		ok = open_one(s, j, c, f);
	else
		ok = (*f = why, false);
	bytes_free(&row);
	return ok;
}

bool
approval_spend(struct errand *j, struct claim *c, struct fault *f)
{
	if (!c->approved)
		return true;
	memcpy(c->request.serial, ticket_serial(j->ticket), sizeof(c->request.serial));
	return petition_turn(c->ledger, &c->request, PETITION_ISSUED,
	    ticket_not_after(j->ticket) + PETITION_KEPT_S, f);
}
