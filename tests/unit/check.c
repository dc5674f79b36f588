/* tests/unit/check.c - policy/check.h: documents held against themselves, and the two that we ship.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/check.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEAD                                                                                       \
	"apiVersion: quatrain.policy/v1\nkind: PolicySet\nschema: quatrain.attributes/v1\n"        \
	"metadata: {name: t, scope: \"spiffe://acme.eu.example.org/**\"}\nmode: enforce\n"
#define GUARD                                                                                      \
	"apiVersion: quatrain.policy/v1\nkind: Guardrail\nschema: quatrain.attributes/v1\n"        \
	"metadata: {name: t, scope: \"spiffe://*.eu.example.org/**\"}\nmode: enforce\n"
#define NEEDED "- {id: needed, effect: permit, actions: [est.enroll, est.reenroll, connect]}\n"

static struct zones *zones;
static struct document *d;
static struct check *c;

static void
done(void)
{
	check_free(c);
	document_free(d);
	c = NULL;
	d = NULL;
}

static void
run(const char *yaml)
{
	struct fault f = { 0 };

	done();
	ck_assert_msg(document_read("f", octets_text(yaml), DOCUMENT_MAX_OCTETS, zones, &d, &f),
	    "%s: %s", yaml, f.text);
	ck_assert_msg(check_run(d, &c, &f), "%s", f.text);
}

static bool
zoneinfo(void *with, const char *name, struct bytes *ret, struct fault *f)
{
	char path[128], buffer[4096];
	FILE *in;
	size_t n;

	(void)with;
	(void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	if ((in = fopen(path, "re")) == NULL)
		return fault_set(f, FAULT_NOTFOUND, "no %s", name);
	while ((n = fread(buffer, 1, sizeof(buffer), in)) > 0)
		bytes_put(ret, buffer, n);
	(void)fclose(in);
	return true;
}

static void
setup(void)
{
	zones = zones_new(zoneinfo, NULL);
}

static void
teardown(void)
{
	done();
	zones_free(zones);
}

static const char *
told(void)
{
	static char text[8192];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < c->n && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%u %s: %s: expected %s, found %s\n", c->at[i].line,
		    finding_word(c->at[i].kind), c->at[i].name, c->at[i].expected, c->at[i].found);
	return text;
}

static void
one(const char *yaml, enum finding_kind kind, const char *words)
{
	struct fault f = { 0 };

	run(yaml);
	ck_assert_msg(c->n == 1 && c->at[0].kind == kind, "%s\n-> %s", yaml, told());
	ck_assert_msg(strstr(told(), words) != NULL, "%s: %s", words, told());
	ck_assert_uint_eq(c->errors, finding_is_error(kind) ? 1 : 0);
	ck_assert_uint_eq(c->warnings, finding_is_error(kind) ? 0 : 1);
	ck_assert_int_eq(check_passed(c, "f", &f), !finding_is_error(kind));
	if (finding_is_error(kind))
		ck_assert_msg(
		    f.code == FAULT_BADREQ && strncmp(f.text, "f:", 2) == 0, "%s", f.text);
}

static void
none(const char *yaml)
{
	struct fault f;

	run(yaml);
	ck_assert_msg(c->n == 0, "%s\n-> %s", yaml, told());
	ck_assert(check_passed(c, "f", &f));
}

/* The files that we ship: 14 tests, two invariants. */
static void
shipped(const char *name, size_t tests, size_t invariants)
{
	char path[512], text[DOCUMENT_MAX_OCTETS];
	struct fault f = { 0 };
	FILE *in;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/conf/policy/%s", QUATRAIN_SOURCE_DIR, name);
	in = fopen(path, "re");
	ck_assert_ptr_nonnull(in);
	n = fread(text, 1, sizeof(text), in);
	(void)fclose(in);
	ck_assert_msg(
	    document_read(name, octets_of(text, n), sizeof(text), zones, &d, &f), "%s", f.text);
	ck_assert_msg(check_run(d, &c, &f), "%s", f.text);
	ck_assert_msg(c->tests == tests && c->tests_passed == tests, "%zu of %zu: %s",
	    c->tests_passed, c->tests, told());
	ck_assert_uint_eq(c->invariants, invariants);
	ck_assert_msg(c->invariants_proven == invariants && c->n == 0, "%s", told());
	ck_assert(check_passed(c, name, &f));
	done();
}

