/* daemon/api.c - see api.h. */
#include "daemon/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ca/identify.h"
#include "ca/refusal.h"
#include "ca/wire.h"
#include "policy/decide.h"

static const char type_json[] = "application/json";

static const struct api_route routes[] = {
	{ "GET", "/v1/openapi.yaml", 0, 200, api_describe },
	{ "POST", "/v1/tenants", WIRE_TENANT, 201, NULL },
	{ "GET", "/v1/tenants", 0, 200, api_tenants },
	{ "GET", "/v1/tenants/{t}", 0, 200, api_tenant },
	{ "POST", "/v1/operators", WIRE_OPERATOR, 201, NULL },
	{ "GET", "/v1/operators", 0, 200, api_operators },
	{ "GET", "/v1/operators/{o}", 0, 200, api_operator },
	{ "PATCH", "/v1/operators/{o}", WIRE_OPERATOR_ROLE, 200, NULL },
	{ "DELETE", "/v1/operators/{o}", WIRE_OPERATOR_REMOVE, 200, NULL },
	{ "GET", "/v1/acts", 0, 200, api_acts },
	{ "GET", "/v1/acts/{o}", 0, 200, api_act },
	{ "POST", "/v1/acts/{o}/approve", WIRE_ACT_APPROVE, 200, NULL },
	{ "POST", "/v1/acts/{o}/refuse", WIRE_ACT_REFUSE, 200, NULL },
	{ "GET", "/v1/policy", 0, 200, api_policy },
	{ "GET", "/v1/policies", 0, 200, api_policies },
	{ "PUT", "/v1/policies/{o}", WIRE_POLICY, 200, NULL },
	{ "GET", "/v1/policies/{o}", 0, 200, api_policy_document },
	{ "DELETE", "/v1/policies/{o}", WIRE_POLICY_REMOVE, 200, NULL },
	{ "GET", "/v1/policies/{o}/history", 0, 200, api_policy_history },
	{ "PUT", "/v1/tenants/{t}/policy", WIRE_POLICY, 200, NULL },
	{ "GET", "/v1/tenants/{t}/policy", 0, 200, api_policy_document },
	{ "DELETE", "/v1/tenants/{t}/policy", WIRE_POLICY_REMOVE, 200, NULL },
	{ "GET", "/v1/tenants/{t}/policy/history", 0, 200, api_policy_history },
	{ "GET", "/v1/tenants/{t}/policy/documents", 0, 200, api_policy_documents },
	{ "GET", "/v1/health", 0, 200, api_health },
	{ "GET", "/v1/profiles", 0, 200, api_profiles },
	{ "POST", "/v1/tenants/{t}/tokens", WIRE_TOKEN, 201, NULL },
	{ "GET", "/v1/tenants/{t}/tokens", 0, 200, api_tokens },
	{ "DELETE", "/v1/tenants/{t}/tokens/{o}", WIRE_TOKEN_REVOKE, 200, NULL },
	{ "GET", "/v1/tenants/{t}/requests", 0, 200, api_requests },
	{ "GET", "/v1/tenants/{t}/requests/{o}", 0, 200, api_request },
	{ "POST", "/v1/tenants/{t}/requests/{o}/approve", WIRE_APPROVE, 200, NULL },
	{ "POST", "/v1/tenants/{t}/requests/{o}/refuse", WIRE_DISAPPROVE, 200, NULL },
	{ "POST", "/v1/tenants/{t}/makers", WIRE_MAKER, 201, NULL },
	{ "GET", "/v1/tenants/{t}/makers", 0, 200, api_makers },
	{ "DELETE", "/v1/tenants/{t}/makers/{o}", WIRE_MAKER_REMOVE, 200, NULL },
	{ "POST", "/v1/tenants/{t}/devices", WIRE_DEVICES, 201, NULL },
	{ "GET", "/v1/tenants/{t}/devices", 0, 200, api_devices },
	{ "POST", "/v1/tenants/{t}/devices/remove", WIRE_DEVICE_REMOVE, 200, NULL },
	{ "PUT", "/v1/tenants/{t}/printers/{o}", WIRE_PRINTER, 200, NULL },
	{ "GET", "/v1/tenants/{t}/printers", 0, 200, api_printers },
	{ "GET", "/v1/tenants/{t}/printers/{o}", 0, 200, api_printer },
	{ "DELETE", "/v1/tenants/{t}/printers/{o}", WIRE_PRINTER_REMOVE, 200, NULL },
	{ "PUT", "/v1/tenants/{t}/badges", WIRE_BADGE, 200, NULL },
	{ "GET", "/v1/tenants/{t}/badges", 0, 200, api_badges },
	{ "DELETE", "/v1/tenants/{t}/badges/{o}", WIRE_BADGE_REMOVE, 200, NULL },
	{ "GET", "/v1/tenants/{t}/certificates", 0, 200, api_certificates },
	{ "GET", "/v1/tenants/{t}/certificates/{o}", 0, 200, api_certificate },
	{ "POST", "/v1/tenants/{t}/certificates/{o}/revoke", WIRE_REVOKE, 200, NULL },
	{ "POST", "/v1/tenants/{t}/certificates/{o}/hold", WIRE_HOLD, 200, NULL },
	{ "POST", "/v1/tenants/{t}/certificates/{o}/release", WIRE_RELEASE, 200, NULL },
	{ "POST", "/v1/tenants/{t}/revocations", WIRE_REVOKE_MANY, 200, NULL },
	{ "GET", "/v1/tenants/{t}/endpoints", 0, 200, api_endpoints },
	{ "GET", "/v1/tenants/{t}/endpoints/{k}/{o}", 0, 200, api_endpoint },
	{ "DELETE", "/v1/tenants/{t}/endpoints/{k}/{o}", WIRE_ENDPOINT_REMOVE, 200, NULL },
	{ "GET", "/v1/certificates", 0, 200, api_certificates_anywhere },
	{ "POST", "/v1/tenants/{t}/suspend", WIRE_TENANT_SUSPEND, 200, NULL },
	{ "POST", "/v1/tenants/{t}/resume", WIRE_TENANT_RESUME, 200, NULL },
	{ "POST", "/v1/tenants/{t}/rollover", WIRE_ROLL, 201, NULL },
	{ "GET", "/v1/regions", 0, 200, api_regions },
	{ "GET", "/v1/regions/{o}", 0, 200, api_region },
	{ "POST", "/v1/regions/{o}/suspend", WIRE_REGION_SUSPEND, 200, NULL },
	{ "POST", "/v1/regions/{o}/resume", WIRE_REGION_RESUME, 200, NULL },
	{ "POST", "/v1/tenants/{t}/log/exports", WIRE_EXPORT, 201, NULL },
	{ "POST", "/v1/tenants/{t}/log/redactions", WIRE_REDACT, 201, NULL },
	{ "GET", "/v1/keys", WIRE_KEYS, 200, NULL },
	{ "GET", "/v1/webhooks", 0, 200, api_webhooks },
	{ "POST", "/v1/webhooks/{o}/test", WIRE_WEBHOOK_TEST, 202, NULL },
	{ "GET", "/v1/tenants/{t}/log/entries", 0, 200, api_entries },
	{ "GET", "/v1/tenants/{t}/log/certificates", 0, 200, api_log_certificates },
	{ "GET", "/v1/tenants/{t}/log/range", 0, 200, api_log_range },
	{ "GET", "/v1/tenants/{t}/log/names", 0, 200, api_log_names },
	{ "POST", "/v1/backups", WIRE_BACKUP, 201, NULL },
	{ "GET", "/v1/tenants/{t}/log/checkpoint", 0, 200, api_checkpoint },
	{ "GET", "/v1/tenants/{t}/log/tile/{*}", 0, 200, api_tile },
	{ "GET", "/v1/tenants/{t}/log/keys", 0, 200, api_log_keys },
	{ "GET", "/v1/tenants/{t}/log/proof", 0, 200, api_proof },
	{ "GET", "/v1/tenants/{t}/log/consistency", 0, 200, api_consistency },
	{ "GET", "/v1/tenants/{t}/log", 0, 200, api_search },
	{ "GET", "/v1/tenants/{t}/activity", 0, 200, api_search },
	{ "POST", "/v1/tenants/{t}/activity/log/exports", WIRE_EXPORT, 201, NULL },
	{ "POST", "/v1/tenants/{t}/activity/log/redactions", WIRE_REDACT, 201, NULL },
	{ "GET", "/v1/tenants/{t}/activity/log/entries", 0, 200, api_entries },
	{ "GET", "/v1/tenants/{t}/activity/log/certificates", 0, 200, api_log_certificates },
	{ "GET", "/v1/tenants/{t}/activity/log/range", 0, 200, api_log_range },
	{ "GET", "/v1/tenants/{t}/activity/log/checkpoint", 0, 200, api_checkpoint },
	{ "GET", "/v1/tenants/{t}/activity/log/tile/{*}", 0, 200, api_tile },
	{ "GET", "/v1/tenants/{t}/activity/log/keys", 0, 200, api_log_keys },
	{ "GET", "/v1/tenants/{t}/activity/log/proof", 0, 200, api_proof },
	{ "GET", "/v1/tenants/{t}/activity/log/consistency", 0, 200, api_consistency },
	{ "GET", "/v1/events", 0, 200, api_events },
	{ "GET", "/v1/revocations", 0, 200, api_feed },
	{ "GET", "/v1/tenants/{t}/revocations", 0, 200, api_feed },
	{ "GET", "/v1/tenants/{t}/policy/bundle", 0, 200, api_offline },
	{ "POST", "/v1/audit", 0, 200, api_audit },
	{ "GET", "/v1/tenants/{t}/audit", 0, 200, api_audit_tenant },
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

const struct api_route *
api_route(size_t i)
{
	return i < ROUTES ? &routes[i] : NULL;
}

/* Take one segment of the path off. */
static bool
segment(struct octets *path, struct octets *ret)
{
	const uint8_t *end;

	if (path->n == 0 || path->at[0] != '/')
		return false;
	end = memchr(path->at + 1, '/', path->n - 1);
	*ret = octets_of(path->at + 1, end == NULL ? path->n - 1 : (size_t)(end - path->at) - 1);
	*path = octets_of(ret->at + ret->n, path->n - ret->n - 1);
	return true;
}

/* A name in the path: lower-case letters, digits and hyphens; anything else names nothing. */
static bool
take_name(struct octets o, char to[static TEXT_LABEL_MAX])
{
	if (o.n == 0 || o.n >= TEXT_LABEL_MAX)
		return false;
	memcpy(to, o.at, o.n);
	to[o.n] = '\0';
	return strspn(to, "abcdefghijklmnopqrstuvwxyz0123456789-") == o.n;
}

static bool
matches(const struct api_route *r, struct octets path, struct api_call *c)
{
	struct octets pattern = octets_text(r->path), want, have;

	while (segment(&pattern, &want)) {
		if (!segment(&path, &have))
			return false;
		if (octets_same(want, octets_text("{t}"))) {
			if (!take_name(have, c->tenant))
				return false;
		} else if (octets_same(want, octets_text("{k}"))) {
			if (!take_name(have, c->kind))
				return false;
		} else if (octets_same(want, octets_text("{*}"))) {
			c->rest = octets_of(have.at, have.n + path.n);
			return true;
		} else if (octets_same(want, octets_text("{o}"))) {
			if (!take_name(have, c->object))
				return false;
		} else if (!octets_same(want, have)) {
			return false;
		}
	}
	return path.n == 0;
}

static unsigned
acted_status(const struct exchange *x)
{
	const unsigned *status = x->state;

	return *status;
}

/* RFC 9110 section 15.3.3: with where to look. */
static unsigned
waiting(struct exchange *x, struct octets body)
{
	struct json *j = NULL;
	struct fault f;

	if (json_parse(body, &j, &f) && json_text(j, "id") != NULL)
		exchange_header(x, "Location", "/v1/acts/%s", json_text(j, "id"));
	json_free(j);
	return 202;
}

static void
acted(struct exchange *x, uint16_t code, struct octets body)
{
	struct fault f;

	if (code != 0 && (code & WIRE_DONE) == 0) {
		struct octets text = body, members = { NULL, 0 };
		const uint8_t *end = body.n == 0 ? NULL : memchr(body.at, 0, body.n);

		if (end != NULL) {
			text.n = (size_t)(end - body.at);
			members = octets_of(end + 1, body.n - text.n - 1);
		}
		fault_set(&f, (enum fault_code)code, "%.*s", (int)text.n, (const char *)text.at);
		x->status = api_fault_with(x, &f, members);
		return;
	}
	x->type = type_json;
	bytes_clear(&x->reply);
	bytes_put_octets(&x->reply, body);
	exchange_header(x, "Cache-Control", "no-store");
	if ((code & WIRE_REPEATED) != 0)
		exchange_header(x, "Idempotent-Replayed", "true");
	x->status = (code & WIRE_WAITS) != 0 ? waiting(x, body) : acted_status(x);
}

/* A list that the signer alone can make: what it wants to know stands in the query. */
static bool
read_query(struct api_call *c, struct wire_act *a, struct bytes *room, struct fault *f)
{
	char all[8];

	(void)room;
	if (!api_query(c->x, "after", c->object, sizeof(c->object), f) ||
	    !api_query(c->x, "all", all, sizeof(all), f))
		return false;
	if (all[0] != '\0' && strcmp(all, "yes") != 0)
		return fault_set(f, FAULT_BADREQ, "all: expected yes");
	a->object = octets_text(c->object);
	a->json = octets_text(all[0] == '\0' ? "{}" : "{\"all\":true}");
	return true;
}

/* Acts of which more than the body tells what is asked. What they lend lies in room. */
static const struct {
	uint16_t verb;
	bool (*fill)(struct api_call *c, struct wire_act *a, struct bytes *room, struct fault *f);
} fillers[] = {
	{ WIRE_KEYS, read_query },
	{ WIRE_REVOKE_MANY, api_fill_revocations },
	{ WIRE_ENDPOINT_REMOVE, api_fill_removal },
};

static bool
fill_act(struct api_call *c, uint16_t verb, struct wire_act *a, struct bytes *room, struct fault *f)
{
	for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++)
		if (fillers[i].verb == verb)
			return fillers[i].fill(c, a, room, f) && bytes_ok(room, f);
	return true;
}

