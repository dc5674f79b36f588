/* daemon/authz_search.c - see authz_search.h. */
#include "daemon/authz_search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/holding.h"
#include "daemon/api.h"
#include "daemon/cursor.h"

#define SERIAL TBS_SERIAL_OCTETS

struct search {
	struct authz *authz;
	const struct authz_caller *caller;
	struct exchange *x;
	char tenant[TEXT_LABEL_MAX];
	struct authz_question *question; /* what is asked, of nobody yet */
	size_t limit;
};

/* What our subjects are; there are none of another type. */
static const char subject_type[] = "spiffe";

/* Actions that are worth asking for: what this service and its relays decide. */
static const char *const actions[] = { "connect", "est.enroll", "est.reenroll", "feed.read",
	"print.submit", "print.release", "print.hold", "scan.send", "http.get", "http.head",
	"http.post", "http.put", "http.patch", "http.delete", "http.options" };

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static bool
whose(struct search *s, const struct json *subject, struct fault *f)
{
	const char *tenant = json_text(json_get(subject, "properties"), "tenant");
	struct object what = { .tenant = "" };
	struct verdict v;

	if (tenant == NULL)
		tenant = s->caller->who.tenant;
	if (!text_is_label(tenant))
		return fault_set(f, FAULT_BADREQ,
		    "authzen: subject.properties.tenant: expected a tenant's name");
	(void)snprintf(s->tenant, sizeof(s->tenant), "%s", tenant);
	(void)snprintf(what.tenant, sizeof(what.tenant), "%s", tenant);
	decide(&s->caller->who, ACT_AUTHZ, &what, &v);
	return v.permit || fault_set(f, FAULT_DENIED, "policy: %s: %s", v.rule, v.reason);
}

/* page: {"token", "limit"} */
static bool
read_page(struct search *s, const struct json *body, uint8_t *key, size_t size, size_t *key_n,
    struct fault *f)
{
	const struct json *page = json_get(body, "page");
	const char *token = json_text(page, "token");
	int64_t limit;

	if (page != NULL && json_kind(page) != JSON_OBJECT)
		return fault_set(f, FAULT_BADREQ, "authzen: page: expected an object");
	if (json_get(page, "token") != NULL && token == NULL)
		return fault_set(f, FAULT_BADREQ, "authzen: page.token: expected a text");
	if (!json_number(page, "limit", 1, INT32_MAX, AUTHZ_PAGE, &limit))
		return fault_set(
		    f, FAULT_BADREQ, "authzen: page.limit: expected a number from 1 on");
	s->limit = limit < AUTHZ_PAGE ? (size_t)limit : AUTHZ_PAGE;
	return cursor_read(s->x->path, token == NULL ? "" : token, key, size, key_n, f);
}

/* --- subjects -------------------------------------------------------------------------------- */

struct gather {
	struct octets after;
	struct bytes rows; /* key and newest serial */
	size_t n;
	bool more;
};

static bool
gather(void *with, struct octets key, struct octets value)
{
	struct gather *g = with;

	if (octets_same(key, g->after) || value.n < SERIAL)
		return true;
	if ((g->more = g->n == AUTHZ_LOOK))
		return false;
	bytes_put_counted(&g->rows, key);
	bytes_put(&g->rows, value.at, SERIAL);
	g->n++;
	return true;
}

/* Does the holder of serial hold it now, and would it be permitted? */
static bool
would(struct search *s, struct ledger *l, const uint8_t serial[static SERIAL], struct evidence *e,
    bool *ret, struct fault *f)
{
	struct identity who = { .good = false };
	struct bytes der = { 0 };
	struct standing standing;
	struct fault why;
	bool ok = true;

	*ret = false;
	if (!ledger_standing(l, serial, &standing, f))
		return false;
	if (standing.state != STANDING_GOOD || standing.id == LEDGER_NO_CERTIFICATE)
		return true;
	if (ledger_certificate(l, standing.id, &der, &why) &&
	    evidence_find(s->authz->realm, octets_bytes(&der), s->authz->now_s(), &who, e, &why))
		ok =
		    !who.good || authz_would(s->authz, e, s->tenant, &s->question->request, ret, f);
	bytes_free(&der);
	return ok;
}

