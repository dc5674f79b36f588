/*
 * ca/issue.h - from a wish to a certificate, in the only order there is.
 *
 * The order is held by a ticket: prepared (filled in and linted), intended (its
 * octets in the ledger, durable), signed, issued (certificate, standing and log
 * entry in one commit). A step out of order is FAULT_INTERNAL. So no signature
 * exists that has no recorded intent, and no certificate leaves that is not in
 * the log. Signer and init only.
 */
#ifndef QUATRAIN_CA_ISSUE_H
#define QUATRAIN_CA_ISSUE_H

#include "ca/cert.h"
#include "ca/journal.h"
#include "ca/log.h"
#include "ca/realm.h"

/* A CA that can sign here and now. */
struct issuer {
	struct authority a;
	const struct key *key;
	struct bytes certificate; /* DER; empty for a root that is yet to be made */
	struct cert facts;        /* of it, lent from certificate */
	struct ledger *ledger;    /* that records what it issues */
};

/* What is to be certified: all of it decided, nothing copied from a request but the key. */
struct wish {
	const struct profile *profile;
	const char *org;
	const char *unit, *common;       /* subject; of a named profile its templates say them */
	const struct endpoint *endpoint; /* whose names it carries; NULL for CAs and responders */
	struct octets spki;
	size_t dns_n, ip_n; /* names beside the endpoint's own */
	const char *dns[TBS_NAMES_MAX - 1];
	struct octets ip[TBS_NAMES_MAX];
	const struct constraints *constraints;
	const struct provenance
	    *provenance; /* into the ledger; into the certificate where the profile is named */
	const char *public_url;
	const struct name_space *space;
	int64_t late_s; /* a renewal: of what had ended so long before; for the entry */
};

struct ticket;

/*
 * Fill in and lint. self-signed where by->certificate is empty. *ret to ticket_free().
 * Faults: FAULT_BADREQ a name that does not fit, FAULT_DENIED the issuer has expired,
 *         FAULT_INTERNAL, a lint's finding among them
 */
bool issue_prepare(const struct issuer *by, const struct wish *w, int64_t now_s,
    struct ticket **ret, struct fault *f) CHECKED;
/* The intent into the batch of by->ledger; durable when that is committed. Fault: FAULT_INTERNAL.
 */
bool issue_intend(const struct issuer *by, struct ticket *t, struct fault *f) CHECKED;
/* The commit succeeded. */
void issue_intended(struct ticket *t);
/* Sign what was intended, by the profile of the intent and no other. Fault: FAULT_INTERNAL. */
bool issue_sign(const struct issuer *by, struct ticket *t, struct journal *j, int64_t now_s,
    struct fault *f) CHECKED;
/* Certificate, standing, registered key and log entry into the batch of by->ledger. Fault:
 * FAULT_INTERNAL. */
bool issue_record(const struct issuer *by, struct ticket *t, const struct log_context *why,
    int64_t now_s, uint64_t *ret_index, struct fault *f) CHECKED;

/* All of it, with two commits of its own. For what is rare: CAs, responders, the log's and the
 * service's keys. */
bool issue_now(const struct issuer *by, const struct wish *w, struct journal *j,
    const struct log_context *why, int64_t now_s, struct ticket **ret, struct fault *f) CHECKED;

/* The certificate's DER: lent, empty until it is signed; its serial; its notAfter. */
struct octets ticket_certificate(const struct ticket *t);
const uint8_t *ticket_serial(const struct ticket *t);
int64_t ticket_not_after(const struct ticket *t);
void ticket_free(struct ticket *t); /* NULL is allowed */

/* SHA-256 of the SubjectPublicKeyInfo: the key of TABLE_KEY. Fault: FAULT_INTERNAL. */
bool issue_key_digest(struct octets spki, uint8_t to[static 32], struct fault *f) CHECKED;

/*
 * What a death between intent and outcome left in l: each becomes abandoned
 * (answered as revoked, with a log entry); never signed again. Into l's batch.
 * *ret_n counts them. Fault: FAULT_INTERNAL.
 */
bool issue_abandon(struct ledger *l, const struct log_context *why, int64_t now_s, size_t *ret_n,
    struct fault *f) CHECKED;

#endif
