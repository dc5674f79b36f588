/* policy/explain.c - see explain.h. */
#include "policy/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "policy/spell.h"

#define DEPTH_MAX 16

struct explaining {
	const struct request *request;
	const struct counters *counters;
	struct json *considered;
	size_t nearest_failed;
	const struct policy_rule *nearest;
	const struct document *document; /* that is looked at */
	const struct policy_rule *rule;
	size_t failed_n;
	bool counts; /* a condition that is not as it should be stands against the rule */
	struct json *failed;
};

static const char *
says_word(int says)
{
	return says > 0 ? "true" : says == 0 ? "FALSE" : "unknown";
}

/* --- what was got -------------------------------------------------------------------------------
 */

static const struct value *
value_of(const struct request *r, const struct attribute_ref *a)
{
	return request_get(r, a->at, a->name);
}

static void
put_clock(const struct explaining *e, const struct condition *c, struct bytes *ret)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	const struct value *at = &e->request->fixed[ATTRIBUTE_TIME];
	unsigned day, minute;

	if (at->type != VALUE_NUMBER) {
		bytes_put_text(ret, "missing");
		return;
	}
	zone_local(c->time.zone, at->number, &day, &minute);
	bytes_put_fmt(ret, "%s %02u:%02u %s", days[day % 7], minute / 60, minute % 60,
	    c->time.zone == NULL ? "UTC" : zone_name(c->time.zone));
}

/* What stood there before, and what this one adds. */
static void
put_count(const struct explaining *e, const struct condition *c, struct bytes *ret)
{
	const struct value *key = value_of(e->request, &c->count.key);
	const struct value *at = &e->request->fixed[ATTRIBUTE_TIME];
	struct counter of = {
		.scope = e->document->scope, .document = e->document->name, .per_s = c->count.per_s
	};
	struct bytes name = { 0 };
	bool unit = c->op == CONDITION_QUOTA && c->count.unit.name.at != NULL;
	int64_t had = 0;

	bytes_put_octets(&name, e->rule->id);
	bytes_put_u8(&name, '|');
	if (key->type == VALUE_TEXT)
		bytes_put_octets(&name, key->text);
	else
		value_text(key, &name);
	of.key = octets_bytes(&name);
	if (unit)
		of.unit = c->count.unit.name;
	if (e->counters == NULL || key->type == VALUE_NONE || at->type != VALUE_NUMBER ||
	    name.bad || !counters_read(e->counters, &of, at->number, &had))
		bytes_put_text(ret, "missing");
	else
		bytes_put_fmt(ret, "%" PRId64, had);
	bytes_put_u8(ret, '+');
	if (unit)
		spell_value(value_of(e->request, &c->count.unit), c->count.unit.at, ret);
	else
		bytes_put_u8(ret, '1');
	bytes_free(&name);
}

static void
put_got(const struct explaining *e, const struct condition *c, struct bytes *ret)
{
	if (c->op == CONDITION_TIME)
		put_clock(e, c, ret);
	else if (c->op == CONDITION_RATE || c->op == CONDITION_QUOTA)
		put_count(e, c, ret);
	else
		spell_value(value_of(e->request, &c->attribute), c->attribute.at, ret);
}

/* What it was compared with is another attribute: its value too. */
static void
put_wanted(const struct explaining *e, const struct condition *c, struct bytes *ret)
{
	spell_want(c, ret);
	if (c->op != CONDITION_EQUALS_ATTR && c->op != CONDITION_CONTAINS_ATTR)
		return;
	bytes_put_text(ret, " which is ");
	spell_value(value_of(e->request, &c->other), c->other.at, ret);
}

static void
put_bytes(struct json *j, const char *name, struct bytes *b)
{
	if (b->bad)
		json_put_text(j, name, NULL);
	else
		json_put_octets(j, name, octets_bytes(b));
	bytes_free(b);
}

static struct json *
check_json(const struct explaining *e, const struct condition *c, const char *part, int64_t depth)
{
	struct json *j = json_object();
	struct bytes got = { 0 }, want = { 0 };
	struct octets name = spell_attribute(c);

	json_put_text(j, "part", part);
	json_put_number(j, "depth", depth);
	json_put_text(
	    j, "says", says_word(set_condition(e->document, e->rule, c, e->request, e->counters)));
	if (name.n == 0) {
		json_put_text(j, "op",
		    c->op == CONDITION_NOT   ? "not"
		    : c->op == CONDITION_ANY ? "any"
					     : "all");
		return j;
	}
	put_got(e, c, &got);
	put_wanted(e, c, &want);
	json_put_octets(j, "attr", name);
	put_bytes(j, "got", &got);
	put_bytes(j, "want", &want);
	return j;
}

static void put_kids(struct explaining *e, struct json *checks, const struct condition *c,
    const char *part, int64_t depth);

