/* policy/zone.c - see zone.h. */
#include "policy/zone.h"

#include <stdlib.h>
#include <string.h>

#include "policy/zone_rule.h"

#define HEADER_OCTETS 44
#define DAY_S         INT64_C(86400)
#define MINUTE_S      60
#define OFFSET_MIN_S  (-89999) /* RFC 8536 section 3.2 */
#define OFFSET_MAX_S  93599
#define TYPES_MAX     256

struct zone {
	struct zone *next;
	char name[ZONE_NAME_MAX];
	size_t n;      /* changes */
	int64_t *at_s; /* when, ascending */
	uint8_t *type; /* and what it is from then on */
	size_t types_n;
	int32_t offset_s[TYPES_MAX]; /* east of UTC */
	bool ruled;                  /* behind the last change rule holds */
	struct zone_rule rule;
};

struct zones {
	zones_fetch *fetch;
	void *with;
	struct zone *first;
};

/* The counts of one header of TZif, RFC 8536 section 3.1. */
struct counts {
	char version;
	uint32_t isut, isstd, leap, time, type, chars;
};

static const struct zone UTC = { .name = "UTC", .types_n = 1 };

static bool
refuse(const struct zone *z, const char *why, struct fault *f)
{
	return fault_set(f, FAULT_BADREQ, "zone: RFC 8536: %s: %s", z->name, why);
}

static bool
read_header(struct reader *r, struct counts *ret)
{
	char magic[4], reserved[15];

	reader_copy(r, magic, sizeof(magic));
	ret->version = (char)reader_u8(r);
	reader_copy(r, reserved, sizeof(reserved));
	ret->isut = reader_u32(r);
	ret->isstd = reader_u32(r);
	ret->leap = reader_u32(r);
	ret->time = reader_u32(r);
	ret->type = reader_u32(r);
	ret->chars = reader_u32(r);
	return !r->bad && memcmp(magic, "TZif", sizeof(magic)) == 0;
}

static void
skip(struct reader *r, uint64_t octets)
{
	if (octets > r->n) {
		r->bad = true;
		return;
	}
	r->at += octets;
	r->n -= (size_t)octets;
}

/* How long the block of data behind a header is. */
static uint64_t
block_octets(const struct counts *c, uint64_t time_octets)
{
	return c->time * (time_octets + 1) + UINT64_C(6) * c->type + c->chars +
	       c->leap * (time_octets + 4) + c->isstd + c->isut;
}

static bool
read_changes(struct zone *z, struct reader *r, const struct counts *c, bool wide, struct fault *f)
{
	z->at_s = calloc(c->time + 1, sizeof(*z->at_s));
	z->type = calloc(c->time + 1, sizeof(*z->type));
	if (z->at_s == NULL || z->type == NULL)
		return fault_set(f, FAULT_INTERNAL, "zone: out of memory");
	z->n = c->time;
	for (size_t i = 0; i < z->n; i++) {
		z->at_s[i] = wide ? (int64_t)reader_u64(r) : (int32_t)reader_u32(r);
		if (i > 0 && z->at_s[i] <= z->at_s[i - 1])
			return refuse(z, "changes that do not ascend", f);
	}
	for (size_t i = 0; i < z->n; i++) {
		z->type[i] = reader_u8(r);
		if (z->type[i] >= c->type)
			return refuse(z, "a change to a type that is not there", f);
	}
	return true;
}

static bool
read_types(struct zone *z, struct reader *r, const struct counts *c, struct fault *f)
{
	z->types_n = c->type;
	for (size_t i = 0; i < z->types_n; i++) {
		z->offset_s[i] = (int32_t)reader_u32(r);
		if (z->offset_s[i] < OFFSET_MIN_S || z->offset_s[i] > OFFSET_MAX_S ||
		    reader_u8(r) > 1 || reader_u8(r) >= c->chars)
			return refuse(z, "a type that cannot be", f);
	}
	return true;
}

/* "\nCET-1CEST,M3.5.0,M10.5.0/3\n"; nothing between the two: no rule. */
static bool
read_footer(struct zone *z, struct reader *r, struct fault *f)
{
	if (r->bad || r->n < 2 || r->at[0] != '\n' || r->at[r->n - 1] != '\n')
		return refuse(z, "no footer", f);
	z->ruled = r->n > 2;
	if (z->ruled && !zone_rule_read(octets_of(r->at + 1, r->n - 2), &z->rule))
		return refuse(z, "a footer that is no rule", f);
	return true;
}

