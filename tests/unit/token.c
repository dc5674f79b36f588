/* tests/unit/token.c - ca/token.h: one use, one device, a while; and the ledger gives no secret
 * away. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/token.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define TTL_S 3600

static struct ground g;
static struct ledger *l;
static struct secret key, letters;
static struct token token, ret;
static struct fault f;

static struct octets
text(void)
{
	return octets_text((const char *)letters.at);
}

static void
setup(void)
{
	ground_new(&g);
	l = g.acme->ledger;
	ck_assert(secret_random(32, &key, &f));
	ck_assert(token_secret(&letters, &f));
	token = (struct token){ .state = TOKEN_UNUSED,
		.device = { "acme", "printer", "hp-4711" },
		.profile = "legacy-rsa",
		.approved = true,
		.log_index = 7,
		.created_s = g.now_s,
		.expires_s = g.now_s + TTL_S,
		.creator = "operator:alice" };
	token_hash(&key, text(), token.hash);
	ck_assert(token_put(l, &token, &f));
	ground_commit(l);
	memset(&ret, 0x5a, sizeof(ret));
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	secret_free(&key);
	secret_free(&letters);
	ground_free(&g);
}

static void
good(const uint8_t *hash, int64_t now_s)
{
	ck_assert_msg(token_check(l, hash, "hp-4711", now_s, &ret, &f), "%s", f.text);
	ck_assert_mem_eq(ret.hash, token.hash, TOKEN_HASH_OCTETS);
	ck_assert_str_eq(ret.device.tenant, "acme");
	ck_assert_str_eq(ret.device.kind, "printer");
	ck_assert_str_eq(ret.device.name, "hp-4711");
	ck_assert_str_eq(ret.creator, "operator:alice");
	ck_assert_str_eq(ret.profile, "legacy-rsa");
	ck_assert_uint_eq(ret.log_index, 7);
	ck_assert(ret.approved);
}

static void
refused(const uint8_t *hash, const char *name, int64_t now_s, const char *why)
{
	struct token untouched;

	memset(&ret, 0x5a, sizeof(ret));
	memcpy(&untouched, &ret, sizeof(ret));
	f = (struct fault){ 0 };
	ck_assert(!token_check(l, hash, name, now_s, &ret, &f));
	ck_assert_int_eq(f.code, FAULT_AUTH);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_mem_eq(&ret, &untouched, sizeof(ret));
}

START_TEST(secrets)
{
	struct secret other = { 0 };

	ck_assert_uint_eq(text().n, TOKEN_SECRET_LETTERS);
	ck_assert_uint_eq(strspn((const char *)letters.at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
	    TOKEN_SECRET_LETTERS);
	ck_assert(token_secret(&other, &f));
	ck_assert(!secret_same(&letters, secret_octets(&other)));
	secret_free(&other);
}
END_TEST

START_TEST(a_good_one_passes)
{
	good(token.hash, g.now_s);
	good(token.hash, g.now_s + TTL_S);
}
END_TEST

/* As people type it, and as it is given out: in lower case, with root, tenant and device behind. */
START_TEST(spellings)
{
	char lower[TOKEN_SECRET_LETTERS + 1], whole[128], both[128];
	uint8_t hash[TOKEN_HASH_OCTETS];

	for (size_t i = 0; i <= TOKEN_SECRET_LETTERS; i++)
		lower[i] = (char)(letters.at[i] >= 'A' ? letters.at[i] | 0x20 : letters.at[i]);
	(void)snprintf(whole, sizeof(whole), "%s.ROOT.acme.hp-4711", (const char *)letters.at);
	(void)snprintf(both, sizeof(both), "%s.", lower);
	token_hash(&key, octets_text(lower), hash);
	good(hash, g.now_s);
	token_hash(&key, octets_text(whole), hash);
	good(hash, g.now_s);
	token_hash(&key, octets_text(both), hash);
	good(hash, g.now_s);
}
END_TEST

START_TEST(wrong_ones)
{
	char bent[TOKEN_SECRET_LETTERS + 2];
	uint8_t hash[TOKEN_HASH_OCTETS];
	struct secret other = { 0 };

	for (size_t i = 0; i < TOKEN_SECRET_LETTERS; i++) {
		memcpy(bent, letters.at, TOKEN_SECRET_LETTERS + 1);
		bent[i] = bent[i] == 'A' ? 'B' : 'A';
		token_hash(&key, octets_text(bent), hash);
		refused(hash, "hp-4711", g.now_s, "unknown");
	}
	for (size_t n = 0; n < TOKEN_SECRET_LETTERS; n++) {
		token_hash(&key, octets_of(letters.at, n), hash);
		refused(hash, "hp-4711", g.now_s, "unknown");
	}
	memcpy(bent, letters.at, TOKEN_SECRET_LETTERS);
	bent[TOKEN_SECRET_LETTERS] = ' ';
	token_hash(&key, octets_of(bent, TOKEN_SECRET_LETTERS + 1), hash);
	refused(hash, "hp-4711", g.now_s, "unknown");
	token_hash(&key, octets_text("."), hash);
	refused(hash, "hp-4711", g.now_s, "unknown");
	ck_assert(secret_random(32, &other, &f)); /* another service's key */
	token_hash(&other, text(), hash);
	refused(hash, "hp-4711", g.now_s, "unknown");
	secret_free(&other);
}
END_TEST

