/* tests/unit/set.c - policy/set.h: what is decided, by which rule, and with which obligations. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "book.h"
#include "run.h"

static struct set *set;
static struct decision d;

static void
teardown(void)
{
	set_free(set);
	set = NULL;
	book_close();
}

static void
use(enum document_kind kind, const char *scope, const struct policy_rule *rules, size_t n)
{
	const struct document *doc = book_document(kind, "one", scope, rules, n);

	set_free(set);
	set = book_set(&doc, 1);
}

static void
decided(const struct request *r, const char *word, const char *rule)
{
	set_decide(set, r, NULL, true, &d);
	ck_assert_str_eq(decision_word(d.code), word);
	ck_assert_int_eq(d.permit, d.code == DECISION_PERMIT);
	if (rule == NULL) {
		ck_assert_ptr_null(d.rule);
		ck_assert_ptr_null(d.document);
		return;
	}
	ck_assert_ptr_nonnull(d.rule);
	ck_assert_ptr_nonnull(d.document);
	ck_assert_msg(octets_same(d.rule->id, octets_text(rule)), "by %.*s, expected %s",
	    (int)d.rule->id.n, (const char *)d.rule->id.at, rule);
}

/* "NAME{...} NAME{...}" of the decision. */
static void
obliged(const char *expected)
{
	char all[512] = "";
	size_t n = 0;

	for (size_t i = 0; i < d.obligations_n; i++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%.*s%.*s", i == 0 ? "" : " ",
		    (int)d.obligations[i]->name.n, (const char *)d.obligations[i]->name.at,
		    (int)d.obligations[i]->json.n, (const char *)d.obligations[i]->json.at);
	ck_assert_str_eq(all, expected);
}

START_TEST(default_is_deny)
{
	struct request r = book_request(HP, "printer", "connect");
	struct policy_rule rules[] = { book_rule(EFFECT_PERMIT, "off", "*"),
		book_rule(EFFECT_PERMIT, "shadow", "*") };

	set = book_set(NULL, 0);
	ck_assert(!set_permits(set));
	decided(&r, "no-permit", NULL);
	use(DOCUMENT_POLICY_SET, ACME, NULL, 0);
	ck_assert(set_permits(set));
	decided(&r, "no-permit", NULL);
	rules[0].mode = MODE_OFF;
	rules[1].mode = MODE_SHADOW;
	use(DOCUMENT_POLICY_SET, ACME, rules, 2);
	decided(&r, "no-permit", NULL);
	r = (struct request){ 0 };
	decided(&r, "no-permit", NULL);
}
END_TEST

START_TEST(a_guardrail_permits_nothing)
{
	struct request r = book_request(HP, "printer", "connect");
	struct policy_rule permit = book_rule(EFFECT_PERMIT, "permit", "*");

	use(DOCUMENT_GUARDRAIL, EU, &permit, 1);
	ck_assert(!set_permits(set));
	decided(&r, "no-permit", NULL);
	use(DOCUMENT_POLICY_SET, ACME, &permit, 1);
	decided(&r, "permit", "permit");
}
END_TEST

START_TEST(any_forbid_wins)
{
	static const char *const ways[] = { "*", "print.*", "print.release" };
	struct request r = book_request(HP, "printer", "print.release");

	for (size_t i = 0; i < COUNT(ways) * COUNT(ways) * 2; i++) {
		struct policy_rule rules[] = { book_rule(EFFECT_PERMIT, "a", ways[i % 3]),
			book_rule(EFFECT_FORBID, "z", ways[i / 3 % 3]) };
		size_t where = i / 9;
		const struct document *docs[] = {
			book_document(DOCUMENT_POLICY_SET, "t", ACME, rules, 2 - where),
			book_document(DOCUMENT_GUARDRAIL, "g", EU, rules + 1, where),
		};

		set_free(set);
		set = book_set(docs, 2);
		decided(&r, "forbid", "z");
		ck_assert_ptr_eq(d.document, docs[where]);
		ck_assert_uint_eq(d.obligations_n, 0);
	}
}
END_TEST

