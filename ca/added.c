/* ca/added.c - see added.h. */
#include "ca/added.h"

#include <string.h>

#include "ca/bulk.h"
#include "ca/cert.h"
#include "ca/holding.h"
#include "ca/petition.h"
#include "ca/profile_set.h"
#include "ca/token.h"

static bool
is_bounded(const struct added_pick *p)
{
	return p->after_s != INT64_MIN || p->before_s != INT64_MAX;
}

/* Where it came from, as its certificate says. False where that cannot be read. */
static bool
read_provenance(struct ledger *l, const struct standing *s, struct provenance *ret)
{
	struct bytes der = { 0 };
	struct cert c;
	struct fault f;
	bool ok = s->id != LEDGER_NO_CERTIFICATE && ledger_certificate(l, s->id, &der, &f) &&
		  cert_parse(octets_bytes(&der), &c, &f) && cert_provenance(&c, ret);

	bytes_free(&der);
	return ok;
}

/* Everything that names the enroller, ended or not. */
struct search {
	const struct added_pick *pick;
	int64_t now_s;
	struct bytes live;
	size_t live_n, ended;
};

/* A certificate begins before it is added, by its profile's tolerance; the exact time stands in
 * itself. */
static bool
may_be_within(const struct added_pick *p, const struct standing *s)
{
	return s->not_before_s <= p->before_s && s->not_before_s + PROFILE_BACK_MAX >= p->after_s;
}

static bool
visit(void *with, struct octets key, struct octets value)
{
	struct search *a = with;
	struct standing s;

	if (key.n != TBS_SERIAL_OCTETS || !ledger_read_standing(value, &s) ||
	    strcmp(s.enroller, a->pick->enroller) != 0 || !may_be_within(a->pick, &s) ||
	    !bulk_may(&s))
		return true;
	if (s.state == STANDING_REVOKED || s.state == STANDING_ABANDONED) {
		a->ended++;
	} else if (holding_still(&s, a->now_s)) {
		a->live_n++;
		bytes_put_octets(&a->live, key);
	}
	return true;
}

/* Of those that a coarse look took, the ones that were added within the bounds. */
static bool
keep_within(struct ledger *l, const struct added_pick *p, const struct bytes *live,
    struct bytes *ret, struct fault *f)
{
	struct provenance from;
	struct standing s;

	for (size_t i = 0; i < live->n; i += TBS_SERIAL_OCTETS) {
		if (!ledger_standing(l, live->at + i, &s, f))
			return false;
		if (read_provenance(l, &s, &from) &&
		    (from.at_s < p->after_s || from.at_s > p->before_s))
			continue;
		bytes_put(ret, live->at + i, TBS_SERIAL_OCTETS);
	}
	return bytes_ok(ret, f);
}

static bool
too_many(size_t n, size_t max, struct fault *f)
{
	return n <= max ||
	       fault_set(f, FAULT_LIMIT,
		   "revocations: %zu certificates, and one act ends %zu at most: take a part of them with added_after and added_before, or by serials",
		   n, max);
}

static bool
by_enroller(struct ledger *l, const struct added_pick *p, int64_t now_s, size_t max,
    struct bytes *ret, size_t *ret_ended, struct fault *f)
{
	struct search a = { .pick = p, .now_s = now_s };
	struct bytes within = { 0 };
	bool ok =
	    store_scan(ledger_store(l), TABLE_SERIAL, octets_of(NULL, 0), SIZE_MAX, visit, &a, f) &&
	    bytes_ok(&a.live, f);

	if (ok && is_bounded(p))
		ok = keep_within(l, p, &a.live, &within, f);
	else if (ok)
		bytes_put_octets(&within, octets_bytes(&a.live));
	ok = ok && bytes_ok(&within, f) && too_many(within.n / TBS_SERIAL_OCTETS, max, f);
	if (ok) {
		bytes_put_octets(ret, octets_bytes(&within));
		*ret_ended = a.ended;
	}
	bytes_free(&within);
	bytes_free(&a.live);
	return ok && bytes_ok(ret, f);
}

