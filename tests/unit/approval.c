/* tests/unit/approval.c - daemon/approval.h, duty_request.c, sent.h: who waits, whose word lets him
 * in, and an answer that was lost. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>

#include "base/batch.h"
#include "ca/oid.h"
#include "ca/profile_set.h"
#include "ca/revoke.h"
#include "daemon/approval.h"
#include "daemon/sent.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct signer s;
static struct wire_enroll wire; /* what is asked next */
static struct bytes body, certificate;
static struct secret letters;
static struct octets alt_names, who; /* that is asked for; who acts, empty: the local officer */
static EVP_PKEY *key;                /* NULL: forge_key() */
static struct fault f;
static char id[PETITION_ID_LETTERS + 1];

static const char walkup[] = "name: walkup\nkind: scanner\nask: [request, certificate]\n";
static const char each[] = "name: printer\napproval: each\nassurance: approved\n";

static void
load(const char *profile)
{
	struct bytes bundle = { 0 };

	bytes_put_counted_text(&bundle, "operator.yaml");
	bytes_put_counted_text(&bundle, "name: operator\nask: []\n");
	bytes_put_counted_text(&bundle, "service.yaml");
	bytes_put_counted_text(&bundle, "name: service\npurposes: [clientAuth, serverAuth]\n");
	bytes_put_counted_text(&bundle, "other.yaml");
	bytes_put_counted_text(&bundle, "name: other\nkind: scanner\nask: [request]\n");
	bytes_put_counted_text(&bundle, "it.yaml");
	bytes_put_counted_text(&bundle, profile);
	ck_assert_msg(profile_load(octets_bytes(&bundle), &f), "%s", f.text);
	bytes_free(&bundle);
}

static void
setup(void)
{
	ground_new(&g);
	s = (struct signer){ .realm = g.realm, .keys = g.keys, .journal = g.journal };
	(void)snprintf(s.settings.public_url, sizeof(s.settings.public_url), "%s", GROUND_URL);
	ck_assert(secret_random(32, &s.token_key, &f));
	ck_assert(token_secret(&letters, &f));
	key = NULL;
	alt_names = who = NONE;
}

static void
teardown(void)
{
	secret_free(&s.token_key);
	secret_free(&letters);
	bytes_free(&body);
	bytes_free(&certificate);
	EVP_PKEY_free(key);
	forge_free();
	ground_free(&g);
}

static void
commit(void)
{
	ground_commit(g.acme->ledger);
	ground_commit(realm_platform(g.realm));
}

/* What an edge of this process's own profiles would ask, for scan-1. */
static void
ask_as(const char *common)
{
	struct forge r = { .key = key, .subject = forge_common(DER_UTF8, octets_text(common)) };

	if (alt_names.n > 0)
		r.attributes = forge_asks(
		    forge_extension(oid_subject_alt_name, forge_tlv(DER_SEQUENCE, alt_names)));
	wire = (struct wire_enroll){
		.way = ENROL_REQUEST, .tenant = "acme", .profile = "walkup", .source = "192.0.2.1:1"
	};
	memcpy(wire.profiles, profile_set_digest(), sizeof(wire.profiles));
	wire.csr = forge_request(&r);
}

static void
ask(void)
{
	ask_as("scan-1");
}

/* With the token of hp-1. */
static void
ask_by_token(void)
{
	ask_as("anything");
	wire.way = ENROL_TOKEN;
	wire.profile[0] = '\0';
	wire.user = octets_text("hp-1");
	wire.password = octets_text((const char *)letters.at);
}

static void
put_token(void)
{
	struct token t = { .state = TOKEN_UNUSED,
		.device = { "acme", "printer", "hp-1" },
		.profile = "printer",
		.created_s = g.now_s,
		.expires_s = g.now_s + 3600,
		.creator = "operator:bob" };

	token_hash(&s.token_key, octets_text((const char *)letters.at), t.hash);
	ck_assert(token_put(g.acme->ledger, &t, &f));
	ground_commit(g.acme->ledger);
}

static void
another_key(void)
{
	EVP_PKEY_free(key);
	ck_assert_ptr_nonnull(key = EVP_EC_gen("P-256"));
}

