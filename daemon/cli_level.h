/*
 * daemon/cli_level.h - what commands that stop many at once have in common.
 */
#ifndef QUATRAIN_DAEMON_CLI_LEVEL_H
#define QUATRAIN_DAEMON_CLI_LEVEL_H

#include "daemon/cli_call.h"

/* What an answer, or a problem, says of all that is beneath. */
void cli_put_radius(const struct json *answer);

/* The CAs of a tenant or a region, a row each: more than one after a rollover. */
void cli_put_cas(const struct json *answer);

/* "/v1/tenants/T/certificates/SERIAL" of the command line, and behind it behind. */
void cli_serial_path(
    const struct invocation *inv, const char *behind, char to[static CLI_PATH_MAX]);

#endif
