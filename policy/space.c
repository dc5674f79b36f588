/* policy/space.c - see space.h. */
#include "policy/space.h"

#include <string.h>

#include "policy/condition.h"
#include "policy/glob.h"
#include "policy/set.h"

static const struct attribute_ref ROLE = { ATTRIBUTE_SUBJECT_ROLE, { 0 } };
static const struct attribute_ref TYPE = { ATTRIBUTE_RESOURCE_TYPE, { 0 } };
static const struct attribute_ref TIME = { ATTRIBUTE_TIME, { 0 } };

static bool
same_ref(const struct attribute_ref *a, const struct attribute_ref *b)
{
	return a->at == b->at && (a->at != ATTRIBUTE_OPEN || octets_same(a->name, b->name));
}

static bool
is_count(const struct condition *c)
{
	return c->op == CONDITION_RATE || c->op == CONDITION_QUOTA;
}

/* A condition that no single attribute decides. What is asked of the id is of its patterns. */
static bool
is_free(const struct condition *c)
{
	return is_count(c) || c->op == CONDITION_EQUALS_ATTR || c->op == CONDITION_CONTAINS_ATTR ||
	       (c->op != CONDITION_TIME && c->attribute.at == ATTRIBUTE_SUBJECT_ID);
}

/* Two of them that say the same are one; counters count for each rule apart. */
static bool
same_free(const struct condition *a, const struct condition *b)
{
	return a == b ||
	       (!is_count(a) && a->op == b->op && a->attribute.at != ATTRIBUTE_SUBJECT_ID &&
		   same_ref(&a->attribute, &b->attribute) && same_ref(&a->other, &b->other));
}

static bool
is_axis(const struct axis *a, enum axis_kind kind, const struct attribute_ref *ref,
    const struct condition *c)
{
	if (a->kind != kind)
		return false;
	if (kind == AXIS_ATTRIBUTE)
		return same_ref(&a->ref, ref);
	return kind == AXIS_ACTION || same_free(a->condition, c);
}

struct axis *
space_find(struct space *s, enum axis_kind kind, const struct attribute_ref *ref,
    const struct condition *c)
{
	struct axis *a;

	for (size_t i = 0; i < s->axes_n; i++)
		if (is_axis(&s->axes[i], kind, ref, c))
			return &s->axes[i];
	if (s->axes_n == s->axes_room) {
		s->too_large = true;
		return &s->axes[0];
	}
	a = &s->axes[s->axes_n++];
	*a = (struct axis){ .kind = kind, .condition = c, .whole = true };
	if (kind == AXIS_ATTRIBUTE) {
		a->ref = *ref;
		space_add(s, a, &(struct value){ .type = VALUE_NONE });
	}
	if (kind == AXIS_FREE)
		a->n = 3;
	return a;
}

const struct axis *
space_axis(const struct space *s, const struct attribute_ref *ref)
{
	for (size_t i = 0; i < s->axes_n; i++)
		if (is_axis(&s->axes[i], AXIS_ATTRIBUTE, ref, NULL))
			return &s->axes[i];
	return NULL;
}

void
space_add_wants(struct space *s, struct axis *a, const struct condition *c)
{
	bool ordered = c->op == CONDITION_GT || c->op == CONDITION_GTE || c->op == CONDITION_LT ||
		       c->op == CONDITION_LTE;

	a->orders_versions = a->orders_versions || c->versions;
	a->orders_numbers = a->orders_numbers || (ordered && !c->versions);
	for (size_t i = 0; i < c->wants_n; i++)
		space_add(s, a, &c->wants[i]);
}

static void
add_time(struct space *s, const struct zone *zone)
{
	(void)space_find(s, AXIS_ATTRIBUTE, &TIME, NULL);
	s->zones = s->zones || (s->timed && s->zone != zone);
	s->timed = true;
	s->zone = zone;
}

static void
add_texts(struct space *s, struct axis *a, const struct octets *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		space_add(s, a, &(struct value){ .type = VALUE_TEXT, .text = texts[i] });
}

