/* tests/unit/press.c - daemon/press.h: lists that the signer makes by itself, turn by turn. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/signer.h"
#include "ocsp/crl_issue.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define TURNS 100000

static struct ground g;
static struct signer *s;
static const struct crl_which complete = { CRL_COMPLETE, 0 }, delta = { CRL_DELTA, 0 };
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	ck_assert_ptr_nonnull(s = calloc(1, sizeof(*s)));
	s->realm = g.realm;
	s->keys = g.keys;
	s->watch.newest_s = INT64_MIN;
	s->settings.crl.delay = 3600;
	(void)snprintf(s->settings.public_url, sizeof(s->settings.public_url), "%s", GROUND_URL);
	ck_assert(press_new(s, &s->press, &f));
}

static void
teardown(void)
{
	press_free(s->press);
	free(s);
	ground_free(&g);
}

/* Turns until nothing is to be done now; how many. */
static unsigned
turn(bool idle)
{
	unsigned n = 0;

	while (press_wait_ms(s->press) == 0) {
		press_turn(s->press, idle);
		ck_assert_uint_lt(n++, TURNS);
	}
	return n;
}

static bool
is_there(const struct issuer *by, struct crl_which which)
{
	struct crl_head h;

	return crl_head(by->ledger, by->a.key_id, which, &h, &f);
}

static struct crl_head
head(const struct issuer *by, struct crl_which which)
{
	struct crl_head h;

	ck_assert_msg(crl_head(by->ledger, by->a.key_id, which, &h, &f), "%s", f.text);
	return h;
}

/* A start finds what was never made, for every CA, and then there is nothing to do for days. */
START_TEST(a_start)
{
	const struct issuer *all[] = { g.root, g.region, g.platform, g.acme };

	(void)turn(true);
	for (size_t i = 0; i < 4; i++)
		ck_assert(is_there(all[i], complete));
	ck_assert(is_there(g.acme, delta));
	ck_assert_int_gt(press_wait_ms(s->press), 86400 * 1000);
	press_free(s->press); /* a second one finds them all */
	ck_assert(press_new(s, &s->press, &f));
	ck_assert_uint_le(turn(true), 2);
}
END_TEST

START_TEST(a_start_finds_what_was_left_undone)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-1");
	struct crl_head before;

	(void)turn(true);
	before = head(g.acme, complete);
	ground_revoke(&g, g.acme->ledger, leaf->serial, 4); /* and nobody said so */
	ck_assert_int_ne(press_wait_ms(s->press), 0);
	press_free(s->press);
	ck_assert(press_new(s, &s->press, &f));
	(void)turn(true);
	ck_assert_uint_gt(head(g.acme, complete).number, before.number);
	ck_assert_uint_eq(head(g.acme, complete).rows, 1);
}
END_TEST

/* The first lists of a CA, then a change after a quiet time, then one that has to wait. */
START_TEST(changes)
{
	const struct ground_cert *leaf[2] = { ground_leaf(&g, g.acme, "printer", "hp-1"),
		ground_leaf(&g, g.acme, "printer", "hp-2") };

	(void)turn(true);
	press_free(s->press);
	ck_assert(press_new(s, &s->press, &f));
	(void)turn(true); /* nothing is made: it is quiet */
	ground_revoke(&g, g.acme->ledger, leaf[0]->serial, 4);
	press_changed(s->press, g.acme->a.key_id);
	ck_assert_int_eq(press_wait_ms(s->press), 0);
	(void)turn(true);
	ck_assert_uint_eq(head(g.acme, complete).rows, 1);
	ck_assert_uint_eq(head(g.acme, delta).rows, 1);
	ground_revoke(&g, g.acme->ledger, leaf[1]->serial, 4);
	press_changed(s->press, g.acme->a.key_id);
	ck_assert_int_gt(press_wait_ms(s->press), 3500 * 1000);
	ck_assert_int_le(press_wait_ms(s->press), 3601 * 1000);
	ck_assert_uint_eq(head(g.acme, complete).rows, 1);
}
END_TEST

/* One CA changes all the time: the other has its turn, whichever of the two was seen first. */
START_TEST(nobody_is_kept_waiting)
{
	const struct issuer *two[] = { g.platform, g.acme };

	s->settings.crl.delay = 0;
	for (size_t i = 0; i < 2; i++)
		press_first(s->press, two[i], clock_now_s());
	for (size_t i = 0; i < 2; i++)
		ground_commit(two[i]->ledger);
	(void)turn(true);
	for (size_t i = 0; i < 2; i++) {
		uint64_t before = head(two[i], delta).number;

		press_changed(s->press, two[i]->a.key_id);
		for (unsigned n = 0; head(two[i], delta).number == before; n++) {
			ck_assert_uint_lt(n, TURNS);
			press_changed(s->press, two[1 - i]->a.key_id);
			press_turn(s->press, true);
		}
	}
}
END_TEST

