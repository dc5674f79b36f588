/* daemon/relay.c - see relay.h. */
#include "daemon/relay.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/problem.h"
#include "ca/badge.h"
#include "ca/identify.h"
#include "ca/printer.h"
#include "ca/wire.h"
#include "daemon/asker.h"
#include "daemon/pool.h"
#include "daemon/relay_key.h"
#include "daemon/relay_note.h"
#include "daemon/rule_print.h"
#include "daemon/served.h"
#include "daemon/tls.h"
#include "daemon/verifier.h"
#include "relay/infra.h"
#include "relay/print.h"
#include "relay/release.h"
#include "relay/scan.h"

#define TICK_MS     500
#define SECOND_MS   1000
#define SILENCE_MS  30000 /* a client that sends and takes nothing for so long goes */
#define CONNS_MAX   8192
#define EXPIRE_N    64        /* jobs that run out, of a turn */
#define KEPT_OCTETS (4 << 20) /* of memory that is free */
#define RESPITE_US  1000000
#define THREADS     2  /* that hash PINs */
#define WORKS_MAX   64 /* PINs that wait for them: more are told to come again */

struct relay {
	struct asker a;
	struct spool *spool;
	struct print print;
	struct infra infra;
	struct release release;
	struct scan scan;
	struct pool *pool; /* hashes PINs and badges */
	struct decider decider;
	struct relay_note note;
	bool listening;
	int64_t expire_us; /* what has run out is looked for then */
};

/* --- what handlers ask of the process -----------------------------------------------------------
 */

static bool
has_printer(void *with, const char *tenant, const char *name)
{
	struct relay *r = with;
	struct printer p;
	struct ledger *l;
	struct fault f;

	return realm_ledger(r->a.realm, tenant, &l, &f) && printer_get(l, name, &p, &f);
}

static bool
recipient(void *with, const char *tenant, struct bytes *ret)
{
	struct relay *r = with;

	return relay_key_get(r->a.realm, tenant, ret);
}

static void
changed(void *with, const struct job *j)
{
	struct relay *r = with;

	infra_changed(&r->infra, j);
}

static bool
identify_printer(void *with, const char *tenant, const char *printer, const char *action)
{
	struct relay *r = with;

	return infra_identify(&r->infra, tenant, printer, action);
}

static bool
rewrap(void *with, struct exchange *x, const struct identity *who, const struct job *j,
    struct fault *f)
{
	struct wire_rewrap w = { .number = 1,
		.grade = (uint8_t)j->grade,
		.size = j->octets,
		.peer = x->peer,
		.envelope = octets_bytes(&j->envelope) };

	(void)with;
	(void)who;
	memcpy(w.tenant, j->tenant, sizeof(w.tenant));
	memcpy(w.printer, j->device, sizeof(w.printer));
	memcpy(w.owner, j->owner, sizeof(w.owner));
	memcpy(w.job, j->uuid, sizeof(w.job));
	(void)snprintf(w.source, sizeof(w.source), "%s", x->source);
	wire_put_rewrap(&w, &x->ask.body);
	x->ask.verb = WIRE_REWRAP;
	return bytes_ok(&x->ask.body, f);
}

static bool
rewrapped(void *with, struct octets answer, struct octets *ret, struct fault *f)
{
	(void)with;
	if (answer.n == 0 || answer.n > ENVELOPE_MAX)
		return fault_set(f, FAULT_INTERNAL, "relay: the signer's answer is no envelope");
	*ret = answer;
	return true;
}

static bool
key(void *with, struct exchange *x, const char *tenant, struct octets secret, struct fault *f)
{
	(void)with;
	return verifier_ask(x, tenant, secret, f);
}

static bool
keyed(void *with, struct octets answer, struct octets *ret, struct fault *f)
{
	(void)with;
	return verifier_answer(answer, ret, f);
}

static bool
hard(void *with, struct release_work *w, struct fault *f)
{
	struct relay *r = with;

	return verifier_harden(r->pool, w, f);
}

