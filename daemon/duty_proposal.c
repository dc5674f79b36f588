/* daemon/duty_proposal.c - a second person's yes or no; see second.h. */
#include <stdio.h>
#include <string.h>

#include "ca/proposal.h"
#include "daemon/round.h"
#include "daemon/second.h"

/* What a decision is about. */
struct decision {
	struct wire_act act;
	struct json *body;
	struct bytes row;
	struct proposal p; /* it lends from row */
	char id[PROPOSAL_ID_LETTERS + 1];
	char by[IDENTITY_TEXT_MAX];
};

static void
close_decision(struct decision *d)
{
	json_free(d->body);
	bytes_free(&d->row);
}

/* Who may decide, and on what; to close_decision() either way. */
static bool
open_decision(struct signer *s, struct job *j, struct decision *d, struct fault *f)
{
	*d = (struct decision){ .body = NULL };
	if (!signer_open_act(s, j, ACT_DECIDE, &d->act, &d->body, f))
		return false;
	(void)snprintf(j->tenant, sizeof(j->tenant), "%s", NAME_PLATFORM);
	if (d->act.object.n == PROPOSAL_ID_LETTERS)
		memcpy(d->id, d->act.object.at, d->act.object.n);
	identity_text(&j->who, d->by);
	if (!proposal_find(realm_platform(s->realm), d->id, &d->row, &d->p, f))
		return false;
	if (d->p.state != PROPOSAL_WAITING || j->now_s >= d->p.due_s)
		return fault_set(f, FAULT_CONFLICT, "act: it is %s already",
		    proposal_state_word(&d->p, j->now_s));
	return true;
}

static bool
tell(struct signer *s, struct job *j, struct decision *d, const char *act, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct json *e = log_entry(act, &why);

	json_put_text(e, "id", d->id);
	json_put_text(e, "request", d->p.word);
	json_put_octets(e, "asked_by", octets_text(d->p.by));
	json_put_number(e, "asked_index", (int64_t)d->p.asked_index);
	if (d->p.reason[0] != '\0')
		json_put_octets(e, "reason", octets_text(d->p.reason));
	return log_append(realm_platform(s->realm), e, j->now_s, &d->p.decided_index, f);
}

static bool
settle(
    struct signer *s, struct job *j, struct decision *d, enum proposal_state state, struct fault *f)
{
	static const char *const acts[] = {
		[PROPOSAL_APPROVED] = "act.approved", [PROPOSAL_REFUSED] = "act.refused"
	};

	if (!tell(s, j, d, acts[state], f))
		return false;
	d->p.state = state;
	d->p.decided_s = j->now_s;
	(void)snprintf(d->p.decided_by, sizeof(d->p.decided_by), "%s", d->by);
	return proposal_put(realm_platform(s->realm), &d->p, f);
}

static struct json *
answer_of(const struct decision *d, const char *state)
{
	struct json *answer = json_object();

	json_put_text(answer, "id", d->id);
	json_put_text(answer, "request", d->p.word);
	json_put_text(answer, "state", state);
	json_put_octets(answer, "asked_by", octets_text(d->p.by));
	return answer;
}

/* The act again, as who asked: what is refused now was refused for good reason, told with it. */
static bool
carry_out(
    struct signer *s, struct job *j, struct decision *d, bool dry, struct job *ret, struct fault *f)
{
	const struct duty *duty = round_duty_named(d->p.word);
	struct second second = { .proposal = &d->p, .dry = dry };
	struct fault why;

	if (duty == NULL || duty->judge != NULL)
		return fault_set(f, FAULT_CONFLICT, "act: this version cannot do it: ask anew");
	memcpy(second.by, d->by, sizeof(second.by));
	*ret = (struct job){ .from = d->p.from,
		.body = d->p.body,
		.now_s = j->now_s,
		.verb = duty->verb,
		.sessions = j->sessions,
		.second = &second };
	if (duty->act(s, ret, &why)) {
		ret->second = NULL;
		j->cuts = j->cuts || (!dry && (duty->cuts || ret->cuts));
		return true;
	}
	bytes_free(&ret->answer);
	bytes_free(&ret->members);
	if (why.code == FAULT_INTERNAL || why.code == FAULT_BUSY)
		return *f = why, false;
	return fault_set(
	    f, FAULT_CONFLICT, "act: it cannot be done any more as it was asked: %.180s", why.text);
}

