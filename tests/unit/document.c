/* tests/unit/document.c - policy/document.h: policies read, and all that is refused in one, by
 * line. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/document.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct zones *zones;
static struct document *d;
static struct fault fault;

#define HEAD                                                                                       \
	"apiVersion: quatrain.policy/v1\nkind: PolicySet\nschema: quatrain.attributes/v1\n"        \
	"metadata: {name: t, scope: \"spiffe://acme.eu.example.org/**\"}\n"
#define GUARD                                                                                      \
	"apiVersion: quatrain.policy/v1\nkind: Guardrail\nschema: quatrain.attributes/v1\n"        \
	"metadata: {name: t, scope: \"spiffe://*.eu.example.org/**\"}\n"
#define RULE "rules:\n- id: r\n  effect: permit\n  actions: [connect]\n"

static bool
take(const char *yaml)
{
	document_free(d);
	d = NULL;
	fault = (struct fault){ 0 };
	return document_read("f", octets_text(yaml), DOCUMENT_MAX_OCTETS, zones, &d, &fault);
}

static bool
taken(const char *yaml)
{
	bool ok = take(yaml);

	ck_assert_msg(ok, "%s: %s", yaml, fault.text);
	return ok;
}

static void
setup(void)
{
	zones = zones_new(NULL, NULL);
	ck_assert_ptr_nonnull(zones);
}

static void
teardown(void)
{
	document_free(d);
	d = NULL;
	zones_free(zones);
}

static bool
is(struct octets o, const char *s)
{
	return octets_same(o, octets_text(s));
}

START_TEST(a_rule)
{
	const struct policy_rule *r;

	ck_assert(taken(HEAD
	    "mode: enforce\nrules:\n- id: r-1\n  effect: permit\n  mode: shadow\n"
	    "  subjects: {spiffe: \"spiffe://acme.eu.example.org/printer/*\", roles: [printer]}\n"
	    "  actions: [connect, \"print.*\"]\n  resources: {type: [job, queue]}\n"
	    "  when: {cert.key_pinned: true}\n  unless: {device.zone: open}\n"
	    "  obligations:\n  - watermark: {text: x, opacity: 15, a: [1, true]}\n"
	    "  reason: Because\n"
	    "- id: f\n  effect: forbid\n  actions: \"*\"\n  if_missing: ignore\n"));
	ck_assert_int_eq(d->kind, DOCUMENT_POLICY_SET);
	ck_assert(is(d->name, "t") && is(d->scope, "spiffe://acme.eu.example.org/**"));
	ck_assert_uint_eq(d->rules_n, 2);
	r = &d->rules[0];
	ck_assert(is(r->id, "r-1") && r->effect == EFFECT_PERMIT && r->mode == MODE_SHADOW);
	ck_assert_uint_eq(r->line, 7);
	ck_assert_uint_eq(r->spiffe_n, 1);
	ck_assert(is(r->spiffe[0], "spiffe://acme.eu.example.org/printer/*"));
	ck_assert(r->roles_n == 1 && is(r->roles[0], "printer"));
	ck_assert(r->actions_n == 2 && is(r->actions[1], "print.*"));
	ck_assert(r->types_n == 2 && is(r->types[1], "queue"));
	ck_assert(r->when->op == CONDITION_ALL && r->when->kids_n == 1);
	ck_assert(r->when->kids[0].op == CONDITION_EQUALS);
	ck_assert(r->when->kids[0].attribute.at == ATTRIBUTE_CERT_KEY_PINNED);
	ck_assert(r->when->kids[0].wants->type == VALUE_BOOL && r->when->kids[0].wants->yes);
	ck_assert(is(r->unless->kids[0].wants->text, "open"));
	ck_assert_uint_eq(r->obligations_n, 1);
	ck_assert(is(r->obligations[0].name, "watermark"));
	ck_assert(is(r->obligations[0].json, "{\"a\":[1,true],\"opacity\":15,\"text\":\"x\"}"));
	ck_assert(is(r->reason, "Because"));
	ck_assert(d->rules[1].ignore_missing && d->rules[1].when == NULL);
	ck_assert(d->rules[1].mode == MODE_ENFORCE && d->rules[1].actions_n == 1);
	ck_assert_int_eq(d->offline_max_age_s, 0);
}
END_TEST

/* A file in shadow mode enforces nothing, whatever its rules say. */
START_TEST(the_weaker_mode_counts)
{
	static const struct {
		const char *of_file, *of_rule;
		enum policy_mode mode;
	} rows[] = {
		{ "enforce", "enforce", MODE_ENFORCE },
		{ "enforce", "off", MODE_OFF },
		{ "shadow", "enforce", MODE_SHADOW },
		{ "shadow", "off", MODE_OFF },
		{ "off", "enforce", MODE_OFF },
	};
	char yaml[1024];

	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)snprintf(yaml, sizeof(yaml), HEAD "mode: %s\n" RULE "  mode: %s\n",
		    rows[i].of_file, rows[i].of_rule);
		ck_assert(taken(yaml));
		ck_assert_int_eq(d->rules[0].mode, rows[i].mode);
	}
}
END_TEST

