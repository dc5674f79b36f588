/*
 * daemon/verifier.h - a PIN or a badge becomes a verifier: the signer's key, then Argon2id.
 *
 * The signer hashes it under a key of the tenant's that nobody else has, so that what is stolen
 * with a spool or a ledger cannot even be guessed at; a thread of who asked makes that hard
 * (base/harden.h), so that a stolen key alone is not enough. What is hashed is the SHA-256 of what
 * a person types or a reader reads, which is how print clients may send a PIN (PWG 5100.11
 * job-password-encryption).
 */
#ifndef QUATRAIN_DAEMON_VERIFIER_H
#define QUATRAIN_DAEMON_VERIFIER_H

#include "base/exchange.h"
#include "base/harden.h"
#include "base/secret.h"
#include "daemon/pool.h"
#include "relay/release.h"

#define VERIFIER_KEYED 32
/* Of all relays together, in the signer: more than people type, and few for one who guesses. */
#define VERIFIER_BURST  1000
#define VERIFIER_EACH_S 100

/* The signer's part. Fault: FAULT_INTERNAL. */
bool verifier_key(const struct secret *token_key, const char *tenant, struct octets secret,
    uint8_t ret[static VERIFIER_KEYED], struct fault *f) CHECKED;

/* The question to the signer into x->ask, but its then; and its answer, lent. Faults:
 * FAULT_INTERNAL. */
bool verifier_ask(
    struct exchange *x, const char *tenant, struct octets secret, struct fault *f) CHECKED;
bool verifier_answer(struct octets answer, struct octets *ret, struct fault *f) CHECKED;
/* The thread's part, by p. Fault: FAULT_BUSY. */
bool verifier_harden(struct pool *p, struct release_work *w, struct fault *f) CHECKED;

#endif