static bool
holder(void *with, const char *tenant, const uint8_t badge[RELEASE_HARD],
    char ret[RELEASE_HOLDER_MAX], struct fault *f)
{
	struct relay *r = with;
	struct ledger *l;
	struct badge b;

	if (!realm_ledger(r->a.realm, tenant, &l, f) || !badge_find(l, badge, &b, f))
		return false;
	(void)snprintf(ret, RELEASE_HOLDER_MAX, "%s/%s", b.owner.kind, b.owner.name);
	return true;
}

/* --- who may do what ----------------------------------------------------------------------------
 */

/* Each decision stands in the activity log: what was submitted, released, fetched, scanned. */
static void
note(struct relay *r, const struct exchange *x, const struct decider_question *q,
    const struct rule_printed *put, const struct decider_answer *a)
{
	const struct ruling *v = &put->ruling;
	char set[2 * DOCUMENT_DIGEST_OCTETS + 1];
	struct activity_fact fact = { .act = rules_act_word(q->act),
		.tenant = q->who->tenant,
		.permit = a->permit,
		.policy = "built-in",
		.request = &put->request,
		.why = a->permit ? NULL : a->why,
		.from = x == NULL ? NULL : x->source,
		.stranger = x == NULL ? 0 : x->address,
		.now_s = clock_now_s() };

	if (v->asked) {
		text_hex(v->set, sizeof(v->set), set);
		fact.policy = set;
		fact.id = v->id;
		fact.code = decision_word(v->code);
		fact.rule = v->rule;
	}
	activity_note(r->a.activity, &fact);
}

static bool
decide_it(void *with, struct exchange *x, const struct decider_question *q,
    struct decider_answer *ret, struct fault *f)
{
	struct relay *r = with;
	struct rule_printed put;
	struct identity who;
	struct evidence of;

	if (x == NULL)
		return fault_set(f, FAULT_INTERNAL, "relay: nobody asks");
	if (!evidence_find(r->a.realm, x->peer, clock_now_s(), &who, &of, f) ||
	    !rule_print(r->a.policies, &of, q, clock_now_s(), &put, ret, f))
		return false;
	note(r, x, q, &put, ret);
	return true;
}

/* --- requests -----------------------------------------------------------------------------------
 */

/* False, and answered: its certificate is not good now, or it may not connect. */
static bool
let_in(struct relay *r, struct exchange *x, struct identity *who)
{
	struct identified also;
	struct fault f;
	bool holds;

	*who = (struct identity){ .good = false };
	holds = identify(r->a.realm, x->peer, clock_now_s(), who, &also, &f) &&
		(who->good || fault_set(&f, FAULT_DENIED, "connect: %.200s", also.why));
	if (limit_serve(r->a.limit, x, holds ? who : NULL, clock_steady_us()))
		return false;
	if (!holds) {
		gate_refused(&r->a.gate, x, who, &also, &f);
		problem_send(x, &f);
		x->close = true;
		return false;
	}
	(void)snprintf(who->source, sizeof(who->source), "%s", x->source);
	return gate_pass(&r->a.gate, x, who, &also);
}

static void serve(struct exchange *x);

/* The tenant has a release certificate now, or nobody prints. */
static void
key_made(struct exchange *x, uint16_t code, struct octets body)
{
	struct fault f = { .code = (enum fault_code)code };

	if (code == 0) {
		serve(x);
		return;
	}
	(void)snprintf(f.text, sizeof(f.text), "%.*s", (int)(body.n < 255 ? body.n : 255),
	    body.n == 0 ? "" : (const char *)body.at);
	problem_send(x, &f);
}

/* An agent asks for its tenant's, and there is none yet. */
static bool
wants_key(struct relay *r, const struct exchange *x, const struct identity *who)
{
	struct bytes der = { 0 };
	bool there;

	if (x->ask.then == key_made || !octets_same(x->path, octets_text(RELAY_KEY_PATH)))
		return false;
	there = relay_key_get(r->a.realm, who->tenant, &der);
	bytes_free(&der);
	return !there;
}

