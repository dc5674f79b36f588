/* policy/value.c - see value.h. */
#include "policy/value.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define VERSION_NUMBERS 8
#define VERSION_DIGITS  9
#define SHOWN_MAX       120 /* octets of a text, and texts of a list, that people see */
#define SHOWN_LIST      8
#define DAY_S           86400

static const uint8_t v4[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool
is_v4(const uint8_t *address)
{
	return memcmp(address, v4, sizeof(v4)) == 0;
}

bool
value_address(struct octets text, struct value *ret)
{
	char s[INET6_ADDRSTRLEN];
	uint8_t address[VALUE_ADDRESS_OCTETS];

	if (text.n == 0 || text.n >= sizeof(s) || memchr(text.at, '\0', text.n) != NULL)
		return false;
	memcpy(s, text.at, text.n);
	s[text.n] = '\0';
	memcpy(address, v4, sizeof(v4));
	if (inet_pton(AF_INET, s, address + sizeof(v4)) != 1 &&
	    inet_pton(AF_INET6, s, address) != 1)
		return false;
	*ret = (struct value){ .type = VALUE_ADDRESS, .prefix = 128 };
	memcpy(ret->address, address, sizeof(address));
	return true;
}

/* Digits alone, no zero in front, at most most; false otherwise. */
static bool
plain_number(struct octets o, int64_t most, int64_t *ret)
{
	int64_t v = 0;

	if (o.n == 0 || o.n > 12 || (o.n > 1 && o.at[0] == '0'))
		return false;
	for (size_t i = 0; i < o.n; i++) {
		if (o.at[i] < '0' || o.at[i] > '9')
			return false;
		v = 10 * v + (o.at[i] - '0');
	}
	*ret = v;
	return v <= most;
}

/* The prefix-th bit and all behind it are zero. */
static bool
host_is_zero(const uint8_t *address, unsigned prefix)
{
	for (unsigned bit = prefix; bit < 8 * VALUE_ADDRESS_OCTETS; bit++)
		if ((address[bit / 8] >> (7 - bit % 8) & 1) != 0)
			return false;
	return true;
}

bool
value_net(struct octets text, struct value *ret)
{
	const uint8_t *slash = text.n == 0 ? NULL : memchr(text.at, '/', text.n);
	struct octets address = text;
	struct value net;
	int64_t prefix = 128;

	if (slash != NULL)
		address.n = (size_t)(slash - text.at);
	if (!value_address(address, &net))
		return false;
	if (slash != NULL) {
		bool short_form = memchr(address.at, ':', address.n) == NULL;

		if (!plain_number(octets_of(slash + 1, text.n - address.n - 1),
			short_form ? 32 : 128, &prefix))
			return false;
		prefix += short_form ? 96 : 0;
	}
	if (!host_is_zero(net.address, (unsigned)prefix))
		return false;
	net.type = VALUE_NET;
	net.prefix = (uint8_t)prefix;
	*ret = net;
	return true;
}

bool
value_in_net(const struct value *address, const struct value *net)
{
	unsigned whole = net->prefix / 8, rest = net->prefix % 8;

	if (net->prefix < 96 && is_v4(address->address))
		return false;
	if (memcmp(address->address, net->address, whole) != 0)
		return false;
	return rest == 0 || (address->address[whole] ^ net->address[whole]) >> (8 - rest) == 0;
}

/* Exactly two digits at o, up to most. */
static bool
two_digits(const uint8_t *at, int most, int *ret)
{
	if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
		return false;
	*ret = 10 * (at[0] - '0') + (at[1] - '0');
	return *ret <= most;
}

/* Days since 1970 of a date of the Gregorian calendar: years that begin in March have their leap
 * day at the end. */
static bool
days_of(int year, int month, int day, int64_t *ret)
{
	static const int lengths[12] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	int64_t y = month > 2 ? year : year - 1, m = (month + 9) % 12;

	if (month < 1 || day < 1 || day > lengths[month - 1] || (month == 2 && day == 29 && !leap))
		return false;
	y += 400; /* 146097 days, so that no division is of a negative number */
	*ret = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468 - 146097;
	return true;
}

/* "Z", "+02:00" or "-02:00" at the end of a time, into seconds east of Greenwich. */
static bool
offset_of(struct octets o, int64_t *ret_s)
{
	int hours, minutes;

	*ret_s = 0;
	if (o.n == 1)
		return o.at[0] == 'Z' || o.at[0] == 'z';
	if (o.n != 6 || (o.at[0] != '+' && o.at[0] != '-') || o.at[3] != ':' ||
	    !two_digits(o.at + 1, 23, &hours) || !two_digits(o.at + 4, 59, &minutes))
		return false;
	*ret_s = (o.at[0] == '-' ? -60 : 60) * (60 * hours + minutes);
	return true;
}

bool
value_time(struct octets text, int64_t *ret_s)
{
	int century, year, month, day, hour, minute, second;
	int64_t days, offset_s;
	size_t n = 19;

	if (text.n < 20 || text.at[4] != '-' || text.at[7] != '-' || text.at[13] != ':' ||
	    text.at[16] != ':' || (text.at[10] != 'T' && text.at[10] != 't'))
		return false;
	if (!two_digits(text.at, 99, &century) || !two_digits(text.at + 2, 99, &year) ||
	    !two_digits(text.at + 5, 12, &month) || !two_digits(text.at + 8, 31, &day) ||
	    !two_digits(text.at + 11, 23, &hour) || !two_digits(text.at + 14, 59, &minute) ||
	    !two_digits(text.at + 17, 60, &second)) /* 60: a leap second */
		return false;
	if (text.at[n] == '.') {
		size_t first = ++n;

		while (n < text.n && text.at[n] >= '0' && text.at[n] <= '9')
			n++;
		if (n == first)
			return false;
	}
	if (!days_of(100 * century + year, month, day, &days) ||
	    !offset_of(octets_of(text.at + n, text.n - n), &offset_s))
		return false;
	*ret_s = DAY_S * days + 3600 * hour + 60 * minute + second - offset_s;
	return true;
}

bool
value_duration(struct octets text, int64_t *ret_s)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', DAY_S } };
	int64_t v;

	if (text.n < 2 || !plain_number(octets_of(text.at, text.n - 1), INT32_MAX, &v))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (text.at[text.n - 1] == (uint8_t)units[i].letter) {
			*ret_s = v * units[i].seconds;
			return true;
		}
	return false;
}

