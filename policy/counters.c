/* policy/counters.c - see counters.h. */
#include "policy/counters.h"

#include <string.h>

#include "base/digest.h"

#define STRETCHES 6   /* sums of a row: the one that goes on and the five before it */
#define PROBES    16  /* rows that a key may stand in */
#define SUM_BITS  40  /* of a cell; above it stands which stretch it is of */
#define PART_MAX  160 /* octets of a name that go into the hash as they are */
#define SUM_MAX   ((UINT64_C(1) << SUM_BITS) - 1)

/*
 * A cell says by a tag, of the key and the number of the stretch, what it is a sum of: so one that
 * is out of date, or was another key's, counts as zero, and nothing must be cleared.
 */
struct row {
	uint64_t key;   /* 0: free */
	uint64_t until; /* second from which nothing in it counts any more */
	uint64_t cells[STRETCHES];
};

struct counters {
	uint64_t rows;
	uint64_t unused[7]; /* rows begin on a line of the processor's cache */
	struct row at[];
};

struct place {
	uint64_t key, now_s;
	uint64_t width_s, stretch; /* of a stretch; the number of this one */
};

size_t
counters_octets(size_t rows)
{
	return sizeof(struct counters) + rows * sizeof(struct row);
}

struct counters *
counters_at(void *memory, size_t rows)
{
	struct counters *c = memory;

	__atomic_store_n(&c->rows, rows, __ATOMIC_RELAXED);
	return c;
}

static uint64_t
load(const uint64_t *from)
{
	return __atomic_load_n(from, __ATOMIC_RELAXED);
}

static bool
swap(uint64_t *at, uint64_t *was, uint64_t to)
{
	return __atomic_compare_exchange_n(at, was, to, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static uint64_t
mix(uint64_t h)
{
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

/* A part with its length, a long one by its hash. */
static size_t
put_part(uint8_t *to, struct octets part)
{
	bool whole = part.n <= PART_MAX;

	to[0] = whole ? (uint8_t)part.n : 0xff;
	if (!whole)
		digest_of(part, to + 1);
	else if (part.n > 0)
		memcpy(to + 1, part.at, part.n);
	return 1 + (whole ? part.n : DIGEST_OCTETS);
}

/* SHA-256, since whoever chooses a value must not find another one that counts in its place. */
static uint64_t
key_of(const struct counter *of)
{
	uint8_t all[8 + 4 * (PART_MAX + 1)], digest[DIGEST_OCTETS];
	size_t n = sizeof(of->per_s);
	uint64_t key;

	memcpy(all, &of->per_s, n);
	n += put_part(all + n, of->scope);
	n += put_part(all + n, of->document);
	n += put_part(all + n, of->unit);
	n += put_part(all + n, of->key);
	digest_of(octets_of(all, n), digest);
	memcpy(&key, digest, sizeof(key));
	return key == 0 ? 1 : key;
}

static struct place
place_of(const struct counter *of, int64_t now_s)
{
	struct place p = { .key = key_of(of), .now_s = now_s < 0 ? 0 : (uint64_t)now_s };

	p.width_s = ((uint64_t)of->per_s + STRETCHES - 2) / (STRETCHES - 1);
	p.stretch = p.now_s / p.width_s;
	return p;
}

static uint64_t
tagged(const struct place *p, uint64_t stretch)
{
	return mix(p->key + stretch) << SUM_BITS;
}

/* The row of key. Where there is none: *ret_free, one that could be had, NULL if none can. */
static const struct row *
look(const struct counters *c, const struct place *p, const struct row **ret_free)
{
	uint64_t rows = load(&c->rows);
	const struct row *unused = NULL, *passed = NULL;

	for (uint64_t i = 0; i < PROBES && i < rows; i++) {
		const struct row *r = &c->at[(p->key + i) & (rows - 1)];
		uint64_t key = load(&r->key);

		if (key == p->key)
			return r;
		if (key == 0 && unused == NULL)
			unused = r;
		if (key != 0 && passed == NULL && load(&r->until) <= p->now_s)
			passed = r;
	}
	*ret_free = unused != NULL ? unused : passed;
	return NULL;
}

/* The sum that cell i has of a stretch that counts. One that the clock has not come to yet was
 * added before it stepped back. */
static uint64_t
sum_of(const struct row *r, const struct place *p, uint64_t first, uint64_t i)
{
	uint64_t cell = load(&r->cells[i]), tag = cell & ~SUM_MAX;
	uint64_t stretch = p->stretch - (p->stretch + STRETCHES - i) % STRETCHES;

	if (tag == tagged(p, stretch + STRETCHES))
		return cell & SUM_MAX;
	if (p->stretch - stretch <= p->stretch - first && tag == tagged(p, stretch))
		return cell & SUM_MAX;
	return 0;
}

bool
counters_read(const struct counters *c, const struct counter *of, int64_t now_s, int64_t *ret)
{
	struct place p;
	const struct row *spare = NULL, *r;
	uint64_t first, sum = 0;

	if (of->per_s < 1)
		return false;
	p = place_of(of, now_s);
	r = look(c, &p, &spare);
	if (r == NULL) {
		*ret = 0;
		return spare != NULL;
	}
	/* the stretch of the oldest second that is within per_s */
	first =
	    p.now_s + 1 < (uint64_t)of->per_s ? 0 : (p.now_s + 1 - (uint64_t)of->per_s) / p.width_s;
	for (uint64_t i = 0; i < STRETCHES; i++) {
		uint64_t one = sum_of(r, &p, first, i);

		if (one == SUM_MAX)
			return false;
		sum += one;
	}
	*ret = (int64_t)sum;
	return true;
}

/* The row of key, taken if there is none yet. Two that take one at once both look again. */
static struct row *
take(struct counters *c, const struct place *p)
{
	for (unsigned tries = 0; tries < PROBES; tries++) {
		const struct row *spare = NULL, *found = look(c, p, &spare);
		struct row *r;
		uint64_t was;

		if (found != NULL)
			return &c->at[found - c->at];
		if (spare == NULL)
			return NULL;
		r = &c->at[spare - c->at];
		was = load(&r->key);
		if (was == 0 || load(&r->until) <= p->now_s)
			swap(&r->key, &was, p->key);
	}
	return NULL;
}

static void
add_to(uint64_t *cell, const struct place *p, uint64_t n)
{
	uint64_t was = load(cell), now, ahead = tagged(p, p->stretch + STRETCHES);

	do {
		uint64_t tag = (was & ~SUM_MAX) == ahead ? ahead : tagged(p, p->stretch);
		uint64_t sum = (was & ~SUM_MAX) == tag ? was & SUM_MAX : 0;

		now = tag | (n > SUM_MAX - sum ? SUM_MAX : sum + n);
	} while (!swap(cell, &was, now));
}

bool
counters_add(struct counters *c, const struct counter *of, int64_t now_s, int64_t n)
{
	struct place p;
	struct row *r;
	uint64_t until, was;

	if (of->per_s < 1 || n < 0)
		return false;
	p = place_of(of, now_s);
	for (unsigned tries = 0; tries < PROBES; tries++) {
		r = take(c, &p);
		if (r == NULL)
			return false;
		/* first of all, so that nobody takes the row while it is added to */
		until = (p.stretch + STRETCHES) * p.width_s;
		was = load(&r->until);
		while (was < until && !swap(&r->until, &was, until))
			;
		if (load(&r->key) == p.key) {
			add_to(&r->cells[p.stretch % STRETCHES], &p, (uint64_t)n);
			return true;
		}
	}
	return false;
}
