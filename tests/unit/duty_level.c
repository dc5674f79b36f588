/* tests/unit/duty_level.c - daemon/duty_level.c, duty_revoke.c, duty_roll.c and radius.c: acts on
 * many at once, as the signer judges them; no socket, no process. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/revoke.h"
#include "daemon/radius.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

typedef bool duty_act(struct signer *s, struct errand *j, struct fault *f);

static struct ground g;
static struct signer s;
static struct line lines[3];
static size_t lines_n;
static struct errand j;
static struct json *doc;
static const struct ground_cert *leaf;
static char serial[TBS_SERIAL_OCTETS * 2 + 1];
static struct bytes message;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	text_hex(leaf->serial, TBS_SERIAL_OCTETS, serial);
	lines_n = COUNT(lines);
	for (size_t i = 0; i < lines_n; i++)
		lines[i] = (struct line){ .fd = i == 2 ? -1 : 3, .from = FROM_EDGE };
	s = (struct signer){
		.realm = g.realm, .keys = g.keys, .lines = lines, .lines_n = &lines_n, .self = g.why
	};
	j = (struct errand){ .now_s = 0 };
	doc = NULL;
	f = (struct fault){ 0 };
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
	for (size_t i = 0; i < COUNT(lines); i++)
		bytes_free(&lines[i].sessions);
	ground_free(&g);
}

/* peer NULL: the machine's own user at the desk. What fails is taken back, as a round does it. */
static bool
does(duty_act *act, const char *tenant, const char *object, const struct ground_cert *peer,
    const char *json)
{
	struct ledger *own, *platform = realm_platform(g.realm);
	struct wire_act a = { .source = "192.0.2.1:4711" };
	struct ledger_mark mark, own_mark;
	bool ok;

	forget();
	(void)snprintf(a.tenant, sizeof(a.tenant), "%s", tenant);
	a.object = octets_text(object);
	a.peer = peer == NULL ? octets_of(NULL, 0) : octets_bytes(&peer->der);
	a.json = octets_text(json);
	wire_put_act(&a, &message);
	j = (struct errand){ .from = peer == NULL ? FROM_DESK : FROM_EDGE,
		.now_s = g.now_s,
		.body = octets_bytes(&message) };
	if (tenant[0] == '\0' || !realm_ledger(g.realm, tenant, &own, &f))
		own = platform;
	mark = ledger_mark(platform);
	own_mark = ledger_mark(own);
	ok = act(&s, &j, &f);
	if (!ok) {
		ledger_undo(platform, mark);
		ledger_undo(own, own_mark);
	}
	ground_commit(platform);
	ground_commit(own);
	if (ok)
		ck_assert(json_parse(octets_bytes(&j.answer), &doc, &f));
	return ok;
}

static bool
gather(void *with, struct octets key, struct octets value)
{
	bytes_put_counted(with, key);
	bytes_put_counted(with, value);
	return true;
}

/* Every table of a ledger, bit for bit. */
static struct bytes
whole(struct ledger *l)
{
	struct bytes all = { 0 };

	for (unsigned t = TABLE_META; t <= TABLE_CRL; t++)
		ck_assert(
		    store_scan(ledger_store(l), t, octets_of(NULL, 0), SIZE_MAX, gather, &all, &f));
	return all;
}

static int64_t
number(const char *name)
{
	int64_t v = -1;

	ck_assert_msg(json_number(doc, name, 0, INT64_MAX, -1, &v), "%s", name);
	return v;
}

/* So many connections on a line by certificates of a CA. */
static void
serves(struct line *l, const struct issuer *ca, uint32_t n)
{
	struct bytes b = { 0 };
	struct errand told;

	bytes_put_u64(&b, n);
	bytes_put(&b, ca->a.key_id, TBS_KEY_ID_OCTETS);
	bytes_put_u32(&b, n);
	told = (struct errand){ .body = octets_bytes(&b), .sessions = &l->sessions };
	ck_assert_msg(duty_sessions(&s, &told, &f), "%s", f.text);
	bytes_free(&b);
}

static bool
is_good(const struct issuer *ca)
{
	return realm_authority_good(g.realm, &ca->a, g.now_s, &f);
}

