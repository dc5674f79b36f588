/* policy/witness.c - see witness.h. */
#include "policy/witness.h"

#include <string.h>

#include "policy/glob.h"

#define FILLER   "any-1"
#define NO_VALUE SIZE_MAX
#define KEPT_MAX 16384

struct making {
	const struct space *s;
	const struct region *r;
	struct witness *w;
	bool wanted[SPACE_AXES_MAX]; /* it has to be known */
};

static size_t
axis_of(const struct space *s, const struct attribute_ref *ref)
{
	const struct axis *a = space_axis(s, ref);

	return a == NULL ? NO_VALUE : (size_t)(a - s->axes);
}

static void
want(struct making *m, const struct attribute_ref *ref)
{
	size_t i = ref->name.n == 0 ? NO_VALUE : axis_of(m->s, ref);

	if (i != NO_VALUE)
		m->wanted[i] = true;
}

/* What a free condition is about has to be known, unless it may be unknown. */
static void
want_free(struct making *m, const struct axis *a)
{
	static const struct attribute_ref time = { ATTRIBUTE_TIME, { (const uint8_t *)"time", 4 } };
	const struct condition *c = a->condition;

	if (region_has(m->r, a, 2))
		return;
	want(m, &c->attribute);
	want(m, &c->other);
	if (c->op == CONDITION_RATE || c->op == CONDITION_QUOTA) {
		want(m, &c->count.key);
		want(m, &c->count.unit);
		want(m, &time);
	}
}

/* Is every value of the axis left? */
static bool
is_whole(const struct making *m, const struct axis *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (!region_has(m->r, a, i))
			return false;
	return true;
}

static bool
is_usable(const struct axis *a, size_t i)
{
	return (a->whole || i + 1 < a->n) && a->at[i].type != VALUE_NONE;
}

/* A value that is left: known, if it can be. NO_VALUE: only what may be anything. */
static size_t
choose(const struct making *m, const struct axis *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (is_usable(a, i) && region_has(m->r, a, i) && a->at[i].type != VALUE_LIST)
			return i;
	for (size_t i = 0; i < a->n; i++)
		if (region_has(m->r, a, i) && (is_usable(a, i) || a->at[i].type == VALUE_NONE))
			return i;
	return NO_VALUE;
}

static bool
put(struct making *m, const struct attribute_ref *ref, const struct value *v)
{
	struct fault f;

	if (ref->at != ATTRIBUTE_OPEN) {
		m->w->request.fixed[ref->at] = *v;
		return true;
	}
	return v->type == VALUE_NONE || request_set(&m->w->request, ref->name, v, &f);
}

/* v may be had on the axis: it is there and left, or it is a text like the one that nobody names.
 */
static bool
may_be(const struct making *m, const struct axis *a, const struct value *v)
{
	for (size_t i = 0; i < a->n; i++)
		if (is_usable(a, i) && a->at[i].type == v->type && v->type != VALUE_LIST &&
		    value_same(&a->at[i], v))
			return region_has(m->r, a, i);
	return v->type == VALUE_TEXT && a->fresh != 0 && !a->orders_numbers &&
	       !a->orders_versions && region_has(m->r, a, a->fresh);
}

/* Make one of two attributes what the other is. */
static bool
make_same(struct making *m, const struct condition *c)
{
	const struct axis *a = space_axis(m->s, &c->attribute), *b = space_axis(m->s, &c->other);
	const struct request *r = &m->w->request;
	const struct value *other = request_get(r, c->other.at, c->other.name);

	if (a != NULL && may_be(m, a, other))
		return put(m, &c->attribute, other);
	other = request_get(r, c->attribute.at, c->attribute.name);
	return b != NULL && may_be(m, b, other) && put(m, &c->other, other);
}

/* Make an attribute a list of what the other says. */
static bool
make_list(struct making *m, const struct condition *c)
{
	const struct value *other = request_get(&m->w->request, c->other.at, c->other.name);
	struct value list = { .type = VALUE_LIST };

	if (other->type != VALUE_TEXT)
		return false;
	list.list.at = arena_copy_of(&m->w->arena, &other->text, 1, sizeof(other->text));
	list.list.n = 1;
	return list.list.at != NULL && put(m, &c->attribute, &list);
}

