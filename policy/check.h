/*
 * policy/check.h - what a document of policy says of itself, held against itself.
 *
 * Its embedded tests are run, its invariants proven over all its rules, and
 * what looks like a mistake is told. An error keeps a document from being loaded,
 * a warning does not. Nothing here reads a file or a clock; what is done is
 * bounded, and what could not be proven within the bounds is an error as well.
 */
#ifndef QUATRAIN_POLICY_CHECK_H
#define QUATRAIN_POLICY_CHECK_H

#include "policy/set.h"

#define CHECK_TEXT_MAX     200
#define CHECK_FINDINGS_MAX 200 /* more are counted and left out */

enum finding_kind {
	FINDING_TEST,      /* error: an embedded test failed */
	FINDING_INVARIANT, /* error: a request is permitted that never should be; it was decided */
	FINDING_UNPROVEN,  /* error: an invariant neither proven nor refuted within the bounds */
	FINDING_LOCKED,    /* error: nobody could change policies any more */
	FINDING_NEVER,     /* warning: the rule's conditions cannot hold */
	FINDING_STOPPED,   /* warning: a permit that forbids stop always */
	FINDING_COVERED,   /* warning: another rule says that and more */
	FINDING_CROWDED,   /* warning: too many rules for one action and role to be fast */
	FINDING_NOBODY,    /* warning: endpoints need that action, and nobody is permitted it */
	FINDING_KINDS,
};

struct finding {
	enum finding_kind kind;
	uint32_t line;
	char name[CHECK_TEXT_MAX]; /* of the test, the rule, or the action; safe on one line */
	char expected[CHECK_TEXT_MAX], found[CHECK_TEXT_MAX];
	struct json *request; /* of tests and counterexamples, as request_json() has it; or NULL */
};

struct check {
	size_t tests, tests_passed, invariants, invariants_proven;
	size_t errors, warnings;
	size_t n; /* findings, errors and warnings in the order of the file's parts */
	struct finding at[CHECK_FINDINGS_MAX];
};

/* The caller's, to check_free(). Faults: FAULT_INTERNAL, FAULT_LIMIT of set_compile(). */
bool check_run(const struct document *d, struct check **ret, struct fault *f) CHECKED;
void check_free(struct check *c); /* NULL is allowed */
bool finding_is_error(enum finding_kind kind);
const char *finding_word(enum finding_kind kind); /* "test", "invariant", ... */
/* Fault: FAULT_BADREQ the first error, "FILE:LINE: NAME: expected WHAT, found WHAT". */
bool check_passed(const struct check *c, const char *file, struct fault *f) CHECKED;

#endif
