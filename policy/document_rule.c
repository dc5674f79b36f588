/* policy/document_rule.c - rules, their obligations, and invariants. */
#include <stdlib.h>
#include <string.h>

#include "policy/document_read.h"
#include "policy/glob.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const EFFECTS[] = { "permit", "forbid" };
static const char *const MODES[] = { "enforce", "shadow", "off" };
static const char *const MISSING[] = { "match", "ignore" };

static bool
is_word_of(struct octets o, size_t most, const char *besides)
{
	for (size_t i = 0; i < o.n; i++) {
		uint8_t c = o.at[i];
		bool word =
		    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!word && strchr(besides, c) == NULL)
			return false;
	}
	return o.n > 0 && o.n <= most;
}

static bool
is_id(struct octets o)
{
	return is_word_of(o, DOCUMENT_ID_MAX, "-_.") && !octets_same(o, octets_text("default"));
}

static bool
is_name(struct octets o)
{
	return is_word_of(o, DOCUMENT_ID_MAX, "-_.");
}

static bool
read_id(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_rule *rule = to;

	if (n->type != CONF_NODE_TEXT || !is_id(conf_node_text(n)))
		return document_refuse(
		    r, n, "1 to 64 letters, digits, '-', '_' or '.', and not \"default\"");
	rule->id = conf_node_text(n);
	r->rule = n->text;
	return true;
}

static bool
read_effect(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_rule *rule = to;
	unsigned word;

	if (!document_word(r, n, EFFECTS, COUNT(EFFECTS), &word))
		return false;
	rule->effect = word == 0 ? EFFECT_PERMIT : EFFECT_FORBID;
	return rule->effect == EFFECT_FORBID || r->d->kind == DOCUMENT_POLICY_SET ||
	       document_refuse(r, n, "forbid, since a Guardrail cannot permit");
}

/* The weaker of its own and the document's. */
static bool
read_mode(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_rule *rule = to;
	unsigned word;

	if (!document_word(r, n, MODES, COUNT(MODES), &word))
		return false;
	rule->mode = word > (unsigned)r->d->mode ? (enum policy_mode)word : r->d->mode;
	return true;
}

static bool
read_spiffe(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_rule *rule = to;

	if (!document_list(
		r, n, glob_is_pattern, "a pattern of SPIFFE ids", &rule->spiffe, &rule->spiffe_n))
		return false;
	for (size_t i = 0; i < rule->spiffe_n; i++)
		if (!glob_within(rule->spiffe[i], r->d->scope))
			return document_refuse(r, n->type == CONF_NODE_LIST ? &n->kids[i] : n,
			    "subjects within metadata.scope");
	return true;
}

static bool
read_roles(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_rule *rule = to;

	return document_list(r, n, is_name, "names of roles", &rule->roles, &rule->roles_n);
}

static bool
read_subjects(struct reading *r, const struct conf_node *n, void *to)
{
	static const struct document_key keys[] = {
		{ "spiffe", false, read_spiffe },
		{ "roles", false, read_roles },
	};

	if (n->type == CONF_NODE_MAP && n->n == 0)
		return document_refuse_found(r, n, "spiffe, roles or both", "none");
	return document_keys(r, n, keys, COUNT(keys), to);
}

static bool
read_actions(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_rule *rule = to;

	return document_list(r, n, glob_is_action, "actions such as connect, \"print.*\" or \"*\"",
	    &rule->actions, &rule->actions_n);
}

static bool
read_type(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_rule *rule = to;

	return document_list(r, n, is_name, "types of resources", &rule->types, &rule->types_n);
}

static bool
read_resources(struct reading *r, const struct conf_node *n, void *to)
{
	static const struct document_key keys[] = { { "type", true, read_type } };

	return document_keys(r, n, keys, COUNT(keys), to);
}

static bool
read_when(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_rule *rule = to;

	return document_condition(r, n, &rule->when);
}

static bool
read_unless(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_rule *rule = to;

	return document_condition(r, n, &rule->unless);
}

static bool
read_missing(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_rule *rule = to;
	unsigned word;

	if (rule->effect != EFFECT_FORBID)
		return document_refuse_found(
		    r, n, "if_missing with a forbid", "it with a permit, which never fires then");
	if (!document_word(r, n, MISSING, COUNT(MISSING), &word))
		return false;
	rule->ignore_missing = word == 1;
	return true;
}

static bool
read_reason(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_rule *rule = to;

	return document_text(r, n, DOCUMENT_REASON_MAX, &rule->reason);
}

/* Names of parameters are ASCII, so that their order is that of canonical JSON. */
/* NOLINTNEXTLINE(misc-no-recursion): a tree has at most CONF_DEPTH_MAX levels */
static bool
check_parameters(struct reading *r, const struct conf_node *n, unsigned depth)
{
	if (depth > JSON_DEPTH_MAX - 2)
		return document_refuse_found(r, n, "parameters of fewer levels", "more");
	for (uint32_t i = 0; n->type != CONF_NODE_TEXT && i < n->n; i++) {
		const struct conf_node *kid = &n->kids[i];

		if (n->type == CONF_NODE_MAP && !is_name(octets_of(kid->name, kid->name_n)))
			return document_refuse_found(
			    r, kid, "names of letters, digits, '-', '_' or '.'", "another");
		if (!check_parameters(r, kid, depth + 1))
			return false;
	}
	return true;
}