/* Every axis that c needs, and what it names on it. */
/* NOLINTNEXTLINE(misc-no-recursion): a document has at most CONF_DEPTH_MAX levels */
static void
collect(struct space *s, const struct condition *c)
{
	if (c == NULL || s->too_large)
		return;
	if (c->op == CONDITION_ALL || c->op == CONDITION_ANY || c->op == CONDITION_NOT) {
		for (size_t i = 0; i < c->kids_n; i++)
			collect(s, &c->kids[i]);
		return;
	}
	if (c->op == CONDITION_TIME) {
		add_time(s, c->time.zone);
		return;
	}
	if (is_free(c)) {
		(void)space_find(s, AXIS_FREE, NULL, c);
		if (!is_count(c)) {
			(void)space_find(s, AXIS_ATTRIBUTE, &c->attribute, NULL);
			if (c->other.name.n > 0)
				(void)space_find(s, AXIS_ATTRIBUTE, &c->other, NULL);
			return;
		}
		(void)space_find(s, AXIS_ATTRIBUTE, &TIME, NULL);
		(void)space_find(s, AXIS_ATTRIBUTE, &c->count.key, NULL);
		if (c->count.unit.name.n > 0)
			(void)space_find(s, AXIS_ATTRIBUTE, &c->count.unit, NULL);
		return;
	}
	space_add_wants(s, space_find(s, AXIS_ATTRIBUTE, &c->attribute, NULL), c);
}

/* Of each action that is named, itself; of each "print.*" and "*" one that nobody names. */
static void
collect_actions(struct space *s, struct axis *a, const struct octets *actions, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct octets p = actions[i];
		struct bytes text = { 0 };
		struct value v = { .type = VALUE_TEXT, .text = p };

		if (p.n > 0 && p.at[p.n - 1] == '*') {
			bytes_put(&text, p.at, p.n - 1);
			bytes_put_text(&text, "any-other-one");
			v.text = arena_copy(&s->arena, octets_bytes(&text));
			bytes_free(&text);
		}
		space_add(s, a, &v);
	}
}

static bool
counts_for(const struct space *s, size_t rule)
{
	return s->d->rules[rule].mode == MODE_ENFORCE;
}

static void
collect_all(struct space *s)
{
	const struct octets change = octets_text(SPACE_CHANGE),
			    officer = octets_text(SPACE_OFFICER);
	const struct document *d = s->d;
	struct axis *action = space_find(s, AXIS_ACTION, NULL, NULL);
	struct axis *role = space_find(s, AXIS_ATTRIBUTE, &ROLE, NULL);
	struct axis *type = space_find(s, AXIS_ATTRIBUTE, &TYPE, NULL);

	collect_actions(s, action, &change, 1);
	add_texts(s, role, &officer, 1);
	for (size_t i = 0; i < d->rules_n && !s->too_large; i++) {
		if (!counts_for(s, i))
			continue;
		collect_actions(s, action, d->rules[i].actions, d->rules[i].actions_n);
		add_texts(s, role, d->rules[i].roles, d->rules[i].roles_n);
		add_texts(s, type, d->rules[i].types, d->rules[i].types_n);
		collect(s, d->rules[i].when);
		collect(s, d->rules[i].unless);
	}
	for (size_t i = 0; i < d->invariants_n && !s->too_large; i++) {
		collect_actions(s, action, d->invariants[i].actions, d->invariants[i].actions_n);
		collect(s, d->invariants[i].when);
	}
}

static struct formula *
make(struct space *s, enum formula_kind kind)
{
	static struct formula nowhere; /* out of memory: arena_ok() tells in the end */
	struct formula *to = arena_take(&s->arena, 1, sizeof(*to));

	if (to == NULL)
		to = &nowhere;
	to->kind = kind;
	return to;
}

static struct formula *
make_kids(struct space *s, enum formula_kind kind, const struct formula *const *kids, size_t n)
{
	struct formula *to = make(s, kind);

	to->kids = arena_copy_of(&s->arena, kids, n, sizeof(*kids));
	to->n = to->kids == NULL ? 0 : n;
	return to;
}

/* A row of answers on an axis, to be filled in, each of which costs so much; NULL: too many. */
static int8_t *
row(struct space *s, const struct axis *a, size_t cost, struct formula *to)
{
	int8_t *says;

	s->cells += (uint64_t)a->n * (1 + cost / 8);
	if (s->cells > SPACE_CELLS_MAX)
		s->too_large = true;
	says = s->too_large ? NULL : arena_take(&s->arena, a->n, 1);
	to->axis = (size_t)(a - s->axes);
	to->n = says == NULL ? 0 : a->n;
	to->says = says;
	return says;
}

