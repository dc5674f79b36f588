/* tests/unit/second.c - daemon/second.c, duty_proposal.c and duty_staff.c: what one officer may not
 * do alone, and operators that change and go; no socket, no process. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/proposal.h"
#include "ca/staff.h"
#include "daemon/once.h"
#include "daemon/second.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

typedef bool duty_act(struct signer *s, struct errand *j, struct fault *f);

static struct ground g;
static struct signer s;
static size_t lines_n;
static struct errand j;
static struct json *doc;
static const struct ground_cert *alice, *bob, *rita;
static struct bytes message;
static char match[STAFF_TAG_MAX];
static struct fault f;

static void
mode(const char *word)
{
	(void)snprintf(s.settings.two_person, sizeof(s.settings.two_person), "%s", word);
}

static void
setup(void)
{
	ground_new(&g);
	alice = ground_operator(&g, "alice", ROLE_OFFICER);
	bob = ground_operator(&g, "bob", ROLE_OFFICER);
	rita = ground_operator(&g, "rita", ROLE_REGISTRAR);
	s = (struct signer){ .realm = g.realm, .keys = g.keys, .lines_n = &lines_n, .self = g.why };
	mode("auto");
	j = (struct errand){ .now_s = 0 };
	doc = NULL;
	match[0] = '\0';
}

static void
forget(void)
{
	json_free(doc);
	doc = NULL;
	bytes_free(&message);
	bytes_free(&j.answer);
	bytes_free(&j.members);
}

static void
teardown(void)
{
	forget();
	ground_free(&g);
}

/* peer NULL: the machine's own user. What fails is taken back, as a round does it. */
static bool
does(duty_act *act, const char *object, const struct ground_cert *peer, const char *json)
{
	struct ledger *platform = realm_platform(g.realm);
	struct wire_act a = { .source = "192.0.2.1:4711" };
	struct ledger_mark mark = ledger_mark(platform);
	bool ok;

	forget();
	a.object = octets_text(object);
	a.peer = peer == NULL ? octets_of(NULL, 0) : octets_bytes(&peer->der);
	a.json = octets_text(json);
	a.match = octets_text(match);
	wire_put_act(&a, &message);
	j = (struct errand){ .from = peer == NULL ? FROM_DESK : FROM_EDGE,
		.now_s = g.now_s,
		.body = octets_bytes(&message) };
	ok = act(&s, &j, &f);
	if (!ok)
		ledger_undo(platform, mark);
	ground_commit(platform);
	match[0] = '\0';
	if (ok)
		ck_assert(json_parse(octets_bytes(&j.answer), &doc, &f));
	return ok;
}

#define DOES(...) ck_assert_msg(does(__VA_ARGS__), "%s", f.text)
#define REFUSED(kind, words, ...)                                                                  \
	do {                                                                                       \
		ck_assert(!does(__VA_ARGS__));                                                     \
		ck_assert_msg(f.code == (kind) && strstr(f.text, words) != NULL, "%d: %s",         \
		    (int)f.code, f.text);                                                          \
	} while (0)

/* The tag of name as it is now goes with the next act. */
static void
saw(const char *name)
{
	struct staff o;

	ck_assert(staff_find(realm_platform(g.realm), name, &o, &f));
	ck_assert(staff_tag(realm_platform(g.realm), &o, g.now_s, match, &f));
}

static enum identity_role
role_of(const char *name)
{
	struct staff o = { .role = ROLE_NONE };
	struct fault none;

	return staff_find(realm_platform(g.realm), name, &o, &none) ? o.role : ROLE_NONE;
}

/* The id of what was just asked, which waits. */
static void
waits(char id[static PROPOSAL_ID_LETTERS + 1])
{
	ck_assert_uint_eq(j.done, WIRE_DONE | WIRE_WAITS);
	ck_assert_str_eq(json_text(doc, "state"), "waiting");
	ck_assert_str_eq(j.tenant, NAME_PLATFORM); /* a commit that fails is told to this job */
	(void)snprintf(id, PROPOSAL_ID_LETTERS + 1, "%s", json_text(doc, "id"));
}

static bool
suspended(void)
{
	return !realm_authority_good(g.realm, &g.region->a, g.now_s, &f);
}

