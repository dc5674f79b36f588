/* tests/unit/rule_print.c - daemon/rule_print.h: printing and scanning, by the built-in rules and
 * by policies. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/policy_book.h"
#include "daemon/rule_print.h"
#include "relay/ipp_write.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define ALICE "spiffe://acme.eu.example.org/workstation/alice"

static const char own[] =
    "apiVersion: quatrain.policy/v1\nkind: PolicySet\n"
    "metadata: {name: own, scope: \"spiffe://acme.eu.example.org/**\", owner: it@example.org, revision: 1}\n"
    "mode: enforce\nschema: quatrain.attributes/v1\nrules:\n"
    "  - {id: thrifty, effect: permit, actions: [print.submit], resources: {type: queue},"
    " obligations: [duplex: {}, copies-max: {n: 3}, log: {}]}\n"
    "  - {id: no-colour, effect: forbid, actions: [print.submit], when: {resource.color: {equals: color}},"
    " if_missing: ignore, reason: black and white here}\n"
    "  - {id: by-owner, effect: permit, actions: [print.release], when: {all: [resource.owner_present: {equals: true},"
    " resource.printer: {equals: hp-1}, context.how: {in: [pin, badge]}]}}\n"
    "  - {id: stamped, effect: permit, actions: [print.fetch], obligations: [watermark: {text: x}]}\n"
    "  - {id: small, effect: permit, actions: [scan.send], when: {all: [resource.octets: {lt: 1000},"
    " resource.owner: {equals: \"" ALICE "\"}]}}\n";

static struct ground g;
static struct policies *p;
static struct fault f;
static struct job job;
static struct decider_question q;
static struct decider_answer answer;
static struct rule_printed put;

static void
setup(void)
{
	ground_new(&g);
	ck_assert(policies_new(g.realm, &p, &f));
	job = (struct job){ .tenant = "acme",
		.owner = ALICE,
		.grade = JOB_GRADE_AGENT,
		.release = JOB_RELEASE_OWNER,
		.copies = 1,
		.format = "application/pdf",
		.octets = 5000 };
	q = (struct decider_question){ .job = &job };
}

static void
teardown(void)
{
	policies_free(p);
	job_free(&job);
	ground_free(&g);
}

static void
put_in_force(void)
{
	struct policy_row r = { .revision = 1, .at_s = g.now_s, .slot = POLICY_BOOK_SET };
	struct ledger *l;

	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	ck_assert_msg(policy_book_put(l, &r, octets_text(own), octets_text(""), &f), "%s", f.text);
	ground_commit(l);
}

/* May kind/name do it? */
static bool
permits(enum act act, const char *kind, const char *name)
{
	static struct evidence of;
	static struct identity who;
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, kind, name);

	ck_assert(evidence_find(g.realm, octets_bytes(&leaf->der), g.now_s, &who, &of, &f));
	(void)snprintf(who.source, sizeof(who.source), "192.0.2.1:1");
	q.who = &who;
	q.act = act;
	ck_assert_msg(rule_print(p, &of, &q, g.now_s, &put, &answer, &f), "%s", f.text);
	ck_assert_int_eq(answer.permit, answer.why[0] == '\0');
	return answer.permit;
}

START_TEST(the_built_in_rules)
{
	ck_assert(permits(ACT_PRINT_SUBMIT, "workstation", "alice"));
	ck_assert_uint_eq(answer.obligations_n, 0);
	ck_assert_str_eq(answer.decision, "");
	ck_assert(permits(ACT_PRINT_RELEASE, "workstation", "alice2") == false);
	ck_assert_str_eq(answer.why, "policy: default-deny: no rule permits this");
	ck_assert(permits(ACT_PRINT_RELEASE, "printer", "hp-1"));
	ck_assert(!permits(ACT_PRINT_SUBMIT, "printer", "hp-2"));
	memcpy(job.tenant, "acm", 4);
	ck_assert(!permits(ACT_PRINT_RELEASE, "printer", "hp-3"));
}
END_TEST