static const struct formula *
of_free(struct space *s, const struct condition *c)
{
	static const int8_t answers[] = { 1, 0, -1 };
	struct formula *to = make(s, FORMULA_AXIS);
	int8_t *says = row(s, space_find(s, AXIS_FREE, NULL, c), 0, to);

	if (says != NULL)
		memcpy(says, answers, sizeof(answers));
	return to;
}

/* The condition itself, asked for each value of its attribute. */
static const struct formula *
of_attribute(struct space *s, const struct condition *c)
{
	const struct attribute_ref *ref = c->op == CONDITION_TIME ? &TIME : &c->attribute;
	const struct axis *a = space_find(s, AXIS_ATTRIBUTE, ref, NULL);
	struct formula *to = make(s, FORMULA_AXIS);
	int8_t *says = row(s, a, c->wants_n, to);
	struct request r = { 0 };

	for (size_t i = 0; says != NULL && i < a->n; i++) {
		if (ref->at == ATTRIBUTE_OPEN) {
			r.open_n = 1;
			r.open[0].name = ref->name;
			r.open[0].value = a->at[i];
		} else
			r.fixed[ref->at] = a->at[i];
		says[i] = (int8_t)set_condition(s->d, NULL, c, &r, NULL);
	}
	if (says != NULL && !a->whole)
		says[a->n - 1] = SPACE_ANYTHING;
	return to;
}

static const struct formula *
of_set(struct space *s, const struct condition *c)
{
	const struct axis *a = space_find(s, AXIS_ATTRIBUTE, &c->attribute, NULL);
	size_t axis = (size_t)(a - s->axes);
	const struct formula *to;

	for (size_t i = 0; i < s->sets_n; i++)
		if (s->sets[i].wants == c->wants && s->sets[i].axis == axis)
			return s->sets[i].is;
	to = of_attribute(s, c);
	if (s->sets_n < SPACE_SETS_MAX) {
		s->sets[s->sets_n].wants = c->wants;
		s->sets[s->sets_n].axis = axis;
		s->sets[s->sets_n++].is = to;
	}
	return to;
}

/* A condition of one attribute or more. */
static const struct formula *
of_atom(struct space *s, const struct condition *c)
{
	if (is_free(c))
		return of_free(s, c);
	return c->op == CONDITION_IN_SET ? of_set(s, c) : of_attribute(s, c);
}

/* NOLINTNEXTLINE(misc-no-recursion): a document has at most CONF_DEPTH_MAX levels */
static const struct formula *
of_condition(struct space *s, const struct condition *c)
{
	static const enum formula_kind kinds[] = { [CONDITION_ALL] = FORMULA_ALL,
		[CONDITION_ANY] = FORMULA_ANY,
		[CONDITION_NOT] = FORMULA_NOT };
	const struct formula **kids;
	struct formula *to;

	if (c->op != CONDITION_ALL && c->op != CONDITION_ANY && c->op != CONDITION_NOT)
		return of_atom(s, c);
	to = make(s, kinds[c->op]);
	kids = arena_take(&s->arena, c->kids_n, sizeof(*kids));
	for (size_t i = 0; kids != NULL && i < c->kids_n; i++)
		kids[i] = of_condition(s, &c->kids[i]);
	to->kids = kids;
	to->n = kids == NULL ? 0 : c->kids_n;
	return to;
}

static const struct formula *
of_actions(struct space *s, const struct octets *actions, size_t n)
{
	const struct axis *a = space_find(s, AXIS_ACTION, NULL, NULL);
	struct formula *to = make(s, FORMULA_AXIS);
	int8_t *says = row(s, a, n, to);

	for (size_t i = 0; says != NULL && i < a->n; i++)
		for (size_t k = 0; k < n && says[i] == 0; k++)
			says[i] = glob_action(actions[k], a->at[i].text);
	return to;
}

