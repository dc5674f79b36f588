/* tests/unit/maker.c - ca/maker.h: whose devices a tenant takes, and nobody else's tenant. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "ca/maker.h"
#include "tests/unit/born.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static EVP_PKEY *root_key, *key;
static X509 *root;
static struct bytes root_der, leaf_der;
static struct idevid found;
static char name[TEXT_LABEL_MAX];
static struct fault f;

static void
make_leaf(void)
{
	struct born b = { .serial = "SN-1", .key = key, .issuer = root, .by = root_key };
	X509 *leaf = born_x509(&b);

	born_der(leaf, &leaf_der);
	X509_free(leaf);
}

static void
setup(void)
{
	ground_new(&g);
	(void)ground_tenant(&g, "globex", CONSTRAINTS_STRICT);
	root = born_ca("Root", NULL, NULL, &root_key);
	ck_assert_ptr_nonnull(key = EVP_EC_gen("P-256"));
	born_der(root, &root_der);
	make_leaf();
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	X509_free(root);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(key);
	bytes_free(&root_der);
	bytes_free(&leaf_der);
	ground_free(&g);
}

static struct ledger *
ledger_of(const char *tenant)
{
	struct ledger *l;

	ck_assert_msg(realm_ledger(g.realm, tenant, &l, &f), "%s", f.text);
	return l;
}

static void
commit(const char *tenant)
{
	ground_commit(ledger_of(tenant));
	ground_commit(realm_platform(g.realm));
}

/* Into both batches; what is refused leaves nothing there. */
static bool
add(const char *tenant, const char *as, struct octets der)
{
	struct maker m = {
		.added_s = g.now_s, .log_index = 7, .by = "operator:bob", .certificate = der
	};

	(void)snprintf(m.name, sizeof(m.name), "%s", as);
	if (!maker_add(g.realm, tenant, &m, &f))
		return false;
	commit(tenant);
	return true;
}

static bool
removed(const char *tenant, const char *as)
{
	uint8_t digest[IDEVID_DIGEST_OCTETS];

	if (!maker_remove(g.realm, tenant, as, digest, &f))
		return false;
	commit(tenant);
	return true;
}

static bool
vouched(const char *tenant)
{
	return maker_vouch(ledger_of(tenant), octets_bytes(&leaf_der), octets_of(NULL, 0), g.now_s,
	    &found, name, &f);
}

static bool
known(void)
{
	return maker_known(g.realm, octets_bytes(&leaf_der), octets_of(NULL, 0), g.now_s, &f);
}

START_TEST(each_tenant_has_its_own)
{
	ck_assert(!known());
	ck_assert_int_eq(f.code, FAULT_AUTH);
	ck_assert(!vouched("acme"));
	ck_assert_int_eq(f.code, FAULT_AUTH);
	ck_assert_msg(add("acme", "lexa", octets_bytes(&root_der)), "%s", f.text);
	ck_assert(known());
	ck_assert_msg(vouched("acme"), "%s", f.text);
	ck_assert_str_eq(name, "lexa");
	ck_assert_str_eq(found.serial, "SN-1");
	ck_assert(!vouched("globex"));
	ck_assert_int_eq(f.code, FAULT_AUTH);
	ck_assert_msg(add("globex", "other", octets_bytes(&root_der)), "%s", f.text);
	ck_assert(vouched("globex"));
	ck_assert_str_eq(name, "other");
	ck_assert(removed("acme", "lexa"));
	ck_assert(!vouched("acme"));
	ck_assert_int_eq(f.code, FAULT_AUTH);
	ck_assert(known());
	ck_assert(vouched("globex"));
	ck_assert(removed("globex", "other"));
	ck_assert(!known());
	ck_assert_int_eq(f.code, FAULT_AUTH);
}
END_TEST

START_TEST(names_and_roots_are_one_each)
{
	EVP_PKEY *other_key;
	X509 *other = born_ca("Other", NULL, NULL, &other_key);
	struct bytes der = { 0 };

	born_der(other, &der);
	ck_assert(add("acme", "lexa", octets_bytes(&root_der)));
	ck_assert(!add("acme", "lexa", octets_bytes(&der)));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!add("acme", "again", octets_bytes(&root_der)));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_ptr_nonnull(strstr(f.text, "as lexa"));
	ck_assert(!add("acme", "none", octets_bytes(&leaf_der)));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(!add("acme", "none", octets_of(NULL, 0)));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(!removed("acme", "none"));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!removed("globex", "lexa"));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	bytes_free(&der);
	X509_free(other);
	EVP_PKEY_free(other_key);
}
END_TEST

