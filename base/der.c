/* base/der.c - the reader of der.h; the writer is in der_write.c. */
#include "base/der.h"

#include <string.h>

#include "base/text.h"

#define CLASS_MASK  0xc0
#define CONSTRUCTED 0x20
#define NUMBER_MASK 0x1f

/* One value as its header has it. */
struct value {
	uint8_t tag;
	struct octets content, whole;
};

/* Content octets of a header's length, and how many octets the length takes; 0 where it is not DER.
 */
static size_t
parse_length(struct octets o, size_t *ret_len)
{
	size_t more, len = 0;

	if (o.n == 0)
		return 0;
	if (o.at[0] < 0x80) {
		*ret_len = o.at[0];
		return 1;
	}
	more = o.at[0] & 0x7fu;
	if (more == 0 || more > 4 || more >= o.n || o.at[1] == 0)
		return 0;
	for (size_t i = 1; i <= more; i++)
		len = len << 8 | o.at[i];
	if (len < 0x80)
		return 0;
	*ret_len = len;
	return more + 1;
}

static bool
parse_value(struct octets o, struct value *ret)
{
	size_t n, len = 0;

	if (o.n < 2 || o.at[0] == 0 || (o.at[0] & NUMBER_MASK) == NUMBER_MASK)
		return false;
	n = parse_length(octets_of(o.at + 1, o.n - 1), &len);
	if (n == 0 || len > o.n - 1 - n)
		return false;
	ret->tag = o.at[0];
	ret->content = octets_of(o.at + 1 + n, len);
	ret->whole = octets_of(o.at, 1 + n + len);
	return true;
}

static bool
any(struct octets o)
{
	(void)o;
	return true;
}

static bool
is_boolean(struct octets o)
{
	return o.n == 1 && (o.at[0] == 0x00 || o.at[0] == 0xff);
}

/* X.690 8.3.2: the first nine bits are not all alike. */
static bool
is_integer(struct octets o)
{
	if (o.n < 2)
		return o.n == 1;
	return !(o.at[0] == 0x00 && o.at[1] < 0x80) && !(o.at[0] == 0xff && o.at[1] >= 0x80);
}

/* X.690 11.2.1: unused bits are zero. */
static bool
is_bits(struct octets o)
{
	if (o.n < 2)
		return o.n == 1 && o.at[0] == 0;
	return o.at[0] < 8 && (o.at[o.n - 1] & ((1u << o.at[0]) - 1)) == 0;
}

static bool
is_empty(struct octets o)
{
	return o.n == 0;
}

/* X.690 8.19.2: the last octet ends an arc, and no arc begins with a zero digit. */
static bool
is_oid(struct octets o)
{
	bool first = true;

	for (size_t i = 0; i < o.n; i++) {
		if (first && o.at[i] == 0x80)
			return false;
		first = o.at[i] < 0x80;
	}
	return o.n > 0 && first;
}

static bool
is_utf8(struct octets o)
{
	while (o.n > 0) {
		uint32_t code;
		size_t n = text_utf8(o, &code);

		if (n == 0)
			return false;
		o.at += n;
		o.n -= n;
	}
	return true;
}

/* Digits, letters where letters says so, and what is in set. */
static bool
all_of(struct octets o, bool letters, const char *set)
{
	for (size_t i = 0; i < o.n; i++) {
		uint8_t c = o.at[i], small = c | 0x20;

		if (c >= '0' && c <= '9')
			continue;
		if (letters && small >= 'a' && small <= 'z')
			continue;
		if (c == '\0' || strchr(set, c) == NULL)
			return false;
	}
	return true;
}

static bool
is_numeric(struct octets o)
{
	return all_of(o, false, " ");
}

static bool
is_printable(struct octets o)
{
	return all_of(o, true, " '()+,-./:=?");
}

static bool
is_within(struct octets o, uint8_t lo, uint8_t hi)
{
	for (size_t i = 0; i < o.n; i++)
		if (o.at[i] < lo || o.at[i] > hi)
			return false;
	return true;
}

static bool
is_ia5(struct octets o)
{
	return is_within(o, 0x00, 0x7f);
}

static bool
is_visible(struct octets o)
{
	return is_within(o, ' ', '~');
}

static bool
is_universal_string(struct octets o)
{
	return o.n % 4 == 0;
}

static bool
is_bmp(struct octets o)
{
	return o.n % 2 == 0;
}

/* MMDDHHMMSSZ of a year, which decides about 29 February. */
static bool
is_moment(const uint8_t *at, unsigned year)
{
	static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	unsigned v[5];

	for (size_t i = 0; i < 5; i++)
		v[i] = (at[2 * i] - '0') * 10u + (at[2 * i + 1] - '0');
	if (v[0] < 1 || v[0] > 12 || v[1] < 1)
		return false;
	return v[1] <= days[v[0] - 1] + (v[0] == 2 && leap) && v[2] < 24 && v[3] < 60 && v[4] < 60;
}

static bool
is_digits_and_z(struct octets o, size_t digits)
{
	return o.n == digits + 1 && o.at[digits] == 'Z' &&
	       is_within(octets_of(o.at, digits), '0', '9');
}

static bool
is_utc_time(struct octets o)
{
	unsigned year;

	if (!is_digits_and_z(o, 12))
		return false;
	year = (o.at[0] - '0') * 10u + (o.at[1] - '0');
	return is_moment(o.at + 2, year < 50 ? 2000 + year : 1900 + year);
}

