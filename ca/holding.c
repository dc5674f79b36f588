/* ca/holding.c - see holding.h. */
#include "ca/holding.h"

#include <stdio.h>
#include <string.h>

#include "ca/profile.h"
#include "ca/revoke.h"

void
holding_owner(const char *kind, const char *name, char to[static HOLDING_OWNER_MAX])
{
	(void)snprintf(to, HOLDING_OWNER_MAX, "%s/%s", kind, name);
}

/* The row as it is: what has ended since falls out when it is read. */
static bool
read_row(struct ledger *l, const char *owner, struct bytes *ret, struct fault *f)
{
	struct fault why;

	if (!ledger_get(l, TABLE_ENDPOINT, octets_text(owner), ret, &why)) {
		if (why.code == FAULT_NOTFOUND)
			return true;
		*f = why;
		return false;
	}
	return ret->n % TBS_SERIAL_OCTETS == 0 ||
	       fault_set(f, FAULT_INTERNAL, "holding: a row that cannot be read");
}

bool
holding_still(const struct standing *s, int64_t now_s)
{
	const struct profile *p = profile_find(s->profile);

	return (s->state == STANDING_GOOD || s->state == STANDING_HELD) &&
	       now_s <= s->not_after_s + (p == NULL ? 0 : p->grace_s);
}

static bool
still_holds(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], int64_t now_s,
    bool *ret, struct fault *f)
{
	struct standing s;

	if (!ledger_standing(l, serial, &s, f))
		return false;
	*ret = holding_still(&s, now_s);
	return true;
}

bool
holding_list(struct ledger *l, const char *owner, int64_t now_s, struct bytes *ret, struct fault *f)
{
	struct bytes row = { 0 };
	bool ok = read_row(l, owner, &row, f);

	for (size_t i = 0; ok && i < row.n; i += TBS_SERIAL_OCTETS) {
		bool holds = false;

		ok = still_holds(l, row.at + i, now_s, &holds, f);
		if (ok && holds)
			bytes_put(ret, row.at + i, TBS_SERIAL_OCTETS);
	}
	bytes_free(&row);
	return ok && bytes_ok(ret, f);
}

static bool
supersede(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct log_context *why, int64_t now_s, struct fault *f)
{
	uint64_t index;

	return revoke_certificate(l, serial, REASON_SUPERSEDED, why, now_s, &index, f);
}

bool
holding_add(struct ledger *l, const char *owner, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct log_context *why, int64_t now_s, struct fault *f)
{
	static const size_t most = (size_t)HOLDING_MAX * TBS_SERIAL_OCTETS;
	struct bytes row = { 0 };
	bool ok;

	bytes_put(&row, serial, TBS_SERIAL_OCTETS);
	ok = holding_list(l, owner, now_s, &row, f);
	for (; ok && row.n > most; row.n -= TBS_SERIAL_OCTETS)
		ok = supersede(l, row.at + row.n - TBS_SERIAL_OCTETS, why, now_s, f);
	if (ok)
		ledger_put(l, TABLE_ENDPOINT, octets_text(owner), octets_bytes(&row));
	bytes_free(&row);
	return ok;
}

bool
holding_supersede(struct ledger *l, const char *owner,
    const uint8_t serial[static TBS_SERIAL_OCTETS], const struct log_context *why, int64_t now_s,
    size_t *ret_n, struct fault *f)
{
	struct bytes all = { 0 };
	size_t n = 0;
	bool ok = holding_list(l, owner, now_s, &all, f);

	for (size_t i = 0; ok && i < all.n; i += TBS_SERIAL_OCTETS)
		if (memcmp(all.at + i, serial, TBS_SERIAL_OCTETS) != 0) {
			ok = supersede(l, all.at + i, why, now_s, f);
			n++;
		}
	if (ok && n > 0)
		ledger_put(
		    l, TABLE_ENDPOINT, octets_text(owner), octets_of(serial, TBS_SERIAL_OCTETS));
	bytes_free(&all);
	if (ok)
		*ret_n = n;
	return ok;
}
