/* tests/unit/crl_kinds.c - ocsp/crl_issue.h: delta lists and shards, as libcrypto reads them. */
#include <stdio.h>

#include "ca/revoke.h"
#include "ca/suspend.h"
#include "tests/unit/listed.h"
#include "tests/unit/run.h"

#define SHARDS 16

static struct ground g;
static struct issuer big; /* acme, as if it had been founded with shards */
static const struct crl_want want = { GROUND_URL, CRL_VALID_S, true };
static const struct crl_which delta = { CRL_DELTA, 0 };
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	big = *g.acme;
	big.a.shards = SHARDS;
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	ground_free(&g);
}

static void
make(const struct issuer *by)
{
	listed_make(by, true, g.now_s);
}

/* Only what is short. */
static void
make_short(const struct issuer *by)
{
	listed_make(by, false, g.now_s);
}

static struct crl_head
head(struct crl_which which)
{
	return listed_head(g.acme, which);
}

static bool
is_there(struct crl_which which)
{
	struct crl_head h;

	return crl_head(g.acme->ledger, g.acme->a.key_id, which, &h, &f);
}

static X509_CRL *
list(struct crl_which which)
{
	return listed_read(g.acme, which);
}

/* How a list has a serial: -1 not at all, else its reason. */
static int
reason_in(struct crl_which which, const uint8_t *serial)
{
	BIGNUM *n = BN_bin2bn(serial, TBS_SERIAL_OCTETS, NULL);
	ASN1_INTEGER *a = BN_to_ASN1_INTEGER(n, NULL);
	X509_CRL *crl = list(which);
	X509_REVOKED *r = NULL;
	ASN1_ENUMERATED *e;
	int reason = -1;

	if (X509_CRL_get0_by_serial(crl, &r, a) != 0) {
		e = X509_REVOKED_get_ext_d2i(r, NID_crl_reason, NULL, NULL);
		reason = e == NULL ? 0 : (int)ASN1_ENUMERATED_get(e);
		ASN1_ENUMERATED_free(e);
	}
	ASN1_INTEGER_free(a);
	BN_free(n);
	X509_CRL_free(crl);
	return reason;
}

/* Its base, from the critical deltaCRLIndicator. */
static uint64_t
base_of(struct crl_which which)
{
	X509_CRL *crl = list(which);
	int critical = -2;
	ASN1_INTEGER *n = X509_CRL_get_ext_d2i(crl, NID_delta_crl, &critical, NULL);
	uint64_t v = 0;

	ck_assert_ptr_nonnull(n);
	ck_assert_int_eq(critical, 1);
	ck_assert_int_eq(ASN1_INTEGER_get_uint64(&v, n), 1);
	ASN1_INTEGER_free(n);
	X509_CRL_free(crl);
	return v;
}

static const uint8_t *
revoked(const char *name, uint8_t reason)
{
	const struct ground_cert *c = ground_leaf(&g, g.acme, "printer", name);

	ground_revoke(&g, g.acme->ledger, c->serial, reason);
	return c->serial;
}

static void
hold(const uint8_t *serial, bool resume)
{
	const struct suspend_why why = { .who = &g.why };
	uint64_t index;

	ck_assert((resume ? suspend_release : suspend_hold)(
	    g.acme->ledger, serial, &why, g.now_s, &index, &f));
	ground_commit(g.acme->ledger);
}

START_TEST(the_first_delta_has_nothing)
{
	make(g.acme);
	ck_assert_uint_eq(head(delta).rows, 0);
	ck_assert_uint_eq(base_of(delta), head(listed_complete).number);
	ck_assert_uint_eq(head(delta).number, head(listed_complete).number);
}
END_TEST

