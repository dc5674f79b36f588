/*
 * ca/realm.h - all ledgers of one service, and who issued what.
 *
 * The platform's ledger is opened at once, a tenant's when it is first asked
 * for, so that a start costs the same with ten tenants and ten thousand.
 */
#ifndef QUATRAIN_CA_REALM_H
#define QUATRAIN_CA_REALM_H

#include "ca/ledger.h"

#define REALM_PATH_MAX  512
#define REALM_CHAIN_MAX 3

struct realm;

/* A tenant as the platform's ledger knows it. */
struct tenant {
	char name[TEXT_LABEL_MAX];
	uint8_t key_id[TBS_KEY_ID_OCTETS]; /* of its CA */
	enum constraint_mode constraints;
	int64_t created_s, not_after_s; /* of its CA */
};

struct realm_chain {
	size_t n;
	struct bytes der[REALM_CHAIN_MAX]; /* nearest first: tenant, region, root */
};

/*
 * data is the service's folder. STORE_CREATE is init's, STORE_WRITE the
 * signer's, STORE_READ everybody else's.
 * Faults: FAULT_NOTFOUND no ceremony took place there, FAULT_DENIED the tenants' folder or a store
 * is not ours alone to write, FAULT_INTERNAL
 */
bool realm_open(
    const char *data, enum store_mode mode, struct realm **ret, struct fault *f) CHECKED;
void realm_close(struct realm *r); /* NULL is allowed */

/* Domain, region and organisation as the ceremony recorded them. */
const struct name_space *realm_space(const struct realm *r);
/* Into the batch of the platform's ledger, once, at the ceremony. Fault: FAULT_INTERNAL. */
bool realm_set_space(struct realm *r, const struct name_space *ns, struct fault *f) CHECKED;

const char *realm_data(const struct realm *r);
struct ledger *realm_platform(struct realm *r);
/* By its name (ca/ledger_name.h). Lent. Faults: FAULT_NOTFOUND no such tenant, or it has no
 * activity yet; FAULT_INTERNAL. */
bool realm_ledger(
    struct realm *r, const char *tenant, struct ledger **ret, struct fault *f) CHECKED;
/* The activity ledger of a tenant, to write to: made where there is none. Lent. Faults: as
 * realm_ledger(). */
bool realm_activity(
    struct realm *r, const char *tenant, struct ledger **ret, struct fault *f) CHECKED;
/* Lent; NULL where it is not open: for who only looks. */
struct ledger *realm_peek(struct realm *r, const char *tenant);
/*
 * Show look the ledger of tenant: the open one or, where none is, one that is
 * open for reading for the length of the call. Neither settles it nor asks for
 * a tenant's row. Faults: FAULT_NOTFOUND no such folder, FAULT_INTERNAL; look's
 */
typedef bool realm_look(void *with, struct ledger *l, struct fault *f);
bool realm_visit(
    struct realm *r, const char *tenant, realm_look *look, void *with, struct fault *f) CHECKED;
/* Close and forget a tenant that did not come to be. */
void realm_drop(struct realm *r, const char *tenant);
/* Called by realm_ledger() until it succeeds, for each ledger of a writer: it settles what an
 * earlier life left. */
void realm_on_open(
    struct realm *r, bool (*settle)(void *with, struct ledger *l, struct fault *f), void *with);
/* Each ledger of a writer, those that are open and those to come, tells it of what it must not
 * forget: see ledger_on_event(). */
void realm_on_event(struct realm *r, ledger_told *told, void *with);
/* Make the store of a tenant that is about to be; what an interrupted try left there is removed. */
bool realm_make(struct realm *r, const char *tenant, struct ledger **ret, struct fault *f) CHECKED;
/* Each ledger that is open: the signer's commit. Stops at the first false. */
bool realm_each(struct realm *r, bool (*visit)(void *with, struct ledger *l), void *with);

/* Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool realm_tenant(struct realm *r, const char *name, struct tenant *ret, struct fault *f) CHECKED;
bool realm_put_tenant(struct realm *r, const struct tenant *t, struct fault *f) CHECKED;
/* One that is there: it has another CA now. */
bool realm_move_tenant(struct realm *r, const struct tenant *t, struct fault *f) CHECKED;
/* Append the labels of all tenants, the platform's among them, a NUL behind each. Fault:
 * FAULT_INTERNAL. */
bool realm_labels(struct realm *r, struct bytes *ret, struct fault *f) CHECKED;
/* The same of all ledgers: behind a label the name of its activity's, where there is one. */
bool realm_ledgers(struct realm *r, struct bytes *ret, struct fault *f) CHECKED;
/* Has it one? name is a label. */
bool realm_has_activity(struct realm *r, const char *tenant);
bool realm_read_tenant(struct octets key, struct octets value, struct tenant *ret);

bool realm_authority(struct realm *r, const uint8_t key_id[static TBS_KEY_ID_OCTETS],
    struct authority *ret, struct fault *f) CHECKED;
/* By issuerKeyHash and issuerNameHash of a CertID, SHA-1 (20 octets) or SHA-256 (32). */
bool realm_issuer(struct realm *r, struct octets key_hash, struct octets name_hash,
    struct authority *ret, struct fault *f) CHECKED;
/* The rows by which realm_issuer() finds a. Fault: FAULT_INTERNAL. */
bool realm_put_issuer(
    struct realm *r, const struct authority *a, struct octets certificate, struct fault *f) CHECKED;

/* The ledger that records what a issues: the tenant's, or the platform's. Lent. */
bool realm_records(
    struct realm *r, const struct authority *a, struct ledger **ret, struct fault *f) CHECKED;
/* A CA's own certificate, appended. */
bool realm_ca_certificate(
    struct realm *r, const struct authority *a, struct bytes *ret, struct fault *f) CHECKED;
/* From key_id's CA up to the root. *ret to realm_chain_free(). */
bool realm_chain(struct realm *r, const uint8_t key_id[static TBS_KEY_ID_OCTETS],
    struct realm_chain *ret, struct fault *f) CHECKED;
void realm_chain_free(struct realm_chain *c);
/* The same as PEM, appended; the root is left out where whoever reads it brings their own. */
bool realm_chain_pem(struct realm *r, const uint8_t key_id[static TBS_KEY_ID_OCTETS], bool root,
    struct bytes *ret, struct fault *f) CHECKED;

/* True if the CA and each above it are good now. Faults: FAULT_DENIED which is not, FAULT_INTERNAL.
 */
bool realm_authority_good(
    struct realm *r, const struct authority *a, int64_t now_s, struct fault *f) CHECKED;

#endif
