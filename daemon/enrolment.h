/*
 * daemon/enrolment.h - what the first enrolment (cli_enroll.c), renewal (cli_renew.c) and the
 * daemon (cli_daemon.c) share.
 */
#ifndef QUATRAIN_DAEMON_ENROLMENT_H
#define QUATRAIN_DAEMON_ENROLMENT_H

#include "daemon/cli_table.h"
#include "daemon/credential.h"
#include "daemon/enrol_code.h"
#include "daemon/est_client.h"
#include "daemon/est_trust.h"

/* One enrolment under way. All is owned but inv, dir, url and what is lent by them; to
 * enrolment_free(). */
struct enrolment {
	const struct invocation *inv;
	const char *dir;
	bool (*stop)(void);     /* or NULL; true ends what is under way */
	struct enrol_code code; /* of --code */
	const char *url;        /* lent by inv or code */
	struct est_place at;
	struct secret token;
	struct est_token says; /* what the token says openly */
	const char *device;    /* lent by inv or says; "" where nobody says */
	STACK_OF(X509) * roots;
	STACK_OF(X509) * known; /* the service's CA certificates */
	struct est_attrs attrs; /* what the service wants in the request */
	EVP_PKEY *key;
	X509 *leaf;             /* the new certificate; NULL: not decided yet */
	STACK_OF(X509) * chain; /* leaf first, root last */
	int64_t retry_after_s;  /* of the last answer; -1: not said */
	const char *next;       /* what to do about a refusal, or NULL */
	bool locked;            /* dir is ours */
	int lock;
};

/* How a certificate is asked for. All is lent. */
struct enrolment_way {
	const char *operation;
	const char *user;         /* HTTP Basic with e->token, or NULL */
	const char *cert, *key;   /* PEM files of a client certificate, or NULL */
	const X509 *like;         /* a renewal: of this certificate */
	const X509_NAME *subject; /* what nobody says better, or NULL: CN=e->device */
	/* Fill in e->key, as e->attrs has it. */
	bool (*settle_key)(struct enrolment *e, struct fault *f);
};

/* Take the roots from a file that holds them alone. Faults: of credential_certs_read(). */
bool enrolment_roots(struct enrolment *e, const char *path, struct fault *f) CHECKED;

/* A connection that trusts e->roots alone, as peer says besides. Faults: of fetch_new(). */
bool enrolment_fetch(const struct enrolment *e, struct fetch_peer *peer, struct fetch **ret,
    struct fault *f) CHECKED;

/*
 * Ask once, all over one connection: the CA certificates, what the service wants, the certificate;
 * and prove what comes. Fills in known, attrs, key, leaf (NULL where it waits), chain and
 * retry_after_s. Faults: of all that it does; e->next is the caller's.
 */
bool enrolment_ask(struct enrolment *e, const struct enrolment_way *way, struct fault *f) CHECKED;

/* Append cert.pem's text: the chain without its root. Fault: FAULT_INTERNAL. */
bool enrolment_chain_pem(const struct enrolment *e, struct bytes *ret, struct fault *f) CHECKED;
/* Write root.pem: the roots, and one that they lead to. Fault: FAULT_INTERNAL. */
bool enrolment_save_roots(struct enrolment *e, struct fault *f) CHECKED;

/* A new key at name in e->dir, of the kind that --key, the code or the service says. */
bool enrolment_new_key(struct enrolment *e, const char *name, struct fault *f) CHECKED;

/* Tell what was done; what is "Enrolled" or "Renewed". */
void enrolment_tell(const struct enrolment *e, const char *what);

/* The serial and the end of the certificate that came, as texts. */
void enrolment_facts(
    const struct enrolment *e, char serial[static 64], char end[static TEXT_TIME_MAX]);

void enrolment_free(struct enrolment *e);

/* Hold dir, if e does not yet; until enrolment_unlock() or enrolment_free(). Faults: those of
 * credential_lock(). */
bool enrolment_lock(struct enrolment *e, struct fault *f) CHECKED;
void enrolment_unlock(struct enrolment *e);

/* daemon/cli_enroll.c: ask once for the first certificate, and keep it where it comes. Sets
 * e->next. */
bool enrolment_first(struct enrolment *e, struct fault *f) CHECKED;
/* daemon/cli_renew.c: the same for the next one. */
bool enrolment_renew(struct enrolment *e, struct fault *f) CHECKED;
/* Bring a renewal that was cut to its end. */
bool enrolment_finish(const char *dir, struct fault *f) CHECKED;

/* daemon/cli_daemon.c: enroll --daemon. Returns the exit status. */
int enrolment_daemon(const struct invocation *inv);

#endif
