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
	SECTION_DUTIES,  /* permits that oblige or count */
	SECTION_PERMITS, /* until one fires */
	SECTIONS,
	SECTION_NONE = SECTIONS, /* permits in shadow mode: for explain alone, in no bucket */
};

struct bucket {
	uint64_t key;                  /* 0: free */
	uint32_t first, end[SECTIONS]; /* among the ranks; one section behind the other */
	uint64_t places;               /* of details, a bit each; 0: it has none */
};

/* Buckets by their key, and all their ranks. */
struct table {
	struct bucket *buckets;
	size_t room; /* a power of two */
	uint32_t *ranks;
};

/*
 * A bucket of many rules has details: buckets of those of its rules that want one word at one place
 * of a request, which is a segment of the subject's path or the text of an attribute. The rules
 * that want none stand in a detail of their own. Each rule has the place where it has the fewest
 * beside it, so that a request looks at few of a bucket's rules, however many there are.
 */
#define DETAILS_FROM   24 /* rules of a bucket */
#define PLACE_SEGMENTS 8  /* the first of the path; behind them a place for each attribute */
#define PLACE_REST     63
_Static_assert(PLACE_SEGMENTS + ATTRIBUTE_FIXED < PLACE_REST, "places fit in 64 bits");

struct ruling { /* a rule that is not off */
	const struct document *document;
	const struct policy_rule *rule;
	bool counts, shadow;
	uint8_t section;
};

/*
 * What of a rule can be told quickly, packed for it: a pattern that the subject must match, and
 * tests that must hold, all of one size and side by side. A test that fails settles that the rule
 * does not fire. If all hold and nothing was left out, it does; else the rule is read as it was
 * written (policy/condition.h).
 */
enum test_kind {
	TEST_BOOL,
	TEST_TEXT,
	TEST_RANGE, /* a number from low to high */
	TEST_NET,
	TEST_TIME,  /* UTC */
	TEST_WORDS, /* one of many texts, which are sorted */
	TEST_SPANS, /* in one of many nets, as sorted spans of addresses that do not touch */
};

struct span {
	uint64_t first[2], last[2];
};

/* The wants of a condition, sorted: one for all conditions of a named set. */
struct sorted {
	const struct value *wants; /* whose; NULL: free */
	size_t n;
	struct octets *words; /* or */
	struct span *spans;
};

struct test { /* 24 octets: five of them are two lines of a cache */
	uint8_t kind, attribute;
	uint8_t prefix; /* of a net: 96 to 128 */
	uint8_t days;
	uint16_t from_m, until_m;
	union {
		struct octets text;
		uint64_t net[2];
		int64_t range[2]; /* low, high */
		uint32_t sorted;  /* which of the set's */
		bool yes;
	};
};

enum pattern_tail {
	TAIL_NONE,    /* the literal is all of it */
	TAIL_REST,    /* "**" */
	TAIL_SEGMENT, /* one segment that is not empty: "*" */
	TAIL_PART,    /* the rest of one: "hp-*" */
	TAIL_OTHER,   /* to be matched as it is written */
};

struct packed {
	const uint8_t *literal; /* the pattern up to its first star, or if that is the first label,
				   from behind it to the next */
	uint32_t literal_n, first, n; /* tests */
	uint8_t tail;
	bool any_tenant; /* the first label is the star */
	bool more_fits;  /* subjects, roles or types that are not told by this and the index */
	bool more_holds; /* conditions that are not */
	bool any_action, any_role; /* the index does not know which: to be looked at */
};

struct set {
	struct ruling *rules;
	struct packed *packed; /* by rank, as rules */
	size_t n;
	struct test *tests;
	size_t tests_n, tests_room;
	struct names names[NAME_KINDS];
	struct sorted *sorted;
	size_t sorted_n, sorted_room;
	struct table index, details;
	uint8_t *wild; /* by an action's number, a bit for each WILD_*: there is such a bucket */
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
const struct bucket *bucket_find(const struct table *t, uint64_t key); /* NULL: none */
/* A table of entries, which come by rank. */
struct entry {
	uint64_t key;
	uint32_t rank;
};
struct entries {
	struct entry *at;
	size_t n, room;
};
bool entries_add(struct entries *e, uint64_t key, uint32_t rank, struct fault *f) CHECKED;
bool table_fill(
    struct table *t, const struct set *s, const struct entries *e, struct fault *f) CHECKED;
/* Of the index' large buckets. */
bool set_details(struct set *s, struct fault *f) CHECKED;
uint64_t detail_key(uint64_t bucket, unsigned place, struct octets word);
/* The i-th segment of a path, of an id or pattern behind its scheme; empty: none. */
struct octets path_segment(struct octets id, unsigned i);
/* Fill in names, buckets and ranks from rules. */
bool set_index(struct set *s, struct fault *f) CHECKED;
/* Fill in packed and tests from rules. */
bool set_pack(struct set *s, struct fault *f) CHECKED;

/* A request, and what is worked out of it once. */
struct view {
	const struct request *request;
	struct octets id; /* behind "spiffe://" */
	size_t tenant_n;  /* octets of its first label */
	unsigned day, minute;
	uint64_t ip[2]; /* source.ip, as tests have it */
};
/* Where it can be told from many wants, *ret is the place of them sorted. False: out of memory. */
bool sorted_of(struct set *s, const struct condition *c, bool *ret_can, uint32_t *ret);
bool sorted_has_word(const struct sorted *s, struct octets word);
bool sorted_has_address(const struct sorted *s, const uint64_t ip[static 2]);
void sorted_free(struct set *s);
uint64_t sorted_big_endian(const uint8_t *at);

void view_of(const struct request *r, struct view *ret);
/* 0: it does not fire; 1: it does; -1: it is to be read as it was written. */
int packed_holds(const struct set *s, const struct packed *p, const struct view *v);

#endif
