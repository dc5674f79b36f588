/* tests/unit/policy.c - policy/: each rule permits what it says, and nothing when one of its
 * conditions is broken. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/bytes.h"
#include "policy/decide.h"
#include "tests/unit/run.h"

static struct identity who;
static struct object what;
static struct verdict v;

/* What each rule must permit, told here again by hand, so that a changed table shows. */
static const struct {
	enum act act;
	unsigned kinds, roles;
	bool own; /* the asker's own tenant and endpoint only */
	const char *rule;
} permitted[] = {
	{ ACT_READ, IDENTITY_LOCAL | IDENTITY_OPERATOR,
	    ROLE_OFFICER | ROLE_REGISTRAR | ROLE_AUDITOR, false, "staff-reads" },
	{ ACT_TENANT_CREATE, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER, false,
	    "officer-makes-tenants" },
	{ ACT_TENANT_SUSPEND, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER, false,
	    "officer-suspends-tenants" },
	{ ACT_TENANT_ROLL, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER, false,
	    "officer-rolls-tenants" },
	{ ACT_REGION_SUSPEND, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER, false,
	    "officer-suspends-regions" },
	{ ACT_OPERATOR_ADD, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER, false,
	    "officer-adds-operators" },
	{ ACT_OPERATOR_CHANGE, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER, false,
	    "officer-changes-operators" },
	{ ACT_DECIDE, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER, false,
	    "officer-decides-acts" },
	{ ACT_TOKEN_CREATE, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER | ROLE_REGISTRAR,
	    false, "registrar-makes-tokens" },
	{ ACT_TOKEN_REVOKE, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER | ROLE_REGISTRAR,
	    false, "registrar-revokes-tokens" },
	{ ACT_CERTIFICATE_REVOKE, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER | ROLE_REGISTRAR,
	    false, "registrar-revokes" },
	{ ACT_CERTIFICATE_HOLD, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER | ROLE_REGISTRAR,
	    false, "registrar-holds" },
	{ ACT_ENDPOINT_REMOVE, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER | ROLE_REGISTRAR,
	    false, "registrar-removes-endpoints" },
	{ ACT_LOG_EXPORT, IDENTITY_LOCAL | IDENTITY_OPERATOR,
	    ROLE_OFFICER | ROLE_REGISTRAR | ROLE_AUDITOR, false, "staff-exports-the-log" },
	{ ACT_LOG_REDACT, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER, false,
	    "officer-redacts-the-log" },
	{ ACT_BACKUP, IDENTITY_LOCAL, ROLE_OFFICER, false, "local-officer-takes-backups" },
	{ ACT_KEY_LIST, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER | ROLE_AUDITOR, false,
	    "officer-lists-keys" },
	{ ACT_WEBHOOK_TEST, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER, false,
	    "officer-tests-webhooks" },
	{ ACT_REQUEST_DECIDE, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER | ROLE_REGISTRAR,
	    false, "registrar-decides-requests" },
	{ ACT_MAKER, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER, false,
	    "officer-trusts-makers" },
	{ ACT_DEVICE, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER | ROLE_REGISTRAR, false,
	    "registrar-registers-devices" },
	{ ACT_PRINTER, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER | ROLE_REGISTRAR, false,
	    "registrar-registers-printers" },
	{ ACT_BADGE, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER | ROLE_REGISTRAR, false,
	    "registrar-hands-out-badges" },
	{ ACT_FEED, IDENTITY_LOCAL | IDENTITY_OPERATOR,
	    ROLE_OFFICER | ROLE_REGISTRAR | ROLE_AUDITOR, false, "staff-follows-revocations" },
	{ ACT_POLICY, IDENTITY_LOCAL | IDENTITY_OPERATOR, ROLE_OFFICER, false,
	    "officer-changes-policies" },
	{ ACT_AUTHZ, IDENTITY_LOCAL | IDENTITY_OPERATOR,
	    ROLE_OFFICER | ROLE_REGISTRAR | ROLE_AUDITOR, false, "staff-asks-for-decisions" },
	{ ACT_ASK, IDENTITY_REQUEST, 0, true, "request-asks-for-its-device" },
	{ ACT_ENROLL, IDENTITY_TOKEN | IDENTITY_IDEVID, 0, true, "token-enrols-its-device" },
	{ ACT_RENEW, IDENTITY_ENDPOINT | IDENTITY_OPERATOR, 0, true, "endpoint-renews-itself" },
	/* of a printer, as it is asked about here; of others below */
	{ ACT_PRINT_SUBMIT, 0, 0, false, "" },
	{ ACT_PRINT_RELEASE, IDENTITY_ENDPOINT, 0, false, "printer-releases" },
	{ ACT_PRINT_FETCH, IDENTITY_ENDPOINT, 0, false, "printer-fetches" },
	{ ACT_SCAN_SEND, IDENTITY_ENDPOINT, 0, false, "printer-scans" },
};