/* Two attributes that have to be the same, or of which one has to hold the other. Where they need
 * not, what was chosen may do. */
static bool
relate(struct making *m, const struct axis *free)
{
	const struct condition *c = free->condition;

	if (!region_has(m->r, free, 0) || region_has(m->r, free, 1) || region_has(m->r, free, 2))
		return true;
	if (c->op == CONDITION_EQUALS_ATTR)
		return make_same(m, c);
	return c->op != CONDITION_CONTAINS_ATTR || make_list(m, c);
}

/* A pattern with something in place of each star. */
static struct octets
filled(struct making *m, struct octets pattern, const char *with)
{
	struct bytes b = { 0 };
	struct octets o;

	for (size_t i = 0; i < pattern.n; i++) {
		if (pattern.at[i] != '*')
			bytes_put_u8(&b, pattern.at[i]);
		else if (i == 0 || pattern.at[i - 1] != '*')
			bytes_put_text(&b, with);
	}
	o = arena_copy(&m->w->arena, octets_bytes(&b));
	bytes_free(&b);
	return o;
}

static bool
is_id(const struct making *m, struct octets id)
{
	for (size_t i = 0; i < m->r->must_n; i++)
		if (!glob_match(m->r->must[i], id))
			return false;
	for (size_t i = 0; i < m->r->not_n; i++)
		if (glob_match(m->r->not [i], id))
			return false;
	return id.n > 0;
}

static bool
put_subject(struct making *m)
{
	static const char *const fillers[] = { FILLER, "other-2", "z" };
	const struct axis *a =
	    space_axis(m->s, &(struct attribute_ref){ ATTRIBUTE_SUBJECT_ID, { 0 } });
	struct octets id = { 0 };

	for (size_t i = 0; a != NULL && i < a->n && id.n == 0; i++)
		if (a->at[i].type == VALUE_TEXT && is_id(m, a->at[i].text))
			id = a->at[i].text;
	for (size_t i = m->r->must_n; i-- > 0 && id.n == 0;)
		for (size_t k = 0; k < sizeof(fillers) / sizeof(fillers[0]) && id.n == 0; k++) {
			struct octets made = filled(m, m->r->must[i], fillers[k]);

			id = is_id(m, made) ? made : id;
		}
	request_text(&m->w->request, ATTRIBUTE_SUBJECT_ID, id);
	return id.n > 0;
}

static bool
put_axis(struct making *m, size_t i)
{
	const struct axis *a = &m->s->axes[i];
	size_t v;

	if (a->kind == AXIS_FREE ||
	    (a->kind == AXIS_ATTRIBUTE && a->ref.at == ATTRIBUTE_SUBJECT_ID))
		return true;
	if (a->kind == AXIS_ATTRIBUTE && is_whole(m, a) && !m->wanted[i])
		return true;
	v = a->kind == AXIS_ACTION ? 0 : choose(m, a);
	if (v == NO_VALUE)
		return false;
	if (a->kind == AXIS_ATTRIBUTE)
		return put(m, &a->ref, &a->at[v]);
	while (v < a->n && !region_has(m->r, a, v))
		v++;
	m->w->request.action = v < a->n ? a->at[v].text : (struct octets){ 0 };
	return v < a->n;
}

bool
witness_of(const struct space *s, const struct region *r, struct witness *ret)
{
	struct making m = { .s = s, .r = r, .w = ret };
	bool ok;

	*ret = (struct witness){ .request = { .supports_all = true } };
	for (size_t i = 0; i < s->axes_n; i++)
		if (s->axes[i].kind == AXIS_FREE)
			want_free(&m, &s->axes[i]);
	ok = put_subject(&m);
	for (size_t i = 0; i < s->axes_n && ok; i++)
		ok = put_axis(&m, i);
	for (size_t i = 0; i < s->axes_n && ok; i++)
		if (s->axes[i].kind == AXIS_FREE)
			ok = relate(&m, &s->axes[i]);
	return ok && !ret->arena.bad;
}

void
witness_free(struct witness *w)
{
	arena_free(&w->arena);
}
