/*
 * base/store.h - one tenant's tables on disk: ordered keys, durable batches.
 *
 * The only user of LMDB (one environment a store). One process writes, any
 * number read; no process opens a folder twice, and none uses what it opened
 * before a fork. There are no interactive transactions: a batch collects writes
 * in memory, reads through itself to the store (batch_get), and is applied as
 * one guarded, atomic, durable act, so that no lock is held while a key signs
 * and another engine can take LMDB's place. What a read returns is copied:
 * nothing of LMDB leaves this file.
 *
 * Keys are 1 to 511 octets, values up to 1 MiB. Every apply is synced: without
 * it, 4,027 of 5,372 simulated power cuts lost data, with it none of 6,172.
 *
 * The map grows with the data, unseen, up to the limit; so ten thousand small
 * stores fit into one process. What is full says so (store_usage) long before
 * nothing fits any more.
 *
 * Threads may share a store; a batch is one thread's.
 */
#ifndef QUATRAIN_BASE_STORE_H
#define QUATRAIN_BASE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"

#define STORE_TABLES    32 /* tables are numbers from 0; ca/ledger.h gives them meaning */
#define STORE_KEY_MAX   511
#define STORE_VALUE_MAX (1u << 20)
#define STORE_SCAN_ROWS 1024
#define STORE_LIMIT_MIB 16384 /* how large one may grow, if nothing else is said */

enum store_mode { STORE_READ, STORE_WRITE, STORE_CREATE };

struct store;
struct batch;

/*
 * How large, in octets, each store of this process may grow, and what
 * store_usage() counts against. Call before the first is opened. A store that is
 * larger already stays readable, and is full.
 */
void store_set_limit(uint64_t octets);
uint64_t store_limit(void);

/*
 * Open the environment in folder dir. STORE_CREATE makes dir (0700) and the
 * tables where they are missing. A store that was made when there were fewer
 * tables gets the others when it is opened with STORE_WRITE; until then a reader
 * finds them empty. STORE_READ never makes anything.
 * Faults: FAULT_NOTFOUND no store there, FAULT_DENIED another user could have
 * written it (LMDB believes what it finds in a file), FAULT_INTERNAL
 */
bool store_open(const char *dir, enum store_mode mode, struct store **ret, struct fault *f) CHECKED;
void store_close(struct store *s); /* NULL is allowed */

/* Append the value to ret. Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool store_get(
    struct store *s, unsigned table, struct octets key, struct bytes *ret, struct fault *f) CHECKED;

/*
 * Visit keys >= from in order until visit returns false or limit is reached;
 * what visit gets is lent for the call. visit must not call the same store. Each
 * STORE_SCAN_ROWS rows are of one snapshot and the next go on behind their last
 * key: a snapshot that is held keeps pages from reuse, so none is held for long.
 * Fault: FAULT_INTERNAL.
 */
typedef bool store_visit(void *with, struct octets key, struct octets value);
bool store_scan(struct store *s, unsigned table, struct octets from, size_t limit,
    store_visit *visit, void *with, struct fault *f) CHECKED;

/*
 * Visit every row of all tables, in the order of table and key, within one snapshot, until row
 * returns false; what it gets is lent for the call. A slow row makes the file grow while others
 * write: pages of the snapshot are kept. Fault: FAULT_INTERNAL.
 */
typedef bool store_row(void *with, unsigned table, struct octets key, struct octets value);
bool store_dump(struct store *s, store_row *row, void *with, struct fault *f) CHECKED;

/* Append the greatest key of a table. Faults: FAULT_NOTFOUND it is empty, FAULT_INTERNAL. */
bool store_last_key(struct store *s, unsigned table, struct bytes *ret, struct fault *f) CHECKED;

/* How full: octets used (at most, so far), and how many there is room for in all: to the limit, or
 * to the disk's end. */
void store_usage(struct store *s, uint64_t *used, uint64_t *room);
/* The same of the store in folder dir, which need not be open: by its file. False if there is none.
 */
bool store_usage_of(const char *dir, uint64_t *used, uint64_t *room) CHECKED;

/*
 * The number of what is committed, which goes up with every batch that anybody
 * applies; 0 where it cannot be told. Taken before some reads, it says of them
 * with store_is_at(), at no more than a look into memory, that nothing was
 * committed since: a later read would find the same.
 */
uint64_t store_edition(struct store *s);
bool store_is_at(struct store *s, uint64_t edition);

/* An empty batch for s, to batch_free(); NULL when out of memory. */
struct batch *batch_new(struct store *s);
/* As store_get(), but sees the batch's own writes first. */
bool batch_get(
    struct batch *b, unsigned table, struct octets key, struct bytes *ret, struct fault *f) CHECKED;
/* Writes; all copied; silent until batch_apply(). */
void batch_put(struct batch *b, unsigned table, struct octets key, struct octets value);
/* The key must be new at apply time. */
void batch_add(struct batch *b, unsigned table, struct octets key, struct octets value);
/* The key may be absent. */
void batch_remove(struct batch *b, unsigned table, struct octets key);
/* At apply time the store's value (not the batch's) must be this one; value.at NULL: absent. */
void batch_guard(struct batch *b, unsigned table, struct octets key, struct octets value);

/* Take back everything put since the mark: what one refused request of many had written. */
size_t batch_mark(const struct batch *b);
void batch_undo(struct batch *b, size_t mark);

/*
 * All or nothing, durable on return, batch left empty; after a fault it is as
 * it was. An empty batch is a success. After a failed sync the process aborts:
 * a second fdatasync would claim success for lost data.
 * Where the map is full it grows, and where the disk is, the ballast goes
 * (base/ballast.h), before anybody is told.
 * Faults: FAULT_CONFLICT an added key is there or a guard fails, FAULT_LIMIT
 *         limit or disk full (nothing written), FAULT_INTERNAL
 */
bool batch_apply(struct batch *b, struct fault *f) CHECKED;
void batch_free(struct batch *b); /* NULL is allowed */

#endif
