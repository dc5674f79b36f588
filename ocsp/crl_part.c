/* ocsp/crl_part.c - see crl_part.h. */
#include "ocsp/crl_part.h"

#include <stdio.h>
#include <string.h>

#include "base/der.h"
#include "ca/cert.h"
#include "ca/extension.h"
#include "ca/oid.h"

#define URL_MAX 320

void
crl_part_entry(
    struct bytes *to, const uint8_t serial[static TBS_SERIAL_OCTETS], uint8_t reason, int64_t at_s)
{
	struct der d = { .out = to };

	der_begin(&d, DER_SEQUENCE);
	der_put(&d, DER_INTEGER, octets_of(serial, TBS_SERIAL_OCTETS));
	der_put_time(&d, at_s);
	if (reason != 0) {
		der_begin(&d, DER_SEQUENCE);
		der_begin(&d, DER_SEQUENCE);
		der_put(&d, DER_OID, oid_crl_reason);
		der_begin(&d, DER_OCTETS);
		der_put_small(&d, DER_ENUMERATED, reason);
		for (int i = 0; i < 3; i++)
			der_end(&d);
	}
	der_end(&d);
}

static void
put_number(struct der *d, struct octets oid, bool critical, uint64_t number)
{
	uint8_t n[8];

	extension_begin(d, oid, critical);
	der_put_unsigned(d, octets_u64(number, n));
	extension_end(d);
}

/* distributionPoint [0], in it fullName [0], in it one URI. */
static void
put_point(struct der *d, const char *url)
{
	der_begin(d, DER_EXPLICIT(0));
	der_begin(d, DER_EXPLICIT(0));
	der_put_text(d, CERT_NAME_URI, url);
	der_end(d);
	der_end(d);
}

/* The very URI that the certificates of this shard name, or a client finds that they do not match
 * (section 6.3.3 b 2). A tenant's CA certifies no other CA. */
static void
put_issuing_point(struct der *d, const char *url)
{
	extension_begin(d, oid_crl_issuing_point, true);
	der_begin(d, DER_SEQUENCE);
	put_point(d, url);
	der_put(d, DER_CONTEXT(1), octets_of("\xff", 1)); /* onlyContainsUserCerts */
	der_end(d);
	extension_end(d);
}

static void
put_freshest(struct der *d, const char *url)
{
	extension_begin(d, oid_crl_freshest, false);
	der_begin(d, DER_SEQUENCE);
	der_begin(d, DER_SEQUENCE);
	put_point(d, url);
	der_end(d);
	der_end(d);
	extension_end(d);
}

static bool
url_of(const struct issuer *by, const struct crl_order *o, char to[static URL_MAX], struct fault *f)
{
	char path[TBS_CRL_PATH_MAX], id[TBS_KEY_ID_OCTETS * 2 + 1];
	int n;

	if (o->which.kind == CRL_SHARD) {
		tbs_crl_path(
		    octets_of(by->a.key_id, TBS_KEY_ID_OCTETS), o->which.shard, by->a.shards, path);
	} else {
		text_hex(by->a.key_id, TBS_KEY_ID_OCTETS, id);
		(void)snprintf(path, sizeof(path), "crl/%s-delta.crl", id);
	}
	n = snprintf(to, URL_MAX, "%s/%s", o->public_url, path);
	return (n > 0 && n < URL_MAX) ||
	       fault_set(f, FAULT_INTERNAL, "crl: public_url is too long");
}

bool
crl_part_end(const struct issuer *by, const struct crl_order *o, struct bytes *ret, struct fault *f)
{
	struct der d = { .out = ret };
	char url[URL_MAX];

	if (!url_of(by, o, url, f))
		return false;
	der_begin(&d, DER_EXPLICIT(0));
	der_begin(&d, DER_SEQUENCE);
	extension_begin(&d, oid_authority_key_id, false);
	der_begin(&d, DER_SEQUENCE);
	der_put(&d, DER_CONTEXT(0), octets_of(by->a.key_id, TBS_KEY_ID_OCTETS));
	der_end(&d);
	extension_end(&d);
	put_number(&d, oid_crl_number, false, o->number);
	if (o->which.kind == CRL_DELTA)
		put_number(&d, oid_crl_delta, true, o->base);
	if (o->which.kind == CRL_SHARD)
		put_issuing_point(&d, url);
	if (o->which.kind == CRL_COMPLETE && o->deltas)
		put_freshest(&d, url);
	der_end(&d);
	der_end(&d);
	return bytes_ok(ret, f);
}

/* An empty list of certificates is left out (section 5.1.2.6). */
bool
crl_part_begin(const struct issuer *by, const struct crl_order *o, uint64_t rows_octets,
    size_t end_octets, struct bytes *ret, struct fault *f)
{
	struct bytes first = { 0 };
	struct der inner = { .out = &first }, d = { .out = ret };
	bool ok;

	der_put_small(&inner, DER_INTEGER, 1); /* v2 */
	bytes_put_octets(&first, oid_algorithm_ecdsa_sha256);
	bytes_put_octets(&first, by->facts.subject);
	der_put_time(&inner, o->made_s);
	der_put_time(&inner, o->until_s);
	if (rows_octets > 0)
		der_put_header(&inner, DER_SEQUENCE, rows_octets);
	if ((ok = bytes_ok(&first, f))) {
		der_put_header(&d, DER_SEQUENCE, first.n + rows_octets + end_octets);
		bytes_put_octets(ret, octets_bytes(&first));
		ok = bytes_ok(ret, f);
	}
	bytes_free(&first);
	return ok;
}

bool
crl_part_sign(struct octets signature, struct bytes *end, struct fault *f)
{
	struct der d = { .out = end };

	bytes_put_octets(end, oid_algorithm_ecdsa_sha256);
	der_put_bits(&d, signature);
	return bytes_ok(end, f);
}

bool
crl_part_open(uint64_t octets, struct bytes *ret, struct fault *f)
{
	struct der d = { .out = ret };

	der_put_header(&d, DER_SEQUENCE, octets);
	return bytes_ok(ret, f);
}
