/* daemon/duty.c - what every duty has in common: who asks, the decision, the words of the log; see
 * signer.h. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/census.h"
#include "ca/identify.h"
#include "ca/tell.h"
#include "ca/token.h"
#include "daemon/once.h"
#include "daemon/rule_act.h"

#define REFUSALS_BURST 300

struct log_context
signer_context(const struct signer *s, const struct errand *j, char by[static IDENTITY_TEXT_MAX])
{
	identity_text(&j->who, by);
	return (struct log_context){
		.by = by,
		.from = j->who.source,
		.rule = j->verdict.rule,
		.second = j->second_by,
		.policy = s->policy,
		.inputs = j->verdict.rule == NULL ? NULL : &j->inputs,
		.decided = { .id = j->ruling.asked ? j->ruling.id : NULL,
		    .permit = j->ruling.permit,
		    .code = decision_word(j->ruling.code),
		    .rule = j->ruling.rule,
		    .set = j->ruling.set,
		    .request = octets_bytes(&j->request) },
	};
}

struct log_context
signer_refused(const struct signer *s, const struct errand *j, char by[static IDENTITY_TEXT_MAX])
{
	struct log_context c = signer_context(s, j, by);

	if (c.rule == NULL || j->verdict.permit) {
		c.rule = "refused";
		c.inputs = NULL;
		c.decided.id = NULL;
	}
	return c;
}

bool
signer_verdict(struct errand *j, enum act act, const struct object *what, struct fault *f)
{
	j->inputs = (struct inputs){ .act = act, .who = j->who, .what = *what };
	decide(&j->who, act, what, &j->verdict);
	return j->verdict.permit ||
	       fault_set(f, FAULT_DENIED, "policy: %s: %s", j->verdict.rule, j->verdict.reason);
}

bool
signer_rule(struct signer *s, struct errand *j, const struct evidence *of, enum act act,
    const struct object *what, struct fault *f)
{
	const struct rule_act a = {
		.who = &j->who, .of = of, .act = act, .what = what, .now_s = j->now_s
	};

	if (!rule_act(s->policies, &a, &j->ruling, &j->request, f))
		return false;
	if (rule_act_goes_on(&a, &j->ruling))
		return true;
	j->verdict = (struct verdict){ false, j->ruling.rule, j->ruling.reason };
	bytes_clear(&j->members);
	policies_members(&j->ruling, &j->members);
	return policies_refuse(&j->ruling, f);
}

bool
signer_has_policies(struct signer *s, const struct errand *j, bool *ret, struct fault *f)
{
	const struct set *set = NULL;
	bool endpoint = (j->who.kind & (IDENTITY_LOCAL | IDENTITY_OPERATOR)) == 0;

	if (s->policies != NULL &&
	    !policies_set(s->policies, endpoint ? j->who.tenant : NAME_PLATFORM, &set, f))
		return false;
	*ret = set != NULL;
	return true;
}

/* also is of a->peer, where there is one. */
static bool
rule_asker(struct signer *s, struct errand *j, const struct wire_act *a,
    const struct identified *also, enum act act, const struct object *what, struct fault *f)
{
	struct evidence of;
	bool any;

	if (!signer_has_policies(s, j, &any, f))
		return false;
	if (!any)
		return true;
	if (a->peer.n == 0)
		evidence_without(s->realm, &j->who, &of);
	else if (!evidence_of(s->realm, a->peer, &j->who, also, &of, f))
		return false;
	return signer_rule(s, j, &of, act, what, f);
}

bool
signer_decide(struct signer *s, struct errand *j, const struct wire_act *a, enum act act,
    const struct object *what, struct fault *f)
{
	struct identified also;

	if (a->peer.n != 0) {
		if (!identify(s->realm, a->peer, j->now_s, &j->who, &also, f))
			return false;
	} else if (j->from == FROM_DESK) {
		j->who =
		    (struct identity){ .kind = IDENTITY_LOCAL, .role = ROLE_OFFICER, .good = true };
	} else {
		return fault_set(f, FAULT_AUTH, "api: expected an operator's certificate");
	}
	memcpy(j->who.source, a->source, sizeof(j->who.source));
	return signer_verdict(j, act, what, f) && rule_asker(s, j, a, &also, act, what, f) &&
	       once_look(s, j, a, f);
}

bool
signer_settle(void *with, struct ledger *l, struct fault *f)
{
	struct signer *s = with;
	char count[24];
	size_t n;

	if (!watch_ledger(s, l, f))
		return false;
	if (ledger_name_is_activity(ledger_tenant(l))) /* it has no certificates */
		return true;
	if (!census_begin(l, f) || !tell_settle(s->realm, l, clock_now_s(), f) ||
	    !issue_abandon(l, &s->self, clock_now_s(), &n, f))
		return false;
	if (n == 0)
		return true;
	(void)snprintf(count, sizeof(count), "%zu", n);
	log_fact(LOG_WARN, "abandoned", "tenant", ledger_tenant(l), "certificates", count, NULL);
	return token_release(l, f) && ledger_commit(l, f);
}

bool
signer_only(const struct json *body, const char *const *names, struct fault *f)
{
	const char *name;

	for (size_t i = 0; (name = json_name_at(body, i)) != NULL; i++) {
		size_t n = 0;

		while (names[n] != NULL && strcmp(names[n], name) != 0)
			n++;
		if (names[n] == NULL)
			return fault_set(
			    f, FAULT_BADREQ, "body: \"%.64s\" is not known here", name);
	}
	return true;
}

/* A flood of refusals must not fill the ledger: REFUSALS_BURST at once, then one a second, the rest
 * counted. */
static bool
may_tell(struct signer *s, int64_t now_s)
{
	int64_t passed_s = now_s - s->refusals.at_s;

	if (passed_s < 0 || passed_s > REFUSALS_BURST)
		passed_s = REFUSALS_BURST;
	s->refusals.left += (unsigned)passed_s;
	if (s->refusals.left > REFUSALS_BURST)
		s->refusals.left = REFUSALS_BURST;
	s->refusals.at_s = now_s;
	if (s->refusals.left == 0) {
		s->refusals.suppressed++;
		return false;
	}
	s->refusals.left--;
	return true;
}

void
signer_tell_refusal(struct signer *s, const char *tenant, const char *act,
    const struct log_context *who, const struct fault *why, int64_t now_s)
{
	struct ledger *l;
	struct json *e;
	struct fault f;

	if (!may_tell(s, now_s))
		return;
	if (tenant[0] == '\0' || !realm_ledger(s->realm, tenant, &l, &f))
		l = realm_platform(s->realm);
	if (!ledger_has_room(l, &f)) { /* what room there is is for revocations */
		s->refusals.suppressed++;
		return;
	}
	e = log_entry("request.refused", who);
	json_put_octets(e, "request", octets_text(act));
	json_put_octets(e, "reason", octets_text(why->text));
	if (s->refusals.suppressed > 0)
		json_put_number(e, "suppressed", s->refusals.suppressed);
	s->refusals.suppressed = 0;
	if (!log_append(l, e, now_s, NULL, &f))
		log_fact(LOG_ERROR, "log", "fault", f.text, NULL);
}
