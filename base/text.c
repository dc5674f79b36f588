/* base/text.c - see text.h. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#define LABEL_OCTETS_MAX (TEXT_LABEL_MAX - 1)
#define HOST_OCTETS_MAX  (TEXT_HOST_MAX - 1)
#define DURATION_MAX_S   (36525 * INT64_C(86400)) /* 100 years */

static const char DIGITS[] = "0123456789";
static const char HEX_DIGITS[] = "0123456789abcdefABCDEF";
static const char SPACE[] = " \t\r\n";

void
text_hex(const uint8_t *at, size_t n, char *to)
{
	(void)sodium_bin2hex(to, 2 * n + 1, at, n);
}

bool
text_unhex(const char *s, uint8_t *to, size_t n)
{
	if (strlen(s) != 2 * n || strspn(s, HEX_DIGITS) != 2 * n)
		return false;
	return sodium_hex2bin(to, n, s, 2 * n, NULL, NULL, NULL) == 0;
}

void
text_base32(const uint8_t *at, size_t n, char *to)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t held = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < n; i++) {
		held = held << 8 | at[i];
		bits += 8;
		for (; bits >= 5; bits -= 5)
			*to++ = alphabet[held >> (bits - 5) & 31];
	}
	if (bits > 0)
		*to++ = alphabet[held << (5 - bits) & 31];
	*to = '\0';
}

void
text_base64(struct octets o, size_t columns, struct bytes *ret)
{
	char line[TEXT_COLUMNS_MAX + 1];
	size_t most = columns == 0 || columns > TEXT_COLUMNS_MAX ? TEXT_COLUMNS_MAX : columns;
	size_t step = most < 4 ? 3 : most / 4 * 3;

	while (o.n > 0) {
		size_t n = o.n < step ? o.n : step;

		(void)sodium_bin2base64(
		    line, sizeof(line), o.at, n, sodium_base64_VARIANT_ORIGINAL);
		bytes_put_text(ret, line);
		if (columns != 0)
			bytes_put_text(ret, "\n");
		o.at += n;
		o.n -= n;
	}
}

static bool
is_space(uint8_t c)
{
	return c != '\0' && strchr(SPACE, c) != NULL;
}

static bool
is_line_end(uint8_t c)
{
	return c == '\n' || c == '\r';
}

static bool
begins(struct octets o, const char *with)
{
	return o.n >= strlen(with) && memcmp(o.at, with, strlen(with)) == 0;
}

static struct octets
trim(struct octets o)
{
	while (o.n > 0 && is_space(o.at[0])) {
		o.at++;
		o.n--;
	}
	while (o.n > 0 && is_space(o.at[o.n - 1]))
		o.n--;
	return o;
}

/* Without the armour line that it may begin with, and the one that it may end with. */
static struct octets
disarm(struct octets o)
{
	size_t last;

	o = trim(o);
	if (begins(o, "-----BEGIN "))
		while (o.n > 0 && !is_line_end(o.at[0])) {
			o.at++;
			o.n--;
		}
	for (last = o.n; last > 0 && !is_line_end(o.at[last - 1]);)
		last--;
	if (begins(octets_of(o.at + last, o.n - last), "-----END "))
		o.n = last;
	return trim(o);
}

/*
 * sodium_base642bin() looks for what to ignore with strchr(), which finds a NUL
 * everywhere, and takes each octet from 0x80 up for a slash (1.0.18, 2026-11).
 */
static bool
is_ascii(struct octets o)
{
	for (size_t i = 0; i < o.n; i++)
		if (o.at[i] == '\0' || o.at[i] >= 0x80)
			return false;
	return true;
}

