/*
 * ca/log.h - a tenant's issuance log: a Merkle tree whose leaves are JSON lines.
 *
 * An entry is one line of canonical JSON (RFC 8785). Its leaf hash is
 * SHA-256(0x00 || line without its newline), an inner hash SHA-256(0x01 ||
 * left || right) (RFC 6962 section 2.1), so that the export is the tree. Each
 * entry names its index ("n") and the leaf hash before it ("prev"), so that a
 * verifier can say which line was touched.
 *
 * An entry is written in the same transaction as the act that it tells of.
 */
#ifndef QUATRAIN_CA_LOG_H
#define QUATRAIN_CA_LOG_H

#include "ca/key.h"
#include "ca/ledger.h"
#include "policy/inputs.h"

#define LOG_HASH_OCTETS 32
#define LOG_ORIGIN_MAX  256
#define LOG_ENTRY_MAX   8192 /* octets of one entry */
#define LOG_DEPTH_MAX   64
#define LOG_PATH_MAX    1024
#define LOG_TILE_BITS   8 /* a tile is 2^8 hashes wide: C2SP tlog-tiles */

/* The right edge of the tree: the roots of its full subtrees, largest first. */
struct log_edge {
	uint64_t size;
	uint8_t last[LOG_HASH_OCTETS];                /* the newest leaf hash; zeros when empty */
	uint8_t node[LOG_DEPTH_MAX][LOG_HASH_OCTETS]; /* popcount(size) are used */
};

/* Pure. */
void log_leaf(struct octets line, uint8_t to[static LOG_HASH_OCTETS]);
void log_node(const uint8_t left[static LOG_HASH_OCTETS],
    const uint8_t right[static LOG_HASH_OCTETS], uint8_t to[static LOG_HASH_OCTETS]);
/* The leaf hash of entry n as its stored line has it: the one that a redacted line names
 * (ca/redaction.h, which says when that may be believed), else log_leaf(). */
void log_line_leaf(struct octets line, uint64_t n, uint8_t to[static LOG_HASH_OCTETS]);
void log_edge_add(struct log_edge *e, const uint8_t leaf[static LOG_HASH_OCTETS]);
/* The same, and the full subtrees of 256, 256^2, ... entries that the leaf completed. */
struct log_carry {
	unsigned n;
	uint8_t node[LOG_DEPTH_MAX / LOG_TILE_BITS][LOG_HASH_OCTETS];
};
void log_edge_add_full(
    struct log_edge *e, const uint8_t leaf[static LOG_HASH_OCTETS], struct log_carry *ret);
void log_edge_root(
    const struct log_edge *e, uint8_t to[static LOG_HASH_OCTETS]); /* empty: SHA-256("") */

/* What policies said of it, besides the built-in rules (policy/recorded.h reads it). */
struct log_decided {
	const char *id; /* NULL: none are in force */
	bool permit;
	const char *code, *rule;
	const uint8_t *set;    /* LOG_HASH_OCTETS: set_digest() */
	struct octets request; /* JSON, as request_read() takes it */
};

/* Who did an act, from where, and which rule of which policy let them. */
struct log_context {
	const char *by, *from, *rule;
	const char *second; /* of an act that two must want, who else did; NULL or empty: no such */
	const uint8_t
	    *policy; /* RULES_DIGEST_OCTETS; NULL where no policy decides: init and start */
	const struct inputs *inputs; /* what was decided from; NULL where nothing was */
	struct log_decided decided;
};

/* A new entry: act, by, from, rule, policy, inputs, decided. NULL when out of memory; log_append()
 * refuses that. */
struct json *log_entry(const char *act, const struct log_context *why);

/* RFC 3339 as text_time() writes it, back to seconds. */
bool log_time(const char *text, int64_t *ret_s);

/* The edge as the ledger keeps it, in TABLE_META. Fault: FAULT_INTERNAL. */
#define LOG_META "log"
bool log_edge_decode(struct octets value, struct log_edge *ret, struct fault *f) CHECKED;
/* Where l's log stands. Fault: FAULT_INTERNAL. */
bool log_edge_read(struct ledger *l, struct log_edge *ret, struct fault *f) CHECKED;

