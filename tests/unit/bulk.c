/* tests/unit/bulk.c - ca/bulk.h: many end in one commit, or none does. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "ca/bulk.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define SERIAL TBS_SERIAL_OCTETS

static struct ground g;
static struct ledger *l, *platform;
static const struct ground_cert *leaf[3]; /* hp-0, hp-1, hp-2 */
static uint8_t serials[8 * SERIAL];
static struct bulk done;
static struct fault f;

static void
setup(void)
{
	static const char *const names[] = { "hp-0", "hp-1", "hp-2" };

	ground_new(&g);
	l = g.acme->ledger;
	platform = realm_platform(g.realm);
	for (size_t i = 0; i < 3; i++) {
		leaf[i] = ground_leaf(&g, g.acme, "printer", names[i]);
		memcpy(serials + i * SERIAL, leaf[i]->serial, SERIAL);
	}
	done = (struct bulk){ .revoked = 99 };
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	ground_free(&g);
}

static bool
revokes(size_t n, uint8_t reason)
{
	return bulk_revoke(g.realm, l, octets_of(serials, n * TBS_SERIAL_OCTETS), reason, &g.why,
	    g.now_s + 5, &done, &f);
}

static struct standing
standing(const uint8_t *serial)
{
	struct standing s;

	ck_assert_msg(ledger_standing(l, serial, &s, &f), "%s", f.text);
	return s;
}