/* A ledger that nobody had open is shut again when it is marked; one that is in use stays. */
START_TEST(what_was_opened_is_shut)
{
	const struct issuer *beta = ground_tenant(&g, "beta", CONSTRAINTS_STRICT), *by;
	uint8_t id[TBS_KEY_ID_OCTETS];
	struct ledger *l;

	memcpy(id, beta->a.key_id, sizeof(id));
	ground_commit(beta->ledger);
	ground_commit(realm_platform(g.realm));
	l = beta->ledger;
	keyring_drop(g.keys, l);
	realm_drop(g.realm, "beta");
	press_changed(s->press, id);
	while (press_wait_ms(s->press) == 0)
		press_turn(s->press, true);
	ck_assert_ptr_nonnull(l = realm_peek(g.realm, "beta"));
	ck_assert(ledger_changed(l));
	ck_assert_int_le(press_wait_ms(s->press), 1001);
	press_turn(s->press, true);
	ck_assert_ptr_nonnull(realm_peek(g.realm, "beta"));
	ledger_set_changed(l, false);
	press_turn(s->press, true);
	ck_assert_ptr_null(realm_peek(g.realm, "beta"));
	ck_assert_ptr_nonnull(realm_peek(g.realm, "acme"));
	ck_assert_int_gt(press_wait_ms(s->press), 1001);
	ck_assert_msg(keyring_issuer(g.keys, id, &by, &f), "%s", f.text); /* opened anew */
	ck_assert(is_there(by, complete));
}
END_TEST

/* Others wait: slices are made all the same, but not one behind the other. */
START_TEST(while_others_wait)
{
	press_turn(s->press, false);
	(void)turn(false);
	ck_assert(is_there(g.acme, complete));
}
END_TEST

START_TEST(first_lists)
{
	struct ledger_mark mark = ledger_mark(g.acme->ledger);

	press_first(s->press, g.acme, clock_now_s());
	ck_assert_uint_gt(batch_mark(ledger_batch(g.acme->ledger)), mark.at);
	ground_commit(g.acme->ledger);
	ck_assert(is_there(g.acme, complete));
	ck_assert(is_there(g.acme, delta));
	press_first(NULL, g.acme, clock_now_s()); /* a command that writes by itself */
	press_changed(NULL, g.acme->a.key_id);
}
END_TEST

/* Nothing is signed with a clock that is wrong, and nobody spins meanwhile. */
START_TEST(a_clock_that_is_wrong)
{
	s->watch.newest_s = clock_now_s() + WATCH_CLOCK_S + 3600;
	(void)turn(true);
	ck_assert(!is_there(g.acme, complete));
	ck_assert_int_gt(press_wait_ms(s->press), 0);
	ck_assert_int_le(press_wait_ms(s->press), 1001);
}
END_TEST

/* The root's key is offline: the others go on, and it is not tried again and again. */
START_TEST(an_offline_root)
{
	struct ledger *platform = realm_platform(g.realm);
	uint8_t root[TBS_KEY_ID_OCTETS], region[TBS_KEY_ID_OCTETS];
	char path[REALM_PATH_MAX];
	struct crl_head h;

	memcpy(root, g.root->a.key_id, sizeof(root));
	memcpy(region, g.region->a.key_id, sizeof(region));
	ck_assert(keyring_path(g.realm, root, path, &f));
	ck_assert_int_eq(unlink(path), 0);
	keyring_drop(g.keys, platform); /* what was opened before */
	(void)turn(true);
	ck_assert(!crl_head(platform, root, complete, &h, &f));
	ck_assert(crl_head(platform, region, complete, &h, &f));
	ck_assert(is_there(g.acme, complete));
	ck_assert_int_gt(press_wait_ms(s->press), 3600 * 1000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("press");
	TCase *t = tcase_create("press");

	log_start("test", LOG_ERROR);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_start);
	tcase_add_test(t, a_start_finds_what_was_left_undone);
	tcase_add_test(t, changes);
	tcase_add_test(t, nobody_is_kept_waiting);
	tcase_add_test(t, what_was_opened_is_shut);
	tcase_add_test(t, while_others_wait);
	tcase_add_test(t, first_lists);
	tcase_add_test(t, a_clock_that_is_wrong);
	tcase_add_test(t, an_offline_root);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
