/*
 * base/quota.h - so many at once, and so many in a time after that, for each of many strangers.
 *
 * A fixed table of buckets, 24 octets each, allocated once: no flood of keys
 * makes it grow. Where a key finds no room it takes that of the one of eight
 * that owes least, so that who overdrew most is remembered longest, and who is
 * forgotten is forgiven: a full table lets more through, and locks nobody out.
 *
 * A key is a hash under a seed that nobody outside knows (secret_hash()), never
 * 0: then nobody can choose keys that share a row.
 */
#ifndef QUATRAIN_BASE_QUOTA_H
#define QUATRAIN_BASE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

#define QUOTA_KEYS 8192 /* remembered at a time: 192 KiB */

struct quota_rule {
	int64_t burst;     /* at once, and in each period; 1 to 1,000,000 */
	int64_t period_us; /* in which a whole burst is earned again; at least burst */
	/*
	 * 0: a key that has used its burst waits for the next one earned. Otherwise it
	 * waits for this long, and twice as long each time that it uses the one that it
	 * gets then, up to wait_max_us; until it has earned a whole burst again.
	 */
	int64_t wait_us, wait_max_us;
};

struct quota;

/* rule is copied. *ret is the caller's, to quota_free(). Fault: FAULT_INTERNAL no memory. */
bool quota_new(const struct quota_rule *rule, struct quota **ret, struct fault *f) CHECKED;
void quota_free(struct quota *q);

/* Microseconds until key may have one more, at now_us of the steady clock; 0: now. Takes nothing.
 */
int64_t quota_wait(const struct quota *q, uint64_t key, int64_t now_us);
/* One more for key, whether it may or not. */
void quota_charge(struct quota *q, uint64_t key, int64_t now_us);
/* One that key was charged with and did not use. Not for a rule with wait_us. */
void quota_give_back(struct quota *q, uint64_t key);
/* quota_wait(), and where that is 0, quota_charge(). */
int64_t quota_take(struct quota *q, uint64_t key, int64_t now_us);

#endif