/* The octets of a file: the 64 bits part of it if there is one, and the rule behind. */
static bool
read_zone(struct zone *z, struct octets o, struct fault *f)
{
	struct reader r = reader_of(o);
	struct counts c = { 0 };
	bool wide;

	if (!read_header(&r, &c))
		return refuse(z, "no TZif", f);
	wide = c.version >= '2';
	if (wide) {
		skip(&r, block_octets(&c, 4));
		if (!read_header(&r, &c))
			return refuse(z, "cut short", f);
	}
	if (block_octets(&c, wide ? 8 : 4) > r.n)
		return refuse(z, "cut short", f);
	if (c.type == 0 || c.type > TYPES_MAX || c.chars == 0)
		return refuse(z, "no types, or too many", f);
	if (c.leap != 0)
		return refuse(z, "leap seconds, which no clock of ours counts", f);
	if (!read_changes(z, &r, &c, wide, f) || !read_types(z, &r, &c, f))
		return false;
	skip(&r, (uint64_t)c.chars + c.isstd + c.isut);
	if (!wide)
		return !r.bad || refuse(z, "cut short", f);
	return read_footer(z, &r, f);
}

static void
free_zone(struct zone *z)
{
	free(z->at_s);
	free(z->type);
	free(z);
}

struct zones *
zones_new(zones_fetch *fetch, void *with)
{
	struct zones *z = calloc(1, sizeof(*z));

	if (z != NULL) {
		z->fetch = fetch;
		z->with = with;
	}
	return z;
}

void
zones_free(struct zones *z)
{
	if (z == NULL)
		return;
	for (struct zone *at = z->first, *next; at != NULL; at = next) {
		next = at->next;
		free_zone(at);
	}
	free(z);
}

/* "Europe/Paris", "Etc/GMT+3": what can neither leave the folder nor name it. */
static bool
is_name(struct octets name)
{
	bool segment = false;

	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.at[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		bool other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '_';

		if (!letter && !other && !(c == '/' && segment))
			return false;
		segment = c != '/';
	}
	return segment && name.n < ZONE_NAME_MAX;
}

static bool
fetch(struct zones *z, struct octets name, const struct zone **ret, struct fault *f)
{
	struct zone *got = calloc(1, sizeof(*got));
	struct bytes octets = { 0 };
	bool ok;

	if (got == NULL)
		return fault_set(f, FAULT_INTERNAL, "zone: out of memory");
	memcpy(got->name, name.at, name.n);
	ok = z->fetch(z->with, got->name, &octets, f) && bytes_ok(&octets, f) &&
	     read_zone(got, octets_bytes(&octets), f);
	bytes_free(&octets);
	if (!ok) {
		free_zone(got);
		return false;
	}
	got->next = z->first;
	z->first = got;
	*ret = got;
	return true;
}

bool
zones_get(struct zones *z, struct octets name, const struct zone **ret, struct fault *f)
{
	if (octets_same(name, octets_text(UTC.name))) {
		*ret = &UTC;
		return true;
	}
	if (!is_name(name))
		return fault_set(f, FAULT_BADREQ, "zone: \"%.*s\" is no name of one",
		    name.n < ZONE_NAME_MAX ? (int)name.n : ZONE_NAME_MAX, (const char *)name.at);
	for (const struct zone *at = z->first; at != NULL; at = at->next)
		if (octets_same(name, octets_text(at->name))) {
			*ret = at;
			return true;
		}
	if (z->fetch == NULL)
		return fault_set(f, FAULT_NOTFOUND, "zone: %.*s is not known here", (int)name.n,
		    (const char *)name.at);
	return fetch(z, name, ret, f);
}

/* RFC 8536 section 3.2: before the first change the first type holds. */
static int32_t
offset(const struct zone *z, int64_t at_s)
{
	size_t lo = 0, hi = z->n; /* changes before lo are past, those from hi on are to come */

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (z->at_s[mid] <= at_s)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == z->n && z->ruled)
		return zone_rule_offset(&z->rule, at_s);
	return z->offset_s[lo == 0 ? 0 : z->type[lo - 1]];
}

void
zone_local(const struct zone *z, int64_t at_s, unsigned *day, unsigned *minute)
{
	int64_t days = at_s / DAY_S - (at_s % DAY_S < 0);
	int64_t in_day = (at_s % DAY_S + DAY_S) % DAY_S + (z == NULL ? 0 : offset(z, at_s));
	int64_t over = in_day / DAY_S - (in_day % DAY_S < 0);

	*minute = (unsigned)((in_day - over * DAY_S) / MINUTE_S);
	/* 1970 began on a Thursday, day 3 of a week that begins on Monday */
	*day = (unsigned)((((days + over) % 7 + 3) % 7 + 7) % 7);
}

const char *
zone_name(const struct zone *z)
{
	return z == NULL ? UTC.name : z->name;
}
