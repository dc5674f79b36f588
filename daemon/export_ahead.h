/*
 * daemon/export_ahead.h - pages of a log fetched while the one before is worked on.
 *
 * One thread asks, over the one connection that there is; export_lock() is for
 * whoever else has a question meanwhile.
 */
#ifndef QUATRAIN_DAEMON_EXPORT_AHEAD_H
#define QUATRAIN_DAEMON_EXPORT_AHEAD_H

#include "daemon/client.h"

struct export_page {
	struct bytes octets;
	uint64_t from, n; /* entries */
};

struct export_source {
	const char *tenant;
	uint64_t permit; /* the index of log.exported, where names are read with it */
};

/* The page of at most count entries from from on, appended; *ret_n: of how many it is. */
typedef bool export_fetch(struct client *c, const struct export_source *of, uint64_t from,
    uint64_t count, struct bytes *ret, uint64_t *ret_n, struct fault *f);

struct export_ahead;

/* Pages of entries from to to, which is not included. c and of are lent until
 * export_ahead_free(). Fault: FAULT_INTERNAL. */
bool export_ahead_new(struct client *c, const struct export_source *of, export_fetch *fetch,
    uint64_t from, uint64_t to, struct export_ahead **ret, struct fault *f) CHECKED;
/* The next page, lent until the next call; *ret is NULL or the one before. Faults: those of fetch.
 */
bool export_ahead_next(
    struct export_ahead *a, const struct export_page **ret, struct fault *f) CHECKED;
/* The connection is the caller's until export_unlock(). NULL: it is anyway. */
void export_lock(struct export_ahead *a);
void export_unlock(struct export_ahead *a);
void export_ahead_free(struct export_ahead *a); /* NULL is allowed */

#endif
