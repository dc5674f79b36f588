/*
 * daemon/service.h - the names that the service's own certificate carries.
 */
#ifndef QUATRAIN_DAEMON_SERVICE_H
#define QUATRAIN_DAEMON_SERVICE_H

#include "ca/keyring.h"
#include "daemon/settings.h"

/* Room for addresses as octets; a purpose points into it. */
struct service_names {
	uint8_t ip[TBS_NAMES_MAX][16];
};

/* settings.names as a purpose. Fault: FAULT_BADREQ a name that is neither a DNS name nor an
 * address. */
bool service_purpose(const struct settings *s, struct service_names *room, struct purpose *ret,
    struct fault *f) CHECKED;

#endif