static bool
by_request(struct ledger *l, const char *id, uint8_t serial[static TBS_SERIAL_OCTETS],
    struct endpoint *ret, struct fault *f)
{
	struct bytes row = { 0 };
	struct petition r;
	bool ok = petition_find(l, id, &row, &r, f);

	if (!ok && f->code == FAULT_NOTFOUND)
		fault_set(
		    f, FAULT_NOTFOUND, "token: there is no token or request with this id here");
	if (ok && r.state != PETITION_ISSUED)
		ok = fault_set(f, FAULT_NOTFOUND, "request: %s: nothing was issued by it", id);
	if (ok) {
		memcpy(serial, r.serial, TBS_SERIAL_OCTETS);
		*ret = r.device;
	}
	bytes_free(&row);
	return ok;
}

bool
added_first(struct ledger *l, const char *evidence, uint8_t serial[static TBS_SERIAL_OCTETS],
    struct endpoint *ret, struct fault *f)
{
	struct token t;

	if (!token_find(l, evidence, &t, f))
		return f->code == FAULT_NOTFOUND && by_request(l, evidence, serial, ret, f);
	if (t.state != TOKEN_USED)
		return fault_set(
		    f, FAULT_NOTFOUND, "token: %s: nothing was added with it", evidence);
	memcpy(serial, t.serial, TBS_SERIAL_OCTETS);
	*ret = t.device;
	return true;
}

/* Up from one renewal to what it renewed, until first is met or there is no way on. */
static bool
descends(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const uint8_t first[static TBS_SERIAL_OCTETS])
{
	uint8_t at[TBS_SERIAL_OCTETS];
	struct provenance from;
	struct standing s;
	struct fault f;

	memcpy(at, serial, sizeof(at));
	for (size_t i = 0; i < ADDED_STEPS_MAX; i++) {
		if (memcmp(at, first, sizeof(at)) == 0)
			return true;
		if (!ledger_standing(l, at, &s, &f) || !read_provenance(l, &s, &from))
			return true; /* lost: better one too many than one too few */
		if (strcmp(from.how, "certificate") != 0)
			return false;
		if (!text_unhex(from.evidence, at, sizeof(at)))
			return true;
	}
	return true;
}

static bool
is_within(struct ledger *l, const struct added_pick *p, const struct standing *s)
{
	struct provenance from;

	return !is_bounded(p) || !read_provenance(l, s, &from) ||
	       (from.at_s >= p->after_s && from.at_s <= p->before_s);
}

static bool
by_evidence(struct ledger *l, const struct added_pick *p, int64_t now_s, struct bytes *ret,
    size_t *ret_ended, struct fault *f)
{
	uint8_t first[TBS_SERIAL_OCTETS];
	char owner[HOLDING_OWNER_MAX];
	struct bytes held = { 0 };
	struct endpoint e;
	struct standing s;
	bool ok;

	if (!added_first(l, p->evidence, first, &e, f) || !ledger_standing(l, first, &s, f))
		return false;
	if (s.state == STANDING_PENDING)
		return fault_set(
		    f, FAULT_BUSY, "token: its certificate is being made just now: try again");
	holding_owner(e.kind, e.name, owner);
	ok = holding_list(l, owner, now_s, &held, f);
	*ret_ended =
	    is_within(l, p, &s) && (s.state == STANDING_REVOKED || s.state == STANDING_ABANDONED);
	for (size_t i = 0; ok && i < held.n; i += TBS_SERIAL_OCTETS) {
		ok = ledger_standing(l, held.at + i, &s, f);
		if (ok && descends(l, held.at + i, first) && is_within(l, p, &s))
			bytes_put(ret, held.at + i, TBS_SERIAL_OCTETS);
	}
	bytes_free(&held);
	return ok && bytes_ok(ret, f);
}

bool
added_find(struct ledger *l, const struct added_pick *p, int64_t now_s, size_t max,
    struct bytes *ret, size_t *ret_ended, struct fault *f)
{
	if (p->enroller != NULL)
		return by_enroller(l, p, now_s, max, ret, ret_ended, f);
	return by_evidence(l, p, now_s, ret, ret_ended, f);
}
