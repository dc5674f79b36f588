/* tests/unit/revoke_cost.c - a revocation costs the same with ten and with very many revoked:
 * what it asks of the store and writes to it is counted, not timed. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/revoke.h"
#include "ca/suspend.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define FEW  10
#define MANY 50000

static struct ground g;
static struct ledger *l;
static struct fault f;
static struct {
	size_t gets, scans, writes;
} cost;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker gives these names (--wrap) */
bool __real_store_get(
    struct store *s, unsigned table, struct octets key, struct bytes *ret, struct fault *why);
bool __wrap_store_get(
    struct store *s, unsigned table, struct octets key, struct bytes *ret, struct fault *why);
bool __real_store_scan(struct store *s, unsigned table, struct octets from, size_t limit,
    store_visit *visit, void *with, struct fault *why);
bool __wrap_store_scan(struct store *s, unsigned table, struct octets from, size_t limit,
    store_visit *visit, void *with, struct fault *why);

bool
__wrap_store_get(
    struct store *s, unsigned table, struct octets key, struct bytes *ret, struct fault *why)
{
	cost.gets++;
	return __real_store_get(s, table, key, ret, why);
}

bool
__wrap_store_scan(struct store *s, unsigned table, struct octets from, size_t limit,
    store_visit *visit, void *with, struct fault *why)
{
	cost.scans++;
	return __real_store_scan(s, table, from, limit, visit, with, why);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void
setup(void)
{
	ground_new(&g);
	l = g.acme->ledger;
}

static void
teardown(void)
{
	ground_free(&g);
}

/* So many rows of acme's more, as a revocation writes them. */
static void
list_more(unsigned from, unsigned to)
{
	struct standing s = { .reason = 4, .changed_s = g.now_s };
	uint8_t serial[TBS_SERIAL_OCTETS] = { 0x22 };

	memcpy(s.issuer, g.acme->a.key_id, sizeof(s.issuer));
	for (unsigned i = from; i < to; i++) {
		serial[13] = (uint8_t)(i >> 16);
		serial[14] = (uint8_t)(i >> 8);
		serial[15] = (uint8_t)i;
		ck_assert(revoke_list(l, serial, &s, &f));
	}
	ground_commit(l);
}

static void
begin(void)
{
	cost.gets = cost.scans = 0;
}

static void
end(size_t *gets, size_t *writes)
{
	ck_assert_uint_eq(cost.scans, 0);
	*gets = cost.gets;
	*writes = batch_mark(ledger_batch(l));
	ground_commit(l);
}

/* Revoke one for this reason, one of another name for it, hold and release a third. */
static void
acts(const char *name, uint8_t reason, size_t gets[static 3], size_t writes[static 3])
{
	const struct suspend_why why = { .who = &g.why };
	char held[32];
	const struct ground_cert *a = ground_leaf(&g, g.acme, "printer", name), *b;
	struct bytes also = { 0 };
	uint64_t index;

	(void)snprintf(held, sizeof(held), "%s-held", name);
	b = ground_leaf(&g, g.acme, "printer", held);
	begin();
	ck_assert(revoke_certificate(l, a->serial, reason, &g.why, g.now_s, &index, &f));
	if (reason == REASON_KEY_COMPROMISE)
		ck_assert(revoke_same_key(l, a->serial, &g.why, g.now_s, &also, &f));
	end(&gets[0], &writes[0]);
	begin();
	ck_assert(suspend_hold(l, b->serial, &why, g.now_s, &index, &f));
	end(&gets[1], &writes[1]);
	begin();
	ck_assert(suspend_release(l, b->serial, &why, g.now_s, &index, &f));
	end(&gets[2], &writes[2]);
	bytes_free(&also);
}

static void
few_and_many(uint8_t reason)
{
	size_t gets[2][3], writes[2][3];

	list_more(0, FEW);
	acts("hp-1", reason, gets[0], writes[0]);
	list_more(FEW, MANY);
	acts("hp-2", reason, gets[1], writes[1]);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_gt(writes[0][i], 0);
		ck_assert_uint_eq(gets[0][i], gets[1][i]);
		ck_assert_uint_eq(writes[0][i], writes[1][i]);
	}
}

START_TEST(a_revocation)
{
	few_and_many(4);
}
END_TEST

START_TEST(a_compromised_key)
{
	few_and_many(REASON_KEY_COMPROMISE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("revoke_cost");
	TCase *t = tcase_create("revoke_cost");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_revocation);
	tcase_add_test(t, a_compromised_key);
	suite_add_tcase(s, t);
	return run_suite(s);
}
