/* daemon/cli_sheet.h - token create --csv: a token for each device of a list. */
#ifndef QUATRAIN_DAEMON_CLI_SHEET_H
#define QUATRAIN_DAEMON_CLI_SHEET_H

#include "daemon/cli.h"

/* Returns the exit status. */
int sheet_command(const struct invocation *inv);

/* Where a device finds the service, into size octets: --url, or the first of names with the port
 * of listen.secure (daemon/cli_token.c). */
void token_service_url(const struct invocation *inv, char *to, size_t size);

#endif
