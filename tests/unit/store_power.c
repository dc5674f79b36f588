/*
 * tests/unit/store_power.c - base/store.h when the power goes, at any moment between two calls.
 *
 * All that LMDB writes is recorded; then, for each moment, the disk is rebuilt as
 * it may have been: what was synced is there, and of what was not, none, all, some
 * of the writes, or some of their sectors. A sync and a write through O_DSYNC are
 * believed, a sector is whole or old, and the file system keeps its own books.
 */
#include "base/store.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "run.h"
#include "scratch.h"

#define COMMITS   60
#define EVENTS    4096
#define DISK_ROOM (4u << 20)
#define SECTOR    512
#define WAYS      6

static char folder[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];

enum event_kind { EVENT_WRITE, EVENT_SYNC, EVENT_TOLD };

static struct event {
	enum event_kind kind;
	bool durable; /* a write that is so by itself */
	size_t at, n;
	uint8_t *octets;
	uint32_t number; /* told: up to it all is durable */
} events[EVENTS];
static size_t events_n;
static bool recording;

/* --- the recorder: these names stand before libc's ------------------------------------------- */

static struct event *
next_event(enum event_kind kind)
{
	if (events_n == EVENTS)
		abort();
	events[events_n].kind = kind;
	return &events[events_n++];
}

static void
record(int fd, const void *octets, size_t n, off_t at)
{
	struct event *e;

	if (!recording)
		return;
	e = next_event(EVENT_WRITE);
	e->durable = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
	e->at = (size_t)at;
	e->n = n;
	if ((e->octets = malloc(n)) == NULL)
		abort();
	memcpy(e->octets, octets, n);
}

ssize_t
pwrite(int fd, const void *octets, size_t n, off_t at)
{
	record(fd, octets, n, at);
	return syscall(SYS_pwrite64, fd, octets, n, at);
}

ssize_t
writev(int fd, const struct iovec *pieces, int n)
{
	off_t at = lseek(fd, 0, SEEK_CUR);

	for (int i = 0; recording && i < n; i++) {
		record(fd, pieces[i].iov_base, pieces[i].iov_len, at);
		at += (off_t)pieces[i].iov_len;
	}
	return syscall(SYS_writev, fd, pieces, n);
}

int
fdatasync(int fd)
{
	int rc = (int)syscall(SYS_fdatasync, fd);

	if (recording && rc == 0)
		(void)next_event(EVENT_SYNC);
	return rc;
}

/* --- the record ------------------------------------------------------------------------------ */

static struct octets
of_number(const uint32_t *n)
{
	return octets_of(n, sizeof(*n));
}

/* Numbers as they are revoked and issued: small rows, large ones, and one that is written again and
 * again. */
static void
put_number(struct batch *b, uint32_t n)
{
	static uint8_t much[3000];

	memset(much, (int)n, sizeof(much));
	batch_add(b, 0, of_number(&n), of_number(&n));
	batch_put(b, 1, octets_text("last"), of_number(&n));
	batch_add(b, 2, of_number(&n), octets_of(much, 500 + n * 37 % 2500));
}

static size_t
read_disk(uint8_t *disk)
{
	char path[SCRATCH_PATH_MAX];
	size_t n;
	FILE *in;

	scratch_path(dir, "data.mdb", path, sizeof(path));
	ck_assert_ptr_nonnull(in = fopen(path, "re"));
	n = fread(disk, 1, DISK_ROOM, in);
	(void)fclose(in);
	ck_assert_uint_lt(n, DISK_ROOM);
	return n;
}

/* The disk before, and all that came. */
static void
record_commits(uint8_t *disk, size_t *disk_n)
{
	struct store *s = NULL;
	struct batch *b;
	struct fault f;

	ck_assert_msg(store_open(dir, STORE_CREATE, &s, &f), "%s", f.text);
	store_close(s);
	*disk_n = read_disk(disk);
	ck_assert(store_open(dir, STORE_WRITE, &s, &f));
	ck_assert_ptr_nonnull(b = batch_new(s));
	recording = true;
	for (uint32_t n = 1; n <= COMMITS; n++) {
		put_number(b, n);
		ck_assert_msg(batch_apply(b, &f), "%s", f.text);
		next_event(EVENT_TOLD)->number = n;
	}
	recording = false;
	batch_free(b);
	store_close(s);
}

/* --- what may have been ---------------------------------------------------------------------- */

struct disk {
	uint8_t *at;
	size_t n;
};

static uint64_t state;

/* Chance that is the same each time. */
static unsigned
chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33);
}

static void
put_octets(struct disk *d, size_t at, const uint8_t *octets, size_t n)
{
	ck_assert_uint_le(at + n, DISK_ROOM);
	memcpy(d->at + at, octets, n);
	if (at + n > d->n)
		d->n = at + n;
}

/* One write that was on its way, in one of the ways that it may have come. */
static void
put_perhaps(struct disk *d, const struct event *e, unsigned way)
{
	if (way == 1 || (way >= 2 && way < 4 && chance() % 2 == 0))
		put_octets(d, e->at, e->octets, e->n);
	for (size_t at = 0; way >= 4 && at < e->n; at += SECTOR)
		if (chance() % 2 == 0)
			put_octets(
			    d, e->at + at, e->octets + at, e->n - at < SECTOR ? e->n - at : SECTOR);
}

static bool
number_at(struct store *s, unsigned table, struct octets key, uint32_t *ret)
{
	struct bytes v = { 0 };
	struct fault f;
	bool ok = store_get(s, table, key, &v, &f) && v.n >= sizeof(*ret);

	if (ok)
		memcpy(ret, v.at, sizeof(*ret));
	bytes_free(&v);
	return ok;
}

