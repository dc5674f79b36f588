/* policy/set_detail.c - what is looked for within a large bucket; see set_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "policy/set_internal.h"

#define CANDIDATES_MAX 8

/* Where a rule can be found by a word. */
struct candidates {
	size_t n;
	struct {
		unsigned place;
		uint64_t key;
	} at[CANDIDATES_MAX];
};

/* How many rules of a bucket want the same word at the same place. */
struct tally {
	struct {
		uint64_t key;
		uint32_t n;
	} * at;
	size_t room; /* a power of two */
};

uint64_t
detail_key(uint64_t bucket, unsigned place, struct octets word)
{
	uint64_t h = names_hash(word) ^ (bucket + place) * UINT64_C(0xff51afd7ed558ccd);

	return (h ^ h >> 29) | 1;
}

struct octets
path_segment(struct octets id, unsigned i)
{
	struct octets none = { NULL, 0 };

	for (unsigned k = 0; k <= i; k++) {
		const uint8_t *slash = id.n == 0 ? NULL : memchr(id.at, '/', id.n);

		if (slash == NULL)
			return none;
		id.n -= (size_t)(slash + 1 - id.at);
		id.at = slash + 1;
	}
	for (size_t n = 0; n < id.n; n++)
		if (id.at[n] == '/')
			id.n = n;
	return id;
}

static void
add(struct candidates *c, uint64_t bucket, unsigned place, struct octets word)
{
	if (c->n == CANDIDATES_MAX)
		return;
	c->at[c->n].place = place;
	c->at[c->n++].key = detail_key(bucket, place, word);
}

/* A pattern's own words are those of its one pattern; an attribute's are those of one test. A
 * request that has another word there is not meant, whatever else it has. */
static struct candidates
candidates_of(const struct set *s, uint64_t bucket, uint32_t rank)
{
	const struct policy_rule *rule = s->rules[rank].rule;
	const struct packed *p = &s->packed[rank];
	struct candidates c = { 0 };
	struct octets pattern = rule->spiffe_n == 1 ? rule->spiffe[0] : (struct octets){ NULL, 0 };

	if (octets_take_text(&pattern, "spiffe://"))
		for (unsigned i = 0; i < PLACE_SEGMENTS; i++) {
			struct octets word = path_segment(pattern, i);

			if (word.n > 0 && memchr(word.at, '*', word.n) == NULL)
				add(&c, bucket, i, word);
		}
	for (uint32_t i = 0; i < p->n; i++) {
		const struct test *t = &s->tests[p->first + i];

		if (t->kind == TEST_TEXT)
			add(&c, bucket, PLACE_SEGMENTS + t->attribute, t->text);
	}
	return c;
}

static uint32_t *
tally_at(const struct tally *t, uint64_t key)
{
	size_t i = (key ^ key >> 32) & (t->room - 1);

	while (t->at[i].key != 0 && t->at[i].key != key)
		i = (i + 1) & (t->room - 1);
	t->at[i].key = key;
	return &t->at[i].n;
}

struct detailing {
	struct set *s;
	struct tally tally;
	struct entries entries;
};

/* A word that many of a bucket's rules want is no help; they are looked at each time. */
static bool
add_rule(struct detailing *g, struct bucket *b, uint32_t rank, uint32_t many, struct fault *f)
{
	struct candidates c = candidates_of(g->s, b->key, rank);
	uint64_t key = detail_key(b->key, PLACE_REST, (struct octets){ NULL, 0 });
	unsigned place = PLACE_REST;
	uint32_t fewest = many;

	for (size_t i = 0; i < c.n; i++) {
		uint32_t n = *tally_at(&g->tally, c.at[i].key);

		if (n >= fewest)
			continue;
		fewest = n;
		key = c.at[i].key;
		place = c.at[i].place;
	}
	if (place != PLACE_REST)
		b->places |= UINT64_C(1) << place;
	return entries_add(&g->entries, key, rank, f);
}

static bool
add_rules(struct detailing *g, struct bucket *b, struct fault *f)
{
	const uint32_t *ranks = g->s->index.ranks;
	uint32_t last = b->end[SECTIONS - 1], many = (last - b->first) / 2;
	size_t before = g->entries.n;

	for (uint32_t i = b->first; i < last; i++) {
		struct candidates c = candidates_of(g->s, b->key, ranks[i]);

		for (size_t k = 0; k < c.n; k++)
			++*tally_at(&g->tally, c.at[k].key);
	}
	for (uint32_t i = b->first; i < last; i++)
		if (!add_rule(g, b, ranks[i], many, f))
			return false;
	if (b->places == 0)
		g->entries.n = before;
	return true;
}

static int
by_rank(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->rank > y->rank) - (x->rank < y->rank);
}

static uint32_t
rules_in(const struct bucket *b)
{
	return b->key == 0 ? 0 : b->end[SECTIONS - 1] - b->first;
}

static bool
detail_bucket(struct detailing *g, struct bucket *b, struct fault *f)
{
	bool ok;

	for (g->tally.room = 64; g->tally.room < 2 * rules_in(b) * CANDIDATES_MAX;
	     g->tally.room *= 2)
		;
	g->tally.at = calloc(g->tally.room, sizeof(*g->tally.at));
	if (g->tally.at == NULL)
		return fault_set(f, FAULT_INTERNAL, "policy: out of memory");
	ok = add_rules(g, b, f);
	free(g->tally.at);
	return ok;
}

static bool
detail_all(struct detailing *g, struct fault *f)
{
	struct table *index = &g->s->index;

	for (size_t i = 0; i < index->room; i++)
		if (rules_in(&index->buckets[i]) >= DETAILS_FROM &&
		    !detail_bucket(g, &index->buckets[i], f))
			return false;
	if (g->entries.n > 0)
		qsort(g->entries.at, g->entries.n, sizeof(*g->entries.at), by_rank);
	return table_fill(&g->s->details, g->s, &g->entries, f);
}

bool
set_details(struct set *s, struct fault *f)
{
	struct detailing g = { .s = s };
	bool ok = detail_all(&g, f);

	free(g.entries.at);
	return ok;
}
