/* daemon/round.c - many requests, two commits; see signer.h. */
#include "daemon/round.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/revoke.h"
#include "ca/token.h"
#include "daemon/once.h"

#define SEND_WAIT_MS 200

static const struct duty duties[] = {
	{ WIRE_ENROLL, "enroll", FROM_EDGE, 65536, duty_enroll_judge, duty_enroll_act, true,
	    false },
	{ WIRE_DEVICE, "device", FROM_EDGE, 1024, NULL, duty_device, false, false },
	{ WIRE_OCSP, "ocsp", FROM_EDGE, 8192, NULL, duty_ocsp, false, false },
	{ WIRE_REFUSED, "refused", FROM_EDGE | FROM_DESK, 65536, NULL, duty_refused, false, false },
	{ WIRE_SERVICE, "service", FROM_EDGE, 0, NULL, duty_service, false, false },
	{ WIRE_TENANT, "tenant.create", FROM_EDGE | FROM_DESK, 81920, NULL, duty_tenant, true,
	    false },
	{ WIRE_OPERATOR, "operator.add", FROM_EDGE | FROM_DESK, 81920, duty_operator_judge,
	    duty_operator_act, true, false },
	{ WIRE_TOKEN, "token.create", FROM_EDGE | FROM_DESK, 81920, NULL, duty_token, true, false },
	{ WIRE_TOKEN_REVOKE, "token.revoke", FROM_EDGE | FROM_DESK, 81920, NULL, duty_token_revoke,
	    true, false },
	{ WIRE_REVOKE, "certificate.revoke", FROM_EDGE | FROM_DESK, 81920, NULL, duty_revoke, true,
	    true },
	{ WIRE_TENANT_SUSPEND, "tenant.suspend", FROM_EDGE | FROM_DESK, 81920, NULL,
	    duty_tenant_suspend, true, true },
	{ WIRE_TENANT_RESUME, "tenant.resume", FROM_EDGE | FROM_DESK, 81920, NULL,
	    duty_tenant_resume, true, false },
	{ WIRE_REGION_SUSPEND, "region.suspend", FROM_EDGE | FROM_DESK, 81920, NULL,
	    duty_region_suspend, true, true },
	{ WIRE_REGION_RESUME, "region.resume", FROM_EDGE | FROM_DESK, 81920, NULL,
	    duty_region_resume, true, false },
	{ WIRE_HOLD, "certificate.hold", FROM_EDGE | FROM_DESK, 81920, NULL, duty_hold, true,
	    true },
	{ WIRE_RELEASE, "certificate.release", FROM_EDGE | FROM_DESK, 81920, NULL, duty_release,
	    true, false },
	{ WIRE_ROLL, "tenant.rollover", FROM_EDGE | FROM_DESK, 81920, NULL, duty_roll, true, true },
	{ WIRE_SESSIONS, "sessions", FROM_EDGE, 8 + WIRE_SESSIONS_MAX * 24, NULL, duty_sessions,
	    false, false },
	{ WIRE_APPROVE, "request.approve", FROM_EDGE | FROM_DESK, 81920, NULL, duty_approve, true,
	    false },
	{ WIRE_DISAPPROVE, "request.refuse", FROM_EDGE | FROM_DESK, 81920, NULL, duty_disapprove,
	    true, false },
	{ WIRE_MAKER, "maker.add", FROM_EDGE | FROM_DESK, 81920, NULL, duty_maker, true, false },
	{ WIRE_MAKER_REMOVE, "maker.remove", FROM_EDGE | FROM_DESK, 81920, NULL, duty_maker_remove,
	    true, false },
	{ WIRE_DEVICES, "device.register", FROM_EDGE | FROM_DESK, 81920, NULL, duty_devices, true,
	    false },
	{ WIRE_DEVICE_REMOVE, "device.remove", FROM_EDGE | FROM_DESK, 81920, NULL,
	    duty_device_remove, true, false },
	{ WIRE_REVOKE_MANY, "certificates.revoke", FROM_EDGE | FROM_DESK, IPC_BODY_MAX, NULL,
	    duty_revoke_many, true, true },
	{ WIRE_ENDPOINT_REMOVE, "endpoint.remove", FROM_EDGE | FROM_DESK, 81920, NULL,
	    duty_endpoint_remove, true, true },
	{ WIRE_BACKUP, "backup.take", FROM_EDGE | FROM_DESK, 81920, NULL, duty_backup, true,
	    false },
	{ WIRE_WEBHOOK_TEST, "webhook.test", FROM_EDGE | FROM_DESK, 81920, NULL, duty_webhook_test,
	    true, false },
	{ WIRE_KEYS, "key.list", FROM_EDGE | FROM_DESK, 81920, NULL, duty_keys, true, false },
	{ WIRE_OPERATOR_ROLE, "operator.role", FROM_EDGE | FROM_DESK, 81920, NULL,
	    duty_operator_role, true, false },
	{ WIRE_OPERATOR_REMOVE, "operator.remove", FROM_EDGE | FROM_DESK, 81920, NULL,
	    duty_operator_remove, true, true },
	{ WIRE_ACT_APPROVE, "act.approve", FROM_EDGE | FROM_DESK, 81920, NULL, duty_act_approve,
	    true, false },
	{ WIRE_ACT_REFUSE, "act.refuse", FROM_EDGE | FROM_DESK, 81920, NULL, duty_act_refuse, true,
	    false },
	{ WIRE_POLICY, "policy.put", FROM_EDGE | FROM_DESK, IPC_BODY_MAX, NULL, duty_policy, true,
	    true },
	{ WIRE_POLICY_REMOVE, "policy.remove", FROM_EDGE | FROM_DESK, 81920, NULL,
	    duty_policy_remove, true, true },
	{ WIRE_PRINTER, "printer.put", FROM_EDGE | FROM_DESK, 81920, NULL, duty_printer, true,
	    false },
	{ WIRE_PRINTER_REMOVE, "printer.remove", FROM_EDGE | FROM_DESK, 81920, NULL,
	    duty_printer_remove, true, false },
	{ WIRE_BADGE, "badge.add", FROM_EDGE | FROM_DESK, 81920, NULL, duty_badge, true, false },
	{ WIRE_BADGE_REMOVE, "badge.remove", FROM_EDGE | FROM_DESK, 81920, NULL, duty_badge_remove,
	    true, false },
	{ WIRE_STATE, "state", FROM_EDGE | FROM_DESK, 0, NULL, duty_state, false, false },
	{ WIRE_FEED, "revocations.read", FROM_EDGE | FROM_DESK, 81920, NULL, duty_feed, true,
	    false },
	{ WIRE_RELEASE_KEY, "release-key", FROM_EDGE | FROM_DESK, 256, NULL, duty_release_key,
	    false, false },
	{ WIRE_REWRAP, "job.rewrap", FROM_EDGE, 81920, NULL, duty_rewrap, true, false },
	{ WIRE_VERIFIER, "verifier", FROM_EDGE, 512, NULL, duty_verifier, false, false },
	{ WIRE_GRANT, "scan.grant", FROM_EDGE, 81920, NULL, duty_grant, true, false },
	{ WIRE_REDACT, "log.redact", FROM_EDGE | FROM_DESK, 81920, NULL, duty_redact, true, false },
	{ WIRE_ACTIVITY, "activity", FROM_EDGE | FROM_DESK, IPC_BODY_MAX, NULL, duty_activity,
	    false, false },
	{ WIRE_EXPORT, "log.export", FROM_EDGE | FROM_DESK, 81920, NULL, duty_export, true, false },
};

