/*
 * daemon/backup_file.h - a backup as a file: read, proven, and told of.
 */
#ifndef QUATRAIN_DAEMON_BACKUP_FILE_H
#define QUATRAIN_DAEMON_BACKUP_FILE_H

#include <stdio.h>

#include "ca/dump.h"
#include "daemon/cli.h"

#define BACKUP_PATH_MAX 4096

/* How far it is, on a terminal's line of standard error. */
struct backup_progress {
	bool shown;  /* there is a terminal, and nobody asked for JSON */
	uint64_t at; /* octets when it was last told */
};

void backup_progress_begin(struct backup_progress *p, const struct invocation *inv);
void backup_progress_tell(struct backup_progress *p, const struct dump_total *t);
void backup_progress_end(const struct backup_progress *p);

/* A file of root certificates in PEM, appended. Faults: FAULT_NOTFOUND, FAULT_BADREQ it is no such
 * file. */
bool backup_root(const char *path, struct bytes *ret, struct fault *f) CHECKED;

/* Open path to read; "-" is standard input. Faults: FAULT_NOTFOUND, FAULT_BADREQ it is no file or
 * pipe. */
bool backup_open(const char *path, int *ret, struct fault *f) CHECKED;

/* As dump_read(), from fd, where it stands. Faults: those of dump_read(). */
bool backup_read(int fd, const struct dump_visitor *to, struct octets root_pem,
    struct dump_verdict *ret, struct fault *f) CHECKED;

/* What it holds: members of a JSON object, or lines for a person. */
void backup_put_facts(const struct dump_verdict *v, struct json *j);
void backup_print_facts(const struct dump_verdict *v, FILE *to);

#endif
