/* base/store.c - see store.h; opening and reading. Batches are in batch.c and store_apply.c. */
#include "base/store_lmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/folder.h"

#define READERS_MAX 512
#define PATH_OCTETS 4096

#define GIB ((size_t)1 << 30)

/*
 * Maps, in octets of address space (not of disk), each tried where the one
 * before is refused: by a limit, or since thousands of stores are open and the
 * 128 TiB of a process are spent. LMDB raises one that is less than the data
 * need; 0 is the size that the writer chose.
 */
#ifdef QUATRAIN_SANITIZED
static const size_t writer_maps[] = { GIB, GIB / 16 };
#else
static const size_t writer_maps[] = { 16 * GIB, GIB };
#endif
static const size_t reader_maps[] = { 0, GIB };
#define MAPS 2

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

/* LMDB itself would make the file where only a reader or a known store was asked for. */
static bool
find(const char *dir, enum store_mode mode, struct stat *ret, struct fault *f)
{
	char path[PATH_OCTETS];
	struct stat data;

	if (snprintf(path, sizeof(path), "%s/data.mdb", dir) >= (int)sizeof(path))
		return fault_set(f, FAULT_INTERNAL, "store: path too long");
	if (mode == STORE_CREATE && mkdir(dir, S_IRWXU) == -1 && errno != EEXIST)
		return fault_errno(f, FAULT_INTERNAL, "store: cannot make %s", dir);
	if (stat(dir, ret) == -1 || (mode != STORE_CREATE && stat(path, &data) == -1)) {
		enum fault_code code = errno == ENOENT ? FAULT_NOTFOUND : FAULT_INTERNAL;

		return fault_errno(f, code, "store: no store in %s", dir);
	}
	if (mode != STORE_CREATE && data.st_size == 0)
		return fault_set(f, FAULT_NOTFOUND, "store: an empty file in %s", dir);
	return true;
}

/* One try with a map of size octets; 0 takes what the environment says. */
static int
env_try(struct store *s, const char *dir, size_t size)
{
	unsigned flags = MDB_NOTLS | (s->writes ? 0u : MDB_RDONLY);
	int rc;

	if ((rc = mdb_env_create(&s->env)) != 0) {
		s->env = NULL;
		return rc;
	}
	if ((rc = mdb_env_set_maxdbs(s->env, STORE_TABLES)) == 0 &&
	    (rc = mdb_env_set_maxreaders(s->env, READERS_MAX)) == 0 &&
	    (size == 0 || (rc = mdb_env_set_mapsize(s->env, size)) == 0))
		rc = mdb_env_open(s->env, dir, flags, S_IRUSR | S_IWUSR);
	if (rc != 0) {
		mdb_env_close(s->env);
		s->env = NULL;
	}
	return rc;
}

static int
env_open(struct store *s, const char *dir)
{
	const size_t *maps = s->writes ? writer_maps : reader_maps;
	int rc = ENOMEM, dead;

	for (size_t i = 0; rc == ENOMEM && i < MAPS; i++)
		rc = env_try(s, dir, maps[i]);
	if (rc != 0)
		return rc;
	return mdb_reader_check(s->env, &dead);
}

bool
store_mended(struct store *s, int rc)
{
	int dead;

	if (rc == MDB_READERS_FULL)
		return mdb_reader_check(s->env, &dead) == 0;
	if (rc != MDB_MAP_RESIZED)
		return false;
	/* A writer with a larger map went past the end of ours. */
	s->broken = mdb_env_set_mapsize(s->env, 0) != 0;
	return !s->broken;
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

static int
tables_open(struct store *s, bool create)
{
	MDB_txn *txn;
	char name[8];
	int rc;

	if (create) {
		if ((rc = mdb_txn_begin(s->env, NULL, 0, &txn)) != 0)
			return rc;
	} else {
		if ((rc = read_begin(s)) != 0)
			return rc;
		txn = s->read;
		s->read = NULL;
	}
	for (unsigned i = 0; rc == 0 && i < STORE_TABLES; i++) {
		(void)snprintf(name, sizeof(name), "t%u", i);
		rc = mdb_dbi_open(txn, name, create ? MDB_CREATE : 0, &s->tables[i]);
	}
	if (rc == 0)
		return mdb_txn_commit(txn); /* a reader's too: only then do the handles last */
	mdb_txn_abort(txn);
	return rc;
}

static bool
fill(struct store *s, const char *dir, enum store_mode mode, struct fault *f)
{
	int rc;

	if ((rc = env_open(s, dir)) != 0 || (rc = tables_open(s, mode == STORE_CREATE)) != 0 ||
	    (rc = read_begin(s)) != 0) {
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

bool
store_open(const char *dir, enum store_mode mode, struct store **ret, struct fault *f)
{
	struct store *s;
	struct stat st;

	if (!find(dir, mode, &st, f))
		return false;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "store: out of memory");
	s->writes = mode != STORE_READ;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	if (!lock_new(&s->lock, f)) {
		free(s);
		return false;
	}
	if (!list_add(s, f) || !fill(s, dir, mode, f)) {
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
	if ((rc = read_begin(s)) != 0) {
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
	if (key.n > 0 && key.n <= STORE_KEY_MAX)
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

bool
store_scan(struct store *s, unsigned table, struct octets from, size_t limit, store_visit *visit,
    void *with, struct fault *f)
{
	MDB_val k = store_val(from), v;
	MDB_cursor *c;
	int rc;

	if (!read_start(s, table, f))
		return false;
	if ((rc = mdb_cursor_open(s->read, s->tables[table], &c)) == 0) {
		rc = mdb_cursor_get(c, &k, &v, from.n == 0 ? MDB_FIRST : MDB_SET_RANGE);
		for (; rc == 0 && limit > 0; limit--) {
			if (!visit(with, store_octets(&k), store_octets(&v)))
				break;
			rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
		}
		mdb_cursor_close(c);
	}
	read_end(s);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return store_fault(f, rc, "cannot scan");
	return true;
}

bool
store_last_key(struct store *s, unsigned table, struct bytes *ret, struct fault *f)
{
	MDB_val k, v;
	MDB_cursor *c;
	int rc;

	if (!read_start(s, table, f))
		return false;
	if ((rc = mdb_cursor_open(s->read, s->tables[table], &c)) == 0) {
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

void
store_usage(struct store *s, uint64_t *used, uint64_t *room)
{
	struct statvfs disk;
	MDB_envinfo info;
	MDB_stat st;
	int fd;

	*used = *room = 0;
	if (pthread_mutex_lock(&s->lock) != 0)
		return;
	if (!s->broken && mdb_env_info(s->env, &info) == 0 && mdb_env_stat(s->env, &st) == 0) {
		*used = ((uint64_t)info.me_last_pgno + 1) * st.ms_psize;
		*room = info.me_mapsize;
		if (mdb_env_get_fd(s->env, &fd) == 0 && fstatvfs(fd, &disk) == 0 &&
		    disk.f_bavail * disk.f_frsize < *room - *used)
			*room = *used + disk.f_bavail * disk.f_frsize;
	}
	(void)pthread_mutex_unlock(&s->lock);
}