START_TEST(a_dry_run_writes_nothing)
{
	struct ledger *both[] = { realm_platform(g.realm), g.acme->ledger };
	static const struct {
		duty_act *act;
		const char *tenant, *object;
	} all[] = { { duty_tenant_suspend, "acme", "" }, { duty_region_suspend, "", "eu" },
		{ duty_hold, "acme", serial } };

	for (size_t i = 0; i < COUNT(all); i++) {
		struct bytes before[2], after[2];

		before[0] = whole(both[0]);
		before[1] = whole(both[1]);
		ck_assert_msg(does(all[i].act, all[i].tenant, all[i].object, NULL,
				  "{\"dry_run\":true,\"reason\":\"why\"}"),
		    "%s", f.text);
		ck_assert(json_true(doc, "dry_run"));
		ck_assert_str_eq(json_text(doc, "status"), "good");
		for (size_t k = 0; k < 2; k++) {
			after[k] = whole(both[k]);
			ck_assert(octets_same(octets_bytes(&before[k]), octets_bytes(&after[k])));
			bytes_free(&before[k]);
			bytes_free(&after[k]);
		}
	}
}
END_TEST

START_TEST(what_lies_beneath_is_counted)
{
	const struct issuer *other = ground_tenant(&g, "other", CONSTRAINTS_STRICT);

	(void)ground_leaf(&g, g.acme, "printer", "two");
	(void)ground_leaf(&g, other, "printer", "three");
	serves(&lines[0], g.acme, 3);
	serves(&lines[1], g.acme, 4);
	serves(&lines[2], g.acme, 100); /* an edge that is gone */
	ck_assert(does(duty_tenant_suspend, "acme", "", NULL, "{\"dry_run\":true}"));
	ck_assert_int_eq(number("certificates"), 2);
	ck_assert_int_eq(number("connections"), 7);
	ck_assert_int_eq(number("tenants"), 1);
	ck_assert_int_eq(number("renewals_due"), 0);
	ck_assert(json_true(doc, "complete"));
	ck_assert(!json_true(doc, "platform"));
	serves(&lines[1], other, 5); /* the newest word counts */
	ck_assert(does(duty_region_suspend, "", "eu", NULL, "{\"dry_run\":true}"));
	ck_assert_int_eq(number("certificates"), 3);
	ck_assert_int_eq(number("connections"), 8);
	ck_assert_int_eq(number("tenants"), 3);
	ck_assert(json_true(doc, "platform"));
	g.now_s += 65 * 86400;
	ck_assert(does(duty_tenant_suspend, "acme", "", NULL, "{\"dry_run\":true}"));
	ck_assert_int_eq(number("renewals_due"), 2);
	g.now_s += 30 * 86400;
	ck_assert(does(duty_tenant_suspend, "acme", "", NULL, "{\"dry_run\":true}"));
	ck_assert_int_eq(number("certificates"), 0);
}
END_TEST

