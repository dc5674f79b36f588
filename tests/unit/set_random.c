/*
 * tests/unit/set_random.c - policy/set.h: the compiled set says what its documents say.
 *
 * Random documents and requests, the same in every run; each decision is made by the index, and
 * again by walking all rules as they were written.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "book.h"
#include "policy/condition.h"
#include "run.h"

#define ROUNDS   400
#define REQUESTS 500

static struct book_dice dice;

static uint32_t
roll(uint32_t n)
{
	return book_roll(&dice, n);
}

static const char *
pick(const char *const *from, size_t n)
{
	return from[roll((uint32_t)n)];
}

static const char *const tenants[] = { "acme", "beta", "*", "gamma" };
static const char *const regions[] = { "eu", "us", "*" };
static const char *const paths[] = { "**", "printer/*", "printer/hp-*", "*/hp-1", "gateway/**",
	"printer/hp-1", "*/*" };
static const char *const actions[] = { "*", "connect", "print.*", "print.release", "print.a.*",
	"print.a.b", "scan.*", "scan.send" };
static const char *const roles[] = { "printer", "gateway", "phone" };
static const char *const types[] = { "service", "job" };
static const char *const nets[] = { "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "::/0",
	"2001:db8::/32", "0.0.0.0/0", "10.1.2.3/32" };
static const char *const words[] = { "a", "b", "c" };

/* Up to three texts, or none. */
static const struct octets *
some(const char *const *from, size_t n, uint32_t least, size_t *ret_n)
{
	struct octets *texts = book_take(3 * sizeof(*texts));

	*ret_n = least + roll(4 - least);
	for (size_t i = 0; i < *ret_n; i++)
		texts[i] = octets_text(pick(from, n));
	return texts;
}

static const char *
pattern(void)
{
	char *s = book_take(80);

	(void)snprintf(s, 80, "spiffe://%s.%s.example.org/%s", pick(tenants, COUNT(tenants)),
	    pick(regions, COUNT(regions)), pick(paths, COUNT(paths)));
	return s;
}

/* A few of them between spaces. */
static const char *
several(const char *const *from, size_t n)
{
	char *s = book_take(128);
	size_t at = 0;

	for (uint32_t k = 1 + roll(6); k > 0; k--)
		at += (size_t)snprintf(s + at, 128 - at, "%s ", pick(from, n));
	return s;
}

static struct condition
attribute_pair(void)
{
	struct condition c = book_open(CONDITION_EQUALS_ATTR, "resource.shared", "");

	c.other = (struct attribute_ref){ ATTRIBUTE_OPEN, octets_text("context.user") };
	if (roll(2) == 0)
		c.op = CONDITION_CONTAINS_ATTR;
	else
		c.attribute = (struct attribute_ref){ ATTRIBUTE_RESOURCE_OWNER,
			octets_text("resource.owner") };
	return c;
}

static struct condition
hours(void)
{
	struct condition c = { .op = CONDITION_TIME };

	c.time.days = (uint8_t)(1 + roll(127));
	c.time.from_m = (uint16_t)roll(1440);
	c.time.until_m = (uint16_t)roll(1441);
	return c;
}

static struct condition
leaf(void)
{
	static const enum condition_op in[] = { CONDITION_IN, CONDITION_NOT_IN, CONDITION_IN_SET,
		CONDITION_EQUALS };
	static const enum condition_op order[] = { CONDITION_GT, CONDITION_GTE, CONDITION_LT,
		CONDITION_LTE };
	static const char *const versions[] = { "5.2", "5.2.1", "5.10" };
	static const char *const numbers[] = { "0", "1", "2", "3" };

	switch (roll(9)) {
	case 0:
		return book_want(in[roll(3)], ATTRIBUTE_SOURCE_IP, several(nets, COUNT(nets)));
	case 1:
		return book_want(
		    in[roll(4)], ATTRIBUTE_CERT_ENROLLER, several(words, COUNT(words)));
	case 2:
		return book_open(in[roll(4)], "resource.dlp", several(words, COUNT(words)));
	case 3:
		return book_want(
		    CONDITION_EQUALS, ATTRIBUTE_CERT_KEY_PINNED, roll(2) == 0 ? "true" : "false");
	case 4:
		return book_want(order[roll(4)], ATTRIBUTE_CERT_AGE, pick(numbers, 4));
	case 5:
		return book_want(order[roll(4)], ATTRIBUTE_DEVICE_FIRMWARE, pick(versions, 3));
	case 6:
		return book_open(order[roll(4)], "context.n", pick(numbers, 4));
	case 7:
		return attribute_pair();
	default:
		return hours();
	}
}

