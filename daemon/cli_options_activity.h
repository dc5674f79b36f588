/*
 * daemon/cli_options_activity.h - what the commands of the activity log take; for cli_table.c
 * alone.
 */
#ifndef QUATRAIN_DAEMON_CLI_OPTIONS_ACTIVITY_H
#define QUATRAIN_DAEMON_CLI_OPTIONS_ACTIVITY_H

#include "daemon/cli_options_log.h"

static const struct cli_param decision_show_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, CLI_REQUIRED, "the tenant's name" },
};

static const struct cli_param activity_list_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, CLI_REQUIRED, "the tenant's name" },
	{ "device", CLI_TEXT, "NAME", NULL, 0, "of this device: NAME, or KIND/NAME" },
	{ "act", CLI_TEXT, "ACT", NULL, 0,
	    "connect, session.cut, authz.decided, print.submit, print.release, print.fetch, "
	    "scan.send, job.accepted, job.released, job.ended, activity.lost" },
	{ "decision", CLI_CHOICE, "D", "permit|deny", 0, "what was decided" },
	{ "rule", CLI_TEXT, "RULE", NULL, 0, "the rule that decided" },
	{ "since", CLI_TIME, "TIME", NULL, 0, "of this day (UTC) or moment (RFC 3339) and later" },
	{ "until", CLI_TIME, "TIME", NULL, 0, "and up to this day or moment, which is included" },
};

/* Lines of the table of commands, kept here so that it stays one page. */
#define CLI_ACTIVITY_COMMANDS                                                                      \
	{ { "activity", "list" }, { NULL, CLI_NONE, NULL, NULL, 0, NULL },                         \
		{ activity_list_options,                                                           \
		    sizeof(activity_list_options) / sizeof(activity_list_options[0]) },            \
		CLI_CALLS, activity_list_command,                                                  \
		"list who connected, who was refused, who was cut",                                \
		"Lists what is in a tenant's activity log, newest first: connections with a "      \
		"certificate that were let in or refused, open ones that were ended, and what "    \
		"was decided for other people's software.",                                        \
		"quatrain decision show ID --tenant T" },                                          \
	    { { "activity", "export" }, { NULL, CLI_NONE, NULL, NULL, 0, NULL },                   \
		    { activity_export_options,                                                     \
			sizeof(activity_export_options) / sizeof(activity_export_options[0]) },    \
		    CLI_CALLS, log_export_command, "export a tenant's activity log",               \
		    "Does what log export does, with the log of a tenant's activity.",             \
		    "quatrain log verify DIR --root FILE" },                                       \
	{                                                                                          \
		{ "decision", "show" }, { NULL, CLI_SERIAL, "ID", NULL, 0, NULL },                 \
		    { decision_show_options, 1 }, CLI_CALLS, decision_show_command,                \
		    "show one decision, and what it was made from",                                \
		    "Shows the decision of this id, as an answer, a problem document or a log "    \
		    "line named it: what was asked, by whom and from where, which rule of which "  \
		    "policies decided, and how unlike itself the asker behaved. It looks in the "  \
		    "tenant's activity log, then in the log of its certificates.",                 \
		    "quatrain log prove --tenant T --index N --activity"                           \
	}

#endif
