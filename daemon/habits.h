/*
 * daemon/habits.h - what each endpoint usually does (policy/anomaly.h), shared by all edges.
 *
 * Main makes the memory, as that of the tally, and writes it to data/habits each five minutes and
 * when it ends; a start reads it back, row by row, and drops what cannot be one. Edges look up and
 * add. A row is found by a hash of the SPIFFE id under a seed of the file; where its eight places
 * are taken, the one that was still longest gives way, and that endpoint begins anew. Whoever
 * writes a row marks it so; a mark that stands too long was left by a dead process, and is passed
 * over. A captured edge can lie here, and raise or lower scores: a rule may forbid by them, none is
 * permitted by them.
 */
#ifndef QUATRAIN_DAEMON_HABITS_H
#define QUATRAIN_DAEMON_HABITS_H

#include "base/fault.h"
#include "daemon/settings.h"
#include "policy/anomaly.h"
#include "policy/request.h"

#define HABITS_ROWS   65536
#define HABITS_SAVE_S 300

struct habits;

/* Main's: *ret_fd is for the children. Fault: FAULT_INTERNAL. */
bool habits_new(struct habits **ret, int *ret_fd, struct fault *f) CHECKED;
/* A child's, of a descriptor that main sent; fd is closed either way. Fault: FAULT_INTERNAL. */
bool habits_open(int fd, struct habits **ret, struct fault *f) CHECKED;
/* Main's. Read what was saved (nothing there: *ret_n is 0), and save, durable on return. Faults:
 * FAULT_BADREQ it is no such file, FAULT_INTERNAL. */
bool habits_load(
    struct habits *h, const char *path, int64_t now_s, uint64_t *ret_n, struct fault *f) CHECKED;
/* Nothing is written where nothing was seen since. */
bool habits_save(struct habits *h, const char *path, struct fault *f) CHECKED;

/* Main's side, as whoever owns the data folder. What cannot be read or saved is told, and stops
 * nothing. Fault: FAULT_INTERNAL no memory. */
struct habits_keeper {
	struct habits *habits;
	int fd;
	int64_t due_us;
};
bool habits_start(struct habits_keeper *k, const struct settings *s, struct fault *f) CHECKED;
bool habits_due(const struct habits_keeper *k);
bool habits_keep(struct habits_keeper *k, const struct settings *s, struct fault *f) CHECKED;

/*
 * Weigh what r asks (subject.id, source.ip, time, action, and cert.sha256 as the key) against what
 * its subject usually does, put anomaly.score into r, and remember the event; with peek nothing is
 * remembered. foreign: an act of staff, asked by an endpoint. h NULL, or a request without a
 * subject: anomaly.score stays unknown, and ret->n is 0. Costs no more than a look into memory.
 */
struct habits_event {
	uint64_t key; /* of the public key: the beginning of its SHA-256; 0: not known */
	bool renewed, foreign, peek;
};
void habits_weigh(
    struct habits *h, struct request *r, const struct habits_event *e, struct anomaly_score *ret);

#endif
