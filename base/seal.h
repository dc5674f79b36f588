/*
 * base/seal.h - keys at rest: Argon2id makes the sealing key, secretbox seals.
 *
 * One seal serves a data folder: its parameters (salt, ops, memory) are chosen
 * when it is made and stand in each sealed file, so that a file can be opened
 * alone, with the same passphrase, anywhere. The derived key is kept in guarded
 * memory and reused for files with the same parameters; a seal that reads before
 * it writes goes on with the salt that it found, so that a folder keeps one salt
 * and a start costs one derivation.
 *
 * File: PEM "QUATRAIN SEALED KEY" around: version 1 (u8), ops (u64), memory
 * octets (u64), salt (16), nonce (24), secretbox of the key's octets.
 */
#ifndef QUATRAIN_BASE_SEAL_H
#define QUATRAIN_BASE_SEAL_H

#include "base/secret.h"

enum seal_strength {
	SEAL_RANDOM,     /* 256 random bits: stretching adds nothing, so Argon2id at its minimum */
	SEAL_PASSPHRASE, /* a person chose it: Argon2id MODERATE, 256 MiB and about 0.4 s */
};

struct seal;

/* passphrase is copied. *ret to seal_free(). Faults: FAULT_BADREQ it is empty, FAULT_INTERNAL. */
bool seal_new(const struct secret *passphrase, enum seal_strength strength, struct seal **ret,
    struct fault *f) CHECKED;

/* Write key to path: a new file, 0600, fsynced with its folder. Faults: FAULT_CONFLICT it exists,
 * FAULT_INTERNAL. */
bool seal_write(
    struct seal *s, const char *path, const struct secret *key, struct fault *f) CHECKED;
/* Open path; *ret to secret_free(). Faults: FAULT_NOTFOUND, FAULT_AUTH wrong passphrase or altered
 * file, FAULT_BADREQ not a sealed key, FAULT_INTERNAL. */
bool seal_read(struct seal *s, const char *path, struct secret *ret, struct fault *f) CHECKED;

void seal_free(struct seal *s); /* NULL is allowed */

#endif
