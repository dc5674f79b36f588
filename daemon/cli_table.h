/*
 * daemon/cli_table.h - the commands as a table, from which parsing, usage errors and help come.
 */
#ifndef QUATRAIN_DAEMON_CLI_TABLE_H
#define QUATRAIN_DAEMON_CLI_TABLE_H

#include <stdio.h>

#include "daemon/cli.h"

enum cli_kind {
	CLI_NONE, /* no such operand */
	CLI_FLAG, /* no value */
	CLI_TEXT, /* printable ASCII, up to CLI_TEXT_MAX octets */
	CLI_PATH,
	CLI_LABEL,    /* a lower-case DNS label */
	CLI_HOST,     /* a lower-case DNS name */
	CLI_URL,      /* https:// */
	CLI_CHOICE,   /* one of the words in more, split by '|' */
	CLI_DURATION, /* as text_duration() */
	CLI_COUNT,    /* decimal, 0 to 65535 */
	CLI_SERIAL,   /* 32 hex digits */
	CLI_ID,       /* of a token, of a request */
	CLI_TIME,     /* as export_time() */
	CLI_INDEX,    /* decimal, under 10^15 */
};

#define CLI_TEXT_MAX 512

enum { CLI_REQUIRED = 1, CLI_REPEATED = 2, CLI_MAY = 4 /* an operand that may be left out */ };

struct cli_param {
	const char *name; /* of an option, without its hyphens; NULL for an operand */
	enum cli_kind kind;
	const char *shown; /* what stands for the value: "T" */
	const char *more;  /* CLI_CHOICE */
	unsigned how;      /* CLI_REQUIRED, CLI_REPEATED */
	const char *help;
};

struct cli_params {
	const struct cli_param *at;
	size_t n;
};

enum {
	CLI_CALLS = 1,      /* calls the API: takes --url, --cert, --key, --root */
	CLI_OWN_ROOT = 2,   /* with CLI_CALLS: has a use for --root without --url */
	CLI_ALONE = 4,      /* needs no configuration: reads one only where --config names it */
	CLI_OWN_CONFIG = 8, /* --config names a file of its own, which it reads by itself */
};

struct command {
	const char *words[2]; /* "token", "create"; the second may be NULL */
	struct cli_param operand;
	struct cli_params options;
	unsigned how;
	int (*run)(const struct invocation *inv);
	const char *brief; /* one line in the list of commands */
	const char *help;  /* one paragraph */
	const char *next;  /* what to do after it */
};

extern const struct command cli_commands[];
extern const size_t cli_commands_n;
extern const struct cli_params cli_common; /* options of every command */
extern const struct cli_params cli_remote; /* and of those that call the API */

/* What a value of this kind must be, as it reads after "expected". */
const char *cli_kind_text(enum cli_kind kind);
bool cli_kind_ok(const struct cli_param *p, const char *value);

/* The option that command takes by this name of n octets, or NULL; with command NULL, any
 * command's. */
const struct cli_param *cli_param_find(const struct command *command, const char *name, size_t n);

/* The same lists in order: i-th option of a command, own ones first; NULL beyond. */
const struct cli_param *cli_param_at(const struct command *command, size_t i);

/* "token create --tenant T --device NAME [--profile P]": own options only. */
void cli_synopsis(const struct command *command, FILE *to);
/* Help on one command, or on all whose first word is word (NULL: all). */
void cli_help_command(const struct command *command);
void cli_help_list(const char *word);

/* Say what was expected on standard error, and where to read more; returns CLI_USAGE. command may
 * be NULL. */
