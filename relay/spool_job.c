/* relay/spool_job.c - see spool.h. Jobs: put, found, visited; what runs out; usage. */
#include "relay/spool_under.h"

#include <stdlib.h>
#include <string.h>

/* --- put ----------------------------------------------------------------------------------------
 */

void
spool_watch(struct spool *s, spool_seen *seen, void *with)
{
	s->seen = seen;
	s->seen_with = with;
}

static void
put_row(struct spool *s, const struct job *before, const struct job *j)
{
	struct bytes row = { 0 };
	struct spool_key room;

	job_write(j, &row);
	s->lost |= row.bad;
	batch_put(
	    s->batch, SPOOL_JOB, spool_key_job(j->tenant, j->id, -1, &room), octets_bytes(&row));
	bytes_free(&row);
	spool_touch(s, j);
	if (s->seen != NULL)
		s->seen(s->seen_with, before, j);
}

/* Where it is found, by what it is. */
static void
put_marks(struct spool *s, const struct job *j, bool there)
{
	bool over = job_is_over(j);
	struct spool_key room;

	spool_mark(
	    s, over ? SPOOL_OVER : SPOOL_LIVE, spool_key_job(j->tenant, j->id, -1, &room), there);
	/* One that a printer has does not run out: its connector says what becomes of it. */
	if (j->state != JOB_PROCESSING)
		spool_mark(s, over ? SPOOL_DONE : SPOOL_DUE,
		    spool_key_job(j->tenant, j->id, over ? j->completed_s : j->expires_s, &room),
		    there);
}

static bool
next_id(struct spool *s, const char *tenant, uint32_t *ret, struct fault *f)
{
	struct bytes value = { 0 };
	struct reader r;
	uint32_t id = 1;
	struct fault why;

	if (batch_get(s->batch, SPOOL_NEXT, octets_text(tenant), &value, &why)) {
		r = reader_of(octets_bytes(&value));
		id = reader_u32(&r);
	} else if (why.code != FAULT_NOTFOUND) {
		*f = why;
		return false;
	}
	bytes_clear(&value);
	/* RFC 8011 section 5.3.2: 1 to 2^31-1 */
	bytes_put_u32(&value, id >= INT32_MAX ? 1 : id + 1);
	batch_put(s->batch, SPOOL_NEXT, octets_text(tenant), octets_bytes(&value));
	s->lost |= value.bad;
	bytes_free(&value);
	*ret = id;
	return true;
}

/* One that is there would be found only by the commit, which is everybody's. */
static bool
is_new(struct spool *s, const struct job *j, struct fault *f)
{
	struct spool_key room;
	struct bytes id = { 0 };
	struct fault why;
	bool there =
	    batch_get(s->batch, SPOOL_UUID, spool_key_uuid(j->tenant, j->uuid, &room), &id, &why);

	bytes_free(&id);
	if (there)
		return fault_set(f, FAULT_CONFLICT, "spool: there is a job of that uuid");
	if (why.code != FAULT_NOTFOUND)
		*f = why;
	return why.code == FAULT_NOTFOUND;
}

bool
spool_add(struct spool *s, struct job *j, struct spool_document *d, struct fault *f)
{
	size_t mark = batch_mark(s->batch);
	struct spool_key room;
	struct bytes id = { 0 };

	j->octets = 0;
	j->in_file = false;
	if (!is_new(s, j, f)) {
		spool_document_drop(d);
		return false;
	}
	if (d == NULL ? !spool_has_room(s, j->tenant, j->owner, 0, f)
		      : !spool_document_finish(s, j, d, f))
		return false;
	if (!next_id(s, j->tenant, &j->id, f)) {
		if (j->in_file)
			spool_unlink_later(s, j);
		batch_undo(s->batch, mark);
		return false;
	}
	bytes_put_u32(&id, j->id);
	batch_add(
	    s->batch, SPOOL_UUID, spool_key_uuid(j->tenant, j->uuid, &room), octets_bytes(&id));
	s->lost |= id.bad;
	bytes_free(&id);
	put_marks(s, j, true);
	spool_count_job(s, j, 1);
	put_row(s, NULL, j);
	return true;
}

bool
spool_attach(struct spool *s, struct job *j, struct spool_document *d, struct fault *f)
{
	struct job before = { 0 };
	bool ok;

	if (!spool_get(s, j->tenant, j->id, &before, f)) {
		spool_document_drop(d);
		return false;
	}
	spool_count_job(s, &before, -1); /* its place is free for what it becomes */
	ok = spool_document_finish(s, j, d, f);
	spool_count_job(s, ok ? j : &before, 1);
	if (ok) {
		put_marks(s, &before, false);
		put_marks(s, j, true);
		put_row(s, &before, j);
	}
	job_free(&before);
	return ok;
}