/* A certificate that was intended and cannot be made: settled at once, its token free again. */
static void
abandon(struct signer *s, struct round_job *r)
{
	struct ledger *l = r->job.issuer->ledger;
	struct fault f;

	if (!revoke_abandoned(l, ticket_serial(r->job.ticket), &s->self, r->job.now_s, &f) ||
	    !token_release(l, &f))
		log_fact(
		    LOG_ERROR, "abandon", "fault", f.text, NULL); /* the next start settles it */
}

/* Take back what a failed job wrote; tell the log where its duty tells. */
static void
fail(struct round *d, struct round_job *r, const struct fault *f)
{
	struct signer *s = d->signer;
	char by[IDENTITY_TEXT_MAX], trace[2 * TRACE_ID_OCTETS + 1], span[2 * TRACE_SPAN_OCTETS + 1];
	struct log_context who = signer_refused(s, &r->job, by);

	r->job.failed = true;
	r->job.fault = *f;
	bytes_clear(&r->job.answer);
	trace_ids(&r->message.trace, trace, span);
	/* The edge writes the line of every other refusal. */
	log_fact(f->code == FAULT_INTERNAL ? LOG_ERROR : LOG_DEBUG, "fault", "request",
	    r->duty->word, "by", by, "tenant", r->job.tenant, "why", f->text, "trace", trace,
	    "span", span, NULL);
	if (r->duty->tells && !r->job.untold)
		signer_tell_refusal(s, r->job.tenant, r->duty->word, &who, f, r->job.now_s);
}

