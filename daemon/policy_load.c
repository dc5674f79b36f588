/* daemon/policy_load.c - see policy_load.h. */
#include "daemon/policy_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/policy_signature.h"
#include "ca/staff.h"
#include "daemon/evidence.h"
#include "policy/check.h"

#define KEYS_MAX CONF_LIST_MAX

static bool
check_signature(const struct policy_load *l, bool *ret, struct fault *f)
{
	const struct conf_list *list = &l->settings->policy.trust_key;
	struct policy_key keys[KEYS_MAX];

	*ret = list->n > 0;
	for (size_t i = 0; i < list->n; i++)
		if (!policy_key_read(list->at[i], &keys[i], f))
			return false;
	return list->n == 0 || policy_signed(l->text, l->signature, keys, list->n, f);
}

static bool
is_text(struct octets o, const char *text)
{
	return octets_same(o, octets_text(text));
}

/* Is host the one, or (with *) one label before it? */
static bool
scope_is(struct octets scope, const char *host)
{
	char begin[3 * NAME_URI_MAX];

	(void)snprintf(begin, sizeof(begin), "spiffe://%s/", host);
	return octets_take_text(&scope, begin) && scope.n > 0;
}

static bool
check_tenant(const struct policy_load *l, const struct document *d, struct fault *f)
{
	char host[TEXT_HOST_MAX];

	name_tenant_host(realm_space(l->realm), l->tenant, host);
	if (d->kind != DOCUMENT_POLICY_SET)
		return fault_set(f, FAULT_BADREQ,
		    "%s:1: kind: expected PolicySet, which is what a tenant has, found Guardrail",
		    l->file);
	return scope_is(d->scope, host) ||
	       fault_set(f, FAULT_BADREQ,
		   "%s:1: metadata.scope: expected spiffe://%.150s/**, found %.*s", l->file, host,
		   (int)(d->scope.n > 120 ? 120 : d->scope.n), (const char *)d->scope.at);
}

/* Of the region: *.eu.example.org, or one tenant of it; of the root: *.*.example.org. */
static bool
check_rail(const struct policy_load *l, const struct document *d, struct fault *f)
{
	const struct name_space *ns = realm_space(l->realm);
	char region[2 * NAME_URI_MAX], root[2 * NAME_URI_MAX];
	struct octets rest = d->scope;

	if (d->kind != DOCUMENT_GUARDRAIL)
		return fault_set(f, FAULT_BADREQ,
		    "%s:1: kind: expected Guardrail; a PolicySet is put with --tenant", l->file);
	if (!is_text(d->name, l->slot))
		return fault_set(f, FAULT_BADREQ, "%s:1: metadata.name: expected %s, found %.*s",
		    l->file, l->slot, (int)(d->name.n > 64 ? 64 : d->name.n),
		    (const char *)d->name.at);
	(void)snprintf(root, sizeof(root), "*.*.%s", ns->domain);
	(void)snprintf(region, sizeof(region), ".%s.%s/", ns->region, ns->domain);
	if (scope_is(d->scope, root))
		return true;
	if (octets_take_text(&rest, "spiffe://")) {
		while (rest.n > 0 && rest.at[0] != '.' && rest.at[0] != '/')
			rest = octets_of(rest.at + 1, rest.n - 1);
		if (octets_take_text(&rest, region) && rest.n > 0)
			return true;
	}
	return fault_set(f, FAULT_BADREQ,
	    "%s:1: metadata.scope: expected spiffe://*.%s.%s/** or spiffe://%s/**", l->file,
	    ns->region, ns->domain, root);
}

/* --- what it would be in force with ------------------------------------------------------------
 */

/* Documents that are read here, and freed. */
struct company {
	size_t n;
	struct document *at[POLICY_BOOK_MAX + 1];
	const struct document *all[POLICY_BOOK_MAX + 2]; /* with the new one */
	size_t all_n, octets;
};

static void
company_free(struct company *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		document_free(c->at[i]);
	free(c);
}

static bool
add_slot(const struct policy_load *l, struct ledger *from, const struct policy_row *row,
    struct company *c, struct fault *f)
{
	struct bytes text = { 0 };
	bool ok;

