/*
 * ca/token.h - a one-time secret for a first enrolment.
 *
 * 128 random bits as 26 base32 letters, kept only as a hash under a key that
 * the signer alone has: a stolen ledger gives no token, and a lookup by that
 * hash leaks nothing by its timing.
 */
#ifndef QUATRAIN_CA_TOKEN_H
#define QUATRAIN_CA_TOKEN_H

#include "ca/log.h"

#define TOKEN_SECRET_LETTERS 26
#define TOKEN_HASH_OCTETS    32
#define TOKEN_ID_LETTERS     16
#define TOKEN_TTL_MIN_S      60
#define TOKEN_TTL_MAX_S      2592000 /* 30 days */

enum token_state {
	TOKEN_UNUSED = 1,
	TOKEN_USED,
	TOKEN_REVOKED,
	TOKEN_WAITING /* a request was made with it, which a registrar decides */
};

struct token {
	uint8_t hash[TOKEN_HASH_OCTETS]; /* its key in TABLE_TOKEN; the id is its first 8 octets */
	enum token_state state;
	struct endpoint device;       /* device.kind is the profile's kind */
	char profile[TEXT_LABEL_MAX]; /* its name; the certificate is made by it */
	bool approved;                /* made by an officer, as some profiles want */
	int64_t created_s, expires_s;
	uint64_t log_index; /* of token.created; 0 in a row of the first edition: unknown */
	char creator[PROVENANCE_TEXT_MAX];
	uint8_t serial[TBS_SERIAL_OCTETS]; /* of what it was used for; waiting: how the key begins
					    that asks (SHA-256 of its SubjectPublicKeyInfo), for
					    which alone it is good */
};

void token_id(const struct token *t, char to[static TOKEN_ID_LETTERS + 1]);
const char *token_state_word(
    const struct token *t, int64_t now_s); /* unused, waiting, used, expired, revoked */
bool token_read(const char *tenant, struct octets key, struct octets value, struct token *ret);

/* A new secret's letters, NUL behind, into guarded memory. Fault: FAULT_INTERNAL. */
bool token_secret(struct secret *ret, struct fault *f) CHECKED;
/* The hash of the letters before the first dot, in either case, under key. */
void token_hash(const struct secret *key, struct octets text, uint8_t to[static TOKEN_HASH_OCTETS]);

/* The tenant that a token's text names, SECRET.ROOT.TENANT.DEVICE; lent. False: a bare secret. */
bool token_tenant(struct octets text, struct octets *ret);

/* Into l's batch. Fault: FAULT_INTERNAL. */
bool token_put(struct ledger *l, const struct token *t, struct fault *f) CHECKED;

/*
 * The token that hash names, if it may be used now for device by name; one that waits may be, by
 * the key that it names, after its end too. Faults:
 * FAULT_AUTH unknown, used, expired, revoked, or another device's: the text says which, for the
 * log; FAULT_INTERNAL
 */
bool token_check(struct ledger *l, const uint8_t hash[static TOKEN_HASH_OCTETS], const char *name,
    int64_t now_s, struct token *ret, struct fault *f) CHECKED;

/* The same, if it was used, by device name: who else knows it is to be told nothing else than the
 * fault of token_check(). Fault: FAULT_INTERNAL; FAULT_AUTH it was not. */
bool token_spent(struct ledger *l, const uint8_t hash[static TOKEN_HASH_OCTETS], const char *name,
    struct token *ret, struct fault *f) CHECKED;

/* By its id. Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool token_find(struct ledger *l, const char *id, struct token *ret, struct fault *f) CHECKED;

/* Used tokens whose certificate was abandoned become unused again, into l's batch. Fault:
 * FAULT_INTERNAL. */
bool token_release(struct ledger *l, struct fault *f) CHECKED;

#endif