static const struct condition *
only(const char *when)
{
	char yaml[2048];

	(void)snprintf(yaml, sizeof(yaml),
	    HEAD "sets:\n  nets: [10.0.0.0/8, \"2001:db8::/32\"]\n  people: [a, b]\n"
		 "  ages: [1d, 2h]\n" RULE "  when: %s\n",
	    when);
	ck_assert(taken(yaml));
	ck_assert_uint_eq(d->rules[0].when->kids_n, 1);
	return &d->rules[0].when->kids[0];
}

START_TEST(operators)
{
	const struct condition *c = only("{cert.age: {gt: 90d}}");

	ck_assert(c->op == CONDITION_GT && c->wants->number == 90 * 86400 && !c->versions);
	ck_assert_uint_eq(c->line, 13);
	c = only("{cert.age: 30}");
	ck_assert(c->op == CONDITION_EQUALS && c->wants->number == 30);
	c = only("{resource.pages: {max: 10}}");
	ck_assert(c->op == CONDITION_LTE && c->wants->number == 10);
	c = only("{device.firmware: {gte: \"5.2.1\"}}");
	ck_assert(c->op == CONDITION_GTE && c->versions && is(c->wants->text, "5.2.1"));
	c = only("{device.build: {lt: 5.2}}"); /* an open name: by its looks */
	ck_assert(c->op == CONDITION_LT && c->versions);
	c = only("{device.build: {lt: 7}}");
	ck_assert(c->wants->type == VALUE_NUMBER && !c->versions);
	c = only("{device.uptime: {lt: 7d}}");
	ck_assert(c->wants->type == VALUE_NUMBER && c->wants->number == 7 * 86400);
	c = only("{device.flag: true}");
	ck_assert(c->wants->type == VALUE_BOOL && c->attribute.at == ATTRIBUTE_OPEN);
	ck_assert(is(c->attribute.name, "device.flag"));
	c = only("{device.flag: \"true\"}");
	ck_assert(c->wants->type == VALUE_TEXT);
	c = only("{source.ip: 10.0.0.1}");
	ck_assert(c->wants->type == VALUE_ADDRESS);
	c = only("{source.ip: {in: [10.0.0.1, 10.1.0.0/16]}}");
	ck_assert(c->op == CONDITION_IN && c->wants_n == 2 && c->wants[1].type == VALUE_NET);
	ck_assert(c->wants[0].prefix == 128 && c->wants[1].prefix == 112);
	c = only("{source.ip: {cidr: 10.1.0.0/16}}");
	ck_assert(c->op == CONDITION_CIDR && c->wants_n == 1);
	c = only("{source.ip: {cidr: [10.1.0.0/16, \"::/0\"]}}");
	ck_assert(c->wants_n == 2);
	c = only("{source.ip: {in_set: nets}}");
	ck_assert(c->op == CONDITION_IN_SET && c->wants_n == 2 && is(c->set_name, "nets"));
	ck_assert(c->wants[1].type == VALUE_NET && c->wants[1].prefix == 32);
	c = only("{resource.owner: {in_set: people}}");
	ck_assert(c->wants_n == 2 && is(c->wants[1].text, "b"));
	c = only("{cert.age: {in_set: ages}}");
	ck_assert(c->wants[1].type == VALUE_NUMBER && c->wants[1].number == 7200);
	c = only("{subject.role: {not_in: [user, phone]}}");
	ck_assert(c->op == CONDITION_NOT_IN && c->wants_n == 2);
	c = only("{resource.owner: {equals_attr: context.user}}");
	ck_assert(c->op == CONDITION_EQUALS_ATTR && is(c->other.name, "context.user"));
	c = only("{resource.shared_with: {contains_attr: subject.id}}");
	ck_assert(c->op == CONDITION_CONTAINS_ATTR && c->other.at == ATTRIBUTE_SUBJECT_ID);
}
END_TEST

