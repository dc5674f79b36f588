/* tests/unit/policies.c - daemon/policies.h, daemon/evidence.h, daemon/rule_act.h: what a process
 * decides by, from the ledger on. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "ca/policy_book.h"
#include "daemon/rule_act.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define HEAD(kind, name, scope)                                                                    \
	"apiVersion: quatrain.policy/v1\nkind: " kind "\nmetadata: {name: " name                   \
	", scope: \"" scope "\", owner: it@example.org, revision: 1}\n"                            \
	"mode: enforce\nschema: quatrain.attributes/v1\nrules:\n"

static const char rail[] = HEAD("Guardrail", "no-two",
    "spiffe://*.eu.example.org/**") "  - {id: not-two, effect: forbid, actions: [\"*\"], subjects: {spiffe: "
				    "[\"spiffe://acme.eu.example.org/printer/two\", "
				    "\"spiffe://platform.eu.example.org/operator/alice\"]}, reason: not two}\n";
static const char own[] = HEAD("PolicySet", "own",
    "spiffe://acme.eu.example.org/**") "  - {id: printers, effect: permit, actions: [connect], subjects: {roles: [printer]}, when: "
				       "{source.ip: {cidr: [10.0.0.0/8]}}}\n";

static struct ground g;
static struct policies *p;
static struct ledger *acme, *platform;
static struct fault f;
static struct ruling v;

static void
setup(void)
{
	ground_new(&g);
	platform = realm_platform(g.realm);
	ck_assert(realm_ledger(g.realm, "acme", &acme, &f));
	ck_assert(policies_new(g.realm, &p, &f));
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	policies_free(p);
	ground_free(&g);
}

static void
put(struct ledger *l, const char *slot, const char *text)
{
	struct policy_row r = { .revision = 1, .at_s = g.now_s };

	(void)snprintf(r.slot, sizeof(r.slot), "%s", slot);
	(void)snprintf(r.name, sizeof(r.name), "%s", slot);
	ck_assert_msg(policy_book_put(l, &r, octets_text(text), octets_text(""), &f), "%s", f.text);
	ground_commit(l);
}

static void
drop(struct ledger *l, const char *slot)
{
	struct policy_row r;

	ck_assert(policy_book_find(l, slot, &r, &f));
	r.turn++;
	ck_assert(policy_book_remove(l, &r, &f));
	ground_commit(l);
}

/* May the holder connect from source? *ret_who may be NULL. */
static bool
connects(const struct ground_cert *leaf, const char *source)
{
	struct evidence of;
	struct identity who;
	struct request asked;
	struct anomaly_score score;
	const struct rule_connect c = {
		.who = &who, .of = &of, .to = "secure", .now_s = g.now_s, .score = &score
	};

	ck_assert_msg(
	    evidence_find(g.realm, octets_bytes(&leaf->der), g.now_s, &who, &of, &f), "%s", f.text);
	(void)snprintf(who.source, sizeof(who.source), "%s", source);
	f = (struct fault){ 0 };
	return rule_connect(p, &c, &asked, &v, &f) && v.permit;
}

START_TEST(nothing_is_asked_where_nothing_is_in_force)
{
	const struct ground_cert *one = ground_leaf(&g, g.acme, "printer", "one");

	ck_assert(connects(one, "192.0.2.1:1"));
	ck_assert(!v.asked);
	ck_assert(!policies_any(p));
	put(acme, POLICY_BOOK_SET, own);
	ck_assert(!connects(one, "192.0.2.1:1"));
	drop(acme, POLICY_BOOK_SET);
	ck_assert(connects(one, "192.0.2.1:1"));
	ck_assert(!v.asked);
}
END_TEST

START_TEST(a_set_of_a_tenant_must_permit)
{
	const struct ground_cert *one = ground_leaf(&g, g.acme, "printer", "one");
	const struct ground_cert *other = ground_leaf(&g, g.acme, "gateway", "gate");
	const struct ground_cert *bob = ground_operator(&g, "bob", ROLE_AUDITOR);

	put(acme, POLICY_BOOK_SET, own);
	ck_assert(connects(one, "10.1.2.3:44"));
	ck_assert_str_eq(v.rule, "own/printers");
	ck_assert_uint_eq(strlen(v.id), POLICIES_ID_LETTERS);
	ck_assert(!connects(one, "192.0.2.1:1"));
	ck_assert_str_eq(v.rule, "default");
	ck_assert(connects(one, "[::ffff:10.1.2.3]:44"));
	ck_assert(!connects(one, "local"));
	ck_assert(!connects(other, "10.1.2.3:44"));
	ck_assert(connects(bob, "192.0.2.1:1")); /* staff is not a tenant's */
}
END_TEST

