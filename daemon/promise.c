/* daemon/promise.c - checkpoints that a round signed are durable before anybody sees them; see
 * notary.h. */
#include "base/log.h"
#include "daemon/round.h"

static bool
has_signed(const struct round_job *r)
{
	return !r->job.failed && r->job.checkpoint.note.n > 0;
}

/* Whoever reads finds the checkpoint too; where it cannot be written, the next one will be. */
static void
show_checkpoints(struct round *d)
{
	struct ledger *l;
	struct fault f;

	for (size_t i = 0; i < d->n; i++)
		if (has_signed(&d->job[i]) &&
		    (!realm_ledger(d->signer->realm, d->job[i].job.checkpoint.ledger, &l, &f) ||
			!notary_keep(l, &d->job[i].job.checkpoint, &f)))
			log_fact(LOG_WARN, "log", "tenant", d->job[i].job.checkpoint.ledger, "why",
			    f.text, NULL);
}

/* A checkpoint is handed out when a mark tells of it: no other of that size can be signed then. */
void
round_promise(struct round *d)
{
	bool any = false, ok = true;
	struct fault f;

	for (size_t i = 0; ok && i < d->n; i++)
		if (has_signed(&d->job[i])) {
			any = true;
			ok = notary_promise(d->signer, d->job[i].job.checkpoint.ledger,
			    &d->job[i].job.checkpoint, &f);
		}
	if (!any)
		return;
	if (ok && watch_mark(d->signer, &f)) {
		show_checkpoints(d);
		return;
	}
	log_fact(LOG_ERROR, "marks", "fault", f.text, NULL);
	for (size_t i = 0; i < d->n; i++)
		if (has_signed(&d->job[i])) {
			d->job[i].job.failed = true;
			fault_set(
			    &d->job[i].job.fault, FAULT_BUSY, "the marks cannot be written now");
		}
}
