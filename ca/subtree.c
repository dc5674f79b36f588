/* ca/subtree.c - see subtree.h. */
#include "ca/subtree.h"

#include <string.h>
#include <strings.h>

#include "base/der.h"
#include "ca/oid.h"

enum match { OUTSIDE, WITHIN, UNREADABLE };

/* One name, or one base of a subtree: its GeneralName tag and content. */
struct general {
	uint8_t tag;
	struct octets value;
};

struct walls {
	struct octets permitted, excluded; /* contents of GeneralSubtrees */
};

static bool
same_letters(struct octets a, struct octets b)
{
	return a.n == b.n &&
	       (a.n == 0 || strncasecmp((const char *)a.at, (const char *)b.at, a.n) == 0);
}

bool
subtree_host_within(struct octets host, struct octets zone)
{
	struct octets tail;

	if (zone.n > host.n)
		return false;
	tail = octets_of(host.at + (host.n - zone.n), zone.n);
	return same_letters(tail, zone) && (host.n == zone.n || zone.n == 0 || tail.at[-1] == '.');
}

/* Letters, digits, hyphens and inner dots: what a host name is made of. */
bool
subtree_is_host(struct octets o)
{
	size_t label = 0;

	for (size_t i = 0; i < o.n; i++) {
		uint8_t c = o.at[i], small = c | 0x20;
		bool dot = c == '.';

		if (dot ? label == 0
			: !((small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
			      c == '_'))
			return false;
		label = dot ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return o.n > 0 && o.n < TEXT_HOST_MAX && label > 0;
}

static struct octets
behind(struct octets o, size_t n)
{
	return octets_of(o.at + n, o.n - n);
}

/* An empty base is every host. A wildcard stands for all beneath: what it could name is judged. */
static enum match
match_dns(struct octets name, struct octets base, bool excluded)
{
	bool wild = name.n > 2 && name.at[0] == '*' && name.at[1] == '.';
	struct octets host = wild ? behind(name, 2) : name;

	if ((base.n > 0 && !subtree_is_host(base)) || !subtree_is_host(host))
		return UNREADABLE;
	if (subtree_host_within(host, base))
		return WITHIN;
	return wild && excluded && subtree_host_within(base, host) ? WITHIN : OUTSIDE;
}

/* Of a host, or with a dot before it of all hosts beneath. */
static enum match
match_host(struct octets host, struct octets base)
{
	bool beneath = base.n > 0 && base.at[0] == '.';

	if (!subtree_is_host(beneath ? behind(base, 1) : base) || !subtree_is_host(host))
		return UNREADABLE;
	if (beneath)
		return subtree_host_within(host, behind(base, 1)) && host.n > base.n ? WITHIN
										     : OUTSIDE;
	return same_letters(host, base) ? WITHIN : OUTSIDE;
}

/* scheme://[user@]host[:port]/: no host is no match, and an address is no host name. */
static enum match
match_uri(struct octets uri, struct octets base)
{
	const uint8_t *at = memmem(uri.at, uri.n, "://", 3), *end;
	struct octets host;

	if (at == NULL)
		return UNREADABLE;
	host = behind(uri, (size_t)(at - uri.at) + 3);
	for (end = host.at; end < host.at + host.n && strchr("/?#", *end) == NULL;)
		end++;
	host.n = (size_t)(end - host.at);
	if (host.n > 0 && (at = memrchr(host.at, '@', host.n)) != NULL)
		host = behind(host, (size_t)(at - host.at) + 1);
	if (host.n > 0 && (at = memchr(host.at, ':', host.n)) != NULL)
		host.n = (size_t)(at - host.at);
	if (host.n > 0 && host.at[host.n - 1] >= '0' && host.at[host.n - 1] <= '9')
		return UNREADABLE; /* no top level ends in a digit: an IPv4 address */
	return match_host(host, base);
}

static enum match
match_mail(struct octets mail, struct octets base)
{
	const uint8_t *at = mail.n == 0 ? NULL : memrchr(mail.at, '@', mail.n), *theirs;
	size_t local;

	if (at == NULL)
		return UNREADABLE;
	local = (size_t)(at - mail.at) + 1;
	theirs = base.n == 0 ? NULL : memrchr(base.at, '@', base.n);
	if (theirs == NULL)
		return match_host(behind(mail, local), base);
	/* A mailbox: its local part counts letter by letter, its host does not. */
	if ((size_t)(theirs - base.at) + 1 != local || memcmp(mail.at, base.at, local) != 0)
		return OUTSIDE;
	return same_letters(behind(mail, local), behind(base, local)) ? WITHIN : OUTSIDE;
}

/* Ones, then zeros (RFC 4632). */
static bool
is_mask(const uint8_t *mask, size_t n)
{
	bool ones = true;

	for (size_t i = 0; i < n * 8; i++) {
		bool one = (mask[i / 8] & (0x80u >> i % 8)) != 0;

		if (one && !ones)
			return false;
		ones = one;
	}
	return true;
}

static enum match
match_ip(struct octets ip, struct octets base)
{
	if ((base.n != 8 && base.n != 32) || (ip.n != 4 && ip.n != 16) ||
	    !is_mask(base.at + base.n / 2, base.n / 2))
		return UNREADABLE;
	if (base.n != ip.n * 2)
		return OUTSIDE;
	for (size_t i = 0; i < ip.n; i++)
		if (((ip.at[i] ^ base.at[i]) & base.at[ip.n + i]) != 0)
			return OUTSIDE;
	return WITHIN;
}

/* The base's RDNs are the first of the name's; octet for octet, as all names are compared here. */
static enum match
match_dir(struct octets name, struct octets base)
{
	struct octets a, b;

	if (!der_take(&name, DER_SEQUENCE, &a, NULL) || !der_take(&base, DER_SEQUENCE, &b, NULL))
		return UNREADABLE;
	return b.n <= a.n && octets_same(octets_of(a.at, b.n), b) ? WITHIN : OUTSIDE;
}

static enum match
match(const struct general *name, struct octets base, bool excluded)
{
	switch (name->tag) {
	case CERT_NAME_DNS:
		return match_dns(name->value, base, excluded);
	case CERT_NAME_URI:
		return match_uri(name->value, base);
	case CERT_NAME_MAIL:
		return match_mail(name->value, base);
	case CERT_NAME_IP:
		return match_ip(name->value, base);
	case CERT_NAME_DIR:
		return match_dir(name->value, base);
	default:
		return UNREADABLE;
	}
}

/* GeneralSubtree: a base alone; minimum is 0, which is not written, and there is no maximum. */
static bool
take_subtree(struct octets *list, struct general *ret)
{
	struct octets one;

	return der_take(list, DER_SEQUENCE, &one, NULL) &&
	       der_next(&one, &ret->tag, &ret->value, NULL) && one.n == 0;
}

static bool
is_base(const struct general *base)
{
	struct octets o = base->value;

	switch (base->tag) {
	case CERT_NAME_DNS:
		return o.n == 0 || subtree_is_host(o);
	case CERT_NAME_URI:
		return o.n > 0 && subtree_is_host(o.at[0] == '.' ? behind(o, 1) : o);
	case CERT_NAME_IP:
		return (o.n == 8 || o.n == 32) && is_mask(o.at + o.n / 2, o.n / 2);
	case CERT_NAME_MAIL:
		return o.n > 0;
	case CERT_NAME_DIR:
		return o.n > 0 && o.at[0] == DER_SEQUENCE;
	default:
		return true; /* of another form: it is asked for when there is such a name */
	}
}

static bool
readable(struct octets list)
{
	struct general base;

	for (unsigned n = 0; list.n > 0; n++)
		if (n == SUBTREES_MAX || !take_subtree(&list, &base) || !is_base(&base))
			return false;
	return true;
}

static bool
read_walls(struct octets in, struct walls *ret)
{
	struct walls w = { .permitted = { .n = 0 } };
	struct octets list;
	bool permits, excludes;

	if (!der_take(&in, DER_SEQUENCE, &list, NULL))
		return false;
	permits = der_take(&list, DER_EXPLICIT(0), &w.permitted, NULL);
	excludes = der_take(&list, DER_EXPLICIT(1), &w.excluded, NULL);
	if (list.n != 0 || (!permits && !excludes) || (permits && w.permitted.n == 0) ||
	    (excludes && w.excluded.n == 0) || !readable(w.permitted) || !readable(w.excluded))
		return false;
	*ret = w;
	return true;
}

bool
subtree_readable(struct octets constraints, struct fault *f)
{
	struct walls w;

	return read_walls(constraints, &w) ||
	       fault_set(f, FAULT_BADREQ,
		   "names: RFC 5280 section 4.2.1.10: constraints that cannot be read");
}

/* Is the name within one of these? *ret_any: there are some of its form. */
static enum match
within(struct octets list, const struct general *name, bool excluded, bool *ret_any)
{
	struct general base;
	enum match m, all = OUTSIDE;

	*ret_any = false;
	while (take_subtree(&list, &base)) {
		if (base.tag != name->tag)
			continue;
		*ret_any = true;
		m = match(name, base.value, excluded);
		if (m == UNREADABLE)
			return UNREADABLE;
		if (m == WITHIN)
			all = WITHIN;
	}
	return all;
}

static bool
allowed(const struct walls *w, const struct general *name)
{
	bool any;
	enum match m = within(w->permitted, name, false, &any);

	if (any && m != WITHIN)
		return false;
	return within(w->excluded, name, true, &any) == OUTSIDE;
}

/* For people: what stands in the other forms is no text. */
static struct octets
spelled(const struct general *name)
{
	if (name->tag == CERT_NAME_DIR)
		return octets_text("the subject's name");
	if (name->tag == CERT_NAME_DNS || name->tag == CERT_NAME_URI || name->tag == CERT_NAME_MAIL)
		return name->value;
	return octets_text("an address, or a name of another form");
}

static bool
check(const struct walls *w, const struct general *name, struct fault *f)
{
	struct octets text = spelled(name);

	return allowed(w, name) ||
	       fault_set(f, FAULT_DENIED, "names: RFC 5280 section 4.2.1.10: not permitted: %.*s",
		   (int)text.n, (const char *)text.at);
}

/* An e-mail address in the subject counts where no alternative name is one. */
static bool
check_subject(const struct walls *w, const struct cert *c, bool mailed, struct fault *f)
{
	struct general name = { CERT_NAME_DIR, c->subject };
	struct octets in = c->subject, rdns, rdn, one, oid;
	uint8_t tag;

	if (!der_take(&in, DER_SEQUENCE, &rdns, NULL))
		return fault_set(f, FAULT_BADREQ, "names: a subject that cannot be read");
	if (rdns.n == 0)
		return true;
	if (!check(w, &name, f))
		return false;
	while (!mailed && der_take(&rdns, DER_SET, &rdn, NULL))
		while (der_take(&rdn, DER_SEQUENCE, &one, NULL)) {
			if (!der_take(&one, DER_OID, &oid, NULL) ||
			    !octets_same(oid, oid_email_address))
				continue;
			name.tag = CERT_NAME_MAIL;
			if (!der_next(&one, &tag, &name.value, NULL) || !check(w, &name, f))
				return false;
		}
	return true;
}

bool
subtree_allows(struct octets constraints, const struct cert *c, struct fault *f)
{
	struct octets names = c->alt_names;
	struct general name;
	struct walls w;
	bool mailed = false;

	if (!subtree_readable(constraints, f) || !read_walls(constraints, &w))
		return false;
	while (der_next(&names, &name.tag, &name.value, NULL)) {
		mailed = mailed || name.tag == CERT_NAME_MAIL;
		if (!check(&w, &name, f))
			return false;
	}
	return check_subject(&w, c, mailed, f);
}