/* Of all that fire the first by document and id is named, wherever the index has it. */
START_TEST(the_first_is_named)
{
	struct request r = book_request(HP, "printer", "print.release");
	struct policy_rule late[] = { book_rule(EFFECT_FORBID, "b", "print.release"),
		book_rule(EFFECT_FORBID, "c", "*"), book_rule(EFFECT_FORBID, "a", "print.*") };
	struct policy_rule permits[] = { book_rule(EFFECT_PERMIT, "p3", "print.release"),
		book_rule(EFFECT_PERMIT, "p1", "*"), book_rule(EFFECT_PERMIT, "p2", "print.*") };
	const struct document *docs[] = { book_document(DOCUMENT_POLICY_SET, "a", ACME, late, 3),
		book_document(DOCUMENT_GUARDRAIL, "y", EU, late, 2),
		book_document(DOCUMENT_GUARDRAIL, "x", EU, late + 1, 1) };

	set = book_set(docs, 3);
	decided(&r, "forbid", "c");
	ck_assert_ptr_eq(d.document, docs[2]);
	set_free(set);
	set = book_set(docs, 2);
	decided(&r, "forbid", "b");
	ck_assert_ptr_eq(d.document, docs[1]);
	use(DOCUMENT_POLICY_SET, ACME, permits, 3);
	decided(&r, "permit", "p1");
}
END_TEST

START_TEST(a_scope_bounds_its_rules)
{
	struct policy_rule rules[] = { book_rule(EFFECT_PERMIT, "any", "*"),
		book_rule(EFFECT_PERMIT, "wide", "*") };
	struct policy_rule never = book_rule(EFFECT_FORBID, "never", "*");
	struct request ours = book_request(HP, "printer", "connect");
	struct request theirs =
	    book_request("spiffe://other.eu.example.org/printer/hp-1", "printer", "connect");
	struct request far =
	    book_request("spiffe://acme.us.example.org/printer/hp-1", "printer", "connect");

	book_spiffe(&rules[1], "spiffe://*.*.example.org/**");
	use(DOCUMENT_POLICY_SET, ACME, rules, 2);
	decided(&ours, "permit", "any");
	decided(&theirs, "no-permit", NULL);
	decided(&far, "no-permit", NULL);
	use(DOCUMENT_GUARDRAIL, EU, &never, 1);
	decided(&ours, "forbid", "never");
	decided(&theirs, "forbid", "never");
	decided(&far, "no-permit", NULL);
}
END_TEST

START_TEST(subjects_roles_and_types)
{
	struct policy_rule rule = book_rule(EFFECT_PERMIT, "p", "connect scan.*");
	struct request r = book_request(HP, "printer", "connect");
	struct request other =
	    book_request("spiffe://acme.eu.example.org/printer/x-1", "printer", "connect");

	book_spiffe(&rule, "spiffe://acme.eu.example.org/printer/hp-* "
			   "spiffe://acme.eu.example.org/gateway/*");
	book_roles(&rule, "printer gateway");
	book_types(&rule, "service drive");
	use(DOCUMENT_POLICY_SET, ACME, &rule, 1);
	decided(&r, "permit", "p");
	decided(&other, "no-permit", NULL);
	r.action = octets_text("scan.send");
	decided(&r, "permit", "p");
	r.action = octets_text("scan");
	decided(&r, "no-permit", NULL);
	r.action = octets_text("print.release");
	decided(&r, "no-permit", NULL);
	r = book_request(HP, "phone", "connect");
	decided(&r, "no-permit", NULL);
	r = book_request(HP, "printer", "connect");
	request_text(&r, ATTRIBUTE_RESOURCE_TYPE, octets_text("job"));
	decided(&r, "no-permit", NULL);
	request_text(&r, ATTRIBUTE_RESOURCE_TYPE, octets_text("drive"));
	decided(&r, "permit", "p");
}
END_TEST

