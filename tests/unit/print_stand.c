/* tests/unit/print_stand.c - what print stands on, as little of it as its tests need: a spool in
 * memory, whose documents can be looked at. */
#include <stdlib.h>
#include <string.h>

#include "relay/envelope.h"
#include "relay/spool.h"
#include "tests/unit/print_stand.h"

struct stand stand;

void
stand_free(void)
{
	for (size_t i = 0; i < stand.jobs_n; i++) {
		job_free(&stand.jobs[i].job);
		bytes_free(&stand.jobs[i].document);
	}
	stand = (struct stand){ .jobs_n = 0 };
}

struct spool_document {
	struct document_of of;
	struct bytes sealed;
};
struct document_writer {
	int any;
};

bool
content_key_new(struct content_key *ret, struct fault *f)
{
	return secret_random(DOCUMENT_KEY, &ret->key, f);
}

void
content_key_free(struct content_key *k)
{
	secret_free(&k->key);
}

void
document_binds(const struct document_of *of, uint8_t ret[static 32])
{
	memset(ret, 0, 32);
	memcpy(ret, of->job, sizeof(of->job));
}

bool
document_writer_new(const struct content_key *k, const struct document_of *of,
    struct document_writer **ret, struct fault *f)
{
	(void)k;
	(void)of;
	*ret = calloc(1, sizeof(**ret));
	return *ret != NULL || fault_set(f, FAULT_INTERNAL, "stand: memory");
}

bool
document_seal(
    struct document_writer *w, struct octets piece, bool last, struct bytes *ret, struct fault *f)
{
	(void)w;
	for (size_t i = 0; i < piece.n; i++)
		bytes_put_u8(ret, piece.at[i] ^ 0x55);
	if (last)
		bytes_put(ret, "0123456789abcdef", DOCUMENT_TAG);
	return bytes_ok(ret, f);
}

void
document_writer_free(struct document_writer *w)
{
	free(w);
}

bool
document_plain_octets(uint64_t sealed, uint64_t *ret)
{
	if (sealed < DOCUMENT_TAG)
		return false;
	*ret = sealed - DOCUMENT_TAG;
	return true;
}

bool
envelope_wrap(const struct content_key *k, const struct document_of *of, struct octets recipient,
    struct bytes *ret, struct fault *f)
{
	(void)k;
	(void)of;
	bytes_put_octets(ret, recipient);
	return bytes_ok(ret, f);
}

bool
spool_has_room(
    struct spool *s, const char *tenant, const char *owner, uint64_t octets, struct fault *f)
{
	(void)s;
	(void)tenant;
	(void)owner;
	if (stand.full || octets > STAND_OCTETS_MAX)
		return fault_set(f, FAULT_LIMIT, "spool: the quota of jobs is used up");
	return true;
}

bool
spool_document_new(
    struct spool *s, const struct document_of *of, struct spool_document **ret, struct fault *f)
{
	(void)s;
	*ret = calloc(1, sizeof(**ret));
	if (*ret == NULL)
		return fault_set(f, FAULT_INTERNAL, "stand: memory");
	(*ret)->of = *of;
	stand.open++;
	return true;
}

bool
spool_document_put(struct spool_document *d, struct octets sealed, struct fault *f)
{
	bytes_put_octets(&d->sealed, sealed);
	if (d->sealed.n > STAND_OCTETS_MAX)
		return fault_set(f, FAULT_LIMIT, "spool: a document over the limit");
	return bytes_ok(&d->sealed, f);
}

void
spool_document_drop(struct spool_document *d)
{
	if (d == NULL)
		return;
	stand.open--;
	bytes_free(&d->sealed);
	free(d);
}

static struct stand_job *
find(const char *tenant, uint32_t id)
{
	for (size_t i = 0; i < stand.jobs_n; i++)
		if (stand.jobs[i].job.id == id && strcmp(stand.jobs[i].job.tenant, tenant) == 0)
			return &stand.jobs[i];
	return NULL;
}

static void
copy(const struct job *from, struct job *to)
{
	*to = *from; /* its octets are copied below */
	to->template = to->names = to->envelope = to->rewrapped = (struct bytes){ 0 };
	bytes_put_octets(&to->template, octets_bytes(&from->template));
	bytes_put_octets(&to->names, octets_bytes(&from->names));
	bytes_put_octets(&to->envelope, octets_bytes(&from->envelope));
}

bool
spool_put(struct spool *s, const struct job *j, bool drop, struct fault *f)
{
	struct stand_job *to = find(j->tenant, j->id);

	(void)s;
	if (to == NULL)
		return fault_set(f, FAULT_NOTFOUND, "stand: no job");
	job_free(&to->job);
	copy(j, &to->job);
	if (drop)
		bytes_free(&to->document);
	stand.dirty = true;
	return true;
}

bool
spool_attach(struct spool *s, struct job *j, struct spool_document *d, struct fault *f)
{
	struct stand_job *to = find(j->tenant, j->id);

	if (to != NULL) {
		to->document = d->sealed;
		d->sealed = (struct bytes){ 0 };
	}
	spool_document_drop(d);
	return spool_put(s, j, false, f);
}

bool
spool_add(struct spool *s, struct job *j, struct spool_document *d, struct fault *f)
{
	if (stand.full || stand.jobs_n == STAND_JOBS_MAX) {
		spool_document_drop(d);
		return fault_set(f, FAULT_LIMIT, "spool: the quota of jobs is used up");
	}
	j->id = (uint32_t)stand.jobs_n + 1;
	stand.jobs[stand.jobs_n++].job = (struct job){ .id = j->id };
	memcpy(stand.jobs[stand.jobs_n - 1].job.tenant, j->tenant, sizeof(j->tenant));
	return d != NULL ? spool_attach(s, j, d, f) : spool_put(s, j, false, f);
}

bool
spool_commit(struct spool *s, struct fault *f)
{
	(void)s;
	stand.commits++;
	if (stand.broken)
		return fault_set(f, FAULT_INTERNAL, "spool: no room on the disk");
	stand.dirty = false;
	return true;
}

bool
spool_is_dirty(const struct spool *s)
{
	(void)s;
	return stand.dirty;
}

bool
spool_get(struct spool *s, const char *tenant, uint32_t id, struct job *ret, struct fault *f)
{
	struct stand_job *j = find(tenant, id);

	(void)s;
	if (j == NULL)
		return fault_set(f, FAULT_NOTFOUND, "spool: no such job");
	copy(&j->job, ret);
	return true;
}

bool
spool_find(struct spool *s, const char *tenant, const uint8_t uuid[static DOCUMENT_UUID],
    struct job *ret, struct fault *f)
{
	for (size_t i = 0; i < stand.jobs_n; i++)
		if (memcmp(stand.jobs[i].job.uuid, uuid, DOCUMENT_UUID) == 0)
			return spool_get(s, tenant, stand.jobs[i].job.id, ret, f);
	return fault_set(f, FAULT_NOTFOUND, "spool: no such job");
}

bool
spool_each(struct spool *s, const char *tenant, bool over, uint32_t from, spool_visit *visit,
    void *with, struct fault *f)
{
	(void)s;
	(void)f;
	for (size_t i = 0; i < stand.jobs_n; i++) {
		struct job *j = &stand.jobs[i].job;

		if (j->id >= from && strcmp(j->tenant, tenant) == 0 && job_is_over(j) == over &&
		    !visit(with, j))
			break;
	}
	return true;
}
