/* tests/unit/roll.c - ca/roll.h: a new CA beside the old one; both hold, and nothing is stepped
 * round. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/revoke.h"
#include "ca/roll.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct ledger *platform;
static const struct ground_cert *leaf;
static struct rolled done;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	platform = realm_platform(g.realm);
	leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	memset(&done, 0x77, sizeof(done));
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	ground_free(&g);
}

static bool
rolls(const struct issuer *region, const char *name)
{
	return roll_tenant(g.keys, region, name, &g.why, g.now_s + 5, &done, &f);
}

static const struct issuer *
issuer(const uint8_t *key_id)
{
	const struct issuer *ca;

	ck_assert_msg(keyring_issuer(g.keys, key_id, &ca, &f), "%s", f.text);
	return ca;
}

static const struct issuer *
present(const char *tenant)
{
	struct tenant t;

	ck_assert(realm_tenant(g.realm, tenant, &t, &f));
	return issuer(t.key_id);
}

static bool
is_good(const struct issuer *ca)
{
	return realm_authority_good(g.realm, &ca->a, g.now_s, &f);
}

START_TEST(the_same_name_and_walls_and_another_key)
{
	const struct issuer *after;

	ck_assert_msg(rolls(g.region, "acme"), "%s", f.text);
	after = present("acme");
	ck_assert_mem_eq(done.before.key_id, g.acme->a.key_id, TBS_KEY_ID_OCTETS);
	ck_assert_mem_eq(done.after.key_id, after->a.key_id, TBS_KEY_ID_OCTETS);
	ck_assert_mem_ne(done.after.key_id, done.before.key_id, TBS_KEY_ID_OCTETS);
	ck_assert(octets_same(after->facts.subject, g.acme->facts.subject));
	ck_assert(!octets_same(after->facts.spki, g.acme->facts.spki));
	ck_assert(octets_same(
	    after->facts.extension[CERT_CONSTRAINTS], g.acme->facts.extension[CERT_CONSTRAINTS]));
	ck_assert_int_eq(after->a.constraints, CONSTRAINTS_STRICT);
	ck_assert_ptr_eq(after->ledger, g.acme->ledger);
	ck_assert(is_good(after));
	ck_assert(is_good(g.acme)); /* for what it issued */
}
END_TEST

/* Every mode, and every further name, comes over. */
START_TEST(walls_of_every_kind_are_kept)
{
	static const enum constraint_mode modes[] = { CONSTRAINTS_STRICT, CONSTRAINTS_COMPATIBLE,
		CONSTRAINTS_NONE };
	static const char *const names[] = { "one", "two", "three" };

	for (size_t i = 0; i < 3; i++) {
		const struct found_tenant t = { .name = names[i],
			.mode = modes[i],
			.host_n = 2,
			.host = { "acme.example", "print.example.net" } };
		const struct issuer *before, *after;
		uint64_t index;

		ck_assert(found_tenant(g.keys, g.region, &t, &g.why, g.now_s, &before, &index, &f));
		ck_assert_msg(rolls(g.region, names[i]), "%s", f.text);
		after = present(names[i]);
		ck_assert_int_eq(after->a.constraints, modes[i]);
		ck_assert(octets_same(after->facts.extension[CERT_CONSTRAINTS],
		    before->facts.extension[CERT_CONSTRAINTS]));
	}
}
END_TEST

START_TEST(both_logs_tell)
{
	struct bytes b = { 0 };
	struct json *j;
	uint8_t key[8];
	int64_t at;

	ck_assert(rolls(g.region, "acme"));
	ck_assert(ledger_get(platform, TABLE_LOG, octets_u64(done.platform_index, key), &b, &f));
	ck_assert(json_parse(octets_bytes(&b), &j, &f));
	ck_assert_str_eq(json_text(j, "act"), "tenant.rolled");
	json_free(j);
	bytes_clear(&b);
	ck_assert(ledger_get(g.acme->ledger, TABLE_LOG, octets_u64(done.log_index, key), &b, &f));
	ck_assert(json_parse(octets_bytes(&b), &j, &f));
	ck_assert_str_eq(json_text(j, "act"), "tenant.rolled");
	ck_assert(json_number(j, "platform_index", 0, INT64_MAX, -1, &at));
	ck_assert_uint_eq((uint64_t)at, done.platform_index);
	json_free(j);
	bytes_free(&b);
}
END_TEST