static void
ask(struct api_call *c, const struct api_route *r)
{
	struct exchange *x = c->x;
	struct wire_act a = {
		.object = octets_text(c->object),
		.peer = x->peer,
		.json = x->body,
		.match = x->if_match,
		.key = strcmp(r->method, "GET") == 0 ? octets_of(NULL, 0) : x->idempotency_key,
	};
	unsigned *status = calloc(1, sizeof(*status));
	struct bytes room = { 0 };
	struct fault f;

	if (status == NULL)
		fault_set(&f, FAULT_INTERNAL, "api: out of memory");
	if (status == NULL || !fill_act(c, r->verb, &a, &room, &f)) {
		free(status);
		bytes_free(&room);
		refusal_send(x, c->tenant, "api", &f, api_fault(x, &f));
		return;
	}
	if (ledger_name_is_activity(c->ledger))
		a.object = octets_text(LEDGER_ACTIVITY);
	*status = r->status;
	x->state = status;
	memcpy(a.tenant, c->tenant, sizeof(a.tenant));
	(void)snprintf(a.source, sizeof(a.source), "%s", x->source);
	wire_put_act(&a, &x->ask.body);
	bytes_free(&room);
	x->ask.verb = r->verb;
	x->ask.then = acted;
}

bool
api_who(const struct api_call *c, const struct exchange *x, struct identity *ret, struct fault *f)
{
	struct identified also;

	if (x->peer.n == 0 && x->face != FACE_LOCAL)
		return fault_set(f, FAULT_AUTH, "api: expected an operator's certificate");
	*ret = (struct identity){ .kind = IDENTITY_LOCAL, .role = ROLE_OFFICER, .good = true };
	return x->peer.n == 0 || identify(c->api->realm, x->peer, c->now_s, ret, &also, f);
}

