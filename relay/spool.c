/* relay/spool.c - see spool.h. It opens, counts and commits. */
#include "relay/spool_under.h"

#include "base/digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char documents[] = "documents";

/* --- keys and names -----------------------------------------------------------------------------
 */

static void
put_number(struct spool_key *k, uint64_t v, int octets)
{
	for (int i = octets - 1; i >= 0; i--)
		k->at[k->n++] = (uint8_t)(v >> (8 * i));
}

static void
put_tenant(struct spool_key *k, const char *tenant)
{
	size_t n = strnlen(tenant, TEXT_LABEL_MAX - 1);

	memcpy(k->at + k->n, tenant, n);
	k->n += n;
	k->at[k->n++] = 0;
}

struct octets
spool_key_job(const char *tenant, uint32_t id, int64_t time_s, struct spool_key *room)
{
	room->n = 0;
	if (time_s >= 0)
		put_number(room, (uint64_t)time_s, 8);
	put_tenant(room, tenant);
	put_number(room, id, 4);
	return octets_of(room->at, room->n);
}

struct octets
spool_key_uuid(const char *tenant, const uint8_t *uuid, struct spool_key *room)
{
	room->n = 0;
	put_tenant(room, tenant);
	memcpy(room->at + room->n, uuid, DOCUMENT_UUID);
	room->n += DOCUMENT_UUID;
	return octets_of(room->at, room->n);
}

/* A sender may choose a uuid, and must not meet with it what another tenant has. */
static void
body_of(const char *tenant, const uint8_t *uuid, uint8_t to[static DOCUMENT_UUID])
{
	uint8_t digest[DIGEST_OCTETS];

	digest_of_both(octets_of(uuid, DOCUMENT_UUID), octets_text(tenant), digest);
	memcpy(to, digest, DOCUMENT_UUID);
}

static struct octets
key_of_body(const uint8_t *body, uint32_t number, struct spool_key *room)
{
	memcpy(room->at, body, DOCUMENT_UUID);
	room->n = DOCUMENT_UUID;
	put_number(room, number, 4);
	return octets_of(room->at, room->n);
}

struct octets
spool_key_document(const char *tenant, const uint8_t *uuid, uint32_t number, struct spool_key *room)
{
	uint8_t body[DOCUMENT_UUID];

	body_of(tenant, uuid, body);
	return key_of_body(body, number, room);
}

bool
spool_read_key(struct octets key, size_t skip, char tenant[static TEXT_LABEL_MAX], uint32_t *ret_id)
{
	const uint8_t *end;
	size_t n;

	if (key.n < skip + 5)
		return false;
	key = octets_of(key.at + skip, key.n - skip);
	if ((end = memchr(key.at, 0, key.n)) == NULL)
		return false;
	n = (size_t)(end - key.at);
	if (n >= TEXT_LABEL_MAX || key.n != n + 5)
		return false;
	memcpy(tenant, key.at, n + 1);
	*ret_id = (uint32_t)end[1] << 24 | (uint32_t)end[2] << 16 | (uint32_t)end[3] << 8 | end[4];
	return true;
}

void
spool_file_name(
    const char *tenant, const uint8_t *uuid, uint32_t number, char to[static SPOOL_NAME_MAX])
{
	uint8_t body[DOCUMENT_UUID];

	body_of(tenant, uuid, body);
	text_hex(body, sizeof(body), to);
	(void)snprintf(to + (size_t)2 * DOCUMENT_UUID, SPOOL_NAME_MAX - (size_t)2 * DOCUMENT_UUID,
	    "-%u", number);
}

/* --- what is counted ----------------------------------------------------------------------------
 */

