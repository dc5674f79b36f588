/*
 * relay/events.h - what connectors wait to hear: subscriptions and their events, in memory.
 *
 * A subscription is one connector's, for one printer or for all that it speaks for, and ends with
 * its lease. An event is kept in each subscription that it concerns for EVENTS_LIFE_S, at most
 * EVENTS_KEPT of them: what is lost leaves a gap in the sequence numbers, and whoever sees one asks
 * for the list of jobs (as after a restart, when all subscriptions are gone). Nothing rests on an
 * event but how soon somebody looks.
 *
 * Sources: RFC 3995 (subscriptions), RFC 3996 (ippget), PWG 5100.18 section 8.3 (job-fetchable).
 */
#ifndef QUATRAIN_RELAY_EVENTS_H
#define QUATRAIN_RELAY_EVENTS_H

#include "policy/identity.h"
#include "relay/job.h"

#define EVENTS_KEPT      32   /* of one subscription */
#define EVENTS_LIFE_S    60   /* ippget-event-life */
#define EVENTS_OWNER_MAX 512  /* subscriptions of one connector */
#define EVENTS_MAX       8192 /* subscriptions in all */
#define EVENTS_LEASE_S   3600 /* notify-lease-duration-default, and the longest */
#define EVENTS_USER_DATA 63   /* octets of notify-user-data (RFC 3995 section 5.3.6) */

enum event_kind {
	EVENT_JOB_FETCHABLE = 1 << 0, /* job-fetchable */
	EVENT_JOB_STATE = 1 << 1,     /* job-state-changed */
	EVENT_PRINTER_STATE = 1 << 2, /* printer-state-changed: somebody wants it identified */
};
#define EVENTS_ALL (EVENT_JOB_FETCHABLE | EVENT_JOB_STATE | EVENT_PRINTER_STATE)

struct event {
	enum event_kind kind;
	int32_t sequence; /* of its subscription, from 1 */
	int64_t at_s;
	char device[TEXT_LABEL_MAX]; /* whose connectors are told */
	/* of a job */
	uint32_t job;
	uint8_t uuid[DOCUMENT_UUID];
	enum job_state state;
	uint32_t reasons;
};

struct subscription {
	int32_t id; /* 0: a free place */
	char tenant[TEXT_LABEL_MAX], kind[TEXT_LABEL_MAX], name[TEXT_LABEL_MAX]; /* whose */
	char device[TEXT_LABEL_MAX]; /* the one printer; empty: each that the owner speaks for */
	unsigned events;             /* enum event_kind */
	uint8_t user_data[EVENTS_USER_DATA];
	size_t user_data_n;
	int64_t ends_s;
	int32_t sequence;   /* of the newest event */
	size_t first, n;    /* of the ring */
	struct event *ring; /* EVENTS_KEPT; NULL: there was none yet */
};

struct events;

/* May the owner of s hear of that printer? */
typedef bool events_may(void *with, const struct subscription *s, const char *device);

/* *ret to events_free(). Fault: FAULT_INTERNAL. */
bool events_new(events_may *may, void *with, struct events **ret, struct fault *f) CHECKED;
void events_free(struct events *e); /* NULL is allowed */

/* One more, of who; wish has device, events, user_data and ends_s. ret is lent until the next call
 * that is not a read. Faults: FAULT_LIMIT, FAULT_INTERNAL. */
bool events_subscribe(struct events *e, const struct identity *who, const struct subscription *wish,
    struct subscription **ret, struct fault *f) CHECKED;
/* One of who's; NULL: who has none of that id, or it has ended. */
struct subscription *events_find(
    struct events *e, const struct identity *who, int32_t id, int64_t now_s);
void events_cancel(struct events *e, struct subscription *s);

/* Keep ev where it concerns anybody. How many were told. */
size_t events_raise(struct events *e, const char *tenant, const struct event *ev);
/* The i-th event of s whose sequence number is at least from, oldest first; NULL: there are no
 * more. */
const struct event *events_at(const struct subscription *s, int32_t from, size_t i);
/* Those under from have arrived. */
void events_forget(struct subscription *s, int32_t from);
/* What has run out is removed. */
void events_tick(struct events *e, int64_t now_s);
size_t events_count(const struct events *e);

#endif