START_TEST(all_any_not)
{
	const struct condition *c =
	    only("{any: [{cert.level: 4}, {not: {cert.level: 3, cert.age: 1}}]}");

	ck_assert(c->op == CONDITION_ANY && c->kids_n == 2);
	ck_assert(c->kids[0].op == CONDITION_ALL && c->kids[0].kids_n == 1);
	c = &c->kids[1].kids[0];
	ck_assert(c->op == CONDITION_NOT && c->kids_n == 1);
	ck_assert(c->kids[0].op == CONDITION_ALL && c->kids[0].kids_n == 2);
	ck_assert(taken(HEAD RULE "  when: {resource.pages: {gte: 1, lt: 5}, cert.level: 4}\n"));
	ck_assert_uint_eq(d->rules[0].when->kids_n, 3);
	ck_assert(d->rules[0].when->kids[1].op == CONDITION_LT);
	ck_assert(d->rules[0].when->kids[1].attribute.at == ATTRIBUTE_RESOURCE_PAGES);
}
END_TEST

START_TEST(times_and_counts)
{
	const struct condition *c = only("{time: {days: [mon, sun], hours: \"22:00-06:30\"}}");

	ck_assert(c->op == CONDITION_TIME && c->time.days == 0x41);
	ck_assert(c->time.from_m == 1320 && c->time.until_m == 390 && c->time.zone == NULL);
	c = only("{time: {hours: 00:00-24:00, zone: UTC}}");
	ck_assert(c->time.days == 0x7f && c->time.from_m == 0 && c->time.until_m == 1440);
	ck_assert_str_eq(zone_name(c->time.zone), "UTC");
	c = only("{time: {days: fri}}");
	ck_assert(c->time.days == 0x10 && c->time.from_m == 0 && c->time.until_m == 1440);
	c = only("{time: {hours: \"22:00-00:00\"}}");
	ck_assert(c->time.from_m == 1320 && c->time.until_m == 1440);
	c = only("{rate: {key: subject.id, max: 60, per: 1h}}");
	ck_assert(c->op == CONDITION_RATE && c->count.most == 60 && !c->count.over);
	ck_assert(c->count.per_s == 3600 && c->count.key.at == ATTRIBUTE_SUBJECT_ID);
	c = only("{rate: {key: subject.id, over: 0, per: 1m}}");
	ck_assert(c->count.over && c->count.most == 0);
	c = only("{quota: {key: resource.owner, unit: resource.pages, limit: 500, per: 30d}}");
	ck_assert(c->op == CONDITION_QUOTA && c->count.unit.at == ATTRIBUTE_RESOURCE_PAGES);
	ck_assert(is(c->count.unit.name, "resource.pages") && c->count.most == 500);
	c = only("{quota: {key: resource.owner, limit: 5, per: 1d}}");
	ck_assert_ptr_null(c->count.unit.name.at);
}
END_TEST

START_TEST(invariants_and_tests)
{
	ck_assert(taken(HEAD RULE
	    "invariants:\n- {never_permit: {actions: [connect], when: {cert.level: 3}}}\n"
	    "- never_permit: {actions: \"print.*\"}\n"
	    "tests:\n- name: one\n  request: &a {action: connect, subject: {id: x}}\n"
	    "  state: {rate: {\"r|x\": 3}}\n  expect: {decision: permit, rule: r}\n"
	    "- name: two\n  request: {<<: *a, action: print}\n  expect: {decision: deny, rule: "
	    "default, code: no-permit, obligations: [], shadow: [r]}\n"));
	ck_assert_uint_eq(d->invariants_n, 2);
	ck_assert(d->invariants[0].actions_n == 1 && d->invariants[0].line == 10);
	ck_assert(d->invariants[0].when->kids[0].wants->number == 3);
	ck_assert_ptr_null(d->invariants[1].when);
	ck_assert_uint_eq(d->tests_n, 2);
	ck_assert(is(d->tests[1].name, "two") && d->tests[1].line == 17);
	ck_assert_str_eq(json_text(d->tests[1].request, "action"), "print");
	ck_assert_str_eq(json_text(json_get(d->tests[1].request, "subject"), "id"), "x");
	ck_assert_ptr_nonnull(d->tests[0].state);
	ck_assert_ptr_null(d->tests[1].state);
}
END_TEST

