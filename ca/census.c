/* ca/census.c - see census.h. */
#include "ca/census.h"

#include <stdlib.h>
#include <string.h>

#include "ca/meta.h"

#define HOUR_S     3600
#define WEEK_S     (7 * 24 * HOUR_S)
#define WORD       "census:"
#define WORD_N     (sizeof(WORD) - 1)
#define PREFIX_MAX (WORD_N + TBS_KEY_ID_OCTETS + 1)
#define ROW_MAX    (PREFIX_MAX + 8)

static const char meta_counted[] = "census";

/* By their profile's name, which no profile from a file may have: these are no endpoint's. */
static bool
is_counted(const struct standing *s)
{
	static const char *const ours[] = { "root", "region", "tenant", "responder",
		"responder-offline", "log", "cosigner" };

	if (s->state != STANDING_GOOD && s->state != STANDING_HELD && s->state != STANDING_REVOKED)
		return false;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(s->profile, ours[i]) == 0)
			return false;
	return true;
}

static struct octets
row(const uint8_t issuer[static TBS_KEY_ID_OCTETS], enum standing_state state, int64_t at_s,
    uint8_t to[static ROW_MAX])
{
	memcpy(to, WORD, WORD_N);
	memcpy(to + WORD_N, issuer, TBS_KEY_ID_OCTETS);
	to[PREFIX_MAX - 1] = (uint8_t)state;
	(void)octets_u64((uint64_t)(at_s / HOUR_S), to + PREFIX_MAX);
	return octets_of(to, ROW_MAX);
}

static struct octets
row_of(const struct standing *s, uint8_t to[static ROW_MAX])
{
	return row(s->issuer, s->state, s->state == STANDING_REVOKED ? 0 : s->not_after_s, to);
}

static void
put_row(struct ledger *l, struct octets key, uint64_t n)
{
	uint8_t value[8];

	if (n == 0)
		batch_remove(ledger_batch(l), TABLE_META, key);
	else
		ledger_put(l, TABLE_META, key, octets_u64(n, value));
}

/* A counter never stops an act: one that would go below nothing stays there. */
static bool
turn(struct ledger *l, const struct standing *s, bool up, struct fault *f)
{
	uint8_t room[ROW_MAX];
	struct octets key = row_of(s, room);
	uint64_t n;

	if (!meta_number(l, META_ALL, key, &n, f))
		return false;
	if (up || n > 0)
		put_row(l, key, up ? n + 1 : n - 1);
	return true;
}

static bool
move(struct ledger *l, const struct standing *from, const struct standing *to, struct fault *f)
{
	if (from != NULL && from->state == to->state)
		return true;
	if (from != NULL && is_counted(from) && !turn(l, from, false, f))
		return false;
	return !is_counted(to) || turn(l, to, true, f);
}

bool
census_put(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct standing *s, struct fault *f)
{
	struct standing was;
	struct fault why;

	if (ledger_standing(l, serial, &was, &why))
		return move(l, &was, s, f);
	if (why.code == FAULT_NOTFOUND)
		return move(l, NULL, s, f);
	*f = why;
	return false;
}

struct count {
	uint8_t prefix[PREFIX_MAX];
	uint64_t until; /* hour, exclusive */
	uint64_t all, early;
};

static bool
add_one(void *with, struct octets key, struct octets value)
{
	struct count *c = with;
	struct reader k, v = reader_of(value);
	uint64_t n = reader_u64(&v);

	if (key.n != ROW_MAX || memcmp(key.at, c->prefix, PREFIX_MAX) != 0)
		return false;
	k = reader_of(octets_of(key.at + PREFIX_MAX, 8));
	c->all += n;
	if (reader_u64(&k) < c->until)
		c->early += n;
	return true;
}

static bool
count(struct ledger *l, const uint8_t issuer[static TBS_KEY_ID_OCTETS], enum standing_state state,
    int64_t from_s, struct count *ret, struct fault *f)
{
	uint8_t room[ROW_MAX];
	struct octets from = row(issuer, state, from_s, room);

	*ret = (struct count){ .until = (uint64_t)((from_s + CENSUS_DUE_S) / HOUR_S) + 1 };
	memcpy(ret->prefix, from.at, PREFIX_MAX);
	return store_scan(ledger_store(l), TABLE_META, from, SIZE_MAX, add_one, ret, f);
}

bool
census_add(struct ledger *l, const uint8_t issuer[static TBS_KEY_ID_OCTETS], int64_t now_s,
    struct census *ret, struct fault *f)
{
	struct count good, held, revoked;

	if (!count(l, issuer, STANDING_GOOD, now_s, &good, f) ||
	    !count(l, issuer, STANDING_HELD, now_s, &held, f) ||
	    !count(l, issuer, STANDING_REVOKED, 0, &revoked, f))
		return false;
	ret->good += good.all;
	ret->due += good.early;
	ret->held += held.all;
	ret->revoked += revoked.all;
	return true;
}

/* The rows of one CA behind the other's: a place in the table is the key that was read last. */
struct ending {
	struct census_ending n;
	uint8_t at[ROW_MAX];
	bool any;
	uint64_t week, due; /* hours, exclusive */
};