/* One of the list: a mapping of its name to its parameters. */
static bool
read_obligation(struct reading *r, const struct conf_node *n, struct obligation *to)
{
	const struct conf_node *with;
	struct bytes json = { 0 };
	bool ok;

	if (n->type != CONF_NODE_MAP || n->n != 1 || n->kids[0].type != CONF_NODE_MAP)
		return document_refuse_found(r, n,
		    "one obligation with its parameters, such as {log: {level: full}}", "another");
	with = &n->kids[0];
	to->name = octets_of(with->name, with->name_n);
	if (!is_name(to->name))
		return document_refuse_found(r, with, "the name of an obligation", "another");
	if (!check_parameters(r, with, 1))
		return false;
	conf_node_json(with, &json);
	ok = bytes_ok(&json, r->f);
	if (ok && json.n > DOCUMENT_OBLIGATION_MAX)
		ok = document_refuse_found(r, with, "at most 4096 octets of parameters", "more");
	to->json = ok ? arena_copy(r->arena, octets_bytes(&json)) : (struct octets){ 0 };
	bytes_free(&json);
	return ok && arena_ok(r->arena, r->f);
}

static bool
read_obligations(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_rule *rule = to;
	struct obligation *all;

	if (rule->effect != EFFECT_PERMIT)
		return document_refuse_found(
		    r, n, "obligations with a permit", "them with a forbid");
	if (n->type != CONF_NODE_LIST || n->n == 0 || n->n > DOCUMENT_OBLIGATIONS_MAX)
		return document_refuse(r, n, "a list of 1 to 16 obligations");
	if ((all = arena_take(r->arena, n->n, sizeof(*all))) == NULL)
		return arena_ok(r->arena, r->f);
	for (uint32_t i = 0; i < n->n; i++) {
		if (!read_obligation(r, &n->kids[i], &all[i]))
			return false;
		for (uint32_t k = 0; k < i; k++)
			if (octets_same(all[k].name, all[i].name))
				return document_refuse_found(r, &n->kids[i].kids[0],
				    "each obligation once", "it a second time");
	}
	rule->obligations = all;
	rule->obligations_n = n->n;
	return true;
}

static const struct document_key RULE_KEYS[] = {
	{ "id", true, read_id },
	{ "effect", true, read_effect },
	{ "mode", false, read_mode },
	{ "subjects", false, read_subjects },
	{ "actions", true, read_actions },
	{ "resources", false, read_resources },
	{ "when", false, read_when },
	{ "unless", false, read_unless },
	{ "obligations", false, read_obligations },
	{ "reason", false, read_reason },
	{ "if_missing", false, read_missing },
};

/* FNV-1a, into a table of a power of two. */
static size_t
slot_of(struct octets id, size_t mask)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < id.n; i++)
		h = (h ^ id.at[i]) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ h >> 32) & mask;
}

/* No id stands twice. */
static bool
check_ids(struct reading *r, const struct conf_node *n, const struct policy_rule *rules)
{
	size_t room = 16;
	uint32_t *table;
	bool ok = true;

	while (room < 2 * (size_t)n->n)
		room *= 2;
	if ((table = calloc(room, sizeof(*table))) == NULL)
		return fault_set(r->f, FAULT_INTERNAL, "document: out of memory");
	for (uint32_t i = 0; i < n->n && ok; i++) {
		size_t at = slot_of(rules[i].id, room - 1);

		while (table[at] != 0 && !octets_same(rules[table[at] - 1].id, rules[i].id))
			at = (at + 1) & (room - 1);
		if (table[at] != 0) {
			r->rule = (const char *)rules[i].id.at;
			ok = document_refuse_found(r, conf_node_get(&n->kids[i], "id"),
			    "each id once", "it a second time");
		}
		table[at] = i + 1;
	}
	free(table);
	return ok;
}

bool
document_rules(struct reading *r, const struct conf_node *n)
{
	struct policy_rule *rules;

	if (n->type != CONF_NODE_LIST)
		return document_refuse(r, n, "a list of rules");
	if ((rules = arena_take(r->arena, n->n, sizeof(*rules))) == NULL)
		return arena_ok(r->arena, r->f);
	r->counts = true;
	for (uint32_t i = 0; i < n->n; i++) {
		rules[i].line = n->kids[i].line;
		rules[i].mode = r->d->mode;
		r->rule = NULL;
		if (!document_keys(r, &n->kids[i], RULE_KEYS, COUNT(RULE_KEYS), &rules[i]))
			return false;
	}
	r->rule = NULL;
	if (!check_ids(r, n, rules))
		return false;
	r->d->rules = rules;
	r->d->rules_n = n->n;
	return true;
}

static bool
read_never_actions(struct reading *r, const struct conf_node *n, void *to)
{
	struct invariant *i = to;

	return document_list(r, n, glob_is_action, "actions such as connect, \"print.*\" or \"*\"",
	    &i->actions, &i->actions_n);
}

static bool
read_never_when(struct reading *r, const struct conf_node *n, void *to)
{
	struct invariant *i = to;

	return document_condition(r, n, &i->when);
}

static bool
read_never(struct reading *r, const struct conf_node *n, void *to)
{
	static const struct document_key keys[] = {
		{ "actions", true, read_never_actions },
		{ "when", false, read_never_when },
	};

	return document_keys(r, n, keys, COUNT(keys), to);
}

bool
document_invariants(struct reading *r, const struct conf_node *n)
{
	static const struct document_key keys[] = { { "never_permit", true, read_never } };
	struct invariant *all;

	if (n->type != CONF_NODE_LIST)
		return document_refuse(r, n, "a list of invariants");
	if ((all = arena_take(r->arena, n->n, sizeof(*all))) == NULL)
		return arena_ok(r->arena, r->f);
	r->counts = false;
	for (uint32_t i = 0; i < n->n; i++) {
		all[i].line = n->kids[i].line;
		if (!document_keys(r, &n->kids[i], keys, COUNT(keys), &all[i]))
			return false;
	}
	r->d->invariants = all;
	r->d->invariants_n = n->n;
	return true;
}
