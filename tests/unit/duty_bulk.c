/* tests/unit/duty_bulk.c - daemon/duty_bulk.c and duty_endpoint.c: who may end many, what has to be
 * said for it, and that what is only counted, or refused, leaves nothing behind. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/revoke.h"
#include "ca/token.h"
#include "daemon/signer.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SERIAL   TBS_SERIAL_OCTETS
#define MANY     "{\"enroller\":\"operator:alice\""

typedef bool duty_act(struct signer *s, struct errand *j, struct fault *f);

static struct ground g;
static struct signer s;
static struct ledger *l;
static struct errand j;
static struct json *doc;
static const struct ground_cert *leaf[3];
static uint8_t serials[8 * SERIAL];
static size_t named; /* of serials, that an act names */
static struct bytes message, before, after;
static struct fault f;

static void
setup(void)
{
	static const char *const names[] = { "hp-0", "hp-1", "hp-2" };

	ground_new(&g);
	l = g.acme->ledger;
	for (size_t i = 0; i < 3; i++) {
		leaf[i] = ground_leaf(&g, g.acme, "printer", names[i]);
		memcpy(serials + i * SERIAL, leaf[i]->serial, SERIAL);
	}
	s = (struct signer){ .realm = g.realm, .keys = g.keys, .self = g.why };
	j = (struct errand){ .now_s = 0 };
	named = 0;
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
	bytes_free(&before);
	bytes_free(&after);
	ground_free(&g);
}

/* peer NULL: the machine's own user at the desk. What fails is taken back, as a round does it. */
static bool
does(duty_act *act, const char *tenant, struct octets object, const struct ground_cert *peer,
    const char *json)
{
	struct ledger *own, *platform = realm_platform(g.realm);
	struct wire_act a = { .source = "192.0.2.1:4711", .object = object };
	struct ledger_mark mark, own_mark;
	bool ok;

	forget();
	ck_assert(realm_ledger(g.realm, tenant, &own, &f));
	(void)snprintf(a.tenant, sizeof(a.tenant), "%s", tenant);
	a.peer = peer == NULL ? octets_of(NULL, 0) : octets_bytes(&peer->der);
	a.json = octets_text(json);
	wire_put_act(&a, &message);
	j = (struct errand){ .from = peer == NULL ? FROM_DESK : FROM_EDGE,
		.now_s = g.now_s,
		.body = octets_bytes(&message) };
	mark = ledger_mark(platform);
	own_mark = ledger_mark(own);
	f = (struct fault){ 0 };
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
revokes(const struct ground_cert *peer, const char *json)
{
	return does(duty_revoke_many, "acme", octets_of(serials, named * SERIAL), peer, json);
}

static bool
removes(const struct ground_cert *peer, const char *what, const char *json)
{
	return does(duty_endpoint_remove, "acme", octets_text(what), peer, json);
}

static bool
gather(void *with, struct octets key, struct octets value)
{
	bytes_put_counted(with, key);
	bytes_put_counted(with, value);
	return true;
}

/* Every table of both ledgers, bit for bit. */
static void
take(struct bytes *all)
{
	bytes_clear(all);
	for (unsigned t = TABLE_META; t < TABLE_COUNT; t++) {
		ck_assert(
		    store_scan(ledger_store(l), t, octets_of(NULL, 0), SIZE_MAX, gather, all, &f));
		ck_assert(store_scan(ledger_store(realm_platform(g.realm)), t, octets_of(NULL, 0),
		    SIZE_MAX, gather, all, &f));
	}
}

static void
nothing_changed(void)
{
	take(&after);
	ck_assert(octets_same(octets_bytes(&before), octets_bytes(&after)));
}

static int64_t
number(const char *name)
{
	int64_t v = -1;

	ck_assert_msg(json_number(doc, name, 0, INT64_MAX, -1, &v), "%s", name);
	return v;
}

static enum standing_state
state(size_t i)
{
	struct standing st;

	ck_assert(ledger_standing(l, leaf[i]->serial, &st, &f));
	return st.state;
}

/* More certificates of operator:alice than may end without a number. */
static void
fill(size_t n)
{
	uint8_t serial[SERIAL] = { 0x11 };
	struct standing st;

	ck_assert(ledger_standing(l, leaf[0]->serial, &st, &f));
	for (size_t i = 0; i < n; i++) {
		serial[1] = (uint8_t)(i >> 8);
		serial[2] = (uint8_t)i;
		ck_assert(ledger_put_standing(l, serial, &st, &f));
	}
	ground_commit(l);
}

START_TEST(bodies_that_are_none)
{
	static const char *const bad[] = { "{}", "[]", "x", "{\"enroller\":\"a\",\"token\":\"b\"}",
		"{\"enroller\":1}", "{\"token\":null}", "{\"enroller\":\"\"}",
		MANY ",\"added_after\":1}", MANY ",\"added_before\":\"soon\"}",
		MANY ",\"reason\":\"bored\"}", MANY ",\"reason\":\"certificateHold\"}",
		MANY ",\"dry_run\":1}", MANY ",\"dry_run\":\"true\"}", MANY ",\"confirm\":\"3\"}",
		MANY ",\"confirm\":-1}", MANY ",\"confirm\":1.5}", MANY ",\"dryrun\":true}",
		MANY ",\"serials\":[]}" };

	take(&before);
	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(!revokes(NULL, bad[i]), "%s", bad[i]);
		ck_assert_msg(f.code == FAULT_BADREQ, "%s: %s", bad[i], f.text);
	}
	named = 1; /* serials and another selection */
	ck_assert(!revokes(NULL, MANY "}"));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(!revokes(NULL, "{\"added_after\":\"2030-01-01T00:00:00Z\"}"));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(!does(duty_revoke_many, "acme", octets_of(serials, SERIAL + 1), NULL, "{}"));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	nothing_changed();
}
END_TEST