bool
spool_put(struct spool *s, const struct job *j, bool drop, struct fault *f)
{
	struct job before = { 0 }, after = *j;
	struct spool_key room;

	if (!spool_get(s, j->tenant, j->id, &before, f))
		return false;
	put_marks(s, &before, false);
	put_marks(s, j, true);
	if (!job_is_over(&before))
		spool_count_job(s, &before, -1);
	if (!job_is_over(j))
		spool_count_job(s, j, 1);
	if (drop) {
		after.envelope = after.rewrapped = (struct bytes){ 0 };
		after.in_file = false; /* its name may be another's by then */
		batch_remove(s->batch, SPOOL_DOC, spool_key_document(j->tenant, j->uuid, 1, &room));
		if (before.in_file)
			spool_unlink_later(s, &before);
	}
	put_row(s, &before, &after);
	job_free(&before);
	return true;
}

bool
spool_remove(struct spool *s, const struct job *j, struct fault *f)
{
	struct job before = { 0 };
	struct spool_key room;

	if (!spool_get(s, j->tenant, j->id, &before, f))
		return false;
	put_marks(s, &before, false);
	if (!job_is_over(&before))
		spool_count_job(s, &before, -1);
	batch_remove(s->batch, SPOOL_JOB, spool_key_job(j->tenant, j->id, -1, &room));
	batch_remove(s->batch, SPOOL_UUID, spool_key_uuid(j->tenant, before.uuid, &room));
	batch_remove(s->batch, SPOOL_DOC, spool_key_document(before.tenant, before.uuid, 1, &room));
	if (before.in_file)
		spool_unlink_later(s, &before);
	spool_touch(s, &before);
	job_free(&before);
	return true;
}

/* --- found --------------------------------------------------------------------------------------
 */

bool
spool_get(struct spool *s, const char *tenant, uint32_t id, struct job *ret, struct fault *f)
{
	struct bytes row = { 0 };
	struct spool_key room;
	bool ok = batch_get(s->batch, SPOOL_JOB, spool_key_job(tenant, id, -1, &room), &row, f) &&
		  job_read(octets_bytes(&row), ret, f);

	bytes_free(&row);
	return ok;
}

bool
spool_find(struct spool *s, const char *tenant, const uint8_t uuid[static DOCUMENT_UUID],
    struct job *ret, struct fault *f)
{
	struct bytes value = { 0 };
	struct spool_key room;
	struct reader r;
	bool ok = batch_get(s->batch, SPOOL_UUID, spool_key_uuid(tenant, uuid, &room), &value, f);

	if (ok) {
		r = reader_of(octets_bytes(&value));
		ok = spool_get(s, tenant, reader_u32(&r), ret, f);
	}
	bytes_free(&value);
	return ok;
}

/* Ids of one tenant, from the store and from the batch. */
struct gathered {
	const char *tenant;
	uint32_t from;
	size_t n, room;
	uint32_t *id;
	bool lost;
};

static void
gather(struct gathered *g, uint32_t id)
{
	uint32_t *more;

	if (id < g->from)
		return;
	if (g->n == g->room) {
		size_t room = g->room == 0 ? 256 : 2 * g->room;

		if ((more = reallocarray(g->id, room, sizeof(*more))) == NULL) {
			g->lost = true;
			return;
		}
		g->id = more;
		g->room = room;
	}
	g->id[g->n++] = id;
}

