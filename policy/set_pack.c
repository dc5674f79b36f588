/* policy/set_pack.c - rules packed into tests, and tests made; see set_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/set_internal.h"

#define SCHEME_N 9 /* "spiffe://" */

/* --- packing --------------------------------------------------------------------------------- */

/* False, here and below: it takes more than a test. */
static bool
test_of_want(const struct condition *c, struct test *t)
{
	const struct value *want = c->wants;

	t->attribute = (uint8_t)c->attribute.at;
	switch (want->type) {
	case VALUE_BOOL:
		t->kind = TEST_BOOL;
		t->yes = want->yes;
		return true;
	case VALUE_NUMBER:
		t->kind = TEST_RANGE;
		t->range[0] = t->range[1] = want->number;
		return true;
	case VALUE_TEXT:
		t->kind = TEST_TEXT;
		t->text = want->text;
		return true;
	default:
		return false;
	}
}

static bool
test_of_order(const struct condition *c, struct test *t)
{
	int64_t want = c->wants->number;

	if (c->versions || c->wants->type != VALUE_NUMBER || want == INT64_MIN || want == INT64_MAX)
		return false;
	t->kind = TEST_RANGE;
	t->attribute = (uint8_t)c->attribute.at;
	t->range[0] = c->op == CONDITION_GT ? want + 1 : c->op == CONDITION_GTE ? want : INT64_MIN;
	t->range[1] = c->op == CONDITION_LT ? want - 1 : c->op == CONDITION_LTE ? want : INT64_MAX;
	return true;
}

/* The high bits, prefix of them, of 64. */
static uint64_t
high_bits(unsigned prefix)
{
	return prefix == 0 ? 0 : prefix >= 64 ? UINT64_MAX : ~(UINT64_MAX >> prefix);
}

/* A net of fewer than 96 bits is not told by its bits alone: IPv4 is in none. */
static bool
test_of_net(const struct condition *c, struct test *t)
{
	const struct value *want = c->wants;

	if (want->type != VALUE_ADDRESS && (want->type != VALUE_NET || want->prefix < 96))
		return false;
	t->kind = TEST_NET;
	t->attribute = ATTRIBUTE_SOURCE_IP;
	t->net[0] = sorted_big_endian(want->address);
	t->net[1] = sorted_big_endian(want->address + 8);
	t->prefix = want->type == VALUE_ADDRESS ? 128 : want->prefix;
	return true;
}

static bool
test_of(const struct condition *c, struct test *t)
{
	*t = (struct test){ .kind = TEST_BOOL };
	switch (c->op) {
	case CONDITION_EQUALS:
	case CONDITION_IN:
	case CONDITION_IN_SET:
	case CONDITION_CIDR:
		if (c->wants_n != 1 || c->attribute.at == ATTRIBUTE_OPEN)
			return false;
		return c->attribute.at == ATTRIBUTE_SOURCE_IP ? test_of_net(c, t)
							      : test_of_want(c, t);
	case CONDITION_GT:
	case CONDITION_GTE:
	case CONDITION_LT:
	case CONDITION_LTE:
		return c->wants_n == 1 && c->attribute.at != ATTRIBUTE_OPEN && test_of_order(c, t);
	case CONDITION_TIME:
		t->kind = TEST_TIME;
		t->attribute = ATTRIBUTE_TIME;
		t->days = c->time.days;
		t->from_m = c->time.from_m;
		t->until_m = c->time.until_m;
		return c->time.zone == NULL && t->from_m <= t->until_m;
	default:
		return false;
	}
}

static bool
add_test(struct set *s, struct packed *p, const struct test *t)
{
	if (s->tests_n == s->tests_room) {
		size_t room = s->tests_room == 0 ? 64 : 2 * s->tests_room;
		struct test *more = realloc(s->tests, room * sizeof(*more));

		if (more == NULL)
			return false;
		s->tests = more;
		s->tests_room = room;
	}
	s->tests[s->tests_n++] = *t;
	p->n++;
	return true;
}

static void
pack_pattern(struct packed *p, struct octets pattern)
{
	struct octets rest = { pattern.at + SCHEME_N, pattern.n - SCHEME_N };
	const uint8_t *star;
	size_t left;

	p->any_tenant = rest.n > 1 && rest.at[0] == '*' && rest.at[1] == '.';
	if (p->any_tenant) {
		rest.at++;
		rest.n--;
	}
	star = memchr(rest.at, '*', rest.n);
	p->literal = rest.at;
	p->literal_n = (uint32_t)(star == NULL ? rest.n : (size_t)(star - rest.at));
	left = rest.n - p->literal_n;
	p->tail = TAIL_OTHER;
	if (left == 0)
		p->tail = TAIL_NONE;
	else if (memchr(rest.at, '/', p->literal_n) == NULL)
		return; /* a star in the host */
	else if (left == 2 && star[1] == '*')
		p->tail = TAIL_REST;
	else if (left == 1)
		p->tail = star[-1] == '/' ? TAIL_SEGMENT : TAIL_PART;
}

/* As a test, or as one more thing that no test tells. False: out of memory. */
static bool
pack_condition(struct set *s, struct packed *p, const struct condition *c)
{
	struct test t;
	bool can = false;
	uint32_t which;

	if (test_of(c, &t))
		return add_test(s, p, &t);
	if (!sorted_of(s, c, &can, &which))
		return false;
	if (!can) {
		p->more_holds = true;
		return true;
	}
	t = (struct test){ .kind = s->sorted[which].words != NULL ? TEST_WORDS : TEST_SPANS };
	t.attribute = (uint8_t)c->attribute.at;
	t.sorted = which;
	return add_test(s, p, &t);
}

