/*
 * policy/recorded.h - a decision as a log has it, made again by a set of policies.
 *
 * One object a line:
 *
 *	{"decision": "permit" | "deny", "code": ..., "rule": ..., "id": ...,
 *	 "policy": SHA-256 hex, "request": as request_read() takes it, "t": RFC 3339 or seconds}
 *
 * with any other members. Where the request has no time, t is it; one that was too long for its
 *entry is "omitted": true. Pure.
 */
#ifndef QUATRAIN_POLICY_RECORDED_H
#define QUATRAIN_POLICY_RECORDED_H

#include "policy/set.h"

#define RECORDED_WORD_MAX 128

struct recorded {
	bool decided; /* it says what was decided, and not only what was asked */
	bool permit;
	char code[RECORDED_WORD_MAX], rule[RECORDED_WORD_MAX], id[RECORDED_WORD_MAX];
	char policy[2 * DOCUMENT_DIGEST_OCTETS + 1]; /* empty: it does not say */
	bool has_time;
	int64_t at_s;
	const struct json *request; /* lent from the entry */
};

enum recorded_outcome {
	RECORDED_SAME,      /* decided again the same */
	RECORDED_OTHERWISE, /* the same decision, by another rule or code */
	RECORDED_DIFFERS,   /* permit became deny, or deny permit */
	RECORDED_POLICY,    /* it was decided by other policies than these */
	RECORDED_UNKNOWN,   /* what was asked is not all there, or it hangs on counts of before */
	RECORDED_NONE,      /* an entry of another kind: nothing was decided */
	RECORDED_REDACTED,  /* its body is gone by law */
	RECORDED_OUTCOMES,
};

/* What an entry (a parsed line, which ret lends from) records. False: no decision; ret is as it
 * was. */
bool recorded_read(const struct json *entry, struct recorded *ret);

struct recorded_again {
	enum recorded_outcome outcome;
	struct recorded was;
	struct decision now; /* of RECORDED_SAME, OTHERWISE, DIFFERS */
	const char *word;    /* of now: permit, deny, not-forbidden; NULL where none was made */
	char why[FAULT_TEXT_MAX];
};

/*
 * Decide again what entry records. With strict only what s decided, by its digest, is held against
 * it; else whatever decided. before: another set whose decision is taken for the recorded one;
 * NULL: the entry's own. counters go along: entries must come in order.
 */
struct recorded_with {
	const struct set *set, *before;
	struct counters *counters, *counters_before;
	bool strict;
};
void recorded_decide(
    const struct recorded_with *with, const struct json *entry, struct recorded_again *ret);
const char *recorded_word(enum recorded_outcome outcome); /* "same", "differs", ... */

#endif
