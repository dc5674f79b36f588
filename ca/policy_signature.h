/*
 * ca/policy_signature.h - a policy's signature, detached: whose word a policy is.
 *
 * A verifier key is a line NAME+HASH+BASE64, a signature a line "— NAME BASE64" (C2SP signed-note),
 * both of Ed25519 (RFC 8032). What is signed is the file, octet by octet. Lines of keys that nobody
 * trusts harm nothing.
 */
#ifndef QUATRAIN_CA_POLICY_SIGNATURE_H
#define QUATRAIN_CA_POLICY_SIGNATURE_H

#include "ca/note.h"

#define POLICY_SIGNATURE_LINES 16

struct policy_key {
	char name[LOG_ORIGIN_MAX];
	uint8_t hash[4], key[32];
};

/* A verifier key, as configured. Fault: FAULT_BADREQ what was expected, FAULT_INTERNAL. */
bool policy_key_read(const char *vkey, struct policy_key *ret, struct fault *f) CHECKED;

/* Does any of n keys stand behind text? Faults: FAULT_DENIED there is no signature, none of them
 * signed, or what one signed is another text; FAULT_BADREQ no lines of signatures; FAULT_INTERNAL
 */
bool policy_signed(struct octets text, struct octets signature, const struct policy_key *keys,
    size_t n, struct fault *f) CHECKED;

#endif
