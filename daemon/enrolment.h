/*
 * daemon/enrolment.h - what the first enrolment (cli_enroll.c) and renewal (cli_renew.c) share.
 */
#ifndef QUATRAIN_DAEMON_ENROLMENT_H
#define QUATRAIN_DAEMON_ENROLMENT_H

#include "daemon/cli_table.h"
#include "daemon/credential.h"
#include "daemon/est_client.h"
#include "daemon/est_trust.h"

/* One enrolment under way. All is owned but inv and dir; to enrolment_free(). */
struct enrolment {
	const struct invocation *inv;
	const char *dir;
	struct est_place at;
	struct secret token;
	struct est_token says; /* what the token says openly */
	const char *device;    /* lent by inv or says */
	X509 *root;
	STACK_OF(X509) * known; /* the service's CA certificates */
	EVP_PKEY *key;
	struct bytes request;
	X509 *leaf;             /* the new certificate */
	STACK_OF(X509) * chain; /* leaf first, root last */
	const char *next;       /* what to do about a refusal, or NULL */
};

/* Take the root from a file that holds this one certificate. Faults: of credential_certs_read(). */
bool enrolment_root(struct enrolment *e, const char *path, struct fault *f) CHECKED;

/* A connection that trusts e->root alone, as peer says besides. Faults: of fetch_new(). */
bool enrolment_fetch(const struct enrolment *e, struct fetch_peer *peer, struct fetch **ret,
    struct fault *f) CHECKED;

/* Ask for the certificate and prove what comes: fills in leaf, known where it is empty, and chain.
 */
bool enrolment_ask(
    struct enrolment *e, struct fetch *c, const char *operation, struct fault *f) CHECKED;

/* Append cert.pem's text: the chain without its root. Fault: FAULT_INTERNAL. */
bool enrolment_chain_pem(const struct enrolment *e, struct bytes *ret, struct fault *f) CHECKED;

/* Tell what was done; what is "Enrolled" or "Renewed". */
void enrolment_tell(const struct enrolment *e, const char *what);

void enrolment_free(struct enrolment *e);

/* daemon/cli_renew.c: enroll --renew. Sets e->next. */
bool enrolment_renew(struct enrolment *e, struct fault *f) CHECKED;

#endif
