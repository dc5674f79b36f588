/* daemon/pool.c - see pool.h. */
#include "daemon/pool.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct task {
	pool_step *run, *done;
	void *work;
};

/* A ring of room places: those that are done, then those that a thread has, then those that wait.
 * What is done out of turn waits for those before it. */
struct pool {
	int fd;
	unsigned threads_n, room;
	pthread_t threads[POOL_THREADS_MAX];
	pthread_mutex_t lock; /* of all that stands below */
	pthread_cond_t more;
	bool ends;
	unsigned first, n, taken; /* where it begins; in it; of those a thread took so many */
	bool *is_done;
	struct task *ring;
};

static void *
run(void *with)
{
	const uint64_t one = 1;
	struct pool *p = with;
	unsigned at;

	(void)pthread_mutex_lock(&p->lock);
	for (;;) {
		while (!p->ends && p->taken == p->n)
			(void)pthread_cond_wait(&p->more, &p->lock);
		if (p->ends)
			break;
		at = (p->first + p->taken++) % p->room;
		(void)pthread_mutex_unlock(&p->lock);
		p->ring[at].run(p->ring[at].work);
		(void)pthread_mutex_lock(&p->lock);
		p->is_done[at] = true;
		(void)!write(p->fd, &one, sizeof(one));
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

static bool
start(struct pool *p, unsigned threads, struct fault *f)
{
	int rc;

	if (p->ring == NULL || p->is_done == NULL)
		return fault_set(f, FAULT_INTERNAL, "pool: out of memory");
	if ((p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		return fault_errno(f, FAULT_INTERNAL, "pool: eventfd");
	for (; p->threads_n < threads; p->threads_n++)
		if ((rc = pthread_create(&p->threads[p->threads_n], NULL, run, p)) != 0)
			return fault_set(f, FAULT_INTERNAL, "pool: pthread_create: error %d", rc);
	return true;
}

bool
pool_new(unsigned threads, unsigned most, struct pool **ret, struct fault *f)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return fault_set(f, FAULT_INTERNAL, "pool: out of memory");
	p->fd = -1;
	p->room = most;
	p->ring = calloc(most, sizeof(*p->ring));
	p->is_done = calloc(most, sizeof(*p->is_done));
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->more, NULL);
	if (!start(p, threads > POOL_THREADS_MAX ? POOL_THREADS_MAX : threads, f)) {
		pool_free(p);
		return false;
	}
	*ret = p;
	return true;
}

void
pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->ends = true;
	(void)pthread_cond_broadcast(&p->more);
	(void)pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->threads_n; i++)
		(void)pthread_join(p->threads[i], NULL);
	(void)pthread_cond_destroy(&p->more);
	(void)pthread_mutex_destroy(&p->lock);
	if (p->fd != -1)
		(void)close(p->fd);
	free(p->ring);
	free(p->is_done);
	free(p);
}

bool
pool_put(struct pool *p, pool_step *run_it, pool_step *done, void *work, struct fault *f)
{
	unsigned at;
	bool ok;

	(void)pthread_mutex_lock(&p->lock);
	if ((ok = p->n < p->room)) {
		at = (p->first + p->n++) % p->room;
		p->ring[at] = (struct task){ run_it, done, work };
		p->is_done[at] = false;
		(void)pthread_cond_signal(&p->more);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return ok || fault_set(f, FAULT_BUSY, "pool: all threads are at work: try again");
}

int
pool_fd(const struct pool *p)
{
	return p->fd;
}

void
pool_tell(void *pool)
{
	struct pool *p = pool;
	struct task t;
	uint64_t times;
	bool more = true;

	(void)!read(p->fd, &times, sizeof(times));
	while (more) {
		(void)pthread_mutex_lock(&p->lock);
		if ((more = p->taken > 0 && p->is_done[p->first])) {
			t = p->ring[p->first];
			p->first = (p->first + 1) % p->room;
			p->taken--;
			p->n--;
		}
		(void)pthread_mutex_unlock(&p->lock);
		if (more)
			t.done(t.work); /* which may put more */
	}
}
