/* ocsp/crl_build.c - see crl_build.h. */
#include "ocsp/crl_build.h"

#include <stdlib.h>
#include <string.h>

#include "ca/revoke.h"
#include "ocsp/crl_part.h"

#define ROW_KEY   (TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS)
#define REMOVED   8  /* removeFromCRL, RFC 5280 section 5.3.1 */
#define HASH_ROWS 80 /* octets are hashed as fast as so many times fewer rows are made */

void
crl_build_begin(struct crl_build *b, const struct issuer *by, const struct crl_order *o)
{
	*b = (struct crl_build){ .order = *o };
	b->head = (struct crl_head){ .number = o->number,
		.changes = o->changes,
		.made_s = o->made_s,
		.until_s = o->until_s,
		.base = o->base,
		.base_since = o->base_since,
		.base_made_s = o->base_made_s };
	memcpy(b->at, by->a.key_id, TBS_KEY_ID_OCTETS);
	tbs_shard_first(o->which.shard, o->which.kind == CRL_SHARD ? by->a.shards : 1,
	    b->at + TBS_KEY_ID_OCTETS);
	(void)crl_piece_key(by->a.key_id, o->which, 0, 0, b->swept);
}

void
crl_build_free(struct crl_build *b)
{
	bytes_free(&b->serials);
	bytes_free(&b->piece);
	bytes_free(&b->begin);
	bytes_free(&b->end);
	EVP_MD_CTX_free(b->hash);
	*b = (struct crl_build){ .phase = CRL_SWEEP };
}

/* Pieces of lists that are no longer, or never came to be. */
struct sweep {
	struct crl_build *b;
	uint64_t keep; /* the number of the list that there is */
	size_t left;
	struct bytes keys;
	bool more;
};

static bool
sweep_one(void *with, struct octets key, struct octets value)
{
	struct sweep *s = with;
	struct reader r;

	(void)value;
	if (key.n < CRL_HEAD_KEY || memcmp(key.at, s->b->swept, CRL_HEAD_KEY) != 0)
		return false;
	if (key.n != CRL_PIECE_KEY)
		return true;
	if (s->left == 0) {
		memcpy(s->b->swept, key.at, CRL_PIECE_KEY);
		s->more = true;
		return false;
	}
	s->left--;
	r = reader_of(octets_of(key.at + CRL_HEAD_KEY, 8));
	if (reader_u64(&r) != s->keep)
		bytes_put_octets(&s->keys, key);
	return true;
}

static bool
sweep(struct crl_build *b, struct ledger *l, size_t rows, struct fault *f)
{
	struct sweep s = { .b = b, .left = rows };
	struct crl_head there;
	struct fault why;
	bool ok;

	if (crl_head(l, b->swept, b->order.which, &there, &why))
		s.keep = there.number;
	else if (why.code != FAULT_NOTFOUND)
		return *f = why, false;
	ok = store_scan(ledger_store(l), TABLE_CRL, octets_of(b->swept, sizeof(b->swept)), SIZE_MAX,
		 sweep_one, &s, f) &&
	     bytes_ok(&s.keys, f);
	for (size_t i = 0; ok && i < s.keys.n; i += CRL_PIECE_KEY)
		batch_remove(ledger_batch(l), TABLE_CRL, octets_of(s.keys.at + i, CRL_PIECE_KEY));
	bytes_free(&s.keys);
	if (ok && !s.more)
		b->phase = b->order.which.kind == CRL_DELTA ? CRL_GATHER : CRL_ROWS;
	return ok;
}

struct gather {
	const struct crl_build *b;
	uint64_t n; /* of rows that are there */
	struct bytes *serials;
};

static bool
gather_one(void *with, struct octets key, struct octets value)
{
	struct gather *g = with;
	struct reader r;

	if (key.n != REVOKE_CHANGE_KEY || memcmp(key.at, g->b->at, TBS_KEY_ID_OCTETS) != 0 ||
	    key.at[TBS_KEY_ID_OCTETS] != REVOKE_CHANGE || value.n != TBS_SERIAL_OCTETS)
		return false;
	r = reader_of(octets_of(key.at + TBS_KEY_ID_OCTETS + 1, 8));
	if (reader_u64(&r) > g->b->order.changes)
		return false;
	bytes_put_octets(g->serials, value);
	g->n++;
	return true;
}

static int
by_serial(const void *a, const void *b)
{
	return memcmp(a, b, TBS_SERIAL_OCTETS);
}

/* Held and released and held again is one row. */
static void
sort_serials(struct bytes *s)
{
	size_t n = s->n == 0 ? 0 : TBS_SERIAL_OCTETS;

	if (s->n > 0)
		qsort(s->at, s->n / TBS_SERIAL_OCTETS, TBS_SERIAL_OCTETS, by_serial);
	for (size_t i = n; i < s->n; i += TBS_SERIAL_OCTETS)
		if (by_serial(s->at + i, s->at + n - TBS_SERIAL_OCTETS) != 0) {
			memmove(s->at + n, s->at + i, TBS_SERIAL_OCTETS);
			n += TBS_SERIAL_OCTETS;
		}
	s->n = n;
}