/* Another root of the same Name, whoever trusts it: neither lets the other's devices in, nor shuts
 * them out. */
START_TEST(roots_of_one_name)
{
	struct bytes der = { 0 };

	ck_assert(add("globex", "lexa", octets_bytes(&root_der)));
	for (unsigned i = 0; i < 3; i++) {
		EVP_PKEY *twin_key;
		X509 *twin = born_ca("Root", NULL, NULL, &twin_key);
		char as[] = "twin-0";

		as[5] = (char)('0' + i);
		bytes_clear(&der);
		born_der(twin, &der);
		ck_assert(add("acme", as, octets_bytes(&der)) == (i < 2));
		X509_free(twin);
		EVP_PKEY_free(twin_key);
	}
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert(!vouched("acme"));
	ck_assert_int_eq(f.code, FAULT_AUTH);
	ck_assert(known());
	ck_assert(vouched("globex"));
	bytes_free(&der);
}
END_TEST

START_TEST(as_many_as_there_may_be)
{
	struct bytes der = { 0 };

	for (unsigned i = 0; i <= MAKER_MAX; i++) {
		char as[24];
		EVP_PKEY *other_key;
		X509 *other;

		(void)snprintf(as, sizeof(as), "maker-%u", i);
		other = born_ca(as, NULL, NULL, &other_key);
		bytes_clear(&der);
		born_der(other, &der);
		ck_assert_msg(
		    add("acme", as, octets_bytes(&der)) == (i < MAKER_MAX), "%u: %s", i, f.text);
		X509_free(other);
		EVP_PKEY_free(other_key);
	}
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert(add("globex", "lexa", octets_bytes(&root_der)));
	ck_assert(known());
	ck_assert(!vouched("acme"));
	ck_assert(removed("acme", "maker-0"));
	ck_assert(add("acme", "lexa", octets_bytes(&root_der)));
	ck_assert(vouched("acme"));
	ck_assert_str_eq(name, "lexa");
	bytes_free(&der);
}
END_TEST

/* What stands in the platform's table alone lets a handshake through, and nobody in; what stands in
 * the tenant's alone has no handshake. */
START_TEST(a_row_in_one_place_alone)
{
	ck_assert(add("acme", "lexa", octets_bytes(&root_der)));
	batch_remove(ledger_batch(ledger_of("acme")), TABLE_MAKER, octets_text("lexa"));
	commit("acme");
	ck_assert(known());
	ck_assert(!vouched("acme"));
	ck_assert_int_eq(f.code, FAULT_AUTH);
}
END_TEST

START_TEST(rows_that_are_none)
{
	struct bytes row = { 0 };
	struct octets certificate;
	struct maker m;

	ck_assert(add("acme", "lexa", octets_bytes(&root_der)));
	ck_assert(ledger_get(ledger_of("acme"), TABLE_MAKER, octets_text("lexa"), &row, &f));
	ck_assert(maker_read(octets_text("lexa"), octets_bytes(&row), &m));
	ck_assert_str_eq(m.name, "lexa");
	ck_assert_str_eq(m.by, "operator:bob");
	ck_assert_int_eq(m.added_s, g.now_s);
	ck_assert_uint_eq(m.log_index, 7);
	ck_assert(octets_same(m.certificate, octets_bytes(&root_der)));
	for (size_t n = 0; n < row.n; n++)
		ck_assert(!maker_read(octets_text("lexa"), octets_of(row.at, n), &m));
	ck_assert(!maker_read(octets_text("no name"), octets_bytes(&row), &m));
	ck_assert(!maker_read(octets_text(""), octets_bytes(&row), &m));
	bytes_put_u8(&row, 0);
	ck_assert(!maker_read(octets_text("lexa"), octets_bytes(&row), &m));
	row.at[0] = 2;
	ck_assert(!maker_read(octets_text("lexa"), octets_of(row.at, row.n - 1), &m));
	ck_assert(!maker_read_index(octets_text("lexa"), octets_bytes(&row), &certificate));
	ledger_put(ledger_of("acme"), TABLE_MAKER, octets_text("lexa"), octets_text("\1"));
	commit("acme");
	ck_assert(!vouched("acme"));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	bytes_free(&row);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("maker");
	TCase *t = tcase_create("maker");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, each_tenant_has_its_own);
	tcase_add_test(t, names_and_roots_are_one_each);
	tcase_add_test(t, roots_of_one_name);
	tcase_add_test(t, as_many_as_there_may_be);
	tcase_add_test(t, a_row_in_one_place_alone);
	tcase_add_test(t, rows_that_are_none);
	return run_suite(s);
}