/* The signer shuts ledgers that nobody has needed for a while. */
START_TEST(a_ledger_that_was_shut_meanwhile)
{
	const struct ground_cert *one = ground_leaf(&g, g.acme, "printer", "one");

	put(acme, POLICY_BOOK_SET, own);
	ck_assert(connects(one, "10.1.2.3:44"));
	realm_drop(g.realm, "acme");
	ck_assert(connects(one, "10.1.2.3:44"));
	ck_assert(realm_ledger(g.realm, "acme", &acme, &f));
	drop(acme, POLICY_BOOK_SET);
	ck_assert(connects(one, "192.0.2.1:1"));
	ck_assert(!v.asked);
	put(acme, POLICY_BOOK_SET, own);
	realm_drop(g.realm, "acme");
	policies_keep(p);
	ck_assert(!connects(one, "192.0.2.1:1"));
	ck_assert(realm_ledger(g.realm, "acme", &acme, &f));
}
END_TEST

START_TEST(a_guardrail_binds_staff_as_well)
{
	const struct ground_cert *one = ground_leaf(&g, g.acme, "printer", "one");
	const struct ground_cert *two = ground_leaf(&g, g.acme, "printer", "two");
	const struct ground_cert *alice = ground_operator(&g, "alice", ROLE_OFFICER);

	put(platform, "no-two", rail);
	ck_assert(connects(one, "192.0.2.1:1"));
	ck_assert(v.asked);
	ck_assert(!connects(two, "192.0.2.1:1"));
	ck_assert_str_eq(v.rule, "no-two/not-two");
	ck_assert_str_eq(v.reason, "not two");
	ck_assert(!connects(alice, "192.0.2.1:1"));
	put(acme, POLICY_BOOK_SET, own); /* and no permit lifts a forbid */
	ck_assert(!connects(two, "10.1.2.3:1"));
	ck_assert(connects(one, "10.1.2.3:1"));
}
END_TEST

START_TEST(the_machines_own_user_may_take_a_policy_back)
{
	static const char all[] = HEAD("Guardrail", "all",
	    "spiffe://*.eu.example.org/**") "  - {id: nobody, effect: forbid, actions: [\"*\"]}\n";
	const struct identity local = {
		.kind = IDENTITY_LOCAL, .role = ROLE_OFFICER, .good = true, .source = "local"
	};
	const struct object what = { .tenant = "acme" };
	struct evidence of;
	struct rule_act a = { .who = &local, .of = &of, .act = ACT_TOKEN_CREATE, .what = &what };
	struct bytes request = { 0 };

	put(platform, "all", all);
	evidence_without(g.realm, &local, &of);
	ck_assert_str_eq(of.id, "spiffe://platform.eu.example.org/machine/local");
	ck_assert(rule_act(p, &a, &v, &request, &f));
	ck_assert(!v.permit && !rule_act_goes_on(&a, &v));
	a.act = ACT_POLICY;
	ck_assert(rule_act(p, &a, &v, &request, &f));
	ck_assert(!v.permit && rule_act_goes_on(&a, &v));
	ck_assert_ptr_nonnull(memmem(request.at, request.n, "policy.change", 13));
	bytes_free(&request);
}
END_TEST

START_TEST(what_cannot_be_read_permits_nothing)
{
	const struct ground_cert *one = ground_leaf(&g, g.acme, "printer", "one");
	const struct ground_cert *bob = ground_operator(&g, "bob", ROLE_AUDITOR);
	char why[FAULT_TEXT_MAX];

	put(acme, POLICY_BOOK_SET, own);
	ck_assert(connects(one, "10.1.2.3:1"));
	ck_assert(!policies_broken(p, why));
	put(acme, POLICY_BOOK_SET, "kind: Nothing\n");
	ck_assert(!connects(one, "10.1.2.3:1"));
	ck_assert_int_eq(f.code, FAULT_BUSY);
	ck_assert(policies_broken(p, why));
	ck_assert(connects(bob, "10.1.2.3:1"));
	put(acme, POLICY_BOOK_SET, own);
	ck_assert(connects(one, "10.1.2.3:1"));
	ck_assert(!policies_broken(p, why));
	put(platform, "all", "kind: Nothing\n"); /* half of the guardrails would forbid half */
	ck_assert(!connects(bob, "10.1.2.3:1"));
	ck_assert_int_eq(f.code, FAULT_BUSY);
	ck_assert(!connects(one, "10.1.2.3:1"));
	ck_assert(policies_broken(p, why));
	drop(platform, "all");
	ck_assert(connects(bob, "10.1.2.3:1"));
}
END_TEST