static bool
gather(struct crl_build *b, struct ledger *l, struct fault *f)
{
	uint8_t key[REVOKE_CHANGE_KEY];
	struct gather g = { .b = b, .serials = &b->serials };

	if (!store_scan(ledger_store(l), TABLE_CRL,
		revoke_change_key(b->at, b->order.base_since + 1, key), SIZE_MAX, gather_one, &g,
		f) ||
	    !bytes_ok(&b->serials, f))
		return false;
	if (g.n != b->order.changes - b->order.base_since)
		return fault_set(f, FAULT_INTERNAL, "crl: changes since the base are lost");
	sort_serials(&b->serials);
	b->phase = CRL_ROWS;
	return true;
}

static bool
put_piece(struct crl_build *b, struct ledger *l, struct fault *f)
{
	uint8_t key[CRL_PIECE_KEY];

	if (!bytes_ok(&b->piece, f))
		return false;
	b->head.pieces++; /* the first is what stands before them */
	ledger_put(l, TABLE_CRL,
	    crl_piece_key(b->at, b->order.which, b->order.number, b->head.pieces, key),
	    octets_bytes(&b->piece));
	bytes_clear(&b->piece);
	return true;
}

static void
put_row(struct crl_build *b, const uint8_t *serial, uint8_t reason, int64_t at_s)
{
	size_t before = b->piece.n;

	crl_part_entry(&b->piece, serial, reason, at_s);
	b->rows_octets += b->piece.n - before;
	b->head.rows++;
}

/* Rows of the ledger: a visit must not write, so it ends where a piece is full. */
struct visit {
	struct crl_build *b;
	unsigned shards;
	size_t left;
	bool over; /* the next row is not of this list */
};

static bool
visit_row(void *with, struct octets key, struct octets value)
{
	struct visit *v = with;
	struct crl_build *b = v->b;
	struct reader r = reader_of(value);
	uint8_t reason;

	v->over = key.n != ROW_KEY || memcmp(key.at, b->at, TBS_KEY_ID_OCTETS) != 0 ||
		  tbs_shard(key.at + TBS_KEY_ID_OCTETS, v->shards) != b->order.which.shard;
	if (v->over)
		return false;
	memcpy(b->at, key.at, ROW_KEY);
	if (v->left == 0 || b->piece.n >= CRL_PIECE_OCTETS)
		return false; /* it is the next to go on with */
	v->left--;
	v->over = true; /* unless another comes */
	reason = reader_u8(&r);
	put_row(b, key.at + TBS_KEY_ID_OCTETS, reason, (int64_t)reader_u64(&r));
	return true;
}

static bool
list_rows(
    struct crl_build *b, const struct issuer *by, size_t rows, bool *ret_over, struct fault *f)
{
	struct visit v = { .b = b,
		.shards = b->order.which.kind == CRL_SHARD ? by->a.shards : 1,
		.left = rows,
		.over = true };

	do {
		v.over = true;
		if (!store_scan(ledger_store(by->ledger), TABLE_REVOKED,
			octets_of(b->at, sizeof(b->at)), SIZE_MAX, visit_row, &v, f))
			return false;
		if (b->piece.n >= CRL_PIECE_OCTETS && !put_piece(b, by->ledger, f))
			return false;
	} while (!v.over && v.left > 0);
	*ret_over = v.over;
	return true;
}

/* What is listed now, or is listed no longer. */
static bool
list_changed(struct crl_build *b, struct ledger *l, size_t rows, bool *ret_over, struct fault *f)
{
	struct bytes row = { 0 };
	struct reader r;
	struct fault why;
	bool ok = true;

	for (; ok && rows > 0 && b->serial_at < b->serials.n; rows--) {
		const uint8_t *serial = b->serials.at + b->serial_at;
		uint8_t reason;

		memcpy(b->at + TBS_KEY_ID_OCTETS, serial, TBS_SERIAL_OCTETS);
		bytes_clear(&row);
		if (store_get(ledger_store(l), TABLE_REVOKED, octets_of(b->at, sizeof(b->at)), &row,
			&why)) {
			r = reader_of(octets_bytes(&row));
			reason = reader_u8(&r);
			put_row(b, serial, reason, (int64_t)reader_u64(&r));
		} else if (why.code == FAULT_NOTFOUND) {
			put_row(b, serial, REMOVED, b->order.made_s);
		} else {
			*f = why;
			ok = false;
		}
		b->serial_at += TBS_SERIAL_OCTETS;
		if (ok && b->piece.n >= CRL_PIECE_OCTETS)
			ok = put_piece(b, l, f);
	}
	bytes_free(&row);
	*ret_over = b->serial_at >= b->serials.n;
	return ok;
}

