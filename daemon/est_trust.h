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
 * leaf chains to root, and to nothing else, through certs, now. *ret is the chain, leaf first and
 * root last, to credential_certs_free(). Faults: FAULT_DENIED, with libcrypto's reason;
 * FAULT_INTERNAL.
 */
bool est_trust_chain(
    X509 *leaf, STACK_OF(X509) * certs, X509 *root, STACK_OF(X509) * *ret, struct fault *f) CHECKED;

#endif