START_TEST(what_is_not_committed_decides_nothing)
{
	const struct ground_cert *one = ground_leaf(&g, g.acme, "printer", "one");
	struct ledger_mark mark = ledger_mark(acme);
	struct policy_row r = { .slot = POLICY_BOOK_SET, .name = "own" };
	uint64_t turn;

	ck_assert(connects(one, "192.0.2.1:1"));
	turn = policies_turn(p);
	ck_assert(policy_book_put(acme, &r, octets_text(own), octets_text(""), &f));
	ck_assert(connects(one, "192.0.2.1:1"));
	ledger_undo(acme, mark);
	ground_commit(acme);
	ck_assert(connects(one, "192.0.2.1:1"));
	ck_assert_uint_eq(policies_turn(p), turn);
	put(platform, "no-two", rail);
	ck_assert_uint_gt(policies_turn(p), turn);
}
END_TEST

START_TEST(a_set_is_found_again_by_its_digest)
{
	const struct ground_cert *one = ground_leaf(&g, g.acme, "printer", "one");
	struct bytes documents = { 0 };

	put(platform, "no-two", rail);
	put(acme, POLICY_BOOK_SET, own);
	ck_assert(connects(one, "10.1.2.3:1"));
	policies_keep(p);
	ground_commit(acme);
	ground_commit(platform);
	ck_assert(policy_book_set(acme, v.set, &documents, &f));
	ck_assert_uint_eq(documents.n, 2 * DIGEST_OCTETS);
	bytes_free(&documents);
}
END_TEST

START_TEST(what_the_ledger_says_of_a_certificate)
{
	const struct ground_cert *one = ground_leaf(&g, g.acme, "printer", "one");
	uint8_t sha256[DIGEST_OCTETS];
	struct identity who;
	struct evidence of, again;

	ck_assert(evidence_find(g.realm, octets_bytes(&one->der), g.now_s, &who, &of, &f));
	ck_assert_str_eq(of.id, "spiffe://acme.eu.example.org/printer/one");
	ck_assert_str_eq(of.role, "printer");
	ck_assert(of.has_certificate && of.key_pinned && who.good);
	ck_assert_uint_eq(of.level, LEVEL_ENDPOINT);
	ck_assert_int_eq(strncmp(of.root, "ski:", 4), 0);
	ck_assert_str_ne(of.root, of.region);
	ck_assert_str_ne(of.region, of.tenant);
	digest_of(octets_bytes(&one->der), sha256);
	ck_assert_msg(
	    evidence_find_digest(g.realm, of.id, sha256, g.now_s, &who, &again, &f), "%s", f.text);
	ck_assert_str_eq(again.serial, of.serial);
	ground_revoke(&g, acme, one->serial, 1);
	ck_assert(evidence_find(g.realm, octets_bytes(&one->der), g.now_s, &who, &of, &f));
	ck_assert(!who.good);
	sha256[0] ^= 1;
	ck_assert(!evidence_find_digest(g.realm, of.id, sha256, g.now_s, &who, &again, &f));
	ck_assert_int_eq(f.code, FAULT_AUTH);
}
END_TEST

START_TEST(names_that_are_nobodys)
{
	static const char *const ids[] = { "", "one", "spiffe://", "spiffe://acme.eu.example.org",
		"spiffe://acme.us.example.org/printer/one",
		"spiffe://acme.eu.example.com/printer/one",
		"spiffe://nobody.eu.example.org/printer/one",
		"spiffe://acme.eu.example.org/printer/none",
		"spiffe://acme.eu.example.org/printer/one/more" };
	const uint8_t sha256[DIGEST_OCTETS] = { 0 };
	struct evidence of;
	struct identity who;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		ck_assert(!evidence_find_digest(g.realm, ids[i], sha256, g.now_s, &who, &of, &f));
		ck_assert_msg(f.code == FAULT_AUTH, "%s: %s", ids[i], f.text);
	}
	ck_assert(!evidence_find(g.realm, octets_text("0"), g.now_s, &who, &of, &f));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("policies");
	TCase *t = tcase_create("policies");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, nothing_is_asked_where_nothing_is_in_force);
	tcase_add_test(t, a_set_of_a_tenant_must_permit);
	tcase_add_test(t, a_ledger_that_was_shut_meanwhile);
	tcase_add_test(t, a_guardrail_binds_staff_as_well);
	tcase_add_test(t, the_machines_own_user_may_take_a_policy_back);
	tcase_add_test(t, what_cannot_be_read_permits_nothing);
	tcase_add_test(t, what_is_not_committed_decides_nothing);
	tcase_add_test(t, a_set_is_found_again_by_its_digest);
	tcase_add_test(t, what_the_ledger_says_of_a_certificate);
	tcase_add_test(t, names_that_are_nobodys);
	return run_suite(s);
}