static bool
pack_rule(struct set *s, struct packed *p, const struct ruling *r)
{
	const struct policy_rule *rule = r->rule;
	const struct condition *when = rule->when;
	struct octets pattern = rule->spiffe_n == 0 ? r->document->scope : rule->spiffe[0];
	struct test t = { .kind = TEST_TEXT, .attribute = ATTRIBUTE_RESOURCE_TYPE };

	p->first = (uint32_t)s->tests_n;
	p->tail = TAIL_OTHER;
	if (rule->spiffe_n <= 1 && glob_within(pattern, r->document->scope))
		pack_pattern(p, pattern);
	p->more_fits = p->tail == TAIL_OTHER || rule->types_n > 1;
	p->more_holds = rule->unless != NULL || (when != NULL && when->op != CONDITION_ALL);
	if (rule->types_n == 1) {
		t.text = rule->types[0];
		if (!add_test(s, p, &t))
			return false;
	}
	for (size_t i = 0; when != NULL && when->op == CONDITION_ALL && i < when->kids_n; i++)
		if (!pack_condition(s, p, &when->kids[i]))
			return false;
	return true;
}

bool
set_pack(struct set *s, struct fault *f)
{
	s->packed = calloc(s->n + 1, sizeof(*s->packed));
	if (s->packed == NULL)
		return fault_set(f, FAULT_INTERNAL, "policy: out of memory");
	for (size_t i = 0; i < s->n; i++)
		if (!pack_rule(s, &s->packed[i], &s->rules[i]))
			return fault_set(f, FAULT_INTERNAL, "policy: out of memory");
	return true;
}

/* --- testing --------------------------------------------------------------------------------- */

void
view_of(const struct request *r, struct view *ret)
{
	const struct value *ip = &r->fixed[ATTRIBUTE_SOURCE_IP];
	const struct value *at = &r->fixed[ATTRIBUTE_TIME];
	struct octets id = r->fixed[ATTRIBUTE_SUBJECT_ID].text;

	*ret = (struct view){ .request = r };
	ret->tenant_n = names_tenant(id).n;
	if (octets_take_text(&id, "spiffe://"))
		ret->id = id;
	if (ip->type == VALUE_ADDRESS) {
		ret->ip[0] = sorted_big_endian(ip->address);
		ret->ip[1] = sorted_big_endian(ip->address + 8);
	}
	if (at->type == VALUE_NUMBER)
		zone_local(NULL, at->number, &ret->day, &ret->minute);
}

static int
test_holds(const struct set *s, const struct test *t, const struct view *view)
{
	const struct value *v = &view->request->fixed[t->attribute];

	switch ((enum test_kind)t->kind) {
	case TEST_BOOL:
		return v->type != VALUE_BOOL ? -1 : v->yes == t->yes;
	case TEST_TEXT:
		if (v->type != VALUE_TEXT)
			return -1;
		return octets_same(v->text, t->text);
	case TEST_RANGE:
		if (v->type != VALUE_NUMBER)
			return -1;
		return v->number >= t->range[0] && v->number <= t->range[1];
	case TEST_NET:
		if (v->type != VALUE_ADDRESS)
			return -1;
		return view->ip[0] == t->net[0] &&
		       ((view->ip[1] ^ t->net[1]) & high_bits(t->prefix - 64u)) == 0;
	case TEST_WORDS:
		return v->type != VALUE_TEXT ? -1 : sorted_has_word(&s->sorted[t->sorted], v->text);
	case TEST_SPANS:
		if (v->type != VALUE_ADDRESS)
			return -1;
		return sorted_has_address(&s->sorted[t->sorted], view->ip);
	case TEST_TIME:
		if (v->type != VALUE_NUMBER)
			return -1;
		return view->minute >= t->from_m && view->minute < t->until_m &&
		       (t->days >> view->day & 1) != 0;
	}
	return -1;
}

/* 0 where the subject cannot match, 1 where it does, -1 where it takes a closer look. */
static int
subject_holds(const struct packed *p, const struct view *v)
{
	struct octets id = v->id;

	if (p->literal == NULL)
		return -1;
	if (p->any_tenant) {
		if (v->tenant_n == 0)
			return 0;
		id.at += v->tenant_n;
		id.n -= v->tenant_n;
	}
	if (id.n < p->literal_n || memcmp(id.at, p->literal, p->literal_n) != 0)
		return 0;
	id.at += p->literal_n;
	id.n -= p->literal_n;
	switch ((enum pattern_tail)p->tail) {
	case TAIL_NONE:
		return id.n == 0;
	case TAIL_REST:
		return id.n > 0;
	case TAIL_SEGMENT:
	case TAIL_PART:
		if (id.n == 0)
			return p->tail == TAIL_PART;
		return memchr(id.at, '/', id.n) == NULL;
	case TAIL_OTHER:
		break;
	}
	return -1;
}

int
packed_holds(const struct set *s, const struct packed *p, const struct view *v)
{
	int says = 1;

	for (uint32_t i = 0; i < p->n; i++) {
		int one = test_holds(s, &s->tests[p->first + i], v);

		if (one == 0)
			return 0;
		says = one < 0 ? -1 : says;
	}
	switch (subject_holds(p, v)) {
	case 0:
		return 0;
	case 1:
		break;
	default:
		return -1;
	}
	if (p->more_fits || p->more_holds || p->any_action || p->any_role)
		return -1;
	return says;
}