START_TEST(eu_guardrail)
{
	shipped("eu-guardrail.yaml", 5, 0);
}
END_TEST

START_TEST(acme_paris)
{
	shipped("acme-paris.yaml", 9, 2);
}
END_TEST

static char page[65536];

static void
read_page(void)
{
	FILE *in = fopen(QUATRAIN_SOURCE_DIR "/docs/policy.md", "re");
	size_t n;

	ck_assert_ptr_nonnull(in);
	n = fread(page, 1, sizeof(page) - 1, in);
	page[n] = '\0';
	(void)fclose(in);
}

/* Every example of the page is taken: whole files, and rules. */
START_TEST(examples_of_the_page)
{
	static const char fence[] = "```yaml\n";
	size_t files = 0, rules = 0;
	char yaml[8192];

	read_page();
	for (char *at = strstr(page, fence), *end; at != NULL; at = strstr(end, fence)) {
		bool file = strncmp(at + strlen(fence), "apiVersion", 10) == 0;

		at += strlen(fence);
		end = strstr(at, "\n```");
		ck_assert_ptr_nonnull(end);
		(void)snprintf(yaml, sizeof(yaml), "%s%.*s\n", file ? "" : HEAD "rules:\n" NEEDED,
		    (int)(end - at), at);
		none(yaml);
		ck_assert_uint_eq(c->tests_passed, c->tests);
		ck_assert_uint_eq(c->invariants_proven, c->invariants);
		files += file;
		rules += !file;
	}
	ck_assert(files >= 2 && rules >= 2);
}
END_TEST

/* And every attribute and operator stands on it. */
START_TEST(names_of_the_page)
{
	static const char *const operators[] = { "equals", "in", "not_in", "in_set", "cidr", "gt",
		"gte", "lt", "lte", "max", "equals_attr", "contains_attr", "time", "rate", "quota",
		"all", "any", "not" };
	char quoted[ATTRIBUTE_NAME_MAX + 3];

	read_page();
	for (unsigned i = 0; i < ATTRIBUTE_FIXED; i++) {
		(void)snprintf(
		    quoted, sizeof(quoted), "`%s`", attribute_info((enum attribute)i)->name);
		ck_assert_msg(strstr(page, quoted) != NULL, "%s", quoted);
	}
	for (size_t i = 0; i < COUNT(operators); i++) {
		(void)snprintf(quoted, sizeof(quoted), "`%s`", operators[i]);
		ck_assert_msg(strstr(page, quoted) != NULL, "%s", quoted);
	}
}
END_TEST

#define PERMIT_A                                                                                     \
	HEAD                                                                                         \
	    "rules:\n" NEEDED                                                                        \
	    "- {id: p, effect: permit, actions: [print.release], when: {resource.pages: {lte: 5}}, " \
	    "obligations: [{log: {}}]}\n"                                                            \
	    "- {id: s, effect: forbid, mode: shadow, actions: [print.*]}\n"
#define REQUEST                                                                                    \
	"{action: print.release, subject: {id: \"spiffe://acme.eu.example.org/printer/x\", role: " \
	"printer}, resource: {pages: 5}, supports: [log]}"

START_TEST(tests_fail)
{
	static const struct {
		const char *test, *words;
	} rows[] = {
		{ "expect: {decision: deny}",
		    "11 test: t: expected decision deny, found permit by p "
		    "(permit)" },
		{ "expect: {decision: permit, rule: needed}",
		    "expected rule needed, found permit by p" },
		{ "expect: {decision: permit, code: forbid}", "expected code forbid" },
		{ "expect: {decision: permit, obligations: []}",
		    "expected obligations [], found [log]" },
		{ "expect: {decision: permit, obligations: [log, mask]}",
		    "expected obligations [log, mask], found [log]" },
		{ "expect: {decision: permit, shadow: []}", "expected shadow [], found [s]" },
		{ "state: {quota: {\"p|x\": 3}}\n  expect: {decision: permit}",
		    "expected in state.\"RULE|VALUE\"" },
	};
	char yaml[4096];

	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)snprintf(yaml, sizeof(yaml),
		    PERMIT_A "tests:\n- name: t\n  request: " REQUEST "\n  %s\n", rows[i].test);
		one(yaml, FINDING_TEST, rows[i].words);
		ck_assert_ptr_nonnull(c->at[0].request);
		ck_assert_uint_eq(c->tests_passed, 0);
	}
	none(PERMIT_A "tests:\n- name: t\n  request: " REQUEST
		      "\n  expect: {decision: permit, rule: p, code: permit, obligations: [log], "
		      "shadow: [s]}\n");
	ck_assert_uint_eq(c->tests_passed, 1);
}
END_TEST

