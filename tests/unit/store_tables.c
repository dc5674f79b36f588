/* tests/unit/store_tables.c - a store from when there were fewer tables: read as it is, and given
 * the others by its writer. */
#include <check.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/store_lmdb.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

#define T    octets_text
#define LATE (STORE_TABLES - 1)

static char folder[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];
static struct store *store;
static struct fault f;

static void
open_as(enum store_mode mode)
{
	store_close(store);
	store = NULL;
	ck_assert_msg(store_open(dir, mode, &store, &f), "%s", f.text);
}

static void
put(unsigned table, const char *key)
{
	struct batch *b = batch_new(store);

	ck_assert_ptr_nonnull(b);
	batch_put(b, table, T(key), T("value"));
	ck_assert_msg(batch_apply(b, &f), "%s", f.text);
	batch_free(b);
}

static bool
has(unsigned table, const char *key)
{
	struct bytes v = { 0 };
	bool found = store_get(store, table, T(key), &v, &f);

	ck_assert(found || f.code == FAULT_NOTFOUND);
	bytes_free(&v);
	return found;
}

static void
take_away(unsigned table)
{
	MDB_txn *txn;

	ck_assert_int_eq(mdb_txn_begin(store->env, NULL, 0, &txn), 0);
	ck_assert_int_eq(mdb_drop(txn, store->tables[table], 1), 0);
	ck_assert_int_eq(mdb_txn_commit(txn), 0);
}

/* With a row in the first table, and without the last. */
static void
setup(void)
{
	scratch_new(folder);
	scratch_path(folder, "s", dir, sizeof(dir));
	open_as(STORE_CREATE);
	put(0, "early");
	take_away(LATE);
}

static void
teardown(void)
{
	store_close(store);
	store = NULL;
	scratch_free(folder);
}

static bool
any(void *with, struct octets key, struct octets value)
{
	(void)key, (void)value;
	++*(unsigned *)with;
	return true;
}

static bool
any_row(void *with, unsigned table, struct octets key, struct octets value)
{
	(void)table;
	return any(with, key, value);
}

START_TEST(a_reader_finds_it_empty)
{
	struct bytes key = { 0 };
	unsigned n = 0;

	open_as(STORE_READ);
	ck_assert(has(0, "early"));
	ck_assert(!has(LATE, "early"));
	ck_assert(store_scan(store, LATE, octets_of(NULL, 0), SIZE_MAX, any, &n, &f));
	ck_assert_uint_eq(n, 0);
	ck_assert(!store_last_key(store, LATE, &key, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(store_dump(store, any_row, &n, &f));
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(the_writer_adds_it)
{
	open_as(STORE_WRITE);
	ck_assert(!has(LATE, "late"));
	put(LATE, "late");
	open_as(STORE_READ);
	ck_assert(has(LATE, "late"));
	ck_assert(has(0, "early"));
}
END_TEST

/* The child reads before and after the parent has made it. */
START_TEST(a_reader_sees_it_as_soon_as_it_is_there)
{
	int ready[2], go[2], status;
	pid_t child;
	char c;

	store_close(store);
	store = NULL;
	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(go), 0);
	if ((child = fork()) == 0) {
		bool ok = store_open(dir, STORE_READ, &store, &f) && !has(LATE, "late") &&
			  write(ready[1], "r", 1) == 1 && read(go[0], &c, 1) == 1 &&
			  has(LATE, "late");

		_exit(ok ? 0 : 1);
	}
	(void)close(ready[1]);
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	open_as(STORE_WRITE);
	put(LATE, "late");
	ck_assert_int_eq(write(go[1], "g", 1), 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(without_the_first_it_is_no_store)
{
	take_away(0);
	store_close(store);
	store = NULL;
	ck_assert(!store_open(dir, STORE_READ, &store, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!store_open(dir, STORE_WRITE, &store, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store_tables");
	TCase *t = tcase_create("store_tables");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, a_reader_finds_it_empty);
	tcase_add_test(t, the_writer_adds_it);
	tcase_add_test(t, a_reader_sees_it_as_soon_as_it_is_there);
	tcase_add_test(t, without_the_first_it_is_no_store);
	suite_add_tcase(s, t);
	return run_suite(s);
}
