/* base/quota.c - see quota.h. */
#include "base/quota.h"

#include <stddef.h>
#include <stdlib.h>

#define WAYS 8
#define ROWS (QUOTA_KEYS / WAYS)

/*
 * A bucket is the time at which it is full again: before that time it lacks as
 * many as are earned until then (the generic cell rate algorithm, ITU-T I.371).
 */
struct bucket {
	uint64_t key; /* 0: free */
	int64_t full_us;
	int64_t wait_us; /* of the last overdraft; 0: none since it was full */
};

struct quota {
	struct quota_rule rule;
	int64_t each_us; /* in which one is earned */
	struct bucket rows[ROWS][WAYS];
};

bool
quota_new(const struct quota_rule *rule, struct quota **ret, struct fault *f)
{
	struct quota *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return fault_set(f, FAULT_INTERNAL, "quota: out of memory");
	q->rule = *rule;
	q->each_us = rule->period_us / rule->burst;
	*ret = q;
	return true;
}

void
quota_free(struct quota *q)
{
	free(q);
}

static struct bucket *
row_of(const struct quota *q, uint64_t key)
{
	return (struct bucket *)(uintptr_t)q->rows[key % ROWS];
}

static struct bucket *
find(struct bucket *row, uint64_t key)
{
	for (size_t i = 0; i < WAYS; i++)
		if (row[i].key == key)
			return &row[i];
	return NULL;
}

/* The bucket of key, or in place of the one that owes least a full one. */
static struct bucket *
find_or_make(struct bucket *row, uint64_t key)
{
	struct bucket *b = find(row, key);

	if (b != NULL)
		return b;
	b = &row[0];
	for (size_t i = 1; i < WAYS; i++)
		if (row[i].full_us < b->full_us)
			b = &row[i];
	*b = (struct bucket){ .key = key };
	return b;
}

/* Debt that leaves one to be had. */
static int64_t
allowed_us(const struct quota *q)
{
	return (q->rule.burst - 1) * q->each_us;
}

int64_t
quota_wait(const struct quota *q, uint64_t key, int64_t now_us)
{
	const struct bucket *b = find(row_of(q, key), key);
	int64_t over = b == NULL ? 0 : b->full_us - now_us - allowed_us(q);

	return over > 0 ? over : 0;
}

/* The burst is used up: wait for the first time, or twice as long as the last. */
static void
back_off(const struct quota *q, struct bucket *b, int64_t now_us)
{
	b->wait_us = b->wait_us == 0 ? q->rule.wait_us : b->wait_us * 2;
	if (b->wait_us > q->rule.wait_max_us)
		b->wait_us = q->rule.wait_max_us;
	b->full_us = now_us + allowed_us(q) + b->wait_us;
}

void
quota_charge(struct quota *q, uint64_t key, int64_t now_us)
{
	struct bucket *b = find_or_make(row_of(q, key), key);
	int64_t most_us = now_us + allowed_us(q) + q->each_us;

	if (b->full_us <= now_us) {
		b->full_us = now_us;
		b->wait_us = 0;
	}
	if (q->rule.wait_us == 0) {
		b->full_us += q->each_us;
		/* Nobody owes more than a whole burst, however much came at once. */
		if (b->full_us > most_us)
			b->full_us = most_us;
	} else if (b->full_us - now_us <= allowed_us(q)) {
		/* What comes while it waits is part of the same try. */
		b->full_us += q->each_us;
		if (b->full_us - now_us > allowed_us(q))
			back_off(q, b, now_us);
	}
}

void
quota_give_back(struct quota *q, uint64_t key)
{
	struct bucket *b = find(row_of(q, key), key);

	if (b != NULL)
		b->full_us -= q->each_us;
}

int64_t
quota_take(struct quota *q, uint64_t key, int64_t now_us)
{
	int64_t wait_us = quota_wait(q, key, now_us);

	if (wait_us == 0)
		quota_charge(q, key, now_us);
	return wait_us;
}
