/* base/clock.c - see clock.h. */
#include "base/clock.h"

#include <time.h>

/* clock_gettime() fails only for a clock that does not exist. */
static int64_t
now_us(clockid_t clock)
{
	struct timespec t = { 0 };

	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_now_s(void)
{
	return now_us(CLOCK_REALTIME) / 1000000;
}

int64_t
clock_now_us(void)
{
	return now_us(CLOCK_REALTIME);
}

int64_t
clock_steady_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}