/* One job's writes end whole or not at all: in its tenant's ledgers, and in the platform's. */
struct marks {
	size_t n;
	struct ledger *ledger[3];
	struct ledger_mark mark[3];
};

static void
mark_all(struct signer *s, struct marks *m, const char *tenant)
{
	char activity[LEDGER_NAME_MAX];
	struct fault f;

	ledger_name_activity(tenant, activity);
	m->n = 1;
	m->ledger[0] = realm_platform(s->realm);
	if (tenant[0] != '\0' && realm_ledger(s->realm, tenant, &m->ledger[1], &f) &&
	    m->ledger[1] != m->ledger[0])
		m->n = 2;
	if ((m->ledger[m->n] = realm_peek(s->realm, activity)) != NULL)
		m->n++;
	for (size_t i = 0; i < m->n; i++)
		m->mark[i] = ledger_mark(m->ledger[i]);
}

/* What is written from now on is of this trace; NULL: of none. */
static void
trace_all(const struct marks *m, const struct trace *t)
{
	for (size_t i = 0; i < m->n; i++)
		ledger_set_trace(m->ledger[i], t);
}

static void
undo_all(const struct marks *m)
{
	for (size_t i = 0; i < m->n; i++)
		ledger_undo(m->ledger[i], m->mark[i]);
}

/* The tenant of a message, before it is decoded: all that concern one begin with its label. */
static void
peek_tenant(const struct round_job *r, char to[static TEXT_LABEL_MAX])
{
	struct reader in = reader_of(r->job.body);

	to[0] = '\0';
	if (r->duty->verb == WIRE_OCSP || r->duty->verb == WIRE_SESSIONS ||
	    r->duty->verb == WIRE_ACTIVITY)
		return;
	reader_counted_text(&in, to, TEXT_LABEL_MAX);
	if (in.bad)
		to[0] = '\0';
}

/* Is the same request in the round already, before r? */
static bool
has_twin(const struct round *d, const struct round_job *r)
{
	for (const struct round_job *before = d->job; before < r; before++)
		if (once_same(&before->job, &r->job))
			return true;
	return false;
}

typedef bool step(struct signer *s, struct errand *j, struct fault *f);

static void
step_failed(
    struct round *d, struct round_job *r, step *run, const struct marks *m, const struct fault *why)
{
	undo_all(m);
	if (run == r->duty->act && r->job.ticket != NULL)
		abandon(d->signer, r);
	if (!r->job.repeated)
		fail(d, r, why);
}

static void
take_step(struct round *d, struct round_job *r, step *run)
{
	struct signer *s = d->signer;
	char tenant[TEXT_LABEL_MAX];
	struct marks m;
	struct fault f;
	bool ok;

	r->job.verb = r->duty->verb;
	if (r->job.failed || r->job.repeated || run == NULL)
		return;
	if (run == r->duty->judge && (r->job.late = has_twin(d, r)))
		return;
	if (r->job
		.late) /* the first of the two has acted: this finds what it did, or tries again */
		run = r->duty->judge;
	peek_tenant(r, tenant);
	mark_all(s, &m, tenant);
	trace_all(&m, &r->message.trace);
	ok = run(s, &r->job, &f);
	if (ok && r->job.late)
		ok = fault_set(&f, FAULT_BUSY, "the same request failed just now");
	if (ok && run == r->duty->act)
		ok = once_keep(s, &r->job, &f);
	if (!ok)
		step_failed(d, r, run, &m, &f);
	trace_all(&m, NULL);
}

