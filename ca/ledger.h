/*
 * ca/ledger.h - one tenant's book: what was issued, to whom, and what became of it.
 *
 * Each tenant has a store of its own, and one more for its activity where there was any
 * (ca/ledger_name.h), which has no rows but those of its log; "platform" keeps the CAs, the tenants
 * and the operators besides its own certificates. The signer alone writes; what it writes is
 * collected in the ledger's batch and made durable by ledger_commit(). All others read.
 *
 * Integers in keys and values are big-endian; each value begins with its
 * edition, so that a later one can be told.
 */
#ifndef QUATRAIN_CA_LEDGER_H
#define QUATRAIN_CA_LEDGER_H

#include "base/ballast.h"
#include "base/json.h"
#include "base/store.h"
#include "base/trace.h"
#include "ca/ledger_name.h"
#include "ca/tbs.h"

enum ledger_table {
	TABLE_META,     /* word -> value: log, checkpoint, space, counters */
	TABLE_CERT,     /* id u64 -> certificate DER; of an abandoned one its TBS */
	TABLE_SERIAL,   /* serial -> struct standing */
	TABLE_PENDING,  /* serial -> intent without an outcome (ca/intent.h) */
	TABLE_REVOKED,  /* issuer's key id, serial -> reason u8, revoked u64 */
	TABLE_ENDPOINT, /* "kind/name" -> serials of what it holds, newest first (ca/holding.h) */
	TABLE_KEY,      /* SHA-256 of SPKI -> "kind/name" that registered it */
	TABLE_TOKEN,    /* keyed hash -> token (ca/token.h) */
	TABLE_LOG,      /* index u64 -> one line of canonical JSON */
	TABLE_CA,       /* key id -> struct authority */
	TABLE_ISSUER,   /* SHA-1 or SHA-256 of a CA's key bits -> key id, SHA-1 and SHA-256 of its
			   Name */
	TABLE_TENANT,   /* label -> struct tenant (platform only) */
	TABLE_OPERATOR, /* name -> role u8, serial (platform only) */
	TABLE_CRL, /* CA's key id, ... -> its lists (ocsp/crl.h), and what changed (ca/revoke.h) */
	TABLE_REQUEST,  /* SHA-256 of SPKI -> who waits for a registrar (ca/petition.h); of the
			   platform: whose that is */
	TABLE_MAKER,    /* name -> whose devices are taken; of the platform: by the root's Name
			   (ca/maker.h) */
	TABLE_DEVICE,   /* "maker/serialNumber" -> who may come in as what (ca/device.h) */
	TABLE_NODE,     /* level u8, index u64 -> root of a full subtree (ca/log_tree.h) */
	TABLE_PROPOSAL, /* id -> an act that waits for a second person (ca/proposal.h; platform
			   only) */
	TABLE_REPEAT,   /* ... -> what an Idempotency-Key was used for (ca/repeat.h) */
	TABLE_FEED, /* seq u64 -> a change of a standing, and the hash of all so far (ca/feed.h) */
	TABLE_POLICY,  /* policies in force, and all that ever were (ca/policy_book.h) */
	TABLE_TRACE,   /* place u16 -> the caller's trace of an entry (ca/log_trace.h) */
	TABLE_PRINTER, /* name -> who speaks for it; its uuid -> name (ca/printer.h) */
	TABLE_BADGE,   /* verifier -> whose badge it is (ca/badge.h) */
	TABLE_COUNT,   /* a new one is a line in ca/dump_check.c too */
};

enum standing_state {
	STANDING_PENDING = 1, /* intended; perhaps signed, never given out */
	STANDING_GOOD,
	STANDING_REVOKED,
	STANDING_HELD,
	STANDING_ABANDONED, /* an intent found at a start: counts as revoked */
};

/* The id in the standing of a serial that is known from the journal alone (ca/merge.h). */
#define LEDGER_NO_CERTIFICATE UINT64_MAX

struct standing {
	enum standing_state state;
	uint8_t reason; /* CRLReason, RFC 5280 section 5.3.1 */
	uint8_t issuer[TBS_KEY_ID_OCTETS];
	uint64_t id; /* in TABLE_CERT */
	int64_t not_before_s, not_after_s;
	int64_t changed_s;  /* when the state was entered */
	uint64_t log_index; /* of the entry that says so */
	/* Of certificate.issued; without a meaning while pending or abandoned. A row of edition 1
	 * knows only log_index, and has it here too. */
	uint64_t issued_index;
	enum assurance assurance;
	char profile[TEXT_LABEL_MAX];
	char name[TEXT_LABEL_MAX];
	char enroller[PROVENANCE_TEXT_MAX], how[16];
};

/* A CA as the platform's ledger knows it. */
struct authority {
	uint8_t key_id[TBS_KEY_ID_OCTETS];
	enum level level;
	char label[TEXT_LABEL_MAX]; /* region's or tenant's; "root" */
	uint8_t serial[TBS_SERIAL_OCTETS];
	uint8_t issuer[TBS_KEY_ID_OCTETS]; /* key id; its own for the root */
	int64_t not_after_s;
	enum constraint_mode constraints;
	int64_t created_s;
	unsigned shards; /* of its CRL: 1 is one list for all (ca/tbs.h); said at its founding */
};

