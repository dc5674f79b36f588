/* ca/bulk.c - see bulk.h. */
#include "ca/bulk.h"

#include <stdlib.h>
#include <string.h>

#include "ca/claim.h"

#define SERIAL TBS_SERIAL_OCTETS

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, SERIAL);
}

size_t
bulk_sort(uint8_t *serials, size_t n)
{
	size_t kept = 0;

	if (n > 0)
		qsort(serials, n, SERIAL, compare);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 ||
		    memcmp(serials + (kept - 1) * SERIAL, serials + i * SERIAL, SERIAL) != 0)
			memmove(serials + kept++ * SERIAL, serials + i * SERIAL, SERIAL);
	return kept;
}

/* Of a profile that is not in force any more nobody else made one. */
bool
bulk_may(const struct standing *s)
{
	const struct profile *p = profile_find(s->profile);

	return p == NULL || p->ask != 0;
}

static bool
judge(const struct standing *s, const char *hex, struct fault *f)
{
	if (!bulk_may(s))
		return fault_set(f, FAULT_DENIED,
		    "certificate: %s is a CA's or the service's own, which is revoked by itself: nothing was revoked",
		    hex);
	return s->state != STANDING_PENDING ||
	       fault_set(f, FAULT_BUSY,
		   "certificate: %s is being made just now: nothing was revoked: try again", hex);
}

/* Whatever else its holder has of that key, and the key itself in the platform's book. */
static bool
burn(struct realm *r, struct ledger *l, const uint8_t serial[static SERIAL],
    const struct log_context *why, int64_t now_s, struct bulk *to, struct fault *f)
{
	struct bytes also = { 0 };
	bool ok = revoke_same_key(l, serial, why, now_s, &also, f) && claim_burn(r, l, serial, f);

	to->revoked += also.n / SERIAL;
	bytes_free(&also);
	return ok;
}

/* It may have ended already: before, or by this act, with another one of its key. */
static bool
end_one(struct realm *r, struct ledger *l, const uint8_t serial[static SERIAL], uint8_t reason,
    const struct log_context *why, int64_t now_s, struct bulk *to, struct fault *f)
{
	char hex[SERIAL * 2 + 1];
	struct standing s;
	struct fault no;
	uint64_t index;

	text_hex(serial, SERIAL, hex);
	if (!ledger_standing(l, serial, &s, &no))
		return no.code == FAULT_NOTFOUND
			   ? fault_set(f, FAULT_NOTFOUND,
				 "certificate: %s: no such serial in this tenant: nothing was revoked",
				 hex)
			   : (*f = no, false);
	if (!judge(&s, hex, f))
		return false;
	if (!revoke_certificate(l, serial, reason, why, now_s, &index, &no)) {
		if (no.code == FAULT_CONFLICT)
			to->already += s.log_index < to->first;
		else
			*f = no;
		return no.code == FAULT_CONFLICT;
	}
	to->revoked++;
	return reason != REASON_KEY_COMPROMISE || burn(r, l, serial, why, now_s, to, f);
}

bool
bulk_revoke(struct realm *r, struct ledger *l, struct octets serials, uint8_t reason,
    const struct log_context *why, int64_t now_s, struct bulk *ret, struct fault *f)
{
	struct bulk b = { 0 };
	struct log_edge e;

	if (!log_edge_read(l, &e, f))
		return false;
	b.first = e.size;
	for (size_t at = 0; at + SERIAL <= serials.n; at += SERIAL) {
		if (!end_one(r, l, serials.at + at, reason, why, now_s, &b, f))
			return false;
		if (b.revoked > (size_t)2 * BULK_MAX)
			return fault_set(f, FAULT_LIMIT,
			    "revocations: with all that names the same keys over %d certificates end: take fewer",
			    2 * BULK_MAX);
	}
	*ret = b;
	return true;
}
