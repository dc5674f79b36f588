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

static const struct cli_param policy_show_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, 0, "this tenant's policy" },
	{ "revision", CLI_INDEX, "N", NULL, 0, "as it was at turn N of policy list" },
};

static const struct cli_param policy_put_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, 0, "as the policy of this tenant; else a guardrail" },
	{ "signature", CLI_PATH, "FILE", NULL, 0,
	    "its detached signature: lines of a signed note, by a key of policy: trust_key" },
	{ "if-match", CLI_TEXT, "ETAG", NULL, 0,
	    "only if policy show still says this etag; default: as it is now" },
	{ "dry-run", CLI_FLAG, NULL, NULL, 0, "only try it, and change nothing" },
};

static const struct cli_param policy_list_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, 0, "all that this tenant ever had" },
	{ "history", CLI_LABEL, "NAME", NULL, 0, "all that this guardrail ever was" },
};

static const struct cli_param policy_remove_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, 0, "this tenant's policy" },
};

#endif