#define PERMITTED (sizeof(permitted) / sizeof(permitted[0]))

static const unsigned kinds[] = { IDENTITY_NOBODY, IDENTITY_LOCAL, IDENTITY_OPERATOR,
	IDENTITY_ENDPOINT, IDENTITY_TOKEN, IDENTITY_REQUEST, IDENTITY_IDEVID };
static const unsigned roles[] = { ROLE_NONE, ROLE_OFFICER, ROLE_REGISTRAR, ROLE_AUDITOR };

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define ROLES (sizeof(roles) / sizeof(roles[0]))

static void
setup(void)
{
	who = (struct identity){ .tenant = "acme",
		.endpoint = "printer",
		.name = "hp-4711",
		.evidence = "1f00",
		.source = "192.0.2.1:4711",
		.good = true };
	what = (struct object){ "acme", "printer", "hp-4711" };
}

/* Every act by every kind in every role: permitted exactly where the list above says so. */
START_TEST(permits_what_is_written_and_nothing_else)
{
	for (unsigned act = 0; act < ACT_COUNT; act++)
		for (size_t k = 0; k < KINDS; k++)
			for (size_t r = 0; r < ROLES; r++) {
				bool want;

				ck_assert_uint_eq(permitted[act].act, act);
				who.kind = (enum identity_kind)kinds[k];
				who.role = (enum identity_role)roles[r];
				want = (permitted[act].kinds & kinds[k]) != 0 &&
				       (permitted[act].roles == 0 ||
					   (permitted[act].roles & roles[r]) != 0);
				decide(&who, (enum act)act, &what, &v);
				ck_assert_msg(v.permit == want, "act %u, kind %x, role %x", act,
				    kinds[k], roles[r]);
				ck_assert_str_eq(v.rule, !want ? "default-deny"
							 : kinds[k] == IDENTITY_IDEVID
							     ? "manufacturer-vouches-for-its-device"
							     : permitted[act].rule);
				ck_assert_uint_gt(strlen(v.reason), 0);
			}
}
END_TEST

START_TEST(not_good_is_permitted_nothing)
{
	who.good = false;
	for (unsigned act = 0; act < ACT_COUNT; act++)
		for (size_t k = 0; k < KINDS; k++)
			for (size_t r = 0; r < ROLES; r++) {
				who.kind = (enum identity_kind)kinds[k];
				who.role = (enum identity_role)roles[r];
				decide(&who, (enum act)act, &what, &v);
				ck_assert(!v.permit);
				ck_assert_str_eq(v.rule, "not-good");
			}
}
END_TEST

/* Where a rule is about the asker itself, each part of the object that differs denies. */
START_TEST(own_means_all_three_names)
{
	static const struct object others[] = {
		{ "acm", "printer", "hp-4711" },
		{ "acme2", "printer", "hp-4711" },
		{ "", "printer", "hp-4711" },
		{ "ACME", "printer", "hp-4711" },
		{ "acme", "gateway", "hp-4711" },
		{ "acme", "", "hp-4711" },
		{ "acme", "printer", "hp-4712" },
		{ "acme", "printer", "hp-471" },
		{ "acme", "printer", "" },
		{ "", "", "" },
	};

	for (size_t p = 0; p < PERMITTED && permitted[p].act < ACT_PRINT_SUBMIT; p++)
		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
			who.kind = (enum identity_kind)permitted[p].kinds;
			who.role = (enum identity_role)permitted[p].roles;
			decide(&who, permitted[p].act, &others[i], &v);
			ck_assert_msg(
			    v.permit != permitted[p].own, "%s, row %zu", permitted[p].rule, i);
		}
}
END_TEST

START_TEST(an_unknown_act_is_denied)
{
	for (unsigned act = ACT_COUNT; act < ACT_COUNT + 70; act++)
		for (size_t k = 0; k < KINDS; k++) {
			who.kind = (enum identity_kind)kinds[k];
			who.role = ROLE_OFFICER;
			decide(&who, (enum act)act, &what, &v);
			ck_assert(!v.permit);
			ck_assert_str_eq(v.rule, "default-deny");
		}
}
END_TEST

/* An identity that nobody filled in is nobody. */
START_TEST(zeros_are_denied)
{
	const struct identity zeros = { .good = true };
	const struct object nothing = { .tenant = "" };

	for (unsigned act = 0; act < ACT_COUNT; act++) {
		decide(&zeros, (enum act)act, &nothing, &v);
		ck_assert(!v.permit);
	}
}
END_TEST

