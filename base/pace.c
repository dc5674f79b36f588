/* base/pace.c - see pace.h. */
#include "base/pace.h"

bool
pace_take(struct pace *p, int64_t now_us, uint64_t *ret_unsaid)
{
	int64_t each_us = 1000000 / p->each_s, earned = (now_us - p->at_us) / each_us;

	if (earned > 0) {
		p->at_us += earned * each_us;
		p->left = earned > p->burst - p->left ? p->burst : p->left + earned;
	}
	if (p->left == 0) {
		p->unsaid++;
		return false;
	}
	p->left--;
	*ret_unsaid = p->unsaid;
	p->unsaid = 0;
	return true;
}
