/*
 * policy/document_read.h - a document that is being read: what document*.c share, and nobody else.
 */
#ifndef QUATRAIN_POLICY_DOCUMENT_READ_H
#define QUATRAIN_POLICY_DOCUMENT_READ_H

#include "base/conf_tree.h"
#include "policy/document.h"

#define DOCUMENT_REASON_MAX      200
#define DOCUMENT_ID_MAX          64
#define DOCUMENT_OBLIGATIONS_MAX 16
#define DOCUMENT_OBLIGATION_MAX  4096 /* octets of its JSON */
#define DOCUMENT_KEYS_MAX        12   /* of one mapping */

/* A set of the file; what it says is typed when a condition first needs it so. */
struct named_set {
	const struct conf_node *node;
	struct {
		const struct value *at; /* NULL: not yet */
		size_t n;
	} as[VALUE_LIST + 1]; /* by the type of the attribute, VALUE_NONE: an open one's */
};

struct reading {
	const char *file; /* its name in faults */
	struct document *d;
	struct arena *arena; /* the document's */
	struct zones *zones;
	const struct zone *zone; /* default */
	size_t sets_n;
	struct named_set *sets; /* by name */
	const char *rule;       /* id of the rule at hand; NULL: none */
	const char *key;        /* the name at hand */
	bool counts;            /* rates and quotas may stand here */
	struct fault *f;
};

/* One name of a mapping and who reads what stands there into the caller's struct. */
struct document_key {
	const char *name;
	bool needed;
	bool (*read)(struct reading *r, const struct conf_node *n, void *to);
};

/* False, always. */
bool document_refuse(struct reading *r, const struct conf_node *n, const char *expected);
bool document_refuse_found(
    struct reading *r, const struct conf_node *n, const char *expected, const char *found);
/* node is a mapping of these names and no others, each at most once, read in the table's order. */
bool document_keys(struct reading *r, const struct conf_node *n, const struct document_key *keys,
    size_t keys_n, void *to);
/* A text of 1 to most octets without controls. */
bool document_text(struct reading *r, const struct conf_node *n, size_t most, struct octets *ret);
/* Which of n words it is. */
bool document_word(struct reading *r, const struct conf_node *n, const char *const *words,
    size_t words_n, unsigned *ret);
/* Words of a table, for a fault: "permit or forbid". */
#define DOCUMENT_EXPECTED_MAX 160
const char *document_words(
    const char *const *words, size_t n, char to[static DOCUMENT_EXPECTED_MAX]);
/* One text or a list of them, at least one, each of which is must like. */
bool document_list(struct reading *r, const struct conf_node *n, bool (*is)(struct octets),
    const char *expected, const struct octets **ret, size_t *ret_n);

/* "when" or "unless": a mapping whose members all have to hold. */
bool document_condition(struct reading *r, const struct conf_node *n, const struct condition **ret);
/* time: {days, hours, zone}; rate: {key, max | over, per}; quota: {key, unit, limit, per}. */
bool document_time(struct reading *r, const struct conf_node *n, struct condition *c);
bool document_rate(struct reading *r, const struct conf_node *n, struct condition *c);
bool document_quota(struct reading *r, const struct conf_node *n, struct condition *c);
bool document_zone(struct reading *r, const struct conf_node *n, const struct zone **ret);
bool document_attribute(
    struct reading *r, const struct conf_node *n, struct octets name, struct attribute_ref *ret);

/* What a rule's scalar for that attribute is. */
enum value_use { VALUE_EXACT, VALUE_ANY_OF, VALUE_ORDERED };
bool document_value(struct reading *r, const struct conf_node *n, enum attribute a,
    enum value_use use, struct value *ret, bool *ret_versions);
/* A list of them, at least one. */
bool document_values(struct reading *r, const struct conf_node *n, enum attribute a,
    const struct value **ret, size_t *ret_n);
bool document_sets(struct reading *r, const struct conf_node *n);
/* The set that n names, its members as that attribute's. */
bool document_set(
    struct reading *r, const struct conf_node *n, enum attribute a, struct condition *c);

/* rules: and invariants: of the file. */
bool document_rules(struct reading *r, const struct conf_node *n);
bool document_invariants(struct reading *r, const struct conf_node *n);
bool document_tests(struct reading *r, const struct conf_node *n);
void document_tests_free(const struct document *d);

#endif
