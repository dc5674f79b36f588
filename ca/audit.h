/*
 * ca/audit.h - a chain held against every rule that there is, finding by finding.
 *
 * ca/identify.h and ca/chain.h say yes or no; this says of each link and each
 * level what was looked at, by which rule, and what came out. Three parts: the
 * path (RFC 5280 section 6, our profile; needs no service), the record (our
 * ledger's word on every level) and the log (the entries that prove it, and the
 * tree that they make). Nothing here changes a ledger.
 */
#ifndef QUATRAIN_CA_AUDIT_H
#define QUATRAIN_CA_AUDIT_H

#include "ca/leaf.h"
#include "ca/log.h"
#include "ca/realm.h"

#define AUDIT_CERTS_MAX 8
#define AUDIT_LEVELS    4
#define AUDIT_TREES     16 /* logs whose progress is remembered */
#define AUDIT_STEP_MAX                                                                             \
	20000 /* entries of one log that one call reads: some tens of milliseconds                 \
	       */

/* A chain, its leaf first; each is beneath the next. */
struct audit_chain {
	size_t n, given; /* given: how many were in the text, the others are from our records */
	struct bytes der[AUDIT_CERTS_MAX];
	struct cert cert[AUDIT_CERTS_MAX]; /* lent from der */
	size_t rest_n;
	struct bytes rest[AUDIT_CERTS_MAX]; /* what else was in the text */
};

struct audit_finding {
	unsigned level; /* 1 the root to 4 the leaf */
	const char *check, *source;
	enum leaf_kind kind;
	enum leaf_verdict verdict;
	char text[FAULT_TEXT_MAX]; /* why; empty where there is nothing to say */
	struct octets entry;       /* the log's line that proves it; n 0: none. Lent for the call */
	const char *log;           /* whose log: a tenant's name; NULL without entry */
	uint64_t index;            /* with entry */
};

/* Where findings go; counted on the way. */
struct audit_report {
	void (*tell)(void *with, const struct audit_finding *found);
	void *with;
	size_t holds, fails, not_checked;
	bool more; /* a log is not yet read to its end: ask again */
};
void audit_tell(struct audit_report *r, const struct audit_finding *found);

/*
 * The certificates of a PEM text, put in order: the first is the one that
 * issued none of the others. What is no link of that chain is put into its rest.
 * *ret to audit_chain_free(). Fault: FAULT_BADREQ.
 */
bool audit_chain_read(struct octets pem, struct audit_chain *ret, struct fault *f) CHECKED;
/* Put one more on top; copied. Fault: FAULT_BADREQ. */
bool audit_chain_add(struct audit_chain *c, struct octets der, struct fault *f) CHECKED;
/* Put the root on top, if the topmost names it as its issuer. Fault: FAULT_BADREQ. */
bool audit_chain_crown(struct audit_chain *c, struct octets root, struct fault *f) CHECKED;
void audit_chain_free(struct audit_chain *c);
/* Does the topmost stand for itself, as a root does? */
bool audit_chain_ends(const struct audit_chain *c);
/* The level of c's i-th. */
unsigned audit_level(const struct audit_chain *c, size_t i);

struct audit_terms {
	struct octets root; /* DER of the root that is trusted; n 0: not known */
	int64_t now_s;
	const struct profile *profile; /* the leaf's; NULL: not known */
	bool recorded;                 /* audit_record() follows: what it knows is left to it */
	bool book; /* held against the book, not for use now: an end is no failure */
};

/* ca/audit_path.c: the rules for c's i-th, and for its link to the one above it. */
void audit_path(
    const struct audit_chain *c, size_t i, const struct audit_terms *t, struct audit_report *r);

/* A finding where the text had more than the chain: nobody looked at the rest of it, and it may be
 * what is shown to others. */
void audit_rest(const struct audit_chain *c, struct audit_report *r);

/* One finding more: does libcrypto, with its strict checks, take the same path (ca/chain.h)? Of
 * chains of four levels under a known root. Fault: FAULT_INTERNAL. */
bool audit_second(const struct audit_chain *c, const struct audit_terms *t, struct audit_report *r,
    struct fault *f) CHECKED;

/* How far each log was read, and the edge that its entries made so far. */
struct audit_trees {
	struct {
		char tenant[TEXT_LABEL_MAX];
		struct log_edge seen;
	} at[AUDIT_TREES];
	unsigned next;
};

/*
 * ca/audit_log.c: read on in l's log, AUDIT_STEP_MAX entries at most. *ret_read of *ret_size are
 * read. Faults: FAULT_DENIED its entries do not make its tree, FAULT_INTERNAL
 */
bool audit_tree(struct audit_trees *trees, struct ledger *l, uint64_t *ret_read, uint64_t *ret_size,
    struct fault *f) CHECKED;
/*
 * The entry of that index: appended to line, and read. It stands there, it says its own number, the
 * next one (or the tree's edge) names its hash, and it tells of act (NULL: any). *ret to
 * json_free(). Faults: FAULT_DENIED what does not hold, FAULT_TYPE it holds and is redacted
 * (ca/redaction.h), FAULT_INTERNAL
 */
bool audit_entry(struct ledger *l, uint64_t index, const char *act, struct bytes *line,
    struct json **ret, struct fault *f) CHECKED;

/* What an audit of one service goes by. */
struct audit_site {
	struct realm *realm;
	struct audit_trees *trees;
	int64_t now_s;
};

/*
 * The whole audit of a chain: links that are missing are taken from the records, every level is
 * held against path, record and log. Fault: FAULT_INTERNAL; whatever else is wrong is a finding.
 */
bool audit_chain(const struct audit_site *s, struct audit_chain *c, struct audit_report *r,
    struct fault *f) CHECKED;

/* The CAs above key_id's CA and itself, into an empty chain's places 1 and up; the leaf's place
 * stays free. Fault: FAULT_INTERNAL, FAULT_NOTFOUND. */
bool audit_above(const struct audit_site *s, const uint8_t key_id[static TBS_KEY_ID_OCTETS],
    struct audit_chain *c, struct fault *f) CHECKED;

/* ca/audit_record.c: our own word on c's i-th: record, standing, entries, who added it. */
bool audit_record(const struct audit_site *s, const struct audit_chain *c, size_t i,
    const struct audit_terms *t, struct audit_report *r, struct fault *f) CHECKED;

/* A walk through one ledger; the chain above is kept from one certificate to the next. */
struct audit_book {
	const struct audit_site *site;
	struct audit_chain chain;
	uint8_t above[TBS_KEY_ID_OCTETS];
};

/*
 * One row of l: its certificate held against path, record and log, as of the book (a revoked one is
 * no failure where the ledger tells of it rightly). Fault: FAULT_INTERNAL.
 */
bool audit_book_one(struct audit_book *b, struct ledger *l, const struct standing *s,
    struct audit_report *r, struct fault *f) CHECKED;
/* The CA of that key and those above it, for use now. Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool audit_book_above(struct audit_book *b, const uint8_t key_id[static TBS_KEY_ID_OCTETS],
    struct audit_report *r, struct fault *f) CHECKED;
void audit_book_free(struct audit_book *b);

/* A subject's texts, "acme, printer, hp-4711", cut to fit. */
#define AUDIT_SUBJECT_MAX 200
void audit_subject(const struct cert *c, char to[static AUDIT_SUBJECT_MAX]);

#endif
