/* ca/cert.c - see cert.h. */
#include "ca/cert.h"

#include <string.h>
#include <time.h>

#include "base/der.h"
#include "ca/oid.h"

#define BIT(e)       (1u << (e))
#define PATH_MAX_LEN 255

static bool
digits(struct octets *in, size_t n, int *ret)
{
	int v = 0;

	if (in->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (in->at[i] < '0' || in->at[i] > '9')
			return false;
		v = v * 10 + (in->at[i] - '0');
	}
	in->at += n;
	in->n -= n;
	*ret = v;
	return true;
}

bool
cert_time(uint8_t tag, struct octets content, int64_t *ret_s)
{
	struct tm t = { 0 };
	int year;

	if (tag != DER_UTC_TIME && tag != DER_TIME)
		return false;
	if (!digits(&content, tag == DER_TIME ? 4 : 2, &year) || !digits(&content, 2, &t.tm_mon) ||
	    !digits(&content, 2, &t.tm_mday) || !digits(&content, 2, &t.tm_hour) ||
	    !digits(&content, 2, &t.tm_min) || !digits(&content, 2, &t.tm_sec))
		return false;
	if (content.n != 1 || content.at[0] != 'Z')
		return false;
	if (tag == DER_UTC_TIME)
		year += year < 50 ? 2000 : 1900; /* RFC 5280 section 4.1.2.5.1 */
	t.tm_year = year - 1900;
	t.tm_mon -= 1;
	*ret_s = (int64_t)timegm(&t);
	return true;
}

static bool
read_validity(struct octets in, struct cert *c)
{
	struct octets content;
	uint8_t tag;

	return der_next(&in, &tag, &content, NULL) && cert_time(tag, content, &c->not_before_s) &&
	       der_next(&in, &tag, &content, NULL) && cert_time(tag, content, &c->not_after_s) &&
	       in.n == 0;
}

/* Two names would be two identities, so the first alone is kept, and they are counted. */
static bool
read_uri(struct octets name, struct cert *c)
{
	if (c->uris++ > 0)
		return true;
	if (name.n >= sizeof(c->uri) || memchr(name.at, '\0', name.n) != NULL)
		return false;
	memcpy(c->uri, name.at, name.n);
	c->uri[name.n] = '\0';
	return true;
}

static bool
read_alt_names(struct octets value, struct cert *c)
{
	struct octets names, one;
	bool ok = true;
	uint8_t tag;

	if (!der_take(&value, DER_SEQUENCE, &names, NULL) || names.n == 0)
		return false;
	c->alt_names = names;
	for (unsigned n = 0; der_next(&names, &tag, &one, NULL); n++) {
		if (n == CERT_NAMES_MAX)
			return false;
		if (tag == CERT_NAME_URI)
			ok = read_uri(one, c) && ok;
		else if (tag == CERT_NAME_DNS)
			c->dns++;
		else if (tag == CERT_NAME_IP)
			c->ips++;
		else
			c->others++;
	}
	return ok;
}

static bool
read_key_id(struct octets value, struct cert *c)
{
	return der_take(&value, DER_OCTETS, &c->own_id, NULL) && c->own_id.n > 0;
}

static bool
read_issuer_key_id(struct octets value, struct cert *c)
{
	struct octets in;

	if (!der_take(&value, DER_SEQUENCE, &in, NULL))
		return false;
	if (der_take(&in, DER_CONTEXT(0), &c->issuer_id, NULL) && c->issuer_id.n == 0)
		return false;
	c->issuer_named = in.n > 0;
	return true;
}

/* Whatever the BOOLEAN says, it is a CA's: FALSE is not written in DER. */
static bool
read_basic(struct octets value, struct cert *c)
{
	struct octets in, flag, len;
	bool ok = true;

	if (!der_take(&value, DER_SEQUENCE, &in, NULL))
		return false;
	if (der_take(&in, DER_BOOLEAN, &flag, NULL)) {
		c->ca = true;
		ok = flag.at[0] == 0xff;
	}
	if (der_take(&in, DER_INTEGER, &len, NULL)) {
		ok = ok && len.at[0] < 0x80;
		c->path_len = len.n == 1 ? len.at[0] : PATH_MAX_LEN;
	}
	return ok && in.n == 0;
}

