/* base/folder.c - see folder.h. */
#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
folder_sync(const char *dir, struct fault *f)
{
	int fd;
	bool ok;

	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return fault_errno(f, FAULT_INTERNAL, "folder: cannot open %s", dir);
	if (!(ok = fsync(fd) == 0))
		fault_errno(f, FAULT_INTERNAL, "folder: cannot sync %s", dir);
	(void)close(fd);
	return ok;
}

bool
folder_sync_of(const char *path, struct fault *f)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	bool ok;

	if (slash == NULL)
		return folder_sync(".", f);
	if (slash == path)
		return folder_sync("/", f);
	if ((dir = strndup(path, (size_t)(slash - path))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "folder: out of memory");
	ok = folder_sync(dir, f);
	free(dir);
	return ok;
}

bool
folder_check(const char *path, mode_t kind, struct stat *ret, struct fault *f)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return fault_errno(
		    f, errno == ENOENT ? FAULT_NOTFOUND : FAULT_INTERNAL, "%s", path);
	if ((st.st_mode & S_IFMT) != kind)
		return fault_set(f, FAULT_DENIED,
		    "%s: expected a %s, found a link or something else", path,
		    kind == S_IFDIR ? "folder" : "file");
	if (st.st_uid != geteuid())
		return fault_set(f, FAULT_DENIED,
		    "%s: belongs to user %u, and this is user %u: run as its owner (user: in the configuration), or give it (chown -R) to this one",
		    path, (unsigned)st.st_uid, (unsigned)geteuid());
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return fault_set(f, FAULT_DENIED,
		    "%s: others may write it: take that right away (chmod go-w) and find out who has used it",
		    path);
	*ret = st;
	return true;
}

bool
folder_write_all(int fd, struct octets o)
{
	while (o.n > 0) {
		ssize_t n = write(fd, o.at, o.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		o.at += n;
		o.n -= (size_t)n;
	}
	return true;
}
