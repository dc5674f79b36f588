/* tests/unit/revoke.c - ca/revoke.h: one act, told in standing, row and log; never twice, never
 * undone. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/issue.h"
#include "ca/revoke.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct ledger *l;
static const struct ground_cert *leaf;
static uint64_t index_;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	l = g.acme->ledger;
	leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	index_ = 99;
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	ground_free(&g);
}

static bool
revokes(const uint8_t *serial, uint8_t reason)
{
	return revoke_certificate(l, serial, reason, &g.why, g.now_s + 5, &index_, &f);
}

/* How many rows the CRL of by would have. */
static bool
count(void *with, struct octets key, struct octets value)
{
	size_t *n = with;

	ck_assert_uint_eq(key.n, TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS);
	ck_assert_uint_eq(value.n, 9);
	++*n;
	return true;
}

static size_t
rows(void)
{
	size_t n = 0;

	ck_assert(store_scan(
	    ledger_store(l), TABLE_REVOKED, octets_of(NULL, 0), SIZE_MAX, count, &n, &f));
	return n;
}

static uint64_t
log_size(void)
{
	struct log_edge e;

	ck_assert(log_edge_read(l, &e, &f));
	return e.size;
}

START_TEST(words)
{
	static const struct {
		const char *word;
		uint8_t reason;
	} good[] = { { "unspecified", 0 }, { "keyCompromise", 1 }, { "cACompromise", 2 },
		{ "affiliationChanged", 3 }, { "superseded", 4 }, { "cessationOfOperation", 5 },
		{ "privilegeWithdrawn", 9 }, { "aACompromise", 10 } };
	static const char *const bad[] = { "", "removeFromCRL", "certificateHold", "keycompromise",
		"KeyCompromise", "keyCompromise ", "1", "superseded\n" };
	uint8_t reason = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert(!revoke_reason(bad[i], &reason));
	ck_assert_uint_eq(reason, 77);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert(revoke_reason(good[i].word, &reason));
		ck_assert_uint_eq(reason, good[i].reason);
		ck_assert_str_eq(revoke_reason_word(reason), good[i].word);
	}
	ck_assert_str_eq(revoke_reason_word(6), "certificateHold"); /* said, never taken */
	ck_assert_str_eq(revoke_reason_word(255), "unspecified");
}
END_TEST

START_TEST(standing_row_and_entry_in_one_commit)
{
	struct standing s;
	struct bytes b = { 0 };
	struct json *j;
	uint64_t before = log_size();
	uint8_t at[8];
	char hex[TBS_SERIAL_OCTETS * 2 + 1];

	ck_assert(revokes(leaf->serial, 4));
	ck_assert_uint_eq(rows(), 0); /* not before the commit */
	ground_commit(l);
	ck_assert_uint_eq(rows(), 1);
	ck_assert_uint_eq(index_, before);
	ck_assert_uint_eq(log_size(), before + 1);
	ck_assert(ledger_standing(l, leaf->serial, &s, &f));
	ck_assert_int_eq(s.state, STANDING_REVOKED);
	ck_assert_uint_eq(s.reason, 4);
	ck_assert_int_eq(s.changed_s, g.now_s + 5);
	ck_assert_uint_eq(s.log_index, before);
	ck_assert_uint_lt(s.issued_index, before);
	ck_assert_str_eq(ledger_state_word(&s, g.now_s), "revoked");
	ck_assert(ledger_get(l, TABLE_LOG, octets_u64(index_, at), &b, &f));
	ck_assert(json_parse(octets_bytes(&b), &j, &f));
	ck_assert_str_eq(json_text(j, "act"), "certificate.revoked");
	ck_assert_str_eq(json_text(j, "reason"), "superseded");
	text_hex(leaf->serial, sizeof(leaf->serial), hex);
	ck_assert_str_eq(json_text(j, "serial"), hex);
	json_free(j);
	bytes_free(&b);
}
END_TEST

START_TEST(never_twice)
{
	ground_revoke(&g, l, leaf->serial, 4);
	ck_assert(!revokes(leaf->serial, 4));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!revokes(leaf->serial, 3));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_uint_eq(index_, 99);
	ck_assert_uint_eq(rows(), 1);
}
END_TEST

/* A key may turn out to be a thief's after its certificate was ended for another reason. */
START_TEST(compromise_is_told_later)
{
	struct standing before, s;
	uint8_t digest[32];
	struct bytes b = { 0 };

	ground_revoke(&g, l, leaf->serial, 4);
	ck_assert(ledger_standing(l, leaf->serial, &before, &f));
	g.now_s += 100;
	ck_assert_msg(revokes(leaf->serial, 1), "%s", f.text);
	ground_commit(l);
	ck_assert(ledger_standing(l, leaf->serial, &s, &f));
	ck_assert_int_eq(s.state, STANDING_REVOKED);
	ck_assert_uint_eq(s.reason, 1);
	ck_assert_int_eq(s.changed_s, before.changed_s); /* since then it is revoked */
	ck_assert_uint_gt(s.log_index, before.log_index);
	ck_assert_uint_eq(rows(), 1);
	ck_assert(issue_key_digest(key_spki(leaf->key), digest, &f));
	ck_assert(ledger_get(l, TABLE_KEY, octets_of(digest, sizeof(digest)), &b, &f));
	ck_assert(octets_same(octets_bytes(&b), octets_text(REVOKE_KEY_BURNT)));
	bytes_free(&b);
	index_ = 99;
	ck_assert(!revokes(leaf->serial, 1));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!revokes(leaf->serial, 4)); /* and not back */
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_uint_eq(index_, 99);
}
END_TEST

