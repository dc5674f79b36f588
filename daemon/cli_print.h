/*
 * daemon/cli_print.h - answers for people and for programs.
 *
 * What comes from a service may come from a peer of it: nothing reaches a
 * terminal but printable ASCII and, in PEM, line ends.
 */
#ifndef QUATRAIN_DAEMON_CLI_PRINT_H
#define QUATRAIN_DAEMON_CLI_PRINT_H

#include <stdio.h>

#include "base/json.h"

/* One canonical line. */
void cli_print_json(FILE *to, const struct json *j);

/* A member of an object as text, "-" where it is missing; other octets than printable ASCII become
 * '?'. */
#define CLI_CELL_MAX 256
const char *cli_cell(const struct json *j, const char *name, char to[static CLI_CELL_MAX]);

struct cli_column {
	const char *name; /* of the member */
	const char *title;
	int width; /* least, in characters; the last column's is not used */
};

/* A row for each item of an array, the titles before it where first is true. */
void cli_print_rows(
    const struct json *items, const struct cli_column *columns, size_t n, bool first);

/* The same columns as "title: value" lines, one object. */
void cli_print_facts(const struct json *j, const struct cli_column *columns, size_t n);

/* A member that is PEM text. Nothing where it is missing. */
void cli_print_pem(const struct json *j, const char *name);

/* A text of any length as one line, other octets than printable ASCII as '?'. */
void cli_put_line(const char *text);

#endif
