/*
 * ca/inventory.h - which private keys there are, where each lives, and what it is for.
 *
 * Told from the ledgers, not from the folder: so a key that is gone is named,
 * too. A CA's own key comes first, then its delegates' (responder, log,
 * service), then those that others took the place of. Signer and init only.
 */
#ifndef QUATRAIN_CA_INVENTORY_H
#define QUATRAIN_CA_INVENTORY_H

#include "ca/keyring.h"

#define INVENTORY_OLD_MAX 100 /* superseded keys of one CA that are told */

enum inventory_where {
	INVENTORY_FILE,
	INVENTORY_TOKEN,
	INVENTORY_OFFLINE, /* the root's, which the ceremony put elsewhere */
	INVENTORY_MISSING, /* named by a ledger, and not where it should be */
};

struct inventory_key {
	uint8_t id[TBS_KEY_ID_OCTETS];
	const char *kind; /* "root", "region", "tenant", "responder", "log", "cosigner", ... */
	const char *of;   /* the CA's label, lent for the call */
	enum inventory_where where;
	char token[HSM_LABEL_MAX]; /* where the file names one, also for a missing key */
	bool online;               /* the service cannot do all its work without it */
	const char *state; /* "in use", "superseded", or why not: "revoked", "held", "expired" */
	int64_t since_s, until_s; /* its certificate's time */
};

typedef bool inventory_visit(void *with, const struct inventory_key *key); /* false: enough */

/* All of one CA; all: the superseded, too. Fault: FAULT_INTERNAL. */
bool inventory_authority(struct keyring *k, const struct authority *a, bool all, int64_t now_s,
    inventory_visit *visit, void *with, struct fault *f) CHECKED;

const char *inventory_where_word(enum inventory_where where); /* "file", "token", ... */

#endif
