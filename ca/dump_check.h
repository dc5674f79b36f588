/*
 * ca/dump_check.h - what the rows of one ledger must be to each other, in constant memory (and 48
 * octets for each entry that was redacted).
 *
 * That two tables name the same things is told by sums: each side adds (XOR)
 * the SHA-256 of what it names, once each, and the sums must be the same.
 */
#ifndef QUATRAIN_CA_DUMP_CHECK_H
#define QUATRAIN_CA_DUMP_CHECK_H

#include "ca/dump.h"
#include "ca/redaction.h"

struct dump_sum {
	uint8_t at[DUMP_HASH_OCTETS];
};

/* What the platform's rows say of the ledgers that follow. */
struct dump_platform {
	struct bytes tenants; /* labels, counted */
	struct bytes cas;     /* key ids, in order */
	struct bytes lost;    /* serials known by their signature alone (ca/merge.h), in order */
};

struct dump_check {
	char tenant[LEDGER_NAME_MAX];
	bool platform;
	uint64_t rows;
	unsigned table;                  /* of the row before */
	struct bytes key;                /* of the row before; empty: none of this table yet */
	struct dump_platform *platforms; /* lent */
	struct bytes strange;            /* key ids of CAs that the platform does not know */
	struct log_edge stated, built;
	struct redactions redactions;
	uint64_t log_end; /* one more than the greatest index that a standing names */
	struct {
		struct dump_sum held, named;
	} certificates, pending, revoked;
};

/* p is filled from the platform's rows, and held against those of the others. What c held before is
 * dropped. */
void dump_check_begin(struct dump_check *c, const char *tenant, struct dump_platform *p);
void dump_check_free(struct dump_check *c);

/* Fault of both: FAULT_BADREQ, naming the ledger. */
bool dump_check_row(struct dump_check *c, unsigned table, struct octets key, struct octets value,
    struct fault *f) CHECKED;
bool dump_check_end(
    struct dump_check *c, const struct dump_ledger *stated, struct fault *f) CHECKED;

#endif
