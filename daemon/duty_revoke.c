/* daemon/duty_revoke.c - the end of a certificate, and of a CA with all beneath it; see signer.h.
 */
#include <stdio.h>
#include <string.h>

#include "ca/claim.h"
#include "ca/revoke.h"
#include "ca/tell.h"
#include "daemon/once.h"
#include "daemon/radius.h"

/* What the body of a revocation says. */
struct end {
	uint8_t serial[TBS_SERIAL_OCTETS];
	uint8_t reason;
	const char *confirm; /* NULL: nothing */
	int64_t at_s;        /* when it was revoked; earlier where another reason ended it before */
};

bool
signer_reason(const struct json *body, uint8_t fallback, uint8_t *ret, struct fault *f)
{
	const char *word = json_text(body, "reason");

	*ret = fallback;
	return json_get(body, "reason") == NULL || (word != NULL && revoke_reason(word, ret)) ||
	       fault_set(f, FAULT_BADREQ,
		   "reason: RFC 5280 section 5.3.1: expected keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn or unspecified");
}

static bool
read_end(const struct wire_act *a, const struct json *body, struct end *e, struct fault *f)
{
	static const char *const names[] = { "reason", "confirm", NULL };

	*e = (struct end){ .confirm = json_text(body, "confirm") };
	return signer_serial(a, e->serial, f) && signer_only(body, names, f) &&
	       signer_reason(body, REASON_UNSPECIFIED, &e->reason, f);
}

/* The CA whose certificate this is, if it is one; n is 0 otherwise. */
static bool
find_ca(
    struct signer *s, struct ledger *l, const struct end *e, struct level_cas *ret, struct fault *f)
{
	struct bytes der = { 0 };
	struct standing st;
	struct fault unknown;
	struct cert c;
	bool ok = true;

	ret->n = 0;
	if (l != realm_platform(s->realm) || !ledger_standing(l, e->serial, &st, &unknown) ||
	    (strcmp(st.profile, "root") != 0 && strcmp(st.profile, "region") != 0 &&
		strcmp(st.profile, "tenant") != 0) ||
	    st.state == STANDING_PENDING || st.state == STANDING_ABANDONED)
		return true; /* revoke_certificate() says what is wrong with it */
	ok = ledger_certificate(l, st.id, &der, f) && cert_parse(octets_bytes(&der), &c, f) &&
	     realm_authority(s->realm, c.key_id, &ret->at[0], f);
	ret->n = ok ? 1 : 0;
	bytes_free(&der);
	return ok;
}

/* Nothing revokes the root but the end of trust in it; and who would be left to say so? */
static bool
check_ca(struct signer *s, const struct authority *a, struct fault *f)
{
	struct tenant platform;

	if (a->level == LEVEL_ROOT)
		return fault_set(f, FAULT_DENIED,
		    "certificate: the root is ended by a ceremony, and by taking it from those who trust it");
	if (a->level != LEVEL_TENANT || strcmp(a->label, NAME_PLATFORM) != 0)
		return true;
	if (!realm_tenant(s->realm, NAME_PLATFORM, &platform, f))
		return false;
	return memcmp(platform.key_id, a->key_id, sizeof(a->key_id)) != 0 ||
	       fault_set(f, FAULT_DENIED,
		   "certificate: the service stands on this CA: quatrain tenant rollover %s first, then revoke it",
		   NAME_PLATFORM);
}

/* What goes with it, in words and in members, and how to say that it is meant. */
static bool
ask_to_confirm(struct errand *j, const struct authority *a, const struct radius *r, struct fault *f)
{
	struct json *m = json_object();
	bool ok;

	json_put_text(m, "confirm", a->label);
	json_put_text(m, "level", a->level == LEVEL_REGION ? "region" : "tenant");
	radius_put(m, r);
	ok = json_write(m, &j->members, f);
	json_free(m);
	return ok &&
	       fault_set(f, FAULT_CONFLICT,
		   "certificate: it is the CA of %s %s: with it end, for good, %llu good certificates, %llu live connections and %llu renewals due; \"confirm\":\"%s\" says that this is meant",
		   a->level == LEVEL_REGION ? "region" : "tenant", a->label,
		   (unsigned long long)r->census.good, (unsigned long long)r->connections,
		   (unsigned long long)r->census.due, a->label);
}

static bool
judge_ca(struct signer *s, struct errand *j, const struct level_cas *ca, const struct end *e,
    struct radius *ret, struct fault *f)
{
	const struct authority *a = &ca->at[0];
	struct standing st;

	if (!check_ca(s, a, f) || !ledger_standing(realm_platform(s->realm), a->serial, &st, f))
		return false;
	if (st.state == STANDING_REVOKED)
		return true; /* revoke_certificate() says so */
	if (!radius_of(s, ca, j->now_s, ret, f))
		return false;
	if (e->confirm == NULL || strcmp(e->confirm, a->label) != 0)
		return ask_to_confirm(j, a, ret, f);
	return true;
}