/* Who or what is not said: a permit that asks for it does not fire, and a forbid does. */
START_TEST(a_subject_that_is_not_known)
{
	static const enum attribute left_out[] = { ATTRIBUTE_SUBJECT_ID, ATTRIBUTE_SUBJECT_ROLE,
		ATTRIBUTE_RESOURCE_TYPE };

	for (size_t i = 0; i < COUNT(left_out); i++) {
		struct request r = book_request(HP, "printer", "connect");
		struct policy_rule rules[] = { book_rule(EFFECT_PERMIT, "p", "connect"),
			book_rule(EFFECT_FORBID, "f", "connect"),
			book_rule(EFFECT_FORBID, "other", "print.*") };

		r.fixed[left_out[i]] = (struct value){ .type = VALUE_NONE };
		for (size_t k = 0; k < 2; k++) {
			book_spiffe(&rules[k], "spiffe://acme.eu.example.org/printer/*");
			book_roles(&rules[k], "printer");
			book_types(&rules[k], "service");
		}
		use(DOCUMENT_POLICY_SET, ACME, rules, 1);
		decided(&r, "no-permit", NULL);
		use(DOCUMENT_POLICY_SET, ACME, rules, 3);
		decided(&r, "forbid-on-missing", "f");
		rules[1].ignore_missing = true;
		use(DOCUMENT_POLICY_SET, ACME, rules, 3);
		decided(&r, "no-permit", NULL);
		/* who has something else that does not fit is not meant, whatever is missing */
		rules[1].ignore_missing = false;
		use(DOCUMENT_POLICY_SET, ACME, rules, 3);
		r.action = octets_text("scan.send");
		decided(&r, "no-permit", NULL);
	}
}
END_TEST

/* A rule that asks for no role permits one whose role is not known. */
START_TEST(what_no_rule_asks_for_may_be_missing)
{
	struct policy_rule rule = book_rule(EFFECT_PERMIT, "p", "connect");
	struct request r = book_request(HP, "printer", "connect");

	r.fixed[ATTRIBUTE_SUBJECT_ROLE].type = VALUE_NONE;
	r.fixed[ATTRIBUTE_RESOURCE_TYPE].type = VALUE_NONE;
	use(DOCUMENT_POLICY_SET, ACME, &rule, 1);
	decided(&r, "permit", "p");
}
END_TEST

START_TEST(missing_attributes)
{
	struct policy_rule rules[] = { book_rule(EFFECT_PERMIT, "p", "*"),
		book_rule(EFFECT_FORBID, "f", "*"), book_rule(EFFECT_FORBID, "u", "*") };
	struct request r = book_request(HP, "printer", "connect");

	rules[0].when = book_one(book_want(CONDITION_EQUALS, ATTRIBUTE_CERT_KEY_PINNED, "true"));
	use(DOCUMENT_POLICY_SET, ACME, rules, 1);
	decided(&r, "no-permit", NULL);
	request_bool(&r, ATTRIBUTE_CERT_KEY_PINNED, true);
	decided(&r, "permit", "p");
	rules[1].when = book_one(book_want(CONDITION_GT, ATTRIBUTE_CERT_AGE, "7776000"));
	use(DOCUMENT_POLICY_SET, ACME, rules, 2);
	decided(&r, "forbid-on-missing", "f");
	request_number(&r, ATTRIBUTE_CERT_AGE, 7776000);
	decided(&r, "permit", "p");
	request_number(&r, ATTRIBUTE_CERT_AGE, 7776001);
	decided(&r, "forbid", "f");
	request_number(&r, ATTRIBUTE_CERT_AGE, 1);
	rules[2].unless = book_one(book_want(CONDITION_EQUALS, ATTRIBUTE_CERT_LEVEL, "4"));
	use(DOCUMENT_POLICY_SET, ACME, rules, 3);
	decided(&r, "forbid-on-missing", "u");
	request_number(&r, ATTRIBUTE_CERT_LEVEL, 3);
	decided(&r, "forbid", "u");
	request_number(&r, ATTRIBUTE_CERT_LEVEL, 4);
	decided(&r, "permit", "p");
	r.fixed[ATTRIBUTE_CERT_LEVEL].type = VALUE_NONE;
	rules[2].ignore_missing = true;
	use(DOCUMENT_POLICY_SET, ACME, rules, 3);
	decided(&r, "permit", "p");
}
END_TEST

