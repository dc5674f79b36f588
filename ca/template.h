/*
 * ca/template.h - a name with gaps: "{name}.{kind}.{tenant}.{region}.{domain}".
 *
 * What an endpoint is called comes from its enrolment record through one of
 * these, never from a request. A struct template is what a profile's file says,
 * checked: filled in with labels it is a name that may stand in a certificate.
 *
 * Sources: RFC 5280 appendix A.1 (upper bounds), RFC 1034 section 3.5.
 */
#ifndef QUATRAIN_CA_TEMPLATE_H
#define QUATRAIN_CA_TEMPLATE_H

#include "ca/name.h"

#define TEMPLATE_PIECES_MAX 10
#define TEMPLATE_TEXT_MAX   65 /* ub-common-name and ub-organizational-unit-name, and the NUL */
#define TEMPLATE_SHOWN_MAX  256

enum template_part {
	TEMPLATE_TEXT,
	TEMPLATE_NAME,
	TEMPLATE_KIND,
	TEMPLATE_TENANT,
	TEMPLATE_REGION,
	TEMPLATE_DOMAIN,
};

struct template
{
	bool dns; /* filled in it is a DNS name */
	size_t n;
	struct {
		enum template_part part;
		char text[TEMPLATE_TEXT_MAX]; /* TEMPLATE_TEXT */
	} piece[TEMPLATE_PIECES_MAX];
};

/* For a subject: printable ASCII with {name}, {kind}, {tenant}; false if s is none. */
bool template_subject(const char *s, struct template *ret);
/* For a DNS name: with {region} and {domain} too, and it ends in ".{tenant}.{region}.{domain}", so
 * that the name constraints of the tenant's CA let it pass. */
bool template_dns(const char *s, struct template *ret);

/* Filled in. Fault: FAULT_BADREQ it has size octets or more, or is no name then. */
bool template_fill(const struct template *t, const struct name_space *ns, const struct endpoint *e,
    char *to, size_t size, struct fault *f) CHECKED;

/* As the file spells it. */
void template_show(const struct template *t, char to[static TEMPLATE_SHOWN_MAX]);

#endif
