/* tests/unit/store_map.c - base/store.h as it grows: limits, readers that follow, readers that
 * linger, and files that are not ours. */
#include "base/store.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"
#include "scratch.h"

#define MIB     (1u << 20)
#define GROWN   150 /* values of 1 MiB: a map of 64 MiB becomes 128, then 256 */
#define STORES  1000
#define UPDATES 5000
#define ROWS    (3 * STORE_SCAN_ROWS)

#ifdef QUATRAIN_SANITIZED
#define PLAIN false /* sanitizers need terabytes of address space themselves */
#else
#define PLAIN true
#endif

#define NEED(what)                                                                                 \
	do {                                                                                       \
		if (!(what))                                                                       \
			_exit(__LINE__ % 100 + 100);                                               \
	} while (0)

static char folder[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];
static uint8_t large[MIB];

struct opened {
	struct store *s;
	struct batch *b;
};

static struct opened
open_or_end(enum store_mode mode)
{
	struct opened o = { NULL, NULL };
	struct fault f;

	NEED(store_open(dir, mode, &o.s, &f) && (o.b = batch_new(o.s)) != NULL);
	return o;
}

static void
close_both(struct opened *o)
{
	batch_free(o->b);
	store_close(o->s);
}

static void
setup(void)
{
	struct opened o;

	if (access("/dev/shm", W_OK) == 0) /* what syncing is for is tested elsewhere */
		(void)setenv("TMPDIR", "/dev/shm", 0);
	store_set_limit((uint64_t)STORE_LIMIT_MIB * MIB);
	scratch_new(folder);
	scratch_path(folder, "s", dir, sizeof(dir));
	o = open_or_end(STORE_CREATE);
	close_both(&o);
}

static void
teardown(void)
{
	scratch_free(folder);
}

static struct octets
of_number(const uint32_t *n)
{
	return octets_of(n, sizeof(*n));
}

static void
ended_well(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(status == 0, "%#x", (unsigned)status);
}

/* A large value under a key of its own, and which one was the last: one act. */
static bool
put_large(struct batch *b, uint32_t n, struct fault *f)
{
	memset(large, (int)n, sizeof(large));
	batch_put(b, 0, of_number(&n), octets_of(large, sizeof(large)));
	batch_put(b, 1, octets_text("last"), of_number(&n));
	return batch_apply(b, f);
}

static bool
last_is_whole(struct store *s, uint32_t *ret)
{
	struct bytes v = { 0 }, last = { 0 };
	struct fault f;
	uint32_t n;
	bool ok = store_get(s, 1, octets_text("last"), &last, &f) && last.n == sizeof(n);

	if (ok) {
		memcpy(&n, last.at, sizeof(n));
		ok = store_get(s, 0, of_number(&n), &v, &f) && v.n == MIB &&
		     v.at[0] == (uint8_t)n && v.at[MIB - 1] == (uint8_t)n;
		*ret = n;
	}
	bytes_free(&v);
	bytes_free(&last);
	return ok;
}

static uint64_t
file_octets(void)
{
	char path[SCRATCH_PATH_MAX];
	struct stat st;

	scratch_path(dir, "data.mdb", path, sizeof(path));
	ck_assert_int_eq(stat(path, &st), 0);
	return (uint64_t)st.st_size;
}

/* --- growth ---------------------------------------------------------------------------------- */

/* Reads without a pause while the file grows past the end of its map, twice. */
static void
read_all_the_while(int ready)
{
	struct opened o = open_or_end(STORE_READ);
	uint32_t n = 0;

	NEED(last_is_whole(o.s, &n));
	NEED(write(ready, "r", 1) == 1);
	while (n != GROWN)
		NEED(last_is_whole(o.s, &n));
	close_both(&o);
	_exit(0);
}

START_TEST(it_grows_and_a_reader_follows)
{
	struct opened o = open_or_end(STORE_WRITE);
	struct fault f;
	int ready[2];
	pid_t child;
	char told;

	ck_assert(put_large(o.b, 1, &f));
	close_both(&o);
	ck_assert_int_eq(pipe(ready), 0);
	if ((child = fork()) == 0)
		read_all_the_while(ready[1]);
	(void)close(ready[1]);
	ck_assert_int_eq(read(ready[0], &told, 1), 1);
	(void)close(ready[0]);
	o = open_or_end(STORE_WRITE);
	for (uint32_t n = 2; n <= GROWN; n++)
		ck_assert_msg(put_large(o.b, n, &f), "%u: %s", n, f.text);
	ended_well(child);
	ck_assert_uint_gt(file_octets(), GROWN * (uint64_t)MIB);
	close_both(&o);
	o = open_or_end(STORE_WRITE); /* and what is opened later begins large enough */
	ck_assert(put_large(o.b, GROWN + 1, &f));
	close_both(&o);
}
END_TEST

