/* daemon/once.c - see once.h. */
#include "daemon/once.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/box.h"
#include "base/log.h"
#include "ca/proposal.h"
#include "ca/staff.h"
#include "daemon/round.h"
#include "daemon/second.h"

#define SWEEP_S   60
#define BOX_USE   "answer"
#define ASKER_MAX (IDENTITY_TEXT_MAX + 24)

/* A name that was removed and given again is another asker. */
static bool
name_asker(struct signer *s, const struct errand *j, char to[static ASKER_MAX], struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct staff o = { .since = 0 };

	identity_text(&j->who, by);
	if (j->who.kind == IDENTITY_OPERATOR &&
	    !staff_find(realm_platform(s->realm), j->who.name, &o, f))
		return false;
	(void)snprintf(to, ASKER_MAX, "%s#%" PRIu64, by, o.since);
	return true;
}

/* Method and path are the duty, the tenant and the object. */
static bool
name_request(const struct errand *j, const struct wire_act *a, struct bytes *ret, struct fault *f)
{
	bytes_put_counted_text(ret, round_duty(j->verb)->word);
	bytes_put_counted_text(ret, a->tenant);
	bytes_put_counted(ret, a->object);
	bytes_put_counted(ret, a->json);
	return bytes_ok(ret, f);
}

static bool
find(struct signer *s, struct errand *j, const struct wire_act *a, struct fault *f)
{
	struct ledger *platform = realm_platform(s->realm), *own = NULL;
	struct bytes sealed = { 0 };
	struct fault none;
	uint16_t how = 0;
	bool found, ok;

	if (a->tenant[0] != '\0' && !realm_ledger(s->realm, a->tenant, &own, &none))
		own = NULL; /* the duty says so */
	ok = repeat_find(platform, own, &j->repeat, j->now_s, &found, &how, &sealed, f);
	if (ok && found) {
		bytes_clear(&j->answer);
		ok = false;
		if (box_open(&s->token_key, BOX_USE, octets_bytes(&sealed), &j->answer, &none)) {
			j->repeated = true;
			j->done = (uint16_t)(WIRE_DONE | WIRE_REPEATED | how);
			fault_set(f, FAULT_CONFLICT, "Idempotency-Key: it was done");
		} else
			fault_set(f, FAULT_CONFLICT,
			    "Idempotency-Key: it was done, and its answer cannot be read any more");
	}
	bytes_free(&sealed);
	return ok;
}

bool
once_look(struct signer *s, struct errand *j, const struct wire_act *a, struct fault *f)
{
	struct bytes request = { 0 };
	char asker[ASKER_MAX];
	bool ok;

	if (a->key.n == 0 || j->second != NULL)
		return true;
	ok = name_asker(s, j, asker, f) && name_request(j, a, &request, f);
	if (ok)
		repeat_of(asker, a->key, octets_bytes(&request), &j->repeat);
	bytes_free(&request);
	if (!ok || !find(s, j, a, f))
		return false;
	j->keeps = repeat_may(realm_platform(s->realm), &j->repeat, j->now_s, f);
	/* What stops something is done all the same, and not kept. */
	return j->keeps || (f->code == FAULT_OFTEN && round_duty(j->verb)->cuts);
}

/* What room is left where there is little is for revocations. */
static bool
keep_in(struct signer *s, struct errand *j, struct ledger *own, struct fault *f)
{
	struct ledger *platform = realm_platform(s->realm);
	struct bytes sealed = { 0 };
	struct fault full;
	bool ok;

	if (!ledger_has_room(own, &full) || !ledger_has_room(platform, &full))
		return true;
	ok = box_seal(&s->token_key, BOX_USE, octets_bytes(&j->answer), &sealed, f) &&
	     repeat_put(platform, own, &j->repeat, j->now_s, j->done, octets_bytes(&sealed), f);
	bytes_free(&sealed);
	return ok;
}

/* An export is promised by a mark after this (daemon/round.c): a second one is a second entry. */
bool
once_keep(struct signer *s, struct errand *j, struct fault *f)
{
	struct ledger *own = realm_platform(s->realm);

	if (!j->keeps || j->verb == WIRE_EXPORT)
		return true;
	if (j->tenant[0] != '\0' && !realm_ledger(s->realm, j->tenant, &own, f))
		return false;
	return keep_in(s, j, own, f);
}

bool
once_decide(struct signer *s, struct errand *j, struct ledger *l, struct fault *f)
{
	if (j->second != NULL)
		return j->second->decide(j->second->with, j, l, f);
	if (j->keeps && !keep_in(s, j, l, f))
		return false;
	j->keeps = false; /* once is enough */
	return true;
}

static void
name_act(const char *id, struct repeat *ret)
{
	repeat_of("act", octets_text(id), octets_text(id), ret);
}

bool
once_done(struct signer *s, struct ledger *l, const char *id, int64_t now_s, bool *ret_done,
    struct bytes *ret, struct fault *f)
{
	struct bytes sealed = { 0 };
	struct repeat r;
	uint16_t how;
	bool ok;

	name_act(id, &r);
	ok = repeat_find(l, NULL, &r, now_s, ret_done, &how, &sealed, f) &&
	     (!*ret_done || box_open(&s->token_key, BOX_USE, octets_bytes(&sealed), ret, f));
	bytes_free(&sealed);
	return ok;
}

bool
once_keep_done(struct signer *s, struct ledger *l, const char *id, int64_t now_s,
    struct octets answer, struct fault *f)
{
	struct bytes sealed = { 0 };
	struct repeat r;
	bool ok;

	name_act(id, &r);
	ok = box_seal(&s->token_key, BOX_USE, answer, &sealed, f) &&
	     repeat_put(l, l, &r, now_s, WIRE_DONE, octets_bytes(&sealed), f);
	bytes_free(&sealed);
	return ok;
}

bool
once_same(const struct errand *a, const struct errand *b)
{
	struct wire_act x, y;
	struct fault f;

	return a->verb == b->verb && a->from == b->from && wire_act(a->body, &x, &f) &&
	       wire_act(b->body, &y, &f) && x.key.n > 0 && octets_same(x.key, y.key) &&
	       octets_same(x.peer, y.peer);
}

static bool
sweep_one(void *with, struct ledger *l)
{
	const int64_t *now_s = with;
	struct ledger_mark mark = ledger_mark(l);
	struct fault f;
	size_t n;

	if (ledger_settled(l) && !repeat_sweep(l, *now_s, &n, &f)) {
		ledger_undo(l, mark);
		log_fact(LOG_ERROR, "sweep", "tenant", ledger_tenant(l), "fault", f.text, NULL);
	}
	return true;
}

void
once_sweep(struct signer *s, int64_t now_s)
{
	struct log_context why = {
		.by = "signer", .from = "local", .rule = "expiry", .policy = s->policy
	};
	struct ledger *l = realm_platform(s->realm);
	struct ledger_mark mark;
	struct fault f;

	if (now_s < s->swept_s + SWEEP_S)
		return;
	s->swept_s = now_s;
	(void)realm_each(s->realm, sweep_one, &now_s);
	mark = ledger_mark(l);
	if (!proposal_sweep(l, &why, now_s, &f)) {
		ledger_undo(l, mark);
		log_fact(LOG_ERROR, "sweep", "tenant", ledger_tenant(l), "fault", f.text, NULL);
	}
}
