/* relay/print_names.c - see print_names.h. */
#include "relay/print_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#define SLOTS 8192 /* a power of two, twice what is kept */

struct kept {
	uint8_t uuid[DOCUMENT_UUID];
	uint16_t job_n, document_n, user_n;
	char text[]; /* the three, one behind the other */
};

struct print_names {
	uint8_t seed[SECRET_SEED_OCTETS]; /* a client may choose its uuids */
	struct kept *ring[PRINT_NAMES_MAX];
	size_t next;           /* of the ring: the oldest */
	uint16_t slots[SLOTS]; /* index of the ring plus one; 0: empty */
};

bool
print_names_new(struct print_names **ret, struct fault *f)
{
	struct print_names *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return fault_set(f, FAULT_INTERNAL, "print: out of memory");
	secret_nonce(s->seed, sizeof(s->seed));
	*ret = s;
	return true;
}

static void
kept_free(struct kept *k)
{
	if (k == NULL)
		return;
	secret_wipe(k->text, (size_t)k->job_n + k->document_n + k->user_n);
	free(k);
}

void
print_names_free(struct print_names *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < PRINT_NAMES_MAX; i++)
		kept_free(s->ring[i]);
	free(s);
}

static size_t
home(const struct print_names *s, const uint8_t *uuid)
{
	return (size_t)(secret_hash(s->seed, octets_of(uuid, DOCUMENT_UUID)) & (SLOTS - 1));
}

/* The slot of uuid, or the empty one where it would be: half of them are. */
static size_t
find(const struct print_names *s, const uint8_t *uuid)
{
	size_t at = home(s, uuid);

	while (
	    s->slots[at] != 0 && memcmp(s->ring[s->slots[at] - 1]->uuid, uuid, DOCUMENT_UUID) != 0)
		at = (at + 1) & (SLOTS - 1);
	return at;
}

/* Linear probing without tombstones: what stands behind the hole and could stand in it moves up. */
static void
empty(struct print_names *s, size_t hole)
{
	for (size_t at = (hole + 1) & (SLOTS - 1); s->slots[at] != 0; at = (at + 1) & (SLOTS - 1)) {
		size_t from = home(s, s->ring[s->slots[at] - 1]->uuid);

		if (((at - from) & (SLOTS - 1)) < ((at - hole) & (SLOTS - 1)))
			continue;
		s->slots[hole] = s->slots[at];
		hole = at;
	}
	s->slots[hole] = 0;
}

static struct kept *
kept_new(const uint8_t *uuid, const struct print_name *name)
{
	size_t job = strnlen(name->job, PRINT_NAME_MAX - 1);
	size_t document = strnlen(name->document, PRINT_NAME_MAX - 1);
	size_t user = strnlen(name->user, PRINT_NAME_MAX - 1);
	struct kept *k = malloc(sizeof(*k) + job + document + user);

	if (k == NULL)
		return NULL;
	memcpy(k->uuid, uuid, DOCUMENT_UUID);
	k->job_n = (uint16_t)job;
	k->document_n = (uint16_t)document;
	k->user_n = (uint16_t)user;
	memcpy(k->text, name->job, job);
	memcpy(k->text + job, name->document, document);
	memcpy(k->text + job + document, name->user, user);
	return k;
}

void
print_names_put(
    struct print_names *s, const uint8_t uuid[static DOCUMENT_UUID], const struct print_name *name)
{
	struct kept *k = kept_new(uuid, name);
	size_t at = find(s, uuid);

	if (k == NULL)
		return;
	if (s->slots[at] != 0) {
		struct kept **there = &s->ring[s->slots[at] - 1];

		kept_free(*there);
		*there = k;
		return;
	}
	if (s->ring[s->next] != NULL) {
		empty(s, find(s, s->ring[s->next]->uuid));
		kept_free(s->ring[s->next]);
		at = find(s, uuid); /* others may have moved */
	}
	s->ring[s->next] = k;
	s->slots[at] = (uint16_t)(s->next + 1);
	s->next = (s->next + 1) % PRINT_NAMES_MAX;
}

bool
print_names_get(
    const struct print_names *s, const uint8_t uuid[static DOCUMENT_UUID], struct print_name *ret)
{
	size_t at = find(s, uuid);
	const struct kept *k;

	if (s->slots[at] == 0)
		return false;
	k = s->ring[s->slots[at] - 1];
	*ret = (struct print_name){ .job = "" };
	memcpy(ret->job, k->text, k->job_n);
	memcpy(ret->document, k->text + k->job_n, k->document_n);
	memcpy(ret->user, k->text + k->job_n + k->document_n, k->user_n);
	return true;
}
