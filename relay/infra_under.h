/*
 * relay/infra_under.h - what the sources of infra share.
 */
#ifndef QUATRAIN_RELAY_INFRA_UNDER_H
#define QUATRAIN_RELAY_INFRA_UNDER_H

#include "ca/printer.h"
#include "relay/infra.h"
#include "relay/ipp_write.h"

/* Status codes (RFC 8011 appendix B, RFC 3995 section 9, PWG 5100.18 section 9). */
enum infra_status {
	INFRA_OK = 0x0000,
	INFRA_OK_IGNORED = 0x0003,         /* ignored-subscriptions */
	INFRA_OK_EVENTS_COMPLETE = 0x0007, /* there will be no more of these */
	INFRA_BAD_REQUEST = 0x0400,
	INFRA_NOT_AUTHORIZED = 0x0403,
	INFRA_NOT_POSSIBLE = 0x0404,
	INFRA_NOT_FOUND = 0x0406,
	INFRA_TOO_LARGE = 0x0408,
	INFRA_ATTRIBUTES = 0x040b,
	INFRA_CHARSET = 0x040d,
	INFRA_IGNORED_ALL = 0x0414, /* ignored-all-subscriptions */
	INFRA_TOO_MANY = 0x0415,    /* too-many-subscriptions */
	INFRA_NOT_FETCHABLE = 0x0420,
	INFRA_INTERNAL = 0x0500,
	INFRA_NO_OPERATION = 0x0501,
	INFRA_VERSION = 0x0503,
	INFRA_TEMPORARY = 0x0505,
	INFRA_BUSY = 0x0507,
};

enum infra_needs {
	NEEDS_DEVICE = 1 << 0, /* output-device-uuid that it speaks for */
	NEEDS_JOB = 1 << 1,    /* and a job of that device */
	NEEDS_LEASE = 1 << 2,  /* and its newest lease, by quatrain-lease-epoch */
};

struct infra_operation {
	uint16_t code;
	unsigned needs;
	/* Answer c, or let it wait. */
	void (*run)(struct infra_call *c);
};

/* One request, in its exchange's state. */
struct infra_call {
	struct infra *infra;
	struct exchange *x;
	struct identity who;
	char owner[JOB_OWNER_MAX]; /* who, as jobs name it */
	struct bytes came;         /* the message */
	struct ipp_measure m;
	struct ipp_head head;
	const struct infra_operation *operation;
	char device[TEXT_LABEL_MAX]; /* the printer that is meant; empty: none was named */
	struct job job;
	bool takeover;
	bool asks, failed, has_committed;      /* of Fetch-Job: the signer; the commit */
	struct bytes later;                    /* what is told after the commit */
	uint64_t at;                           /* of a document: how much has left */
	int64_t until_s;                       /* it waits for events until then; 0: it does not */
	void (*durable)(struct infra_call *c); /* it waits for the commit, and then */
	bool listed;
	struct infra_call *next; /* in infra->calls */
};

/* infra.c */
struct octets infra_message(const struct infra_call *c);
bool infra_find(const struct infra_call *c, const char *name, struct ipp_value *ret);
/* A number among the operation attributes, or where they have none among the job's. */
bool infra_number(const struct infra_call *c, const char *name, int32_t *ret);
void infra_list(struct infra_call *c); /* it waits */
void infra_unlist(struct infra_call *c);
void infra_poke(struct infra *n);                           /* polls are looked at */
const struct infra_operation *infra_operation_at(size_t i); /* NULL beyond the last */
/* Answer with the answer of durable, after the commit. */
void infra_when_durable(struct infra_call *c, void (*durable)(struct infra_call *c));
/* An identity's id, as jobs have their connector. */
void infra_owner(const struct infra *n, const struct identity *who, char to[static JOB_OWNER_MAX]);

/* infra_reply.c */
void infra_reply_begin(struct infra_call *c, enum infra_status status, const char *why);
void infra_reply_done(struct infra_call *c);
void infra_reply_ok(struct infra_call *c);
/* All of an answer that has no more than its status; the words are told and logged. */
void infra_refuse(struct infra_call *c, enum infra_status status, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void infra_reply_fault(struct infra_call *c, const struct fault *f);
/* An attribute of the device: output-device-uuid or another name of the same syntax. */
void infra_put_device(struct infra_call *c, const char *name, const char *device);
/* job-id, job-uuid, job-state, job-state-reasons and whose it is to print. */
void infra_put_job(struct infra_call *c, const struct job *j);

/* infra_lease.c: who may fetch, and who still holds */
/* May it be fetched now; and is that a takeover? */
bool lease_is_fetchable(
    const struct infra *n, const struct job *j, int64_t now_s, bool *ret_takeover);
/* Is owner the one who holds it? */
bool lease_is_of(const struct job *j, const char *owner);
/* j is owner's from now on. Faults: those of spool_put(). */
bool lease_take(struct infra *n, struct job *j, const char *owner, const struct identity *who,
    struct fault *f) CHECKED;
/* It was heard of: j's lease begins again; into the batch only where half of it is over. */
bool lease_renew(
    struct infra *n, struct job *j, const struct identity *who, struct fault *f) CHECKED;
/* The holder gave it up, or was lost: into the batch, and told. */
bool lease_end(struct infra *n, struct job *j, struct fault *f) CHECKED;
/* The job is over as its holder says: usage, and its document goes. */
bool lease_finish(
    struct infra *n, struct job *j, enum job_state to, uint32_t reasons, struct fault *f) CHECKED;
bool lease_start(struct infra *n, struct fault *f) CHECKED;
void lease_tick(struct infra *n);

/* infra_device.c */
bool devices_new(struct infra_devices **ret, struct fault *f) CHECKED;
void devices_free(struct infra_devices *d); /* NULL is allowed */

/* the operations */
void infra_get_jobs(struct infra_call *c);
void infra_fetch_job(struct infra_call *c);
void infra_acknowledge(struct infra_call *c);
void infra_fetch_document(struct infra_call *c);
void infra_update_job(struct infra_call *c);
void infra_update_document(struct infra_call *c);
void infra_update_active(struct infra_call *c);
void infra_subscribe(struct infra_call *c);
void infra_renew(struct infra_call *c);
void infra_cancel(struct infra_call *c);
void infra_notifications(struct infra_call *c);
/* Has a poll anything to say, or waited long enough? Then it is answered. */
void infra_look(struct infra_call *c, int64_t now_s);
void infra_update_device(struct infra_call *c);
void infra_deregister(struct infra_call *c);
void infra_identified(struct infra_call *c);
void infra_attributes(struct infra_call *c);

#endif