static bool
may_read(struct api_call *c, const struct api_route *r, struct fault *f)
{
	bool feed = r->read == api_feed || r->read == api_offline;
	struct object what = { .tenant = "" };
	struct identity who;
	struct verdict v;

	if (!api_who(c, c->x, &who, f) || (feed && !api_feed_tenant(c, f)))
		return false;
	memcpy(what.tenant, c->tenant, sizeof(what.tenant));
	decide(&who, feed ? ACT_FEED : ACT_READ, &what, &v);
	if (!v.permit)
		return fault_set(f, FAULT_DENIED, "policy: %s: %s", v.rule, v.reason);
	return api_rule(c->api, c->x, &who, feed, &what, f);
}

static bool
check_key(struct octets key, struct fault *f)
{
	bool ok = key.at == NULL || (key.n > 0 && key.n <= API_KEY_MAX);

	for (size_t i = 0; ok && i < key.n; i++)
		ok = key.at[i] > ' ' && key.at[i] <= '~';
	return ok || fault_set(f, FAULT_BADREQ,
			 "Idempotency-Key: expected 1 to %d visible ASCII characters", API_KEY_MAX);
}

/*
 * A browser that has an operator's certificate shows it for whatever page asks it to, and there are
 * no pages of ours: so what says that a page asked is refused, a read too. The page could not see
 * the answer, as nothing here grants that (CORS), but could cost an audit, or time it. What a
 * person types into the browser is "none" (W3C Fetch Metadata); programs that are none say nothing.
 */
