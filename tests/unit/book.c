/* tests/unit/book.c - see book.h. */
#include "book.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct page {
	struct page *next;
	uint64_t at[]; /* for the alignment */
};

static struct page *pages;

void *
book_take(size_t n)
{
	struct page *p = calloc(1, sizeof(*p) + n);

	ck_assert_ptr_nonnull(p);
	p->next = pages;
	pages = p;
	return p->at;
}

void
book_close(void)
{
	while (pages != NULL) {
		struct page *p = pages;

		pages = p->next;
		free(p);
	}
}

const struct octets *
book_words(const char *s, size_t *ret_n)
{
	struct octets *words = book_take((strlen(s) / 2 + 1) * sizeof(*words));

	*ret_n = 0;
	while (*(s += strspn(s, " ")) != '\0') {
		words[*ret_n] = octets_of(s, strcspn(s, " "));
		s += words[(*ret_n)++].n;
	}
	return words;
}

static struct value
want_of(struct octets word)
{
	struct value v = { .type = VALUE_TEXT, .text = word };
	char s[64], *end;

	if (octets_same(word, octets_text("true")) || octets_same(word, octets_text("false")))
		return (struct value){ .type = VALUE_BOOL, .yes = word.n == 4 };
	if (memchr(word.at, '/', word.n) != NULL && value_net(word, &v))
		return v;
	ck_assert_int_ge(snprintf(s, sizeof(s), "%.*s", (int)word.n, (const char *)word.at), 0);
	v.number = strtoll(s, &end, 10);
	if (*end == '\0')
		return (struct value){ .type = VALUE_NUMBER, .number = v.number };
	return (struct value){ .type = VALUE_TEXT, .text = word };
}

struct condition
book_want(enum condition_op op, enum attribute a, const char *wants)
{
	size_t n;
	const struct octets *words = book_words(wants, &n);
	struct value *values = book_take((n + 1) * sizeof(*values));

	for (size_t i = 0; i < n; i++)
		values[i] = want_of(words[i]);
	return (struct condition){ .op = op,
		.attribute = { a, octets_text(attribute_info(a)->name) },
		.versions = attribute_info(a)->reading == READ_VERSION,
		.wants = values,
		.wants_n = n };
}

struct condition
book_open(enum condition_op op, const char *name, const char *wants)
{
	struct condition c = book_want(op, ATTRIBUTE_SUBJECT_NAME, wants);

	c.attribute = (struct attribute_ref){ ATTRIBUTE_OPEN, octets_text(name) };
	return c;
}

struct condition
book_kids(enum condition_op op, const struct condition *kids, size_t n)
{
	struct condition *mine = book_take((n + 1) * sizeof(*mine));

	for (size_t i = 0; i < n; i++)
		mine[i] = kids[i];
	return (struct condition){ .op = op, .kids = mine, .kids_n = n };
}

const struct condition *
book_all(const struct condition *kids, size_t n)
{
	struct condition *top = book_take(sizeof(*top));

	*top = book_kids(CONDITION_ALL, kids, n);
	return top;
}

const struct condition *
book_one(struct condition c)
{
	return book_all(&c, 1);
}

struct condition
book_rate(enum attribute key, int64_t most, bool over, int64_t per_s)
{
	return (struct condition){ .op = CONDITION_RATE,
		.count = { .key = { key, octets_text(attribute_info(key)->name) },
		    .most = most,
		    .over = over,
		    .per_s = per_s } };
}

struct condition
book_quota(enum attribute key, enum attribute unit, int64_t most, int64_t per_s)
{
	struct condition c = book_rate(key, most, false, per_s);

	c.op = CONDITION_QUOTA;
	c.count.unit = (struct attribute_ref){ unit, octets_text(attribute_info(unit)->name) };
	return c;
}

struct policy_rule
book_rule(enum policy_effect effect, const char *id, const char *actions)
{
	struct policy_rule r = { .id = octets_text(id), .effect = effect, .mode = MODE_ENFORCE };

	r.actions = book_words(actions, &r.actions_n);
	return r;
}

void
book_spiffe(struct policy_rule *rule, const char *patterns)
{
	rule->spiffe = book_words(patterns, &rule->spiffe_n);
}

void
book_roles(struct policy_rule *rule, const char *roles)
{
	rule->roles = book_words(roles, &rule->roles_n);
}

void
book_types(struct policy_rule *rule, const char *types)
{
	rule->types = book_words(types, &rule->types_n);
}

void
book_oblige(struct policy_rule *rule, const char *obligations)
{
	size_t n;
	const struct octets *words = book_words(obligations, &n);
	struct obligation *all = book_take((n + 1) * sizeof(*all));

	for (size_t i = 0; i < n; i++) {
		const uint8_t *equals = memchr(words[i].at, '=', words[i].n);

		all[i] = (struct obligation){ words[i], octets_text("{}") };
		if (equals == NULL)
			continue;
		all[i].name.n = (size_t)(equals - words[i].at);
		all[i].json = octets_of(equals + 1, words[i].n - all[i].name.n - 1);
	}
	rule->obligations = all;
	rule->obligations_n = n;
}

struct document *
book_document(enum document_kind kind, const char *name, const char *scope,
    const struct policy_rule *rules, size_t n)
{
	struct document *d = book_take(sizeof(*d));
	struct policy_rule *mine = book_take((n + 1) * sizeof(*mine));

	for (size_t i = 0; i < n; i++)
		mine[i] = rules[i];
	*d = (struct document){ .kind = kind,
		.mode = MODE_ENFORCE,
		.name = octets_text(name),
		.scope = octets_text(scope),
		.rules = mine,
		.rules_n = n };
	for (size_t i = 0; name[i] != '\0'; i++)
		d->digest[i % DOCUMENT_DIGEST_OCTETS] ^= (uint8_t)name[i];
	return d;
}

struct set *
book_set(const struct document *const *documents, size_t n)
{
	struct set *s = NULL;
	struct fault f = { 0 };

	ck_assert_msg(set_compile(documents, n, &s, &f), "%s", f.text);
	return s;
}

struct request
book_request(const char *id, const char *role, const char *action)
{
	struct request r = { .action = octets_text(action), .supports_all = true };

	request_text(&r, ATTRIBUTE_SUBJECT_ID, octets_text(id));
	request_text(&r, ATTRIBUTE_SUBJECT_ROLE, octets_text(role));
	request_text(&r, ATTRIBUTE_RESOURCE_TYPE, octets_text("service"));
	request_number(&r, ATTRIBUTE_TIME, 1782900900); /* Wednesday 2026-07-01 10:15 UTC */
	return r;
}

/* A linear congruence of 64 bits (Knuth's MMIX), its high half. */
uint32_t
book_roll(struct book_dice *d, uint32_t n)
{
	d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(d->state >> 33) % n;
}
