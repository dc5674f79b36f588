/*
 * ca/bundle.h - the forensic bundle: a range of a log, with all that proves it.
 *
 * A folder, or the same files in one tar (POSIX.1-1988 ustar). What is proven is
 * entries.jsonl: its lines are leaves of the tree that the checkpoint names. All
 * else is either bound to that by a hash or a signature, or a view of it that a
 * verifier makes again. Two bundles of one range, taken at one checkpoint, are
 * the same octets: nothing in them is the time or the machine of their making.
 *
 * Of a tar there is one spelling: files in the order of enum bundle_file, plain
 * names, mode 0644, no owner, the time of the last entry, zeros behind each, and
 * 1,024 of them at the end. So no octet of it is nobody's.
 */
#ifndef QUATRAIN_CA_BUNDLE_H
#define QUATRAIN_CA_BUNDLE_H

#include "base/der.h"
#include "ca/cert.h"
#include "ca/log.h"

#define BUNDLE_BLOCK     512
#define BUNDLE_SIZE_MAX  UINT64_C(8589934591) /* octets of one file: 11 octal digits */
#define BUNDLE_SMALL_MAX 131072               /* of a file that is read at once */

enum bundle_file {
	BUNDLE_README,       /* for people; proves nothing */
	BUNDLE_MANIFEST,     /* SHA-256 of each other file, as sha256sum writes it */
	BUNDLE_CHECKPOINT,   /* signed note */
	BUNDLE_CERTIFICATES, /* PEM: log, tenant, region */
	BUNDLE_COSIGNER,     /* PEM: who cosigned it, beneath the region; not in every bundle */
	BUNDLE_ROOT,         /* PEM; for convenience, never to be trusted from here */
	BUNDLE_RANGE,        /* struct bundle_range, one line of JSON */
	BUNDLE_ENTRIES,      /* the range, line by line */
	BUNDLE_REVOCATIONS,  /* those lines of it that end, hold or release */
	BUNDLE_ISSUED,       /* DER of each certificate that the range names, in that order */
	BUNDLE_OUTSIDE,      /* entries elsewhere that the range leans on: line, range, line, ... */
	BUNDLE_CSV,          /* views */
	BUNDLE_CEF,
	BUNDLE_VIEW,  /* of which checkpoint they are */
	BUNDLE_NAMES, /* who occurs, as the service has it on record; proves nothing */
	BUNDLE_FILES
};

const char *bundle_name(enum bundle_file which);
/* The file of that name; false where it is none of a bundle's. */
bool bundle_find(struct octets name, enum bundle_file *ret);
/* Every bundle has it. */
bool bundle_needs(enum bundle_file which);

/* A bundle that is open: a folder's files, or parts of a tar. Nothing in it is believed. */
struct bundle {
	bool tar;
	int64_t at_s; /* of a tar: what its headers say */
	struct bundle_part {
		int fd; /* -1: not there */
		uint64_t at, n;
	} part[BUNDLE_FILES];
};
/*
 * A folder's files of the names above are read, links not followed, others passed over; of a tar
 * every octet must be as ours are. *ret to bundle_close(). Faults: FAULT_NOTFOUND,
 * FAULT_BADREQ which file or octet is not of a bundle, FAULT_INTERNAL
 */
bool bundle_open(const char *path, struct bundle *ret, struct fault *f) CHECKED;
/* The same of a tar that is open; fd is taken. */
bool bundle_open_tar(int fd, struct bundle *ret, struct fault *f) CHECKED;
void bundle_close(struct bundle *b);
/* Is path a bundle, and neither an export of the first edition nor something else? */
bool bundle_is(const char *path);

/* One file whole; appended. Faults: FAULT_NOTFOUND, FAULT_BADREQ too large, FAULT_INTERNAL. */
bool bundle_small(
    const struct bundle *b, enum bundle_file which, struct bytes *ret, struct fault *f) CHECKED;
bool bundle_digest(const struct bundle *b, enum bundle_file which,
    uint8_t to[static LOG_HASH_OCTETS], struct fault *f) CHECKED;

/* A file from its beginning, piece by piece. */
struct bundle_reader {
	const char *name;
	int fd;
	uint64_t at, left; /* in the file, behind what is in room */
	uint8_t *room;     /* owned */
	size_t first, n;   /* what of room was not taken yet */
	uint64_t line;     /* lines taken */
	bool owned;        /* fd is closed with it */
};
/* To bundle_reader_free(). A file that is not there is empty. Fault: FAULT_INTERNAL. */
bool bundle_reader_new(const struct bundle *b, enum bundle_file which, struct bundle_reader *ret,
    struct fault *f) CHECKED;
/* The same of one file of a folder that need not be a bundle. Faults: FAULT_NOTFOUND, FAULT_BADREQ
 * no plain file, FAULT_INTERNAL. */
bool bundle_reader_open(
    const char *dir, enum bundle_file which, struct bundle_reader *ret, struct fault *f) CHECKED;
void bundle_reader_free(struct bundle_reader *r);
/* The next line without its LF, lent until the next call; *ret_more false at the end. Faults:
 * FAULT_BADREQ it has no line end or is over max, FAULT_INTERNAL. */
bool bundle_next(struct bundle_reader *r, size_t max, struct octets *ret, bool *ret_more,
    struct fault *f) CHECKED;
/* The next DER value, likewise. */
bool bundle_next_der(
    struct bundle_reader *r, struct octets *ret, bool *ret_more, struct fault *f) CHECKED;

/* --- proving -------------------------------------------------------------------------------- */

struct bundle_verdict {
	uint64_t from, to, size, epoch;
	uint64_t certificates, revocations, outside, redacted;
	uint64_t lost;  /* serials that the log itself tells to be lost or redacted */
	uint64_t names; /* lines about whom the entries name, which no log proves */
	char origin[LOG_ORIGIN_MAX];
	uint8_t root[LOG_HASH_OCTETS];
	int64_t first_s, last_s; /* of the first and last entry that tell their time */
	bool view;               /* a view was there, and is what the entries say */
	bool cosigned;           /* by the region, which saw that the log only grew: */
	int64_t cosigned_s;
};

/*
 * Prove all of it, with the root certificate at root_pem alone. Faults: FAULT_NOTFOUND,
 * FAULT_BADREQ what does not hold, and in which file and line, FAULT_DENIED the certificates are no
 * path to the root, FAULT_INTERNAL
 */
bool bundle_verify(
    const char *path, const char *root_pem, struct bundle_verdict *ret, struct fault *f) CHECKED;

#endif
