/* relay/ipp_write.c - see ipp_write.h. */
#include "relay/ipp_write.h"

#include <string.h>
#include <time.h>

#include "base/text.h"

#define TEXT_MOST 1023
#define NAME_MOST 255

void
ipp_begin(struct bytes *b, const struct ipp_head *head)
{
	bytes_put_u8(b, head->major);
	bytes_put_u8(b, head->minor);
	bytes_put_u16(b, head->code);
	bytes_put_u32(b, head->request_id);
	ipp_group(b, IPP_GROUP_OPERATION);
	ipp_put_text(b, IPP_CHARSET, "attributes-charset", "utf-8");
	ipp_put_text(b, IPP_LANGUAGE, "attributes-natural-language", "en");
}

void
ipp_group(struct bytes *b, enum ipp_group group)
{
	bytes_put_u8(b, (uint8_t)group);
}

void
ipp_end(struct bytes *b)
{
	ipp_group(b, IPP_GROUP_END);
}

/* The longest beginning of at most most octets that ends with a whole character. */
static struct octets
cut(struct octets o, size_t most)
{
	if (o.n <= most)
		return o;
	while (most > 0 && (o.at[most] & 0xc0) == 0x80)
		most--;
	return octets_of(o.at, most);
}

static void
counted(struct bytes *b, struct octets o)
{
	bytes_put_u16(b, (uint16_t)o.n);
	bytes_put_octets(b, o);
}

void
ipp_put(struct bytes *b, enum ipp_tag tag, const char *name, struct octets value)
{
	bytes_put_u8(b, (uint8_t)tag);
	counted(b, cut(octets_text(name), IPP_NAME_MAX));
	counted(b,
	    cut(value,
		tag == IPP_NAME || tag == IPP_KEYWORD || tag == IPP_MIME ? NAME_MOST : TEXT_MOST));
}

void
ipp_put_text(struct bytes *b, enum ipp_tag tag, const char *name, const char *text)
{
	ipp_put(b, tag, name, octets_text(text));
}

void
ipp_put_number(struct bytes *b, enum ipp_tag tag, const char *name, int32_t v)
{
	uint8_t at[4] = { (uint8_t)((uint32_t)v >> 24), (uint8_t)((uint32_t)v >> 16),
		(uint8_t)((uint32_t)v >> 8), (uint8_t)v };

	ipp_put(b, tag, name, octets_of(at, sizeof(at)));
}

void
ipp_put_bool(struct bytes *b, const char *name, bool v)
{
	uint8_t at = v ? 1 : 0;

	ipp_put(b, IPP_BOOLEAN, name, octets_of(&at, 1));
}

static void
pair(uint8_t *to, int32_t a, int32_t b)
{
	for (int i = 0; i < 4; i++) {
		to[i] = (uint8_t)((uint32_t)a >> (24 - 8 * i));
		to[4 + i] = (uint8_t)((uint32_t)b >> (24 - 8 * i));
	}
}

void
ipp_put_range(struct bytes *b, const char *name, int32_t lo, int32_t hi)
{
	uint8_t at[8];

	pair(at, lo, hi);
	ipp_put(b, IPP_RANGE, name, octets_of(at, sizeof(at)));
}

void
ipp_put_resolution(struct bytes *b, const char *name, int32_t x, int32_t y)
{
	uint8_t at[9];

	pair(at, x, y);
	at[8] = 3; /* dots per inch */
	ipp_put(b, IPP_RESOLUTION, name, octets_of(at, sizeof(at)));
}

void
ipp_put_time(struct bytes *b, const char *name, int64_t at_s)
{
	time_t t = (time_t)at_s;
	struct tm tm;
	uint8_t at[11] = { 0 };
	unsigned year;

	if (gmtime_r(&t, &tm) == NULL) {
		ipp_put_none(b, IPP_UNKNOWN, name);
		return;
	}
	year = (unsigned)tm.tm_year + 1900;
	at[0] = (uint8_t)(year >> 8);
	at[1] = (uint8_t)year;
	at[2] = (uint8_t)(tm.tm_mon + 1);
	at[3] = (uint8_t)tm.tm_mday;
	at[4] = (uint8_t)tm.tm_hour;
	at[5] = (uint8_t)tm.tm_min;
	at[6] = (uint8_t)tm.tm_sec;
	at[8] = '+';
	ipp_put(b, IPP_DATE, name, octets_of(at, sizeof(at)));
}

void
ipp_put_none(struct bytes *b, enum ipp_tag out_of_band, const char *name)
{
	ipp_put(b, out_of_band, name, (struct octets){ 0 });
}

void
ipp_open(struct bytes *b, const char *name)
{
	ipp_put_none(b, IPP_COLLECTION, name);
}

void
ipp_member(struct bytes *b, const char *name)
{
	ipp_put_text(b, IPP_MEMBER, "", name);
}

void
ipp_close(struct bytes *b)
{
	ipp_put_none(b, IPP_COLLECTION_END, "");
}

void
ipp_copy(struct bytes *b, const struct ipp_value *v)
{
	bytes_put_u8(b, (uint8_t)v->tag);
	counted(b, v->name);
	counted(b, v->value);
}