static struct spool_count *
find_count(struct spool *s, const char *tenant, const char *owner, bool make)
{
	struct bytes text = { 0 };
	struct spool_count **at, *c;

	bytes_put_counted_text(&text, tenant);
	bytes_put_text(&text, owner);
	at = &s->count[secret_hash(s->seed, octets_bytes(&text)) % SPOOL_BUCKETS];
	bytes_free(&text);
	for (c = *at; c != NULL; c = c->next)
		if (strcmp(c->tenant, tenant) == 0 && strcmp(c->owner, owner) == 0)
			return c;
	if (!make || (c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	(void)snprintf(c->tenant, sizeof(c->tenant), "%s", tenant);
	(void)snprintf(c->owner, sizeof(c->owner), "%s", owner);
	c->next = *at;
	*at = c;
	return c;
}

static void
count_one(struct spool *s, const char *tenant, const char *owner, uint64_t octets, int sign)
{
	struct spool_count *c = find_count(s, tenant, owner, sign > 0);

	if (c == NULL) {
		s->lost |= sign > 0; /* what is not counted is not taken */
		return;
	}
	c->jobs = sign > 0 ? c->jobs + 1 : c->jobs - 1;
	c->octets = sign > 0 ? c->octets + octets : c->octets - octets;
}

void
spool_count_job(struct spool *s, const struct job *j, int sign)
{
	count_one(s, j->tenant, "", j->octets, sign);
	count_one(s, j->tenant, j->owner, j->octets, sign);
	s->jobs = sign > 0 ? s->jobs + 1 : s->jobs - 1;
	s->octets = sign > 0 ? s->octets + j->octets : s->octets - j->octets;
}

static bool
within(const struct spool_count *c, uint64_t octets, uint32_t jobs_max, uint64_t octets_max)
{
	return c == NULL
		   ? octets <= octets_max
		   : c->jobs < jobs_max && octets <= octets_max && c->octets <= octets_max - octets;
}

bool
spool_has_room(
    struct spool *s, const char *tenant, const char *owner, uint64_t octets, struct fault *f)
{
	const struct spool_limits *l = &s->limits;

	if (octets > l->job_octets)
		return fault_set(f, FAULT_LIMIT, "spool: a document is over %llu octets",
		    (unsigned long long)l->job_octets);
	if (!within(find_count(s, tenant, owner, false), octets, l->owner_jobs, l->owner_octets))
		return fault_set(f, FAULT_LIMIT,
		    "spool: the quota of its owner is used up: release or cancel some jobs");
	if (!within(find_count(s, tenant, "", false), octets, l->tenant_jobs, l->tenant_octets))
		return fault_set(f, FAULT_LIMIT, "spool: the tenant's quota is used up");
	return true;
}

void
spool_counts(const struct spool *s, uint64_t *jobs, uint64_t *octets)
{
	*jobs = s->jobs;
	*octets = s->octets;
}

static void
forget_counts(struct spool *s)
{
	for (size_t i = 0; i < SPOOL_BUCKETS; i++)
		for (struct spool_count *c; (c = s->count[i]) != NULL;) {
			s->count[i] = c->next;
			free(c);
		}
	s->jobs = s->octets = 0;
}

/* --- what the store says ------------------------------------------------------------------------
 */

struct recount {
	struct spool *spool;
	struct fault fault;
	bool bad;
};

static bool
count_row(void *with, struct octets key, struct octets value)
{
	struct recount *r = with;
	struct job j = { 0 };

	(void)key;
	if (!job_read(value, &j, &r->fault)) {
		r->bad = true;
		return false;
	}
	if (!job_is_over(&j))
		spool_count_job(r->spool, &j, 1);
	job_free(&j);
	return true;
}

static bool
recount(struct spool *s, struct fault *f)
{
	struct recount r = { .spool = s };

	forget_counts(s);
	if (!store_scan(s->store, SPOOL_JOB, octets_of(NULL, 0), SIZE_MAX, count_row, &r, f))
		return false;
	if (r.bad)
		*f = r.fault;
	else if (s->lost)
		fault_set(f, FAULT_INTERNAL, "spool: out of memory");
	return !r.bad && !s->lost;
}

/* Is there a row that has a document in the file of that name? */
static bool
is_wanted(struct spool *s, const char *name, bool *ret, struct fault *f)
{
	struct spool_key room;
	struct bytes value = { 0 };
	uint8_t body[DOCUMENT_UUID];
	char hex[2 * DOCUMENT_UUID + 1];
	struct fault why;

	*ret = false;
	if (strlen(name) < sizeof(hex) || name[sizeof(hex) - 1] != '-')
		return true;
	memcpy(hex, name, sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	if (!text_unhex(hex, body, sizeof(body)))
		return true;
	*ret = store_get(s->store, SPOOL_DOC,
	    key_of_body(body, (uint32_t)strtoul(name + sizeof(hex), NULL, 10), &room), &value,
	    &why);
	bytes_free(&value);
	return *ret || why.code == FAULT_NOTFOUND || (*f = why, false);
}

/* Files of jobs that never were, or are no more: a death came between file and row. */
static bool
sweep(struct spool *s, struct fault *f)
{
	int fd = dup(s->documents);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	bool wanted, ok = true;

	if (d == NULL)
		return fault_errno(f, FAULT_INTERNAL, "spool: %s/%s", s->dir, documents);
	while (ok && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		ok = is_wanted(s, e->d_name, &wanted, f);
		if (ok && !wanted)
			(void)unlinkat(s->documents, e->d_name, 0);
	}
	(void)closedir(d);
	return ok;
}

static bool
open_folder(struct spool *s, struct fault *f)
{
	char path[SPOOL_PATH_MAX + sizeof(documents)];

	(void)snprintf(path, sizeof(path), "%s/%s", s->dir, documents);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fault_errno(f, FAULT_INTERNAL, "spool: %s", path);
	if ((s->documents = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return fault_errno(f, FAULT_INTERNAL, "spool: %s", path);
	return true;
}

bool
spool_open(const char *dir, const struct spool_limits *limits, struct spool **ret, struct fault *f)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return fault_set(f, FAULT_INTERNAL, "spool: out of memory");
	s->documents = -1;
	s->limits = *limits;
	secret_nonce(s->seed, sizeof(s->seed));
	if ((size_t)snprintf(s->dir, sizeof(s->dir), "%s", dir) >= sizeof(s->dir)) {
		fault_set(f, FAULT_BADREQ, "spool: the path is too long");
		goto fail;
	}
	if (!store_open(dir, STORE_CREATE, &s->store, f) || !open_folder(s, f) || !recount(s, f) ||
	    !sweep(s, f))
		goto fail;
	if ((s->batch = batch_new(s->store)) == NULL) {
		fault_set(f, FAULT_INTERNAL, "spool: out of memory");
		goto fail;
	}
	*ret = s;
	return true;
fail:
	spool_close(s);
	return false;
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	forget_counts(s);
	batch_free(s->batch);
	store_close(s->store);
	if (s->documents >= 0)
		(void)close(s->documents);
	free(s->touched);
	bytes_free(&s->unlink);
	bytes_free(&s->added);
	free(s);
}

/* --- a commit -----------------------------------------------------------------------------------
 */

void
spool_mark(struct spool *s, enum spool_table t, struct octets key, bool there)
{
	if (there)
		batch_put(s->batch, t, key, octets_of(NULL, 0));
	else
		batch_remove(s->batch, t, key);
}

void
spool_unlink_later(struct spool *s, const struct job *j)
{
	char name[SPOOL_NAME_MAX];

	spool_file_name(j->tenant, j->uuid, 1, name);
	bytes_put(&s->unlink, name, strlen(name) + 1);
}

void
spool_touch(struct spool *s, const struct job *j)
{
	struct spool_touched *more;

	s->dirty = true;
	if (s->touched_n == s->touched_room) {
		size_t room = s->touched_room == 0 ? 64 : 2 * s->touched_room;

		if ((more = reallocarray(s->touched, room, sizeof(*more))) == NULL) {
			s->lost = true;
			return;
		}
		s->touched = more;
		s->touched_room = room;
	}
	memcpy(s->touched[s->touched_n].tenant, j->tenant, sizeof(j->tenant));
	s->touched[s->touched_n++].id = j->id;
}

bool
spool_is_dirty(const struct spool *s)
{
	return s->dirty;
}

static void
unlink_all(struct spool *s, const struct bytes *names)
{
	for (size_t at = 0; at < names->n; at += strlen((const char *)names->at + at) + 1)
		(void)unlinkat(s->documents, (const char *)names->at + at, 0);
}

bool
spool_commit(struct spool *s, struct fault *f)
{
	struct fault why;
	bool ok;

	if (!s->dirty)
		return true;
	ok = s->lost ? fault_set(f, FAULT_INTERNAL, "spool: out of memory")
		     : batch_apply(s->batch, f);
	s->touched_n = 0;
	s->dirty = s->lost = false;
	unlink_all(s, ok ? &s->unlink : &s->added);
	if (!ok) {
		/* What was to be is not: the numbers are those of the store again. */
		batch_undo(s->batch, 0);
		if (!recount(s, &why))
			s->limits = (struct spool_limits){ 0 }; /* fail closed */
	}
	bytes_clear(&s->unlink);
	bytes_clear(&s->added);
	return ok;
}
