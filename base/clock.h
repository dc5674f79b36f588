/*
 * base/clock.h - the only source of now.
 *
 * Everything below daemon/ takes the time as an argument, so that a test can
 * choose it.
 */
#ifndef QUATRAIN_BASE_CLOCK_H
#define QUATRAIN_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now_s(void);     /* seconds since 1970, UTC */
int64_t clock_now_us(void);    /* microseconds since 1970, UTC */
int64_t clock_steady_us(void); /* microseconds from some start; never goes back */

#endif
