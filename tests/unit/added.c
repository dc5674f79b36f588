/* tests/unit/added.c - ca/added.h and ca/removal.h: what somebody brought in, and an endpoint that
 * leaves with all that it has. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/added.h"
#include "ca/device.h"
#include "ca/petition.h"
#include "ca/printer.h"
#include "ca/removal.h"
#include "ca/token.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define SERIAL TBS_SERIAL_OCTETS

static struct ground g;
static struct ledger *l, *platform;
static const struct ground_cert *leaf[3]; /* hp-0, hp-1, hp-2 */
static struct bytes found;
static size_t ended;
static struct fault f;

static void
setup(void)
{
	static const char *const names[] = { "hp-0", "hp-1", "hp-2" };

	ground_new(&g);
	l = g.acme->ledger;
	platform = realm_platform(g.realm);
	for (size_t i = 0; i < 3; i++)
		leaf[i] = ground_leaf(&g, g.acme, "printer", names[i]);
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	bytes_free(&found);
	ground_free(&g);
}

static struct standing
standing(const uint8_t *serial)
{
	struct standing s;

	ck_assert_msg(ledger_standing(l, serial, &s, &f), "%s", f.text);
	return s;
}

static bool
count(void *with, struct octets key, struct octets value)
{
	(void)key;
	(void)value;
	++*(size_t *)with;
	return true;
}

static size_t
rows(enum ledger_table table)
{
	size_t n = 0;

	ck_assert(store_scan(
	    ledger_store(l), (unsigned)table, octets_of(NULL, 0), SIZE_MAX, count, &n, &f));
	return n;
}

/* An intent of printer/NAME; the ticket is the caller's. */
static struct ticket *
intend(const char *name)
{
	struct endpoint e = { "", "printer", "" };
	struct provenance from;
	struct wish w;
	struct ticket *t;

	(void)snprintf(e.name, sizeof(e.name), "%s", name);
	w = ground_wish(&g, g.acme, &e, &from, key_spki(leaf[0]->key));
	ck_assert(issue_prepare(g.acme, &w, g.now_s, &t, &f));
	ck_assert(issue_intend(g.acme, t, &f));
	ground_commit(l);
	return t;
}

/* A certificate of printer/hp-0 like a renewal, by key; its serial, and the one that it renews. */
static void
renew(const uint8_t *renewed, struct key *key, uint8_t ret[static SERIAL])
{
	struct endpoint e = { "", "printer", "hp-0" };
	struct provenance from;
	struct wish w = ground_wish(&g, g.acme, &e, &from, key_spki(key));
	struct ticket *t;

	(void)snprintf(from.how, sizeof(from.how), "certificate");
	text_hex(renewed, SERIAL, from.evidence);
	ck_assert_msg(issue_now(g.acme, &w, &g.journal, &g.why, g.now_s, &t, &f), "%s", f.text);
	memcpy(ret, ticket_serial(t), SERIAL);
	ticket_free(t);
}

/* --- what somebody brought in ----------------------------------------------------------------- */

static struct added_pick
by(const char *enroller, const char *evidence)
{
	return (struct added_pick){ enroller, evidence, INT64_MIN, INT64_MAX };
}

static bool
finds(const struct added_pick *p)
{
	bytes_free(&found);
	ended = 99;
	f = (struct fault){ 0 };
	return added_find(l, p, g.now_s, 100, &found, &ended, &f);
}

static bool
has(const uint8_t *serial)
{
	for (size_t i = 0; i < found.n; i += SERIAL)
		if (memcmp(found.at + i, serial, SERIAL) == 0)
			return true;
	return false;
}

START_TEST(of_an_enroller)
{
	struct added_pick p = by("operator:alice", NULL);

	ck_assert_msg(finds(&p), "%s", f.text);
	ck_assert_uint_eq(found.n, 3 * SERIAL); /* and no responder, no log */
	ck_assert_uint_eq(ended, 0);
	ground_revoke(&g, l, leaf[1]->serial, 4);
	ck_assert(finds(&p));
	ck_assert_uint_eq(found.n, 2 * SERIAL);
	ck_assert_uint_eq(ended, 1);
	ck_assert(has(leaf[0]->serial) && has(leaf[2]->serial));
	p.enroller = "operator:alic";
	ck_assert(finds(&p));
	ck_assert_uint_eq(found.n + ended, 0);
	p.enroller = g.why.by;
	ck_assert(finds(&p));
	ck_assert_uint_eq(found.n + ended, 0);
}
END_TEST

