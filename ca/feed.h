/*
 * ca/feed.h - which certificates are no longer good, as a numbered sequence of changes.
 *
 * Each revocation, hold and release leaves a row in TABLE_FEED, in the batch of the
 * act: seq u64, from 1 -> the change, and the hash of all up to it. The hash is a
 * chain: zeros before the first, then SHA-256(hash before || line), where the line
 * is the change as the feed tells it (feed_line()). A ledger of before has
 * changes that stand in no row: whoever follows begins with a snapshot of what is not good now,
 * which is made of TABLE_REVOKED and knows them all.
 *
 * Nothing is written beneath a CA that is suspended or revoked; what that means for its
 * certificates is said of the CA (struct feed_ca) and weighed by feed_weigh().
 */
#ifndef QUATRAIN_CA_FEED_H
#define QUATRAIN_CA_FEED_H

#include "ca/ledger.h"

#define FEED_HASH_OCTETS 32
#define FEED_LINE_MAX    256 /* octets of a line, without its end */

struct feed_change {
	uint8_t serial[TBS_SERIAL_OCTETS], issuer[TBS_KEY_ID_OCTETS];
	enum standing_state state; /* STANDING_REVOKED, STANDING_HELD; STANDING_GOOD: released */
	uint8_t reason;
	int64_t at_s;       /* since when */
	uint64_t log_index; /* of the entry that says so */
	int64_t end_s;      /* of the certificate: after it nobody needs to remember */
};

/* How far the feed of a ledger is. */
struct feed_edge {
	uint64_t size;
	uint8_t hash[FEED_HASH_OCTETS];
};

/* "SERIAL ISSUER revoked|held|good REASON SINCE INDEX END": hex, times of RFC 3339. Appended,
 * without a line end. */
void feed_line(const struct feed_change *c, struct bytes *ret);
/* That spelling and no other. */
bool feed_read_line(struct octets line, struct feed_change *ret);
/* The hash of what is before and the line. */
void feed_step(uint8_t hash[static FEED_HASH_OCTETS], struct octets line);

/* Into l's batch, for ca/revoke.h alone: serial stands as s says. Fault: FAULT_INTERNAL. */
bool feed_add(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct standing *s, struct fault *f) CHECKED;

/* What is committed, and nothing that a batch holds. Fault: FAULT_INTERNAL. */
bool feed_edge(struct ledger *l, struct feed_edge *ret, struct fault *f) CHECKED;
/* The hash of the first n changes. Faults: FAULT_NOTFOUND there are not so many, FAULT_INTERNAL. */
bool feed_hash(
    struct ledger *l, uint64_t n, uint8_t to[static FEED_HASH_OCTETS], struct fault *f) CHECKED;
/* Append at most max lines, each with its end, of the changes after the first `after` ones;
 * *ret_n counts them and hash, which was that of the first ones, goes along. Fault: FAULT_INTERNAL
 * a row is missing or was altered. */
bool feed_changes(struct ledger *l, uint64_t after, size_t max,
    uint8_t hash[static FEED_HASH_OCTETS], struct bytes *lines, size_t *ret_n,
    struct fault *f) CHECKED;

/*
 * Append at most max lines of what is revoked or held now and has not ended by now_s. after is a
 * place in the list (an issuer's key id, a serial), NULL its beginning; *ret_more says that there
 * is more, behind next. Fault: FAULT_INTERNAL.
 */
#define FEED_PLACE_OCTETS (TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS)
bool feed_snapshot(struct ledger *l, const uint8_t *after, size_t max, int64_t now_s,
    struct bytes *lines, uint8_t next[static FEED_PLACE_OCTETS], bool *ret_more,
    struct fault *f) CHECKED;

/* For ca/dump_check.h: is it a row of TABLE_FEED? */
bool feed_row(struct octets key, struct octets value);

/* What holds for everything that a CA issued: of itself and of those above it. */
struct feed_ca {
	uint8_t key_id[TBS_KEY_ID_OCTETS];
	enum standing_state state; /* good, held, revoked */
	uint8_t reason;
	int64_t at_s; /* since when; 0 where it is good */
};

/*
 * What *c is beneath its CA. A revocation of its own stands; else that of the CA counts, with its
 * reason and time; else either's hold, since the earlier one. The same as level_weigh() does.
 */
void feed_weigh(const struct feed_ca *ca, struct feed_change *c);

/* "acme.eu.example.org/revocations" */
#define FEED_ORIGIN_MAX 256
void feed_origin(const struct name_space *ns, const char *tenant, char to[static FEED_ORIGIN_MAX]);

#endif