START_TEST(too_late)
{
	refused(token.hash, "hp-4711", g.now_s + TTL_S + 1, "is expired");
	refused(token.hash, "hp-4711", INT64_MAX, "is expired");
}
END_TEST

START_TEST(spent)
{
	token.state = TOKEN_USED;
	ck_assert(token_put(l, &token, &f));
	refused(token.hash, "hp-4711", g.now_s, "is used"); /* in the batch already */
	ground_commit(l);
	refused(token.hash, "hp-4711", g.now_s, "is used");
	refused(token.hash, "hp-4711", g.now_s + TTL_S + 1, "is used");
}
END_TEST

static void
not_spent(const uint8_t *hash, const char *name)
{
	f = (struct fault){ 0 };
	ck_assert(!token_spent(l, hash, name, &ret, &f));
	ck_assert_int_eq(f.code, FAULT_AUTH);
}

/* Only its own device hears of it again. */
START_TEST(who_spent_it)
{
	static const enum token_state others[] = { TOKEN_UNUSED, TOKEN_REVOKED, TOKEN_WAITING };
	uint8_t hash[TOKEN_HASH_OCTETS];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		token.state = others[i];
		ck_assert(token_put(l, &token, &f));
		not_spent(token.hash, "hp-4711");
	}
	token.state = TOKEN_USED;
	ck_assert(token_put(l, &token, &f));
	ck_assert(token_spent(l, token.hash, "hp-4711", &ret, &f));
	ck_assert_mem_eq(ret.hash, token.hash, TOKEN_HASH_OCTETS);
	not_spent(token.hash, "hp-4712");
	not_spent(token.hash, "");
	memcpy(hash, token.hash, sizeof(hash));
	hash[31] ^= 1;
	not_spent(hash, "hp-4711");
}
END_TEST

/* A request was made with it: it waits as long as that. */
START_TEST(waiting)
{
	token.state = TOKEN_WAITING;
	memset(token.serial, 7, sizeof(token.serial));
	ck_assert(token_put(l, &token, &f));
	ground_commit(l);
	good(token.hash, g.now_s);
	good(token.hash, g.now_s + TTL_S + 1);
	ck_assert_mem_eq(ret.serial, token.serial, sizeof(ret.serial));
	ck_assert_str_eq(token_state_word(&ret, g.now_s + TTL_S + 1), "waiting");
	refused(token.hash, "hp-4712", g.now_s, "is for another device");
	ck_assert(token_release(l, &f)); /* it names a key, and no certificate */
	good(token.hash, g.now_s);
}
END_TEST

START_TEST(revoked)
{
	token.state = TOKEN_REVOKED;
	ck_assert(token_put(l, &token, &f));
	ground_commit(l);
	refused(token.hash, "hp-4711", g.now_s, "is revoked");
}
END_TEST

