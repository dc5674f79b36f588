/*
 * ca/feed_set.h - what a relying party holds in memory: every certificate that is not good.
 *
 * It takes pieces (ca/feed_piece.h) that were verified, in the order in which
 * they were asked for: the pages of a snapshot, then changes; or changes alone from the
 * first on. What is not in it, and was issued, is good; of a CA that the newest piece does not
 * name it says nothing.
 */
#ifndef QUATRAIN_CA_FEED_SET_H
#define QUATRAIN_CA_FEED_SET_H

#include "ca/feed_piece.h"

struct feed_set {
	char origin[FEED_ORIGIN_MAX];
	uint64_t seq; /* changes that are in it */
	uint8_t hash[FEED_HASH_OCTETS];
	uint64_t size; /* changes that there are, as the newest piece says */
	int64_t at_s, until_s;
	size_t cas_n;
	struct feed_ca ca[FEED_CAS_MAX];
	/* of a snapshot under way */
	bool paging;
	uint8_t place[FEED_PLACE_OCTETS];
	uint64_t known; /* changes that a page of it may tell of: not whole before they are in */
	/* owned: a hash table */
	struct feed_change *row;
	size_t rows, used;
};

/* Fault: FAULT_CONFLICT a piece is missing before it, or it is of another feed, FAULT_INTERNAL
 * memory. The set is as it was, unless memory was short: then begin anew. */
bool feed_set_take(struct feed_set *s, const struct feed_piece *p, struct fault *f) CHECKED;
/* Does it hold all that its newest piece knows of? Before that it may be of no one moment. */
bool feed_set_whole(const struct feed_set *s);

/*
 * What is known of a certificate: its own standing and its CA's, weighed; state STANDING_GOOD where
 * neither speaks against it. False: the CA is not one of this feed.
 */
bool feed_set_ask(const struct feed_set *s, const uint8_t issuer[static TBS_KEY_ID_OCTETS],
    const uint8_t serial[static TBS_SERIAL_OCTETS], struct feed_change *ret);

/* Append all rows that are not good, a line each, in order of CA and serial. Fault:
 * FAULT_INTERNAL. */
bool feed_set_lines(
    const struct feed_set *s, struct bytes *ret, size_t *ret_n, struct fault *f) CHECKED;
void feed_set_free(struct feed_set *s);

#endif
