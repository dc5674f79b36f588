/*
 * daemon/relay.h - the process of print, release and scan: its own listener, its own spool, no CA
 * key.
 *
 * It ends TLS with a client certificate required, reads the ledgers as an edge does, and is the
 * only writer of DATA/spool, which holds ciphertext. What opens it the signer alone has. One thread
 * and one loop: what all requests of a turn changed is one commit, and then they are answered.
 */
#ifndef QUATRAIN_DAEMON_RELAY_H
#define QUATRAIN_DAEMON_RELAY_H

#define RELAY_FOLDER "spool" /* in DATA */

int relay_main(int control);

#endif