bool
text_unbase64(struct octets o, struct bytes *ret, struct fault *f)
{
	size_t before = ret->n, room, n;
	uint8_t *to;

	if (o.n > BYTES_MAX)
		return fault_set(f, FAULT_BADREQ, "base64: %zu octets, over %u", o.n, BYTES_MAX);
	o = o.n == 0 ? o : disarm(o);
	if (o.n == 0)
		return fault_set(f, FAULT_BADREQ, "base64: nothing to decode");
	if (!is_ascii(o))
		return fault_set(f, FAULT_BADREQ,
		    "base64: RFC 4648 section 4: an octet that is NUL or no ASCII");
	room = o.n / 4 * 3 + 3;
	to = bytes_extend(ret, room);
	if (to == NULL)
		return bytes_ok(ret, f);
	if (sodium_base642bin(to, room, (const char *)o.at, o.n, SPACE, &n, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0) {
		ret->n = before;
		return fault_set(f, FAULT_BADREQ,
		    "base64: RFC 4648 section 4: an octet of another alphabet, or wrong padding");
	}
	ret->n = before + n;
	return true;
}

static bool
is_label(const char *s, size_t n)
{
	if (n == 0 || n > LABEL_OCTETS_MAX || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= 'a' && s[i] <= 'z') && !(s[i] >= '0' && s[i] <= '9') && s[i] != '-')
			return false;
	return true;
}

bool
text_is_label(const char *s)
{
	return is_label(s, strnlen(s, LABEL_OCTETS_MAX + 1));
}

bool
text_is_host(const char *s)
{
	if (strnlen(s, HOST_OCTETS_MAX + 1) > HOST_OCTETS_MAX)
		return false;
	for (;;) {
		size_t n = strcspn(s, ".");

		if (!is_label(s, n))
			return false;
		if (s[n] == '\0')
			return true;
		s += n + 1;
	}
}

/* Seconds in one of the unit that s names; 0 for no such unit. */
static int64_t
unit_s(const char *s)
{
	static const struct {
		const char *name;
		int64_t s;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(s, units[i].name) == 0)
			return units[i].s;
	return 0;
}

bool
text_duration(const char *s, int64_t *ret_s)
{
	size_t digits = strspn(s, DIGITS);
	int64_t v = 0, unit = unit_s(s + digits);

	if (digits == 0 || s[0] == '0' || unit == 0)
		return false;
	for (size_t i = 0; i < digits; i++) {
		v = v * 10 + (s[i] - '0');
		if (v > DURATION_MAX_S / unit)
			return false;
	}
	*ret_s = v * unit;
	return true;
}

