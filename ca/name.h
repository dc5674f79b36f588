/*
 * ca/name.h - the names of the four levels, and how they are spelled.
 *
 * An endpoint is one URI, spiffe://TENANT.REGION.DOMAIN/KIND/NAME (SPIFFE-ID
 * section 2), and one DNS name that says the same, NAME.KIND.TENANT.REGION.DOMAIN.
 * All parts are lower-case DNS labels, so nothing needs escaping anywhere.
 */
#ifndef QUATRAIN_CA_NAME_H
#define QUATRAIN_CA_NAME_H

#include "base/fault.h"
#include "base/text.h"
#include "policy/identity.h"

#define NAME_URI_MAX 400
/* "<label> Region CA" must stay within ub-common-name, 64 (RFC 5280 appendix A.1). */
#define NAME_CA_LABEL_MAX 53
#define NAME_ORG_MAX      58
#define NAME_SPACE_MAX    120 /* domain and region together */
#define NAME_PLATFORM     IDENTITY_PLATFORM

/* Where this service stands: levels 1 and 2. */
struct name_space {
	char domain[TEXT_HOST_MAX];
	char region[TEXT_LABEL_MAX];
	char org[NAME_ORG_MAX + 1]; /* printable ASCII */
};

struct endpoint {
	char tenant[TEXT_LABEL_MAX];
	char kind[TEXT_LABEL_MAX];
	char name[TEXT_LABEL_MAX];
};

/* Faults: FAULT_BADREQ, saying which part and what was expected. */
bool name_space_check(const struct name_space *ns, struct fault *f) CHECKED;
bool name_tenant_check(const char *label, struct fault *f) CHECKED; /* platform is refused */
bool name_endpoint_check(
    const struct name_space *ns, const struct endpoint *e, struct fault *f) CHECKED;

/* "acme.eu.example.org" */
void name_tenant_host(
    const struct name_space *ns, const char *tenant, char to[static TEXT_HOST_MAX]);
/* "spiffe://acme.eu.example.org/printer/hp-4711" */
void name_uri(const struct name_space *ns, const struct endpoint *e, char to[static NAME_URI_MAX]);
/* "hp-4711.printer.acme.eu.example.org" */
void name_dns(const struct name_space *ns, const struct endpoint *e, char to[static TEXT_HOST_MAX]);

/* The endpoint that a URI names, whatever its region and domain. False if it is not of our shape.
 */
bool name_of_uri(const char *uri, struct endpoint *ret);

#endif
