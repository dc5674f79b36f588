/* base/ballast.c - see ballast.h. */
#include "base/ballast.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/folder.h"

#define PATH_OCTETS  4096
#define BLOCK_OCTETS 512 /* of st_blocks, whatever the disk's own are */

static char kept[PATH_OCTETS]; /* empty: none */

static bool
has_room(int fd)
{
	struct statvfs disk;

	return fstatvfs(fd, &disk) == 0 &&
	       disk.f_bavail * disk.f_frsize >= 2 * (uint64_t)BALLAST_OCTETS;
}

/* The blocks, and not only a length: a hole would hold no room. */
static bool
fill(int fd, struct fault *f)
{
	if (!has_room(fd))
		return fault_set(f, FAULT_LIMIT, "ballast: the disk has no room for it");
	if ((errno = posix_fallocate(fd, 0, BALLAST_OCTETS)) == 0)
		return true;
	return fault_errno(f, errno == ENOSPC ? FAULT_LIMIT : FAULT_INTERNAL, "ballast");
}

static bool
make(const char *path, struct fault *f)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok;

	if (fd < 0)
		return fault_errno(f, errno == ENOSPC ? FAULT_LIMIT : FAULT_INTERNAL, "%s", path);
	ok = fill(fd, f);
	(void)close(fd);
	if (!ok)
		(void)unlink(path);
	return ok;
}

bool
ballast_keep(const char *path, struct fault *f)
{
	struct stat st;
	struct fault why;

	if (strlen(path) >= sizeof(kept))
		return fault_set(f, FAULT_INTERNAL, "ballast: the path is too long");
	if (!folder_check(path, S_IFREG, &st, &why)) {
		if (why.code != FAULT_NOTFOUND) {
			*f = why;
			return false;
		}
		st.st_blocks = 0;
	}
	if ((uint64_t)st.st_blocks * BLOCK_OCTETS < BALLAST_OCTETS && !make(path, f))
		return false;
	(void)snprintf(kept, sizeof(kept), "%s", path);
	return true;
}

bool
ballast_release(void)
{
	bool gone = kept[0] != '\0' && unlink(kept) == 0;

	kept[0] = '\0';
	return gone;
}
