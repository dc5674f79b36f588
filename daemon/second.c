/* daemon/second.c - see second.h. */
#include "daemon/second.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/proposal.h"
#include "ca/staff.h"

/* Its entry says why nobody else had to want it. */
static bool
alone(struct errand *j, const char *why)
{
	(void)snprintf(j->second_by, sizeof(j->second_by), "none: %s", why);
	return true;
}

bool
second_waits(
    struct signer *s, const struct identity *who, int64_t now_s, bool *ret, struct fault *f)
{
	const char *mode = s->settings.two_person;

	*ret = strcmp(mode, "always") == 0;
	if (*ret || strcmp(mode, "never") == 0 || who->kind != IDENTITY_OPERATOR)
		return true;
	return staff_other_officer(realm_platform(s->realm), who->name, now_s, ret, f);
}

static const char *
why_alone(const struct signer *s, const struct errand *j)
{
	if (strcmp(s->settings.two_person, "never") == 0)
		return "two_person is never";
	return j->who.kind == IDENTITY_OPERATOR ? "there is no other officer"
						: "the machine's own user";
}

/* As it came, but for its Idempotency-Key: that stands for the asking, not for the act. */
static bool
keep_request(struct errand *j, const struct wire_act *a, struct bytes *ret, struct fault *f)
{
	struct wire_act kept = *a;

	(void)j;
	kept.key = octets_of(NULL, 0);
	wire_put_act(&kept, ret);
	return bytes_ok(ret, f);
}

static bool
check_others(struct ledger *l, const struct proposal *p, int64_t now_s, struct fault *f)
{
	static const uint8_t none[PROPOSAL_ID_LETTERS / 2];
	uint8_t same[PROPOSAL_ID_LETTERS / 2];
	char id[PROPOSAL_ID_LETTERS + 1];
	size_t n;

	if (!proposal_waiting(l, p, now_s, &n, same, f))
		return false;
	text_hex(same, sizeof(same), id);
	if (memcmp(same, none, sizeof(none)) != 0)
		return fault_set(f, FAULT_CONFLICT,
		    "act: %s waits for a second officer already and asks for the same", id);
	return n < PROPOSAL_WAITING_MAX ||
	       fault_set(f, FAULT_OFTEN, "act: %d wait already: approve or refuse some",
		   PROPOSAL_WAITING_MAX);
}

static bool
tell_asked(struct signer *s, struct errand *j, struct proposal *p, const struct wire_act *a,
    struct fault *f)
{
	char by[IDENTITY_TEXT_MAX], id[PROPOSAL_ID_LETTERS + 1];
	struct log_context why = signer_context(s, j, by);
	struct json *e = log_entry("act.asked", &why);
	uint8_t digest[DIGEST_OCTETS];

	proposal_id(p, id);
	digest_of(a->json, digest);
	json_put_text(e, "id", id);
	json_put_text(e, "request", p->word);
	if (p->tenant[0] != '\0')
		json_put_text(e, "tenant", p->tenant);
	if (a->object.n > 0)
		json_put_octets(e, "object", a->object);
	json_put_hex(e, "body_sha256", digest, sizeof(digest));
	json_put_time(e, "expires", p->due_s);
	return log_append(realm_platform(s->realm), e, j->now_s, &p->asked_index, f);
}

static bool
tell_waits(struct errand *j, const struct proposal *p, const struct json *shows, struct fault *f)
{
	struct json *answer = json_object(), *copy = NULL;
	char id[PROPOSAL_ID_LETTERS + 1];
	bool ok;

	(void)shows;
	proposal_id(p, id);
	json_put_text(answer, "id", id);
	json_put_text(answer, "state", "waiting");
	json_put_text(answer, "request", p->word);
	json_put_time(answer, "expires", p->due_s);
	json_put_number(answer, "log_index", (int64_t)p->asked_index);
	if ((ok = json_parse(p->shows, &copy, f)))
		json_put(answer, "shows", copy);
	ok = ok && json_write(answer, &j->answer, f);
	json_free(answer);
	return ok;
}

/* From here on the job is the platform's: what it wrote stands in that ledger alone. */
static bool
wait_for_another(struct signer *s, struct errand *j, const struct wire_act *a, struct proposal *p,
    const struct json *shows, struct fault *f)
{
	struct ledger *l = realm_platform(s->realm);
	struct bytes body = { 0 }, text = { 0 };
	bool ok = keep_request(j, a, &body, f) && json_write(shows, &text, f);

	p->state = PROPOSAL_WAITING;
	p->from = j->from;
	p->asked_s = j->now_s;
	p->due_s = j->now_s + PROPOSAL_OPEN_S;
	p->body = octets_bytes(&body);
	p->shows = octets_bytes(&text);
	secret_nonce(p->id, sizeof(p->id));
	ok = ok && ledger_has_room(l, f) && check_others(l, p, j->now_s, f) &&
	     tell_asked(s, j, p, a, f) && proposal_put(l, p, f) && tell_waits(j, p, shows, f);
	bytes_free(&text);
	bytes_free(&body);
	if (ok) {
		(void)snprintf(j->tenant, sizeof(j->tenant), "%s", NAME_PLATFORM);
		j->done = WIRE_DONE | WIRE_WAITS;
	}
	return ok;
}

/* It waited, and is approved; or whoever may do that only looks. */
static bool
go_approved(struct errand *j, const struct proposal *now, const struct json *shows, bool *ret_go,
    struct fault *f)
{
	if (memcmp(now->basis, j->second->proposal->basis, sizeof(now->basis)) != 0)
		return fault_set(f, FAULT_CONFLICT,
		    "act: what it is about has changed since it was asked: it must be asked anew");
	(void)snprintf(j->second_by, sizeof(j->second_by), "%s", j->second->by);
	*ret_go = !j->second->dry;
	return *ret_go || json_write(shows, &j->answer, f);
}

bool
second_go(struct signer *s, struct errand *j, const struct wire_act *a, const struct second_case *c,
    bool *ret_go, struct fault *f)
{
	struct proposal p = { .state = PROPOSAL_WAITING };
	bool waits;

	(void)snprintf(p.word, sizeof(p.word), "%s", c->word);
	(void)snprintf(p.tenant, sizeof(p.tenant), "%s", a->tenant);
	identity_text(&j->who, p.by);
	digest_of(c->basis, p.basis);
	if (j->second != NULL)
		return go_approved(j, &p, c->shows, ret_go, f);
	if (!second_waits(s, &j->who, j->now_s, &waits, f))
		return false;
	if (waits && c->emergency && j->who.kind == IDENTITY_LOCAL)
		waits = false;
	*ret_go = !waits;
	return waits ? wait_for_another(s, j, a, &p, c->shows, f) : alone(j, why_alone(s, j));
}