START_TEST(anothers)
{
	static const char *const names[] = { "", "hp-4712", "hp-471", "hp-47111", "HP-4711",
		"hp-4711 ", "printer" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		refused(token.hash, names[i], g.now_s, "is for another device");
}
END_TEST

START_TEST(another_tenants)
{
	l = ground_tenant(&g, "other", CONSTRAINTS_STRICT)->ledger;
	refused(token.hash, "hp-4711", g.now_s, "unknown");
}
END_TEST

START_TEST(ids)
{
	char id[TOKEN_ID_LETTERS + 1], upper[TOKEN_ID_LETTERS + 1];
	static const char *const bad[] = { "", "0", "0123456789abcde", "0123456789abcdef0",
		"g123456789abcdef", "0123456789abcdef", "../0123456789abc" };

	token_id(&token, id);
	ck_assert_uint_eq(strlen(id), TOKEN_ID_LETTERS);
	ck_assert(token_find(l, id, &ret, &f));
	ck_assert_mem_eq(ret.hash, token.hash, TOKEN_HASH_OCTETS);
	for (size_t i = 0; i <= TOKEN_ID_LETTERS; i++)
		upper[i] = (char)(id[i] >= 'a' ? id[i] & ~0x20 : id[i]);
	ck_assert(token_find(l, upper, &ret, &f));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!token_find(l, bad[i], &ret, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	}
	id[TOKEN_ID_LETTERS - 1] = id[TOKEN_ID_LETTERS - 1] == '0' ? '1' : '0';
	ck_assert(!token_find(l, id, &ret, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

/* An id finds what the batch says, not what was. */
START_TEST(ids_see_the_batch)
{
	char id[TOKEN_ID_LETTERS + 1];

	token_id(&token, id);
	token.state = TOKEN_REVOKED;
	ck_assert(token_put(l, &token, &f));
	ck_assert(token_find(l, id, &ret, &f));
	ck_assert_int_eq(ret.state, TOKEN_REVOKED);
}
END_TEST

/* Neither the secret nor its plain hash is in the store's file. */
START_TEST(the_ledger_gives_nothing_away)
{
	char path[SCRATCH_PATH_MAX + 64];
	struct bytes file = { 0 };
	uint8_t piece[65536];
	size_t n;
	FILE *in;

	scratch_path(g.dir, "tenants/acme/data.mdb", path, sizeof(path));
	ck_assert_ptr_nonnull(in = fopen(path, "rb"));
	while (file.n < (size_t)8 << 20 && (n = fread(piece, 1, sizeof(piece), in)) > 0)
		bytes_put(&file, piece, n);
	(void)fclose(in);
	ck_assert(!file.bad && file.at != NULL);
	ck_assert_ptr_nonnull(memmem(file.at, file.n, token.hash, TOKEN_HASH_OCTETS));
	ck_assert_ptr_null(memmem(file.at, file.n, letters.at, 8));
	bytes_free(&file);
}
END_TEST

START_TEST(rows_of_another_shape)
{
	struct bytes b = { 0 };
	struct octets its = octets_of(token.hash, TOKEN_HASH_OCTETS);

	ck_assert(ledger_get(l, TABLE_TOKEN, its, &b, &f));
	ck_assert(token_read("acme", its, octets_bytes(&b), &ret));
	for (size_t n = 0; n < b.n; n++)
		ck_assert(!token_read("acme", its, octets_of(b.at, n), &ret));
	b.at[0] = 0;
	ck_assert(!token_read("acme", its, octets_bytes(&b), &ret));
	b.at[0] = 1; /* the first edition, with the second's values behind it */
	ck_assert(!token_read("acme", its, octets_bytes(&b), &ret));
	b.at[0] = 2;
	ck_assert(!token_read("acme", octets_of(token.hash, 31), octets_bytes(&b), &ret));
	b.at[0]++; /* another edition */
	ck_assert(!token_read("acme", its, octets_bytes(&b), &ret));
	ledger_put(l, TABLE_TOKEN, its, octets_bytes(&b));
	ground_commit(l);
	ck_assert(!token_check(l, token.hash, "hp-4711", g.now_s, &ret, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	bytes_free(&b);
}
END_TEST

/* A row of before there were profiles: its profile is its kind, where it stands in the log unknown.
 */
START_TEST(rows_of_the_first_edition)
{
	struct bytes b = { 0 };
	struct octets its = octets_of(token.hash, TOKEN_HASH_OCTETS);
	size_t more = sizeof(uint32_t) + strlen("legacy-rsa") + sizeof(uint64_t) + 1;

	ck_assert(ledger_get(l, TABLE_TOKEN, its, &b, &f));
	b.at[0] = 1;
	b.n -= more;
	ck_assert(token_read("acme", its, octets_bytes(&b), &ret));
	ck_assert_str_eq(ret.profile, "printer");
	ck_assert_uint_eq(ret.log_index, 0);
	ck_assert(!ret.approved);
	ck_assert_str_eq(ret.creator, "operator:alice");
	b.at[0] = 2;
	ck_assert(!token_read("acme", its, octets_bytes(&b), &ret));
	bytes_free(&b);
}
END_TEST

START_TEST(state_words)
{
	ck_assert_str_eq(token_state_word(&token, g.now_s), "unused");
	ck_assert_str_eq(token_state_word(&token, g.now_s + TTL_S), "unused");
	ck_assert_str_eq(token_state_word(&token, g.now_s + TTL_S + 1), "expired");
	token.state = TOKEN_USED;
	ck_assert_str_eq(token_state_word(&token, INT64_MAX), "used");
	token.state = TOKEN_REVOKED;
	ck_assert_str_eq(token_state_word(&token, INT64_MAX), "revoked");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("token");
	TCase *t = tcase_create("token");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, secrets);
	tcase_add_test(t, a_good_one_passes);
	tcase_add_test(t, spellings);
	tcase_add_test(t, wrong_ones);
	tcase_add_test(t, too_late);
	tcase_add_test(t, spent);
	tcase_add_test(t, who_spent_it);
	tcase_add_test(t, waiting);
	tcase_add_test(t, revoked);
	tcase_add_test(t, anothers);
	tcase_add_test(t, another_tenants);
	tcase_add_test(t, ids);
	tcase_add_test(t, ids_see_the_batch);
	tcase_add_test(t, the_ledger_gives_nothing_away);
	tcase_add_test(t, rows_of_another_shape);
	tcase_add_test(t, rows_of_the_first_edition);
	tcase_add_test(t, state_words);
	suite_add_tcase(s, t);
	return run_suite(s);
}
