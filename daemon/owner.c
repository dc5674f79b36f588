/* daemon/owner.c - see owner.h. */
#include "daemon/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "daemon/passphrase.h"

#define PATH_ROOM (CONF_TEXT_MAX * 2)

bool
owner_find(const struct settings *s, struct owner *ret, struct fault *f)
{
	struct owner o = { .name = s->user };

	if (geteuid() != 0 || s->user[0] == '\0')
		o.name = NULL;
	else if (!sandbox_user(s->user, &o.uid, &o.gid, f))
		return false;
	*ret = o;
	return true;
}

/* Folders after what is in them: what has been given away is not walked into any more. */
static bool
give_all(const struct owner *o, FTS *walk, const char *but)
{
	FTSENT *e;

	errno = 0;
	while ((e = fts_read(walk)) != NULL) {
		if (e->fts_info == FTS_ERR || e->fts_info == FTS_DNR || e->fts_info == FTS_NS) {
			errno = e->fts_errno;
			return false;
		}
		if (e->fts_info != FTS_D && strcmp(e->fts_path, but) != 0 &&
		    lchown(e->fts_accpath, o->uid, o->gid) != 0)
			return false;
	}
	return errno == 0;
}

bool
owner_give(const struct owner *o, const char *folder, const char *but, struct fault *f)
{
	char copy[PATH_ROOM];
	char *const roots[] = { copy, NULL };
	FTS *walk;
	bool ok;

	if (o->name == NULL)
		return true;
	(void)snprintf(copy, sizeof(copy), "%s", folder);
	if ((walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL)) == NULL)
		return fault_errno(f, FAULT_INTERNAL, "user: %s", folder);
	if (!(ok = give_all(o, walk, but)))
		fault_errno(f, FAULT_INTERNAL, "user: cannot give %s to %s", folder, o->name);
	(void)fts_close(walk);
	return ok;
}

static bool
refuse(const struct owner *o, const struct settings *s, const char *path, struct fault *f)
{
	char key[PATH_ROOM];

	if (strcmp(s->seal, "key-file") == 0 && s->seal_file[0] == '\0' &&
	    passphrase_path(s, s->data, key, sizeof(key)))
		return fault_set(f, FAULT_DENIED,
		    "user: %s does not belong to %s; this mends it: chown -R %s: %s && chown root: %s",
		    path, o->name, o->name, s->data, key);
	return fault_set(f, FAULT_DENIED,
	    "user: %s does not belong to %s; this mends it: chown -R %s: %s", path, o->name,
	    o->name, s->data);
}

/* The owner as such: a folder above DATA may be closed to it. */
static bool
can_come(struct owner *o, const struct settings *s, struct fault *f)
{
	char inside[PATH_ROOM];
	bool ok;

	if (!settings_path(s, "tenants/.", inside, sizeof(inside)))
		return fault_set(f, FAULT_BADREQ, "data: the path is too long");
	if (!owner_enter(o, f))
		return false;
	ok = faccessat(AT_FDCWD, inside, R_OK | W_OK | X_OK, AT_EACCESS) == 0 ||
	     fault_errno(f, FAULT_DENIED,
		 "user: %s cannot come to %s; move it, or open the folders above it", o->name,
		 s->data);
	return owner_leave(o, f) && ok;
}

bool
owner_check(struct owner *o, const struct settings *s, struct fault *f)
{
	static const char *const names[] = { ".", "keys", "tenants", "tenants/platform", "run",
		"journal" };
	char path[PATH_ROOM];
	struct stat is;

	if (o->name == NULL)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!settings_path(s, names[i], path, sizeof(path)))
			return fault_set(f, FAULT_BADREQ, "data: the path is too long");
		if (lstat(path, &is) == 0 && is.st_uid != o->uid)
			return refuse(o, s, i == 0 ? s->data : path, f);
	}
	return can_come(o, s, f);
}

/* The groups that root had open nothing to the user: they are given up for good. */
bool
owner_enter(struct owner *o, struct fault *f)
{
	if (o->name == NULL)
		return true;
	if (prctl(PR_GET_PDEATHSIG, &o->death) != 0 || setgroups(0, NULL) != 0 ||
	    setegid(o->gid) != 0 || seteuid(o->uid) != 0)
		return fault_errno(f, FAULT_INTERNAL, "user: cannot be %s", o->name);
	return true;
}

bool
owner_leave(const struct owner *o, struct fault *f)
{
	if (o->name == NULL)
		return true;
	/* With each change of user the kernel forgets the signal. */
	if (seteuid(0) != 0 || setegid(0) != 0 || prctl(PR_SET_PDEATHSIG, o->death) != 0)
		return fault_errno(f, FAULT_INTERNAL, "user: cannot be root again");
	return true;
}

bool
owner_start(const struct settings *s, struct owner *ret, struct fault *f)
{
	if (!owner_find(s, ret, f))
		return false;
	if (ret->name == NULL && geteuid() == 0)
		log_fact(LOG_WARN, "user", "why",
		    "all processes stay root: set user in the configuration to one that has nothing else",
		    NULL);
	return owner_check(ret, s, f);
}
