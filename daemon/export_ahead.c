/* daemon/export_ahead.c - see export_ahead.h. */
#include "daemon/export_ahead.h"

#include <pthread.h>
#include <stdlib.h>

#define PAGES 3 /* the one that is worked on, and two that wait */

struct export_ahead {
	struct client *client;
	const struct export_source *of;
	export_fetch *fetch;
	uint64_t from, to;
	pthread_t thread;
	pthread_mutex_t line; /* the connection */
	pthread_mutex_t guard;
	pthread_cond_t turn;
	unsigned made, taken; /* pages, ever */
	bool stop, failed;
	struct fault why;
	struct export_page page[PAGES];
};

static bool
fetch_page(struct export_ahead *a, struct export_page *p, struct fault *f)
{
	bytes_clear(&p->octets);
	p->from = a->from;
	if (!a->fetch(a->client, a->of, a->from, a->to - a->from, &p->octets, &p->n, f))
		return false;
	a->from += p->n;
	return true;
}

static void *
run(void *with)
{
	struct export_ahead *a = with;
	struct fault f;
	bool ok = true;

	while (ok && a->from < a->to) {
		struct export_page *p;

		(void)pthread_mutex_lock(&a->guard);
		while (a->made - a->taken == PAGES && !a->stop)
			(void)pthread_cond_wait(&a->turn, &a->guard);
		ok = !a->stop;
		p = &a->page[a->made % PAGES];
		(void)pthread_mutex_unlock(&a->guard);
		if (!ok)
			break;
		export_lock(a);
		ok = fetch_page(a, p, &f);
		export_unlock(a);
		(void)pthread_mutex_lock(&a->guard);
		a->made += ok;
		if (!ok) {
			a->failed = true;
			a->why = f;
		}
		(void)pthread_cond_broadcast(&a->turn);
		(void)pthread_mutex_unlock(&a->guard);
	}
	return NULL;
}

bool
export_ahead_new(struct client *c, const struct export_source *of, export_fetch *fetch,
    uint64_t from, uint64_t to, struct export_ahead **ret, struct fault *f)
{
	struct export_ahead *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return fault_set(f, FAULT_INTERNAL, "log: out of memory");
	*a = (struct export_ahead){ .client = c, .of = of, .fetch = fetch, .from = from, .to = to };
	(void)pthread_mutex_init(&a->line, NULL);
	(void)pthread_mutex_init(&a->guard, NULL);
	(void)pthread_cond_init(&a->turn, NULL);
	a->taken = 0;
	if (pthread_create(&a->thread, NULL, run, a) != 0) {
		free(a);
		return fault_set(f, FAULT_INTERNAL, "log: no thread");
	}
	*ret = a;
	return true;
}

/* The page that was lent is given back by asking for the next: so it is the one before taken. */
bool
export_ahead_next(struct export_ahead *a, const struct export_page **ret, struct fault *f)
{
	bool ok;

	(void)pthread_mutex_lock(&a->guard);
	if (*ret != NULL)
		a->taken++;
	(void)pthread_cond_broadcast(&a->turn);
	while (a->made == a->taken && !a->failed)
		(void)pthread_cond_wait(&a->turn, &a->guard);
	ok = a->made != a->taken;
	if (ok)
		*ret = &a->page[a->taken % PAGES];
	else
		*f = a->why;
	(void)pthread_mutex_unlock(&a->guard);
	return ok;
}

void
export_lock(struct export_ahead *a)
{
	if (a != NULL)
		(void)pthread_mutex_lock(&a->line);
}

void
export_unlock(struct export_ahead *a)
{
	if (a != NULL)
		(void)pthread_mutex_unlock(&a->line);
}

void
export_ahead_free(struct export_ahead *a)
{
	if (a == NULL)
		return;
	(void)pthread_mutex_lock(&a->guard);
	a->stop = true;
	(void)pthread_cond_broadcast(&a->turn);
	(void)pthread_mutex_unlock(&a->guard);
	(void)pthread_join(a->thread, NULL);
	for (unsigned i = 0; i < PAGES; i++)
		bytes_free(&a->page[i].octets);
	(void)pthread_cond_destroy(&a->turn);
	(void)pthread_mutex_destroy(&a->guard);
	(void)pthread_mutex_destroy(&a->line);
	free(a);
}
