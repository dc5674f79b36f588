/* ocsp/crl.c - see crl.h. */
#include "ocsp/crl.h"

#include <string.h>

#include "base/der.h"
#include "ca/oid.h"
#include "ca/revoke.h"

#define EDITION 2 /* 1 kept the length of the list where changes stands: it is never fresh */
#define ROW_KEY (TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS)

/* TABLE_CRL's value: number, what revoke_changes() said, made at, valid until, then the DER. */
struct stored {
	uint8_t edition;
	uint64_t number, changes;
	int64_t made_s, until_s;
	struct octets der;
};

static bool
read_stored(struct octets value, struct stored *s)
{
	struct reader r = reader_of(value);

	s->edition = reader_u8(&r);
	if (s->edition != 1 && s->edition != EDITION)
		return false;
	s->number = reader_u64(&r);
	s->changes = reader_u64(&r);
	s->made_s = (int64_t)reader_u64(&r);
	s->until_s = (int64_t)reader_u64(&r);
	s->der = reader_counted(&r);
	return reader_done(&r);
}

struct listing {
	const uint8_t *issuer; /* key id */
	struct der *d;
};

static void
put_entry(
    struct der *d, const uint8_t serial[static TBS_SERIAL_OCTETS], uint8_t reason, int64_t at_s)
{
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_INTEGER, octets_of(serial, TBS_SERIAL_OCTETS));
	der_put_time(d, at_s);
	if (reason != 0) {
		der_begin(d, DER_SEQUENCE);
		der_begin(d, DER_SEQUENCE);
		der_put(d, DER_OID, oid_crl_reason);
		der_begin(d, DER_OCTETS);
		der_put_small(d, DER_ENUMERATED, reason);
		for (int i = 0; i < 3; i++)
			der_end(d);
	}
	der_end(d);
}

static bool
list_one(void *with, struct octets key, struct octets value)
{
	struct listing *l = with;
	struct reader r = reader_of(value);
	uint8_t reason;

	if (key.n != ROW_KEY || memcmp(key.at, l->issuer, TBS_KEY_ID_OCTETS) != 0)
		return false; /* the next CA's rows */
	reason = reader_u8(&r);
	put_entry(l->d, key.at + TBS_KEY_ID_OCTETS, reason, (int64_t)reader_u64(&r));
	return true;
}

/* What is committed. */
static bool
list(struct ledger *l, const uint8_t issuer[static TBS_KEY_ID_OCTETS], struct der *d,
    struct fault *f)
{
	struct listing all = { .issuer = issuer, .d = d };

	return store_scan(ledger_store(l), TABLE_REVOKED, octets_of(issuer, TBS_KEY_ID_OCTETS),
	    SIZE_MAX, list_one, &all, f);
}

static void
put_extensions(struct der *d, const uint8_t key_id[static TBS_KEY_ID_OCTETS], uint64_t number)
{
	uint8_t n[8];

	der_begin(d, DER_EXPLICIT(0));
	der_begin(d, DER_SEQUENCE);
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_OID, oid_authority_key_id);
	der_begin(d, DER_OCTETS);
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_CONTEXT(0), octets_of(key_id, TBS_KEY_ID_OCTETS));
	for (int i = 0; i < 3; i++)
		der_end(d);
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_OID, oid_crl_number);
	der_begin(d, DER_OCTETS);
	der_put_unsigned(d, octets_u64(number, n));
	for (int i = 0; i < 4; i++)
		der_end(d);
}

/* TBSCertList; an empty list of certificates is left out (RFC 5280 section 5.1.2.6). */
static bool
encode(const struct issuer *by, struct stored *s, struct bytes *tbs, struct fault *f)
{
	struct bytes rows = { 0 };
	struct der d = { .out = tbs }, inner = { .out = &rows };
	bool ok = false;

	if (!list(by->ledger, by->a.key_id, &inner, f) || !bytes_ok(&rows, f))
		goto out;
	der_begin(&d, DER_SEQUENCE);
	der_put_small(&d, DER_INTEGER, 1); /* v2 */
	bytes_put_octets(tbs, oid_algorithm_ecdsa_sha256);
	bytes_put_octets(tbs, by->facts.subject);
	der_put_time(&d, s->made_s);
	der_put_time(&d, s->until_s);
	if (rows.n > 0)
		der_put(&d, DER_SEQUENCE, octets_bytes(&rows));
	put_extensions(&d, by->a.key_id, s->number);
	der_end(&d);
	ok = bytes_ok(tbs, f);
out:
	bytes_free(&rows);
	return ok;
}