START_TEST(its_own_responder_and_log_key)
{
	struct delegate old[2], new[2];
	const struct purpose *const what[] = { &found_responder, &found_log };
	struct cert c;

	ck_assert(rolls(g.region, "acme"));
	for (size_t i = 0; i < 2; i++) {
		ck_assert(keyring_delegate(g.keys, &g.acme->a, what[i], g.now_s, &old[i], &f));
		ck_assert(cert_parse(old[i].certificate, &c, &f));
		ck_assert_mem_eq(c.issuer_key_id, done.before.key_id, TBS_KEY_ID_OCTETS);
		ck_assert(keyring_delegate(g.keys, &done.after, what[i], g.now_s, &new[i], &f));
		ck_assert(cert_parse(new[i].certificate, &c, &f));
		ck_assert_mem_eq(c.issuer_key_id, done.after.key_id, TBS_KEY_ID_OCTETS);
	}
}
END_TEST

START_TEST(both_are_listed_the_present_one_first)
{
	struct level_cas all;
	struct census n;

	ck_assert(rolls(g.region, "acme"));
	(void)ground_leaf(&g, present("acme"), "printer", "two");
	ck_assert(rolls(g.region, "acme"));
	ck_assert(level_cas(g.realm, LEVEL_TENANT, "acme", &all, &f));
	ck_assert_uint_eq(all.n, 3);
	ck_assert_mem_eq(all.at[0].key_id, done.after.key_id, TBS_KEY_ID_OCTETS);
	ck_assert_mem_eq(all.at[2].key_id, g.acme->a.key_id, TBS_KEY_ID_OCTETS);
	ck_assert(level_census(g.realm, &all, g.now_s, &n, &f));
	ck_assert_uint_eq(n.good, 2);
	ck_assert(level_cas(g.realm, LEVEL_TENANT, "nobody", &all, &f));
	ck_assert_uint_eq(all.n, 0);
	ck_assert(level_cas(g.realm, LEVEL_REGION, "eu", &all, &f));
	ck_assert_uint_eq(all.n, 1);
	ck_assert(level_cas(g.realm, LEVEL_REGION, "acme", &all, &f));
	ck_assert_uint_eq(all.n, 0);
}
END_TEST

