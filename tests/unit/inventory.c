/* tests/unit/inventory.c - ca/inventory.h: every key that a ledger names is told, and where it is.
 */
#include "ca/inventory.h"

#include <check.h>
#include <string.h>

#include "ca/roll.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"
#include "tests/unit/soft_token.h"

#define DAY      INT64_C(86400)
#define KEYS_MAX 64

static char token_dir[SCRATCH_PATH_MAX];
static struct ground g;
static struct authority acme, root;
static struct fault f;
static struct inventory_key told[KEYS_MAX];
static size_t told_n, told_max;

static void
setup(void)
{
	ck_assert(secret_start(&f));
	scratch_new(token_dir);
	soft_token_new(token_dir);
	g = (struct ground){ .in_token = KEYRING_TENANT };
	ck_assert_msg(soft_token_open(SOFT_TOKEN_PIN, "file 1\n", &g.hsm, &f), "%s", f.text);
	ground_make(&g);
	acme = g.acme->a;
	root = g.root->a;
	told_max = KEYS_MAX;
}

static void
teardown(void)
{
	struct hsm *hsm = g.hsm;

	ground_free(&g);
	hsm_close(hsm);
	scratch_free(token_dir);
}

static bool
keep(void *with, const struct inventory_key *key)
{
	const struct authority *a = with;

	ck_assert_str_eq(key->of, a->label);
	ck_assert_uint_lt(told_n, told_max);
	told[told_n++] = *key;
	return told_n < told_max;
}

static void
survey(struct authority *a, bool all, int64_t now_s)
{
	told_n = 0;
	ck_assert_msg(inventory_authority(g.keys, a, all, now_s, keep, a, &f), "%s", f.text);
}

static const struct inventory_key *
find(const char *kind, const char *state)
{
	for (size_t i = 0; i < told_n; i++)
		if (strcmp(told[i].kind, kind) == 0 && strcmp(told[i].state, state) == 0)
			return &told[i];
	ck_abort_msg("no %s that is %s among %zu", kind, state, told_n);
	return NULL;
}

static void
lose(const uint8_t id[static TBS_KEY_ID_OCTETS])
{
	char path[REALM_PATH_MAX];

	ck_assert(keyring_path(g.realm, id, path, &f));
	ck_assert_int_eq(unlink(path), 0);
}

START_TEST(a_tenant_has_three)
{
	const struct inventory_key *k;

	survey(&acme, true, g.now_s);
	ck_assert_uint_eq(told_n, 3);
	k = find("tenant", "in use");
	ck_assert_ptr_eq(k, told); /* the CA's own first */
	ck_assert_mem_eq(k->id, acme.key_id, sizeof(k->id));
	ck_assert_int_eq(k->where, INVENTORY_TOKEN);
	ck_assert_str_eq(k->token, SOFT_TOKEN_LABEL);
	ck_assert(k->online);
	ck_assert_int_le(k->since_s, g.now_s);
	ck_assert_int_eq(k->until_s, acme.not_after_s);
	k = find("responder", "in use");
	ck_assert_int_eq(k->where, INVENTORY_FILE);
	ck_assert_str_eq(k->token, "");
	ck_assert(find("log", "in use")->online);
}
END_TEST

START_TEST(the_root_is_here)
{
	survey(&root, true, g.now_s);
	ck_assert_uint_eq(told_n, 2);
	ck_assert_int_eq(told[0].where, INVENTORY_FILE);
	ck_assert(told[0].online);
}
END_TEST

/* An offline root is known by the responder that the ceremony gave it, and by nothing else. */
START_TEST(the_root_is_elsewhere)
{
	struct delegate d;

	lose(root.key_id);
	survey(&root, false, g.now_s);
	ck_assert_int_eq(told[0].where, INVENTORY_MISSING);
	ck_assert(told[0].online);
	ck_assert(keyring_delegate(g.keys, &root, &found_responder_offline, g.now_s, &d, &f));
	survey(&root, false, g.now_s);
	ck_assert_int_eq(told[0].where, INVENTORY_OFFLINE);
	ck_assert(!told[0].online);
	ck_assert_uint_eq(told_n, 3);
}
END_TEST

START_TEST(what_another_took_the_place_of)
{
	struct delegate d;

	ck_assert(keyring_delegate(g.keys, &acme, &found_responder, g.now_s + 25 * DAY, &d, &f));
	survey(&acme, false, g.now_s + 25 * DAY);
	ck_assert_uint_eq(told_n, 3);
	ck_assert_mem_eq(find("responder", "in use")->id, key_id(d.key), TBS_KEY_ID_OCTETS);
	survey(&acme, true, g.now_s + 25 * DAY);
	ck_assert_uint_eq(told_n, 4);
	ck_assert(!find("responder", "superseded")->online);
	survey(&acme, true, g.now_s + 40 * DAY);
	ck_assert(!find("responder", "expired")->online);
	told_max = 2; /* whoever has enough is told no more */
	survey(&acme, true, g.now_s);
	ck_assert_uint_eq(told_n, 2);
}
END_TEST

START_TEST(what_is_gone_is_named)
{
	uint8_t log[TBS_KEY_ID_OCTETS];

	survey(&acme, false, g.now_s);
	memcpy(log, find("log", "in use")->id, sizeof(log));
	lose(log);
	hsm_unmake(g.hsm); /* the file still says where it was */
	survey(&acme, false, g.now_s);
	ck_assert_int_eq(find("log", "in use")->where, INVENTORY_MISSING);
	ck_assert_int_eq(find("tenant", "in use")->where, INVENTORY_MISSING);
	ck_assert_str_eq(find("tenant", "in use")->token, SOFT_TOKEN_LABEL);
	ck_assert_int_eq(find("responder", "in use")->where, INVENTORY_FILE);
	lose(acme.key_id);
	survey(&acme, false, g.now_s);
	ck_assert_int_eq(find("tenant", "in use")->where, INVENTORY_MISSING);
	ck_assert_str_eq(find("tenant", "in use")->token, "");
}
END_TEST

/* Its own key renews its responder, which answers for what it issued; the rest is the new one's. */
START_TEST(a_ca_that_was_rolled_over)
{
	struct rolled r;

	ck_assert_msg(
	    roll_tenant(g.keys, g.region, "acme", &g.why, g.now_s + 1, &r, &f), "%s", f.text);
	survey(&acme, false, g.now_s + 1);
	ck_assert_uint_eq(told_n, 3);
	ck_assert(find("tenant", "superseded")->online);
	ck_assert(find("responder", "in use")->online);
	ck_assert(!find("log", "superseded")->online);
}
END_TEST

START_TEST(a_ca_that_ended)
{
	ground_revoke(&g, realm_platform(g.realm), acme.serial, 4);
	survey(&acme, false, g.now_s);
	ck_assert(!find("tenant", "revoked")->online);
	survey(&root, false, root.not_after_s + 1);
	ck_assert(!find("root", "expired")->online);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("inventory");
	TCase *t = tcase_create("inventory");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_tenant_has_three);
	tcase_add_test(t, the_root_is_here);
	tcase_add_test(t, the_root_is_elsewhere);
	tcase_add_test(t, what_another_took_the_place_of);
	tcase_add_test(t, what_is_gone_is_named);
	tcase_add_test(t, a_ca_that_was_rolled_over);
	tcase_add_test(t, a_ca_that_ended);
	suite_add_tcase(s, t);
	return run_suite(s);
}
