/* daemon/duty_endpoint.c - an endpoint is removed, with all that it has; see signer.h. */
#include <stdio.h>
#include <string.h>

#include "ca/holding.h"
#include "ca/removal.h"
#include "daemon/signer.h"

#define REASON_CESSATION 5 /* cessationOfOperation, RFC 5280 section 5.3.1 */

/* "kind/name", as the API puts it together from the path. */
static bool
read_endpoint(const struct wire_act *a, struct endpoint *e, struct fault *f)
{
	char text[HOLDING_OWNER_MAX] = "", *slash;

	if (a->object.n < sizeof(text))
		memcpy(text, a->object.at, a->object.n);
	slash = strchr(text, '/');
	if (slash == NULL)
		return fault_set(f, FAULT_NOTFOUND, "endpoint: expected a kind and a name");
	*slash = '\0';
	if (!text_is_label(text) || !text_is_label(slash + 1))
		return fault_set(f, FAULT_NOTFOUND, "endpoint: there is none of that name");
	memcpy(e->tenant, a->tenant, sizeof(e->tenant));
	(void)snprintf(e->kind, sizeof(e->kind), "%.63s", text);
	(void)snprintf(e->name, sizeof(e->name), "%.63s", slash + 1);
	return true;
}

static void
put_counts(struct json *j, const struct removal *r)
{
	json_put_number(j, "revoked", (int64_t)r->certificates.revoked);
	json_put_number(j, "tokens", (int64_t)r->tokens);
	json_put_number(j, "requests", (int64_t)r->requests);
	json_put_number(j, "registrations", (int64_t)r->devices);
	json_put_number(j, "printers", (int64_t)r->printers);
	json_put_number(j, "badges", (int64_t)r->badges);
}

static bool
tell_log(struct ledger *l, const struct endpoint *e, const struct removal *r, uint8_t reason,
    const struct log_context *why, int64_t now_s, uint64_t *ret_index, struct fault *f)
{
	struct json *j = log_entry("endpoint.removed", why);
	char owner[HOLDING_OWNER_MAX];

	holding_owner(e->kind, e->name, owner);
	json_put_text(j, "name", owner);
	json_put_text(j, "reason", revoke_reason_word(reason));
	json_put_number(j, "first", (int64_t)r->certificates.first);
	put_counts(j, r);
	return log_append(l, j, now_s, ret_index, f);
}

static bool
tell(struct errand *j, const struct endpoint *e, const struct removal *r, uint8_t reason,
    bool dry_run, uint64_t index, struct fault *f)
{
	struct json *answer = json_object();

	json_put_text(answer, "kind", e->kind);
	json_put_text(answer, "name", e->name);
	json_put_text(answer, "reason", revoke_reason_word(reason));
	put_counts(answer, r);
	json_put_bool(answer, "dry_run", dry_run);
	if (!dry_run) {
		json_put_time(answer, "removed_at", j->now_s);
		json_put_number(answer, "log_index", (int64_t)index);
	}
	return signer_close_act(j, answer, f);
}

/* A dry run does it all, and takes it back. What this round has written is looked for in the store,
 * so it goes there first. */
static bool
run(struct signer *s, struct errand *j, struct ledger *l, const struct endpoint *e, uint8_t reason,
    bool dry_run, struct fault *f)
{
	struct ledger *platform = realm_platform(s->realm);
	struct ledger_mark mark, before;
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct removal done;
	uint64_t index = 0;

	if (!ledger_commit(l, f))
		return false;
	mark = ledger_mark(l);
	before = ledger_mark(platform);
	if (!removal_run(s->realm, l, e, reason, &why, j->now_s, &done, f))
		return false;
	if (dry_run) {
		ledger_undo(l, mark);
		ledger_undo(platform, before);
		return tell(j, e, &done, reason, true, 0, f);
	}
	return tell_log(l, e, &done, reason, &why, j->now_s, &index, f) &&
	       (l == platform || reason != REASON_KEY_COMPROMISE || ledger_commit(platform, f)) &&
	       tell(j, e, &done, reason, false, index, f);
}

bool
duty_endpoint_remove(struct signer *s, struct errand *j, struct fault *f)
{
	static const char *const names[] = { "reason", "dry_run", NULL };
	struct endpoint e;
	struct wire_act a;
	struct json *body;
	struct ledger *l;
	uint8_t reason;
	bool ok, dry_run;

	if (!signer_open_act(s, j, ACT_ENDPOINT_REMOVE, &a, &body, f))
		return false;
	ok = realm_ledger(s->realm, a.tenant, &l, f) && read_endpoint(&a, &e, f) &&
	     signer_only(body, names, f) && signer_reason(body, REASON_CESSATION, &reason, f) &&
	     signer_flag(body, "dry_run", &dry_run, f) && run(s, j, l, &e, reason, dry_run, f);
	json_free(body);
	return ok;
}
