/*
 * tests/unit/print_stand.h - a spool in memory, whose documents can be looked at; documents are
 * "sealed" by turning bits over.
 */
#ifndef QUATRAIN_TESTS_UNIT_PRINT_STAND_H
#define QUATRAIN_TESTS_UNIT_PRINT_STAND_H

#include "relay/spool.h"

#define STAND_JOBS_MAX   600
#define STAND_OCTETS_MAX 1000000

struct stand {
	struct stand_job {
		struct job job;
		struct bytes document;
	} jobs[STAND_JOBS_MAX];
	size_t jobs_n;
	int open; /* documents on their way in */
	unsigned commits;
	bool dirty, full, broken;
};
extern struct stand stand;

void stand_free(void);

#endif
