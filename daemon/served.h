/*
 * daemon/served.h - the line of a reply.
 */
#ifndef QUATRAIN_DAEMON_SERVED_H
#define QUATRAIN_DAEMON_SERVED_H

#include "base/exchange.h"
#include "base/pace.h"

/* One line for each reply that is no success, as lines allows; of the others at the level debug. */
void served_tell(const struct exchange *x, int64_t took_us, struct pace *lines);

#endif