START_TEST(one_releases_ones_own)
{
	ck_assert(permits(ACT_PRINT_RELEASE, "workstation", "alice"));
	(void)snprintf(
	    job.owner, sizeof(job.owner), "spiffe://evil.eu.example.org/workstation/bob");
	ck_assert(!permits(ACT_PRINT_RELEASE, "workstation", "bob"));
	job.owner[0] = '\0';
	ck_assert(!permits(ACT_PRINT_RELEASE, "workstation", "carol"));
}
END_TEST

START_TEST(what_a_policy_asks_for_is_owed)
{
	put_in_force();
	q.color = "monochrome";
	ck_assert_msg(permits(ACT_PRINT_SUBMIT, "workstation", "alice"), "%s", answer.why);
	ck_assert_uint_eq(answer.obligations_n, 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_str_eq(answer.obligations[i].value,
		    strcmp(answer.obligations[i].name, "copies-max") == 0 ? "3" : "");
	ck_assert_uint_eq(strlen(answer.decision), POLICIES_ID_LETTERS);
	q.color = "color";
	ck_assert(!permits(ACT_PRINT_SUBMIT, "workstation", "bob"));
	ck_assert_str_eq(answer.why, "policy: own/no-colour: black and white here");
	ck_assert_uint_eq(answer.obligations_n, 0);
	/* A built-in rule must permit too: a set cannot give a printer what no printer does. */
	q.color = NULL;
	/* what the job itself asks for */
	ipp_put_text(&job.template, IPP_KEYWORD, "sides", "one-sided");
	ipp_put_text(&job.template, IPP_KEYWORD, "print-color-mode", "color");
	ck_assert(!permits(ACT_PRINT_SUBMIT, "workstation", "dora"));
	bytes_clear(&job.template);
	ck_assert(!permits(ACT_PRINT_SUBMIT, "printer", "hp-2"));
}
END_TEST

START_TEST(a_release_by_what_was_proven)
{
	put_in_force();
	q.owner_present = true;
	q.how = "pin";
	q.printer = "hp-1";
	ck_assert_msg(permits(ACT_PRINT_RELEASE, "printer", "hp-1"), "%s", answer.why);
	q.printer = "hp-2";
	ck_assert(!permits(ACT_PRINT_RELEASE, "printer", "hp-3"));
	q.printer = "hp-1";
	q.how = "owner";
	ck_assert(!permits(ACT_PRINT_RELEASE, "printer", "hp-4"));
	q.how = NULL;
	ck_assert(!permits(ACT_PRINT_RELEASE, "printer", "hp-5"));
	q.how = "pin";
	q.owner_present = false;
	ck_assert(!permits(ACT_PRINT_RELEASE, "printer", "hp-6"));
}
END_TEST

START_TEST(an_obligation_that_nobody_here_can_do)
{
	put_in_force();
	ck_assert(!permits(ACT_PRINT_FETCH, "gateway", "gw-1"));
	ck_assert_int_eq(put.ruling.code, DECISION_UNSUPPORTED);
}
END_TEST

START_TEST(a_scan)
{
	put_in_force();
	q = (struct decider_question){ .destination = "drive", .owner = ALICE, .octets = 999 };
	ck_assert_msg(permits(ACT_SCAN_SEND, "gateway", "gw-1"), "%s", answer.why);
	q.octets = 1000;
	ck_assert(!permits(ACT_SCAN_SEND, "gateway", "gw-2"));
	q.octets = 999;
	q.owner = "spiffe://acme.eu.example.org/workstation/bob";
	ck_assert(!permits(ACT_SCAN_SEND, "gateway", "gw-3"));
	q.owner = NULL;
	ck_assert(!permits(ACT_SCAN_SEND, "gateway", "gw-4"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rule_print");
	TCase *t = tcase_create("rule_print");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_built_in_rules);
	tcase_add_test(t, one_releases_ones_own);
	tcase_add_test(t, what_a_policy_asks_for_is_owed);
	tcase_add_test(t, a_release_by_what_was_proven);
	tcase_add_test(t, an_obligation_that_nobody_here_can_do);
	tcase_add_test(t, a_scan);
	suite_add_tcase(s, t);
	return run_suite(s);
}
