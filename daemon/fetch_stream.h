/*
 * daemon/fetch_stream.h - a POST whose body comes in pieces: a part of daemon/fetch.c, which alone
 * includes it. See struct fetch_ask.
 */
#ifndef QUATRAIN_DAEMON_FETCH_STREAM_H
#define QUATRAIN_DAEMON_FETCH_STREAM_H

#include "daemon/fetch.h"

/* ask->read is set: the handle of libcurl's sends what it gives. False: libcurl lacks an option.
 * ask is lent until the request is over. */
bool fetch_stream_set(void *curl, const struct fetch_ask *ask);

#endif