START_TEST(text_and_digest)
{
	static const uint8_t abc[4] = { 0 };
	const char *yaml = HEAD "defaults: {time_zone: UTC, offline: {max_age: 12h}}\nrules: []\n";

	ck_assert(taken(yaml));
	ck_assert(is(d->text, yaml));
	ck_assert(memcmp(d->digest, abc, sizeof(abc)) != 0);
	ck_assert_int_eq(d->offline_max_age_s, 43200);
	ck_assert_uint_eq(d->rules_n, 0);
	ck_assert(taken(GUARD "rules: []\n"));
	ck_assert_int_eq(d->kind, DOCUMENT_GUARDRAIL);
	document_free(NULL);
}
END_TEST

static void
refused(const char *yaml, const char *why)
{
	ck_assert_msg(!take(yaml), "%s was taken", yaml);
	ck_assert_msg(fault.code == FAULT_BADREQ && strncmp(fault.text, "f:", 2) == 0 &&
			  strstr(fault.text, ": expected ") != NULL &&
			  strstr(fault.text, ", found ") != NULL && strstr(fault.text, why) != NULL,
	    "%s\n-> %s\nnot: %s", yaml, fault.text, why);
	ck_assert_ptr_null(d);
}

START_TEST(refuses_the_frame)
{
	static const struct {
		const char *yaml, *why;
	} rows[] = {
		{ "", "f:1: document: expected a mapping of keys, found nothing" },
		{ "[]", "expected a mapping of keys, found a list" },
		{ "kind: PolicySet\n", "no \"apiVersion\"" },
		{ HEAD, "no \"rules\"" },
		{ HEAD "rules: []\nrule: []\n", "f:6: rule: expected a known key, found an unknown "
						"one (did you mean \"rules\"?)" },
		{ HEAD "rules: []\nexpr: x\n", "a known key" },
		{ HEAD "rules: []\nrules: []\n", "each name once" },
		{ HEAD "rules: {}\n", "f:5: rules: expected a list of rules, found a mapping" },
		{ HEAD "mode: on\nrules: []\n", "expected enforce, shadow or off, found \"on\"" },
		{ HEAD "rules: []\ndefaults: {time_zone: Mars/Base}\n",
		    "a time zone that is known" },
		{ HEAD "rules: []\ndefaults: {time_zone: ../x}\n", "a time zone that is known" },
		{ HEAD "rules: []\ndefaults: {offline: {max_age: forever}}\n",
		    "max_age: expected a "
		    "duration" },
		{ HEAD "rules: []\ndefaults: {offline: {max_age: 367d}}\n", "a duration" },
		{ HEAD "rules: []\ndefaults: {zone: UTC}\n", "a known key" },
		{ HEAD "rules: &a []\n", "an anchor" },
		{ HEAD "rules: []\n---\n", "a second" },
		{ HEAD "rules: !r []\n", "a tag" },
		{ HEAD "rules: []\nsets: []\n", "names to lists" },
		{ HEAD "rules: []\nsets: {a: b}\n", "f:6: a: expected a list of values" },
		{ HEAD "rules: []\nsets: {a: []}\n", "an empty one" },
		{ HEAD "rules: []\nsets: {a: [[x]]}\n", "single values" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		refused(rows[i].yaml, rows[i].why);
	refused("apiVersion: quatrain.policy/v2\nkind: PolicySet\nschema: quatrain.attributes/v1\n"
		"metadata: {name: t, scope: \"spiffe://acme.eu.example.org/**\"}\nrules: []\n",
	    "apiVersion: expected quatrain.policy/v1");
	refused("apiVersion: quatrain.policy/v1\nkind: Policy\nschema: quatrain.attributes/v1\n"
		"metadata: {name: t, scope: \"spiffe://acme.eu.example.org/**\"}\nrules: []\n",
	    "expected Guardrail or PolicySet");
	refused("apiVersion: quatrain.policy/v1\nkind: PolicySet\nschema: v2\n"
		"metadata: {name: t, scope: \"spiffe://acme.eu.example.org/**\"}\nrules: []\n",
	    "expected quatrain.attributes/v1");
}
END_TEST

START_TEST(refuses_metadata)
{
	static const struct {
		const char *kind, *metadata, *why;
	} rows[] = {
		{ "PolicySet", "{scope: \"spiffe://a.b.c/**\"}", "no \"name\"" },
		{ "PolicySet", "{name: t}", "no \"scope\"" },
		{ "PolicySet", "{name: T, scope: \"spiffe://a.b.c/**\"}", "name: expected a name" },
		{ "PolicySet", "{name: t, scope: \"spiffe://*.b.c/**\"}", "one tenant" },
		{ "PolicySet", "{name: t, scope: \"spiffe://a.*.c/**\"}", "one tenant" },
		{ "PolicySet", "{name: t, scope: \"spiffe://a.b.c/*\"}", "one tenant" },
		{ "PolicySet", "{name: t, scope: \"spiffe://a.b.c/*/**\"}", "one tenant" },
		{ "PolicySet", "{name: t, scope: \"spiffe://a.b.c/x\"}", "one tenant" },
		{ "PolicySet", "{name: t, scope: \"spiffe://a.b/**\"}", "one tenant" },
		{ "PolicySet", "{name: t, scope: \"https://a.b.c/**\"}", "one tenant" },
		{ "PolicySet", "{name: t, scope: [\"spiffe://a.b.c/**\"]}", "one tenant" },
		{ "Guardrail", "{name: t, scope: \"spiffe://a.b.c/**\"}", "all tenants" },
		{ "Guardrail", "{name: t, scope: \"spiffe://*.*.*/**\"}", "all tenants" },
		{ "Guardrail", "{name: t, scope: \"spiffe://a.*.c/**\"}", "all tenants" },
		{ "Guardrail", "{name: t, scope: \"spiffe://*.b.c/printer/**\"}", "all tenants" },
		{ "Guardrail", "{name: t, scope: \"spiffe://*.c/**\"}", "all tenants" },
		{ "Guardrail", "{name: t, scope: \"**\"}", "all tenants" },
		{ "PolicySet", "{name: t, scope: \"spiffe://a.b.c/**\", revision: 0}", "revision" },
		{ "PolicySet", "{name: t, scope: \"spiffe://a.b.c/**\", revision: x}", "revision" },
		{ "PolicySet", "{name: t, scope: \"spiffe://a.b.c/**\", owner: \"a\\nb\"}",
		    "owner" },
		{ "PolicySet", "{name: t, scope: \"spiffe://a.b.c/**\", x: y}", "a known key" },
	};
	char yaml[1024];

	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)snprintf(yaml, sizeof(yaml),
		    "apiVersion: quatrain.policy/v1\nkind: %s\nschema: quatrain.attributes/v1\n"
		    "metadata: %s\nrules: []\n",
		    rows[i].kind, rows[i].metadata);
		refused(yaml, rows[i].why);
	}
}
END_TEST

