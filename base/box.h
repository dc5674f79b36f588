/*
 * base/box.h - a few octets at rest that nobody else may read, under a key that is in memory.
 *
 * nonce (24), secretbox (XSalsa20-Poly1305) of the octets. The key of a use is made of the given
 * one (keyed BLAKE2b), so that what is sealed for one use opens for no other.
 */
#ifndef QUATRAIN_BASE_BOX_H
#define QUATRAIN_BASE_BOX_H

#include "base/secret.h"

/* Appended to ret. key has 32 octets. Fault: FAULT_INTERNAL. */
bool box_seal(const struct secret *key, const char *use, struct octets plain, struct bytes *ret,
    struct fault *f) CHECKED;
/* Appended to ret. Faults: FAULT_AUTH another key or use, or altered, FAULT_INTERNAL. */
bool box_open(const struct secret *key, const char *use, struct octets box, struct bytes *ret,
    struct fault *f) CHECKED;

#endif
