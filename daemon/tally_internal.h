/*
 * daemon/tally_internal.h - what counting and telling share: what each place of an array stands
 * for.
 */
#ifndef QUATRAIN_DAEMON_TALLY_INTERNAL_H
#define QUATRAIN_DAEMON_TALLY_INTERNAL_H

#include "daemon/tally.h"

/* The longest that counts in a place, and the label "le" of it in seconds. */
struct tally_bound {
	int64_t us;
	const char *le;
};
extern const struct tally_bound tally_bounds[TALLY_BOUNDS];
extern const unsigned tally_statuses[TALLY_STATUSES]; /* 0: any other */

#endif
