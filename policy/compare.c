/* policy/compare.c - see compare.h. */
#include "policy/compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "policy/spell.h"

/* --- a rule, part by part -----------------------------------------------------------------------
 */

static void
put_effect(const struct policy_rule *r, struct bytes *ret)
{
	bytes_put_text(ret, spell_effect(r->effect));
}

static void
put_mode(const struct policy_rule *r, struct bytes *ret)
{
	bytes_put_text(ret, spell_mode(r->mode));
}

static void
put_if_missing(const struct policy_rule *r, struct bytes *ret)
{
	if (r->effect == EFFECT_FORBID)
		bytes_put_text(ret, r->ignore_missing ? "ignore" : "match");
}

static void
put_spiffe(const struct policy_rule *r, struct bytes *ret)
{
	spell_list(r->spiffe, r->spiffe_n, ret);
}

static void
put_roles(const struct policy_rule *r, struct bytes *ret)
{
	spell_list(r->roles, r->roles_n, ret);
}

static void
put_actions(const struct policy_rule *r, struct bytes *ret)
{
	spell_list(r->actions, r->actions_n, ret);
}

static void
put_types(const struct policy_rule *r, struct bytes *ret)
{
	spell_list(r->types, r->types_n, ret);
}

static void
put_when(const struct policy_rule *r, struct bytes *ret)
{
	spell_condition(r->when, ret);
}

static void
put_unless(const struct policy_rule *r, struct bytes *ret)
{
	spell_condition(r->unless, ret);
}

static void
put_obligations(const struct policy_rule *r, struct bytes *ret)
{
	for (size_t i = 0; i < r->obligations_n; i++) {
		if (i > 0)
			bytes_put_text(ret, ", ");
		bytes_put_octets(ret, r->obligations[i].name);
		bytes_put_text(ret, ": ");
		bytes_put_octets(ret, r->obligations[i].json);
	}
}

static const struct {
	const char *name;
	void (*put)(const struct policy_rule *r, struct bytes *ret);
} parts[] = {
	{ "effect", put_effect },
	{ "mode", put_mode },
	{ "if_missing", put_if_missing },
	{ "subjects.spiffe", put_spiffe },
	{ "subjects.roles", put_roles },
	{ "actions", put_actions },
	{ "resources.type", put_types },
	{ "when", put_when },
	{ "unless", put_unless },
	{ "obligations", put_obligations },
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static void
add_part(struct json *list, const char *what, const struct bytes *old, const struct bytes *now)
{
	struct json *j = json_object();

	if (old->bad || now->bad)
		json_put_text(j, "what", NULL);
	else
		json_put_text(j, "what", what);
	json_put_octets(j, "old", octets_bytes(old));
	json_put_octets(j, "new", octets_bytes(now));
	json_add(list, j);
}

/* Appends what differs, unless list is NULL; does anything? */
static bool
differs(const struct policy_rule *old, const struct policy_rule *now, struct json *list)
{
	bool any = false;

	for (size_t i = 0; i < PARTS; i++) {
		struct bytes a = { 0 }, b = { 0 };

		parts[i].put(old, &a);
		parts[i].put(now, &b);
		if (a.bad || b.bad || !octets_same(octets_bytes(&a), octets_bytes(&b))) {
			any = true;
			if (list != NULL)
				add_part(list, parts[i].name, &a, &b);
		}
		bytes_free(&a);
		bytes_free(&b);
	}
	return any;
}

/* --- all rules ----------------------------------------------------------------------------------
 */

struct side {
	const struct policy_rule **rule; /* by id */
	bool *told;
	size_t n;
};

static int
compare_ids(struct octets a, struct octets b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int d = n == 0 ? 0 : memcmp(a.at, b.at, n);

	return d != 0 ? d : (a.n > b.n) - (a.n < b.n);
}

static int
by_id(const void *a, const void *b)
{
	const struct policy_rule *const *x = a, *const *y = b;

	return compare_ids((*x)->id, (*y)->id);
}

static bool
side_open(const struct document *d, struct side *ret)
{
	ret->n = d->rules_n;
	ret->rule = calloc(d->rules_n + 1, sizeof(*ret->rule));
	ret->told = calloc(d->rules_n + 1, sizeof(*ret->told));
	if (ret->rule == NULL || ret->told == NULL)
		return false;
	for (size_t i = 0; i < d->rules_n; i++)
		ret->rule[i] = &d->rules[i];
	qsort(ret->rule, ret->n, sizeof(struct policy_rule *), by_id);
	return true;
}

static void
side_close(struct side *s)
{
	free(s->rule);
	free(s->told);
}

static struct json *
changed(const struct policy_rule *r, const char *change)
{
	struct json *j = json_object();

	json_put_octets(j, "id", r->id);
	json_put_text(j, "change", change);
	return j;
}

/* Those of one id in both. */
static void
compare_same_ids(struct side *old, struct side *now, struct json *list)
{
	for (size_t i = 0, k = 0; i < old->n && k < now->n;) {
		int d = compare_ids(old->rule[i]->id, now->rule[k]->id);
		struct json *what;

		if (d != 0) {
			i += d < 0;
			k += d > 0;
			continue;
		}
		what = json_array();
		if (differs(old->rule[i], now->rule[k], what)) {
			struct json *j = changed(now->rule[k], "changed");

			json_put(j, "parts", what);
			json_add(list, j);
		} else {
			json_free(what);
		}
		old->told[i++] = true;
		now->told[k++] = true;
	}
}

/* What means the same under another id is neither new nor gone. */
static void
find_renamed(struct side *old, struct side *now, struct json *list)
{
	for (size_t k = 0; k < now->n; k++)
		for (size_t i = 0; i < old->n && !now->told[k]; i++)
			if (!old->told[i] && !differs(old->rule[i], now->rule[k], NULL)) {
				struct json *j = changed(now->rule[k], "renamed");

				json_put_octets(j, "old", old->rule[i]->id);
				json_add(list, j);
				old->told[i] = now->told[k] = true;
			}
}

static void
tell_rest(const struct side *s, const char *change, struct json *list)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->told[i])
			json_add(list, changed(s->rule[i], change));
}

