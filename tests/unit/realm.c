/* tests/unit/realm.c - ca/realm.h, ca/found.h and ca/keyring.h: all ledgers of a service, who
 * issued what, and what a CA has before it counts. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/evp.h>

#include "ca/chain.h"
#include "ca/revoke.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct ground g;
static struct ledger *l;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	l = NULL;
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	forge_free();
	ground_free(&g);
}

/* The realm as another process finds it. */
static void
reopen(enum store_mode mode)
{
	ground_shut(&g);
	ck_assert_msg(realm_open(g.dir, mode, &g.realm, &f), "%s", f.text);
}

static void
reopen_keys(void)
{
	struct keyring_ground ground;

	reopen(STORE_WRITE);
	ground = (struct keyring_ground){ .realm = g.realm,
		.seal = g.seal,
		.journal = &g.journal,
		.public_url = GROUND_URL,
		.why = &g.why };
	ck_assert(keyring_new(&ground, &g.keys, &f));
}

START_TEST(nothing_there)
{
	struct realm *r = NULL;
	char dir[SCRATCH_PATH_MAX], longer[2000];

	scratch_new(dir);
	ck_assert(!realm_open(dir, STORE_READ, &r, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!realm_open(dir, STORE_WRITE, &r, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	ck_assert(!realm_open(longer, STORE_READ, &r, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_ptr_null(r);
	realm_close(NULL);
	scratch_free(dir);
}
END_TEST

START_TEST(names_come_back)
{
	static const enum store_mode modes[] = { STORE_READ, STORE_WRITE };

	for (size_t i = 0; i < COUNT(modes); i++) {
		reopen(modes[i]);
		ck_assert_str_eq(realm_space(g.realm)->domain, "example.org");
		ck_assert_str_eq(realm_space(g.realm)->region, "eu");
		ck_assert_str_eq(realm_space(g.realm)->org, "Example Org");
		ck_assert_str_eq(realm_data(g.realm), g.dir);
		ck_assert(realm_ledger(g.realm, "acme", &l, &f));
		ck_assert_str_eq(ledger_tenant(l), "acme");
		ck_assert((ledger_batch(l) == NULL) == (modes[i] == STORE_READ));
	}
}
END_TEST

START_TEST(tenants_that_are_none)
{
	static const char *const names[] = { "", "nobody", "ACME", "../acme", "acme/../acme", ".",
		"..", "acme\n", "a.b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct tenant t;

	for (size_t i = 0; i < COUNT(names); i++) {
		ck_assert_msg(!realm_ledger(g.realm, names[i], &l, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
		ck_assert(!realm_tenant(g.realm, names[i], &t, &f));
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	}
	ck_assert_ptr_null(l);
}
END_TEST

/* A folder with a store in it is what an interrupted try leaves: no tenant. */
START_TEST(a_folder_is_no_tenant)
{
	struct ledger *made;

	ck_assert(realm_make(g.realm, "ghost", &made, &f));
	ledger_put(made, TABLE_META, RAW("a"), RAW("b"));
	ground_commit(made);
	reopen(STORE_WRITE);
	ck_assert(!realm_ledger(g.realm, "ghost", &l, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(realm_make(g.realm, "ghost", &made, &f)); /* the next try begins anew */
	{
		struct bytes b = { 0 };

		ck_assert(!ledger_get(made, TABLE_META, RAW("a"), &b, &f));
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
		bytes_free(&b);
	}
}
END_TEST

START_TEST(tenant_rows)
{
	struct tenant t, again;
	struct bytes b = { 0 };

	ck_assert(realm_tenant(g.realm, "acme", &t, &f));
	ck_assert_str_eq(t.name, "acme");
	ck_assert_mem_eq(t.key_id, g.acme->a.key_id, TBS_KEY_ID_OCTETS);
	ck_assert_int_eq(t.constraints, CONSTRAINTS_STRICT);
	ck_assert_int_eq(t.created_s, g.now_s);
	ck_assert(ledger_get(realm_platform(g.realm), TABLE_TENANT, RAW("acme"), &b, &f));
	ck_assert(realm_read_tenant(RAW("acme"), octets_bytes(&b), &again));
	for (size_t n = 0; n < b.n; n++)
		ck_assert(!realm_read_tenant(RAW("acme"), octets_of(b.at, n), &again));
	ck_assert(!realm_read_tenant(forge_fill('a', 64), octets_bytes(&b), &again));
	ck_assert(realm_put_tenant(g.realm, &t, &f)); /* there already: the commit says so */
	ck_assert(!ledger_commit(realm_platform(g.realm), &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	bytes_free(&b);
}
END_TEST

static struct octets
hash(const EVP_MD *md, struct octets o)
{
	uint8_t at[EVP_MAX_MD_SIZE];
	unsigned n;

	ck_assert_int_eq(EVP_Digest(o.at, o.n, at, &n, md, NULL), 1);
	return forge_exact(octets_of(at, n));
}

/* By the hashes of a CertID, SHA-1 or SHA-256; and key and name must be one CA's. */
START_TEST(issuers)
{
	const struct issuer *cas[] = { g.root, g.region, g.platform, g.acme };
	const EVP_MD *mds[] = { EVP_sha1(), EVP_sha256() };
	struct octets key[4][2], name[4][2];
	struct authority a;

	for (size_t i = 0; i < 4; i++)
		for (size_t m = 0; m < 2; m++) {
			struct octets spki = cas[i]->facts.spki;

			key[i][m] = hash(mds[m], octets_of(spki.at + spki.n - 65, 65));
			name[i][m] = hash(mds[m], cas[i]->facts.subject);
		}
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 4; k++)
			for (size_t m = 0; m < 4; m++) {
				bool ours =
				    realm_issuer(g.realm, key[i][m / 2], name[k][m % 2], &a, &f);

				/* A name's hash of the other kind is looked for in its own place.
				 */
				ck_assert_msg(ours == (i == k), "%zu %zu %zu", i, k, m);
				if (ours)
					ck_assert_mem_eq(a.key_id, cas[i]->a.key_id, 20);
				else
					ck_assert_int_eq(f.code, FAULT_NOTFOUND);
			}
	ck_assert(!realm_issuer(g.realm, forge_fill(0, 20), name[0][0], &a, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!realm_issuer(g.realm, NONE, NONE, &a, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!realm_issuer(g.realm, key[0][0], NONE, &a, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!realm_issuer(g.realm, key[0][0], octets_of(name[0][0].at, 19), &a, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(row_52_tenants_folders_that_others_could_write)
{
	char tenants[SCRATCH_PATH_MAX], other[SCRATCH_PATH_MAX], acme[SCRATCH_PATH_MAX];
	struct realm *r = NULL;

	scratch_path(g.dir, "tenants", tenants, sizeof(tenants));
	scratch_path(g.dir, "elsewhere", other, sizeof(other));
	scratch_path(tenants, "acme", acme, sizeof(acme));
	ground_shut(&g);
	ck_assert_int_eq(chmod(g.dir, 0720), 0);
	ck_assert(!realm_open(g.dir, STORE_READ, &r, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_int_eq(chmod(g.dir, 0700), 0);
	ck_assert_int_eq(chmod(tenants, 0730), 0);
	ck_assert(!realm_open(g.dir, STORE_READ, &r, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_int_eq(chmod(tenants, 0700), 0);
	ck_assert_int_eq(rename(tenants, other), 0);
	ck_assert_int_eq(symlink(other, tenants), 0);
	ck_assert(!realm_open(g.dir, STORE_WRITE, &r, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_int_eq(unlink(tenants), 0);
	ck_assert_int_eq(rename(other, tenants), 0);
	ck_assert_int_eq(chmod(acme, 0770), 0);
	ck_assert(realm_open(g.dir, STORE_READ, &r, &f)); /* the others' are as they were */
	ck_assert(!realm_ledger(r, "acme", &l, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_int_eq(chmod(acme, 0700), 0);
	ck_assert(realm_ledger(r, "acme", &l, &f));
	realm_close(r);
}
END_TEST

START_TEST(chains)
{
	const struct issuer *want[] = { g.acme, g.region, g.root };
	static const size_t from[] = { 0, 1, 2 };
	uint8_t strange[TBS_KEY_ID_OCTETS] = { 1 };
	struct realm_chain c = { .n = 77 };

	for (size_t i = 0; i < COUNT(from); i++) {
		ck_assert(realm_chain(g.realm, want[from[i]]->a.key_id, &c, &f));
		ck_assert_uint_eq(c.n, 3 - i);
		for (size_t k = 0; k < c.n; k++)
			ck_assert(octets_same(octets_bytes(&c.der[k]),
			    octets_bytes(&want[from[i] + k]->certificate)));
		realm_chain_free(&c);
	}
	c.n = 77;
	ck_assert(!realm_chain(g.realm, strange, &c, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_uint_eq(c.n, 77);
}
END_TEST

static void
not_good(const struct authority *a, const char *why)
{
	ck_assert(!realm_authority_good(g.realm, a, g.now_s, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
}

START_TEST(goodness)
{
	const struct issuer *cas[] = { g.root, g.region, g.platform, g.acme };

	for (size_t i = 0; i < 4; i++)
		ck_assert(realm_authority_good(g.realm, &cas[i]->a, g.now_s, &f));
	ground_revoke(&g, realm_platform(g.realm), g.acme->a.serial, 1);
	not_good(&g.acme->a, "CA acme (level 3) is revoked");
	ck_assert(realm_authority_good(g.realm, &g.platform->a, g.now_s, &f));
	ground_revoke(&g, realm_platform(g.realm), g.region->a.serial, 1);
	not_good(&g.platform->a, "CA eu (level 2) is revoked");
	not_good(&g.region->a, "CA eu (level 2) is revoked");
	ck_assert(realm_authority_good(g.realm, &g.root->a, g.now_s, &f));
	g.now_s = g.root->a.not_after_s + 1;
	not_good(&g.root->a, "CA root (level 1) is expired");
}
END_TEST

/* The last link counts like the others. */
START_TEST(goodness_goes_to_the_root)
{
	ground_revoke(&g, realm_platform(g.realm), g.root->a.serial, 1);
	not_good(&g.acme->a, "CA root (level 1) is revoked");
	not_good(&g.region->a, "CA root (level 1) is revoked");
	not_good(&g.root->a, "CA root (level 1) is revoked");
}
END_TEST

START_TEST(records)
{
	const struct issuer *cas[] = { g.root, g.region, g.platform };

	for (size_t i = 0; i < 3; i++) {
		ck_assert(realm_records(g.realm, &cas[i]->a, &l, &f));
		ck_assert_ptr_eq(l, realm_platform(g.realm));
	}
	ck_assert(realm_records(g.realm, &g.acme->a, &l, &f));
	ck_assert_ptr_eq(l, g.acme->ledger);
	ck_assert_ptr_ne(l, realm_platform(g.realm));
}
END_TEST

static bool settled_fails;
static unsigned settled;

static bool
settle(void *with, struct ledger *of, struct fault *why)
{
	ck_assert_ptr_eq(with, &settled);
	ck_assert_ptr_nonnull(of);
	settled++;
	return !settled_fails || fault_set(why, FAULT_INTERNAL, "not settled");
}

/* Nothing is written to a tenant before what an earlier life left there is settled. */
START_TEST(settling)
{
	settled = 0;
	settled_fails = true;
	reopen(STORE_WRITE);
	realm_on_open(g.realm, settle, &settled);
	for (unsigned i = 1; i < 3; i++) {
		ck_assert(!realm_ledger(g.realm, "acme", &l, &f));
		ck_assert_str_eq(f.text, "not settled");
		ck_assert_ptr_null(l);
		ck_assert_uint_eq(settled, i);
	}
	settled_fails = false;
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(realm_ledger(g.realm, "acme", &l, &f));
		ck_assert_uint_eq(settled, 3); /* once */
	}
}
END_TEST

/* What an outsider says of a leaf: four levels to the root, by libcrypto's strict checks. */
START_TEST(outsiders_verify)
{
	struct bytes pem = { 0 }, root = { 0 }, leaf = { 0 };
	struct octets der = octets_bytes(&ground_leaf(&g, g.acme, "printer", "hp-4711")->der);
	struct realm_chain c;

	ck_assert(realm_chain(g.realm, g.acme->a.key_id, &c, &f));
	ck_assert(cert_pem(der, &pem, &f));
	for (size_t i = 0; i + 1 < c.n; i++)
		ck_assert(cert_pem(octets_bytes(&c.der[i]), &pem, &f));
	ck_assert(cert_pem(octets_bytes(&c.der[c.n - 1]), &root, &f));
	ck_assert_msg(chain_verify(octets_bytes(&pem), octets_bytes(&root), g.now_s, &leaf, &f),
	    "%s", f.text);
	ck_assert(octets_same(octets_bytes(&leaf), der));
	ck_assert(!chain_verify(octets_bytes(&pem), octets_bytes(&root),
	    g.now_s + profile_find("printer")->valid_s + 1, NULL, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert(!chain_verify(octets_bytes(&pem), octets_bytes(&pem), g.now_s, NULL, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	realm_chain_free(&c);
	bytes_free(&pem);
	bytes_free(&root);
	bytes_free(&leaf);
}
END_TEST

static bool
founds(const struct found_tenant *t)
{
	const struct issuer *ca = NULL;
	uint64_t index;
	bool ok = found_tenant(g.keys, g.region, t, &g.why, g.now_s, &ca, &index, &f);

	ck_assert(ok == (ca != NULL));
	return ok;
}

/* One that is there is not made again, and loses nothing. */
START_TEST(a_tenant_is_founded_once)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	const struct found_tenant acme = { .name = "acme", .mode = CONSTRAINTS_NONE },
				  platform = { .name = NAME_PLATFORM, .mode = CONSTRAINTS_NONE };
	struct standing s;

	ck_assert(!founds(&acme));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!founds(&platform));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	reopen(STORE_READ);
	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	ck_assert_msg(ledger_standing(l, leaf->serial, &s, &f), "%s", f.text);
	ck_assert_int_eq(s.state, STANDING_GOOD);
}
END_TEST

START_TEST(registered_names)
{
	static const char *const bad[] = { "", "acme", "acme.example:443", "ACME.example",
		"*.acme.example", "192.0.2.1", "acme.1", "-a.example", "acme.example.",
		"a b.example", "org" };
	static const char *const ours[] = { "example.org", "eu.example.org", "other.eu.example.org",
		"printer.acme.eu.example.org" };
	struct found_tenant t = { .name = "new", .mode = CONSTRAINTS_STRICT, .host_n = 1 };

	for (size_t i = 0; i < COUNT(bad); i++) {
		t.host[0] = bad[i];
		ck_assert_msg(!founds(&t), "row %zu", i);
		ck_assert_msg(f.code == FAULT_BADREQ, "row %zu: %d %s", i, f.code, f.text);
	}
	for (size_t i = 0; i < COUNT(ours); i++) {
		t.host[0] = ours[i];
		ck_assert_msg(!founds(&t), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_DENIED);
	}
	t.host[0] = "acme.example";
	ck_assert_msg(founds(&t), "%s", f.text);
}
END_TEST

START_TEST(modes)
{
	static const char *const bad[] = { "", "Strict", "strict ", "all", "0" };
	static const char *const good[] = { "strict", "compatible", "none" };
	enum constraint_mode mode;

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert(!found_mode(bad[i], &mode));
	for (size_t i = 0; i < COUNT(good); i++) {
		ck_assert(found_mode(good[i], &mode));
		ck_assert_str_eq(found_mode_word(mode), good[i]);
	}
}
END_TEST

/* Keys come back from their files for who has the seal, and for nobody else. */
START_TEST(keys_come_back)
{
	const uint8_t *ids[] = { g.root->a.key_id, g.region->a.key_id, g.acme->a.key_id };
	uint8_t kept[3][TBS_KEY_ID_OCTETS], strange[TBS_KEY_ID_OCTETS] = { 1 };
	const struct issuer *i = NULL;

	for (size_t k = 0; k < 3; k++)
		memcpy(kept[k], ids[k], TBS_KEY_ID_OCTETS);
	reopen_keys();
	for (size_t k = 0; k < 3; k++) {
		ck_assert_msg(keyring_issuer(g.keys, kept[k], &i, &f), "%s", f.text);
		ck_assert_mem_eq(key_id(i->key), kept[k], TBS_KEY_ID_OCTETS);
	}
	i = NULL;
	ck_assert(!keyring_issuer(g.keys, strange, &i, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_ptr_null(i);
}
END_TEST

/* Another CA's file in a CA's place: its name says what it must hold. */
START_TEST(keys_in_anothers_place)
{
	char own[REALM_PATH_MAX], other[REALM_PATH_MAX];
	uint8_t id[TBS_KEY_ID_OCTETS];
	const struct issuer *i = NULL;

	memcpy(id, g.acme->a.key_id, sizeof(id));
	ck_assert(keyring_path(g.realm, id, own, &f));
	ck_assert(keyring_path(g.realm, g.region->a.key_id, other, &f));
	ck_assert_int_eq(rename(other, own), 0);
	reopen_keys();
	ck_assert(!keyring_issuer(g.keys, id, &i, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_ptr_null(i);
}
END_TEST

START_TEST(keys_taken_away)
{
	char path[REALM_PATH_MAX];
	uint8_t id[TBS_KEY_ID_OCTETS];
	const struct issuer *i = NULL;

	memcpy(id, g.root->a.key_id, sizeof(id));
	ck_assert(keyring_path(g.realm, id, path, &f));
	ck_assert_int_eq(unlink(path), 0);
	reopen_keys();
	ck_assert(!keyring_issuer(g.keys, id, &i, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

/* A delegate is one until a third of its time is left, or until it is revoked. */
START_TEST(delegates_are_renewed)
{
	struct delegate d;
	struct octets first, again;
	struct cert c;

	ck_assert(keyring_delegate(g.keys, &g.acme->a, &found_responder, g.now_s, &d, &f));
	first = forge_exact(d.certificate);
	ck_assert(cert_parse(first, &c, &f));
	g.now_s += (c.not_after_s - c.not_before_s) / 2;
	ck_assert(keyring_delegate(g.keys, &g.acme->a, &found_responder, g.now_s, &d, &f));
	ck_assert(octets_same(d.certificate, first));
	g.now_s = c.not_after_s - (c.not_after_s - c.not_before_s) / 4;
	ck_assert(keyring_delegate(g.keys, &g.acme->a, &found_responder, g.now_s, &d, &f));
	ck_assert(!octets_same(d.certificate, first));
	again = forge_exact(d.certificate);
	ck_assert(cert_parse(again, &c, &f));
	ground_revoke(&g, g.acme->ledger, c.serial, 4);
	ck_assert(keyring_delegate(g.keys, &g.acme->a, &found_responder, g.now_s, &d, &f));
	ck_assert(!octets_same(d.certificate, again));
}
END_TEST

static bool
see(void *with, struct ledger *seen_one, struct fault *why)
{
	const char **seen = with;

	*seen = seen_one == NULL ? NULL : "seen";
	return ledger_batch(seen_one) != NULL ||
	       fault_set(why, FAULT_DENIED, "it was opened to be read"); /* the look's own fault */
}

/* An open one as it is, a closed one for the length of the call, without a row and without
 * settling. */
START_TEST(a_ledger_is_visited_open_or_not)
{
	static const char *const none[] = { "nobody", "", "..", "a/b", "Acme" };
	const char *seen = NULL;

	ck_assert_msg(realm_visit(g.realm, "acme", see, &seen, &f), "%s", f.text);
	ck_assert_ptr_nonnull(seen);
	keyring_drop(g.keys, realm_peek(g.realm, "acme"));
	realm_drop(g.realm, "acme");
	seen = NULL;
	ck_assert(!realm_visit(g.realm, "acme", see, &seen, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_ptr_nonnull(seen);
	ck_assert_ptr_null(realm_peek(g.realm, "acme"));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		seen = NULL;
		ck_assert_msg(!realm_visit(g.realm, none[i], see, &seen, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
		ck_assert_ptr_null(seen);
	}
}
END_TEST

START_TEST(labels_of_all_tenants)
{
	static const char want[] = "acme\0" NAME_PLATFORM;
	struct bytes labels = { 0 };

	ck_assert(realm_labels(g.realm, &labels, &f));
	ck_assert(octets_same(octets_bytes(&labels), octets_of(want, sizeof(want))));
	bytes_free(&labels);
}
END_TEST

static TCase *
ledgers(void)
{
	TCase *t = tcase_create("ledgers");

	tcase_add_test(t, a_ledger_is_visited_open_or_not);
	tcase_add_test(t, labels_of_all_tenants);
	tcase_add_test(t, nothing_there);
	tcase_add_test(t, names_come_back);
	tcase_add_test(t, row_52_tenants_folders_that_others_could_write);
	tcase_add_test(t, tenants_that_are_none);
	tcase_add_test(t, a_folder_is_no_tenant);
	tcase_add_test(t, tenant_rows);
	tcase_add_test(t, issuers);
	tcase_add_test(t, chains);
	tcase_add_test(t, goodness);
	tcase_add_test(t, goodness_goes_to_the_root);
	tcase_add_test(t, records);
	tcase_add_test(t, settling);
	return t;
}

static TCase *
founding(void)
{
	TCase *t = tcase_create("founding");

	tcase_add_test(t, outsiders_verify);
	tcase_add_test(t, a_tenant_is_founded_once);
	tcase_add_test(t, registered_names);
	tcase_add_test(t, modes);
	tcase_add_test(t, keys_come_back);
	tcase_add_test(t, keys_in_anothers_place);
	tcase_add_test(t, keys_taken_away);
	tcase_add_test(t, delegates_are_renewed);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("realm");
	TCase *t[] = { ledgers(), founding() };

	for (size_t i = 0; i < COUNT(t); i++) {
		tcase_add_checked_fixture(t[i], setup, teardown);
		tcase_set_timeout(t[i], 60); /* a loaded machine is no failure */
		suite_add_tcase(s, t[i]);
	}
	return run_suite(s);
}
