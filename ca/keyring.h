/*
 * ca/keyring.h - the keys that this process may use, opened when they are first needed.
 *
 * Issuers are CAs with their keys. Delegates are keys that a CA certified for
 * one purpose: its OCSP responder, its tenant's log, the service's TLS. A
 * delegate is renewed here when a third of its time is left. Signer and init only.
 *
 * Their files lie in <data>/keys/<key id>.key: sealed, or the URI of one in a token (ca/key.h).
 */
#ifndef QUATRAIN_CA_KEYRING_H
#define QUATRAIN_CA_KEYRING_H

#include "ca/issue.h"

struct keyring;

/* Kinds of keys, for which a new one may be made in a token. */
enum keyring_use {
	KEYRING_OTHER = 0, /* the log's, and the service's, which leaves to the edge: never there */
	KEYRING_ROOT = 1 << 0,
	KEYRING_REGION = 1 << 1,
	KEYRING_TENANT = 1 << 2,
	KEYRING_RESPONDER = 1 << 3,
};

struct keyring_ground {
	struct realm *realm;
	struct seal *seal;
	struct journal *journal;
	const char *public_url;
	const struct log_context *why; /* of what is made here: who runs this process */
	struct hsm *hsm;               /* NULL: no token */
	unsigned in_token;             /* of enum keyring_use: made there */
	unsigned shards;               /* of the CRL of a tenant's CA that is made; 0 and 1: one */
};

struct delegate {
	const struct key *key;
	struct octets certificate; /* DER */
	int64_t not_after_s;       /* the certificate's end */
};

/* What a delegate is for, and the names that it carries. */
struct purpose {
	const char *profile; /* "responder", "responder-offline", "log", "cosigner", "service" */
	const char *name;    /* its CN, and its endpoint's name where the profile is named */
	enum key_kind kind;
	size_t dns_n, ip_n;
	const char *dns[TBS_NAMES_MAX - 1];
	struct octets ip[TBS_NAMES_MAX];
};

/* ground is copied, what it points to is lent for good. *ret to keyring_free(). Fault:
 * FAULT_INTERNAL. */
bool keyring_new(
    const struct keyring_ground *ground, struct keyring **ret, struct fault *f) CHECKED;
void keyring_free(struct keyring *k); /* NULL is allowed */

/* Where the sealed file of a key lies. Fault: FAULT_INTERNAL the path is too long. */
bool keyring_path(const struct realm *r, const uint8_t id[static TBS_KEY_ID_OCTETS],
    char to[static REALM_PATH_MAX], struct fault *f) CHECKED;

/*
 * A new key with its file: before any certificate, since one for a key that is lost would be worse
 * than a file too many. whose is the CA's label, for people who look into the token. elsewhere is
 * where its file goes, or NULL. *ret to key_free(). Faults: FAULT_CONFLICT elsewhere exists,
 * FAULT_BADREQ it would hold a token's key, those of key_new_in(), FAULT_INTERNAL.
 */
bool keyring_new_key(struct keyring *k, enum keyring_use use, enum key_kind kind, const char *whose,
    const char *elsewhere, struct key **ret, struct fault *f) CHECKED;

/* The CA key_id with its key; lent. Faults: FAULT_NOTFOUND no such CA, or a root's key is
 * not here (it is offline), FAULT_INTERNAL another's is not, FAULT_AUTH and the other faults of
 * key_read(). */
bool keyring_issuer(struct keyring *k, const uint8_t id[static TBS_KEY_ID_OCTETS],
    const struct issuer **ret, struct fault *f) CHECKED;
/* A CA that was just made: by is taken, its key too. */
bool keyring_keep(struct keyring *k, struct issuer *by, struct key *key, struct fault *f) CHECKED;

/*
 * The delegate of the CA authority for p: made where there is none, renewed where it is due (two
 * commits of its own then, in the ledger of that CA). A due one that cannot be renewed serves until
 * it expires, and one whose time is not now never does. Lent until the next call for the same
 * delegate. Faults: those of
 * keyring_issuer() and issue_now().
 */
bool keyring_delegate(struct keyring *k, const struct authority *of, const struct purpose *p,
    int64_t now_s, struct delegate *ret, struct fault *f) CHECKED;

/* Append the certificate of a delegate that is on record, without its key: any reader may ask.
 * Faults: FAULT_NOTFOUND there is none, or none that is good; FAULT_INTERNAL. */
bool keyring_certificate(struct realm *r, const struct authority *of, const struct purpose *p,
    struct bytes *ret, struct fault *f) CHECKED;

/* The serials of all that it ever had for p, the present one too, appended. Fault: FAULT_INTERNAL.
 */
bool keyring_past(struct realm *r, const struct authority *of, const struct purpose *p,
    struct bytes *ret, struct fault *f) CHECKED;

/* Forget every issuer and delegate whose records are in l: it is about to be closed. */
void keyring_drop(struct keyring *k, const struct ledger *l);

const struct keyring_ground *keyring_ground(const struct keyring *k);

#endif
