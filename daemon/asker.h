/*
 * daemon/asker.h - what every process has that serves strangers and asks the signer: edges, the
 * desk, the relay.
 *
 * How it hears main, what it reads, whom it lets in, what it tells, and that it ends at once what
 * may not go on. What is served is the process's own.
 */
#ifndef QUATRAIN_DAEMON_ASKER_H
#define QUATRAIN_DAEMON_ASKER_H

#include "base/pace.h"
#include "daemon/activity.h"
#include "daemon/child.h"
#include "daemon/gate.h"
#include "daemon/habits.h"
#include "daemon/handshake.h"
#include "daemon/limit.h"
#include "daemon/sessions.h"
#include "daemon/tally.h"

#define ASKER_FACES    (FACE_RELAY + 1)
#define ASKER_DRAIN_MS 4000

struct asker {
	enum child_role role; /* these are set first */
	int control;
	void (*new_line)(void *with); /* another signer came; NULL: nobody cares */
	void (*changed)(void *with);  /* a standing or a policy changed; NULL */
	void (*stopping)(void *with); /* main said so; NULL */
	void *with;

	struct settings settings;
	int listener[ASKER_FACES]; /* -1: none */
	int line;                  /* to the signer; handed to http */
	struct realm *realm;
	struct http *http;
	struct policies *policies;
	struct gate gate;
	struct sessions sessions;
	struct handshake handshake; /* use and with are the process's to set */
	struct limit *limit;        /* NULL at the desk */
	struct activity *activity;  /* what is told to the activity logs */
	struct habits *habits;      /* what endpoints usually do */
	struct tally *tally;
	unsigned number;   /* among main's children: its part of the tally */
	struct pace lines; /* of refusals, in the log; the metrics count all */
};

/* Zeros and no listener; then what main says before anything can be served. Faults: FAULT_INTERNAL
 * main said something else, or is gone. */
bool asker_start(struct asker *a, struct fault *f) CHECKED;
/* Open all that stands above. service: what is called (policy/request.h). Faults: those of what is
 * opened. */
bool asker_open(struct asker *a, const char *service, struct fault *f) CHECKED;
void asker_close(struct asker *a);

#endif
