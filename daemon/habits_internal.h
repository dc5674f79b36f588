/*
 * daemon/habits_internal.h - the shared memory of habits.h; only daemon/habits*.c look inside.
 */
#ifndef QUATRAIN_DAEMON_HABITS_INTERNAL_H
#define QUATRAIN_DAEMON_HABITS_INTERNAL_H

#include <stdatomic.h>

#include "base/secret.h"
#include "daemon/habits.h"

#define HABITS_WORDS ((sizeof(struct anomaly) + 7) / 8)

struct habits_row {
	_Atomic uint32_t turn; /* odd while it is written */
	_Atomic uint64_t who;  /* hash of the SPIFFE id; 0: free */
	_Atomic uint64_t word[HABITS_WORDS];
};

struct habits {
	uint8_t seed[SECRET_SEED_OCTETS];
	_Atomic uint64_t events; /* since the start: has anything changed? */
	uint64_t saved;          /* events when it was saved last; main's */
	struct habits_row row[HABITS_ROWS];
};

_Static_assert(sizeof(struct anomaly) % 8 == 0, "a row is whole words");

void habits_get(const struct habits_row *row, struct anomaly *ret);
void habits_put(struct habits_row *row, const struct anomaly *a);
/* The first of the eight places of who. */
struct habits_row *habits_set(struct habits *h, uint64_t who);

#endif
