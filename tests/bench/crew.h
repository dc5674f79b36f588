/*
 * tests/bench/crew.h - threads that do jobs side by side, within a count and a time, each job
 * timed.
 */
#ifndef QUATRAIN_TESTS_BENCH_CREW_H
#define QUATRAIN_TESTS_BENCH_CREW_H

#include <stdint.h>

#include "base/fault.h"
#include "base/json.h"

#define CREW_MAX 256

struct crew_work {
	size_t workers; /* 1 to CREW_MAX */
	size_t jobs;
	int64_t most_us; /* no job is begun after so long */
	/* Before the clock starts, once for each worker; may be NULL. */
	bool (*begin)(void *with, size_t worker, struct fault *f);
	bool (*act)(void *with, size_t worker, size_t job, struct fault *f);
	void *with;
	bool told; /* print "start" and "stop", a line each, when the clock does */
};

struct crew_result {
	size_t done, failed;
	int64_t took_us;    /* from the first job's start to the last one's end */
	uint32_t *lat_us;   /* of the done, in order of size; owned */
	struct fault first; /* of the failures; set when failed > 0 */
};

/* *ret is the caller's, to crew_free(). Fault: FAULT_INTERNAL, and what begin() said. */
bool crew_run(const struct crew_work *w, struct crew_result *ret, struct fault *f) CHECKED;
void crew_free(struct crew_result *r);

/* Microseconds at or under which p of 100 lie; 0 of nothing. lat_us is in order. */
uint32_t crew_percentile(const uint32_t *lat_us, size_t n, unsigned p);

/* {"done":..,"failed":..,"us":..,"per_s":..,"p50_us":..,"p99_us":..,"max_us":..}; NULL: no memory.
 */
struct json *crew_json(const struct crew_result *r);
/* Print word and a line end, at once. */
void crew_say(const char *word);
/* Write j and a line end to standard output, and free it. */
bool crew_tell(struct json *j, struct fault *f) CHECKED;

#endif
