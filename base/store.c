/* base/store.c - see store.h; opening and reading. Batches are in batch.c and store_apply.c. */
#include "base/store_lmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"

#define READERS_MAX  512
#define PATH_OCTETS  4096
#define BLOCK_OCTETS (512 * 1024)

/*
 * LMDB loses its locks when a process opens an environment twice and closes
 * one (fcntl locks are the process's), so a second opening is refused. A fork
 * inherits the list, and rightly: it may not use what its parent opened, nor
 * open it anew.
 */
static struct store *open_stores;
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;

bool
store_fault(struct fault *f, int rc, const char *what)
{
	return fault_set(f, FAULT_INTERNAL, "store: %s: %s", what, mdb_strerror(rc));
}

MDB_val
store_val(struct octets o)
{
	/* LMDB's type has no const; it only reads what it is given. */
	return (MDB_val){ .mv_size = o.n, .mv_data = (void *)(uintptr_t)o.at };
}

struct octets
store_octets(const MDB_val *v)
{
	return (struct octets){ v->mv_data, v->mv_size };
}

static bool
list_add(struct store *s, struct fault *f)
{
	struct store *o;

	(void)pthread_mutex_lock(&open_lock);
	for (o = open_stores; o != NULL; o = o->next)
		if (o->dev == s->dev && o->ino == s->ino)
			break;
	if (o == NULL) {
		s->next = open_stores;
		open_stores = s;
	}
	(void)pthread_mutex_unlock(&open_lock);
	if (o != NULL)
		return fault_set(f, FAULT_INTERNAL, "store: open in this process already");
	return true;
}

static void
list_remove(const struct store *s)
{
	(void)pthread_mutex_lock(&open_lock);
	for (struct store **o = &open_stores; *o != NULL; o = &(*o)->next) {
		if (*o == s) {
			*o = s->next;
			break;
		}
	}
	(void)pthread_mutex_unlock(&open_lock);
}

/*
 * LMDB itself would make the file where only a reader or a known store was asked
 * for; and it believes what is in the file, so one that another could have
 * written, or put there, is not opened.
 */
static bool
find(const char *dir, const char *data, enum store_mode mode, struct stat *ret, struct fault *f)
{
	char lock[PATH_OCTETS];
	struct stat st;

	(void)snprintf(lock, sizeof(lock), "%s/lock.mdb", dir);
	if (mode == STORE_CREATE && mkdir(dir, S_IRWXU) == -1 && errno != EEXIST)
		return fault_errno(f, FAULT_INTERNAL, "store: cannot make %s", dir);
	if (!folder_check(dir, S_IFDIR, ret, f))
		return false;
	if (!folder_check(data, S_IFREG, &st, f))
		return mode == STORE_CREATE && f->code == FAULT_NOTFOUND;
	if (mode != STORE_CREATE && st.st_size == 0)
		return fault_set(f, FAULT_NOTFOUND, "store: an empty file in %s", dir);
	return folder_check(lock, S_IFREG, &st, f) || f->code == FAULT_NOTFOUND;
}

/*
 * An environment that writes asks for three MiB and touches little of them. glibc moves its
 * threshold up when the first such block is freed, and takes the next ones from the heap: there
 * they are cleared, which touches all of them, and what lies behind keeps them from being given
 * back (140 MB were left after two thousand ledgers had been opened and shut, glibc 2.36).
 */
static void
keep_blocks_apart(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, BLOCK_OCTETS);
}

static int
env_open(struct store *s, const char *dir, const char *data)
{
	unsigned flags = MDB_NOTLS | (s->writes ? 0u : MDB_RDONLY);
	int rc, dead;

	keep_blocks_apart();
	if ((rc = mdb_env_create(&s->env)) != 0) {
		s->env = NULL;
		return rc;
	}
	if ((rc = mdb_env_set_maxdbs(s->env, STORE_TABLES)) != 0 ||
	    (rc = mdb_env_set_maxreaders(s->env, READERS_MAX)) != 0 ||
	    (rc = store_map_open(s, data)) != 0 ||
	    (rc = mdb_env_open(s->env, dir, flags, S_IRUSR | S_IWUSR)) != 0)
		return rc;
	return mdb_reader_check(s->env, &dead);
}

static int
read_begin(struct store *s)
{
	int rc;

	for (int tries = 0;; tries++) {
		if (s->broken)
			return MDB_PANIC;
		rc = s->read == NULL ? mdb_txn_begin(s->env, NULL, MDB_RDONLY, &s->read)
				     : mdb_txn_renew(s->read);
		if (rc == 0 || tries == 2 || !store_mended(s, rc))
			return rc;
	}
}

/* A transaction that handles can be opened in: a reader's too is committed, only then do they last.
 */
