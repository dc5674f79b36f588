/*
 * ocsp/kept.h - ready answers, and whether the ledger still says what they say.
 *
 * An answer is kept by the octets of its question, as they came: a path, or a
 * body. It is sent again only while nothing that it rests on has changed: the
 * certificate's standing and that of each CA above. That is known at a look
 * while no ledger was written to at all, and read anew where one was. So an
 * answer is never older than the last committed revocation, in any process.
 */
#ifndef QUATRAIN_OCSP_KEPT_H
#define QUATRAIN_OCSP_KEPT_H

#include "ca/level.h"
#include "ocsp/dated.h"

#define KEPT_PLACES       16384 /* each about 1.5 KiB when in use */
#define KEPT_QUESTION_MAX 512   /* octets; longer ones are not kept */

/* One certificate, and what the ledger says of it. */
struct kept_seen {
	struct authority issuer;
	uint8_t serial[TBS_SERIAL_OCTETS];
	enum standing_state state;
	int64_t changed_s;
	uint64_t log_index;
	struct level_above above;
	struct store *records; /* lent: who only reads keeps every ledger open */
	uint64_t records_at, platform_at;
};

/* What the ledger says now; issuer and serial are set in s. False where it says nothing, or cannot
 * be read. */
bool kept_see(struct realm *r, struct kept_seen *s);
/* Does it still say that? False where it cannot be told. */
bool kept_holds(struct realm *r, struct kept_seen *s);

struct kept;

/* *ret to kept_free(). Fault: FAULT_INTERNAL. */
bool kept_new(struct realm *r, struct kept **ret, struct fault *f) CHECKED;
void kept_free(struct kept *k); /* NULL is allowed */

/* The answer to exactly these octets, lent until the next call, where it is fresh and holds; else
 * NULL. */
struct dated *kept_find(struct kept *k, struct octets question, int64_t now_s);
/* Keep reply, which is taken, in the place of another. */
void kept_put(
    struct kept *k, struct octets question, const struct kept_seen *seen, struct dated *reply);
/* What stands at question goes by the octets of other, too. */
void kept_also(struct kept *k, struct octets question, struct octets other);

#endif
