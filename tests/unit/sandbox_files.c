/* tests/unit/sandbox_files.c - base/sandbox.h: a confined process works in its place, and nowhere
 * else. */
#include "base/sandbox.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/landlock.h>

#include "run.h"
#include "scratch.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* Exit statuses of the children: 0 is well, and from 20 on the number of a try that went wrong. */
#define REFUSED 9
#define OFF     10

#ifdef QUATRAIN_SANITIZED
#define CONFINES false
#else
#define CONFINES true
#endif

static char folder[SCRATCH_PATH_MAX];

static void
make(const char *dir, const char *file)
{
	char path[SCRATCH_PATH_MAX];
	int fd;

	scratch_path(folder, dir, path, sizeof(path));
	ck_assert_int_eq(mkdir(path, 0700), 0);
	scratch_path(folder, file, path, sizeof(path));
	ck_assert_int_ge(fd = open(path, O_WRONLY | O_CREAT, 0600), 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	(void)close(fd);
}

static void
setup(void)
{
	scratch_new(folder);
	make("in", "in/file"); /* the place */
	make("out", "out/file");
}

static void
teardown(void)
{
	scratch_free(folder);
}

/* False where the machine that builds has none: then only the saying so can be tested. */
static bool
has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

static bool
opens_at(int dir, const char *path, int flags)
{
	int fd = openat(dir, path, flags, 0600);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

static bool
opens(const char *path, int flags)
{
	return opens_at(AT_FDCWD, path, flags);
}

/* What no use allows, tried from the scratch folder; kept leads to out. */
static int
reach_out(int kept)
{
	const bool tries[] = {
		opens("out/file", O_RDONLY),
		opens("out/file", O_WRONLY),
		opens("out/file", O_RDONLY | O_TRUNC),
		opens("in/../out/file", O_RDONLY),
		opens("out", O_RDONLY | O_DIRECTORY),
		opens("out/new", O_WRONLY | O_CREAT),
		opens_at(kept, "file", O_RDONLY),
		opens(".", O_RDONLY | O_DIRECTORY),
		opens("/etc/passwd", O_RDONLY),
		opens("/proc/self/environ", O_RDONLY),
		opens("/dev/null", O_WRONLY),
		truncate("out/file", 0) == 0,
		mkdir("out/folder", 0700) == 0,
		unlink("out/file") == 0,
		rename("out/file", "in/stolen") == 0,
		rename("in/file", "out/given") == 0,
		link("out/file", "in/linked") == 0,
		symlink("/etc/passwd", "in/link") == 0,
		mkfifo("in/fifo", 0600) == 0,
	};

	for (size_t i = 0; i < COUNT(tries); i++)
		if (tries[i])
			return (int)i + 20;
	return 0;
}

static int
work_inside(bool own)
{
	const struct {
		bool done, may;
	} tries[] = {
		{ opens("in", O_RDONLY | O_DIRECTORY), true },
		{ opens("in/file", O_RDWR), true },
		{ opens("in/file", O_WRONLY | O_TRUNC), true },
		{ opens("in/new", O_WRONLY | O_CREAT | O_EXCL), true },
		{ mkdir("in/folder", 0700) == 0, own },
		{ opens("in/folder/deep", O_WRONLY | O_CREAT), own },
		{ rename("in/new", "in/folder/moved") == 0, own },
		{ rename("in/file", "in/other") == 0, own },
		{ unlink("in/other") == 0, own },
	};

	for (size_t i = 0; i < COUNT(tries); i++)
		if (tries[i].done != tries[i].may)
			return (int)i + 50;
	return 0;
}

static int
live_confined(enum sandbox_use use)
{
	const struct sandbox_place place = { "in", use };
	int kept, status;
	struct fault f;
	bool on = true;

	if (chdir(folder) != 0 || (kept = open("out", O_PATH | O_DIRECTORY)) < 0)
		return 1;
	if (!sandbox_confine(&place, 1, &on, &f))
		return REFUSED;
	if (!on)
		return OFF;
	status = reach_out(kept);
	return status != 0 ? status : work_inside(use == SANDBOX_OWN);
}

static int
no_such_place(enum sandbox_use use)
{
	const struct sandbox_place place = { "/nonexistent", use };
	struct fault f = { 0 };
	bool on = false;

	return sandbox_confine(&place, 1, &on, &f) || on || f.code != FAULT_INTERNAL;
}

static void *
wait_for_ever(void *with)
{
	(void)pause();
	return with;
}

static int
beside_a_thread(enum sandbox_use use)
{
	const struct sandbox_place place = { folder, use };
	struct fault f = { 0 };
	bool on = false;
	pthread_t id;

	if (pthread_create(&id, NULL, wait_for_ever, NULL) != 0)
		return 1;
	return sandbox_confine(&place, 1, &on, &f) || on || f.code != FAULT_INTERNAL;
}

/* No place at all: nothing opens. */
static int
nowhere(enum sandbox_use use)
{
	struct fault f;
	bool on = false;

	(void)use;
	return !sandbox_confine(NULL, 0, &on, &f) || !on || opens("/", O_RDONLY | O_DIRECTORY);
}

/* The exit status of act in a child. */
static int
status_of(int (*act)(enum sandbox_use use), enum sandbox_use use)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(act(use));
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(who_shares_a_place_stays_in_it)
{
	int expected = CONFINES && has_landlock() ? 0 : OFF;

	ck_assert_int_eq(status_of(live_confined, SANDBOX_SHARE), expected);
}
END_TEST

START_TEST(who_owns_a_place_stays_in_it)
{
	int expected = CONFINES && has_landlock() ? 0 : OFF;

	ck_assert_int_eq(status_of(live_confined, SANDBOX_OWN), expected);
}
END_TEST

START_TEST(half_a_confinement_is_refused)
{
	if (!CONFINES || !has_landlock())
		return;
	ck_assert_int_eq(status_of(no_such_place, SANDBOX_OWN), 0);
	ck_assert_int_eq(status_of(beside_a_thread, SANDBOX_SHARE), 0);
	ck_assert_int_eq(status_of(nowhere, SANDBOX_OWN), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandbox_files");
	TCase *t = tcase_create("sandbox_files");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, who_shares_a_place_stays_in_it);
	tcase_add_test(t, who_owns_a_place_stays_in_it);
	tcase_add_test(t, half_a_confinement_is_refused);
	suite_add_tcase(s, t);
	return run_suite(s);
}
