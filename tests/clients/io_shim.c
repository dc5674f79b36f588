/*
 * tests/clients/io_shim.c - a disk that fails once, under any program that writes a database.
 *
 * Preloaded. Counts the calls of one kind on files of one name, and fails the
 * Nth:
 *   QUATRAIN_IO_FILE   the name; not set: data.mdb
 *   QUATRAIN_IO_CALL   write (any that writes), or sync (any that syncs)
 *   QUATRAIN_IO_NTH    which, from 1
 *   QUATRAIN_IO_ERROR  EIO, ENOSPC, or short: half of it is written, and no more
 *   QUATRAIN_IO_TOLD   a file that the failing call makes, with one line; while it
 *                      is there nothing fails, in no process. A later call of the
 *                      same kind in the same process adds a line: "again".
 *   QUATRAIN_IO_FROM   not before this file is there is anything counted; not set:
 *                      from the beginning
 *
 * It names no symbol of libc's but the ones it stands before: it goes under
 * programs that a filter of system calls confines.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { KIND_WRITE, KIND_SYNC };

static struct {
	bool on, struck;
	enum kind kind;
	unsigned nth, seen;
	int error;                      /* 0: short */
	const char *file, *told, *from; /* from NULL: it is there */
} plan;

#define FDS_MAX 4096
static bool data[FDS_MAX];

__attribute__((constructor)) static void
read_plan(void)
{
	const char *call = getenv("QUATRAIN_IO_CALL"), *nth = getenv("QUATRAIN_IO_NTH");
	const char *error = getenv("QUATRAIN_IO_ERROR");

	plan.told = getenv("QUATRAIN_IO_TOLD");
	plan.from = getenv("QUATRAIN_IO_FROM");
	plan.file = getenv("QUATRAIN_IO_FILE");
	if (plan.file == NULL)
		plan.file = "data.mdb";
	if (call == NULL || nth == NULL || error == NULL || plan.told == NULL)
		return;
	plan.kind = strcmp(call, "sync") == 0 ? KIND_SYNC : KIND_WRITE;
	plan.nth = (unsigned)strtoul(nth, NULL, 10);
	plan.error = strcmp(error, "EIO") == 0 ? EIO : strcmp(error, "ENOSPC") == 0 ? ENOSPC : 0;
	plan.on = true;
}

/* Told when it is opened: a process that is confined cannot ask later what a descriptor leads to.
 */
static bool
is_data(int fd)
{
	return fd >= 0 && fd < FDS_MAX && data[fd];
}

static int
note(int fd, const char *path)
{
	size_t n = strlen(path), name = plan.file == NULL ? 0 : strlen(plan.file);

	if (fd >= 0 && fd < FDS_MAX)
		data[fd] = name > 0 && n > name && path[n - name - 1] == '/' &&
			   memcmp(path + n - name, plan.file, name) == 0;
	return fd;
}

int
open(const char *path, int flags, ...)
{
	va_list more;
	unsigned mode;

	va_start(more, flags);
	mode = va_arg(more, unsigned); /* whatever is there, where none was given */
	va_end(more);
	return note((int)syscall(SYS_openat, AT_FDCWD, path, flags,
			(flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0),
	    path);
}

int
open64(const char *path, int flags, ...)
{
	va_list more;
	unsigned mode;

	va_start(more, flags);
	mode = va_arg(more, unsigned);
	va_end(more);
	return open(path, flags, mode);
}

static bool
tell(const char *line, int flags)
{
	int fd = open(plan.told, O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0600);

	if (fd < 0)
		return false;
	(void)!syscall(SYS_write, fd, line, strlen(line));
	(void)close(fd);
	return true;
}

/* Is this the call that fails? */
static bool
strikes(enum kind kind, int fd)
{
	struct stat there;
	int saved = errno;
	bool now = false;

	if (plan.on && plan.from != NULL && stat(plan.from, &there) == 0)
		plan.from = NULL;
	if (!plan.on || plan.from != NULL || kind != plan.kind || !is_data(fd)) {
		errno = saved;
		return false;
	}
	if (plan.struck)
		(void)tell("again\n", 0);
	else if (++plan.seen == plan.nth)
		now = plan.struck = tell("struck\n", O_CREAT | O_EXCL);
	errno = saved;
	return now;
}

static ssize_t
fail(void)
{
	errno = plan.error;
	return -1;
}

ssize_t
write(int fd, const void *at, size_t n)
{
	if (strikes(KIND_WRITE, fd)) {
		if (plan.error != 0)
			return fail();
		n /= 2;
	}
	return syscall(SYS_write, fd, at, n);
}

ssize_t
pwrite(int fd, const void *at, size_t n, off_t to)
{
	if (strikes(KIND_WRITE, fd)) {
		if (plan.error != 0)
			return fail();
		n /= 2;
	}
	return syscall(SYS_pwrite64, fd, at, n, to);
}

ssize_t
pwrite64(int fd, const void *at, size_t n, off64_t to)
{
	return pwrite(fd, at, n, to);
}

/* Short: the first of the pieces, and half of that. */
static struct iovec
half(const struct iovec *piece)
{
	return (struct iovec){ piece->iov_base, piece->iov_len / 2 };
}

ssize_t
writev(int fd, const struct iovec *pieces, int n)
{
	struct iovec less;

	if (strikes(KIND_WRITE, fd)) {
		if (plan.error != 0)
			return fail();
		less = half(pieces);
		return syscall(SYS_writev, fd, &less, 1);
	}
	return syscall(SYS_writev, fd, pieces, n);
}

ssize_t
pwritev(int fd, const struct iovec *pieces, int n, off_t to)
{
	struct iovec less;

	if (strikes(KIND_WRITE, fd)) {
		if (plan.error != 0)
			return fail();
		less = half(pieces);
		return syscall(SYS_pwritev, fd, &less, 1, to, 0);
	}
	return syscall(SYS_pwritev, fd, pieces, n, to, 0);
}

ssize_t
pwritev64(int fd, const struct iovec *pieces, int n, off64_t to)
{
	return pwritev(fd, pieces, n, to);
}

int
fdatasync(int fd)
{
	return strikes(KIND_SYNC, fd) ? (int)fail() : (int)syscall(SYS_fdatasync, fd);
}

int
fsync(int fd)
{
	return strikes(KIND_SYNC, fd) ? (int)fail() : (int)syscall(SYS_fsync, fd);
}
