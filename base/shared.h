/*
 * base/shared.h - octets that many replies lend at once, gone with the last of them.
 *
 * Filled in by whoever made it, before anybody else holds it; never changed
 * then. For what is too large to be copied for each reply. One thread's.
 */
#ifndef QUATRAIN_BASE_SHARED_H
#define QUATRAIN_BASE_SHARED_H

#include <stddef.h>
#include <stdint.h>

struct shared {
	size_t holders;
	size_t n; /* octets */
	uint8_t at[];
};

/* n octets with one holder, to shared_drop(); NULL when out of memory. */
struct shared *shared_new(size_t n);
/* One holder more; s itself. */
struct shared *shared_hold(struct shared *s);
/* One holder less: the last one frees it. NULL is allowed. */
void shared_drop(struct shared *s);

#endif
