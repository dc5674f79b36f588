/* policy/glob.c - see glob.h. */
#include "policy/glob.h"

#include <string.h>

#define SCHEME "spiffe://"

static bool
is_letter(uint8_t c)
{
	uint8_t small = c | 0x20;

	return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       c == '~';
}

static bool
is_small(uint8_t c)
{
	return is_letter(c) && !(c >= 'A' && c <= 'Z') && c != '~';
}

/* What stands before the first c, and o loses it with that c; all of o where there is none. */
static struct octets
take_until(struct octets *o, char c, bool *ret_found)
{
	const uint8_t *at = o->n == 0 ? NULL : memchr(o->at, c, o->n);
	struct octets head = { o->at, at == NULL ? o->n : (size_t)(at - o->at) };

	*ret_found = at != NULL;
	o->at += head.n + (at != NULL);
	o->n -= head.n + (at != NULL);
	return head;
}

static bool
is_text(struct octets o, const char *text)
{
	return octets_same(o, octets_text(text));
}

static bool
is_host(struct octets host)
{
	bool more = true;

	while (more) {
		struct octets label = take_until(&host, '.', &more);

		if (label.n == 0 || label.n > 63)
			return false;
		for (size_t i = 0; i < label.n && !is_text(label, "*"); i++)
			if (!is_small(label.at[i]))
				return false;
	}
	return true;
}

bool
glob_is_pattern(struct octets pattern)
{
	bool more;

	if (pattern.n > GLOB_MAX || !octets_take_text(&pattern, SCHEME) ||
	    !is_host(take_until(&pattern, '/', &more)) || !more)
		return false;
	while (more) {
		struct octets segment = take_until(&pattern, '/', &more);

		if (segment.n == 0 || is_text(segment, ".") || is_text(segment, ".."))
			return false;
		if (is_text(segment, "**"))
			return !more;
		for (size_t i = 0; i < segment.n; i++) {
			uint8_t c = segment.at[i];

			if (c == '*' && i > 0 && segment.at[i - 1] == '*')
				return false; /* it would look like the rest, and not be it */
			if (c != '*' && c != '.' && !is_letter(c))
				return false;
		}
	}
	return true;
}

/* One segment. A star takes as little as it can; the last one is widened where that fails. */
static bool
match_segment(struct octets p, struct octets s)
{
	size_t i = 0, j = 0, star = SIZE_MAX, from = 0;

	if (s.n == 0)
		return false;
	while (j < s.n)
		if (i < p.n && p.at[i] == '*') {
			star = i++;
			from = j;
		} else if (i < p.n && p.at[i] == s.at[j]) {
			i++;
			j++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			j = ++from;
		} else {
			return false;
		}
	while (i < p.n && p.at[i] == '*')
		i++;
	return i == p.n;
}

static bool
match_host(struct octets p, struct octets s)
{
	bool more_p = true, more_s = true;

	while (more_p && more_s) {
		struct octets label = take_until(&p, '.', &more_p);
		struct octets is = take_until(&s, '.', &more_s);

		if (is_text(label, "*") ? is.n == 0 : !octets_same(label, is))
			return false;
	}
	return !more_p && !more_s;
}

bool
glob_match(struct octets p, struct octets s)
{
	bool more_p, more_s;

	if (!octets_take_text(&p, SCHEME) || !octets_take_text(&s, SCHEME) ||
	    !match_host(take_until(&p, '/', &more_p), take_until(&s, '/', &more_s)))
		return false;
	while (more_p && more_s) {
		struct octets segment;

		if (is_text(p, "**"))
			return s.n > 0;
		segment = take_until(&p, '/', &more_p);
		if (!match_segment(segment, take_until(&s, '/', &more_s)))
			return false;
	}
	return !more_p && !more_s;
}

/* Each label of inner is within that of outer; "*" is within "*" alone. */
static bool
host_within(struct octets inner, struct octets outer)
{
	bool more_i = true, more_o = true;

	while (more_i && more_o) {
		struct octets in = take_until(&inner, '.', &more_i);
		struct octets out = take_until(&outer, '.', &more_o);

		if (!is_text(out, "*") && !octets_same(in, out))
			return false;
	}
	return !more_i && !more_o;
}

static bool
segment_within(struct octets inner, struct octets outer)
{
	if (is_text(outer, "*") || octets_same(inner, outer))
		return true;
	return memchr(inner.at, '*', inner.n) == NULL && match_segment(outer, inner);
}

bool
glob_within(struct octets inner, struct octets outer)
{
	bool more_i, more_o;

	if (!glob_is_pattern(inner) || !glob_is_pattern(outer))
		return false;
	octets_take_text(&inner, SCHEME);
	octets_take_text(&outer, SCHEME);
	if (!host_within(take_until(&inner, '/', &more_i), take_until(&outer, '/', &more_o)))
		return false;
	while (more_i && more_o) {
		struct octets in, out;

		if (is_text(outer, "**"))
			return true;
		in = take_until(&inner, '/', &more_i);
		out = take_until(&outer, '/', &more_o);
		if (is_text(in, "**") || !segment_within(in, out))
			return false;
	}
	return !more_i && !more_o;
}

bool
glob_is_action(struct octets pattern)
{
	bool more = true;

	if (pattern.n > GLOB_ACTION_MAX)
		return false;
	while (more) {
		struct octets word = take_until(&pattern, '.', &more);

		if (is_text(word, "*"))
			return !more;
		if (word.n == 0)
			return false;
		for (size_t i = 0; i < word.n; i++)
			if (!is_small(word.at[i]))
				return false;
	}
	return true;
}

bool
glob_action(struct octets p, struct octets action)
{
	if (is_text(p, "*"))
		return true;
	if (p.n >= 2 && p.at[p.n - 1] == '*' && p.at[p.n - 2] == '.')
		return action.n > p.n - 1 && memcmp(p.at, action.at, p.n - 1) == 0;
	return octets_same(p, action);
}
