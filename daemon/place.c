/* daemon/place.c - see place.h. */
#include "daemon/place.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"

static bool
check_free(const struct place *p, struct fault *f)
{
	if (rmdir(p->data) != 0 && errno != ENOENT)
		return fault_set(f, FAULT_CONFLICT,
		    "%s: %s is there already, and is never overwritten: name another folder as data",
		    p->what, p->data);
	if (access(p->made_in, F_OK) == 0)
		return fault_set(f, FAULT_CONFLICT,
		    "%s: %s is left from a try that was interrupted: remove it", p->what,
		    p->made_in);
	return true;
}

static bool
make_folder(const struct place *p, const char *path, struct fault *f)
{
	if (mkdir(path, 0700) != 0)
		return fault_errno(
		    f, errno == EEXIST ? FAULT_CONFLICT : FAULT_INTERNAL, "%s: %s", p->what, path);
	return true;
}

bool
place_make(struct place *p, const char *what, const struct settings *s, struct fault *f)
{
	static const char *const folders[] = { "", "/keys", "/tenants", "/run" };
	char sub[sizeof(p->made_in) + 16];
	size_t n = strlen(s->data);

	p->what = what;
	while (n > 1 && s->data[n - 1] == '/')
		n--;
	if (n + sizeof(".new") > sizeof(p->made_in))
		return fault_set(f, FAULT_BADREQ, "data: the path is too long");
	(void)snprintf(p->data, sizeof(p->data), "%.*s", (int)n, s->data);
	(void)snprintf(p->made_in, sizeof(p->made_in), "%.*s.new", (int)n, s->data);
	if (!check_free(p, f))
		return false;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		(void)snprintf(sub, sizeof(sub), "%s%s", p->made_in, folders[i]);
		if (!make_folder(p, sub, f))
			return false;
		p->made = true;
	}
	return true;
}

bool
place_publish(struct place *p, const struct owner *o, const char *but, struct fault *f)
{
	if (!owner_give(o, p->made_in, but, f) || !folder_sync(p->made_in, f))
		return false; /* what is in it has its names before it has its own */
	if (rename(p->made_in, p->data) != 0)
		return fault_errno(f, FAULT_INTERNAL, "%s: %s", p->what, p->data);
	p->made = false;
	p->stands = true;
	return folder_sync_of(p->data, f);
}

void
place_remove(struct place *p)
{
	char *const roots[] = { p->made_in, NULL };
	FTS *walk = p->made ? fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL) : NULL;
	FTSENT *e;

	while (walk != NULL && (e = fts_read(walk)) != NULL)
		if (e->fts_info != FTS_D)
			(void)remove(e->fts_accpath);
	if (walk != NULL)
		(void)fts_close(walk);
	p->made = false;
}
