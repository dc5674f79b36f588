/* daemon/duty_operator.c - a new operator: role and certificate; see signer.h. */
#include <stdio.h>
#include <string.h>

#include "ca/claim.h"
#include "ca/csr.h"
#include "ca/staff.h"
#include "daemon/second.h"

#define ROLE_MAX 16

struct application {
	char role[ROLE_MAX];
	struct bytes der;
	struct csr csr;
};

static bool
read_application(struct errand *j, struct octets text, struct application *a, struct fault *f)
{
	static const char *const names[] = { "name", "role", "csr", NULL };
	struct json *body;
	const char *name, *role, *csr;
	bool ok = false;

	if (!json_parse(text, &body, f))
		return false;
	if (!signer_only(body, names, f))
		goto out;
	name = json_text(body, "name");
	role = json_text(body, "role");
	csr = json_text(body, "csr");
	if (name == NULL || !text_is_label(name))
		fault_set(f, FAULT_BADREQ, "name: expected a DNS label: a-z, 0-9, inner hyphens");
	else if (role == NULL || identity_role(role) == ROLE_NONE)
		fault_set(f, FAULT_BADREQ, "role: expected officer, registrar or auditor");
	else if (csr == NULL)
		fault_set(f, FAULT_BADREQ, "csr: expected a PKCS #10 request as PEM or base64");
	else
		ok = text_unbase64(octets_text(csr), &a->der, f) &&
		     csr_parse(octets_bytes(&a->der), &a->csr, f);
	if (ok) {
		(void)snprintf(j->device.name, sizeof(j->device.name), "%s", name);
		(void)snprintf(a->role, sizeof(a->role), "%s", role);
	}
out:
	json_free(body);
	return ok;
}

/* A name is one operator's until it is removed: then its certificates end, and another may have it.
 */
static bool
check_new(struct signer *s, const struct errand *j, struct fault *f)
{
	struct bytes row = { 0 };
	struct fault why;
	bool there = ledger_get(
	    realm_platform(s->realm), TABLE_OPERATOR, octets_text(j->device.name), &row, &why);

	bytes_free(&row);
	if (there)
		return fault_set(f, FAULT_CONFLICT, "operator: %s exists already", j->device.name);
	return why.code == FAULT_NOTFOUND || (*f = why, false);
}

/* Whoever could make a second officer alone could be one. */
static bool
check_role(struct signer *s, const struct errand *j, const struct application *a, struct fault *f)
{
	bool waits;

	if (identity_role(a->role) != ROLE_OFFICER || j->who.kind != IDENTITY_OPERATOR)
		return true;
	if (!second_waits(s, &j->who, j->now_s, &waits, f))
		return false;
	return !waits ||
	       fault_set(f, FAULT_CONFLICT,
		   "operator: an officer is made by two: add %s as registrar or auditor, then change the role, which a second officer approves",
		   j->device.name);
}

static bool
intend(struct signer *s, struct errand *j, struct application *a, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct provenance from = {
		.how = "operator", .at_s = j->now_s, .assurance = ASSURANCE_APPROVED
	};
	struct wish w = {
		.profile = profile_find("operator"),
		.org = NAME_PLATFORM,
		.endpoint = &j->device,
		.spki = a->csr.spki,
		.provenance = &from,
		.public_url = s->settings.public_url,
		.space = realm_space(s->realm),
	};
	struct tenant t;

	identity_text(&j->who, by);
	(void)snprintf(from.enroller, sizeof(from.enroller), "%.95s", by);
	j->role = identity_role(a->role);
	return profile_takes(w.profile, a->csr.spki, f) &&
	       ledger_has_room(realm_platform(s->realm), f) &&
	       realm_tenant(s->realm, NAME_PLATFORM, &t, f) &&
	       keyring_issuer(s->keys, t.key_id, &j->issuer, f) &&
	       realm_authority_good(s->realm, &j->issuer->a, j->now_s, f) &&
	       claim_put(s->realm, a->csr.spki, &j->device, f) &&
	       issue_prepare(j->issuer, &w, j->now_s, &j->ticket, f) &&
	       issue_intend(j->issuer, j->ticket, f);
}