static bool
store(struct ledger *l, const uint8_t key_id[static TBS_KEY_ID_OCTETS], const struct stored *s,
    struct octets der, struct fault *f)
{
	struct bytes value = { 0 };
	bool ok;

	bytes_put_u8(&value, EDITION);
	bytes_put_u64(&value, s->number);
	bytes_put_u64(&value, s->changes);
	bytes_put_u64(&value, (uint64_t)s->made_s);
	bytes_put_u64(&value, (uint64_t)s->until_s);
	bytes_put_counted(&value, der);
	ok = bytes_ok(&value, f) &&
	     (value.n <= STORE_VALUE_MAX ||
		 fault_set(f, FAULT_LIMIT, "crl: %zu octets, over %u: OCSP answers in its place",
		     value.n, STORE_VALUE_MAX));
	if (ok)
		ledger_put(
		    l, TABLE_CRL, octets_of(key_id, TBS_KEY_ID_OCTETS), octets_bytes(&value));
	bytes_free(&value);
	return ok;
}

/* The last number given, 0 where there is none. */
static bool
last_number(struct ledger *l, const uint8_t key_id[static TBS_KEY_ID_OCTETS], uint64_t *ret,
    struct fault *f)
{
	struct bytes value = { 0 };
	struct fault why;
	struct stored s = { 0 };
	bool ok = true;

	*ret = 0;
	if (ledger_get(l, TABLE_CRL, octets_of(key_id, TBS_KEY_ID_OCTETS), &value, &why)) {
		ok = read_stored(octets_bytes(&value), &s) ||
		     fault_set(f, FAULT_INTERNAL, "crl: a row that cannot be read");
		if (ok)
			*ret = s.number;
	} else if (why.code != FAULT_NOTFOUND) {
		*f = why;
		ok = false;
	}
	bytes_free(&value);
	return ok;
}

bool
crl_make(const struct issuer *by, int64_t now_s, int64_t valid_s, struct fault *f)
{
	struct bytes tbs = { 0 }, signature = { 0 }, der = { 0 };
	struct stored s = { .made_s = now_s, .until_s = now_s + valid_s };
	bool ok = false;

	if (s.until_s > by->a.not_after_s)
		s.until_s = by->a.not_after_s;
	if (!last_number(by->ledger, by->a.key_id, &s.number, f))
		return false;
	s.number++;
	/* Before the rows are read: a list may be newer than it says, never older. */
	if (!revoke_changes(by->ledger, by->a.key_id, &s.changes, f))
		return false;
	if (encode(by, &s, &tbs, f) && key_sign(by->key, octets_bytes(&tbs), &signature, f) &&
	    tbs_seal(octets_bytes(&tbs), octets_bytes(&signature), &der, f))
		ok = store(by->ledger, by->a.key_id, &s, octets_bytes(&der), f);
	bytes_free(&der);
	bytes_free(&signature);
	bytes_free(&tbs);
	return ok;
}

bool
crl_stored(struct ledger *l, const uint8_t key_id[static TBS_KEY_ID_OCTETS], int64_t now_s,
    struct bytes *ret, bool *ret_fresh, struct fault *f)
{
	struct bytes value = { 0 };
	struct stored s = { 0 };
	uint64_t changes;
	bool ok = false;

	if (!ledger_get(l, TABLE_CRL, octets_of(key_id, TBS_KEY_ID_OCTETS), &value, f))
		goto out;
	if (!read_stored(octets_bytes(&value), &s)) {
		fault_set(f, FAULT_INTERNAL, "crl: a row that cannot be read");
		goto out;
	}
	if (!revoke_changes(l, key_id, &changes, f))
		goto out;
	*ret_fresh = s.edition == EDITION && changes == s.changes && now_s >= s.made_s &&
		     now_s < s.made_s + (s.until_s - s.made_s) / 2;
	bytes_put_octets(ret, s.der);
	ok = bytes_ok(ret, f);
out:
	bytes_free(&value);
	return ok;
}
