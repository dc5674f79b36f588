/*
 * relay/document.h - a document as it lies and travels: AES-256-GCM in chunks, each verified before
 * it is used.
 *
 * The plain octets are cut into chunks of DOCUMENT_CHUNK; the last is shorter, or empty where there
 * is nothing. Each is sealed by itself: nonce = 7 octets of the document's own, the chunk's number
 * (u32) and 1 octet that says whether it is the last (the STREAM construction); additional data =
 * SHA-256 of tenant, job and document number, so that no chunk can be moved, repeated, left out or
 * taken into another job. The tag of 16 octets stands behind the chunk. Nothing else: no head, so
 * the length of one follows from that of the other.
 *
 * A reader gives out nothing of a chunk whose tag it has not verified, and its last octets only
 * after the chunk that is marked as the last.
 */
#ifndef QUATRAIN_RELAY_DOCUMENT_H
#define QUATRAIN_RELAY_DOCUMENT_H

#include "base/secret.h"
#include "base/text.h"

#define DOCUMENT_CHUNK      65536
#define DOCUMENT_TAG        16
#define DOCUMENT_KEY        32
#define DOCUMENT_PREFIX     7
#define DOCUMENT_UUID       16 /* of the job */
#define DOCUMENT_CHUNKS_MAX UINT32_MAX

/* What opens a document; in guarded memory, to content_key_free(). */
struct content_key {
	struct secret key; /* DOCUMENT_KEY octets */
	uint8_t prefix[DOCUMENT_PREFIX];
};
/* Fault: FAULT_INTERNAL. */
bool content_key_new(struct content_key *ret, struct fault *f) CHECKED;
void content_key_free(struct content_key *k); /* wiped; empty is allowed */

/* Whose document it is: bound into every chunk. */
struct document_of {
	char tenant[TEXT_LABEL_MAX];
	uint8_t job[DOCUMENT_UUID];
	uint32_t number; /* from 1 */
};

/* SHA-256 over it, which is bound into every chunk and into its key's envelope. */
void document_binds(const struct document_of *of, uint8_t ret[static 32]);

struct document_writer;
struct document_reader;

/* k and of are copied into what is wiped by _free(). Fault: FAULT_INTERNAL. */
bool document_writer_new(const struct content_key *k, const struct document_of *of,
    struct document_writer **ret, struct fault *f) CHECKED;
/* Seal piece, of any length; whole chunks are appended to ret. last: no more comes. Faults:
 * FAULT_LIMIT over DOCUMENT_CHUNKS_MAX chunks, FAULT_INTERNAL. */
bool document_seal(struct document_writer *w, struct octets piece, bool last, struct bytes *ret,
    struct fault *f) CHECKED;
void document_writer_free(struct document_writer *w); /* NULL is allowed */

bool document_reader_new(const struct content_key *k, const struct document_of *of,
    struct document_reader **ret, struct fault *f) CHECKED;
/* Open piece, of any length; whole chunks are appended to ret. last: no more comes. Faults:
 * FAULT_DENIED a chunk does not verify, or the end is missing; nothing of it was given. */
bool document_open(struct document_reader *r, struct octets piece, bool last, struct bytes *ret,
    struct fault *f) CHECKED;
void document_reader_free(struct document_reader *r); /* NULL is allowed */

/* Octets sealed of so many plain ones, and back (false: none has that length). */
uint64_t document_sealed_octets(uint64_t plain);
bool document_plain_octets(uint64_t sealed, uint64_t *ret);

#endif
