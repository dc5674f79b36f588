/*
 * daemon/client.h - the HTTP API (docs/api.md) as the command line calls it.
 *
 * Over the local socket of the data folder, or over TLS to a service elsewhere.
 * Where no service runs, client_open() starts one on the local socket alone, and
 * client_close() ends it. Commands that need that take turns, by a lock on
 * root.pem; commands that find a service share it.
 */
#ifndef QUATRAIN_DAEMON_CLIENT_H
#define QUATRAIN_DAEMON_CLIENT_H

#include "base/json.h"
#include "daemon/settings.h"

#define CLIENT_BODY_MAX                                                                            \
	(33u << 20) /* octets; a page of a list or of log entries is at most 1 MiB, a bundle 32    \
		     */

struct client_to {
	const struct settings *settings; /* where the socket is, when url is NULL */
	const char *config;              /* for a service that must be started; may be NULL */
	const char *url, *cert, *key, *root;
	bool (*stop)(void); /* or NULL: as fetch_peer.stop */
};

struct client;

/*
 * *ret is the caller's, to client_close(). Faults: FAULT_NOTFOUND no authority in the data folder,
 * FAULT_DENIED the folder is another user's, FAULT_BUSY the service does not start, FAULT_BADREQ
 * the path of the socket is too long, FAULT_INTERNAL.
 */
bool client_open(const struct client_to *to, struct client **ret, struct fault *f) CHECKED;
void client_close(struct client *c); /* NULL is allowed */

/*
 * One call. body may be NULL. A write goes with an Idempotency-Key of its own, and where the
 * connection breaks before the answer it is sent once more with the same. *ret is the caller's, to
 * json_free(). An answer that is no success becomes a fault of its kind, with the service's own
 * sentence; faults of fetch_do() besides.
 */
bool client_call(struct client *c, const char *method, const char *path, const struct json *body,
    struct json **ret, struct fault *f) CHECKED;

/* The next call, and that alone, is about what was seen under this entity tag. Lent until then. */
void client_match(struct client *c, const char *tag);

/* The problem document of the last call that was refused with one, lent until the next; else NULL.
 */
const struct json *client_problem(const struct client *c);

/* GET something that is not JSON; appended to *ret. */
bool client_get(struct client *c, const char *path, const char *type, struct bytes *ret,
    struct fault *f) CHECKED;

/*
 * GET something that goes on, as text/event-stream; last_id NULL: from where path says. What comes
 * is told in pieces of any length. True: it ended, and may be asked for again. *ret_status is 0
 * where nobody answered. Faults: those of fetch_do(), and of a refusal.
 */
bool client_follow(struct client *c, const char *path, const char *last_id,
    bool (*piece)(void *with, struct octets piece), void *with, long *ret_status,
    struct fault *f) CHECKED;

/*
 * GET a list to its last page; page() gets each page's items, and whether it is the first. path may
 * hold a query. Stops where page() returns false, with its fault.
 */
bool client_list(struct client *c, const char *path,
    bool (*page)(void *with, const struct json *items, bool first, struct fault *f), void *with,
    struct fault *f) CHECKED;

#endif