/* The newest entry as it is stored: its leaf hash and time. Faults: FAULT_NOTFOUND the log is
 * empty, FAULT_INTERNAL it cannot be read. */
bool log_last(struct ledger *l, uint8_t leaf[static LOG_HASH_OCTETS], int64_t *ret_at_s,
    struct fault *f) CHECKED;
/* The leaf hash of entry index, from its stored line. Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool log_leaf_at(
    struct ledger *l, uint64_t index, uint8_t to[static LOG_HASH_OCTETS], struct fault *f) CHECKED;
/* The leaf hash that a line names as the one before it; false where it names none. */
bool log_prev(struct octets line, uint8_t to[static LOG_HASH_OCTETS]);

/* How many times this log went on after entries of it were lost (ca/merge.h): 0 at first. Fault:
 * FAULT_INTERNAL. */
bool log_epoch(struct ledger *l, uint64_t *ret, struct fault *f) CHECKED;
void log_put_epoch(struct ledger *l, uint64_t epoch);

/*
 * Append entry (an object; taken) to l's batch, with "at", "n" and "prev" put in.
 * *ret_index may be NULL. Faults: FAULT_INTERNAL, FAULT_LIMIT over LOG_ENTRY_MAX.
 */
bool log_append(struct ledger *l, struct json *entry, int64_t now_s, uint64_t *ret_index,
    struct fault *f) CHECKED;

/* "acme.eu.example.org/log"; of the ledger "acme/activity", "acme.eu.example.org/activity" */
void log_origin(const struct name_space *ns, const char *ledger, char to[static LOG_ORIGIN_MAX]);

/* What an export proved to be. */
struct log_verdict {
	uint64_t size, epoch;
	char origin[LOG_ORIGIN_MAX];
	uint8_t root[LOG_HASH_OCTETS];
	int64_t at_s; /* of the newest entry */
};

/*
 * certificates (PEM: log, tenant, region; spelled as cert_pem() spells them) are a path to the
 * root, valid at at_s, of the log called origin: *ret_key is the log's own Ed25519 key. Faults:
 * FAULT_BADREQ what does not hold, FAULT_DENIED no path
 */
bool log_signer(struct octets certificates, struct octets root_pem, const char *origin,
    int64_t at_s, uint8_t ret_key[static 32], struct fault *f) CHECKED;
/* The same of a region's cosigner, which names no log: its certificate, the region's. */
bool log_cosigner(struct octets certificates, struct octets root_pem, int64_t at_s,
    uint8_t ret_key[static 32], struct fault *f) CHECKED;
/* Fault: FAULT_BADREQ the signature (RFC 8032 section 5.1.7) does not hold, FAULT_INTERNAL. */
bool log_signed(const uint8_t key[static 32], const uint8_t signature[static 64],
    struct octets text, const char *what, struct fault *f) CHECKED;

/*
 * dir holds entries.jsonl, checkpoint and certificates.pem (log, tenant,
 * region: nothing in it that is not proven). Proves, with the root certificate at root_pem alone:
 * the log's certificate is of this chain and of this origin, it signed the checkpoint, and the
 * lines are exactly the tree that the checkpoint names. Faults: FAULT_NOTFOUND a file, FAULT_BADREQ
 * what does not hold, and where, FAULT_DENIED the certificates are no path to the root
 */
bool log_verify_folder(
    const char *dir, const char *root_pem, struct log_verdict *ret, struct fault *f) CHECKED;
/* The same, and the root of the tree as it was when it had size entries. */
struct log_then {
	uint64_t size;
	bool reached; /* it has as many */
	uint8_t root[LOG_HASH_OCTETS];
};
bool log_verify_then(const char *dir, const char *root_pem, struct log_then *then,
    struct log_verdict *ret, struct fault *f) CHECKED;

#endif
