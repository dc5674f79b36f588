/* daemon/authz_answer.c - see authz_answer.h. */
#include "daemon/authz_answer.h"

#include <stdio.h>
#include <string.h>

#include "policy/explain.h"

void
authz_answer_free(struct authz_answer *a)
{
	json_free(a->obligations);
	json_free(a->shadow);
	json_free(a->explanation);
	*a = (struct authz_answer){ .permit = false };
}

static void
say(struct authz_answer *a, const char *code)
{
	(void)snprintf(a->code, sizeof(a->code), "%s", code);
}

/* Whose certificate it is, and that it holds; else ret's code says why not. */
static bool
find_subject(struct authz *a, const struct authz_question *q, struct identity *who,
    struct evidence *e, struct authz_answer *ret, struct fault *f)
{
	int64_t now = a->now_s();
	struct fault why;
	bool found;

	if (q->certificate.n == 0 && !q->has_digest) {
		say(ret, "no-certificate");
		return true;
	}
	found = q->certificate.n > 0
		    ? evidence_find(a->realm, octets_bytes(&q->certificate), now, who, e, &why)
		    : evidence_find_digest(a->realm, q->id, q->sha256, now, who, e, &why);
	if (!found && why.code != FAULT_AUTH && why.code != FAULT_BADREQ &&
	    why.code != FAULT_NOTFOUND) {
		*f = why;
		return false;
	}
	if (!found)
		say(ret, "unknown-certificate");
	else if (q->id[0] != '\0' && strcmp(q->id, e->id) != 0)
		say(ret, "other-subject");
	else if (!who->good)
		say(ret, "not-good");
	return true;
}

/* May the caller ask about that tenant's endpoints? */
static bool
may_ask(const struct authz_caller *c, const char *tenant)
{
	struct object what = { .tenant = "" };
	struct verdict v;

	(void)snprintf(what.tenant, sizeof(what.tenant), "%s", tenant);
	decide(&c->who, ACT_AUTHZ, &what, &v);
	return v.permit;
}

/* What is asked, with what we know of the subject in the places of what anybody could say. */
static void
complete(const struct evidence *e, int64_t now_s, const struct request *asked, struct request *ret)
{
	struct request known;

	evidence_request(e, "", "", now_s, &known);
	*ret = *asked;
	for (int i = ATTRIBUTE_SUBJECT_ID; i <= ATTRIBUTE_CHAIN_TENANT; i++)
		ret->fixed[i] = known.fixed[i];
	ret->fixed[ATTRIBUTE_TIME] = known.fixed[ATTRIBUTE_TIME];
	ret->fixed[ATTRIBUTE_DEVICE_SERIAL_BOUND] = known.fixed[ATTRIBUTE_DEVICE_SERIAL_BOUND];
}

static struct json *
obligations_json(const struct decision *d)
{
	struct json *list = json_array(), *one, *of;
	char name[TEXT_LABEL_MAX];
	struct fault ignored;

	for (size_t i = 0; i < d->obligations_n; i++) {
		const struct obligation *o = d->obligations[i];

		(void)snprintf(
		    name, sizeof(name), "%.*s", (int)o->name.n, (const char *)o->name.at);
		if (!json_parse(o->json, &of, &ignored))
			of = json_object();
		one = json_object();
		json_put(one, name, of);
		json_add(list, one);
	}
	return list;
}

static struct json *
shadow_json(const struct decision *d)
{
	struct json *list = json_array();
	char id[TEXT_LABEL_MAX];

	for (size_t i = 0; i < d->shadow_n; i++) {
		(void)snprintf(id, sizeof(id), "%.*s", (int)d->shadow[i]->id.n,
		    (const char *)d->shadow[i]->id.at);
		json_add_text(list, id);
	}
	return list;
}

static void
describe(const struct decision *d, struct authz_answer *ret)
{
	ret->permit = d->permit;
	say(ret, decision_word(d->code));
	(void)snprintf(ret->rule, sizeof(ret->rule), "default");
	if (d->rule != NULL)
		(void)snprintf(ret->rule, sizeof(ret->rule), "%.*s/%.*s", (int)d->document->name.n,
		    (const char *)d->document->name.at, (int)d->rule->id.n,
		    (const char *)d->rule->id.at);
	if (d->rule != NULL && !d->permit)
		(void)snprintf(ret->reason, sizeof(ret->reason), "%.*s", (int)d->rule->reason.n,
		    (const char *)d->rule->reason.at);
	if (d->permit && d->obligations_n > 0)
		ret->obligations = obligations_json(d);
	if (d->shadow_n > 0)
		ret->shadow = shadow_json(d);
}

