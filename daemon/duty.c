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

#define REFUSALS_BURST 300

struct log_context
signer_context(const struct signer *s, const struct job *j, char by[static IDENTITY_TEXT_MAX])
{
	identity_text(&j->who, by);
	return (struct log_context){
		.by = by,
		.from = j->who.source,
		.rule = j->verdict.rule,
		.second = j->second_by,
		.policy = s->policy,
		.inputs = j->verdict.rule == NULL ? NULL : &j->inputs,
	};
}

struct log_context
signer_refused(const struct signer *s, const struct job *j, char by[static IDENTITY_TEXT_MAX])
{
	struct log_context c = signer_context(s, j, by);

	if (c.rule == NULL || j->verdict.permit) {
		c.rule = "refused";
		c.inputs = NULL;
	}
	return c;
}

bool
signer_verdict(struct job *j, enum act act, const struct object *what, struct fault *f)
{
	j->inputs = (struct inputs){ .act = act, .who = j->who, .what = *what };
	decide(&j->who, act, what, &j->verdict);
	return j->verdict.permit ||
	       fault_set(f, FAULT_DENIED, "policy: %s: %s", j->verdict.rule, j->verdict.reason);
}

bool
signer_decide(struct signer *s, struct job *j, const struct wire_act *a, enum act act,
    const struct object *what, struct fault *f)
{
	if (a->peer.n != 0) {
		if (!identify(s->realm, a->peer, j->now_s, &j->who, NULL, f))
			return false;
	} else if (j->from == FROM_DESK) {
		j->who =
		    (struct identity){ .kind = IDENTITY_LOCAL, .role = ROLE_OFFICER, .good = true };
	} else {
		return fault_set(f, FAULT_AUTH, "api: expected an operator's certificate");
	}
	memcpy(j->who.source, a->source, sizeof(j->who.source));
	return signer_verdict(j, act, what, f) && once_look(s, j, a, f);
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
