/* base/sandbox_files.c - see sandbox.h; the file system's part, by Landlock. */
#include "base/sandbox.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

#ifdef QUATRAIN_SANITIZED

bool
sandbox_confine(const struct sandbox_place *places, size_t n, bool *ret_on, struct fault *f)
{
	(void)places;
	(void)n;
	(void)f;
	*ret_on = false;
	return true;
}

#else

/* Younger than the oldest header that this builds with; the kernel says which it knows. */
#define TRUNCATE  (UINT64_C(1) << 14)
#define IOCTL_DEV (UINT64_C(1) << 15)

#define SHARED                                                                                     \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |                              \
	    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | TRUNCATE)

static const uint64_t rights[] = {
	[SANDBOX_SHARE] = SHARED,
	[SANDBOX_OWN] = SHARED | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |
			LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REFER,
	[SANDBOX_READ] = LANDLOCK_ACCESS_FS_READ_FILE,
};

/* Everything that Landlock of this edition can forbid; 0: the kernel has none, or lets us not. */
static uint64_t
known(void)
{
	long edition =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t all = LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1; /* the first edition's */

	if (edition < 1)
		return 0;
	if (edition >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (edition >= 3)
		all |= TRUNCATE;
	if (edition >= 5)
		all |= IOCTL_DEV;
	return all;
}

static bool
allow(int rules, const struct sandbox_place *p, uint64_t all, struct fault *f)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = rights[p->use] & all };
	int fd = open(p->folder, O_PATH | O_CLOEXEC | (p->use == SANDBOX_READ ? 0 : O_DIRECTORY));
	bool ok;

	if (fd == -1)
		return fault_errno(f, FAULT_INTERNAL, "sandbox: %s", p->folder);
	beneath.parent_fd = fd;
	ok = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
	if (!ok)
		fault_errno(f, FAULT_INTERNAL, "sandbox: no rule for %s", p->folder);
	(void)close(fd);
	return ok;
}

/* The rules bind the thread that takes them, and those that it starts later: one that runs already
 * would stay free. A folder's links are itself, its "." and one for each folder in it. */
static bool
is_alone(struct fault *f)
{
	struct stat tasks;

	if (stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 3)
		return fault_set(f, FAULT_INTERNAL, "sandbox: a thread runs already");
	return true;
}

bool
sandbox_confine(const struct sandbox_place *places, size_t n, bool *ret_on, struct fault *f)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = known() };
	bool ok = true;
	int rules;

	if (attr.handled_access_fs == 0) {
		*ret_on = false;
		return true;
	}
	if (!is_alone(f))
		return false;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules == -1)
		return fault_errno(f, FAULT_INTERNAL, "sandbox: no ruleset");
	for (size_t i = 0; ok && i < n; i++)
		ok = allow(rules, &places[i], attr.handled_access_fs, f);
	/* Without it only root may restrict itself: a program with more rights could be started. */
	if (ok && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
		      syscall(SYS_landlock_restrict_self, rules, 0) == -1))
		ok = fault_errno(f, FAULT_INTERNAL, "sandbox: cannot be confined");
	(void)close(rules);
	if (ok)
		*ret_on = true;
	return ok;
}

#endif
