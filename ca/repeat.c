/* ca/repeat.c - see repeat.h. */
#include "ca/repeat.h"

#include <string.h>

#include "base/digest.h"

#define EDITION 1
#define DAY_S   86400

enum { ROW_SLOT = 1, ROW_END = 2, ROW_COUNT = 3 };

#define SLOT_KEY (1 + REPEAT_OCTETS)
#define END_KEY  (1 + 8 + REPEAT_OCTETS)

void
repeat_of(const char *asker, struct octets key, struct octets request, struct repeat *ret)
{
	digest_of(octets_text(asker), ret->asker);
	digest_of_both(octets_of(ret->asker, sizeof(ret->asker)), key, ret->slot);
	digest_of(request, ret->request);
}

static struct octets
short_key(unsigned kind, const uint8_t digest[static REPEAT_OCTETS], uint8_t to[static SLOT_KEY])
{
	to[0] = (uint8_t)kind;
	memcpy(to + 1, digest, REPEAT_OCTETS);
	return octets_of(to, SLOT_KEY);
}

static struct octets
end_key(int64_t end_s, const uint8_t slot[static REPEAT_OCTETS], uint8_t to[static END_KEY])
{
	to[0] = ROW_END;
	(void)octets_u64((uint64_t)end_s, to + 1);
	memcpy(to + 9, slot, REPEAT_OCTETS);
	return octets_of(to, END_KEY);
}

/* A row that may not be there. */
static bool
look(struct ledger *l, struct octets key, struct bytes *ret, struct fault *f)
{
	struct fault why;

	bytes_clear(ret);
	if (ledger_get(l, TABLE_REPEAT, key, ret, &why) || why.code == FAULT_NOTFOUND)
		return true;
	*f = why;
	return false;
}

/* What a slot's row says. */
struct kept {
	uint8_t request[REPEAT_OCTETS];
	int64_t made_s;
	uint16_t how;
	struct octets sealed; /* n 0: the answer is in another ledger */
};

static bool
read_kept(struct octets value, struct kept *ret)
{
	struct reader r = reader_of(value);

	if (reader_u8(&r) != EDITION)
		return false;
	reader_copy(&r, ret->request, sizeof(ret->request));
	ret->made_s = (int64_t)reader_u64(&r);
	ret->how = reader_u16(&r);
	ret->sealed = reader_counted(&r);
	return reader_done(&r);
}

/* *ret_found: there is an answer in l. */
static bool
find_in(struct ledger *l, const struct repeat *r, int64_t now_s, bool *ret_found, uint16_t *ret_how,
    struct bytes *ret, struct fault *f)
{
	uint8_t key[SLOT_KEY];
	struct bytes row = { 0 };
	struct kept k;
	bool ok = look(l, short_key(ROW_SLOT, r->slot, key), &row, f);

	*ret_found = false;
	if (!ok || row.n == 0 || !read_kept(octets_bytes(&row), &k) ||
	    now_s >= k.made_s + REPEAT_KEPT_S)
		goto out;
	if (memcmp(k.request, r->request, sizeof(k.request)) != 0) {
		ok = fault_set(f, FAULT_REUSED,
		    "Idempotency-Key: it was used for another request within a day");
		goto out;
	}
	if (k.sealed.n > 0) {
		bytes_put_octets(ret, k.sealed);
		*ret_how = k.how;
		*ret_found = true;
		ok = bytes_ok(ret, f);
	}
out:
	bytes_free(&row);
	return ok;
}

bool
repeat_find(struct ledger *platform, struct ledger *own, const struct repeat *r, int64_t now_s,
    bool *ret_found, uint16_t *ret_how, struct bytes *ret, struct fault *f)
{
	if (!find_in(platform, r, now_s, ret_found, ret_how, ret, f))
		return false;
	if (*ret_found || own == NULL || own == platform)
		return true;
	return find_in(own, r, now_s, ret_found, ret_how, ret, f);
}

/* How many keys the asker has used on the day of now_s. */
static bool
count(
    struct ledger *platform, const struct repeat *r, int64_t now_s, uint32_t *ret, struct fault *f)
{
	uint8_t key[SLOT_KEY];
	struct bytes row = { 0 };
	struct reader in;
	bool ok = look(platform, short_key(ROW_COUNT, r->asker, key), &row, f);

