/* ocsp/request.c - see request.h. */
#include "ocsp/request.h"

#include "base/der.h"
#include "ca/oid.h"

#define NONCE_REFUSED 128 /* RFC 9654 section 2.1: over this, malformed */

#define MALFORMED "ocsp: RFC 6960 section 4.1.1: not a request"

static bool
read_cert_id(struct octets in, struct request_cert *c, struct fault *f)
{
	struct octets algorithm, oid;
	size_t want;

	if (!der_take(&in, DER_SEQUENCE, &algorithm, NULL) ||
	    !der_take(&algorithm, DER_OID, &oid, NULL) ||
	    !der_take(&in, DER_OCTETS, &c->name_hash, NULL) ||
	    !der_take(&in, DER_OCTETS, &c->key_hash, NULL) ||
	    !der_take(&in, DER_INTEGER, &c->serial, NULL) || in.n != 0)
		return fault_set(f, FAULT_BADREQ, MALFORMED);
	want = octets_same(oid, oid_sha1) ? 20 : octets_same(oid, oid_sha256) ? 32 : 0;
	if (want == 0)
		c->name_hash.n = c->key_hash.n =
		    0; /* an algorithm that we have no index for: unknown issuer */
	else if (c->name_hash.n != want || c->key_hash.n != want)
		return fault_set(
		    f, FAULT_BADREQ, "ocsp: RFC 6960 section 4.1.1: a hash of another length");
	return true;
}

static bool
read_nonce(struct octets value, struct status_request *r, struct fault *f)
{
	struct octets nonce;

	if (!der_take(&value, DER_OCTETS, &nonce, NULL) || value.n != 0 || nonce.n == 0 ||
	    nonce.n > NONCE_REFUSED)
		return fault_set(
		    f, FAULT_BADREQ, "ocsp: RFC 9654 section 2.1: a nonce of no valid length");
	if (nonce.n >= REQUEST_NONCE_MIN && nonce.n <= REQUEST_NONCE_MAX)
		r->nonce = nonce;
	return true;
}

/* Extensions, of which a nonce counts where r is not NULL: it is the whole request's. */
static bool
read_extensions(struct octets in, struct status_request *r, struct fault *f)
{
	struct octets list, one, oid, flag, value;
	unsigned nonces = 0;
	bool critical;

	if (!der_take(&in, DER_SEQUENCE, &list, NULL) || in.n != 0)
		return fault_set(f, FAULT_BADREQ, MALFORMED);
	while (der_take(&list, DER_SEQUENCE, &one, NULL)) {
		if (!der_take(&one, DER_OID, &oid, NULL))
			return fault_set(f, FAULT_BADREQ, MALFORMED);
		critical = der_take(&one, DER_BOOLEAN, &flag, NULL) && flag.at[0] != 0;
		if (!der_take(&one, DER_OCTETS, &value, NULL) || one.n != 0)
			return fault_set(f, FAULT_BADREQ, MALFORMED);
		if (r != NULL && octets_same(oid, oid_ocsp_nonce)) {
			if (++nonces > 1)
				return fault_set(
				    f, FAULT_BADREQ, "ocsp: RFC 9654 section 2.1: two nonces");
			if (!read_nonce(value, r, f))
				return false;
		} else if (critical) {
			return fault_set(f, FAULT_BADREQ,
			    "ocsp: RFC 6960 section 4.4: a critical extension that is not known here");
		}
	}
	return list.n == 0 || fault_set(f, FAULT_BADREQ, MALFORMED);
}

static bool
read_list(struct octets in, struct status_request *r, struct fault *f)
{
	struct octets one, id, part;

	while (der_take(&in, DER_SEQUENCE, &one, NULL)) {
		if (r->n == REQUEST_CERTS_MAX)
			return fault_set(f, FAULT_BADREQ,
			    "ocsp: over %d certificates in one request", REQUEST_CERTS_MAX);
		if (!der_take(&one, DER_SEQUENCE, &id, &r->cert[r->n].whole))
			return fault_set(f, FAULT_BADREQ, MALFORMED);
		if (!read_cert_id(id, &r->cert[r->n++], f))
			return false;
		if (der_take(&one, DER_EXPLICIT(0), &part, NULL) && !read_extensions(part, NULL, f))
			return false;
		if (one.n != 0)
			return fault_set(f, FAULT_BADREQ, MALFORMED);
	}
	return (in.n == 0 && r->n > 0) || fault_set(f, FAULT_BADREQ, MALFORMED);
}

bool
request_parse(struct octets der, struct status_request *ret, struct fault *f)
{
	struct octets in = der, whole, tbs, list, part;
	struct status_request r = { 0 };

	if (der.n > REQUEST_MAX_OCTETS)
		return fault_set(
		    f, FAULT_LIMIT, "ocsp: %zu octets, over %d", der.n, REQUEST_MAX_OCTETS);
	if (!der_check(der, f))
		return false;
	if (!der_take(&in, DER_SEQUENCE, &whole, NULL) ||
	    !der_take(&whole, DER_SEQUENCE, &tbs, NULL))
		return fault_set(f, FAULT_BADREQ, MALFORMED);
	/* A signature on the request is passed over: nobody here asks who wants to know. */
	if (der_take(&whole, DER_EXPLICIT(0), &part, NULL) &&
	    (!der_take(&part, DER_SEQUENCE, &list, NULL) || list.n == 0 || part.n != 0))
		return fault_set(f, FAULT_BADREQ, MALFORMED);
	if (whole.n != 0)
		return fault_set(f, FAULT_BADREQ, MALFORMED);
	if (der_take(&tbs, DER_EXPLICIT(0), &part, NULL) && (part.n != 3 || part.at[2] != 0))
		return fault_set(
		    f, FAULT_BADREQ, "ocsp: RFC 6960 section 4.1.1: expected version 1");
	(void)der_take(&tbs, DER_EXPLICIT(1), &part, NULL); /* requestorName */
	if (!der_take(&tbs, DER_SEQUENCE, &list, NULL))
		return fault_set(f, FAULT_BADREQ, MALFORMED);
	if (!read_list(list, &r, f))
		return false;
	if (der_take(&tbs, DER_EXPLICIT(2), &part, NULL) && !read_extensions(part, &r, f))
		return false;
	if (tbs.n != 0)
		return fault_set(f, FAULT_BADREQ, MALFORMED);
	*ret = r;
	return true;
}
