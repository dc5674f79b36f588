/*
 * daemon/cli_options_staff.h - options of operator and act, for the table in daemon/cli_table.c
 * alone.
 */
#ifndef QUATRAIN_DAEMON_CLI_OPTIONS_STAFF_H
#define QUATRAIN_DAEMON_CLI_OPTIONS_STAFF_H

#include "daemon/cli_table.h"

static const struct cli_param operator_role_options[] = {
	{ "role", CLI_CHOICE, "ROLE", "officer|registrar|auditor", CLI_REQUIRED, "the new role" },
	{ "if-match", CLI_TEXT, "ETAG", NULL, 0,
	    "only if operator show still says this etag; default: as it is now" },
};

static const struct cli_param act_list_options[] = {
	{ "state", CLI_CHOICE, "S", "waiting|approved|refused|expired", 0, "only of this state" },
};

static const struct cli_param act_approve_options[] = {
	{ "dry-run", CLI_FLAG, NULL, NULL, 0, "only say what it would do now" },
};

static const struct cli_param act_refuse_options[] = {
	{ "reason", CLI_TEXT, "TEXT", NULL, CLI_REQUIRED,
	    "why, in up to 200 octets: for the log, and for who asked" },
};

#endif