void
text_time(int64_t at_s, char to[static TEXT_TIME_MAX])
{
	time_t t = at_s < TEXT_TIME_FIRST_S  ? TEXT_TIME_FIRST_S
		   : at_s > TEXT_TIME_LAST_S ? TEXT_TIME_LAST_S
					     : at_s;
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	(void)snprintf(to, TEXT_TIME_MAX, "%04u-%02u-%02uT%02u:%02u:%02uZ",
	    (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
	    (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
	    (unsigned)tm.tm_sec % 100);
}

void
text_put_printable(struct bytes *b, struct octets o)
{
	for (size_t i = 0; i < o.n; i++) {
		uint8_t c = o.at[i];

		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			bytes_put_fmt(b, "\\x%02x", c);
		else
			bytes_put_u8(b, c);
	}
}

/* The octet that two hex digits stand for. */
static bool
unhex_pair(const uint8_t *at, uint8_t *ret)
{
	char pair[3] = { (char)at[0], (char)at[1], '\0' };

	return text_unhex(pair, ret, 1);
}

bool
text_unpercent(struct octets o, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < o.n; i++, n++) {
		uint8_t c = o.at[i];

		if (c == '%') {
			if (o.n - i < 3 || !unhex_pair(o.at + i + 1, &c))
				return false;
			i += 2;
		}
		if (c == '\0' || n + 1 >= size)
			return false;
		to[n] = (char)c;
	}
	if (size == 0)
		return false;
	to[n] = '\0';
	return true;
}

/* A row of RFC 3629 section 4: lead octets, how many follow, the range of the first that follows.
 */
struct utf8_row {
	uint8_t lo, hi;
	unsigned more;
	uint8_t next_lo, next_hi;
};

static const struct utf8_row UTF8_ROWS[] = {
	{ 0x00, 0x7f, 0, 0x00, 0x00 },
	{ 0xc2, 0xdf, 1, 0x80, 0xbf },
	{ 0xe0, 0xe0, 2, 0xa0, 0xbf },
	{ 0xe1, 0xec, 2, 0x80, 0xbf },
	{ 0xed, 0xed, 2, 0x80, 0x9f }, /* no surrogates */
	{ 0xee, 0xef, 2, 0x80, 0xbf },
	{ 0xf0, 0xf0, 3, 0x90, 0xbf },
	{ 0xf1, 0xf3, 3, 0x80, 0xbf },
	{ 0xf4, 0xf4, 3, 0x80, 0x8f },
};

size_t
text_utf8(struct octets o, uint32_t *ret_code)
{
	const struct utf8_row *row = UTF8_ROWS, *end = row + sizeof(UTF8_ROWS) / sizeof(*row);
	uint32_t code;

	while (o.n != 0 && row < end && !(o.at[0] >= row->lo && o.at[0] <= row->hi))
		row++;
	if (o.n == 0 || row == end || row->more >= o.n)
		return 0;
	code = row->more == 0 ? o.at[0] : o.at[0] & (0x3fu >> row->more);
	for (unsigned i = 1; i <= row->more; i++) {
		uint8_t lo = i == 1 ? row->next_lo : 0x80, hi = i == 1 ? row->next_hi : 0xbf;

		if (o.at[i] < lo || o.at[i] > hi)
			return 0;
		code = code << 6 | (o.at[i] & 0x3fu);
	}
	*ret_code = code;
	return row->more + 1;
}

/* Characters that move the cursor, hide, or turn the line around: C0, C1, bidi, line separators. */
static bool
is_hostile(uint32_t code)
{
	static const struct {
		uint32_t lo, hi;
	} ranges[] = { { 0x00, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c }, { 0x200e, 0x200f },
		{ 0x2028, 0x202e }, { 0x2066, 0x2069 } };

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code >= ranges[i].lo && code <= ranges[i].hi)
			return true;
	return false;
}

/* Octets in front that nobody needs to look at twice; most texts are nothing else. */
static size_t
plain_run(struct octets o)
{
	size_t n = 0;

	while (n < o.n && o.at[n] >= ' ' && o.at[n] < 0x7f && o.at[n] != '\\')
		n++;
	return n;
}

void
text_put_safe(struct bytes *b, struct octets o, bool lines)
{
	while (o.n > 0) {
		uint32_t code = 0;
		size_t n = plain_run(o);
		bool bad;

		bytes_put(b, o.at, n);
		o = octets_of(o.at + n, o.n - n);
		if (o.n == 0)
			return;
		n = text_utf8(o, &code);
		bad = n == 0 || (is_hostile(code) && !(lines && code == '\n'));
		if (code == '\\' && o.n > 1 && o.at[1] == 'x')
			bad = true;
		n = n == 0 ? 1 : n;
		if (!bad)
			bytes_put(b, o.at, n);
		for (size_t i = 0; bad && i < n; i++)
			bytes_put_fmt(b, "\\x%02x", o.at[i]);
		o.at += n;
		o.n -= n;
	}
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
text_distance(const char *a, struct octets b)
{
	size_t row[TEXT_NEAR_MAX + 1], a_n = strlen(a);

	if (a_n > TEXT_NEAR_MAX || b.n > TEXT_NEAR_MAX)
		return TEXT_NEAR_MAX;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t change = diagonal + ((uint8_t)a[i - 1] != b.at[j - 1]);

			diagonal = row[j];
			row[j] = least(change, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b.n];
}
