/*
 * ca/redaction.h - an entry of a log whose body is gone by law, and whose leaf hash stays.
 *
 * The row of a redacted entry is its stub, one canonical line:
 *
 *	{"leaf":"<64 hex digits>","n":N,"redacted":M}
 *
 * leaf is the hash that the whole line had, and M the index of the later entry
 * "entry.redacted", which tells who redacted it, why and under which law or
 * order, and names N, the leaf, the leaf hash before it and the act that the
 * line told of. No true entry looks like a stub, as each has an "act". The tree
 * (ca/log.h) is of leaf hashes, so that it does not change; but a stub counts
 * for nothing unless entry M is in the same tree and names the same.
 */
#ifndef QUATRAIN_CA_REDACTION_H
#define QUATRAIN_CA_REDACTION_H

#include "ca/log.h"

#define REDACTION_ACT      "entry.redacted"
#define REDACTION_WAS_MAX  64
#define REDACTION_TEXT_MAX 512 /* octets of a reason, of an order */

struct redaction {
	uint64_t n, by; /* the entry, and the one that tells of it */
	uint8_t leaf[LOG_HASH_OCTETS];
	/* Told by entry "by" alone, not by a stub: */
	uint8_t before[LOG_HASH_OCTETS]; /* leaf hash of entry n - 1; zeros for the first */
	char was[REDACTION_WAS_MAX];     /* the act of the redacted line */
	/* Known while it is made: which serial the line issued. "by" tells its hash, so that who
	 * has the serial, and nobody else, can say that its issue is what was redacted. */
	bool issued;
	uint8_t serial_digest[LOG_HASH_OCTETS];
};

/* Pure. Is line the stub of entry n? n, by and leaf of ret are filled in if so. */
bool redaction_stub(struct octets line, uint64_t n, struct redaction *ret);
void redaction_put_stub(const struct redaction *r, struct bytes *ret);
/* Pure. Does line, which is entry by, tell of a redaction? */
bool redaction_read(struct octets line, uint64_t by, struct redaction *ret);

/*
 * All stubs of lines that are read one behind the other, and all that tells of
 * them, for who has the lines alone: an export, a dump.
 */
struct redactions {
	struct bytes stubs, told; /* rows of by, n, leaf; big-endian */
};
void redactions_see(struct redactions *r, uint64_t n, struct octets line);
/* Has each stub the entry that tells of it? Faults: FAULT_BADREQ which has none, FAULT_INTERNAL. */
bool redactions_hold(struct redactions *r, struct fault *f) CHECKED;
void redactions_free(struct redactions *r);

/*
 * May entry n of l be redacted, and what is it? And to redact it, into l's batch: the entry that
 * tells of it, with why, reason and order (the law or the order of a court, as its reader can look
 * it up), and the stub in the place of the line. Not the entries by which a log is believed: those
 * that tell of redactions, of CAs and the keys beneath them, and of epochs. Faults: FAULT_NOTFOUND
 * no such entry, FAULT_DENIED it is one of those, FAULT_CONFLICT it is redacted already or was
 * altered, FAULT_INTERNAL
 */
bool redaction_check(struct ledger *l, uint64_t n, struct redaction *ret, struct fault *f) CHECKED;
struct redaction_order {
	const struct log_context *why;
	struct octets reason, order;
};
bool redaction_make(struct ledger *l, uint64_t n, const struct redaction_order *o, int64_t now_s,
    uint64_t *ret_index, struct fault *f) CHECKED;

/* What tells of stub, from l. Faults: FAULT_CONFLICT nothing in the log does, FAULT_INTERNAL. */
bool redaction_told(
    struct ledger *l, const struct redaction *stub, struct redaction *ret, struct fault *f) CHECKED;
/* The leaf hash before entry index: its line names it or, of a stub, what tells of it. Faults:
 * FAULT_CONFLICT nothing does, FAULT_INTERNAL. */
bool redaction_prev(struct ledger *l, uint64_t index, struct octets line,
    uint8_t to[static LOG_HASH_OCTETS], struct fault *f) CHECKED;

#endif
