/*
 * ca/key.h - a private key of ours: made, sealed, opened, used. Signer and init only.
 *
 * P-256 for CAs, OCSP responders and the service; Ed25519 for a log. A key lives
 * in one of two ways: in guarded memory and a sealed file, or in a token
 * (ca/hsm.h), and then the file only says where, as an RFC 7512 URI. The key
 * never leaves this file but sealed, and to the one child that ends TLS.
 */
#ifndef QUATRAIN_CA_KEY_H
#define QUATRAIN_CA_KEY_H

#include "base/seal.h"
#include "ca/hsm.h"
#include "ca/tbs.h"

enum key_kind { KEY_P256, KEY_ED25519 };

struct key;

/* A new key. *ret to key_free(). Fault: FAULT_INTERNAL. */
bool key_new(enum key_kind kind, struct key **ret, struct fault *f) CHECKED;

/* A new P-256 key in the token h, which is lent as long as the key lives; label is its objects'.
 * Faults: those of hsm_make(). */
bool key_new_in(struct hsm *h, const char *label, struct key **ret, struct fault *f) CHECKED;

/*
 * Seal into / open from a file (base/seal.h, whose faults these are); a key in a token is written
 * as its URI, mode 0600. s may be NULL for such a key, h where there is no token: a URI then is
 * FAULT_NOTFOUND. Further faults of key_read(): those of key_uri_read() and hsm_find(),
 * FAULT_CONFLICT what the token signs is not by its public key.
 */
bool key_write(const struct key *k, struct seal *s, const char *path, struct fault *f) CHECKED;
bool key_read(
    struct seal *s, struct hsm *h, const char *path, struct key **ret, struct fault *f) CHECKED;

/* Is it in a token? */
bool key_is_in_token(const struct key *k);

/* The private key's PKCS #8 octets, for the edge's own TLS key alone. Faults: FAULT_DENIED it is in
 * a token and never leaves it, FAULT_INTERNAL. */
bool key_export(const struct key *k, struct secret *ret, struct fault *f) CHECKED;

/* DER SubjectPublicKeyInfo, lent as long as k lives; its key identifier. */
struct octets key_spki(const struct key *k);
const uint8_t *key_id(const struct key *k); /* TBS_KEY_ID_OCTETS */
enum key_kind key_kind(const struct key *k);

/* Append the signature over o: P-256 with SHA-256 as DER Ecdsa-Sig-Value; Ed25519 as 64 octets.
 * Faults: FAULT_INTERNAL, those of hsm_sign(). */
bool key_sign(const struct key *k, struct octets o, struct bytes *ret, struct fault *f) CHECKED;
#define KEY_DIGEST_OCTETS 32
/* The same by a P-256 key over what has this SHA-256 digest: for what is too long to be held at
 * once. Faults: FAULT_INTERNAL, also for another kind of key; those of hsm_sign(). */
bool key_sign_digest(const struct key *k, const uint8_t digest[static KEY_DIGEST_OCTETS],
    struct bytes *ret, struct fault *f) CHECKED;

void key_free(struct key *k); /* wiped; NULL is allowed */

#endif
