/*
 * ca/note.h - a log's checkpoint: a text that keys have signed.
 *
 * The text is origin, number of entries, root hash in base64 and our extension
 * line "epoch N" (C2SP tlog-checkpoint); behind an empty line follow signature
 * lines (C2SP signed-note): the log's own, Ed25519 over the text, and those of
 * cosigners, who saw that the log only grew (C2SP tlog-cosignature: Ed25519 over
 * "cosignature/v1", "time N" and the text, the time u64 before the signature).
 * A key is named in them by a name and four octets of a hash.
 */
#ifndef QUATRAIN_CA_NOTE_H
#define QUATRAIN_CA_NOTE_H

#include "ca/log.h"

#define LOG_NOTE_LINES         16 /* signature lines that are read: C2SP signed-note asks for as many */
#define LOG_SIGNATURE_OCTETS   64
#define LOG_COSIGNATURE_OCTETS (8 + LOG_SIGNATURE_OCTETS)
#define LOG_VKEY_MAX           (LOG_ORIGIN_MAX + 64)

/* Signature types of C2SP signed-note. */
enum log_key_type { LOG_KEY_SIGNS = 0x01, LOG_KEY_COSIGNS = 0x04 };

/* One signature line. */
struct log_note_line {
	struct octets name, base64; /* lent: the key's name; key_hash and signature as they stand */
	uint8_t key_hash[4];
	size_t n; /* octets of the signature, which is kept if it is one of our types */
	uint8_t signature[LOG_COSIGNATURE_OCTETS];
};

/* A checkpoint read: its texts are lent from what was read. */
struct log_note {
	struct octets text; /* what is signed: all to the empty line */
	char origin[LOG_ORIGIN_MAX];
	uint64_t size;
	uint8_t root[LOG_HASH_OCTETS];
	bool has_epoch; /* checkpoints of the first edition name none */
	uint64_t epoch;
	size_t lines;
	struct log_note_line line[LOG_NOTE_LINES];
};

/*
 * Read note: spelled the one canonical way, at least one line in the name of its origin, no key
 * twice. Nothing is verified; lines of keys that nobody knows are kept and harm nobody.
 * Fault: FAULT_BADREQ, saying which line and what was expected.
 */
bool log_note_read(struct octets note, struct log_note *ret, struct fault *f) CHECKED;

/* The newest checkpoint that is stored for who reads: text gets it, n lends from it. Faults:
 * FAULT_NOTFOUND none was signed yet, FAULT_BADREQ it cannot be read, FAULT_INTERNAL. */
bool log_note_stored(
    struct ledger *l, struct bytes *text, struct log_note *n, struct fault *f) CHECKED;
/* Into l's batch. */
void log_note_store(struct ledger *l, struct octets note);

/* Does the log's own key stand behind n? Faults: FAULT_BADREQ another key signed, or the signature
 * does not hold; FAULT_INTERNAL. */
bool log_note_signed(
    const struct log_note *n, const uint8_t key[static 32], struct fault *f) CHECKED;
/* Does the cosigner called name? *ret_at_s: when it had seen it. Faults: FAULT_NOTFOUND it has no
 * line, FAULT_BADREQ its signature does not hold, FAULT_INTERNAL. */
bool log_note_cosigned(const struct log_note *n, const char *name, const uint8_t key[static 32],
    int64_t *ret_at_s, struct fault *f) CHECKED;

/* The signed checkpoint over e, by k under the origin as key name. Appends to ret. Fault:
 * FAULT_INTERNAL. */
bool log_checkpoint(const char *origin, const struct log_edge *e, uint64_t epoch,
    const struct key *k, struct bytes *ret, struct fault *f) CHECKED;
/* Append the line of the cosigner name, whose key is k, for a checkpoint of this text. Fault:
 * FAULT_INTERNAL. */
bool log_cosign(struct octets text, const char *name, const struct key *k, int64_t now_s,
    struct bytes *ret, struct fault *f) CHECKED;

/* "eu.example.org/cosigner" of "acme.eu.example.org/log": who cosigns the log called origin; empty
 * where it names no tenant's log. */
void log_cosigner_name(const char *origin, char to[static LOG_ORIGIN_MAX]);

/* Four octets that name a key in a signature line. Fault: FAULT_INTERNAL. */
bool log_key_hash(const char *name, enum log_key_type type, const uint8_t key[static 32],
    uint8_t to[static 4], struct fault *f) CHECKED;
/* NAME+HASH+BASE64: how a verifier is told of a key (C2SP signed-note). Fault: FAULT_INTERNAL. */
bool log_vkey(const char *name, enum log_key_type type, const uint8_t key[static 32],
    char to[static LOG_VKEY_MAX], struct fault *f) CHECKED;

#endif