static struct condition
condition(unsigned depth)
{
	static const enum condition_op ops[] = { CONDITION_ALL, CONDITION_ANY, CONDITION_NOT };
	struct condition kids[3];
	enum condition_op op = ops[roll(3)];
	size_t n = op == CONDITION_NOT ? 1 : roll(4);

	if (depth == 0 || roll(2) == 0)
		return leaf();
	for (size_t i = 0; i < n; i++)
		kids[i] = condition(depth - 1);
	return book_kids(op, kids, n);
}

static const struct condition *
conditions(void)
{
	struct condition kids[4];
	size_t n = roll(5);

	if (n == 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		kids[i] = condition(roll(4) == 0 ? 2 : 0);
	return book_all(kids, n);
}

static struct policy_rule
rule(uint32_t i)
{
	static const char *const obligations[] = { "log={1}", "log={2}", "mask", "watermark={1}" };
	struct policy_rule r = { .effect = roll(4) == 0 ? EFFECT_FORBID : EFFECT_PERMIT };
	struct octets *patterns = book_take(3 * sizeof(*patterns));
	char *id = book_take(16);

	(void)snprintf(id, 16, "r%u", i);
	r.id = octets_text(id);
	r.mode = roll(6) > 0 ? MODE_ENFORCE : roll(3) > 0 ? MODE_SHADOW : MODE_OFF;
	r.ignore_missing = roll(3) == 0;
	r.actions = some(actions, COUNT(actions), 1, &r.actions_n);
	if (roll(2) == 0)
		r.roles = some(roles, COUNT(roles), 0, &r.roles_n);
	if (roll(3) == 0)
		r.types = some(types, COUNT(types), 0, &r.types_n);
	for (r.spiffe_n = 0; r.spiffe_n < roll(4); r.spiffe_n++)
		patterns[r.spiffe_n] = octets_text(pattern());
	r.spiffe = patterns;
	r.when = conditions();
	if (roll(3) == 0)
		r.unless = conditions();
	if (roll(3) == 0)
		book_oblige(&r, several(obligations, COUNT(obligations)));
	return r;
}

static struct document *
document(size_t k, size_t rules_n)
{
	static const char *const names[] = { "x", "y", "z" };
	static const char *const scopes[] = { ACME, EU, "spiffe://*.*.example.org/**" };
	struct policy_rule *rules = book_take((rules_n + 1) * sizeof(*rules));
	size_t scope = roll(3);

	for (size_t i = 0; i < rules_n; i++)
		rules[i] = rule((uint32_t)i);
	return book_document(scope > 0 && roll(2) == 0 ? DOCUMENT_GUARDRAIL : DOCUMENT_POLICY_SET,
	    names[k], scopes[scope], rules, rules_n);
}

static void
set_open(struct request *r, const char *name, enum value_type type)
{
	static struct octets list[2];
	struct value v = { .type = type };
	struct fault f;

	if (type == VALUE_NUMBER)
		v.number = roll(5);
	if (type == VALUE_TEXT)
		v.text = octets_text(pick(words, COUNT(words)));
	if (type == VALUE_LIST) {
		list[0] = octets_text(pick(words, COUNT(words)));
		list[1] = octets_text(pick(words, COUNT(words)));
		v.list.at = list;
		v.list.n = roll(3);
	}
	ck_assert(request_set(r, octets_text(name), &v, &f));
}

static struct request
request(void)
{
	static const char *const ids[] = { HP, "spiffe://acme.eu.example.org/printer/hp-2",
		"spiffe://acme.us.example.org/gateway/hp-1",
		"spiffe://beta.eu.example.org/printer/x",
		"spiffe://delta.eu.example.org/phone/hp-1",
		"spiffe://acme.eu.example.com/printer/hp-1", "spiffe://acme.eu.example.org", "" };
	static const char *const done[] = { "connect", "print.release", "print.a.b", "print",
		"scan.send", "copy", "print.a" };
	static const char *const addresses[] = { "10.1.2.3", "10.1.3.4", "10.2.0.1", "11.0.0.1",
		"2001:db8::1", "::1" };
	static const char *const firmware[] = { "5.2", "5.2.0", "5.2.1", "5.9", "5.10", "beta" };
	struct request r =
	    book_request(pick(ids, COUNT(ids)), pick(roles, 3), pick(done, COUNT(done)));

	r.supports_all = roll(3) > 0;
	for (r.supports_n = 0; r.supports_n < roll(3); r.supports_n++)
		r.supports[r.supports_n] = octets_text(roll(2) == 0 ? "log" : "mask");
	request_text(&r, ATTRIBUTE_RESOURCE_TYPE, octets_text(pick(types, 2)));
	ck_assert(value_address(
	    octets_text(pick(addresses, COUNT(addresses))), &r.fixed[ATTRIBUTE_SOURCE_IP]));
	request_text(&r, ATTRIBUTE_CERT_ENROLLER, octets_text(pick(words, 3)));
	request_text(&r, ATTRIBUTE_RESOURCE_OWNER, octets_text(pick(words, 3)));
	request_bool(&r, ATTRIBUTE_CERT_KEY_PINNED, roll(2) == 0);
	request_number(&r, ATTRIBUTE_CERT_AGE, roll(5));
	request_text(&r, ATTRIBUTE_DEVICE_FIRMWARE, octets_text(pick(firmware, COUNT(firmware))));
	request_number(&r, ATTRIBUTE_TIME, 1782900900 + 60 * (int64_t)roll(20000));
	set_open(&r, "resource.dlp", roll(8) == 0 ? VALUE_NUMBER : VALUE_TEXT);
	set_open(&r, "context.n", roll(8) == 0 ? VALUE_TEXT : VALUE_NUMBER);
	set_open(&r, "context.user", VALUE_TEXT);
	if (roll(2) == 0)
		set_open(&r, "resource.shared", VALUE_LIST);
	if (roll(3) == 0) /* one thing or another is not known */
		for (unsigned i = 0; i < 8; i++)
			r.fixed[roll(ATTRIBUTE_FIXED)].type = VALUE_NONE;
	return r;
}

/* By the words of the documents: is x before y? */
static bool
before(const struct document *d, const struct policy_rule *x, const struct document *e,
    const struct policy_rule *y)
{
	int order;

	if (d->kind != e->kind)
		return d->kind == DOCUMENT_GUARDRAIL;
	order = strcmp((const char *)d->name.at, (const char *)e->name.at);
	if (order == 0)
		order = strcmp((const char *)x->id.at, (const char *)y->id.at);
	return order < 0;
}

struct plain { /* a decision without any index */
	const struct policy_rule *forbid, *permit;
	const struct document *forbid_of, *permit_of;
	bool unknown, unsupported;
	size_t shadow_n;
};

static void
weigh(struct plain *p, const struct document *d, const struct policy_rule *rule,
    const struct request *r)
{
	const struct asked q = { d, rule, r, NULL };
	int says = condition_and(rule_fits(&q), rule_holds(&q));

	if (rule->mode == MODE_OFF || !rule_fires(rule, says))
		return;
	if (rule->mode == MODE_SHADOW) {
		p->shadow_n += rule->effect == EFFECT_FORBID;
	} else if (rule->effect == EFFECT_FORBID) {
		if (p->forbid != NULL && before(p->forbid_of, p->forbid, d, rule))
			return;
		p->forbid = rule;
		p->forbid_of = d;
		p->unknown = says < 0;
	} else if (d->kind == DOCUMENT_POLICY_SET) {
		for (size_t i = 0; i < rule->obligations_n && !r->supports_all; i++) {
			bool found = false;

			for (size_t k = 0; k < r->supports_n; k++)
				found |= octets_same(r->supports[k], rule->obligations[i].name);
			p->unsupported |= !found;
		}
		if (p->permit != NULL && before(p->permit_of, p->permit, d, rule))
			return;
		p->permit = rule;
		p->permit_of = d;
	}
}

static enum decision_code
code_of(const struct plain *p)
{
	if (p->forbid != NULL)
		return p->unknown ? DECISION_FORBID_ON_MISSING : DECISION_FORBID;
	if (p->permit == NULL)
		return DECISION_NO_PERMIT;
	return p->unsupported ? DECISION_UNSUPPORTED : DECISION_PERMIT;
}

static void
compare(const struct document *const *docs, size_t n, const struct set *s, const struct request *r,
    unsigned seen[static DECISION_UNSUPPORTED + 1])
{
	struct plain p = { 0 };
	struct decision d;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < docs[i]->rules_n; k++)
			weigh(&p, docs[i], &docs[i]->rules[k], r);
	set_decide(s, r, NULL, true, &d);
	ck_assert_int_eq(d.code, code_of(&p));
	ck_assert_ptr_eq(d.rule, p.forbid != NULL ? p.forbid : p.permit);
	ck_assert_ptr_eq(d.document, p.forbid != NULL ? p.forbid_of : p.permit_of);
	ck_assert_uint_eq(
	    d.shadow_n, p.shadow_n < DECISION_SHADOW_MAX ? p.shadow_n : DECISION_SHADOW_MAX);
	seen[d.code]++;
	set_forbids(s, r, NULL, true, &d);
	ck_assert_ptr_eq(d.rule, p.forbid);
	ck_assert_int_eq(d.permit, p.forbid == NULL);
}

