/*
 * daemon/pool.h - a few threads for what takes long and touches nothing else: hashing a PIN.
 *
 * Work is put and comes back on one thread, the loop's; in between it is a thread's alone. Made
 * when its process is confined, as they are then.
 */
#ifndef QUATRAIN_DAEMON_POOL_H
#define QUATRAIN_DAEMON_POOL_H

#include "base/fault.h"

#define POOL_THREADS_MAX 8

struct pool;

typedef void pool_step(void *work);

/* most: how many may wait or be at work. *ret to pool_free(). Fault: FAULT_INTERNAL. */
bool pool_new(unsigned threads, unsigned most, struct pool **ret, struct fault *f) CHECKED;
/* What is under way is finished, and not told; NULL is allowed. */
void pool_free(struct pool *p);

/* run(work) in a thread, then done(work) by pool_tell(). Fault: FAULT_BUSY there are most already.
 */
bool pool_put(struct pool *p, pool_step *run, pool_step *done, void *work, struct fault *f) CHECKED;
/* Readable when something is done. */
int pool_fd(const struct pool *p);
/* Call done() of all that is. */
void pool_tell(void *pool);

#endif
