/* policy/anomaly.c - see anomaly.h. */
#include "policy/anomaly.h"

#include <inttypes.h>
#include <string.h>

#define AT_ONCE_S   300
#define HOUR_S      3600
#define DAY_S       86400
#define WEEK_S      (7 * DAY_S)
#define MONDAY_S    (4 * DAY_S) /* 1970-01-05 */
#define EBB_WEEKS   4           /* hours of the week halve each so many */
#define COLD_EVENTS 20
#define COLD_S      DAY_S
#define RARE        200 /* of so many events one: a rare hour */
#define RATE_TIMES  8
#define RATE_LEAST  20
#define LATEST_S    INT64_C(253402300799) /* year 9999 */

/* The weights; the table in anomaly.h says when each counts. */
static const struct {
	const char *word;
	unsigned points;
} weights[ANOMALY_WORDS] = {
	[ANOMALY_AT_ONCE] = { "networks", 60 },
	[ANOMALY_KEY] = { "key", 40 },
	[ANOMALY_FOREIGN] = { "foreign", 40 },
	[ANOMALY_NETWORK] = { "network", 20 },
	[ANOMALY_HOUR] = { "hour", 15 },
	[ANOMALY_RATE] = { "rate", 25 },
	[ANOMALY_COLD] = { "cold", 0 },
};

const char *
anomaly_word(enum anomaly_word w)
{
	return weights[w].word;
}

unsigned
anomaly_points(enum anomaly_word w)
{
	return weights[w].points;
}

/* FNV-1a over the part of an address that stands for its network. */
uint64_t
anomaly_network(const uint8_t address[static 16])
{
	static const uint8_t v4[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	size_t n = memcmp(address, v4, sizeof(v4)) == 0 ? 15 : 6;
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < n; i++)
		h = (h ^ address[i]) * UINT64_C(1099511628211);
	h = (h ^ n) * UINT64_C(1099511628211);
	return h == 0 ? 1 : h;
}

/* --- time --------------------------------------------------------------------------------------
 */

/* What no clock of ours says is as good as the nearest that it may say; and never before what was
 * seen: so a clock that went back is one that stands still. */
static int64_t
time_of(const struct anomaly *a, int64_t at_s)
{
	if (at_s < 0)
		at_s = 0;
	if (at_s > LATEST_S)
		at_s = LATEST_S;
	return at_s < a->last_s ? a->last_s : at_s;
}

static unsigned
hour_of_week(int64_t at_s)
{
	return (unsigned)((at_s + WEEK_S - MONDAY_S) % WEEK_S / HOUR_S);
}

static uint32_t
week_of(int64_t at_s)
{
	return (uint32_t)((at_s + WEEK_S - MONDAY_S) / WEEK_S);
}

/* How often the counts of hours have halved since they were written. */
static unsigned
halvings(const struct anomaly *a, int64_t now_s)
{
	uint32_t ebbs = week_of(now_s) / EBB_WEEKS, was = a->week / EBB_WEEKS;

	return ebbs <= was ? 0 : ebbs - was > 16 ? 16 : ebbs - was;
}

static bool
is_cold(const struct anomaly *a, int64_t now_s)
{
	return a->events < COLD_EVENTS || now_s - a->first_s < COLD_S;
}

/* --- weighing ----------------------------------------------------------------------------------
 */

static void
add(struct anomaly_score *s, enum anomaly_word w, int64_t seen, int64_t usual)
{
	s->reason[s->n++] = (struct anomaly_reason){ w, weights[w].points, seen, usual };
	s->score += weights[w].points;
	if (s->score > ANOMALY_SCORE_MAX)
		s->score = ANOMALY_SCORE_MAX;
}

/* Two at once: this one was there before the other was, and both a moment ago. A device that moved
 * was in the other last, and in this one never, or long ago. */
static void
weigh_network(const struct anomaly *a, const struct anomaly_event *e, int64_t now_s, bool cold,
    struct anomaly_score *s)
{
	const struct anomaly_network *own = NULL;
	int64_t other_s = now_s, known = 0;

	if (e->network == 0)
		return;
	for (size_t i = 0; i < ANOMALY_NETWORKS; i++) {
		const struct anomaly_network *n = &a->network[i];

		known += n->id != 0;
		if (n->id == e->network)
			own = n;
		else if (n->id != 0 && n->id == a->last)
			other_s = n->last_s;
	}
	if (own != NULL && a->last != e->network && now_s - own->last_s <= AT_ONCE_S)
		add(s, ANOMALY_AT_ONCE, now_s - other_s, AT_ONCE_S);
	if (own == NULL && !cold && known > 0)
		add(s, ANOMALY_NETWORK, known + 1, known);
}

static void
weigh_hour(const struct anomaly *a, int64_t now_s, struct anomaly_score *s)
{
	unsigned hour = hour_of_week(now_s), by = halvings(a, now_s);
	int64_t all = 0, near = 0;

	for (unsigned i = 0; i < ANOMALY_HOURS; i++)
		all += a->hours[i] >> by;
	for (unsigned i = 0; i < 3; i++)
		near += a->hours[(hour + ANOMALY_HOURS - 1 + i) % ANOMALY_HOURS] >> by;
	/* What has ebbed away says nothing any more. */
	if (all >= COLD_EVENTS && near * RARE < all)
		add(s, ANOMALY_HOUR, near, all);
}

static void
weigh_rate(const struct anomaly *a, int64_t now_s, struct anomaly_score *s)
{
	uint32_t hour = (uint32_t)(now_s / HOUR_S);
	int64_t n = hour == a->hour_at ? (int64_t)a->hour_n + 1 : 1;

	if (n > RATE_LEAST && n > (int64_t)a->hour_most * RATE_TIMES)
		add(s, ANOMALY_RATE, n, a->hour_most);
}