START_TEST(of_an_enroller_in_a_time)
{
	const struct {
		int64_t after_s, before_s;
		size_t n;
	} of[] = { { g.now_s, g.now_s, 3 }, { g.now_s + 1, INT64_MAX, 0 },
		{ INT64_MIN, g.now_s - 1, 0 }, { g.now_s - 1, g.now_s + 1, 3 },
		{ g.now_s - 7200, g.now_s - 1, 0 }, { INT64_MIN, g.now_s, 3 } };
	struct added_pick p = by("operator:alice", NULL);

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		p.after_s = of[i].after_s;
		p.before_s = of[i].before_s;
		ck_assert(finds(&p));
		ck_assert_uint_eq(found.n, of[i].n * SERIAL);
	}
}
END_TEST

START_TEST(of_an_enroller_that_is_too_much)
{
	struct added_pick p = by("operator:alice", NULL);

	ck_assert(!added_find(l, &p, g.now_s, 2, &found, &ended, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert_ptr_nonnull(strstr(f.text, "3 certificates"));
	ck_assert_uint_eq(found.n, 0);
	g.now_s += 200 * 86400; /* what has ended by itself is nobody's any more */
	ck_assert(finds(&p));
	ck_assert_uint_eq(found.n + ended, 0);
}
END_TEST

/* A token of printer/NAME; its id. */
static void
put_token(uint8_t n, const char *name, enum token_state state, const uint8_t *serial, char *ret_id)
{
	struct token t = { .state = state,
		.device = { "acme", "printer", "" },
		.profile = "printer",
		.created_s = g.now_s,
		.expires_s = g.now_s + 3600 };

	t.hash[0] = n;
	(void)snprintf(t.device.name, sizeof(t.device.name), "%s", name);
	if (serial != NULL)
		memcpy(t.serial, serial, SERIAL);
	ck_assert(token_put(l, &t, &f));
	ground_commit(l);
	token_id(&t, ret_id);
}

START_TEST(of_a_token)
{
	char id[TOKEN_ID_LETTERS + 1] = "", unused[TOKEN_ID_LETTERS + 1];
	struct added_pick p = by(NULL, id);
	uint8_t second[SERIAL], third[SERIAL], other[SERIAL];

	put_token(1, "hp-0", TOKEN_USED, leaf[0]->serial, id);
	put_token(2, "hp-1", TOKEN_UNUSED, NULL, unused);
	renew(leaf[0]->serial, leaf[0]->key, second);
	renew(second, leaf[0]->key, third);
	renew(leaf[2]->serial, leaf[0]->key, other); /* of another beginning */
	ck_assert_msg(finds(&p), "%s", f.text);
	ck_assert_uint_eq(found.n, 3 * SERIAL);
	ck_assert(has(leaf[0]->serial) && has(second) && has(third));
	ground_revoke(&g, l, leaf[0]->serial, 4);
	ck_assert(finds(&p));
	ck_assert_uint_eq(found.n, 2 * SERIAL);
	ck_assert_uint_eq(ended, 1);
	p.evidence = unused;
	ck_assert(!finds(&p));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	p.evidence = "0300000000000000";
	ck_assert(!finds(&p));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	p.evidence = "../..";
	ck_assert(!finds(&p));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_uint_eq(ended, 99);
}
END_TEST

static void
put_request(uint8_t n, const char *name, enum petition_state state, const uint8_t *serial)
{
	struct petition r = { .way = ENROL_REQUEST,
		.device = { "acme", "printer", "" },
		.profile = "printer",
		.source = "192.0.2.7:1",
		.csr = octets_text("a request") };

	r.key[0] = n;
	(void)snprintf(r.device.name, sizeof(r.device.name), "%s", name);
	ck_assert(petition_open(g.realm, l, &r, g.now_s, &f));
	if (serial != NULL)
		memcpy(r.serial, serial, SERIAL);
	if (state != PETITION_WAITING)
		ck_assert(petition_turn(l, &r, state, g.now_s + 86400, &f));
	ground_commit(platform);
	ground_commit(l);
}

START_TEST(of_a_request)
{
	struct added_pick p = by(NULL, "0700000000000000");

	put_request(7, "hp-1", PETITION_ISSUED, leaf[1]->serial);
	put_request(8, "hp-2", PETITION_WAITING, NULL);
	ck_assert_msg(finds(&p), "%s", f.text);
	ck_assert_uint_eq(found.n, SERIAL);
	ck_assert(has(leaf[1]->serial));
	p.evidence = "0800000000000000";
	ck_assert(!finds(&p));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(of_a_token_that_is_being_spent)
{
	char id[TOKEN_ID_LETTERS + 1] = "";
	struct added_pick p = by(NULL, id);
	struct ticket *t = intend("hp-0");

	put_token(1, "hp-0", TOKEN_USED, ticket_serial(t), id);
	ck_assert(!finds(&p));
	ck_assert_int_eq(f.code, FAULT_BUSY);
	ticket_free(t);
}
END_TEST

/* --- an endpoint leaves ----------------------------------------------------------------------- */

static struct removal gone;

static bool
removes(const char *kind, const char *name)
{
	struct endpoint e = { "acme", "", "" };

	(void)snprintf(e.kind, sizeof(e.kind), "%s", kind);
	(void)snprintf(e.name, sizeof(e.name), "%s", name);
	f = (struct fault){ 0 };
	return removal_run(g.realm, l, &e, 5, &g.why, g.now_s, &gone, &f);
}

static void
put_device(const char *serial, const char *name)
{
	struct device d = {
		.maker = "lexa", .is = { "acme", "printer", "" }, .profile = "printer"
	};

	(void)snprintf(d.serial, sizeof(d.serial), "%s", serial);
	(void)snprintf(d.is.name, sizeof(d.is.name), "%s", name);
	ck_assert_msg(device_add(l, &d, &f), "%s", f.text);
	ground_commit(l);
}

static enum token_state
token_state(const char *id)
{
	struct token t;

	ck_assert(token_find(l, id, &t, &f));
	return t.state;
}

static enum petition_state
request_of(const char *id)
{
	struct bytes row = { 0 };
	struct petition r;

	ck_assert(petition_find(l, id, &row, &r, &f));
	bytes_free(&row);
	return r.state;
}

static void
put_printer(const char *name)
{
	struct printer p = { .gateways_n = 1, .gateways = { "site-1" } };

	(void)snprintf(p.name, sizeof(p.name), "%s", name);
	ck_assert_msg(printer_put(g.realm, l, &p, &f), "%s", f.text);
	ground_commit(l);
}

START_TEST(all_that_it_has)
{
	char ids[4][TOKEN_ID_LETTERS + 1];
	uint8_t second[SERIAL];
	struct bytes row = { 0 };

	renew(leaf[0]->serial, leaf[0]->key, second);
	put_token(1, "hp-0", TOKEN_UNUSED, NULL, ids[0]);
	put_token(2, "hp-0", TOKEN_WAITING, NULL, ids[1]);
	put_token(3, "hp-0", TOKEN_USED, leaf[0]->serial, ids[2]);
	put_token(4, "hp-1", TOKEN_UNUSED, NULL, ids[3]);
	put_request(7, "hp-0", PETITION_WAITING, NULL);
	put_request(8, "hp-0", PETITION_APPROVED, NULL);
	put_request(9, "hp-1", PETITION_WAITING, NULL);
	put_device("SN-1", "hp-0");
	put_device("SN-2", "hp-1");
	put_printer("hp-0");
	put_printer("hp-1");
	ck_assert_msg(removes("printer", "hp-0"), "%s", f.text);
	ground_commit(l);
	ck_assert_uint_eq(gone.certificates.revoked, 2);
	ck_assert_uint_eq(gone.tokens, 2);
	ck_assert_uint_eq(gone.requests, 2);
	ck_assert_uint_eq(gone.devices, 1);
	ck_assert_uint_eq(gone.printers, 1);
	ck_assert_uint_eq(rows(TABLE_PRINTER), 2); /* of hp-1, by its name and by its uuid */
	ck_assert_uint_eq(standing(leaf[0]->serial).reason, 5);
	ck_assert_int_eq(standing(second).state, STANDING_REVOKED);
	ck_assert_int_eq(standing(leaf[1]->serial).state, STANDING_GOOD);
	ck_assert_int_eq(token_state(ids[0]), TOKEN_REVOKED);
	ck_assert_int_eq(token_state(ids[1]), TOKEN_REVOKED);
	ck_assert_int_eq(token_state(ids[2]), TOKEN_USED);
	ck_assert_int_eq(token_state(ids[3]), TOKEN_UNUSED);
	ck_assert_int_eq(request_of("0700000000000000"), PETITION_REFUSED);
	ck_assert_int_eq(request_of("0800000000000000"), PETITION_REFUSED);
	ck_assert_int_eq(request_of("0900000000000000"), PETITION_WAITING);
	ck_assert_uint_eq(rows(TABLE_DEVICE), 1);
	ck_assert(!ledger_get(l, TABLE_ENDPOINT, octets_text("printer/hp-0"), &row, &f));
	ck_assert(ledger_get(l, TABLE_ENDPOINT, octets_text("printer/hp-1"), &row, &f));
	ck_assert(!removes("printer", "hp-0")); /* gone is gone */
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	bytes_free(&row);
}
END_TEST

/* Its gateway goes, or a gateway of its name: the printer's row is nobody else's to take out. */
START_TEST(a_printer_that_never_came)
{
	put_printer("hp-7");
	ck_assert(!removes("gateway", "site-1"));
	ck_assert(!removes("gateway", "hp-7"));
	ck_assert_uint_eq(rows(TABLE_PRINTER), 2);
	ck_assert_msg(removes("printer", "hp-7"), "%s", f.text);
	ground_commit(l);
	ck_assert_uint_eq(gone.printers, 1);
	ck_assert_uint_eq(rows(TABLE_PRINTER), 0);
	ck_assert(!removes("printer", "hp-7"));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(what_never_came)
{
	char id[TOKEN_ID_LETTERS + 1];

	ck_assert(!removes("printer", "hp-7"));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!removes("gateway", "hp-0"));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	put_token(1, "hp-7", TOKEN_UNUSED, NULL, id); /* it was expected, at least */
	ck_assert_msg(removes("printer", "hp-7"), "%s", f.text);
	ck_assert_uint_eq(gone.tokens, 1);
	ck_assert_uint_eq(gone.certificates.revoked, 0);
}
END_TEST

START_TEST(what_is_no_device)
{
	ck_assert(!removes("log", "issuance"));
	ck_assert_int_eq(f.code, FAULT_DENIED);
}
END_TEST

START_TEST(what_is_about_to_come)
{
	struct ticket *t = intend("hp-0");

	ck_assert(!removes("printer", "hp-0"));
	ck_assert_int_eq(f.code, FAULT_BUSY);
	ck_assert_msg(removes("printer", "hp-1"), "%s", f.text);
	ticket_free(t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("added");
	TCase *t = tcase_create("added");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, of_an_enroller);
	tcase_add_test(t, of_an_enroller_in_a_time);
	tcase_add_test(t, of_an_enroller_that_is_too_much);
	tcase_add_test(t, of_a_token);
	tcase_add_test(t, of_a_request);
	tcase_add_test(t, of_a_token_that_is_being_spent);
	tcase_add_test(t, all_that_it_has);
	tcase_add_test(t, a_printer_that_never_came);
	tcase_add_test(t, what_never_came);
	tcase_add_test(t, what_is_no_device);
	tcase_add_test(t, what_is_about_to_come);
	suite_add_tcase(s, t);
	return run_suite(s);
}
