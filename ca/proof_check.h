/*
 * ca/proof_check.h - what proofs and checkpoints prove, by keys that the verifier has.
 *
 * Sources: C2SP tlog-proof (what a verifier does), RFC 9162 sections 2.1.3.2
 * and 2.1.4.2.
 */
#ifndef QUATRAIN_CA_PROOF_CHECK_H
#define QUATRAIN_CA_PROOF_CHECK_H

#include "ca/log_keys.h"
#include "ca/proof_file.h"
#include "ca/redaction.h"

/* A checkpoint, believed. */
struct proven_note {
	char origin[LOG_ORIGIN_MAX];
	uint64_t size, epoch;
	uint8_t root[LOG_HASH_OCTETS];
	bool rooted;
	bool old_key;    /* by a past key of the log */
	size_t cosigned; /* by keys that are known; each saw that the log only grew */
	struct {
		char name[LOG_ORIGIN_MAX];
		int64_t at_s;
	} by[LOG_NOTE_LINES];
	size_t strangers; /* signature lines by nobody that is known: they say nothing */
};
/* Faults: FAULT_BADREQ another log's, a signature by a known key that does not hold, or cosigned by
 * others alone where cosigners are known; FAULT_INTERNAL */
bool proof_check_note(const struct log_note *n, const struct log_keys *k, struct proven_note *ret,
    struct fault *f) CHECKED;

/* An entry of its tree, believed. */
struct proven_entry {
	struct proven_note note;
	uint64_t index;
	bool redacted; /* the line is a stub: the leaf hash is proven, and of the body nothing */
	struct redaction stub;
};
/*
 * p is a proof of inclusion, and its line says what it is: canonical, entry p->index. Faults:
 * FAULT_BADREQ what does not hold, those of proof_check_note()
 */
bool proof_check_entry(const struct proof_file *p, const struct log_keys *k,
    struct proven_entry *ret, struct fault *f) CHECKED;
/* gone is a redacted entry, and by a proof of the entry that tells of it, which a stub needs to be
 * believed. Faults: FAULT_BADREQ it tells of something else, those of proof_check_entry() */
bool proof_check_told(const struct proven_entry *gone, const struct proof_file *by,
    const struct log_keys *k, struct redaction *ret, struct fault *f) CHECKED;
/* The time that an entry's line gives; false where it gives none, as a stub. */
bool proof_entry_time(struct octets line, int64_t *ret_s);

/* Two checkpoints of one log, both believed. */
enum proof_pair {
	PAIR_SAME,     /* one tree */
	PAIR_EXTENDS,  /* the newer begins with the older */
	PAIR_SPLIT,    /* one size, one epoch and two roots: the log has shown two histories */
	PAIR_EPOCHS,   /* the log was led on after a loss in between: they cannot be compared */
	PAIR_UNPROVEN, /* of two sizes, and there is no proof */
};
/* Sizes, epochs and roots alone; PAIR_UNPROVEN wants a proof of consistency. Faults: FAULT_BADREQ
 * they are of two logs. */
bool proof_check_pair(const struct proven_note *older, const struct proven_note *newer,
    enum proof_pair *ret, struct fault *f) CHECKED;
/* The same with a proof of consistency p, whose checkpoint newer is. Faults: FAULT_BADREQ the proof
 * is about another size, or does not hold. */
bool proof_check_consistency(const struct proven_note *older, const struct proof_file *p,
    const struct proven_note *newer, enum proof_pair *ret, struct fault *f) CHECKED;

#endif