/* What lies in the platform's tenant is an officer's: a registrar must not end the service. */
START_TEST(the_platform_is_for_officers)
{
	static const enum act acts[] = { ACT_TOKEN_CREATE, ACT_TOKEN_REVOKE, ACT_CERTIFICATE_REVOKE,
		ACT_CERTIFICATE_HOLD, ACT_DEVICE, ACT_MAKER };

	memcpy(what.tenant, IDENTITY_PLATFORM, sizeof(IDENTITY_PLATFORM));
	who.kind = IDENTITY_OPERATOR;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		who.role = ROLE_REGISTRAR;
		decide(&who, acts[i], &what, &v);
		ck_assert_msg(!v.permit, "act %d", acts[i]);
	}
	who.role = ROLE_OFFICER;
	decide(&who, ACT_CERTIFICATE_REVOKE, &what, &v);
	ck_assert(v.permit);
	ck_assert_str_eq(v.rule, "officer-revokes-anywhere");
	decide(&who, ACT_CERTIFICATE_HOLD, &what, &v);
	ck_assert_str_eq(v.rule, "officer-holds-anywhere");
	for (size_t i = 0; i < 3; i++) {
		decide(&who, (const enum act[]){ ACT_TOKEN_CREATE, ACT_MAKER, ACT_DEVICE }[i],
		    &what, &v);
		ck_assert(!v.permit);
	}
	who.kind = IDENTITY_IDEVID;
	memcpy(who.tenant, IDENTITY_PLATFORM, sizeof(IDENTITY_PLATFORM));
	decide(&who, ACT_ENROLL, &what, &v);
	ck_assert(!v.permit);
}
END_TEST

/* Who lets others in by their certificates may know which are not good, of its own tenant. */
START_TEST(relying_parties_follow_their_tenant)
{
	static const struct {
		const char *endpoint, *tenant;
		bool permit;
	} all[] = {
		{ "service", "acme", true },
		{ "gateway", "acme", true },
		{ "printer", "acme", false },
		{ "gateways", "acme", false },
		{ "", "acme", false },
		{ "gateway", "acme2", false },
		{ "gateway", "", false },
		{ "service", "platform", false },
	};

	who.kind = IDENTITY_ENDPOINT;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		(void)snprintf(who.endpoint, sizeof(who.endpoint), "%s", all[i].endpoint);
		what = (struct object){ .tenant = "" };
		(void)snprintf(what.tenant, sizeof(what.tenant), "%s", all[i].tenant);
		decide(&who, ACT_FEED, &what, &v);
		ck_assert_int_eq(v.permit, all[i].permit);
		decide(&who, ACT_AUTHZ, &what, &v);
		ck_assert_int_eq(v.permit, all[i].permit);
		decide(&who, ACT_READ, &what, &v);
		ck_assert(!v.permit);
	}
}
END_TEST

/* Who prints, releases, fetches and scans, by the kind of its certificate. */
START_TEST(printing_by_kinds)
{
	static const struct {
		const char *endpoint;
		bool submits, releases, fetches, scans;
	} all[] = {
		{ "workstation", true, false, false, false },
		{ "phone", true, false, false, false },
		{ "service", true, false, false, false },
		{ "printer", false, true, true, true },
		{ "gateway", false, true, true, true },
		{ "operator", false, false, false, false },
		{ "", false, false, false, false },
	};

	who.kind = IDENTITY_ENDPOINT;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		(void)snprintf(who.endpoint, sizeof(who.endpoint), "%s", all[i].endpoint);
		what = (struct object){ "acme", "workstation", "somebody" };
		decide(&who, ACT_PRINT_SUBMIT, &what, &v);
		ck_assert_int_eq(v.permit, all[i].submits);
		decide(&who, ACT_PRINT_RELEASE, &what, &v);
		ck_assert_int_eq(v.permit, all[i].releases);
		decide(&who, ACT_PRINT_FETCH, &what, &v);
		ck_assert_int_eq(v.permit, all[i].fetches);
		decide(&who, ACT_SCAN_SEND, &what, &v);
		ck_assert_int_eq(v.permit, all[i].scans);
		/* One's own job; and nothing of another tenant's, or of the platform's. */
		memcpy(what.endpoint, who.endpoint, sizeof(what.endpoint));
		memcpy(what.name, who.name, sizeof(what.name));
		decide(&who, ACT_PRINT_RELEASE, &what, &v);
		ck_assert_int_eq(v.permit, all[i].releases || all[i].submits);
		for (int act = ACT_PRINT_SUBMIT; act <= ACT_SCAN_SEND; act++) {
			memcpy(what.tenant, "acm2", 5);
			decide(&who, (enum act)act, &what, &v);
			ck_assert(!v.permit);
		}
	}
}
END_TEST

