/* daemon/duty_bulk.c - many certificates end in one act; see signer.h. */
#include <stdio.h>
#include <string.h>

#include "ca/added.h"
#include "ca/bulk.h"
#include "daemon/signer.h"

#define CONFIRM_OVER 10 /* more must be confirmed, by their number */

/* What the body says. */
struct wanted {
	struct added_pick pick; /* neither: by serials */
	uint8_t reason;
	bool dry_run;
	int64_t confirm; /* -1: nothing */
};

static bool
read_time(const struct json *body, const char *name, int64_t *ret_s, struct fault *f)
{
	const char *text = json_text(body, name);

	return json_get(body, name) == NULL || (text != NULL && log_time(text, ret_s)) ||
	       fault_set(f, FAULT_BADREQ, "%s: RFC 3339: expected a time such as %s", name,
		   "2026-11-22T14:30:00Z");
}

/* "serials", "enroller" or "token": one of them. */
static bool
read_pick(const struct wire_act *a, const struct json *body, struct added_pick *p, struct fault *f)
{
	bool serials = a->object.n > 0;

	*p = (struct added_pick){ .enroller = json_text(body, "enroller"),
		.evidence = json_text(body, "token"),
		.after_s = INT64_MIN,
		.before_s = INT64_MAX };
	if ((json_get(body, "enroller") != NULL && p->enroller == NULL) ||
	    (json_get(body, "token") != NULL && p->evidence == NULL))
		return fault_set(f, FAULT_BADREQ, "enroller, token: expected a text");
	if (serials + (p->enroller != NULL) + (p->evidence != NULL) != 1)
		return fault_set(
		    f, FAULT_BADREQ, "body: expected one of \"serials\", \"enroller\", \"token\"");
	if (serials &&
	    (json_get(body, "added_after") != NULL || json_get(body, "added_before") != NULL))
		return fault_set(f, FAULT_BADREQ,
		    "added_after, added_before: only with \"enroller\" or \"token\"");
	if (p->enroller != NULL && p->enroller[0] == '\0')
		return fault_set(f, FAULT_BADREQ, "enroller: expected who let them in");
	if (a->object.n % TBS_SERIAL_OCTETS != 0 || a->object.n / TBS_SERIAL_OCTETS > BULK_MAX)
		return fault_set(f, FAULT_LIMIT, "serials: expected 1 to %d", BULK_MAX);
	return read_time(body, "added_after", &p->after_s, f) &&
	       read_time(body, "added_before", &p->before_s, f);
}

static bool
read_wanted(const struct wire_act *a, const struct json *body, struct wanted *w, struct fault *f)
{
	static const char *const names[] = { "enroller", "token", "added_after", "added_before",
		"reason", "dry_run", "confirm", NULL };

	if (!signer_only(body, names, f) || !read_pick(a, body, &w->pick, f) ||
	    !signer_reason(body, REASON_UNSPECIFIED, &w->reason, f) ||
	    !signer_flag(body, "dry_run", &w->dry_run, f))
		return false;
	return json_number(body, "confirm", 0, (int64_t)2 * BULK_MAX, -1, &w->confirm) ||
	       fault_set(f, FAULT_BADREQ, "confirm: expected the number of certificates");
}

/* Whom it concerns. What this round has issued already is in no store yet, and is looked for there:
 * so it goes there first. */
static bool
find(struct ledger *l, const struct wire_act *a, const struct wanted *w, int64_t now_s,
    struct bytes *ret, size_t *ret_ended, struct fault *f)
{
	*ret_ended = 0;
	if (w->pick.enroller == NULL && w->pick.evidence == NULL)
		bytes_put_octets(ret, a->object);
	else if (!ledger_commit(l, f) ||
		 !added_find(l, &w->pick, now_s, BULK_MAX, ret, ret_ended, f))
		return false;
	if (!bytes_ok(ret, f))
		return false;
	ret->n = TBS_SERIAL_OCTETS * bulk_sort(ret->at, ret->n / TBS_SERIAL_OCTETS);
	return true;
}