START_TEST(the_index_says_what_the_rules_say)
{
	unsigned seen[DECISION_UNSUPPORTED + 1] = { 0 };

	dice.state = 20260701;
	for (unsigned round = 0; round < ROUNDS; round++) {
		const struct document *docs[3];
		struct set *s;
		size_t n = 1 + roll(3);

		for (size_t i = 0; i < n; i++)
			docs[i] = document(i, roll(round % 50 == 0   ? 1000
						   : round % 10 == 0 ? 200
								     : 12));
		s = book_set(docs, n);
		for (unsigned i = 0; i < REQUESTS; i++) {
			struct request r = request();

			compare(docs, n, s, &r, seen);
		}
		set_free(s);
		book_close();
	}
	/* and every answer was among them, often */
	for (size_t i = 0; i < COUNT(seen); i++)
		ck_assert_msg(
		    seen[i] > 500, "%s: %u", decision_word((enum decision_code)i), seen[i]);
}
END_TEST

static void
shuffle(struct policy_rule *rules, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = roll((uint32_t)i);
		struct policy_rule other = rules[k];

		rules[k] = rules[i - 1];
		rules[i - 1] = other;
	}
}

static void
same_decisions(const struct decision *a, const struct decision *b)
{
	ck_assert_int_eq(a->code, b->code);
	ck_assert_int_eq(a->rule == NULL, b->rule == NULL);
	if (a->rule != NULL)
		ck_assert(octets_same(a->rule->id, b->rule->id) &&
			  octets_same(a->document->name, b->document->name));
	ck_assert_uint_eq(a->obligations_n, b->obligations_n);
	for (size_t i = 0; i < a->obligations_n; i++)
		ck_assert(octets_same(a->obligations[i]->name, b->obligations[i]->name) &&
			  octets_same(a->obligations[i]->json, b->obligations[i]->json));
	ck_assert_uint_eq(a->shadow_n, b->shadow_n);
	for (size_t i = 0; i < a->shadow_n; i++)
		ck_assert(octets_same(a->shadow[i]->id, b->shadow[i]->id));
}

