/* daemon/edge.c - see edge.h. */
#include "daemon/edge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pace.h"
#include "ca/identify.h"
#include "ca/profile_set.h"
#include "ca/refusal.h"
#include "ca/wire.h"
#include "daemon/activity.h"
#include "daemon/api.h"
#include "daemon/authz.h"
#include "daemon/child.h"
#include "daemon/gate.h"
#include "daemon/habits.h"
#include "daemon/handshake.h"
#include "daemon/http.h"
#include "daemon/limit.h"
#include "daemon/ready.h"
#include "daemon/served.h"
#include "daemon/sessions.h"
#include "daemon/staple.h"
#include "daemon/tally.h"
#include "enroll/est.h"
#include "ocsp/ocsp.h"

#define FACES        (FACE_METRICS + 1)
#define OCSP_BODY    8192
#define DRAIN_MS     4000
#define RETRY_MS     500
#define LINES_BURST  300 /* of refusals in the log, at once: a flood must not fill its disk */
#define LINES_EACH_S 10  /* after that; the rest is counted in the next one's "unsaid" */

struct edge {
	enum child_role role;
	int control;
	struct settings settings;
	int listener[FACES]; /* -1: none */
	int line;            /* to the signer; handed to http */
	struct realm *realm;
	struct http *http;
	struct ocsp *ocsp;
	struct ready *ready;
	struct est est;
	struct api api;
	struct policies *policies;
	struct gate gate;
	struct authz authz;
	struct sessions sessions;
	struct handshake handshake;
	struct staple staple;
	struct limit *limit; /* the edge's; NULL at the desk */
	bool listening;
	struct activity *activity; /* what is told to the activity logs */
	struct habits *habits;     /* what endpoints usually do */
	struct tally *tally;
	unsigned number;   /* among main's children: its part of the tally */
	struct pace lines; /* of refusals, in the log; the metrics count all */
};

static void
not_found(struct exchange *x)
{
	x->status = 404;
	x->type = "text/plain; charset=utf-8";
	bytes_put_text(&x->reply, "nothing is served here\n");
}

static bool
is_path(const struct exchange *x, const char *path)
{
	return octets_same(x->path, octets_text(path));
}

static struct ready_view
view(const struct edge *e)
{
	char why[FAULT_TEXT_MAX];

	return (struct ready_view){ .tally = e->tally,
		.line = http_has_line(e->http),
		.policies_broken = policies_broken(e->policies, why),
		.now_s = clock_now_s(),
		.steady_us = clock_steady_us() };
}

/* False, and answered, where x would do more than read. */
static bool
is_read(struct exchange *x)
{
	if (octets_same(x->method, octets_text("GET")) ||
	    octets_same(x->method, octets_text("HEAD")))
		return true;
	exchange_header(x, "Allow", "GET, HEAD");
	x->status = 405;
	return false;
}

/* /healthz: this process lives. /readyz: the service does its work, or why not. */
static bool
serve_health(const struct edge *e, struct exchange *x)
{
	struct ready_view v = view(e);

	if (!is_path(x, "/readyz") && !is_path(x, "/healthz"))
		return false;
	if (!is_read(x))
		return true;
	if (is_path(x, "/readyz")) {
		ready_serve(e->ready, &v, x);
		return true;
	}
	bytes_put_text(&x->reply, "ok\n");
	x->status = 200;
	x->type = "text/plain; charset=utf-8";
	return true;
}

/* For staff, with names (daemon/api.h). */
static void
tell_health(void *with, struct json *j)
{
	struct edge *e = with;
	struct ready_view v = view(e);

	ready_health(e->ready, &v, j);
}

static void
serve_metrics(const struct edge *e, struct exchange *x)
{
	struct ready_view v = view(e);

	if (!is_read(x))
		return;
	tally_metrics(e->tally, &e->settings, &x->reply);
	ready_metrics(e->ready, &v, &x->reply);
	x->type = "text/plain; version=0.0.4; charset=utf-8";
	x->status = 200;
}

