/*
 * policy/inputs.h - what a decision was made from, as it stands in the log, and the decision again.
 *
 * An entry's member "inputs" is what decide() was given: the act, the asker as
 * far as it was proven (kind, role, tenant, endpoint, name, standing) and the
 * object. Empty parts are left out. There is no secret in it, and no name but
 * handles and devices' labels, which "by" and "name" of the entry show as well.
 *
 * With the inputs, and the digest of the rules beside them, anybody with the
 * same rules can decide again and compare.
 */
#ifndef QUATRAIN_POLICY_INPUTS_H
#define QUATRAIN_POLICY_INPUTS_H

#include "base/json.h"
#include "policy/decide.h"

struct inputs {
	enum act act;
	struct identity who; /* without evidence and source: no rule looks at them */
	struct object what;
};

/* The member; json_put() takes it. NULL out of memory, which the writer refuses. */
struct json *inputs_json(const struct inputs *in);
/* Fault: FAULT_BADREQ which part is unknown or missing. */
bool inputs_read(const struct json *j, struct inputs *ret, struct fault *f) CHECKED;

enum replay_outcome {
	REPLAY_SAME,      /* the same inputs give the same rule */
	REPLAY_DIFFERS,   /* they give another, or the entry cannot be what was decided */
	REPLAY_POLICY,    /* it was decided under other rules than this program has */
	REPLAY_UNDECIDED, /* nobody asked: the service or its host did it; or of before inputs */
	REPLAY_REDACTED,  /* the body is gone by law */
	REPLAY_OUTCOMES,
};

struct replay {
	enum replay_outcome outcome;
	char act[TEXT_LABEL_MAX];  /* of the entry */
	char rule[TEXT_LABEL_MAX]; /* recorded */
	char by[IDENTITY_TEXT_MAX];
	char policy[2 * RULES_DIGEST_OCTETS + 1]; /* recorded: the rules that are needed */
	const char *now;          /* the rule that decides now; NULL: none was asked */
	bool permit, permits;     /* recorded; now */
	bool by_policies;         /* "decided" tells what policies said besides (ca/log.h) */
	bool forbidden;           /* and they refused it: a built-in rule had permitted it */
	char why[FAULT_TEXT_MAX]; /* of REPLAY_DIFFERS */
};

/* Decide again what entry (a log's line, parsed) says was decided; rules is rules_digest(). Pure.
 */
void replay_entry(
    const struct json *entry, const uint8_t rules[static RULES_DIGEST_OCTETS], struct replay *ret);
const char *replay_word(enum replay_outcome outcome); /* "same", "differs", ... */

#endif