static bool
is_page(const struct exchange *x)
{
	return x->origin.at != NULL ||
	       (x->fetch_site.at != NULL && !octets_same(x->fetch_site, octets_text("none")));
}

static bool
may_send(const struct exchange *x, struct fault *f)
{
	static const char type[] = "application/json";
	const size_t n = sizeof(type) - 1;

	if (x->body_too_large)
		return fault_set(f, FAULT_LIMIT, "api: a body over %zu octets", api_body_max(x));
	if (x->body.n != 0 &&
	    (x->content_type.n < n || strncasecmp((const char *)x->content_type.at, type, n) != 0 ||
		(x->content_type.n > n && memchr("; \t", x->content_type.at[n], 3) == NULL)))
		return fault_set(f, FAULT_TYPE, "api: expected Content-Type application/json");
	return true;
}

static bool
may_act(const struct api_call *c, struct fault *f)
{
	const struct exchange *x = c->x;

	if (!may_send(x, f))
		return false;
	if (x->if_match.n > API_MATCH_MAX)
		return fault_set(f, FAULT_BADREQ, "If-Match: over %d octets", API_MATCH_MAX);
	return check_key(x->idempotency_key, f);
}

static void
run(struct api_call *c, const struct api_route *r)
{
	struct exchange *x = c->x;
	struct fault f;

	if (is_page(x)) {
		fault_set(&f, FAULT_DENIED,
		    "api: no page reads or acts here: Origin or Sec-Fetch-Site says that one asks");
		refusal_send(x, c->tenant, "api", &f, api_fault(x, &f));
	} else if (r->verb != 0) {
		if (may_act(c, &f))
			ask(c, r);
		else
			refusal_send(x, c->tenant, "api", &f, api_fault(x, &f));
	} else if (r->read != api_describe && !may_read(c, r, &f)) { /* that is no secret */
		refusal_send(x, c->tenant, "api.read", &f, api_fault(x, &f));
	} else if (!may_send(x, &f) || !r->read(c, &f)) {
		api_problem(x, &f);
	}
}

