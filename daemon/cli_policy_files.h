/*
 * daemon/cli_policy_files.h - what the commands about policies of files have in common.
 */
#ifndef QUATRAIN_DAEMON_CLI_POLICY_FILES_H
#define QUATRAIN_DAEMON_CLI_POLICY_FILES_H

#include "daemon/cli.h"
#include "daemon/policy_file.h"

/* policy diff --replay LOG: which recorded decisions the policies of inv's words would change. The
 * exit status. */
int cli_policy_diff_replay(const struct invocation *inv, const char *log);

/* A text of many lines, each as cli_put_line() puts it. */
void cli_policy_put_lines(struct bytes *text);

#endif
