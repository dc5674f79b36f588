/*
 * daemon/cli_revocations.h - the file in which a follower keeps the feed's set.
 */
#ifndef QUATRAIN_DAEMON_CLI_REVOCATIONS_H
#define QUATRAIN_DAEMON_CLI_REVOCATIONS_H

#include "ca/feed_set.h"
#include "daemon/cli.h"

/* The set that revocations follow wrote. *ret to feed_set_free(). Faults: FAULT_NOTFOUND,
 * FAULT_BADREQ it is none, FAULT_LIMIT, FAULT_INTERNAL. */
bool revocations_read(const char *path, struct feed_set *ret, struct fault *f) CHECKED;
/* How many are in it, and how fresh it is; one object where --json. */
void revocations_tell(const struct invocation *inv, const char *tenant, const struct feed_set *s);

#endif
