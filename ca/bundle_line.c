/* ca/bundle_line.c - see bundle_line.h. */
#include "ca/bundle_line.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/der.h"
#include "base/text.h"

#define SERIALS_FIRST 1024

/* --- a line's members, without a parser ------------------------------------------------------- */

/* Behind the text that begins at at, which is a quote; NULL where it does not end. */
static const uint8_t *
text_end(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *from = at + 1, *quote = from;

	while (quote < end && (quote = memchr(quote, '"', (size_t)(end - quote))) != NULL) {
		const uint8_t *slash = quote;

		while (slash > from && slash[-1] == '\\')
			slash--;
		quote++;
		if ((quote - slash) % 2 == 1) /* a quote behind an even number of them */
			return quote;
	}
	return NULL;
}

/* Behind the value that begins at at. */
static const uint8_t *
value_end(const uint8_t *at, const uint8_t *end)
{
	unsigned depth = 0;

	if (at < end && *at == '"')
		return text_end(at, end);
	while (at != NULL && at < end) {
		if (*at == '"') {
			at = text_end(at, end);
		} else if (*at == '{' || *at == '[') {
			depth++;
			at++;
		} else if (*at == '}' || *at == ']') {
			if (depth == 0)
				return at;
			depth--;
			at++;
		} else if (*at == ',' && depth == 0) {
			return at;
		} else {
			at++;
		}
	}
	return NULL;
}

struct member {
	const char *name;
	size_t n, at; /* octets of the name; of a value in struct bundle_line */
};
#define MEMBER(name)                                                                               \
	{                                                                                          \
#name, sizeof(#name) - 1, offsetof(struct bundle_line, name)                       \
	}
static const struct member texts[] = { MEMBER(act), MEMBER(at), MEMBER(ca), MEMBER(certificate),
	MEMBER(prev), MEMBER(serial), MEMBER(serial_sha256) };
static const struct member numbers[] = { MEMBER(n) };

static bool
find(const struct member *table, size_t n, struct octets name, size_t *ret)
{
	for (size_t i = 0; i < n; i++)
		if (name.n == table[i].n && memcmp(name.at, table[i].name, name.n) == 0) {
			*ret = table[i].at;
			return true;
		}
	return false;
}

/* -1: no number that an entry can have. */
static int64_t
number(struct octets o)
{
	int64_t v = 0;

	if (o.n == 0 || o.n > 15)
		return -1;
	for (size_t i = 0; i < o.n; i++) {
		if (o.at[i] < '0' || o.at[i] > '9')
			return -1;
		v = v * 10 + (o.at[i] - '0');
	}
	return v;
}

static void
take(struct bundle_line *l, struct octets name, struct octets value)
{
	size_t at;

	if (value.at[0] == '"') {
		value = octets_of(value.at + 1, value.n - 2);
		if (find(texts, sizeof(texts) / sizeof(texts[0]), name, &at))
			memcpy((uint8_t *)l + at, &value, sizeof(value));
	} else if (find(numbers, sizeof(numbers) / sizeof(numbers[0]), name, &at)) {
		int64_t v = number(value);

		memcpy((uint8_t *)l + at, &v, sizeof(v));
	}
}

bool
bundle_line(struct octets line, struct bundle_line *ret)
{
	struct bundle_line l = { .n = -1 };
	const uint8_t *at = line.at, *end, *name, *value;

	if (line.n < 2 || *at != '{')
		return false;
	end = line.at + line.n;
	at++;
	while (at < end && *at == '"') {
		name = at + 1;
		if ((at = text_end(at, end)) == NULL || at == end || *at != ':')
			return false;
		value = at + 1;
		if ((at = value_end(value, end)) == NULL || at == value)
			return false;
		take(&l, octets_of(name, (size_t)(value - 2 - name)),
		    octets_of(value, (size_t)(at - value)));
		if (at == end || (*at != ',' && *at != '}'))
			return false;
		at += *at == ',';
	}
	if (at + 1 != end || *at != '}')
		return false;
	*ret = l;
	return true;
}

/* Exactly to's octets in hex. */
static bool
unhex(struct octets text, uint8_t *to, size_t n)
{
	char hex[2 * LOG_HASH_OCTETS + 1];

	if (text.n != 2 * n || text.n >= sizeof(hex))
		return false;
	memcpy(hex, text.at, text.n);
	hex[text.n] = '\0';
	return text_unhex(hex, to, n);
}

bool
bundle_line_serial(const struct bundle_line *l, uint8_t to[static TBS_SERIAL_OCTETS])
{
	return unhex(l->serial, to, TBS_SERIAL_OCTETS);
}

bool
bundle_line_hash(struct octets text, uint8_t to[static LOG_HASH_OCTETS])
{
	return unhex(text, to, LOG_HASH_OCTETS);
}

