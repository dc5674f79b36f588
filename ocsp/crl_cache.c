/* ocsp/crl_cache.c - see crl_cache.h. */
#include "ocsp/crl_cache.h"

#include <stdlib.h>
#include <string.h>

#define READ_TRIES 4 /* a list is replaced some seconds apart, and read in some milliseconds */

struct kept {
	uint8_t ca[TBS_KEY_ID_OCTETS];
	struct crl_which which;
	uint64_t number;
	uint64_t used;       /* the later, the greater */
	bool old;            /* there is a newer one: it stays for its readers alone */
	struct shared *list; /* held; NULL: a free place */
};

struct crl_cache {
	size_t room, octets; /* at most, and now */
	uint64_t uses;
	struct kept kept[CRL_CACHE_LISTS];
};

bool
crl_cache_new(size_t octets, struct crl_cache **ret, struct fault *f)
{
	struct crl_cache *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return fault_set(f, FAULT_INTERNAL, "crl: out of memory");
	c->room = octets;
	*ret = c;
	return true;
}

static void
let_go(struct crl_cache *c, struct kept *k)
{
	c->octets -= k->list->n;
	shared_drop(k->list);
	k->list = NULL;
}

void
crl_cache_free(struct crl_cache *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < CRL_CACHE_LISTS; i++)
		if (c->kept[i].list != NULL)
			let_go(c, &c->kept[i]);
	free(c);
}

static bool
is_idle(const struct kept *k)
{
	return k->list != NULL && k->list->holders == 1;
}

/* The list itself, where it is there; those before it are old. */
static struct kept *
find(struct crl_cache *c, const uint8_t ca[static TBS_KEY_ID_OCTETS], struct crl_which which,
    uint64_t number)
{
	struct kept *found = NULL;

	for (size_t i = 0; i < CRL_CACHE_LISTS; i++) {
		struct kept *k = &c->kept[i];

		if (k->list == NULL || memcmp(k->ca, ca, TBS_KEY_ID_OCTETS) != 0 ||
		    k->which.kind != which.kind || k->which.shard != which.shard)
			continue;
		if (k->number == number)
			found = k;
		else
			k->old = true;
	}
	return found;
}

/* Old ones that nobody reads go first, then what was not asked for the longest. */
static bool
goes_before(const struct kept *a, const struct kept *b)
{
	return b == NULL || (a->old && !b->old) || (a->old == b->old && a->used < b->used);
}

/* A free place, and room for n octets; NULL while others read what fills it. */
static struct kept *
make_room(struct crl_cache *c, size_t n)
{
	for (;;) {
		struct kept *empty = NULL, *first = NULL;

		for (size_t i = 0; i < CRL_CACHE_LISTS; i++) {
			struct kept *k = &c->kept[i];

			if (k->list == NULL)
				empty = k;
			else if (is_idle(k) && goes_before(k, first))
				first = k;
		}
		if (empty != NULL && n <= c->room && c->octets <= c->room - n)
			return empty;
		if (first == NULL || n > c->room)
			return NULL;
		let_go(c, first);
	}
}

static bool
load(struct crl_cache *c, struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS],
    struct crl_which which, const struct crl_head *h, struct kept **ret, struct fault *f)
{
	struct kept *k = make_room(c, h->size);
	struct shared *list;

	if (k == NULL)
		return fault_set(f, FAULT_BUSY, "crl: others read lists that fill the memory");
	if ((list = shared_new(h->size)) == NULL)
		return fault_set(f, FAULT_BUSY, "crl: out of memory");
	if (!crl_read(l, ca, which, h, list->at, f)) {
		shared_drop(list);
		return false;
	}
	*k = (struct kept){ .which = which, .number = h->number, .list = list };
	memcpy(k->ca, ca, TBS_KEY_ID_OCTETS);
	c->octets += list->n;
	*ret = k;
	return true;
}

bool
crl_cache_get(struct crl_cache *c, struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS],
    struct crl_which which, struct crl_head *h, struct shared **ret, struct fault *f)
{
	struct kept *k;

	for (unsigned i = 0;; i++) {
		if ((k = find(c, ca, which, h->number)) != NULL || load(c, l, ca, which, h, &k, f))
			break;
		if (f->code != FAULT_CONFLICT || i == READ_TRIES)
			return false;
		if (!crl_head(l, ca, which, h, f))
			return false;
	}
	k->used = ++c->uses;
	*ret = shared_hold(k->list);
	return true;
}
