/*
 * daemon/http_raw.h - connections of a face that streams: none of h2o's handlers sees them.
 *
 * For http*.c alone. Requests are read by relay/http_head.h, bodies go to exchange.take in pieces
 * as they come, and nothing is read while nobody takes it: so a body of any length costs what one
 * read costs.
 */
#ifndef QUATRAIN_DAEMON_HTTP_RAW_H
#define QUATRAIN_DAEMON_HTTP_RAW_H

#include "daemon/http_internal.h"

struct raw;

/* A new connection is served; c->raw is filled in. */
void http_raw_accept(struct conn *c);
/* It is closed: what is under way is over. */
void http_raw_closed(struct conn *c);
/* End it: now, where nothing is owed to a write that is under way. */
void http_raw_end(struct conn *c);
/* Now and then: who is too slow, or gone, goes. */
void http_raw_look(struct conn *c, int64_t now_ms);
/* Is it between two requests, with nothing of the next one there? */
bool http_raw_idle(const struct conn *c);

#endif
