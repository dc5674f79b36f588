/*
 * relay/spool_under.h - what the files of spool* share: tables, keys, and what a commit has yet to
 * do.
 */
#ifndef QUATRAIN_RELAY_SPOOL_UNDER_H
#define QUATRAIN_RELAY_SPOOL_UNDER_H

#include "base/secret.h"
#include "base/store.h"
#include "relay/spool.h"

#define SPOOL_PATH_MAX 4096
#define SPOOL_BUCKETS  1024

enum spool_table {
	SPOOL_NEXT,  /* tenant -> the id of its next job, u32 */
	SPOOL_JOB,   /* tenant, 0, id u32 -> the job (job_write()) */
	SPOOL_LIVE,  /* the same key -> nothing: it is not over */
	SPOOL_OVER,  /* the same key -> nothing */
	SPOOL_UUID,  /* tenant, 0, uuid -> id u32 */
	SPOOL_DOC,   /* uuid, number u32 -> a small document, sealed */
	SPOOL_DUE,   /* expires u64, tenant, 0, id u32 -> nothing: of those that are not over */
	SPOOL_DONE,  /* completed u64, tenant, 0, id u32 -> nothing: of those that are */
	SPOOL_USAGE, /* tenant, 0, uuid, epoch u64 -> a row of usage */
};

/* How much of a tenant's, or of an owner's, is not over. */
struct spool_count {
	struct spool_count *next;
	uint32_t jobs;
	uint64_t octets;
	char tenant[TEXT_LABEL_MAX];
	char owner[JOB_OWNER_MAX]; /* empty: of the whole tenant */
};

/* A job that the batch has, and the store has otherwise or not at all. */
struct spool_touched {
	char tenant[TEXT_LABEL_MAX];
	uint32_t id;
};

struct spool {
	char dir[SPOOL_PATH_MAX];
	int documents; /* the folder, open */
	struct spool_limits limits;
	struct store *store;
	struct batch *batch;
	bool dirty, lost; /* lost: memory, so the batch is not to be applied */
	size_t touched_n, touched_room;
	struct spool_touched *touched;
	struct bytes added;    /* names of files that the batch has rows of: gone if it fails */
	struct bytes unlink;   /* names of files, each with its NUL, for after the commit */
	uint64_t jobs, octets; /* not over; stored */
	uint8_t seed[SECRET_SEED_OCTETS];
	spool_seen *seen; /* NULL: nobody watches */
	void *seen_with;
	struct spool_count *count[SPOOL_BUCKETS];
};

struct spool_key {
	uint8_t at[8 + TEXT_LABEL_MAX + 1 + DOCUMENT_UUID];
	size_t n;
};

/* tenant, 0, id; with time_s in front where it is not negative. */
struct octets spool_key_job(
    const char *tenant, uint32_t id, int64_t time_s, struct spool_key *room);
struct octets spool_key_uuid(const char *tenant, const uint8_t *uuid, struct spool_key *room);
struct octets spool_key_document(
    const char *tenant, const uint8_t *uuid, uint32_t number, struct spool_key *room);
/* The tenant and id of a job's key, skip octets into it. */
bool spool_read_key(
    struct octets key, size_t skip, char tenant[static TEXT_LABEL_MAX], uint32_t *ret_id);

/* "<16 octets of SHA-256(uuid, tenant), in hex>-<number>" */
#define SPOOL_NAME_MAX (2 * DOCUMENT_UUID + 12)
void spool_file_name(
    const char *tenant, const uint8_t *uuid, uint32_t number, char to[static SPOOL_NAME_MAX]);

/* A job, counted: sign 1 or -1. */
void spool_count_job(struct spool *s, const struct job *j, int sign);
/* Put nothing under key, or take it away. */
void spool_mark(struct spool *s, enum spool_table t, struct octets key, bool there);
/* j's file is removed after the commit. */
void spool_unlink_later(struct spool *s, const struct job *j);
void spool_touch(struct spool *s, const struct job *j);

/* spool_document.c: d's octets are durable, or in the batch; into j how many. d is freed. */
bool spool_document_finish(
    struct spool *s, struct job *j, struct spool_document *d, struct fault *f) CHECKED;

#endif