START_TEST(who_may)
{
	const struct ground_cert *rita = ground_operator(&g, "rita", ROLE_REGISTRAR),
				 *anna = ground_operator(&g, "anna", ROLE_AUDITOR),
				 *none = ground_operator(&g, "nemo", ROLE_NONE),
				 *gone = ground_operator(&g, "olaf", ROLE_OFFICER);
	const struct ground_cert *const not_these[] = { anna, none, gone, leaf[0] };

	ground_revoke(&g, g.platform->ledger, gone->serial, 1);
	take(&before);
	for (size_t i = 0; i < COUNT(not_these); i++) {
		ck_assert(!revokes(not_these[i], MANY ",\"dry_run\":true}"));
		ck_assert_int_eq(f.code, FAULT_DENIED);
		ck_assert(!removes(not_these[i], "printer/hp-0", "{}"));
		ck_assert_int_eq(f.code, FAULT_DENIED);
	}
	ck_assert(!does(duty_revoke_many, "platform", octets_of(NULL, 0), rita, MANY "}"));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert(
	    !does(duty_endpoint_remove, "platform", octets_text("operator/anna"), NULL, "{}"));
	ck_assert_int_eq(f.code, FAULT_DENIED); /* operators are removed as such */
	j.from = FROM_EDGE;
	nothing_changed();
	ck_assert_msg(revokes(rita, MANY "}"), "%s", f.text);
	ck_assert_int_eq(number("revoked"), 3);
}
END_TEST

START_TEST(only_counted)
{
	take(&before);
	ck_assert_msg(
	    revokes(NULL, MANY ",\"dry_run\":true,\"reason\":\"keyCompromise\"}"), "%s", f.text);
	ck_assert_int_eq(number("revoked"), 3);
	ck_assert(json_true(doc, "dry_run"));
	ck_assert_ptr_null(json_get(doc, "log_index"));
	ck_assert(removes(NULL, "printer/hp-0", "{\"dry_run\":true,\"reason\":\"keyCompromise\"}"));
	ck_assert_int_eq(number("revoked"), 1);
	nothing_changed();
}
END_TEST

START_TEST(their_number)
{
	struct json *members;

	fill(8);
	take(&before);
	ck_assert(!revokes(NULL, MANY "}"));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(json_parse(octets_bytes(&j.members), &members, &f));
	json_free(doc);
	doc = members;
	ck_assert_int_eq(number("confirm"), 11);
	ck_assert_int_eq(number("already"), 0);
	ck_assert(!revokes(NULL, MANY ",\"confirm\":10}"));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	named = 3;
	ck_assert(!revokes(NULL, "{\"confirm\":2}")); /* a number that is said is meant */
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	named = 0;
	nothing_changed();
	ck_assert_msg(revokes(NULL, MANY ",\"confirm\":11}"), "%s", f.text);
	ck_assert_int_eq(number("revoked"), 11);
	ck_assert_int_eq(number("log_index"), number("first_index") + 11);
	ck_assert_msg(revokes(NULL, MANY ",\"confirm\":11}"), "%s", f.text); /* once more */
	ck_assert_int_eq(number("revoked"), 0);
	ck_assert_int_eq(number("already"), 11);
	ck_assert_ptr_null(json_get(doc, "log_index"));
}
END_TEST

