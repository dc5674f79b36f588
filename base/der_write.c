/* base/der_write.c - the writer of der.h. */
#include "base/der.h"

#include <string.h>

#include "base/text.h"

#define UTC_TIME_LAST_S  INT64_C(2524607999) /* 2049-12-31T23:59:59Z */
#define UTC_TIME_FIRST_S INT64_C(-631152000) /* 1950-01-01T00:00:00Z */

void
der_begin(struct der *d, uint8_t tag)
{
	bytes_put_u8(d->out, tag);
	if (d->depth == DER_DEPTH_MAX)
		d->out->bad = true;
	else
		d->start[d->depth++] = d->out->n;
}

/* The octets of a length into to; returns how many. */
static size_t
write_length(size_t len, uint8_t to[static 5])
{
	size_t more = 0;

	if (len < 0x80) {
		to[0] = (uint8_t)len;
		return 1;
	}
	for (size_t left = len; left > 0; left >>= 8)
		more++;
	to[0] = (uint8_t)(0x80 | more);
	for (size_t i = 1; i <= more; i++)
		to[i] = (uint8_t)(len >> 8 * (more - i));
	return more + 1;
}

void
der_end(struct der *d)
{
	uint8_t length[5];
	size_t start, len, n;

	if (d->depth == 0)
		d->out->bad = true;
	if (d->out->bad)
		return;
	start = d->start[--d->depth];
	len = d->out->n - start;
	n = write_length(len, length);
	if (bytes_extend(d->out, n) == NULL)
		return;
	memmove(d->out->at + start + n, d->out->at + start, len);
	memcpy(d->out->at + start, length, n);
}

void
der_put(struct der *d, uint8_t tag, struct octets content)
{
	uint8_t length[5];

	if (content.n > BYTES_MAX) {
		d->out->bad = true;
		return;
	}
	bytes_put_u8(d->out, tag);
	bytes_put(d->out, length, write_length(content.n, length));
	bytes_put_octets(d->out, content);
}

void
der_put_header(struct der *d, uint8_t tag, size_t n)
{
	uint8_t length[5];

	if (n > UINT32_MAX) {
		d->out->bad = true;
		return;
	}
	bytes_put_u8(d->out, tag);
	bytes_put(d->out, length, write_length(n, length));
}

void
der_put_text(struct der *d, uint8_t tag, const char *s)
{
	der_put(d, tag, octets_text(s));
}

void
der_put_unsigned(struct der *d, struct octets big_endian)
{
	while (big_endian.n > 0 && big_endian.at[0] == 0) {
		big_endian.at++;
		big_endian.n--;
	}
	der_begin(d, DER_INTEGER);
	if (big_endian.n == 0 || big_endian.at[0] >= 0x80)
		bytes_put_u8(d->out, 0);
	bytes_put_octets(d->out, big_endian);
	der_end(d);
}

void
der_put_small(struct der *d, uint8_t tag, unsigned v)
{
	uint8_t at[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
	size_t i = 0;

	if (v > INT32_MAX)
		d->out->bad = true;
	while (i < 3 && at[i] == 0 && at[i + 1] < 0x80)
		i++;
	der_put(d, tag, octets_of(at + i, 4 - i));
}

void
der_put_true(struct der *d)
{
	der_put(d, DER_BOOLEAN, octets_of("\xff", 1));
}

/* A time as DER wants it: the year's last digits, and no punctuation. */
static void
put_time(struct der *d, uint8_t tag, int64_t at_s, size_t year_from)
{
	char full[TEXT_TIME_MAX];

	if (at_s < TEXT_TIME_FIRST_S || at_s > TEXT_TIME_LAST_S)
		d->out->bad = true;
	text_time(at_s, full);
	der_begin(d, tag);
	for (const char *c = full + year_from; *c != '\0'; c++)
		if ((*c >= '0' && *c <= '9') || *c == 'Z')
			bytes_put_u8(d->out, (uint8_t)*c);
	der_end(d);
}

void
der_put_time(struct der *d, int64_t at_s)
{
	if (at_s >= UTC_TIME_FIRST_S && at_s <= UTC_TIME_LAST_S)
		put_time(d, DER_UTC_TIME, at_s, 2);
	else
		der_put_generalized_time(d, at_s);
}

void
der_put_generalized_time(struct der *d, int64_t at_s)
{
	put_time(d, DER_TIME, at_s, 0);
}

void
der_put_bits(struct der *d, struct octets content)
{
	der_begin(d, DER_BIT_STRING);
	bytes_put_u8(d->out, 0);
	bytes_put_octets(d->out, content);
	der_end(d);
}
