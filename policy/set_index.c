/* policy/set_index.c - from action, tenant and role to the rules that may fit; see set_internal.h.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/set_internal.h"

#define ACTION_BITS 21
#define TENANT_BITS 22
#define ROLE_BITS   20

/* The names that a rule is found by, "any" as 0. */
struct names_of {
	size_t n[NAME_KINDS];
	uint32_t ids[NAME_KINDS][ENTRIES_RULE_MAX];
	bool too_many[NAME_KINDS];
};

uint64_t
bucket_key(uint32_t action, uint32_t tenant, uint32_t role)
{
	return UINT64_C(1) << 63 | (uint64_t)action << (TENANT_BITS + ROLE_BITS) |
	       (uint64_t)tenant << ROLE_BITS | role;
}

static size_t
slot_of(const struct table *t, uint64_t key)
{
	uint64_t h = key * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (h ^ h >> 32) & (t->room - 1);

	while (t->buckets[i].key != 0 && t->buckets[i].key != key)
		i = (i + 1) & (t->room - 1);
	return i;
}

const struct bucket *
bucket_find(const struct table *t, uint64_t key)
{
	const struct bucket *b = &t->buckets[slot_of(t, key)];

	return b->key == 0 ? NULL : b;
}

/* One name more; an empty text is "any", besides which no other name counts. */
static bool
add_name(struct set *s, struct names_of *of, enum name_kind kind, struct octets text)
{
	static const unsigned bits[] = { ACTION_BITS, TENANT_BITS, ROLE_BITS };
	uint32_t id = text.n == 0 ? 0 : names_add(&s->names[kind], text);
	size_t *n = &of->n[kind];

	if ((text.n > 0 && id == 0) || id >> bits[kind] != 0)
		return false;
	if (*n == 1 && of->ids[kind][0] == 0)
		return true;
	for (size_t i = 0; i < *n; i++)
		if (of->ids[kind][i] == id)
			return true;
	if (*n == ENTRIES_RULE_MAX || id == 0) {
		of->too_many[kind] |= id != 0;
		of->ids[kind][0] = 0;
		*n = 1;
		return true;
	}
	of->ids[kind][(*n)++] = id;
	return true;
}

/* A request finds a rule under one of its names alone, or it would count twice: a pattern of
 * actions that another one holds has no name. "print.*" is found as "print.". */
static bool
add_actions(struct set *s, struct names_of *of, const struct policy_rule *rule)
{
	for (size_t i = 0; i < rule->actions_n; i++) {
		struct octets a = rule->actions[i];
		bool held = false;

		for (size_t k = 0; k < rule->actions_n && !held; k++)
			held = k != i && !octets_same(a, rule->actions[k]) &&
			       glob_action(rule->actions[k], a);
		if (a.n > 0 && a.at[a.n - 1] == '*')
			a.n--;
		of->too_many[NAME_ACTION] |= rule->actions[i].n == 0; /* no name, and not "any" */
		if (!held && !add_name(s, of, NAME_ACTION, a))
			return false;
	}
	return true;
}

static bool
add_tenant(struct set *s, struct names_of *of, struct octets pattern)
{
	struct octets tenant = names_tenant(pattern);

	if (octets_same(tenant, octets_text("*")))
		tenant.n = 0;
	return add_name(s, of, NAME_TENANT, tenant);
}

static bool
add_names(struct set *s, struct names_of *of, const struct ruling *r)
{
	const struct policy_rule *rule = r->rule;

	if (!add_actions(s, of, rule))
		return false;
	if (rule->spiffe_n == 0 && !add_tenant(s, of, r->document->scope))
		return false;
	for (size_t i = 0; i < rule->spiffe_n; i++)
		if (!add_tenant(s, of, rule->spiffe[i]))
			return false;
	if (rule->roles_n == 0)
		return add_name(s, of, NAME_ROLE, (struct octets){ NULL, 0 });
	for (size_t i = 0; i < rule->roles_n; i++) {
		of->too_many[NAME_ROLE] |= rule->roles[i].n == 0;
		if (!add_name(s, of, NAME_ROLE, rule->roles[i]))
			return false;
	}
	return true;
}

static void
widen(struct names_of *of, enum name_kind kind)
{
	of->n[kind] = 1;
	of->ids[kind][0] = 0;
	of->too_many[kind] = true;
}

