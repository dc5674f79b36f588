/*
 * ca/hsm.h - private keys in a token: a PKCS #11 module, loaded into this process.
 *
 * The only user of pkcs11.h (PKCS #11 2.40). One session, one login, one thread. A key made here
 * is P-256, sensitive, never extractable, and may only sign; CKA_ID is our key
 * identifier. Where the token forgot the session, or was away, a use opens and
 * logs in once more, and then faults; a PIN that was refused is never tried
 * again (ca/pin.h). Signer and init only.
 */
#ifndef QUATRAIN_CA_HSM_H
#define QUATRAIN_CA_HSM_H

#include "ca/oid.h"
#include "ca/pin.h"
#include "ca/tbs.h"

#define HSM_LABEL_MAX        33 /* of a token, the NUL included */
#define HSM_SIGNATURE_OCTETS 64 /* r and s, each 32 */

struct hsm;

struct hsm_key {
	uint8_t id[TBS_KEY_ID_OCTETS];
	uint8_t spki[SPKI_P256_OCTETS];
	unsigned long handle, session; /* of the session in which it was found */
};

/*
 * Load module (an absolute path), find the one token of that label, log in. pin
 * is taken, also on failure. *ret to hsm_close().
 * Faults: FAULT_AUTH the token refused the PIN, now or before, or would lock with one more wrong
 *         one; FAULT_NOTFOUND no such module or token; FAULT_CONFLICT two tokens of that label;
 *         FAULT_INTERNAL, with the CKR code.
 */
bool hsm_open(const char *module, const char *token, struct pin *pin, struct hsm **ret,
    struct fault *f) CHECKED;
void hsm_close(struct hsm *h); /* NULL is allowed */
const char *hsm_token(const struct hsm *h);

/* Make a key; label is what its objects are called there. Fault: FAULT_INTERNAL. */
bool hsm_make(struct hsm *h, const char *label, struct hsm_key *ret, struct fault *f) CHECKED;
/* Destroy what hsm_make() made since the token was opened: a ceremony that failed. */
void hsm_unmake(struct hsm *h);

/* Faults: FAULT_NOTFOUND no such key in the token, FAULT_CONFLICT two, FAULT_DENIED it could leave
 * the token, FAULT_INTERNAL. */
bool hsm_find(struct hsm *h, const uint8_t id[static TBS_KEY_ID_OCTETS], struct hsm_key *ret,
    struct fault *f) CHECKED;

/* Is there a private key of that id? Cheaper than finding it. Faults: FAULT_NOTFOUND,
 * FAULT_CONFLICT, FAULT_INTERNAL. */
bool hsm_has(struct hsm *h, const uint8_t id[static TBS_KEY_ID_OCTETS], struct fault *f) CHECKED;

/* CKM_ECDSA over a digest. k is found anew where the session is another. Faults: those of
 * hsm_find(), FAULT_AUTH. */
bool hsm_sign(struct hsm *h, struct hsm_key *k, const uint8_t digest[static 32],
    uint8_t to[static HSM_SIGNATURE_OCTETS], struct fault *f) CHECKED;

#endif
