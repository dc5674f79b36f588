/* relay/spool_document.c - see spool.h. Documents on their way in, and out. */
#include "relay/spool_under.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EARLY_OCTETS (8u << 20) /* so much at once goes to the disk before anybody waits for it */

struct spool_document {
	struct spool *spool;
	struct document_of of;
	struct bytes small; /* until it is too large for the index */
	int fd;             /* -1: it is small */
	uint64_t n, early;  /* octets in all; of these already on their way to the disk */
	char name[SPOOL_NAME_MAX];
};

bool
spool_document_new(
    struct spool *s, const struct document_of *of, struct spool_document **ret, struct fault *f)
{
	struct spool_document *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return fault_set(f, FAULT_INTERNAL, "spool: out of memory");
	d->spool = s;
	d->of = *of;
	d->fd = -1;
	spool_file_name(of->tenant, of->job, of->number, d->name);
	*ret = d;
	return true;
}

/* A full disk is a limit, and not our fault. */
static bool
disk_fault(const char *what, struct fault *f)
{
	bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

	return fault_errno(f, full ? FAULT_LIMIT : FAULT_INTERNAL, "spool: %s", what);
}

static bool
write_all(struct spool_document *d, struct octets o, struct fault *f)
{
	while (o.n > 0) {
		ssize_t n = write(d->fd, o.at, o.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return disk_fault("a document cannot be written", f);
		o = octets_of(o.at + n, o.n - (size_t)n);
	}
	return true;
}

/* Begun while more comes: so the sync at the end has little left to wait for. */
static void
write_early(struct spool_document *d)
{
	if (d->n - d->early < EARLY_OCTETS)
		return;
	(void)sync_file_range(
	    d->fd, (off64_t)d->early, (off64_t)(d->n - d->early), SYNC_FILE_RANGE_WRITE);
	d->early = d->n;
}

static bool
become_file(struct spool_document *d, struct fault *f)
{
	bool ok;

	d->fd = openat(d->spool->documents, d->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (d->fd < 0)
		return disk_fault("a document's file cannot be made", f);
	ok = write_all(d, octets_bytes(&d->small), f);
	bytes_free(&d->small);
	return ok;
}

bool
spool_document_put(struct spool_document *d, struct octets sealed, struct fault *f)
{
	uint64_t most = document_sealed_octets(d->spool->limits.job_octets);

	if (sealed.n > most || d->n > most - sealed.n)
		return fault_set(f, FAULT_LIMIT, "spool: a document is over %llu octets",
		    (unsigned long long)d->spool->limits.job_octets);
	d->n += sealed.n;
	if (d->fd < 0 && d->n <= SPOOL_SMALL) {
		bytes_put_octets(&d->small, sealed);
		return bytes_ok(&d->small, f);
	}
	if ((d->fd < 0 && !become_file(d, f)) || !write_all(d, sealed, f))
		return false;
	write_early(d);
	return true;
}

static void
free_document(struct spool_document *d)
{
	if (d->fd >= 0)
		(void)close(d->fd);
	bytes_free(&d->small);
	free(d);
}

void
spool_document_drop(struct spool_document *d)
{
	if (d == NULL)
		return;
	if (d->fd >= 0)
		(void)unlinkat(d->spool->documents, d->name, 0);
	free_document(d);
}

/* The file's octets and its name, before any row says that it is there. */
static bool
sync_file(struct spool_document *d, struct fault *f)
{
	if (fdatasync(d->fd) != 0 || fsync(d->spool->documents) != 0)
		return disk_fault("a document cannot be made durable", f);
	return true;
}

bool
spool_document_finish(struct spool *s, struct job *j, struct spool_document *d, struct fault *f)
{
	struct spool_key room;
	uint64_t plain;
	bool ok =
	    memcmp(d->of.job, j->uuid, DOCUMENT_UUID) == 0 && strcmp(d->of.tenant, j->tenant) == 0;

	if (!ok)
		fault_set(f, FAULT_INTERNAL, "spool: it is another job's document");
	else if (!(ok = document_plain_octets(d->n, &plain)))
		fault_set(f, FAULT_BADREQ, "spool: no sealed document has that length");
	ok = ok && spool_has_room(s, j->tenant, j->owner, plain, f) &&
	     (d->fd < 0 || sync_file(d, f));
	if (!ok) {
		spool_document_drop(d);
		return false;
	}
	j->octets = plain;
	j->in_file = d->fd >= 0;
	/* Of one in a file the row says how long it is. */
	if (j->in_file) {
		struct bytes length = { 0 };

		bytes_put_u64(&length, d->n);
		batch_put(s->batch, SPOOL_DOC,
		    spool_key_document(j->tenant, j->uuid, d->of.number, &room),
		    octets_bytes(&length));
		bytes_put(&s->added, d->name, strlen(d->name) + 1);
		s->lost |= length.bad || s->added.bad;
		bytes_free(&length);
	} else {
		batch_put(s->batch, SPOOL_DOC,
		    spool_key_document(j->tenant, j->uuid, d->of.number, &room),
		    octets_bytes(&d->small));
	}
	free_document(d);
	return true;
}

/* --- out ----------------------------------------------------------------------------------------
 */

static bool
read_file(struct spool *s, const char *name, uint64_t offset, size_t n, struct bytes *ret,
    struct fault *f)
{
	int fd = openat(s->documents, name, O_RDONLY | O_CLOEXEC);
	uint8_t *to;
	ssize_t got = -1;

	if (fd < 0)
		return fault_errno(f, FAULT_INTERNAL, "spool: a document's file is gone");
	if ((to = bytes_extend(ret, n)) != NULL)
		got = pread(fd, to, n, (off_t)offset);
	(void)close(fd);
	if (to == NULL)
		return fault_set(f, FAULT_INTERNAL, "spool: out of memory");
	ret->n -= n - (got < 0 ? 0 : (size_t)got);
	return got == (ssize_t)n ||
	       fault_set(f, FAULT_INTERNAL, "spool: a document's file is shorter than it was");
}

bool
spool_read(struct spool *s, const struct job *j, uint32_t number, uint64_t offset, size_t n,
    struct bytes *ret, struct fault *f)
{
	uint64_t all = document_sealed_octets(j->octets);
	struct spool_key room;
	struct bytes value = { 0 };
	char name[SPOOL_NAME_MAX];
	bool ok;

	if (!batch_get(s->batch, SPOOL_DOC, spool_key_document(j->tenant, j->uuid, number, &room),
		&value, f))
		return false;
	if (offset > all)
		offset = all;
	if (n > all - offset)
		n = (size_t)(all - offset);
	if (j->in_file) {
		spool_file_name(j->tenant, j->uuid, number, name);
		ok = n == 0 || read_file(s, name, offset, n, ret, f);
	} else {
		ok = value.n == all ||
		     fault_set(f, FAULT_INTERNAL, "spool: a document is not as long as it was");
		if (ok)
			bytes_put(ret, value.at + offset, n);
		ok = ok && bytes_ok(ret, f);
	}
	bytes_free(&value);
	return ok;
}