/* More in one batch than the map holds: it grows in the midst of it, and nobody is told. */
START_TEST(a_batch_larger_than_the_map_fits)
{
	struct opened o = open_or_end(STORE_WRITE);
	struct fault f = { .code = FAULT_BUSY };
	uint32_t n, got = 0;

	for (n = 0; n < GROWN; n++) {
		memset(large, (int)n, sizeof(large));
		batch_add(o.b, 0, of_number(&n), octets_of(large, sizeof(large)));
	}
	n--;
	batch_put(o.b, 1, octets_text("last"), of_number(&n));
	ck_assert_msg(batch_apply(o.b, &f), "%s", f.text);
	ck_assert_int_eq(f.code, FAULT_BUSY); /* not touched */
	ck_assert(last_is_whole(o.s, &got));
	ck_assert_uint_eq(got, GROWN - 1);
	close_both(&o);
}
END_TEST

START_TEST(the_limit_is_the_end_and_can_be_raised)
{
	struct opened o = open_or_end(STORE_WRITE);
	struct fault f = { 0 };
	uint64_t used, room;
	uint32_t n, got = 0;

	close_both(&o);
	store_set_limit(8 * MIB);
	o = open_or_end(STORE_WRITE);
	store_usage(o.s, &used, &room);
	ck_assert_uint_eq(room, 8 * MIB);
	for (n = 1; n < 9 && put_large(o.b, n, &f); n++)
		;
	ck_assert_uint_ge(n, 4);
	ck_assert_uint_lt(n, 9);
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	store_usage(o.s, &used, &room);
	ck_assert_uint_ge(used * 100, room * 80);
	ck_assert_uint_le(used, 8 * MIB);
	ck_assert(last_is_whole(o.s, &got));
	ck_assert_uint_eq(got, n - 1);
	batch_undo(o.b, 0);
	batch_put(o.b, 2, octets_text("small"), octets_text("fits still"));
	ck_assert_msg(batch_apply(o.b, &f), "%s", f.text);
	store_set_limit(64 * MIB); /* the same process, the same store */
	ck_assert_msg(put_large(o.b, n, &f), "%s", f.text);
	close_both(&o);
	store_set_limit(2 * MIB); /* lowered below what is there: it is read, and full */
	o = open_or_end(STORE_READ);
	store_usage(o.s, &used, &room);
	ck_assert_uint_eq(room, used);
	ck_assert(last_is_whole(o.s, &got));
	close_both(&o);
}
END_TEST

/* A process that may not have the address space: full, and not broken. */
static void
grow_in_little_space(void)
{
	const struct rlimit limit = { 100 * MIB, 100 * MIB };
	struct opened o = open_or_end(STORE_WRITE);
	struct fault f = { 0 };
	uint32_t n, got = 0;

	NEED(setrlimit(RLIMIT_AS, &limit) == 0);
	for (n = 1; n < 80 && put_large(o.b, n, &f); n++)
		;
	NEED(n > 50 && n < 80 && f.code == FAULT_LIMIT);
	NEED(last_is_whole(o.s, &got) && got == n - 1);
	batch_undo(o.b, 0);
	batch_put(o.b, 2, octets_text("small"), octets_text("fits still"));
	NEED(batch_apply(o.b, &f));
	close_both(&o);
	_exit(0);
}

START_TEST(without_address_space_it_is_full_and_not_broken)
{
	pid_t child = fork();

	if (child == 0)
		grow_in_little_space();
	ended_well(child);
}
END_TEST

static unsigned
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

/* In MiB. */
static unsigned long
address_space(void)
{
	unsigned long pages = 0;
	FILE *in = fopen("/proc/self/statm", "re");

	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(fscanf(in, "%lu", &pages), 1);
	(void)fclose(in);
	return pages * (unsigned long)sysconf(_SC_PAGESIZE) / MIB;
}

/* What a process with many tenants needs: at most three descriptors and 68 MiB of addresses each.
 */
START_TEST(a_thousand_stores_fit_into_a_process)
{
	static struct store *s[STORES];
	char path[SCRATCH_PATH_MAX], name[16];
	struct rlimit files;
	struct fault f;
	unsigned fds = descriptors();
	unsigned long mib = address_space();

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	for (unsigned i = 0; i < STORES; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		scratch_path(folder, name, path, sizeof(path));
		ck_assert_msg(store_open(path, STORE_CREATE, &s[i], &f), "%u: %s", i, f.text);
	}
	fds = descriptors() - fds;
	mib = address_space() - mib;
	(void)printf(
	    "%d stores open for writing: %u descriptors, %lu MiB of addresses\n", STORES, fds, mib);
	ck_assert_uint_le(fds, 3 * STORES);
	if (PLAIN)
		ck_assert_uint_le(mib, 68 * STORES);
	for (unsigned i = 0; i < STORES; i++)
		store_close(s[i]);
}
END_TEST

