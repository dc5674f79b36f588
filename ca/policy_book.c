/* ca/policy_book.c - see policy_book.h. */
#include "ca/policy_book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

#define EDITION 1
#define KEY_MAX (1 + TEXT_LABEL_MAX + 1 + 8)

/* What a key begins with. */
enum shelf {
	SHELF_EDITION = 'e',  /* alone -> u64 */
	SHELF_HEAD = 'n',     /* slot -> the newest row */
	SHELF_HISTORY = 'h',  /* slot, 0, the complement of its turn: newest first -> a row */
	SHELF_DOCUMENT = 'd', /* digest -> document, signature, counted */
	SHELF_SET = 's',      /* digest of a set -> digests of its documents */
};

static struct octets
digest_key(enum shelf shelf, const uint8_t digest[static POLICY_BOOK_DIGEST_OCTETS],
    uint8_t to[static KEY_MAX])
{
	to[0] = (uint8_t)shelf;
	memcpy(to + 1, digest, POLICY_BOOK_DIGEST_OCTETS);
	return octets_of(to, 1 + POLICY_BOOK_DIGEST_OCTETS);
}

static struct octets
head_key(const char *slot, uint8_t to[static KEY_MAX])
{
	size_t n = strnlen(slot, TEXT_LABEL_MAX - 1);

	to[0] = SHELF_HEAD;
	memcpy(to + 1, slot, n);
	return octets_of(to, 1 + n);
}

static struct octets
history_key(const char *slot, uint64_t turn, uint8_t to[static KEY_MAX])
{
	struct octets o = head_key(slot, to);
	uint8_t order[8];

	to[0] = SHELF_HISTORY;
	to[o.n] = 0;
	memcpy(to + o.n + 1, octets_u64(~turn, order).at, sizeof(order));
	return octets_of(to, o.n + 1 + sizeof(order));
}

static bool
read_row(struct octets value, struct policy_row *ret)
{
	struct reader in = reader_of(value);
	struct policy_row r = { .turn = 0 };
	unsigned flags;

	if (reader_u8(&in) != EDITION)
		return false;
	flags = reader_u8(&in);
	r.removed = (flags & 1) != 0;
	r.is_signed = (flags & 2) != 0;
	r.turn = reader_u64(&in);
	r.revision = (int64_t)reader_u64(&in);
	r.at_s = (int64_t)reader_u64(&in);
	r.log_index = reader_u64(&in);
	reader_copy(&in, r.digest, sizeof(r.digest));
	reader_counted_text(&in, r.slot, sizeof(r.slot));
	reader_counted_text(&in, r.name, sizeof(r.name));
	reader_counted_text(&in, r.by, sizeof(r.by));
	if (!reader_done(&in) || flags > 3 || r.turn == 0 || !text_is_label(r.slot))
		return false;
	*ret = r;
	return true;
}

static bool
row_has_key(struct octets key, const struct policy_row *r)
{
	uint8_t want[KEY_MAX];

	return octets_same(key, key.at[0] == SHELF_HEAD ? head_key(r->slot, want)
							: history_key(r->slot, r->turn, want));
}

static bool
read_document(struct octets value, struct octets *text, struct octets *signature)
{
	struct reader in = reader_of(value);

	if (reader_u8(&in) != EDITION)
		return false;
	*text = reader_counted(&in);
	*signature = reader_counted(&in);
	return reader_done(&in);
}

static bool
has_digest(struct octets key, struct octets data)
{
	uint8_t digest[DIGEST_OCTETS];

	digest_of(data, digest);
	return octets_same(
	    octets_of(key.at + 1, key.n - 1), octets_of(digest, POLICY_BOOK_DIGEST_OCTETS));
}

bool
policy_book_row(struct octets key, struct octets value)
{
	struct octets text, signature;
	struct policy_row r;

	if (key.n == 0 || key.n > KEY_MAX)
		return false;
	switch (key.at[0]) {
	case SHELF_EDITION:
		return key.n == 1 && value.n == 8;
	case SHELF_HEAD:
	case SHELF_HISTORY:
		return read_row(value, &r) && row_has_key(key, &r);
	case SHELF_DOCUMENT:
		return read_document(value, &text, &signature) && has_digest(key, text);
	case SHELF_SET:
		return key.n == 1 + POLICY_BOOK_DIGEST_OCTETS && value.n > 0 &&
		       value.n % POLICY_BOOK_DIGEST_OCTETS == 0;
	default:
		return false;
	}
}

static bool
bad(struct fault *f)
{
	return fault_set(f, FAULT_INTERNAL, "policy: a row that cannot be read");
}

void
policy_book_tag(const struct policy_row *r, char to[static POLICY_BOOK_TAG_MAX])
{
	char hex[17];

	text_hex(r->digest, 8, hex);
	(void)snprintf(to, POLICY_BOOK_TAG_MAX, "\"%s%08llx\"", hex, (unsigned long long)r->turn);
}

