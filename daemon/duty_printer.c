/* daemon/duty_printer.c - which gateways speak for a printer; see signer.h. */
#include <stdio.h>
#include <string.h>

#include "ca/printer.h"
#include "daemon/precondition.h"
#include "daemon/signer.h"

/* Which printer, and what stands there. */
struct about {
	struct wire_act act;
	struct json *body;
	struct ledger *ledger;
	bool there;
	struct printer is;
};

static bool
open_about(struct signer *s, struct errand *j, struct about *a, struct fault *f)
{
	struct endpoint e = { .kind = "printer" };
	struct fault why;

	*a = (struct about){ .body = NULL };
	if (!signer_open_act(s, j, ACT_PRINTER, &a->act, &a->body, f))
		return false;
	if (a->act.object.n < sizeof(e.name))
		memcpy(e.name, a->act.object.at, a->act.object.n);
	if (!text_is_label(e.name))
		return fault_set(f, FAULT_BADREQ,
		    "printer: expected a name that is a DNS label: a-z, 0-9, inner hyphens");
	memcpy(e.tenant, j->tenant, sizeof(e.tenant));
	if (!realm_ledger(s->realm, a->act.tenant, &a->ledger, f) ||
	    !name_endpoint_check(realm_space(s->realm), &e, f))
		return false;
	a->there = printer_get(a->ledger, e.name, &a->is, &why);
	if (!a->there && why.code != FAULT_NOTFOUND)
		return *f = why, false;
	memcpy(a->is.name, e.name, sizeof(a->is.name));
	return true;
}

/* What is there is replaced or removed by who saw it. */
static bool
check_seen(const struct about *a, struct fault *f)
{
	char tag[PRINTER_TAG_MAX];

	if (!a->there)
		return a->act.match.n == 0 ||
		       fault_set(f, FAULT_STALE, "If-Match: there is no printer of that name");
	return printer_tag(&a->is, tag, f) && precondition_match(a->act.match, tag, true, f);
}

static bool
read_gateways(const struct json *body, struct printer *p, struct fault *f)
{
	static const char *const names[] = { "gateways", NULL };
	const struct json *list = json_get(body, "gateways");
	size_t n = json_count(list);

	if (!signer_only(body, names, f))
		return false;
	if (json_kind(list) != JSON_ARRAY || n < 1 || n > PRINTER_GATEWAYS_MAX)
		return fault_set(f, FAULT_BADREQ, "gateways: expected a list of 1 to %d names",
		    PRINTER_GATEWAYS_MAX);
	p->gateways_n = n;
	for (size_t i = 0; i < n; i++) {
		const char *name = json_as_text(json_at(list, i));

		if (name == NULL || !text_is_label(name))
			return fault_set(
			    f, FAULT_BADREQ, "gateways: expected DNS labels: NAME of gateway/NAME");
		for (size_t k = 0; k < i; k++)
			if (strcmp(p->gateways[k], name) == 0)
				return fault_set(
				    f, FAULT_BADREQ, "gateways: %.63s stands there twice", name);
		(void)snprintf(p->gateways[i], sizeof(p->gateways[i]), "%.63s", name);
	}
	return true;
}

static bool
tell(struct signer *s, struct errand *j, struct about *a, const char *act, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);

	return log_append(a->ledger, printer_entry(s->realm, j->tenant, act, &why, &a->is),
	    j->now_s, &a->is.log_index, f);
}

static bool
answer(
    struct signer *s, struct errand *j, const struct about *a, const char *state, struct fault *f)
{
	char uuid[PRINTER_UUID_TEXT], tag[PRINTER_TAG_MAX];
	struct json *o = json_object(), *gateways = json_array();
	uint8_t raw[PRINTER_UUID];

	printer_uuid(s->realm, j->tenant, a->is.name, raw);
	printer_uuid_text(raw, uuid);
	json_put_text(o, "name", a->is.name);
	json_put_text(o, "uuid", uuid);
	for (size_t i = 0; i < a->is.gateways_n; i++)
		json_add_text(gateways, a->is.gateways[i]);
	json_put(o, "gateways", gateways);
	json_put_text(o, "state", state);
	json_put_number(o, "log_index", (int64_t)a->is.log_index);
	if (strcmp(state, "removed") != 0) {
		if (!printer_tag(&a->is, tag, f)) {
			json_free(o);
			return false;
		}
		json_put_text(o, "etag", tag);
	}
	return signer_close_act(j, o, f);
}

bool
duty_printer(struct signer *s, struct errand *j, struct fault *f)
{
	struct about a;
	bool ok = open_about(s, j, &a, f) && check_seen(&a, f) && ledger_has_room(a.ledger, f) &&
		  read_gateways(a.body, &a.is, f);

	if (ok) {
		if (!a.there)
			a.is.added_s = j->now_s;
		ok = tell(s, j, &a, a.there ? "printer.changed" : "printer.added", f) &&
		     printer_put(s->realm, a.ledger, &a.is, f) &&
		     answer(s, j, &a, a.there ? "changed" : "added", f);
	}
	json_free(a.body);
	return ok;
}

bool
duty_printer_remove(struct signer *s, struct errand *j, struct fault *f)
{
	static const char *const none[] = { NULL };
	struct about a;
	bool ok = open_about(s, j, &a, f) && signer_only(a.body, none, f);

	if (ok && !a.there)
		ok = fault_set(f, FAULT_NOTFOUND, "printer: there is none of that name");
	ok = ok && check_seen(&a, f) && tell(s, j, &a, "printer.removed", f);
	if (ok) {
		printer_remove(s->realm, a.ledger, a.is.name);
		ok = answer(s, j, &a, "removed", f);
	}
	json_free(a.body);
	return ok;
}
