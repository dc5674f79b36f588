/*
 * ca/claim.h - one key, one holder, in the whole service.
 *
 * The platform's TABLE_KEY says for each public key (SHA-256 of its
 * SubjectPublicKeyInfo) whose it is: "tenant/kind/name", or REVOKE_KEY_BURNT
 * for one that was compromised. A claim goes into the platform's batch with the
 * intent of the certificate and is durable in the same round, before the key is
 * signed for. A tenant's own TABLE_KEY stays, and has the last word in it.
 *
 * A claim may outlive the job that made it: when that fails after the first
 * commit, the key stays with the endpoint that proved it has it. That is
 * harmless: the same endpoint asks again and is served, and for anybody else the
 * answer is the one it would have been a moment later.
 *
 * Keys that a tenant registered before there were claims are taken over piece by
 * piece, from the opening of its ledger on; until that is done its own table
 * alone knows the rest.
 */
#ifndef QUATRAIN_CA_CLAIM_H
#define QUATRAIN_CA_CLAIM_H

#include "ca/realm.h"

#define CLAIM_DIGEST_OCTETS 32
#define CLAIM_OWNER_MAX     (TEXT_LABEL_MAX * 3)
#define CLAIM_AT_ONCE       4096 /* rows taken over in one go */

/*
 * May owner hold the key whose SubjectPublicKeyInfo has this SHA-256? Reads the platform's table
 * and that of its tenant. Faults: FAULT_CONFLICT another endpoint's, one of ours, or burnt;
 * FAULT_INTERNAL
 */
bool claim_check(struct realm *r, const uint8_t digest[static CLAIM_DIGEST_OCTETS],
    const struct endpoint *owner, struct fault *f) CHECKED;
/* The same, and that it is no CA's; then into the platform's batch, where it is not there already.
 */
bool claim_put(
    struct realm *r, struct octets spki, const struct endpoint *owner, struct fault *f) CHECKED;
/* A key of ours that is no CA's: of a responder, a log, the service. */
void claim_ours(struct realm *r, struct octets spki, const char *label, const char *profile);

/* The key of certificate serial in l, into the platform's batch: nobody may have it again. Faults:
 * FAULT_NOTFOUND no such serial, FAULT_INTERNAL. */
bool claim_burn(struct realm *r, struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    struct fault *f) CHECKED;

/*
 * Take CLAIM_AT_ONCE more keys of l over, with a commit of the platform's ledger and then of l.
 * *ret_done: all are. Faults: those of ledger_commit()
 */
bool claim_adopt(struct realm *r, struct ledger *l, bool *ret_done, struct fault *f) CHECKED;
/* Into l's batch: all keys of l are to be taken over again, since the platform's ledger was put
 * back as it stood before l's. */
void claim_adopt_again(struct ledger *l);
/* Into l's batch: a ledger that is just made has nothing to take over. */
void claim_none_to_adopt(struct ledger *l);

#endif
