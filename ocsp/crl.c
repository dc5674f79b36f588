/* ocsp/crl.c - see crl.h. */
#include "ocsp/crl.h"

#include <string.h>

#include "ca/revoke.h"

#define EDITION 3 /* 1 and 2 had the whole list in one row, under a shorter key */

struct octets
crl_head_key(const uint8_t ca[static TBS_KEY_ID_OCTETS], struct crl_which which,
    uint8_t to[static CRL_HEAD_KEY])
{
	memcpy(to, ca, TBS_KEY_ID_OCTETS);
	to[TBS_KEY_ID_OCTETS] = (uint8_t)which.kind;
	to[TBS_KEY_ID_OCTETS + 1] = (uint8_t)(which.shard >> 8);
	to[TBS_KEY_ID_OCTETS + 2] = (uint8_t)which.shard;
	return octets_of(to, CRL_HEAD_KEY);
}

struct octets
crl_piece_key(const uint8_t ca[static TBS_KEY_ID_OCTETS], struct crl_which which, uint64_t number,
    uint32_t piece, uint8_t to[static CRL_PIECE_KEY])
{
	(void)crl_head_key(ca, which, to);
	(void)octets_u64(number, to + CRL_HEAD_KEY);
	for (unsigned i = 0; i < 4; i++)
		to[CRL_HEAD_KEY + 8 + i] = (uint8_t)(piece >> (24 - 8 * i));
	return octets_of(to, CRL_PIECE_KEY);
}

static bool
read_head(struct octets value, struct crl_head *h)
{
	struct reader r = reader_of(value);

	if (reader_u8(&r) != EDITION)
		return false;
	h->number = reader_u64(&r);
	h->changes = reader_u64(&r);
	h->made_s = (int64_t)reader_u64(&r);
	h->until_s = (int64_t)reader_u64(&r);
	h->base = reader_u64(&r);
	h->base_since = reader_u64(&r);
	h->base_made_s = (int64_t)reader_u64(&r);
	h->rows = reader_u64(&r);
	h->size = reader_u64(&r);
	h->pieces = reader_u32(&r);
	reader_copy(&r, h->digest, sizeof(h->digest));
	return reader_done(&r) && h->size <= CRL_SIZE_MAX && h->pieces > 0;
}

bool
crl_put_head(struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS], struct crl_which which,
    const struct crl_head *h, struct fault *f)
{
	uint8_t key[CRL_HEAD_KEY];
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_u64(&b, h->number);
	bytes_put_u64(&b, h->changes);
	bytes_put_u64(&b, (uint64_t)h->made_s);
	bytes_put_u64(&b, (uint64_t)h->until_s);
	bytes_put_u64(&b, h->base);
	bytes_put_u64(&b, h->base_since);
	bytes_put_u64(&b, (uint64_t)h->base_made_s);
	bytes_put_u64(&b, h->rows);
	bytes_put_u64(&b, h->size);
	bytes_put_u32(&b, h->pieces);
	bytes_put(&b, h->digest, sizeof(h->digest));
	if ((ok = bytes_ok(&b, f)))
		ledger_put(l, TABLE_CRL, crl_head_key(ca, which, key), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

bool
crl_head(struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS], struct crl_which which,
    struct crl_head *ret, struct fault *f)
{
	uint8_t key[CRL_HEAD_KEY];
	struct bytes b = { 0 };
	struct crl_head h;
	bool ok = ledger_get(l, TABLE_CRL, crl_head_key(ca, which, key), &b, f) &&
		  (read_head(octets_bytes(&b), &h) ||
		      fault_set(f, FAULT_INTERNAL, "crl: a row that cannot be read"));

	bytes_free(&b);
	if (ok)
		*ret = h;
	return ok;
}

bool
crl_state(struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS], struct crl_state *ret,
    struct fault *f)
{
	uint8_t key[CRL_HEAD_KEY];
	struct crl_which which = { .kind = CRL_STATE };
	struct bytes b = { 0 };
	struct crl_state s;
	struct reader r;
	bool ok = ledger_get(l, TABLE_CRL, crl_head_key(ca, which, key), &b, f);

	if (ok) {
		r = reader_of(octets_bytes(&b));
		ok = reader_u8(&r) == EDITION;
		s.number = reader_u64(&r);
		s.changes = reader_u64(&r);
		s.shards_made_s = (int64_t)reader_u64(&r);
		ok = (ok && reader_done(&r)) ||
		     fault_set(f, FAULT_INTERNAL, "crl: a row that cannot be read");
	}
	bytes_free(&b);
	if (ok)
		*ret = s;
	return ok;
}

bool
crl_put_state(struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS],
    const struct crl_state *s, struct fault *f)
{
	uint8_t key[CRL_HEAD_KEY];
	struct crl_which which = { .kind = CRL_STATE };
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_u64(&b, s->number);
	bytes_put_u64(&b, s->changes);
	bytes_put_u64(&b, (uint64_t)s->shards_made_s);
	if ((ok = bytes_ok(&b, f)))
		ledger_put(l, TABLE_CRL, crl_head_key(ca, which, key), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

bool
crl_read(struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS], struct crl_which which,
    const struct crl_head *h, uint8_t *to, struct fault *f)
{
	uint8_t key[CRL_PIECE_KEY];
	struct bytes b = { 0 };
	size_t n = 0;
	bool ok = true;

	for (uint32_t i = 0; ok && i < h->pieces; i++) {
		bytes_clear(&b);
		ok = ledger_get(l, TABLE_CRL, crl_piece_key(ca, which, h->number, i, key), &b, f);
		if (!ok && f->code == FAULT_NOTFOUND)
			f->code = FAULT_CONFLICT;
		if (ok && b.n > h->size - n)
			ok = fault_set(f, FAULT_INTERNAL, "crl: longer than its head says");
		if (ok)
			memcpy(to + n, b.at, b.n);
		n += b.n;
	}
	bytes_free(&b);
	return ok &&
	       (n == h->size || fault_set(f, FAULT_INTERNAL, "crl: shorter than its head says"));
}

bool
crl_due(struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS], int64_t now_s,
    bool *ret_changed, int64_t *ret_due_s, struct fault *f)
{
	struct crl_which which = { .kind = CRL_COMPLETE };
	struct crl_head h;
	struct fault why;
	uint64_t changes;

	if (!crl_head(l, ca, which, &h, &why)) {
		if (why.code != FAULT_NOTFOUND)
			return *f = why, false;
		*ret_changed = true;
		*ret_due_s = now_s;
		return true;
	}
	if (!revoke_changes(l, ca, &changes, f))
		return false;
	*ret_changed = changes != h.changes;
	*ret_due_s = now_s < h.made_s ? now_s : h.made_s + (h.until_s - h.made_s) / 2;
	return true;
}
