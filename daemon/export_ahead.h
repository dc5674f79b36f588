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
	struct bytes lines; /* whole ones */
	struct bytes ders;  /* the certificates that they name */
	uint64_t from, n;
};

struct export_ahead;

/* Pages of entries from to to, which is not included. c and tenant are lent until
 * export_ahead_free(). Fault: FAULT_INTERNAL. */
bool export_ahead_new(struct client *c, const char *tenant, uint64_t from, uint64_t to,
    struct export_ahead **ret, struct fault *f) CHECKED;
/* The next page, lent until the next call. Faults: those of export_page(). */
bool export_ahead_next(
    struct export_ahead *a, const struct export_page **ret, struct fault *f) CHECKED;
/* The connection is the caller's until export_unlock(). */
void export_lock(struct export_ahead *a);
void export_unlock(struct export_ahead *a);
void export_ahead_free(struct export_ahead *a); /* NULL is allowed */

#endif