static bool
read_edition(
    bool found, const struct bytes *row, const struct fault *why, uint64_t *ret, struct fault *f)
{
	struct reader in = reader_of(octets_bytes(row));
	uint64_t edition = found ? reader_u64(&in) : 0;

	if (found && !reader_done(&in))
		return bad(f);
	if (!found && why->code != FAULT_NOTFOUND) {
		*f = *why;
		return false;
	}
	*ret = edition;
	return true;
}

static const uint8_t edition_key[] = { SHELF_EDITION };

bool
policy_book_edition(struct ledger *l, uint64_t *ret, struct fault *f)
{
	struct bytes row = { 0 };
	struct fault why;
	bool found =
	    store_get(ledger_store(l), TABLE_POLICY, octets_of(edition_key, 1), &row, &why);
	bool ok = read_edition(found, &row, &why, ret, f);

	bytes_free(&row);
	return ok;
}

/* By what the batch holds: two changes of one round count as two. */
static bool
count_change(struct ledger *l, struct fault *f)
{
	struct bytes row = { 0 };
	struct fault why;
	uint8_t next[8];
	uint64_t edition = 0;
	bool found = ledger_get(l, TABLE_POLICY, octets_of(edition_key, 1), &row, &why);
	bool ok = read_edition(found, &row, &why, &edition, f);

	if (ok)
		ledger_put(
		    l, TABLE_POLICY, octets_of(edition_key, 1), octets_u64(edition + 1, next));
	bytes_free(&row);
	return ok;
}

bool
policy_book_find(struct ledger *l, const char *slot, struct policy_row *ret, struct fault *f)
{
	uint8_t key[KEY_MAX];
	struct bytes row = { 0 };
	struct fault why;
	bool ok = true;

	if (!ledger_get(l, TABLE_POLICY, head_key(slot, key), &row, &why)) {
		if (why.code == FAULT_NOTFOUND)
			fault_set(&why, FAULT_NOTFOUND, "policy: there is none of that name");
		*f = why;
		ok = false;
	} else if (!read_row(octets_bytes(&row), ret)) {
		ok = bad(f);
	}
	bytes_free(&row);
	return ok;
}

struct gather {
	enum shelf shelf;
	const char *slot; /* of a history */
	struct policy_row *to;
	size_t n, most;
	bool bad;
};

static bool
take(void *with, struct octets key, struct octets value)
{
	struct gather *g = with;
	struct policy_row r;

	if (key.at[0] != (uint8_t)g->shelf)
		return false;
	if (!read_row(value, &r) || !row_has_key(key, &r)) {
		g->bad = true;
		return false;
	}
	if (g->slot != NULL && strcmp(r.slot, g->slot) != 0)
		return false;
	if (g->slot == NULL && r.removed)
		return true;
	if (g->n == g->most) {
		g->bad = g->slot == NULL; /* some forbid could be among the rest */
		return false;
	}
	g->to[g->n++] = r;
	return true;
}

static bool
gather(struct ledger *l, struct octets from, struct gather *g, size_t *ret_n, struct fault *f)
{
	if (!store_scan(ledger_store(l), TABLE_POLICY, from, SIZE_MAX, take, g, f))
		return false;
	if (g->bad)
		return bad(f);
	*ret_n = g->n;
	return true;
}

bool
policy_book_list(
    struct ledger *l, struct policy_row to[static POLICY_BOOK_MAX], size_t *ret_n, struct fault *f)
{
	struct gather g = { .shelf = SHELF_HEAD, .to = to, .most = POLICY_BOOK_MAX };
	const uint8_t from[] = { SHELF_HEAD };

	return gather(l, octets_of(from, 1), &g, ret_n, f);
}

bool
policy_book_history(struct ledger *l, const char *slot, uint64_t before, struct policy_row *to,
    size_t most, size_t *ret_n, struct fault *f)
{
	struct gather g = { .shelf = SHELF_HISTORY, .slot = slot, .to = to, .most = most };
	uint8_t key[KEY_MAX];

	return gather(l, history_key(slot, before == 0 ? UINT64_MAX : before, key), &g, ret_n, f);
}

bool
policy_book_text(struct ledger *l, const uint8_t digest[static POLICY_BOOK_DIGEST_OCTETS],
    struct bytes *text, struct bytes *signature, struct fault *f)
{
	uint8_t key[KEY_MAX];
	struct octets at = digest_key(SHELF_DOCUMENT, digest, key), document, beside;
	struct bytes row = { 0 };
	struct fault why;
	bool ok = true;