/* --- readers that linger --------------------------------------------------------------------- */

static bool
count(void *with, struct octets key, struct octets value)
{
	unsigned *n = with;

	(void)key;
	(void)value;
	++*n;
	return true;
}

static void
fill_rows(struct opened *o)
{
	struct fault f;

	for (uint32_t n = 0; n < ROWS; n++)
		batch_put(o->b, 3,
		    octets_of((uint8_t[4]){ (uint8_t)(n >> 24), (uint8_t)(n >> 16),
				  (uint8_t)(n >> 8), (uint8_t)n },
			4),
		    octets_text("first"));
	ck_assert_msg(batch_apply(o->b, &f), "%s", f.text);
}

/* Has read, and now sits there with the store open. */
static void
sit(int tell, int hear)
{
	struct opened o = open_or_end(STORE_READ);
	struct fault f;
	unsigned n = 0;
	char go;

	NEED(store_scan(o.s, 3, octets_text(""), SIZE_MAX, count, &n, &f) && n == ROWS);
	NEED(write(tell, "r", 1) == 1 && read(hear, &go, 1) == 1);
	close_both(&o);
	_exit(0);
}

START_TEST(an_idle_reader_does_not_make_the_file_grow)
{
	struct opened o = open_or_end(STORE_WRITE);
	int from[2], to[2];
	uint64_t before;
	struct fault f;
	pid_t child;
	char told;

	fill_rows(&o);
	close_both(&o);
	ck_assert_int_eq(pipe(from), 0);
	ck_assert_int_eq(pipe(to), 0);
	if ((child = fork()) == 0)
		sit(from[1], to[0]);
	(void)close(from[1]);
	ck_assert_int_eq(read(from[0], &told, 1), 1);
	o = open_or_end(STORE_WRITE);
	before = file_octets();
	for (uint32_t n = 0; n < UPDATES; n++) {
		batch_put(o.b, 1, octets_text("k"), of_number(&n));
		ck_assert_msg(batch_apply(o.b, &f), "%s", f.text);
	}
	(void)printf("%d updates beside an idle reader: the file grew by %lu KiB\n", UPDATES,
	    (unsigned long)(file_octets() - before) / 1024);
	ck_assert_uint_le(file_octets() - before, 256 * 1024);
	ck_assert_int_eq(write(to[1], "g", 1), 1);
	ended_well(child);
	close_both(&o);
	(void)close(from[0]);
	(void)close(to[0]);
	(void)close(to[1]);
}
END_TEST

struct slow {
	int tell, hear;
	unsigned seen, old, later;
};

/* In the midst of the first snapshot all rows are written anew. */
static bool
slowly(void *with, struct octets key, struct octets value)
{
	struct slow *l = with;
	char go;

	(void)key;
	if (l->seen++ == 10)
		NEED(write(l->tell, "r", 1) == 1 && read(l->hear, &go, 1) == 1);
	if (octets_same(value, octets_text("first")))
		l->old++;
	else
		l->later++;
	return true;
}

static void
scan_slowly(int tell, int hear)
{
	struct slow l = { .tell = tell, .hear = hear };
	struct opened o = open_or_end(STORE_READ);
	struct fault f;

	NEED(store_scan(o.s, 3, octets_text(""), SIZE_MAX, slowly, &l, &f));
	NEED(l.seen == ROWS && l.old == STORE_SCAN_ROWS && l.later == ROWS - STORE_SCAN_ROWS);
	close_both(&o);
	_exit(0);
}

START_TEST(a_long_scan_takes_many_snapshots)
{
	struct opened o = open_or_end(STORE_WRITE);
	int from[2], to[2];
	struct fault f;
	pid_t child;
	char told;

	fill_rows(&o);
	close_both(&o);
	ck_assert_int_eq(pipe(from), 0);
	ck_assert_int_eq(pipe(to), 0);
	if ((child = fork()) == 0)
		scan_slowly(from[1], to[0]);
	(void)close(from[1]);
	ck_assert_int_eq(read(from[0], &told, 1), 1);
	o = open_or_end(STORE_WRITE);
	for (uint32_t n = 0; n < ROWS; n++)
		batch_put(o.b, 3,
		    octets_of((uint8_t[4]){ (uint8_t)(n >> 24), (uint8_t)(n >> 16),
				  (uint8_t)(n >> 8), (uint8_t)n },
			4),
		    octets_text("second"));
	ck_assert_msg(batch_apply(o.b, &f), "%s", f.text);
	ck_assert_int_eq(write(to[1], "g", 1), 1);
	ended_well(child);
	close_both(&o);
	(void)close(from[0]);
	(void)close(to[0]);
	(void)close(to[1]);
}
END_TEST