	if (l->tenant == NULL && strcmp(row->slot, l->slot) == 0)
		return true; /* the new one takes its place */
	ok = policy_book_text(from, row->digest, &text, NULL, f) &&
	     document_read(row->slot, octets_bytes(&text), POLICY_BOOK_OCTETS,
		 policies_zones(l->policies), &c->at[c->n], f);
	c->octets += text.n;
	bytes_free(&text);
	if (!ok)
		return false;
	c->all[c->all_n++] = c->at[c->n++];
	return true;
}

/* The Guardrails with the new document, which is one of them or stands beneath them. */
static bool
gather(const struct policy_load *l, const struct document *d, struct company **ret, struct fault *f)
{
	struct ledger *platform = realm_platform(l->realm);
	struct policy_row *rows = calloc(POLICY_BOOK_MAX, sizeof(*rows));
	struct company *c = calloc(1, sizeof(*c));
	size_t n = 0;
	bool ok =
	    (rows != NULL && c != NULL) || fault_set(f, FAULT_INTERNAL, "policy: out of memory");

	ok = ok && policy_book_list(platform, rows, &n, f);
	for (size_t i = 0; ok && i < n; i++)
		ok = add_slot(l, platform, &rows[i], c, f);
	free(rows);
	if (ok && l->tenant == NULL && c->octets + l->text.n > POLICIES_RAILS_OCTETS)
		ok = fault_set(f, FAULT_LIMIT,
		    "policy: expected at most %u octets in all guardrails", POLICIES_RAILS_OCTETS);
	if (!ok) {
		company_free(c);
		return false;
	}
	c->all[c->all_n++] = d;
	*ret = c;
	return true;
}

/* --- nobody is locked out ----------------------------------------------------------------------
 */

struct lock {
	bool stopped; /* for certain: whatever is not known here */
	const struct policy_rule *rule;
};

static void
see(void *with, const struct considered *c)
{
	struct lock *k = with;

	if (c->rule->effect != EFFECT_FORBID || c->rule->mode != MODE_ENFORCE || c->fits != 1 ||
	    c->when != 1 || c->unless != 0)
		return;
	k->stopped = true;
	k->rule = c->rule;
}

struct officers {
	const struct policy_load *load;
	const struct set *set;
	size_t seen, free; /* officers, and those that could change policies somehow */
	struct lock lock;
};

/* From somewhere, at some time: what only the day knows is left open. */
static void
try_officer(struct officers *o, const struct evidence *of)
{
	struct request r;

	evidence_request(of, "policy.change", "", o->load->now_s, &r);
	r.fixed[ATTRIBUTE_TIME] = (struct value){ .type = VALUE_NONE };
	evidence_resource(&r, "policy", o->load->slot, NAME_PLATFORM);
	o->lock.stopped = false;
	set_explain(o->set, &r, NULL, see, &o->lock);
	o->seen++;
	o->free += o->lock.stopped ? 0 : 1;
}

struct names {
	struct bytes at; /* each with its NUL */
};

static bool
take_officer(void *with, struct octets key, struct octets value)
{
	struct names *n = with;
	struct staff o;

	if (staff_read(key, value, &o) && o.role == ROLE_OFFICER)
		bytes_put(&n->at, o.name, strlen(o.name) + 1);
	return true;
}

static bool
try_name(struct officers *o, const char *name, struct fault *f)
{
	struct ledger *l = realm_platform(o->load->realm);
	struct bytes der = { 0 };
	struct evidence of;
	struct identity who;
	struct standing st;
	struct staff is;
	bool ok = staff_find(l, name, &is, f);

	if (ok && ledger_standing(l, is.serial, &st, f) && ledger_certificate(l, st.id, &der, f) &&
	    bytes_ok(&der, f) &&
	    evidence_find(o->load->realm, octets_bytes(&der), o->load->now_s, &who, &of, f) &&
	    who.good)
		try_officer(o, &of);
	bytes_free(&der);
	return ok; /* one without a certificate that holds changes nothing */
}

