/* tests/unit/claim.c - ca/claim.h: one key, one holder, in the whole service. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "ca/claim.h"
#include "ca/revoke.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static const struct issuer *globex;
static struct key *key;
static struct fault f;

static const struct endpoint at_acme = { "acme", "printer", "a" };
static const struct endpoint other_name = { "acme", "printer", "b" };
static const struct endpoint other_kind = { "acme", "gateway", "a" };
static const struct endpoint at_globex = { "globex", "printer", "a" };
static const struct endpoint operator_a = { NAME_PLATFORM, "operator", "a" };

static void
setup(void)
{
	ground_new(&g);
	globex = ground_tenant(&g, "globex", CONSTRAINTS_STRICT);
	ck_assert(key_new(KEY_P256, &key, &f));
}

static void
teardown(void)
{
	key_free(key);
	ground_free(&g);
}

static void
takes(struct octets spki, const struct endpoint *owner)
{
	ck_assert_msg(claim_put(g.realm, spki, owner, &f), "%s", f.text);
	ground_commit(g.platform->ledger);
}

static void
refused(struct octets spki, const struct endpoint *owner, const char *why)
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	f = (struct fault){ 0 };
	ck_assert_msg(!claim_put(g.realm, spki, owner, &f), "taken, where \"%s\" was due", why);
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	if (strstr(why, "CA's") != NULL)
		return;
	ck_assert_int_eq(EVP_Digest(spki.at, spki.n, digest, NULL, EVP_sha256(), NULL), 1);
	ck_assert(!claim_check(g.realm, digest, owner, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
}

START_TEST(row_19_a_key_has_one_holder)
{
	static const struct endpoint *const others[] = { &other_name, &other_kind, &at_globex,
		&operator_a };

	takes(key_spki(key), &at_acme);
	takes(key_spki(key), &at_acme); /* again: a renewal */
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		refused(key_spki(key), others[i], "registered to another endpoint");
}
END_TEST

/* Two of one round: the second sees the first, which is not durable yet. */
START_TEST(row_19_two_of_one_round)
{
	struct ledger_mark mark = ledger_mark(g.platform->ledger);

	ck_assert(claim_put(g.realm, key_spki(key), &at_acme, &f));
	refused(key_spki(key), &at_globex, "registered to another endpoint");
	ledger_undo(g.platform->ledger, mark); /* its job failed */
	takes(key_spki(key), &at_globex);
}
END_TEST

START_TEST(row_19_our_own_keys)
{
	const struct issuer *const cas[] = { g.root, g.region, g.platform, g.acme, globex };
	static const struct purpose *const purposes[] = { &found_responder, &found_log };
	struct delegate d;

	for (size_t i = 0; i < sizeof(cas) / sizeof(cas[0]); i++)
		refused(key_spki(cas[i]->key), &at_acme, "a CA's");
	for (size_t i = 0; i < 2; i++) {
		ck_assert(keyring_delegate(g.keys, &g.acme->a, purposes[i], g.now_s, &d, &f));
		if (key_kind(d.key) == KEY_P256)
			refused(key_spki(d.key), &at_acme, "registered to another");
		else
			ck_assert(!claim_put(g.realm, key_spki(d.key), &at_acme, &f));
	}
}
END_TEST

/* A key that was registered in a tenant alone, as before there were claims. */
START_TEST(row_19_the_tenants_own_table_counts)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "a");

	refused(key_spki(leaf->key), &other_name, "registered to another endpoint");
	takes(key_spki(leaf->key), &at_acme);
	refused(key_spki(leaf->key), &at_globex, "registered to another endpoint");
}
END_TEST

START_TEST(row_19_the_platforms_own_endpoints)
{
	const struct ground_cert *leaf = ground_operator(&g, "a", ROLE_OFFICER);

	takes(key_spki(leaf->key), &operator_a);
	refused(key_spki(leaf->key), &at_acme, "registered to another endpoint");
}
END_TEST

