/*
 * tests/clients/die_at.c - a power cut in a program's life, at a step that can be chosen.
 *
 * Preloaded. Counts the calls that change what is on disk (write, fsync,
 * rename, unlink, and open where it makes a file) and kills the process before
 * the Nth: DIE_AT. DIE_TOLD names a file that then comes into being; without a
 * death, one that took fewer steps, it does not.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned long steps;

static void
step(void)
{
	const char *at = getenv("DIE_AT"), *told = getenv("DIE_TOLD");

	if (at == NULL || ++steps != strtoul(at, NULL, 10))
		return;
	if (told != NULL)
		(void)syscall(SYS_openat, AT_FDCWD, told, O_WRONLY | O_CREAT, 0600);
	(void)syscall(SYS_kill, getpid(), SIGKILL);
}

ssize_t
write(int fd, const void *data, size_t n)
{
	if (fd > STDERR_FILENO)
		step();
	return syscall(SYS_write, fd, data, n);
}

int
fsync(int fd)
{
	step();
	return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	step();
	return (int)syscall(SYS_fdatasync, fd);
}

int
rename(const char *from, const char *to)
{
	step();
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
unlink(const char *path)
{
	step();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int
open(const char *path, int flags, ...)
{
	va_list more;
	unsigned mode;

	va_start(more, flags);
	mode = va_arg(more, unsigned);
	va_end(more);
	if ((flags & O_CREAT) != 0)
		step();
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, (flags & O_CREAT) != 0 ? mode : 0);
}
