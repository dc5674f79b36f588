/*
 * base/store_lmdb.h - a store as LMDB has it; only base/store*.c look inside.
 */
#ifndef QUATRAIN_BASE_STORE_LMDB_H
#define QUATRAIN_BASE_STORE_LMDB_H

#include <limits.h>
#include <pthread.h>
#include <sys/types.h>

#include <lmdb.h>

#include "base/store.h"

#define STORE_NO_TABLE UINT_MAX /* a handle that is not open: the table is not there yet */

struct store {
	MDB_env *env;
	MDB_dbi tables[STORE_TABLES];
	MDB_txn *read; /* reset but for the length of a call, so that it holds no page back */
	pthread_mutex_t lock;     /* of read, and of the map while it moves */
	pthread_mutex_t applying; /* one batch at a time, and no map moves under it */
	bool writes;
	bool broken; /* the map was lost while it moved */
	unsigned applies;
	dev_t dev; /* which folder, for the list of the open ones */
	ino_t ino;
	struct store *next;
};

/* FAULT_INTERNAL with LMDB's reason; always false. */
bool store_fault(struct fault *f, int rc, const char *what);

/* LMDB's way to lend octets, and back. */
MDB_val store_val(struct octets o);
struct octets store_octets(const MDB_val *v);

/* How large a map to ask for, before the environment is opened over the file data. */
int store_map_open(struct store *s, const char *data);
/* Octets of the map, and of the pages used so far; 0 when it cannot be told. With the lock held, or
 * applying. */
uint64_t store_map(struct store *s, uint64_t *ret_used);
/* A map larger than so many octets; while applying, and between transactions. False if the limit or
 * the address space does not let it. */
bool store_grow(struct store *s, uint64_t than);

/* With the lock held: true if rc names something that is put right by now, so that another try is
 * worth it. */
bool store_mended(struct store *s, int rc);

#endif