START_TEST(row_19_a_burnt_key_is_nobodys)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "a");

	takes(key_spki(leaf->key), &at_acme);
	ck_assert_msg(claim_burn(g.realm, g.acme->ledger, leaf->serial, &f), "%s", f.text);
	ground_commit(g.platform->ledger);
	refused(key_spki(leaf->key), &at_globex, "revoked as compromised");
	refused(key_spki(leaf->key), &at_acme, "revoked as compromised");
	ck_assert(!claim_burn(g.realm, globex->ledger, leaf->serial, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(no_tenant_no_claim)
{
	static const struct endpoint nobody = { "nobody", "printer", "a" };

	ck_assert(!claim_put(g.realm, key_spki(key), &nobody, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

/* As from before there were claims: the tenant's rows, and nothing that says they were taken over.
 */
static void
forget(struct ledger *l)
{
	batch_remove(ledger_batch(l), TABLE_META, octets_text("claims"));
	ground_commit(l);
}

static void
row(struct ledger *l, unsigned n, const char *value)
{
	uint8_t digest[CLAIM_DIGEST_OCTETS] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	ledger_put(l, TABLE_KEY, octets_of(digest, sizeof(digest)), octets_text(value));
}

static bool
claimed(unsigned n, const char *want)
{
	uint8_t digest[CLAIM_DIGEST_OCTETS] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	struct bytes b = { 0 };
	bool is =
	    ledger_get(g.platform->ledger, TABLE_KEY, octets_of(digest, sizeof(digest)), &b, &f) &&
	    octets_same(octets_bytes(&b), octets_text(want));

	bytes_free(&b);
	return is;
}

START_TEST(a_new_tenant_has_nothing_to_take_over)
{
	bool done = false;

	row(globex->ledger, 1, "printer/x");
	ground_commit(globex->ledger);
	ck_assert(claim_adopt(g.realm, globex->ledger, &done, &f));
	ck_assert(done);
	ck_assert(!claimed(1, "globex/printer/x"));
	ck_assert(claim_adopt(g.realm, g.platform->ledger, &done, &f));
	ck_assert(done);
}
END_TEST

START_TEST(keys_of_before_are_taken_over_piece_by_piece)
{
	const unsigned n = 2 * CLAIM_AT_ONCE + 3;
	bool done = true;

	for (unsigned i = 0; i < n; i++)
		row(globex->ledger, i, i == 5 ? REVOKE_KEY_BURNT : "printer/x");
	row(g.platform->ledger, 7, "acme/printer/first");
	row(g.platform->ledger, 5, "acme/printer/first");
	ground_commit(g.platform->ledger);
	forget(globex->ledger);
	for (int go = 0; go < 3; go++) {
		ck_assert_msg(claim_adopt(g.realm, globex->ledger, &done, &f), "%s", f.text);
		ck_assert_int_eq(done, go == 2);
		ck_assert(claimed(CLAIM_AT_ONCE - 1, "globex/printer/x"));
		ck_assert_int_eq(claimed(CLAIM_AT_ONCE, "globex/printer/x"), go > 0);
	}
	ck_assert(claimed(n - 1, "globex/printer/x"));
	ck_assert(claimed(7, "acme/printer/first")); /* who came first keeps it */
	ck_assert(claimed(5, REVOKE_KEY_BURNT));     /* but burnt is burnt for all */
	ck_assert(claim_adopt(g.realm, globex->ledger, &done, &f));
	ck_assert(done);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("claim");
	TCase *t = tcase_create("claim");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, row_19_a_key_has_one_holder);
	tcase_add_test(t, row_19_two_of_one_round);
	tcase_add_test(t, row_19_our_own_keys);
	tcase_add_test(t, row_19_the_tenants_own_table_counts);
	tcase_add_test(t, row_19_the_platforms_own_endpoints);
	tcase_add_test(t, row_19_a_burnt_key_is_nobodys);
	tcase_add_test(t, no_tenant_no_claim);
	tcase_add_test(t, a_new_tenant_has_nothing_to_take_over);
	tcase_add_test(t, keys_of_before_are_taken_over_piece_by_piece);
	suite_add_tcase(s, t);
	return run_suite(s);
}
