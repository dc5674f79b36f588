/* base/json_text.c - see json_text.h. */
#include "base/json_text.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum step { STEP_VALUE, STEP_FIRST, STEP_NAME, STEP_AFTER, STEP_DONE };

struct scan {
	const uint8_t *start, *at, *end;
	char closers[JSON_DEPTH_MAX]; /* what must close each open array and object */
	unsigned depth;
	enum step step; /* what comes next */
	struct fault *f;
};

static bool
refuse(struct scan *s, const char *why)
{
	return fault_set(
	    s->f, FAULT_BADREQ, "json: RFC 8259: octet %zu: %s", (size_t)(s->at - s->start), why);
}

/* The octet at hand; NUL, which is valid nowhere, at the end. */
static char
peek(const struct scan *s)
{
	return s->at < s->end ? (char)*s->at : '\0';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
accept(struct scan *s, char c)
{
	if (s->at == s->end || (char)*s->at != c)
		return false;
	s->at++;
	return true;
}

static void
skip_space(struct scan *s)
{
	while (accept(s, ' ') || accept(s, '\t') || accept(s, '\n') || accept(s, '\r'))
		continue;
}

static bool
skip_digits(struct scan *s)
{
	if (!is_digit(peek(s)))
		return false;
	while (is_digit(peek(s)))
		s->at++;
	return true;
}

/* The number of a \u escape, behind its u. */
static bool
scan_hex(struct scan *s, unsigned *ret)
{
	uint8_t at[2];
	char digits[5] = { 0 };

	if (s->end - s->at < 4)
		return false;
	memcpy(digits, s->at, 4);
	if (!text_unhex(digits, at, 2))
		return false;
	*ret = (unsigned)at[0] << 8 | at[1];
	s->at += 4;
	return true;
}

static bool
scan_escape(struct scan *s)
{
	unsigned first, second;

	if (peek(s) != '\0' && strchr("\"\\/bfnrt", peek(s)) != NULL) {
		s->at++;
		return true;
	}
	if (!accept(s, 'u') || !scan_hex(s, &first))
		return refuse(s, "bad escape");
	if (first == 0)
		return refuse(s, "U+0000 is not taken here");
	if (first < 0xd800 || first > 0xdfff)
		return true;
	if (first > 0xdbff || !accept(s, '\\') || !accept(s, 'u') || !scan_hex(s, &second) ||
	    second < 0xdc00 || second > 0xdfff)
		return refuse(s, "half a surrogate pair");
	return true;
}

static bool
scan_string(struct scan *s)
{
	uint32_t code;

	if (!accept(s, '"'))
		return refuse(s, "a string is due");
	while (!accept(s, '"')) {
		size_t n = text_utf8(octets_of(s->at, (size_t)(s->end - s->at)), &code);

		if (s->at == s->end)
			return refuse(s, "a string without its end");
		if (n == 0)
			return refuse(s, "not UTF-8");
		if (code < 0x20)
			return refuse(s, "a control octet in a string");
		s->at += n;
		if (code == '\\' && !scan_escape(s))
			return false;
	}
	return true;
}

static bool
scan_number(struct scan *s)
{
	const uint8_t *from = s->at;

	(void)accept(s, '-');
	if (!accept(s, '0') && !skip_digits(s))
		return refuse(s, "a value is due");
	if (accept(s, '.') && !skip_digits(s))
		return refuse(s, "a digit is due");
	if (accept(s, 'e') || accept(s, 'E')) {
		if (!accept(s, '+'))
			(void)accept(s, '-');
		if (!skip_digits(s))
			return refuse(s, "a digit is due");
	}
	if (s->at - from > JSON_NUMBER_MAX)
		return refuse(s, "a number too long");
	return true;
}

static bool
scan_word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t left = (size_t)(s->end - s->at);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);

		if (left >= n && memcmp(s->at, words[i], n) == 0) {
			s->at += n;
			return true;
		}
	}
	return refuse(s, "a value is due");
}

static bool
scan_open(struct scan *s)
{
	if (s->depth == JSON_DEPTH_MAX)
		return refuse(s, "too deep");
	s->closers[s->depth++] = accept(s, '{') ? '}' : ']';
	if (s->closers[s->depth - 1] == ']')
		s->at++;
	s->step = STEP_FIRST;
	return true;
}

/* A value of any kind. */
static bool
step_value(struct scan *s)
{
	char c = peek(s);

	if (c == '{' || c == '[')
		return scan_open(s);
	s->step = STEP_AFTER;
	if (c == '"')
		return scan_string(s);
	if (c == '-' || is_digit(c))
		return scan_number(s);
	return scan_word(s);
}

/* Behind an opening bracket: its close, or the first member. */
static bool
step_first(struct scan *s)
{
	char closer = s->closers[s->depth - 1];

	if (accept(s, closer)) {
		s->depth--;
		s->step = STEP_AFTER;
	} else
		s->step = closer == '}' ? STEP_NAME : STEP_VALUE;
	return true;
}

static bool
step_name(struct scan *s)
{
	if (!scan_string(s))
		return false;
	skip_space(s);
	if (!accept(s, ':'))
		return refuse(s, "a colon is due");
	s->step = STEP_VALUE;
	return true;
}

/* Behind a value: a comma, a close, or the end. */
static bool
step_after(struct scan *s)
{
	char closer;

	if (s->depth == 0) {
		s->step = STEP_DONE;
		return s->at == s->end || refuse(s, "more than one value");
	}
	closer = s->closers[s->depth - 1];
	if (accept(s, closer))
		s->depth--;
	else if (accept(s, ','))
		s->step = closer == '}' ? STEP_NAME : STEP_VALUE;
	else
		return refuse(s, "a comma or a closing bracket is due");
	return true;
}

bool
json_scan(struct octets o, struct fault *f)
{
	static bool (*const steps[])(struct scan *) = {
		[STEP_VALUE] = step_value,
		[STEP_FIRST] = step_first,
		[STEP_NAME] = step_name,
		[STEP_AFTER] = step_after,
	};
	struct scan s = { .start = o.at, .at = o.at, .end = o.at, .f = f };

	if (o.n == 0)
		return refuse(&s, "a value is due");
	s.end = o.at + o.n;
	while (s.step != STEP_DONE) {
		skip_space(&s);
		if (!steps[s.step](&s))
			return false;
	}
	return true;
}

void
json_quote(struct bytes *b, const char *s)
{
	static const char plain[] = "\b\t\n\f\r\"\\", named[] = "btnfr\"\\";

	bytes_put_u8(b, '"');
	for (; *s != '\0'; s++) {
		const char *at, *run = s; /* of what stands for itself */

		while ((unsigned char)*s >= ' ' && *s != '"' && *s != '\\')
			s++;
		bytes_put(b, run, (size_t)(s - run));
		if (*s == '\0')
			break;
		at = strchr(plain, *s);
		if (at != NULL)
			bytes_put_fmt(b, "\\%c", named[at - plain]);
		else
			bytes_put_fmt(b, "\\u%04x", (unsigned)*s);
	}
	bytes_put_u8(b, '"');
}
