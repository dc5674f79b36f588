/* ca/pin.c - see pin.h. */
#include "ca/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/folder.h"

/* What a refusal becomes by one rename: it is on disk before the PIN is tried. */
static bool
ready_path(const struct pin *p, char to[static PIN_PATH_MAX], struct fault *f)
{
	return snprintf(to, PIN_PATH_MAX, "%s.new", p->marker) < PIN_PATH_MAX ||
	       fault_set(f, FAULT_INTERNAL, "pin: the data folder's path is too long");
}

static bool
make_ready(const struct pin *p, const char *path, struct fault *f)
{
	size_t n = strlen(p->source);
	int fd;
	bool ok;

	(void)unlink(path);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
		return fault_errno(f, FAULT_INTERNAL, "pin: %s", path);
	ok = write(fd, p->source, n) == (ssize_t)n && fsync(fd) == 0;
	if (!ok)
		fault_errno(f, FAULT_INTERNAL, "pin: %s", path);
	(void)close(fd);
	return ok && folder_sync_of(path, f);
}

/* True if the marker names this source. One that cannot be read might: that is a fault. */
static bool
was_refused(const struct pin *p, bool *ret, struct fault *f)
{
	char text[PIN_SOURCE_MAX];
	ssize_t n;
	int fd;

	*ret = false;
	if ((fd = open(p->marker, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		return errno == ENOENT || fault_errno(f, FAULT_INTERNAL, "pin: %s", p->marker);
	n = read(fd, text, sizeof(text));
	if (n < 0)
		fault_errno(f, FAULT_INTERNAL, "pin: %s", p->marker);
	(void)close(fd);
	*ret = n >= 0 && (size_t)n == strlen(p->source) && memcmp(text, p->source, (size_t)n) == 0;
	return n >= 0;
}

bool
pin_may_try(const struct pin *p, struct fault *f)
{
	char ready[PIN_PATH_MAX];
	bool refused;

	if (!ready_path(p, ready, f) || !was_refused(p, &refused, f))
		return false;
	if (refused)
		return fault_set(f, FAULT_AUTH,
		    "pin: the token refused this PIN before, and it is not tried again: put the right one into hsm.pin_file, or remove %s",
		    p->marker);
	return make_ready(p, ready, f);
}

bool
pin_refused(const struct pin *p, struct fault *f)
{
	char ready[PIN_PATH_MAX];

	if (!ready_path(p, ready, f))
		return false;
	if (rename(ready, p->marker) != 0)
		return fault_errno(f, FAULT_INTERNAL, "pin: %s", p->marker);
	return folder_sync_of(p->marker, f);
}

void
pin_settled(const struct pin *p, bool right)
{
	char ready[PIN_PATH_MAX];
	struct fault ignored;

	if (ready_path(p, ready, &ignored))
		(void)unlink(ready);
	if (right)
		(void)unlink(p->marker);
}

void
pin_free(struct pin *p)
{
	secret_free(&p->digits);
}
