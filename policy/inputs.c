/* policy/inputs.c - see inputs.h. */
#include "policy/inputs.h"

#include <stdio.h>
#include <string.h>

static void
put(struct json *j, const char *name, const char *text)
{
	if (text[0] != '\0')
		json_put_octets(j, name, octets_text(text));
}

struct json *
inputs_json(const struct inputs *in)
{
	struct json *j = json_object(), *who = json_object(), *what = json_object();

	json_put_text(who, "kind", identity_kind_word(in->who.kind));
	if (in->who.role != ROLE_NONE)
		json_put_text(who, "role", identity_role_word(in->who.role));
	put(who, "tenant", in->who.tenant);
	put(who, "endpoint", in->who.endpoint);
	put(who, "name", in->who.name);
	json_put_bool(who, "good", in->who.good);
	put(what, "tenant", in->what.tenant);
	put(what, "endpoint", in->what.endpoint);
	put(what, "name", in->what.name);
	json_put_text(j, "act", rules_act_word(in->act));
	json_put(j, "who", who);
	json_put(j, "object", what);
	return j;
}

/* A label, or nothing where there is none; a value of another type is refused. */
static bool
take(const struct json *j, const char *name, char to[static TEXT_LABEL_MAX], struct fault *f)
{
	const char *text = json_text(j, name);

	to[0] = '\0';
	if (json_get(j, name) == NULL)
		return true;
	if (text == NULL || strlen(text) >= TEXT_LABEL_MAX)
		return fault_set(f, FAULT_BADREQ, "inputs: %s: expected a short text", name);
	memcpy(to, text, strlen(text) + 1);
	return true;
}

static bool
take_who(const struct json *j, struct identity *who, struct fault *f)
{
	const char *kind = json_text(j, "kind"), *role = json_text(j, "role");

	if (kind == NULL || !identity_kind(kind, &who->kind))
		return fault_set(f, FAULT_BADREQ, "inputs: who: a kind that is not known here");
	if (json_get(j, "role") != NULL &&
	    (role == NULL || (who->role = identity_role(role)) == ROLE_NONE))
		return fault_set(f, FAULT_BADREQ, "inputs: who: a role that is not known here");
	if (json_get(j, "good") == NULL)
		return fault_set(f, FAULT_BADREQ, "inputs: who: good: expected true or false");
	who->good = json_true(j, "good");
	return take(j, "tenant", who->tenant, f) && take(j, "endpoint", who->endpoint, f) &&
	       take(j, "name", who->name, f);
}

bool
inputs_read(const struct json *j, struct inputs *ret, struct fault *f)
{
	const struct json *what = json_get(j, "object");
	const char *act = json_text(j, "act");
	struct inputs in = { .act = ACT_READ };

	if (act == NULL || !rules_act(act, &in.act))
		return fault_set(f, FAULT_BADREQ, "inputs: an act that is not known here");
	if (what == NULL)
		return fault_set(f, FAULT_BADREQ, "inputs: object: expected one");
	if (!take_who(json_get(j, "who"), &in.who, f) || !take(what, "tenant", in.what.tenant, f) ||
	    !take(what, "endpoint", in.what.endpoint, f) || !take(what, "name", in.what.name, f))
		return false;
	*ret = in;
	return true;
}

const char *
replay_word(enum replay_outcome outcome)
{
	static const char *const words[REPLAY_OUTCOMES] = {
		[REPLAY_SAME] = "same",
		[REPLAY_DIFFERS] = "differs",
		[REPLAY_POLICY] = "other policy",
		[REPLAY_UNDECIDED] = "not decided",
		[REPLAY_REDACTED] = "redacted",
	};

	return words[outcome];
}

/* Kinds that a certificate names are told whole; of the others "by" has the evidence, which no
 * rule looks at, behind the word. */
static bool
names_asker(const char *by, const struct identity *who)
{
	char want[IDENTITY_TEXT_MAX];
	const char *end;

	identity_text(who, want);
	if (strcmp(by, want) == 0)
		return true;
	end = strchr(want, ':');
	return end != NULL && end[1] == '\0' && strncmp(by, want, strlen(want)) == 0;
}

/* The word for an entry that tells of a no. */
static const char refused[] = "request.refused";

static void
again(const struct json *entry, struct replay *r)
{
	struct inputs in;
	struct verdict v;
	struct fault why;

	if (!inputs_read(json_get(entry, "inputs"), &in, &why)) {
		(void)snprintf(r->why, sizeof(r->why), "%s", why.text);
		return;
	}
	decide(&in.who, in.act, &in.what, &v);
	r->now = v.rule;
	r->permits = v.permit;
	if (v.permit != (r->permit || r->forbidden))
		(void)snprintf(r->why, sizeof(r->why), "these inputs are %s by %s",
		    v.permit ? "permitted" : "refused", v.rule);
	else if (!r->forbidden && strcmp(v.rule, r->rule) != 0)
		(void)snprintf(r->why, sizeof(r->why), "these inputs come under %s", v.rule);
	else if (!names_asker(r->by, &in.who))
		(void)snprintf(r->why, sizeof(r->why), "\"by\" names another than the inputs show");
	else
		r->outcome = REPLAY_SAME;
}

static void
keep(const struct json *entry, const char *name, char *to, size_t size)
{
	const char *text = json_text(entry, name);

	(void)snprintf(to, size, "%s", text == NULL ? "" : text);
}

void
replay_entry(
    const struct json *entry, const uint8_t rules[static RULES_DIGEST_OCTETS], struct replay *ret)
{
	char digest[2 * RULES_DIGEST_OCTETS + 1];
	struct replay r = { .outcome = REPLAY_DIFFERS };
	const char *decided;

	keep(entry, "act", r.act, sizeof(r.act));
	keep(entry, "rule", r.rule, sizeof(r.rule));
	keep(entry, "by", r.by, sizeof(r.by));
	keep(entry, "policy", r.policy, sizeof(r.policy));
	r.permit = strcmp(r.act, refused) != 0;
	decided = json_text(json_get(entry, "decided"), "decision");
	r.by_policies = decided != NULL;
	r.forbidden = r.by_policies && !r.permit && strcmp(decided, "deny") == 0;
	text_hex(rules, RULES_DIGEST_OCTETS, digest);
	if (r.act[0] == '\0' && json_get(entry, "redacted") != NULL)
		r.outcome = REPLAY_REDACTED;
	else if (json_get(entry, "inputs") == NULL)
		r.outcome = REPLAY_UNDECIDED;
	else if (strcmp(r.policy, digest) != 0)
		r.outcome = REPLAY_POLICY;
	else
		again(entry, &r);
	*ret = r;
}
