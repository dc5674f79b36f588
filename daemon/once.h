/*
 * daemon/once.h - Idempotency-Key, as the signer keeps its word (ca/repeat.h).
 *
 * An act that is permitted is looked for first; what was done already is answered as it was then,
 * to whoever may do it still. The record is written with the act.
 */
#ifndef QUATRAIN_DAEMON_ONCE_H
#define QUATRAIN_DAEMON_ONCE_H

#include "daemon/signer.h"

/*
 * j, which was permitted, under a's key. Where it was done before, j->repeated is set and j's
 * answer made: then too this is false, so that the duty goes no further, and the fault is nobody's.
 * Faults: FAULT_REUSED, FAULT_OFTEN, FAULT_CONFLICT the answer cannot be read, FAULT_INTERNAL
 */
bool once_look(
    struct signer *s, struct errand *j, const struct wire_act *a, struct fault *f) CHECKED;

/* j was done: its answer, into the batch that it is in. Fault: FAULT_INTERNAL. */
bool once_keep(struct signer *s, struct errand *j, struct fault *f) CHECKED;

/*
 * j's act is whole in what l's next commit writes, and its answer is made: that goes with it, so
 * that whoever asks again after a death behind that commit is told of it. For a duty that commits
 * by itself; of an approval (daemon/second.h) it is the approval's answer. Fault: FAULT_INTERNAL.
 */
bool once_decide(struct signer *s, struct errand *j, struct ledger *l, struct fault *f) CHECKED;

/*
 * An act of two that is done in a ledger of its own, while the approval stands in the platform's: l
 * remembers, by id, that it was done, and what was answered. *ret_done: it was, and ret is that.
 * Fault: FAULT_INTERNAL.
 */
bool once_done(struct signer *s, struct ledger *l, const char *id, int64_t now_s, bool *ret_done,
    struct bytes *ret, struct fault *f) CHECKED;
bool once_keep_done(struct signer *s, struct ledger *l, const char *id, int64_t now_s,
    struct octets answer, struct fault *f) CHECKED;

/* Are these two the same request of one asker, under one key? For what is judged before it acts. */
bool once_same(const struct errand *a, const struct errand *b);

/* Now and then: what is past its time goes, in every ledger that is open, into its batch. */
void once_sweep(struct signer *s, int64_t now_s);

#endif