static bool
is_time(struct octets o)
{
	unsigned year = 0;

	if (!is_digits_and_z(o, 14))
		return false;
	for (size_t i = 0; i < 4; i++)
		year = year * 10u + (o.at[i] - '0');
	return is_moment(o.at + 4, year);
}

/* Universal types that may stand in what we read, by number; a type without a rule is refused. */
static const struct rule {
	const char *name;
	bool (*holds)(struct octets content);
	bool constructed;
} RULES[NUMBER_MASK] = {
	[1] = { "BOOLEAN", is_boolean, false },
	[2] = { "INTEGER", is_integer, false },
	[3] = { "BIT STRING", is_bits, false },
	[4] = { "OCTET STRING", any, false },
	[5] = { "NULL", is_empty, false },
	[6] = { "OBJECT IDENTIFIER", is_oid, false },
	[10] = { "ENUMERATED", is_integer, false },
	[12] = { "UTF8String", is_utf8, false },
	[13] = { "RELATIVE-OID", is_oid, false },
	[16] = { "SEQUENCE", any, true },
	[17] = { "SET", any, true },
	[18] = { "NumericString", is_numeric, false },
	[19] = { "PrintableString", is_printable, false },
	[20] = { "TeletexString", any, false },
	[22] = { "IA5String", is_ia5, false },
	[23] = { "UTCTime", is_utc_time, false },
	[24] = { "GeneralizedTime", is_time, false },
	[26] = { "VisibleString", is_visible, false },
	[28] = { "UniversalString", is_universal_string, false },
	[30] = { "BMPString", is_bmp, false },
};

static bool
check_universal(const struct value *v, size_t offset, struct fault *f)
{
	const struct rule *rule = &RULES[v->tag & NUMBER_MASK];

	if (rule->name == NULL)
		return fault_set(
		    f, FAULT_BADREQ, "der: octet %zu: tag %02x is not taken here", offset, v->tag);
	if (rule->constructed != ((v->tag & CONSTRUCTED) != 0))
		return fault_set(f, FAULT_BADREQ,
		    "der: X.690 section 10.2: octet %zu: %s in %s form", offset, rule->name,
		    rule->constructed ? "primitive" : "constructed");
	if (!rule->holds(v->content))
		return fault_set(
		    f, FAULT_BADREQ, "der: octet %zu: malformed %s", offset, rule->name);
	return true;
}

/*
 * X.690 11.6 orders a SET OF by its members' octets, 10.3 a SET by their tags,
 * whatever their form. The octets do not tell which of the two a SET is, and
 * the orders differ only where forms are mixed, so either will do.
 */
static bool
in_order(struct octets a, struct octets b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	return memcmp(a.at, b.at, n) <= 0 || (a.at[0] & ~CONSTRUCTED) < (b.at[0] & ~CONSTRUCTED);
}

/* A constructed value that is being read. */
struct level {
	struct octets left;
	bool set;
	struct octets before; /* the member last read, n 0 before the first */
};

/* Take the next member of a level. */
static bool
check_member(struct level *l, const uint8_t *start, struct value *v, struct fault *f)
{
	size_t offset = (size_t)(l->left.at - start);

	if (!parse_value(l->left, v))
		return fault_set(f, FAULT_BADREQ,
		    "der: X.690 section 10.1: octet %zu: bad tag or length, or cut short", offset);
	if ((v->tag & CLASS_MASK) == 0 && !check_universal(v, offset, f))
		return false;
	if (l->set && l->before.n > 0 && !in_order(l->before, v->whole))
		return fault_set(f, FAULT_BADREQ,
		    "der: X.690 section 11.6: octet %zu: members of a SET out of order", offset);
	l->before = v->whole;
	l->left.at += v->whole.n;
	l->left.n -= v->whole.n;
	return true;
}

bool
der_check(struct octets o, struct fault *f)
{
	struct level levels[DER_DEPTH_MAX + 1] = { { .left = o } };
	unsigned depth = 0;
	struct value v;

	if (!check_member(&levels[0], o.at, &v, f))
		return false;
	if (levels[0].left.n != 0)
		return fault_set(f, FAULT_BADREQ, "der: octet %zu: %zu octets too many", v.whole.n,
		    levels[0].left.n);
	for (;;) {
		if ((v.tag & CONSTRUCTED) != 0 && depth == DER_DEPTH_MAX)
			return fault_set(f, FAULT_BADREQ, "der: octet %zu: over %d levels deep",
			    (size_t)(v.whole.at - o.at), DER_DEPTH_MAX);
		if ((v.tag & CONSTRUCTED) != 0)
			levels[++depth] =
			    (struct level){ .left = v.content, .set = v.tag == DER_SET };
		while (depth > 0 && levels[depth].left.n == 0)
			depth--;
		if (depth == 0)
			return true;
		if (!check_member(&levels[depth], o.at, &v, f))
			return false;
	}
}

bool
der_next(struct octets *in, uint8_t *tag, struct octets *content, struct octets *whole)
{
	struct value v;

	if (!parse_value(*in, &v))
		return false;
	in->at += v.whole.n;
	in->n -= v.whole.n;
	*tag = v.tag;
	*content = v.content;
	if (whole != NULL)
		*whole = v.whole;
	return true;
}

bool
der_take(struct octets *in, uint8_t tag, struct octets *content, struct octets *whole)
{
	uint8_t found;

	return in->n > 0 && in->at[0] == tag && der_next(in, &found, content, whole);
}
