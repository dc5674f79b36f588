/* relay/recipient.c - see recipient.h. */
#include "relay/recipient.h"

#include <string.h>

#include "ca/cert.h"
#include "ca/chain.h"
#include "ca/oid.h"
#include "ca/profile.h"

/* By any of the roots: after a rollover an agent knows two. */
static bool
leads_to_a_root(
    struct octets pem, struct octets roots, int64_t at_s, struct bytes *leaf, struct fault *f)
{
	struct bytes der = { 0 }, root = { 0 };
	struct fault why;
	bool ok = false, any = true;

	for (size_t i = 0; !ok && any; i++) {
		bytes_clear(&der);
		bytes_clear(&root);
		bytes_clear(leaf);
		any =
		    chain_pem_at(roots, i, &der, &why) && cert_pem(octets_bytes(&der), &root, &why);
		if (any)
			ok = chain_verify(pem, octets_bytes(&root), at_s, leaf, f);
		else if (i == 0 || why.code != FAULT_NOTFOUND)
			*f = why;
	}
	bytes_free(&der);
	bytes_free(&root);
	return ok;
}

/* For key agreement on P-256, for our purpose and no other, and no CA's. */
static bool
is_for_documents(const struct cert *c, struct fault *f)
{
	struct octets purpose;

	if (c->ca || c->key_usage != USE_KEY_AGREEMENT || c->purposes != 1 ||
	    !cert_purpose(c, 0, &purpose) || !octets_same(purpose, oid_document_release))
		return fault_set(f, FAULT_DENIED,
		    "recipient: RFC 5280 section 4.2.1.12: a certificate for something else");
	if (spki_kind(c->spki) != SPKI_P256)
		return fault_set(
		    f, FAULT_DENIED, "recipient: RFC 5753 section 7: not a key on P-256");
	return true;
}

/* "spiffe://acme.eu.example.org" of a name of ours; n 0: it is none. */
static struct octets
trust_domain(const char *uri)
{
	struct octets rest = octets_text(uri);
	const char *slash;

	if (!octets_take_text(&rest, "spiffe://"))
		return (struct octets){ 0 };
	slash = memchr(rest.at, '/', rest.n);
	if (slash == NULL)
		return (struct octets){ 0 };
	return octets_of(uri, (size_t)(slash - uri));
}

/* Of the tenant of own, by its name and by that of its CA, which a rollover keeps. */
static bool
is_of_our_tenant(const struct cert *c, const struct cert *own, struct fault *f)
{
	struct octets ours = trust_domain(own->uri), its = trust_domain(c->uri);

	if (ours.n == 0 || !octets_same(ours, its) || !octets_same(c->issuer, own->issuer))
		return fault_set(f, FAULT_DENIED, "recipient: not of our tenant: %s", c->uri);
	if (strcmp(c->uri + its.n, "/" RECIPIENT_NAME) != 0)
		return fault_set(
		    f, FAULT_DENIED, "recipient: expected " RECIPIENT_NAME ", found %s", c->uri);
	return true;
}

bool
recipient_verify(struct octets pem, struct octets roots, struct octets own, int64_t at_s,
    struct bytes *ret, struct fault *f)
{
	struct bytes leaf = { 0 };
	struct cert c, mine;
	bool ok = cert_parse(own, &mine, f) && leads_to_a_root(pem, roots, at_s, &leaf, f) &&
		  cert_parse(octets_bytes(&leaf), &c, f) && is_of_our_tenant(&c, &mine, f) &&
		  is_for_documents(&c, f);

	if (ok) {
		bytes_put_octets(ret, octets_bytes(&leaf));
		ok = bytes_ok(ret, f);
	}
	bytes_free(&leaf);
	return ok;
}