static int
handles_begin(struct store *s, bool create, MDB_txn **ret)
{
	int rc;

	if (create)
		return mdb_txn_begin(s->env, NULL, 0, ret);
	if ((rc = read_begin(s)) != 0)
		return rc;
	*ret = s->read;
	s->read = NULL;
	return 0;
}

static int
handle_open(struct store *s, MDB_txn *txn, unsigned table, bool create)
{
	char name[8];
	int rc;

	(void)snprintf(name, sizeof(name), "t%u", table);
	rc = mdb_dbi_open(txn, name, create ? MDB_CREATE : 0, &s->tables[table]);
	if (rc != 0)
		s->tables[table] = STORE_NO_TABLE;
	return rc;
}

/* *ret_missing: a table is not there, and none was made. Not even the first: then it is no store.
 */
static int
handles_open(struct store *s, bool create, bool *ret_missing)
{
	MDB_txn *txn;
	int rc;

	*ret_missing = false;
	if ((rc = handles_begin(s, create, &txn)) != 0)
		return rc;
	for (unsigned i = 0; rc == 0 && i < STORE_TABLES; i++)
		if ((rc = handle_open(s, txn, i, create)) == MDB_NOTFOUND && i > 0) {
			*ret_missing = true;
			rc = 0;
		}
	if (rc == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return rc;
}

static int
tables_open(struct store *s, bool create)
{
	bool missing;
	int rc = handles_open(s, create, &missing);

	return rc == 0 && missing && s->writes ? handles_open(s, true, &missing) : rc;
}

/* What was not there when the store was opened may have been made since. With the lock held. */
static int
table_find(struct store *s, unsigned table)
{
	MDB_txn *txn;
	int rc;

	if ((rc = handles_begin(s, false, &txn)) != 0)
		return rc;
	if ((rc = handle_open(s, txn, table, false)) == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static bool
fill(struct store *s, const char *dir, const char *data, enum store_mode mode, struct fault *f)
{
	int rc;

	if ((rc = env_open(s, dir, data)) != 0 ||
	    (rc = tables_open(s, mode == STORE_CREATE)) != 0 || (rc = read_begin(s)) != 0) {
		if (rc == ENOENT || rc == MDB_NOTFOUND)
			return fault_set(f, FAULT_NOTFOUND, "store: no store in %s", dir);
		return store_fault(f, rc, "cannot open");
	}
	mdb_txn_reset(s->read);
	return mode != STORE_CREATE || (folder_sync(dir, f) && folder_sync_of(dir, f));
}

static bool
lock_new(pthread_mutex_t *lock, struct fault *f)
{
	pthread_mutexattr_t kind;
	bool ok;

	/* A visit that calls its own store is told so instead of hanging. */
	if (pthread_mutexattr_init(&kind) != 0)
		return fault_set(f, FAULT_INTERNAL, "store: no lock");
	ok = pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK) == 0 &&
	     pthread_mutex_init(lock, &kind) == 0;
	(void)pthread_mutexattr_destroy(&kind);
	return ok || fault_set(f, FAULT_INTERNAL, "store: no lock");
}

static bool
store_new(enum store_mode mode, const struct stat *dir, struct store **ret, struct fault *f)
{
	struct store *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "store: out of memory");
	s->writes = mode != STORE_READ;
	s->dev = dir->st_dev;
	s->ino = dir->st_ino;
	if (!lock_new(&s->lock, f)) {
		free(s);
		return false;
	}
	if (!lock_new(&s->applying, f)) {
		(void)pthread_mutex_destroy(&s->lock);
		free(s);
		return false;
	}
	*ret = s;
	return true;
}

bool
store_open(const char *dir, enum store_mode mode, struct store **ret, struct fault *f)
{
	char data[PATH_OCTETS];
	struct store *s = NULL;
	struct stat st;

	if (snprintf(data, sizeof(data), "%s/data.mdb", dir) >= (int)sizeof(data))
		return fault_set(f, FAULT_INTERNAL, "store: path too long");
	if (!find(dir, data, mode, &st, f) || !store_new(mode, &st, &s, f))
		return false;
	if (!list_add(s, f) || !fill(s, dir, data, mode, f)) {
		store_close(s);
		return false;
	}
	*ret = s;
	return true;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	if (s->env != NULL) {
		mdb_txn_abort(s->read);
		mdb_env_close(s->env);
	}
	list_remove(s); /* after the last lock is let go */
	(void)pthread_mutex_destroy(&s->applying);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

/* On true the lock is held and a snapshot open, until read_end(). */
static bool
read_start(struct store *s, unsigned table, struct fault *f)
{
	int rc;

	if (table >= STORE_TABLES)
		return fault_set(f, FAULT_INTERNAL, "store: no table %u", table);
	if (pthread_mutex_lock(&s->lock) != 0)
		return fault_set(f, FAULT_INTERNAL, "store: called from its own visit");
	if ((s->tables[table] == STORE_NO_TABLE && (rc = table_find(s, table)) != 0) ||
	    (rc = read_begin(s)) != 0) {
		(void)pthread_mutex_unlock(&s->lock);
		return store_fault(f, rc, "cannot read");
	}
	return true;
}

static void
read_end(struct store *s)
{
	mdb_txn_reset(s->read);
	(void)pthread_mutex_unlock(&s->lock);
}

bool
store_get(struct store *s, unsigned table, struct octets key, struct bytes *ret, struct fault *f)
{
	MDB_val k = store_val(key), v;
	int rc = MDB_NOTFOUND;

	if (!read_start(s, table, f))
		return false;
	if (key.n > 0 && key.n <= STORE_KEY_MAX && s->tables[table] != STORE_NO_TABLE)
		rc = mdb_get(s->read, s->tables[table], &k, &v);
	if (rc == 0)
		bytes_put_octets(ret, store_octets(&v));
	read_end(s);
	if (rc == MDB_NOTFOUND)
		return fault_set(f, FAULT_NOTFOUND, "store: table %u: no such key", table);
	if (rc != 0)
		return store_fault(f, rc, "cannot get");
	return bytes_ok(ret, f);
}

/*
 * A snapshot's number, and not the one in the newest meta page: that page shows
 * in the map while it is still being written, and then a reader's snapshot is of
 * the commit before. So a number may be told late, and never early.
 */
uint64_t
store_edition(struct store *s)
{
	uint64_t edition;
	struct fault f;

	if (!read_start(s, 0, &f))
		return 0;
	edition = mdb_txn_id(s->read);
	read_end(s);
	return edition;
}

bool
store_is_at(struct store *s, uint64_t edition)
{
	MDB_envinfo info;
	bool same;

	if (edition == 0 || pthread_mutex_lock(&s->lock) != 0)
		return false;
	same = !s->broken && mdb_env_info(s->env, &info) == 0 && info.me_last_txnid == edition;
	(void)pthread_mutex_unlock(&s->lock);
	return same;
}

/* Where a scan is: it goes on from the last key that it has seen. */
struct walk {
	store_visit *visit;
	void *with;
	size_t left;
	uint8_t key[STORE_KEY_MAX];
	size_t key_n;
	bool seen, over; /* key has been visited; nothing more is wanted */
};

/* At most STORE_SCAN_ROWS rows of one snapshot. */
static int
scan_some(MDB_cursor *c, struct walk *w, struct octets from)
{
	MDB_val k = store_val(from), v;
	int rc = mdb_cursor_get(c, &k, &v, from.n == 0 ? MDB_FIRST : MDB_SET_RANGE);

	if (rc == 0 && w->seen && octets_same(store_octets(&k), from))
		rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
	for (size_t n = 0; rc == 0 && n < STORE_SCAN_ROWS; n++) {
		if (w->left-- == 0 || !w->visit(w->with, store_octets(&k), store_octets(&v))) {
			w->over = true;
			return 0;
		}
		w->seen = true;
		w->key_n = k.mv_size;
		memcpy(w->key, k.mv_data, k.mv_size);
		rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
	}
	w->over = rc != 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

bool
store_scan(struct store *s, unsigned table, struct octets from, size_t limit, store_visit *visit,
    void *with, struct fault *f)
{
	struct walk w = { .visit = visit, .with = with, .left = limit };
	MDB_cursor *c;
	int rc = 0;

	while (rc == 0 && !w.over) {
		if (!read_start(s, table, f))
			return false;
		w.over = s->tables[table] == STORE_NO_TABLE;
		if (!w.over && (rc = mdb_cursor_open(s->read, s->tables[table], &c)) == 0) {
			rc = scan_some(c, &w, w.seen ? octets_of(w.key, w.key_n) : from);
			mdb_cursor_close(c);
		}
		read_end(s);
	}
	return rc == 0 || store_fault(f, rc, "cannot scan");
}

bool
store_last_key(struct store *s, unsigned table, struct bytes *ret, struct fault *f)
{
	MDB_val k, v;
	MDB_cursor *c;
	int rc = MDB_NOTFOUND;

	if (!read_start(s, table, f))
		return false;
	if (s->tables[table] != STORE_NO_TABLE &&
	    (rc = mdb_cursor_open(s->read, s->tables[table], &c)) == 0) {
		if ((rc = mdb_cursor_get(c, &k, &v, MDB_LAST)) == 0)
			bytes_put_octets(ret, store_octets(&k));
		mdb_cursor_close(c);
	}
	read_end(s);
	if (rc == MDB_NOTFOUND)
		return fault_set(f, FAULT_NOTFOUND, "store: table %u: empty", table);
	if (rc != 0)
		return store_fault(f, rc, "cannot find the last key");
	return bytes_ok(ret, f);
}
