/*
 * daemon/activity.h - what an edge tells the activity log: who was let in, who was not, who was
 * cut.
 *
 * A second log of each tenant (ca/realm.h: realm_activity()), of the same make as the first. An
 * edge makes a line of each fact at once, keeps it in a bounded queue, and sends what waits each
 * ACTIVITY_MS to the signer, which appends many in one commit; it lets go of them when the signer
 * says that they are durable, and sends them again to the next signer where one died, which knows
 * them by their number. So a fact is on disk within 100 ms in a service that is not overloaded, and
 * not before the answer that it tells of: the death of an edge loses what it had not sent. Acts of
 * the CA are in the first log, before their answer, as ever.
 *
 * What one asker may fill is bounded: refusals ACTIVITY_BURST at once and one a second after that,
 * permits ACTIVITY_PERMITS in a minute, by subject or, where none was proven, by network. What is
 * more, and what finds no room in the queue or in the log, is counted, and each ACTIVITY_TELL_S the
 * count is an entry itself: activity.lost.
 */
#ifndef QUATRAIN_DAEMON_ACTIVITY_H
#define QUATRAIN_DAEMON_ACTIVITY_H

#include "daemon/http.h"
#include "policy/anomaly.h"
#include "policy/request.h"

#define ACTIVITY_MS       50
#define ACTIVITY_BURST    300
#define ACTIVITY_PERMITS  6000
#define ACTIVITY_TELL_S   10
#define ACTIVITY_TEXT_MAX 200

/* The acts that the signer takes; any other is refused there. */
#define ACTIVITY_CONNECT "connect"       /* a connection with a client's certificate */
#define ACTIVITY_CUT     "session.cut"   /* it was open, and was ended */
#define ACTIVITY_ASKED   "authz.decided" /* told to somebody else's enforcement point */
#define ACTIVITY_LOST    "activity.lost" /* so many facts are in no log */
/* and those of what is printed: daemon/relay_note.h, daemon/rule_print.h */
#define ACTIVITY_ACCEPTED "job.accepted"
#define ACTIVITY_RELEASED "job.released"
#define ACTIVITY_ENDED    "job.ended"

struct activity;

/* Everything is lent for the call. */
struct activity_fact {
	const char *act;
	const char *tenant; /* whose log; empty or NULL: none was proven, so the platform's */
	bool permit;
	const char *code, *rule;       /* decision_word(), the rule's id; NULL: left out */
	const char *id;                /* of the decision; NULL: left out */
	const char *policy;            /* digest of the set in hex, or "built-in"; NULL: left out */
	const struct request *request; /* as it was decided; NULL: left out */
	const struct anomaly_score *anomaly; /* its reasons; NULL: none */
	const char *why;                     /* for people, one line of it; NULL: left out */
	const char *pep;   /* of ACTIVITY_ASKED: whose enforcement point; NULL: left out */
	const char *from;  /* address:port; NULL: left out */
	uint64_t stranger; /* exchange.address: who it counts against where there is no subject */
	uint64_t took_us;  /* of ACTIVITY_CUT: from the change to the end of the connection */
	int64_t now_s;
};

/* http is lent for good; number: the edge's among main's children; refusals_only: the setting.
 * Fault: FAULT_INTERNAL. */
bool activity_new(struct http *http, unsigned number, bool refusals_only, struct activity **ret,
    struct fault *f) CHECKED;
void activity_free(struct activity *a); /* NULL is allowed, here and beneath */

/* Never fails: what cannot be kept is counted. */
void activity_note(struct activity *a, const struct activity_fact *fact);
/* The same of a line that its caller made; who: whom it counts against. */
void activity_note_line(struct activity *a, const char *tenant, struct octets who, bool permit,
    const struct bytes *line);
/* Send what waits; with is a struct activity. Called each ACTIVITY_MS. */
void activity_tick(void *with);

#endif
