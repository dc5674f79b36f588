/* daemon/duty_policy.c - an officer puts a policy in force, or takes one out; see signer.h. */
#include <stdio.h>
#include <string.h>

#include "daemon/policy_load.h"
#include "daemon/precondition.h"
#include "daemon/second.h"

/* Which slot, and what is in it. */
struct about {
	struct wire_act act;
	struct json *body;
	struct ledger *ledger;
	bool rail; /* a Guardrail: of the platform's ledger */
	char slot[TEXT_LABEL_MAX];
	bool there; /* there is a row; is is it */
	struct policy_row is;
};

static bool
open_about(struct signer *s, struct errand *j, struct about *a, struct fault *f)
{
	struct fault why;

	*a = (struct about){ .body = NULL };
	if (!signer_open_act(s, j, ACT_POLICY, &a->act, &a->body, f))
		return false;
	a->rail = a->act.tenant[0] == '\0';
	if (a->rail)
		(void)snprintf(j->tenant, sizeof(j->tenant), "%s", NAME_PLATFORM);
	if (!a->rail && strcmp(j->tenant, NAME_PLATFORM) == 0)
		return fault_set(f, FAULT_DENIED,
		    "policy: the platform has guardrails and no PolicySet of its own");
	if (a->rail && a->act.object.n < sizeof(a->slot))
		memcpy(a->slot, a->act.object.at, a->act.object.n);
	else
		(void)snprintf(a->slot, sizeof(a->slot), "%s", POLICY_BOOK_SET);
	if (!text_is_label(a->slot))
		return fault_set(f, FAULT_BADREQ, "policy: expected a name that is a DNS label");
	if (!realm_ledger(s->realm, j->tenant, &a->ledger, f))
		return false;
	a->there = policy_book_find(a->ledger, a->slot, &a->is, &why);
	if (!a->there && why.code != FAULT_NOTFOUND)
		return *f = why, false;
	return true;
}

/* What is in force is replaced or removed by who saw it. */
static bool
check_seen(const struct about *a, struct fault *f)
{
	char tag[POLICY_BOOK_TAG_MAX];

	if (!a->there || a->is.removed) {
		if (a->act.match.n > 0)
			return fault_set(f, FAULT_STALE, "If-Match: nothing is in force there");
		return true;
	}
	policy_book_tag(&a->is, tag);
	return precondition_match(a->act.match, tag, true, f);
}

/* A Guardrail that is in force is changed by two. */
static bool
may_go(struct signer *s, struct errand *j, const char *word, const struct about *a,
    struct json *shows, bool *ret, struct fault *f)
{
	struct second_case c = { .word = word, .shows = shows };
	struct bytes basis = { 0 };
	char tag[POLICY_BOOK_TAG_MAX];
	bool ok;

	*ret = true;
	if (!a->rail || !a->there || a->is.removed)
		return true;
	policy_book_tag(&a->is, tag);
	bytes_put_text(&basis, tag);
	bytes_put_octets(&basis, a->act.json);
	c.basis = octets_bytes(&basis);
	ok = bytes_ok(&basis, f) && second_go(s, j, &a->act, &c, ret, f);
	bytes_free(&basis);
	return ok;
}

static void
put_row(struct json *j, const struct policy_row *r)
{
	json_put_text(j, "name", r->name);
	json_put_number(j, "revision", r->revision);
	json_put_hex(j, "digest", r->digest, sizeof(r->digest));
	json_put_number(j, "turn", (int64_t)r->turn);
}

static bool
tell(struct signer *s, struct errand *j, struct about *a, const char *state, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct json *e = log_entry("policy.changed", &why);

	put_row(e, &a->is);
	json_put_text(e, "state", state);
	json_put_bool(e, "signed", a->is.is_signed);
	(void)snprintf(a->is.by, sizeof(a->is.by), "%.95s", by);
	a->is.at_s = j->now_s;
	return log_append(a->ledger, e, j->now_s, &a->is.log_index, f);
}

static bool
answer(
    struct errand *j, const struct about *a, struct json *taken, const char *state, struct fault *f)
{
	char tag[POLICY_BOOK_TAG_MAX];

	put_row(taken, &a->is);
	json_put_text(taken, "state", state);
	policy_book_tag(&a->is, tag);
	json_put_octets(taken, "etag", octets_text(tag));
	json_put_number(taken, "log_index", (int64_t)a->is.log_index);
	return signer_close_act(j, taken, f);
}

/* --- put ---------------------------------------------------------------------------------------
 */

static bool
read_put(const struct about *a, struct policy_load *l, bool *dry, struct fault *f)
{
	static const char *const names[] = { "document", "signature", "file", "dry_run", NULL };
	const char *document = json_text(a->body, "document");
	const char *signature = json_text(a->body, "signature");
	const char *file = json_text(a->body, "file");

	if (!signer_only(a->body, names, f) || !signer_flag(a->body, "dry_run", dry, f))
		return false;
	if (document == NULL || document[0] == '\0')
		return fault_set(f, FAULT_BADREQ, "document: expected a text, which is YAML");
	if (json_get(a->body, "signature") != NULL && signature == NULL)
		return fault_set(f, FAULT_BADREQ, "signature: expected a text");
	if (file != NULL && (strpbrk(file, ":\n\r") != NULL || strlen(file) >= sizeof(l->file)))
		return fault_set(f, FAULT_BADREQ, "file: expected a short name without colons");
	(void)snprintf(l->file, sizeof(l->file), "%s", file == NULL ? "document" : file);
	l->text = octets_text(document);
	l->signature = octets_text(signature == NULL ? "" : signature);
	return true;
}

