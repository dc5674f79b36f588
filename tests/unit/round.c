/* tests/unit/round.c - daemon/round.h and daemon/watch.h: many jobs, two commits, a clock, and
 * marks before a checkpoint is handed out. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/claim.h"
#include "ca/journal_check.h"
#include "ca/oid.h"
#include "ca/profile_set.h"
#include "ca/token.h"
#include "daemon/api.h"
#include "daemon/round.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct signer s;
static struct round *d;
static struct line line;
static size_t lines = 1;
static int asker; /* the other end of line */
static struct message answer;
static struct secret letters[4];
static struct fault f;

/* The ground's own keyring writes into the ground's journal, which is now the signer's. */
static void
own_keyring(void)
{
	struct keyring_ground ground = { .realm = g.realm,
		.seal = g.seal,
		.journal = &s.journal,
		.public_url = GROUND_URL,
		.why = &g.why };

	keyring_free(g.keys);
	ck_assert(keyring_new(&ground, &g.keys, &f));
	s.keys = g.keys;
}

static void
setup(void)
{
	struct ledger *platform;
	int ends[2];

	ground_new(&g);
	(void)ground_tenant(&g, "globex", CONSTRAINTS_STRICT);
	journal_close(&g.journal);
	s = (struct signer){ .realm = g.realm, .self = g.why, .journal = { .fd = -1 } };
	(void)snprintf(s.settings.data, sizeof(s.settings.data), "%.255s", g.dir);
	(void)snprintf(s.settings.public_url, sizeof(s.settings.public_url), GROUND_URL);
	ck_assert(secret_random(32, &s.token_key, &f));
	/* The ground lives in 2030: before that the clock is found to be wrong, which comes last.
	 */
	if (!watch_start(&s, &f)) {
		ck_assert_msg(strstr(f.text, "clock:") != NULL, "%s", f.text);
		realm_on_event(g.realm, journal_told, &s.journal);
	}
	s.watch.newest_s = g.now_s;
	realm_on_open(g.realm, signer_settle, &s);
	ck_assert(realm_ledger(g.realm, NAME_PLATFORM, &platform, &f));
	own_keyring();
	ck_assert(ipc_pair(ends, &f));
	line = (struct line){ .fd = ends[0], .from = FROM_EDGE };
	asker = ends[1];
	d = calloc(1, sizeof(*d));
	ck_assert_ptr_nonnull(d);
	d->signer = &s;
	s.lines = d->lines = &line;
	s.lines_n = d->lines_n = &lines;
	answer = (struct message){ .fd = -1 };
}

static void
teardown(void)
{
	for (size_t i = 0; i < ROUND_MAX; i++)
		bytes_free(&d->job[i].message.body);
	free(d);
	(void)close(line.fd);
	(void)close(asker);
	bytes_free(&line.sessions);
	bytes_free(&answer.body);
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		secret_free(&letters[i]);
	watch_stop(&s);
	journal_close(&s.journal);
	secret_free(&s.token_key);
	forge_free();
	ground_free(&g);
}

/* The job as it comes off a line. body is taken. */
static void
job(size_t i, uint16_t verb, unsigned from, struct bytes body)
{
	struct round_job *r = &d->job[i];

	bytes_free(&r->message.body);
	r->message = (struct message){ .id = (uint32_t)i, .verb = verb, .body = body, .fd = -1 };
	r->duty = round_duty(verb);
	ck_assert_ptr_nonnull(r->duty);
	r->line = &line;
	r->job = (struct errand){
		.from = from, .body = octets_bytes(&r->message.body), .now_s = g.now_s
	};
	r->job.who.kind = IDENTITY_NOBODY;
	r->job.sessions = &line.sessions;
}

/* The code of the i-th answer; its text or octets are in answer. */
static unsigned
answered(void)
{
	ck_assert_msg(ipc_recv(asker, &answer, &f), "%s", f.text);
	bytes_put_u8(&answer.body, 0);
	return answer.code;
}

static void
says(const char *words)
{
	ck_assert_msg(strstr((const char *)answer.body.at, words) != NULL, "%s",
	    (const char *)answer.body.at);
}

static void
ask_export(size_t i, const char *tenant)
{
	struct wire_act a = { .source = "local" };
	struct bytes body = { 0 };

	(void)snprintf(a.tenant, sizeof(a.tenant), "%s", tenant);
	a.json = octets_text("{}");
	wire_put_act(&a, &body);
	job(i, WIRE_EXPORT, FROM_DESK, body);
}

