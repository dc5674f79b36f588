/*
 * ca/dump.h - a whole service as one signed file: what backup writes and restore reads.
 *
 * A database file from elsewhere is never opened: LMDB trusts its pages, and a
 * crafted one is code in our hands (CVE-2019-16224 and those after it). This
 * format carries the rows alone, is read in constant memory, and each octet is
 * held against a running digest before anything is made of it.
 *
 * The file, integers big-endian:
 *
 *	magic   "quatrain dump\n", edition u16 (1)
 *	frames  length u32 (1 to DUMP_FRAME_MAX), octets, and the digest so far:
 *	        SHA-256(digest before || length || octets), at first SHA-256(magic || edition)
 *	end     length u32 (0)
 *	seal    signed at i64, Ed25519 signature (64), length u32 and PEM of the platform's log
 *	        certificate and those above it up to, and without, the root; then nothing more
 *
 * The octets of the frames are records, cut anywhere: kind u8, length u32, content:
 *
 *	1 header      domain, region, organisation (counted texts), SHA-256 of the root, time i64,
 *	              program version (counted text)
 *	2 file        name (counted text), then 3 piece... (octets) and 4 file end (size u64)
 *	5 ledger      name (counted text; ca/ledger_name.h), then 6 row... and
 *	              7 ledger end (rows u64, log size u64, log root)
 *	6 row         table u8, key (u16 and octets), value: in the order of table and key
 *	8 end         ledgers, files, rows, each u64
 *
 * Their order: header, the journal, the platform's ledger, each tenant's in the order of the
 * platform's rows, that of its activity behind each where there is one, then chain.pem, keys/...
 *and root.pem, end. The journal is read before the ledgers, and the sealed keys after them: so each
 *signature that the journal tells of has its intent in a ledger, and each CA that a ledger tells of
 *has its key. The master key is never in it.
 *
 * What is signed says that it is a dump, and of what service, so that no signature under a
 * checkpoint can pass for it: see dump_signed_text().
 */
#ifndef QUATRAIN_CA_DUMP_H
#define QUATRAIN_CA_DUMP_H

#include "ca/log.h"
#include "ca/realm.h"

#define DUMP_EDITION          1
#define DUMP_FRAME_MAX        65536
#define DUMP_NAME_MAX         64
#define DUMP_KEY_FILE_MAX     65536 /* octets of a sealed key, or of a PEM file */
#define DUMP_VERSION_MAX      32
#define DUMP_CERTS_MAX        32768 /* octets of PEM in the seal */
#define DUMP_LEDGERS_MAX      100000
#define DUMP_HASH_OCTETS      LOG_HASH_OCTETS
#define DUMP_SIGNATURE_OCTETS 64

struct dump_header {
	struct name_space space;
	uint8_t root[DUMP_HASH_OCTETS]; /* SHA-256 of the root certificate's DER */
	int64_t at_s;
	char version[DUMP_VERSION_MAX];
};

/* A ledger as its end states it. */
struct dump_ledger {
	char tenant[LEDGER_NAME_MAX];
	uint64_t rows, size; /* size: of its log */
	uint8_t root[LOG_HASH_OCTETS];
};

struct dump_total {
	uint64_t ledgers, files, rows;
	uint64_t octets; /* of the whole file so far */
	uint8_t digest[DUMP_HASH_OCTETS];
};

/* --- writing --------------------------------------------------------------------------------- */

typedef bool dump_put(void *with, struct octets o, struct fault *f);

struct dump_writing {
	struct realm *realm; /* opened to read; its tenants are looked at one by one */
	int64_t now_s;
	dump_put *put; /* takes the file's octets in order; a frame at a time */
	void *with;
	void (*progress)(void *with, const struct dump_total *so_far); /* or NULL; a frame each */
};

/* All but the seal. Faults: those of put, FAULT_NOTFOUND a file that must be there, FAULT_LIMIT one
 * is too large, FAULT_INTERNAL. */
bool dump_write(const struct dump_writing *w, struct dump_total *ret, struct fault *f) CHECKED;

struct dump_seal {
	int64_t at_s;
	struct octets signature;    /* DUMP_SIGNATURE_OCTETS */
	struct octets certificates; /* PEM */
};

/* The end and the seal, appended. Fault: FAULT_LIMIT a part of another size. */
bool dump_put_seal(const struct dump_seal *s, struct bytes *ret, struct fault *f) CHECKED;

/*
 * What the platform's log key signs, appended: "quatrain dump 1", the log's
 * origin, the time, and in hex the digest of the frames and the SHA-256 of the
 * certificates' PEM, a line each. A checkpoint's second line is a number, so neither
 * reads as the other. Fault: FAULT_INTERNAL.
 */
bool dump_signed_text(const char *origin, int64_t at_s,
    const uint8_t digest[static DUMP_HASH_OCTETS], struct octets certificates, struct bytes *ret,
    struct fault *f) CHECKED;

/* --- reading --------------------------------------------------------------------------------- */

/* Up to n octets into to; *ret_n 0 at the end. Fault: FAULT_INTERNAL. */
typedef bool dump_get(void *with, uint8_t *to, size_t n, size_t *ret_n, struct fault *f);

/* What is read goes to these as it comes, each lent for its call; any may be NULL. Nothing of it
 * counts until dump_read() has said so. */
struct dump_visitor {
	void *with;
	bool (*header)(void *with, const struct dump_header *h, struct fault *f);
	bool (*file)(void *with, const char *name, struct fault *f);
	bool (*piece)(void *with, struct octets o, struct fault *f);
	bool (*file_end)(void *with, struct fault *f);
	bool (*ledger)(void *with, const char *tenant, struct fault *f);
	bool (*row)(
	    void *with, unsigned table, struct octets key, struct octets value, struct fault *f);
	bool (*ledger_end)(void *with, const struct dump_ledger *l, struct fault *f);
	void (*progress)(void *progress_with, const struct dump_total *so_far); /* a frame each */
	void *progress_with;
};

struct dump_verdict {
	struct dump_header header;
	struct dump_total total;
	int64_t signed_s;
};

/*
 * Read and prove a whole dump, with the root certificate root_pem alone: digest
 * and signature, the certificates of the key that made it, each record, the
 * order of rows, and each ledger's log, whose tree is built anew from its
 * lines. Standings, intents, revocations and certificates must agree with each other and with the
 * log, as far as that can be told without keeping them.
 * Faults: FAULT_BADREQ what does not hold, FAULT_DENIED the certificates are no path to the root,
 *         those of get and of the visitor
 */
bool dump_read(dump_get *get, void *get_with, const struct dump_visitor *to, struct octets root_pem,
    struct dump_verdict *ret, struct fault *f) CHECKED;

#endif