/* Who may have written to l: its tenant's jobs; to the platform's ledger also those that make
 * tenants and operators and, while they are judged, those that claim a key or begin to wait. */
static bool
wrote(const struct round *d, const struct round_job *r, const struct ledger *l)
{
	char tenant[TEXT_LABEL_MAX];

	ledger_name_tenant(ledger_tenant(l), tenant);
	if (ledger_name_is_activity(ledger_tenant(l)))
		return r->job.activity &&
		       (r->duty->verb == WIRE_ACTIVITY || strcmp(r->job.tenant, tenant) == 0);
	if (strcmp(r->job.tenant, tenant) == 0)
		return true;
	if (l == realm_platform(d->signer->realm) && d->judging &&
	    (r->job.ticket != NULL || r->job.waits_s > 0))
		return true;
	return l == realm_platform(d->signer->realm) &&
	       (r->duty->verb == WIRE_TENANT || r->duty->verb == WIRE_OPERATOR);
}

/* Whose answer tells what ledgers say, of any tenant: it saw what others of its round had written,
 * a release from hold too, before that was durable. */
static bool
told(const struct round *d, const struct round_job *r)
{
	uint16_t verb = r->duty->verb;

	return !d->judging && (verb == WIRE_OCSP || verb == WIRE_DEVICE || verb == WIRE_SESSIONS ||
				  verb == WIRE_FEED);
}

/* A ledger that could not be written: all who wrote there are told so, none is answered on a guess.
 */
static bool
commit_one(void *with, struct ledger *l)
{
	struct round *d = with;
	struct fault f;

	if ((d->later && ledger_name_is_activity(ledger_tenant(l))) || ledger_end(l, &f))
		return true;
	log_fact(LOG_ERROR, "commit", "tenant", ledger_tenant(l), "fault", f.text, NULL);
	for (size_t i = 0; i < d->n; i++)
		if (wrote(d, &d->job[i], l) ||
		    (told(d, &d->job[i]) && !ledger_name_is_activity(ledger_tenant(l)))) {
			d->job[i].job.failed = true;
			fault_set(
			    &d->job[i].job.fault, FAULT_BUSY, "the ledger cannot be written now");
		}
	return true;
}

/* The platform's first: what a job writes there beside its tenant's ledger is asked for again by a
 * second try, which finds the act itself, and its answer, in the tenant's (ca/repeat.h). */
static void
commit(struct round *d)
{
	(void)commit_one(d, realm_platform(d->signer->realm));
	(void)realm_each(d->signer->realm, commit_one, d);
}

/*
 * Claim and intent are in two ledgers. A job is done for if either was not written; an intent that
 * did get in is settled at once, with the second commit. In a ledger that failed itself all are
 * settled when it is opened next.
 */
static void
settle_halves(struct round *d)
{
	struct standing s;
	struct fault f;

	for (size_t i = 0; i < d->n; i++) {
		struct round_job *r = &d->job[i];

		if (r->job.failed && r->job.ticket != NULL &&
		    ledger_settled(r->job.issuer->ledger) &&
		    ledger_standing(r->job.issuer->ledger, ticket_serial(r->job.ticket), &s, &f) &&
		    s.state == STANDING_PENDING)
			abandon(d->signer, r);
	}
}

/* Send, waiting a little for a reader that is behind; a line that stays full is given up. */
static void
send_answer(struct line *l, struct message *m)
{
	struct pollfd p = { .fd = l->fd, .events = POLLOUT };
	struct fault f;

	while (l->fd >= 0 && !ipc_send(l->fd, m, &f)) {
		if (f.code == FAULT_BUSY && poll(&p, 1, SEND_WAIT_MS) > 0)
			continue;
		log_fact(LOG_WARN, "line", "why", f.text, NULL);
		(void)close(l->fd);
		l->fd = -1;
	}
}

