/* ocsp/answer.c - see answer.h. */
#include "ocsp/answer.h"

#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "base/der.h"
#include "ca/extension.h"
#include "ca/level.h"
#include "ca/oid.h"
#include "ca/revoke.h"

#define SHA1_OCTETS  20
#define POINT_OCTETS 65 /* of P-256, uncompressed */

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
answer_issuer(
    struct realm *realm, const struct status_request *r, struct authority *ret, struct fault *f)
{
	struct authority first, other;

	if (!realm_issuer(realm, r->cert[0].key_hash, r->cert[0].name_hash, &first, f))
		return false;
	for (size_t i = 1; i < r->n; i++) {
		if (!realm_issuer(realm, r->cert[i].key_hash, r->cert[i].name_hash, &other, f))
			return false;
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

/* Whose certificates are asked for, where their standings are, what stands above them, and who
 * speaks when. */
struct ground {
	const struct authority *issuer;
	const struct responder *by;
	struct ledger *ledger;
	struct level_above above;
	int64_t now_s;
	bool extended; /* a serial that was never issued was said to be revoked */
};

static void
put_extension(struct der *d, struct octets oid, uint8_t tag, struct octets content)
{
	extension_begin(d, oid, false);
	der_put(d, tag, content);
	extension_end(d);
}

static void
put_status(struct der *d, struct ground *g, const struct standing *s)
{
	const struct standing never = { .reason = REASON_HOLD }; /* since 1 January 1970 */
	const struct octets none = { NULL, 0 };

	if (s->state == STANDING_GOOD) {
		der_put(d, STATUS_GOOD, none);
	} else if (s->state != STANDING_PENDING) {
		put_revoked(d, s);
	} else if (!g->by->unknown_is_revoked) {
		der_put(d, STATUS_UNKNOWN, none); /* none of ours, or nobody was given it */
	} else {
		put_revoked(d, &never);
		g->extended = true;
	}
}

/* No answer outlives who made it. */
static int64_t
next_update(const struct ground *g)
{
	int64_t next_s = g->now_s + ANSWER_VALID_S;

	if (next_s > g->by->until_s)
		next_s = g->by->until_s;
	return next_s < g->issuer->not_after_s ? next_s : g->issuer->not_after_s;
}

static void
put_cutoff(struct der *d, const struct ground *g)
{
	der_begin(d, DER_EXPLICIT(1));
	der_begin(d, DER_SEQUENCE);
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_OID, oid_ocsp_cutoff);
	der_begin(d, DER_OCTETS);
	der_put_generalized_time(d, g->issuer->created_s);
	for (int i = 0; i < 4; i++)
		der_end(d);
}

static bool
put_single(struct der *d, struct ground *g, const struct request_cert *c, struct fault *f)
{
	struct standing s;
	struct fault why;

	der_begin(d, DER_SEQUENCE);
	bytes_put_octets(d->out, c->whole);
	if (!find(g->ledger, g->issuer, c->serial, &s, &why)) {
		if (why.code != FAULT_NOTFOUND) {
			*f = why;
			return false;
		}
		s = (struct standing){ .state = STANDING_PENDING, .not_after_s = INT64_MAX };
	}
	level_weigh(&g->above, &s);
	put_status(d, g, &s);
	der_put_generalized_time(d, g->now_s);
	der_begin(d, DER_EXPLICIT(0));
	der_put_generalized_time(d, next_update(g));
	der_end(d);
	if (g->by->cutoff && s.not_after_s < g->now_s)
		put_cutoff(d, g);
	der_end(d);
	return true;
}

/* RFC 9654 section 2.1, and RFC 6960 section 4.4.8. */
static void
put_extensions(struct der *d, struct octets nonce, bool extended)
{
	if (nonce.n == 0 && !extended)
		return;
	der_begin(d, DER_EXPLICIT(1));
	der_begin(d, DER_SEQUENCE);
	if (nonce.n != 0)
		put_extension(d, oid_ocsp_nonce, DER_OCTETS, nonce);
	if (extended)
		put_extension(d, oid_ocsp_extended_revoke, DER_NULL, octets_of(NULL, 0));
	der_end(d);
	der_end(d);
}

/*
 * KeyHash is SHA-1 by definition: a name, not a protection. The last one is
 * remembered: finding the algorithm takes longer than the hash.
 */
static bool
key_hash(const struct key *by, uint8_t to[static SHA1_OCTETS], struct fault *f)
{
	static _Thread_local struct {
		uint8_t point[POINT_OCTETS], hash[EVP_MAX_MD_SIZE];
	} last;
	struct octets spki = key_spki(by);
	const uint8_t *point = spki.at + spki.n - POINT_OCTETS;

	if (memcmp(last.point, point, POINT_OCTETS) != 0) {
		memset(last.point, 0, POINT_OCTETS);
		if (EVP_Digest(point, POINT_OCTETS, last.hash, NULL, EVP_sha1(), NULL) != 1)
			return fault_crypto(f, FAULT_INTERNAL, "ocsp: EVP_Digest");
		memcpy(last.point, point, POINT_OCTETS);
	}
	memcpy(to, last.hash, SHA1_OCTETS);
	return true;
}

/* ResponseData (RFC 6960 section 4.2.1). */
static bool
put_data(struct der *d, struct realm *realm, const struct status_request *r,
    const struct authority *issuer, const struct responder *by, int64_t now_s, struct fault *f)
{
	uint8_t id[SHA1_OCTETS];
	struct ground g = { .issuer = issuer, .by = by, .now_s = now_s };

	if (!realm_records(realm, issuer, &g.ledger, f) || !level_above(realm, issuer, &g.above, f))
		return false;
	if (!key_hash(by->key, id, f))
		return false;
	der_begin(d, DER_SEQUENCE);
	der_begin(d, DER_EXPLICIT(2));
	der_put(d, DER_OCTETS, octets_of(id, SHA1_OCTETS));
	der_end(d);
	der_put_generalized_time(d, now_s);
	der_begin(d, DER_SEQUENCE);
	for (size_t i = 0; i < r->n; i++)
		if (!put_single(d, &g, &r->cert[i], f))
			return false;
	der_end(d);
	put_extensions(d, r->nonce, g.extended);
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
answer(struct realm *realm, const struct status_request *r, const struct authority *issuer,
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

/* The content of GeneralizedTime as it is written here: YYYYMMDDHHMMSSZ. */
static bool
read_time(struct octets content, int64_t *ret_s)
{
	int pair[7]; /* century, year, month, day, hour, minute, second */
	struct tm tm;

	if (content.n != 15 || content.at[14] != 'Z')
		return false;
	for (size_t i = 0; i < 14; i++)
		if (content.at[i] < '0' || content.at[i] > '9')
			return false;
	for (size_t i = 0; i < 7; i++)
		pair[i] = (content.at[2 * i] - '0') * 10 + (content.at[2 * i + 1] - '0');
	tm = (struct tm){ .tm_year = pair[0] * 100 + pair[1] - 1900,
		.tm_mon = pair[2] - 1,
		.tm_mday = pair[3],
		.tm_hour = pair[4],
		.tm_min = pair[5],
		.tm_sec = pair[6] };
	*ret_s = (int64_t)timegm(&tm);
	return true;
}

/* The first SingleResponse of an OCSPResponse, its content. */
static bool
first_single(struct octets der, struct octets *ret)
{
	static const struct {
		unsigned skip; /* values that stand before it */
		uint8_t tag;
	} path[] = { { 0, DER_SEQUENCE }, { 1, DER_EXPLICIT(0) }, { 0, DER_SEQUENCE },
		{ 1, DER_OCTETS }, { 0, DER_SEQUENCE }, { 0, DER_SEQUENCE }, { 2, DER_SEQUENCE },
		{ 0, DER_SEQUENCE } };
	struct octets in = der, content;
	uint8_t tag;

	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
		for (unsigned k = 0; k < path[i].skip; k++)
			if (!der_next(&in, &tag, &content, NULL))
				return false;
		if (!der_take(&in, path[i].tag, &content, NULL))
			return false;
		in = content;
	}
	*ret = in;
	return true;
}

bool
answer_times(struct octets der, int64_t *this_update_s, int64_t *next_update_s, struct fault *f)
{
	struct octets in, content, next;
	int64_t from_s, to_s;
	uint8_t tag;

	if (!first_single(der, &in) || !der_next(&in, &tag, &content, NULL) ||
	    !der_next(&in, &tag, &content, NULL) || !der_take(&in, DER_TIME, &content, NULL) ||
	    !read_time(content, &from_s) || !der_take(&in, DER_EXPLICIT(0), &content, NULL) ||
	    !der_take(&content, DER_TIME, &next, NULL) || !read_time(next, &to_s))
		return fault_set(f, FAULT_INTERNAL, "ocsp: an answer whose times cannot be read");
	*this_update_s = from_s;
	*next_update_s = to_s;
	return true;
}
