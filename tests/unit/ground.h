/*
 * tests/unit/ground.h - a whole service in a scratch folder: root, region, platform, tenant acme.
 *
 * Made in this process by ca/found.h, as the ceremony makes it. One process
 * must not use a store that it opened before a fork, so a ground belongs into a
 * checked fixture, which check runs in the test's own process.
 */
#ifndef QUATRAIN_TESTS_UNIT_GROUND_H
#define QUATRAIN_TESTS_UNIT_GROUND_H

#include "ca/found.h"
#include "policy/identity.h"
#include "tests/unit/scratch.h"

#define GROUND_NOW_S INT64_C(1900000000) /* March 2030; libcrypto is told it, never asked */
#define GROUND_URL   "http://ca.example.org"

/* What was certified: room of its own, so that it outlives every ticket. */
struct ground_cert {
	struct bytes der;
	uint8_t serial[TBS_SERIAL_OCTETS];
	struct key *key;
};

struct ground {
	char dir[SCRATCH_PATH_MAX];
	struct realm *realm;
	struct seal *seal;
	struct hsm *hsm;   /* lent; set it, and in_token, before ground_make() */
	unsigned in_token; /* of enum keyring_use */
	struct journal journal;
	struct keyring *keys;
	struct log_context why;
	const struct issuer *root, *region, *platform, *acme;
	int64_t now_s;
	struct ground_cert leaf[8]; /* what ground_leaf() made, freed with the ground */
	size_t leaf_n;
};

void ground_new(struct ground *g);
/* The same with what g has in hsm, in_token and nothing else. */
void ground_make(struct ground *g);
void ground_free(struct ground *g);

/* One more tenant. */
const struct issuer *ground_tenant(struct ground *g, const char *name, enum constraint_mode mode);
/* An endpoint's certificate by by, made and recorded at g->now_s; lent until ground_free(). */
const struct ground_cert *ground_leaf(
    struct ground *g, const struct issuer *by, const char *kind, const char *name);
/* An operator with a role, and its certificate. */
const struct ground_cert *ground_operator(
    struct ground *g, const char *name, enum identity_role role);
/* A wish that can be granted: the endpoint kind/name of by, with key's public key. */
struct wish ground_wish(struct ground *g, const struct issuer *by, struct endpoint *e,
    struct provenance *from, struct octets spki);
/* Revoke and commit. */
void ground_revoke(struct ground *g, struct ledger *l, const uint8_t *serial, uint8_t reason);
void ground_commit(struct ledger *l);
/* A tenant or a region stops, or goes on; committed. */
void ground_suspend(struct ground *g, enum level level, const char *label, bool resume);
/* The realm again, as another process reads it: its own store handle, to realm_close(). The ground
 * must be closed first with ground_shut(), since no process opens a store twice. */
void ground_shut(struct ground *g);
/* What was shut, as a service that starts finds it. Its issuers are others now. */
void ground_again(struct ground *g);

#endif
