/* policy/zone_rule.c - see zone_rule.h. */
#include "policy/zone_rule.h"

#include <string.h>

#define DAY_S     INT64_C(86400)
#define HOURS_MAX 167 /* of a change's time; of an offset 24 */

static bool
take(struct octets *o, char c)
{
	if (o->n == 0 || o->at[0] != (uint8_t)c)
		return false;
	o->at++;
	o->n--;
	return true;
}

static bool
number(struct octets *o, int lo, int hi, int *ret)
{
	size_t digits = 0;
	int v = 0;

	while (digits < 3 && o->n > 0 && o->at[0] >= '0' && o->at[0] <= '9') {
		v = 10 * v + (o->at[0] - '0');
		o->at++;
		o->n--;
		digits++;
	}
	*ret = v;
	return digits > 0 && v >= lo && v <= hi;
}

/* "CET" or "<+0330>": of no use here. */
static bool
name(struct octets *o)
{
	bool quoted = take(o, '<');
	size_t n = 0;

	for (; o->n > 0; o->at++, o->n--, n++) {
		uint8_t c = o->at[0];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		bool sign = (c >= '0' && c <= '9') || c == '+' || c == '-';

		if (!letter && !(quoted && sign))
			break;
	}
	return n >= 3 && (!quoted || take(o, '>'));
}

/* [+-]hh[:mm[:ss]] */
static bool
clock_time(struct octets *o, int hours, int64_t *ret_s)
{
	bool minus = take(o, '-');
	int h, m = 0, s = 0;

	if (!minus)
		(void)take(o, '+');
	if (!number(o, 0, hours, &h) || (take(o, ':') && !number(o, 0, 59, &m)) ||
	    (take(o, ':') && !number(o, 0, 59, &s)))
		return false;
	*ret_s = (minus ? -1 : 1) * (INT64_C(3600) * h + INT64_C(60) * m + s);
	return true;
}

static bool
change(struct octets *o, struct zone_change *c)
{
	bool ok;

	*c = (struct zone_change){ .how = ZONE_DAY_OF_YEAR, .time_s = 7200 };
	if (take(o, 'M')) {
		c->how = ZONE_DAY_MONTH;
		ok = number(o, 1, 12, &c->month) && take(o, '.') && number(o, 1, 5, &c->week) &&
		     take(o, '.') && number(o, 0, 6, &c->day);
	} else if (take(o, 'J')) {
		c->how = ZONE_DAY_JULIAN;
		ok = number(o, 1, 365, &c->day);
	} else
		ok = number(o, 0, 365, &c->day);
	return ok && (!take(o, '/') || clock_time(o, HOURS_MAX, &c->time_s));
}

bool
zone_rule_read(struct octets o, struct zone_rule *ret)
{
	struct zone_rule r = { 0 };
	int64_t west_s;

	if (!name(&o) || !clock_time(&o, 24, &west_s))
		return false;
	r.std_s = (int32_t)-west_s;
	if (o.n > 0) {
		r.summer = true;
		r.summer_s = r.std_s + 3600;
		if (!name(&o))
			return false;
		if (o.n > 0 && o.at[0] != ',') {
			if (!clock_time(&o, 24, &west_s))
				return false;
			r.summer_s = (int32_t)-west_s;
		}
		if (!take(&o, ',') || !change(&o, &r.begin) || !take(&o, ',') ||
		    !change(&o, &r.end) || o.n > 0)
			return false;
	}
	*ret = r;
	return true;
}

static bool
is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t
floor_div(int64_t a, int64_t by)
{
	return a / by - (a % by < 0);
}

/* Days from 1970 to the first of a year. */
static int64_t
days_to(int64_t year)
{
	int64_t y = year - 1;

	return 365 * (year - 1970) + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400) -
	       (1969 / 4 - 1969 / 100 + 1969 / 400);
}

static int64_t
year_of(int64_t days)
{
	int64_t year = 1970 + floor_div(days * 400, 146097); /* days of 400 years */

	while (days_to(year) > days)
		year--;
	while (days_to(year + 1) <= days)
		year++;
	return year;
}

/* Day of that year, from 0. */
static int64_t
day_in(const struct zone_change *c, int64_t year)
{
	static const int16_t before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334,
		365 };
	int64_t first, day, length;

	if (c->how == ZONE_DAY_OF_YEAR)
		return c->day;
	if (c->how == ZONE_DAY_JULIAN)
		return c->day - 1 + (is_leap(year) && c->day >= 60);
	first = before[c->month - 1] + (is_leap(year) && c->month > 2);
	length = before[c->month] - before[c->month - 1] + (is_leap(year) && c->month == 2);
	/* 1970 began on a Thursday, which is day 4 where Sunday is 0 */
	day = (c->day - (days_to(year) + first + 4)) % 7;
	day = (day + 7) % 7 + INT64_C(7) * (c->week - 1);
	return first + (day < length ? day : day - 7);
}

int32_t
zone_rule_offset(const struct zone_rule *r, int64_t at_s)
{
	int64_t days = floor_div(at_s, DAY_S), in_day = (at_s % DAY_S + DAY_S) % DAY_S;
	int64_t year, begin, end, at;
	bool on;

	if (!r->summer)
		return r->std_s;
	year = year_of(days + (in_day + r->std_s >= DAY_S) - (in_day + r->std_s < 0));
	at = (days - days_to(year)) * DAY_S + in_day; /* since that year began, by UTC */
	begin = day_in(&r->begin, year) * DAY_S + r->begin.time_s - r->std_s;
	end = day_in(&r->end, year) * DAY_S + r->end.time_s - r->summer_s;
	on = begin < end ? at >= begin && at < end : !(at >= end && at < begin);
	return on ? r->summer_s : r->std_s;
}