/* The client's certificate must hold now, before every request: a kept connection outlives a
 * revocation. */
static bool
peer_holds(struct edge *e, struct exchange *x, struct identity *who, struct identified *also,
    struct fault *f)
{
	if (x->peer.n == 0)
		return true;
	if (!identify(e->realm, x->peer, clock_now_s(), who, also, f))
		return false;
	return who->good || (identify_late(also) && est_for_late(x)) ||
	       fault_set(f, FAULT_DENIED, "connect: %s", also->why);
}

/* What is not ours, and stood the handshake, is a manufacturer's (daemon/handshake.c). */
static bool
is_born(const struct exchange *x, const struct fault *why)
{
	return x->peer.n > 0 && (why->code == FAULT_AUTH || why->code == FAULT_BADREQ);
}

static void
serve_secure(struct edge *e, struct exchange *x)
{
	struct identity who = { .good = false };
	struct identified also;
	struct fault f;
	bool holds = peer_holds(e, x, &who, &also, &f);

	if (limit_serve(e->limit, x, who.good ? &who : NULL, clock_steady_us()))
		return;
	x->born = !holds && is_born(x, &f);
	if (x->born && !est_for_born(x))
		fault_set(&f, FAULT_DENIED,
		    "connect: a manufacturer's certificate is good for a first enrolment alone");
	if (!holds && !(x->born && est_for_born(x))) {
		gate_refused(&e->gate, x, &who, &also, &f);
		if (!api_refuse_peer(x, &f))
			est_refuse_peer(x, &f);
	} else if (x->peer.n > 0 && !x->born && !gate_pass(&e->gate, x, &who, &also)) {
		return;
	} else if (!est_serve(&e->est, x) && !api_serve(&e->api, x) && !authz_serve(&e->authz, x) &&
		   !serve_health(e, x)) {
		not_found(x);
	}
}

_Static_assert(EST_BODY_MAX == API_BODY_MAX, "one limit for all that is no list");

static void
serve(struct exchange *x)
{
	struct edge *e = x->with;

	api_limit_body(x);
	switch (x->face) {
	case FACE_PUBLIC:
		if (!serve_health(e, x) && !limit_serve(e->limit, x, NULL, clock_steady_us()) &&
		    !ocsp_serve(e->ocsp, x))
			not_found(x);
		break;
	case FACE_SECURE:
		serve_secure(e, x);
		break;
	case FACE_LOCAL:
		if (!api_serve(&e->api, x))
			not_found(x);
		break;
	case FACE_METRICS:
	default:
		if (is_path(x, "/metrics"))
			serve_metrics(e, x);
		else if (!serve_health(e, x))
			not_found(x);
		break;
	}
}

static void
served(const struct exchange *x, int64_t took_us)
{
	struct edge *e = x->with;

	if (x->face == FACE_SECURE)
		limit_served(e->limit, x, clock_steady_us());
	if (x->status == 0)
		return;
	if (x->face == FACE_SECURE)
		gate_served(&e->gate, x);
	tally_served(&e->tally->asker[e->number], x, took_us);
	served_tell(x, took_us, &e->lines);
}

static const struct {
	enum exchange_face face;
	size_t body_max;
	int64_t request_ms;
	unsigned conns_max;
} faces[] = {
	{ FACE_PUBLIC, OCSP_BODY, 10000, 8192 },
	{ FACE_SECURE, API_LIST_MAX, 30000, 8192 },
	{ FACE_LOCAL, API_LIST_MAX, 60000, 256 },
	{ FACE_METRICS, 1024, 10000, 64 },
};

/* Who may reach these is a stranger. */
static struct limit *
limit_of(const struct edge *e, enum exchange_face face)
{
	return face == FACE_SECURE || face == FACE_PUBLIC ? e->limit : NULL;
}

