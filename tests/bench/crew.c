/* tests/bench/crew.c - see crew.h. */
#include "tests/bench/crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

struct crew {
	const struct crew_work *work;
	struct crew_result *result;
	pthread_barrier_t gate;
	pthread_mutex_t lock; /* result.first and broken */
	atomic_size_t next, done, failed;
	atomic_llong start_us;
	bool broken; /* some worker could not begin */
};

struct worker {
	struct crew *crew;
	size_t number;
	pthread_t thread;
};

static void
note(struct crew *c, const struct fault *f, bool fatal)
{
	pthread_mutex_lock(&c->lock);
	if (!c->broken && atomic_load(&c->failed) == 0)
		c->result->first = *f;
	c->broken = c->broken || fatal;
	pthread_mutex_unlock(&c->lock);
}

static void
do_jobs(struct worker *w)
{
	struct crew *c = w->crew;
	struct fault f;
	int64_t from_us, to_us;
	size_t i;

	for (;;) {
		from_us = clock_steady_us();
		if (from_us - atomic_load(&c->start_us) > c->work->most_us ||
		    (i = atomic_fetch_add(&c->next, 1)) >= c->work->jobs)
			return;
		if (!c->work->act(c->work->with, w->number, i, &f)) {
			note(c, &f, false);
			atomic_fetch_add(&c->failed, 1);
			continue;
		}
		to_us = clock_steady_us();
		c->result->lat_us[atomic_fetch_add(&c->done, 1)] = (uint32_t)(to_us - from_us);
	}
}

static void *
run_worker(void *at)
{
	struct worker *w = at;
	struct crew *c = w->crew;
	struct fault f;

	if (c->work->begin != NULL && !c->work->begin(c->work->with, w->number, &f))
		note(c, &f, true);
	pthread_barrier_wait(&c->gate); /* all have begun */
	if (w->number == 0) {
		if (c->work->told)
			crew_say("start");
		atomic_store(&c->start_us, clock_steady_us());
	}
	pthread_barrier_wait(&c->gate);
	if (!c->broken)
		do_jobs(w);
	return NULL;
}

static int
by_size(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

bool
crew_run(const struct crew_work *w, struct crew_result *ret, struct fault *f)
{
	struct crew_result r = { .lat_us = calloc(w->jobs + 1, sizeof(*r.lat_us)) };
	struct crew c = { .work = w, .result = &r, .lock = PTHREAD_MUTEX_INITIALIZER };
	struct worker worker[CREW_MAX];

	if (r.lat_us == NULL || w->workers < 1 || w->workers > CREW_MAX ||
	    pthread_barrier_init(&c.gate, NULL, (unsigned)w->workers) != 0) {
		free(r.lat_us);
		return fault_set(f, FAULT_INTERNAL, "crew: no memory for it, or no such size");
	}
	for (size_t i = 0; i < w->workers; i++) {
		worker[i] = (struct worker){ .crew = &c, .number = i };
		if (pthread_create(&worker[i].thread, NULL, run_worker, &worker[i]) != 0) {
			(void)fprintf(stderr, "crew: no thread\n");
			exit(1); /* the others wait at the gate for it */
		}
	}
	for (size_t i = 0; i < w->workers; i++)
		pthread_join(worker[i].thread, NULL);
	r.took_us = clock_steady_us() - atomic_load(&c.start_us);
	if (w->told)
		crew_say("stop");
	r.done = atomic_load(&c.done);
	r.failed = atomic_load(&c.failed);
	pthread_barrier_destroy(&c.gate);
	if (c.broken) {
		*f = r.first;
		free(r.lat_us);
		return false;
	}
	qsort(r.lat_us, r.done, sizeof(*r.lat_us), by_size);
	*ret = r;
	return true;
}

void
crew_free(struct crew_result *r)
{
	free(r->lat_us);
	r->lat_us = NULL;
}

uint32_t
crew_percentile(const uint32_t *lat_us, size_t n, unsigned p)
{
	size_t rank = (n * p + 99) / 100; /* the nearest rank, from 1 */

	return n == 0 ? 0 : lat_us[rank == 0 ? 0 : rank - 1];
}

struct json *
crew_json(const struct crew_result *r)
{
	struct json *j = json_object();
	int64_t us = r->took_us > 0 ? r->took_us : 1;

	json_put_number(j, "done", (int64_t)r->done);
	json_put_number(j, "failed", (int64_t)r->failed);
	json_put_number(j, "us", us);
	json_put_number(j, "per_s", (int64_t)r->done * 1000000 / us);
	json_put_number(j, "p50_us", crew_percentile(r->lat_us, r->done, 50));
	json_put_number(j, "p99_us", crew_percentile(r->lat_us, r->done, 99));
	json_put_number(j, "max_us", crew_percentile(r->lat_us, r->done, 100));
	if (r->failed > 0)
		json_put_text(j, "first_failure", r->first.text);
	return j;
}

void
crew_say(const char *word)
{
	(void)puts(word);
	(void)fflush(stdout);
}

bool
crew_tell(struct json *j, struct fault *f)
{
	struct bytes text = { 0 };
	bool ok = json_write(j, &text, f);

	json_free(j);
	bytes_put_text(&text, "\n");
	ok = ok && bytes_ok(&text, f);
	if (ok && (fwrite(text.at, 1, text.n, stdout) != text.n || fflush(stdout) != 0))
		ok = fault_errno(f, FAULT_INTERNAL, "crew: standard output");
	bytes_free(&text);
	return ok;
}
