/*
 * daemon/relay_note.h - what became of each job, for the activity log: it was accepted, released to
 * a printer, and it ended.
 *
 * What was decided of it stands there too (print.submit, print.release, print.fetch), without the
 * job's number, which nobody knows before it is accepted, and without its end. An entry is made
 * when the spool gets the job as it then is, and told when that is durable. It says, beside act
 * and t:
 *
 *	job  uuid, number (job-id), owner, printer, encrypted_by, octets, copies; at its end state,
 *	     reasons, impressions, sheets, connector
 *
 * No name of a person or a document is in it.
 */
#ifndef QUATRAIN_DAEMON_RELAY_NOTE_H
#define QUATRAIN_DAEMON_RELAY_NOTE_H

#include "daemon/activity.h"
#include "relay/job.h"

struct relay_note {
	struct activity *activity; /* lent; set by who has it */
	struct bytes waiting;      /* for the commit */
};

/* A spool_seen() of relay/spool.h; with is a struct relay_note. */
void relay_note_seen(void *with, const struct job *before, const struct job *after);
/* The commit was made, or was not. */
void relay_note_committed(struct relay_note *n, bool made);
void relay_note_free(struct relay_note *n);

/* What a job tells that became after from before (NULL: it is new): the act; NULL: nothing. */
const char *relay_note_act(const struct job *before, const struct job *after);
/* The entry of that, appended. Fault: FAULT_INTERNAL. */
bool relay_note_entry(
    const char *act, const struct job *j, struct bytes *ret, struct fault *f) CHECKED;

#endif