static void
reply(struct round_job *r)
{
	struct message m = { .id = r->message.id, .verb = r->message.verb, .fd = -1 };

	if (r->job.failed) {
		m.code = (uint16_t)r->job.fault.code;
		bytes_put_text(&m.body, r->job.fault.text);
		if (r->job.members.n > 0) { /* behind the text's end: api.c reads on */
			bytes_put_u8(&m.body, 0);
			bytes_put_octets(&m.body, octets_bytes(&r->job.members));
		}
	} else {
		m.code = r->job.done;
		m.body = r->job.answer;
		r->job.answer = (struct bytes){ 0 };
	}
	send_answer(r->line, &m);
	if (m.body.at != NULL)
		secret_wipe(m.body.at, m.body.n); /* tokens and the edge's key are told this way */
	bytes_free(&m.body);
	ticket_free(r->job.ticket);
	bytes_free(&r->job.answer);
	bytes_free(&r->job.members);
	bytes_free(&r->job.request);
	bytes_free(&r->job.checkpoint.note);
	r->job = (struct errand){ 0 };
}

/* What fails at a tenant's own ledger may stand in the platform's already: a suspension is told
 * there first. What was refused did nothing. */
static bool
may_have_acted(const struct errand *j)
{
	return !j->failed || j->fault.code == FAULT_BUSY || j->fault.code == FAULT_INTERNAL;
}

/* Who was let in before may not be any more: the edges look at each connection again, before the
 * act is answered. */
static void
tell_change(struct round *d)
{
	bool cut = false;

	for (size_t i = 0; i < d->n; i++)
		cut |=
		    (d->job[i].duty->cuts || d->job[i].job.cuts) && may_have_acted(&d->job[i].job);
	for (size_t i = 0; cut && i < *d->lines_n; i++) {
		struct message m = { .verb = WIRE_CHANGED, .fd = -1 };

		if ((d->lines[i].from & FROM_EDGE) != 0)
			send_answer(&d->lines[i], &m);
	}
}

/* With a clock that went back nothing is issued or answered, and nothing is written. */
static void
refuse_all(struct round *d, const struct fault *why)
{
	for (size_t i = 0; i < d->n; i++) {
		d->job[i].job.failed = true;
		d->job[i].job.fault = *why;
		reply(&d->job[i]);
	}
}

/* How long it took. */
static int64_t
commit_timed(struct round *d)
{
	int64_t begun_us = clock_steady_us();

	commit(d);
	return clock_steady_us() - begun_us;
}

/* May what edges saw wait until all others are answered? Its commits, one a tenant, are nobody's
 * who waits for a certificate; unless somebody wrote there who does. */
static bool
activity_waits(const struct round *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->job[i].job.activity && d->job[i].duty->verb != WIRE_ACTIVITY)
			return false;
	return true;
}

static void
reply_all(struct round *d, bool activity)
{
	for (size_t i = 0; i < d->n; i++)
		if ((d->job[i].duty->verb == WIRE_ACTIVITY) == activity)
			reply(&d->job[i]);
}

void
round_run(struct round *d, size_t n)
{
	int64_t now_s = d->job[0].job.now_s, sync_us;
	struct fault f;

	d->n = n;
	if (!watch_clock(d->signer, now_s, &f)) {
		refuse_all(d, &f);
		return;
	}
	d->judging = true;
	for (size_t i = 0; i < n; i++)
		take_step(d, &d->job[i], d->job[i].duty->judge);
	sync_us = commit_timed(d);
	d->judging = false;
	settle_halves(d);
	for (size_t i = 0; i < n; i++)
		take_step(d, &d->job[i], d->job[i].duty->act);
	once_sweep(d->signer, now_s);
	d->later = activity_waits(d);
	if (d->signer->policies != NULL)
		policies_keep(d->signer->policies);
	sync_us += commit_timed(d);
	watch_round(d->signer, now_s);
	round_promise(d);
	tell_change(d);
	round_count(d, sync_us);
	reply_all(d, false);
	if (d->later) {
		d->later = false;
		commit(d);
	}
	reply_all(d, true);
}

const struct duty *
round_duty(uint16_t verb)
{
	for (size_t i = 0; i < sizeof(duties) / sizeof(duties[0]); i++)
		if (duties[i].verb == verb)
			return &duties[i];
	return NULL;
}

const struct duty *
round_duty_named(const char *word)
{
	for (size_t i = 0; i < sizeof(duties) / sizeof(duties[0]); i++)
		if (strcmp(duties[i].word, word) == 0)
			return &duties[i];
	return NULL;
}
