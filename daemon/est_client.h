/*
 * daemon/est_client.h - EST (RFC 7030, RFC 8951) as a client: cacerts, csrattrs,
 * simpleenroll, simplereenroll.
 *
 * The service is as untrusted as any peer here: bodies are bounded, base64 and
 * CMS are decoded to the last octet. Who the service is, is est_trust.h's affair.
 */
#ifndef QUATRAIN_DAEMON_EST_CLIENT_H
#define QUATRAIN_DAEMON_EST_CLIENT_H

#include <openssl/x509.h>

#include "base/text.h"
#include "daemon/est_attrs.h"
#include "daemon/fetch.h"

#define EST_BODY_MAX  (256u << 10) /* octets of an answer; a chain of four is about 4 KiB */
#define EST_TIMEOUT_S 60L

struct est_place {
	char base[FETCH_URL_MAX];   /* https://host:port/.well-known/est/LABEL */
	char label[TEXT_LABEL_MAX]; /* the tenant's name */
};

/*
 * url is https://HOST[:PORT], or goes on up to /.well-known/est or /.well-known/est/LABEL, where
 * LABEL is TENANT or TENANT:PROFILE. tenant may be NULL where url has one, profile always. Fault:
 * FAULT_BADREQ another path, no tenant, or two different ones.
 */
bool est_place(const char *url, const char *tenant, const char *profile, struct est_place *ret,
    struct fault *f) CHECKED;

/* The tenant in url, or false. */
bool est_tenant_of(const char *url, char to[static TEXT_LABEL_MAX]);

/*
 * The certificates of a certs-only CMS (RFC 5652 section 5.1, RFC 8951 section 3.1), 1 to
 * CREDENTIAL_CERTS_MAX. *ret to credential_certs_free(). Faults: FAULT_BADREQ, FAULT_LIMIT.
 */
bool est_certs_parse(struct octets body, STACK_OF(X509) * *ret, struct fault *f) CHECKED;

/* RFC 7030 section 4.1. Faults: of fetch_do(), of est_certs_parse(), and an answer that is none. */
bool est_cacerts(
    struct fetch *c, const struct est_place *at, STACK_OF(X509) * *ret, struct fault *f) CHECKED;

/*
 * RFC 7030 section 4.5: what the service wants in a request of device cn; all zeros where it says
 * nothing. *ret to est_attrs_free(). Faults: of fetch_do(), of est_attrs_parse().
 */
bool est_csrattrs(struct fetch *c, const struct est_place *at, const char *cn,
    struct est_attrs *ret, struct fault *f) CHECKED;

/*
 * RFC 7030 section 4.2; operation is "simpleenroll" or "simplereenroll", request is DER. *ret is
 * the certificate for key, to X509_free(); NULL where the service has not decided yet (202), and
 * fetch_retry_after() says when to ask again. Faults: as est_cacerts().
 */
bool est_enroll(struct fetch *c, const struct est_place *at, const char *operation,
    struct octets request, EVP_PKEY *key, X509 **ret, struct fault *f) CHECKED;

#endif