/* A named bit list: no trailing zero bits, and none at all would be a key of no use. */
static bool
read_key_usage(struct octets value, struct cert *c)
{
	struct octets bits;

	if (!der_take(&value, DER_BIT_STRING, &bits, NULL) || bits.n < 2 || bits.n > 3)
		return false;
	c->key_usage = bits.at[1];
	if (bits.n == 3 && (bits.at[2] & 0x80) != 0)
		c->key_usage |= CERT_USE_DECIPHER_ONLY;
	return c->key_usage != 0;
}

static bool
read_purposes(struct octets value, struct cert *c)
{
	struct octets list, oid;

	if (!der_take(&value, DER_SEQUENCE, &list, NULL) || list.n == 0)
		return false;
	for (; der_take(&list, DER_OID, &oid, NULL); c->purposes++)
		c->any_purpose = c->any_purpose || octets_same(oid, oid_any_purpose);
	return list.n == 0;
}

/* Each AccessDescription is a method and a name. */
static bool
read_access(struct octets value, struct cert *c)
{
	struct octets list, one, oid;
	uint8_t tag;

	(void)c;
	if (!der_take(&value, DER_SEQUENCE, &list, NULL) || list.n == 0)
		return false;
	while (der_take(&list, DER_SEQUENCE, &one, NULL))
		if (!der_take(&one, DER_OID, &oid, NULL) || !der_next(&one, &tag, &oid, NULL) ||
		    (tag & 0xc0) != 0x80 || one.n != 0)
			return false;
	return list.n == 0;
}

static bool
read_sequence(struct octets value, struct cert *c)
{
	struct octets in;

	(void)c;
	return der_take(&value, DER_SEQUENCE, &in, NULL) && in.n > 0;
}

static bool
read_nocheck(struct octets value, struct cert *c)
{
	struct octets in;

	(void)c;
	return der_take(&value, DER_NULL, &in, NULL);
}

static bool
read_assurance(struct octets value, struct cert *c)
{
	struct octets in;

	(void)c;
	return der_take(&value, DER_ENUMERATED, &in, NULL) && in.n == 1 && in.at[0] < 0x80;
}

static const struct {
	const struct octets *oid;
	bool (*read)(struct octets value, struct cert *c);
} readers[CERT_EXTENSIONS] = {
	[CERT_KEY_ID] = { &oid_subject_key_id, read_key_id },
	[CERT_ISSUER_KEY_ID] = { &oid_authority_key_id, read_issuer_key_id },
	[CERT_BASIC] = { &oid_basic_constraints, read_basic },
	[CERT_KEY_USAGE] = { &oid_key_usage, read_key_usage },
	[CERT_PURPOSES] = { &oid_ext_key_usage, read_purposes },
	[CERT_ALT_NAMES] = { &oid_subject_alt_name, read_alt_names },
	[CERT_CONSTRAINTS] = { &oid_name_constraints, read_sequence },
	[CERT_ACCESS] = { &oid_info_access, read_access },
	[CERT_CRL_POINTS] = { &oid_crl_points, read_sequence },
	[CERT_NOCHECK] = { &oid_ocsp_nocheck, read_nocheck },
	[CERT_PROVENANCE] = { &oid_provenance, read_sequence },
	[CERT_ASSURANCE] = { &oid_assurance, read_assurance },
};

static void
note(struct octets oid, bool critical, struct octets value, struct cert *c)
{
	struct fault ignored;

	for (unsigned i = 0; i < CERT_EXTENSIONS; i++) {
		if (!octets_same(oid, *readers[i].oid))
			continue;
		if ((c->present & BIT(i)) != 0)
			return; /* read_extensions() says that it is there twice */
		c->present |= BIT(i);
		c->extension[i] = value;
		if (critical)
			c->critical |= BIT(i);
		if (!der_check(value, &ignored) || !readers[i].read(value, c))
			c->malformed |= BIT(i);
		return;
	}
	c->unknown = true;
	c->unknown_critical = c->unknown_critical || critical;
}

/* One Extension's parts; critical is not written where it is FALSE, its DEFAULT. */
static bool
read_extension(struct octets in, struct octets *oid, bool *critical, struct octets *value)
{
	struct octets flag;

	if (!der_take(&in, DER_OID, oid, NULL))
		return false;
	*critical = der_take(&in, DER_BOOLEAN, &flag, NULL);
	return (!*critical || flag.at[0] == 0xff) && der_take(&in, DER_OCTETS, value, NULL) &&
	       in.n == 0;
}

