/*
 * relay/job.h - one print job: what is on record of it, and what may become of it.
 *
 * No name of a person or a document is here in clear: what people called the job is sealed under
 * the document's own key (names), the owner is a SPIFFE id. States are those of RFC 8011 section
 * 5.3.7.1; reasons stand in one bit set with the keywords of relay/job_words.c.
 */
#ifndef QUATRAIN_RELAY_JOB_H
#define QUATRAIN_RELAY_JOB_H

#include "base/bytes.h"
#include "base/text.h"
#include "relay/document.h"
#include "relay/envelope.h"

#define JOB_OWNER_MAX    256 /* spiffe://... */
#define JOB_TEMPLATE_MAX 8192
#define JOB_NAMES_MAX    1024 /* sealed */
#define JOB_VERIFIER     48
#define JOB_SAYS_MAX     200 /* UTF-8 */

enum job_state {
	JOB_PENDING = 3,
	JOB_HELD = 4,
	JOB_PROCESSING = 5,
	JOB_STOPPED = 6,
	JOB_CANCELED = 7,
	JOB_ABORTED = 8,
	JOB_COMPLETED = 9,
};

enum job_reason {
	JOB_INCOMING = 1 << 0,         /* job-incoming */
	JOB_HELD_FOR_RELEASE = 1 << 1, /* job-held-for-release */
	JOB_FETCHABLE = 1 << 2,        /* job-fetchable */
	JOB_PRINTING = 1 << 3,         /* job-printing */
	JOB_CANCELED_BY_USER = 1 << 4, /* job-canceled-by-user */
	JOB_CANCELED_BY_OPERATOR = 1 << 5,
	JOB_CANCELED_AFTER = 1 << 6,     /* job-canceled-after-timeout: expired */
	JOB_ABORTED_BY_SYSTEM = 1 << 7,  /* aborted-by-system */
	JOB_DONE = 1 << 8,               /* job-completed-successfully */
	JOB_WITH_ERRORS = 1 << 9,        /* job-completed-with-errors */
	JOB_LOCKED = 1 << 10,            /* account-authorization-failed: five wrong PINs */
	JOB_INTERRUPTED = 1 << 11,       /* job-interrupted: begun by a connector that was lost */
	JOB_NO_PERMIT = 1 << 12,         /* account-... : policies say no */
	JOB_DATA_INSUFFICIENT = 1 << 13, /* job-data-insufficient: a document is still to come */
};

/* Who encrypted it: visible to policies as resource.encrypted_by. */
enum job_grade {
	JOB_GRADE_RELAY = 1, /* a plain IPP client: the relay, on the first octet in */
	JOB_GRADE_AGENT,     /* before it left the PC */
};

/* How it may be released (PWG 5100.11 job-release-action). */
enum job_release {
	JOB_RELEASE_NONE = 1, /* printed at once: it was sent to a printer's own queue */
	JOB_RELEASE_OWNER,    /* owner-authorized: by its owner's certificate, or badge */
	JOB_RELEASE_PASSWORD, /* job-password: by its PIN */
};

struct job {
	/* fixed when it is made */
	uint32_t id; /* job-id, of its tenant; from 1 */
	uint8_t uuid[DOCUMENT_UUID];
	char tenant[TEXT_LABEL_MAX];
	char owner[JOB_OWNER_MAX];
	char printer[TEXT_LABEL_MAX]; /* whose queue it was sent to; empty: the pull queue */
	enum job_grade grade;
	enum job_release release;
	int64_t created_s, expires_s; /* job-cancel-after */
	int32_t copies;
	char format[80];       /* document-format of the plain document */
	char compression[16];  /* of the plain document as its sender compressed it: gzip, deflate;
				  empty: none. Never undone on the way */
	struct bytes template; /* the job-template attributes as policies left them, as of an IPP
				  job group without its tag; at most JOB_TEMPLATE_MAX */
	struct bytes names;    /* job-name, document-name, the user's: sealed (relay/job_names.h) */
	uint8_t verifier[JOB_VERIFIER]; /* of its PIN (relay/verifier.h); zeros: none */
	/* its document */
	uint64_t octets;       /* plain; what is stored follows (relay/document.h) */
	bool in_file;          /* in a file of its own; else in the index */
	struct bytes envelope; /* to the tenant's release key (relay/envelope.h) */
	/* what changes */
	enum job_state state;
	uint32_t reasons; /* enum job_reason */
	uint8_t attempts; /* wrong PINs; JOB_ATTEMPTS_MAX locks it */
	int64_t changed_s, processing_s, completed_s;
	char device[TEXT_LABEL_MAX];   /* the printer that it was released to; empty: none yet */
	char connector[JOB_OWNER_MAX]; /* who fetched it: the lease's holder */
	uint64_t epoch;                /* of the lease: goes up with each fetch */
	int64_t lease_s;               /* and ends then */
	struct bytes rewrapped;        /* the envelope to connector */
	uint32_t impressions, sheets;  /* completed, as the device says */
	char decision[33];             /* the id of what policies decided last */
	char says[JOB_SAYS_MAX];       /* why it was not printed, in the words of who would not;
					  empty: nobody said */
};
#define JOB_ATTEMPTS_MAX 5

void job_free(struct job *j); /* what it holds; ready for use again */
/* As a row of the spool: edition first. Fault of job_read(): FAULT_INTERNAL no job. */
void job_write(const struct job *j, struct bytes *ret);
bool job_read(struct octets row, struct job *ret, struct fault *f) CHECKED;

/* May it go from its state to that one? (the table of states; nothing leaves canceled, aborted,
 * completed) */
bool job_may_become(const struct job *j, enum job_state to);
bool job_is_over(const struct job *j);
/* The keyword of one reason's bit; NULL: none. */
const char *job_reason_word(enum job_reason r);
/* What of it people are told (job-state-message). */
const char *job_state_message(const struct job *j);

#endif
