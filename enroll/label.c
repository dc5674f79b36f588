/* enroll/label.c - see label.h. */
#include "enroll/label.h"

#include <string.h>
#include <strings.h>

#define WELL_KNOWN "/.well-known/est/"

bool
label_split(struct octets path, struct octets *ret_label, struct octets *ret_operation)
{
	static const size_t n = sizeof(WELL_KNOWN) - 1;
	const uint8_t *at, *slash;

	if (path.n == 0 || (at = memmem(path.at, path.n, WELL_KNOWN, n)) == NULL)
		return false;
	*ret_label = octets_of(NULL, 0);
	*ret_operation = octets_of(at + n, path.n - (size_t)(at - path.at) - n);
	if (at != path.at) { /* /LABEL/.well-known/est/OPERATION; or a second slash, and no label */
		*ret_label = octets_of(path.at + 1, (size_t)(at - path.at) - 1);
		return true;
	}
	if (ret_operation->n > 0 &&
	    (slash = memchr(ret_operation->at, '/', ret_operation->n)) != NULL) {
		*ret_label = octets_of(ret_operation->at, (size_t)(slash - ret_operation->at));
		*ret_operation = octets_of(slash + 1, ret_operation->n - ret_label->n - 1);
	}
	return true;
}

/* Where the colon begins, and how many octets it has; 0 for none. */
static size_t
find_colon(struct octets o, size_t *ret_at)
{
	for (size_t i = 0; i < o.n; i++) {
		*ret_at = i;
		if (o.at[i] == ':')
			return 1;
		if (o.n - i >= 3 && strncasecmp((const char *)o.at + i, "%3A", 3) == 0)
			return 3;
	}
	return 0;
}

static bool
take(struct octets o, char to[static TEXT_LABEL_MAX])
{
	char text[TEXT_LABEL_MAX] = "";

	if (o.n == 0 || o.n >= sizeof(text) || memchr(o.at, '\0', o.n) != NULL)
		return false;
	memcpy(text, o.at, o.n);
	if (!text_is_label(text))
		return false;
	memcpy(to, text, sizeof(text));
	return true;
}

bool
label_read(struct octets o, struct label *ret, struct fault *f)
{
	struct label l = { .tenant = "" };
	struct octets tenant = o;
	size_t at, n = find_colon(o, &at);

	if (n > 0)
		tenant.n = at;
	if (!take(tenant, l.tenant) ||
	    (n > 0 && !take(octets_of(o.at + at + n, o.n - at - n), l.profile)))
		return fault_set(f, FAULT_NOTFOUND,
		    "est: RFC 7030 section 3.2.2: expected a label TENANT or TENANT:PROFILE");
	*ret = l;
	return true;
}