/* In the platform's own ledger approval and act are one transaction. What was done elsewhere is
 * durable before: a crash between the two leaves an act that waits, and whose second run is judged
 * by what is there. */
static bool
commit_elsewhere(struct signer *s, const struct job *done, struct fault *f)
{
	struct ledger *l;

	if (done->tenant[0] == '\0' || strcmp(done->tenant, NAME_PLATFORM) == 0)
		return true;
	return realm_ledger(s->realm, done->tenant, &l, f) && ledger_commit(l, f);
}

static bool
run(struct signer *s, struct job *j, struct decision *d, bool dry, struct fault *f)
{
	struct ledger_mark mark = { 0, 0 };
	struct ledger *own = NULL;
	struct json *answer = NULL, *done = NULL;
	struct job act = { .from = 0 };
	struct fault none;
	bool ok;

	if (d->p.tenant[0] != '\0' && realm_ledger(s->realm, d->p.tenant, &own, &none))
		mark = ledger_mark(own);
	ok = (dry || settle(s, j, d, PROPOSAL_APPROVED, f)) && carry_out(s, j, d, dry, &act, f) &&
	     (dry || commit_elsewhere(s, &act, f));
	if (own != NULL && (!ok || dry))
		ledger_undo(own, mark);
	if (ok && (ok = json_parse(octets_bytes(&act.answer), &done, f))) {
		answer = answer_of(d, dry ? "waiting" : "approved");
		json_put_bool(answer, "dry_run", dry);
		json_put(answer, dry ? "shows" : "answer", done);
		if (!dry)
			json_put_number(answer, "log_index", (int64_t)d->p.decided_index);
		ok = signer_close_act(j, answer, f);
	}
	bytes_free(&act.answer);
	bytes_free(&act.members);
	return ok;
}

bool
duty_act_approve(struct signer *s, struct job *j, struct fault *f)
{
	static const char *const names[] = { "dry_run", NULL };
	struct decision d;
	bool dry, ok = open_decision(s, j, &d, f) && signer_only(d.body, names, f) &&
		       signer_flag(d.body, "dry_run", &dry, f);

	if (ok && !dry && strcmp(d.by, d.p.by) == 0)
		ok = fault_set(f, FAULT_DENIED,
		    "act: who asked is never the second person: another officer approves it");
	ok = ok && run(s, j, &d, dry, f);
	close_decision(&d);
	return ok;
}

bool
duty_act_refuse(struct signer *s, struct job *j, struct fault *f)
{
	static const char *const names[] = { "reason", NULL };
	struct decision d;
	const char *reason;
	struct json *answer;
	bool ok = open_decision(s, j, &d, f) && signer_only(d.body, names, f);

	reason = ok ? json_text(d.body, "reason") : NULL;
	if (ok && (reason == NULL || reason[0] == '\0' || strlen(reason) > PROPOSAL_REASON_MAX))
		ok = fault_set(f, FAULT_BADREQ, "reason: expected a text of 1 to %d octets",
		    PROPOSAL_REASON_MAX);
	if (ok) {
		(void)snprintf(d.p.reason, sizeof(d.p.reason), "%s", reason);
		ok = settle(s, j, &d, PROPOSAL_REFUSED, f);
	}
	if (ok) {
		answer = answer_of(&d, "refused");
		json_put_octets(answer, "reason", octets_text(d.p.reason));
		json_put_number(answer, "log_index", (int64_t)d.p.decided_index);
		ok = signer_close_act(j, answer, f);
	}
	close_decision(&d);
	return ok;
}
