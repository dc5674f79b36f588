/* base/folder.c - see folder.h. */
#include "base/folder.h"

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
