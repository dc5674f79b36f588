/*
 * daemon/agent_enrol.h - the agent's certificate: `enroll --daemon` as a child of the agent, which
 * starts it again where it ends.
 */
#ifndef QUATRAIN_DAEMON_AGENT_ENROL_H
#define QUATRAIN_DAEMON_AGENT_ENROL_H

#include <stdint.h>
#include <sys/types.h>

#include "daemon/agent_conf.h"

struct agent_enrol {
	pid_t pid; /* 0: none */
	int64_t again_us;
	unsigned failures;
};

/* Start it where it is due, and see whether it ended; now and then. */
void agent_enrol_look(struct agent_enrol *e, const struct agent_conf *c, int64_t now_us);
/* A new certificate, now. */
void agent_enrol_renew(const struct agent_enrol *e);
/* End it, and wait. */
void agent_enrol_stop(struct agent_enrol *e);

#endif