/* What a client needs, and no more: the old CA as long as it has leaves that hold. */
START_TEST(a_bundle_has_what_is_in_use)
{
	struct level_bundle b;

	ck_assert(level_bundle(g.realm, "acme", g.now_s, &b, &f));
	ck_assert_uint_eq(b.n, 3);
	level_bundle_free(&b);
	ck_assert(rolls(g.region, "acme"));
	ck_assert(level_bundle(g.realm, "acme", g.now_s, &b, &f));
	ck_assert_uint_eq(b.n, 4);
	ck_assert(octets_same(octets_bytes(&b.der[3]), octets_bytes(&g.acme->certificate)));
	level_bundle_free(&b);
	ck_assert(level_bundle(g.realm, "acme", g.now_s + 100 * 86400, &b, &f)); /* it ended */
	ck_assert_uint_eq(b.n, 3);
	level_bundle_free(&b);
	ground_revoke(&g, platform, g.acme->a.serial, 1);
	ck_assert(level_bundle(g.realm, "acme", g.now_s, &b, &f));
	ck_assert_uint_eq(b.n, 3);
	level_bundle_free(&b);
	ck_assert(!level_bundle(g.realm, "nobody", g.now_s, &b, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(refusals_leave_all_as_it_was)
{
	struct rolled before = done;

	ck_assert(!rolls(g.region, "nobody"));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!rolls(g.region, "../acme"));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!rolls(g.region, ""));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ground_suspend(&g, LEVEL_TENANT, "acme", false);
	ck_assert(!rolls(g.region, "acme")); /* a suspension is not stepped round */
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ground_suspend(&g, LEVEL_TENANT, "acme", true);
	ground_suspend(&g, LEVEL_REGION, "eu", false);
	ck_assert(!rolls(g.region, "acme"));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_mem_eq(&done, &before, sizeof(done));
	ck_assert_ptr_eq(present("acme"), g.acme);
}
END_TEST

/* After a compromise it is the way to go on. */
START_TEST(a_revoked_ca_is_rolled_over)
{
	ground_revoke(&g, platform, g.acme->a.serial, 1);
	ck_assert(!is_good(g.acme));
	ck_assert_msg(rolls(g.region, "acme"), "%s", f.text);
	ck_assert(is_good(present("acme")));
	ck_assert(!is_good(g.acme));
}
END_TEST

START_TEST(not_without_end)
{
	size_t n = 1;

	while (n < LEVEL_CAS_MAX && rolls(g.region, "acme"))
		n++;
	ck_assert_uint_eq(n, LEVEL_CAS_MAX);
	ck_assert(!rolls(g.region, "acme"));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
}
END_TEST

START_TEST(a_region_beside_the_old_one)
{
	const struct issuer *region, *fresh;
	struct authority at;
	uint64_t index;

	ck_assert(level_region(g.realm, &at, &f));
	ck_assert_mem_eq(at.key_id, g.region->a.key_id, TBS_KEY_ID_OCTETS);
	ck_assert_msg(
	    roll_region(g.keys, g.root, &g.why, g.now_s, &region, &index, &f), "%s", f.text);
	ck_assert_mem_ne(region->a.key_id, g.region->a.key_id, TBS_KEY_ID_OCTETS);
	ck_assert_str_eq(region->a.label, "eu");
	ck_assert(octets_same(region->facts.subject, g.region->facts.subject));
	ck_assert(level_region(g.realm, &at, &f));
	ck_assert_mem_eq(at.key_id, region->a.key_id, TBS_KEY_ID_OCTETS);
	ck_assert_msg(rolls(region, NAME_PLATFORM), "%s", f.text);
	ck_assert_mem_eq(present(NAME_PLATFORM)->a.issuer, region->a.key_id, TBS_KEY_ID_OCTETS);
	ck_assert(rolls(region, "acme"));
	fresh = present("acme");
	ck_assert_mem_eq(fresh->a.issuer, region->a.key_id, TBS_KEY_ID_OCTETS);
	ck_assert(is_good(g.acme));
	ground_revoke(&g, platform, g.region->a.serial, 4); /* the old one ends, the new one not */
	ck_assert(!is_good(g.acme));
	ck_assert(is_good(fresh));
	ground_suspend(&g, LEVEL_REGION, "eu", false);
	ck_assert(!is_good(fresh));
	ck_assert(!roll_region(g.keys, g.root, &g.why, g.now_s, &region, &index, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("roll");
	TCase *t = tcase_create("roll");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, the_same_name_and_walls_and_another_key);
	tcase_add_test(t, walls_of_every_kind_are_kept);
	tcase_add_test(t, both_logs_tell);
	tcase_add_test(t, its_own_responder_and_log_key);
	tcase_add_test(t, both_are_listed_the_present_one_first);
	tcase_add_test(t, a_bundle_has_what_is_in_use);
	tcase_add_test(t, refusals_leave_all_as_it_was);
	tcase_add_test(t, a_revoked_ca_is_rolled_over);
	tcase_add_test(t, not_without_end);
	tcase_add_test(t, a_region_beside_the_old_one);
	suite_add_tcase(s, t);
	return run_suite(s);
}