/* The second of two in one batch sees the first. */
START_TEST(never_twice_in_one_batch)
{
	uint64_t size;

	ck_assert(revokes(leaf->serial, 4));
	size = log_size();
	ck_assert(!revokes(leaf->serial, 4));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_uint_eq(log_size(), size);
}
END_TEST

START_TEST(strangers)
{
	uint8_t serial[TBS_SERIAL_OCTETS] = { 0 };
	const struct issuer *other = ground_tenant(&g, "other", CONSTRAINTS_STRICT);

	ck_assert(!revokes(serial, 0));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	memcpy(serial, leaf->serial, sizeof(serial));
	serial[15] ^= 1;
	ck_assert(!revokes(serial, 0));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	l = other->ledger; /* one tenant does not revoke another's */
	ck_assert(!revokes(leaf->serial, 0));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_uint_eq(rows(), 0);
}
END_TEST

START_TEST(what_was_undone_is_good_still)
{
	struct standing s;

	ck_assert(revokes(leaf->serial, 1));
	batch_undo(ledger_batch(l), 0);
	ck_assert(ledger_standing(l, leaf->serial, &s, &f));
	ck_assert_int_eq(s.state, STANDING_GOOD);
	ck_assert_uint_eq(rows(), 0);
}
END_TEST

/* An intent, its serial in to. */
static void
intend(uint8_t to[static TBS_SERIAL_OCTETS])
{
	struct endpoint e = { "", "printer", "lost" };
	struct provenance from;
	struct wish w = ground_wish(&g, g.acme, &e, &from, key_spki(leaf->key));
	struct ticket *t;

	ck_assert(issue_prepare(g.acme, &w, g.now_s, &t, &f));
	ck_assert(issue_intend(g.acme, t, &f));
	ground_commit(l);
	memcpy(to, ticket_serial(t), TBS_SERIAL_OCTETS);
	ticket_free(t);
}

