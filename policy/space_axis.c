/* policy/space_axis.c - the values of one axis; see space.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/space.h"

#define VERSION_NUMBERS 8
#define DAY_M           1440
#define WEEK_S          (INT64_C(7) * 86400)
#define REFERENCE_S     INT64_C(1767571200) /* Monday 2026-01-05: a week without a change of time */

void
space_add(struct space *s, struct axis *a, const struct value *v)
{
	if (a->n == SPACE_VALUES_MAX) {
		s->too_large = true;
		return;
	}
	for (size_t i = 0; i < a->n && i < 256; i++) /* beyond, one may stand twice */
		if (a->at[i].type == v->type && v->type != VALUE_LIST && value_same(&a->at[i], v))
			return;
	if (a->n == a->room) {
		size_t room = a->room == 0 ? 8 : 2 * a->room;
		struct value *more = arena_take(&s->arena, room, sizeof(*more));

		if (more == NULL)
			return;
		if (a->n > 0)
			memcpy(more, a->at, a->n * sizeof(*more));
		a->at = more;
		a->room = room;
	}
	a->at[a->n++] = *v;
}

static void
add_number(struct space *s, struct axis *a, int64_t number)
{
	space_add(s, a, &(struct value){ .type = VALUE_NUMBER, .number = number });
}

static void
add_text(struct space *s, struct axis *a, const char *text)
{
	struct value v = { .type = VALUE_TEXT };

	v.text = arena_copy(&s->arena, octets_text(text));
	space_add(s, a, &v);
}

static bool
has_text(const struct axis *a, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (a->at[i].type == VALUE_TEXT && octets_same(a->at[i].text, octets_text(text)))
			return true;
	return false;
}

/* Two ways to write one version; at least one of them has to be no text that a rule names. */
static void
add_version(
    struct space *s, struct axis *a, size_t named, const uint32_t numbers[static VERSION_NUMBERS])
{
	char text[VERSION_NUMBERS * 11 + 2];
	size_t n = 1;

	text[0] = '0';
	for (size_t i = 0; i < VERSION_NUMBERS; i++)
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, "%s%" PRIu32, i == 0 ? "" : ".", numbers[i]);
	a->whole = a->whole && (!has_text(a, named, text + 1) ||
				   (!has_text(a, named, text) && numbers[0] < 100000000));
	add_text(s, a, text + 1);
	add_text(s, a, text);
}

static bool
version_of(struct octets o, uint32_t to[static VERSION_NUMBERS])
{
	size_t at = 0;
	int order;

	if (!value_versions(o, o, &order))
		return false;
	memset(to, 0, VERSION_NUMBERS * sizeof(to[0]));
	for (size_t i = 0; i < o.n; i++) {
		if (o.at[i] == '.')
			at++;
		else
			to[at] = 10 * to[at] + (uint32_t)(o.at[i] - '0');
	}
	return true;
}

/* Each version that is named, the next one behind it, and the least. */
static void
finish_versions(struct space *s, struct axis *a)
{
	uint32_t numbers[VERSION_NUMBERS] = { 0 };
	size_t named = a->n;

	add_version(s, a, named, numbers);
	for (size_t i = 0; i < named; i++) {
		if (a->at[i].type != VALUE_TEXT || !version_of(a->at[i].text, numbers))
			continue;
		add_version(s, a, named, numbers);
		if (numbers[VERSION_NUMBERS - 1] == 999999999)
			a->whole = false;
		else
			numbers[VERSION_NUMBERS - 1]++;
		add_version(s, a, named, numbers);
	}
}

/* Each number that is named, and those beside it; where texts may be durations, those too. */
static void
finish_numbers(struct space *s, struct axis *a, bool texts)
{
	size_t named = a->n;
	char text[32];

	add_number(s, a, 0);
	add_number(s, a, 1);
	for (size_t i = 0; i < named; i++)
		if (a->at[i].type == VALUE_NUMBER) {
			add_number(s, a, a->at[i].number - 1);
			add_number(s, a, a->at[i].number + 1);
		}
	for (size_t i = 0, n = a->n; texts && i < n; i++) {
		struct value v = { .type = VALUE_TEXT };
		int64_t same;

		if (a->at[i].type != VALUE_NUMBER || a->at[i].number < 0)
			continue;
		(void)snprintf(text, sizeof(text), "%" PRId64 "s", a->at[i].number);
		v.text = octets_text(text);
		if (!value_duration(v.text, &same)) { /* too long for seconds; days may say it */
			a->whole = false;
			continue;
		}
		a->whole = a->whole && !has_text(a, named, text);
		add_text(s, a, text);
	}
}

/* The address behind the last one of a net; false: it is the last of all. */
static bool
behind(const struct value *net, unsigned prefix, struct value *ret)
{
	*ret = (struct value){ .type = VALUE_ADDRESS };
	memcpy(ret->address, net->address, sizeof(ret->address));
	for (unsigned bit = prefix; bit-- > 0;) {
		uint8_t *octet = &ret->address[bit / 8];

		*octet ^= (uint8_t)(0x80u >> bit % 8);
		if ((*octet & 0x80u >> bit % 8) != 0)
			return true; /* no carry */
	}
	return false;
}