static bool
ends_in(struct octets path, const char *end)
{
	const size_t n = strlen(end);

	return path.n > n && memcmp(path.at + path.n - n, end, n) == 0;
}

static bool
is_policy(const struct exchange *x)
{
	static const char rails[] = "/v1/policies/";
	const size_t n = sizeof(rails) - 1;

	return ends_in(x->path, "/policy") || (x->path.n > n && memcmp(x->path.at, rails, n) == 0);
}

size_t
api_body_max(const struct exchange *x)
{
	if (ends_in(x->path, "/revocations"))
		return API_LIST_MAX;
	return is_policy(x) ? API_POLICY_MAX : API_BODY_MAX;
}

void
api_limit_body(struct exchange *x)
{
	if (x->body.n <= api_body_max(x))
		return;
	x->body = octets_of(NULL, 0);
	x->body_too_large = true;
}

bool
api_is(const struct exchange *x)
{
	return x->path.n >= 4 && memcmp(x->path.at, "/v1/", 4) == 0;
}

/* HEAD is a GET whose answer's body nobody sends (RFC 9110 section 9.3.2); a stream is all body. */
static bool
takes_head(const struct api_route *r)
{
	return strcmp(r->method, "GET") == 0 && r->read != api_events;
}

static bool
takes(const struct api_route *r, struct octets method)
{
	return octets_same(method, octets_text(r->method)) ||
	       (octets_same(method, octets_text("HEAD")) && takes_head(r));
}

bool
api_serve(struct api *a, struct exchange *x)
{
	char allow[64] = "";
	size_t at = 0;
	struct api_call c;
	struct fault f;

	if (!api_is(x))
		return false;
	for (size_t i = 0; i < ROUTES; i++) {
		c = (struct api_call){ .api = a, .x = x, .now_s = a->now_s() };
		if (!matches(&routes[i], x->path, &c))
			continue;
		if (strstr(routes[i].path, "{t}/" LEDGER_ACTIVITY) != NULL)
			ledger_name_activity(c.tenant, c.ledger);
		else
			memcpy(c.ledger, c.tenant, sizeof(c.tenant));
		if (takes(&routes[i], x->method)) {
			run(&c, &routes[i]);
			return true;
		}
		at += (size_t)snprintf(allow + at, sizeof(allow) - at, "%s%s%s",
		    at == 0 ? "" : ", ", routes[i].method, takes_head(&routes[i]) ? ", HEAD" : "");
	}
	if (at > 0) {
		api_other_method(x, allow);
		return true;
	}
	fault_set(&f, FAULT_NOTFOUND, "api: no such route; docs/api.md lists them");
	api_problem(x, &f);
	return true;
}
