/*
 * daemon/cli.h - the command line: words and options by table, then one function a command.
 */
#ifndef QUATRAIN_DAEMON_CLI_H
#define QUATRAIN_DAEMON_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/settings.h"

#define CLI_OK      0
#define CLI_REFUSED 1
#define CLI_USAGE   2

#define CLI_WORDS_MAX 24 /* operands of one command */

struct command; /* daemon/cli_table.h */

/* One command line, parsed and checked against its command's table. */
struct invocation {
	const struct command *command; /* for cli_usage() */
	struct settings settings;
	const char *config; /* --config as given, or NULL */
	bool json;
	const char *words[CLI_WORDS_MAX]; /* what stands behind the command's own words */
	size_t words_n;
	const char *const *argv; /* options are read with cli_option() */
	int argc;
};

/* The value of --name, or NULL; the i-th of several (0 first); presence of a flag. */
const char *cli_option(const struct invocation *inv, const char *name);
const char *cli_option_at(const struct invocation *inv, const char *name, size_t i);
bool cli_flag(const struct invocation *inv, const char *name);

/* Say a refusal on standard error ("quatrain: ..."), in JSON where --json; returns CLI_REFUSED. */
int cli_refuse(const struct invocation *inv, const struct fault *f);
/* The same, and what to do about it. */
int cli_refuse_next(const struct invocation *inv, const struct fault *f, const char *next);

/* argv as main() got it. Returns the exit status. */
int cli_main(int argc, const char *const *argv);

/* Commands that are processes; in their own files. */
int init_command(const struct invocation *inv);  /* daemon/init.c: the ceremony */
int serve_command(const struct invocation *inv); /* daemon/serve.c: main and its children */

#endif