START_TEST(by_serials)
{
	struct bytes line = { 0 };
	struct json *entry;
	uint8_t at[8];

	named = 4; /* one of them twice */
	memcpy(serials + (size_t)3 * SERIAL, leaf[1]->serial, SERIAL);
	ck_assert_msg(revokes(NULL, "{\"reason\":\"superseded\"}"), "%s", f.text);
	ck_assert_int_eq(number("revoked"), 3);
	ck_assert_int_eq(number("already"), 0);
	ck_assert(
	    ledger_get(l, TABLE_LOG, octets_u64((uint64_t)number("log_index"), at), &line, &f));
	ck_assert(json_parse(octets_bytes(&line), &entry, &f));
	ck_assert_str_eq(json_text(entry, "act"), "certificates.revoked");
	ck_assert_str_eq(json_text(entry, "selector"), "serials");
	ck_assert_str_eq(json_text(entry, "reason"), "superseded");
	ck_assert_str_eq(json_text(entry, "by"), "local");
	json_free(entry);
	bytes_free(&line);
}
END_TEST

/* What the round has written already is in the batch, and found all the same. */
START_TEST(what_this_round_has_issued)
{
	uint8_t serial[SERIAL] = { 0x12 };
	struct standing st;

	ck_assert(ledger_standing(l, leaf[0]->serial, &st, &f));
	ck_assert(ledger_put_standing(l, serial, &st, &f)); /* and no commit */
	ck_assert_msg(revokes(NULL, MANY "}"), "%s", f.text);
	ck_assert_int_eq(number("revoked"), 4);
}
END_TEST

START_TEST(names_of_no_device)
{
	static const char *const bad[] = { "", "/", "printer", "printer/", "/hp-0", "printer/hp-0/",
		"Printer/hp-0", "printer/hp_0", "printer/hp-9", "gateway/hp-0" };
	char longest[300];

	take(&before);
	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(!removes(NULL, bad[i], "{}"), "%s", bad[i]);
		ck_assert_msg(f.code == FAULT_NOTFOUND, "%s: %s", bad[i], f.text);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	longest[100] = '/';
	ck_assert(!removes(NULL, longest, "{}"));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!removes(NULL, "printer/hp-0", "{\"reason\":\"bored\"}"));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(!removes(NULL, "printer/hp-0", "{\"dry_run\":\"no\"}"));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(!removes(NULL, "printer/hp-0", "{\"name\":\"hp-1\"}"));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	nothing_changed();
}
END_TEST

START_TEST(a_device_goes)
{
	struct standing st;

	ck_assert_msg(removes(NULL, "printer/hp-0", "{}"), "%s", f.text);
	ck_assert_int_eq(number("revoked"), 1);
	ck_assert_str_eq(json_text(doc, "reason"), "cessationOfOperation");
	ck_assert_int_eq(state(0), STANDING_REVOKED);
	ck_assert_int_eq(state(1), STANDING_GOOD);
	ck_assert_msg(
	    removes(NULL, "printer/hp-1", "{\"reason\":\"keyCompromise\"}"), "%s", f.text);
	ck_assert(ledger_standing(l, leaf[1]->serial, &st, &f));
	ck_assert_uint_eq(st.reason, REASON_KEY_COMPROMISE);
	ck_assert(!removes(NULL, "printer/hp-0", "{}"));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("duty_bulk");
	TCase *t = tcase_create("duty_bulk");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, bodies_that_are_none);
	tcase_add_test(t, who_may);
	tcase_add_test(t, only_counted);
	tcase_add_test(t, their_number);
	tcase_add_test(t, by_serials);
	tcase_add_test(t, what_this_round_has_issued);
	tcase_add_test(t, names_of_no_device);
	tcase_add_test(t, a_device_goes);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