static void
put_page(struct json *j, struct octets path, struct octets last, bool more, size_t n)
{
	struct json *page = json_object(), *next = json_object();

	if (more)
		cursor_put(next, path, last);
	json_put_text(page, "next_token", more ? json_text(next, "next") : "");
	json_put_number(page, "count", (int64_t)n);
	json_put(j, "page", page);
	json_free(next);
}

/* With the certificate: without it an evaluation of this very subject would be a no. */
static struct json *
subject_json(const struct evidence *e)
{
	struct json *j = json_object(), *properties = json_object();

	json_put_text(properties, "cert_sha256", e->sha256);
	json_put_text(j, "type", subject_type);
	json_put_text(j, "id", e->id);
	json_put(j, "properties", properties);
	return j;
}

/* Endpoints in turn, until a page is full or enough was looked at. */
static bool
sift(struct search *s, struct ledger *l, const struct gather *g, struct fault *f)
{
	struct reader in = reader_of(octets_bytes(&g->rows));
	struct json *j = json_object(), *results = json_array();
	struct octets last = { 0 };
	size_t found = 0, i = 0;
	bool ok = true;

	for (; ok && i < g->n && found < s->limit; i++) {
		uint8_t serial[SERIAL];
		struct evidence e;
		bool may = false;

		last = reader_counted(&in);
		reader_copy(&in, serial, sizeof(serial));
		ok = would(s, l, serial, &e, &may, f);
		if (!ok || !may)
			continue;
		json_add(results, subject_json(&e));
		found++;
	}
	json_put(j, "results", results);
	put_page(j, s->x->path, last, i < g->n || g->more, found);
	if (ok)
		api_answer(s->x, 200, j);
	else
		json_free(j);
	return ok;
}

/* The question about nobody yet: whoever it is about is put in later. */
static bool
read_question(struct search *s, const struct json *body, struct fault *f)
{
	struct json *nobody = json_object();
	const struct authz_parts parts = { .subject = nobody,
		.action = json_get(body, "action"),
		.resource = json_get(body, "resource"),
		.context = json_get(body, "context") };
	bool ok;

	json_put_text(nobody, "type", "spiffe");
	json_put_text(nobody, "id", "spiffe://nobody");
	ok = authz_question_read(&parts, s->question, f);
	json_free(nobody);
	return ok;
}

bool
authz_search_subject(struct authz *a, const struct authz_caller *c, struct exchange *x,
    const struct json *body, struct fault *f)
{
	struct search s = {
		.authz = a, .caller = c, .x = x, .question = calloc(1, sizeof(*s.question))
	};
	const struct json *subject = json_get(body, "subject");
	const char *type = json_text(subject, "type");
	uint8_t key[STORE_KEY_MAX];
	struct gather g = { .n = 0 };
	struct ledger *l;
	size_t key_n;
	bool ok;

	if (s.question == NULL)
		return fault_set(f, FAULT_INTERNAL, "authzen: out of memory");
	ok = (type != NULL ||
		 fault_set(f, FAULT_BADREQ, "authzen: subject.type: expected a text")) &&
	     read_page(&s, body, key, sizeof(key), &key_n, f) && read_question(&s, body, f) &&
	     whose(&s, subject, f) && realm_ledger(a->realm, s.tenant, &l, f);
	if (ok && strcmp(type, subject_type) == 0) {
		g.after = octets_of(key, key_n);
		ok = store_scan(ledger_store(l), TABLE_ENDPOINT, g.after, SIZE_MAX, gather, &g, f);
	}
	ok = ok && bytes_ok(&g.rows, f) && sift(&s, l, &g, f);
	bytes_free(&g.rows);
	authz_question_free(s.question);
	free(s.question);
	return ok;
}

/* --- actions and resources ---------------------------------------------------------------------
 */

/* What there is at this service to do something with. */
static const char *const services[] = { "secure", "est", "revocations", "authz" };

#define SERVICES (sizeof(services) / sizeof(services[0]))

