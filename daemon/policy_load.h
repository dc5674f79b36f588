/*
 * daemon/policy_load.h - the way of a document into force: all that must hold before it is kept.
 *
 * Size, signature (where keys are trusted), parse and schema, the slot that it is for, its scope,
 * its embedded tests and invariants in the company of what else would be in force, and that some
 * officer can still change policies. Whatever fails, what was in force stays so. Nothing is written
 * here: daemon/duty_policy.c does.
 */
#ifndef QUATRAIN_DAEMON_POLICY_LOAD_H
#define QUATRAIN_DAEMON_POLICY_LOAD_H

#include "ca/policy_book.h"
#include "daemon/policies.h"
#include "daemon/settings.h"

#define POLICY_LOAD_FILE_MAX 128

struct policy_load {
	struct realm *realm;
	struct policies *policies; /* what is in force beside it, and the zones */
	const struct settings *settings;
	int64_t now_s;
	const char *tenant; /* whose PolicySet; NULL: a Guardrail */
	const char *slot;
	char file[POLICY_LOAD_FILE_MAX]; /* what faults call it */
	struct octets text, signature;
};

struct policy_loaded {
	struct document *document; /* to document_free() */
	bool is_signed;            /* by a key that is trusted */
	struct json *warnings;     /* texts; to json_free() */
};

/*
 * Faults: FAULT_LIMIT too large, FAULT_DENIED the signature, FAULT_BADREQ "FILE:LINE: KEY: expected
 * WHAT, found WHAT", FAULT_CONFLICT a test or an invariant fails, or every officer would be locked
 * out; FAULT_BUSY, FAULT_INTERNAL. After a fault ret is empty.
 */
bool policy_load(const struct policy_load *l, struct policy_loaded *ret, struct fault *f) CHECKED;
void policy_loaded_free(struct policy_loaded *p);

/* Of a fault in a file: its members "file", "line" and "expected", as JSON, appended. Nothing where
 * it has no place. */
void policy_fault_members(const struct fault *f, struct bytes *ret);

#endif
