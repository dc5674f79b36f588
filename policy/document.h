/*
 * policy/document.h - one policy file, as it was written and checked: a Guardrail or a PolicySet.
 *
 * A Guardrail belongs to the root or a region and can only forbid. A PolicySet
 * belongs to one tenant, permits and forbids, and names no subject outside it.
 * Everything in a document lives in the document and is read only.
 */
#ifndef QUATRAIN_POLICY_DOCUMENT_H
#define QUATRAIN_POLICY_DOCUMENT_H

#include "base/fault.h"
#include "policy/request.h"
#include "policy/zone.h"

#define DOCUMENT_MAX_OCTETS    65536 /* of a file, if nothing else is said */
#define DOCUMENT_API_VERSION   "quatrain.policy/v1"
#define DOCUMENT_DIGEST_OCTETS 32

enum document_kind { DOCUMENT_GUARDRAIL, DOCUMENT_POLICY_SET };
enum policy_mode { MODE_ENFORCE, MODE_SHADOW, MODE_OFF };
enum policy_effect { EFFECT_PERMIT, EFFECT_FORBID };

enum condition_op {
	CONDITION_ALL, /* of kids */
	CONDITION_ANY,
	CONDITION_NOT, /* one kid */
	CONDITION_EQUALS,
	CONDITION_IN,     /* any of wants; of an address: nets too */
	CONDITION_NOT_IN, /* none of wants */
	CONDITION_IN_SET, /* wants are the set's; set_name says which */
	CONDITION_CIDR,   /* any of the nets in wants */
	CONDITION_GT,
	CONDITION_GTE,
	CONDITION_LT,
	CONDITION_LTE,           /* "max" is the same */
	CONDITION_EQUALS_ATTR,   /* the same as attribute other */
	CONDITION_CONTAINS_ATTR, /* a list that has what other says */
	CONDITION_TIME,
	CONDITION_RATE,
	CONDITION_QUOTA,
};

struct attribute_ref {
	enum attribute at;  /* ATTRIBUTE_OPEN: by name */
	struct octets name; /* always said */
};

struct condition_time {
	uint8_t days;             /* bit 0 Monday */
	uint16_t from_m, until_m; /* minutes of the day; until before from: over midnight, which
				     belongs to the day it began on */
	const struct zone *zone;  /* NULL: UTC */
};

struct condition_count { /* of rate and quota */
	struct attribute_ref key;
	struct attribute_ref unit; /* of quota, what is added; name.at NULL: 1 */
	int64_t most;              /* rate "max", quota "limit": true while within it */
	bool over;                 /* rate "over": true beyond most */
	int64_t per_s;
};

struct condition {
	enum condition_op op;
	bool versions; /* gt, gte, lt, lte compare versions */
	uint32_t line; /* in the file */
	struct attribute_ref attribute, other;
	struct octets set_name;
	size_t wants_n;
	const struct value *wants; /* one for equals and comparisons */
	struct condition_time time;
	struct condition_count count;
	size_t kids_n;
	const struct condition *kids;
};

struct obligation {
	struct octets name; /* "watermark" */
	struct octets json; /* its parameters, canonical JSON: an object */
};

struct policy_rule {
	struct octets id;
	enum policy_effect effect;
	enum policy_mode mode; /* its own, or the document's */
	bool ignore_missing;   /* of a forbid: unknown does not fire */
	uint32_t line;
	size_t spiffe_n, roles_n, actions_n, types_n; /* 0: any; of actions at least one */
	const struct octets *spiffe, *roles, *actions,
	    *types;                            /* "*", "print.*"; types: resource.type */
	const struct condition *when, *unless; /* NULL: none; CONDITION_ALL on top */
	size_t obligations_n;
	const struct obligation *obligations;
	struct octets reason;
};

struct invariant { /* never_permit */
	uint32_t line;
	size_t actions_n;
	const struct octets *actions;
	const struct condition *when;
};

struct policy_test {
	struct octets name;
	uint32_t line;
	const struct json *request; /* as request_read() takes it */
	const struct json *state;   /* {"quota": {"RULE|KEY": n}, "rate": {...}}; NULL: none */
	const struct json *expect;  /* decision, rule, code, obligations, shadow */
};

struct document {
	enum document_kind kind;
	enum policy_mode mode;
	struct octets name, scope, owner;
	int64_t revision;
	struct octets text;                     /* the file */
	uint8_t digest[DOCUMENT_DIGEST_OCTETS]; /* SHA-256 of text */
	int64_t offline_max_age_s;              /* defaults: offline: {max_age}; 0: never offline */
	size_t rules_n, invariants_n, tests_n;
	const struct policy_rule *rules;
	const struct invariant *invariants;
	const struct policy_test *tests;
};

/*
 * Read yaml: bounded, no alias outside of tests, no duplicate or unknown keys,
 * types by schema, subjects within the scope. name stands for the file in
 * faults, which read "FILE:LINE: KEY: expected WHAT, found WHAT". zones gives the
 * time zones by name (policy/zone.h). No test is run and no invariant proven: policy/check.h.
 * Faults: FAULT_BADREQ anything in it, FAULT_LIMIT more octets than most, FAULT_INTERNAL
 */
bool document_read(const char *name, struct octets yaml, size_t most, struct zones *zones,
    struct document **ret, struct fault *f) CHECKED;
void document_free(struct document *d); /* NULL is allowed */

#endif