START_TEST(refuses_rules)
{
	static const struct {
		const char *rule, *why;
	} rows[] = {
		{ "x", "a mapping of keys" },
		{ "{}", "no \"id\"" },
		{ "{id: r, actions: [connect]}", "no \"effect\"" },
		{ "{id: r, effect: permit}", "no \"actions\"" },
		{ "{id: r, effect: allow, actions: [connect]}",
		    "rules.r.effect: expected permit or "
		    "forbid, found \"allow\"" },
		{ "{id: default, effect: permit, actions: [connect]}", "not \"default\"" },
		{ "{id: \"a b\", effect: permit, actions: [connect]}", "letters, digits" },
		{ "{id: \"a|b\", effect: permit, actions: [connect]}", "letters, digits" },
		{ "{id: [r], effect: permit, actions: [connect]}", "letters, digits" },
		{ "{id: r, effect: permit, actions: []}", "an empty list" },
		{ "{id: r, effect: permit, actions: [\"pr*\"]}", "actions" },
		{ "{id: r, effect: permit, actions: [\"\"]}", "actions" },
		{ "{id: r, effect: permit, actions: [[a]]}", "actions" },
		{ "{id: r, effect: permit, actions: [a], mode: on}", "enforce, shadow or off" },
		{ "{id: r, effect: permit, actions: [a], subjects: {}}", "spiffe, roles or both" },
		{ "{id: r, effect: permit, actions: [a], subjects: {role: x}}",
		    "did you mean \"roles\"?" },
		{ "{id: r, effect: permit, actions: [a], subjects: {roles: [\"a b\"]}}", "roles" },
		{ "{id: r, effect: permit, actions: [a], subjects: {spiffe: []}}",
		    "an empty list" },
		{ "{id: r, effect: permit, actions: [a], subjects: {spiffe: acme}}", "SPIFFE" },
		{ "{id: r, effect: permit, actions: [a], resources: {}}", "no \"type\"" },
		{ "{id: r, effect: permit, actions: [a], resources: {type: \"a b\"}}", "types" },
		{ "{id: r, effect: permit, actions: [a], if_missing: ignore}", "with a forbid" },
		{ "{id: r, effect: forbid, actions: [a], if_missing: deny}", "match or ignore" },
		{ "{id: r, effect: permit, actions: [a], reason: \"\"}", "a text of one line" },
		{ "{id: r, effect: permit, actions: [a], reason: \"a\\nb\"}",
		    "a text of one line" },
		{ "{id: r, effect: permit, actions: [a], reason: {}}", "a text of one line" },
		{ "{id: r, effect: forbid, actions: [a], obligations: [{log: {}}]}",
		    "with a permit" },
		{ "{id: r, effect: permit, actions: [a], obligations: []}", "1 to 16" },
		{ "{id: r, effect: permit, actions: [a], obligations: [log]}", "one obligation" },
		{ "{id: r, effect: permit, actions: [a], obligations: [{log: x}]}",
		    "one obligation" },
		{ "{id: r, effect: permit, actions: [a], obligations: [{a: {}, b: {}}]}",
		    "one obligation" },
		{ "{id: r, effect: permit, actions: [a], obligations: [{a: {}}, {a: {}}]}",
		    "each obligation once" },
		{ "{id: r, effect: permit, actions: [a], obligations: [{\"a b\": {}}]}",
		    "the name" },
		{ "{id: r, effect: permit, actions: [a], obligations: [{a: {\"\xc3\xa9\": 1}}]}",
		    "names of letters" },
		{ "{id: r, effect: permit, actions: [a], obligations: [{a: {b: [[[[[[[1]]]]]]]}}]}",
		    "fewer levels" },
		{ "{id: r, effect: permit, actions: [a], expr: x}", "a known key" },
		{ "{id: r, effect: permit, actions: [a]}\n- {id: r, effect: permit, actions: [a]}",
		    "f:7: rules.r.id: expected each id once, found it a second time" },
	};
	static const char *const strangers[] = { "spiffe://globex.eu.example.org/printer/*",
		"spiffe://*.eu.example.org/printer/*", "spiffe://acme.us.example.org/**",
		"spiffe://acme.eu.example.org.evil.net/**", "spiffe://*.*.*.*/**",
		"spiffe://acme.eu.example.com/printer/x" };
	char yaml[2048];

	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)snprintf(yaml, sizeof(yaml), HEAD "rules:\n- %s\n", rows[i].rule);
		refused(yaml, rows[i].why);
	}
	for (size_t i = 0; i < COUNT(strangers); i++) {
		(void)snprintf(yaml, sizeof(yaml),
		    HEAD RULE
		    "  subjects: {spiffe: [\"spiffe://acme.eu.example.org/x\", \"%s\"]}\n",
		    strangers[i]);
		refused(yaml, "subjects within metadata.scope");
	}
	refused(GUARD RULE, "rules.r.effect: expected forbid, since a Guardrail cannot permit");
}
END_TEST

