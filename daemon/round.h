/*
 * daemon/round.h - the jobs that share two commits, and the table of what may be asked.
 */
#ifndef QUATRAIN_DAEMON_ROUND_H
#define QUATRAIN_DAEMON_ROUND_H

#include "daemon/signer.h"

#define ROUND_MAX 256 /* jobs */

/* A job with the message that it came in. */
struct round_job {
	struct errand job;
	const struct duty *duty;
	struct message message;
	struct line *line;
};

struct round {
	struct signer *signer;
	struct line *lines; /* all askers: told when a standing changed for the worse */
	const size_t *lines_n;
	size_t n;   /* jobs in this round */
	bool later; /* activity ledgers are committed when all others were answered */
	bool
	    judging; /* the first of its two halves: intents, and claims in the platform's ledger */
	struct round_job job[ROUND_MAX];
};

/* NULL: nobody may ask that. */
const struct duty *round_duty(uint16_t verb);
/* By its word: what stands in a ledger names it so, as verbs change with versions. */
const struct duty *round_duty_named(const char *word);

/* Judge, commit, act, commit, answer the first n jobs. */
void round_run(struct round *d, size_t n);

/* After a round, before its jobs are answered: into the tally, where there is one. */
void round_count(const struct round *d, int64_t sync_us);

/* Of all that were signed in d: the marks tell of them, then readers find them; daemon/promise.c.
 */
void round_promise(struct round *d);

#endif
