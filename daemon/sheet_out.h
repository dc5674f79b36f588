/*
 * daemon/sheet_out.h - where the tokens of a sheet go as they are made: a CSV file, or standard
 * output.
 *
 * A file has mode 0600 and is never overwritten; what is in it is on the disk
 * when sheet_out_put() returns. One that was interrupted is gone on with.
 */
#ifndef QUATRAIN_DAEMON_SHEET_OUT_H
#define QUATRAIN_DAEMON_SHEET_OUT_H

#include "base/bytes.h"
#include "daemon/csv.h"

/* The columns, and where they stand in a row. */
enum {
	SHEET_DEVICE,
	SHEET_PROFILE,
	SHEET_TOKEN,
	SHEET_EXPIRES,
	SHEET_URL,
	SHEET_ID,
	SHEET_CODE,
	SHEET_COLUMNS
};
extern const char *const sheet_columns[SHEET_COLUMNS];

#define SHEET_OUT_MAX (32u << 20) /* octets: the most rows, each with the longest URL and code */

struct sheet_out {
	const char *path; /* lent; NULL: standard output */
	int fd;
	bool json;        /* {"items":[...]} and no CSV; on standard output only */
	struct bytes csv; /* all rows, the header before them, whatever fd gets */
	size_t rows;
};

/*
 * A new file at path, or standard output where path is NULL; with resume one
 * that is there is read and gone on with, and a last line that was cut is cut off.
 * Faults: FAULT_CONFLICT it is there already, FAULT_BADREQ what is there is no such
 * file, FAULT_LIMIT, FAULT_INTERNAL. *ret to sheet_out_close().
 */
bool sheet_out_open(
    const char *path, bool resume, bool json, struct sheet_out *ret, struct fault *f) CHECKED;

/* One row; a field never holds a control character. Fault: FAULT_INTERNAL, and then nothing of it
 * is in the file. */
bool sheet_out_put(
    struct sheet_out *o, const char *const field[static SHEET_COLUMNS], struct fault *f) CHECKED;

/* Begin to read the rows that there are, the header behind. Fault: FAULT_BADREQ it is not ours. */
bool sheet_out_rows(const struct sheet_out *o, struct csv *ret, struct fault *f) CHECKED;

/* The end of what standard output gets; wipes and closes. */
void sheet_out_close(struct sheet_out *o);

/* The page of all rows, for tenant, at path in one step; mode 0600. Faults: FAULT_INTERNAL, those
 * of sheet_put(). */
bool sheet_out_page(
    const struct sheet_out *o, const char *tenant, const char *path, struct fault *f) CHECKED;

#endif
