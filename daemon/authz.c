/* daemon/authz.c - see authz.h. Routes, who may call them, and how an answer looks there. */
#include "daemon/authz.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "ca/identify.h"
#include "ca/refusal.h"
#include "daemon/api.h"
#include "daemon/authz_answer.h"
#include "daemon/authz_search.h"

#define REQUEST_ID_MAX 128
#define ENVOY          "/authz/envoy"
#define METADATA       "/.well-known/authzen-configuration"

/* Handlers get a body that is JSON, parsed, or NULL where there is none. */
typedef bool authz_route(struct authz *a, const struct authz_caller *c, struct exchange *x,
    const struct json *body, struct fault *f);

/* --- AuthZEN --------------------------------------------------------------------------------- */

static struct json *
decision_json(struct authz_answer *a)
{
	struct json *j = json_object();

	json_put_bool(j, "decision", a->permit);
	json_put(j, "context", authz_answer_context(a));
	return j;
}

/* One evaluation; a member that it lacks is the one on top. */
static bool
evaluate(struct authz *a, const struct authz_caller *c, const struct json *one,
    const struct json *top, struct authz_answer *ret, struct fault *f)
{
	struct authz_question *q = calloc(1, sizeof(*q));
	const struct authz_parts parts = {
		.subject = json_get(json_get(one, "subject") != NULL ? one : top, "subject"),
		.action = json_get(json_get(one, "action") != NULL ? one : top, "action"),
		.resource = json_get(json_get(one, "resource") != NULL ? one : top, "resource"),
		.context = json_get(json_get(one, "context") != NULL ? one : top, "context"),
	};
	bool ok;

	if (q == NULL)
		return fault_set(f, FAULT_INTERNAL, "authzen: out of memory");
	ok = authz_question_read(&parts, q, f) && authz_decide(a, c, q, ret, f);
	authz_question_free(q);
	free(q);
	return ok;
}

static bool
evaluation(struct authz *a, const struct authz_caller *c, struct exchange *x,
    const struct json *body, struct fault *f)
{
	struct authz_answer answer = { .permit = false };

	if (!evaluate(a, c, body, body, &answer, f)) {
		authz_answer_free(&answer);
		return false;
	}
	api_answer(x, 200, decision_json(&answer));
	authz_answer_free(&answer);
	return true;
}

/* After which answer nothing more is evaluated. */
static const struct {
	const char *word;
	bool stops, at;
} semantics[] = {
	{ "execute_all", false, false },
	{ "deny_on_first_deny", true, false },
	{ "permit_on_first_permit", true, true },
};

static bool
read_semantic(const struct json *body, size_t *ret, struct fault *f)
{
	const struct json *options = json_get(body, "options");
	const char *word = json_text(options, "evaluations_semantic");

	*ret = 0;
	if (json_get(options, "evaluations_semantic") == NULL)
		return true;
	for (size_t i = 0; word != NULL && i < sizeof(semantics) / sizeof(semantics[0]); i++)
		if (strcmp(word, semantics[i].word) == 0) {
			*ret = i;
			return true;
		}
	return fault_set(f, FAULT_BADREQ,
	    "authzen: options.evaluations_semantic: expected execute_all, deny_on_first_deny or "
	    "permit_on_first_permit");
}

/* An evaluation that is none is denied where it stands; the others are evaluated. */
static struct json *
wrong_json(const struct fault *why)
{
	struct json *j = json_object(), *context = json_object(), *error = json_object();

	json_put_number(error, "status", 400);
	json_put_octets(error, "message", octets_text(why->text));
	json_put(context, "error", error);
	json_put_bool(j, "decision", false);
	json_put(j, "context", context);
	return j;
}