/* The tenant whose CA it was finds it in its own log too. */
static bool
tell_own(struct signer *s, struct errand *j, const struct authority *a,
    const struct log_context *why, const struct end *e, uint64_t index, struct fault *f)
{
	struct ledger *own, *platform = realm_platform(s->realm);
	struct ledger_mark mark;
	struct json *entry;
	uint64_t own_index;

	if (a->level != LEVEL_TENANT)
		return true;
	if (!realm_records(s->realm, a, &own, f))
		return false;
	mark = ledger_mark(own);
	entry = log_entry("ca.revoked", why);
	json_put_hex(entry, "ca", a->key_id, sizeof(a->key_id));
	json_put_hex(entry, "serial", a->serial, sizeof(a->serial));
	json_put_text(entry, "reason", revoke_reason_word(e->reason));
	if (tell_tenant(s->realm, own, entry, index, j->now_s, &own_index, f) &&
	    once_decide(s, j, platform, f) && ledger_commit(platform, f) && ledger_commit(own, f))
		return true;
	ledger_undo(own, mark); /* the round takes back the platform's */
	return false;
}

/* Whatever else names the key goes with it, and the answer says which. */
static bool
end_others(struct errand *j, struct ledger *l, const struct end *e, const struct log_context *why,
    struct json *answer, struct fault *f)
{
	struct bytes also = { 0 };
	struct json *serials;
	char hex[TBS_SERIAL_OCTETS * 2 + 1];
	bool ok;

	if (e->reason != REASON_KEY_COMPROMISE)
		return true;
	ok = revoke_same_key(l, e->serial, why, j->now_s, &also, f);
	if (ok && also.n > 0) {
		serials = json_array();
		for (size_t i = 0; i < also.n; i += TBS_SERIAL_OCTETS) {
			text_hex(also.at + i, TBS_SERIAL_OCTETS, hex);
			json_add_text(serials, hex);
		}
		json_put(answer, "same_key", serials);
	}
	bytes_free(&also);
	return ok;
}

static bool
tell(struct signer *s, struct errand *j, const struct end *e, const struct level_cas *ca,
    const struct radius *r, uint64_t index, struct json *answer, struct fault *f)
{

	json_put_hex(answer, "serial", e->serial, sizeof(e->serial));
	json_put_text(answer, "status", "revoked");
	json_put_text(answer, "reason", revoke_reason_word(e->reason));
	json_put_time(answer, "revoked_at", e->at_s);
	json_put_number(answer, "log_index", (int64_t)index);
	if (ca->n > 0) {
		radius_put(answer, r);
		if (!radius_note(s, &ca->at[0], answer, f))
			return false;
	}
	return json_write(answer, &j->answer, f);
}

/*
 * What has to be durable before the round is. A thief of the key could take it to any tenant, so
 * that the platform knows it too: in a commit of its own, which may only come before the other. In
 * the platform's ledger the two are one.
 */
static bool
settle(struct signer *s, struct errand *j, struct ledger *l, const struct end *e,
    const struct level_cas *ca, const struct log_context *why, uint64_t index, struct fault *f)
{
	struct ledger *platform = realm_platform(s->realm);

	if (e->reason == REASON_KEY_COMPROMISE && !claim_burn(s->realm, l, e->serial, f))
		return false;
	if (ca->n > 0)
		return tell_own(s, j, &ca->at[0], why, e, index, f);
	return l == platform || e->reason != REASON_KEY_COMPROMISE || ledger_commit(platform, f);
}

static bool
end_it(struct ledger *l, struct end *e, const struct log_context *why, int64_t now_s,
    uint64_t *ret_index, struct fault *f)
{
	struct standing st;

	if (!revoke_certificate(l, e->serial, e->reason, why, now_s, ret_index, f) ||
	    !ledger_standing(l, e->serial, &st, f))
		return false;
	e->at_s = st.changed_s;
	return true;
}

bool
duty_revoke(struct signer *s, struct errand *j, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct wire_act a;
	struct json *body, *answer = NULL;
	struct ledger *l;
	struct log_context why;
	struct level_cas ca;
	struct radius r = { .tenants = 0 };
	struct end e;
	uint64_t index;
	bool ok = false;

	if (!signer_open_act(s, j, ACT_CERTIFICATE_REVOKE, &a, &body, f))
		return false;
	why = signer_context(s, j, by);
	if (!realm_ledger(s->realm, a.tenant, &l, f) || !read_end(&a, body, &e, f) ||
	    !find_ca(s, l, &e, &ca, f) || (ca.n > 0 && !judge_ca(s, j, &ca, &e, &r, f)))
		goto out;
	if (ca.n == 0 && json_get(body, "confirm") != NULL) {
		fault_set(f, FAULT_BADREQ, "confirm: only the end of a CA is confirmed");
		goto out;
	}
	answer = json_object();
	ok = end_it(l, &e, &why, j->now_s, &index, f) &&
	     (ca.n > 0 || end_others(j, l, &e, &why, answer, f)) &&
	     tell(s, j, &e, &ca, &r, index, answer, f) && settle(s, j, l, &e, &ca, &why, index, f);
out:
	json_free(answer);
	json_free(body);
	return ok;
}
