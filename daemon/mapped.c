/* daemon/mapped.c - see mapped.h. */
#include "daemon/mapped.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAME_MAX_ 64

static bool
map(int fd, const char *noun, size_t octets, void **ret, struct fault *f)
{
	void *at = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return fault_errno(f, FAULT_INTERNAL, "%s: mmap", noun);
	*ret = at;
	return true;
}

bool
mapped_new(const char *noun, size_t octets, void **ret, int *ret_fd, struct fault *f)
{
	char name[NAME_MAX_];
	int fd;

	(void)snprintf(name, sizeof(name), "quatrain-%s", noun);
	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate(fd, (off_t)octets) != 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
		fault_errno(f, FAULT_INTERNAL, "%s: shared memory", noun);
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	if (!map(fd, noun, octets, ret, f)) {
		(void)close(fd);
		return false;
	}
	*ret_fd = fd;
	return true;
}

bool
mapped_open(int fd, const char *noun, size_t octets, void **ret, struct fault *f)
{
	bool ok = map(fd, noun, octets, ret, f);

	(void)close(fd);
	return ok;
}
