/* daemon/duty_proposal.c - a second person's yes or no; see second.h. */
#include <stdio.h>
#include <string.h>

#include "ca/proposal.h"
#include "daemon/once.h"
#include "daemon/round.h"
#include "daemon/second.h"

/* What a decision is about. */
struct judgement {
	struct wire_act act;
	struct json *body;
	struct bytes row;
	struct proposal p; /* it lends from row */
	char id[PROPOSAL_ID_LETTERS + 1];
	char by[IDENTITY_TEXT_MAX];
};

static void
close_decision(struct judgement *d)
{
	json_free(d->body);
	bytes_free(&d->row);
}

/* Who may decide, and on what; to close_decision() either way. */
static bool
open_decision(struct signer *s, struct errand *j, struct judgement *d, struct fault *f)
{
	*d = (struct judgement){ .body = NULL };
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
tell(struct signer *s, struct errand *j, struct judgement *d, const char *act, struct fault *f)
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
settle(struct signer *s, struct errand *j, struct judgement *d, enum proposal_state state,
    struct fault *f)
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
answer_of(const struct judgement *d, const char *state)
{
	struct json *answer = json_object();

	json_put_text(answer, "id", d->id);
	json_put_text(answer, "request", d->p.word);
	json_put_text(answer, "state", state);
	json_put_octets(answer, "asked_by", octets_text(d->p.by));
	return answer;
}

/* An approval on its way. */
struct approval {
	struct signer *s;
	struct errand *j;
	struct judgement *d;
	bool dry, answered;
};

static bool
answer_approval(struct approval *w, const struct errand *act, struct fault *f)
{
	struct json *answer, *done;

	if (!json_parse(octets_bytes(&act->answer), &done, f))
		return false;
	answer = answer_of(w->d, w->dry ? "waiting" : "approved");
	json_put_bool(answer, "dry_run", w->dry);
	json_put(answer, w->dry ? "shows" : "answer", done);
	if (!w->dry)
		json_put_number(answer, "log_index", (int64_t)w->d->p.decided_index);
	w->answered = true;
	return signer_close_act(w->j, answer, f);
}

/* The act commits the platform's ledger by itself, and the approval with it. */
static bool
decide_with(void *with, struct errand *act, struct ledger *l, struct fault *f)
{
	struct approval *w = with;

	return answer_approval(w, act, f) && once_decide(w->s, w->j, l, f);
}

/* The act again, as who asked: what is refused now was refused for good reason, told with it. */
static bool
carry_out(struct approval *w, struct errand *ret, struct fault *f)
{
	struct judgement *d = w->d;
	const struct duty *duty = round_duty_named(d->p.word);
	struct second second = {
		.proposal = &d->p, .dry = w->dry, .decide = decide_with, .with = w
	};
	struct fault why;

	if (duty == NULL || duty->judge != NULL)
		return fault_set(f, FAULT_CONFLICT, "act: this version cannot do it: ask anew");
	memcpy(second.by, d->by, sizeof(second.by));
	*ret = (struct errand){ .from = d->p.from,
		.body = d->p.body,
		.now_s = w->j->now_s,
		.verb = duty->verb,
		.sessions = w->j->sessions,
		.second = &second };
	if (duty->act(w->s, ret, &why)) {
		ret->second = NULL;
		w->j->cuts = w->j->cuts || (!w->dry && (duty->cuts || ret->cuts));
		return true;
	}
	bytes_free(&ret->answer);
	bytes_free(&ret->members);
	bytes_free(&ret->request);
	if (why.code == FAULT_INTERNAL || why.code == FAULT_BUSY)
		return *f = why, false;
	return fault_set(
	    f, FAULT_CONFLICT, "act: it cannot be done any more as it was asked: %.180s", why.text);
}

/* In the platform's own ledger approval and act are one transaction. What is done elsewhere is
 * durable before, and remembered there: after a death between the two it waits still, and its
 * second run finds what the first did. */
static bool
do_act(struct approval *w, struct ledger *own, struct errand *ret, struct fault *f)
{
	bool elsewhere = own != NULL && own != realm_platform(w->s->realm), done = false;
	struct errand *j = w->j;

	if (elsewhere && !w->dry &&
	    !once_done(w->s, own, w->d->id, j->now_s, &done, &ret->answer, f))
		return false;
	if (done) {
		j->cuts = true; /* perhaps nobody was told then */
		return true;
	}
	if (!carry_out(w, ret, f))
		return false;
	return w->dry || !elsewhere ||
	       (once_keep_done(w->s, own, w->d->id, j->now_s, octets_bytes(&ret->answer), f) &&
		   ledger_commit(own, f));
}

static bool
run(struct signer *s, struct errand *j, struct judgement *d, bool dry, struct fault *f)
{
	struct approval w = { .s = s, .j = j, .d = d, .dry = dry };
	struct ledger_mark mark = { 0, 0 };
	struct ledger *own = NULL;
	struct errand act = { .from = 0 };
	struct fault none;
	bool ok;

	if (d->p.tenant[0] != '\0' && realm_ledger(s->realm, d->p.tenant, &own, &none))
		mark = ledger_mark(own);
	ok = (dry || settle(s, j, d, PROPOSAL_APPROVED, f)) && do_act(&w, own, &act, f);
	if (own != NULL && (!ok || dry))
		ledger_undo(own, mark);
	ok = ok && (w.answered || answer_approval(&w, &act, f));
	bytes_free(&act.answer);
	bytes_free(&act.members);
	bytes_free(&act.request);
	return ok;
}

bool
duty_act_approve(struct signer *s, struct errand *j, struct fault *f)
{
	static const char *const names[] = { "dry_run", NULL };
	struct judgement d;
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
duty_act_refuse(struct signer *s, struct errand *j, struct fault *f)
{
	static const char *const names[] = { "reason", NULL };
	struct judgement d;
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
