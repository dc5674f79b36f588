/* ca/name.c - see name.h. */
#include "ca/name.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Spell a name, or nothing where it does not fit: name_endpoint_check() refuses such names first.
 */
static void PRINTF_LIKE(3, 4) spell(char *to, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(to, size, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= size)
		to[0] = '\0';
}

bool
name_space_check(const struct name_space *ns, struct fault *f)
{
	if (!text_is_host(ns->domain))
		return fault_set(
		    f, FAULT_BADREQ, "domain: expected a DNS name, found \"%s\"", ns->domain);
	if (!text_is_label(ns->region) || strlen(ns->region) > NAME_CA_LABEL_MAX)
		return fault_set(f, FAULT_BADREQ,
		    "region: expected a DNS label of at most %d letters, found \"%s\"",
		    NAME_CA_LABEL_MAX, ns->region);
	if (ns->org[0] == '\0')
		return fault_set(f, FAULT_BADREQ, "org: expected a name");
	for (const char *p = ns->org; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return fault_set(f, FAULT_BADREQ, "org: expected printable ASCII");
	/* What is left of a DNS name's 253 octets is for tenant, kind and name. */
	if (strlen(ns->domain) + strlen(ns->region) > NAME_SPACE_MAX)
		return fault_set(f, FAULT_BADREQ, "domain: with the region it is over %d octets",
		    NAME_SPACE_MAX);
	return true;
}

bool
name_tenant_check(const char *label, struct fault *f)
{
	if (!text_is_label(label) || strlen(label) > NAME_CA_LABEL_MAX)
		return fault_set(f, FAULT_BADREQ,
		    "tenant: expected a DNS label (a-z, 0-9, inner hyphens) of at most %d letters",
		    NAME_CA_LABEL_MAX);
	if (strcmp(label, NAME_PLATFORM) == 0)
		return fault_set(
		    f, FAULT_CONFLICT, "tenant: %s is reserved for the service itself", label);
	return true;
}

bool
name_endpoint_check(const struct name_space *ns, const struct endpoint *e, struct fault *f)
{
	char host[TEXT_HOST_MAX];

	if (!text_is_label(e->kind) || !text_is_label(e->name))
		return fault_set(f, FAULT_BADREQ,
		    "name: expected a DNS label: a-z, 0-9, inner hyphens, at most 63 letters");
	name_tenant_host(ns, e->tenant, host);
	if (strlen(host) + strlen(e->kind) + strlen(e->name) + 2 >= TEXT_HOST_MAX)
		return fault_set(f, FAULT_BADREQ, "name: with its tenant it is over 253 octets");
	return true;
}

void
name_tenant_host(const struct name_space *ns, const char *tenant, char to[static TEXT_HOST_MAX])
{
	spell(to, TEXT_HOST_MAX, "%s.%s.%s", tenant, ns->region, ns->domain);
}

void
name_uri(const struct name_space *ns, const struct endpoint *e, char to[static NAME_URI_MAX])
{
	spell(to, NAME_URI_MAX, "spiffe://%s.%s.%s/%s/%s", e->tenant, ns->region, ns->domain,
	    e->kind, e->name);
}

void
name_dns(const struct name_space *ns, const struct endpoint *e, char to[static TEXT_HOST_MAX])
{
	spell(to, TEXT_HOST_MAX, "%s.%s.%s.%s.%s", e->name, e->kind, e->tenant, ns->region,
	    ns->domain);
}

/* Copy n octets as a label; false if they are none. */
static bool
label(const char *at, size_t n, char to[static TEXT_LABEL_MAX])
{
	if (n >= TEXT_LABEL_MAX)
		return false;
	memcpy(to, at, n);
	to[n] = '\0';
	return text_is_label(to);
}

bool
name_of_uri(const char *uri, struct endpoint *ret)
{
	static const char scheme[] = "spiffe://";
	struct endpoint e;
	const char *host, *kind, *name;

	if (strncmp(uri, scheme, sizeof(scheme) - 1) != 0)
		return false;
	host = uri + sizeof(scheme) - 1;
	if ((kind = strchr(host, '/')) == NULL || (name = strchr(kind + 1, '/')) == NULL)
		return false;
	if (!label(host, strcspn(host, "./"), e.tenant) ||
	    !label(kind + 1, (size_t)(name - kind - 1), e.kind) ||
	    !label(name + 1, strlen(name + 1), e.name))
		return false;
	*ret = e;
	return true;
}
