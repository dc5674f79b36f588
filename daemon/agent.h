/*
 * daemon/agent.h - `quatrain agent`: an IPP Everywhere printer on a PC, whose jobs leave it sealed.
 *
 * One process with one loop (daemon/http.h) is the printer (relay/print.h) on a Unix socket or on
 * loopback, over a spool of its own: what a program prints is sealed on its first octet to the
 * tenant's release certificate, and durable before it is acknowledged. A thread talks to the relay
 * (daemon/agent_link.h); another process, `enroll --daemon`, keeps the certificate good. The loop
 * alone writes: the spool, and release.pem.
 *
 * What became of a job at the relay is asked for now and then, and when somebody here asks. In the
 * spool of an agent a row's epoch is the relay's number for the job, and lease_s is when the relay
 * was told that it was canceled here.
 */
#ifndef QUATRAIN_DAEMON_AGENT_H
#define QUATRAIN_DAEMON_AGENT_H

#include "daemon/agent_conf.h"

/* Until SIGTERM or SIGINT. Faults: of what it needs to begin. */
bool agent_run(const struct agent_conf *conf, struct fault *f) CHECKED;

#endif
