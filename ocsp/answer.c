/* ocsp/answer.c - see answer.h. */
#include "ocsp/answer.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/der.h"
#include "ca/level.h"
#include "ca/oid.h"

#define SHA1_OCTETS 20

#define STATUS_GOOD    DER_CONTEXT(0)
#define STATUS_REVOKED DER_EXPLICIT(1)
#define STATUS_UNKNOWN DER_CONTEXT(2)

void
answer_status(enum answer_status status, struct bytes *ret)
{
	struct der d = { .out = ret };

	der_begin(&d, DER_SEQUENCE);
	der_put_small(&d, DER_ENUMERATED, (unsigned)status);
	der_end(&d);
}

bool
answer_issuer(struct realm *realm, const struct request *r, struct authority *ret, struct fault *f)
{
	struct authority first, other;

	if (!realm_issuer(realm, r->cert[0].key_hash, r->cert[0].name_hash, &first, f))
		return false;
	for (size_t i = 1; i < r->n; i++) {
		if (!realm_issuer(realm, r->cert[i].key_hash, r->cert[i].name_hash, &other, f))
			return false;
		/* One answer has one signer, and a delegate speaks for its own CA only. */
		if (memcmp(other.key_id, first.key_id, sizeof(first.key_id)) != 0)
			return fault_set(
			    f, FAULT_NOTFOUND, "ocsp: certificates of two issuers in one request");
	}
	*ret = first;
	return true;
}

/* Where the serial is none that this CA issued: not found, for the caller to answer unknown. */
static bool
find(struct ledger *l, const struct authority *issuer, struct octets serial, struct standing *ret,
    struct fault *f)
{
	if (serial.n != TBS_SERIAL_OCTETS)
		return fault_set(f, FAULT_NOTFOUND, "ocsp: a serial of another length");
	if (!ledger_standing(l, serial.at, ret, f))
		return false;
	if (memcmp(ret->issuer, issuer->key_id, sizeof(ret->issuer)) != 0)
		return fault_set(f, FAULT_NOTFOUND, "ocsp: another CA's serial");
	return true;
}

static void
put_revoked(struct der *d, const struct standing *s)
{
	der_begin(d, STATUS_REVOKED);
	der_put_generalized_time(d, s->changed_s);
	if (s->reason != 0) {
		der_begin(d, DER_EXPLICIT(0));
		der_put_small(d, DER_ENUMERATED, s->reason);
		der_end(d);
	}
	der_end(d);
}

/* Whose certificates are asked for, where their standings are, and what stands above them. */
struct ground {
	const struct authority *issuer;
	struct ledger *ledger;
	struct level_above above;
};

static bool
put_single(struct der *d, const struct ground *g, const struct request_cert *c, int64_t now_s,
    struct fault *f)
{
	struct standing s;
	struct fault why;
	const struct octets none = { NULL, 0 };

	der_begin(d, DER_SEQUENCE);
	bytes_put_octets(d->out, c->whole);
	if (!find(g->ledger, g->issuer, c->serial, &s, &why)) {
		if (why.code != FAULT_NOTFOUND) {
			*f = why;
			return false;
		}
		s.state = STANDING_PENDING;
	}
	level_weigh(&g->above, &s);
	if (s.state == STANDING_GOOD) {
		der_put(d, STATUS_GOOD, none);
	} else if (s.state == STANDING_PENDING) {
		der_put(d, STATUS_UNKNOWN, none); /* none of ours, or nobody was given it */
	} else {
		put_revoked(d, &s);
	}
	der_put_generalized_time(d, now_s);
	der_begin(d, DER_EXPLICIT(0));
	der_put_generalized_time(d, now_s + ANSWER_VALID_S);
	der_end(d);
	der_end(d);
	return true;
}

static void
put_nonce(struct der *d, struct octets nonce)
{
	if (nonce.n == 0)
		return;
	der_begin(d, DER_EXPLICIT(1));
	der_begin(d, DER_SEQUENCE);
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_OID, oid_ocsp_nonce);
	der_begin(d, DER_OCTETS);
	der_put(d, DER_OCTETS, nonce);
	for (int i = 0; i < 4; i++)
		der_end(d);
}

/* ResponseData (RFC 6960 section 4.2.1). */
static bool
put_data(struct der *d, struct realm *realm, const struct request *r,
    const struct authority *issuer, const struct responder *by, int64_t now_s, struct fault *f)
{
	struct octets spki = key_spki(by->key);
	uint8_t id[EVP_MAX_MD_SIZE];
	struct ground g = { .issuer = issuer };

	if (!realm_records(realm, issuer, &g.ledger, f) || !level_above(realm, issuer, &g.above, f))
		return false;
	/* KeyHash is SHA-1 by definition: a name, not a protection. */
	if (EVP_Digest(spki.at + spki.n - 65, 65, id, NULL, EVP_sha1(), NULL) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "ocsp: EVP_Digest");
	der_begin(d, DER_SEQUENCE);
	der_begin(d, DER_EXPLICIT(2));
	der_put(d, DER_OCTETS, octets_of(id, SHA1_OCTETS));
	der_end(d);
	der_put_generalized_time(d, now_s);
	der_begin(d, DER_SEQUENCE);
	for (size_t i = 0; i < r->n; i++)
		if (!put_single(d, &g, &r->cert[i], now_s, f))
			return false;
	der_end(d);
	put_nonce(d, r->nonce);
	der_end(d);
	return true;
}

/* The signed data inside its three wrappings. */
static void
wrap(struct octets data, struct octets signature, struct octets certificate, struct bytes *ret)
{
	struct der d = { .out = ret };

	der_begin(&d, DER_SEQUENCE);
	der_put_small(&d, DER_ENUMERATED, ANSWER_OK);
	der_begin(&d, DER_EXPLICIT(0));
	der_begin(&d, DER_SEQUENCE);
	der_put(&d, DER_OID, oid_ocsp_basic);
	der_begin(&d, DER_OCTETS);
	der_begin(&d, DER_SEQUENCE);
	bytes_put_octets(ret, data);
	bytes_put_octets(ret, oid_algorithm_ecdsa_sha256);
	der_put_bits(&d, signature);
	der_begin(&d, DER_EXPLICIT(0));
	der_begin(&d, DER_SEQUENCE);
	bytes_put_octets(ret, certificate);
	for (int i = 0; i < 7; i++)
		der_end(&d);
}

bool
answer(struct realm *realm, const struct request *r, const struct authority *issuer,
    const struct responder *by, int64_t now_s, struct bytes *ret, struct fault *f)
{
	struct bytes data = { 0 }, signature = { 0 };
	struct der d = { .out = &data };
	bool ok = false;

	if (!put_data(&d, realm, r, issuer, by, now_s, f) || !bytes_ok(&data, f) ||
	    !key_sign(by->key, octets_bytes(&data), &signature, f))
		goto out;
	wrap(octets_bytes(&data), octets_bytes(&signature), by->certificate, ret);
	ok = bytes_ok(ret, f);
out:
	bytes_free(&signature);
	bytes_free(&data);
	return ok;
}
