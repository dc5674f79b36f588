/* daemon/herald_state.c - see herald.h. */
#include <string.h>

#include "daemon/herald.h"

#define EDITION 1

/* Tables of the herald's own store. */
enum { TABLE_HOOK, TABLE_PLACE };

/* hook, NUL, tenant: both are labels. */
static void
place_key(const char *hook, const char *tenant, struct bytes *ret)
{
	bytes_put(ret, hook, strlen(hook) + 1);
	bytes_put_text(ret, tenant);
}

bool
herald_row(struct store *s, const char *hook, struct herald_row *ret, struct fault *f)
{
	struct bytes value = { 0 };
	struct herald_row row;
	struct reader r;
	bool ok = false;

	if (!store_get(s, TABLE_HOOK, octets_text(hook), &value, f) || !bytes_ok(&value, f))
		goto out;
	r = reader_of(octets_bytes(&value));
	ok = reader_u8(&r) == EDITION;
	row.since_s = (int64_t)reader_u64(&r);
	reader_copy(&r, row.stopped, sizeof(row.stopped));
	ok = ok && reader_done(&r);
	if (ok)
		*ret = row;
	else
		fault_set(f, FAULT_INTERNAL, "herald: a row of another edition");
out:
	bytes_free(&value);
	return ok;
}

void
herald_put_row(struct batch *b, const char *hook, const struct herald_row *row)
{
	struct bytes value = { 0 };

	bytes_put_u8(&value, EDITION);
	bytes_put_u64(&value, (uint64_t)row->since_s);
	bytes_put(&value, row->stopped, sizeof(row->stopped));
	batch_put(b, TABLE_HOOK, octets_text(hook), octets_bytes(&value));
	bytes_free(&value);
}

bool
herald_place(struct store *s, const char *hook, const char *tenant, struct herald_place *ret,
    struct fault *f)
{
	struct bytes key = { 0 }, value = { 0 };
	struct herald_place p;
	struct reader r;
	bool ok = false;

	place_key(hook, tenant, &key);
	if (!bytes_ok(&key, f) || !store_get(s, TABLE_PLACE, octets_bytes(&key), &value, f) ||
	    !bytes_ok(&value, f))
		goto out;
	r = reader_of(octets_bytes(&value));
	ok = reader_u8(&r) == EDITION;
	p.next = reader_u64(&r);
	p.to = reader_u64(&r);
	reader_copy(&r, p.leaf, sizeof(p.leaf));
	ok = ok && reader_done(&r);
	if (ok)
		*ret = p;
	else
		fault_set(f, FAULT_INTERNAL, "herald: a place of another edition");
out:
	bytes_free(&key);
	bytes_free(&value);
	return ok;
}

void
herald_put_place(
    struct batch *b, const char *hook, const char *tenant, const struct herald_place *p)
{
	struct bytes key = { 0 }, value = { 0 };

	place_key(hook, tenant, &key);
	bytes_put_u8(&value, EDITION);
	bytes_put_u64(&value, p->next);
	bytes_put_u64(&value, p->to);
	bytes_put(&value, p->leaf, sizeof(p->leaf));
	batch_put(b, TABLE_PLACE, octets_bytes(&key), octets_bytes(&value));
	bytes_free(&key);
	bytes_free(&value);
}