START_TEST(rules_are_whole)
{
	size_t n;
	const struct rule *r = rules_all(&n);

	ck_assert_uint_eq(
	    n, PERMITTED + 6); /* and officer-revokes-anywhere, -holds-anywhere,
				  manufacturer-.., two of relying-party-.., owner-releases */
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_lt(r[i].act, ACT_COUNT);
		ck_assert_uint_ne(r[i].kinds, 0);
		ck_assert_uint_eq(r[i].kinds & IDENTITY_NOBODY, 0);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(r[i].id, r[j].id);
	}
	for (unsigned act = 0; act < ACT_COUNT; act++) {
		ck_assert_ptr_nonnull(rules_act_word((enum act)act));
		for (unsigned j = 0; j < act; j++)
			ck_assert_str_ne(
			    rules_act_word((enum act)act), rules_act_word((enum act)j));
	}
}
END_TEST

/* One rule a line, so that anybody can compute it again from the table. */
START_TEST(digest_is_over_the_table)
{
	uint8_t digest[RULES_DIGEST_OCTETS], again[EVP_MAX_MD_SIZE];
	struct bytes text = { 0 };
	struct fault f;
	size_t n;
	const struct rule *r = rules_all(&n);

	for (size_t i = 0; i < n; i++)
		bytes_put_fmt(&text, "permit %s %s kinds=%x roles=%x when=%x\n", r[i].id,
		    rules_act_word(r[i].act), r[i].kinds, r[i].roles, r[i].conditions);
	ck_assert(bytes_ok(&text, &f));
	ck_assert_int_eq(EVP_Digest(text.at, text.n, again, NULL, EVP_sha256(), NULL), 1);
	ck_assert(rules_digest(digest, &f));
	ck_assert_mem_eq(digest, again, sizeof(digest));
	bytes_free(&text);
}
END_TEST

START_TEST(identities_are_told)
{
	static const struct {
		enum identity_kind kind;
		const char *text;
	} rows[] = {
		{ IDENTITY_NOBODY, "nobody" },
		{ IDENTITY_LOCAL, "local" },
		{ IDENTITY_OPERATOR, "operator:hp-4711" },
		{ IDENTITY_ENDPOINT, "endpoint:printer/hp-4711" },
		{ IDENTITY_TOKEN, "token:1f00" },
		{ IDENTITY_REQUEST, "request:1f00" },
		{ IDENTITY_IDEVID, "idevid:1f00" },
		{ (enum identity_kind)0, "nobody" },
		{ (enum identity_kind)(IDENTITY_LOCAL | IDENTITY_OPERATOR), "nobody" },
	};
	char text[IDENTITY_TEXT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		who.kind = rows[i].kind;
		identity_text(&who, text);
		ck_assert_str_eq(text, rows[i].text);
	}
}
END_TEST

/* The longest labels fit: nothing of a name is lost in a log entry. */
START_TEST(the_longest_identity_fits)
{
	char text[IDENTITY_TEXT_MAX];

	memset(who.endpoint, 'e', TEXT_LABEL_MAX - 1);
	memset(who.name, 'n', TEXT_LABEL_MAX - 1);
	who.endpoint[TEXT_LABEL_MAX - 1] = who.name[TEXT_LABEL_MAX - 1] = '\0';
	who.kind = IDENTITY_ENDPOINT;
	identity_text(&who, text);
	ck_assert_uint_eq(strlen(text), strlen("endpoint:/") + 2 * (TEXT_LABEL_MAX - 1));
}
END_TEST

START_TEST(roles_are_words)
{
	static const char *const none[] = { "", "Officer", "officer ", "offic", "root", "none",
		"auditors" };

	for (size_t i = 1; i < ROLES; i++) {
		const char *word = identity_role_word((enum identity_role)roles[i]);

		ck_assert_uint_eq(identity_role(word), roles[i]);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_uint_eq(identity_role(none[i]), ROLE_NONE);
	ck_assert_str_eq(identity_role_word(ROLE_NONE), "none");
	ck_assert_str_eq(
	    identity_role_word((enum identity_role)(ROLE_OFFICER | ROLE_AUDITOR)), "none");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, permits_what_is_written_and_nothing_else);
	tcase_add_test(t, not_good_is_permitted_nothing);
	tcase_add_test(t, own_means_all_three_names);
	tcase_add_test(t, an_unknown_act_is_denied);
	tcase_add_test(t, zeros_are_denied);
	tcase_add_test(t, the_platform_is_for_officers);
	tcase_add_test(t, relying_parties_follow_their_tenant);
	tcase_add_test(t, printing_by_kinds);
	tcase_add_test(t, rules_are_whole);
	tcase_add_test(t, digest_is_over_the_table);
	tcase_add_test(t, identities_are_told);
	tcase_add_test(t, the_longest_identity_fits);
	tcase_add_test(t, roles_are_words);
	suite_add_tcase(s, t);
	return run_suite(s);
}
