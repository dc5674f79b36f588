/* ca/audit_evidence.c - who let an end entity in, and what proves it; see audit_under.h. */
#include <stdio.h>
#include <string.h>

#include "ca/audit_under.h"
#include "ca/device.h"
#include "ca/petition.h"
#include "ca/token.h"

/* Who added it, how and how surely: the certificate says what the ledger says. */
static bool
provenance(const struct audit_under *u, struct provenance *ret)
{
	const struct standing *s = &u->standing;
	const struct profile *p = profile_find(s->profile);
	char text[FAULT_TEXT_MAX];

	/* A profile that is gone was an endpoint's: our own cannot go. */
	if (p != NULL && !p->named) {
		audit_say(
		    u, "provenance", LEAF_HOLDS, "a key of the service itself: it carries none");
		return false;
	}
	if (!cert_provenance(u->cert, ret)) {
		audit_say(u, "provenance", LEAF_FAILS, "the certificate does not say who added it");
		return false;
	}
	(void)snprintf(text, sizeof(text), "added by %.95s, how: %.15s, assurance: %s",
	    ret->enroller[0] == '\0' ? "-" : ret->enroller, ret->how,
	    cert_assurance_word(ret->assurance));
	if (strcmp(ret->enroller, s->enroller) == 0 && strcmp(ret->how, s->how) == 0)
		audit_say(u, "provenance", LEAF_HOLDS, text);
	else
		audit_say(
		    u, "provenance", LEAF_FAILS, "certificate and ledger differ in who added it");
	audit_say(u, "assurance", ret->assurance == s->assurance ? LEAF_HOLDS : LEAF_FAILS,
	    ret->assurance == s->assurance ? "" : "certificate and ledger differ in the assurance");
	return true;
}

/* The entry of act tells of the token, the request or the device that is the evidence. */
static bool
tell_evidence(const struct audit_under *u, const struct provenance *p, uint64_t index,
    const char *act, const char *member, struct fault *f)
{
	struct bytes line = { 0 };
	struct json *entry = NULL;
	struct fault why;
	const char *id;
	bool ok = true;

	if (!audit_entry(u->ledger, index, act, &line, &entry, &why))
		ok = audit_say_fault(u, "evidence", AUDIT_OUR_LOG, &why, f);
	else if ((id = json_text(entry, member)) == NULL || strcmp(id, p->evidence) != 0)
		audit_say(u, "evidence", LEAF_FAILS, "the entry of what it names tells of another");
	else
		audit_say_entry(u, "evidence", index, octets_bytes(&line), entry);
	json_free(entry);
	bytes_free(&line);
	return ok;
}

/* The token that let it in: its device, and the entry of its making. */
static bool
by_token(const struct audit_under *u, const struct provenance *p, struct fault *f)
{
	struct token token;
	struct fault why;

	if (!token_find(u->ledger, p->evidence, &token, &why))
		return audit_say_fault(u, "evidence", AUDIT_OURS, &why, f);
	if (token.log_index > 0 && strcmp(token.device.name, u->standing.name) == 0 &&
	    strcmp(token.creator, p->enroller) == 0)
		return tell_evidence(u, p, token.log_index, "token.created", "token", f);
	audit_say(u, "evidence", token.log_index > 0 ? LEAF_FAILS : LEAF_NOT_CHECKED,
	    token.log_index > 0 ? "the token that it names was another device's"
				: "the token's row is of an edition that does not know its entry");
	return true;
}

/* A registrar said yes to the device's request. */
static bool
by_approval(const struct audit_under *u, const struct provenance *p, struct fault *f)
{
	struct bytes row = { 0 };
	struct petition r;
	struct fault why;
	bool ok = true;

	if (!petition_find(u->ledger, p->evidence, &row, &r, &why))
		ok = audit_say_fault(u, "evidence", AUDIT_OURS, &why, f);
	else if (memcmp(r.serial, u->cert->serial, sizeof(r.serial)) != 0)
		audit_say(u, "evidence", LEAF_NOT_CHECKED,
		    "its key has asked again since, and the request's row tells of that");
	else if (strcmp(r.device.name, u->standing.name) != 0 || strcmp(r.by, p->enroller) != 0)
		audit_say(
		    u, "evidence", LEAF_FAILS, "the request that it names was another device's");
	else
		ok = tell_evidence(u, p, r.decided_index, "enrolment.approved", "request", f);
	bytes_free(&row);
	return ok;
}

/* The certificate that it took the place of was the same endpoint's. */
static bool
by_certificate(const struct audit_under *u, const struct provenance *p, struct fault *f)
{
	uint8_t serial[TBS_SERIAL_OCTETS];
	struct standing before;
	struct fault why;
	char text[FAULT_TEXT_MAX];

	if (!text_unhex(p->evidence, serial, sizeof(serial))) {
		audit_say(
		    u, "evidence", LEAF_FAILS, "the certificate that it renewed is not named");
		return true;
	}
	if (!ledger_standing(u->ledger, serial, &before, &why))
		return audit_say_fault(u, "evidence", AUDIT_OURS, &why, f);
	(void)snprintf(text, sizeof(text), "renewal of %.32s", p->evidence);
	if (strcmp(before.name, u->standing.name) == 0 &&
	    strcmp(before.enroller, u->standing.enroller) == 0)
		audit_say(u, "evidence", LEAF_HOLDS, text);
	else
		audit_say(u, "evidence", LEAF_FAILS, "it renewed another endpoint's certificate");
	return true;
}

/* A device that was announced by who added it. Its row tells of its last registration alone. */
static bool
by_idevid(const struct audit_under *u, const struct provenance *p, struct fault *f)
{
	const char *slash = strchr(p->evidence, '/');
	char maker[TEXT_LABEL_MAX];
	struct device d;
	struct fault why;

	if (slash == NULL || (size_t)(slash - p->evidence) >= sizeof(maker)) {
		audit_say(u, "evidence", LEAF_FAILS, "the device that came in is not named");
		return true;
	}
	(void)snprintf(maker, sizeof(maker), "%.*s", (int)(slash - p->evidence), p->evidence);
	if (!device_find(u->ledger, maker, slash + 1, &d, &why)) {
		if (why.code != FAULT_NOTFOUND)
			return audit_say_fault(u, "evidence", AUDIT_OURS, &why, f);
		audit_say(u, "evidence", LEAF_NOT_CHECKED,
		    "the registration of its device was taken back since");
		return true;
	}
	if (d.added_s > p->at_s) {
		audit_say(u, "evidence", LEAF_NOT_CHECKED, "its device was registered anew since");
		return true;
	}
	if (strcmp(d.is.name, u->standing.name) == 0 && strcmp(d.by, p->enroller) == 0)
		return tell_evidence(u, p, d.log_index, "device.registered", "idevid", f);
	audit_say(u, "evidence", LEAF_FAILS, "the device that it names was registered as another");
	return true;
}

bool
audit_evidence(const struct audit_under *u, struct fault *f)
{
	struct provenance p;

	if (!provenance(u, &p))
		return true;
	if (strcmp(p.how, "token") == 0)
		return by_token(u, &p, f);
	if (strcmp(p.how, "certificate") == 0)
		return by_certificate(u, &p, f);
	if (strcmp(p.how, "approval") == 0)
		return by_approval(u, &p, f);
	if (strcmp(p.how, "idevid") == 0)
		return by_idevid(u, &p, f);
	audit_say(u, "evidence", LEAF_HOLDS, "none is due: the entry of its issuance says who");
	return true;
}
