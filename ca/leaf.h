/*
 * ca/leaf.h - what an end entity's certificate must be, beyond a path that verifies.
 *
 * A path that libcrypto accepts may end in a CA's certificate, in one for any
 * purpose or for none, with two names, or under a name of ours and a key that is not.
 * So every listener (ca/identify.h) and the audit (ca/audit.h) hold a leaf
 * against this table. Signatures, time and revocation are not here.
 * Sources: RFC 5280 sections 4.1 and 4.2, SPIFFE X509-SVID section 2, and the profile.
 */
#ifndef QUATRAIN_CA_LEAF_H
#define QUATRAIN_CA_LEAF_H

#include "ca/cert.h"

/* A leaf and what is known of it. What is not known is not checked; all is lent. */
struct leaf {
	const struct cert *cert;
	const struct profile *profile;   /* of its standing; NULL: not known */
	const struct name_space *space;  /* with endpoint: whose names; NULL: not known */
	const struct endpoint *endpoint; /* as its standing has it; NULL: not known, or not named */
	const struct cert *issuer; /* our own certificate of the CA that signed it, by its key id */
	enum level issuer_level;   /* with issuer */
	struct octets recorded;    /* the octets on record; n 0: not known */
	struct octets owner;       /* TABLE_KEY's row of its key */
	bool owner_known;          /* owner was looked for; n 0 is then: not registered */
};

enum leaf_verdict { LEAF_HOLDS, LEAF_FAILS, LEAF_NOT_CHECKED };

/* What a finding speaks of. */
enum leaf_kind {
	LEAF_PATH,    /* RFC 5280's rules for any certificate */
	LEAF_PROFILE, /* our own, narrower ones */
	LEAF_NAMES,   /* it must name one of ours */
	LEAF_LEVELS,  /* exactly four */
	LEAF_RECORD,  /* held against what we have on record */
	LEAF_LATER,   /* the same, of what happened after it was issued */
};

struct leaf_check {
	const char *name, *source, *wrong; /* wrong: what it says when it fails */
	enum leaf_kind kind;
	bool every; /* holds for the certificates of CAs too (ca/audit.h) */
	enum leaf_verdict (*judge)(const struct leaf *l);
};

extern const struct leaf_check leaf_checks[];
extern const size_t leaf_checks_n;

/*
 * True if none fails. *ret is the first that does. Its kind tells a stranger's certificate from
 * one of ours that is no longer good (LEAF_LATER).
 */
bool leaf_good(const struct leaf *l, const struct leaf_check **ret);

#endif
