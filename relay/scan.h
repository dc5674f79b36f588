/*
 * relay/scan.h - may this scan go there? POST /scan/grant of the relay.
 *
 * Asked by a connector (or a printer of its own) before it takes a scan: {"user":
 * "workstation/alice-pc", "device": "hp-1", "profile": "drive", "destination": SHA-256 of the URL
 * in hex, "octets": N}. The answer is {"grant": a signed note (relay/grant.h), "signer": PEM, "id",
 * "until"}. The scan itself never comes here: it goes from the connector to its destination.
 */
#ifndef QUATRAIN_RELAY_SCAN_H
#define QUATRAIN_RELAY_SCAN_H

#include "ca/realm.h"
#include "relay/decider.h"

#define SCAN_PATH     "/scan/grant"
#define SCAN_BODY_MAX 2048

struct scan {
	struct realm *realm;
	const struct decider *decider;
};

/* False: it is not its path. who is good, and x->peer is its certificate. */
bool scan_serve(struct scan *s, struct exchange *x, const struct identity *who);

#endif
