/*
 * policy/space.h - all requests that the rules of one document can tell apart.
 *
 * Of each attribute there are as many values as its rules can tell apart: a number that is
 * compared with 5 is 4, 5 or 6. These are an axis of the space, on which each condition is a
 * row of answers, computed by the conditions themselves. So whatever holds of all points holds of
 * all requests. Where values cannot be told in that way (two attributes compared, rates, several
 * time zones) the axis has a value that may mean anything: then nothing is proven that is not so,
 * and something that is so may be left unproven. For prove.c and what checks with it.
 */
#ifndef QUATRAIN_POLICY_SPACE_H
#define QUATRAIN_POLICY_SPACE_H

#include "base/arena.h"
#include "policy/document.h"

#define SPACE_VALUES_MAX 16384               /* of one axis */
#define SPACE_CELLS_MAX  (UINT64_C(1) << 23) /* answers in all, weighed by what each costs */
#define SPACE_SETS_MAX   64                  /* conditions of sets that are computed once */
#define SPACE_AXES_MAX   1024
#define SPACE_ANYTHING   2

enum axis_kind {
	AXIS_ATTRIBUTE,
	AXIS_ACTION,
	AXIS_FREE, /* a condition that looks at two attributes, or at counters: true, false, unknown
		    */
};

struct axis {
	enum axis_kind kind;
	struct attribute_ref ref;          /* AXIS_ATTRIBUTE */
	const struct condition *condition; /* AXIS_FREE */
	size_t n, room;
	struct value *at; /* AXIS_ATTRIBUTE; the first is VALUE_NONE. AXIS_ACTION: texts */
	size_t fresh;     /* of a text that no rule names; 0: there is none */
	bool whole;       /* else the last value may be anything */
	bool orders_numbers, orders_versions;
	size_t first; /* bit of its first value in a region */
};

enum formula_kind { FORMULA_ALL, FORMULA_ANY, FORMULA_NOT, FORMULA_AXIS, FORMULA_SUBJECT };

/* What a rule says, as a formula of Kleene's logic. */
struct formula {
	enum formula_kind kind;
	size_t n;
	const struct formula *const *kids;
	size_t axis;           /* FORMULA_AXIS */
	const int8_t *says;    /* its n values: 1, 0, -1 unknown, SPACE_ANYTHING */
	struct octets pattern; /* FORMULA_SUBJECT: does the id match? */
};

struct space {
	const struct document *d;
	struct arena arena;
	struct axis *axes;
	size_t axes_n, axes_room, bits;
	uint64_t cells;
	bool too_large;
	struct { /* whoever asks for the same set of the same attribute gets the same formula */
		const struct value *wants;
		size_t axis;
		const struct formula *is;
	} sets[SPACE_SETS_MAX];
	size_t sets_n;
	const struct zone *zone; /* of all times so far */
	bool timed, zones;       /* there are times; of several zones */
	const struct formula *
	    *rules; /* of each rule in mode enforce, else NULL: it fits and holds */
	const struct formula **invariants; /* action and condition */
};

/* Fault: FAULT_INTERNAL. too_large says that nothing was built, since it would be too much. */
bool space_open(struct space *s, const struct document *d, struct fault *f) CHECKED;
void space_close(struct space *s);

/* The axis of an attribute; NULL: no rule looks at it. */
const struct axis *space_axis(const struct space *s, const struct attribute_ref *ref);
/* That an officer, whose id is of that pattern, would change policies. */
#define SPACE_CHANGE  "policy.change"
#define SPACE_OFFICER "officer"
const struct formula *space_staff(struct space *s, struct octets id);

/* For space*.c alone. */
struct axis *space_find(struct space *s, enum axis_kind kind, const struct attribute_ref *ref,
    const struct condition *c);
void space_add(struct space *s, struct axis *a, const struct value *v);
void space_add_wants(struct space *s, struct axis *a, const struct condition *c);
void space_finish(struct space *s, struct axis *a);

#endif