static bool
judge(struct errand *j)
{
	bytes_clear(&body);
	wire_put_enroll(&wire, &body);
	*j = (struct errand){ .from = FROM_EDGE, .body = octets_bytes(&body), .now_s = g.now_s };
	return duty_enroll_judge(&s, j, &f);
}

/* The id of what is asked. */
static void
name_request(void)
{
	struct petition q;
	struct csr csr;

	ck_assert(csr_read(wire.csr, &csr, &f));
	memcpy(q.key, csr.key_id, sizeof(q.key));
	petition_id(&q, id);
}

/* Told to wait so many seconds; id is the request's from now on. */
static void
waits(unsigned seconds)
{
	struct octets none;
	struct reader r;
	struct errand j;

	ck_assert_msg(judge(&j), "%s", f.text);
	commit();
	ck_assert_uint_eq(j.waits_s, seconds);
	ck_assert_ptr_null(j.ticket);
	ck_assert_msg(duty_enroll_act(&s, &j, &f), "%s", f.text);
	r = reader_of(octets_bytes(&j.answer));
	none = reader_counted(&r);
	ck_assert_uint_eq(none.n, 0);
	ck_assert_uint_eq(reader_u64(&r), seconds);
	ck_assert(reader_done(&r));
	bytes_free(&j.answer);
	name_request();
}

/* Given a certificate: a new one, or the one that was lost. */
static struct cert
gets(bool again)
{
	struct reader r;
	struct cert c;
	struct errand j;

	ck_assert_msg(judge(&j), "%s", f.text);
	commit();
	ck_assert_uint_eq(j.waits_s, 0);
	ck_assert(j.sending == again);
	ck_assert((j.ticket == NULL) == again);
	ck_assert_msg(duty_enroll_act(&s, &j, &f), "%s", f.text);
	commit();
	r = reader_of(octets_bytes(&j.answer));
	bytes_clear(&certificate);
	bytes_put_octets(&certificate, reader_counted(&r));
	ticket_free(j.ticket);
	bytes_free(&j.answer);
	ck_assert(cert_parse(octets_bytes(&certificate), &c, &f));
	return c;
}

static void
refused(enum fault_code code, const char *why, bool untold)
{
	struct ledger_mark mark = ledger_mark(g.acme->ledger);
	struct errand j;

	ck_assert(!judge(&j));
	ck_assert_msg(f.code == code, "%d: %s", f.code, f.text);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_ptr_null(j.ticket);
	ck_assert(j.untold == untold);
	ck_assert(octets_same(
	    octets_bytes(&j.members), code == FAULT_BUSY ? RAW("{\"retry_s\":300}") : NONE));
	bytes_free(&j.members);
	ledger_undo(g.acme->ledger, mark);
}

static bool
act(bool approve, const char *tenant, const char *object, const char *json)
{
	struct wire_act a = { .source = "local",
		.object = octets_text(object),
		.peer = who,
		.json = octets_text(json) };
	struct bytes b = { 0 };
	struct ledger_mark mark = ledger_mark(g.acme->ledger);
	struct errand j = { .from = who.n == 0 ? FROM_DESK : FROM_EDGE, .now_s = g.now_s };
	bool ok;

	(void)snprintf(a.tenant, sizeof(a.tenant), "%s", tenant);
	wire_put_act(&a, &b);
	j.body = octets_bytes(&b);
	ok = approve ? duty_approve(&s, &j, &f) : duty_disapprove(&s, &j, &f);
	if (ok)
		commit();
	else
		ledger_undo(g.acme->ledger, mark);
	bytes_free(&j.answer);
	bytes_free(&b);
	return ok;
}

static void
approve(void)
{
	ck_assert_msg(act(true, "acme", id, "{}"), "%s", f.text);
}

static void
turn_away(void)
{
	ck_assert_msg(act(false, "acme", id, "{\"reason\":\"none of ours\"}"), "%s", f.text);
}

static void
cannot(bool yes, enum fault_code code, const char *why)
{
	ck_assert(!act(yes, "acme", id, yes ? "{}" : "{\"reason\":\"x\"}"));
	ck_assert_msg(f.code == code, "%d: %s", f.code, f.text);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
}

