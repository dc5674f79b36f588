/*
 * daemon/gate.h - may this connection go on? Decided before its first request, and again when it
 * may have become another answer.
 *
 * A connection with a certificate of ours is decided on as "connect" (policy/request.h), after its
 * certificate was found to hold. It is decided again, without being counted again, when a policy or
 * a standing changed, and with each new minute, since rules look at the time. Whoever is refused is
 * told so, under the decision's id, and the connection ends. What is decided is told to the
 * activity log: each new connection, each refusal, each cut with the time it took.
 */
#ifndef QUATRAIN_DAEMON_GATE_H
#define QUATRAIN_DAEMON_GATE_H

#include "daemon/activity.h"
#include "daemon/evidence.h"
#include "daemon/policies.h"

/* What is called, at the listeners of these names. */
#define GATE_SECURE "secure"
#define GATE_RELAY  "relay"

struct gate {
	struct realm *realm;
	struct policies *policies;
	struct http *http;
	void (*note)(struct activity *a, const struct activity_fact *fact); /* NULL: nobody */
	struct activity *activity;
	struct habits *habits; /* NULL: nobody remembers */
	const char *service;   /* GATE_... */
	uint64_t turn;         /* what was decided in an earlier one is decided again; 0 is none */
	uint64_t policies_turn;
	int64_t minute;
};

/* May x, whose certificate holds as who and also say, be served? Else it is answered. */
bool gate_pass(
    struct gate *g, struct exchange *x, const struct identity *who, const struct identified *also);

/* x's certificate does not hold, as why says: told to the activity log, once a connection. who and
 * also as identify() found them; who->tenant is empty where it found nothing. */
void gate_refused(struct gate *g, struct exchange *x, const struct identity *who,
    const struct identified *also, const struct fault *why);
/* x was answered: an endpoint that was let in and asked the API for what only staff may do is
 * remembered as one that did (policy/anomaly.h). */
void gate_served(struct gate *g, const struct exchange *x);

/* Something changed: each live connection whose certificate does not hold any more, or that would
 * be refused now, ends. Returns how many. */
unsigned gate_cut(struct gate *g);
/* Now and then: with a new minute, or another edition of the policies, as gate_cut(). */
void gate_tick(struct gate *g);

#endif
