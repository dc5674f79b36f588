/*
 * daemon/cli_bulk.h - cert revoke, of many at once: a list, an enroller's, a token's.
 *
 * It counts first. Without --yes that is all; with it the number is what the act
 * is confirmed with. A list that one act cannot take goes in several, each all
 * or nothing.
 */
#ifndef QUATRAIN_DAEMON_CLI_BULK_H
#define QUATRAIN_DAEMON_CLI_BULK_H

#include "daemon/cli_call.h"

/* Does the line ask for many? */
bool cli_bulk_wanted(const struct invocation *inv);
/* Returns the exit status. */
int cli_bulk_run(const struct invocation *inv);

#endif
