/*
 * base/der.h - DER (X.690), read strictly and written.
 *
 * The reader refuses every BER freedom: indefinite and non-minimal lengths,
 * high tag numbers, a length past the end, BOOLEANs other than 00 and FF,
 * non-minimal INTEGERs, BIT STRINGs with bad padding, SETs out of order, depth
 * over DER_DEPTH_MAX. The writer puts lengths in behind the content.
 */
#ifndef QUATRAIN_BASE_DER_H
#define QUATRAIN_BASE_DER_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"

#define DER_DEPTH_MAX 16

#define DER_BOOLEAN     0x01
#define DER_INTEGER     0x02
#define DER_BIT_STRING  0x03
#define DER_OCTETS      0x04
#define DER_NULL        0x05
#define DER_OID         0x06
#define DER_ENUMERATED  0x0a
#define DER_UTF8        0x0c
#define DER_PRINTABLE   0x13
#define DER_IA5         0x16
#define DER_UTC_TIME    0x17
#define DER_TIME        0x18 /* GeneralizedTime */
#define DER_SEQUENCE    0x30
#define DER_SET         0x31
#define DER_CONTEXT(n)  (0x80 | (n)) /* primitive */
#define DER_EXPLICIT(n) (0xa0 | (n)) /* constructed */

/* All of o is one well-formed DER value, nothing more. Fault: FAULT_BADREQ with the offset. */
bool der_check(struct octets o, struct fault *f) CHECKED;

/*
 * Take the next value off *in: its tag, its content, and in whole (may be
 * NULL) the value with its header. False, and nothing taken, at the end or
 * where the header is not DER.
 */
bool der_next(struct octets *in, uint8_t *tag, struct octets *content, struct octets *whole);
/* The same, and the tag must be this. */
bool der_take(struct octets *in, uint8_t tag, struct octets *content, struct octets *whole);

/* Begin a value; der_end() puts its length in. Pairs nest to DER_DEPTH_MAX. */
struct der {
	struct bytes *out;
	size_t start[DER_DEPTH_MAX];
	unsigned depth;
};
void der_begin(struct der *d, uint8_t tag);
void der_end(struct der *d);
void der_put(struct der *d, uint8_t tag, struct octets content);
void der_put_text(struct der *d, uint8_t tag, const char *s);
/* The header alone of a value of n octets, that whoever reads gets behind it: of what is too long
 * to be held at once. */
void der_put_header(struct der *d, uint8_t tag, size_t n);
/* INTEGER; leading zeros dropped, sign kept 0 */
void der_put_unsigned(struct der *d, struct octets big_endian);
void der_put_small(struct der *d, uint8_t tag, unsigned v); /* INTEGER or ENUMERATED under 2^31 */
void der_put_true(struct der *d);
/* UTCTime for 1950 to 2049, else GeneralizedTime (RFC 5280 section 4.1.2.5) */
void der_put_time(struct der *d, int64_t at_s);
void der_put_generalized_time(struct der *d, int64_t at_s); /* RFC 6960: always generalized */
void der_put_bits(struct der *d, struct octets content);    /* BIT STRING without unused bits */

#endif