/* Each candidate is a question of its own: the body with its part in the place of the body's. */
struct trial {
	struct search *search;
	const struct json *body;
	const char *part; /* "action", "resource" */
	struct json *(*make)(const char *candidate);
	const char *const *candidates;
	size_t n;
};

static struct json *
make_action(const char *candidate)
{
	struct json *j = json_object();

	json_put_text(j, "name", candidate);
	return j;
}

static struct json *
make_service(const char *candidate)
{
	struct json *j = json_object();

	json_put_text(j, "type", "service");
	json_put_text(j, "id", candidate);
	return j;
}

static bool
find(struct search *s, struct identity *who, struct evidence *e)
{
	const struct authz_question *q = s->question;
	int64_t now = s->authz->now_s();
	struct fault why;

	if (q->certificate.n > 0)
		return evidence_find(
		    s->authz->realm, octets_bytes(&q->certificate), now, who, e, &why);
	return q->has_digest &&
	       evidence_find_digest(s->authz->realm, q->id, q->sha256, now, who, e, &why);
}

/* Of a subject that is not known, does not hold, or is another tenant's nothing is permitted. */
static bool
try_one(const struct trial *t, const struct json *candidate, bool *ret, struct fault *f)
{
	struct search *s = t->search;
	const struct identity *caller = &s->caller->who;
	struct authz_parts parts = { .subject = json_get(t->body, "subject"),
		.action = json_get(t->body, "action"),
		.resource = json_get(t->body, "resource"),
		.context = json_get(t->body, "context") };
	struct identity who = { .good = false };
	struct evidence e;

	*ret = false;
	*(strcmp(t->part, "action") == 0 ? &parts.action : &parts.resource) = candidate;
	authz_question_free(s->question);
	if (!authz_question_read(&parts, s->question, f))
		return false;
	if (!find(s, &who, &e) || !who.good || strcmp(e.id, s->question->id) != 0 ||
	    (caller->kind == IDENTITY_ENDPOINT && strcmp(caller->tenant, who.tenant) != 0))
		return true;
	(void)snprintf(s->tenant, sizeof(s->tenant), "%s", who.tenant);
	return authz_would(s->authz, &e, s->tenant, &s->question->request, ret, f);
}

static bool
try_all(const struct trial *t, struct fault *f)
{
	struct json *j = json_object(), *results = json_array();
	size_t found = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < t->n; i++) {
		struct json *candidate = t->make(t->candidates[i]);
		bool may = false;

		ok = try_one(t, candidate, &may, f);
		if (ok && may) {
			json_add(results, candidate);
			found++;
		} else {
			json_free(candidate);
		}
	}
	json_put(j, "results", results);
	put_page(j, t->search->x->path, (struct octets){ 0 }, false, found);
	if (ok)
		api_answer(t->search->x, 200, j);
	else
		json_free(j);
	return ok;
}

static bool
run_trial(struct trial *t, struct fault *f)
{
	struct authz_question *q = calloc(1, sizeof(*q));
	bool ok;

	if (q == NULL)
		return fault_set(f, FAULT_INTERNAL, "authzen: out of memory");
	t->search->question = q;
	ok = try_all(t, f);
	authz_question_free(q);
	free(q);
	return ok;
}

bool
authz_search_action(struct authz *a, const struct authz_caller *c, struct exchange *x,
    const struct json *body, struct fault *f)
{
	struct search s = { .authz = a, .caller = c, .x = x };
	struct trial t = { .search = &s,
		.body = body,
		.part = "action",
		.make = make_action,
		.candidates = actions,
		.n = ACTIONS };

	return run_trial(&t, f);
}

bool
authz_search_resource(struct authz *a, const struct authz_caller *c, struct exchange *x,
    const struct json *body, struct fault *f)
{
	const char *type = json_text(json_get(body, "resource"), "type");
	struct search s = { .authz = a, .caller = c, .x = x };
	struct trial t = { .search = &s,
		.body = body,
		.part = "resource",
		.make = make_service,
		.candidates = services,
		.n = type != NULL && strcmp(type, "service") == 0 ? SERVICES : 0 };

	if (type == NULL)
		return fault_set(f, FAULT_BADREQ, "authzen: resource.type: expected a text");
	return run_trial(&t, f);
}
