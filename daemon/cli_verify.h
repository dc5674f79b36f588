/*
 * daemon/cli_verify.h - log verify, of what is no folder: proofs and checkpoints.
 */
#ifndef QUATRAIN_DAEMON_CLI_VERIFY_H
#define QUATRAIN_DAEMON_CLI_VERIFY_H

#include "daemon/cli.h"

/* Is it for cli_verify_files()? Two words are, and a file that is no bundle. */
bool cli_verify_is_files(const struct invocation *inv);
/* The verdict, told. Returns the exit status: CLI_OK only where all that was given holds. */
int cli_verify_files(const struct invocation *inv);

#endif