/* The last entry of the platform's log has these words. */
static void
told(const char *words)
{
	struct bytes key = { 0 }, line = { 0 };

	ck_assert(store_last_key(ledger_store(realm_platform(g.realm)), TABLE_LOG, &key, &f));
	ck_assert(ledger_get(realm_platform(g.realm), TABLE_LOG, octets_bytes(&key), &line, &f));
	bytes_put_u8(&line, 0);
	ck_assert_msg(strstr((const char *)line.at, words) != NULL, "%s", (const char *)line.at);
	bytes_free(&key);
	bytes_free(&line);
}

START_TEST(two_want_it)
{
	char id[PROPOSAL_ID_LETTERS + 1];

	DOES(duty_region_suspend, "eu", alice, "{\"reason\":\"fire\"}");
	waits(id);
	told("act.asked");
	ck_assert(json_get(json_get(doc, "shows"), "certificates") != NULL);
	ck_assert(!suspended());
	REFUSED(
	    FAULT_CONFLICT, id, duty_region_suspend, "eu", bob, "{}"); /* it would be the same */
	REFUSED(FAULT_DENIED, "never the second", duty_act_approve, id, alice, "{}");
	REFUSED(FAULT_DENIED, "policy", duty_act_approve, id, rita, "{}");
	REFUSED(FAULT_BADREQ, "not known", duty_act_approve, id, bob, "{\"force\":true}");
	REFUSED(FAULT_NOTFOUND, "none", duty_act_approve, "0123456789abcdef", bob, "{}");
	REFUSED(FAULT_NOTFOUND, "hex", duty_act_approve, "0123", bob, "{}");
	DOES(duty_act_approve, id, alice, "{\"dry_run\":true}"); /* who asked may look */
	ck_assert(!suspended());
	DOES(duty_act_approve, id, bob, "{}");
	ck_assert(j.cuts);
	ck_assert_str_eq(json_text(json_get(doc, "answer"), "status"), "suspended");
	ck_assert(suspended());
	told("\"second\":\"operator:bob\"");
}
END_TEST

START_TEST(who_needs_nobody)
{
	DOES(duty_region_suspend, "eu", NULL, "{}"); /* the machine's own user */
	told("none: the machine's own user");
	DOES(duty_region_resume, "eu", NULL, "{}");
	mode("never");
	DOES(duty_region_suspend, "eu", alice, "{}");
	told("none: two_person is never");
	DOES(duty_region_resume, "eu", NULL, "{}");
	mode("auto");
	ground_revoke(&g, realm_platform(g.realm), bob->serial, 0);
	DOES(duty_region_suspend, "eu", alice, "{}");
	told("none: there is no other officer");
}
END_TEST

START_TEST(always)
{
	char id[PROPOSAL_ID_LETTERS + 1];

	mode("always");
	saw("rita");
	DOES(duty_operator_role, "rita", NULL, "{\"role\":\"officer\"}");
	waits(id);
	REFUSED(FAULT_DENIED, "never the second", duty_act_approve, id, NULL, "{}");
	DOES(duty_act_approve, id, bob, "{}");
	ck_assert_int_eq(role_of("rita"), ROLE_OFFICER);
	told("\"by\":\"local\"");
	DOES(duty_region_suspend, "eu", NULL, "{}"); /* an emergency has no time */
	ck_assert(suspended());
}
END_TEST

START_TEST(what_changed_is_asked_anew)
{
	char id[PROPOSAL_ID_LETTERS + 1];

	saw("rita");
	DOES(duty_operator_role, "rita", alice, "{\"role\":\"officer\"}");
	waits(id);
	saw("rita");
	DOES(duty_operator_role, "rita", NULL, "{\"role\":\"auditor\"}");
	REFUSED(FAULT_CONFLICT, "any more", duty_act_approve, id, bob, "{}");
	ck_assert_int_eq(role_of("rita"), ROLE_AUDITOR);
	DOES(duty_operator_remove, "bob", alice, "");
	waits(id);
	DOES(duty_operator_remove, "bob", NULL, "");
	REFUSED(FAULT_CONFLICT, "none called bob", duty_act_approve, id, NULL, "{}");
	DOES(duty_region_suspend, "eu", NULL, "{}");
	DOES(duty_region_resume, "eu", NULL, "{}");
}
END_TEST

