/*
 * ca/policy_book.h - the policies that are in force, and every one that ever was: TABLE_POLICY.
 *
 * The platform's ledger has the Guardrails of root and region, each in a slot by its name; a
 * tenant's has one PolicySet, in the slot POLICY_BOOK_SET. A slot's row says which document it
 * holds now and how often it changed; documents are kept for good by their SHA-256, so that a
 * decision of any day can be made again; and what a set was made of is kept by the set's digest.
 * The signer alone writes, after the whole of loading (daemon/duty_policy.c); nothing here looks
 * into a document.
 */
#ifndef QUATRAIN_CA_POLICY_BOOK_H
#define QUATRAIN_CA_POLICY_BOOK_H

#include "ca/ledger.h"

#define POLICY_BOOK_SET              "set"  /* the slot of a tenant */
#define POLICY_BOOK_MAX              64     /* slots of one ledger */
#define POLICY_BOOK_OCTETS           131072 /* of a document, whatever is configured */
#define POLICY_BOOK_SIGNATURE_OCTETS 4096
#define POLICY_BOOK_DIGEST_OCTETS    32

/* One change of a slot; the newest is what holds. */
struct policy_row {
	char slot[TEXT_LABEL_MAX];
	uint64_t turn;             /* of this slot, from 1; kept when it is emptied */
	bool removed;              /* nothing is in force; what stands below is what was */
	bool is_signed;            /* a signature by a configured key came with it */
	int64_t revision;          /* metadata: revision */
	char name[TEXT_LABEL_MAX]; /* metadata: name */
	uint8_t digest[POLICY_BOOK_DIGEST_OCTETS]; /* SHA-256 of the document */
	int64_t at_s;
	uint64_t log_index; /* of policy.changed in the same ledger */
	char by[PROVENANCE_TEXT_MAX];
};

/* The entity tag of what a slot holds, its quotes too (RFC 9110 section 8.8.3): another one with
 * every change. */
#define POLICY_BOOK_TAG_MAX 40
void policy_book_tag(const struct policy_row *r, char to[static POLICY_BOOK_TAG_MAX]);

/* A row of the table as a backup checks it. */
bool policy_book_row(struct octets key, struct octets value);

/* Goes up with every change in this ledger; 0 before the first. Committed changes alone, in the
 * signer too. Fault: FAULT_INTERNAL. */
bool policy_book_edition(struct ledger *l, uint64_t *ret, struct fault *f) CHECKED;

/* The newest row of a slot, removed ones too. Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool policy_book_find(
    struct ledger *l, const char *slot, struct policy_row *ret, struct fault *f) CHECKED;
/* What is in force, in the order of slots: committed rows that are not removed, at most
 * POLICY_BOOK_MAX. Fault: FAULT_INTERNAL, of a row that cannot be read too. */
bool policy_book_list(struct ledger *l, struct policy_row to[static POLICY_BOOK_MAX], size_t *ret_n,
    struct fault *f) CHECKED;
/* Changes of a slot, newest first: those of turn before and less (0: all), at most most. Fault:
 * FAULT_INTERNAL. */
bool policy_book_history(struct ledger *l, const char *slot, uint64_t before, struct policy_row *to,
    size_t most, size_t *ret_n, struct fault *f) CHECKED;

/* Append a document as it came, and its signature (signature may be NULL). What is appended has the
 * digest. Faults: FAULT_NOTFOUND none was ever so, FAULT_INTERNAL it cannot be read, or is another.
 */
bool policy_book_text(struct ledger *l, const uint8_t digest[static POLICY_BOOK_DIGEST_OCTETS],
    struct bytes *text, struct bytes *signature, struct fault *f) CHECKED;

/* row (but for its turn and digest, which are made) holds from now on: into l's batch. Faults:
 * FAULT_LIMIT too large, or too many slots; FAULT_INTERNAL */
bool policy_book_put(struct ledger *l, struct policy_row *row, struct octets text,
    struct octets signature, struct fault *f) CHECKED;
/* The slot of row is empty from now on; row is as found, with a turn more, and at_s, log_index
 * and by of the removal. Fault: FAULT_INTERNAL. */
bool policy_book_remove(struct ledger *l, struct policy_row *row, struct fault *f) CHECKED;

/* A set by its digest: digests of documents, one behind the other. Kept once, where it is not there
 * yet. Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool policy_book_keep_set(struct ledger *l, const uint8_t set[static POLICY_BOOK_DIGEST_OCTETS],
    struct octets documents, struct fault *f) CHECKED;
bool policy_book_set(struct ledger *l, const uint8_t set[static POLICY_BOOK_DIGEST_OCTETS],
    struct bytes *ret, struct fault *f) CHECKED;

#endif