static bool
listen_all(struct edge *e, SSL_CTX *tls, struct fault *f)
{
	for (size_t i = 0; i < sizeof(faces) / sizeof(faces[0]); i++) {
		struct http_face face = {
			.face = faces[i].face,
			.listener = e->listener[faces[i].face],
			.tls = faces[i].face == FACE_SECURE ? tls : NULL,
			.body_max = faces[i].body_max,
			.request_ms = faces[i].request_ms,
			.conns_max = faces[i].conns_max,
			.limit = limit_of(e, faces[i].face),
			.serve = serve,
			.served = served,
			.with = e,
		};

		if (face.listener < 0)
			continue;
		if (!http_listen(e->http, &face, f))
			return false;
		e->listener[faces[i].face] = -1; /* http's now */
	}
	e->listening = true;
	return child_tell(e->control, WIRE_READY, octets_of(NULL, 0), -1, f);
}

/* The secure listener's context: with the first the listeners open. */
static bool
use_context(void *with, SSL_CTX *tls, struct fault *f)
{
	struct edge *e = with;

	staple_use(&e->staple, tls);
	if (!e->listening)
		return listen_all(e, tls, f);
	http_set_tls(e->http, FACE_SECURE, tls);
	return true;
}

static void
tick(void *with)
{
	struct edge *e = with;

	ready_ask(e->ready, e->http);
	tally_set(&e->tally->asker[e->number].streams, api_events_open(&e->api));
	if (e->role == CHILD_DESK)
		return;
	gate_tick(&e->gate);
	handshake_tick(&e->handshake, !e->listening);
	staple_tick(&e->staple);
}

static void
hear_main(void *with)
{
	struct edge *e = with;
	struct message m = { .fd = -1 };
	struct fault f;

	for (;;) {
		if (!child_hear(e->control, false, &m, &f) || m.verb == WIRE_STOP) {
			activity_tick(e->activity); /* the signer outlives us */
			http_stop(e->http);
			break;
		}
		if (m.verb == 0)
			break;
		if (m.verb == WIRE_LINE && m.fd >= 0) {
			e->line = m.fd;
			http_set_line(e->http, m.fd);
			ready_new_signer(e->ready);
			e->sessions.line = false; /* another signer, that knows nothing yet */
		} else if (m.fd >= 0) {
			(void)close(m.fd);
		}
	}
	bytes_free(&m.body);
}

/* A standing or a policy changed: connections that may not go on end now, not at their next
 * request. */
static void
told(void *with, uint16_t verb)
{
	struct edge *e = with;

	if (verb != WIRE_CHANGED)
		return;
	handshake_look(&e->handshake);
	(void)gate_cut(&e->gate);
}

/* What main says before anything can be served: settings, listeners, and last the line to the
 * signer. */
static bool
hear_start(struct edge *e, struct fault *f)
{
	struct message m = { .fd = -1 };
	bool ok = true;

	while (ok && (e->line < 0 || e->tally == NULL)) {
		ok = child_hear(e->control, true, &m, f);
		if (!ok)
			break;
		if (m.verb == WIRE_SETTINGS && m.body.n == sizeof(e->settings)) {
			memcpy(&e->settings, m.body.at, sizeof(e->settings));
		} else if (m.verb == WIRE_PROFILES) {
			ok = profile_load(octets_bytes(&m.body), f);
		} else if (m.verb == WIRE_TALLY && m.body.n == 1 && m.body.at[0] < TALLY_ASKERS) {
			e->number = m.body.at[0];
			ok = tally_open(m.fd, &e->tally, f);
		} else if (m.verb == WIRE_HABITS) {
			ok = habits_open(m.fd, &e->habits, f);
		} else if (m.verb == WIRE_LISTENER && m.body.n == 1 && m.body.at[0] < FACES) {
			e->listener[m.body.at[0]] = m.fd;
		} else if (m.verb == WIRE_LINE) {
			e->line = m.fd;
		} else if (m.verb == WIRE_STOP) {
			ok =
			    fault_set(f, FAULT_INTERNAL, "edge: stopped before a signer was there");
		} else {
			ok = fault_set(f, FAULT_INTERNAL, "edge: main said %u", m.verb);
		}
	}
	bytes_free(&m.body);
	return ok;
}

