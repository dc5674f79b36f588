/*
 * ca/dump_record.h - frames and records of a dump, both ways; only ca/dump_*.c look inside.
 *
 * The format stands in ca/dump.h.
 */
#ifndef QUATRAIN_CA_DUMP_RECORD_H
#define QUATRAIN_CA_DUMP_RECORD_H

#include "ca/dump.h"

#define DUMP_HEAD_OCTETS   5 /* of a record: kind, length */
#define DUMP_ROW_OCTETS    (1 + 2 + STORE_KEY_MAX + STORE_VALUE_MAX)
#define DUMP_PIECE_MAX     32768
#define DUMP_END_OCTETS    24
#define DUMP_LEDGER_OCTETS (8 + 8 + LOG_HASH_OCTETS)

enum dump_kind {
	DUMP_HEADER = 1,
	DUMP_FILE,
	DUMP_PIECE,
	DUMP_FILE_END,
	DUMP_LEDGER,
	DUMP_ROW,
	DUMP_LEDGER_END,
	DUMP_END,
};

/* Appends magic and edition; digest is that of a file without frames. */
void dump_begin(struct bytes *ret, uint8_t digest[static DUMP_HASH_OCTETS]);

/* The digest after one more frame. */
void dump_digest(uint8_t digest[static DUMP_HASH_OCTETS], struct octets frame);

/* Where records are read from: frames as they come. */
struct dump_source {
	dump_get *get;
	void *with;
	struct dump_total total; /* octets and digest are kept here */
	uint8_t *frame;          /* DUMP_FRAME_MAX; owned */
	size_t n, at;            /* of the frame in hand */
	bool ended;              /* the end was read: the seal is next */
};

/* Magic and edition. *s is to dump_source_free() in any case. Faults: FAULT_BADREQ, FAULT_INTERNAL.
 */
bool dump_source_open(struct dump_source *s, dump_get *get, void *with, struct fault *f) CHECKED;
void dump_source_free(struct dump_source *s);

/* n octets of records into to (cleared first). Faults: FAULT_BADREQ a frame does not hold, or they
 * end before; those of get. */
bool dump_source_take(struct dump_source *s, size_t n, struct bytes *to, struct fault *f) CHECKED;
/* That the frames end here. Faults: FAULT_BADREQ there is more, or less; those of get. */
bool dump_source_end(struct dump_source *s, struct fault *f) CHECKED;
/* n octets after the end of the frames. Fault: FAULT_BADREQ cut short, those of get. */
bool dump_source_raw(struct dump_source *s, uint8_t *to, size_t n, struct fault *f) CHECKED;
/* That nothing follows. Fault: FAULT_BADREQ. */
bool dump_source_last(struct dump_source *s, struct fault *f) CHECKED;

/* The seal, held against the root and all that was read before it; *ret_s is when it was made.
 * Faults: FAULT_BADREQ, FAULT_DENIED no path to the root, those of get. */
bool dump_read_seal(struct dump_source *s, const struct name_space *ns, struct octets root_pem,
    int64_t *ret_s, struct fault *f) CHECKED;

/* One of the names that a dump's file may have: journal, chain.pem, root.pem, keys/token.key,
 * keys/<40 hex>.key. */
bool dump_is_name(const char *name);

#endif