/* The longest key is one from which a scan goes on, too; and each row comes once. */
START_TEST(a_scan_goes_on_behind_each_key)
{
	static const size_t limits[] = { 0, 1, STORE_SCAN_ROWS - 1, STORE_SCAN_ROWS,
		STORE_SCAN_ROWS + 1, ROWS - 1, ROWS, ROWS + 1, SIZE_MAX };
	struct opened o = open_or_end(STORE_WRITE);
	uint8_t key[STORE_KEY_MAX];
	struct fault f;

	memset(key, 0xff, sizeof(key));
	for (uint32_t n = 0; n < ROWS; n++) {
		key[STORE_KEY_MAX - 2] = (uint8_t)(n >> 8);
		key[STORE_KEY_MAX - 1] = (uint8_t)n;
		batch_put(o.b, 4, octets_of(key, sizeof(key)), octets_text(""));
	}
	ck_assert_msg(batch_apply(o.b, &f), "%s", f.text);
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		unsigned n = 0;

		ck_assert(store_scan(o.s, 4, octets_text(""), limits[i], count, &n, &f));
		ck_assert_uint_eq(n, limits[i] < ROWS ? limits[i] : ROWS);
	}
	close_both(&o);
}
END_TEST

/* --- whose file it is ------------------------------------------------------------------------ */

static void
not_opened(const char *path, const char *why)
{
	static const enum store_mode modes[] = { STORE_READ, STORE_WRITE, STORE_CREATE };

	for (size_t i = 0; i < 3; i++) {
		struct store *s = NULL;
		struct fault f = { 0 };

		ck_assert_msg(!store_open(path, modes[i], &s, &f), "%s", path);
		ck_assert_msg(f.code == FAULT_DENIED, "%s: %d %s", path, f.code, f.text);
		ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
		ck_assert_ptr_null(s);
	}
}

static void
not_opened_with(const char *file, mode_t mode, mode_t again)
{
	ck_assert_int_eq(chmod(file, mode), 0);
	not_opened(dir, "others may write it");
	ck_assert_int_eq(chmod(file, again), 0);
}

START_TEST(row_52_a_database_file_from_an_attacker)
{
	static const char *const names[] = { "data.mdb", "lock.mdb" };
	char path[SCRATCH_PATH_MAX], other[SCRATCH_PATH_MAX];
	struct opened o;

	not_opened_with(dir, 0720, 0700);
	not_opened_with(dir, 0702, 0700);
	for (size_t i = 0; i < 2; i++) {
		scratch_path(dir, names[i], path, sizeof(path));
		scratch_path(folder, "elsewhere", other, sizeof(other));
		not_opened_with(path, 0620, 0600);
		not_opened_with(path, 0602, 0600);
		ck_assert_int_eq(rename(path, other), 0);
		ck_assert_int_eq(symlink(other, path), 0);
		not_opened(dir, "a link");
		ck_assert_int_eq(unlink(path), 0);
		ck_assert_int_eq(mkdir(path, 0700), 0);
		not_opened(dir, "something else");
		ck_assert_int_eq(rmdir(path), 0);
		ck_assert_int_eq(rename(other, path), 0);
		if (geteuid() == 0) {
			ck_assert_int_eq(chown(path, 1, 1), 0);
			not_opened(dir, "belongs to user 1");
			ck_assert_int_eq(chown(path, 0, 0), 0);
		}
	}
	scratch_path(folder, "link", path, sizeof(path));
	ck_assert_int_eq(symlink(dir, path), 0);
	not_opened(path, "a link");
	o = open_or_end(STORE_READ); /* it was the file that was refused, and not the store */
	close_both(&o);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store_map");
	TCase *t = tcase_create("store_map");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, it_grows_and_a_reader_follows);
	tcase_add_test(t, a_batch_larger_than_the_map_fits);
	tcase_add_test(t, the_limit_is_the_end_and_can_be_raised);
	if (PLAIN)
		tcase_add_test(t, without_address_space_it_is_full_and_not_broken);
	tcase_add_test(t, a_thousand_stores_fit_into_a_process);
	tcase_add_test(t, an_idle_reader_does_not_make_the_file_grow);
	tcase_add_test(t, a_long_scan_takes_many_snapshots);
	tcase_add_test(t, a_scan_goes_on_behind_each_key);
	tcase_add_test(t, row_52_a_database_file_from_an_attacker);
	suite_add_tcase(s, t);
	return run_suite(s);
}
