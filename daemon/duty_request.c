/* daemon/duty_request.c - a registrar says yes or no to a device that waits; see signer.h. */
#include <stdio.h>
#include <string.h>

#include "daemon/approval.h"

static const uint8_t none[TBS_SERIAL_OCTETS];

static bool
read_reason(const struct json *body, char to[static PETITION_REASON_MAX + 1], struct fault *f)
{
	static const char *const names[] = { "reason", NULL };
	const char *reason = json_text(body, "reason");

	if (!signer_only(body, names, f))
		return false;
	if (reason == NULL || reason[0] == '\0' || strlen(reason) > PETITION_REASON_MAX)
		return fault_set(f, FAULT_BADREQ,
		    "reason: expected a text of 1 to %d octets: the device is told it",
		    PETITION_REASON_MAX);
	(void)snprintf(to, PETITION_REASON_MAX + 1, "%s", reason);
	return true;
}

/* May it be approved, by this operator, as things are? */
static bool
check_approve(const struct errand *j, struct ledger *l, struct petition *r,
    enum petition_state state, struct fault *f)
{
	const struct profile *p = profile_find(r->profile);
	uint8_t was[TBS_SERIAL_OCTETS];

	memcpy(was, r->replaces, sizeof(was));
	if (p == NULL)
		return fault_set(f, FAULT_CONFLICT,
		    "profile: %s: there is none of that name any more: nothing can come of this request",
		    r->profile);
	if (p->officer && j->who.role != ROLE_OFFICER)
		return fault_set(f, FAULT_DENIED,
		    "profile: %s: a request for it is approved by an officer alone", p->name);
	if (!petition_replaces(l, &r->device, j->now_s, r->replaces, f))
		return false;
	/* Once more, where the device's certificate is another now than the registrar saw. */
	return state != PETITION_APPROVED || memcmp(was, r->replaces, sizeof(was)) != 0 ||
	       fault_set(f, FAULT_CONFLICT, "request: it is approved already");
}

/* Until it is fetched a registrar may think again. */
static bool
check_state(
    const struct errand *j, struct ledger *l, struct petition *r, bool approve, struct fault *f)
{
	enum petition_state state;

	if (!petition_state(l, r, j->now_s, &state, f))
		return false;
	if (state == PETITION_ISSUED)
		return fault_set(f, FAULT_CONFLICT,
		    "request: the certificate was issued: quatrain cert revoke ends it");
	if (state == PETITION_EXPIRED)
		return fault_set(
		    f, FAULT_CONFLICT, "request: it has expired: the device must ask again");
	if (!approve)
		return state != PETITION_REFUSED ||
		       fault_set(f, FAULT_CONFLICT, "request: it is refused already");
	return check_approve(j, l, r, state, f);
}

static bool
log_decision(struct signer *s, struct errand *j, struct ledger *l, struct petition *r, bool approve,
    struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct json *e = log_entry(approve ? "enrolment.approved" : "enrolment.refused", &why);

	approval_describe(e, r);
	if (!approve)
		json_put_octets(e, "reason", octets_text(r->reason));
	else if (memcmp(r->replaces, none, sizeof(none)) != 0)
		json_put_hex(e, "replaces", r->replaces, sizeof(r->replaces));
	(void)snprintf(r->by, sizeof(r->by), "%.95s", by);
	return log_append(l, e, j->now_s, &r->decided_index, f);
}

static bool
tell(struct errand *j, const struct petition *r, struct fault *f)
{
	char id[PETITION_ID_LETTERS + 1];
	struct json *answer = json_object();

	petition_id(r, id);
	json_put_text(answer, "id", id);
	json_put_text(answer, "device", r->device.name);
	json_put_text(answer, "profile", r->profile);
	json_put_text(answer, "state", petition_state_word(r->state));
	if (r->state == PETITION_APPROVED && memcmp(r->replaces, none, sizeof(none)) != 0)
		json_put_hex(answer, "replaces", r->replaces, sizeof(r->replaces));
	json_put_time(answer, "expires", r->due_s);
	json_put_number(answer, "log_index", (int64_t)r->decided_index);
	return signer_close_act(j, answer, f);
}

/* What is approved has as long to be fetched as it had to be decided. */
static bool
turn(struct errand *j, struct ledger *l, struct petition *r, bool approve, struct fault *f)
{
	r->decided_s = j->now_s;
	if (approve)
		return petition_turn(l, r, PETITION_APPROVED, j->now_s + PETITION_OPEN_S, f);
	return petition_turn(l, r, PETITION_REFUSED, r->due_s, f);
}

static bool
decide_one(struct signer *s, struct errand *j, bool approve, struct fault *f)
{
	static const char *const nothing[] = { NULL };
	char id[PETITION_ID_LETTERS + 1] = "";
	struct bytes row = { 0 };
	struct wire_act a;
	struct json *body;
	struct ledger *l;
	struct petition r;
	bool ok;

	if (!signer_open_act(s, j, ACT_REQUEST_DECIDE, &a, &body, f))
		return false;
	if (a.object.n == sizeof(id) - 1)
		memcpy(id, a.object.at, a.object.n);
	ok = realm_ledger(s->realm, a.tenant, &l, f) && petition_find(l, id, &row, &r, f);
	if (ok)
		r.reason[0] = '\0';
	ok = ok && (approve ? signer_only(body, nothing, f) : read_reason(body, r.reason, f)) &&
	     check_state(j, l, &r, approve, f) && log_decision(s, j, l, &r, approve, f) &&
	     turn(j, l, &r, approve, f) && tell(j, &r, f);
	bytes_free(&row);
	json_free(body);
	return ok;
}

bool
duty_approve(struct signer *s, struct errand *j, struct fault *f)
{
	return decide_one(s, j, true, f);
}

bool
duty_disapprove(struct signer *s, struct errand *j, struct fault *f)
{
	return decide_one(s, j, false, f);
}