/* rules, and an invariant over them that holds. */
START_TEST(proven)
{
	static const char *const rows[] = {
		"- {id: p, effect: permit, actions: [a.b], when: {cert.level: 4}}\n"
		"invariants:\n- {never_permit: {actions: [a.b], when: {cert.level: 3}}}\n",
		"- {id: p, effect: permit, actions: [a.b]}\n"
		"- {id: f, effect: forbid, actions: [\"a.*\"], when: {cert.level: {lt: 4}}}\n"
		"invariants:\n- {never_permit: {actions: [a.b], when: {cert.level: {lte: 3}}}}\n",
		"- {id: p, effect: permit, actions: [a.b]}\n"
		"- {id: f, effect: forbid, actions: [\"*\"], unless: {source.ip: {cidr: 10.0.0.0/8}}}\n"
		"invariants:\n- {never_permit: {actions: [a.b], when: {source.ip: {in: [11.0.0.0/8, "
		"\"2001:db8::/32\"]}}}}\n",
		"- {id: p, effect: permit, actions: [a.b], when: {time: {hours: \"08:00-18:00\"}}}\n"
		"invariants:\n- {never_permit: {actions: [a.b], when: {time: {hours: "
		"\"18:00-08:00\"}}}}\n",
		"- {id: p, effect: permit, actions: [a.b], when: {device.firmware: {gte: \"5.2\"}}}\n"
		"invariants:\n- {never_permit: {actions: [a.b], when: {device.firmware: {lt: "
		"\"5.2.0\"}}}}\n",
		"- {id: p, effect: permit, actions: [a.b], subjects: {spiffe: "
		"\"spiffe://acme.eu.example.org/printer/hp-*\"}}\n"
		"- {id: f, effect: forbid, actions: [a.b], subjects: {spiffe: "
		"\"spiffe://acme.eu.example.org/printer/*\"}, when: {device.zone: open}}\n"
		"invariants:\n- {never_permit: {actions: [a.b], when: {device.zone: open}}}\n",
		"- {id: p, effect: permit, actions: [a.b], when: {any: [{cert.level: 4}, {not: "
		"{device.zone: {in: [x, y]}}}]}}\n"
		"invariants:\n- {never_permit: {actions: [a.b], when: {cert.level: 2, device.zone: "
		"x}}}\n",
		"- {id: p, effect: permit, actions: [a.b], when: {resource.owner: {equals_attr: "
		"context.user}}}\n"
		"- {id: f, effect: forbid, actions: [a.b], when: {resource.owner: {equals_attr: "
		"context.user}}, unless: {cert.key_pinned: true}}\n"
		"invariants:\n- {never_permit: {actions: [a.b], when: {cert.key_pinned: false}}}\n",
		/* what is not known stops a permit and fires a forbid */
		"- {id: p, effect: permit, actions: [a.b]}\n"
		"- {id: f, effect: forbid, actions: [a.b], unless: {device.zone: inner}}\n"
		"invariants:\n- {never_permit: {actions: [a.b], when: {not: {device.zone: inner}}}}\n",
		"- {id: p, effect: permit, mode: shadow, actions: [a.b]}\n"
		"invariants:\n- {never_permit: {actions: [a.b]}}\n",
	};
	char yaml[4096];

	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)snprintf(yaml, sizeof(yaml), HEAD "rules:\n" NEEDED "%s", rows[i]);
		run(yaml);
		ck_assert_msg(c->invariants_proven == 1 && c->errors == 0, "%zu: %s", i, told());
	}
}
END_TEST

