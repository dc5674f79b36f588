/*
 * relay/spool.h - the jobs of a relay (or of a connector, or an agent): an LMDB index and files of
 * ciphertext.
 *
 * One process has it open for writing. Rows: each tenant's jobs, its counters, leases, usage that
 * was not told yet. A small document (SPOOL_SMALL sealed octets) lies in the index itself, so that
 * many small jobs share one sync; a larger one in a file <dir>/documents/<uuid>-<number>, synced
 * before its row is. What spool_commit() returned for is durable; a kill at any moment loses
 * nothing of it, and files without a row are removed by the next spool_open().
 *
 * Deleting a document removes its envelope from the row in the same commit, then its file: without
 * the envelope the octets on the disk are noise (the key is shredded, not the file).
 *
 * Quotas count what is not over: jobs and octets of a tenant, and of an owner in it.
 */
#ifndef QUATRAIN_RELAY_SPOOL_H
#define QUATRAIN_RELAY_SPOOL_H

#include "relay/job.h"

#define SPOOL_SMALL 32768

struct spool;

struct spool_limits {
	uint64_t job_octets;                  /* of one document */
	uint64_t tenant_octets, owner_octets; /* held; plain octets */
	uint32_t tenant_jobs, owner_jobs;
};

/* dir is made where it is missing (0700). Faults: those of store_open(). */
bool spool_open(const char *dir, const struct spool_limits *limits, struct spool **ret,
    struct fault *f) CHECKED;
void spool_close(struct spool *s); /* NULL is allowed */

/* Room for one more job of that owner with at least octets? Fault: FAULT_LIMIT which quota. */
bool spool_has_room(struct spool *s, const char *tenant, const char *owner, uint64_t octets,
    struct fault *f) CHECKED;

/* A document on its way in: sealed octets, appended in order. */
struct spool_document;
bool spool_document_new(struct spool *s, const struct document_of *of, struct spool_document **ret,
    struct fault *f) CHECKED;
/* Faults: FAULT_LIMIT larger than a quota or the disk allows, FAULT_INTERNAL. */
bool spool_document_put(struct spool_document *d, struct octets sealed, struct fault *f) CHECKED;
void spool_document_drop(struct spool_document *d); /* it never was; NULL is allowed */

/* Give j its id (job-id) and put it into the batch; d (NULL: no document yet) is taken whatever
 * happens and its file is synced. Faults: FAULT_LIMIT a quota, FAULT_CONFLICT the tenant has a job
 * of that uuid, FAULT_INTERNAL. */
bool spool_add(struct spool *s, struct job *j, struct spool_document *d, struct fault *f) CHECKED;
/* The document of a job that was added without (Create-Job, Send-Document). */
bool spool_attach(
    struct spool *s, struct job *j, struct spool_document *d, struct fault *f) CHECKED;
/* Put j as it is now; what stands there must be older. drop: its document and envelopes go with
 * this commit. */
bool spool_put(struct spool *s, const struct job *j, bool drop, struct fault *f) CHECKED;
/* Remove the row of a job that has been over for long. */
bool spool_remove(struct spool *s, const struct job *j, struct fault *f) CHECKED;
/* Everything since the last one, durable on return. Faults: those of batch_apply(); nothing of the
 * batch was then done. */
bool spool_commit(struct spool *s, struct fault *f) CHECKED;
bool spool_is_dirty(const struct spool *s);

/* Call seen with each job that the batch gets, as it was (NULL: it is new) and as it will be; both
 * are lent. Only the commit makes it so. */
typedef void spool_seen(void *with, const struct job *before, const struct job *after);
void spool_watch(struct spool *s, spool_seen *seen, void *with);

/* Reads; they see the batch. *ret to job_free(). Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool spool_get(
    struct spool *s, const char *tenant, uint32_t id, struct job *ret, struct fault *f) CHECKED;
bool spool_find(struct spool *s, const char *tenant, const uint8_t uuid[static DOCUMENT_UUID],
    struct job *ret, struct fault *f) CHECKED;
/* Visit a tenant's jobs from that id on, in the order of ids, until visit returns false. over:
 * those that are over, or those that are not. */
typedef bool spool_visit(void *with, const struct job *j);
bool spool_each(struct spool *s, const char *tenant, bool over, uint32_t from, spool_visit *visit,
    void *with, struct fault *f) CHECKED;

/* Read sealed octets of document number from offset on, at most n, appended. At its end nothing is.
 * Faults: FAULT_NOTFOUND no such document, FAULT_INTERNAL. */
bool spool_read(struct spool *s, const struct job *j, uint32_t number, uint64_t offset, size_t n,
    struct bytes *ret, struct fault *f) CHECKED;

/* What has run out at now_s: jobs whose time is over are canceled, those over for retain_s removed.
 * At most n of them; how many more there may be is *again. Fault: FAULT_INTERNAL. */
bool spool_expire(struct spool *s, int64_t now_s, int64_t retain_s, size_t n, bool *again,
    struct fault *f) CHECKED;

/* Usage that somebody else has yet to be told of: one row a job and lease epoch (relay/usage.h),
 * put in the commit in which the job became what it tells of, taken when it is durable elsewhere.
 */
void spool_put_usage(struct spool *s, const struct job *j, struct octets row);
bool spool_each_usage(struct spool *s, size_t n,
    bool (*visit)(void *with, struct octets key, struct octets row), void *with,
    struct fault *f) CHECKED;
void spool_take_usage(struct spool *s, struct octets key);

/* Numbers for gauges: jobs that are not over, octets stored. */
void spool_counts(const struct spool *s, uint64_t *jobs, uint64_t *octets);

#endif