static const struct formula *
of_texts(struct space *s, const struct attribute_ref *ref, const struct octets *texts, size_t n)
{
	const struct axis *a = space_find(s, AXIS_ATTRIBUTE, ref, NULL);
	struct formula *to = make(s, FORMULA_AXIS);
	int8_t *says = row(s, a, n, to);

	for (size_t i = 0; says != NULL && i < a->n; i++) {
		says[i] = a->at[i].type == VALUE_NONE ? -1 : 0;
		for (size_t k = 0; k < n && says[i] == 0; k++)
			says[i] = octets_same(texts[k], a->at[i].text);
	}
	if (says != NULL && !a->whole)
		says[a->n - 1] = SPACE_ANYTHING;
	return to;
}

static const struct formula *
of_patterns(struct space *s, const struct octets *patterns, size_t n)
{
	const struct formula **kids = arena_take(&s->arena, n, sizeof(*kids));
	struct formula *to = make(s, FORMULA_ANY);

	for (size_t i = 0; kids != NULL && i < n; i++) {
		struct formula *kid = make(s, FORMULA_SUBJECT);

		kid->pattern = patterns[i];
		kids[i] = kid;
	}
	to->kids = kids;
	to->n = kids == NULL ? 0 : n;
	return to;
}

/* It fits, and it holds. */
static const struct formula *
of_rule(struct space *s, const struct policy_rule *rule)
{
	const struct formula *kids[6], *unless;
	size_t n = 0;

	kids[n++] = of_actions(s, rule->actions, rule->actions_n);
	if (rule->spiffe_n > 0)
		kids[n++] = of_patterns(s, rule->spiffe, rule->spiffe_n);
	if (rule->roles_n > 0)
		kids[n++] = of_texts(s, &ROLE, rule->roles, rule->roles_n);
	if (rule->types_n > 0)
		kids[n++] = of_texts(s, &TYPE, rule->types, rule->types_n);
	if (rule->when != NULL)
		kids[n++] = of_condition(s, rule->when);
	if (rule->unless != NULL) {
		unless = of_condition(s, rule->unless);
		kids[n++] = make_kids(s, FORMULA_NOT, &unless, 1);
	}
	return make_kids(s, FORMULA_ALL, kids, n);
}

static const struct formula *
of_invariant(struct space *s, const struct invariant *i)
{
	const struct formula *kids[2];
	size_t n = 0;

	kids[n++] = of_actions(s, i->actions, i->actions_n);
	if (i->when != NULL)
		kids[n++] = of_condition(s, i->when);
	return make_kids(s, FORMULA_ALL, kids, n);
}

const struct formula *
space_staff(struct space *s, struct octets id)
{
	const struct octets words[] = { octets_text(SPACE_CHANGE), octets_text(SPACE_OFFICER) };
	const struct formula *kids[3];

	kids[0] = of_actions(s, &words[0], 1);
	kids[1] = of_texts(s, &ROLE, &words[1], 1);
	kids[2] = of_patterns(s, &id, 1);
	return make_kids(s, FORMULA_ALL, kids, 3);
}

static void
build(struct space *s)
{
	const struct document *d = s->d;

	for (size_t i = 0; i < s->axes_n; i++) {
		struct axis *a = &s->axes[i];

		space_finish(s, a);
		a->first = s->bits;
		s->bits += (a->n + 63) / 64 * 64;
	}
	s->rules = arena_take(&s->arena, d->rules_n, sizeof(*s->rules));
	s->invariants = arena_take(&s->arena, d->invariants_n, sizeof(*s->invariants));
	for (size_t i = 0; s->rules != NULL && i < d->rules_n && !s->too_large; i++)
		if (counts_for(s, i))
			s->rules[i] = of_rule(s, &d->rules[i]);
	for (size_t i = 0; s->invariants != NULL && i < d->invariants_n && !s->too_large; i++)
		s->invariants[i] = of_invariant(s, &d->invariants[i]);
}

bool
space_open(struct space *s, const struct document *d, struct fault *f)
{
	*s = (struct space){ .d = d, .axes_room = SPACE_AXES_MAX };
	s->axes = arena_take(&s->arena, s->axes_room, sizeof(*s->axes));
	if (s->axes != NULL) {
		collect_all(s);
		if (!s->too_large)
			build(s);
	}
	if (arena_ok(&s->arena, f))
		return true;
	space_close(s);
	return false;
}

void
space_close(struct space *s)
{
	arena_free(&s->arena);
}