static bool
evaluate_all(struct authz *a, const struct authz_caller *c, const struct json *body,
    size_t semantic, struct json *list, struct fault *f)
{
	for (const struct json *one = json_at(json_get(body, "evaluations"), 0); one != NULL;
	     one = json_next(one)) {
		struct authz_answer answer = { .permit = false };
		bool ok = json_kind(one) == JSON_OBJECT ||
			  fault_set(f, FAULT_BADREQ, "authzen: evaluations: expected objects");

		if (ok)
			ok = evaluate(a, c, one, body, &answer, f);
		if (!ok && f->code != FAULT_BADREQ) {
			authz_answer_free(&answer);
			return false;
		}
		json_add(list, ok ? decision_json(&answer) : wrong_json(f));
		ok = ok && answer.permit;
		authz_answer_free(&answer);
		if (semantics[semantic].stops && semantics[semantic].at == ok)
			break;
	}
	return true;
}

static bool
evaluations(struct authz *a, const struct authz_caller *c, struct exchange *x,
    const struct json *body, struct fault *f)
{
	const struct json *all = json_get(body, "evaluations");
	struct json *list, *j;
	size_t semantic;

	if (all != NULL && json_kind(all) != JSON_ARRAY)
		return fault_set(f, FAULT_BADREQ, "authzen: evaluations: expected a list");
	if (json_count(all) > AUTHZ_EVALUATIONS_MAX)
		return fault_set(
		    f, FAULT_LIMIT, "authzen: over %d evaluations", AUTHZ_EVALUATIONS_MAX);
	if (json_count(all) == 0)
		return evaluation(a, c, x, body, f); /* then it is as one */
	if (!read_semantic(body, &semantic, f))
		return false;
	list = json_array();
	if (!evaluate_all(a, c, body, semantic, list, f)) {
		json_free(list);
		return false;
	}
	j = json_object();
	json_put(j, "evaluations", list);
	api_answer(x, 200, j);
	return true;
}

static bool
metadata(struct authz *a, const struct authz_caller *c, struct exchange *x, const struct json *body,
    struct fault *f)
{
	static const char *const at[][2] = {
		{ "access_evaluation_endpoint", "/access/v1/evaluation" },
		{ "access_evaluations_endpoint", "/access/v1/evaluations" },
		{ "search_subject_endpoint", "/access/v1/search/subject" },
		{ "search_action_endpoint", "/access/v1/search/action" },
		{ "search_resource_endpoint", "/access/v1/search/resource" },
	};
	char url[AUTHZ_URL_MAX + 64];
	struct json *j = json_object();

	(void)c, (void)body, (void)f;
	json_put_text(j, "policy_decision_point", a->url);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		(void)snprintf(url, sizeof(url), "%s%s", a->url, at[i][1]);
		json_put_text(j, at[i][0], url);
	}
	api_answer(x, 200, j);
	return true;
}

/* --- nginx and Envoy ------------------------------------------------------------------------- */

static void
put_headers(struct exchange *x, const struct authz_answer *a)
{
	struct bytes text = { 0 };
	struct fault ignored;

	exchange_header_text(x, "X-Quatrain-Decision", a->id);
	exchange_header_text(x, "X-Quatrain-Code", a->code);
	if (a->permit)
		exchange_header_text(x, "X-Quatrain-Rule", a->rule);
	exchange_header_text(x, "Cache-Control", "no-store");
	if (a->obligations != NULL && json_write(a->obligations, &text, &ignored)) {
		bytes_put_u8(&text, '\0');
		if (!text.bad)
			exchange_header_text(x, "X-Quatrain-Obligations", (const char *)text.at);
	}
	bytes_free(&text);
}

/* A permit whose obligations do not fit into a header would lose them on the way: then it is none.
 */
static bool
loses(const struct exchange *x, const struct authz_answer *a)
{
	for (size_t i = 0; i < x->headers_n; i++)
		if (strcmp(x->headers[i].name, "X-Quatrain-Obligations") == 0)
			return false;
	return a->obligations != NULL;
}

static bool
answer_waiting(struct authz *a, const struct authz_caller *c, struct exchange *x,
    struct authz_question *q, unsigned permitted, struct fault *f)
{
	struct authz_answer answer = { .permit = false };
	bool ok = authz_decide(a, c, q, &answer, f);

