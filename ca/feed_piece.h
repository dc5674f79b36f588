/*
 * ca/feed_piece.h - a piece of the feed as a relying party gets it: a signed note.
 *
 * The text (C2SP signed-note; the key is the log's, under the feed's origin as its name):
 *
 *	acme.eu.example.org/revocations
 *	changes 17 42                       the changes 18 to 42; or: snapshot PLACE PLACE
 *	size 42                             changes there were when it was signed
 *	before BASE64                       the feed's hash after change 17; snapshot: after size
 *	after BASE64                        and after change 42; snapshot: the same
 *	at 2026-11-22T14:30:00Z             when it was signed
 *	until 2026-11-22T14:35:00Z          it may be relied on, if nothing newer comes
 *	ca KEY-ID good|held|revoked REASON SINCE      of each CA of the tenant
 *	SERIAL KEY-ID revoked|held|good REASON SINCE INDEX END
 *
 * Each piece names the hash of what is before it, so that one that is missing, altered or in
 *another order is found. A snapshot is pages of what is not good now, from the place (key
 * identifier and serial, hex; "-" is the beginning and the end) to the place; a page may know of
 * changes that an earlier one does not, so a reader applies all changes from the first page's size
 * on, which sets each certificate to what the last change of it says.
 */
#ifndef QUATRAIN_CA_FEED_PIECE_H
#define QUATRAIN_CA_FEED_PIECE_H

#include "ca/feed.h"
#include "ca/key.h"
#include "ca/level.h"
#include "ca/signed_text.h"

#define FEED_PIECE_LINES 800          /* in one piece */
#define FEED_PIECE_MAX   (160u << 10) /* octets of it */
#define FEED_CAS_MAX     (LEVEL_CAS_MAX + 8)

struct feed_piece {
	char origin[FEED_ORIGIN_MAX];
	bool snapshot;
	bool has_from, has_to; /* of a snapshot: not from the beginning, not to the end */
	uint8_t from_place[FEED_PLACE_OCTETS], to_place[FEED_PLACE_OCTETS];
	uint64_t from, to, size; /* of changes; a snapshot's are size */
	uint8_t before[FEED_HASH_OCTETS], after[FEED_HASH_OCTETS];
	int64_t at_s, until_s;
	size_t cas_n;
	struct feed_ca ca[FEED_CAS_MAX];
	struct octets lines; /* lent: each with its end */
	size_t lines_n;
	/* of one that was read */
	struct octets text; /* what is signed */
	struct signed_by by;
};

/* The signed note, appended. Fault: FAULT_INTERNAL. */
bool feed_piece_sign(
    const struct feed_piece *p, const struct key *k, struct bytes *ret, struct fault *f) CHECKED;
/* The text alone, appended: what a follower keeps. */
void feed_piece_text(const struct feed_piece *p, struct bytes *ret);

/*
 * A note, lent by ret: every line is well formed, and the lines of changes lead from the one hash
 * to the other. Whether its signature holds is feed_piece_verify()'s. Fault: FAULT_BADREQ, with the
 * line.
 */
bool feed_piece_read(struct octets note, struct feed_piece *ret, struct fault *f) CHECKED;
/* The same of a text without signature. */
bool feed_piece_read_text(struct octets text, struct feed_piece *ret, struct fault *f) CHECKED;
/* key: the log's, as log_signer() proved it. Faults: FAULT_BADREQ another key's, or the signature
 * does not hold, FAULT_INTERNAL. */
bool feed_piece_verify(
    const struct feed_piece *p, const uint8_t key[static 32], struct fault *f) CHECKED;

/* The next line of lines; false at their end. */
bool feed_piece_next(struct octets *lines, struct feed_change *ret);

/*
 * What a tenant's CAs are now, those above them weighed; for the platform's own feed the region's
 * and the root too. Fault: FAULT_INTERNAL.
 */
bool feed_piece_cas(
    struct realm *r, const char *tenant, struct feed_piece *p, struct fault *f) CHECKED;

#endif
