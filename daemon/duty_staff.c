/* daemon/duty_staff.c - an operator gets another role, or leaves; see signer.h. */
#include <stdio.h>
#include <string.h>

#include "ca/holding.h"
#include "ca/revoke.h"
#include "ca/staff.h"
#include "daemon/precondition.h"
#include "daemon/second.h"

#define REASON_PRIVILEGE_WITHDRAWN 9 /* RFC 5280 section 5.3.1 */

/* Whom an act is about. */
struct about {
	struct wire_act act;
	struct json *body;
	struct staff is;
	char tag[STAFF_TAG_MAX];
};

static bool
open_about(struct signer *s, struct errand *j, bool blind, struct about *a, struct fault *f)
{
	struct ledger *l = realm_platform(s->realm);
	char name[TEXT_LABEL_MAX] = "";

	*a = (struct about){ .body = NULL };
	if (!signer_open_act(s, j, ACT_OPERATOR_CHANGE, &a->act, &a->body, f))
		return false;
	(void)snprintf(j->tenant, sizeof(j->tenant), "%s", NAME_PLATFORM);
	if (a->act.object.n < sizeof(name))
		memcpy(name, a->act.object.at, a->act.object.n);
	return staff_find(l, name, &a->is, f) && staff_tag(l, &a->is, j->now_s, a->tag, f) &&
	       precondition_match(a->act.match, a->tag, blind, f);
}

/* Who takes an officer away leaves one, or is this machine's own user. */
static bool
check_last(struct signer *s, const struct errand *j, const struct staff *o, struct fault *f)
{
	bool other;

	if (o->role != ROLE_OFFICER || j->who.kind == IDENTITY_LOCAL)
		return true;
	if (!staff_other_officer(realm_platform(s->realm), o->name, j->now_s, &other, f))
		return false;
	return other ||
	       fault_set(f, FAULT_CONFLICT,
		   "operator: %s is the last officer with a certificate: this machine's own user alone can do that",
		   o->name);
}

/* Taking an officer away, and making one, want two persons: or who can do the one alone could be
 * the second for the other. */
static bool
may_go(struct signer *s, struct errand *j, const char *word, const struct about *a,
    struct json *shows, bool *ret, struct fault *f)
{
	struct second_case c = { .word = word, .shows = shows };
	struct bytes basis = { 0 };
	bool ok;

	bytes_put_text(&basis, a->tag);
	bytes_put_octets(&basis, a->act.json);
	c.basis = octets_bytes(&basis);
	ok = bytes_ok(&basis, f) && second_go(s, j, &a->act, &c, ret, f);
	bytes_free(&basis);
	return ok;
}

static struct json *
describe(const struct staff *o)
{
	struct json *j = json_object();

	json_put_text(j, "name", o->name);
	json_put_text(j, "role", identity_role_word(o->role));
	return j;
}

static bool
read_role(const struct json *body, const struct staff *o, enum identity_role *ret, struct fault *f)
{
	static const char *const names[] = { "role", NULL };
	const char *role = json_text(body, "role");

	if (!signer_only(body, names, f))
		return false;
	*ret = role == NULL ? ROLE_NONE : identity_role(role);
	if (*ret == ROLE_NONE)
		return fault_set(f, FAULT_BADREQ, "role: expected officer, registrar or auditor");
	return *ret != o->role ||
	       fault_set(f, FAULT_CONFLICT, "operator: %s is %s already", o->name, role);
}

static bool
change_role(struct signer *s, struct errand *j, struct about *a, enum identity_role role,
    struct json *answer, struct fault *f)
{
	struct ledger *l = realm_platform(s->realm);
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct json *e = log_entry("operator.changed", &why);
	uint64_t index;

	json_put_text(e, "operator", a->is.name);
	json_put_text(e, "before", identity_role_word(a->is.role));
	json_put_text(e, "role", identity_role_word(role));
	if (!log_append(l, e, j->now_s, &index, f))
		return false;
	a->is.role = role;
	staff_put(l, &a->is);
	if (!staff_tag(l, &a->is, j->now_s, a->tag, f))
		return false;
	json_put_text(answer, "role", identity_role_word(role));
	json_put_hex(answer, "serial", a->is.serial, sizeof(a->is.serial));
	json_put_octets(answer, "etag", octets_text(a->tag));
	json_put_number(answer, "log_index", (int64_t)index);
	return json_write(answer, &j->answer, f);
}

bool
duty_operator_role(struct signer *s, struct errand *j, struct fault *f)
{
	struct json *answer = NULL;
	struct about a;
	enum identity_role role;
	bool go = true, ok = open_about(s, j, true, &a, f) && read_role(a.body, &a.is, &role, f);

	if (ok) {
		answer = describe(&a.is);
		json_put_text(answer, "before", identity_role_word(a.is.role));
		json_put_text(answer, "role", identity_role_word(role));
		ok = check_last(s, j, &a.is, f);
	}
	if (ok && (a.is.role == ROLE_OFFICER || role == ROLE_OFFICER))
		ok = may_go(s, j, "operator.role", &a, answer, &go, f);
	ok = ok && (!go || change_role(s, j, &a, role, answer, f));
	json_free(answer);
	json_free(a.body);
	return ok;
}

/* The serials of all that it holds, as texts. */
static struct json *
list_serials(const struct bytes *all)
{
	struct json *serials = json_array();
	char hex[TBS_SERIAL_OCTETS * 2 + 1];

	for (size_t i = 0; i < all->n; i += TBS_SERIAL_OCTETS) {
		text_hex(all->at + i, TBS_SERIAL_OCTETS, hex);
		json_add_text(serials, hex);
	}
	return serials;
}

static bool
remove_all(struct signer *s, struct errand *j, const struct about *a, const struct bytes *all,
    struct json *answer, struct fault *f)
{
	struct ledger *l = realm_platform(s->realm);
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct json *e;
	uint64_t index;

	for (size_t i = 0; i < all->n; i += TBS_SERIAL_OCTETS)
		if (!revoke_certificate(
			l, all->at + i, REASON_PRIVILEGE_WITHDRAWN, &why, j->now_s, &index, f))
			return false;
	e = log_entry("operator.removed", &why);
	json_put_text(e, "operator", a->is.name);
	json_put_text(e, "role", identity_role_word(a->is.role));
	json_put(e, "serials", list_serials(all));
	if (!log_append(l, e, j->now_s, &index, f))
		return false;
	staff_remove(l, a->is.name);
	json_put_text(answer, "state", "removed");
	json_put_number(answer, "log_index", (int64_t)index);
	return json_write(answer, &j->answer, f);
}

bool
duty_operator_remove(struct signer *s, struct errand *j, struct fault *f)
{
	static const char *const names[] = { NULL };
	struct json *answer = NULL;
	char owner[HOLDING_OWNER_MAX];
	struct bytes all = { 0 };
	struct about a;
	bool go = true, ok = open_about(s, j, false, &a, f) && signer_only(a.body, names, f) &&
			     check_last(s, j, &a.is, f);

	if (ok) {
		holding_owner("operator", a.is.name, owner);
		ok = holding_list(realm_platform(s->realm), owner, j->now_s, &all, f);
	}
	if (ok) {
		answer = describe(&a.is);
		json_put(answer, "revoked", list_serials(&all));
		ok = a.is.role != ROLE_OFFICER ||
		     may_go(s, j, "operator.remove", &a, answer, &go, f);
	}
	ok = ok && (!go || remove_all(s, j, &a, &all, answer, f));
	json_free(answer);
	bytes_free(&all);
	json_free(a.body);
	return ok;
}
