/*
 * ca/bundle_check.h - between bundle_verify.c and bundle_entries.c alone: a bundle being proven.
 */
#ifndef QUATRAIN_CA_BUNDLE_CHECK_H
#define QUATRAIN_CA_BUNDLE_CHECK_H

#include "ca/bundle.h"
#include "ca/bundle_line.h"
#include "ca/note.h"
#include "ca/redaction.h"

#define BUNDLE_KNOWN_OCTETS (TBS_SERIAL_OCTETS + LOG_HASH_OCTETS)

struct bundle_check {
	struct bundle b;
	struct bytes checkpoint; /* note is lent from it */
	struct log_note note;
	struct bundle_range range;
	struct log_edge edge;
	struct redactions redactions;
	struct bundle_serials seen;
	/* Rows of a serial and the SHA-256 of its certificate, sorted: what outside.jsonl proves.
	 */
	struct bytes known;
	/* What entries tell to be lost, and half the SHA-256 of what was issued by an entry that is
	 * redacted: for these no certificate can be shown. */
	struct bundle_serials lost, gone;
	struct bytes
	    missing; /* rows of a serial that none is shown for, and the line that names it */
	struct bytes row;
	struct bundle_reader entries, revocations, issued, csv, cef;
	struct bundle_verdict v;
};

/* Every line of outside.jsonl, and then of entries.jsonl with what must go with it; edge is then of
 * all up to the range's end. Faults: as bundle_verify(). */
bool bundle_check_outside(struct bundle_check *c, struct fault *f) CHECKED;
bool bundle_check_entries(struct bundle_check *c, struct fault *f) CHECKED;

/* The tree left of a range: false where there are too few or too many hashes. */
bool bundle_check_left(const struct bundle_range *r, struct log_edge *ret);
/* The tree that e became is the beginning of the one that was signed. */
bool bundle_check_root(const struct bundle_check *c, const struct bundle_range *r,
    const struct log_edge *e, const char *what, struct fault *f) CHECKED;

#endif
