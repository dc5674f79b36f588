/* policy/set_names.c - names of actions, tenants and roles as numbers; see set_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "policy/set_internal.h"

/* Eight octets at a time. Nobody but who writes policies chooses what is in a table, so that it
 * need not withstand chosen keys. */
uint64_t
names_hash(struct octets o)
{
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15) ^ o.n, v;
	size_t i = 0;

	for (; i + 8 <= o.n; i += 8) {
		memcpy(&v, o.at + i, 8);
		h = (h ^ v) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	v = 0;
	if (i < o.n)
		memcpy(&v, o.at + i, o.n - i);
	h = (h ^ v) * UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 29;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 32;
}

/* The slot of o, or the free one where it would stand. */
static struct name_slot *
slot_of(const struct names *names, struct octets o, uint64_t hash)
{
	size_t i = hash & (names->room - 1);

	while (names->slots[i].at != NULL) {
		struct name_slot *s = &names->slots[i];

		if (s->hash == hash && s->n == o.n && memcmp(s->at, o.at, o.n) == 0)
			return s;
		i = (i + 1) & (names->room - 1);
	}
	return &names->slots[i];
}

uint32_t
names_find(const struct names *names, struct octets o)
{
	if (names->n == 0 || o.n == 0)
		return 0;
	return slot_of(names, o, names_hash(o))->id;
}

static bool
grow(struct names *names)
{
	struct names more = { .room = names->room == 0 ? 64 : 2 * names->room, .n = names->n };

	more.slots = calloc(more.room, sizeof(*more.slots));
	if (more.slots == NULL)
		return false;
	for (size_t i = 0; i < names->room; i++) {
		const struct name_slot *s = &names->slots[i];

		if (s->at != NULL)
			*slot_of(&more, (struct octets){ s->at, s->n }, s->hash) = *s;
	}
	free(names->slots);
	*names = more;
	return true;
}

uint32_t
names_add(struct names *names, struct octets o)
{
	uint64_t hash = names_hash(o);
	struct name_slot *s;

	if (2 * (names->n + 1) > names->room && !grow(names))
		return 0;
	s = slot_of(names, o, hash);
	if (s->at == NULL)
		*s = (struct name_slot){ hash, o.at, (uint32_t)o.n, (uint32_t)++names->n };
	return s->id;
}

struct octets
names_tenant(struct octets id)
{
	size_t n = 0;

	if (!octets_take_text(&id, "spiffe://"))
		return (struct octets){ NULL, 0 };
	while (n < id.n && id.at[n] != '.' && id.at[n] != '/')
		n++;
	return (struct octets){ id.at, n };
}