START_TEST(refuses_conditions)
{
	static const struct {
		const char *when, *why;
	} rows[] = {
		{ "{}", "a mapping of conditions" },
		{ "x", "a mapping of conditions" },
		{ "[{cert.level: 4}]", "a mapping of conditions" },
		{ "{cert.levl: 4}", "cert.levl: expected the name of an attribute" },
		{ "{foo.bar: 4}", "the name of an attribute" },
		{ "{expr: x}", "the name of an attribute" },
		{ "{cert.level: four}",
		    "rules.r.cert.level: expected a whole number, found \"four\"" },
		{ "{cert.level: \"4\"}", "a whole number" },
		{ "{cert.level: [4]}", "a value or an operator" },
		{ "{cert.level: {}}", "a value or an operator" },
		{ "{cert.level: {is: 4}}", "rules.r.is: expected equals, in, not_in" },
		{ "{cert.level: {equals: [4]}}", "one value" },
		{ "{cert.age: {gt: 90x}}", "a duration" },
		{ "{cert.age: {gt: -1x}}", "a duration" },
		{ "{cert.key_pinned: yes}", "true or false, found \"yes\"" },
		{ "{cert.key_pinned: \"true\"}", "true or false, found the text \"true\"" },
		{ "{cert.key_pinned: {gt: true}}", "has an order" },
		{ "{source.ip: {gt: 10.0.0.1}}", "has an order" },
		{ "{subject.id: {gt: a}}", "has an order" },
		{ "{subject.id: true}", "a text" },
		{ "{subject.id: }", "a text" },
		{ "{device.firmware: {gte: five}}", "a version" },
		{ "{device.build: {gte: five}}", "a whole number, a duration or a version" },
		{ "{source.ip: 10.0.0.0/8}", "an address" },
		{ "{source.ip: 10.0.0.256}", "an address" },
		{ "{source.ip: {cidr: 10.0.0.1/8}}", "without bits of hosts" },
		{ "{source.ip: {cidr: 10.0.0.0/33}}", "a network" },
		{ "{source.ip: {cidr: [\"2001:db8::1/32\"]}}", "a network" },
		{ "{source.ip: {in: [anything]}}", "a network" },
		{ "{subject.id: {cidr: 10.0.0.0/8}}", "with cidr" },
		{ "{source.ip: {in: []}}", "an empty one" },
		{ "{source.ip: {in: 10.0.0.0/8}}", "a list of values" },
		{ "{source.ip: {in_set: nowhere}}", "the name of one of the sets" },
		{ "{source.ip: {in_set: [nets]}}", "the name of one of the sets" },
		{ "{source.ip: {in_set: people}}", "f:6: people: expected a network" },
		{ "{cert.level: {in_set: people}}", "f:6: people: expected a whole number" },
		{ "{resource.owner: {equals_attr: nobody}}", "the name of an attribute" },
		{ "{resource.owner: {equals_attr: cert.level}}", "of the same type" },
		{ "{resource.owner: {contains_attr: subject.id}}", "can be a list" },
		{ "{all: {cert.level: 4}}", "a list of conditions" },
		{ "{any: []}", "an empty one" },
		{ "{any: [x]}", "a mapping of conditions" },
		{ "{any: [{}]}", "a mapping of conditions" },
		{ "{not: [{cert.level: 4}]}", "a mapping of conditions" },
		{ "{not: {}}", "a mapping of conditions" },
		{ "{time: x}", "a mapping of keys" },
		{ "{time: {}}", "days, hours or both" },
		{ "{time: {zone: UTC}}", "days, hours or both" },
		{ "{time: {days: [monday]}}", "expected mon, tue, wed, thu, fri, sat or sun" },
		{ "{time: {days: []}}", "an empty list" },
		{ "{time: {hours: 7-20}}", "hours such as" },
		{ "{time: {hours: \"07:00-07:00\"}}", "hours such as" },
		{ "{time: {hours: \"07:60-08:00\"}}", "hours such as" },
		{ "{time: {hours: \"24:00-08:00\"}}", "hours such as" },
		{ "{time: {hours: \"07:00-24:01\"}}", "hours such as" },
		{ "{time: {hours: \"07:00 20:00\"}}", "hours such as" },
		{ "{time: {days: [mon], zone: Nowhere}}", "a time zone" },
		{ "{rate: {key: subject.id, per: 1m}}", "either max or over" },
		{ "{rate: {key: subject.id, max: 1, over: 2, per: 1m}}", "either max or over" },
		{ "{rate: {key: subject.id, max: -1, per: 1m}}", "0 or more" },
		{ "{rate: {key: subject.id, max: 1, per: 0s}}", "a duration" },
		{ "{rate: {key: subject.id, max: 1, per: 400d}}", "a duration" },
		{ "{rate: {key: who, max: 1, per: 1m}}", "the name of an attribute" },
		{ "{rate: {max: 1, per: 1m}}", "no \"key\"" },
		{ "{rate: {key: subject.id, max: 1}}", "no \"per\"" },
		{ "{quota: {key: subject.id, unit: subject.id, limit: 1, per: 1d}}",
		    "is a number" },
		{ "{quota: {key: subject.id, max: 1, per: 1d}}", "a known key" },
	};
	char yaml[2048];

	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)snprintf(yaml, sizeof(yaml),
		    HEAD "sets:\n  people: [a, b]\n" RULE "  when: %s\n", rows[i].when);
		refused(yaml, rows[i].why);
	}
}
END_TEST