START_TEST(a_delta_has_what_changed)
{
	const uint8_t *first = revoked("hp-1", 4), *second;
	uint64_t base;

	make(g.acme);
	base = head(listed_complete).number;
	g.now_s += 10;
	second = revoked("hp-2", 1);
	make(g.acme);
	ck_assert_uint_eq(base_of(delta), base);
	ck_assert_int_eq(reason_in(delta, first), -1);
	ck_assert_int_eq(reason_in(delta, second), 1);
	ck_assert_int_eq(reason_in(listed_complete, first), 4);
	ck_assert_int_eq(reason_in(listed_complete, second), 1);
	ck_assert_uint_eq(head(delta).number, head(listed_complete).number);
	ck_assert_int_eq(head(delta).made_s, head(listed_complete).made_s);
	g.now_s += 10; /* the base stays, for who has it */
	make(g.acme);
	ck_assert_uint_eq(base_of(delta), base);
	ck_assert_int_eq(reason_in(delta, second), 1);
}
END_TEST

/* RFC 5280 section 5.3.1: what was on hold and is no longer is taken off. */
START_TEST(a_delta_takes_back_a_hold)
{
	const uint8_t *serial = ground_leaf(&g, g.acme, "printer", "hp-1")->serial;

	hold(serial, false);
	make(g.acme);
	ck_assert_int_eq(reason_in(listed_complete, serial), 6);
	g.now_s += 10;
	hold(serial, true);
	make(g.acme);
	ck_assert_int_eq(reason_in(delta, serial), 8);
	ck_assert_int_eq(reason_in(listed_complete, serial), -1);
	g.now_s += 10;
	hold(serial, false);
	make(g.acme);
	ck_assert_int_eq(reason_in(delta, serial), 6);
	ck_assert_uint_eq(head(delta).rows, 1); /* three changes of one certificate are one row */
}
END_TEST

START_TEST(a_delta_alone)
{
	const uint8_t *serial;
	struct crl_head before;

	make(g.acme);
	before = head(listed_complete);
	g.now_s += 10;
	serial = revoked("hp-1", 4);
	make_short(g.acme);
	ck_assert_uint_eq(head(listed_complete).number, before.number);
	ck_assert_int_eq(reason_in(listed_complete, serial), -1);
	ck_assert_int_eq(reason_in(delta, serial), 4);
	ck_assert_uint_gt(head(delta).number, before.number);
}
END_TEST

/* Who keeps a list for longer reads the complete one again. */
START_TEST(a_base_grows_old)
{
	uint64_t base;

	make(g.acme);
	base = base_of(delta);
	g.now_s += CRL_VALID_S / 2;
	make(g.acme);
	ck_assert_uint_eq(base_of(delta), base);
	g.now_s += 10;
	make(g.acme);
	ck_assert_uint_gt(base_of(delta), base);
}
END_TEST

/* n changes of acme's, as if its certificates were so many. */
static void
change_many(unsigned n)
{
	struct standing s = { .reason = 1, .changed_s = g.now_s };
	uint8_t serial[TBS_SERIAL_OCTETS] = { 0x22 };

	memcpy(s.issuer, g.acme->a.key_id, sizeof(s.issuer));
	for (unsigned i = 0; i < n; i++) {
		serial[14] = (uint8_t)(i >> 8);
		serial[15] = (uint8_t)i;
		ck_assert(revoke_list(g.acme->ledger, serial, &s, &f));
	}
	ground_commit(g.acme->ledger);
}

static bool
count_change(void *with, struct octets key, struct octets value)
{
	unsigned *n = with;

	(void)value;
	*n += key.n == REVOKE_CHANGE_KEY;
	return true;
}

static unsigned
changes_kept(void)
{
	unsigned n = 0;

	ck_assert(store_scan(ledger_store(g.acme->ledger), TABLE_CRL, octets_of(NULL, 0), SIZE_MAX,
	    count_change, &n, &f));
	return n;
}

START_TEST(a_delta_ends_before_it_is_long)
{
	uint64_t base;

	make(g.acme);
	base = base_of(delta);
	g.now_s += 10;
	change_many(CRL_DELTA_MAX);
	make(g.acme);
	ck_assert_uint_eq(base_of(delta), base);
	ck_assert_uint_eq(head(delta).rows, CRL_DELTA_MAX);
	ck_assert_uint_eq(changes_kept(), CRL_DELTA_MAX);
	(void)revoked("hp-1", 1);
	g.now_s += 10;
	make(g.acme); /* by the complete list before this one */
	ck_assert_uint_gt(base_of(delta), base);
	ck_assert_uint_eq(head(delta).rows, 1);
	ck_assert_uint_eq(changes_kept(), 1); /* nobody needs the others */
}
END_TEST

