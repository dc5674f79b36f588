/* ca/realm.c - see realm.h. */
#include "ca/realm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/folder.h"

#define EDITION 1
#define BUCKETS 1024

static const char meta_space[] = "space";

struct open_ledger {
	struct open_ledger *next;
	struct ledger *ledger;
};

struct realm {
	char data[REALM_PATH_MAX];
	enum store_mode mode;
	struct name_space space;
	struct ledger *platform;
	struct open_ledger *bucket[BUCKETS];
	bool (*settle)(void *with, struct ledger *l, struct fault *f); /* NULL: nothing to do */
	void *with;
	ledger_told *told;
	void *told_with;
};

static bool
folder(const struct realm *r, const char *tenant, char to[static REALM_PATH_MAX], struct fault *f)
{
	if (snprintf(to, REALM_PATH_MAX, "%s/tenants/%s", r->data, tenant) >= REALM_PATH_MAX)
		return fault_set(f, FAULT_INTERNAL, "realm: the data folder's path is too long");
	return true;
}

static unsigned
bucket_of(const char *tenant)
{
	unsigned h =
	    2166136261u; /* FNV-1a; labels are ours, nobody can choose collisions at large */

	for (; *tenant != '\0'; tenant++)
		h = (h ^ (unsigned char)*tenant) * 16777619u;
	return h % BUCKETS;
}

static bool
read_space(struct realm *r, struct fault *f)
{
	struct bytes b = { 0 };
	struct reader in;
	bool ok = false;

	if (!ledger_get(r->platform, TABLE_META, octets_text(meta_space), &b, f))
		goto out;
	in = reader_of(octets_bytes(&b));
	if (reader_u8(&in) != EDITION)
		in.bad = true;
	reader_counted_text(&in, r->space.domain, sizeof(r->space.domain));
	reader_counted_text(&in, r->space.region, sizeof(r->space.region));
	reader_counted_text(&in, r->space.org, sizeof(r->space.org));
	if (!reader_done(&in)) {
		fault_set(f, FAULT_INTERNAL, "realm: the names of this service cannot be read");
		goto out;
	}
	ok = true;
out:
	bytes_free(&b);
	return ok;
}

bool
realm_set_space(struct realm *r, const struct name_space *ns, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_counted_text(&b, ns->domain);
	bytes_put_counted_text(&b, ns->region);
	bytes_put_counted_text(&b, ns->org);
	if ((ok = bytes_ok(&b, f)))
		ledger_put(r->platform, TABLE_META, octets_text(meta_space), octets_bytes(&b));
	bytes_free(&b);
	r->space = *ns;
	return ok;
}

/* Remember an open ledger; it is the realm's from now on. */
static bool
keep(struct realm *r, struct ledger *l, struct fault *f)
{
	struct open_ledger *o;
	unsigned b = bucket_of(ledger_tenant(l));

	if ((o = calloc(1, sizeof(*o))) == NULL) {
		ledger_close(l);
		return fault_set(f, FAULT_INTERNAL, "realm: out of memory");
	}
	*o = (struct open_ledger){ r->bucket[b], l };
	r->bucket[b] = o;
	ledger_on_event(l, r->told, r->told_with);
	return true;
}

struct ledger *
realm_peek(struct realm *r, const char *tenant)
{
	for (struct open_ledger *o = r->bucket[bucket_of(tenant)]; o != NULL; o = o->next)
		if (strcmp(ledger_tenant(o->ledger), tenant) == 0)
			return o->ledger;
	return NULL;
}

static bool
open_ledger(
    struct realm *r, const char *tenant, enum store_mode mode, struct ledger **ret, struct fault *f)
{
	char dir[REALM_PATH_MAX];
	struct ledger *l;

	if (!folder(r, tenant, dir, f) || !ledger_open(dir, tenant, mode, &l, f) || !keep(r, l, f))
		return false;
	*ret = l;
	return true;
}

/* Whoever may write one of these can put another in the place of what lies in it. */
static bool
check_folders(const char *data, struct fault *f)
{
	static const char *const folders[] = { ".", "tenants", "keys" };
	char path[REALM_PATH_MAX + 16];
	struct stat st;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", data, folders[i]);
		if (!folder_check(path, S_IFDIR, &st, f))
			return false;
	}
	return true;
}

bool
realm_open(const char *data, enum store_mode mode, struct realm **ret, struct fault *f)
{
	struct realm *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "realm: out of memory");
	r->mode = mode;
	if (snprintf(r->data, sizeof(r->data), "%s", data) >= (int)sizeof(r->data)) {
		realm_close(r);
		return fault_set(f, FAULT_INTERNAL, "realm: the data folder's path is too long");
	}
	if (!check_folders(data, f) || !open_ledger(r, NAME_PLATFORM, mode, &r->platform, f) ||
	    (mode != STORE_CREATE && !read_space(r, f))) {
		realm_close(r);
		return false;
	}
	*ret = r;
	return true;
}