bool
bundle_line_is(const struct bundle_line *l, const char *act)
{
	return octets_same(l->act, octets_text(act));
}

/* By the last word of its act, so that an act that is new counts too. */
bool
bundle_line_revokes(const struct bundle_line *l)
{
	static const char *const words[] = { "revoked", "abandoned", "held", "released",
		"suspended", "resumed", "removed", "merged", "lost" };
	const uint8_t *dot = l->act.n == 0 ? NULL : memrchr(l->act.at, '.', l->act.n);
	struct octets word = l->act;

	if (dot != NULL)
		word = octets_of(dot + 1, (size_t)(l->act.at + l->act.n - dot - 1));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (octets_same(word, octets_text(words[i])))
			return true;
	return false;
}

/* What was given up before it was issued, and what a merge found to be lost. */
bool
bundle_line_bare(const struct bundle_line *l)
{
	return bundle_line_is(l, "certificate.abandoned") || bundle_line_is(l, "certificate.lost");
}

/* --- serials that were met -------------------------------------------------------------------- */

/* Serials are chance in our logs; whoever forges a bundle chooses them, and knows no key. */
static size_t
slot(const struct bundle_serials *s, const uint8_t serial[static TBS_SERIAL_OCTETS], bool *there)
{
	static const uint8_t none[TBS_SERIAL_OCTETS];
	uint64_t half[2];
	size_t i;

	memcpy(half, serial, sizeof(half));
	half[0] = half[0] * (s->key[0] | 1) + half[1] * (s->key[1] | 1);
	for (i = (size_t)(half[0] >> 32) & (s->room - 1); memcmp(s->at[i], none, sizeof(none)) != 0;
	     i = (i + 1) & (s->room - 1))
		if (memcmp(s->at[i], serial, TBS_SERIAL_OCTETS) == 0) {
			*there = true;
			return i;
		}
	*there = false;
	return i;
}

static bool
grow(struct bundle_serials *s, struct fault *f)
{
	struct bundle_serials wide = { .room = s->room == 0 ? SERIALS_FIRST : s->room * 2,
		.n = s->n,
		.key = { s->key[0], s->key[1] },
		.zeros = s->zeros };
	static const uint8_t none[TBS_SERIAL_OCTETS];
	bool there;

	if (s->room == 0 && getrandom(wide.key, sizeof(wide.key), 0) != sizeof(wide.key))
		return fault_errno(f, FAULT_INTERNAL, "bundle: getrandom");
	if ((wide.at = calloc(wide.room, sizeof(wide.at[0]))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "bundle: out of memory");
	for (size_t i = 0; i < s->room; i++)
		if (memcmp(s->at[i], none, sizeof(none)) != 0)
			memcpy(wide.at[slot(&wide, s->at[i], &there)], s->at[i], TBS_SERIAL_OCTETS);
	free(s->at);
	*s = wide;
	return true;
}

bool
bundle_serials_add(struct bundle_serials *s, const uint8_t serial[static TBS_SERIAL_OCTETS],
    bool *ret_new, struct fault *f)
{
	static const uint8_t none[TBS_SERIAL_OCTETS];
	bool there;
	size_t i;

	if (memcmp(serial, none, sizeof(none)) == 0) {
		*ret_new = !s->zeros;
		s->zeros = true;
		return true;
	}
	if (s->n >= s->room / 2 && !grow(s, f))
		return false;
	i = slot(s, serial, &there);
	if (!there) {
		memcpy(s->at[i], serial, TBS_SERIAL_OCTETS);
		s->n++;
	}
	*ret_new = !there;
	return true;
}

bool
bundle_serials_has(const struct bundle_serials *s, const uint8_t serial[static TBS_SERIAL_OCTETS])
{
	static const uint8_t none[TBS_SERIAL_OCTETS];
	bool there = false;

	if (memcmp(serial, none, sizeof(none)) == 0)
		return s->zeros;
	if (s->room > 0)
		(void)slot(s, serial, &there);
	return there;
}

void
bundle_serials_free(struct bundle_serials *s)
{
	free(s->at);
	*s = (struct bundle_serials){ .at = NULL };
}

bool
bundle_der_serial(struct octets der, uint8_t to[static TBS_SERIAL_OCTETS])
{
	struct octets body, tbs, part;

	if (!der_take(&der, DER_SEQUENCE, &body, NULL) || der.n != 0 ||
	    !der_take(&body, DER_SEQUENCE, &tbs, NULL) ||
	    !der_take(&tbs, DER_EXPLICIT(0), &part, NULL) ||
	    !der_take(&tbs, DER_INTEGER, &part, NULL) || part.n != TBS_SERIAL_OCTETS)
		return false;
	memcpy(to, part.at, TBS_SERIAL_OCTETS);
	return true;
}
