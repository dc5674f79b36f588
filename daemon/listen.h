/* daemon/listen.h - sockets that strangers, or this machine's user, connect to. */
#ifndef QUATRAIN_DAEMON_LISTEN_H
#define QUATRAIN_DAEMON_LISTEN_H

#include <stdbool.h>

#include "base/fault.h"

/* address: HOST:PORT or [IPV6]:PORT. An address that is in use is waited for, 2 s
 * at most. Faults: FAULT_BADREQ no such host, FAULT_CONFLICT in use. */
bool listen_tcp(const char *address, int *ret, struct fault *f) CHECKED;

/* In place of what is at path, for this process's user alone. Faults: FAULT_BADREQ the path is too
 * long, FAULT_INTERNAL. */
bool listen_unix(const char *path, int *ret, struct fault *f) CHECKED;

#endif