/* How many that is must be said by whoever means it. */
static bool
check_confirm(struct errand *j, const struct wanted *w, const struct bulk *b, struct fault *f)
{
	if (w->dry_run || b->revoked == 0 ||
	    (w->confirm < 0 ? b->revoked <= CONFIRM_OVER : w->confirm == (int64_t)b->revoked))
		return true;
	bytes_put_fmt(&j->members, "{\"confirm\":%zu,\"already\":%zu}", b->revoked, b->already);
	return bytes_ok(&j->members, f) &&
	       fault_set(f, FAULT_CONFLICT,
		   "revocations: %zu certificates would end, for good: \"confirm\":%zu says that this is meant",
		   b->revoked, b->revoked);
}

/* One entry for the act, behind those of its certificates. */
static bool
tell_log(struct ledger *l, const struct wanted *w, const struct bulk *b,
    const struct log_context *why, int64_t now_s, uint64_t *ret_index, struct fault *f)
{
	const struct added_pick *p = &w->pick;
	struct json *e = log_entry("certificates.revoked", why);

	json_put_number(e, "certificates", (int64_t)b->revoked);
	json_put_number(e, "already", (int64_t)b->already);
	json_put_number(e, "first", (int64_t)b->first);
	json_put_text(e, "reason", revoke_reason_word(w->reason));
	json_put_text(e, "selector",
	    p->enroller != NULL ? "enroller" : (p->evidence != NULL ? "token" : "serials"));
	if (p->enroller != NULL)
		json_put_octets(e, "enroller", octets_text(p->enroller));
	if (p->evidence != NULL)
		json_put_octets(e, "token", octets_text(p->evidence));
	if (p->after_s != INT64_MIN)
		json_put_time(e, "added_after", p->after_s);
	if (p->before_s != INT64_MAX)
		json_put_time(e, "added_before", p->before_s);
	return log_append(l, e, now_s, ret_index, f);
}

static bool
tell(
    struct errand *j, const struct wanted *w, const struct bulk *b, uint64_t index, struct fault *f)
{
	struct json *answer = json_object();

	json_put_number(answer, "revoked", (int64_t)b->revoked);
	json_put_number(answer, "already", (int64_t)b->already);
	json_put_text(answer, "reason", revoke_reason_word(w->reason));
	json_put_bool(answer, "dry_run", w->dry_run);
	if (!w->dry_run && b->revoked > 0) {
		json_put_time(answer, "revoked_at", j->now_s);
		json_put_number(answer, "first_index", (int64_t)b->first);
		json_put_number(answer, "log_index", (int64_t)index);
	}
	return signer_close_act(j, answer, f);
}

/* A dry run does it all, and takes it back. */
static bool
run(struct signer *s, struct errand *j, struct ledger *l, const struct wanted *w,
    const struct bytes *serials, size_t ended, struct fault *f)
{
	struct ledger *platform = realm_platform(s->realm);
	struct ledger_mark mark = ledger_mark(l), before = ledger_mark(platform);
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct bulk b;
	uint64_t index = 0;

	if (!bulk_revoke(s->realm, l, octets_bytes(serials), w->reason, &why, j->now_s, &b, f))
		return false;
	b.already += ended;
	if (!check_confirm(j, w, &b, f))
		return false;
	if (w->dry_run) {
		ledger_undo(l, mark);
		ledger_undo(platform, before);
		return tell(j, w, &b, 0, f);
	}
	/* Keys that burn are known to the platform before their certificates end. */
	return (b.revoked == 0 || tell_log(l, w, &b, &why, j->now_s, &index, f)) &&
	       (l == platform || w->reason != REASON_KEY_COMPROMISE ||
		   ledger_commit(platform, f)) &&
	       tell(j, w, &b, index, f);
}

bool
duty_revoke_many(struct signer *s, struct errand *j, struct fault *f)
{
	struct bytes serials = { 0 };
	struct wire_act a;
	struct json *body;
	struct ledger *l;
	struct wanted w;
	size_t ended;
	bool ok;

	if (!signer_open_act(s, j, ACT_CERTIFICATE_REVOKE, &a, &body, f))
		return false;
	ok = realm_ledger(s->realm, a.tenant, &l, f) && read_wanted(&a, body, &w, f) &&
	     find(l, &a, &w, j->now_s, &serials, &ended, f) && run(s, j, l, &w, &serials, ended, f);
	bytes_free(&serials);
	json_free(body);
	return ok;
}