bool
entries_add(struct entries *e, uint64_t key, uint32_t rank, struct fault *f)
{
	if (e->n == e->room) {
		size_t room = e->room == 0 ? 1024 : 2 * e->room;
		struct entry *more;

		if (e->n > ENTRIES_MAX)
			return fault_set(f, FAULT_LIMIT, "policy: more rules than the index takes");
		more = realloc(e->at, room * sizeof(*more));
		if (more == NULL)
			return fault_set(f, FAULT_INTERNAL, "policy: out of memory");
		e->at = more;
		e->room = room;
	}
	e->at[e->n++] = (struct entry){ key, rank };
	return true;
}

/* Every action with every tenant and every role, at most ENTRIES_RULE_MAX: else one more of them is
 * "any". What the index does not tell of a rule is looked at when it is met. */
static bool
add_entries(struct set *s, uint32_t rank, struct entries *e, struct fault *f)
{
	struct names_of of = { 0 };
	size_t tenants, roles;

	if (!add_names(s, &of, &s->rules[rank]))
		return fault_set(f, FAULT_LIMIT, "policy: more names than the index takes");
	if (of.n[NAME_ACTION] * of.n[NAME_TENANT] * of.n[NAME_ROLE] > ENTRIES_RULE_MAX)
		widen(&of, NAME_ROLE);
	if (of.n[NAME_ACTION] * of.n[NAME_TENANT] > ENTRIES_RULE_MAX)
		widen(&of, NAME_TENANT);
	s->packed[rank].any_action = of.too_many[NAME_ACTION];
	s->packed[rank].any_role = of.too_many[NAME_ROLE];
	tenants = of.n[NAME_TENANT];
	roles = of.n[NAME_ROLE];
	for (size_t i = 0; i < of.n[NAME_ACTION] * tenants * roles; i++) {
		uint32_t action = of.ids[NAME_ACTION][i / (tenants * roles)];
		uint32_t tenant = of.ids[NAME_TENANT][i / roles % tenants];
		uint32_t role = of.ids[NAME_ROLE][i % roles];

		if (!entries_add(e, bucket_key(action, tenant, role), rank, f))
			return false;
		s->wild[action] |= (uint8_t)(1u << ((tenant == 0 ? WILD_TENANT : 0) |
						    (role == 0 ? WILD_ROLE : 0)));
	}
	return true;
}

/* How much of each section every bucket has, and where that begins. */
static void
lay_out(struct table *t, const struct set *s, const struct entries *e)
{
	uint32_t next = 0;

	for (size_t i = 0; i < e->n; i++) {
		struct bucket *b = &t->buckets[slot_of(t, e->at[i].key)];

		b->key = e->at[i].key;
		b->end[s->rules[e->at[i].rank].section]++;
	}
	for (size_t i = 0; i < t->room; i++) {
		struct bucket *b = &t->buckets[i];

		b->first = next;
		for (size_t k = 0; k < SECTIONS; k++) {
			uint32_t n = b->end[k];

			b->end[k] = next; /* it is the end when n ranks are there */
			next += n;
		}
	}
}

/* As entries come by rank, so does each section. */
bool
table_fill(struct table *t, const struct set *s, const struct entries *e, struct fault *f)
{
	for (t->room = 16; t->room < 2 * e->n; t->room *= 2)
		;
	t->buckets = calloc(t->room, sizeof(*t->buckets));
	t->ranks = calloc(e->n + 1, sizeof(*t->ranks));
	if (t->buckets == NULL || t->ranks == NULL)
		return fault_set(f, FAULT_INTERNAL, "policy: out of memory");
	lay_out(t, s, e);
	for (size_t i = 0; i < e->n; i++) {
		struct bucket *b = &t->buckets[slot_of(t, e->at[i].key)];
		uint32_t rank = e->at[i].rank;

		t->ranks[b->end[s->rules[rank].section]++] = rank;
	}
	return true;
}

bool
set_index(struct set *s, struct fault *f)
{
	struct entries e = { 0 };
	size_t actions = 1;
	bool ok;

	for (size_t i = 0; i < s->n; i++)
		actions += s->rules[i].rule->actions_n;
	s->wild = calloc(actions, sizeof(*s->wild));
	ok = s->wild != NULL || fault_set(f, FAULT_INTERNAL, "policy: out of memory");
	for (size_t i = 0; i < s->n && ok; i++)
		if (s->rules[i].section != SECTION_NONE)
			ok = add_entries(s, (uint32_t)i, &e, f);
	ok = ok && table_fill(&s->index, s, &e, f);
	free(e.at);
	return ok && set_details(s, f);
}