START_TEST(order_never_matters)
{
	dice.state = 4;
	for (unsigned round = 0; round < 100; round++) {
		const struct document *docs[3], *turned[3];
		struct set *s, *t;

		for (size_t i = 0; i < 3; i++) {
			struct policy_rule *rules;

			docs[i] = document(i, 40);
			rules = book_take(40 * sizeof(*rules));
			memcpy(rules, docs[i]->rules, 40 * sizeof(*rules));
			shuffle(rules, 40);
			turned[2 - i] = book_document(docs[i]->kind, (const char *)docs[i]->name.at,
			    (const char *)docs[i]->scope.at, rules, 40);
		}
		s = book_set(docs, 3);
		t = book_set(turned, 3);
		ck_assert_mem_eq(set_digest(s), set_digest(t), DOCUMENT_DIGEST_OCTETS);
		for (unsigned i = 0; i < 200; i++) {
			struct request r = request();
			struct decision a, b;

			set_decide(s, &r, NULL, true, &a);
			set_decide(t, &r, NULL, true, &b);
			same_decisions(&a, &b);
		}
		set_free(s);
		set_free(t);
		book_close();
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("set_random");
	TCase *t = tcase_create("set_random");

	tcase_set_timeout(t, 120); /* a loaded machine is no failure */
	tcase_add_test(t, the_index_says_what_the_rules_say);
	tcase_add_test(t, order_never_matters);
	suite_add_tcase(s, t);
	return run_suite(s);
}
