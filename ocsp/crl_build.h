/*
 * ocsp/crl_build.h - one revocation list, made in steps. Signer only.
 *
 * A list of a million rows takes a second to make, and the signer has others
 * waiting: so a step does some rows, puts what is ready into the ledger's batch,
 * and is told when to go on; whoever makes it commits after each step. The rows
 * come first, in pieces, since the lengths before them in the DER are known
 * behind them; then all is hashed as it will be read, and the digest signed. The
 * head, which makes it the list, comes last.
 *
 * The rows are of several snapshots: what is revoked while a list is made may be
 * in it or not, what was revoked before it was begun always is. It says that it
 * is of when it was begun.
 */
#ifndef QUATRAIN_OCSP_CRL_BUILD_H
#define QUATRAIN_OCSP_CRL_BUILD_H

#include <openssl/evp.h>

#include "ocsp/crl.h"

/* What is to be made. */
struct crl_order {
	struct crl_which which;
	uint64_t number, changes;
	int64_t made_s, until_s;
	uint64_t base, base_since; /* of a delta: it says what changed after base_since */
	int64_t base_made_s;
	const char *public_url; /* lent */
	bool deltas;            /* the complete list points to the delta list */
};

enum crl_phase { CRL_SWEEP, CRL_GATHER, CRL_ROWS, CRL_HASH, CRL_DONE };

struct crl_build {
	enum crl_phase phase;
	struct crl_order order;
	struct crl_head head;
	struct bytes serials; /* of a delta: what changed, in order, each once */
	uint8_t at[TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS]; /* the row to go on with */
	size_t serial_at;
	uint8_t swept[CRL_PIECE_KEY]; /* the piece to go on with */
	struct bytes piece;           /* rows that are not put yet */
	uint64_t rows_octets;         /* of all rows */
	struct bytes begin, end;      /* what stands before the rows, and behind them */
	EVP_MD_CTX *hash;
	uint32_t hashed; /* pieces */
};

/* o is copied. To crl_build_free() whatever comes. */
void crl_build_begin(struct crl_build *b, const struct issuer *by, const struct crl_order *o);

/*
 * Some more: up to about rows rows, or as long a piece of other work; *ret_done, and the head is in
 * the batch. Faults: FAULT_LIMIT over CRL_SIZE_MAX, those of key_sign_digest(), FAULT_INTERNAL.
 */
bool crl_build_step(struct crl_build *b, const struct issuer *by, size_t rows, bool *ret_done,
    struct fault *f) CHECKED;
void crl_build_free(struct crl_build *b); /* and begin anew */

#endif
