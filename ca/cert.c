/* ca/cert.c - see cert.h. */
#include "ca/cert.h"

#include <string.h>
#include <time.h>

#include "base/der.h"
#include "ca/oid.h"

#define GENERAL_URI DER_CONTEXT(6)

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
	       der_next(&in, &tag, &content, NULL) && cert_time(tag, content, &c->not_after_s);
}

static bool
read_alt_names(struct octets value, struct cert *c)
{
	struct octets names, one;
	uint8_t tag;

	if (!der_take(&value, DER_SEQUENCE, &names, NULL))
		return false;
	c->alt_names = names;
	while (der_next(&names, &tag, &one, NULL)) {
		if (tag != GENERAL_URI)
			continue;
		if (c->uri[0] != '\0' || one.n >= sizeof(c->uri) ||
		    memchr(one.at, '\0', one.n) != NULL)
			return false; /* two names would be two identities */
		memcpy(c->uri, one.at, one.n);
		c->uri[one.n] = '\0';
	}
	return names.n == 0;
}

static bool
read_key_id(struct octets value, struct cert *c)
{
	struct octets id;

	if (!der_take(&value, DER_OCTETS, &id, NULL) || id.n != TBS_KEY_ID_OCTETS)
		return false;
	memcpy(c->key_id, id.at, id.n);
	return true;
}

static bool
read_issuer_key_id(struct octets value, struct cert *c)
{
	struct octets in, id;

	if (!der_take(&value, DER_SEQUENCE, &in, NULL) ||
	    !der_take(&in, DER_CONTEXT(0), &id, NULL) || id.n != TBS_KEY_ID_OCTETS)
		return false;
	memcpy(c->issuer_key_id, id.at, id.n);
	return true;
}

static bool
read_basic(struct octets value, struct cert *c)
{
	struct octets in, flag;

	if (!der_take(&value, DER_SEQUENCE, &in, NULL))
		return false;
	c->ca = der_take(&in, DER_BOOLEAN, &flag, NULL);
	return true;
}

static const struct {
	const struct octets *oid;
	bool (*read)(struct octets value, struct cert *c);
} readers[] = {
	{ &oid_subject_alt_name, read_alt_names },
	{ &oid_subject_key_id, read_key_id },
	{ &oid_authority_key_id, read_issuer_key_id },
	{ &oid_basic_constraints, read_basic },
};

#define READERS (sizeof(readers) / sizeof(readers[0]))

static bool
read_extensions(struct octets in, struct cert *c)
{
	struct octets list, one, oid, flag, value;
	unsigned seen = 0;

	if (!der_take(&in, DER_SEQUENCE, &list, NULL))
		return false;
	while (der_take(&list, DER_SEQUENCE, &one, NULL)) {
		if (!der_take(&one, DER_OID, &oid, NULL))
			return false;
		(void)der_take(&one, DER_BOOLEAN, &flag, NULL);
		if (!der_take(&one, DER_OCTETS, &value, NULL))
			return false;
		for (size_t i = 0; i < READERS; i++) {
			if (!octets_same(oid, *readers[i].oid))
				continue;
			if ((seen & 1u << i) != 0 || !readers[i].read(value, c))
				return false;
			seen |= 1u << i;
		}
	}
	return list.n == 0 && (seen & 6u) == 6u; /* both key ids */
}

static bool
read_tbs(struct octets in, struct cert *c)
{
	struct octets content;

	if (!der_take(&in, DER_EXPLICIT(0), &content, NULL) ||
	    !der_take(&in, DER_INTEGER, &content, NULL) || content.n != TBS_SERIAL_OCTETS)
		return false;
	memcpy(c->serial, content.at, content.n);
	return der_take(&in, DER_SEQUENCE, &content, NULL) &&
	       der_take(&in, DER_SEQUENCE, &content, &c->issuer) &&
	       der_take(&in, DER_SEQUENCE, &content, NULL) && read_validity(content, c) &&
	       der_take(&in, DER_SEQUENCE, &content, &c->subject) &&
	       der_take(&in, DER_SEQUENCE, &content, &c->spki) &&
	       der_take(&in, DER_EXPLICIT(3), &content, NULL) && in.n == 0 &&
	       read_extensions(content, c);
}

bool
cert_parse(struct octets der, struct cert *ret, struct fault *f)
{
	struct octets in = der, whole, tbs;
	struct cert c = { .der = der };

	if (der.n > CERT_MAX_OCTETS)
		return fault_set(
		    f, FAULT_BADREQ, "certificate: %zu octets, over %d", der.n, CERT_MAX_OCTETS);
	if (!der_check(der, f))
		return false;
	if (!der_take(&in, DER_SEQUENCE, &whole, NULL) ||
	    !der_take(&whole, DER_SEQUENCE, &tbs, &c.tbs) || !read_tbs(tbs, &c))
		return fault_set(
		    f, FAULT_BADREQ, "certificate: RFC 5280 section 4.1: not one of our shape");
	*ret = c;
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
