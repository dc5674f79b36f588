/* daemon/api_staff.c - operators, and the acts that wait for a second one; see api.h. */
#include <string.h>

#include "ca/proposal.h"
#include "ca/staff.h"
#include "ca/wire.h"
#include "daemon/api_page.h"
#include "daemon/precondition.h"

/* Not to be read by a page that was told nothing of the certificate: only what is there. */
static struct json *
staff_object(const struct api_call *c, struct ledger *l, const struct staff *o)
{
	struct json *j = json_object();
	struct standing s;
	struct fault f;

	json_put_text(j, "name", o->name);
	json_put_text(j, "role", identity_role_word(o->role));
	json_put_hex(j, "serial", o->serial, sizeof(o->serial));
	if (ledger_standing(l, o->serial, &s, &f))
		json_put_text(j, "status", ledger_state_word(&s, c->now_s));
	return j;
}

static bool
want_operator(const struct page *p, struct octets key, struct octets value)
{
	struct staff o;

	(void)p;
	return staff_read(key, value, &o);
}

static struct json *
tell_operator(const struct page *p, struct octets key, struct octets value)
{
	struct staff o = { .name = "" };

	(void)staff_read(key, value, &o); /* want_operator() read it before */
	return staff_object(p->call, p->ledger, &o);
}

bool
api_operators(const struct api_call *c, struct fault *f)
{
	struct page p = { .call = c,
		.ledger = realm_platform(c->api->realm),
		.want = want_operator,
		.tell = tell_operator };

	return page_list(&p, TABLE_OPERATOR, f);
}

bool
api_operator(const struct api_call *c, struct fault *f)
{
	struct ledger *l = realm_platform(c->api->realm);
	struct exchange *x = c->x;
	char tag[STAFF_TAG_MAX];
	struct staff o;
	struct json *j;

	if (!staff_find(l, c->object, &o, f) || !staff_tag(l, &o, c->now_s, tag, f))
		return false;
	exchange_header(x, "ETag", "%s", tag);
	if (precondition_has(x->if_none_match, tag)) {
		exchange_header(x, "Cache-Control", "no-store");
		x->status = 304;
		return true;
	}
	j = staff_object(c, l, &o);
	json_put_octets(j, "etag", octets_text(tag));
	if (o.since > 0)
		json_put_number(j, "log_index", (int64_t)o.since);
	api_answer(x, 200, j);
	return true;
}

/* What was asked, as it came: of a body only what is JSON. */
static void
put_request(struct json *j, const struct proposal *p)
{
	struct json *body = NULL, *shows = NULL;
	struct wire_act a;
	struct fault f;

	if (wire_act(p->body, &a, &f)) {
		if (a.object.n > 0)
			json_put_octets(j, "object", a.object);
		if (a.json.n > 0 && json_parse(a.json, &body, &f))
			json_put(j, "body", body);
	}
	if (json_parse(p->shows, &shows, &f))
		json_put(j, "shows", shows);
}

static struct json *
act_object(const struct api_call *c, const struct proposal *p)
{
	struct json *j = json_object();
	char id[PROPOSAL_ID_LETTERS + 1];

	proposal_id(p, id);
	json_put_text(j, "id", id);
	json_put_text(j, "request", p->word);
	if (p->tenant[0] != '\0')
		json_put_text(j, "tenant", p->tenant);
	put_request(j, p);
	json_put_text(j, "state", proposal_state_word(p, c->now_s));
	json_put_octets(j, "by", octets_text(p->by));
	json_put_time(j, "asked", p->asked_s);
	json_put_time(j, "expires", p->due_s);
	json_put_number(j, "log_index", (int64_t)p->asked_index);
	if (p->decided_s == 0)
		return j;
	if (p->decided_by[0] != '\0')
		json_put_octets(j, "decided_by", octets_text(p->decided_by));
	json_put_time(j, "decided", p->decided_s);
	json_put_number(j, "decided_index", (int64_t)p->decided_index);
	if (p->reason[0] != '\0')
		json_put_octets(j, "reason", octets_text(p->reason));
	return j;
}

static bool
want_act(const struct page *p, struct octets key, struct octets value)
{
	struct proposal one;

	return proposal_read(key, value, &one) &&
	       (p->status[0] == '\0' ||
		   strcmp(p->status, proposal_state_word(&one, p->call->now_s)) == 0);
}

static struct json *
tell_act(const struct page *p, struct octets key, struct octets value)
{
	struct proposal one = { .state = PROPOSAL_EXPIRED };

	(void)proposal_read(key, value, &one); /* want_act() read it before */
	return act_object(p->call, &one);
}

bool
api_acts(const struct api_call *c, struct fault *f)
{
	struct page p = { .call = c,
		.ledger = realm_platform(c->api->realm),
		.want = want_act,
		.tell = tell_act };

	return api_query(c->x, "state", p.status, sizeof(p.status), f) &&
	       page_list(&p, TABLE_PROPOSAL, f);
}

bool
api_act(const struct api_call *c, struct fault *f)
{
	struct bytes row = { 0 };
	struct proposal p;
	bool ok = proposal_find(realm_platform(c->api->realm), c->object, &row, &p, f);

	if (ok)
		api_answer(c->x, 200, act_object(c, &p));
	bytes_free(&row);
	return ok;
}