/* So many at once that no base holds: then it is the list that is made with it. */
START_TEST(too_many_changes_at_once)
{
	make(g.acme);
	g.now_s += 10;
	change_many(CRL_DELTA_MAX + 1);
	make_short(g.acme);
	ck_assert_uint_eq(head(delta).rows, 0); /* the old one */
	make(g.acme);
	ck_assert_uint_eq(head(delta).rows, 0);
	ck_assert_uint_eq(base_of(delta), head(listed_complete).number);
	ck_assert_uint_eq(head(listed_complete).rows, CRL_DELTA_MAX + 1);
	ck_assert_uint_eq(changes_kept(), 0);
}
END_TEST

START_TEST(a_change_that_was_lost)
{
	uint8_t key[REVOKE_CHANGE_KEY];

	make(g.acme);
	(void)revoked("hp-1", 1);
	batch_remove(
	    ledger_batch(g.acme->ledger), TABLE_CRL, revoke_change_key(g.acme->a.key_id, 1, key));
	ground_commit(g.acme->ledger);
	ck_assert(!crl_make(g.acme, &want, g.now_s, &f)); /* no delta that leaves it out */
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
}
END_TEST

START_TEST(above_a_tenant_there_are_none)
{
	struct crl_head h;

	make(g.region);
	ck_assert(!crl_head(g.region->ledger, g.region->a.key_id, delta, &h, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(crl_head(g.region->ledger, g.region->a.key_id, listed_complete, &h, &f));
}
END_TEST

static struct crl_which
shard(unsigned n)
{
	return (struct crl_which){ CRL_SHARD, n };
}

/* Each serial is in the shard that its certificate names, and in no other. */
START_TEST(shards_part_the_serials)
{
	const uint8_t *serial[6];
	unsigned have = 0;

	for (unsigned i = 0; i < 6; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "hp-%u", i);
		serial[i] = revoked(name, 4);
	}
	make(&big);
	for (unsigned n = 0; n < SHARDS; n++)
		for (unsigned i = 0; i < 6; i++) {
			bool here = reason_in(shard(n), serial[i]) == 4;

			ck_assert_int_eq(here, tbs_shard(serial[i], SHARDS) == n);
			have += here;
		}
	ck_assert_uint_eq(have, 6);
	ck_assert_uint_eq(head(listed_complete).rows, 6);
	ck_assert(!is_there(shard(SHARDS)));
}
END_TEST

START_TEST(a_shard_says_of_what)
{
	char url[256], path[TBS_CRL_PATH_MAX];
	ISSUING_DIST_POINT *idp;
	GENERAL_NAME *name;
	X509_CRL *crl;
	int critical = -2;

	make(&big);
	crl = list(shard(3));
	ck_assert_ptr_nonnull(
	    idp = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL));
	ck_assert_int_eq(critical, 1);
	ck_assert_int_gt(idp->onlyuser, 0);
	ck_assert_int_le(idp->onlyCA, 0);
	ck_assert_int_le(idp->indirectCRL, 0);
	ck_assert_int_eq(sk_GENERAL_NAME_num(idp->distpoint->name.fullname), 1);
	name = sk_GENERAL_NAME_value(idp->distpoint->name.fullname, 0);
	ck_assert_int_eq(name->type, GEN_URI);
	tbs_crl_path(octets_of(big.a.key_id, TBS_KEY_ID_OCTETS), 3, SHARDS, path);
	(void)snprintf(url, sizeof(url), "%s/%s", GROUND_URL, path);
	ck_assert_str_eq((const char *)ASN1_STRING_get0_data(name->d.ia5), url);
	ISSUING_DIST_POINT_free(idp);
	X509_CRL_free(crl);
	crl = list(listed_complete);
	ck_assert_int_eq(X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1), -1);
	ck_assert_int_ge(X509_CRL_get_ext_by_NID(crl, NID_freshest_crl, -1), 0);
	X509_CRL_free(crl);
}
END_TEST