	if (ok) {
		put_headers(x, &answer);
		x->status = answer.permit && !loses(x, &answer) ? permitted : 403;
		x->charged.refusal = 0; /* it is the subject's no, and not the caller's */
	}
	authz_answer_free(&answer);
	return ok;
}

static bool
waiting(
    struct authz *a, const struct authz_caller *c, struct exchange *x, bool envoy, struct fault *f)
{
	struct authz_question *q = calloc(1, sizeof(*q));
	bool ok;

	if (q == NULL)
		return fault_set(f, FAULT_INTERNAL, "authz: out of memory");
	ok = (envoy ? authz_question_envoy(x, ENVOY, q, f) : authz_question_nginx(x, q, f)) &&
	     answer_waiting(a, c, x, q, envoy ? 200 : 204, f);
	authz_question_free(q);
	free(q);
	return ok;
}

static bool
nginx(struct authz *a, const struct authz_caller *c, struct exchange *x, const struct json *body,
    struct fault *f)
{
	(void)body;
	return waiting(a, c, x, false, f);
}

static bool
envoy(struct authz *a, const struct authz_caller *c, struct exchange *x, const struct json *body,
    struct fault *f)
{
	(void)body;
	return waiting(a, c, x, true, f);
}

/* --- routes ---------------------------------------------------------------------------------- */

