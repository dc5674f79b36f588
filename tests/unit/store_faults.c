/* tests/unit/store_faults.c - base/store.h on a disk that fails at the Nth call, for each N to
 * POSITIONS. */
#include "base/store.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"
#include "scratch.h"

#define POSITIONS 60
#define NUMBERS   64 /* each takes at least a write of data, a sync, and a write of the head */
#define TRIES     3
#define WRITER    "writer" /* as argv[1]: this program again, under the shim */

static char folder[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX], told[SCRATCH_PATH_MAX];

/* What the writer says of each try. */
struct word {
	uint32_t n, code; /* code 0: durable */
};

/* What came of a writer. */
struct outcome {
	uint32_t durable; /* the last number that it was told is */
	unsigned refused, busy;
	bool aborted;
};

/* --- the writer ------------------------------------------------------------------------------ */

static struct octets
of_number(const uint32_t *n)
{
	return octets_of(n, sizeof(*n));
}

/* A number under its own key in two tables, as the last in a third, and pages enough for several
 * writes. */
static void
put_number(struct batch *b, uint32_t n)
{
	static uint8_t much[5000];

	memset(much, (int)n, sizeof(much));
	batch_add(b, 0, of_number(&n), of_number(&n));
	batch_put(b, 1, octets_text("last"), of_number(&n));
	batch_add(b, 2, of_number(&n), octets_of(much, sizeof(much)));
}

static int
write_numbers(const char *where)
{
	struct store *s = NULL;
	struct batch *b;
	struct fault f;

	if (!store_open(where, STORE_WRITE, &s, &f) || (b = batch_new(s)) == NULL)
		return 2;
	for (uint32_t n = 1; n <= NUMBERS; n++) {
		struct word w = { n, 1 };

		put_number(b, n);
		for (int i = 0; i < TRIES && w.code != 0; i++) {
			w.code = batch_apply(b, &f) ? 0 : (uint32_t)f.code;
			if (write(STDOUT_FILENO, &w, sizeof(w)) != sizeof(w))
				return 3;
		}
	}
	batch_free(b);
	store_close(s);
	return 0;
}

/* --- the test -------------------------------------------------------------------------------- */

static void
setup(void)
{
	struct store *s = NULL;
	struct fault f;

	if (access("/dev/shm", W_OK) ==
	    0) /* thousands of syncs; what they are for is not the matter here */
		(void)setenv("TMPDIR", "/dev/shm", 0);
	scratch_new(folder);
	scratch_path(folder, "s", dir, sizeof(dir));
	scratch_path(folder, "told", told, sizeof(told));
	ck_assert_msg(store_open(dir, STORE_CREATE, &s, &f), "%s", f.text);
	store_close(s);
}

static void
teardown(void)
{
	scratch_free(folder);
}

static void
become_writer(const char *call, unsigned nth, const char *error, int out)
{
	char number[16], name[] = "store_faults", word[] = WRITER;
	char *argv[] = { name, word, dir, NULL };

	(void)snprintf(number, sizeof(number), "%u", nth);
	if (setenv("LD_PRELOAD", IO_SHIM, 1) != 0 || setenv("QUATRAIN_IO_CALL", call, 1) != 0 ||
	    setenv("QUATRAIN_IO_NTH", number, 1) != 0 ||
	    setenv("QUATRAIN_IO_ERROR", error, 1) != 0 ||
	    setenv("QUATRAIN_IO_TOLD", told, 1) != 0 ||
	    /* the sanitizer wants to be the first library of all, and the shim is */
	    setenv("ASAN_OPTIONS", "verify_asan_link_order=0:handle_abort=0", 1) != 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || freopen("/dev/null", "we", stderr) == NULL)
		_exit(4);
	(void)execv("/proc/self/exe", argv);
	_exit(5);
}

