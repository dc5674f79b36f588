/*
 * daemon/delivery.h - one scan on its way to where it belongs: pieces in at one end, sent at the
 * other, and no more than DELIVERY_ROOM octets of it between.
 *
 * Sent by a thread of its own (daemon/fetch_send.h blocks); the loop that has the pieces never
 * does. Whenever there is room again, and when it has ended, the thread writes to the eventfd that
 * it was given. What breaks off leaves no whole file behind: the other side never sees its end.
 */
#ifndef QUATRAIN_DAEMON_DELIVERY_H
#define QUATRAIN_DAEMON_DELIVERY_H

#include "daemon/fetch_send.h"

#define DELIVERY_ROOM 1048576

struct delivery;

/* what is copied, its texts and secret too (its read and with are not used). wake_fd is lent for
 * good. Fault: FAULT_INTERNAL. */
bool delivery_begin(
    const struct fetch_send *what, int wake_fd, struct delivery **ret, struct fault *f) CHECKED;
/* How many octets of piece it took: fewer than there are, when there is no room for more now. */
size_t delivery_put(struct delivery *d, struct octets piece);
/* That was all of it. */
void delivery_last(struct delivery *d);
/* Has it ended? Then *ok says whether it arrived, and f why not. */
bool delivery_ended(struct delivery *d, bool *ok, struct fault *f);
/* One that has not ended is broken off, and waited for: at most what a connection needs to be let
 * go. NULL is allowed. */
void delivery_free(struct delivery *d);

#endif
