/* policy/recorded.c - see recorded.h. */
#include "policy/recorded.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "policy/explain.h"

static const char no_permit[] = "no-permit";

static void
keep(const struct json *entry, const char *name, char *to, size_t size)
{
	const char *text = json_text(entry, name);

	(void)snprintf(to, size, "%s", text == NULL ? "" : text);
}

static bool
read_time(const struct json *entry, int64_t *ret_s)
{
	const char *text = json_text(entry, "t");

	if (text != NULL)
		return value_time(octets_text(text), ret_s);
	return json_get(entry, "t") != NULL &&
	       json_number(entry, "t", 0, TEXT_TIME_LAST_S, 0, ret_s);
}

bool
recorded_read(const struct json *entry, struct recorded *ret)
{
	struct recorded r = { .request = json_get(entry, "request") };
	const char *decision = json_text(entry, "decision");

	if (r.request == NULL && decision == NULL && json_get(entry, "action") != NULL)
		r.request = entry; /* a request alone */
	if (r.request == NULL)
		return false;
	r.permit = decision != NULL && strcmp(decision, "permit") == 0;
	r.decided = r.permit || (decision != NULL && strcmp(decision, "deny") == 0);
	keep(entry, "code", r.code, sizeof(r.code));
	keep(entry, "rule", r.rule, sizeof(r.rule));
	keep(entry, "id", r.id, sizeof(r.id));
	keep(entry, "policy", r.policy, sizeof(r.policy));
	r.has_time = read_time(entry, &r.at_s);
	*ret = r;
	return true;
}

/* --- and again ----------------------------------------------------------------------------------
 */

static bool
has_count(const struct condition *c)
{
	if (c == NULL)
		return false;
	if (c->op == CONDITION_RATE || c->op == CONDITION_QUOTA)
		return true;
	for (size_t i = 0; i < c->kids_n; i++)
		if (has_count(&c->kids[i]))
			return true;
	return false;
}

static void
note_count(void *with, const struct considered *c)
{
	bool *counts = with;

	*counts |= has_count(c->rule->when) || has_count(c->rule->unless);
}

/* Does what s says of r hang on what was asked before? */
static bool
hangs_on_counts(const struct set *s, const struct request *r)
{
	bool counts = false;

	set_explain(s, r, NULL, note_count, &counts);
	return counts;
}

static bool
unknown(struct recorded_again *a, const char *why)
{
	a->outcome = RECORDED_UNKNOWN;
	(void)snprintf(a->why, sizeof(a->why), "%s", why);
	return false;
}

static bool
read_request(struct recorded_again *a, struct request *r, struct request_room *room)
{
	struct fault f;

	if (!request_read(a->was.request, r, room, &f))
		return unknown(a, f.text);
	if (r->fixed[ATTRIBUTE_TIME].type == VALUE_NONE && a->was.has_time)
		request_number(r, ATTRIBUTE_TIME, a->was.at_s);
	return true;
}

/* What another set decides takes the place of what was recorded. */
static bool
decide_before(const struct recorded_with *with, const struct request *r, struct recorded_again *a)
{
	struct decision d;

	if (with->before == NULL)
		return a->was.decided || unknown(a, "it does not say what was decided");
	explain_decide(with->before, r, with->counters_before, false, &d);
	a->was.decided = true;
	a->was.permit = d.permit;
	(void)snprintf(a->was.code, sizeof(a->was.code), "%s", decision_word(d.code));
	(void)snprintf(a->was.rule, sizeof(a->was.rule), "%.*s",
	    d.rule == NULL ? (int)strlen("default") : (int)d.rule->id.n,
	    d.rule == NULL ? "default" : (const char *)d.rule->id.at);
	return true;
}

/* A rule is named by its id, or by its document's name and id. */
static bool
same_rule(const struct recorded *was, const struct decision *now)
{
	struct octets id = now->rule == NULL ? octets_text("default") : now->rule->id;
	struct octets named = octets_text(was->rule);

	if (was->code[0] != '\0' && strcmp(was->code, decision_word(now->code)) != 0)
		return false;
	if (now->document != NULL && named.n == now->document->name.n + 1 + id.n &&
	    memcmp(named.at, now->document->name.at, now->document->name.n) == 0 &&
	    named.at[now->document->name.n] == '/')
		named = octets_of(named.at + named.n - id.n, id.n);
	return octets_same(named, id);
}

static void
weigh(const struct recorded_with *with, const struct request *r, struct recorded_again *a)
{
	a->word = explain_decision(with->set, &a->now);
	if (a->now.permit == a->was.permit)
		a->outcome = same_rule(&a->was, &a->now) ? RECORDED_SAME : RECORDED_OTHERWISE;
	else if (!set_permits(with->set) && strcmp(a->was.code, no_permit) == 0)
		a->outcome = RECORDED_SAME; /* Guardrails alone leave it as it is */
	else if (!set_permits(with->set) && a->now.permit)
		(void)unknown(
		    a, "these Guardrails do not forbid it; what permits is not among them");
	else if (hangs_on_counts(with->set, r))
		(void)unknown(a, "it hangs on a rate or a quota, and so on what was asked before");
	else
		a->outcome = RECORDED_DIFFERS;
}

void
recorded_decide(
    const struct recorded_with *with, const struct json *entry, struct recorded_again *ret)
{
	struct recorded_again a = { .outcome = RECORDED_NONE };
	struct request_room room = { .n = 0 };
	char digest[2 * DOCUMENT_DIGEST_OCTETS + 1];
	struct request r;

	text_hex(set_digest(with->set), DOCUMENT_DIGEST_OCTETS, digest);
	if (!recorded_read(entry, &a.was)) {
		if (json_get(entry, "redacted") != NULL)
			a.outcome = RECORDED_REDACTED;
		else if (json_true(entry, "omitted"))
			(void)unknown(&a, "its request was too long to be recorded");
	} else if (with->strict && !a.was.decided) {
		a.outcome = RECORDED_NONE;
	} else if (with->strict && strcmp(a.was.policy, digest) != 0) {
		a.outcome = RECORDED_POLICY;
		(void)snprintf(a.why, sizeof(a.why), "it needs the policies with the digest %s",
		    a.was.policy[0] == '\0' ? "that it does not name" : a.was.policy);
	} else if (read_request(&a, &r, &room) && decide_before(with, &r, &a)) {
		explain_decide(with->set, &r, with->counters, false, &a.now);
		weigh(with, &r, &a);
	}
	*ret = a;
}

const char *
recorded_word(enum recorded_outcome outcome)
{
	static const char *const words[] = {
		[RECORDED_SAME] = "same",
		[RECORDED_OTHERWISE] = "otherwise",
		[RECORDED_DIFFERS] = "differs",
		[RECORDED_POLICY] = "other_policy",
		[RECORDED_UNKNOWN] = "unknown",
		[RECORDED_NONE] = "not_decided",
		[RECORDED_REDACTED] = "redacted",
	};

	return words[outcome];
}