/* A condition and those beneath it. */
static void
put_check(struct explaining *e, struct json *checks, const struct condition *c, const char *part,
    int64_t depth)
{
	int good = strcmp(part, "when") == 0 ? 1 : 0;

	json_add(checks, check_json(e, c, part, depth));
	if (depth == 0 && e->counts &&
	    set_condition(e->document, e->rule, c, e->request, e->counters) != good) {
		e->failed_n++;
		json_add(e->failed, check_json(e, c, part, depth));
	}
	put_kids(e, checks, c, part, depth + 1);
}

/* All that stands in all is of one kind: it is told without its brackets. */
static void
put_kids(struct explaining *e, struct json *checks, const struct condition *c, const char *part,
    int64_t depth)
{
	for (size_t i = 0; i < c->kids_n && depth <= DEPTH_MAX; i++) {
		const struct condition *kid = &c->kids[i];

		if (kid->op == CONDITION_ALL && (kid->kids_n == 1 || c->op != CONDITION_ANY))
			put_kids(e, checks, kid, part, depth);
		else
			put_check(e, checks, kid, part, depth);
	}
}

/* stands: does this part stand against the rule? Then each on top that is not as it should be
 * does. */
static void
put_part(struct explaining *e, struct json *checks, const struct condition *top, const char *part,
    bool stands)
{
	e->counts = stands;
	if (top != NULL && top->op == CONDITION_ALL)
		put_kids(e, checks, top, part, 0);
	else if (top != NULL)
		put_check(e, checks, top, part, 0);
}

static void
put_considered(void *with, const struct considered *c)
{
	struct explaining *e = with;
	struct json *j = json_object(), *checks = json_array();

	e->document = c->document;
	e->rule = c->rule;
	e->failed_n = 0;
	e->failed = json_array();
	put_part(e, checks, c->rule->when, "when", c->when != 1);
	put_part(e, checks, c->rule->unless, "unless", c->unless != 0);
	json_put_octets(j, "id", c->rule->id);
	json_put_octets(j, "document", c->document->name);
	json_put_number(j, "line", c->rule->line);
	json_put_text(j, "effect", spell_effect(c->rule->effect));
	json_put_text(j, "mode", spell_mode(c->rule->mode));
	json_put_bool(j, "match", c->match);
	json_put_text(j, "fits", says_word(c->fits));
	if (c->rule->when != NULL)
		json_put_text(j, "when", says_word(c->when));
	if (c->rule->unless != NULL)
		json_put_text(j, "unless", says_word(c->unless));
	json_put(j, "checks", checks);
	if (c->match)
		json_free(e->failed);
	else
		json_put(j, "failed", e->failed);
	json_add(e->considered, j);
	if (!c->match && c->rule->effect == EFFECT_PERMIT && c->rule->mode == MODE_ENFORCE &&
	    (e->nearest == NULL || e->failed_n < e->nearest_failed)) {
		e->nearest = c->rule;
		e->nearest_failed = e->failed_n;
	}
}

/* --- the whole ----------------------------------------------------------------------------------
 */

const char *
explain_decision(const struct set *s, const struct decision *d)
{
	return !d->permit ? "deny" : set_permits(s) ? "permit" : "not-forbidden";
}

void
explain_decide(const struct set *s, const struct request *r, struct counters *counters, bool peek,
    struct decision *ret)
{
	if (set_permits(s))
		set_decide(s, r, counters, peek, ret);
	else
		set_forbids(s, r, counters, peek, ret);
}

static void
put_rule(struct json *j, const struct decision *d)
{
	if (d->rule == NULL) {
		json_put_text(j, "rule", "default");
		return;
	}
	json_put_octets(j, "rule", d->rule->id);
	json_put_number(j, "line", d->rule->line);
	if (d->document != NULL)
		json_put_octets(j, "document", d->document->name);
	if (d->rule->reason.n > 0)
		json_put_octets(j, "reason", d->rule->reason);
}

static void
put_obligations(struct json *j, const struct decision *d)
{
	struct json *list = json_array();

	for (size_t i = 0; i < d->obligations_n; i++) {
		const struct obligation *o = d->obligations[i];
		struct json *one = json_object(), *says = NULL;
		char name[ATTRIBUTE_NAME_MAX];
		struct fault none;

		(void)snprintf(
		    name, sizeof(name), "%.*s", (int)o->name.n, (const char *)o->name.at);
		if (!json_parse(o->json, &says, &none))
			says = NULL;
		json_put(one, name, says);
		json_add(list, one);
	}
	json_put(j, "obligations", list);
}

