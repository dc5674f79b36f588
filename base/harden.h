/*
 * base/harden.h - a short secret made hard to guess: Argon2id (RFC 9106), version 1.3.
 *
 * For PINs and badges, of which there are few: whoever steals what is stored, and the key that was
 * used before (a keyed hash, elsewhere), still pays HARDEN_MEMORY and about 20 ms for each guess.
 * It takes that long here too, so it has no place on a loop.
 */
#ifndef QUATRAIN_BASE_HARDEN_H
#define QUATRAIN_BASE_HARDEN_H

#include "base/bytes.h"

#define HARDEN_SALT   16
#define HARDEN_OCTETS 32
#define HARDEN_MEMORY (16u << 20) /* octets */
#define HARDEN_PASSES 2

/* Fault: FAULT_INTERNAL no memory. */
bool harden(struct octets secret, const uint8_t salt[static HARDEN_SALT],
    uint8_t ret[static HARDEN_OCTETS], struct fault *f) CHECKED;

#endif
