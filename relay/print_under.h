/*
 * relay/print_under.h - what the sources of print share: a call, and how it is answered.
 */
#ifndef QUATRAIN_RELAY_PRINT_UNDER_H
#define QUATRAIN_RELAY_PRINT_UNDER_H

#include "relay/capability.h"
#include "relay/ipp_write.h"
#include "relay/job_view.h"
#include "relay/print.h"
#include "relay/print_names.h"
#include "relay/template.h"

#define CALL_BASE_MAX      320 /* "ipps://host:port" */
#define CALL_IDS_MAX       256
#define CALL_FORMAT_SEALED "application/vnd.quatrain.sealed"

enum operation_code {
	OP_PRINT_JOB = 0x02,
	OP_VALIDATE_JOB = 0x04,
	OP_CREATE_JOB = 0x05,
	OP_SEND_DOCUMENT = 0x06,
	OP_CANCEL_JOB = 0x08,
	OP_GET_JOB_ATTRIBUTES = 0x09,
	OP_GET_JOBS = 0x0a,
	OP_GET_PRINTER_ATTRIBUTES = 0x0b,
	OP_CANCEL_MY_JOBS = 0x39,
	OP_CLOSE_JOB = 0x3b,
	OP_IDENTIFY_PRINTER = 0x3c,
};

/* Status codes (RFC 8011 appendix B). */
enum print_status {
	PRINT_OK = 0x0000,
	PRINT_OK_SUBSTITUTED = 0x0001,
	PRINT_BAD_REQUEST = 0x0400,
	PRINT_FORBIDDEN = 0x0401,
	PRINT_NOT_AUTHORIZED = 0x0403,
	PRINT_NOT_POSSIBLE = 0x0404,
	PRINT_NOT_FOUND = 0x0406,
	PRINT_TOO_LARGE = 0x0408,
	PRINT_FORMAT = 0x040a,
	PRINT_ATTRIBUTES = 0x040b,
	PRINT_CHARSET = 0x040d,
	PRINT_COMPRESSION = 0x040f,
	PRINT_LIMIT_REACHED = 0x041a, /* client-error-account-limit-reached (PWG 5100.16) */
	PRINT_INTERNAL = 0x0500,
	PRINT_NO_OPERATION = 0x0501,
	PRINT_UNAVAILABLE = 0x0502,
	PRINT_VERSION = 0x0503,
	PRINT_TEMPORARY = 0x0505,
	PRINT_BUSY = 0x0507,
	PRINT_CANCELED = 0x0508,
	PRINT_ONE_DOCUMENT = 0x0509,
};

enum call_step {
	CALL_HEAD, /* the message is coming */
	CALL_REST, /* it is there; nothing may follow it */
	CALL_ASKS, /* the document waits for somebody's answer */
	CALL_BODY, /* the document is coming */
	CALL_DONE,
};

struct operation {
	enum operation_code code;
	bool document; /* what follows the message */
	bool job;      /* its target; else a printer */
	/* Answer, wait, or (document) lead to CALL_ASKS or CALL_BODY. */
	void (*run)(struct call *c);
};

/* One request, in its exchange's state. */
struct call {
	struct print *print;
	struct exchange *x;
	struct identity who;
	char owner[JOB_OWNER_MAX];
	char queue[TEXT_LABEL_MAX]; /* the printer's; empty: the pull queue, or a job's address */
	uint32_t path_job;          /* of /ipp/job/ID; 0: none */
	enum call_step step;
	bool last;            /* all of the body came */
	struct bytes came;    /* the message, and what came with it */
	struct ipp_measure m; /* where it ends */
	struct ipp_head head;
	const struct operation *operation;
	char base[CALL_BASE_MAX]; /* how the client says where we are */
	uint32_t job_id;          /* of the target; 0: it named none */
	struct job job;
	/* of a document */
	bool sealed; /* by the client */
	struct content_key key;
	struct document_writer *writer;
	struct spool_document *document;
	bool more;       /* last-document is false */
	uint64_t octets; /* so far, as they come */
	struct bytes out;
	struct bytes unsupported; /* attributes that are answered with PRINT_OK_SUBSTITUTED */
	/* of a PIN */
	struct secret pin; /* as the client sent it, until it is keyed */
	struct pin_work *work;
	void (*next)(struct call *c); /* what comes when the job has its verifier */
	/* lists of struct print */
	struct call *next_sending, *next_waiting;
	void (*durable)(struct call *c); /* what answers it after the commit */
};

/* The queue or the job that a path names; false: neither. */
bool call_path(struct octets path, char queue[static TEXT_LABEL_MAX], uint32_t *job);
struct octets call_message(const struct call *c);
/* An operation attribute; false: it has none. */
bool call_find(const struct call *c, const char *name, struct ipp_value *ret);
/* Its text; empty: none. */
struct octets call_text(const struct call *c, const char *name);

/* Append the numbers of job-ids, u32 each; nothing where it is not there. False: c is answered. */
bool call_ids(struct call *c, struct bytes *ret);

/* print_reply.c: answers */
void reply_begin(struct call *c, enum print_status status, const char *why);
void reply_done(struct call *c);
/* All of an answer that has no more than its status; why is said and logged. */
void reply_refuse(struct call *c, enum print_status status, const char *fmt, ...) PRINTF_LIKE(3, 4);
void print_reply_fault(struct call *c, const struct fault *f);
void reply_ok(struct call *c);
/* The job that a submission made or met, its first attributes. */
void reply_job(struct call *c);
/* The same after the next commit of the spool. */
void reply_when_durable(struct call *c, void (*durable)(struct call *c));
/* One more job, in a group of its own: of its attributes those that requested-attributes names or,
 * where it is not there, those of otherwise (to a NULL). */
void reply_put_job(struct call *c, const struct job *j, const char *const *otherwise);

/* print_head.c: the message */
void head_take(struct exchange *x, struct octets piece, bool last);
/* The job that the message names, if it is the caller's; otherwise c is answered: false. */
bool head_job(struct call *c);

/* print_submit.c and print_document.c: from a message to a durable job */
void submit_print_job(struct call *c);
void submit_validate_job(struct call *c);
void submit_create_job(struct call *c);
void submit_send_document(struct call *c);
void submit_close_job(struct call *c);
void submit_came(struct call *c); /* all of the document */
void document_expect(struct call *c);
void document_take(struct call *c, struct octets piece);
void document_drop(struct call *c);
/* Is another call sending a document of c's job? */
bool document_is_sent(const struct call *c);

/* print_pin.c */
/* Take job-password; false: c is answered. */
bool pin_read(struct call *c);
/* Go on with next when the job has the verifier of its PIN, at once where it has none. */
void pin_then(struct call *c, void (*next)(struct call *c));
/* The client is gone. */
void pin_drop(struct call *c);

/* print_job.c */
void job_cancel(struct call *c);
void job_cancel_mine(struct call *c);
void job_attributes(struct call *c);

/* print_query.c */
void query_jobs(struct call *c);
void query_printer(struct call *c);
void query_identify(struct call *c);

#endif