static void
put_shadow(struct json *j, const struct decision *d)
{
	struct json *list = json_array();
	char id[TEXT_LABEL_MAX * 2];

	for (size_t i = 0; i < d->shadow_n; i++) {
		const struct octets at = d->shadow[i]->id;

		(void)snprintf(id, sizeof(id), "%.*s", (int)at.n, (const char *)at.at);
		json_add_text(list, id);
	}
	json_put(j, "shadow", list);
	if (d->shadow_more)
		json_put_bool(j, "shadow_more", true);
}

struct json *
explain_json(const struct set *s, const struct request *r, const struct counters *counters,
    const struct decision *d)
{
	struct explaining e = { .request = r, .counters = counters, .considered = json_array() };
	struct json *j = json_object();

	set_explain(s, r, counters, put_considered, &e);
	json_put_text(j, "decision", explain_decision(s, d));
	json_put_text(j, "code", decision_word(d->code));
	put_rule(j, d);
	json_put_hex(j, "policy", set_digest(s), DOCUMENT_DIGEST_OCTETS);
	put_obligations(j, d);
	put_shadow(j, d);
	json_put(j, "considered", e.considered);
	if (!d->permit && d->code == DECISION_NO_PERMIT && e.nearest != NULL)
		json_put_octets(j, "nearest_permit", e.nearest->id);
	return j;
}

/* --- for people ---------------------------------------------------------------------------------
 */

static const char *
word_at(const struct json *j, const char *name)
{
	const char *text = json_text(j, name);

	return text == NULL ? "" : text;
}

/* As wide as the widest name of the rule, within reason. */
static int
name_width(const struct json *checks)
{
	size_t most = 0;

	for (size_t i = 0; i < json_count(checks); i++) {
		size_t n = strlen(word_at(json_at(checks, i), "attr"));

		most = n > most && n <= 32 ? n : most;
	}
	return (int)most;
}

static void
text_check(const struct json *c, int width, struct bytes *ret)
{
	bool is_unless = strcmp(word_at(c, "part"), "unless") == 0;
	int64_t depth = 0;

	(void)json_number(c, "depth", 0, DEPTH_MAX, 0, &depth);
	bytes_put_fmt(ret, "        %-7s %*s%s", word_at(c, "says"), (int)(2 * depth), "",
	    is_unless && depth == 0 ? "unless " : "");
	if (json_text(c, "op") != NULL)
		bytes_put_fmt(ret, "%s of\n", word_at(c, "op"));
	else
		bytes_put_fmt(ret, "%-*s %s vs %s\n", width, word_at(c, "attr"), word_at(c, "got"),
		    word_at(c, "want"));
}

static void
text_considered(const struct json *c, struct bytes *ret)
{
	const struct json *checks = json_get(c, "checks");
	int width = name_width(checks);
	int64_t line = 0;

	(void)json_number(c, "line", 0, UINT32_MAX, 0, &line);
	bytes_put_fmt(ret, "%s %-7s %s %s  (%s:%" PRId64 ")%s\n",
	    json_true(c, "match") ? "MATCH" : "-----", word_at(c, "mode"), word_at(c, "effect"),
	    word_at(c, "id"), word_at(c, "document"), line,
	    strcmp(word_at(c, "fits"), "unknown") == 0 ? "  subject or type of resource missing"
						       : "");
	for (const struct json *at = json_at(checks, 0); at != NULL; at = json_next(at))
		text_check(at, width, ret);
}

static void
text_list(const char *title, const struct json *list, struct bytes *ret)
{
	if (json_count(list) == 0)
		return;
	bytes_put_text(ret, title);
	for (const struct json *at = json_at(list, 0); at != NULL; at = json_next(at))
		bytes_put_fmt(
		    ret, " %s", json_as_text(at) != NULL ? json_as_text(at) : json_name_at(at, 0));
	bytes_put_text(ret, "\n");
}

void
explain_text(const struct json *explanation, struct bytes *ret)
{
	const struct json *considered = json_get(explanation, "considered");
	const char *reason = json_text(explanation, "reason");

	for (const struct json *at = json_at(considered, 0); at != NULL; at = json_next(at))
		text_considered(at, ret);
	if (considered != NULL && json_count(considered) == 0)
		bytes_put_text(ret, "no rule is of this action, subject and type of resource\n");
	bytes_put_fmt(ret, "=> %s %s %s\n", word_at(explanation, "decision"),
	    word_at(explanation, "rule"), word_at(explanation, "code"));
	if (reason != NULL)
		bytes_put_fmt(ret, "   reason: %s\n", reason);
	text_list("   obligations:", json_get(explanation, "obligations"), ret);
	text_list("   shadow:", json_get(explanation, "shadow"), ret);
	if (json_text(explanation, "nearest_permit") != NULL)
		bytes_put_fmt(
		    ret, "   nearest permit: %s\n", word_at(explanation, "nearest_permit"));
}
