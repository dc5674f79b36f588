/* tests/fuzz/cert.c - what is read of a certificate lies in it, and says what libcrypto reads. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "ca/cert.h"
#include "ca/subtree.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
within(struct octets part, struct octets all)
{
	if (part.n > 0 && (part.at < all.at || part.at + part.n > all.at + all.n))
		abort();
}

static void
same(const ASN1_STRING *theirs, const uint8_t *ours, size_t n)
{
	if (theirs != NULL && ((size_t)ASN1_STRING_length(theirs) != n ||
				  memcmp(ASN1_STRING_get0_data(theirs), ours, n) != 0))
		abort();
}

static void
compare(const struct cert *c)
{
	const uint8_t *p = c->der.at;
	X509 *x = d2i_X509(NULL, &p, (long)c->der.n);

	if (x != NULL && X509_get0_subject_key_id(x) != NULL) {
		same(X509_get0_subject_key_id(x), c->key_id, sizeof(c->key_id));
		same(X509_get0_authority_key_id(x), c->issuer_key_id, sizeof(c->issuer_key_id));
		if (c->serial[0] > 0 && c->serial[0] < 0x80)
			same(X509_get0_serialNumber(x), c->serial, sizeof(c->serial));
		if (c->ca != (X509_check_ca(x) == 1) && X509_get_version(x) == X509_VERSION_3 &&
		    (X509_get_extension_flags(x) & (EXFLAG_INVALID | EXFLAG_KUSAGE)) == 0)
			abort();
	}
	X509_free(x);
	ERR_clear_error();
}

/* All that is asked of a certificate of anybody's. */
static void
ask(const struct cert *c)
{
	struct octets oid;
	struct provenance from;
	struct cert_places places;
	struct fault f;
	unsigned n = 0;

	for (int i = 0; i < CERT_EXTENSIONS; i++)
		within(c->extension[i], c->der);
	within(c->extensions, c->der);
	within(c->number, c->der);
	within(c->signature, c->der);
	while (cert_purpose(c, n, &oid)) {
		within(oid, c->der);
		n++;
	}
	if (n != c->purposes && (c->malformed & 1u << CERT_PURPOSES) == 0)
		abort();
	if (cert_provenance(c, &from) &&
	    (memchr(from.enroller, '\0', sizeof(from.enroller)) == NULL ||
		memchr(from.evidence, '\0', sizeof(from.evidence)) == NULL))
		abort();
	if (cert_places(c, &places))
		within(places.crl, c->der);
	/* its names under its own walls: a fault, or none, and no more */
	if (cert_has(c, CERT_CONSTRAINTS) &&
	    subtree_allows(c->extension[CERT_CONSTRAINTS], c, &f) &&
	    !subtree_readable(c->extension[CERT_CONSTRAINTS], &f))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct octets all = octets_of(at, n);
	struct cert c;
	struct fault f;

	if (cert_read(all, &c, &f))
		ask(&c);
	if (!cert_parse(all, &c, &f)) {
		if (f.code != FAULT_BADREQ)
			abort();
		return 0;
	}
	within(c.tbs, all);
	within(c.issuer, all);
	within(c.subject, all);
	within(c.spki, all);
	within(c.alt_names, all);
	if (memchr(c.uri, '\0', sizeof(c.uri)) == NULL)
		abort();
	compare(&c);
	return 0;
}
