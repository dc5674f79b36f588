/* policy/set_sorted.c - long lists of a rule's wants, looked up by halves; see set_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "policy/set_internal.h"

#define SORTED_FROM 4 /* wants; fewer are as quick one by one */

uint64_t
sorted_big_endian(const uint8_t *at)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | at[i];
	return v;
}

static int
compare_words(struct octets a, struct octets b)
{
	int order = 0;

	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	if (a.n > 0)
		order = memcmp(a.at, b.at, a.n);
	return order;
}

static int
by_word(const void *a, const void *b)
{
	return compare_words(*(const struct octets *)a, *(const struct octets *)b);
}

static int
compare_addresses(const uint64_t a[static 2], const uint64_t b[static 2])
{
	if (a[0] != b[0])
		return a[0] < b[0] ? -1 : 1;
	return (a[1] > b[1]) - (a[1] < b[1]);
}

static int
by_first(const void *a, const void *b)
{
	return compare_addresses(((const struct span *)a)->first, ((const struct span *)b)->first);
}

/* A net that holds the addresses of IPv4, ::ffff:0:0/96, and yet means none of them: its span would
 * say too much. */
static bool
is_mixed(const struct value *net)
{
	static const uint8_t v4[VALUE_ADDRESS_OCTETS] = { [10] = 0xff, 0xff };
	unsigned whole = net->prefix / 8, rest = net->prefix % 8;

	if (net->prefix >= 96 || memcmp(net->address, v4, whole) != 0)
		return false;
	return rest == 0 || (net->address[whole] ^ v4[whole]) >> (8 - rest) == 0;
}

/* What all wants are: texts, or nets that are spans; VALUE_NONE otherwise. */
static enum value_type
kind_of(const struct condition *c)
{
	enum value_type type = c->wants[0].type == VALUE_TEXT ? VALUE_TEXT : VALUE_NET;

	for (size_t i = 0; i < c->wants_n; i++) {
		const struct value *want = &c->wants[i];
		bool net = want->type == VALUE_NET || want->type == VALUE_ADDRESS;

		if (type == VALUE_TEXT ? want->type != VALUE_TEXT
				       : !net || (want->type == VALUE_NET && is_mixed(want)))
			return VALUE_NONE;
	}
	return type;
}

static struct span
span_of(const struct value *want)
{
	unsigned prefix = want->type == VALUE_NET ? want->prefix : 128;
	struct span s;

	s.first[0] = s.last[0] = sorted_big_endian(want->address);
	s.first[1] = s.last[1] = sorted_big_endian(want->address + 8);
	if (prefix < 64)
		s.last[0] |= UINT64_MAX >> prefix;
	if (prefix <= 64)
		s.last[1] = UINT64_MAX;
	else if (prefix < 128)
		s.last[1] |= UINT64_MAX >> (prefix - 64);
	return s;
}

/* Nets lie one within the other or apart, so a span that begins within the last one ends there. */
static size_t
sort_spans(struct span *spans, size_t n)
{
	size_t kept = 0;

	qsort(spans, n, sizeof(*spans), by_first);
	for (size_t i = 0; i < n; i++) {
		struct span *last = &spans[kept == 0 ? 0 : kept - 1];

		if (kept > 0 && compare_addresses(spans[i].first, last->last) <= 0) {
			if (compare_addresses(spans[i].last, last->last) > 0)
				memcpy(last->last, spans[i].last, sizeof(last->last));
			continue;
		}
		spans[kept++] = spans[i];
	}
	return kept;
}

static bool
sort(struct sorted *to, const struct condition *c, enum value_type type)
{
	*to = (struct sorted){ .wants = c->wants, .n = c->wants_n };
	if (type == VALUE_TEXT) {
		to->words = calloc(c->wants_n, sizeof(*to->words));
		if (to->words == NULL)
			return false;
		for (size_t i = 0; i < c->wants_n; i++)
			to->words[i] = c->wants[i].text;
		qsort(to->words, to->n, sizeof(*to->words), by_word);
		return true;
	}
	to->spans = calloc(c->wants_n, sizeof(*to->spans));
	if (to->spans == NULL)
		return false;
	for (size_t i = 0; i < c->wants_n; i++)
		to->spans[i] = span_of(&c->wants[i]);
	to->n = sort_spans(to->spans, to->n);
	return true;
}

bool
sorted_of(struct set *s, const struct condition *c, bool *ret_can, uint32_t *ret)
{
	enum value_type type;

	*ret_can = false;
	if ((c->op != CONDITION_IN && c->op != CONDITION_IN_SET && c->op != CONDITION_CIDR) ||
	    c->attribute.at == ATTRIBUTE_OPEN || c->wants_n < SORTED_FROM)
		return true;
	type = kind_of(c);
	if (type != (c->attribute.at == ATTRIBUTE_SOURCE_IP ? VALUE_NET : VALUE_TEXT))
		return true;
	/* conditions of one named set come one behind the other, as often as not */
	if (s->sorted_n == 0 || s->sorted[s->sorted_n - 1].wants != c->wants) {
		if (s->sorted_n == s->sorted_room) {
			size_t room = s->sorted_room == 0 ? 16 : 2 * s->sorted_room;
			struct sorted *more = realloc(s->sorted, room * sizeof(*more));

			if (more == NULL)
				return false;
			s->sorted = more;
			s->sorted_room = room;
		}
		if (!sort(&s->sorted[s->sorted_n], c, type))
			return false;
		s->sorted_n++;
	}
	*ret = (uint32_t)(s->sorted_n - 1);
	*ret_can = true;
	return true;
}

bool
sorted_has_word(const struct sorted *s, struct octets word)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_words(word, s->words[middle]);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

bool
sorted_has_address(const struct sorted *s, const uint64_t ip[static 2])
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_addresses(ip, s->spans[middle].first) < 0)
			high = middle;
		else if (compare_addresses(ip, s->spans[middle].last) > 0)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

void
sorted_free(struct set *s)
{
	for (size_t i = 0; i < s->sorted_n; i++) {
		free(s->sorted[i].words);
		free(s->sorted[i].spans);
	}
	free(s->sorted);
}