static void
serve(struct exchange *x)
{
	struct relay *r = x->with;
	struct identity who;
	struct fault f;

	if (!let_in(r, x, &who))
		return;
	if (who.kind != IDENTITY_ENDPOINT) {
		fault_set(&f, FAULT_DENIED, "relay: endpoints print, and operators use the API");
		problem_send(x, &f);
	} else if (wants_key(r, x, &who)) {
		relay_key_ask(x, who.tenant, key_made);
	} else if (!print_serve(&r->print, x, &who) && !infra_serve(&r->infra, x, &who) &&
		   !release_serve(&r->release, x, &who) && !scan_serve(&r->scan, x, &who) &&
		   !relay_key_serve(r->a.realm, x, &who)) {
		fault_set(&f, FAULT_NOTFOUND, "relay: nothing is served here");
		problem_send(x, &f);
	}
}

static void
served(const struct exchange *x, int64_t took_us)
{
	struct relay *r = x->with;

	limit_served(r->a.limit, x, clock_steady_us());
	if (x->status == 0)
		return;
	tally_served(&r->a.tally->asker[r->a.number], x, took_us);
	served_tell(x, took_us, &r->a.lines);
}

/* --- the process --------------------------------------------------------------------------------
 */

/* What all requests of this turn changed is one commit; then those that waited for it are answered.
 */
static bool
commit(void *with)
{
	struct relay *r = with;
	struct fault f;
	bool ok;

	if (!spool_is_dirty(r->spool))
		return false;
	ok = spool_commit(r->spool, &f);
	if (!ok)
		log_fact(LOG_ERROR, "spool", "fault", f.text, NULL);
	print_committed(&r->print, ok ? NULL : &f);
	infra_committed(&r->infra, ok ? NULL : &f);
	release_committed(&r->release, ok ? NULL : &f);
	relay_note_committed(&r->note, ok);
	return true;
}

static void
expire(struct relay *r)
{
	int64_t now_us = clock_steady_us();
	bool again = false;
	struct fault f;

	if (now_us < r->expire_us)
		return;
	if (!spool_expire(
		r->spool, clock_now_s(), r->a.settings.relay.retain_s, EXPIRE_N, &again, &f))
		log_fact(LOG_ERROR, "spool", "fault", f.text, NULL);
	r->expire_us = again ? now_us : now_us + RESPITE_US;
}

static void
tick(void *with)
{
	struct relay *r = with;

	gate_tick(&r->a.gate);
	handshake_tick(&r->a.handshake, !r->listening);
	expire(r);
}

static void
each_second(void *with)
{
	struct relay *r = with;

	infra_tick(&r->infra);
}

static bool
use_context(void *with, SSL_CTX *tls, struct fault *f)
{
	struct relay *r = with;
	const struct http_face face = { .face = FACE_RELAY,
		.listener = r->a.listener[FACE_RELAY],
		.tls = tls,
		.request_ms = SILENCE_MS,
		.conns_max = CONNS_MAX,
		.streams = true,
		.limit = r->a.limit,
		.serve = serve,
		.served = served,
		.with = r };

	tls_demand(tls); /* here nobody comes without a certificate */
	if (r->listening) {
		http_set_tls(r->a.http, FACE_RELAY, tls);
		return true;
	}
	if (!http_listen(r->a.http, &face, f))
		return false;
	r->a.listener[FACE_RELAY] = -1; /* http's now */
	r->listening = true;
	return child_tell(r->a.control, WIRE_READY, octets_of(NULL, 0), -1, f);
}

