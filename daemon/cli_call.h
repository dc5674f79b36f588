/*
 * daemon/cli_call.h - what commands that call the API have in common.
 */
#ifndef QUATRAIN_DAEMON_CLI_CALL_H
#define QUATRAIN_DAEMON_CLI_CALL_H

#include "ca/ledger_name.h"
#include "daemon/cli_print.h"
#include "daemon/cli_table.h"
#include "daemon/client.h"

#define CLI_PATH_MAX                                                                               \
	512 /* of an API path; names and serials were checked when the line was parsed */

/* As client_open(), for the service that the options name. */
bool cli_open(const struct invocation *inv, struct client **ret, struct fault *f) CHECKED;

/*
 * One call and its answer: in JSON, or told to a person by tell(). body is taken, and may be NULL.
 * Returns the exit status; a refusal has been said.
 */
int cli_call(const struct invocation *inv, const char *method, const char *path, struct json *body,
    void (*tell)(const struct invocation *inv, const struct json *answer));

/* Does an answer say that a second officer must want it? Then that is told to a person. */
bool cli_waits(const struct json *answer);

/* Which log --tenant and the command mean, as paths of the API name it: "acme", or "acme/activity".
 * Returns to. */
const char *cli_log_of(const struct invocation *inv, char to[static LEDGER_NAME_MAX]);
/* Read a file whole, of up to max octets; "-" is standard input. Faults: FAULT_NOTFOUND,
 * FAULT_LIMIT, FAULT_INTERNAL. */
bool cli_read_file(const char *path, size_t max, struct bytes *ret, struct fault *f) CHECKED;

/* policy show, of the built-in rules. */
int cli_policy_rules(const struct invocation *inv);

/* A whole list: one line {"items":[...]}, or a table; empty is said where there is nothing. */
int cli_list(const struct invocation *inv, const char *path, const struct cli_column *columns,
    size_t n, const char *empty);

#endif
