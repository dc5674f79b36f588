/*
 * ca/badge.h - whose badge it is: TABLE_BADGE.
 *
 * A row's key is a badge's verifier: SHA-256 of what a reader reads, hashed under a key that the
 * signer alone has, then hard (base/harden.h) under a salt of the tenant's, so that it is found
 * without knowing whose it is. Nothing here, in entries or lists tells what is on a badge; its id
 * is a hash of that key. Removing the endpoint (ca/removal.h) takes its badges out in the same
 * commit. Acts: badge.added, badge.removed, in the tenant's issuance log.
 */
#ifndef QUATRAIN_CA_BADGE_H
#define QUATRAIN_CA_BADGE_H

#include "base/digest.h"
#include "base/harden.h"
#include "ca/log.h"

#define BADGE_TEXT_MAX   255 /* octets of what a reader reads */
#define BADGE_KEY        HARDEN_OCTETS
#define BADGE_ID_LETTERS 16

struct badge {
	uint8_t key[BADGE_KEY];
	struct endpoint owner; /* workstation or phone */
	int64_t added_s;
	uint64_t log_index; /* of badge.added */
	char by[PROVENANCE_TEXT_MAX];
};

/* The salt of all badges of a tenant. */
void badge_salt(const char *tenant, uint8_t to[static HARDEN_SALT]);
void badge_id(const struct badge *b, char to[static BADGE_ID_LETTERS + 1]);
bool badge_read(const char *tenant, struct octets key, struct octets value, struct badge *ret);

/* Faults: FAULT_NOTFOUND nobody has it, FAULT_INTERNAL. */
bool badge_find(struct ledger *l, const uint8_t key[static BADGE_KEY], struct badge *ret,
    struct fault *f) CHECKED;
/* By its id, of committed rows. Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool badge_of_id(struct ledger *l, const char *id, struct badge *ret, struct fault *f) CHECKED;

/* Writes of the signer, into the batch. Fault: FAULT_INTERNAL. */
bool badge_put(struct ledger *l, const struct badge *b, struct fault *f) CHECKED;
void badge_remove(struct ledger *l, const struct badge *b);
/* An entry of the log about b, to log_append(). */
struct json *badge_entry(const char *act, const struct log_context *why, const struct badge *b);

#endif