/* The addresses at which any net begins, and those behind each: between two of these nothing
 * changes. IPv4 is a place of its own. */
static void
finish_nets(struct space *s, struct axis *a)
{
	size_t named = a->n;
	struct value v = { .type = VALUE_ADDRESS }, next;

	v.address[10] = v.address[11] = 0xff;
	v.address[12] = 192;
	v.address[14] = 2; /* RFC 5737, for people */
	v.address[15] = 1;
	space_add(s, a, &v);
	memset(&v.address[12], 0, 4);
	space_add(s, a, &v);
	if (behind(&v, 96, &next))
		space_add(s, a, &next);
	memset(v.address, 0, sizeof(v.address));
	space_add(s, a, &v);
	for (size_t i = 0; i < named; i++) {
		const struct value *of = &a->at[i];
		unsigned prefix = of->type == VALUE_NET ? of->prefix : 128;

		if (of->type != VALUE_NET && of->type != VALUE_ADDRESS)
			continue;
		v = (struct value){ .type = VALUE_ADDRESS };
		memcpy(v.address, of->address, sizeof(v.address));
		if (behind(of, prefix, &next))
			space_add(s, a, &next);
		space_add(s, a, &v);
	}
	/* nets were kept for these two alone: no request is one */
	for (size_t i = 0; i < named; i++)
		if (a->at[i].type == VALUE_NET)
			a->at[i].type = VALUE_NONE;
}

/* Is a minute of a day one where a time of the rules begins or ends? */
static bool
is_edge(const uint8_t edges[static DAY_M + 1], unsigned minute)
{
	return minute == 0 || edges[minute] != 0;
}

static void
mark_edges(const struct condition *c, uint8_t edges[static DAY_M + 1])
{
	if (c == NULL)
		return;
	if (c->op == CONDITION_TIME)
		edges[c->time.from_m] = edges[c->time.until_m] = 1;
	for (size_t i = 0; i < c->kids_n; i++)
		mark_edges(&c->kids[i], edges);
}

/* Each day and each minute at which something begins or ends, on the one clock that all go by. */
static void
finish_times(struct space *s, struct axis *a)
{
	uint8_t edges[DAY_M + 1] = { 0 };
	size_t want = 7, got = 0;
	unsigned day, minute;

	add_number(s, a, REFERENCE_S + 43200);
	for (size_t i = 0; i < s->d->rules_n; i++) {
		mark_edges(s->d->rules[i].when, edges);
		mark_edges(s->d->rules[i].unless, edges);
	}
	for (size_t i = 0; i < s->d->invariants_n; i++)
		mark_edges(s->d->invariants[i].when, edges);
	for (size_t i = 1; i < DAY_M; i++)
		want += edges[i] != 0 ? 7 : 0;
	for (int64_t at = REFERENCE_S; s->timed && at < REFERENCE_S + WEEK_S; at += 60) {
		zone_local(s->zone, at, &day, &minute);
		if (!is_edge(edges, minute))
			continue;
		got++;
		add_number(s, a, at);
	}
	a->whole = a->whole && !s->zones && (!s->timed || got >= want);
}

/* A text that no rule names. */
static void
finish_texts(struct space *s, struct axis *a)
{
	char text[32];
	unsigned i = 0;

	do
		(void)snprintf(text, sizeof(text), "other%u", i++);
	while (has_text(a, a->n, text));
	a->fresh = a->n;
	add_text(s, a, text);
}

static void
finish_open(struct space *s, struct axis *a)
{
	struct octets *other = arena_copy_of(
	    &s->arena, &(struct octets){ (const uint8_t *)"other", 5 }, 1, sizeof(*other));
	struct value list = { .type = VALUE_LIST };

	space_add(s, a, &(struct value){ .type = VALUE_BOOL, .yes = true });
	space_add(s, a, &(struct value){ .type = VALUE_BOOL });
	/* a text such as "5" is a version and a number: of both orders at once we prove nothing */
	a->whole = a->whole && !(a->orders_numbers && a->orders_versions);
	finish_numbers(s, a, a->orders_numbers);
	if (a->orders_versions)
		finish_versions(s, a);
	list.list.at = other;
	list.list.n = other == NULL ? 0 : 1;
	space_add(s, a, &list);
}

void
space_finish(struct space *s, struct axis *a)
{
	const struct attribute_info *info =
	    a->ref.at == ATTRIBUTE_OPEN ? NULL : attribute_info(a->ref.at);

	if (a->kind != AXIS_ATTRIBUTE)
		return;
	if (info == NULL || info->type == VALUE_TEXT)
		finish_texts(s, a);
	if (info == NULL)
		finish_open(s, a);
	else if (a->ref.at == ATTRIBUTE_TIME)
		finish_times(s, a);
	else if (info->type == VALUE_NUMBER)
		finish_numbers(s, a, false);
	else if (info->type == VALUE_ADDRESS)
		finish_nets(s, a);
	else if (info->type == VALUE_BOOL) {
		space_add(s, a, &(struct value){ .type = VALUE_BOOL, .yes = true });
		space_add(s, a, &(struct value){ .type = VALUE_BOOL });
	} else if (a->orders_versions)
		finish_versions(s, a);
	if (!a->whole)
		space_add(s, a, &(struct value){ .type = VALUE_LIST });
}
