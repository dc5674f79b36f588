/*
 * daemon/agent_link.h - the agent's line to its relay: one request at a time, in a thread of its
 * own, so that who prints here never waits for a network.
 *
 * The thread knows libcurl and nothing of jobs: the octets of a document are asked for when they
 * are wanted, and the loop, which alone has the spool open, gives them. Each request goes out with
 * the certificate that the folder has then, and trusts root.pem alone.
 */
#ifndef QUATRAIN_DAEMON_AGENT_LINK_H
#define QUATRAIN_DAEMON_AGENT_LINK_H

#include <stdint.h>

#include "base/bytes.h"

#define AGENT_LINK_PIECE 262144 /* octets of a document, at most, that are asked for at once */
#define AGENT_LINK_URL   1024

struct agent_link;

/* key.pem, cert.pem, root.pem of folder, which is copied. *ret to agent_link_free(). Faults:
 * FAULT_INTERNAL, FAULT_BADREQ a path that is too long. */
bool agent_link_new(const char *folder, struct agent_link **ret, struct fault *f) CHECKED;
/* What is under way is ended. NULL is allowed. */
void agent_link_free(struct agent_link *l);

/* Readable when there is news. */
int agent_link_fd(const struct agent_link *l);

struct agent_request {
	const char *method; /* a constant */
	char url[AGENT_LINK_URL];
	const char *type;  /* of the body; a constant, or NULL */
	struct bytes head; /* the body, or its beginning: taken */
	uint64_t octets;   /* of the document behind it; 0: none */
};
/* Nothing may be under way. */
void agent_link_ask(struct agent_link *l, struct agent_request *r);
bool agent_link_is_busy(const struct agent_link *l);

enum agent_news {
	AGENT_NOTHING,
	AGENT_WANTS,  /* octets of the document: agent_link_give() */
	AGENT_ANSWER, /* or none came: it is over */
};
struct agent_link_news {
	uint64_t offset; /* AGENT_WANTS: from there, at most n */
	size_t n;
	bool ok;          /* AGENT_ANSWER: there is one */
	struct fault why; /* why not: as fetch_do() */
	long status;      /* HTTP's */
	int64_t retry_after_s;
	struct bytes body; /* the caller's, to bytes_free() */
};
/* What happened since, once each. */
enum agent_news agent_link_look(struct agent_link *l, struct agent_link_news *ret);
/* n 0: there is no more, and the request is given up. */
void agent_link_give(struct agent_link *l, struct octets piece);

#endif
