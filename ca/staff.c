/* ca/staff.c - see staff.h. */
#include "ca/staff.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/holding.h"

#define ROW_BEFORE (1 + TBS_SERIAL_OCTETS)
#define ROW        (ROW_BEFORE + 8)
#define TAG_OCTETS 16

bool
staff_read(struct octets key, struct octets value, struct staff *ret)
{
	struct staff o = { .since = 0 };
	struct reader r = reader_of(value);

	if (key.n == 0 || key.n >= sizeof(o.name) || (value.n != ROW && value.n != ROW_BEFORE))
		return false;
	memcpy(o.name, key.at, key.n);
	o.role = (enum identity_role)reader_u8(&r);
	reader_copy(&r, o.serial, sizeof(o.serial));
	if (value.n == ROW)
		o.since = reader_u64(&r);
	*ret = o;
	return true;
}

bool
staff_find(struct ledger *l, const char *name, struct staff *ret, struct fault *f)
{
	struct bytes row = { 0 };
	struct fault why;
	bool ok = ledger_get(l, TABLE_OPERATOR, octets_text(name), &row, &why);

	if (!ok && why.code == FAULT_NOTFOUND)
		fault_set(f, FAULT_NOTFOUND, "operator: there is none called %s", name);
	else if (!ok)
		*f = why;
	else
		ok = staff_read(octets_text(name), octets_bytes(&row), ret) ||
		     fault_set(f, FAULT_INTERNAL, "operator: a row that cannot be read");
	bytes_free(&row);
	return ok;
}

static struct octets
write_row(const struct staff *o, uint8_t to[static ROW])
{
	to[0] = (uint8_t)o->role;
	memcpy(to + 1, o->serial, sizeof(o->serial));
	(void)octets_u64(o->since, to + ROW_BEFORE);
	return octets_of(to, ROW);
}

void
staff_put(struct ledger *l, const struct staff *o)
{
	uint8_t row[ROW];

	ledger_put(l, TABLE_OPERATOR, octets_text(o->name), write_row(o, row));
}

void
staff_add(struct ledger *l, const struct staff *o)
{
	uint8_t row[ROW];

	batch_add(ledger_batch(l), TABLE_OPERATOR, octets_text(o->name), write_row(o, row));
}

void
staff_remove(struct ledger *l, const char *name)
{
	batch_remove(ledger_batch(l), TABLE_OPERATOR, octets_text(name));
}

bool
staff_tag(struct ledger *l, const struct staff *o, int64_t now_s, char to[static STAFF_TAG_MAX],
    struct fault *f)
{
	uint8_t digest[DIGEST_OCTETS], row[ROW];
	struct standing s;
	struct bytes b = { 0 };
	bool ok;

	if (!ledger_standing(l, o->serial, &s, f))
		return false;
	bytes_put_counted_text(&b, o->name);
	bytes_put_octets(&b, write_row(o, row));
	bytes_put_counted_text(&b, ledger_state_word(&s, now_s));
	if ((ok = bytes_ok(&b, f))) {
		digest_of(octets_bytes(&b), digest);
		to[0] = '"';
		text_hex(digest, TAG_OCTETS, to + 1);
		(void)memcpy(to + 1 + TAG_OCTETS * 2, "\"", 2);
	}
	bytes_free(&b);
	return ok;
}

bool
staff_is_good(struct ledger *l, const char *name, int64_t now_s, bool *ret, struct fault *f)
{
	char owner[HOLDING_OWNER_MAX];
	struct bytes all = { 0 };
	struct standing s;
	bool ok, good = false;

	holding_owner("operator", name, owner);
	ok = holding_list(l, owner, now_s, &all, f);
	for (size_t i = 0; ok && i < all.n; i += TBS_SERIAL_OCTETS) {
		ok = ledger_standing(l, all.at + i, &s, f);
		good = good || (ok && s.state == STANDING_GOOD && now_s <= s.not_after_s);
	}
	bytes_free(&all);
	if (ok)
		*ret = good;
	return ok;
}

static bool
take_officer(void *with, struct octets key, struct octets value)
{
	struct staff o;

	if (staff_read(key, value, &o) && o.role == ROLE_OFFICER)
		bytes_put_counted(with, key);
	return true;
}

/* What is committed is scanned, and each one looked up as the batch has it by now. */
bool
staff_other_officer(struct ledger *l, const char *name, int64_t now_s, bool *ret, struct fault *f)
{
	struct bytes names = { 0 };
	struct staff o;
	struct reader r;
	struct fault gone;
	bool ok = store_scan(ledger_store(l), TABLE_OPERATOR, octets_of(NULL, 0), SIZE_MAX,
		      take_officer, &names, f) &&
		  bytes_ok(&names, f);
	bool good = false;

	for (r = reader_of(octets_bytes(&names)); ok && !good && r.n > 0;) {
		char one[TEXT_LABEL_MAX];

		reader_counted_text(&r, one, sizeof(one));
		if (strcmp(one, name) != 0 && staff_find(l, one, &o, &gone) &&
		    o.role == ROLE_OFFICER)
			ok = staff_is_good(l, one, now_s, &good, f);
	}
	bytes_free(&names);
	if (ok)
		*ret = good;
	return ok;
}