/* A forbid that no officer gets around could be taken back by nobody but the machine's own user. */
static bool
check_lockout(const struct policy_load *l, const struct set *s, struct fault *f)
{
	struct officers o = { .load = l, .set = s };
	struct names names = { .at = { 0 } };
	struct evidence any = { .id = "" };
	bool ok = store_scan(ledger_store(realm_platform(l->realm)), TABLE_OPERATOR,
		      octets_of(NULL, 0), SIZE_MAX, take_officer, &names, f) &&
		  bytes_ok(&names.at, f);

	for (size_t i = 0; ok && i < names.at.n; i += strlen((const char *)names.at.at + i) + 1)
		ok = try_name(&o, (const char *)names.at.at + i, f);
	bytes_free(&names.at);
	if (!ok)
		return false;
	if (o.seen == 0) { /* one that may come to be */
		(void)snprintf(any.id, sizeof(any.id), "spiffe://%s.%s.%s/operator/any",
		    NAME_PLATFORM, realm_space(l->realm)->region, realm_space(l->realm)->domain);
		(void)snprintf(any.role, sizeof(any.role), "officer");
		try_officer(&o, &any);
	}
	if (o.free > 0)
		return true;
	return fault_set(f, FAULT_CONFLICT,
	    "%s:%u: rules: expected policy.change to stay possible for some officer, found %.*s",
	    l->file, o.lock.rule->line, (int)o.lock.rule->id.n, (const char *)o.lock.rule->id.at);
}

/* --- all of it ---------------------------------------------------------------------------------
 */

/* Its own tests and invariants; what is only odd is told. */
static bool
check_itself(const struct policy_load *l, struct policy_loaded *p, struct fault *f)
{
	char text[4 * CHECK_TEXT_MAX];
	struct check *c = NULL;
	bool ok = check_run(p->document, &c, f) && check_passed(c, l->file, f);

	for (size_t i = 0; ok && i < c->n; i++) {
		(void)snprintf(text, sizeof(text), "%s:%u: %.180s: expected %.180s, found %.180s",
		    l->file, c->at[i].line, c->at[i].name, c->at[i].expected, c->at[i].found);
		json_add_text(p->warnings, text);
	}
	check_free(c);
	if (!ok && f->code == FAULT_BADREQ)
		f->code = FAULT_CONFLICT;
	return ok;
}

static bool
check_all(const struct policy_load *l, struct policy_loaded *p, struct fault *f)
{
	struct company *c = NULL;
	struct set *s = NULL;
	bool ok = check_itself(l, p, f) && gather(l, p->document, &c, f) &&
		  set_compile(c->all, c->all_n, &s, f) &&
		  (l->tenant != NULL || check_lockout(l, s, f));

	set_free(s);
	company_free(c);
	return ok;
}

bool
policy_load(const struct policy_load *l, struct policy_loaded *ret, struct fault *f)
{
	struct policy_loaded p = { .warnings = json_array() };
	size_t most = (size_t)l->settings->policy.max_octets;

	if (l->text.n > most)
		fault_set(f, FAULT_LIMIT, "%s: expected at most %zu octets, found %zu", l->file,
		    most, l->text.n);
	else if (check_signature(l, &p.is_signed, f) &&
		 document_read(
		     l->file, l->text, most, policies_zones(l->policies), &p.document, f) &&
		 (l->tenant != NULL ? check_tenant(l, p.document, f)
				    : check_rail(l, p.document, f)) &&
		 check_all(l, &p, f)) {
		*ret = p;
		return true;
	}
	policy_loaded_free(&p);
	return false;
}

void
policy_loaded_free(struct policy_loaded *p)
{
	document_free(p->document);
	json_free(p->warnings);
	*p = (struct policy_loaded){ .document = NULL };
}

void
policy_fault_members(const struct fault *f, struct bytes *ret)
{
	const char *colon = strchr(f->text, ':'), *what = strstr(f->text, "expected ");
	char *end = NULL;
	struct json *j;
	struct fault ignored;
	long line =
	    colon == NULL || colon[1] < '0' || colon[1] > '9' ? 0 : strtol(colon + 1, &end, 10);

	if (line <= 0 || line > INT32_MAX || *end != ':')
		return;
	j = json_object();
	json_put_octets(j, "file", octets_of(f->text, (size_t)(colon - f->text)));
	json_put_number(j, "line", line);
	if (what != NULL) {
		what += strlen("expected ");
		json_put_octets(j, "expected", octets_of(what, strcspn(what, ",")));
	}
	(void)!json_write(j, ret, &ignored);
	json_free(j);
}