/* The numbers of a version, those that are not said 0. */
static bool
version_numbers(struct octets o, uint32_t numbers[static VERSION_NUMBERS])
{
	size_t digits = 0, n = 0;

	memset(numbers, 0, VERSION_NUMBERS * sizeof(numbers[0]));
	for (size_t i = 0; i < o.n; i++)
		if (o.at[i] == '.') {
			if (digits == 0 || ++n == VERSION_NUMBERS)
				return false;
			digits = 0;
		} else {
			if (o.at[i] < '0' || o.at[i] > '9' || ++digits > VERSION_DIGITS)
				return false;
			numbers[n] = 10 * numbers[n] + (uint32_t)(o.at[i] - '0');
		}
	return digits > 0;
}

bool
value_versions(struct octets a, struct octets b, int *ret)
{
	uint32_t x[VERSION_NUMBERS], y[VERSION_NUMBERS];

	if (!version_numbers(a, x) || !version_numbers(b, y))
		return false;
	*ret = 0;
	for (size_t i = 0; i < VERSION_NUMBERS && *ret == 0; i++)
		*ret = (x[i] > y[i]) - (x[i] < y[i]);
	return true;
}

static bool
same_lists(const struct value *a, const struct value *b)
{
	if (a->list.n != b->list.n)
		return false;
	for (size_t i = 0; i < a->list.n; i++)
		if (!octets_same(a->list.at[i], b->list.at[i]))
			return false;
	return true;
}

bool
value_same(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_BOOL:
		return a->yes == b->yes;
	case VALUE_NUMBER:
		return a->number == b->number;
	case VALUE_TEXT:
		return octets_same(a->text, b->text);
	case VALUE_NET:
		if (a->prefix != b->prefix)
			return false;
		return memcmp(a->address, b->address, sizeof(a->address)) == 0;
	case VALUE_ADDRESS:
		return memcmp(a->address, b->address, sizeof(a->address)) == 0;
	case VALUE_LIST:
		return same_lists(a, b);
	case VALUE_NONE:
		break;
	}
	return false;
}

static void
put_quoted(struct bytes *b, struct octets text)
{
	size_t n = text.n;

	if (n > SHOWN_MAX) { /* not in the middle of a character */
		n = SHOWN_MAX;
		while (n > 0 && (text.at[n] & 0xc0) == 0x80)
			n--;
	}
	bytes_put_u8(b, '"');
	text_put_safe(b, octets_of(text.at, n), false);
	bytes_put_text(b, n < text.n ? "...\"" : "\"");
}

static void
put_address(struct bytes *b, const struct value *v)
{
	char s[INET6_ADDRSTRLEN];
	bool short_form = is_v4(v->address) && v->prefix >= 96;

	if (short_form)
		inet_ntop(AF_INET, v->address + sizeof(v4), s, sizeof(s));
	else
		inet_ntop(AF_INET6, v->address, s, sizeof(s));
	bytes_put_text(b, s);
	if (v->type == VALUE_NET)
		bytes_put_fmt(b, "/%d", v->prefix - (short_form ? 96 : 0));
}

static void
put_list(struct bytes *b, const struct value *v)
{
	bytes_put_u8(b, '[');
	for (size_t i = 0; i < v->list.n && i < SHOWN_LIST; i++) {
		bytes_put_text(b, i == 0 ? "" : ", ");
		put_quoted(b, v->list.at[i]);
	}
	bytes_put_text(b, v->list.n > SHOWN_LIST ? ", ...]" : "]");
}

void
value_text(const struct value *v, struct bytes *ret)
{
	switch (v->type) {
	case VALUE_NONE:
		bytes_put_text(ret, "unknown");
		break;
	case VALUE_BOOL:
		bytes_put_text(ret, v->yes ? "true" : "false");
		break;
	case VALUE_NUMBER:
		bytes_put_fmt(ret, "%" PRId64, v->number);
		break;
	case VALUE_TEXT:
		put_quoted(ret, v->text);
		break;
	case VALUE_ADDRESS:
	case VALUE_NET:
		put_address(ret, v);
		break;
	case VALUE_LIST:
		put_list(ret, v);
		break;
	}
}
