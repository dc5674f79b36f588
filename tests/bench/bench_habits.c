/*
 * tests/bench/bench_habits.c - what it costs to weigh what an endpoint does, and to remember it.
 *
 * bench_habits N   a million events of N endpoints, one after the other, by one thread. One line of
 * JSON: nanoseconds each, by the processor's time, the lookup by the endpoint's id within it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/habits.h"

#define EVENTS    1000000
#define NAMES_MAX 50000
#define NAME_ROOM 64
#define BEGUN_S   INT64_C(1893974400)

static char names[NAMES_MAX][NAME_ROOM];

static int64_t
used_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int
main(int argc, char **argv)
{
	size_t n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	const struct habits_event event = { .key = 1 };
	static struct request r;
	struct anomaly_score score;
	struct habits *h;
	struct fault f;
	int64_t begun_ns;
	int fd;

	if (n == 0 || n > NAMES_MAX || !habits_new(&h, &fd, &f)) {
		(void)fprintf(stderr, "bench_habits: expected ENDPOINTS, 1 to %d\n", NAMES_MAX);
		return 1;
	}
	for (size_t i = 0; i < n; i++)
		(void)snprintf(
		    names[i], NAME_ROOM, "spiffe://acme.eu.example.org/printer/hp-%zu", i);
	r.fixed[ATTRIBUTE_SOURCE_IP] = (struct value){ .type = VALUE_ADDRESS,
		.address = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1 } };
	begun_ns = used_ns();
	for (size_t i = 0; i < EVENTS; i++) {
		request_text(&r, ATTRIBUTE_SUBJECT_ID, octets_text(names[i % n]));
		request_number(&r, ATTRIBUTE_TIME, BEGUN_S + (int64_t)i);
		habits_weigh(h, &r, &event, &score);
	}
	(void)printf(
	    "{\"endpoints\":%zu,\"ns\":%.0f}\n", n, (double)(used_ns() - begun_ns) / EVENTS);
	return 0;
}