static uint64_t
log_size(void)
{
	struct log_edge e;

	ck_assert(log_edge_read(l, &e, &f));
	return e.size;
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

/* Refused so, and nothing is left of it once it is taken back. */
static void
refused(size_t n, uint8_t reason, enum fault_code code, const char *why)
{
	struct ledger_mark mark = ledger_mark(l);
	uint64_t before = log_size();

	f = (struct fault){ 0 };
	ck_assert(!revokes(n, reason));
	ck_assert_int_eq(f.code, code);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_uint_eq(done.revoked, 99);
	ledger_undo(l, mark);
	ground_commit(l);
	ck_assert_uint_eq(rows(TABLE_REVOKED), 0);
	ck_assert_uint_eq(log_size(), before);
	ck_assert_int_eq(standing(leaf[0]->serial).state, STANDING_GOOD);
}

START_TEST(each_stands_there_once)
{
	uint8_t many[5 * SERIAL] = { 0 };

	many[0] = many[3 * SERIAL] = 9;
	many[2 * SERIAL] = many[4 * SERIAL] = 3;
	ck_assert_uint_eq(bulk_sort(many, 0), 0);
	ck_assert_uint_eq(bulk_sort(many, 5), 3);
	ck_assert_uint_eq(many[0], 0);
	ck_assert_uint_eq(many[SERIAL], 3);
	ck_assert_uint_eq(many[2 * SERIAL], 9);
}
END_TEST

START_TEST(all_in_one_commit)
{
	uint64_t before = log_size();

	ck_assert_msg(revokes(3, REASON_SUPERSEDED), "%s", f.text);
	ck_assert_uint_eq(rows(TABLE_REVOKED), 0); /* not before the commit */
	ground_commit(l);
	ck_assert_uint_eq(done.revoked, 3);
	ck_assert_uint_eq(done.already, 0);
	ck_assert_uint_eq(done.first, before);
	ck_assert_uint_eq(log_size(), before + 3);
	ck_assert_uint_eq(rows(TABLE_REVOKED), 3);
	for (size_t i = 0; i < 3; i++) {
		struct standing s = standing(leaf[i]->serial);

		ck_assert_int_eq(s.state, STANDING_REVOKED);
		ck_assert_uint_eq(s.reason, REASON_SUPERSEDED);
		ck_assert_int_eq(s.changed_s, g.now_s + 5);
		ck_assert_uint_eq(s.log_index, before + i);
	}
}
END_TEST

START_TEST(what_had_ended_is_counted)
{
	ground_revoke(&g, l, leaf[1]->serial, 4);
	ck_assert(revokes(3, 0));
	ck_assert_uint_eq(done.revoked, 2);
	ck_assert_uint_eq(done.already, 1);
	ground_commit(l);
	ck_assert_uint_eq(standing(leaf[1]->serial).reason, 4); /* as it was */
	done.revoked = 99;
	ck_assert(revokes(3, 0));
	ck_assert_uint_eq(done.revoked, 0);
	ck_assert_uint_eq(done.already, 3);
}
END_TEST

START_TEST(one_that_is_none_of_ours)
{
	memset(serials + SERIAL, 0x42, SERIAL);
	refused(3, 0, FAULT_NOTFOUND, "4242424242");
	memcpy(serials + SERIAL, g.platform->certificate.at, SERIAL);
	refused(3, 0, FAULT_NOTFOUND, "nothing was revoked");
}
END_TEST

static bool
first_of_profile(void *with, struct octets key, struct octets value)
{
	struct standing s;

	if (ledger_read_standing(value, &s) && strcmp(s.profile, with) == 0) {
		memcpy(serials + SERIAL, key.at, SERIAL);
		return false;
	}
	return true;
}

START_TEST(one_that_is_the_services_own)
{
	static char own[][12] = { "log", "responder" };

	for (size_t i = 0; i < 2; i++) {
		ck_assert(store_scan(ledger_store(l), TABLE_SERIAL, octets_of(NULL, 0), SIZE_MAX,
		    first_of_profile, own[i], &f));
		ck_assert_mem_ne(serials + SERIAL, leaf[1]->serial, SERIAL);
		refused(3, 0, FAULT_DENIED, "the service's own");
	}
	l = platform;
	memcpy(serials, g.acme->a.serial, SERIAL);
	ck_assert(!revokes(1, 0));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	memcpy(serials, g.region->a.serial, SERIAL);
	ck_assert(!revokes(1, REASON_KEY_COMPROMISE));
	ck_assert_int_eq(f.code, FAULT_DENIED);
}
END_TEST

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

START_TEST(one_that_is_being_made)
{
	struct ticket *t = intend("hp-9");

	memcpy(serials + SERIAL, ticket_serial(t), SERIAL);
	refused(3, 0, FAULT_BUSY, "being made");
	ticket_free(t);
}
END_TEST

/* A commit that cannot be is as if nobody had asked, whatever it was that failed. */
START_TEST(a_commit_that_fails)
{
	uint64_t before = log_size();

	batch_guard(ledger_batch(l), TABLE_META, octets_text("there"), octets_text("is none"));
	ck_assert(revokes(3, 0));
	ck_assert(!ledger_end(l, &f));
	ck_assert_uint_eq(rows(TABLE_REVOKED), 0);
	ck_assert_uint_eq(log_size(), before);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(standing(leaf[i]->serial).state, STANDING_GOOD);
}
END_TEST

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

static void
is_burnt(const struct ground_cert *c)
{
	uint8_t digest[DIGEST_OCTETS];
	struct bytes row = { 0 };

	digest_of(key_spki(c->key), digest);
	ck_assert(ledger_get(platform, TABLE_KEY, octets_of(digest, 32), &row, &f));
	ck_assert(octets_same(octets_bytes(&row), octets_text(REVOKE_KEY_BURNT)));
	bytes_free(&row);
}

/* All that names the key ends, once, and is counted once. */
START_TEST(keys_that_burn)
{
	uint8_t second[SERIAL];

	renew(leaf[0]->serial, leaf[0]->key, second);
	memcpy(serials + 2 * SERIAL, second, SERIAL); /* named, and of the same key besides */
	ck_assert_msg(revokes(3, REASON_KEY_COMPROMISE), "%s", f.text);
	ck_assert_uint_eq(done.revoked, 3);
	ck_assert_uint_eq(done.already, 0);
	ground_commit(platform);
	ground_commit(l);
	ck_assert_int_eq(standing(second).state, STANDING_REVOKED);
	is_burnt(leaf[0]);
	is_burnt(leaf[1]);
	ck_assert_int_eq(standing(leaf[2]->serial).state, STANDING_GOOD);
}
END_TEST

START_TEST(keys_that_burn_take_others_along)
{
	uint8_t second[SERIAL];

	renew(leaf[0]->serial, leaf[0]->key, second);
	ck_assert(revokes(1, REASON_KEY_COMPROMISE));
	ck_assert_uint_eq(done.revoked, 2);
	ck_assert_int_eq(standing(second).reason, REASON_KEY_COMPROMISE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bulk");
	TCase *t = tcase_create("bulk");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, each_stands_there_once);
	tcase_add_test(t, all_in_one_commit);
	tcase_add_test(t, what_had_ended_is_counted);
	tcase_add_test(t, one_that_is_none_of_ours);
	tcase_add_test(t, one_that_is_the_services_own);
	tcase_add_test(t, one_that_is_being_made);
	tcase_add_test(t, a_commit_that_fails);
	tcase_add_test(t, keys_that_burn);
	tcase_add_test(t, keys_that_burn_take_others_along);
	suite_add_tcase(s, t);
	return run_suite(s);
}