static bool
count_one(void *with, struct octets k, struct octets line)
{
	struct octets what = octets_text(((const char **)with)[0]);

	(void)k;
	if (memmem(line.at, line.n, what.at, what.n) != NULL)
		++*(size_t *)((void **)with)[1];
	return true;
}

/* Entries of acme's log with this text. */
static size_t
entries(const char *text)
{
	size_t n = 0;
	const void *with[] = { text, &n };

	ck_assert(store_scan(
	    ledger_store(g.acme->ledger), TABLE_LOG, NONE, SIZE_MAX, count_one, (void *)with, &f));
	return n;
}

START_TEST(asked_approved_fetched)
{
	struct provenance p;
	struct cert c;
	struct errand j;

	load(walkup);
	ask();
	waits(5);
	ck_assert_uint_eq(entries("\"enrolment.asked\""), 1);
	ask(); /* signed anew */
	ck_assert(judge(&j));
	ck_assert_uint_eq(j.waits_s, 5);
	ck_assert_uint_eq(batch_mark(ledger_batch(g.acme->ledger)), 0); /* a poll writes nothing */
	ck_assert_uint_eq(batch_mark(ledger_batch(realm_platform(g.realm))), 0);
	approve();
	ck_assert_uint_eq(entries("\"enrolment.approved\""), 1);
	ask();
	c = gets(false);
	ck_assert_str_eq(c.uri, "spiffe://acme.eu.example.org/scanner/scan-1");
	ck_assert(cert_provenance(&c, &p));
	ck_assert_str_eq(p.how, "approval");
	ck_assert_str_eq(p.enroller, "local");
	ck_assert_str_eq(p.evidence, id);
	ck_assert_int_eq(p.assurance, ASSURANCE_APPROVED);
	cannot(true, FAULT_CONFLICT, "was issued");
	cannot(false, FAULT_CONFLICT, "was issued");
}
END_TEST

START_TEST(the_longer_the_slower)
{
	static const struct {
		int64_t at_s;
		unsigned again_s;
	} rows[] = { { 0, 5 }, { 59, 5 }, { 60, 10 }, { 599, 10 }, { 600, 60 }, { 3599, 60 },
		{ 3600, 300 }, { PETITION_OPEN_S - 1, 300 } };
	int64_t from_s = g.now_s;

	load(walkup);
	ask();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		g.now_s = from_s + rows[i].at_s;
		waits(rows[i].again_s);
	}
	ck_assert_uint_eq(entries("\"enrolment.asked\""), 1);
}
END_TEST

START_TEST(refused_and_thought_again)
{
	load(walkup);
	ask();
	waits(5);
	turn_away();
	ck_assert_uint_eq(entries("\"enrolment.refused\""), 1);
	refused(FAULT_DENIED, "refused: none of ours", true);
	refused(FAULT_DENIED, "refused: none of ours", true);
	cannot(false, FAULT_CONFLICT, "refused already");
	approve();
	cannot(true, FAULT_CONFLICT, "approved already");
	turn_away();
	refused(FAULT_DENIED, "refused: none of ours", true);
	approve();
	(void)gets(false);
}
END_TEST

/* After seven days nothing can come of it, and the device asks anew. */
START_TEST(expired)
{
	load(walkup);
	ask();
	waits(5);
	g.now_s += PETITION_OPEN_S;
	cannot(true, FAULT_CONFLICT, "has expired");
	cannot(false, FAULT_CONFLICT, "has expired");
	waits(5);
	ck_assert_uint_eq(entries("\"enrolment.asked\""), 2);
	turn_away();
	g.now_s += PETITION_OPEN_S;
	waits(5);
	approve();
	g.now_s += PETITION_OPEN_S;
	waits(5); /* it was approved and never fetched */
	ck_assert_uint_eq(entries("\"enrolment.asked\""), 4);
}
END_TEST

START_TEST(one_key_one_wish)
{
	load(walkup);
	ask();
	waits(5);
	ask_as("scan-2");
	refused(FAULT_CONFLICT, "waits already, for scanner/scan-1", false);
	alt_names = forge_tlv(DER_CONTEXT(2), RAW("scan-1"));
	ask();
	refused(FAULT_CONFLICT, "asked for other names", false);
	alt_names = NONE;
	ask();
	(void)snprintf(wire.profile, sizeof(wire.profile), "other");
	refused(FAULT_CONFLICT, "waits already, by profile walkup", false);
	another_key();
	ask();
	waits(5); /* two keys may ask for one name: the registrar sees both */
}
END_TEST