int cli_usage(const struct command *command, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* One function a command, in the file of its noun. */
int tenant_create_command(const struct invocation *inv);
int tenant_list_command(const struct invocation *inv);
int tenant_show_command(const struct invocation *inv);
int operator_add_command(const struct invocation *inv);
int operator_list_command(const struct invocation *inv);
int operator_show_command(const struct invocation *inv);
int operator_role_command(const struct invocation *inv);
int operator_remove_command(const struct invocation *inv);
int act_list_command(const struct invocation *inv);
int act_show_command(const struct invocation *inv);
int act_approve_command(const struct invocation *inv);
int act_refuse_command(const struct invocation *inv);
int region_list_command(const struct invocation *inv);
int policy_show_command(const struct invocation *inv);
int policy_check_command(const struct invocation *inv);
int policy_test_command(const struct invocation *inv);
int policy_explain_command(const struct invocation *inv);
int policy_diff_command(const struct invocation *inv);
int policy_replay_command(const struct invocation *inv);
int policy_bundle_command(const struct invocation *inv);
int policy_decide_command(const struct invocation *inv);
int policy_put_command(const struct invocation *inv);
int policy_list_command(const struct invocation *inv);
int policy_remove_command(const struct invocation *inv);
int health_command(const struct invocation *inv);
int profile_list_command(const struct invocation *inv);
int profile_check_command(const struct invocation *inv);
int token_create_command(const struct invocation *inv);
int token_list_command(const struct invocation *inv);
int token_revoke_command(const struct invocation *inv);
int maker_add_command(const struct invocation *inv);
int maker_list_command(const struct invocation *inv);
int maker_remove_command(const struct invocation *inv);
int device_add_command(const struct invocation *inv);
int device_list_command(const struct invocation *inv);
int device_remove_command(const struct invocation *inv);
int printer_add_command(const struct invocation *inv);
int printer_list_command(const struct invocation *inv);
int printer_show_command(const struct invocation *inv);
int printer_remove_command(const struct invocation *inv);
int badge_add_command(const struct invocation *inv);
int badge_list_command(const struct invocation *inv);
int badge_remove_command(const struct invocation *inv);
int request_list_command(const struct invocation *inv);
int request_show_command(const struct invocation *inv);
int request_approve_command(const struct invocation *inv);
int request_refuse_command(const struct invocation *inv);
int cert_list_command(const struct invocation *inv);
int cert_find_command(const struct invocation *inv);
int cert_show_command(const struct invocation *inv);
int cert_revoke_command(const struct invocation *inv);
int cert_hold_command(const struct invocation *inv);
int cert_release_command(const struct invocation *inv);
int endpoint_list_command(const struct invocation *inv);
int endpoint_show_command(const struct invocation *inv);
int endpoint_remove_command(const struct invocation *inv);
int tenant_suspend_command(const struct invocation *inv);
int tenant_resume_command(const struct invocation *inv);
int tenant_rollover_command(const struct invocation *inv);
int region_rollover_command(const struct invocation *inv);
int region_show_command(const struct invocation *inv);
int region_suspend_command(const struct invocation *inv);
int region_resume_command(const struct invocation *inv);
int enroll_command(const struct invocation *inv);
int agent_command(const struct invocation *inv);
int key_list_command(const struct invocation *inv);
int key_rotate_command(const struct invocation *inv);
int log_export_command(const struct invocation *inv);
int log_verify_command(const struct invocation *inv);
int log_keys_command(const struct invocation *inv);
int log_prove_command(const struct invocation *inv);
int log_redact_command(const struct invocation *inv);
int replay_command(const struct invocation *inv);
int ledger_check_command(const struct invocation *inv);
int ledger_merge_command(const struct invocation *inv);
int backup_command(const struct invocation *inv);
int backup_verify_command(const struct invocation *inv);
int restore_command(const struct invocation *inv);
int chain_audit_command(const struct invocation *inv);
int api_describe_command(const struct invocation *inv);
int revocations_follow_command(const struct invocation *inv);
int revocations_show_command(const struct invocation *inv);
int events_command(const struct invocation *inv);
int webhook_list_command(const struct invocation *inv);
int webhook_test_command(const struct invocation *inv);
int activity_list_command(const struct invocation *inv);
int decision_show_command(const struct invocation *inv);
int version_command(const struct invocation *inv);

#endif