static struct outcome
run_writer(const char *call, unsigned nth, const char *error)
{
	struct outcome o = { .durable = 0 };
	struct word w;
	int out[2], status;
	pid_t child;

	ck_assert_int_eq(pipe(out), 0);
	if ((child = fork()) == 0)
		become_writer(call, nth, error, out[1]);
	(void)close(out[1]);
	while (read(out[0], &w, sizeof(w)) == sizeof(w)) {
		if (w.code == 0)
			o.durable = w.n;
		o.refused += w.code != 0;
		o.busy += w.code == FAULT_LIMIT;
	}
	(void)close(out[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	o.aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
	ck_assert_msg(
	    o.aborted || status == 0, "%s %u %s: %#x", call, nth, error, (unsigned)status);
	ck_assert_msg(o.aborted || o.durable == NUMBERS, "%u", o.durable);
	return o;
}

/* The shim's own account: "struck", and "again" for each call after it. */
static const char *
account(void)
{
	static char text[4096];
	FILE *in = fopen(told, "re");
	size_t n;

	if (in == NULL)
		return "";
	n = fread(text, 1, sizeof(text) - 1, in);
	text[n] = '\0';
	(void)fclose(in);
	return text;
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

/* What was durable is there, nothing is half there, and it can be gone on with. */
static void
check_store(uint32_t durable, const char *what)
{
	struct store *s = NULL;
	struct batch *b;
	struct fault f;
	uint32_t last = 0, got = 0, n;

	ck_assert_msg(store_open(dir, STORE_WRITE, &s, &f), "%s: %s", what, f.text);
	(void)number_at(s, 1, octets_text("last"), &last);
	ck_assert_msg(last >= durable && last <= durable + 1, "%s: %u, %u", what, last, durable);
	for (n = 1; n <= last; n++) {
		uint32_t much = n * 0x01010101u;

		ck_assert_msg(number_at(s, 0, of_number(&n), &got) && got == n, "%s: %u", what, n);
		ck_assert_msg(
		    number_at(s, 2, of_number(&n), &got) && got == much, "%s: %u", what, n);
	}
	ck_assert(!number_at(s, 0, of_number(&n), &got));
	ck_assert(!number_at(s, 2, of_number(&n), &got));
	ck_assert_ptr_nonnull(b = batch_new(s));
	put_number(b, n);
	ck_assert_msg(batch_apply(b, &f), "%s: %s", what, f.text);
	batch_free(b);
	store_close(s);
}

/* One writer a position; each in a store of its own. */
static void
at_each_position(
    const char *call, const char *error, void (*judge)(const struct outcome *o, const char *what))
{
	char what[64];

	for (unsigned nth = 1; nth <= POSITIONS; nth++) {
		struct outcome o = run_writer(call, nth, error);

		(void)snprintf(what, sizeof(what), "%s %u %s", call, nth, error);
		ck_assert_msg(
		    strncmp(account(), "struck\n", 7) == 0, "%s: it never came to it", what);
		judge(&o, what);
		check_store(o.durable, what);
		teardown();
		setup();
	}
}

/* A second sync would say that all is well, for what the kernel has thrown away. */
static void
aborts_at_once(const struct outcome *o, const char *what)
{
	ck_assert_msg(o->aborted && o->refused == 0, "%s: %u", what, o->refused);
	ck_assert_msg(strcmp(account(), "struck\n") == 0, "%s: it synced again", what);
}

START_TEST(row_30_fsync_eio_aborts)
{
	at_each_position("sync", "EIO", aborts_at_once);
}
END_TEST

/* The disk's end: nothing is written, and it is told; or, in the midst of the head, the end. */
static void
surfaces(const struct outcome *o, const char *what)
{
	ck_assert_msg(o->aborted || o->busy > 0, "%s: nobody was told", what);
	ck_assert_msg(o->refused == o->busy, "%s: a fault of another kind", what);
}

START_TEST(a_sync_without_space_surfaces)
{
	at_each_position("sync", "ENOSPC", surfaces);
}
END_TEST

START_TEST(a_write_without_space_surfaces)
{
	at_each_position("write", "ENOSPC", surfaces);
}
END_TEST

START_TEST(a_short_write_surfaces)
{
	at_each_position("write", "short", surfaces);
}
END_TEST

static void
aborts(const struct outcome *o, const char *what)
{
	ck_assert_msg(o->aborted && o->refused == 0, "%s: %u", what, o->refused);
}

START_TEST(a_write_that_fails_aborts)
{
	at_each_position("write", "EIO", aborts);
}
END_TEST

int
main(int argc, char **argv)
{
	Suite *s;
	TCase *t;

	if (argc == 3 && strcmp(argv[1], WRITER) == 0)
		return write_numbers(argv[2]);
	s = suite_create("store_faults");
	t = tcase_create("store_faults");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 240);
	tcase_add_test(t, row_30_fsync_eio_aborts);
	tcase_add_test(t, a_sync_without_space_surfaces);
	tcase_add_test(t, a_write_without_space_surfaces);
	tcase_add_test(t, a_short_write_surfaces);
	tcase_add_test(t, a_write_that_fails_aborts);
	suite_add_tcase(s, t);
	return run_suite(s);
}