/* And some that do not: each with a request that is permitted. */
START_TEST(refuted)
{
	static const struct {
		const char *rules, *member, *says;
	} rows[] = {
		{ "- {id: p, effect: permit, actions: [a.b]}\n"
		  "invariants:\n- {never_permit: {actions: [a.b], when: {cert.level: 3}}}\n",
		    "action", "a.b" },
		{ "- {id: p, effect: permit, actions: [\"a.*\"]}\n"
		  "- {id: f, effect: forbid, actions: [a.b], when: {cert.level: {lt: 3}}}\n"
		  "invariants:\n- {never_permit: {actions: [a.b], when: {cert.level: {lte: 3}}}}\n",
		    "action", "a.b" },
		{ "- {id: p, effect: permit, actions: [a.b]}\n"
		  "- {id: f, effect: forbid, actions: [a.b], when: {source.ip: {cidr: 10.0.0.0/9}}}\n"
		  "invariants:\n- {never_permit: {actions: [a.b], when: {source.ip: {cidr: "
		  "10.0.0.0/8}}}}\n",
		    "source", "10.128.0.0" },
		{ "- {id: p, effect: permit, actions: [a.b]}\n"
		  "- {id: f, effect: forbid, mode: shadow, actions: [a.b]}\n"
		  "invariants:\n- {never_permit: {actions: [a.b]}}\n",
		    "action", "a.b" },
		{ "- {id: p, effect: permit, actions: [a.b], when: {resource.owner: {equals_attr: "
		  "context.user}, rate: {key: subject.id, max: 3, per: 1m}}}\n"
		  "invariants:\n- {never_permit: {actions: [a.b], when: {resource.owner: root}}}\n",
		    "resource", "root" },
		{ "- {id: p, effect: permit, actions: [a.b], when: {resource.shared_with: "
		  "{contains_attr: context.user}}}\n"
		  "invariants:\n- {never_permit: {actions: [a.b], when: {context.user: eve}}}\n",
		    "context", "eve" },
		{ "- {id: p, effect: permit, actions: [a.b]}\n"
		  "- {id: f, effect: forbid, if_missing: ignore, actions: [a.b], when: {device.zone: "
		  "open}}\n"
		  "invariants:\n- {never_permit: {actions: [a.b], when: {cert.key_pinned: false}}}\n",
		    "action", "a.b" },
		{ "- {id: p, effect: permit, actions: [a.b]}\n"
		  "- {id: f, effect: forbid, actions: [a.b], subjects: {spiffe: "
		  "\"spiffe://acme.eu.example.org/printer/hp-*\"}, when: {device.zone: open}}\n"
		  "invariants:\n- {never_permit: {actions: [a.b], when: {device.zone: open}}}\n",
		    "device", "open" },
	};
	char yaml[4096];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes b = { 0 };
		struct fault f;

		(void)snprintf(yaml, sizeof(yaml), HEAD "rules:\n" NEEDED "%s", rows[i].rules);
		run(yaml);
		ck_assert_msg(
		    c->errors == 1 && c->at[0].kind == FINDING_INVARIANT, "%zu: %s", i, told());
		ck_assert_msg(strstr(c->at[0].found, "permitted by p") != NULL, "%s", told());
		ck_assert_uint_eq(c->invariants_proven, 0);
		ck_assert_ptr_nonnull(json_get(c->at[0].request, rows[i].member));
		ck_assert(json_write(c->at[0].request, &b, &f));
		bytes_put_u8(&b, 0);
		ck_assert_msg(strstr((const char *)b.at, rows[i].says) != NULL, "%s", (char *)b.at);
		bytes_free(&b);
		ck_assert(!check_passed(c, "f", &f));
	}
}
END_TEST

