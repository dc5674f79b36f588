/* base/store_map.c - see store.h; how large a store's map is, how it grows, and how full it is. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/store_lmdb.h"

#define PATH_OCTETS 4096
#define MIB         ((uint64_t)1 << 20)
#define MAP_FIRST   (64 * MIB)

/* Set before the first store is opened, and not after. */
static uint64_t limit = (uint64_t)STORE_LIMIT_MIB * MIB;

void
store_set_limit(uint64_t octets)
{
	limit = octets;
}

uint64_t
store_limit(void)
{
	return limit;
}

/*
 * Address space, not disk: twice as large each time, so that a store grows
 * seldom, and ten thousand small ones leave most of a process's 128 TiB alone.
 */
static uint64_t
map_for(uint64_t octets)
{
	uint64_t map = MAP_FIRST;

	while (map < octets && map < limit)
		map *= 2;
	return map < limit ? map : limit;
}

int
store_map_open(struct store *s, const char *data)
{
	struct stat st;
	uint64_t octets = stat(data, &st) == 0 ? (uint64_t)st.st_size : 0;

	/* A file that is larger than its limit stays whole: LMDB never maps less than the data. */
	return mdb_env_set_mapsize(s->env, map_for(octets));
}

/* With the lock held. */
static int
set_map(struct store *s, uint64_t octets)
{
	int rc = mdb_env_set_mapsize(s->env, octets);

	s->broken = rc != 0; /* the old map is gone already */
	return rc;
}

bool
store_mended(struct store *s, int rc)
{
	struct stat st;
	int dead, fd;

	if (rc == MDB_READERS_FULL)
		return mdb_reader_check(s->env, &dead) == 0;
	if (rc != MDB_MAP_RESIZED || mdb_env_get_fd(s->env, &fd) != 0 || fstat(fd, &st) != 0)
		return false;
	return set_map(s, map_for((uint64_t)st.st_size)) ==
	       0; /* a writer went past the end of ours */
}

/* Is there so much address space? A map that was given up for a larger one is not to be had back.
 */
static bool
is_free(uint64_t octets)
{
	void *at =
	    mmap(NULL, octets, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at != MAP_FAILED && munmap(at, octets) == 0;
}

uint64_t
store_map(struct store *s, uint64_t *ret_used)
{
	MDB_envinfo info;
	MDB_stat st;

	if (s->broken || mdb_env_info(s->env, &info) != 0 || mdb_env_stat(s->env, &st) != 0)
		return *ret_used = 0;
	*ret_used = ((uint64_t)info.me_last_pgno + 1) * st.ms_psize;
	return info.me_mapsize;
}

bool
store_grow(struct store *s, uint64_t than)
{
	bool grown = false;
	uint64_t used, now, next;

	if (pthread_mutex_lock(&s->lock) != 0)
		return false;
	now = store_map(s, &used);
	next = map_for(than + 1);
	if (now != 0 && next > now && is_free(next))
		grown = set_map(s, next) == 0;
	(void)pthread_mutex_unlock(&s->lock);
	return grown;
}

/* disk NULL: unknown, the limit alone counts. */
static uint64_t
room_for(uint64_t used, const struct statvfs *disk)
{
	uint64_t left = used < limit ? limit - used : 0;

	if (disk != NULL && disk->f_bavail * disk->f_frsize < left)
		left = disk->f_bavail * disk->f_frsize;
	return used + left;
}

void
store_usage(struct store *s, uint64_t *used, uint64_t *room)
{
	struct statvfs disk;
	int fd;

	*used = *room = 0;
	if (pthread_mutex_lock(&s->lock) != 0)
		return;
	if (store_map(s, used) != 0)
		*room = room_for(*used,
		    mdb_env_get_fd(s->env, &fd) == 0 && fstatvfs(fd, &disk) == 0 ? &disk : NULL);
	(void)pthread_mutex_unlock(&s->lock);
}

bool
store_usage_of(const char *dir, uint64_t *used, uint64_t *room)
{
	char data[PATH_OCTETS];
	struct statvfs disk;
	struct stat st;

	if (snprintf(data, sizeof(data), "%s/data.mdb", dir) >= (int)sizeof(data) ||
	    lstat(data, &st) != 0 || statvfs(dir, &disk) != 0)
		return false;
	*used = (uint64_t)st.st_size;
	*room = room_for(*used, &disk);
	return true;
}