/* All rows are known: what stands around them can be said, and the hash begin. */
static bool
surround(struct crl_build *b, const struct issuer *by, struct fault *f)
{
	if (b->rows_octets > CRL_SIZE_MAX - CRL_PIECE_OCTETS)
		return fault_set(
		    f, FAULT_LIMIT, "crl: over %u octets: OCSP answers in its place", CRL_SIZE_MAX);
	if (!crl_part_end(by, &b->order, &b->end, f) ||
	    !crl_part_begin(by, &b->order, b->rows_octets, b->end.n, &b->begin, f))
		return false;
	if ((b->hash = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(b->hash, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(b->hash, b->begin.at, b->begin.n) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "crl: hashing");
	b->phase = CRL_HASH;
	return true;
}

static bool
list(struct crl_build *b, const struct issuer *by, size_t rows, struct fault *f)
{
	bool over = false;

	if (b->order.which.kind == CRL_DELTA ? !list_changed(b, by->ledger, rows, &over, f)
					     : !list_rows(b, by, rows, &over, f))
		return false;
	if (!bytes_ok(&b->piece, f))
		return false;
	return !over || surround(b, by, f);
}

/* The last piece is what is left of the rows, and all behind them; of a short list the first is
 * everything. */
static bool
seal(struct crl_build *b, const struct issuer *by, struct fault *f)
{
	struct bytes signature = { 0 }, whole = { 0 };
	uint8_t key[CRL_PIECE_KEY];
	unsigned n = 0;
	bool ok;

	ok = (EVP_DigestUpdate(b->hash, b->piece.at, b->piece.n) == 1 &&
		 EVP_DigestUpdate(b->hash, b->end.at, b->end.n) == 1 &&
		 EVP_DigestFinal_ex(b->hash, b->head.digest, &n) == 1) ||
	     fault_crypto(f, FAULT_INTERNAL, "crl: hashing");
	ok = ok && key_sign_digest(by->key, b->head.digest, &signature, f) &&
	     crl_part_sign(octets_bytes(&signature), &b->end, f) &&
	     crl_part_open(b->begin.n + b->rows_octets + b->end.n, &whole, f);
	if (ok) {
		bytes_put_octets(&b->piece, octets_bytes(&b->end));
		bytes_put_octets(&whole, octets_bytes(&b->begin));
		b->head.size = whole.n + b->rows_octets + b->end.n;
		if (b->head.pieces == 0)
			bytes_put_octets(&whole, octets_bytes(&b->piece));
		else
			ok = put_piece(b, by->ledger, f);
		b->head.pieces++;
		ledger_put(by->ledger, TABLE_CRL,
		    crl_piece_key(b->at, b->order.which, b->order.number, 0, key),
		    octets_bytes(&whole));
		ok = ok && bytes_ok(&whole, f) && bytes_ok(&b->piece, f) &&
		     crl_put_head(by->ledger, by->a.key_id, b->order.which, &b->head, f);
		b->phase = CRL_DONE;
	}
	bytes_free(&whole);
	bytes_free(&signature);
	return ok;
}

static bool
hash(struct crl_build *b, const struct issuer *by, size_t octets, struct fault *f)
{
	uint8_t key[CRL_PIECE_KEY];
	struct bytes piece = { 0 };
	size_t n = 0;
	bool ok = true;

	for (; ok && n <= octets && b->hashed < b->head.pieces; n += piece.n) {
		bytes_clear(&piece);
		ok = ledger_get(by->ledger, TABLE_CRL,
			 crl_piece_key(b->at, b->order.which, b->order.number, b->hashed + 1, key),
			 &piece, f) &&
		     (EVP_DigestUpdate(b->hash, piece.at, piece.n) == 1 ||
			 fault_crypto(f, FAULT_INTERNAL, "crl: hashing"));
		if (!ok && f->code == FAULT_NOTFOUND)
			f->code = FAULT_INTERNAL; /* a commit that others shared has failed */
		b->hashed++;
	}
	bytes_free(&piece);
	return ok && (b->hashed < b->head.pieces || seal(b, by, f));
}

bool
crl_build_step(
    struct crl_build *b, const struct issuer *by, size_t rows, bool *ret_done, struct fault *f)
{
	bool ok = true;

	*ret_done = false;
	switch (b->phase) {
	case CRL_SWEEP:
		ok = sweep(b, by->ledger, rows, f);
		break;
	case CRL_GATHER:
		ok = gather(b, by->ledger, f);
		break;
	case CRL_ROWS:
		ok = list(b, by, rows, f);
		break;
	case CRL_HASH:
		ok = hash(b, by, rows > SIZE_MAX / HASH_ROWS ? SIZE_MAX : rows * HASH_ROWS, f);
		break;
	case CRL_DONE:
		break;
	}
	if (ok)
		*ret_done = b->phase == CRL_DONE;
	return ok;
}