START_TEST(when_and_unless_are_one)
{
	/* when, unless, and does a permit fire; -1: the attribute is missing */
	static const int rows[][3] = { { 1, 0, 1 }, { 1, 1, 0 }, { 0, 0, 0 }, { 0, 1, 0 },
		{ -1, 0, 0 }, { -1, 1, 0 }, { 1, -1, 0 }, { 0, -1, 0 }, { -1, -1, 0 } };
	struct policy_rule rule = book_rule(EFFECT_PERMIT, "p", "*");
	struct request r = book_request(HP, "printer", "connect");

	rule.when = book_one(book_want(CONDITION_EQUALS, ATTRIBUTE_CERT_LEVEL, "1"));
	rule.unless = book_one(book_want(CONDITION_EQUALS, ATTRIBUTE_CERT_ASSURANCE, "1"));
	use(DOCUMENT_POLICY_SET, ACME, &rule, 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		request_number(&r, ATTRIBUTE_CERT_LEVEL, rows[i][0]);
		request_number(&r, ATTRIBUTE_CERT_ASSURANCE, rows[i][1]);
		if (rows[i][0] < 0)
			r.fixed[ATTRIBUTE_CERT_LEVEL].type = VALUE_NONE;
		if (rows[i][1] < 0)
			r.fixed[ATTRIBUTE_CERT_ASSURANCE].type = VALUE_NONE;
		set_decide(set, &r, NULL, true, &d);
		ck_assert_int_eq(d.permit, rows[i][2]);
	}
}
END_TEST

START_TEST(obligations_are_a_union)
{
	struct policy_rule rules[] = { book_rule(EFFECT_PERMIT, "c", "*"),
		book_rule(EFFECT_PERMIT, "a", "print.*"),
		book_rule(EFFECT_PERMIT, "b", "print.release"),
		book_rule(EFFECT_PERMIT, "no", "scan.*"), book_rule(EFFECT_PERMIT, "broad", "*") };
	struct request r = book_request(HP, "printer", "print.release");

	book_oblige(&rules[0], "log={1} mask={2}");
	book_oblige(&rules[1], "watermark={1} log={2}");
	book_oblige(&rules[2], "log={1} watermark={1} watermark={3}");
	book_oblige(&rules[3], "encrypt");
	use(DOCUMENT_POLICY_SET, ACME, rules, 5);
	decided(&r, "permit", "a");
	obliged("watermark{1} log{2} log{1} watermark{3} mask{2}");
	r.action = octets_text("copy");
	decided(&r, "permit", "broad");
	obliged("log{1} mask{2}");
}
END_TEST

START_TEST(an_obligation_has_to_be_understood)
{
	struct policy_rule rules[] = { book_rule(EFFECT_PERMIT, "a", "*"),
		book_rule(EFFECT_PERMIT, "b", "*") };
	struct request r = book_request(HP, "printer", "print.release");

	book_oblige(&rules[1], "watermark log");
	use(DOCUMENT_POLICY_SET, ACME, rules, 2);
	decided(&r, "permit", "a");
	r.supports_all = false;
	decided(&r, "unsupported-obligation", "a");
	obliged("watermark{} log{}");
	r.supports[r.supports_n++] = octets_text("log");
	decided(&r, "unsupported-obligation", "a");
	r.supports[r.supports_n++] = octets_text("Watermark");
	decided(&r, "unsupported-obligation", "a");
	r.supports[r.supports_n++] = octets_text("watermark");
	decided(&r, "permit", "a");
	r.supports_n = 0;
	use(DOCUMENT_POLICY_SET, ACME, rules, 1);
	decided(&r, "permit", "a");
}
END_TEST

/* Permits of one obligation each: o00 is of r00, and so on; turned: written backwards. */
static void
use_permits(size_t n, bool turned)
{
	static const char *const ways[] = { "*", "print.*", "print.release" };
	struct policy_rule *rules = book_take(n * sizeof(*rules));

	for (size_t i = 0; i < n; i++) {
		char *id = book_take(24), *obligation = book_take(24);
		size_t k = turned ? n - 1 - i : i;

		(void)snprintf(id, 24, "r%02zu", k);
		(void)snprintf(obligation, 24, "o%02zu", k);
		rules[i] = book_rule(EFFECT_PERMIT, id, ways[k % 3]);
		book_oblige(&rules[i], obligation);
	}
	use(DOCUMENT_POLICY_SET, ACME, rules, n);
}

/* More than a decision can tell is not permitted, and what it tells does not depend on order. */
START_TEST(too_many_obligations)
{
	struct request r = book_request(HP, "printer", "print.release");

	for (int turned = 0; turned < 2; turned++) {
		use_permits(DECISION_OBLIGATIONS_MAX + 2, turned == 1);
		decided(&r, "unsupported-obligation", "r00");
		obliged("o00{} o01{} o02{} o03{} o04{} o05{} o06{} o07{} o08{} o09{} o10{} o11{} "
			"o12{} o13{} o14{} o15{}");
	}
	use_permits(DECISION_OBLIGATIONS_MAX, true);
	decided(&r, "permit", "r00");
	ck_assert_uint_eq(d.obligations_n, DECISION_OBLIGATIONS_MAX);
}
END_TEST

