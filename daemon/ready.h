/*
 * daemon/ready.h - could this service issue now, could it revoke, and if not, why.
 *
 * /readyz and the gauges of /metrics, of any edge. What can stop the service is a
 * row of checks in ready.c; each looks for itself and says what it stops. The
 * ledgers are surveyed every READY_SURVEY_US or more seldom, by the sizes of their files:
 * ten thousand tenants are not opened for it.
 *
 * A tenant that is full by itself is no trouble of the others: issuing counts as
 * stopped when the platform's ledger, or every tenant's, has no room.
 */
#ifndef QUATRAIN_DAEMON_READY_H
#define QUATRAIN_DAEMON_READY_H

#include "base/exchange.h"
#include "ca/realm.h"
#include "ca/wire.h"

#define READY_SURVEY_US   2000000
#define READY_SHARE       100 /* of an edge's time a survey takes at most the hundredth part */
#define READY_ASK_US      2000000
#define READY_SILENT_US   10000000 /* so long may an answer to that be due */
#define READY_LATE_S      7200     /* twice the longest "log: checkpoint:" */
#define READY_REASONS_MAX 8
#define READY_TENANTS_MAX 100 /* with gauges of their own: those that use most */

struct http;
struct ready;

/* realm is lent. NULL when out of memory. */
struct ready *ready_new(struct realm *realm);
void ready_free(struct ready *r); /* NULL is allowed */

struct tally;

/* What an edge knows when it is asked. */
struct ready_view {
	const struct tally *tally; /* what all processes counted; NULL: unknown */
	bool line;                 /* to the signer */
	bool policies_broken;      /* some cannot be read: who hangs on them is refused */
	int64_t now_s, steady_us;  /* by both clocks */
};

/* GET /readyz: 200 when all is well, 503 otherwise; both with JSON that says why. */
void ready_serve(struct ready *r, const struct ready_view *v, struct exchange *x);
/* The same for staff, into an object: with the names of tenants, and numbers. */
void ready_health(struct ready *r, const struct ready_view *v, struct json *j);
/* Gauges in Prometheus' text format, appended. */
void ready_metrics(struct ready *r, const struct ready_view *v, struct bytes *to);

/* What the signer says of itself: WIRE_STATE's answer, copied; it stands until the next. Empty: all
 * is well, or nothing is known. */
void ready_told(struct ready *r, struct octets rows);

/* Ask the signer how it is, if that was READY_ASK_US ago; what it says comes to ready_told(). */
void ready_ask(struct ready *r, struct http *h);
/* A line to another signer: what the one before said is past. */
void ready_new_signer(struct ready *r);

/* For the checks: what is stopped, and why. A reason is told to strangers: it names no tenant. */
#define READY_ISSUING  WIRE_STOPS_ISSUING
#define READY_REVOKING WIRE_STOPS_REVOKING
/* An alarm, which takes no traffic away: all is served, and the log is not what was signed. */
#define READY_CHECKPOINTS WIRE_STOPS_CHECKPOINTS
void ready_say(struct ready *r, unsigned stopped, const char *why);

#endif
