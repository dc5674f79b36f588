/*
 * daemon/relay_key.h - the certificate that a tenant's documents are sealed to: found on record,
 * asked for where there is none, and told to agents at GET /release-key as PEM with those above it.
 */
#ifndef QUATRAIN_DAEMON_RELAY_KEY_H
#define QUATRAIN_DAEMON_RELAY_KEY_H

#include "base/exchange.h"
#include "ca/realm.h"
#include "policy/identity.h"

#define RELAY_KEY_PATH "/release-key"

/* Append its DER. False: there is none that is good now. */
bool relay_key_get(struct realm *r, const char *tenant, struct bytes *ret);
/* Have the signer make it: x->ask, with then. */
void relay_key_ask(struct exchange *x, const char *tenant, exchange_then *then);
/* GET /release-key, where there is one on record. False: the path is another's. */
bool relay_key_serve(struct realm *r, struct exchange *x, const struct identity *who);

#endif