static bool
read_extensions(struct octets in, struct cert *c)
{
	struct octets list, one, rest, oid, other, value;
	unsigned n = 0;
	bool critical;

	if (!der_take(&in, DER_SEQUENCE, &list, &c->extensions) || in.n != 0 || list.n == 0)
		return false;
	while (der_take(&list, DER_SEQUENCE, &one, NULL)) {
		if (n++ == CERT_READ_MAX || !read_extension(one, &oid, &critical, &value))
			return false;
		note(oid, critical, value, c);
		for (rest = list; der_take(&rest, DER_SEQUENCE, &one, NULL);)
			if (der_take(&one, DER_OID, &other, NULL) && octets_same(oid, other))
				c->twice = true;
	}
	return list.n == 0;
}

/* Version 1 is not written: it is the DEFAULT. */
static bool
read_version(struct octets *in, struct cert *c)
{
	struct octets content, number;

	c->version = 1;
	if (!der_take(in, DER_EXPLICIT(0), &content, NULL))
		return true;
	if (!der_take(&content, DER_INTEGER, &number, NULL) || content.n != 0 || number.n != 1 ||
	    number.at[0] > 2)
		return false;
	c->version = number.at[0] + 1;
	return true;
}

static bool
read_tail(struct octets in, struct cert *c)
{
	struct octets content;

	for (unsigned i = 1; i <= 2; i++)
		if (der_take(&in, (uint8_t)DER_CONTEXT(i), &content, NULL))
			c->unique_ids = true;
	if (in.n == 0)
		return true;
	return der_take(&in, DER_EXPLICIT(3), &content, NULL) && in.n == 0 &&
	       read_extensions(content, c);
}

static bool
read_tbs(struct octets in, struct cert *c)
{
	struct octets content;

	return read_version(&in, c) && der_take(&in, DER_INTEGER, &c->number, NULL) &&
	       der_take(&in, DER_SEQUENCE, &content, &c->inner) &&
	       der_take(&in, DER_SEQUENCE, &content, &c->issuer) &&
	       der_take(&in, DER_SEQUENCE, &content, NULL) && read_validity(content, c) &&
	       der_take(&in, DER_SEQUENCE, &content, &c->subject) &&
	       der_take(&in, DER_SEQUENCE, &content, &c->spki) && read_tail(in, c);
}

static bool
read_whole(struct octets in, struct cert *c)
{
	struct octets whole, tbs, content;

	if (!der_take(&in, DER_SEQUENCE, &whole, NULL) || in.n != 0 ||
	    !der_take(&whole, DER_SEQUENCE, &tbs, &c->tbs) ||
	    !der_take(&whole, DER_SEQUENCE, &content, &c->outer) ||
	    !der_take(&whole, DER_BIT_STRING, &content, NULL) || whole.n != 0 || content.n < 1 ||
	    content.at[0] != 0)
		return false;
	c->signature = octets_of(content.at + 1, content.n - 1);
	return read_tbs(tbs, c);
}

bool
cert_read(struct octets der, struct cert *ret, struct fault *f)
{
	struct cert c = { .der = der, .path_len = -1 };

	if (der.n > CERT_MAX_OCTETS)
		return fault_set(
		    f, FAULT_BADREQ, "certificate: %zu octets, over %d", der.n, CERT_MAX_OCTETS);
	if (!der_check(der, f))
		return false;
	if (!read_whole(der, &c))
		return fault_set(f, FAULT_BADREQ, "certificate: RFC 5280 section 4.1: not one");
	if (c.number.n == sizeof(c.serial))
		memcpy(c.serial, c.number.at, sizeof(c.serial));
	if (c.own_id.n == sizeof(c.key_id))
		memcpy(c.key_id, c.own_id.at, sizeof(c.key_id));
	if (c.issuer_id.n == sizeof(c.issuer_key_id))
		memcpy(c.issuer_key_id, c.issuer_id.at, sizeof(c.issuer_key_id));
	*ret = c;
	return true;
}

bool
cert_parse(struct octets der, struct cert *ret, struct fault *f)
{
	struct cert c;

	if (!cert_read(der, &c, f))
		return false;
	if (c.version != 3 || c.number.n != TBS_SERIAL_OCTETS || c.own_id.n != TBS_KEY_ID_OCTETS ||
	    c.issuer_id.n != TBS_KEY_ID_OCTETS || c.uris > 1 || c.twice || c.malformed != 0 ||
	    c.unique_ids)
		return fault_set(
		    f, FAULT_BADREQ, "certificate: RFC 5280 section 4.1: not one of our shape");
	*ret = c;
	return true;
}