/* An edge may be captured: what it says has one shape. */
START_TEST(words_about_sessions)
{
	struct bytes kept = { 0 }, b = { 0 };

	j = (struct errand){ .sessions = &kept };
	for (size_t n = 0; n < 100; n++) {
		bytes_clear(&b);
		memset(bytes_extend(&b, n + 1), 0xff, n + 1);
		j.body = octets_of(b.at, n);
		ck_assert_int_eq(duty_sessions(&s, &j, &f), n >= 8 && (n - 8) % 24 == 0);
	}
	bytes_clear(&b);
	memset(bytes_extend(&b, 8 + 24 * (WIRE_SESSIONS_MAX + 1)), 0xff,
	    8 + 24 * (WIRE_SESSIONS_MAX + 1));
	j.body = octets_of(b.at, b.n);
	ck_assert(!duty_sessions(&s, &j, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	j.body = octets_of(b.at, b.n - 24);
	ck_assert(duty_sessions(&s, &j, &f)); /* so many of one CA as fit, added up without harm */
	bytes_free(&b);
	bytes_free(&kept);
}
END_TEST

START_TEST(who_may)
{
	const struct ground_cert *officer = ground_operator(&g, "olga", ROLE_OFFICER),
				 *registrar = ground_operator(&g, "rita", ROLE_REGISTRAR),
				 *auditor = ground_operator(&g, "anna", ROLE_AUDITOR);
	static duty_act *const officers[] = { duty_tenant_suspend, duty_tenant_resume, duty_roll };
	const struct ground_cert *others[] = { registrar, auditor, leaf };
	char own[TBS_SERIAL_OCTETS * 2 + 1];

	for (size_t i = 0; i < COUNT(officers); i++)
		for (size_t k = 0; k < COUNT(others); k++) {
			ck_assert(!does(officers[i], "acme", "", others[k], ""));
			ck_assert_int_eq(f.code, FAULT_DENIED);
		}
	for (size_t k = 0; k < COUNT(others); k++) {
		ck_assert(!does(duty_region_suspend, "", "eu", others[k], "{\"dry_run\":true}"));
		ck_assert_int_eq(f.code, FAULT_DENIED);
	}
	ck_assert(!does(duty_hold, "acme", serial, auditor, ""));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert(!does(duty_hold, "acme", serial, leaf, "")); /* not even itself */
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_msg(does(duty_hold, "acme", serial, registrar, ""), "%s", f.text);
	ck_assert(does(duty_release, "acme", serial, registrar, ""));
	text_hex(auditor->serial, TBS_SERIAL_OCTETS, own);
	ck_assert(!does(duty_hold, NAME_PLATFORM, own, registrar, "")); /* an officer's */
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert(does(duty_hold, NAME_PLATFORM, own, officer, ""));
	ck_assert(does(duty_tenant_suspend, "acme", "", officer, ""));
	ck_assert(!is_good(g.acme));
}
END_TEST

/* Whoever locked itself out is let in by the desk alone. */
START_TEST(a_region_is_resumed_from_the_machine)
{
	const struct ground_cert *officer = ground_operator(&g, "olga", ROLE_OFFICER);

	ck_assert(does(duty_region_suspend, "", "eu", officer, ""));
	ck_assert(!does(duty_region_resume, "", "eu", officer, ""));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert(!does(duty_tenant_suspend, "acme", "", officer, ""));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_msg(does(duty_region_resume, "", "eu", NULL, ""), "%s", f.text);
	ck_assert(does(duty_tenant_suspend, "acme", "", officer, ""));
}
END_TEST

START_TEST(bodies_that_are_none)
{
	static char reason[700];
	static const char *const bad[] = { "[]", "1", "{\"dry_run\":1}", "{\"dry_run\":\"true\"}",
		"{\"dry_run\":null}", "{\"dry-run\":true}", "{\"reason\":1}", "{\"reason\":null}",
		"{\"reason\":\"a\",\"force\":true}", "{\"reason\":", "{}{}", reason };

	(void)snprintf(reason, sizeof(reason), "{\"reason\":\"%0600d\"}", 1);
	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(!does(duty_tenant_suspend, "acme", "", NULL, bad[i]), "%s", bad[i]);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert(!does(duty_region_suspend, "", "eu", NULL, bad[i]));
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert(!does(duty_hold, "acme", serial, NULL, bad[i]));
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	ck_assert(is_good(g.acme));
	ck_assert(does(duty_tenant_suspend, "acme", "", NULL, "{\"dry_run\":false}"));
	ck_assert(!is_good(g.acme));
}
END_TEST

START_TEST(names_that_are_none)
{
	static const char *const bad[] = { "", "..", "a/b", "nobody", "EU", "eu ", "-",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(!does(duty_region_suspend, "", bad[i], NULL, ""), "%s", bad[i]);
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	}
	ck_assert(!does(duty_tenant_suspend, NAME_PLATFORM, "", NULL, ""));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_ptr_nonnull(strstr(f.text, "lock"));
	ck_assert(!does(duty_tenant_suspend, "nobody", "", NULL, ""));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!does(duty_hold, "acme", "00", NULL, ""));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!does(duty_hold, "nobody", serial, NULL, ""));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(a_cas_end_wants_its_name)
{
	static const char *const unmeant[] = { "", "{}", "{\"confirm\":\"\"}",
		"{\"confirm\":\"acm\"}", "{\"confirm\":\"eu\"}", "{\"confirm\":\"platform\"}",
		"{\"confirm\":\"ACME\"}", "{\"confirm\":true}" };
	char ca[TBS_SERIAL_OCTETS * 2 + 1];
	struct json *m;
	int64_t v;

	text_hex(g.acme->a.serial, TBS_SERIAL_OCTETS, ca);
	serves(&lines[0], g.acme, 3);
	for (size_t i = 0; i < COUNT(unmeant); i++) {
		ck_assert_msg(
		    !does(duty_revoke, NAME_PLATFORM, ca, NULL, unmeant[i]), "%s", unmeant[i]);
		ck_assert_int_eq(f.code, FAULT_CONFLICT);
		ck_assert(json_parse(octets_bytes(&j.members), &m, &f));
		ck_assert_str_eq(json_text(m, "confirm"), "acme");
		ck_assert(json_number(m, "certificates", 0, 9, -1, &v));
		ck_assert_int_eq(v, 1);
		ck_assert(json_number(m, "connections", 0, 9, -1, &v));
		ck_assert_int_eq(v, 3);
		json_free(m);
		ck_assert(is_good(g.acme));
	}
	ck_assert_msg(does(duty_revoke, NAME_PLATFORM, ca, NULL,
			  "{\"confirm\":\"acme\",\"reason\":\"cACompromise\"}"),
	    "%s", f.text);
	ck_assert_int_eq(number("certificates"), 1);
	ck_assert(!is_good(g.acme));
	ck_assert(!does(duty_revoke, NAME_PLATFORM, ca, NULL, "{\"confirm\":\"acme\"}"));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_uint_eq(j.members.n, 0); /* it is over already: nothing to confirm */
	ck_assert(!does(duty_tenant_resume, "acme", "", NULL, ""));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
}
END_TEST

START_TEST(ends_that_are_refused)
{
	char root[TBS_SERIAL_OCTETS * 2 + 1], platform[TBS_SERIAL_OCTETS * 2 + 1];

	text_hex(g.root->a.serial, TBS_SERIAL_OCTETS, root);
	text_hex(g.platform->a.serial, TBS_SERIAL_OCTETS, platform);
	ck_assert(!does(duty_revoke, NAME_PLATFORM, root, NULL, "{\"confirm\":\"root\"}"));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert(!does(duty_revoke, NAME_PLATFORM, platform, NULL, "{\"confirm\":\"platform\"}"));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert(!does(duty_revoke, "acme", serial, NULL, "{\"confirm\":\"acme\"}"));
	ck_assert_int_eq(f.code, FAULT_BADREQ); /* a leaf's end is not confirmed */
	ck_assert_msg(does(duty_roll, NAME_PLATFORM, "", NULL, ""), "%s", f.text);
	ck_assert_msg(
	    does(duty_revoke, NAME_PLATFORM, platform, NULL, "{\"confirm\":\"platform\"}"), "%s",
	    f.text); /* once the service stands on another */
	ck_assert(!is_good(g.platform));
}
END_TEST

START_TEST(a_rollover_by_its_act)
{
	ck_assert(!does(duty_roll, "acme", "", NULL, "{\"name\":\"acme\"}"));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_msg(does(duty_roll, "acme", "", NULL, "{}"), "%s", f.text);
	ck_assert_str_eq(json_text(doc, "tenant"), "acme");
	ck_assert_str_ne(json_text(doc, "ca_serial"), json_text(doc, "before_serial"));
	ck_assert(does(duty_tenant_suspend, "acme", "", NULL, "{}"));
	ck_assert(!does(duty_roll, "acme", "", NULL, "{}"));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!is_good(g.acme)); /* both were stopped */
	ck_assert(does(duty_tenant_resume, "acme", "", NULL, "{}"));
	ck_assert(is_good(g.acme));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("duty_level");
	TCase *t = tcase_create("duty_level");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, a_dry_run_writes_nothing);
	tcase_add_test(t, what_lies_beneath_is_counted);
	tcase_add_test(t, words_about_sessions);
	tcase_add_test(t, who_may);
	tcase_add_test(t, a_region_is_resumed_from_the_machine);
	tcase_add_test(t, bodies_that_are_none);
	tcase_add_test(t, names_that_are_none);
	tcase_add_test(t, a_cas_end_wants_its_name);
	tcase_add_test(t, ends_that_are_refused);
	tcase_add_test(t, a_rollover_by_its_act);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
