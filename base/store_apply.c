/* base/store_apply.c - see store.h; what a batch does to the store. How it collects is in batch.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ballast.h"
#include "base/batch.h"
#include "base/store_lmdb.h"

#define ENTRY_PAGES   2 /* a table's own and its parent, changed by an entry; mostly shared */
#define PAGE_OCTETS   4096
#define CHECK_APPLIES 256 /* how many applies between looks for readers that died */

bool
batch_get(struct batch *b, unsigned table, struct octets key, struct bytes *ret, struct fault *f)
{
	const struct entry *e;

	if (b->lost > 0)
		return fault_set(f, FAULT_INTERNAL, "store: the batch lost a write");
	if ((e = batch_find(b, table, key)) == NULL)
		return store_get(b->store, table, key, ret, f);
	if (e->kind == ENTRY_REMOVE)
		return fault_set(f, FAULT_NOTFOUND, "store: table %u: removed", table);
	bytes_put_octets(ret, e->value);
	return bytes_ok(ret, f);
}

static bool
guard_holds(const struct store *s, MDB_txn *txn, const struct entry *e, struct fault *f)
{
	MDB_val k = store_val(e->key), v;
	int rc = mdb_get(txn, s->tables[e->table], &k, &v);

	if (rc != 0 && rc != MDB_NOTFOUND)
		return store_fault(f, rc, "cannot guard");
	if (rc == MDB_NOTFOUND ? e->value.at == NULL
			       : e->value.at != NULL && octets_same(store_octets(&v), e->value))
		return true;
	return fault_set(f, FAULT_CONFLICT, "store: table %u: changed meanwhile", e->table);
}

/*
 * The disk's end in its several names: nothing of the transaction counts then,
 * and later ones may fit. Where a sync says it, what the kernel has dropped is of
 * this transaction alone, and another try writes all of that anew.
 */
static bool
is_full(int rc)
{
	static const int full[] = { MDB_MAP_FULL, MDB_TXN_FULL, ENOSPC, EDQUOT, EFBIG };

	for (size_t i = 0; i < sizeof(full) / sizeof(*full); i++)
		if (rc == full[i])
			return true;
	/* A write that the disk cut short: LMDB says EIO, where the system said nothing. */
	return rc == EIO && errno != EIO;
}

static bool
write_fault(struct fault *f, int rc, const struct entry *e, int *full)
{
	if (rc == MDB_KEYEXIST)
		return fault_set(f, FAULT_CONFLICT, "store: table %u: key is there", e->table);
	if (is_full(rc)) {
		*full = rc;
		return fault_set(f, FAULT_LIMIT, "store: full: %s", mdb_strerror(rc));
	}
	return store_fault(f, rc, "cannot write");
}

static bool
write_entry(const struct store *s, MDB_txn *txn, const struct entry *e, int *full, struct fault *f)
{
	unsigned flags = e->kind == ENTRY_ADD ? MDB_NOOVERWRITE : 0;
	MDB_val k = store_val(e->key), v = store_val(e->value);
	int rc = 0;

	errno = 0; /* see is_full(); a large transaction writes before it commits */
	if (e->kind == ENTRY_REMOVE)
		rc = mdb_del(txn, s->tables[e->table], &k, NULL);
	else if (e->kind != ENTRY_GUARD)
		rc = mdb_put(txn, s->tables[e->table], &k, &v, flags);
	if (rc == 0 || (rc == MDB_NOTFOUND && e->kind == ENTRY_REMOVE))
		return true;
	return write_fault(f, rc, e, full);
}

/* Guards look before anything is written; the rest keeps its order, as reads through the batch saw
 * it. */
static bool
write_entries(const struct batch *b, MDB_txn *txn, int *full, struct fault *f)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->entries[i].kind == ENTRY_GUARD &&
		    !guard_holds(b->store, txn, &b->entries[i], f))
			return false;
	for (size_t i = 0; i < b->n; i++)
		if (!write_entry(b->store, txn, &b->entries[i], full, f))
			return false;
	return true;
}

/* What the kernel failed to sync it has forgotten: the next sync would call it safe. */
static void
die(int rc)
{
	char line[FAULT_TEXT_MAX];
	int n =
	    snprintf(line, sizeof(line), "store: commit failed, ending: %s\n", mdb_strerror(rc));

	if (n > 0)
		(void)!write(STDERR_FILENO, line, (size_t)n);
	abort();
}

static bool
write_begin(struct store *s, MDB_txn **ret, struct fault *f)
{
	int rc, dead;

	(void)pthread_mutex_lock(&s->lock);
	if (s->applies++ % CHECK_APPLIES == 0)
		(void)mdb_reader_check(s->env, &dead); /* a dead reader keeps pages from reuse */
	(void)pthread_mutex_unlock(&s->lock);
	if ((rc = mdb_txn_begin(s->env, NULL, 0, ret)) == MDB_MAP_RESIZED) {
		(void)pthread_mutex_lock(&s->lock);
		if (store_mended(s, rc))
			rc = mdb_txn_begin(s->env, NULL, 0, ret);
		(void)pthread_mutex_unlock(&s->lock);
	}
	if (rc == MDB_PANIC)
		die(rc); /* an earlier commit left the environment unusable */
	return rc == 0 || store_fault(f, rc, "cannot begin");
}

/* One try. *full says where it failed for want of room, and is 0 otherwise. */
static bool
apply_once(const struct batch *b, int *full, struct fault *f)
{
	MDB_txn *txn;
	int rc;

	*full = 0;
	if (!write_begin(b->store, &txn, f))
		return false;
	if (!write_entries(b, txn, full, f)) {
		mdb_txn_abort(txn);
		return false;
	}
	errno = 0;
	if ((rc = mdb_txn_commit(txn)) == 0)
		return true;
	if (!is_full(rc))
		die(rc);
	*full = rc;
	return fault_set(f, FAULT_LIMIT, "store: full: %s", mdb_strerror(rc));
}

/* An eighth of the map stays free, so that few batches find it full. */
static void
make_room(struct store *s)
{
	uint64_t used, map = store_map(s, &used);

	if (used > map - map / 8)
		(void)store_grow(s, map);
}

static bool
found_room(struct store *s, int full)
{
	uint64_t used;

	if (full == MDB_MAP_FULL)
		return store_grow(s, store_map(s, &used));
	return full != 0 && full != MDB_TXN_FULL && ballast_release();
}

bool
batch_apply(struct batch *b, struct fault *f)
{
	struct fault why;
	bool ok;
	int full;

	if (b->lost > 0)
		return fault_set(f, FAULT_INTERNAL, "store: the batch lost a write");
	if (b->n == 0)
		return true;
	if (!b->store->writes || b->store->broken)
		return fault_set(f, FAULT_INTERNAL, "store: not open for writing");
	if (pthread_mutex_lock(&b->store->applying) != 0)
		return fault_set(f, FAULT_INTERNAL, "store: applied from its own apply");
	make_room(b->store);
	do
		ok = apply_once(b, &full, &why);
	while (!ok && found_room(b->store, full));
	(void)pthread_mutex_unlock(&b->store->applying);
	if (!ok) {
		*f = why;
		return false;
	}
	batch_undo(b, 0);
	return true;
}
