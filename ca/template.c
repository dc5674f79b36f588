/* ca/template.c - see template.h. */
#include "ca/template.h"

#include <stdio.h>
#include <string.h>

static const char *const variables[] = {
	[TEMPLATE_NAME] = "{name}",
	[TEMPLATE_KIND] = "{kind}",
	[TEMPLATE_TENANT] = "{tenant}",
	[TEMPLATE_REGION] = "{region}",
	[TEMPLATE_DOMAIN] = "{domain}",
};

/* The variable that s begins with, of those up to last; TEMPLATE_TEXT for none. */
static enum template_part
variable(const char *s, enum template_part last)
{
	for (enum template_part v = TEMPLATE_NAME; v <= last; v++)
		if (strncmp(s, variables[v], strlen(variables[v])) == 0)
			return v;
	return TEMPLATE_TEXT;
}

/* Cut s into pieces; what is no variable is text of the octets in allowed, or any printable one. */
static bool
cut(const char *s, enum template_part last, const char *allowed, struct template *ret)
{
	struct template t = { 0 };

	while (*s != '\0') {
		enum template_part v = variable(s, last);
		size_t n = v == TEMPLATE_TEXT ? strcspn(s, "{}") : strlen(variables[v]);

		if (t.n == TEMPLATE_PIECES_MAX || n == 0)
			return false;
		t.piece[t.n].part = v;
		if (v == TEMPLATE_TEXT) {
			if (n >= TEMPLATE_TEXT_MAX)
				return false;
			memcpy(t.piece[t.n].text, s, n);
			for (size_t i = 0; i < n; i++)
				if (s[i] < ' ' || s[i] > '~' ||
				    (allowed != NULL && strchr(allowed, s[i]) == NULL))
					return false;
		}
		t.n++;
		s += n;
	}
	*ret = t;
	return t.n > 0;
}

/* With labels of one letter it must be a name; what is longer is seen when it is filled in. */
static bool
is_usable(const struct template *t, char *to, size_t size)
{
	static const struct name_space ns = { .domain = "d", .region = "r" };
	static const struct endpoint e = { "t", "k", "n" };
	struct fault f;

	return template_fill(t, &ns, &e, to, size, &f);
}

bool
template_subject(const char *s, struct template *ret)
{
	char filled[TEMPLATE_TEXT_MAX];
	struct template t;

	if (!cut(s, TEMPLATE_TENANT, NULL, &t) || !is_usable(&t, filled, sizeof(filled)) ||
	    filled[0] == ' ' || filled[strlen(filled) - 1] == ' ')
		return false;
	*ret = t;
	return true;
}

bool
template_dns(const char *s, struct template *ret)
{
	static const char tail[] = ".{tenant}.{region}.{domain}";
	char filled[TEXT_HOST_MAX];
	struct template t;
	size_t n = strlen(s);

	if (n < sizeof(tail) || strcmp(s + n - (sizeof(tail) - 1), tail) != 0 ||
	    !cut(s, TEMPLATE_DOMAIN, "abcdefghijklmnopqrstuvwxyz0123456789-.", &t) ||
	    !is_usable(&t, filled, sizeof(filled)) || !text_is_host(filled))
		return false;
	t.dns = true;
	*ret = t;
	return true;
}

static const char *
value(const struct template *t, size_t i, const struct name_space *ns, const struct endpoint *e)
{
	switch (t->piece[i].part) {
	case TEMPLATE_NAME:
		return e->name;
	case TEMPLATE_KIND:
		return e->kind;
	case TEMPLATE_TENANT:
		return e->tenant;
	case TEMPLATE_REGION:
		return ns->region;
	case TEMPLATE_DOMAIN:
		return ns->domain;
	case TEMPLATE_TEXT:
	default:
		return t->piece[i].text;
	}
}

bool
template_fill(const struct template *t, const struct name_space *ns, const struct endpoint *e,
    char *to, size_t size, struct fault *f)
{
	char shown[TEMPLATE_SHOWN_MAX];
	size_t at = 0;

	for (size_t i = 0; i < t->n; i++) {
		const char *v = value(t, i, ns, e);
		size_t n = strlen(v);

		if (n >= size - at) {
			template_show(t, shown);
			return fault_set(f, FAULT_BADREQ,
			    "name: RFC 5280 appendix A.1: \"%.100s\" of %s is over %zu octets",
			    shown, e->name, size - 1);
		}
		memcpy(to + at, v, n);
		at += n;
	}
	to[at] = '\0';
	if (t->dns && !text_is_host(to))
		return fault_set(
		    f, FAULT_BADREQ, "name: RFC 1034 section 3.5: \"%.200s\" is no DNS name", to);
	return true;
}

void
template_show(const struct template *t, char to[static TEMPLATE_SHOWN_MAX])
{
	size_t at = 0;

	to[0] = '\0';
	for (size_t i = 0; i < t->n; i++) {
		const char *s = t->piece[i].part == TEMPLATE_TEXT ? t->piece[i].text
								  : variables[t->piece[i].part];
		size_t n = strlen(s);

		if (n >= TEMPLATE_SHOWN_MAX - at)
			return;
		memcpy(to + at, s, n + 1);
		at += n;
	}
}