void
realm_close(struct realm *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct open_ledger *o = r->bucket[i], *next; o != NULL; o = next) {
			next = o->next;
			ledger_close(o->ledger);
			free(o);
		}
	free(r);
}

const struct name_space *
realm_space(const struct realm *r)
{
	return &r->space;
}

const char *
realm_data(const struct realm *r)
{
	return r->data;
}

struct ledger *
realm_platform(struct realm *r)
{
	return r->platform;
}

void
realm_on_open(
    struct realm *r, bool (*settle)(void *with, struct ledger *l, struct fault *f), void *with)
{
	r->settle = settle;
	r->with = with;
}

static bool
hook_one(void *with, struct ledger *l)
{
	struct realm *r = with;

	ledger_on_event(l, r->told, r->told_with);
	return true;
}

void
realm_on_event(struct realm *r, ledger_told *told, void *with)
{
	r->told = told;
	r->told_with = with;
	(void)realm_each(r, hook_one, r);
}

/* Marked before it is done: settling asks for the ledger too. */
static bool
settle(struct realm *r, struct ledger *l, struct fault *f)
{
	if (r->settle == NULL || ledger_settled(l))
		return true;
	ledger_set_settled(l, true);
	if (r->settle(r->with, l, f))
		return true;
	ledger_set_settled(l, false);
	return false;
}

/* The row, not the folder, makes a tenant: a folder may be left from an interrupted try. */
static bool
open_named(
    struct realm *r, const char *name, enum store_mode mode, struct ledger **ret, struct fault *f)
{
	struct ledger *l = realm_peek(r, name);
	char label[TEXT_LABEL_MAX];
	struct tenant t;

	ledger_name_tenant(name, label);
	if (l == NULL && !realm_tenant(r, label, &t, f))
		return false;
	if (l == NULL && !open_ledger(r, name, mode, &l, f)) {
		if (f->code == FAULT_NOTFOUND && ledger_name_is_activity(name))
			fault_set(
			    f, FAULT_NOTFOUND, "activity: of %s nothing was recorded yet", label);
		return false;
	}
	if (!settle(r, l, f))
		return false;
	*ret = l;
	return true;
}

bool
realm_ledger(struct realm *r, const char *tenant, struct ledger **ret, struct fault *f)
{
	return open_named(r, tenant, r->mode == STORE_READ ? STORE_READ : STORE_WRITE, ret, f);
}

bool
realm_activity(struct realm *r, const char *tenant, struct ledger **ret, struct fault *f)
{
	char name[LEDGER_NAME_MAX];

	ledger_name_activity(tenant, name);
	return open_named(r, name, STORE_CREATE, ret, f);
}

bool
realm_has_activity(struct realm *r, const char *tenant)
{
	char name[LEDGER_NAME_MAX], dir[REALM_PATH_MAX];
	struct fault f;
	struct stat st;

	ledger_name_activity(tenant, name);
	return folder(r, name, dir, &f) && stat(dir, &st) == 0;
}

bool
realm_visit(struct realm *r, const char *tenant, realm_look *look, void *with, struct fault *f)
{
	struct ledger *l = realm_peek(r, tenant);
	char dir[REALM_PATH_MAX], label[TEXT_LABEL_MAX];
	bool ok;

	if (l != NULL)
		return look(with, l, f);
	ledger_name_tenant(tenant, label);
	if (label[0] == '\0')
		return fault_set(f, FAULT_NOTFOUND, "tenant: there is none of that name");
	if (!folder(r, tenant, dir, f) || !ledger_open(dir, tenant, STORE_READ, &l, f))
		return false;
	ok = look(with, l, f);
	ledger_close(l);
	return ok;
}

void
realm_drop(struct realm *r, const char *tenant)
{
	for (struct open_ledger **at = &r->bucket[bucket_of(tenant)]; *at != NULL;
	     at = &(*at)->next) {
		struct open_ledger *o = *at;

		if (strcmp(ledger_tenant(o->ledger), tenant) != 0)
			continue;
		*at = o->next;
		ledger_close(o->ledger);
		free(o);
		return;
	}
}

static bool
remove_leftover(const char *dir, struct fault *f)
{
	static const char *const files[] = { "data.mdb", "lock.mdb" };
	char path[REALM_PATH_MAX + 16];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		if (unlink(path) != 0 && errno != ENOENT)
			return fault_errno(f, FAULT_INTERNAL, "realm: %s", path);
	}
	return true;
}

bool
realm_make(struct realm *r, const char *tenant, struct ledger **ret, struct fault *f)
{
	char dir[REALM_PATH_MAX];

	if (!folder(r, tenant, dir, f) || !remove_leftover(dir, f) ||
	    !open_ledger(r, tenant, STORE_CREATE, ret, f))
		return false;
	ledger_set_settled(*ret, true);
	return true;
}

bool
realm_each(struct realm *r, bool (*visit)(void *with, struct ledger *l), void *with)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct open_ledger *o = r->bucket[i]; o != NULL; o = o->next)
			if (!visit(with, o->ledger))
				return false;
	return true;
}