START_TEST(shadow_says_and_does_nothing)
{
	struct policy_rule rules[] = { book_rule(EFFECT_PERMIT, "p", "*"),
		book_rule(EFFECT_FORBID, "s2", "connect"), book_rule(EFFECT_FORBID, "s1", "*"),
		book_rule(EFFECT_FORBID, "s3", "print.*"), book_rule(EFFECT_FORBID, "x", "copy") };
	struct request r = book_request(HP, "printer", "connect");

	for (size_t i = 1; i < 4; i++)
		rules[i].mode = MODE_SHADOW;
	use(DOCUMENT_POLICY_SET, ACME, rules, 5);
	decided(&r, "permit", "p");
	ck_assert_uint_eq(d.shadow_n, 2);
	ck_assert(octets_same(d.shadow[0]->id, octets_text("s1")));
	ck_assert(octets_same(d.shadow[1]->id, octets_text("s2")));
	ck_assert(!d.shadow_more);
	/* they are told besides a refusal too */
	r.action = octets_text("copy");
	decided(&r, "forbid", "x");
	ck_assert_uint_eq(d.shadow_n, 1);
	set_forbids(set, &r, NULL, true, &d);
	ck_assert_uint_eq(d.shadow_n, 1);
}
END_TEST

START_TEST(many_shadows)
{
	struct policy_rule rules[DECISION_SHADOW_MAX + 5];
	struct request r = book_request(HP, "printer", "connect");
	char id[24];

	for (size_t i = 0; i < COUNT(rules); i++) {
		char *s = book_take(24);

		(void)snprintf(s, 24, "s%02zu", COUNT(rules) - 1 - i);
		rules[i] = book_rule(EFFECT_FORBID, s, i % 2 == 0 ? "*" : "connect");
		rules[i].mode = MODE_SHADOW;
	}
	use(DOCUMENT_POLICY_SET, ACME, rules, COUNT(rules));
	decided(&r, "no-permit", NULL);
	ck_assert_uint_eq(d.shadow_n, DECISION_SHADOW_MAX);
	ck_assert(d.shadow_more);
	for (size_t i = 0; i < d.shadow_n; i++) {
		(void)snprintf(id, sizeof(id), "s%02zu", i);
		ck_assert(octets_same(d.shadow[i]->id, octets_text(id)));
	}
	use(DOCUMENT_POLICY_SET, ACME, rules, DECISION_SHADOW_MAX);
	decided(&r, "no-permit", NULL);
	ck_assert_uint_eq(d.shadow_n, DECISION_SHADOW_MAX);
	ck_assert(!d.shadow_more);
}
END_TEST

START_TEST(forbids_alone)
{
	struct policy_rule rules[] = { book_rule(EFFECT_PERMIT, "p", "*"),
		book_rule(EFFECT_FORBID, "f", "print.*") };
	struct request r = book_request(HP, "printer", "connect");

	use(DOCUMENT_POLICY_SET, ACME, rules, 2);
	set_forbids(set, &r, NULL, true, &d);
	ck_assert(d.permit);
	ck_assert_int_eq(d.code, DECISION_PERMIT);
	ck_assert_ptr_null(d.rule);
	r.action = octets_text("print.release");
	set_forbids(set, &r, NULL, true, &d);
	ck_assert(!d.permit);
	ck_assert_int_eq(d.code, DECISION_FORBID);
	ck_assert(octets_same(d.rule->id, octets_text("f")));
}
END_TEST

