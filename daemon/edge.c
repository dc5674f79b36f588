/* daemon/edge.c - see edge.h. */
#include "daemon/edge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/identify.h"
#include "ca/refusal.h"
#include "ca/wire.h"
#include "daemon/api.h"
#include "daemon/asker.h"
#include "daemon/authz.h"
#include "daemon/ready.h"
#include "daemon/served.h"
#include "daemon/staple.h"
#include "enroll/est.h"
#include "ocsp/ocsp.h"

#define OCSP_BODY 8192
#define RETRY_MS  500

struct edge {
	struct asker a;
	struct ocsp *ocsp;
	struct ready *ready;
	struct est est;
	struct api api;
	struct authz authz;
	struct staple staple;
	bool listening;
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

	return (struct ready_view){ .tally = e->a.tally,
		.line = http_has_line(e->a.http),
		.policies_broken = policies_broken(e->a.policies, why),
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
	tally_metrics(e->a.tally, &e->a.settings, &x->reply);
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
	if (!identify(e->a.realm, x->peer, clock_now_s(), who, also, f))
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

	if (limit_serve(e->a.limit, x, who.good ? &who : NULL, clock_steady_us()))
		return;
	x->born = !holds && is_born(x, &f);
	if (x->born && !est_for_born(x))
		fault_set(&f, FAULT_DENIED,
		    "connect: a manufacturer's certificate is good for a first enrolment alone");
	if (!holds && !(x->born && est_for_born(x))) {
		gate_refused(&e->a.gate, x, &who, &also, &f);
		if (!api_refuse_peer(x, &f))
			est_refuse_peer(x, &f);
	} else if (x->peer.n > 0 && !x->born && !gate_pass(&e->a.gate, x, &who, &also)) {
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
		if (!serve_health(e, x) && !limit_serve(e->a.limit, x, NULL, clock_steady_us()) &&
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
		limit_served(e->a.limit, x, clock_steady_us());
	if (x->status == 0)
		return;
	if (x->face == FACE_SECURE)
		gate_served(&e->a.gate, x);
	tally_served(&e->a.tally->asker[e->a.number], x, took_us);
	served_tell(x, took_us, &e->a.lines);
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
	return face == FACE_SECURE || face == FACE_PUBLIC ? e->a.limit : NULL;
}

static bool
listen_all(struct edge *e, SSL_CTX *tls, struct fault *f)
{
	for (size_t i = 0; i < sizeof(faces) / sizeof(faces[0]); i++) {
		struct http_face face = {
			.face = faces[i].face,
			.listener = e->a.listener[faces[i].face],
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
		if (!http_listen(e->a.http, &face, f))
			return false;
		e->a.listener[faces[i].face] = -1; /* http's now */
	}
	e->listening = true;
	return child_tell(e->a.control, WIRE_READY, octets_of(NULL, 0), -1, f);
}

/* The secure listener's context: with the first the listeners open. */
static bool
use_context(void *with, SSL_CTX *tls, struct fault *f)
{
	struct edge *e = with;

	staple_use(&e->staple, tls);
	if (!e->listening)
		return listen_all(e, tls, f);
	http_set_tls(e->a.http, FACE_SECURE, tls);
	return true;
}

static void
tick(void *with)
{
	struct edge *e = with;

	ready_ask(e->ready, e->a.http);
	tally_set(&e->a.tally->asker[e->a.number].streams, api_events_open(&e->api));
	if (e->a.role == CHILD_DESK)
		return;
	gate_tick(&e->a.gate);
	handshake_tick(&e->a.handshake, !e->listening);
	staple_tick(&e->staple);
}

/* Another signer, that knows nothing yet. */
static void
new_line(void *with)
{
	struct edge *e = with;

	ready_new_signer(e->ready);
}

static bool
open_all(struct edge *e, struct fault *f)
{
	struct asker *a = &e->a;

	if (!asker_open(a, GATE_SECURE, f) ||
	    !ocsp_new(a->realm, clock_now_s, a->settings.ocsp.max_age_s, &e->ocsp, f))
		return false;
	if ((e->ready = ready_new(a->realm)) == NULL)
		return fault_set(f, FAULT_INTERNAL, "edge: out of memory");
	e->authz = (struct authz){ .realm = a->realm,
		.policies = a->policies,
		.now_s = clock_now_s,
		.note = activity_note,
		.activity = a->activity };
	authz_name(&e->authz, a->settings.names.at[0], a->listener[FACE_SECURE]);
	e->est = (struct est){ a->realm, clock_now_s };
	e->api = (struct api){ .realm = a->realm,
		.policies = a->policies,
		.tally = a->tally,
		.settings = &a->settings,
		.now_s = clock_now_s,
		.two_person = a->settings.two_person,
		.health = tell_health,
		.health_with = e,
		.feed_fresh_s = a->settings.revocations.fresh_s };
	a->handshake.use = use_context;
	a->handshake.with = e;
	e->staple = (struct staple){ .realm = a->realm, .http = a->http };
	http_every(a->http, RETRY_MS, tick, e);
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
	e->a = (struct asker){ .role = role, .control = control, .new_line = new_line, .with = e };
	if (!asker_start(&e->a, &f) || !child_settle(role, &e->a.settings, &f) ||
	    !open_all(e, &f) || !child_confine(role, &e->a.settings, &f) ||
	    (role == CHILD_DESK && !listen_all(e, NULL, &f))) {
		log_fact(LOG_ERROR, "start", "fault", f.text, NULL);
		goto out;
	}
	log_fact(LOG_INFO, "ready", NULL);
	tick(e);
	http_run(e->a.http, ASKER_DRAIN_MS);
	status = 0;
out:
	http_free(e->a.http); /* before what its exchanges use */
	e->a.http = NULL;
	api_feed_free(&e->api);
	ocsp_free(e->ocsp);
	staple_free(&e->staple);
	ready_free(e->ready);
	asker_close(&e->a);
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