static bool
gather_key(void *with, struct octets key, struct octets value)
{
	struct gathered *g = with;
	char tenant[TEXT_LABEL_MAX];
	uint32_t id;

	(void)value;
	if (!spool_read_key(key, 0, tenant, &id) || strcmp(tenant, g->tenant) != 0)
		return false;
	gather(g, id);
	return !g->lost;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool
visit_one(struct spool *s, const char *tenant, uint32_t id, bool over, spool_visit *visit,
    void *with, bool *go_on, struct fault *f)
{
	struct job j = { 0 };
	struct fault why;

	if (!spool_get(s, tenant, id, &j, &why)) {
		*f = why;
		return why.code == FAULT_NOTFOUND; /* removed in the batch */
	}
	if (job_is_over(&j) == over)
		*go_on = visit(with, &j);
	job_free(&j);
	return true;
}

bool
spool_each(struct spool *s, const char *tenant, bool over, uint32_t from, spool_visit *visit,
    void *with, struct fault *f)
{
	struct gathered g = { .tenant = tenant, .from = from };
	struct spool_key room;
	bool ok = store_scan(s->store, over ? SPOOL_OVER : SPOOL_LIVE,
	    spool_key_job(tenant, from, -1, &room), SIZE_MAX, gather_key, &g, f);
	bool go_on = true;

	for (size_t i = 0; i < s->touched_n; i++)
		if (strcmp(s->touched[i].tenant, tenant) == 0)
			gather(&g, s->touched[i].id);
	if (ok && g.lost)
		ok = fault_set(f, FAULT_INTERNAL, "spool: out of memory");
	if (g.n > 0)
		qsort(g.id, g.n, sizeof(*g.id), by_number);
	for (size_t i = 0; ok && go_on && i < g.n; i++)
		if (i == 0 || g.id[i] != g.id[i - 1])
			ok = visit_one(s, tenant, g.id[i], over, visit, with, &go_on, f);
	free(g.id);
	return ok;
}

/* --- what runs out ------------------------------------------------------------------------------
 */

struct due {
	struct bytes keys; /* counted */
	size_t n, most;
	int64_t until_s;
};

static bool
gather_due(void *with, struct octets key, struct octets value)
{
	struct due *d = with;
	struct reader r = reader_of(key);

	(void)value;
	if (d->n == d->most || (int64_t)reader_u64(&r) > d->until_s)
		return false;
	bytes_put_counted(&d->keys, key);
	d->n++;
	return true;
}

/* One whose time is over ends; one that has been over for long goes. */
static bool
expire_one(struct spool *s, struct octets key, bool over, int64_t now_s, struct fault *f)
{
	struct job j = { 0 };
	char tenant[TEXT_LABEL_MAX];
	uint32_t id;
	bool ok = true;

	if (!spool_read_key(key, 8, tenant, &id))
		return true;
	if (!spool_get(s, tenant, id, &j, f))
		return f->code == FAULT_NOTFOUND;
	if (over) {
		ok = spool_remove(s, &j, f);
	} else if (job_may_become(&j, JOB_CANCELED)) {
		j.state = JOB_CANCELED;
		j.reasons = JOB_CANCELED_AFTER;
		j.completed_s = j.changed_s = now_s;
		ok = spool_put(s, &j, true, f);
	}
	job_free(&j);
	return ok;
}

static bool
expire_table(struct spool *s, bool over, int64_t until_s, int64_t now_s, size_t n, bool *again,
    struct fault *f)
{
	struct due d = { .most = n, .until_s = until_s };
	struct reader r;
	bool ok = store_scan(s->store, over ? SPOOL_DONE : SPOOL_DUE, octets_of(NULL, 0), SIZE_MAX,
	    gather_due, &d, f);

	r = reader_of(octets_bytes(&d.keys));
	for (size_t i = 0; ok && i < d.n; i++)
		ok = expire_one(s, reader_counted(&r), over, now_s, f);
	*again |= d.n == n;
	bytes_free(&d.keys);
	return ok;
}

bool
spool_expire(
    struct spool *s, int64_t now_s, int64_t retain_s, size_t n, bool *again, struct fault *f)
{
	*again = false;
	return expire_table(s, false, now_s, now_s, n, again, f) &&
	       expire_table(s, true, now_s - retain_s, now_s, n, again, f);
}

/* --- usage --------------------------------------------------------------------------------------
 */

void
spool_put_usage(struct spool *s, const struct job *j, struct octets row)
{
	struct bytes key = { 0 };

	bytes_put(&key, j->tenant, strlen(j->tenant) + 1); /* who names jobs names its own alone */
	bytes_put(&key, j->uuid, sizeof(j->uuid));
	bytes_put_u64(&key, j->epoch);
	batch_put(s->batch, SPOOL_USAGE, octets_bytes(&key), row);
	s->lost |= key.bad;
	bytes_free(&key);
	s->dirty = true;
}

bool
spool_each_usage(struct spool *s, size_t n,
    bool (*visit)(void *with, struct octets key, struct octets row), void *with, struct fault *f)
{
	return store_scan(s->store, SPOOL_USAGE, octets_of(NULL, 0), n, visit, with, f);
}

void
spool_take_usage(struct spool *s, struct octets key)
{
	batch_remove(s->batch, SPOOL_USAGE, key);
	s->dirty = true;
}
