/* daemon/habits.c - see habits.h; the file is in habits_file.c. */
#include <string.h>

#include "base/secret.h"
#include "daemon/habits_internal.h"
#include "daemon/mapped.h"

#define WAYS  8  /* places where a row may be */
#define SPINS 64 /* looks at a row that is being written, before its writer counts as dead */

_Static_assert(HABITS_ROWS % WAYS == 0, "rows come in sets");

bool
habits_new(struct habits **ret, int *ret_fd, struct fault *f)
{
	void *at;

	if (!mapped_new("habits", sizeof(struct habits), &at, ret_fd, f))
		return false;
	*ret = at;
	secret_nonce((*ret)->seed, sizeof((*ret)->seed));
	return true;
}

bool
habits_open(int fd, struct habits **ret, struct fault *f)
{
	void *at;

	if (!mapped_open(fd, "habits", sizeof(struct habits), &at, f))
		return false;
	*ret = at;
	return true;
}

/* --- a row -------------------------------------------------------------------------------------
 */

void
habits_get(const struct habits_row *row, struct anomaly *ret)
{
	uint64_t word[HABITS_WORDS];

	for (size_t i = 0; i < HABITS_WORDS; i++)
		word[i] = atomic_load_explicit(&row->word[i], memory_order_relaxed);
	memcpy(ret, word, sizeof(*ret));
}

void
habits_put(struct habits_row *row, const struct anomaly *a)
{
	uint64_t word[HABITS_WORDS];

	memcpy(word, a, sizeof(*a));
	for (size_t i = 0; i < HABITS_WORDS; i++)
		atomic_store_explicit(&row->word[i], word[i], memory_order_relaxed);
}

/* Odd: somebody writes. Whoever took it over from a dead one, or from one that was only slow, may
 * mix its counts with that one's: they are counts, and nothing is decided to be permitted by them.
 */
static uint32_t
take(struct habits_row *row)
{
	uint32_t was = atomic_load_explicit(&row->turn, memory_order_relaxed);

	for (unsigned spins = 0;; spins++) {
		uint32_t next = (was & 1) == 0 ? was + 1 : was + 2;

		if (((was & 1) == 0 || spins >= SPINS) &&
		    atomic_compare_exchange_weak_explicit(
			&row->turn, &was, next, memory_order_acquire, memory_order_relaxed))
			return next;
		if ((was & 1) != 0 && spins < SPINS)
			was = atomic_load_explicit(&row->turn, memory_order_relaxed);
	}
}

static void
let_go(struct habits_row *row, uint32_t turn)
{
	(void)atomic_compare_exchange_strong_explicit(
	    &row->turn, &turn, turn + 1, memory_order_release, memory_order_relaxed);
}

struct habits_row *
habits_set(struct habits *h, uint64_t who)
{
	return &h->row[(who >> 1) % (HABITS_ROWS / WAYS) * WAYS]; /* its last bit is always set */
}

static struct habits_row *
find(struct habits *h, uint64_t who)
{
	struct habits_row *set = habits_set(h, who);

	for (size_t i = 0; i < WAYS; i++)
		if (atomic_load_explicit(&set[i].who, memory_order_relaxed) == who)
			return &set[i];
	return NULL;
}

/* Of eight that are taken, the one that was still longest. */
static struct habits_row *
find_or_make(struct habits *h, uint64_t who)
{
	static const struct anomaly nothing;
	struct habits_row *set = habits_set(h, who), *at = find(h, who);
	int64_t oldest = INT64_MAX;
	uint32_t turn;

	if (at != NULL)
		return at;
	at = &set[0];
	for (size_t i = 0; i < WAYS; i++) {
		struct anomaly a;

		habits_get(&set[i], &a);
		if (atomic_load_explicit(&set[i].who, memory_order_relaxed) == 0) {
			at = &set[i];
			break;
		}
		if (a.last_s < oldest) {
			oldest = a.last_s;
			at = &set[i];
		}
	}
	turn = take(at);
	habits_put(at, &nothing);
	atomic_store_explicit(&at->who, who, memory_order_relaxed);
	let_go(at, turn);
	return at;
}

/* --- an event ----------------------------------------------------------------------------------
 */

static struct anomaly_event
event_of(const struct request *r, const struct habits_event *e)
{
	const struct value *at = &r->fixed[ATTRIBUTE_TIME], *ip = &r->fixed[ATTRIBUTE_SOURCE_IP];

	return (struct anomaly_event){ .at_s = at->type == VALUE_NUMBER ? at->number : 0,
		.network = ip->type == VALUE_ADDRESS ? anomaly_network(ip->address) : 0,
		.key = e->key,
		.renewed = e->renewed,
		.foreign = e->foreign };
}

static void
weigh(struct habits *h, uint64_t who, const struct anomaly_event *e, bool peek,
    struct anomaly_score *ret)
{
	struct anomaly a = { .events = 0 };
	struct habits_row *row = peek ? find(h, who) : find_or_make(h, who);
	uint32_t turn;

	if (peek) {
		if (row != NULL)
			habits_get(row, &a);
		anomaly_weigh(&a, e, ret);
		return;
	}
	turn = take(row);
	habits_get(row, &a);
	anomaly_weigh(&a, e, ret);
	anomaly_learn(&a, e);
	habits_put(row, &a);
	let_go(row, turn);
	(void)atomic_fetch_add_explicit(&h->events, 1, memory_order_relaxed);
}

void
habits_weigh(
    struct habits *h, struct request *r, const struct habits_event *e, struct anomaly_score *ret)
{
	const struct value *id = &r->fixed[ATTRIBUTE_SUBJECT_ID];
	struct anomaly_event event = event_of(r, e);

	*ret = (struct anomaly_score){ .score = 0 };
	if (h == NULL || id->type != VALUE_TEXT || id->text.n == 0)
		return;
	weigh(h, secret_hash(h->seed, id->text) | 1, &event, e->peek, ret);
	r->fixed[ATTRIBUTE_ANOMALY_SCORE] =
	    (struct value){ .type = VALUE_NUMBER, .number = ret->score };
}
