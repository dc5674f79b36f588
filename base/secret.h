/*
 * base/secret.h - octets that nobody else may see: guarded, locked, wiped.
 *
 * The only user of sodium_malloc. A secret is never logged, never put into an
 * argument list or the environment, and compared in constant time.
 */
#ifndef QUATRAIN_BASE_SECRET_H
#define QUATRAIN_BASE_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"

struct secret {
	uint8_t *at; /* in guarded memory; NULL when empty */
	size_t n;
};

/* Once per process, before anything else here: libsodium, no core dumps. Fault: FAULT_INTERNAL. */
bool secret_start(struct fault *f) CHECKED;

/* n octets of zero, to secret_free(). Fault: FAULT_INTERNAL. */
bool secret_new(size_t n, struct secret *ret, struct fault *f) CHECKED;
/* n octets of the CSPRNG. Fault: FAULT_INTERNAL. */
bool secret_random(size_t n, struct secret *ret, struct fault *f) CHECKED;
/* A copy of o. Fault: FAULT_INTERNAL. */
bool secret_copy(struct octets o, struct secret *ret, struct fault *f) CHECKED;
/* The first line of a file without its line end. Faults: FAULT_NOTFOUND, FAULT_INTERNAL unreadable,
 * FAULT_BADREQ empty or over 1024 octets. */
bool secret_read_line(const char *path, struct secret *ret, struct fault *f) CHECKED;
/* The same of a file that is open, from where it stands. Faults: FAULT_INTERNAL, FAULT_BADREQ. */
bool secret_read_line_of(int fd, struct secret *ret, struct fault *f) CHECKED;
/* Asks on the terminal, without echo. Faults: FAULT_NOTFOUND no terminal, FAULT_INTERNAL
 * interrupted, FAULT_BADREQ empty or over 1024 octets. */
bool secret_ask(const char *prompt, struct secret *ret, struct fault *f) CHECKED;
/* In constant time for equal lengths; an empty secret equals nothing, not even itself. */
bool secret_same(const struct secret *s, struct octets o);
struct octets secret_octets(const struct secret *s); /* lent */
void secret_free(struct secret *s);                  /* wiped; empty is allowed */
void secret_wipe(void *at, size_t n);

/* CSPRNG octets that are not secret: serials, ids. */
void secret_nonce(void *at, size_t n);

/* A short hash for tables in memory; who does not know the seed cannot choose keys that collide. */
#define SECRET_SEED_OCTETS 16
uint64_t secret_hash(const uint8_t seed[static SECRET_SEED_OCTETS], struct octets o);

#endif
