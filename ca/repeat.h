/*
 * ca/repeat.h - a write that is sent twice is done once: TABLE_REPEAT.
 *
 * Who asks with an Idempotency-Key gets, for a day, the answer of the first time. The answer is
 * written in the transaction of the act, into the ledger that the act is written in, sealed, since
 * it may hold a secret; so it is there if and only if the act is. The platform's ledger has a row
 * of the same key besides, without an answer, that tells another request under it. A refusal did
 * nothing and leaves nothing: the same request may be right a moment later.
 *
 * Rows of a ledger: 1, slot -> edition u8, SHA-256 of the request, made u64, how u16, sealed
 * answer; 2, end u64, slot -> nothing: what is to be swept, in order; of the platform 3, SHA-256 of
 * the asker
 * -> day u32, how many u32. Signer only.
 */
#ifndef QUATRAIN_CA_REPEAT_H
#define QUATRAIN_CA_REPEAT_H

#include "ca/log.h"

#define REPEAT_KEPT_S  86400
#define REPEAT_A_DAY   50000 /* keys of one asker */
#define REPEAT_AT_ONCE 64    /* rows that are swept in one go */
#define REPEAT_OCTETS  32

/* One request under one key. */
struct repeat {
	uint8_t asker[REPEAT_OCTETS];   /* SHA-256 of who asks */
	uint8_t slot[REPEAT_OCTETS];    /* and of the key */
	uint8_t request[REPEAT_OCTETS]; /* of all that is asked */
};

/* asker: what no two people, or lives of one name, share. request: lent for the call. */
void repeat_of(const char *asker, struct octets key, struct octets request, struct repeat *ret);

/*
 * Was it asked before? *ret_found: then its answer, sealed, is appended to ret, and *ret_how is
 * what repeat_put() was given. own may be NULL: no such ledger. Faults: FAULT_REUSED another
 * request under that key, FAULT_INTERNAL
 */
bool repeat_find(struct ledger *platform, struct ledger *own, const struct repeat *r, int64_t now_s,
    bool *ret_found, uint16_t *ret_how, struct bytes *ret, struct fault *f) CHECKED;

/* Has the asker keys left today? Fault: FAULT_OFTEN no, FAULT_INTERNAL. */
bool repeat_may(
    struct ledger *platform, const struct repeat *r, int64_t now_s, struct fault *f) CHECKED;

/* It was done, and answered so: into both batches. Fault: FAULT_INTERNAL. */
bool repeat_put(struct ledger *platform, struct ledger *own, const struct repeat *r, int64_t now_s,
    uint16_t how, struct octets sealed, struct fault *f) CHECKED;

/* What is past its day goes, REPEAT_AT_ONCE rows of it at most, out of l's batch. *ret_n: how many.
 * Fault: FAULT_INTERNAL. */
bool repeat_sweep(struct ledger *l, int64_t now_s, size_t *ret_n, struct fault *f) CHECKED;

#endif
