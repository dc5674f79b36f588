/*
 * ca/offline_file.h - the bundle with which an endpoint decides while the WAN is down, as a file.
 *
 * One file: the line "quatrain offline bundle 1", then parts, each a line "KIND OCTETS" and so many
 * octets, in this order:
 *
 *	head          a signed note (C2SP signed-note) by the key of the tenant's log; its text:
 *		acme.eu.example.org/offline
 *		sequence 1795408200              never less than in an older one
 *		at 2026-11-23T04:30:00Z          when it was made
 *		until 2026-11-23T16:30:00Z       nothing is permitted by it after
 *		feed 42 BASE64                   changes of the revocation feed then, and their hash
 *		policy SHA-256                   of each document, hex, in order
 *	signer        PEM: the log's certificate, tenant, region
 *	authority     PEM, one: a CA of the tenant whose certificates are in use, or one above;
 *several policy        a document; as many as the head names, in its order revocations   a signed
 *piece of the feed (ca/feed_piece.h): the pages of a snapshot, then changes; the last one was
 *signed when the head was, or later
 *
 * The head is what binds: documents by their digests, pieces by the size that they must reach and
 *by their own signatures, certificates by the root that the reader brought.
 */
#ifndef QUATRAIN_CA_OFFLINE_FILE_H
#define QUATRAIN_CA_OFFLINE_FILE_H

#include "ca/feed.h"
#include "ca/key.h"
#include "ca/signed_text.h"

#define OFFLINE_POLICIES_MAX  65 /* what a platform's ledger may hold, and the tenant's */
#define OFFLINE_DIGEST_OCTETS 32
#define OFFLINE_HEAD_MAX      8192 /* octets of the note */

struct offline_head {
	char origin[FEED_ORIGIN_MAX];
	uint64_t sequence;
	int64_t at_s, until_s;
	uint64_t feed_size;
	uint8_t feed_hash[FEED_HASH_OCTETS];
	size_t policies_n;
	uint8_t policy[OFFLINE_POLICIES_MAX][OFFLINE_DIGEST_OCTETS];
	/* of one that was read */
	struct octets text; /* what is signed */
	struct signed_by by;
};

/* "acme.eu.example.org/offline" */
void offline_origin(
    const struct name_space *ns, const char *tenant, char to[static FEED_ORIGIN_MAX]);

/* The signed note, appended. Fault: FAULT_INTERNAL. */
bool offline_head_sign(
    const struct offline_head *h, const struct key *k, struct bytes *ret, struct fault *f) CHECKED;
/* A note, lent by ret; whether its signature holds is offline_head_verify()'s. Fault: FAULT_BADREQ,
 * with the line. */
bool offline_head_read(struct octets note, struct offline_head *ret, struct fault *f) CHECKED;
/* key: the log's, as log_signer() proved it. Faults: FAULT_BADREQ another key's, or the signature
 * does not hold; FAULT_INTERNAL. */
bool offline_head_verify(
    const struct offline_head *h, const uint8_t key[static 32], struct fault *f) CHECKED;

enum offline_kind {
	OFFLINE_HEAD,
	OFFLINE_SIGNER,
	OFFLINE_AUTHORITY,
	OFFLINE_POLICY,
	OFFLINE_REVOCATIONS,
	OFFLINE_KINDS,
};

/* Append the first line; a part. */
void offline_file_begin(struct bytes *ret);
void offline_file_put(enum offline_kind kind, struct octets part, struct bytes *ret);
/* Take them off a file: the first line; the next part, lent. Fault: FAULT_BADREQ what was
 * expected. */
bool offline_file_open(struct octets *in, struct fault *f) CHECKED;
bool offline_file_next(
    struct octets *in, enum offline_kind *ret_kind, struct octets *ret, struct fault *f) CHECKED;

#endif
