/*
 * policy/set_internal.h - what a compiled set is made of; for set*.c alone.
 *
 * Rules stand in the order of documents and ids: the place there is a rule's
 * rank, and whoever comes first by rank is named. The index leads from action,
 * tenant's label and role to a bucket of ranks; zero stands for "any" in each.
 */
#ifndef QUATRAIN_POLICY_SET_INTERNAL_H
#define QUATRAIN_POLICY_SET_INTERNAL_H

#include "base/digest.h"
#include "policy/condition.h"
#include "policy/set.h"

/* Names, numbered from 1. */
enum name_kind { NAME_ACTION, NAME_TENANT, NAME_ROLE, NAME_KINDS };

struct name_slot {
	uint64_t hash;
	const uint8_t *at; /* lent from the documents; NULL: free */
	uint32_t n, id;
};

struct names {
	struct name_slot *slots;
	size_t room, n; /* a power of two; at most half of it is used */
};

/* What a bucket's ranks are for, in this order. */
enum section {
	SECTION_ALWAYS,  /* forbids that are looked at whatever the others say: in shadow mode, or
			    they count */
	SECTION_FORBIDS, /* until one fires */
	SECTION_PERMITS,
	SECTIONS,
	SECTION_NONE = SECTIONS, /* permits in shadow mode: for explain alone, in no bucket */
};

struct bucket {
	uint64_t key;                  /* 0: free */
	uint32_t first, end[SECTIONS]; /* among the set's ranks; one section behind the other */
};

struct ruling { /* a rule that is not off */
	const struct document *document;
	const struct policy_rule *rule;
	bool counts, shadow;
	bool any_action, any_role; /* the index does not know which: to be looked at */
	uint8_t section;
};

struct set {
	struct ruling *rules;
	size_t n;
	struct names names[NAME_KINDS];
	struct bucket *buckets;
	size_t buckets_room; /* a power of two */
	uint32_t *ranks;     /* of all buckets */
	uint8_t wild;        /* bit WILD_* combination: there is such a bucket */
	bool permits;
	uint8_t digest[DIGEST_OCTETS];
};

/* Which parts of a bucket's key are "any"; an action "print.*" is a name of its own. */
#define WILD_TENANT 1u
#define WILD_ROLE   2u

#define ENTRIES_MAX      8000000 /* ranks in all buckets */
#define ENTRIES_RULE_MAX 32      /* of one rule; one that names more is looked at more closely */

uint64_t names_hash(struct octets o);
/* 0: no such name. */
uint32_t names_find(const struct names *names, struct octets o);
/* 0: out of memory. */
uint32_t names_add(struct names *names, struct octets o);
/* A spiffe id's or pattern's first label: the tenant's. */
struct octets names_tenant(struct octets id);

uint64_t bucket_key(uint32_t action, uint32_t tenant, uint32_t role);
const struct bucket *bucket_find(const struct set *s, uint64_t key);
/* Fill in names, buckets and ranks from rules. */
bool set_index(struct set *s, struct fault *f) CHECKED;

#endif
