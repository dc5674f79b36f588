/* daemon/round_count.c - see round.h: what a round was, for the metrics. */
#include "daemon/round.h"

static enum tally_outcome
outcome(const struct errand *j)
{
	if (!j->failed)
		return TALLY_DONE;
	return j->fault.code == FAULT_INTERNAL || j->fault.code == FAULT_BUSY ? TALLY_FAILED
									      : TALLY_REFUSED;
}

void
round_count(const struct round *d, int64_t sync_us)
{
	struct tally_signer *t = d->signer->tally == NULL ? NULL : &d->signer->tally->signer;

	if (t == NULL)
		return;
	tally_add(&t->rounds, 1);
	tally_set(&t->queue, d->n);
	tally_took(&t->sync, sync_us);
	for (size_t i = 0; i < d->n; i++) {
		const struct errand *j = &d->job[i].job;

		if (d->job[i].duty->verb < TALLY_VERBS)
			tally_add(&t->requests[d->job[i].duty->verb][outcome(j)], 1);
		tally_add(&t->issued, !j->failed && j->ticket != NULL);
	}
}