START_TEST(roles_that_were_lost)
{
	char id[PROPOSAL_ID_LETTERS + 1];

	DOES(duty_region_suspend, "eu", alice, "{}");
	waits(id);
	saw("bob");
	DOES(duty_operator_role, "bob", NULL, "{\"role\":\"auditor\"}");
	REFUSED(FAULT_DENIED, "policy", duty_act_approve, id, bob, "{}");
	REFUSED(FAULT_DENIED, "policy", duty_act_refuse, id, bob, "{\"reason\":\"no\"}");
	saw("alice");
	DOES(duty_operator_role, "alice", NULL, "{\"role\":\"registrar\"}");
	REFUSED(FAULT_CONFLICT, "any more", duty_act_approve, id, NULL, "{}");
	ck_assert(!suspended());
	saw("alice");
	DOES(duty_operator_role, "alice", NULL, "{\"role\":\"officer\"}");
	ground_revoke(&g, realm_platform(g.realm), alice->serial, 0);
	REFUSED(FAULT_CONFLICT, "any more", duty_act_approve, id, NULL, "{}");
	ck_assert(!suspended());
}
END_TEST

START_TEST(no_is_no)
{
	char id[PROPOSAL_ID_LETTERS + 1], longest[PROPOSAL_REASON_MAX + 32];

	DOES(duty_region_suspend, "eu", alice, "{}");
	waits(id);
	REFUSED(FAULT_BADREQ, "reason", duty_act_refuse, id, bob, "{}");
	REFUSED(FAULT_BADREQ, "reason", duty_act_refuse, id, bob, "{\"reason\":\"\"}");
	(void)snprintf(
	    longest, sizeof(longest), "{\"reason\":\"%0*d\"}", PROPOSAL_REASON_MAX + 1, 0);
	REFUSED(FAULT_BADREQ, "reason", duty_act_refuse, id, bob, longest);
	DOES(duty_act_refuse, id, alice, "{\"reason\":\"never mind\"}"); /* taken back */
	told("act.refused");
	REFUSED(FAULT_CONFLICT, "refused already", duty_act_approve, id, bob, "{}");
	REFUSED(FAULT_CONFLICT, "refused already", duty_act_refuse, id, bob, "{\"reason\":\"x\"}");
	ck_assert(!suspended());
	DOES(duty_region_suspend, "eu", alice, "{}"); /* and may be asked again */
	waits(id);
}
END_TEST

