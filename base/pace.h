/*
 * base/pace.h - so many at once, then so many a second: what may be said in a flood.
 *
 * Not for what must happen: whatever is not taken is only counted.
 */
#ifndef QUATRAIN_BASE_PACE_H
#define QUATRAIN_BASE_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	int64_t burst, each_s; /* at once; a second after that; 1 to 1,000,000 */
	int64_t at_us, left;   /* zero at first */
	uint64_t unsaid;       /* since one was last taken */
};

/* One more, at now_us of the steady clock? If so, *ret_unsaid tells how many were not, before it.
 */
bool pace_take(struct pace *p, int64_t now_us, uint64_t *ret_unsaid);

#endif
