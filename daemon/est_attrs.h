/*
 * daemon/est_attrs.h - what a service wants to see in a request (csrattrs), read by a client.
 *
 * Where the answer holds a certificationRequestInfoTemplate, that alone counts
 * (RFC 9908 section 3.4); else the list does (RFC 7030 section 4.5.2, RFC 8951 section
 * 4). What this client does not know is passed over, as RFC 7030 has it; a key of a
 * kind that it cannot make is refused.
 */
#ifndef QUATRAIN_DAEMON_EST_ATTRS_H
#define QUATRAIN_DAEMON_EST_ATTRS_H

#include <openssl/x509.h>

#include "base/bytes.h"

#define EST_ATTRS_MAX 16384 /* octets of DER; ours are under 1 KiB */

enum est_key { EST_KEY_ANY, EST_KEY_P256, EST_KEY_RSA };

struct est_attrs {
	enum est_key key;
	unsigned rsa_bits;           /* of EST_KEY_RSA; 0: not said */
	bool binding;                /* challengePassword is asked for (RFC 7030 section 3.5) */
	X509_NAME *subject;          /* owned; NULL: not said */
	X509_EXTENSIONS *extensions; /* owned; NULL: not said */
};

/*
 * Read a body in base64. An attribute CN that the template leaves open becomes cn. *ret to
 * est_attrs_free(). Faults: FAULT_BADREQ, FAULT_LIMIT, FAULT_INTERNAL.
 */
bool est_attrs_parse(
    struct octets body, const char *cn, struct est_attrs *ret, struct fault *f) CHECKED;
void est_attrs_free(struct est_attrs *a); /* empty is allowed */

#endif
