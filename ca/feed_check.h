/*
 * ca/feed_check.h - the feed of one ledger read whole, and held against itself and the log.
 *
 * The chain of its hashes is computed again from the changes and compared with where the feed says
 * that it is; each change names an entry of the log that says it. It only reads.
 */
#ifndef QUATRAIN_CA_FEED_CHECK_H
#define QUATRAIN_CA_FEED_CHECK_H

#include "ca/feed.h"

/* What is wrong, one finding a call. */
typedef void feed_finding(void *with, const char *text);

/* Behind a change that is missing, or was altered, nothing is looked at. Fault: FAULT_INTERNAL it
 * cannot be read at all. */
bool feed_check(struct ledger *l, feed_finding *found, void *with, struct fault *f) CHECKED;

#endif