/* The first enrolment of printer/name, with a token of its own; all ask with the same key. */
static void
ask_enroll(size_t i, const char *tenant, const char *name)
{
	struct wire_enroll e = { .way = ENROL_TOKEN, .source = "192.0.2.7:1" };
	struct token t = {
		.state = TOKEN_UNUSED, .created_s = g.now_s, .expires_s = g.now_s + 3600
	};
	struct bytes body = { 0 };
	struct ledger *l;

	ck_assert(realm_ledger(g.realm, tenant, &l, &f));
	secret_free(&letters[i]);
	ck_assert(token_secret(&letters[i], &f));
	token_hash(&s.token_key, octets_text((const char *)letters[i].at), t.hash);
	(void)snprintf(t.device.tenant, sizeof(t.device.tenant), "%s", tenant);
	(void)snprintf(t.device.kind, sizeof(t.device.kind), "printer");
	(void)snprintf(t.device.name, sizeof(t.device.name), "%s", name);
	(void)snprintf(t.profile, sizeof(t.profile), "printer");
	ck_assert(token_put(l, &t, &f));
	ground_commit(l);
	(void)snprintf(e.tenant, sizeof(e.tenant), "%s", tenant);
	e.user = octets_text(name);
	e.password = octets_text((const char *)letters[i].at);
	e.csr = forge_request(&(struct forge){ .key = NULL });
	memcpy(e.profiles, profile_set_digest(), sizeof(e.profiles));
	wire_put_enroll(&e, &body);
	job(i, WIRE_ENROLL, FROM_EDGE, body);
}

static bool
count_pending(void *with, struct octets key, struct octets value)
{
	(void)key;
	(void)value;
	++*(size_t *)with;
	return true;
}

static size_t
pending(const char *tenant)
{
	struct ledger *l;
	size_t n = 0;

	ck_assert(realm_ledger(g.realm, tenant, &l, &f));
	ck_assert(store_scan(
	    ledger_store(l), TABLE_PENDING, octets_of(NULL, 0), SIZE_MAX, count_pending, &n, &f));
	return n;
}

START_TEST(a_round_enrols_and_exports)
{
	struct mark k;

	ask_enroll(0, "acme", "hp-1");
	ask_export(1, "globex");
	round_run(d, 2);
	ck_assert_msg(answered() == 0, "%s", (const char *)answer.body.at);
	ck_assert_msg(answered() == 0, "%s", (const char *)answer.body.at);
	says("epoch 0");
	ck_assert(marks_get(s.watch.marks, "globex", &k, &f));
	ck_assert_uint_eq(k.signed_size, k.size);
	ck_assert_mem_eq(k.signed_root, k.root, sizeof(k.root));
	ck_assert_uint_eq(pending("acme"), 0);
}
END_TEST

/* What the API takes whole fits the signer's limit too, with certificate and path: nobody's request
 * ends the line that all others ask over. */
START_TEST(every_act_fits_its_limit)
{
	static const uint16_t acts[] = { WIRE_TENANT, WIRE_OPERATOR, WIRE_TOKEN, WIRE_TOKEN_REVOKE,
		WIRE_REVOKE, WIRE_EXPORT, WIRE_KEYS, WIRE_TENANT_SUSPEND, WIRE_TENANT_RESUME,
		WIRE_REGION_SUSPEND, WIRE_REGION_RESUME, WIRE_HOLD, WIRE_RELEASE, WIRE_ROLL,
		WIRE_BACKUP };

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		ck_assert_msg(
		    round_duty(acts[i])->max_octets >= API_BODY_MAX + 16384, "verb %u", acts[i]);
}
END_TEST

/* --- row 26: a clock that went back ----------------------------------------------------------- */

START_TEST(row_26_nothing_is_issued_or_answered)
{
	struct log_edge before, after;
	struct ledger *l;

	ask_enroll(0, "acme", "hp-1");
	ask_export(1, "acme");
	job(2, WIRE_OCSP, FROM_EDGE, (struct bytes){ 0 });
	job(3, WIRE_SERVICE, FROM_EDGE, (struct bytes){ 0 });
	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	ck_assert(log_edge_read(l, &before, &f));
	s.watch.newest_s = g.now_s + WATCH_CLOCK_S + 1;
	round_run(d, 4);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(answered(), FAULT_BUSY);
		says("clock:");
	}
	ck_assert(s.watch.clock_wrong);
	ck_assert(log_edge_read(l, &after, &f));
	ck_assert_uint_eq(before.size, after.size);
	ck_assert_uint_eq(pending("acme"), 0);
}
END_TEST

