/* ca/log_trace.c - see log_trace.h. */
#include "ca/log_trace.h"

#define EDITION 1

static struct octets
place(uint64_t n, uint8_t to[static 2])
{
	to[0] = (uint8_t)(n % LOG_TRACES >> 8);
	to[1] = (uint8_t)n;
	return octets_of(to, 2);
}

static bool
read_row(struct octets value, uint64_t *ret_n, struct trace *ret)
{
	struct reader r = reader_of(value);
	struct trace t = { .begun = false };
	uint64_t n;

	if (reader_u8(&r) != EDITION)
		return false;
	n = reader_u64(&r);
	reader_copy(&r, t.id, sizeof(t.id));
	reader_copy(&r, t.span, sizeof(t.span));
	t.flags = reader_u8(&r);
	if (!reader_done(&r) || !trace_is_set(&t))
		return false;
	*ret_n = n;
	*ret = t;
	return true;
}

bool
log_trace_row(struct octets key, struct octets value)
{
	uint8_t due[2];
	struct trace t;
	uint64_t n;

	return read_row(value, &n, &t) && octets_same(key, place(n, due));
}

void
log_trace_put(struct ledger *l, uint64_t n)
{
	const struct trace *t = ledger_trace(l);
	struct bytes row = { 0 };
	uint8_t key[2];
	struct fault none;

	if (!trace_is_set(t) || t->begun)
		return;
	bytes_put_u8(&row, EDITION);
	bytes_put_u64(&row, n);
	bytes_put(&row, t->id, sizeof(t->id));
	bytes_put(&row, t->span, sizeof(t->span));
	bytes_put_u8(&row, t->flags);
	if (bytes_ok(&row, &none)) /* no act fails for want of it */
		ledger_put(l, TABLE_TRACE, place(n, key), octets_bytes(&row));
	bytes_free(&row);
}

bool
log_trace(struct ledger *l, uint64_t n, struct trace *ret)
{
	struct bytes row = { 0 };
	struct fault none;
	struct trace t;
	uint8_t key[2];
	uint64_t of;
	bool ok = ledger_get(l, TABLE_TRACE, place(n, key), &row, &none) &&
		  read_row(octets_bytes(&row), &of, &t) && of == n;

	bytes_free(&row);
	if (ok)
		*ret = t;
	return ok;
}

void
log_trace_drop(struct ledger *l, uint64_t n)
{
	struct trace t;
	uint8_t key[2];

	if (log_trace(l, n, &t))
		batch_remove(ledger_batch(l), TABLE_TRACE, place(n, key));
}