static bool
find_ca(void *with, struct octets key, struct octets value)
{
	struct ending *e = with;

	(void)value;
	e->any = key.n == ROW_MAX && memcmp(key.at, WORD, WORD_N) == 0;
	if (e->any)
		memcpy(e->at, key.at, key.n);
	return false;
}

static bool
add_ending(void *with, struct octets key, struct octets value)
{
	struct ending *e = with;
	struct reader k, v = reader_of(value);
	uint64_t n = reader_u64(&v), hour;

	if (key.n != ROW_MAX || memcmp(key.at, e->at, PREFIX_MAX) != 0)
		return false;
	k = reader_of(octets_of(key.at + PREFIX_MAX, 8));
	if ((hour = reader_u64(&k)) >= e->due)
		return false;
	e->n.due += n;
	if (hour < e->week)
		e->n.week += n;
	return true;
}

bool
census_ending(struct ledger *l, int64_t now_s, struct census_ending *ret, struct fault *f)
{
	struct ending e = { .week = (uint64_t)((now_s + WEEK_S) / HOUR_S) + 1,
		.due = (uint64_t)((now_s + CENSUS_DUE_S) / HOUR_S) + 1 };
	struct octets from = octets_text(WORD);
	uint8_t good[ROW_MAX], issuer[TBS_KEY_ID_OCTETS];

	for (;;) {
		e.any = false;
		if (!store_scan(ledger_store(l), TABLE_META, from, 1, find_ca, &e, f))
			return false;
		if (!e.any)
			break;
		memcpy(issuer, e.at + WORD_N, sizeof(issuer));
		from = row(issuer, STANDING_GOOD, now_s, good);
		memcpy(e.at, good, PREFIX_MAX);
		if (!store_scan(ledger_store(l), TABLE_META, from, SIZE_MAX, add_ending, &e, f))
			return false;
		memset(good + PREFIX_MAX - 1, 0xff, sizeof(good) - (PREFIX_MAX - 1));
		from = octets_of(good, sizeof(good)); /* behind all of this CA */
	}
	*ret = e.n;
	return true;
}

static void
mark_counted(struct ledger *l)
{
	uint8_t one[8];

	ledger_put(l, TABLE_META, octets_text(meta_counted), octets_u64(1, one));
}

bool
census_open(struct ledger *l, struct fault *f)
{
	struct bytes last = { 0 };
	struct fault why;
	bool empty = !store_last_key(ledger_store(l), TABLE_SERIAL, &last, &why);

	bytes_free(&last);
	if (empty && why.code != FAULT_NOTFOUND) {
		*f = why;
		return false;
	}
	if (empty)
		mark_counted(l);
	return true;
}

/* So many standings are gathered at a time: memory has an end, a ledger has none. */
#define STEP 500000

struct walk {
	struct bytes rows;
	size_t seen;
	uint8_t last[TBS_SERIAL_OCTETS]; /* where the next step begins; it was counted already */
};

static bool
gather(void *with, struct octets key, struct octets value)
{
	struct walk *w = with;
	uint8_t room[ROW_MAX];
	struct standing s;

	if (key.n != sizeof(w->last) || octets_same(key, octets_of(w->last, sizeof(w->last))))
		return true;
	memcpy(w->last, key.at, sizeof(w->last));
	if (ledger_read_standing(value, &s) && is_counted(&s))
		bytes_put_octets(&w->rows, row_of(&s, room));
	return ++w->seen < STEP;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, ROW_MAX);
}

/* Equal rows stand side by side once they are sorted. */
static bool
put_counts(struct ledger *l, const struct bytes *rows, struct fault *f)
{
	for (size_t at = 0, end; at < rows->n; at = end) {
		struct octets key = octets_of(rows->at + at, ROW_MAX);
		uint64_t n;

		for (end = at + ROW_MAX;
		     end < rows->n && memcmp(rows->at + at, rows->at + end, ROW_MAX) == 0;)
			end += ROW_MAX;
		if (!meta_number(l, META_ALL, key, &n, f))
			return false;
		put_row(l, key, n + (end - at) / ROW_MAX);
	}
	return true;
}

static bool
count_all(struct ledger *l, struct walk *w, struct fault *f)
{
	do {
		w->seen = 0;
		bytes_clear(&w->rows);
		if (!store_scan(ledger_store(l), TABLE_SERIAL, octets_of(w->last, sizeof(w->last)),
			SIZE_MAX, gather, w, f) ||
		    !bytes_ok(&w->rows, f))
			return false;
		if (w->rows.n > 0)
			qsort(w->rows.at, w->rows.n / ROW_MAX, ROW_MAX, compare);
		if (!put_counts(l, &w->rows, f))
			return false;
	} while (w->seen == STEP);
	return true;
}

bool
census_begin(struct ledger *l, struct fault *f)
{
	struct walk w = { .seen = 0 };
	uint64_t counted;
	bool ok;

	if (!meta_number(l, META_ALL, octets_text(meta_counted), &counted, f))
		return false;
	if (counted != 0)
		return true;
	if ((ok = count_all(l, &w, f))) {
		mark_counted(l);
		ok = ledger_commit(l, f);
	}
	bytes_free(&w.rows);
	return ok;
}