static const struct {
	const char *method; /* NULL: any */
	const char *path;
	bool beneath; /* and all below it */
	bool anyone;  /* no certificate is needed */
	authz_route *serve;
} routes[] = {
	{ "POST", "/access/v1/evaluation", false, false, evaluation },
	{ "POST", "/access/v1/evaluations", false, false, evaluations },
	{ "POST", "/access/v1/search/subject", false, false, authz_search_subject },
	{ "POST", "/access/v1/search/action", false, false, authz_search_action },
	{ "POST", "/access/v1/search/resource", false, false, authz_search_resource },
	{ "GET", METADATA, false, true, metadata },
	{ NULL, "/authz/nginx", false, false, nginx },
	{ NULL, ENVOY, true, false, envoy },
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

static bool
fits(size_t i, const struct exchange *x)
{
	struct octets rest = x->path;

	return octets_take_text(&rest, routes[i].path) &&
	       (rest.n == 0 || (routes[i].beneath && rest.at[0] == '/'));
}

static bool
is_ours(const struct exchange *x)
{
	struct octets rest = x->path;

	return octets_take_text(&rest, "/access/") || octets_take_text(&rest, "/authz/") ||
	       octets_same(x->path, octets_text(METADATA));
}

/* Policies may forbid what a built-in rule lets services, gateways and staff do: to ask. */
static bool
may_ask(struct authz *a, struct exchange *x, const struct authz_caller *c,
    const struct identified *also, struct fault *f)
{
	struct evidence of;
	struct request r;
	struct ruling v;

	if (!evidence_of(a->realm, x->peer, &c->who, also, &of, f))
		return false;
	evidence_request(&of, "authz.ask", x->source, a->now_s(), &r);
	evidence_resource(&r, "service", "authz", c->who.tenant);
	if (!policies_rule(a->policies, c->who.tenant, POLICIES_CALLER, &r, false, &v, f))
		return false;
	if (v.permit)
		return true;
	memcpy(x->decision, v.id, sizeof(x->decision));
	return policies_refuse(&v, f);
}

/* A service or gateway of a tenant, or staff. */
static bool
who_asks(struct authz *a, struct exchange *x, struct authz_caller *ret, struct fault *f)
{
	struct identified also;
	struct object what = { .tenant = "" };
	struct verdict v;

	if (x->peer.n == 0)
		return fault_set(f, FAULT_AUTH,
		    "authz: expected the certificate of a service, a gateway or an operator");
	if (x->origin.at != NULL || x->fetch_site.at != NULL)
		return fault_set(f, FAULT_DENIED, "authz: no page asks here");
	if (!identify(a->realm, x->peer, a->now_s(), &ret->who, &also, f))
		return false;
	memcpy(what.tenant, ret->who.tenant, sizeof(what.tenant));
	decide(&ret->who, ACT_AUTHZ, &what, &v);
	ret->explain = ret->who.role == ROLE_AUDITOR;
	if (!v.permit)
		return fault_set(f, FAULT_DENIED, "policy: %s: %s", v.rule, v.reason);
	return may_ask(a, x, ret, &also, f);
}

static bool
read_body(const struct exchange *x, const char *method, struct json **ret, struct fault *f)
{
	static const char type[] = "application/json";

	*ret = NULL;
	if (x->body_too_large)
		return fault_set(
		    f, FAULT_LIMIT, "authzen: a body over %zu octets", api_body_max(x));
	if (method == NULL || strcmp(method, "POST") != 0)
		return true;
	if (x->content_type.n < sizeof(type) - 1 ||
	    strncasecmp((const char *)x->content_type.at, type, sizeof(type) - 1) != 0)
		return fault_set(f, FAULT_TYPE, "authzen: expected Content-Type application/json");
	if (!json_parse(x->body, ret, f))
		return false;
	return json_kind(*ret) == JSON_OBJECT ||
	       fault_set(f, FAULT_BADREQ, "authzen: expected an object");
}

/* What the caller named the request goes back with the answer. */
static bool
echo(struct exchange *x, struct fault *f)
{
	char id[REQUEST_ID_MAX + 1];
	struct octets o;

	if (!exchange_ask_header(x, "x-request-id", &o) || o.n > REQUEST_ID_MAX)
		return fault_set(f, FAULT_BADREQ,
		    "X-Request-ID: expected one, of at most %d octets", REQUEST_ID_MAX);
	for (size_t i = 0; i < o.n; i++)
		if (o.at[i] <= ' ' || o.at[i] > '~')
			return fault_set(f, FAULT_BADREQ, "X-Request-ID: expected visible ASCII");
	(void)snprintf(id, sizeof(id), "%.*s", (int)o.n, (const char *)o.at);
	if (o.n > 0)
		exchange_header_text(x, "X-Request-ID", id);
	return true;
}

/* The port that listens there; 0: none. */
static unsigned
port_of(int listener)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t n = sizeof(at);

	memset(&at, 0, sizeof(at));
	if (listener < 0 || getsockname(listener, &at.any, &n) != 0)
		return 0;
	return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

void
authz_name(struct authz *a, const char *name, int listener)
{
	bool v6 = strchr(name, ':') != NULL;

	(void)snprintf(a->url, sizeof(a->url), "https://%s%s%s:%u", v6 ? "[" : "", name,
	    v6 ? "]" : "", port_of(listener));
}

static void
run(struct authz *a, struct exchange *x, size_t i)
{
	struct authz_caller c = { .source = x->source, .address = x->address };
	struct json *body = NULL;
	struct fault f;
	bool ok = echo(x, &f) && (routes[i].anyone || who_asks(a, x, &c, &f)) &&
		  read_body(x, routes[i].method, &body, &f) && routes[i].serve(a, &c, x, body, &f);

	json_free(body);
	if (!ok)
		refusal_send(x, c.who.tenant, "authz.ask", &f, api_fault(x, &f));
}

bool
authz_serve(struct authz *a, struct exchange *x)
{
	const char *allow = NULL;
	struct fault f;

	if (!is_ours(x))
		return false;
	for (size_t i = 0; i < ROUTES; i++) {
		if (!fits(i, x))
			continue;
		if (routes[i].method == NULL ||
		    octets_same(x->method, octets_text(routes[i].method))) {
			run(a, x, i);
			return true;
		}
		allow = routes[i].method;
	}
	if (allow != NULL) {
		api_other_method(x, allow);
		return true;
	}
	fault_set(&f, FAULT_NOTFOUND, "authz: nothing is served here; docs/authz.md lists what is");
	api_problem(x, &f);
	return true;
}