START_TEST(what_nobody_may_ask)
{
	load(walkup);
	ask_as("Not A Label");
	refused(FAULT_BADREQ, "names the device", false);
	alt_names = forge_tlv(DER_CONTEXT(2), RAW("www.example.com"));
	ask();
	refused(FAULT_BADREQ, "a name that is not its own", false);
	alt_names = NONE;
	ask();
	wire.csr.n--;
	refused(FAULT_BADREQ, "", false);
	ask();
	(void)snprintf(wire.profile, sizeof(wire.profile), "nothing");
	refused(FAULT_DENIED, "there is none of that name", false);
	(void)snprintf(wire.profile, sizeof(wire.profile), "operator");
	refused(FAULT_DENIED, "may not be asked for by request", false);
	(void)snprintf(wire.profile, sizeof(wire.profile), "tenant");
	refused(FAULT_DENIED, "", false);
	wire.profile[0] = '\0'; /* that is printer, which there is not */
	refused(FAULT_DENIED, "there is none of that name", false);
	ask();
	(void)snprintf(wire.tenant, sizeof(wire.tenant), "platform");
	refused(FAULT_DENIED, "policy: default-deny", false);
	ask();
	wire.way = (enum enrol_way)99;
	refused(FAULT_DENIED, "a way to ask that there is not", false);
	ground_suspend(&g, LEVEL_TENANT, "acme", false);
	ask();
	refused(FAULT_DENIED, "", false);
	ground_suspend(&g, LEVEL_TENANT, "acme", true);
	waits(5);
}
END_TEST

/* Of one address no more wait; who did goes on waiting. */
START_TEST(too_many)
{
	load(walkup);
	ask();
	waits(5);
	for (uint8_t i = 1; i < PETITION_ONE_MAX; i++) {
		struct petition r = { .way = ENROL_REQUEST,
			.key = { i },
			.device = { "acme", "scanner", "scan-2" },
			.profile = "walkup",
			.source = "192.0.2.1:7" };

		ck_assert(petition_open(g.realm, g.acme->ledger, &r, g.now_s, &f));
	}
	commit();
	another_key();
	ask();
	refused(FAULT_BUSY, "from this address", false);
	wire.source[strlen(wire.source) - 3]++; /* 192.0.2.2:1 */
	waits(5);
	EVP_PKEY_free(key);
	key = NULL;
	ask();
	waits(5);
}
END_TEST

/* A key that is another's waits for nothing. */
START_TEST(a_key_of_another)
{
	load(walkup);
	ask();
	waits(5);
	approve();
	(void)gets(false);
	g.now_s += SENT_WITHIN_S + 1;
	ask_as("scan-2");
	refused(FAULT_CONFLICT, "", false);
	ask(); /* the same device asks anew, and waits anew */
	waits(5);
}
END_TEST

START_TEST(bodies_and_ids)
{
	static const char *const bad[] = { "{\"device\":\"x\"}", "[]", "{", "1" };
	static const char *const reasons[] = { "{}", "{\"reason\":\"\"}", "{\"reason\":1}",
		"{\"reason\":\"x\",\"more\":1}" };
	char long_one[PETITION_REASON_MAX + 32];
	int n = snprintf(long_one, sizeof(long_one), "{\"reason\":\"");

	memset(long_one + n, 'x', PETITION_REASON_MAX + 1);
	(void)snprintf(long_one + n + PETITION_REASON_MAX + 1, 4, "\"}");
	load(walkup);
	ask();
	waits(5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!act(true, "acme", id, bad[i]), "%s", bad[i]);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		ck_assert_msg(!act(false, "acme", id, reasons[i]), "%s", reasons[i]);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	ck_assert(!act(false, "acme", id, long_one));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(!act(true, "acme", "0123456789abcdef", "{}"));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!act(true, "acme", "", "{}"));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!act(true, "nobody", id, "{}"));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!act(true, "platform", id, "{}"));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	(void)ground_tenant(&g, "other", CONSTRAINTS_STRICT);
	ck_assert(!act(true, "other", id, "{}"));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(whose_word)
{
	struct provenance p;
	struct cert c;

	load("name: walkup\nkind: scanner\nask: [request]\napproval: officer\n");
	ask();
	waits(5);
	who = octets_bytes(&ground_operator(&g, "eve", ROLE_AUDITOR)->der);
	cannot(true, FAULT_DENIED, "policy: default-deny");
	cannot(false, FAULT_DENIED, "policy: default-deny");
	who = octets_bytes(&ground_operator(&g, "bob", ROLE_REGISTRAR)->der);
	cannot(true, FAULT_DENIED, "approved by an officer alone");
	turn_away(); /* a registrar may say no */
	who = octets_bytes(&ground_leaf(&g, g.acme, "service", "hp-9")->der);
	cannot(true, FAULT_DENIED, "policy: default-deny");
	who = octets_bytes(&ground_operator(&g, "alice", ROLE_OFFICER)->der);
	approve();
	c = gets(false);
	ck_assert(cert_provenance(&c, &p));
	ck_assert_str_eq(p.enroller, "operator:alice");
}
END_TEST