/* True, but with two clocks nothing is proven: then it is refused, and not believed. */
START_TEST(not_proven)
{
	run(HEAD
	    "rules:\n" NEEDED
	    "- {id: p, effect: permit, actions: [a.b], when: {time: {hours: \"08:00-18:00\"}}}\n"
	    "- {id: f, effect: forbid, actions: [a.b], when: {time: {days: [sun], zone: "
	    "Asia/Tokyo}}}\n"
	    "invariants:\n- {never_permit: {actions: [a.b], when: {time: {hours: "
	    "\"19:00-07:00\"}}}}\n");
	ck_assert_msg(c->errors == 1 && c->at[0].kind == FINDING_UNPROVEN, "%s", told());
	ck_assert_uint_eq(c->invariants_proven, 0);
}
END_TEST

START_TEST(of_guardrails)
{
	none(GUARD
	    "rules:\n- {id: f, effect: forbid, actions: [connect], when: {cert.level: {lt: 4}}}\n"
	    "invariants:\n- {never_permit: {actions: [connect], when: {cert.level: 2}}}\n");
	ck_assert_uint_eq(c->invariants_proven, 1);
	one(GUARD
	    "rules:\n- {id: f, effect: forbid, actions: [connect], when: {cert.level: {lt: 4}}}\n"
	    "invariants:\n- {never_permit: {actions: [connect], when: {cert.level: 4}}}\n",
	    FINDING_INVARIANT, "9 invariant: never_permit: expected no such request");
	/* nobody could take it back */
	one(GUARD "rules:\n- {id: f, effect: forbid, actions: [\"*\"]}\n", FINDING_LOCKED,
	    "policy.change");
	one(GUARD "rules:\n- {id: f, effect: forbid, actions: [\"policy.*\"], subjects: {roles: "
		  "[officer, registrar]}}\n",
	    FINDING_LOCKED, "policy.change");
	one(GUARD
	    "rules:\n- {id: f, effect: forbid, actions: [policy.change], when: {cert.level: "
	    "4}}\n- {id: g, effect: forbid, actions: [policy.change], when: {not: {cert.level: "
	    "4}}}\n",
	    FINDING_LOCKED, "policy.change");
	none(GUARD "rules:\n- {id: f, effect: forbid, actions: [\"*\"], subjects: {roles: "
		   "[printer]}}\n");
	none(
	    GUARD "rules:\n- {id: f, effect: forbid, actions: [policy.change], unless: {source.ip: "
		  "{cidr: 10.0.0.0/8}}}\n");
	none(GUARD "rules:\n- {id: f, effect: forbid, mode: shadow, actions: [\"*\"]}\n");
}
END_TEST

START_TEST(warnings)
{
	static const struct {
		const char *rules;
		enum finding_kind kind;
		const char *words;
	} rows[] = {
		{ "- {id: p, effect: permit, actions: [a], when: {cert.level: {gt: 4, lt: 4}}}\n",
		    FINDING_NEVER, "8 never: p: " },
		{ "- {id: p, effect: forbid, if_missing: ignore, actions: [a], when: {all: [{device.zone: "
		  "x}, {device.zone: y}]}}\n",
		    FINDING_NEVER, "p: expected conditions that can hold" },
		{ "- {id: p, effect: permit, actions: [a], when: {device.zone: open}}\n"
		  "- {id: f, effect: forbid, actions: [\"*\"], when: {device.zone: {in: [open, x]}}}\n",
		    FINDING_STOPPED, "8 always stopped: p" },
		{ "- {id: p, effect: permit, actions: [a], when: {cert.level: 4}}\n"
		  "- {id: q, effect: permit, actions: [a, b]}\n",
		    FINDING_COVERED, "8 covered: p: expected a rule of its own, found q" },
		{ "- {id: p, effect: permit, actions: [a], when: {cert.level: 4}}\n"
		  "- {id: q, effect: permit, actions: [a], when: {cert.level: {in: [4]}}}\n",
		    FINDING_COVERED, "9 covered: q: expected a rule of its own, found p" },
		{ "- {id: p, effect: forbid, actions: [a], when: {cert.level: 4}}\n"
		  "- {id: q, effect: forbid, actions: [a], when: {cert.level: {gte: 4}}}\n",
		    FINDING_COVERED, "covered: p" },
		/* the bare one adds nothing where the other obliges */
		{ "- {id: p, effect: permit, actions: [a], obligations: [{log: {}}]}\n"
		  "- {id: q, effect: permit, actions: [a]}\n",
		    FINDING_COVERED, "covered: q" },
	};
	static const char *const quiet[] = {
		/* each counts, or obliges, what the other does not */
		("- {id: p, effect: permit, actions: [a], obligations: [{log: {a: 2}}]}\n"
		 "- {id: q, effect: permit, actions: [a], obligations: [{log: {}}]}\n"
		 "- {id: r, effect: permit, actions: [a], when: {rate: {key: subject.id, max: 1, "
		 "per: 1m}}, obligations: [{log: {a: 1}}]}\n"),
		("- {id: p, effect: permit, actions: [a], when: {cert.level: 4}}\n"
		 "- {id: q, effect: permit, actions: [a], when: {cert.level: 5}}\n"
		 "- {id: f, effect: forbid, actions: [a], when: {cert.level: 4, device.zone: x}}\n"),
		("- {id: p, effect: permit, actions: [a], subjects: {roles: [printer]}}\n"
		 "- {id: q, effect: permit, actions: [a], subjects: {roles: [gateway]}}\n"),
	};
	char yaml[4096];

	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)snprintf(yaml, sizeof(yaml), HEAD "rules:\n" NEEDED "%s", rows[i].rules);
		one(yaml, rows[i].kind, rows[i].words);
	}
	for (size_t i = 0; i < COUNT(quiet); i++) {
		(void)snprintf(yaml, sizeof(yaml), HEAD "rules:\n" NEEDED "%s", quiet[i]);
		run(yaml);
		ck_assert_msg(c->n == 0, "%s", told());
	}
}
END_TEST