START_TEST(refuses_invariants_and_tests)
{
	static const struct {
		const char *kind, *yaml, *why;
	} rows[] = {
		{ HEAD, "invariants: {}\n", "a list of invariants" },
		{ HEAD, "invariants: [x]\n", "a mapping of keys" },
		{ HEAD, "invariants: [{never: {}}]\n", "a known key" },
		{ HEAD, "invariants: [{never_permit: {when: {cert.level: 4}}}]\n",
		    "no \"actions\"" },
		{ HEAD,
		    "invariants: [{never_permit: {actions: [x], when: {rate: {key: subject.id, "
		    "max: 1, per: 1m}}}}]\n",
		    "count nothing" },
		{ HEAD, "invariants: [{never_permit: {actions: [x], unless: {cert.level: 4}}}]\n",
		    "a known key" },
		{ HEAD, "tests: {}\n", "a list of tests" },
		{ HEAD, "tests: [{request: {action: x}, expect: {decision: deny}}]\n",
		    "no \"name\"" },
		{ HEAD, "tests: [{name: x, expect: {decision: deny}}]\n", "no \"request\"" },
		{ HEAD, "tests: [{name: x, request: {action: x}}]\n", "no \"expect\"" },
		{ HEAD, "tests: [{name: x, request: [], expect: {decision: deny}}]\n",
		    "a request" },
		{ HEAD,
		    "tests: [{name: x, request: {cert: {levl: 4}}, expect: {decision: deny}}]\n",
		    "f:9: request: expected a request" },
		{ HEAD, "tests: [{name: x, request: {action: x}, expect: {}}]\n",
		    "no \"decision\"" },
		{ HEAD, "tests: [{name: x, request: {action: x}, expect: {decision: no}}]\n",
		    "permit, deny or not-forbidden" },
		{ HEAD,
		    "tests: [{name: x, request: {action: x}, expect: {decision: not-forbidden}}]\n",
		    "only a Guardrail" },
		{ GUARD, "tests: [{name: x, request: {action: x}, expect: {decision: permit}}]\n",
		    "a Guardrail cannot permit" },
		{ HEAD,
		    "tests: [{name: x, request: {action: x}, expect: {decision: deny, rule: q}}]\n",
		    "the id of one of the rules" },
		{ HEAD,
		    "tests: [{name: x, request: {action: x}, expect: {decision: deny, code: q}}]\n",
		    "code" },
		{ HEAD,
		    "tests: [{name: x, request: {action: x}, expect: {decision: deny, shadow: [q]}}]\n",
		    "ids of rules" },
		{ HEAD,
		    "tests: [{name: x, request: {action: x}, expect: {decision: deny, obligations: x}}]\n",
		    "a list of names" },
		{ HEAD,
		    "tests: [{name: x, request: {action: x}, state: {quota: {a: x}}, expect: {decision: "
		    "deny}}]\n",
		    "0 or more" },
		{ HEAD,
		    "tests: [{name: x, request: {action: x}, state: {quota: []}, expect: {decision: "
		    "deny}}]\n",
		    "RULE|VALUE" },
		{ HEAD,
		    "tests: [{name: x, request: {action: x}, state: {counts: {}}, expect: {decision: "
		    "deny}}]\n",
		    "a known key" },
	};
	char yaml[2048];

	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)snprintf(yaml, sizeof(yaml),
		    "%srules:\n- id: r\n  effect: forbid\n  actions: [connect]\n%s", rows[i].kind,
		    rows[i].yaml);
		refused(yaml, rows[i].why);
	}
}
END_TEST

