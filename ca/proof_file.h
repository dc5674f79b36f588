/*
 * ca/proof_file.h - a proof about a log as a text file, written and read.
 *
 * Inclusion (C2SP tlog-proof, version 1): what is proven is in the log.
 *
 *	c2sp.org/tlog-proof@v1
 *	extra <the entry's line, base64>
 *	index <number of the entry>
 *	<sibling hashes from the leaf up, base64, one a line>
 *
 *	<checkpoint>
 *
 * Consistency (the body of add-checkpoint in C2SP tlog-witness): the tree of
 * the checkpoint begins with an older one.
 *
 *	old <number of entries of the older one>
 *	<hashes, base64, one a line>
 *
 *	<checkpoint>
 *
 * There is one spelling of each; a file that is spelled otherwise is refused.
 * Nothing is verified here: ca/proof_check.h does that.
 */
#ifndef QUATRAIN_CA_PROOF_FILE_H
#define QUATRAIN_CA_PROOF_FILE_H

#include "ca/log_tree.h"
#include "ca/note.h"

#define PROOF_FILE_MAX 131072 /* octets: extra, 63 hashes, a checkpoint with 16 signatures */

enum proof_kind { PROOF_INCLUSION, PROOF_CONSISTENCY };

struct proof_file {
	enum proof_kind kind;
	struct bytes extra; /* inclusion: the entry's line; empty where there is no such line */
	uint64_t index;     /* of the entry; of a consistency proof the older size */
	struct log_path path;
	struct octets checkpoint; /* lent, as is what note lends */
	struct log_note note;
};

/* Does text begin as one of them? */
bool proof_file_is(struct octets text);
/* *ret to proof_file_free(). Faults: FAULT_BADREQ which line, and what was expected; FAULT_LIMIT
 * over PROOF_FILE_MAX; FAULT_INTERNAL */
bool proof_file_read(struct octets text, struct proof_file *ret, struct fault *f) CHECKED;
void proof_file_free(struct proof_file *p);

/* Append; checkpoint is a whole signed note. Fault: FAULT_INTERNAL. */
bool proof_file_put_inclusion(struct octets entry, uint64_t index, const struct log_path *path,
    struct octets checkpoint, struct bytes *ret, struct fault *f) CHECKED;
bool proof_file_put_consistency(uint64_t old, const struct log_path *path, struct octets checkpoint,
    struct bytes *ret, struct fault *f) CHECKED;

#endif
