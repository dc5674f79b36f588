/*
 * daemon/est_trust.h - whom a new device trusts: a token names its service's root by hash.
 *
 * A token is SECRET.ROOT.TENANT.DEVICE (docs/api.md). ROOT is the base32 of the first
 * 16 octets of the root certificate's SHA-256: a second certificate with the
 * same 128 bits cannot be found, so the root may be fetched from anybody.
 */
#ifndef QUATRAIN_DAEMON_EST_TRUST_H
#define QUATRAIN_DAEMON_EST_TRUST_H

#include <openssl/x509.h>

#include "base/text.h"

#define EST_SECRET_CHARS 26
#define EST_ROOT_CHARS   26
#define EST_ROOT_OCTETS  16

struct est_token {
	char root[EST_ROOT_CHARS + 1]; /* all empty where the token is SECRET alone */
	char tenant[TEXT_LABEL_MAX];
	char device[TEXT_LABEL_MAX];
};

/* The parts of a token that are no secret. Fault: FAULT_BADREQ, without the token in it. */
bool est_token_read(struct octets token, struct est_token *ret, struct fault *f) CHECKED;

/* The self-signed certificate that root names; a reference of its own. Fault: FAULT_DENIED none is
 * it. */
bool est_trust_find(STACK_OF(X509) * certs, const char *root, X509 **ret, struct fault *f) CHECKED;

/*
 * leaf chains to one of roots, and to nothing else, through certs, now. *ret is the chain, leaf
 * first and root last, to credential_certs_free(). Faults: FAULT_DENIED, with libcrypto's reason;
 * FAULT_INTERNAL.
 */
bool est_trust_chain(X509 *leaf, STACK_OF(X509) * certs, STACK_OF(X509) * roots,
    STACK_OF(X509) * *ret, struct fault *f) CHECKED;

#define EST_ROOTS_MAX 4

/*
 * The next root (RFC 4210 section 4.4, RFC 7030 section 4.1.3): for each self-signed CA certificate
 * in certs that is not yet in roots, and for whose name and key certs holds another certificate
 * that a root has signed ("new with old"), both valid at now_s. Such a one is added to roots, up to
 * EST_ROOTS_MAX; a root that has ended is dropped while another is left. *ret_changed tells. Fault:
 * FAULT_INTERNAL.
 */
bool est_trust_follow(STACK_OF(X509) * roots, STACK_OF(X509) * certs, int64_t now_s,
    bool *ret_changed, struct fault *f) CHECKED;

#endif