START_TEST(a_profile_that_went)
{
	load(walkup);
	ask();
	waits(5);
	load("name: phone\n");
	cannot(true, FAULT_CONFLICT, "walkup: there is none of that name");
	ask();
	refused(FAULT_DENIED, "walkup: there is none of that name", false);
	turn_away();
	load("name: walkup\nkind: scanner\nask: [certificate]\n");
	ask();
	refused(FAULT_DENIED, "may not be asked for by request", false);
}
END_TEST

/* What the registrar did not see is not replaced. */
START_TEST(a_name_that_was_given_meanwhile)
{
	uint8_t first[TBS_SERIAL_OCTETS];
	struct standing was;

	load(walkup);
	ask();
	waits(5);
	approve();
	another_key();
	ask();
	waits(5);
	approve();
	memcpy(first, gets(false).serial, sizeof(first)); /* the second one is faster */
	EVP_PKEY_free(key);
	key = NULL;
	ask();
	refused(FAULT_CONFLICT, "it must be approved again", true);
	refused(FAULT_CONFLICT, "it must be approved again", true);
	name_request();
	approve();
	cannot(true, FAULT_CONFLICT, "approved already");
	(void)gets(false);
	ck_assert(ledger_standing(g.acme->ledger, first, &was, &f));
	ck_assert_int_eq(was.state, STANDING_REVOKED);
	ck_assert_int_eq(was.reason, REASON_SUPERSEDED);
}
END_TEST

/* The intent came to nothing: the approval stays. */
START_TEST(an_issuance_that_failed)
{
	struct errand j;

	load(walkup);
	ask();
	waits(5);
	approve();
	ck_assert(judge(&j));
	commit();
	ck_assert(revoke_abandoned(g.acme->ledger, ticket_serial(j.ticket), &g.why, g.now_s, &f));
	commit();
	ticket_free(j.ticket);
	(void)gets(false);
}
END_TEST

START_TEST(a_token_and_a_word)
{
	struct provenance p;
	struct token t;
	struct cert c;
	uint8_t hash[TOKEN_HASH_OCTETS];

	load(each);
	put_token();
	token_hash(&s.token_key, octets_text((const char *)letters.at), hash);
	ask_by_token();
	waits(5);
	ck_assert(token_check(g.acme->ledger, hash, "hp-1", g.now_s, &t, &f));
	ck_assert_str_eq(token_state_word(&t, g.now_s), "waiting");
	another_key();
	ask_by_token();
	refused(FAULT_AUTH, "waits for a registrar with another key", false);
	EVP_PKEY_free(key);
	key = NULL;
	ask_by_token();
	wire.user = octets_text("hp-2");
	refused(FAULT_AUTH, "for another device", false);
	g.now_s += 2 * 86400; /* the token has ended, the request has not */
	ask_by_token();
	waits(300);
	approve();
	c = gets(false);
	ck_assert(cert_provenance(&c, &p));
	ck_assert_str_eq(p.how, "approval");
	ck_assert_str_eq(p.evidence, id);
	ck_assert_int_eq(p.assurance, ASSURANCE_APPROVED);
	ck_assert(!token_check(g.acme->ledger, hash, "hp-1", g.now_s, &t, &f));
	ck_assert_ptr_nonnull(strstr(f.text, "is used"));
	(void)gets(true);
}
END_TEST

