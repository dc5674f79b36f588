/* tests/unit/badge.c - ca/badge.h, base/harden.h, daemon/verifier.h: whose badge it is, and what is
 * kept of it. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "ca/badge.h"
#include "ca/removal.h"
#include "daemon/verifier.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct ledger *l;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	f = (struct fault){ 0 };
	ck_assert_msg(realm_ledger(g.realm, "acme", &l, &f), "%s", f.text);
}

static void
teardown(void)
{
	ground_free(&g);
}

static struct badge
badge_of(uint8_t octet, const char *kind, const char *name)
{
	struct badge b = { .added_s = 17, .log_index = 4, .by = "operator:bob" };

	memset(b.key, octet, sizeof(b.key));
	(void)snprintf(b.owner.kind, sizeof(b.owner.kind), "%s", kind);
	(void)snprintf(b.owner.name, sizeof(b.owner.name), "%s", name);
	return b;
}

static void
put(uint8_t octet, const char *kind, const char *name)
{
	struct badge b = badge_of(octet, kind, name);

	ck_assert_msg(badge_put(l, &b, &f), "%s", f.text);
	ground_commit(l);
}

START_TEST(what_is_put_is_found)
{
	struct badge b = badge_of(1, "workstation", "ws-1"), found;
	char id[BADGE_ID_LETTERS + 1];

	put(1, "workstation", "ws-1");
	put(2, "phone", "ph-1");
	ck_assert_msg(badge_find(l, b.key, &found, &f), "%s", f.text);
	ck_assert_str_eq(found.owner.name, "ws-1");
	ck_assert_str_eq(found.owner.tenant, "acme");
	ck_assert_str_eq(found.by, "operator:bob");
	ck_assert_int_eq(found.added_s, 17);
	badge_id(&b, id);
	ck_assert_msg(badge_of_id(l, id, &found, &f), "%s", f.text);
	ck_assert_mem_eq(found.key, b.key, sizeof(b.key));
	badge_remove(l, &found);
	ground_commit(l);
	ck_assert(!badge_find(l, b.key, &found, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!badge_of_id(l, id, &found, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!badge_of_id(l, "", &found, &f));
	memset(b.key, 3, sizeof(b.key));
	ck_assert(!badge_find(l, b.key, &found, &f));
}
END_TEST

/* What is on record of a removed device lets nobody release its successor's jobs. */
START_TEST(badges_go_with_their_owner)
{
	struct endpoint e = { .tenant = "acme", .kind = "workstation", .name = "ws-1" };
	struct badge b = badge_of(1, "workstation", "ws-1"), found;
	struct removal gone;

	put(1, "workstation", "ws-1");
	put(2, "workstation", "ws-1");
	put(3, "phone", "ws-1");
	ck_assert_msg(removal_run(g.realm, l, &e, 5, &g.why, g.now_s, &gone, &f), "%s", f.text);
	ground_commit(l);
	ck_assert_uint_eq(gone.badges, 2);
	ck_assert(!badge_find(l, b.key, &found, &f));
	memset(b.key, 3, sizeof(b.key));
	ck_assert(badge_find(l, b.key, &found, &f));
	ck_assert(!removal_run(g.realm, l, &e, 5, &g.why, g.now_s, &gone, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(rows_that_are_none)
{
	struct badge b = badge_of(1, "workstation", "ws-1"), ret;
	struct octets key = octets_of(b.key, sizeof(b.key));
	struct bytes row = { 0 };

	put(1, "workstation", "ws-1");
	ck_assert(ledger_get(l, TABLE_BADGE, key, &row, &f));
	ck_assert(badge_read("acme", key, octets_bytes(&row), &ret));
	for (size_t n = 0; n < row.n; n++)
		ck_assert(!badge_read("acme", key, octets_of(row.at, n), &ret));
	ck_assert(!badge_read("acme", octets_of(b.key, 31), octets_bytes(&row), &ret));
	row.at[0] = 2;
	ck_assert(!badge_read("acme", key, octets_bytes(&row), &ret));
	row.at[0] = 1;
	row.at[5] = 'W';
	ck_assert(!badge_read("acme", key, octets_bytes(&row), &ret));
	row.at[5] = 'w';
	bytes_put_u8(&row, 0);
	ck_assert(!badge_read("acme", key, octets_bytes(&row), &ret));
	bytes_free(&row);
}
END_TEST

START_TEST(an_entry_tells_nothing_of_it)
{
	struct badge b = badge_of(1, "workstation", "ws-1");
	char hex[2 * BADGE_KEY + 1];
	struct bytes text = { 0 };
	struct json *e = badge_entry("badge.added", &g.why, &b);

	ck_assert(json_write(e, &text, &f));
	bytes_put_u8(&text, 0);
	text_hex(b.key, sizeof(b.key), hex);
	hex[8] = '\0'; /* not even its beginning */
	ck_assert_ptr_null(strstr((const char *)text.at, hex));
	ck_assert_ptr_nonnull(strstr((const char *)text.at, "workstation/ws-1"));
	json_free(e);
	bytes_free(&text);
}
END_TEST

/* As libargon2 has it: 2 passes, 16 MiB, one lane, version 1.3. */
START_TEST(argon2id_as_others_make_it)
{
	uint8_t hard[HARDEN_OCTETS], other[HARDEN_OCTETS];
	char hex[2 * HARDEN_OCTETS + 1];

	ck_assert(harden(octets_text("password"), (const uint8_t *)"saltsaltsaltsalt", hard, &f));
	text_hex(hard, sizeof(hard), hex);
	ck_assert_str_eq(hex, "9a66b4de6943c36ffb1f018976219b3374ac636cf716effd036594e5eb4a2939");
	ck_assert(harden(octets_text("Password"), (const uint8_t *)"saltsaltsaltsalt", other, &f));
	ck_assert_mem_ne(hard, other, sizeof(hard));
	ck_assert(harden(octets_text("password"), (const uint8_t *)"saltsaltsaltsalT", other, &f));
	ck_assert_mem_ne(hard, other, sizeof(hard));
}
END_TEST

/* A tenant's key opens nothing of another's, and neither does another service's. */
START_TEST(each_tenant_has_a_key)
{
	struct secret one, two;
	uint8_t a[VERIFIER_KEYED], b[VERIFIER_KEYED], salt[HARDEN_SALT], other[HARDEN_SALT];

	ck_assert(secret_copy(octets_text("key of the tokens"), &one, &f));
	ck_assert(secret_copy(octets_text("key of the tokenz"), &two, &f));
	ck_assert(verifier_key(&one, "acme", octets_text("4711"), a, &f));
	ck_assert(verifier_key(&one, "acme", octets_text("4711"), b, &f));
	ck_assert_mem_eq(a, b, sizeof(a));
	ck_assert(verifier_key(&one, "globex", octets_text("4711"), b, &f));
	ck_assert_mem_ne(a, b, sizeof(a));
	ck_assert(verifier_key(&two, "acme", octets_text("4711"), b, &f));
	ck_assert_mem_ne(a, b, sizeof(a));
	ck_assert(verifier_key(&one, "acme", octets_text("4712"), b, &f));
	ck_assert_mem_ne(a, b, sizeof(a));
	badge_salt("acme", salt);
	badge_salt("globex", other);
	ck_assert_mem_ne(salt, other, sizeof(salt));
	secret_free(&one);
	secret_free(&two);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("badge");
	TCase *t = tcase_create("badge");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_put_is_found);
	tcase_add_test(t, badges_go_with_their_owner);
	tcase_add_test(t, rows_that_are_none);
	tcase_add_test(t, an_entry_tells_nothing_of_it);
	tcase_add_test(t, argon2id_as_others_make_it);
	tcase_add_test(t, each_tenant_has_a_key);
	suite_add_tcase(s, t);
	return run_suite(s);
}
