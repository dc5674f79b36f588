/*
 * daemon/tally.h - what all processes counted, in one place that each can read.
 *
 * Main makes a piece of shared memory, in which every child has a part of its
 * own that it alone writes; so whichever edge is asked for /metrics tells of the
 * whole service, and what a child had counted outlives it. A number is written
 * and read whole; several together are of no one moment. It holds nothing that
 * is not told to whoever may read the metrics, and nobody decides by it but
 * /readyz by what it says of the webhooks: a child that was captured can lie about itself, no more.
 *
 * Its size is sealed: no child can take pages away from under the others.
 */
#ifndef QUATRAIN_DAEMON_TALLY_H
#define QUATRAIN_DAEMON_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/exchange.h"
#include "daemon/child.h"
#include "daemon/limit.h"
#include "daemon/settings.h"

#define TALLY_ASKERS   68 /* the desk and the edges, by their number in main */
#define TALLY_FACES    (FACE_RELAY + 1)
#define TALLY_STATUSES 24
#define TALLY_BOUNDS   15
#define TALLY_VERBS    128
#define TALLY_ERROR    160

/* What a path is about: the label that bounds how many rows there are. */
enum tally_route {
	ROUTE_EST,
	ROUTE_OCSP,
	ROUTE_CRL,    /* and CA certificates */
	ROUTE_REVOKE, /* of the API: what ends certificates */
	ROUTE_EVENTS, /* of the API: replies without an end, and so without a latency */
	ROUTE_API,    /* all else of it */
	ROUTE_HEALTH,
	ROUTE_OTHER,
	TALLY_ROUTES
};

enum tally_outcome { TALLY_DONE, TALLY_REFUSED, TALLY_FAILED, TALLY_OUTCOMES };

/* How many took at most so long; the last are those over every bound. */
struct tally_times {
	_Atomic uint64_t n[TALLY_BOUNDS + 1], sum_us;
};

struct tally_asker {
	_Atomic uint64_t replies[TALLY_FACES][TALLY_ROUTES][TALLY_STATUSES];
	struct tally_times took[TALLY_ROUTES];
	_Atomic uint64_t ocsp_kept, ocsp_made;
	_Atomic uint64_t limited[LIMITS];
	_Atomic uint64_t streams; /* of events that are open now */
};

struct tally_signer {
	_Atomic uint64_t rounds, queue; /* queue: jobs of the newest round */
	struct tally_times sync;        /* both commits of a round */
	_Atomic uint64_t requests[TALLY_VERBS][TALLY_OUTCOMES];
	_Atomic uint64_t issued, revoked;
};

enum tally_hook_state { HOOK_NONE, HOOK_IDLE, HOOK_SENDING, HOOK_WAITING, HOOK_STOPPED };

/* One webhook, as the herald sees it; in the order of the settings. */
struct tally_hook {
	_Atomic uint64_t state, lag, delivered, posts, failures;
	_Atomic uint64_t failing_s; /* since when it fails; 0: it does not */
	_Atomic uint64_t next_s;    /* the next try */
	_Atomic uint64_t status;    /* of the newest answer; 0: there was none */
	_Atomic uint64_t tests, tested_index, tested_status;
	_Atomic uint64_t turn; /* odd while error is written */
	char error[TALLY_ERROR];
};

struct tally {
	_Atomic uint64_t begun_s; /* main */
	/* By main: how many of each role there are to be, and how many were started. */
	_Atomic uint64_t wanted[CHILD_ROLES], starts[CHILD_ROLES];
	struct tally_asker asker[TALLY_ASKERS];
	struct tally_signer signer;
	struct tally_hook hook[WEBHOOKS_MAX];
};

/* Main's: *ret_fd is for the children. Fault: FAULT_INTERNAL. */
bool tally_new(struct tally **ret, int *ret_fd, struct fault *f) CHECKED;
/* A child's, of a descriptor that main sent; fd is closed either way. Fault: FAULT_INTERNAL. */
bool tally_open(int fd, struct tally **ret, struct fault *f) CHECKED;

void tally_add(_Atomic uint64_t *to, uint64_t n);
uint64_t tally_get(const _Atomic uint64_t *from);
void tally_set(_Atomic uint64_t *to, uint64_t v);
void tally_took(struct tally_times *t, int64_t us);
/* A text that another process may be reading. */
void tally_set_error(struct tally_hook *h, const char *text);
void tally_get_error(const struct tally_hook *h, char to[static TALLY_ERROR]);

enum tally_route tally_route(const struct exchange *x);
/* A reply that is on its way. a may be NULL. */
void tally_served(struct tally_asker *a, const struct exchange *x, int64_t took_us);

/* All of it in Prometheus' text format (version 0.0.4), appended. */
void tally_metrics(const struct tally *t, const struct settings *s, struct bytes *to);

#endif