static void
check_store(uint32_t told, size_t moment, unsigned way)
{
	struct store *s = NULL;
	struct batch *b;
	struct fault f;
	uint32_t last = 0, got = 0, n;

	ck_assert_msg(store_open(dir, STORE_WRITE, &s, &f), "%zu, %u: %s", moment, way, f.text);
	(void)number_at(s, 1, octets_text("last"), &last);
	ck_assert_msg(last >= told && last <= told + 1, "%zu, %u: %u, %u", moment, way, last, told);
	for (n = 1; n <= last; n++) {
		ck_assert_msg(number_at(s, 0, of_number(&n), &got) && got == n, "%zu, %u: %u",
		    moment, way, n);
		ck_assert_msg(number_at(s, 2, of_number(&n), &got) && got == n * 0x01010101u,
		    "%zu, %u: %u", moment, way, n);
	}
	ck_assert(!number_at(s, 0, of_number(&n), &got));
	ck_assert_ptr_nonnull(b = batch_new(s));
	put_number(b, n);
	ck_assert_msg(batch_apply(b, &f), "%zu, %u: %s", moment, way, f.text);
	batch_free(b);
	store_close(s);
}

static void
check_disk(const struct disk *d, uint32_t told, size_t moment, unsigned way)
{
	char data[SCRATCH_PATH_MAX], lock[SCRATCH_PATH_MAX];
	int fd;

	scratch_path(dir, "data.mdb", data, sizeof(data));
	scratch_path(dir, "lock.mdb", lock, sizeof(lock));
	ck_assert_int_eq(unlink(lock), 0);
	ck_assert_int_ge(fd = open(data, O_WRONLY | O_TRUNC | O_CLOEXEC), 0);
	ck_assert_int_eq(write(fd, d->at, d->n), (ssize_t)d->n);
	ck_assert_int_eq(close(fd), 0);
	check_store(told, moment, way);
}

/* The moment after the first n events: the writes since the last sync, and the next one, are on
 * their way. */
static void
cut_power(const struct disk *before, struct disk *room, size_t n)
{
	size_t synced = n;
	uint32_t told = 0;

	while (synced > 0 && events[synced - 1].kind != EVENT_SYNC)
		synced--;
	for (size_t i = n; i > 0 && told == 0; i--)
		if (events[i - 1].kind == EVENT_TOLD)
			told = events[i - 1].number;
	for (unsigned way = 0; way < WAYS; way++) {
		memcpy(room->at, before->at, before->n);
		room->n = before->n;
		for (size_t i = 0; i < events_n && i <= n; i++) {
			const struct event *e = &events[i];

			if (e->kind != EVENT_WRITE)
				continue;
			if (i < synced || (e->durable && i < n))
				put_octets(room, e->at, e->octets, e->n);
			else
				put_perhaps(room, e, way);
		}
		check_disk(room, told, n, way);
	}
}

static void
setup(void)
{
	if (access("/dev/shm", W_OK) == 0) /* the disk is in the test's own hands */
		(void)setenv("TMPDIR", "/dev/shm", 0);
	scratch_new(folder);
	scratch_path(folder, "s", dir, sizeof(dir));
	state = UINT64_C(0x9E3779B97F4A7C15);
}

static void
teardown(void)
{
	for (size_t i = 0; i < events_n; i++)
		free(events[i].octets);
	memset(events, 0, sizeof(events));
	events_n = 0;
	scratch_free(folder);
}

static uint32_t
last_number(void)
{
	struct store *s = NULL;
	struct fault f;
	uint32_t last = 0;

	ck_assert(store_open(dir, STORE_READ, &s, &f));
	(void)number_at(s, 1, octets_text("last"), &last);
	store_close(s);
	return last;
}

START_TEST(a_power_cut_loses_nothing_that_was_told)
{
	struct disk before = { malloc(DISK_ROOM), 0 }, room = { malloc(DISK_ROOM), 0 };

	ck_assert(before.at != NULL && room.at != NULL);
	record_commits(before.at, &before.n);
	ck_assert_uint_ge(events_n, COMMITS * 4); /* data, sync, head, told */
	for (size_t n = 0; n <= events_n; n++)
		cut_power(&before, &room, n);
	(void)printf(
	    "%zu moments of %d commits, %zu disks\n", events_n + 1, COMMITS, (events_n + 1) * WAYS);
	free(before.at);
	free(room.at);
}
END_TEST

/* The test's own eyes: without the last head, which was durable, what was told last is not there.
 */
START_TEST(a_lost_write_would_be_seen)
{
	struct disk before = { malloc(DISK_ROOM), 0 };
	size_t head;

	ck_assert_ptr_nonnull(before.at);
	record_commits(before.at, &before.n);
	for (head = events_n - 1; head > 0 && !events[head].durable; head--)
		;
	ck_assert_uint_gt(head, 0);
	for (size_t i = 0; i < events_n; i++)
		if (events[i].kind == EVENT_WRITE && i != head)
			put_octets(&before, events[i].at, events[i].octets, events[i].n);
	check_disk(&before, COMMITS - 1, events_n, 0);
	/* check_store() has put one number more than it found: the one that was lost. */
	ck_assert_uint_eq(last_number(), COMMITS);
	free(before.at);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store_power");
	TCase *t = tcase_create("store_power");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 240);
	tcase_add_test(t, a_power_cut_loses_nothing_that_was_told);
	tcase_add_test(t, a_lost_write_would_be_seen);
	suite_add_tcase(s, t);
	return run_suite(s);
}
