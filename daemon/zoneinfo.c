/* daemon/zoneinfo.c - see zoneinfo.h. */
#include "daemon/zoneinfo.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/credential.h"

bool
zoneinfo_fetch(void *with, const char *name, struct bytes *ret, struct fault *f)
{
	char path[sizeof(ZONEINFO_DIR) + ZONE_NAME_MAX + 1];
	struct stat st;
	bool ok;
	int fd;

	(void)with;
	if (name[0] == '/' || strchr(name, '.') != NULL || strlen(name) >= ZONE_NAME_MAX)
		return fault_set(f, FAULT_NOTFOUND, "zone: %.64s is none", name);
	(void)snprintf(path, sizeof(path), "%s/%s", ZONEINFO_DIR, name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) < 0)
		return fault_set(f, FAULT_NOTFOUND, "zone: this machine has no %.64s", name);
	ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
		 ? credential_read_of(fd, path, ZONEINFO_MAX, ret, f)
		 : fault_set(f, FAULT_NOTFOUND, "zone: %.64s is none", name);
	(void)close(fd);
	return ok;
}