static bool
open_spool(struct relay *r, struct fault *f)
{
	const struct settings *s = &r->a.settings;
	const uint64_t mib = 1048576;
	const struct spool_limits limits = { .job_octets = (uint64_t)s->relay.job * mib,
		.tenant_octets = (uint64_t)s->relay.tenant * mib,
		.owner_octets = (uint64_t)s->relay.owner * mib,
		.tenant_jobs = (uint32_t)s->relay.tenant_jobs,
		.owner_jobs = (uint32_t)s->relay.owner_jobs };
	char dir[CONF_TEXT_MAX * 2];

	if (!settings_path(s, RELAY_FOLDER, dir, sizeof(dir)))
		return fault_set(f, FAULT_BADREQ, "data: the path is too long");
	return spool_open(dir, &limits, &r->spool, f);
}

static bool
open_all(struct relay *r, struct fault *f)
{
	struct asker *a = &r->a;

	if (!asker_open(a, GATE_RELAY, f) || !open_spool(r, f))
		return false;
	r->decider = (struct decider){ decide_it, r };
	r->note.activity = a->activity;
	spool_watch(r->spool, relay_note_seen, &r->note);
	r->print = (struct print){ .spool = r->spool,
		.space = realm_space(a->realm),
		.decider = &r->decider,
		.now_s = clock_now_s,
		.started_s = clock_now_s(),
		.hold_s = a->settings.relay.hold_s,
		.has_printer = has_printer,
		.recipient = recipient,
		.asks = true,
		.key = key,
		.keyed = keyed,
		.harden = hard,
		.identify = identify_printer,
		.changed = changed,
		.with = r };
	r->infra = (struct infra){ .realm = a->realm,
		.spool = r->spool,
		.decider = &r->decider,
		.now_s = clock_now_s,
		.rewrap = rewrap,
		.rewrapped = rewrapped,
		.with = r };
	r->release = (struct release){ .realm = a->realm,
		.spool = r->spool,
		.decider = &r->decider,
		.now_s = clock_now_s,
		.steady_us = clock_steady_us,
		.key = key,
		.keyed = keyed,
		.holder = holder,
		.harden = hard,
		.changed = changed,
		.with = r };
	r->scan = (struct scan){ a->realm, &r->decider };
	a->handshake.use = use_context;
	a->handshake.with = r;
	http_on_turn(a->http, commit, r);
	http_every(a->http, TICK_MS, tick, r);
	http_every(a->http, SECOND_MS, each_second, r);
	return print_start(&r->print, f) && infra_start(&r->infra, f) &&
	       release_start(&r->release, f);
}

/* They are confined as the process is, so that is first. */
static bool
start_threads(struct relay *r, struct fault *f)
{
	return pool_new(THREADS, WORKS_MAX, &r->pool, f) &&
	       http_watch(r->a.http, pool_fd(r->pool), pool_tell, r->pool, f);
}

int
relay_main(int control)
{
	struct relay *r = calloc(1, sizeof(*r));
	struct fault f;
	int status = 1;

	if (r == NULL)
		return 1;
	/* Given back after each piece of a body, memory is faulted in for the next: half of all
	 * time. */
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_OCTETS);
	r->a = (struct asker){ .role = CHILD_RELAY, .control = control, .with = r };
	if (!asker_start(&r->a, &f) || !child_settle(CHILD_RELAY, &r->a.settings, &f) ||
	    !open_all(r, &f) || !child_confine(CHILD_RELAY, &r->a.settings, &f) ||
	    !start_threads(r, &f)) {
		log_fact(LOG_ERROR, "start", "fault", f.text, NULL);
		goto out;
	}
	log_fact(LOG_INFO, "ready", NULL);
	tick(r);
	http_run(r->a.http, ASKER_DRAIN_MS);
	(void)commit(r);
	status = 0;
out:
	http_free(r->a.http); /* before what its exchanges use */
	r->a.http = NULL;
	pool_free(r->pool);
	if (r->release.badges != NULL)
		release_end(&r->release);
	if (r->print.names != NULL)
		print_end(&r->print);
	if (r->infra.events != NULL)
		infra_end(&r->infra);
	spool_close(r->spool);
	relay_note_free(&r->note);
	asker_close(&r->a);
	free(r);
	return status;
}
