/* base/store_dump.c - see store.h; a whole store, as it stood at one moment. */
#include "base/store_lmdb.h"

struct walk {
	MDB_txn *txn;
	store_row *visit;
	void *with;
	bool stopped;
};

static int
walk_table(const struct store *s, unsigned table, struct walk *w)
{
	MDB_val k, v;
	MDB_cursor *c;
	int rc;

	if ((rc = mdb_cursor_open(w->txn, s->tables[table], &c)) != 0)
		return rc;
	while (!w->stopped && (rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) == 0)
		w->stopped = !w->visit(w->with, table, store_octets(&k), store_octets(&v));
	mdb_cursor_close(c);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
begin(struct store *s, MDB_txn **ret)
{
	int rc = MDB_PANIC;

	for (int tries = 0; tries < 3; tries++) {
		if (s->broken || (rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, ret)) == 0 ||
		    !store_mended(s, rc))
			return rc;
	}
	return rc;
}

bool
store_dump(struct store *s, store_row *row, void *with, struct fault *f)
{
	struct walk w = { .visit = row, .with = with };
	int rc;

	if (pthread_mutex_lock(&s->lock) != 0)
		return fault_set(f, FAULT_INTERNAL, "store: called from its own visit");
	if ((rc = begin(s, &w.txn)) == 0) {
		for (unsigned i = 0; rc == 0 && i < STORE_TABLES && !w.stopped; i++)
			if (s->tables[i] != STORE_NO_TABLE)
				rc = walk_table(s, i, &w);
		mdb_txn_abort(w.txn);
	}
	(void)pthread_mutex_unlock(&s->lock); /* held to the end: the map must not move under us */
	return rc == 0 || store_fault(f, rc, "cannot dump");
}
