/*
 * daemon/client_service.h - a service of our own for the length of one command.
 *
 * It is this same binary, as "serve --local --ready-fd N": no network, the
 * local socket alone. It ends with us, however we end.
 */
#ifndef QUATRAIN_DAEMON_CLIENT_SERVICE_H
#define QUATRAIN_DAEMON_CLIENT_SERVICE_H

#include <sys/types.h>

#include "base/fault.h"

struct client_service {
	pid_t pid; /* 0: none */
};

/* Returns when it listens. Faults: FAULT_BUSY it does not start, with its own last words;
 * FAULT_INTERNAL. */
bool client_service_start(struct client_service *s, const char *config, struct fault *f) CHECKED;
void client_service_stop(struct client_service *s); /* none is allowed */

#endif
