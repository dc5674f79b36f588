/* ca/intent.c - see intent.h. */
#include "ca/intent.h"

#define EDITION 1

static struct octets
key_of(const uint8_t serial[static TBS_SERIAL_OCTETS])
{
	return octets_of(serial, TBS_SERIAL_OCTETS);
}

bool
intent_put(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], const struct intent *i,
    struct fault *f)
{
	struct bytes row = { 0 }, standing = { 0 };
	bool ok;

	ledger_write_standing(&i->standing, &standing);
	bytes_put_u8(&row, EDITION);
	bytes_put(&row, i->profile, sizeof(i->profile));
	bytes_put_counted(&row, octets_bytes(&standing));
	bytes_put_counted(&row, i->tbs);
	if ((ok = bytes_ok(&standing, f) && bytes_ok(&row, f))) {
		batch_guard(ledger_batch(l), TABLE_SERIAL, key_of(serial), octets_of(NULL, 0));
		batch_add(ledger_batch(l), TABLE_PENDING, key_of(serial), octets_bytes(&row));
	}
	bytes_free(&standing);
	bytes_free(&row);
	return ok;
}

bool
intent_read(struct octets value, struct intent *ret)
{
	struct reader r = reader_of(value);
	uint8_t edition = reader_u8(&r);
	struct octets standing;
	struct intent i;

	reader_copy(&r, i.profile, sizeof(i.profile));
	standing = reader_counted(&r);
	i.tbs = reader_counted(&r);
	if (!reader_done(&r) || edition != EDITION ||
	    !ledger_read_standing(standing, &i.standing) || i.standing.state != STANDING_PENDING)
		return false;
	*ret = i;
	return true;
}

bool
intent_get(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], struct bytes *row,
    struct intent *ret, struct fault *f)
{
	if (!ledger_get(l, TABLE_PENDING, key_of(serial), row, f))
		return false;
	if (row->n == INTENT_DIGEST_OCTETS) /* of before; what it was stands in TABLE_SERIAL */
		return fault_set(f, FAULT_NOTFOUND, "ledger: an intent of an older edition");
	return intent_read(octets_bytes(row), ret) ||
	       fault_set(f, FAULT_INTERNAL, "ledger: an intent that cannot be read");
}

bool
intent_standing(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    struct standing *ret, struct fault *f)
{
	struct bytes row = { 0 };
	struct intent i;
	bool ok = intent_get(l, serial, &row, &i, f);

	if (ok)
		*ret = i.standing;
	bytes_free(&row);
	return ok;
}

void
intent_end(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS])
{
	batch_remove(ledger_batch(l), TABLE_PENDING, key_of(serial));
}

bool
intent_give_up(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], struct fault *f)
{
	struct bytes row = { 0 };
	struct intent i;
	struct fault why;
	uint8_t id[8];
	bool ok = true;

	if (intent_get(l, serial, &row, &i, &why))
		ledger_put(l, TABLE_CERT, octets_u64(i.standing.id, id), i.tbs);
	else if (why.code != FAULT_NOTFOUND) {
		*f = why;
		ok = false;
	}
	if (ok)
		intent_end(l, serial);
	bytes_free(&row);
	return ok;
}