static struct json *
compare_rules(const struct document *old, const struct document *now)
{
	struct json *list = json_array();
	struct side a = { .n = 0 }, b = { .n = 0 };

	if (side_open(old, &a) && side_open(now, &b)) {
		compare_same_ids(&a, &b, list);
		find_renamed(&a, &b, list);
		tell_rest(&a, "removed", list);
		tell_rest(&b, "added", list);
	} else {
		json_free(list);
		list = NULL;
	}
	side_close(&a);
	side_close(&b);
	return list;
}

/* --- the rest of a document ---------------------------------------------------------------------
 */

static void
put_header(const struct document *d, size_t i, struct bytes *ret)
{
	switch (i) {
	case 0:
		bytes_put_text(ret, d->kind == DOCUMENT_GUARDRAIL ? "Guardrail" : "PolicySet");
		return;
	case 1:
		bytes_put_octets(ret, d->name);
		return;
	case 2:
		bytes_put_octets(ret, d->scope);
		return;
	case 3:
		bytes_put_text(ret, spell_mode(d->mode));
		return;
	default:
		spell_duration(d->offline_max_age_s, ret);
		return;
	}
}

static struct json *
compare_headers(const struct document *old, const struct document *now)
{
	static const char *const names[] = { "kind", "name", "scope", "mode", "offline" };
	struct json *list = json_array();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes a = { 0 }, b = { 0 };

		put_header(old, i, &a);
		put_header(now, i, &b);
		if (a.bad || b.bad || !octets_same(octets_bytes(&a), octets_bytes(&b)))
			add_part(list, names[i], &a, &b);
		bytes_free(&a);
		bytes_free(&b);
	}
	return list;
}

static void
put_invariant(const struct invariant *v, struct bytes *ret)
{
	bytes_put_text(ret, "never_permit ");
	spell_list(v->actions, v->actions_n, ret);
	bytes_put_text(ret, " when ");
	spell_condition(v->when, ret);
}

static bool
has_invariant(const struct document *d, struct octets means)
{
	bool found = false;

	for (size_t i = 0; i < d->invariants_n && !found; i++) {
		struct bytes text = { 0 };

		put_invariant(&d->invariants[i], &text);
		found = octets_same(octets_bytes(&text), means);
		bytes_free(&text);
	}
	return found;
}

/* Those of d that other has not. */
static void
tell_invariants(
    const struct document *d, const struct document *other, const char *change, struct json *list)
{
	for (size_t i = 0; i < d->invariants_n; i++) {
		struct bytes text = { 0 };
		struct json *j;

		put_invariant(&d->invariants[i], &text);
		if (!has_invariant(other, octets_bytes(&text))) {
			j = json_object();
			json_put_text(j, "change", change);
			json_put_octets(j, "means", octets_bytes(&text));
			json_add(list, j);
		}
		bytes_free(&text);
	}
}

struct json *
compare_documents(const struct document *old, const struct document *now)
{
	struct json *j = json_object(), *invariants = json_array();
	struct json *headers = compare_headers(old, now), *rules = compare_rules(old, now);

	tell_invariants(old, now, "removed", invariants);
	tell_invariants(now, old, "added", invariants);
	json_put_bool(j, "same",
	    rules != NULL && json_count(headers) == 0 && json_count(rules) == 0 &&
		json_count(invariants) == 0);
	json_put(j, "document", headers);
	json_put(j, "rules", rules);
	json_put(j, "invariants", invariants);
	return j;
}
