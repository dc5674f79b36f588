/*
 * relay/forward.h - a job that was sealed here, passed on to a relay: the messages, and what their
 * answers mean. Pure.
 *
 * The job's uuid is ours and goes with it, so that a message whose answer was lost can be said
 * again: the relay answers as the job that is there (relay/print.h). Nothing that people called it
 * is in a message but sealed.
 * Sources: RFC 8010, RFC 8011 sections 4.2.1, 4.3.3, 4.3.4 and appendix B.
 */
#ifndef QUATRAIN_RELAY_FORWARD_H
#define QUATRAIN_RELAY_FORWARD_H

#include "relay/job.h"

#define FORWARD_URI_MAX    512
#define FORWARD_ANSWER_MAX 65536 /* octets of an answer: one job, a few attributes */

/* "https://HOST:PORT", and the queue there; empty: the pull queue. Lent. */
struct forward_to {
	const char *relay;
	const char *queue;
};

/* Where its messages go by POST; false: too long. */
bool forward_url(const struct forward_to *to, char ret[static FORWARD_URI_MAX]);

/* Print-Job of j, up to its document: the sealed octets follow. pin: SHA-256 of its PIN (PWG
 * 5100.11 job-password, sha2-256); n 0: it has none. */
void forward_print(
    struct bytes *b, const struct forward_to *to, const struct job *j, struct octets pin);
/* Validate-Job: would the relay take it? */
void forward_validate(struct bytes *b, const struct forward_to *to, const struct job *j);
/* Print-Job without a document: is the job there, and under which number? Where it is not, the
 * relay refuses a job without a document. */
void forward_find(struct bytes *b, const struct forward_to *to, const struct job *j);
/* Get-Job-Attributes and Cancel-Job of the job that the relay gave that number. */
void forward_look(struct bytes *b, const struct forward_to *to, uint32_t id);
void forward_cancel(struct bytes *b, const struct forward_to *to, uint32_t id);

enum forward_verdict {
	FORWARD_DONE = 1, /* it is so */
	FORWARD_LATER,    /* not now: ask again */
	FORWARD_GONE,     /* the relay has no such job */
	FORWARD_REFUSED,  /* no, whenever it is asked */
};

struct forward_answer {
	enum forward_verdict verdict;
	uint16_t status; /* IPP status-code */
	/* of the job that it tells of; id 0: of none */
	uint32_t id;
	enum job_state state;
	uint32_t reasons;        /* those that are known here */
	char says[JOB_SAYS_MAX]; /* status-message, or else the job's state message */
};

/* Fault: FAULT_BADREQ no IPP message, or one of a job in no state. */
bool forward_read(struct octets body, struct forward_answer *ret, struct fault *f) CHECKED;

/* j, which the relay has, becomes what the answer says of it. True: it changed, or it had no number
 * there yet. */
bool forward_take(struct job *j, const struct forward_answer *a, int64_t now_s);
/* The number that the relay gave it; 0: the relay does not have it, as far as is known here. */
uint32_t forward_id(const struct job *j);

#endif
