/* ca/feed_cut.c - see feed_cut.h. */
#include "ca/feed_cut.h"

#include <inttypes.h>
#include <string.h>

static bool
begin(const struct feed_cut *c, struct feed_piece *p, struct fault *f)
{
	const char *tenant = ledger_tenant(c->ledger);

	*p = (struct feed_piece){ .at_s = c->now_s, .until_s = c->now_s + c->valid_s };
	feed_origin(realm_space(c->realm), tenant, p->origin);
	return feed_piece_cas(c->realm, tenant, p, f);
}

bool
feed_cut_changes(const struct feed_cut *c, uint64_t after, struct bytes *lines,
    struct feed_piece *ret, struct fault *f)
{
	struct feed_edge e;
	struct feed_piece p;
	size_t n;

	if (!begin(c, &p, f) || !feed_edge(c->ledger, &e, f))
		return false;
	if (after > e.size)
		return fault_set(f, FAULT_CONFLICT,
		    "feed: there are %" PRIu64
		    " changes: it is not the feed that you followed; begin with the snapshot",
		    e.size);
	if (!feed_hash(c->ledger, after, p.before, f))
		return false;
	memcpy(p.after, p.before, sizeof(p.after));
	if (!feed_changes(c->ledger, after, FEED_PIECE_LINES, p.after, lines, &n, f))
		return false;
	p.from = after;
	p.to = after + n;
	p.size = p.to > e.size ? p.to : e.size; /* a commit may come between the two reads */
	p.lines = octets_bytes(lines);
	p.lines_n = n;
	*ret = p;
	return true;
}

bool
feed_cut_snapshot(const struct feed_cut *c, const uint8_t *place, struct bytes *lines,
    struct feed_piece *ret, struct fault *f)
{
	struct feed_edge e;
	struct feed_piece p;

	/* First how far it is: what comes then is in the changes behind it, and harms nothing if it
	 * is in the page too. */
	if (!begin(c, &p, f) || !feed_edge(c->ledger, &e, f) ||
	    !feed_snapshot(
		c->ledger, place, FEED_PIECE_LINES, c->now_s, lines, p.to_place, &p.has_to, f))
		return false;
	p.snapshot = true;
	if ((p.has_from = place != NULL))
		memcpy(p.from_place, place, sizeof(p.from_place));
	p.from = p.to = p.size = e.size;
	memcpy(p.before, e.hash, sizeof(p.before));
	memcpy(p.after, e.hash, sizeof(p.after));
	p.lines = octets_bytes(lines);
	*ret = p;
	return true;
}
