/*
 * daemon/entry_lines.h - entries of a log, line by line: from a folder, a file or pages of a
 * service.
 *
 * Each line names the leaf hash of the one before it ("prev", ca/log.h), and is held against it;
 * lines that name none, as of a file that somebody made, are held against nothing.
 */
#ifndef QUATRAIN_DAEMON_ENTRY_LINES_H
#define QUATRAIN_DAEMON_ENTRY_LINES_H

#include "ca/log.h"

struct entry_lines {
	/* The caller's: a line of the log, and what was found wrong with it. Faults end the walk.
	 */
	bool (*line)(void *with, struct octets line, uint64_t index, struct fault *f);
	void (*altered)(void *with, uint64_t index, const char *why);
	void *with;
	bool progress; /* tell a terminal how far it is */
	/* Of the lines before: begin with zeros, or with began set where the first line must be the
	 * log's first. */
	bool began;
	struct log_edge edge;
	uint64_t next;
	uint8_t leaf[LOG_HASH_OCTETS];
};

/* One line, without its end. Fault: the caller's. */
bool entry_lines_take(struct entry_lines *e, struct octets line, struct fault *f) CHECKED;
/* Whole lines, each with its end; *ret_n: how many. Fault: FAULT_BADREQ one is cut short. */
bool entry_lines_page(
    struct entry_lines *e, struct octets page, uint64_t *ret_n, struct fault *f) CHECKED;
/* A file of lines; "-" is standard input. Faults: FAULT_NOTFOUND, FAULT_BADREQ. */
bool entry_lines_file(struct entry_lines *e, const char *path, struct fault *f) CHECKED;
/* What log export wrote: entries.jsonl, which must be the tree that checkpoint names. Whose
 * signature stands there is log verify's. Faults: FAULT_NOTFOUND, FAULT_BADREQ. */
bool entry_lines_folder(struct entry_lines *e, const char *dir, struct fault *f) CHECKED;

#endif