START_TEST(row_26_five_minutes_are_no_matter)
{
	s.watch.newest_s = g.now_s + WATCH_CLOCK_S;
	ask_export(0, "acme");
	round_run(d, 1);
	ck_assert_msg(answered() == 0, "%s", (const char *)answer.body.at);
	ck_assert(!s.watch.clock_wrong);
}
END_TEST

/* What a round wrote is the newest that is known; one that wrote nothing is forgotten. */
START_TEST(row_26_the_newest_entry_is_remembered)
{
	g.now_s += 400 * 86400; /* a jump forward cannot be told from time that passed */
	job(0, WIRE_OCSP, FROM_EDGE, (struct bytes){ 0 });
	watch_tick(&s); /* whatever was open is marked */
	round_run(d, 1);
	(void)answered();
	ask_export(0, "acme");
	round_run(d, 1);
	ck_assert_msg(answered() == 0, "%s", (const char *)answer.body.at);
	ck_assert_int_eq(s.watch.newest_s, g.now_s);
	g.now_s -= 3600;
	ask_export(0, "acme");
	round_run(d, 1);
	ck_assert_uint_eq(answered(), FAULT_BUSY);
	says("clock:");
}
END_TEST

/* --- row 19 ------------------------------------------------------------------------------------
 */

START_TEST(row_19_one_key_in_two_tenants_of_one_round)
{
	ask_enroll(0, "acme", "hp-1");
	ask_enroll(1, "globex", "hp-1");
	round_run(d, 2);
	ck_assert_msg(answered() == 0, "%s", (const char *)answer.body.at);
	ck_assert_uint_eq(answered(), FAULT_CONFLICT);
	says("registered to another endpoint");
	ck_assert_uint_eq(pending("globex"), 0);
}
END_TEST

/* The claim was not written, the intent was: it is settled at once, and the token is good again. */
START_TEST(an_intent_whose_claim_was_lost_is_abandoned_at_once)
{
	struct ledger *platform = realm_platform(g.realm), *l;
	struct token t;
	uint8_t hash[TOKEN_HASH_OCTETS];

	ask_enroll(0, "acme", "hp-1");
	batch_add(ledger_batch(platform), TABLE_META, octets_text("space"),
	    octets_text("there already: the commit fails"));
	round_run(d, 1);
	ck_assert_uint_eq(answered(), FAULT_BUSY);
	ck_assert_uint_eq(pending("acme"), 0);
	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	token_hash(&s.token_key, octets_text((const char *)letters[0].at), hash);
	ck_assert_msg(token_check(l, hash, "hp-1", g.now_s, &t, &f), "%s", f.text);
}
END_TEST

static bool
break_acme(struct signer *signer, struct errand *j, struct fault *why)
{
	struct ledger *l;

	(void)j;
	if (!realm_ledger(signer->realm, "acme", &l, why))
		return false;
	batch_add(ledger_batch(l), TABLE_CERT, octets_u64(1, (uint8_t[8]){ 0 }),
	    octets_text("there already: the commit fails"));
	return true;
}

/* The platform's ledger says that the tenant is held, its own could not be written: nobody is told
 * that it went well, and whoever is connected is looked at all the same. */
START_TEST(a_suspension_that_is_half_told_cuts)
{
	static const struct duty breaks = { .word = "test", .act = break_acme };
	struct wire_act a = { .tenant = "acme", .source = "local" };
	struct bytes body = { 0 }, none = { 0 };
	struct authority ca;
	struct tenant t;
	struct fault why;

	a.json = octets_text("{}");
	wire_put_act(&a, &body);
	job(0, WIRE_TENANT_SUSPEND, FROM_DESK, body);
	job(1, WIRE_SERVICE, FROM_EDGE, none);
	d->job[1].duty = &breaks;
	round_run(d, 2);
	(void)answered();
	ck_assert_uint_eq(answer.verb, WIRE_CHANGED);
	ck_assert_uint_eq(answered(), FAULT_BUSY);
	ck_assert(
	    realm_tenant(g.realm, "acme", &t, &f) && realm_authority(g.realm, t.key_id, &ca, &f));
	ck_assert(!realm_authority_good(g.realm, &ca, g.now_s, &why));
}
END_TEST