static const struct object operators = { .tenant = NAME_PLATFORM, .endpoint = "operator" };

bool
duty_operator_judge(struct signer *s, struct errand *j, struct fault *f)
{
	struct wire_act a;
	struct application app = { .role = "" };
	bool ok;

	if (!wire_act(j->body, &a, f))
		return false;
	(void)snprintf(j->tenant, sizeof(j->tenant), "%s", NAME_PLATFORM);
	(void)snprintf(j->device.tenant, sizeof(j->device.tenant), "%s", NAME_PLATFORM);
	(void)snprintf(j->device.kind, sizeof(j->device.kind), "operator");
	ok = signer_decide(s, j, &a, ACT_OPERATOR_ADD, &operators, f) &&
	     read_application(j, a.json, &app, f) && check_new(s, j, f) &&
	     check_role(s, j, &app, f) && intend(s, j, &app, f);
	bytes_free(&app.der);
	return ok;
}

static bool
put_chain(struct signer *s, const struct issuer *by, struct json *answer, struct fault *f)
{
	struct bytes pem = { 0 };
	bool ok = realm_chain_pem(s->realm, by->a.key_id, false, &pem, f);

	bytes_put_u8(&pem, 0);
	if ((ok = ok && bytes_ok(&pem, f)))
		json_put_text(answer, "chain", (const char *)pem.at);
	bytes_free(&pem);
	return ok;
}

static bool
tell(struct signer *s, struct errand *j, const char *role, uint64_t index, struct fault *f)
{
	struct json *answer = json_object();
	struct bytes pem = { 0 };
	bool ok = false;

	json_put_text(answer, "name", j->device.name);
	json_put_text(answer, "role", role);
	json_put_hex(answer, "serial", ticket_serial(j->ticket), TBS_SERIAL_OCTETS);
	json_put_time(answer, "not_after", ticket_not_after(j->ticket));
	json_put_number(answer, "log_index", (int64_t)index);
	if (cert_pem(ticket_certificate(j->ticket), &pem, f) &&
	    put_chain(s, j->issuer, answer, f)) {
		bytes_put_u8(&pem, 0);
		if (bytes_ok(&pem, f)) {
			json_put_text(answer, "certificate", (const char *)pem.at);
			ok = json_write(answer, &j->answer, f);
		}
	}
	bytes_free(&pem);
	json_free(answer);
	return ok;
}

/* Since it was judged, another job of the round may have revoked who asks, added the same name, or
 * suspended the region. */
static bool
judge_again(struct signer *s, struct errand *j, struct fault *f)
{
	struct wire_act a;

	return wire_act(j->body, &a, f) &&
	       signer_decide(s, j, &a, ACT_OPERATOR_ADD, &operators, f) && check_new(s, j, f) &&
	       realm_authority_good(s->realm, &j->issuer->a, j->now_s, f);
}

static bool
record(struct signer *s, struct errand *j, uint64_t *ret_index, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct ledger *platform = realm_platform(s->realm);
	struct staff o = { .role = j->role };
	struct json *e;

	if (!issue_sign(j->issuer, j->ticket, &s->journal, j->now_s, f) ||
	    !issue_record(j->issuer, j->ticket, &why, j->now_s, NULL, f))
		return false;
	e = log_entry("operator.added", &why);
	json_put_text(e, "operator", j->device.name);
	json_put_text(e, "role", identity_role_word(j->role));
	json_put_hex(e, "serial", ticket_serial(j->ticket), TBS_SERIAL_OCTETS);
	if (!log_append(platform, e, j->now_s, ret_index, f))
		return false;
	(void)snprintf(o.name, sizeof(o.name), "%s", j->device.name);
	memcpy(o.serial, ticket_serial(j->ticket), sizeof(o.serial));
	o.since = *ret_index;
	staff_add(platform, &o);
	return true;
}

bool
duty_operator_act(struct signer *s, struct errand *j, struct fault *f)
{
	uint64_t index;

	issue_intended(j->ticket);
	return judge_again(s, j, f) && record(s, j, &index, f) &&
	       tell(s, j, identity_role_word(j->role), index, f);
}
