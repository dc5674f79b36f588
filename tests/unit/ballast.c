/* tests/unit/ballast.c - base/ballast.h: room that is really kept, and really given up. */
#include "base/ballast.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"
#include "scratch.h"

static char folder[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX];

static void
setup(void)
{
	scratch_new(folder);
	scratch_path(folder, BALLAST_NAME, path, sizeof(path));
}

static void
teardown(void)
{
	scratch_free(folder);
}

static void
is_whole(void)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq((unsigned)st.st_size, BALLAST_OCTETS);
	ck_assert_uint_ge((uint64_t)st.st_blocks * 512, BALLAST_OCTETS);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}

static void
keeps(void)
{
	struct fault f;

	ck_assert_msg(ballast_keep(path, &f), "%s", f.text);
}

static void
refuses(enum fault_code code)
{
	struct fault f = { 0 };

	ck_assert(!ballast_keep(path, &f));
	ck_assert_msg(f.code == code, "%d %s", f.code, f.text);
}

START_TEST(kept_and_let_go)
{
	ck_assert(!ballast_release()); /* there is none yet */
	keeps();
	is_whole();
	keeps();
	is_whole();
	ck_assert(ballast_release());
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert(!ballast_release()); /* once only */
	keeps();
	is_whole();
	ck_assert(ballast_release());
}
END_TEST

/* A hole is as long, and holds no room. */
START_TEST(a_hole_is_filled)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, BALLAST_OCTETS), 0);
	ck_assert_int_eq(close(fd), 0);
	keeps();
	is_whole();
}
END_TEST

/* What another put there is neither filled nor removed. */
START_TEST(not_ours)
{
	char other[SCRATCH_PATH_MAX];
	struct stat st;
	int fd;

	scratch_path(folder, "other", other, sizeof(other));
	ck_assert_int_ge(fd = open(other, O_WRONLY | O_CREAT, 0600), 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(symlink(other, path), 0);
	refuses(FAULT_DENIED);
	ck_assert(!ballast_release());
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert_int_eq(stat(other, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	refuses(FAULT_DENIED);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rename(other, path), 0);
	ck_assert_int_eq(chmod(path, 0666), 0);
	refuses(FAULT_DENIED);
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(path, 0600), 0);
		ck_assert_int_eq(chown(path, 1, 1), 0);
		refuses(FAULT_DENIED);
	}
}
END_TEST

START_TEST(nowhere)
{
	struct fault f = { 0 };
	char longer[5000];

	ck_assert(!ballast_keep("/nonexistent/ballast", &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	ck_assert(!ballast_keep(longer, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert(!ballast_release());
}
END_TEST

#define NEED(what)                                                                                 \
	do {                                                                                       \
		if (!(what))                                                                       \
			_exit(__LINE__ % 100 + 100);                                               \
	} while (0)

/* On a disk of its own, which is smaller than twice the ballast, and then larger. */
static void
on_a_small_disk(void)
{
	struct statvfs disk;
	struct fault f;
	uint64_t before;

	NEED(unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) == 0);
	/* In a chroot / is no mount point; then the disk is taken away again at the end. */
	NEED(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 || errno == EINVAL);
	NEED(mount("tmpfs", folder, "tmpfs", 0, "size=12m,mode=700") == 0);
	NEED(!ballast_keep(path, &f) && f.code == FAULT_LIMIT);
	NEED(access(path, F_OK) == -1 && !ballast_release());
	NEED(mount(NULL, folder, NULL, MS_REMOUNT, "size=20m") == 0);
	NEED(ballast_keep(path, &f));
	NEED(statvfs(folder, &disk) == 0);
	before = disk.f_bavail * disk.f_frsize;
	NEED(ballast_release() && statvfs(folder, &disk) == 0);
	NEED(disk.f_bavail * disk.f_frsize >= before + BALLAST_OCTETS);
	NEED(umount2(folder, MNT_DETACH) == 0);
	_exit(0);
}

START_TEST(not_where_it_would_fill_the_disk_itself)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		on_a_small_disk();
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(status == 0, "%#x", (unsigned)status);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ballast");
	TCase *t = tcase_create("ballast");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, kept_and_let_go);
	tcase_add_test(t, a_hole_is_filled);
	tcase_add_test(t, not_ours);
	tcase_add_test(t, nowhere);
	tcase_add_test(t, not_where_it_would_fill_the_disk_itself);
	suite_add_tcase(s, t);
	return run_suite(s);
}
