/* tests/unit/spool_double.c - relay/spool.h in memory, for tests of what stands on
 * them. */
#include <stdlib.h>
#include <string.h>

#include "relay/spool.h"

#define JOBS 64

struct spool {
	struct job jobs[JOBS];
	struct bytes sealed[JOBS];
	size_t n;
	bool dirty;
};

static void
copy_bytes(struct bytes *to, const struct bytes *from)
{
	*to = (struct bytes){ 0 };
	bytes_put_octets(to, octets_bytes(from));
}

static void
copy_job(struct job *to, const struct job *from)
{
	*to = *from;
	copy_bytes(&to->template, &from->template);
	copy_bytes(&to->names, &from->names);
	copy_bytes(&to->envelope, &from->envelope);
	copy_bytes(&to->rewrapped, &from->rewrapped);
}

bool
spool_open(const char *dir, const struct spool_limits *limits, struct spool **ret, struct fault *f)
{
	(void)dir, (void)limits;
	*ret = calloc(1, sizeof(**ret));
	return *ret != NULL || fault_set(f, FAULT_INTERNAL, "no memory");
}

void
spool_close(struct spool *s)
{
	for (size_t i = 0; i < s->n; i++) {
		job_free(&s->jobs[i]);
		bytes_free(&s->sealed[i]);
	}
	free(s);
}

struct spool_document {
	struct spool *spool;
	struct bytes sealed;
};

bool
spool_document_new(
    struct spool *s, const struct document_of *of, struct spool_document **ret, struct fault *f)
{
	(void)of;
	*ret = calloc(1, sizeof(**ret));
	if (*ret == NULL)
		return fault_set(f, FAULT_INTERNAL, "no memory");
	(*ret)->spool = s;
	return true;
}

bool
spool_document_put(struct spool_document *d, struct octets sealed, struct fault *f)
{
	bytes_put_octets(&d->sealed, sealed);
	return bytes_ok(&d->sealed, f);
}

bool
spool_add(struct spool *s, struct job *j, struct spool_document *d, struct fault *f)
{
	(void)f;
	j->id = (uint32_t)s->n + 1;
	copy_job(&s->jobs[s->n], j);
	if (d != NULL)
		s->sealed[s->n] = d->sealed;
	free(d);
	s->n++;
	s->dirty = true;
	return true;
}

static struct job *
at(struct spool *s, const char *tenant, uint32_t id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->jobs[i].id == id && strcmp(s->jobs[i].tenant, tenant) == 0)
			return &s->jobs[i];
	return NULL;
}

bool
spool_get(struct spool *s, const char *tenant, uint32_t id, struct job *ret, struct fault *f)
{
	struct job *j = at(s, tenant, id);

	if (j == NULL)
		return fault_set(f, FAULT_NOTFOUND, "job: there is none of that id");
	copy_job(ret, j);
	return true;
}

bool
spool_put(struct spool *s, const struct job *j, bool drop, struct fault *f)
{
	struct job *to = at(s, j->tenant, j->id);

	(void)f;
	job_free(to);
	copy_job(to, j);
	if (drop) {
		bytes_free(&to->envelope);
		bytes_free(&to->rewrapped);
		bytes_free(&s->sealed[to - s->jobs]);
	}
	s->dirty = true;
	return true;
}

bool
spool_commit(struct spool *s, struct fault *f)
{
	(void)f;
	s->dirty = false;
	return true;
}

bool
spool_is_dirty(const struct spool *s)
{
	return s->dirty;
}

bool
spool_each(struct spool *s, const char *tenant, bool over, uint32_t from, spool_visit *visit,
    void *with, struct fault *f)
{
	(void)f;
	for (size_t i = 0; i < s->n; i++)
		if (s->jobs[i].id >= from && strcmp(s->jobs[i].tenant, tenant) == 0 &&
		    job_is_over(&s->jobs[i]) == over && !visit(with, &s->jobs[i]))
			break;
	return true;
}

bool
spool_read(struct spool *s, const struct job *j, uint32_t number, uint64_t offset, size_t n,
    struct bytes *ret, struct fault *f)
{
	struct job *of = at(s, j->tenant, j->id);
	const struct bytes *sealed = of == NULL ? NULL : &s->sealed[of - s->jobs];

	if (number != 1 || sealed == NULL || sealed->n == 0)
		return fault_set(f, FAULT_NOTFOUND, "document: there is none");
	if (offset < sealed->n)
		bytes_put(ret, sealed->at + offset,
		    sealed->n - offset < n ? sealed->n - (size_t)offset : n);
	return true;
}
