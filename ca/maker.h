/*
 * ca/maker.h - the manufacturers whose devices a tenant takes: TABLE_MAKER.
 *
 * A maker is a name and a root (or another CA) that its devices' IDevIDs end
 * in. The tenant's ledger has its makers; the platform's has a row for each too,
 * found by the root's Name, since a TLS handshake says nothing of a tenant. What
 * stands in one of both alone lets nobody in.
 */
#ifndef QUATRAIN_CA_MAKER_H
#define QUATRAIN_CA_MAKER_H

#include "ca/idevid.h"
#include "ca/realm.h"

#define MAKER_MAX IDEVID_ROOTS_MAX /* of one tenant */

struct maker {
	char name[TEXT_LABEL_MAX];
	int64_t added_s;
	uint64_t log_index; /* of maker.added */
	char by[PROVENANCE_TEXT_MAX];
	struct octets certificate; /* DER; lent from the row */
};

bool maker_read(struct octets key, struct octets value, struct maker *ret);
/* A row of the platform's. */
bool maker_read_index(struct octets key, struct octets value, struct octets *ret_certificate);

/* m is tenant's, into both batches. Faults: those of idevid_root(); FAULT_CONFLICT the name or the
 * root is there; FAULT_LIMIT there are MAKER_MAX; FAULT_INTERNAL */
bool maker_add(struct realm *r, const char *tenant, const struct maker *m, struct fault *f) CHECKED;
/* Its devices stay registered, and cannot come in. Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool maker_remove(struct realm *r, const char *tenant, const char *name,
    uint8_t ret_digest[static IDEVID_DIGEST_OCTETS], struct fault *f) CHECKED;

/*
 * Whose device holds leaf, by the makers of l's tenant. name: of the maker.
 * Faults: those of idevid_verify(), FAULT_AUTH the tenant has no makers
 */
bool maker_vouch(struct ledger *l, struct octets leaf, struct octets above, int64_t now_s,
    struct idevid *ret, char name[static TEXT_LABEL_MAX], struct fault *f) CHECKED;

/* Is leaf's by a maker of any tenant? For a handshake. Faults as above. */
bool maker_known(struct realm *r, struct octets leaf, struct octets above, int64_t now_s,
    struct fault *f) CHECKED;

#endif
