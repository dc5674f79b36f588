/*
 * daemon/edge.h - the processes that strangers talk to: edge and desk.
 *
 * The edge ends TLS and serves EST, OCSP, CRLs and the API; it reads the ledger
 * and holds no key but the service's own. The desk serves the API on the local
 * socket alone, so that only it may speak for the machine's own user.
 */
#ifndef QUATRAIN_DAEMON_EDGE_H
#define QUATRAIN_DAEMON_EDGE_H

int edge_main(int control);
int desk_main(int control);

#endif
