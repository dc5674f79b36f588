/*
 * base/bytes.h - octets: lent, owned, written and read.
 *
 * struct octets is lent and owns nothing. struct bytes owns and grows; a
 * failed allocation or a value over its limit leaves it marked bad, so that a
 * writer puts many values and looks once, with bytes_ok(). struct reader reads
 * big-endian values and counted octets and is marked bad by the first short
 * read, after which it yields zeros.
 */
#ifndef QUATRAIN_BASE_BYTES_H
#define QUATRAIN_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define BYTES_MAX (64u << 20) /* octets; nothing that we hold in memory is larger */

struct octets {
	const uint8_t *at; /* lent; NULL only when n is 0 */
	size_t n;
};

struct bytes {
	uint8_t *at; /* owned */
	size_t n, room;
	bool bad;
};

struct reader {
	const uint8_t *at; /* lent */
	size_t n;          /* octets left */
	bool bad;
};

/* Lend: the octets of a string without its NUL, of a buffer, of a struct bytes. */
struct octets octets_text(const char *s);
struct octets octets_of(const void *at, size_t n);
struct octets octets_bytes(const struct bytes *b);
/* v big-endian in to, lent: a key of the store. */
struct octets octets_u64(uint64_t v, uint8_t to[static 8]);
bool octets_same(struct octets a, struct octets b); /* not for secrets */
/* If o begins with the text, o loses it. */
bool octets_take_text(struct octets *o, const char *text);

/* Append. All are silent; see bytes_ok(). */
void bytes_put(struct bytes *b, const void *at, size_t n);
void bytes_put_octets(struct bytes *b, struct octets o);
void bytes_put_text(struct bytes *b, const char *s);
void bytes_put_fmt(struct bytes *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void bytes_put_u8(struct bytes *b, uint8_t v);
void bytes_put_u16(struct bytes *b, uint16_t v);
void bytes_put_u32(struct bytes *b, uint32_t v);
void bytes_put_u64(struct bytes *b, uint64_t v);
void bytes_put_counted(struct bytes *b, struct octets o); /* u32 length, then the octets */
void bytes_put_counted_text(struct bytes *b, const char *s);
/* n octets more for the caller to fill in, lent until the next append; NULL when bad. */
uint8_t *bytes_extend(struct bytes *b, size_t n);

/* True if everything put is there; otherwise FAULT_INTERNAL. */
bool bytes_ok(const struct bytes *b, struct fault *f) CHECKED;

void bytes_clear(struct bytes *b); /* empty and not bad, room kept */
void bytes_free(struct bytes *b);  /* wiped, freed, and ready for use again */

struct reader reader_of(struct octets o);
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
void reader_copy(struct reader *r, void *to, size_t n); /* zeros when short */
struct octets reader_counted(struct reader *r);         /* lent from what is read */
/* A counted text into a buffer of size octets, NUL put behind. Bad if it does not fit or holds a
 * NUL. */
void reader_counted_text(struct reader *r, char *to, size_t size);
/* True if no read was short and nothing is left over. */
bool reader_done(const struct reader *r);

#endif