struct ledger;

/* TABLE_META of the platform: when the last backup was taken, u64. */
#define LEDGER_META_BACKUP "backup-taken"

/* Faults: those of store_open(). */
bool ledger_open(const char *dir, const char *tenant, enum store_mode mode, struct ledger **ret,
    struct fault *f) CHECKED;
void ledger_close(struct ledger *l);               /* NULL is allowed */
const char *ledger_tenant(const struct ledger *l); /* its name: ca/ledger_name.h */
struct store *ledger_store(struct ledger *l);
struct batch *ledger_batch(struct ledger *l); /* the signer's; NULL in a reader */

/*
 * Reads. In the signer they see what the batch holds already.
 * Faults of all: FAULT_NOTFOUND, FAULT_INTERNAL.
 */
bool ledger_get(struct ledger *l, enum ledger_table table, struct octets key, struct bytes *ret,
    struct fault *f) CHECKED;
bool ledger_standing(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    struct standing *ret, struct fault *f) CHECKED;
bool ledger_certificate(struct ledger *l, uint64_t id, struct bytes *ret, struct fault *f) CHECKED;
bool ledger_authority(struct ledger *l, const uint8_t key_id[static TBS_KEY_ID_OCTETS],
    struct authority *ret, struct fault *f) CHECKED;

/* Writes into the batch; silent until ledger_commit(). */
void ledger_put(struct ledger *l, enum ledger_table table, struct octets key, struct octets value);
bool ledger_put_standing(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct standing *s, struct fault *f) CHECKED;
/* The same for a serial that nobody may hold yet: the commit fails if one does. */
bool ledger_add_standing(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct standing *s, struct fault *f) CHECKED;
bool ledger_put_authority(struct ledger *l, const struct authority *a, struct fault *f) CHECKED;
/* The next free id of TABLE_CERT. Fault: FAULT_INTERNAL. */
bool ledger_next_id(struct ledger *l, uint64_t *ret, struct fault *f) CHECKED;

/*
 * Durable on return. After a failure the batch is empty, and until ledger_end()
 * every further commit fails with the same fault: what others had put there is
 * lost with it, and nobody may be told that it is not.
 * Faults: those of batch_apply(), but a full map or disk is FAULT_BUSY
 */
bool ledger_commit(struct ledger *l, struct fault *f) CHECKED;
/* The last commit of a round; the ledger can be written again afterwards, whatever it says. */
bool ledger_end(struct ledger *l, struct fault *f) CHECKED;

/* What was put since the mark is taken back; what a commit made durable in between stays. */
struct ledger_mark {
	unsigned commits;
	size_t at;
};
struct ledger_mark ledger_mark(const struct ledger *l);
void ledger_undo(struct ledger *l, struct ledger_mark mark);

/*
 * Is there room to issue? Over LEDGER_FULL_PERCENT of its limit or of the disk, or with less than
 * LEDGER_LEAST_OCTETS left there, only revocations and the log go on: they must never wait for
 * space. Fault: FAULT_BUSY, with words that say what to do.
 */
#define LEDGER_FULL_PERCENT 80
#define LEDGER_LEAST_OCTETS ((uint64_t)BALLAST_OCTETS)
bool ledger_has_room(struct ledger *l, struct fault *f) CHECKED;
/* The same by the numbers of store_usage(). */
bool ledger_may_issue(uint64_t used, uint64_t room, struct fault *f) CHECKED;
/* Is there room, or the service's ballast, for a revocation? data is the service's folder. */
bool ledger_may_revoke(uint64_t used, uint64_t room, const char *data);

/*
 * A standing that changed for the worse, or back: told when the commit that
 * made it durable succeeded, before the commit returns. What is undone is never
 * told. Where told says no, the commit stands and it is told again with the next.
 */
struct ledger_event {
	enum standing_state state; /* revoked, held, abandoned; good: no longer held */
	uint8_t reason;
	uint8_t serial[TBS_SERIAL_OCTETS], issuer[TBS_KEY_ID_OCTETS];
	int64_t at_s;
};
typedef bool ledger_told(void *with, struct ledger *l, const struct ledger_event *e);
void ledger_on_event(struct ledger *l, ledger_told *told, void *with);

/* In whose trace the entries are that are put from now on; NULL: in none. */
void ledger_set_trace(struct ledger *l, const struct trace *t);
const struct trace *ledger_trace(const struct ledger *l);

/* True if a commit wrote anything since it was last set to false (ca/marks.h). */
bool ledger_changed(const struct ledger *l);
void ledger_set_changed(struct ledger *l, bool changed);

/* Intents of an earlier life are settled once, before anything is written: see realm_on_open(). */
bool ledger_settled(const struct ledger *l);
void ledger_set_settled(struct ledger *l, bool settled);

void ledger_write_standing(const struct standing *s, struct bytes *b);
bool ledger_read_standing(struct octets value, struct standing *ret);
bool ledger_read_authority(struct octets value, struct authority *ret);
const char *ledger_state_word(
    const struct standing *s, int64_t now_s); /* good, expired, revoked, ... */

#endif