START_TEST(what_endpoints_need)
{
	one(HEAD "rules:\n- {id: p, effect: permit, actions: [connect, est.enroll]}\n",
	    FINDING_NOBODY, "est.reenroll");
	run(HEAD "rules: []\n");
	ck_assert_uint_eq(c->warnings, 3);
	none(HEAD "rules:\n- {id: p, effect: permit, actions: [\"*\"]}\n");
	none(GUARD "rules: []\n");
}
END_TEST

START_TEST(a_crowd)
{
	struct bytes b = { 0 };

	bytes_put_text(&b, HEAD "rules:\n" NEEDED);
	for (int i = 0; i < 201; i++)
		bytes_put_fmt(&b,
		    "- {id: r%d, effect: permit, actions: [a.b], subjects: {roles: [x, y]}, when: "
		    "{device.zone: z%d}}\n",
		    i, i);
	bytes_put_u8(&b, 0);
	run((const char *)b.at);
	ck_assert_msg(c->n == 2 && c->at[0].kind == FINDING_CROWDED, "%s", told());
	ck_assert_str_eq(c->at[0].found, "201 for action a.b and role x");
	bytes_free(&b);
}
END_TEST

/* More than fit are counted. */
START_TEST(many_findings)
{
	struct bytes b = { 0 };
	struct fault f;

	bytes_put_text(&b, HEAD "rules:\n" NEEDED "tests:\n");
	for (int i = 0; i < 300; i++)
		bytes_put_fmt(
		    &b, "- {name: t%d, request: {action: x}, expect: {decision: permit}}\n", i);
	bytes_put_u8(&b, 0);
	run((const char *)b.at);
	ck_assert_uint_eq(c->errors, 300);
	ck_assert_uint_eq(c->n, CHECK_FINDINGS_MAX);
	ck_assert(!check_passed(c, "f", &f));
	ck_assert_str_eq(
	    f.text, "f:9: t0: expected decision permit, found deny by default (no-permit)");
	bytes_free(&b);
	check_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("check");
	TCase *t = tcase_create("check");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, eu_guardrail);
	tcase_add_test(t, acme_paris);
	tcase_add_test(t, examples_of_the_page);
	tcase_add_test(t, names_of_the_page);
	tcase_add_test(t, tests_fail);
	tcase_add_test(t, proven);
	tcase_add_test(t, refuted);
	tcase_add_test(t, not_proven);
	tcase_add_test(t, of_guardrails);
	tcase_add_test(t, warnings);
	tcase_add_test(t, what_endpoints_need);
	tcase_add_test(t, a_crowd);
	tcase_add_test(t, many_findings);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
