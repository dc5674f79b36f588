/* daemon/duty_grant.c - leave to deliver one scan, judged again and signed; see relay/grant.h. */
#include <stdio.h>
#include <string.h>

#include "ca/found.h"
#include "ca/identify.h"
#include "ca/printer.h"
#include "daemon/rule_print.h"
#include "daemon/signer.h"
#include "relay/grant.h"

/* What a relay says of a scan; texts are lent from body. */
struct asked {
	struct wire_act act;
	struct json *body;
	const char *device, *profile;
	char user[NAME_URI_MAX];
	struct identity who;
	struct evidence of;
	struct grant grant;
};

static bool
read_names(struct asked *a, struct fault *f)
{
	static const char *const names[] = { "user", "device", "profile", "destination", "octets",
		"owner_present", "how", NULL };
	const char *destination;
	int64_t octets;

	a->device = json_text(a->body, "device");
	a->profile = json_text(a->body, "profile");
	destination = json_text(a->body, "destination");
	if (!signer_only(a->body, names, f))
		return false;
	if (a->device == NULL || !text_is_label(a->device) || a->profile == NULL ||
	    !text_is_label(a->profile))
		return fault_set(f, FAULT_BADREQ, "scan: expected a device and a profile, labels");
	if (destination == NULL || strlen(destination) != (size_t)2 * GRANT_DIGEST ||
	    !text_unhex(destination, a->grant.destination, GRANT_DIGEST))
		return fault_set(
		    f, FAULT_BADREQ, "scan: expected a destination, the SHA-256 of its URL in hex");
	if (!json_number(a->body, "octets", 1, (int64_t)GRANT_OCTETS_MAX, -1, &octets) ||
	    octets < 1)
		return fault_set(f, FAULT_BADREQ, "scan: expected octets, how many at most");
	a->grant.octets = (uint64_t)octets;
	return true;
}

/* "workstation/alice", of the asker's own tenant. */
static bool
read_user(struct signer *s, struct asked *a, struct fault *f)
{
	const char *user = json_text(a->body, "user"), *slash;
	struct endpoint e = { .tenant = "" };

	if (user == NULL || (slash = strchr(user, '/')) == NULL ||
	    (size_t)(slash - user) >= sizeof(e.kind) || strlen(slash + 1) >= sizeof(e.name))
		return fault_set(f, FAULT_BADREQ, "scan: expected a user, KIND/NAME");
	memcpy(e.tenant, a->act.tenant, sizeof(e.tenant));
	memcpy(e.kind, user, (size_t)(slash - user));
	(void)snprintf(e.name, sizeof(e.name), "%s", slash + 1);
	if (!name_endpoint_check(realm_space(s->realm), &e, f))
		return false;
	name_uri(realm_space(s->realm), &e, a->user);
	return true;
}

/* Whose scan it is said to be, and for whom it is asked: the connector's certificate, and nothing
 * that it says of itself. */
static bool
read_asker(struct signer *s, struct errand *j, struct asked *a, struct fault *f)
{
	memcpy(j->tenant, a->act.tenant, sizeof(j->tenant));
	if (a->act.peer.n == 0)
		return fault_set(f, FAULT_AUTH, "scan: expected a connector's certificate");
	if (!evidence_find(s->realm, a->act.peer, j->now_s, &a->who, &a->of, f))
		return false;
	memcpy(a->who.source, a->act.source, sizeof(a->who.source));
	j->who = a->who;
	if (!a->who.good || strcmp(a->who.tenant, a->act.tenant) != 0)
		return fault_set(f, FAULT_DENIED, "scan: the certificate is not good here");
	return printer_speaks(s->realm, &a->who, a->device) ||
	       fault_set(f, FAULT_DENIED, "scan: it does not speak for printer/%.63s", a->device);
}

static bool
decide_it(struct signer *s, struct errand *j, struct asked *a, struct fault *f)
{
	const struct decider_question q = { .act = ACT_SCAN_SEND,
		.who = &a->who,
		.printer = a->device,
		.owner_present = json_true(a->body, "owner_present"),
		.how = json_text(a->body, "how"),
		.destination = a->profile,
		.octets = a->grant.octets,
		.owner = a->user };
	struct rule_printed put;
	struct decider_answer answer;

	if (!rule_print(s->policies, &a->of, &q, j->now_s, &put, &answer, f))
		return false;
	j->ruling = put.ruling;
	(void)snprintf(a->grant.decision, sizeof(a->grant.decision), "%s",
	    answer.decision[0] == '\0' ? "-" : answer.decision);
	if (answer.permit)
		return true;
	bytes_clear(&j->members);
	if (j->ruling.asked)
		policies_members(&j->ruling, &j->members);
	return fault_set(f, FAULT_DENIED, "%s", answer.why);
}

static bool
fill(struct signer *s, struct errand *j, struct asked *a, struct fault *f)
{
	struct grant *g = &a->grant;
	uint8_t id[GRANT_ID_LETTERS / 2];

	grant_origin(realm_space(s->realm), a->act.tenant, g->origin);
	secret_nonce(id, sizeof(id));
	text_hex(id, sizeof(id), g->id);
	(void)snprintf(g->user, sizeof(g->user), "%.255s", a->user);
	(void)snprintf(g->device, sizeof(g->device), "printer/%.63s", a->device);
	(void)snprintf(g->connector, sizeof(g->connector), "%.255s", a->of.id);
	(void)snprintf(g->profile, sizeof(g->profile), "%.63s", a->profile);
	g->at_s = j->now_s;
	g->until_s = j->now_s + GRANT_VALID_S;
	return strlen(a->user) < sizeof(g->user) ||
	       fault_set(f, FAULT_BADREQ, "scan: the user's id is too long");
}

static bool
sign(struct signer *s, struct errand *j, const struct grant *g, struct fault *f)
{
	struct json *answer = json_object();
	struct bytes note = { 0 }, pem = { 0 };
	struct authority ca;
	struct delegate d;
	struct tenant t;
	bool ok = realm_tenant(s->realm, j->tenant, &t, f) &&
		  realm_authority(s->realm, t.key_id, &ca, f) &&
		  keyring_delegate(s->keys, &ca, &found_log, j->now_s, &d, f) &&
		  grant_sign(g, d.key, &note, f) && cert_pem(d.certificate, &pem, f) &&
		  realm_chain_pem(s->realm, ca.key_id, false, &pem, f);

	bytes_put_u8(&note, 0);
	bytes_put_u8(&pem, 0);
	ok = ok && bytes_ok(&note, f) && bytes_ok(&pem, f);
	if (ok) {
		json_put_text(answer, "grant", (const char *)note.at);
		json_put_text(answer, "signer", (const char *)pem.at);
		json_put_text(answer, "id", g->id);
		json_put_time(answer, "until", g->until_s);
		ok = signer_close_act(j, answer, f);
		answer = NULL;
	}
	json_free(answer);
	bytes_free(&note);
	bytes_free(&pem);
	return ok;
}

bool
duty_grant(struct signer *s, struct errand *j, struct fault *f)
{
	struct asked a = { .body = NULL };
	bool ok = wire_act(j->body, &a.act, f) && json_parse(a.act.json, &a.body, f) &&
		  read_names(&a, f) && read_user(s, &a, f) && read_asker(s, j, &a, f) &&
		  decide_it(s, j, &a, f) && fill(s, j, &a, f) && sign(s, j, &a.grant, f);

	json_free(a.body);
	return ok;
}
