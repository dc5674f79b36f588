/*
 * ca/bundle_line.h - what the lines of a bundle say: a first look, views for other programs, and
 * the proof of a range.
 */
#ifndef QUATRAIN_CA_BUNDLE_LINE_H
#define QUATRAIN_CA_BUNDLE_LINE_H

#include "ca/log_tree.h"

/* What a line of canonical JSON says at its top; texts are lent without their quotes and as they
 * are escaped, n 0 where they are missing; numbers are -1 then. */
struct bundle_line {
	struct octets act, at, prev, serial, certificate, ca, serial_sha256;
	int64_t n;
};
/* False where line is no object. It is not validated otherwise. */
bool bundle_line(struct octets line, struct bundle_line *ret);
/* Does it name a certificate? Its serial, then. */
bool bundle_line_serial(const struct bundle_line *l, uint8_t to[static TBS_SERIAL_OCTETS]);
/* One of its texts that is a hash in hex. */
bool bundle_line_hash(struct octets text, uint8_t to[static LOG_HASH_OCTETS]);
bool bundle_line_is(const struct bundle_line *l, const char *act);
/* Does it end, hold or release? */
bool bundle_line_revokes(const struct bundle_line *l);
/* Does it name a serial of which there is no certificate? */
bool bundle_line_bare(const struct bundle_line *l);

/* The serial in a certificate of ours. False where it is none. */
bool bundle_der_serial(struct octets der, uint8_t to[static TBS_SERIAL_OCTETS]);

/* Serials that were met. */
struct bundle_serials {
	uint8_t (*at)[TBS_SERIAL_OCTETS]; /* owned */
	size_t room, n;                   /* room: a power of two, at most 2^32 */
	uint64_t key[2];                  /* chance */
	bool zeros;                       /* the serial of zeros is in it */
};
/* *ret_new: it was not in it. Fault: FAULT_INTERNAL. */
bool bundle_serials_add(struct bundle_serials *s, const uint8_t serial[static TBS_SERIAL_OCTETS],
    bool *ret_new, struct fault *f) CHECKED;
bool bundle_serials_has(
    const struct bundle_serials *s, const uint8_t serial[static TBS_SERIAL_OCTETS]);
void bundle_serials_free(struct bundle_serials *s);

/* --- views ---------------------------------------------------------------------------------- */

/*
 * One entry as a row of comma-separated values (RFC 4180, every cell in quotes, CRLF), or as one
 * event of CEF 0. Whatever a peer put in it, it is one line: controls, bidi controls and octets
 * that are no UTF-8 are \xNN. A cell that a spreadsheet would take for a formula has an apostrophe
 * before it. Appended to ret. Faults: FAULT_BADREQ the line is no JSON, FAULT_INTERNAL.
 */
typedef bool bundle_view(struct octets line, const uint8_t leaf[static LOG_HASH_OCTETS],
    struct bytes *ret, struct fault *f);
bundle_view bundle_csv, bundle_cef;
/* What stands before the first row. */
void bundle_csv_head(struct bytes *ret);
/* Of which checkpoint a view is, since its rows have no room for it. */
void bundle_source(
    const char *view, uint64_t from, uint64_t to, struct octets checkpoint, struct bytes *ret);

/* --- the proof of a range -------------------------------------------------------------------- */

/*
 * Entries from (included) to to (excluded) are part of the tree of size entries: with the roots of
 * the full subtrees left of them the tree of the first to entries is made, and RFC 6962 section
 * 2.1.2 leads from that to the whole.
 */
struct bundle_range {
	uint64_t from, to, size;
	struct log_path left; /* largest first: one for each bit in from */
	struct log_path path; /* from the tree of to entries to that of size */
};
/* The same from the ledger. Faults: FAULT_BADREQ no range of such a tree; those of ca/log_tree.h.
 */
bool bundle_range_make(struct ledger *l, uint64_t from, uint64_t to, uint64_t size,
    struct bundle_range *ret, struct fault *f) CHECKED;
/* As one line of canonical JSON, without its line end. */
bool bundle_range_write(const struct bundle_range *r, struct bytes *ret, struct fault *f) CHECKED;
/* Exactly what bundle_range_write() makes. Fault: FAULT_BADREQ, what names the file. */
bool bundle_range_read(
    struct octets line, const char *what, struct bundle_range *ret, struct fault *f) CHECKED;

#endif