/* Both ends of each net, and what lies beside them. */
START_TEST(long_lists)
{
	static const struct {
		const char *ip;
		bool in, mixed;
	} rows[] = {
		{ "10.0.255.255", false, false },
		{ "10.1.0.0", true, true },
		{ "10.1.255.255", true, true },
		{ "10.2.0.0", false, false },
		{ "10.3.0.0", true, true },
		{ "10.3.0.127", true, true },
		{ "10.3.0.128", true, true },
		{ "10.3.0.255", true, true },
		{ "10.3.1.0", false, false },
		{ "192.0.2.6", false, false },
		{ "192.0.2.7", true, true },
		{ "192.0.2.8", false, false },
		{ "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", false, true },
		{ "2001:db8::", true, true },
		{ "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true, true },
		{ "2001:db9::", false, true },
		{ "::1", false, true },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, true },
	};
	static const char nets[] =
	    "192.0.2.7/32 10.3.0.0/25 2001:db8::/32 10.1.0.0/16 10.3.0.0/24 10.1.7.0/24";
	struct request r = book_request(HP, "printer", "connect");
	struct policy_rule rule = book_rule(EFFECT_PERMIT, "p", "*");
	char more[sizeof(nets) + 8];

	(void)snprintf(more, sizeof(more), "%s ::/0", nets);
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		bool mixed = i >= COUNT(rows);
		size_t k = i % COUNT(rows);

		rule.when =
		    book_one(book_want(CONDITION_IN_SET, ATTRIBUTE_SOURCE_IP, mixed ? more : nets));
		use(DOCUMENT_POLICY_SET, ACME, &rule, 1);
		ck_assert(value_address(octets_text(rows[k].ip), &r.fixed[ATTRIBUTE_SOURCE_IP]));
		set_decide(set, &r, NULL, true, &d);
		ck_assert_msg(d.permit == (mixed ? rows[k].mixed : rows[k].in), "%s", rows[k].ip);
	}
	rule.when = book_one(book_want(CONDITION_IN, ATTRIBUTE_CERT_ENROLLER, "c b aa d a"));
	use(DOCUMENT_POLICY_SET, ACME, &rule, 1);
	for (const char *name = "a\0b\0c\0d\0aa\0?e\0?ab\0?\0?aaa\0"; *name != '\0';
	     name += strlen(name) + 1) {
		bool in = *name != '?';

		name += !in;
		request_text(&r, ATTRIBUTE_CERT_ENROLLER, octets_text(name));
		decided(&r, in ? "permit" : "no-permit", in ? "p" : NULL);
	}
}
END_TEST

/* A rule that names more than the index takes is found all the same, and means no more than it
 * says. */
START_TEST(a_rule_of_many_names)
{
	enum { MANY = 60 };
	struct policy_rule rule = book_rule(EFFECT_PERMIT, "many", "*");
	struct octets *all[3] = { book_take(MANY * sizeof(**all)), book_take(MANY * sizeof(**all)),
		book_take(MANY * sizeof(**all)) };
	static const char *const ends[][2] = { { "a", "" }, { "r", "" },
		{ "spiffe://t", ".eu.example.org/x/*" } };
	struct request r;

	for (unsigned i = 0; i < 3 * MANY; i++) {
		char *s = book_take(48);

		(void)snprintf(s, 48, "%s%u%s", ends[i / MANY][0], i % MANY, ends[i / MANY][1]);
		all[i / MANY][i % MANY] = octets_text(s);
	}
	for (unsigned many = 0; many < 8; many++) {
		rule.actions = (many & 1) != 0 ? all[0] : &all[0][33];
		rule.actions_n = (many & 1) != 0 ? MANY : 1;
		rule.roles = (many & 2) != 0 ? all[1] : &all[1][59];
		rule.roles_n = (many & 2) != 0 ? MANY : 1;
		rule.spiffe = (many & 4) != 0 ? all[2] : &all[2][7];
		rule.spiffe_n = (many & 4) != 0 ? MANY : 1;
		use(DOCUMENT_POLICY_SET, EU, &rule, 1);
		r = book_request("spiffe://t7.eu.example.org/x/y", "r59", "a33");
		decided(&r, "permit", "many");
		r.action = octets_text("a60");
		decided(&r, "no-permit", NULL);
		r = book_request("spiffe://t7.eu.example.org/x/y", "r60", "a33");
		decided(&r, "no-permit", NULL);
		r = book_request("spiffe://t60.eu.example.org/x/y", "r59", "a33");
		decided(&r, "no-permit", NULL);
	}
}
END_TEST