START_TEST(row_51_of_a_policy)
{
	struct bytes b = { 0 };

	for (int i = 0; i < 100000; i++)
		bytes_put_u8(&b, '[');
	ck_assert(!document_read("f", octets_bytes(&b), DOCUMENT_MAX_OCTETS, zones, &d, &fault));
	ck_assert_int_eq(fault.code, FAULT_LIMIT);
	ck_assert(!document_read("f", octets_bytes(&b), b.n, zones, &d, &fault));
	ck_assert_int_eq(fault.code, FAULT_BADREQ);
	ck_assert_ptr_nonnull(strstr(fault.text, "at most 16 levels"));
	ck_assert_ptr_null(d);
	bytes_free(&b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("document");
	TCase *t = tcase_create("document");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_rule);
	tcase_add_test(t, the_weaker_mode_counts);
	tcase_add_test(t, operators);
	tcase_add_test(t, all_any_not);
	tcase_add_test(t, times_and_counts);
	tcase_add_test(t, invariants_and_tests);
	tcase_add_test(t, text_and_digest);
	tcase_add_test(t, refuses_the_frame);
	tcase_add_test(t, refuses_metadata);
	tcase_add_test(t, refuses_rules);
	tcase_add_test(t, refuses_conditions);
	tcase_add_test(t, refuses_invariants_and_tests);
	tcase_add_test(t, row_51_of_a_policy);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