void
anomaly_weigh(const struct anomaly *a, const struct anomaly_event *e, struct anomaly_score *ret)
{
	int64_t now_s = time_of(a, e->at_s);
	bool cold = is_cold(a, now_s);

	ret->score = 0;
	ret->n = 0;
	if (cold)
		add(ret, ANOMALY_COLD, a->events, COLD_EVENTS);
	weigh_network(a, e, now_s, cold, ret);
	if (a->key != 0 && e->key != 0 && e->key != a->key && !e->renewed)
		add(ret, ANOMALY_KEY, 1, 0);
	if (e->foreign || (a->foreign > 0 && now_s - a->foreign_s <= DAY_S))
		add(ret, ANOMALY_FOREIGN, (int64_t)a->foreign + e->foreign, 0);
	if (cold)
		return;
	weigh_hour(a, now_s, ret);
	weigh_rate(a, now_s, ret);
}

/* --- learning ----------------------------------------------------------------------------------
 */

static void
count_u32(uint32_t *n)
{
	if (*n < UINT32_MAX)
		++*n;
}

/* Of networks the one that was seen longest ago gives way. */
static void
learn_network(struct anomaly *a, uint64_t id, int64_t now_s)
{
	struct anomaly_network *at = &a->network[0];

	if (id == 0)
		return;
	a->last = id;
	for (size_t i = 0; i < ANOMALY_NETWORKS; i++) {
		struct anomaly_network *n = &a->network[i];

		if (n->id == id) {
			n->last_s = now_s;
			return;
		}
		if (at->id != 0 && (n->id == 0 || n->last_s < at->last_s))
			at = n;
	}
	*at = (struct anomaly_network){ id, now_s };
}

static void
learn_hour(struct anomaly *a, int64_t now_s)
{
	unsigned by = halvings(a, now_s);
	uint16_t *here = &a->hours[hour_of_week(now_s)];

	for (unsigned i = 0; by > 0 && i < ANOMALY_HOURS; i++)
		a->hours[i] = (uint16_t)(a->hours[i] >> by);
	a->week = week_of(now_s);
	if (*here == UINT16_MAX) /* shares stay what they are */
		for (unsigned i = 0; i < ANOMALY_HOURS; i++)
			a->hours[i] /= 2;
	++*here;
}

/* The most ebbs by an eighth with each hour that had events, so a busy day is not usual for ever.
 * An hour counts when it is over: what comes in it is held against those before. */
static void
learn_rate(struct anomaly *a, int64_t now_s)
{
	uint32_t hour = (uint32_t)(now_s / HOUR_S);

	if (hour != a->hour_at) {
		if (a->hour_most > 0)
			a->hour_most -= (a->hour_most + 7) / 8;
		if (a->hour_n > a->hour_most)
			a->hour_most = a->hour_n;
		a->hour_at = hour;
		a->hour_n = 0;
	}
	count_u32(&a->hour_n);
}

void
anomaly_learn(struct anomaly *a, const struct anomaly_event *e)
{
	int64_t now_s = time_of(a, e->at_s);

	if (a->events == 0) {
		a->first_s = now_s;
		a->week = week_of(now_s);
		a->hour_at = (uint32_t)(now_s / HOUR_S);
	}
	learn_network(a, e->network, now_s);
	learn_hour(a, now_s);
	learn_rate(a, now_s);
	if (e->key != 0)
		a->key = e->key;
	if (e->foreign) {
		count_u32(&a->foreign);
		a->foreign_s = now_s;
	}
	count_u32(&a->events);
	a->last_s = now_s;
}

/* A clock that was ahead by much would make all that comes seem to stand still. */
bool
anomaly_is_sane(const struct anomaly *a, int64_t now_s)
{
	if (a->events == 0 || a->first_s < 0 || a->last_s < a->first_s ||
	    a->last_s > now_s + AT_ONCE_S || a->foreign_s < 0 || a->foreign_s > a->last_s ||
	    a->week > week_of(now_s + AT_ONCE_S) || a->hour_at > (now_s + AT_ONCE_S) / HOUR_S ||
	    a->hour_n > a->events || a->foreign > a->events)
		return false;
	for (size_t i = 0; i < ANOMALY_NETWORKS; i++)
		if (a->network[i].id != 0 &&
		    (a->network[i].last_s < 0 || a->network[i].last_s > a->last_s))
			return false;
	return true;
}

void
anomaly_text(const struct anomaly_reason *r, struct bytes *ret)
{
	bytes_put_fmt(ret, "%s %u: ", weights[r->word].word, r->points);
	switch (r->word) {
	case ANOMALY_AT_ONCE:
		bytes_put_fmt(ret,
		    "another one %" PRId64 " s before, and both within %" PRId64 " s", r->seen,
		    r->usual);
		break;
	case ANOMALY_NETWORK:
		bytes_put_fmt(ret, "none of the %" PRId64 " that it came from", r->usual);
		break;
	case ANOMALY_HOUR:
		bytes_put_fmt(ret,
		    "%" PRId64 " of %" PRId64 " events came at this time of the week", r->seen,
		    r->usual);
		break;
	case ANOMALY_RATE:
		bytes_put_fmt(
		    ret, "%" PRId64 " in this hour, %" PRId64 " at most before", r->seen, r->usual);
		break;
	case ANOMALY_FOREIGN:
		bytes_put_fmt(
		    ret, "it asked for what only staff may do, %" PRId64 " times so far", r->seen);
		break;
	case ANOMALY_KEY:
		bytes_put_text(ret, "another key than its last one");
		break;
	default:
		bytes_put_fmt(ret, "%" PRId64 " events were seen, %" PRId64 " make a habit",
		    r->seen, r->usual);
		break;
	}
}