START_TEST(the_digest_is_of_all_documents)
{
	const struct document *docs[] = { book_document(DOCUMENT_GUARDRAIL, "a", EU, NULL, 0),
		book_document(DOCUMENT_POLICY_SET, "b", ACME, NULL, 0) };
	const struct document *turned[] = { docs[1], docs[0] };
	struct set *other = book_set(turned, 2);
	uint8_t digest[DIGEST_OCTETS];

	set = book_set(docs, 2);
	ck_assert_mem_eq(set_digest(set), set_digest(other), DIGEST_OCTETS);
	digest_of_both(octets_of(docs[0]->digest, DOCUMENT_DIGEST_OCTETS),
	    octets_of(docs[1]->digest, DOCUMENT_DIGEST_OCTETS), digest);
	ck_assert_mem_eq(set_digest(set), digest, DIGEST_OCTETS);
	set_free(other);
	other = book_set(docs, 1);
	ck_assert_mem_ne(set_digest(set), set_digest(other), DIGEST_OCTETS);
	set_free(other);
}
END_TEST

START_TEST(too_many_rules)
{
	struct document one = { .rules_n = SET_RULES_MAX }, two = { .rules_n = 1 };
	const struct document *docs[] = { &one, &two };
	struct set *s = NULL;
	struct fault f = { 0 };

	ck_assert(!set_compile(docs, 2, &s, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert_ptr_null(s);
}
END_TEST

static void
note(void *with, const struct considered *c)
{
	bytes_put_fmt(with, "%.*s %d %d %d %d;", (int)c->rule->id.n, (const char *)c->rule->id.at,
	    c->match, c->fits, c->when, c->unless);
}

START_TEST(explained)
{
	struct policy_rule rules[] = { book_rule(EFFECT_PERMIT, "b", "connect"),
		book_rule(EFFECT_FORBID, "a", "*"), book_rule(EFFECT_PERMIT, "not", "print.*"),
		book_rule(EFFECT_PERMIT, "shadow", "*"), book_rule(EFFECT_FORBID, "role", "*"),
		book_rule(EFFECT_FORBID, "off", "*") };
	const struct document *docs[2];
	struct request r = book_request(HP, "printer", "connect");
	struct bytes b = { 0 };

	rules[0].when = book_one(book_want(CONDITION_EQUALS, ATTRIBUTE_CERT_LEVEL, "4"));
	rules[1].unless = book_one(book_want(CONDITION_EQUALS, ATTRIBUTE_CERT_LEVEL, "4"));
	rules[3].mode = MODE_SHADOW;
	rules[5].mode = MODE_OFF;
	book_roles(&rules[4], "printer");
	docs[0] = book_document(DOCUMENT_POLICY_SET, "t", ACME, rules, 6);
	docs[1] = book_document(DOCUMENT_GUARDRAIL, "g", EU, rules + 1, 1);
	set = book_set(docs, 2);
	r.fixed[ATTRIBUTE_SUBJECT_ROLE].type = VALUE_NONE;
	set_explain(set, &r, NULL, note, &b);
	request_number(&r, ATTRIBUTE_CERT_LEVEL, 4);
	set_explain(set, &r, NULL, note, &b);
	bytes_put_u8(&b, '\0');
	ck_assert_str_eq((const char *)b.at,
	    "a 1 1 1 -1;a 1 1 1 -1;b 0 1 -1 0;role 1 -1 1 0;shadow 1 1 1 0;"
	    "a 0 1 1 1;a 0 1 1 1;b 1 1 1 0;role 1 -1 1 0;shadow 1 1 1 0;");
	bytes_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("set");
	TCase *t = tcase_create("set");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, default_is_deny);
	tcase_add_test(t, a_guardrail_permits_nothing);
	tcase_add_test(t, any_forbid_wins);
	tcase_add_test(t, the_first_is_named);
	tcase_add_test(t, a_scope_bounds_its_rules);
	tcase_add_test(t, subjects_roles_and_types);
	tcase_add_test(t, a_subject_that_is_not_known);
	tcase_add_test(t, what_no_rule_asks_for_may_be_missing);
	tcase_add_test(t, missing_attributes);
	tcase_add_test(t, when_and_unless_are_one);
	tcase_add_test(t, obligations_are_a_union);
	tcase_add_test(t, an_obligation_has_to_be_understood);
	tcase_add_test(t, too_many_obligations);
	tcase_add_test(t, shadow_says_and_does_nothing);
	tcase_add_test(t, many_shadows);
	tcase_add_test(t, forbids_alone);
	tcase_add_test(t, long_lists);
	tcase_add_test(t, a_rule_of_many_names);
	tcase_add_test(t, the_digest_is_of_all_documents);
	tcase_add_test(t, too_many_rules);
	tcase_add_test(t, explained);
	suite_add_tcase(s, t);
	return run_suite(s);
}
