/*
 * relay/release_under.h - what the sources of release share.
 */
#ifndef QUATRAIN_RELAY_RELEASE_UNDER_H
#define QUATRAIN_RELAY_RELEASE_UNDER_H

#include "base/json.h"
#include "base/secret.h"
#include "relay/release.h"

enum release_step {
	RELEASE_COUNTS, /* the guess, durably */
	RELEASE_ASKS,   /* the signer */
	RELEASE_WORKS,  /* a thread */
	RELEASE_KEEPS,  /* what became of it, durably */
};

/* A job that a PIN is tried on. */
struct release_try {
	uint32_t id;
	bool right;
};

/*
 * One request. It goes on without its client: a guess that was begun is judged, whoever hung up.
 */
struct release_call {
	struct release *release;
	struct exchange *x; /* NULL: the client is gone */
	struct identity who;
	char printer[TEXT_LABEL_MAX];
	char owner[JOB_OWNER_MAX]; /* whose jobs; empty: not known yet */
	const char *how;           /* owner, pin, badge */
	enum release_step step;
	struct secret secret; /* the PIN or the badge */
	size_t tries_n, at;   /* the one that is in a thread */
	struct release_try tries[RELEASE_PINS_MAX];
	struct json *released, *kept; /* lists of the answer */
	struct json *items;           /* or what could be released; NULL */
	struct fault fault;           /* code 0: none; else it is the answer */
	bool listed;                  /* in release->calls */
	bool waits;                   /* for a commit */
	struct release_work work;
	struct release_call *next;
};

/* release.c */
bool release_call_new(struct release *r, struct exchange *x, const struct identity *who,
    struct release_call **ret, struct fault *f) CHECKED;
/* What was done is to be durable, then tell. */
void release_wait(struct release_call *c);
/* The answer, and c is gone. */
void release_tell(struct release_call *c);
/* left: how many wrong PINs it takes yet; -1: it has none. */
void release_keep(struct release_call *c, uint32_t id, const char *why, int left);
/* Is another call trying a PIN on that job just now? */
bool release_is_tried(const struct release_call *c, uint32_t id);
/* "spiffe://..." of "workstation/ws-1" in c's tenant. False: it is no such id. */
bool release_owner_of(const struct release_call *c, const char *id, char to[static JOB_OWNER_MAX]);

/* release_job.c */
/* Held, or released and not fetched: may it go to a printer (again)? why: the word of a no. */
bool release_is_open(const struct job *j, const char **why);
/* Release j to c's printer, into the batch, if policies permit; else it is told among those that
 * were kept. Fault: c->fault. */
void release_one(struct release_call *c, struct job *j);
/* Every open job of c's owner without a PIN; ids NULL: all, else those of the list. */
void release_all(struct release_call *c, const struct json *ids);
void release_list(struct release_call *c);

/* release_proof.c */
/* Begin with the PIN in c->secret on one job (id not 0), or on each of c's owner. */
void release_pin(struct release_call *c, uint32_t id);
/* Begin with the badge in c->secret. */
void release_badge(struct release_call *c);
/* The commit that c waited for is over. */
void release_go_on(struct release_call *c, const struct fault *failed);
/* The client hung up. */
void release_gone(struct release_call *c);

#endif
