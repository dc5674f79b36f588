/*
 * daemon/radius.h - what lies beneath a CA, and would be stopped or ended with it.
 */
#ifndef QUATRAIN_DAEMON_RADIUS_H
#define QUATRAIN_DAEMON_RADIUS_H

#include "ca/level.h"
#include "daemon/signer.h"

struct radius {
	uint64_t tenants;
	struct census census;
	uint64_t connections; /* live now, of client certificates, on all edges */
	bool platform;        /* the service's own tenant lies beneath: operators by certificate */
	bool all;             /* false: there was no time to count every tenant beneath */
};

/* All beneath these CAs, which are of one level. Counters are read, not certificates. Fault:
 * FAULT_INTERNAL. */
bool radius_of(struct signer *s, const struct level_cas *cas, int64_t now_s, struct radius *ret,
    struct fault *f) CHECKED;

/* As members of a JSON object. */
void radius_put(struct json *j, const struct radius *r);

/* Where the CA above a is an offline root, what its CRL will not say. Fault: FAULT_INTERNAL. */
bool radius_note(
    struct signer *s, const struct authority *a, struct json *answer, struct fault *f) CHECKED;

#endif