bool
cert_has(const struct cert *c, enum cert_extension e)
{
	return (c->present & BIT(e)) != 0;
}

bool
cert_critical(const struct cert *c, enum cert_extension e)
{
	return (c->critical & BIT(e)) != 0;
}

bool
cert_purpose(const struct cert *c, unsigned i, struct octets *ret_oid)
{
	struct octets in = c->extension[CERT_PURPOSES], list;

	if (i >= c->purposes || !der_take(&in, DER_SEQUENCE, &list, NULL))
		return false;
	for (; i > 0; i--)
		if (!der_take(&list, DER_OID, ret_oid, NULL))
			return false;
	return der_take(&list, DER_OID, ret_oid, NULL);
}

static bool
take_text(struct octets *in, char *to, size_t size)
{
	struct octets text;

	if (!der_take(in, DER_UTF8, &text, NULL) || text.n >= size ||
	    memchr(text.at, '\0', text.n) != NULL)
		return false;
	memcpy(to, text.at, text.n);
	to[text.n] = '\0';
	return true;
}

bool
cert_provenance(const struct cert *c, struct provenance *ret)
{
	struct octets in = c->extension[CERT_PROVENANCE], grade = c->extension[CERT_ASSURANCE];
	struct octets list, at;
	struct provenance p = { 0 };

	if (!cert_has(c, CERT_PROVENANCE) || !cert_has(c, CERT_ASSURANCE) || c->malformed != 0)
		return false;
	if (!der_take(&in, DER_SEQUENCE, &list, NULL) ||
	    !take_text(&list, p.enroller, sizeof(p.enroller)) ||
	    !take_text(&list, p.how, sizeof(p.how)) || !der_take(&list, DER_TIME, &at, NULL) ||
	    !cert_time(DER_TIME, at, &p.at_s) ||
	    !take_text(&list, p.evidence, sizeof(p.evidence)) || list.n != 0 ||
	    !der_take(&grade, DER_ENUMERATED, &at, NULL))
		return false;
	p.assurance = (enum assurance)at.at[0];
	*ret = p;
	return true;
}

const char *
cert_assurance_word(enum assurance grade)
{
	static const char *const words[] = { "legacy", "token", "approved", "idevid", "ceremony" };

	return (size_t)grade < sizeof(words) / sizeof(words[0]) ? words[grade] : "-";
}

static bool
take_access(struct octets *list, const struct octets *method, struct octets *ret)
{
	struct octets one, oid;

	return der_take(list, DER_SEQUENCE, &one, NULL) && der_take(&one, DER_OID, &oid, NULL) &&
	       octets_same(oid, *method) && der_take(&one, CERT_NAME_URI, ret, NULL);
}

bool
cert_places(const struct cert *c, struct cert_places *ret)
{
	struct octets access = c->extension[CERT_ACCESS], points = c->extension[CERT_CRL_POINTS];
	struct cert_places p;

	if (!der_take(&access, DER_SEQUENCE, &access, NULL) ||
	    !take_access(&access, &oid_access_ocsp, &p.ocsp) ||
	    !take_access(&access, &oid_access_issuers, &p.issuers) || access.n != 0)
		return false;
	/* one DistributionPoint that has a distributionPoint that has a fullName of one name */
	if (!der_take(&points, DER_SEQUENCE, &points, NULL) ||
	    !der_take(&points, DER_SEQUENCE, &access, NULL) || points.n != 0 ||
	    !der_take(&access, DER_EXPLICIT(0), &points, NULL) || access.n != 0 ||
	    !der_take(&points, DER_EXPLICIT(0), &access, NULL) || points.n != 0 ||
	    !der_take(&access, CERT_NAME_URI, &p.crl, NULL) || access.n != 0)
		return false;
	*ret = p;
	return true;
}

bool
cert_pem(struct octets der, struct bytes *ret, struct fault *f)
{
	bytes_put_text(ret, "-----BEGIN CERTIFICATE-----\n");
	text_base64(der, 64, ret);
	bytes_put_text(ret, "-----END CERTIFICATE-----\n");
	return bytes_ok(ret, f);
}