static void
copy(struct octets o, char *to, size_t size)
{
	(void)snprintf(to, size, "%.*s", (int)o.n, o.n == 0 ? "" : (const char *)o.at);
}

static void
describe(const struct about *a, const struct policy_loaded *p, struct json *j)
{
	static const char *const modes[] = {
		[MODE_ENFORCE] = "enforce", [MODE_SHADOW] = "shadow", [MODE_OFF] = "off"
	};
	const struct document *d = p->document;

	json_put_text(j, "kind", a->rail ? "Guardrail" : "PolicySet");
	json_put_text(j, "mode", modes[d->mode]);
	json_put_octets(j, "scope", d->scope);
	json_put_number(j, "rules", (int64_t)d->rules_n);
	json_put_number(j, "tests", (int64_t)d->tests_n);
	json_put_number(j, "invariants", (int64_t)d->invariants_n);
}

/* Into force: the entry, and the rows. */
static bool
put(struct signer *s, struct errand *j, struct about *a, const struct policy_load *l,
    struct policy_loaded *p, struct fault *f)
{
	struct json *told = json_object();
	uint64_t turn = a->there ? a->is.turn + 1 : 1;

	a->is = (struct policy_row){
		.turn = turn, .revision = p->document->revision, .is_signed = p->is_signed
	};
	memcpy(a->is.slot, a->slot, sizeof(a->is.slot));
	copy(p->document->name, a->is.name, sizeof(a->is.name));
	memcpy(a->is.digest, p->document->digest, sizeof(a->is.digest));
	if (!tell(s, j, a, "in force", f) ||
	    !policy_book_put(a->ledger, &a->is, l->text, l->signature, f)) {
		json_free(told);
		return false;
	}
	describe(a, p, told);
	json_put(told, "warnings", p->warnings);
	p->warnings = NULL;
	return answer(j, a, told, "in force", f);
}

/* What was wrong with a file says where. */
static bool
load(struct errand *j, const struct policy_load *l, struct policy_loaded *p, struct fault *f)
{
	if (policy_load(l, p, f))
		return true;
	bytes_clear(&j->members);
	policy_fault_members(f, &j->members);
	return false;
}

static bool
only_look(struct errand *j, const struct about *a, struct policy_loaded *p, struct fault *f)
{
	struct json *told = json_object();

	describe(a, p, told);
	json_put_octets(told, "name", p->document->name);
	json_put_number(told, "revision", p->document->revision);
	json_put_hex(told, "digest", p->document->digest, sizeof(p->document->digest));
	json_put(told, "warnings", p->warnings);
	p->warnings = NULL;
	json_put_bool(told, "dry_run", true);
	return signer_close_act(j, told, f);
}

static bool
put_loaded(struct signer *s, struct errand *j, struct about *a, const struct policy_load *l,
    struct policy_loaded *p, struct fault *f)
{
	struct json *shows = json_object();
	bool go = false, ok;

	describe(a, p, shows);
	json_put_octets(shows, "name", p->document->name);
	json_put_hex(shows, "digest", p->document->digest, sizeof(p->document->digest));
	if (a->there)
		json_put_hex(shows, "replaces", a->is.digest, sizeof(a->is.digest));
	ok = may_go(s, j, "policy.put", a, shows, &go, f) && (!go || put(s, j, a, l, p, f));
	json_free(shows);
	return ok;
}

bool
duty_policy(struct signer *s, struct errand *j, struct fault *f)
{
	struct policy_loaded p = { .document = NULL };
	struct policy_load l;
	struct about a;
	bool dry = false, ok = open_about(s, j, &a, f);

	l = (struct policy_load){ .realm = s->realm,
		.policies = s->policies,
		.settings = &s->settings,
		.now_s = j->now_s,
		.tenant = a.rail ? NULL : j->tenant,
		.slot = a.slot };
	ok = ok && read_put(&a, &l, &dry, f) && (dry || check_seen(&a, f)) &&
	     ledger_has_room(a.ledger, f) && load(j, &l, &p, f) &&
	     (dry ? only_look(j, &a, &p, f) : put_loaded(s, j, &a, &l, &p, f));
	policy_loaded_free(&p);
	json_free(a.body);
	return ok;
}

/* --- remove ------------------------------------------------------------------------------------
 */

bool
duty_policy_remove(struct signer *s, struct errand *j, struct fault *f)
{
	static const char *const none[] = { NULL };
	struct json *shows = json_object();
	struct about a;
	bool go = false, ok = open_about(s, j, &a, f) && signer_only(a.body, none, f);

	if (ok && (!a.there || a.is.removed))
		ok = fault_set(f, FAULT_NOTFOUND, "policy: nothing is in force there");
	ok = ok && check_seen(&a, f);
	if (ok) {
		put_row(shows, &a.is);
		json_put_text(shows, "state", "removed");
		ok = may_go(s, j, "policy.remove", &a, shows, &go, f);
	}
	if (ok && go) {
		a.is.turn++;
		ok = tell(s, j, &a, "removed", f) && policy_book_remove(a.ledger, &a.is, f) &&
		     answer(j, &a, json_object(), "removed", f);
	}
	json_free(shows);
	json_free(a.body);
	return ok;
}
