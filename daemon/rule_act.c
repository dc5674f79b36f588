/* daemon/rule_act.c - see rule_act.h. */
#include "daemon/rule_act.h"

#include <stdio.h>
#include <string.h>

#define RESOURCE_MAX (2 * TEXT_LABEL_MAX)

/* Who is no staff: a device, or one that is about to be. */
static bool
is_endpoint(const struct identity *who)
{
	return (who->kind & (IDENTITY_LOCAL | IDENTITY_OPERATOR)) == 0;
}

/* As the language has it: what endpoints do has names of its own there. */
static const char *
action_of(const struct rule_act *a)
{
	if (a->act == ACT_ENROLL || a->act == ACT_ASK)
		return "est.enroll";
	if (a->act == ACT_RENEW)
		return "est.reenroll";
	return a->act == ACT_FEED && is_endpoint(a->who) ? "feed.read" : rules_act_word(a->act);
}

/* What an endpoint turns to is a service; what staff acts on is what the act's word begins with. */
static void
put_resource(const struct rule_act *a, char type[static RESOURCE_MAX], char id[static RESOURCE_MAX],
    struct request *r)
{
	const char *word = rules_act_word(a->act);

	if (is_endpoint(a->who) || a->act == ACT_RENEW) {
		(void)snprintf(type, RESOURCE_MAX, "service");
		(void)snprintf(id, RESOURCE_MAX, "%s", a->act == ACT_FEED ? "revocations" : "est");
	} else {
		(void)snprintf(type, RESOURCE_MAX, "%.*s", (int)strcspn(word, "."), word);
		(void)snprintf(id, RESOURCE_MAX, "%s%s%s", a->what->endpoint,
		    a->what->endpoint[0] == '\0' ? "" : "/", a->what->name);
	}
	evidence_resource(r, type, id, a->what->tenant);
}

bool
rule_request(const struct request *r, struct bytes *request, struct fault *f)
{
	struct json *asked = request_json(r);
	bool ok;

	bytes_clear(request);
	ok = json_write(asked, request, f);
	json_free(asked);
	return ok;
}

static bool
rule(struct policies *p, const struct identity *who, struct request *r, bool peek,
    struct ruling *ret, struct fault *f)
{
	enum policies_layer layer = is_endpoint(who) ? POLICIES_ENDPOINT : POLICIES_STAFF;

	r->supports[r->supports_n++] = octets_text("log"); /* every decision is */
	return policies_rule(
	    p, layer == POLICIES_STAFF ? NAME_PLATFORM : who->tenant, layer, r, peek, ret, f);
}

bool
rule_act(struct policies *p, const struct rule_act *a, struct ruling *ret, struct bytes *request,
    struct fault *f)
{
	char type[RESOURCE_MAX], id[RESOURCE_MAX];
	struct request r;

	*ret = (struct ruling){ .permit = true };
	if (p == NULL)
		return true;
	evidence_request(a->of, action_of(a), a->who->source, a->now_s, &r);
	put_resource(a, type, id, &r);
	return rule(p, a->who, &r, false, ret, f) &&
	       (!ret->asked || request == NULL || rule_request(&r, request, f));
}

bool
rule_act_goes_on(const struct rule_act *a, const struct ruling *v)
{
	return v->permit || (a->who->kind == IDENTITY_LOCAL && a->act == ACT_POLICY);
}

bool
rule_connect(struct policies *p, const struct rule_connect *c, struct request *asked,
    struct ruling *ret, struct fault *f)
{
	/* A key that the ledger has of it came with an enrolment or a renewal. */
	const struct habits_event event = {
		.key = c->of->key, .renewed = c->of->key_pinned, .peek = c->peek
	};

	*ret = (struct ruling){ .permit = true };
	evidence_request(c->of, "connect", c->who->source, c->now_s, asked);
	evidence_resource(asked, "service", c->to, c->who->tenant);
	asked->counted = c->peek; /* a connection that is there is not one more */
	habits_weigh(c->habits, asked, &event, c->score);
	return p == NULL || rule(p, c->who, asked, c->peek, ret, f);
}