static void
tell(struct authz *a, const struct authz_caller *c, const struct identity *who,
    const struct request *r, const struct set *s, const struct authz_answer *answer)
{
	char set[2 * DOCUMENT_DIGEST_OCTETS + 1], pep[IDENTITY_TEXT_MAX];
	const struct activity_fact fact = { .act = ACTIVITY_ASKED,
		.tenant = who->tenant[0] != '\0' ? who->tenant : c->who.tenant,
		.permit = answer->permit,
		.code = answer->code,
		.rule = answer->rule[0] != '\0' ? answer->rule : NULL,
		.id = answer->id,
		.policy = s == NULL ? NULL : set,
		.request = r,
		.pep = pep,
		.from = c->source,
		.stranger = c->address,
		.now_s = a->now_s() };

	if (a->note == NULL)
		return;
	if (s != NULL)
		text_hex(set_digest(s), DOCUMENT_DIGEST_OCTETS, set);
	identity_text(&c->who, pep);
	a->note(a->activity, &fact);
}

static bool
ask_set(struct authz *a, const struct authz_caller *c, const struct request *r, const char *tenant,
    const struct set **s, struct authz_answer *ret, struct fault *f)
{
	struct decision d;

	if (!policies_set(a->policies, tenant, s, f))
		return false;
	if (*s == NULL || !set_permits(*s)) {
		say(ret, "no-policy");
		return true;
	}
	if (c->explain) {
		set_decide(*s, r, policies_counters(a->policies), true, &d);
		ret->explanation = explain_json(*s, r, policies_counters(a->policies), &d);
	}
	set_decide(*s, r, policies_counters(a->policies), false, &d);
	describe(&d, ret);
	return true;
}

bool
authz_decide(struct authz *a, const struct authz_caller *c, const struct authz_question *q,
    struct authz_answer *ret, struct fault *f)
{
	struct request r = q->request;
	struct identity who = { .good = false };
	const struct set *s = NULL;
	struct evidence e;

	policies_id(ret->id);
	if (!find_subject(a, q, &who, &e, ret, f))
		return false;
	if (ret->code[0] == '\0') {
		complete(&e, a->now_s(), &q->request, &r);
		if (!may_ask(c, who.tenant)) {
			/* The log of a tenant is not to be filled by another's. */
			say(ret, "other-tenant");
			memcpy(who.tenant, c->who.tenant, sizeof(who.tenant));
		} else if (!ask_set(a, c, &r, who.tenant, &s, ret, f)) {
			return false;
		}
	}
	tell(a, c, &who, &r, s, ret);
	return true;
}

bool
authz_would(struct authz *a, const struct evidence *e, const char *tenant,
    const struct request *asked, bool *ret, struct fault *f)
{
	const struct set *s;
	struct decision d;
	struct request r;

	*ret = false;
	if (!policies_set(a->policies, tenant, &s, f))
		return false;
	if (s == NULL || !set_permits(s))
		return true;
	complete(e, a->now_s(), asked, &r);
	set_decide(s, &r, policies_counters(a->policies), true, &d);
	*ret = d.permit;
	return true;
}

/* Move *part into j. */
static void
move(struct json *j, const char *name, struct json **part)
{
	if (*part != NULL)
		json_put(j, name, *part);
	*part = NULL;
}

struct json *
authz_answer_context(struct authz_answer *a)
{
	struct json *j = json_object();

	json_put_text(j, "id", a->id);
	json_put_text(j, "code", a->code);
	if (a->permit)
		json_put_text(j, "rule", a->rule);
	if (a->permit)
		json_put_number(j, "ttl_s", AUTHZ_TTL_S);
	if (a->reason[0] != '\0')
		json_put_octets(j, "reason_user", octets_text(a->reason));
	move(j, "obligations", &a->obligations);
	move(j, "shadow", &a->shadow);
	move(j, "explanation", &a->explanation);
	return j;
}