	*ret = 0;
	if (ok && row.n > 0) {
		in = reader_of(octets_bytes(&row));
		if (reader_u32(&in) == (uint32_t)(now_s / DAY_S))
			*ret = reader_u32(&in);
	}
	bytes_free(&row);
	return ok;
}

bool
repeat_may(struct ledger *platform, const struct repeat *r, int64_t now_s, struct fault *f)
{
	uint32_t n;

	if (!count(platform, r, now_s, &n, f))
		return false;
	return n < REPEAT_A_DAY ||
	       fault_set(f, FAULT_OFTEN,
		   "Idempotency-Key: %d keys in one day: ask without one, or tomorrow",
		   REPEAT_A_DAY);
}

static bool
put_row(struct ledger *l, const struct repeat *r, int64_t now_s, uint16_t how, struct octets sealed,
    struct fault *f)
{
	uint8_t key[SLOT_KEY], end[END_KEY];
	struct bytes row = { 0 };
	bool ok;

	bytes_put_u8(&row, EDITION);
	bytes_put(&row, r->request, sizeof(r->request));
	bytes_put_u64(&row, (uint64_t)now_s);
	bytes_put_u16(&row, how);
	bytes_put_counted(&row, sealed);
	if ((ok = bytes_ok(&row, f))) {
		ledger_put(l, TABLE_REPEAT, short_key(ROW_SLOT, r->slot, key), octets_bytes(&row));
		ledger_put(l, TABLE_REPEAT, end_key(now_s + REPEAT_KEPT_S, r->slot, end),
		    octets_of(NULL, 0));
	}
	bytes_free(&row);
	return ok;
}

bool
repeat_put(struct ledger *platform, struct ledger *own, const struct repeat *r, int64_t now_s,
    uint16_t how, struct octets sealed, struct fault *f)
{
	uint8_t key[SLOT_KEY];
	struct bytes row = { 0 };
	uint32_t n;
	bool ok = count(platform, r, now_s, &n, f);

	bytes_put_u32(&row, (uint32_t)(now_s / DAY_S));
	bytes_put_u32(&row, n + 1);
	ok = ok && bytes_ok(&row, f) && put_row(own, r, now_s, how, sealed, f) &&
	     (own == platform || put_row(platform, r, now_s, how, octets_of(NULL, 0), f));
	if (ok)
		ledger_put(platform, TABLE_REPEAT, short_key(ROW_COUNT, r->asker, key),
		    octets_bytes(&row));
	bytes_free(&row);
	return ok;
}

struct sweep {
	struct bytes ends; /* END_KEY octets each */
	uint8_t now[8];
};

static bool
gather(void *with, struct octets key, struct octets value)
{
	struct sweep *s = with;

	(void)value;
	if (key.n != END_KEY || key.at[0] != ROW_END || memcmp(key.at + 1, s->now, 8) > 0)
		return false;
	bytes_put_octets(&s->ends, key);
	return true;
}

/* One key may have been used again since: then the row is younger, and stays. */
static bool
drop(struct ledger *l, const uint8_t *end, int64_t now_s, struct fault *f)
{
	uint8_t key[SLOT_KEY];
	struct octets slot = short_key(ROW_SLOT, end + 9, key);
	struct bytes row = { 0 };
	struct kept k;
	bool ok = look(l, slot, &row, f);

	if (ok) {
		batch_remove(ledger_batch(l), TABLE_REPEAT, octets_of(end, END_KEY));
		if (!read_kept(octets_bytes(&row), &k) || now_s >= k.made_s + REPEAT_KEPT_S)
			batch_remove(ledger_batch(l), TABLE_REPEAT, slot);
	}
	bytes_free(&row);
	return ok;
}

bool
repeat_sweep(struct ledger *l, int64_t now_s, size_t *ret_n, struct fault *f)
{
	static const uint8_t from[] = { ROW_END };
	struct sweep s = { .now = { 0 } };
	bool ok;

	(void)octets_u64((uint64_t)now_s, s.now);
	ok = store_scan(ledger_store(l), TABLE_REPEAT, octets_of(from, sizeof(from)),
		 REPEAT_AT_ONCE, gather, &s, f) &&
	     bytes_ok(&s.ends, f);
	for (size_t i = 0; ok && i < s.ends.n; i += END_KEY)
		ok = drop(l, s.ends.at + i, now_s, f);
	if (ok)
		*ret_n = s.ends.n / END_KEY;
	bytes_free(&s.ends);
	return ok;
}