START_TEST(a_token_that_is_taken_back_while_it_waits)
{
	struct token t;
	uint8_t hash[TOKEN_HASH_OCTETS];

	load(each);
	put_token();
	token_hash(&s.token_key, octets_text((const char *)letters.at), hash);
	ask_by_token();
	waits(5);
	approve();
	ck_assert(token_check(g.acme->ledger, hash, "hp-1", g.now_s, &t, &f));
	t.state = TOKEN_REVOKED;
	ck_assert(token_put(g.acme->ledger, &t, &f));
	commit();
	refused(FAULT_AUTH, "is revoked", false);
}
END_TEST

START_TEST(an_answer_that_was_lost)
{
	uint8_t serial[TBS_SERIAL_OCTETS];
	int64_t issued_s = g.now_s;
	struct cert c;

	load("name: printer\n");
	put_token();
	ask_by_token();
	c = gets(false);
	memcpy(serial, c.serial, sizeof(serial));
	g.now_s += SENT_WITHIN_S;
	ask_by_token();
	c = gets(true);
	ck_assert_mem_eq(c.serial, serial, sizeof(serial));
	ck_assert_uint_eq(entries("\"certificate.sent\""), 1);
	ck_assert_uint_eq(entries("\"how\":\"token\""), 1);
	g.now_s++;
	refused(FAULT_AUTH, "is used", false);
	g.now_s = issued_s;
	alt_names = forge_tlv(DER_CONTEXT(2), RAW("www.example.com"));
	ask_by_token();
	refused(FAULT_AUTH, "is used", false);
	alt_names = NONE;
	ask_by_token();
	wire.csr.n--; /* whatever is wrong about it, no more is said */
	refused(FAULT_AUTH, "is used", false);
	ask_by_token();
	wire.user = octets_text("hp-2");
	refused(FAULT_AUTH, "is used", false);
	another_key();
	ask_by_token();
	refused(FAULT_AUTH, "is used", false);
	EVP_PKEY_free(key);
	key = NULL;
	ask_by_token();
	ground_suspend(&g, LEVEL_TENANT, "acme", false);
	refused(FAULT_AUTH, "is used", false);
	ground_suspend(&g, LEVEL_TENANT, "acme", true);
	(void)gets(true);
	ground_revoke(&g, g.acme->ledger, serial, REASON_UNSPECIFIED);
	refused(FAULT_AUTH, "is used", false);
}
END_TEST

/* Revoked by another job of the same round. */
START_TEST(a_lost_one_that_ends_meanwhile)
{
	struct cert c;
	struct errand j;

	load("name: printer\n");
	put_token();
	ask_by_token();
	c = gets(false);
	ask_by_token();
	ck_assert(judge(&j));
	ck_assert(j.sending);
	ground_revoke(&g, g.acme->ledger, c.serial, REASON_UNSPECIFIED);
	ck_assert(!duty_enroll_act(&s, &j, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_uint_eq(entries("\"certificate.sent\""), 0);
	bytes_free(&j.answer);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("approval");
	TCase *t = tcase_create("approval");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, asked_approved_fetched);
	tcase_add_test(t, the_longer_the_slower);
	tcase_add_test(t, refused_and_thought_again);
	tcase_add_test(t, expired);
	tcase_add_test(t, one_key_one_wish);
	tcase_add_test(t, what_nobody_may_ask);
	tcase_add_test(t, too_many);
	tcase_add_test(t, a_key_of_another);
	tcase_add_test(t, bodies_and_ids);
	tcase_add_test(t, whose_word);
	tcase_add_test(t, a_profile_that_went);
	tcase_add_test(t, a_name_that_was_given_meanwhile);
	tcase_add_test(t, an_issuance_that_failed);
	tcase_add_test(t, a_token_and_a_word);
	tcase_add_test(t, a_token_that_is_taken_back_while_it_waits);
	tcase_add_test(t, an_answer_that_was_lost);
	tcase_add_test(t, a_lost_one_that_ends_meanwhile);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