/* What nobody was given is abandoned, not revoked; what was given out is revoked, not abandoned. */
START_TEST(intents)
{
	uint8_t serial[TBS_SERIAL_OCTETS];
	struct standing s;

	intend(serial);
	ck_assert(!revokes(serial, 0));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_msg(revoke_abandoned(l, serial, &g.why, g.now_s, &f), "%s", f.text);
	ground_commit(l);
	ck_assert(ledger_standing(l, serial, &s, &f));
	ck_assert_int_eq(s.state, STANDING_ABANDONED);
	ck_assert_uint_eq(rows(), 1);
	ck_assert(!revokes(serial, 0));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!revoke_abandoned(l, serial, &g.why, g.now_s, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!revoke_abandoned(l, leaf->serial, &g.why, g.now_s, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ground_revoke(&g, l, leaf->serial, 0);
	ck_assert(!revoke_abandoned(l, leaf->serial, &g.why, g.now_s, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
}
END_TEST

/* The key of a compromised certificate is nobody's any more; any other reason leaves it. */
START_TEST(compromised_keys_are_burnt)
{
	const struct ground_cert *other = ground_leaf(&g, g.acme, "printer", "hp-4712");
	uint8_t digest[32];
	struct bytes b = { 0 };

	ground_revoke(&g, l, other->serial, 4);
	ck_assert(issue_key_digest(key_spki(other->key), digest, &f));
	ck_assert(ledger_get(l, TABLE_KEY, octets_of(digest, sizeof(digest)), &b, &f));
	ck_assert(octets_same(octets_bytes(&b), octets_text("printer/hp-4712")));
	bytes_clear(&b);
	ground_revoke(&g, l, leaf->serial, 1);
	ck_assert(issue_key_digest(key_spki(leaf->key), digest, &f));
	ck_assert(ledger_get(l, TABLE_KEY, octets_of(digest, sizeof(digest)), &b, &f));
	ck_assert(octets_same(octets_bytes(&b), octets_text(REVOKE_KEY_BURNT)));
	bytes_free(&b);
}
END_TEST

/* A certificate of kind/name with that key. */
static void
issue(struct key *key, const char *kind, const char *name, uint8_t to[static TBS_SERIAL_OCTETS])
{
	struct endpoint e = { "", "", "" };
	struct provenance from;
	struct wish w;
	struct ticket *t;

	(void)snprintf(e.kind, sizeof(e.kind), "%s", kind);
	(void)snprintf(e.name, sizeof(e.name), "%s", name);
	w = ground_wish(&g, g.acme, &e, &from, key_spki(key));
	ck_assert_msg(issue_now(g.acme, &w, &g.journal, &g.why, g.now_s, &t, &f), "%s", f.text);
	memcpy(to, ticket_serial(t), TBS_SERIAL_OCTETS);
	ticket_free(t);
	ground_commit(l);
}

static enum standing_state
state_of(const uint8_t *serial)
{
	struct standing s;

	ck_assert(ledger_standing(l, serial, &s, &f));
	return s.state;
}

/* The thief holds them all. */
START_TEST(a_compromised_key_ends_whatever_names_it)
{
	struct key *key, *other;
	uint8_t all[5][TBS_SERIAL_OCTETS];
	struct bytes also = { 0 };
	uint64_t before;

	ck_assert(key_new(KEY_P256, &key, &f) && key_new(KEY_P256, &other, &f));
	issue(key, "printer", "hp-9", all[0]);
	issue(key, "printer", "hp-9", all[1]);   /* renewed, with the same key */
	issue(other, "printer", "hp-9", all[2]); /* with another */
	issue(key, "printer", "hp-9", all[3]);
	issue(key, "printer", "hp-9", all[4]);
	ck_assert(revokes(all[4], 4)); /* ended before: stays as it was */
	ground_commit(l);
	before = log_size();
	ck_assert(revokes(all[1], REASON_KEY_COMPROMISE));
	ck_assert_msg(revoke_same_key(l, all[1], &g.why, g.now_s + 6, &also, &f), "%s", f.text);
	ck_assert_uint_eq(also.n, 2 * TBS_SERIAL_OCTETS);
	ground_commit(l);
	ck_assert_uint_eq(log_size(), before + 3);
	ck_assert_int_eq(state_of(all[0]), STANDING_REVOKED);
	ck_assert_int_eq(state_of(all[1]), STANDING_REVOKED);
	ck_assert_int_eq(state_of(all[2]), STANDING_GOOD);
	ck_assert_int_eq(state_of(all[3]), STANDING_REVOKED);
	ck_assert_int_eq(state_of(leaf->serial), STANDING_GOOD);
	ck_assert_uint_eq(rows(), 4);
	bytes_clear(&also);
	ck_assert(revoke_same_key(l, all[1], &g.why, g.now_s + 7, &also, &f));
	ck_assert_uint_eq(also.n, 0);
	bytes_free(&also);
	key_free(key);
	key_free(other);
}
END_TEST

/* What the same round issues stands in no table of the store yet but that of the intents. */
START_TEST(a_compromised_key_ends_what_its_round_issues)
{
	struct endpoint e = { "", "printer", "hp-9" };
	uint8_t first[TBS_SERIAL_OCTETS];
	struct bytes also = { 0 };
	struct provenance from;
	struct ticket *t;
	struct wish w;
	struct key *key;

	ck_assert(key_new(KEY_P256, &key, &f));
	issue(key, "printer", "hp-9", first);
	w = ground_wish(&g, g.acme, &e, &from, key_spki(key));
	ck_assert(issue_prepare(g.acme, &w, g.now_s, &t, &f) && issue_intend(g.acme, t, &f));
	ground_commit(l);
	issue_intended(t);
	ck_assert(issue_sign(g.acme, t, &g.journal, g.now_s, &f) &&
		  issue_record(g.acme, t, &g.why, g.now_s, NULL, &f));
	ck_assert(revokes(first, REASON_KEY_COMPROMISE));
	ck_assert(revoke_same_key(l, first, &g.why, g.now_s + 6, &also, &f));
	ck_assert(octets_same(octets_bytes(&also), octets_of(ticket_serial(t), TBS_SERIAL_OCTETS)));
	ground_commit(l);
	ck_assert_int_eq(state_of(ticket_serial(t)), STANDING_REVOKED);
	bytes_free(&also);
	ticket_free(t);
	key_free(key);
}
END_TEST

START_TEST(state_words)
{
	static const struct {
		enum standing_state state;
		const char *word, *later;
	} all[] = {
		{ STANDING_PENDING, "pending", "pending" },
		{ STANDING_GOOD, "good", "expired" },
		{ STANDING_REVOKED, "revoked", "revoked" },
		{ STANDING_HELD, "held", "held" },
		{ STANDING_ABANDONED, "abandoned", "abandoned" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct standing s = { .state = all[i].state, .not_after_s = 1000 };

		ck_assert_str_eq(ledger_state_word(&s, 1000), all[i].word);
		ck_assert_str_eq(ledger_state_word(&s, 1001), all[i].later);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("revoke");
	TCase *t = tcase_create("revoke");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, words);
	tcase_add_test(t, standing_row_and_entry_in_one_commit);
	tcase_add_test(t, never_twice);
	tcase_add_test(t, compromise_is_told_later);
	tcase_add_test(t, never_twice_in_one_batch);
	tcase_add_test(t, strangers);
	tcase_add_test(t, what_was_undone_is_good_still);
	tcase_add_test(t, intents);
	tcase_add_test(t, compromised_keys_are_burnt);
	tcase_add_test(t, a_compromised_key_ends_whatever_names_it);
	tcase_add_test(t, a_compromised_key_ends_what_its_round_issues);
	tcase_add_test(t, state_words);
	suite_add_tcase(s, t);
	return run_suite(s);
}