static bool
open_all(struct edge *e, struct fault *f)
{
	if (!realm_open(e->settings.data, STORE_READ, &e->realm, f) ||
	    !ocsp_new(e->realm, clock_now_s, e->settings.ocsp.max_age_s, &e->ocsp, f) ||
	    !http_new(&e->http, f) || !http_watch(e->http, e->control, hear_main, e, f))
		return false;
	if (e->role == CHILD_EDGE && !limit_new(&e->settings, &e->limit, f))
		return false;
	if (e->limit != NULL)
		limit_count(e->limit, e->tally->asker[e->number].limited);
	if (!activity_new(e->http, e->number, strcmp(e->settings.activity.record, "refused") == 0,
		&e->activity, f))
		return false;
	if ((e->ready = ready_new(e->realm)) == NULL)
		return fault_set(f, FAULT_INTERNAL, "edge: out of memory");
	if (!policies_new(e->realm, &e->policies, f))
		return false;
	e->authz = (struct authz){ .realm = e->realm,
		.policies = e->policies,
		.now_s = clock_now_s,
		.note = activity_note,
		.activity = e->activity };
	authz_name(&e->authz, e->settings.names.at[0], e->listener[FACE_SECURE]);
	e->gate = (struct gate){ .realm = e->realm,
		.policies = e->policies,
		.http = e->http,
		.note = activity_note,
		.activity = e->activity,
		.habits = e->habits,
		.turn = 1 };
	e->est = (struct est){ e->realm, clock_now_s };
	e->api = (struct api){ .realm = e->realm,
		.policies = e->policies,
		.tally = e->tally,
		.settings = &e->settings,
		.now_s = clock_now_s,
		.two_person = e->settings.two_person,
		.health = tell_health,
		.health_with = e,
		.feed_fresh_s = e->settings.revocations.fresh_s };
	e->handshake = (struct handshake){ .realm = e->realm,
		.http = e->http,
		.lines = &e->lines,
		.use = use_context,
		.with = e };
	e->staple = (struct staple){ .realm = e->realm, .http = e->http };
	http_set_line(e->http, e->line);
	http_on_told(e->http, told, e);
	http_every(e->http, RETRY_MS, tick, e);
	http_every(e->http, ACTIVITY_MS, activity_tick, e->activity);
	e->sessions.http = e->http;
	if (e->role == CHILD_EDGE) /* the desk has no clients with certificates */
		http_every(e->http, SESSIONS_MS, sessions_tick, &e->sessions);
	return true;
}

static int
run(int control, enum child_role role)
{
	struct edge *e = calloc(1, sizeof(*e));
	struct fault f;
	int status = 1;

	if (e == NULL)
		return 1;
	e->lines = (struct pace){ .burst = LINES_BURST, .each_s = LINES_EACH_S };
	e->role = role;
	e->control = control;
	e->line = -1;
	for (size_t i = 0; i < FACES; i++)
		e->listener[i] = -1;
	if (!hear_start(e, &f) || !child_settle(role, &e->settings, &f) || !open_all(e, &f) ||
	    !child_confine(role, &e->settings, &f) ||
	    (role == CHILD_DESK && !listen_all(e, NULL, &f))) {
		log_fact(LOG_ERROR, "start", "fault", f.text, NULL);
		goto out;
	}
	log_fact(LOG_INFO, "ready", NULL);
	tick(e);
	http_run(e->http, DRAIN_MS);
	status = 0;
out:
	http_free(e->http);
	activity_free(e->activity);
	api_feed_free(&e->api);
	ocsp_free(e->ocsp);
	staple_free(&e->staple);
	ready_free(e->ready);
	limit_free(e->limit);
	policies_free(e->policies);
	realm_close(e->realm);
	free(e);
	return status;
}

int
edge_main(int control)
{
	return run(control, CHILD_EDGE);
}

int
desk_main(int control)
{
	return run(control, CHILD_DESK);
}
