/*
 * ca/journal.h - the signer's own memory of what it signed and what it ended.
 *
 * A file beside the ledgers, not in them: one line a signature on a
 * certificate, written before it is made, and one line a revocation, hold or
 * release, written when its commit has made it durable and before anybody is
 * told. So each line stands for something that the ledgers know for good, a
 * crash leaves none that they do not, and one that they do not know proves that
 * they are older than the journal (ca/journal_check.h).
 *
 * A line is "SECONDS TENANT ISSUER SERIAL KIND WHAT CHAIN": unix seconds; the
 * label of the ledger; the CA's key id and the serial in hex; signed, revoked,
 * held or released; SHA-256 of the to-be-signed octets in hex for signed, the
 * CRLReason (RFC 5280 section 5.3.1) in decimal for the others; and SHA-256 in
 * hex over the chain value before (32 octets, zeros at first) and the line up to
 * the space before CHAIN. No line can be changed, dropped or put in between
 * without all after it.
 *
 * Lines of the first edition ("SECONDS SERIAL DIGEST") may stand at the
 * beginning: they were never chained, so the chain begins with zeros behind the
 * last of them, and none may follow a line of this edition.
 *
 * Writes are appends, one write(2) a line. Lines survive the process at once and
 * a power cut after journal_sync(). The signer alone has it open for writing.
 */
#ifndef QUATRAIN_CA_JOURNAL_H
#define QUATRAIN_CA_JOURNAL_H

#include "ca/tbs.h"

#define JOURNAL_CHAIN_OCTETS 32
#define JOURNAL_LINE_MAX     384 /* octets, the line end included */

enum journal_kind {
	JOURNAL_SIGNED = 1,
	JOURNAL_REVOKED,
	JOURNAL_HELD,
	JOURNAL_RELEASED,
	JOURNAL_OLD /* of the first edition: no tenant, no issuer */
};

struct journal_line {
	enum journal_kind kind;
	int64_t at_s;
	char tenant[TEXT_LABEL_MAX];
	uint8_t issuer[TBS_KEY_ID_OCTETS];
	uint8_t serial[TBS_SERIAL_OCTETS];
	uint8_t digest[32]; /* of what was signed */
	uint8_t reason;
};

/* Where a line begins, and what its chain goes on from. All zeros: the beginning. */
struct journal_place {
	uint64_t offset;
	uint8_t chain[JOURNAL_CHAIN_OCTETS];
};

struct journal {
	int fd;
	struct journal_place end;
	uint64_t lines; /* written since it was opened */
	bool dirty;     /* something is not synced */
	bool broken;    /* a write or a sync failed in a way that cannot be taken back */
	uint64_t cut;   /* octets of a torn last line that journal_open() took off */
};

/* The octets of a line, its end included; after is the chain value behind it. Pure. */
void journal_write(const struct journal_line *l, const uint8_t before[static JOURNAL_CHAIN_OCTETS],
    struct bytes *ret, uint8_t after[static JOURNAL_CHAIN_OCTETS]);
/*
 * A line without its end, spelled the one way there is. Pure.
 * Fault: FAULT_BADREQ not a line, or its chain value is not the one that follows from before.
 */
bool journal_parse(struct octets line, const uint8_t before[static JOURNAL_CHAIN_OCTETS],
    struct journal_line *ret, uint8_t after[static JOURNAL_CHAIN_OCTETS], struct fault *f) CHECKED;

/*
 * Open or make path, 0600, for appending. A last line that a crash tore is cut
 * off: it was never acted upon. Faults: FAULT_CONFLICT the end is no line of ours, FAULT_DENIED
 * it is not ours alone to write, FAULT_INTERNAL
 */
bool journal_open(const char *path, struct journal *ret, struct fault *f) CHECKED;
void journal_close(struct journal *j);

/* On return it outlives the process. Fault: FAULT_INTERNAL; nothing may be signed then. */
bool journal_note(struct journal *j, const struct journal_line *l, struct fault *f) CHECKED;

/* On return all lines outlive the machine. After a failure the journal takes no more lines: what
 * the kernel failed to sync it has forgotten. Fault: FAULT_INTERNAL. */
bool journal_sync(struct journal *j, struct fault *f) CHECKED;

/*
 * Visit the lines of path from a place to the end, until visit returns false
 * (f is the visitor's to fill in). A torn last line is passed over. ret_end is the place behind
 * the last good line, also after a fault; it may be NULL.
 * Faults: FAULT_NOTFOUND no such file, FAULT_DENIED it is none, FAULT_CONFLICT it is shorter than
 * the place, or a line does not hold, and where; FAULT_INTERNAL; the visitor's
 */
typedef bool journal_visit(void *with, const struct journal_line *l, struct fault *f);
bool journal_read(const char *path, const struct journal_place *from, journal_visit *visit,
    void *with, struct journal_place *ret_end, struct fault *f) CHECKED;

#endif
