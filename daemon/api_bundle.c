/* daemon/api_bundle.c - what a bundle of the log needs beside its lines; see api.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ca/bundle_line.h"
#include "daemon/api.h"

#define ENTRIES_MAX      1000
#define CERTIFICATES_MAX (8u << 20) /* octets of one answer; a thousand are about one MiB */

bool
api_number(const struct exchange *x, const char *name, uint64_t *ret, struct fault *f)
{
	char text[20], *end;
	uint64_t v;

	if (!api_query(x, name, text, sizeof(text), f))
		return false;
	if (text[0] == '\0')
		return true;
	v = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || v > INT64_MAX >> 10)
		return fault_set(f, FAULT_BADREQ, "%s: expected a whole number", name);
	*ret = v;
	return true;
}

/* --- certificates ------------------------------------------------------------------------------
 */

struct named {
	uint8_t serial[TBS_SERIAL_OCTETS];
	bool ca; /* of a CA: the platform has it */
};

struct names {
	struct named at[ENTRIES_MAX];
	size_t n, seen, count;
};

static bool
see(void *with, struct octets key, struct octets value)
{
	struct names *all = with;
	struct bundle_line l;

	(void)key;
	if (all->seen++ == all->count)
		return false;
	if (bundle_line(value, &l) && bundle_line_serial(&l, all->at[all->n].serial))
		all->at[all->n++].ca = l.ca.n > 0;
	return true;
}

/* Nothing where there is none: it was abandoned, or lost. */
static bool
put_certificate(struct ledger *l, const uint8_t *serial, struct bytes *to, struct fault *f)
{
	struct standing s;

	if (!ledger_standing(l, serial, &s, f))
		return false;
	if (s.state == STANDING_PENDING || s.state == STANDING_ABANDONED ||
	    s.id == LEDGER_NO_CERTIFICATE)
		return true;
	return ledger_certificate(l, s.id, to, f);
}

bool
api_log_certificates(const struct api_call *c, struct fault *f)
{
	struct names *all = calloc(1, sizeof(*all));
	struct exchange *x = c->x;
	struct ledger *l;
	uint64_t from = 0, count = ENTRIES_MAX;
	struct fault why;
	uint8_t key[8];
	bool ok = false;

	if (all == NULL) {
		fault_set(f, FAULT_INTERNAL, "log: out of memory");
		goto out;
	}
	if (!realm_ledger(c->api->realm, c->ledger, &l, f) || !api_number(x, "from", &from, f) ||
	    !api_number(x, "count", &count, f))
		goto out;
	if (count == 0 || count > ENTRIES_MAX) {
		fault_set(f, FAULT_BADREQ, "count: expected 1 to %d", ENTRIES_MAX);
		goto out;
	}
	all->count = (size_t)count;
	ok = store_scan(ledger_store(l), TABLE_LOG, octets_u64(from, key), SIZE_MAX, see, all, f);
	for (size_t i = 0; ok && i < all->n; i++) {
		struct ledger *of = all->at[i].ca ? realm_platform(c->api->realm) : l;

		if (!put_certificate(of, all->at[i].serial, &x->reply, &why) &&
		    why.code != FAULT_NOTFOUND) {
			*f = why;
			ok = false;
		} else if (x->reply.n > CERTIFICATES_MAX) {
			ok = fault_set(f, FAULT_LIMIT, "log: ask for fewer entries at once");
		}
	}
	if (ok && (ok = bytes_ok(&x->reply, f))) {
		x->type = "application/octet-stream";
		x->status = 200;
	}
out:
	free(all);
	return ok;
}

/* --- the proof of a range ----------------------------------------------------------------------
 */

/* The entry that issued a serial, as a range of one. */
static bool
find_issue(
    const struct exchange *x, struct ledger *l, uint64_t *from, uint64_t *to, struct fault *f)
{
	char hex[TBS_SERIAL_OCTETS * 2 + 2];
	uint8_t serial[TBS_SERIAL_OCTETS];
	struct standing s;

	if (!api_query(x, "serial", hex, sizeof(hex), f))
		return false;
	if (hex[0] == '\0')
		return true;
	if (!text_unhex(hex, serial, sizeof(serial)))
		return fault_set(
		    f, FAULT_BADREQ, "serial: expected %d hex digits", TBS_SERIAL_OCTETS * 2);
	if (!ledger_standing(l, serial, &s, f))
		return false;
	if (s.state == STANDING_PENDING || s.state == STANDING_ABANDONED)
		return fault_set(f, FAULT_NOTFOUND, "certificate: no entry issued it");
	*from = s.issued_index;
	*to = *from + 1;
	return true;
}

bool
api_log_range(const struct api_call *c, struct fault *f)
{
	struct exchange *x = c->x;
	uint64_t from = 0, to = 0, size = 0;
	struct bundle_range r;
	struct log_edge e;
	struct ledger *l;

	if (!realm_ledger(c->api->realm, c->ledger, &l, f) || !api_number(x, "from", &from, f) ||
	    !api_number(x, "to", &to, f) || !api_number(x, "size", &size, f) ||
	    !find_issue(x, l, &from, &to, f) || !log_edge_read(l, &e, f))
		return false;
	if (size > e.size)
		return fault_set(
		    f, FAULT_NOTFOUND, "range: the log has %" PRIu64 " entries", e.size);
	if (!bundle_range_make(l, from, to, size, &r, f) || !bundle_range_write(&r, &x->reply, f))
		return false;
	x->type = "application/json";
	x->status = 200;
	return true;
}
