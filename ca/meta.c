/* ca/meta.c - see meta.h. */
#include "ca/meta.h"

bool
meta_get(
    struct ledger *l, enum meta_view view, struct octets key, struct bytes *ret, struct fault *f)
{
	struct fault why;

	bytes_clear(ret);
	if ((view == META_COMMITTED ? store_get(ledger_store(l), TABLE_META, key, ret, &why)
				    : ledger_get(l, TABLE_META, key, ret, &why)) ||
	    why.code == FAULT_NOTFOUND)
		return bytes_ok(ret, f);
	*f = why;
	return false;
}

bool
meta_number(
    struct ledger *l, enum meta_view view, struct octets key, uint64_t *ret, struct fault *f)
{
	struct bytes row = { 0 };
	struct reader r;
	bool ok = meta_get(l, view, key, &row, f);

	if (ok && row.n > 0) {
		r = reader_of(octets_bytes(&row));
		*ret = reader_u64(&r);
		ok = reader_done(&r) ||
		     fault_set(f, FAULT_INTERNAL, "ledger: a counter that cannot be read");
	} else if (ok) {
		*ret = 0;
	}
	bytes_free(&row);
	return ok;
}