START_TEST(a_day)
{
	char id[PROPOSAL_ID_LETTERS + 1];
	struct ledger *l = realm_platform(g.realm);
	struct bytes row = { 0 };
	struct proposal p;

	DOES(duty_region_suspend, "eu", alice, "{}");
	waits(id);
	g.now_s += PROPOSAL_OPEN_S;
	REFUSED(FAULT_CONFLICT, "expired already", duty_act_approve, id, bob, "{}");
	once_sweep(&s, g.now_s);
	ground_commit(l);
	told("act.expired");
	ck_assert(proposal_find(l, id, &row, &p, &f));
	ck_assert_int_eq(p.state, PROPOSAL_EXPIRED);
	g.now_s += PROPOSAL_KEPT_S;
	once_sweep(&s, g.now_s);
	ground_commit(l);
	ck_assert(!proposal_find(l, id, &row, &p, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	bytes_free(&row);
}
END_TEST

START_TEST(only_so_many_wait)
{
	struct ledger *l = realm_platform(g.realm);
	struct proposal p = { .state = PROPOSAL_WAITING, .word = "x", .due_s = g.now_s + 60 };

	for (uint8_t i = 0; i < PROPOSAL_WAITING_MAX; i++) {
		p.id[0] = i;
		ck_assert(proposal_put(l, &p, &f));
	}
	ground_commit(l);
	REFUSED(FAULT_OFTEN, "wait already", duty_region_suspend, "eu", alice, "{}");
	g.now_s += 60;
	DOES(duty_region_suspend, "eu", alice, "{}");
}
END_TEST

START_TEST(the_last_officer)
{
	ground_revoke(&g, realm_platform(g.realm), bob->serial, 0);
	REFUSED(FAULT_CONFLICT, "last officer", duty_operator_remove, "alice", alice, "");
	saw("alice");
	REFUSED(FAULT_CONFLICT, "last officer", duty_operator_role, "alice", alice,
	    "{\"role\":\"auditor\"}");
	DOES(duty_operator_remove, "alice", NULL, "");
	ck_assert_uint_eq(json_count(json_get(doc, "revoked")), 1);
	ck_assert_int_eq(role_of("alice"), ROLE_NONE);
	REFUSED(FAULT_DENIED, "not-good", duty_operator_remove, "rita", alice, "");
}
END_TEST

START_TEST(who_changes_whom)
{
	static const char *const bodies[] = { "", "{}", "{\"role\":1}", "{\"role\":\"king\"}",
		"{\"role\":\"\"}", "{\"role\":\"auditor\",\"name\":\"x\"}", "[]", "{" };

	REFUSED(FAULT_BLIND, "6585", duty_operator_role, "rita", NULL, "{\"role\":\"auditor\"}");
	(void)snprintf(match, sizeof(match), "\"1f\"");
	REFUSED(FAULT_STALE, "9110", duty_operator_role, "rita", NULL, "{\"role\":\"auditor\"}");
	(void)snprintf(match, sizeof(match), "1f");
	REFUSED(FAULT_BADREQ, "9110", duty_operator_role, "rita", NULL, "{\"role\":\"auditor\"}");
	for (size_t i = 0; i < COUNT(bodies); i++) {
		saw("rita");
		REFUSED(FAULT_BADREQ, "", duty_operator_role, "rita", NULL, bodies[i]);
	}
	saw("rita");
	REFUSED(FAULT_CONFLICT, "already", duty_operator_role, "rita", NULL,
	    "{\"role\":\"registrar\"}");
	saw("rita");
	REFUSED(FAULT_DENIED, "policy", duty_operator_role, "rita", rita, "{\"role\":\"officer\"}");
	REFUSED(FAULT_NOTFOUND, "none called", duty_operator_remove, "nobody", NULL, "");
	REFUSED(FAULT_NOTFOUND, "none called", duty_operator_remove, "", NULL, "");
	REFUSED(FAULT_BADREQ, "not known", duty_operator_remove, "rita", NULL, "{\"why\":1}");
	(void)snprintf(match, sizeof(match), "\"1f\"");
	REFUSED(FAULT_STALE, "9110", duty_operator_remove, "rita", NULL, "");
	DOES(duty_operator_remove, "rita", alice, ""); /* no officer: one is enough */
	told("operator.removed");
	REFUSED(FAULT_NOTFOUND, "none called", duty_operator_remove, "rita", alice, "");
}
END_TEST

START_TEST(tags)
{
	struct ledger *l = realm_platform(g.realm);
	char first[STAFF_TAG_MAX], second[STAFF_TAG_MAX];
	uint8_t row[1 + TBS_SERIAL_OCTETS + 8] = { ROLE_AUDITOR };
	struct staff o;

	ck_assert(staff_find(l, "rita", &o, &f));
	ck_assert_uint_eq(o.since, 0); /* a row of before has no index */
	ck_assert(staff_tag(l, &o, g.now_s, first, &f));
	ck_assert(staff_tag(l, &o, g.now_s, second, &f));
	ck_assert_str_eq(first, second);
	o.since = 7;
	staff_put(l, &o);
	ground_commit(l);
	ck_assert(staff_find(l, "rita", &o, &f));
	ck_assert_uint_eq(o.since, 7);
	ck_assert(staff_tag(l, &o, g.now_s, second, &f));
	ck_assert_str_ne(first, second);
	ground_revoke(&g, l, rita->serial, 0);
	ck_assert(staff_tag(l, &o, g.now_s, first, &f));
	ck_assert_str_ne(first, second);
	for (size_t n = 0; n < sizeof(row); n++) /* rows of no edition */
		ck_assert_int_eq(staff_read(octets_text("x"), octets_of(row, n), &o),
		    n == 1 + TBS_SERIAL_OCTETS);
	ck_assert(!staff_read(octets_of(NULL, 0), octets_of(row, sizeof(row)), &o));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("second");
	TCase *t = tcase_create("second");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, two_want_it);
	tcase_add_test(t, who_needs_nobody);
	tcase_add_test(t, always);
	tcase_add_test(t, what_changed_is_asked_anew);
	tcase_add_test(t, roles_that_were_lost);
	tcase_add_test(t, no_is_no);
	tcase_add_test(t, a_day);
	tcase_add_test(t, only_so_many_wait);
	tcase_add_test(t, the_last_officer);
	tcase_add_test(t, who_changes_whom);
	tcase_add_test(t, tags);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
