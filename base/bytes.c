/* base/bytes.c - see bytes.h. */
#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64

struct octets
octets_text(const char *s)
{
	return octets_of(s, strlen(s));
}

struct octets
octets_of(const void *at, size_t n)
{
	return (struct octets){ at, n };
}

struct octets
octets_bytes(const struct bytes *b)
{
	return octets_of(b->at, b->n);
}

struct octets
octets_u64(uint64_t v, uint8_t to[static 8])
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		to[i] = (uint8_t)v;
	return octets_of(to, 8);
}

bool
octets_same(struct octets a, struct octets b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

bool
octets_take_text(struct octets *o, const char *text)
{
	size_t n = strlen(text);

	if (o->n < n || memcmp(o->at, text, n) != 0)
		return false;
	*o = octets_of(o->at + n, o->n - n);
	return true;
}

/* Room for n octets more, or b is bad from now on. */
static bool
grow(struct bytes *b, size_t n)
{
	size_t room = b->room < FIRST_ROOM ? FIRST_ROOM : b->room;
	uint8_t *at;

	if (b->bad)
		return false;
	if (n <= b->room - b->n)
		return true;
	b->bad = true;
	if (n > BYTES_MAX - b->n)
		return false;
	while (room - b->n < n)
		room *= 2;
	at = realloc(b->at, room);
	if (at == NULL)
		return false;
	b->at = at;
	b->room = room;
	b->bad = false;
	return true;
}

uint8_t *
bytes_extend(struct bytes *b, size_t n)
{
	if (!grow(b, n == 0 ? 1 : n))
		return NULL;
	b->n += n;
	return b->at + b->n - n;
}

void
bytes_put(struct bytes *b, const void *at, size_t n)
{
	uint8_t *to;

	if (n == 0)
		return;
	to = bytes_extend(b, n);
	if (to != NULL)
		memcpy(to, at, n);
}

void
bytes_put_octets(struct bytes *b, struct octets o)
{
	bytes_put(b, o.at, o.n);
}

void
bytes_put_text(struct bytes *b, const char *s)
{
	bytes_put(b, s, strlen(s));
}

void
bytes_put_fmt(struct bytes *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		b->bad = true;
	else if (grow(b, (size_t)n + 1)) { /* vsnprintf puts a NUL that is not counted */
		(void)vsnprintf((char *)b->at + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

/* The low n octets of v, the highest first. */
static void
put_big_endian(struct bytes *b, uint64_t v, unsigned n)
{
	uint8_t *to = bytes_extend(b, n);

	if (to == NULL)
		return;
	while (n-- > 0)
		*to++ = (uint8_t)(v >> 8 * n);
}

void
bytes_put_u8(struct bytes *b, uint8_t v)
{
	put_big_endian(b, v, 1);
}

void
bytes_put_u16(struct bytes *b, uint16_t v)
{
	put_big_endian(b, v, 2);
}

void
bytes_put_u32(struct bytes *b, uint32_t v)
{
	put_big_endian(b, v, 4);
}

void
bytes_put_u64(struct bytes *b, uint64_t v)
{
	put_big_endian(b, v, 8);
}

void
bytes_put_counted(struct bytes *b, struct octets o)
{
	if (o.n > BYTES_MAX) { /* refused before its length is cut to 32 bits */
		b->bad = true;
		return;
	}
	bytes_put_u32(b, (uint32_t)o.n);
	bytes_put_octets(b, o);
}

void
bytes_put_counted_text(struct bytes *b, const char *s)
{
	bytes_put_counted(b, octets_text(s));
}

bool
bytes_ok(const struct bytes *b, struct fault *f)
{
	if (b->bad)
		return fault_set(
		    f, FAULT_INTERNAL, "bytes: out of memory, or over %u octets", BYTES_MAX);
	return true;
}

void
bytes_clear(struct bytes *b)
{
	b->n = 0;
	b->bad = false;
}

void
bytes_free(struct bytes *b)
{
	if (b->at != NULL)
		explicit_bzero(
		    b->at, b->n); /* it may have been a password or a key: not asked, done */
	free(b->at);
	*b = (struct bytes){ 0 };
}

struct reader
reader_of(struct octets o)
{
	return (struct reader){ .at = o.at, .n = o.n };
}

/* The next n octets, lent; NULL and bad where fewer are left. */
static const uint8_t *
take(struct reader *r, size_t n)
{
	const uint8_t *at = r->at;

	if (r->bad || n > r->n) {
		r->bad = true;
		return NULL;
	}
	if (n != 0)
		r->at += n;
	r->n -= n;
	return at;
}

static uint64_t
take_big_endian(struct reader *r, unsigned n)
{
	const uint8_t *at = take(r, n);
	uint64_t v = 0;

	if (at == NULL)
		return 0;
	while (n-- > 0)
		v = v << 8 | *at++;
	return v;
}

uint8_t
reader_u8(struct reader *r)
{
	return (uint8_t)take_big_endian(r, 1);
}

uint16_t
reader_u16(struct reader *r)
{
	return (uint16_t)take_big_endian(r, 2);
}

uint32_t
reader_u32(struct reader *r)
{
	return (uint32_t)take_big_endian(r, 4);
}

uint64_t
reader_u64(struct reader *r)
{
	return take_big_endian(r, 8);
}

void
reader_copy(struct reader *r, void *to, size_t n)
{
	const uint8_t *at = take(r, n);

	if (n == 0)
		return;
	if (at != NULL)
		memcpy(to, at, n);
	else
		memset(to, 0, n);
}

struct octets
reader_counted(struct reader *r)
{
	size_t n = reader_u32(r);
	const uint8_t *at = take(r, n);

	return r->bad ? octets_of(NULL, 0) : octets_of(at, n);
}

void
reader_counted_text(struct reader *r, char *to, size_t size)
{
	struct octets o = reader_counted(r);

	if (size == 0 || o.n >= size || (o.n != 0 && memchr(o.at, '\0', o.n) != NULL)) {
		r->bad = true;
		o.n = 0;
	}
	if (o.n != 0)
		memcpy(to, o.at, o.n);
	if (size != 0)
		to[o.n] = '\0';
}

bool
reader_done(const struct reader *r)
{
	return !r->bad && r->n == 0;
}