/* A revocation touches one shard; the others stay as they were until half their life is over. */
START_TEST(one_shard_is_made_anew)
{
	uint64_t number[SHARDS];
	const uint8_t *serial;
	unsigned its;

	make(&big);
	for (unsigned n = 0; n < SHARDS; n++)
		number[n] = head(shard(n)).number;
	g.now_s += 10;
	serial = revoked("hp-1", 4);
	its = tbs_shard(serial, SHARDS);
	make_short(&big);
	for (unsigned n = 0; n < SHARDS; n++)
		ck_assert_int_eq(head(shard(n)).number == number[n], n != its);
	ck_assert_int_eq(reason_in(shard(its), serial), 4);
	g.now_s += CRL_VALID_S / 2;
	make(&big);
	for (unsigned n = 0; n < SHARDS; n++)
		ck_assert_int_eq(head(shard(n)).made_s, g.now_s);
}
END_TEST

START_TEST(shards_after_very_many_changes)
{
	make(&big);
	g.now_s += 10;
	change_many(CRL_DELTA_MAX + 1); /* all within one shard, but who would look? */
	make(&big);
	for (unsigned n = 0; n < SHARDS; n++)
		ck_assert_int_eq(head(shard(n)).made_s, g.now_s);
}
END_TEST

/* Any number of shards: ranges without a gap, none of them much longer than another. */
START_TEST(ranges_of_serials)
{
	static const unsigned all[] = { 1, 2, 3, 7, 16, 100, 128, 255, 256 };
	uint8_t serial[TBS_SERIAL_OCTETS] = { 0 }, first[TBS_SERIAL_OCTETS];

	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		unsigned shards = all[k], count[TBS_SHARDS_MAX] = { 0 }, last = 0;

		for (unsigned at = 0x100; at < 0x8000; at++) {
			unsigned n;

			serial[0] = (uint8_t)(at >> 8);
			serial[1] = (uint8_t)at;
			n = tbs_shard(serial, shards);
			ck_assert_uint_lt(n, shards);
			ck_assert(n == last || n == last + 1);
			tbs_shard_first(n, shards, first);
			ck_assert_int_ge(memcmp(serial, first, 2), 0);
			ck_assert(n == last || memcmp(serial, first, 2) == 0);
			last = n;
			count[n]++;
		}
		for (unsigned n = 0; n < shards; n++)
			ck_assert(count[n] == 0x7f00 / shards || count[n] == 0x7f00 / shards + 1);
	}
	memset(serial, 0xff, sizeof(serial)); /* none of ours; it lands somewhere all the same */
	ck_assert_uint_eq(tbs_shard(serial, 16), 15);
	memset(serial, 0, sizeof(serial));
	ck_assert_uint_eq(tbs_shard(serial, 16), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("crl_kinds");
	TCase *t = tcase_create("crl_kinds");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_first_delta_has_nothing);
	tcase_add_test(t, a_delta_has_what_changed);
	tcase_add_test(t, a_delta_takes_back_a_hold);
	tcase_add_test(t, a_delta_alone);
	tcase_add_test(t, a_base_grows_old);
	tcase_add_test(t, a_delta_ends_before_it_is_long);
	tcase_add_test(t, too_many_changes_at_once);
	tcase_add_test(t, a_change_that_was_lost);
	tcase_add_test(t, above_a_tenant_there_are_none);
	tcase_add_test(t, shards_part_the_serials);
	tcase_add_test(t, a_shard_says_of_what);
	tcase_add_test(t, one_shard_is_made_anew);
	tcase_add_test(t, shards_after_very_many_changes);
	tcase_add_test(t, ranges_of_serials);
	suite_add_tcase(s, t);
	return run_suite(s);
}
