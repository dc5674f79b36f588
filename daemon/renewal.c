/* daemon/renewal.c - see renewal.h. */
#include "daemon/renewal.h"

/* Where most is under least, least. */
static int64_t
within(int64_t v, int64_t least, int64_t most)
{
	if (v > most)
		v = most;
	return v < least ? least : v;
}

/* Any of from to to. */
static int64_t
any_of(int64_t from, int64_t to, uint64_t luck)
{
	return to <= from ? from : from + (int64_t)(luck % (uint64_t)(to - from + 1));
}

int64_t
renewal_at(int64_t not_before_s, int64_t not_after_s, int64_t before_s, uint64_t luck)
{
	int64_t life_s = not_after_s - not_before_s;

	if (life_s <= 0)
		return not_after_s;
	if (before_s > 0)
		return any_of(within(not_after_s - before_s, not_before_s, not_after_s),
		    not_after_s - within(before_s, 0, life_s) / 2, luck);
	return any_of(
	    not_before_s + (life_s * 70 + 99) / 100, not_before_s + life_s * 85 / 100, luck);
}

int64_t
renewal_wait(unsigned failures, int64_t retry_after_s, int64_t left_s, uint64_t luck)
{
	int64_t most_s = RENEWAL_CAP_S, wait_s;

	if (failures < 16)
		most_s = within(INT64_C(2) * RENEWAL_FLOOR_S << failures, 0, RENEWAL_CAP_S);
	if (left_s > 0)
		most_s = within(most_s, RENEWAL_FLOOR_S, left_s / 4);
	wait_s = any_of(RENEWAL_FLOOR_S, most_s, luck);
	/* Who is told one moment does not come with all others at it. */
	if (retry_after_s > wait_s)
		wait_s = any_of(retry_after_s, retry_after_s + retry_after_s / 10, luck);
	wait_s = within(wait_s, RENEWAL_FLOOR_S, RENEWAL_RETRY_S);
	return left_s > 0 ? within(wait_s, RENEWAL_FLOOR_S, left_s / 2) : wait_s;
}

int64_t
renewal_ask(int64_t retry_after_s)
{
	return retry_after_s < 0 ? RENEWAL_ASK_S : within(retry_after_s, 1, RENEWAL_CAP_S);
}
