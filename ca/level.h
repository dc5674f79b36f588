/*
 * ca/level.h - the CAs of one level and label, and what those above mean for those beneath.
 *
 * A tenant or a region may have several CAs: after a rollover the old one
 * stands beside the new one until its last leaf has ended. Nothing beneath a
 * suspended or revoked CA is ever rewritten: what holds for a certificate is
 * weighed when somebody asks.
 */
#ifndef QUATRAIN_CA_LEVEL_H
#define QUATRAIN_CA_LEVEL_H

#include "ca/census.h"
#include "ca/realm.h"

#define LEVEL_CAS_MAX 64 /* of one label; a rollover is refused where there are so many */

struct level_cas {
	size_t n;
	struct authority
	    at[LEVEL_CAS_MAX]; /* the one that issues first, then newest first; what is committed */
};

/* Fault: FAULT_INTERNAL. n is 0 where there is nothing of that label. */
bool level_cas(struct realm *r, enum level level, const char *label, struct level_cas *ret,
    struct fault *f) CHECKED;

/* The region's CA under which new tenants are made. Faults: FAULT_INTERNAL. */
bool level_region(struct realm *r, struct authority *ret, struct fault *f) CHECKED;
/* From now on it is this one; into the platform's batch. */
void level_set_region(struct realm *r, const struct authority *a);

/* Each CA from one up to the root, and its standing when it was looked at. */
struct level_above {
	size_t n;
	struct {
		uint8_t serial[TBS_SERIAL_OCTETS];
		enum standing_state state;
		uint8_t reason;
		int64_t changed_s;
		uint64_t log_index;
	} at[REALM_CHAIN_MAX]; /* nearest first */
};

/* Fault: FAULT_INTERNAL. */
bool level_above(
    struct realm *r, const struct authority *a, struct level_above *ret, struct fault *f) CHECKED;
/* False as soon as any of them stands otherwise than it did, or cannot be read. */
bool level_unchanged(struct realm *r, const struct level_above *was);

/*
 * What s must be taken for beneath these CAs. A revocation of its own is final
 * and stays as it is. Beneath a revoked CA it is revoked, from that time on:
 * with cACompromise where the CA's key was compromised (RFC 6960 section 2.7),
 * else with the CA's own reason. Beneath a held one it is held (RFC 5280
 * section 5.3.1, certificateHold) since the earliest hold of all.
 */
void level_weigh(const struct level_above *above, struct standing *s);

/*
 * What a client of the tenant needs to verify every certificate that is in use: the chain of the
 * tenant's present CA, then each older CA that has leaves which are not at their end yet, with the
 * region above it. *ret to level_bundle_free(). Faults: FAULT_NOTFOUND no such tenant,
 * FAULT_INTERNAL.
 */
#define LEVEL_BUNDLE_MAX (REALM_CHAIN_MAX + 2 * LEVEL_CAS_MAX)
struct level_bundle {
	size_t n;
	struct bytes der[LEVEL_BUNDLE_MAX];
};
bool level_bundle(struct realm *r, const char *tenant, int64_t now_s, struct level_bundle *ret,
    struct fault *f) CHECKED;
void level_bundle_free(struct level_bundle *b);

/* The census of all CAs of one label. Fault: FAULT_INTERNAL. */
bool level_census(struct realm *r, const struct level_cas *cas, int64_t now_s, struct census *ret,
    struct fault *f) CHECKED;

#endif
