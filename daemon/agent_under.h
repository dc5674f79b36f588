/*
 * daemon/agent_under.h - what the sources of the agent share.
 */
#ifndef QUATRAIN_DAEMON_AGENT_UNDER_H
#define QUATRAIN_DAEMON_AGENT_UNDER_H

#include <sys/stat.h>

#include "daemon/agent.h"
#include "daemon/agent_enrol.h"
#include "daemon/agent_link.h"
#include "daemon/agent_pin.h"
#include "daemon/credential.h"
#include "daemon/http.h"
#include "relay/forward.h"
#include "relay/print.h"

#define AGENT_SPOOL   "spool"
#define AGENT_RELEASE "release.pem"

/* What was asked of the relay. */
enum agent_task {
	TASK_NONE,
	TASK_KEY,    /* the release certificate */
	TASK_ALLOW,  /* would it take the job? */
	TASK_PROBE,  /* has it the job already? */
	TASK_PRINT,  /* the job */
	TASK_FIND,   /* the number of a job that was canceled here before there was one */
	TASK_CANCEL, /* that the job was canceled here */
	TASK_LOOK,   /* what became of it */
};

struct agent {
	const struct agent_conf *conf;
	struct agent_users users, vouchers;
	struct http *http;
	struct spool *spool;
	struct print print;
	struct decider decider;
	struct agent_link *link;
	struct agent_enrol enrol;
	struct agent_pins pins;
	int64_t started_s;

	/* who we are, as the folder says: agent_self.c */
	struct stat stamp; /* of cert.pem, as it was read */
	struct bytes own;  /* DER; n 0: nobody yet */
	struct bytes roots;
	struct bytes release; /* DER, proven; n 0: not known */
	char tenant[TEXT_LABEL_MAX];

	/* the printer's: agent_printer.c */
	void (*take)(struct exchange *x, struct octets piece, bool last);
	bool turn_ends;   /* it was asked for */
	uint64_t claimed; /* jobs that came in */

	/* the line's: agent_forward.c */
	enum agent_task task;
	uint32_t job;    /* whose; 0: nobody's */
	uint32_t probed; /* the job that the relay would take */
	uint32_t tried;  /* the one that was sent, and nobody knows how far */
	uint32_t look_from;
	unsigned failures;
	int64_t held_until_us, key_due_us, look_due_us;
};

/* agent_self.c: what the folder has, where it changed. */
void agent_self_look(struct agent *a);
/* What the relay gave as the tenant's release certificate: proven and kept. */
bool agent_self_release(struct agent *a, struct octets pem, struct fault *f) CHECKED;
void agent_self_free(struct agent *a);

/* agent_printer.c */
bool agent_printer_start(struct agent *a, struct fault *f) CHECKED;
/* Something of the spool is to be made durable when this turn of the loop ends. */
void agent_printer_turn(struct agent *a);

/* agent_forward.c: there may be something to do, or something was done. */
void agent_forward(struct agent *a);
void agent_forward_news(void *with);
/* A job came in, or was canceled: the network is tried soon, however long it was away. */
void agent_forward_soon(struct agent *a);

#endif
