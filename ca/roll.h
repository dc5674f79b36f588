/*
 * ca/roll.h - a tenant's or a region's new CA, beside the old one.
 *
 * The same name, a new key and a new key identifier. What is certified from
 * then on comes from the new CA; the old one stays good, with its responder
 * and its CRL, until its last leaf has ended, and renewals move the leaves
 * over. Signer and the offline rollover only.
 */
#ifndef QUATRAIN_CA_ROLL_H
#define QUATRAIN_CA_ROLL_H

#include "ca/found.h"
#include "ca/level.h"

struct rolled {
	struct authority before, after;
	uint64_t log_index, platform_index; /* of "tenant.rolled" in the tenant's log, and in the
					       platform's */
};

/*
 * The tenant name gets a CA beneath region, with the name constraints of the one before, its own
 * responder and log key. All of it is committed, the row that makes it count last: a try that is
 * interrupted leaves a CA beside the others that issues nothing. Faults:
 * FAULT_NOTFOUND no such tenant, FAULT_CONFLICT it is suspended or has LEVEL_CAS_MAX CAs,
 * FAULT_DENIED region is not good, those of found_ca()
 */
bool roll_tenant(struct keyring *k, const struct issuer *region, const char *name,
    const struct log_context *why, int64_t now_s, struct rolled *ret, struct fault *f) CHECKED;
/* The same, but the last two commits, of the platform's batch and then of the tenant's, are the
 * caller's, who has more to put there. */
bool roll_prepare(struct keyring *k, const struct issuer *region, const char *name,
    const struct log_context *why, int64_t now_s, struct rolled *ret, struct fault *f) CHECKED;

/*
 * The region gets a CA beneath root, its responder, and the word that new tenants stand under it.
 * Committed. *ret is lent from k. Faults: FAULT_CONFLICT it is suspended, those of found_ca()
 */
bool roll_region(struct keyring *k, const struct issuer *root, const struct log_context *why,
    int64_t now_s, const struct issuer **ret, uint64_t *ret_index, struct fault *f) CHECKED;

#endif
