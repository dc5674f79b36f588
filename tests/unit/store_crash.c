/* tests/unit/store_crash.c - base/store.h among processes: readers, sudden death, full disks,
 * failed syncs. */
#include "base/store.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"
#include "scratch.h"

#define CYCLES   10
#define UNTIL    20 /* applies that a writer has acknowledged when it is killed */
#define MEBIBYTE (1u << 20)

#ifdef QUATRAIN_SANITIZED
#define LIMITED false /* sanitizers need terabytes of address space themselves */
#else
#define LIMITED true
#endif

static char folder[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];

/* LMDB syncs by this name; the test's own stands before libc's. */
static bool sync_fails;

int
fdatasync(int fd)
{
	if (sync_fails) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static void
setup(void)
{
	struct store *s = NULL;
	struct fault f;

	scratch_new(folder);
	scratch_path(folder, "s", dir, sizeof(dir));
	ck_assert_msg(store_open(dir, STORE_CREATE, &s, &f), "%s", f.text);
	store_close(s);
}

static void
teardown(void)
{
	scratch_free(folder);
}

#define NEED(what)                                                                                 \
	do {                                                                                       \
		if (!(what))                                                                       \
			_exit(__LINE__ % 100 + 100);                                               \
	} while (0)

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

static struct octets
of_number(const uint32_t *n)
{
	return octets_of(n, sizeof(*n));
}

static bool
number_at(struct store *s, unsigned table, struct octets key, uint32_t *ret)
{
	struct bytes v = { 0 };
	struct fault f;
	bool ok = store_get(s, table, key, &v, &f) && v.n == sizeof(*ret);

	if (ok)
		memcpy(ret, v.at, sizeof(*ret));
	bytes_free(&v);
	return ok;
}

/* Number n under its own key in two tables, and as the last of a third: one act. */
static bool
apply_number(struct batch *b, uint32_t n)
{
	struct fault f;

	batch_add(b, 0, of_number(&n), of_number(&n));
	batch_put(b, 1, octets_text("last"), of_number(&n));
	batch_add(b, 2, of_number(&n), of_number(&n));
	return batch_apply(b, &f);
}

static int
wait_for(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

/* A writer that tells each number once it is applied, until somebody kills it. */
static void
write_on(int tell, uint32_t first)
{
	struct opened o = open_or_end(STORE_WRITE);

	for (uint32_t n = first;; n++) {
		NEED(apply_number(o.b, n));
		NEED(write(tell, &n, sizeof(n)) == sizeof(n));
	}
}

/* The last number that the writer told before it was killed. */
static uint32_t
kill_a_writer(uint32_t first)
{
	uint32_t told = first, n;
	int line[2];
	pid_t child;

	ck_assert_int_eq(pipe(line), 0);
	if ((child = fork()) == 0)
		write_on(line[1], first);
	(void)close(line[1]);
	while (read(line[0], &n, sizeof(n)) == sizeof(n)) {
		told = n;
		if (n == first + UNTIL)
			ck_assert_int_eq(kill(child, SIGKILL), 0);
	}
	(void)close(line[0]);
	ck_assert_int_eq(WTERMSIG(wait_for(child)), SIGKILL);
	ck_assert_uint_ge(told, first + UNTIL);
	return told;
}

/* Everything told is there, nothing is half there, and at most one more than was told. */
static uint32_t
check_numbers(uint32_t told)
{
	struct opened o = open_or_end(STORE_READ);
	uint32_t last = 0, n = 0, got = 0, other = 0;

	ck_assert(number_at(o.s, 1, octets_text("last"), &last));
	ck_assert_uint_ge(last, told);
	ck_assert_uint_le(last, told + 1);
	for (n = 1; n <= last; n++) {
		ck_assert_msg(number_at(o.s, 0, of_number(&n), &got), "%u lost", n);
		ck_assert(number_at(o.s, 2, of_number(&n), &other));
		ck_assert_uint_eq(got, n);
		ck_assert_uint_eq(other, n);
	}
	ck_assert(!number_at(o.s, 0, of_number(&n), &got));
	ck_assert(!number_at(o.s, 2, of_number(&n), &got));
	close_both(&o);
	return last;
}

START_TEST(a_killed_writer_loses_nothing_it_told)
{
	uint32_t last = 0;

	for (int i = 0; i < CYCLES; i++)
		last = check_numbers(kill_a_writer(last + 1));
}
END_TEST

/* For each number that comes, look whether the store has it; end well at 0. */
static void
read_along(int hear, int tell)
{
	struct opened o = open_or_end(STORE_READ);
	uint32_t n, got = 0;

	NEED(write(tell, "r", 1) == 1);
	while (read(hear, &n, sizeof(n)) == sizeof(n) && n != 0) {
		NEED(number_at(o.s, 0, of_number(&n), &got) && got == n);
		NEED(number_at(o.s, 1, octets_text("last"), &got) && got == n);
		NEED(write(tell, "r", 1) == 1);
	}
	close_both(&o);
	_exit(0);
}

/* A reader that opened before sees each apply as soon as it has returned. */
START_TEST(another_process_sees_what_was_applied)
{
	int to[2], from[2];
	uint32_t n;
	struct opened o;
	pid_t child;
	char ready;

	ck_assert_int_eq(pipe(to), 0);
	ck_assert_int_eq(pipe(from), 0);
	if ((child = fork()) == 0)
		read_along(to[0], from[1]);
	(void)close(from[1]); /* so that a reader that died is an end of file, not a silence */
	o = open_or_end(STORE_WRITE);
	for (n = 1; n < 50; n++) {
		ck_assert_int_eq(read(from[0], &ready, 1), 1);
		ck_assert(apply_number(o.b, n));
		ck_assert_int_eq(write(to[1], &n, sizeof(n)), sizeof(n));
	}
	n = 0;
	ck_assert_int_eq(read(from[0], &ready, 1), 1);
	ck_assert_int_eq(write(to[1], &n, sizeof(n)), sizeof(n));
	ck_assert_int_eq(wait_for(child), 0);
	close_both(&o);
	(void)close(to[0]);
	(void)close(to[1]);
	(void)close(from[0]);
}
END_TEST

static bool
die_reading(void *with, struct octets key, struct octets value)
{
	(void)with;
	(void)key;
	(void)value;
	return raise(SIGKILL) == 0;
}

/* With a snapshot open, which would hold every page back from reuse for ever. */
static void
read_and_die(int hear)
{
	struct opened o = open_or_end(STORE_READ);
	struct fault f;
	char go;

	NEED(read(hear, &go, 1) == 1);
	NEED(store_scan(o.s, 4, octets_text(""), 1, die_reading, NULL, &f));
	_exit(0);
}

static uint64_t
used_after(struct opened *o, unsigned applies)
{
	static uint8_t value[20000];
	struct fault f;
	uint64_t used, room;

	for (unsigned i = 0; i < applies; i++) {
		batch_put(o->b, 4, octets_text("k"), octets_of(value, sizeof(value)));
		ck_assert_msg(batch_apply(o->b, &f), "%s", f.text);
	}
	store_usage(o->s, &used, &room);
	return used;
}

START_TEST(a_dead_reader_holds_no_page_for_long)
{
	struct opened o;
	uint64_t used;
	int to[2];
	pid_t child;

	ck_assert_int_eq(pipe(to), 0);
	if ((child = fork()) == 0)
		read_and_die(to[0]);
	o = open_or_end(STORE_WRITE);
	(void)used_after(&o, 2); /* with the look for dead readers that the first one has */
	ck_assert_int_eq(write(to[1], "g", 1), 1);
	ck_assert_int_eq(WTERMSIG(wait_for(child)), SIGKILL);
	used = used_after(&o, 260); /* one more look in these */
	ck_assert_uint_eq(used_after(&o, 200), used);
	close_both(&o);
	(void)close(to[0]);
	(void)close(to[1]);
}
END_TEST

static void
limit_files(rlim_t octets)
{
	struct rlimit limit;

	NEED(getrlimit(RLIMIT_FSIZE, &limit) == 0);
	limit.rlim_cur = octets;
	NEED(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

/* Fill the store to where the system lets no file grow; then with room again, go on. */
static void
fill_the_disk(void)
{
	static uint8_t value[MEBIBYTE / 8];
	struct opened o = open_or_end(STORE_WRITE);
	struct fault f = { 0 };
	uint32_t n, got = 0;

	NEED(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	limit_files(MEBIBYTE);
	for (n = 1; n < 100; n++) {
		batch_put(o.b, 4, of_number(&n), octets_of(value, sizeof(value)));
		batch_put(o.b, 1, octets_text("last"), of_number(&n));
		if (!batch_apply(o.b, &f))
			break;
	}
	NEED(n > 1 && n < 100 && f.code == FAULT_LIMIT);
	NEED(number_at(o.s, 1, octets_text("last"), &got) && got == n - 1);
	NEED(!batch_apply(o.b, &f) && f.code == FAULT_LIMIT);
	limit_files(RLIM_INFINITY);
	NEED(batch_apply(o.b, &f)); /* the batch was kept */
	NEED(number_at(o.s, 1, octets_text("last"), &got) && got == n);
	close_both(&o);
	_exit(0);
}

START_TEST(a_full_disk_writes_nothing_and_passes)
{
	pid_t child = fork();

	if (child == 0)
		fill_the_disk();
	ck_assert_int_eq(wait_for(child), 0);
}
END_TEST

/* Less than the map that a writer asks for first, and that the file then tells readers. */
static void
open_in_little_room(void)
{
	const struct rlimit limit = { 4ull << 30, 4ull << 30 };
	struct opened o;
	uint32_t got = 0;

	NEED(setrlimit(RLIMIT_AS, &limit) == 0);
	o = open_or_end(STORE_WRITE);
	NEED(apply_number(o.b, 1));
	close_both(&o);
	o = open_or_end(STORE_READ);
	NEED(number_at(o.s, 1, octets_text("last"), &got) && got == 1);
	close_both(&o);
	_exit(0);
}

START_TEST(little_address_space_gets_a_smaller_map)
{
	pid_t child = fork();

	if (child == 0)
		open_in_little_room();
	ck_assert_int_eq(wait_for(child), 0);
}
END_TEST

static void
fail_a_sync(int err)
{
	struct opened o = open_or_end(STORE_WRITE);

	NEED(apply_number(o.b, 1));
	NEED(dup2(err, STDERR_FILENO) != -1);
	sync_fails = true;
	(void)apply_number(o.b, 2);
	_exit(0);
}

START_TEST(a_failed_sync_ends_the_process)
{
	char said[256] = "";
	int err[2];
	pid_t child;
	ssize_t n;

	ck_assert_int_eq(pipe(err), 0);
	if ((child = fork()) == 0)
		fail_a_sync(err[1]);
	(void)close(err[1]);
	n = read(err[0], said, sizeof(said) - 1);
	ck_assert_int_eq(WTERMSIG(wait_for(child)), SIGABRT);
	ck_assert_msg(n > 0 && strstr(said, "store: commit failed") == said, "%s", said);
	ck_assert_ptr_eq(strchr(said, '\n'), said + n - 1); /* one line */
	ck_assert_uint_eq(check_numbers(1), 1);
	(void)close(err[0]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store_crash");
	TCase *t = tcase_create("store_crash");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_killed_writer_loses_nothing_it_told);
	tcase_add_test(t, another_process_sees_what_was_applied);
	tcase_add_test(t, a_dead_reader_holds_no_page_for_long);
	tcase_add_test(t, a_full_disk_writes_nothing_and_passes);
	tcase_add_test(t, a_failed_sync_ends_the_process);
	if (LIMITED)
		tcase_add_test(t, little_address_space_gets_a_smaller_map);
	suite_add_tcase(s, t);
	return run_suite(s);
}