/* An OCSP request for a serial of acme's, by hand. */
static void
ask_status(size_t i, const uint8_t *serial)
{
	const struct issuer *by;
	struct bytes body = { 0 };
	struct authority ca;
	struct octets key;
	struct tenant t;
	uint8_t name_hash[EVP_MAX_MD_SIZE], key_hash[EVP_MAX_MD_SIZE];

	ck_assert(
	    realm_tenant(g.realm, "acme", &t, &f) && realm_authority(g.realm, t.key_id, &ca, &f));
	ck_assert_msg(keyring_issuer(s.keys, ca.key_id, &by, &f), "%s", f.text);
	key = octets_of(by->facts.spki.at + by->facts.spki.n - 65, 65);
	ck_assert_int_eq(EVP_Digest(by->facts.subject.at, by->facts.subject.n, name_hash, NULL,
			     EVP_sha1(), NULL),
	    1);
	ck_assert_int_eq(EVP_Digest(key.at, key.n, key_hash, NULL, EVP_sha1(), NULL), 1);
	bytes_put_octets(&body,
	    SEQ(SEQ(SEQ(SEQ(SEQ(SEQ(OID(oid_sha1)), TLV(DER_OCTETS, octets_of(name_hash, 20)),
		TLV(DER_OCTETS, octets_of(key_hash, 20)),
		TLV(DER_INTEGER, octets_of(serial, TBS_SERIAL_OCTETS))))))));
	job(i, WIRE_OCSP, FROM_EDGE, body);
}

static bool
find_hp(void *with, struct octets key, struct octets value)
{
	struct standing at;

	if (!ledger_read_standing(value, &at) || strcmp(at.name, "hp-1") != 0)
		return true;
	memcpy(with, key.at, TBS_SERIAL_OCTETS);
	return false;
}

/* A certificate goes on, and somebody asks of it in the same round: where that cannot be written,
 * nobody is told that it is good. */
START_TEST(no_answer_rests_on_what_was_not_written)
{
	static const struct duty breaks = { .word = "test", .act = break_acme };
	struct wire_act a = { .tenant = "acme", .source = "local", .json = octets_text("{}") };
	uint8_t serial[TBS_SERIAL_OCTETS] = { 0 };
	char hex[TBS_SERIAL_OCTETS * 2 + 1];
	struct ledger *l;

	ask_enroll(0, "acme", "hp-1");
	round_run(d, 1);
	ck_assert_msg(answered() == 0, "%s", (const char *)answer.body.at);
	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	ck_assert(store_scan(
	    ledger_store(l), TABLE_SERIAL, octets_of(NULL, 0), SIZE_MAX, find_hp, serial, &f));
	text_hex(serial, sizeof(serial), hex);
	a.object = octets_text(hex);
	for (int i = 0; i < 2; i++) { /* held, then released */
		struct bytes body = { 0 };

		wire_put_act(&a, &body);
		job(0, i == 0 ? WIRE_HOLD : WIRE_RELEASE, FROM_DESK, body);
		ask_status(1, serial);
		job(2, WIRE_SERVICE, FROM_EDGE, (struct bytes){ 0 });
		d->job[2].duty = &breaks;
		round_run(d, i == 0 ? 2 : 3);
		do
			ck_assert_msg(answered() == (i == 0 ? 0 : FAULT_BUSY), "%d: %u %s", i,
			    answer.code, (const char *)answer.body.at);
		while (answer.verb != WIRE_OCSP);
	}
}
END_TEST

START_TEST(what_is_refused_cuts_nobody)
{
	struct wire_act a = { .tenant = "nobody", .source = "local" };
	struct bytes body = { 0 };

	a.json = octets_text("{}");
	wire_put_act(&a, &body);
	job(0, WIRE_TENANT_SUSPEND, FROM_DESK, body);
	round_run(d, 1);
	ck_assert_uint_eq(answered(), FAULT_NOTFOUND);
	ck_assert_uint_eq(answer.verb, WIRE_TENANT_SUSPEND);
}
END_TEST

/* --- rows 31 and 32, as the signer meets them ---------------------------------------------------
 */