	if (!ledger_get(l, TABLE_POLICY, at, &row, &why)) {
		if (why.code == FAULT_NOTFOUND)
			fault_set(&why, FAULT_NOTFOUND, "policy: no document has this digest");
		*f = why;
		ok = false;
	} else if (!read_document(octets_bytes(&row), &document, &beside) ||
		   !has_digest(at, document)) {
		ok = bad(f);
	} else {
		bytes_put_octets(text, document);
		if (signature != NULL)
			bytes_put_octets(signature, beside);
		ok = bytes_ok(text, f) && (signature == NULL || bytes_ok(signature, f));
	}
	bytes_free(&row);
	return ok;
}

/* As the newest of its slot, and for its history. */
static bool
put_row(struct ledger *l, const struct policy_row *r, struct fault *f)
{
	uint8_t key[KEY_MAX];
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_u8(&b, (uint8_t)((r->removed ? 1 : 0) | (r->is_signed ? 2 : 0)));
	bytes_put_u64(&b, r->turn);
	bytes_put_u64(&b, (uint64_t)r->revision);
	bytes_put_u64(&b, (uint64_t)r->at_s);
	bytes_put_u64(&b, r->log_index);
	bytes_put(&b, r->digest, sizeof(r->digest));
	bytes_put_counted_text(&b, r->slot);
	bytes_put_counted_text(&b, r->name);
	bytes_put_counted_text(&b, r->by);
	if ((ok = bytes_ok(&b, f) && count_change(l, f))) {
		ledger_put(l, TABLE_POLICY, head_key(r->slot, key), octets_bytes(&b));
		ledger_put(l, TABLE_POLICY, history_key(r->slot, r->turn, key), octets_bytes(&b));
	}
	bytes_free(&b);
	return ok;
}

static bool
put_document(struct ledger *l, const uint8_t *digest, struct octets text, struct octets signature,
    struct fault *f)
{
	uint8_t key[KEY_MAX];
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_counted(&b, text);
	bytes_put_counted(&b, signature);
	if ((ok = bytes_ok(&b, f)))
		ledger_put(
		    l, TABLE_POLICY, digest_key(SHELF_DOCUMENT, digest, key), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

/* The turn of the next change; a slot that is new must have a place. */
static bool
next_turn(struct ledger *l, const char *slot, uint64_t *ret, struct fault *f)
{
	struct policy_row *all, before;
	struct fault why;
	size_t n = 0;
	bool ok, found = policy_book_find(l, slot, &before, &why);

	if (!found && why.code != FAULT_NOTFOUND) {
		*f = why;
		return false;
	}
	*ret = found ? before.turn + 1 : 1;
	if (found && !before.removed)
		return true;
	if ((all = calloc(POLICY_BOOK_MAX, sizeof(*all))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "policy: out of memory");
	ok = policy_book_list(l, all, &n, f) &&
	     (n < POLICY_BOOK_MAX ||
		 fault_set(f, FAULT_LIMIT, "policy: there are %d already", POLICY_BOOK_MAX));
	free(all);
	return ok;
}

bool
policy_book_put(struct ledger *l, struct policy_row *row, struct octets text,
    struct octets signature, struct fault *f)
{
	if (text.n > POLICY_BOOK_OCTETS || signature.n > POLICY_BOOK_SIGNATURE_OCTETS)
		return fault_set(f, FAULT_LIMIT,
		    "policy: expected at most %d octets, and %d of a "
		    "signature",
		    POLICY_BOOK_OCTETS, POLICY_BOOK_SIGNATURE_OCTETS);
	if (!next_turn(l, row->slot, &row->turn, f))
		return false;
	digest_of(text, row->digest);
	row->removed = false;
	row->is_signed = signature.n > 0;
	return put_document(l, row->digest, text, signature, f) && put_row(l, row, f);
}

bool
policy_book_remove(struct ledger *l, struct policy_row *row, struct fault *f)
{
	row->removed = true;
	return put_row(l, row, f);
}

bool
policy_book_keep_set(struct ledger *l, const uint8_t set[static POLICY_BOOK_DIGEST_OCTETS],
    struct octets documents, struct fault *f)
{
	uint8_t key[KEY_MAX];
	struct octets at = digest_key(SHELF_SET, set, key);
	struct bytes row = { 0 };
	struct fault why;
	bool found = ledger_get(l, TABLE_POLICY, at, &row, &why);

	bytes_free(&row);
	if (!found && why.code != FAULT_NOTFOUND) {
		*f = why;
		return false;
	}
	if (!found)
		ledger_put(l, TABLE_POLICY, at, documents);
	return true;
}

bool
policy_book_set(struct ledger *l, const uint8_t set[static POLICY_BOOK_DIGEST_OCTETS],
    struct bytes *ret, struct fault *f)
{
	uint8_t key[KEY_MAX];

	return ledger_get(l, TABLE_POLICY, digest_key(SHELF_SET, set, key), ret, f);
}
