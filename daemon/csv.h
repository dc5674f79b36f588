/*
 * daemon/csv.h - comma-separated rows of text (RFC 4180), read one at a time.
 *
 * Not for untyped spreadsheets: no other separator, no comments. LF is taken for
 * CRLF, a byte order mark at the beginning and empty lines are passed over. The
 * text must be UTF-8 without control characters.
 */
#ifndef QUATRAIN_DAEMON_CSV_H
#define QUATRAIN_DAEMON_CSV_H

#include "base/bytes.h"

#define CSV_CELLS_MAX 16
#define CSV_ROW_MAX   4096 /* octets of a row's cells, a NUL behind each */

struct csv {
	struct octets left; /* lent */
	size_t line;        /* where left begins, from 1 */
};

struct csv_row {
	size_t line; /* where it begins */
	size_t n;
	const char *cell[CSV_CELLS_MAX]; /* into text */
	char text[CSV_ROW_MAX];
};

/* Begin to read text, which is lent as long as rows are taken. */
void csv_open(struct csv *c, struct octets text);

/*
 * The next row; *ret_more is false, and ret untouched, where there is none. Faults: FAULT_BADREQ,
 * FAULT_LIMIT more or longer cells than there is room for; both say line and column.
 */
bool csv_next(struct csv *c, struct csv_row *ret, bool *ret_more, struct fault *f) CHECKED;

/* Append a cell, in quotes where it needs them. */
void csv_put(struct bytes *b, const char *cell);

#endif