START_TEST(row_32_an_altered_line_is_not_signed_for)
{
	struct bytes stored = { 0 };
	struct ledger *l;
	struct mark k;
	uint8_t key[8];

	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	ck_assert(ledger_get(l, TABLE_LOG, octets_u64(1, key), &stored, &f));
	stored.at[20] ^= 4;
	ledger_put(l, TABLE_LOG, octets_u64(1, key), octets_bytes(&stored));
	ground_commit(l);
	ask_export(0, "acme");
	round_run(d, 1);
	ck_assert_uint_eq(answered(), FAULT_INTERNAL);
	says("entry 1 was altered");
	ck_assert(!marks_get(s.watch.marks, "acme", &k, &f) || k.signed_size == 0);
	ask_export(0, "globex"); /* others are served */
	round_run(d, 1);
	ck_assert_msg(answered() == 0, "%s", (const char *)answer.body.at);
	bytes_free(&stored);
}
END_TEST

START_TEST(row_31_no_second_checkpoint_of_the_same_size)
{
	struct log_edge e;
	struct ledger *l;
	struct mark k = { .signed_epoch = 0 };

	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	ck_assert(log_edge_read(l, &e, &f));
	k.signed_size = e.size + 1; /* as the export's own entry would make it */
	memset(k.signed_root, 0x77, sizeof(k.signed_root));
	ck_assert(marks_put_signed(s.watch.marks, "acme", &k, &f));
	ck_assert(marks_commit(s.watch.marks, &f));
	ask_export(0, "acme");
	round_run(d, 1);
	ck_assert_uint_eq(answered(), FAULT_INTERNAL);
	says("another root was signed before");
}
END_TEST

/* --- row 28, for a ledger that is opened later ---------------------------------------------------
 */

START_TEST(row_28_a_ledger_behind_its_mark_stays_shut)
{
	struct ledger *l;

	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	ck_assert(log_append(l, log_entry("test", &g.why), g.now_s, NULL, &f));
	ck_assert(marks_put(s.watch.marks, l, g.now_s, &f));
	ck_assert(marks_commit(s.watch.marks, &f));
	ledger_undo(l, (struct ledger_mark){ 0, 0 });
	ledger_set_settled(l, false);
	ask_export(0, "acme");
	round_run(d, 1);
	ck_assert_uint_eq(answered(), FAULT_BUSY);
	says("are missing");
	ask_export(0, "globex");
	round_run(d, 1);
	ck_assert_msg(answered() == 0, "%s", (const char *)answer.body.at);
}
END_TEST

/* What is written once a second is written once more at the end, and a start finds all in order. */
START_TEST(a_stop_leaves_marks_of_all)
{
	struct journal_place at;
	struct marks *marks;
	struct log_edge e;
	struct ledger *l;
	struct mark k;

	ask_enroll(0, "acme", "hp-1");
	round_run(d, 1);
	ck_assert_msg(answered() == 0, "%s", (const char *)answer.body.at);
	watch_stop(&s);
	ck_assert(marks_open(g.dir, STORE_READ, &marks, &f));
	ck_assert(marks_get(marks, "acme", &k, &f));
	l = realm_peek(g.realm, "acme");
	ck_assert_ptr_nonnull(l);
	ck_assert(log_edge_read(l, &e, &f));
	ck_assert_uint_eq(k.size, e.size);
	marks_close(marks);
	ck_assert(journal_mark(realm_platform(g.realm), &at, &f));
	ck_assert_mem_eq(&at, &s.journal.end, sizeof(at));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("round");
	TCase *t = tcase_create("round");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_round_enrols_and_exports);
	tcase_add_test(t, every_act_fits_its_limit);
	tcase_add_test(t, row_26_nothing_is_issued_or_answered);
	tcase_add_test(t, row_26_five_minutes_are_no_matter);
	tcase_add_test(t, row_26_the_newest_entry_is_remembered);
	tcase_add_test(t, row_19_one_key_in_two_tenants_of_one_round);
	tcase_add_test(t, an_intent_whose_claim_was_lost_is_abandoned_at_once);
	tcase_add_test(t, a_suspension_that_is_half_told_cuts);
	tcase_add_test(t, no_answer_rests_on_what_was_not_written);
	tcase_add_test(t, what_is_refused_cuts_nobody);
	tcase_add_test(t, row_32_an_altered_line_is_not_signed_for);
	tcase_add_test(t, row_31_no_second_checkpoint_of_the_same_size);
	tcase_add_test(t, row_28_a_ledger_behind_its_mark_stays_shut);
	tcase_add_test(t, a_stop_leaves_marks_of_all);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
