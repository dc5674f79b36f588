/*
 * base/text.h - octets as text and back: hex, base32, base64, labels, durations.
 *
 * Decoders are strict except where a header says so. Nothing here allocates
 * but what goes into a struct bytes.
 */
#ifndef QUATRAIN_BASE_TEXT_H
#define QUATRAIN_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"

#define TEXT_LABEL_MAX   64 /* a DNS label (63) and its NUL */
#define TEXT_HOST_MAX    254
#define TEXT_TIME_MAX    21 /* 2026-11-22T14:30:00Z and its NUL */
#define TEXT_COLUMNS_MAX 1024

/* The first and last second that four digits of a year can tell. */
#define TEXT_TIME_FIRST_S INT64_C(-62167219200)
#define TEXT_TIME_LAST_S  INT64_C(253402300799)

/* Lower-case hex of n octets into to, which has room for 2n + 1. */
void text_hex(const uint8_t *at, size_t n, char *to);
/* Exactly n octets from 2n hex digits of either case, and nothing after them. */
bool text_unhex(const char *s, uint8_t *to, size_t n);

/* RFC 4648 base32, upper case, no padding; to has room for (8n + 4) / 5 + 1. */
void text_base32(const uint8_t *at, size_t n, char *to);

/*
 * RFC 4648 base64; columns 0 is one line without a line end, else LF after
 * each columns (a multiple of 4 to TEXT_COLUMNS_MAX) and at the end.
 */
void text_base64(struct octets o, size_t columns, struct bytes *ret);
/*
 * RFC 4648 base64 as RFC 8951 section 3.1 wants receivers: space, tab, CR, LF
 * anywhere are passed over, and so is a PEM armour line at either end.
 * Fault: FAULT_BADREQ another octet, wrong or missing padding, nothing at all.
 */
bool text_unbase64(struct octets o, struct bytes *ret, struct fault *f) CHECKED;

/* A lower-case DNS label: a-z, 0-9, inner hyphens, 1 to 63 octets. */
bool text_is_label(const char *s);
/* Labels joined by dots, 1 to 253 octets. */
bool text_is_host(const char *s);

/* "90d", "24h", "15m", "30s", or plain seconds; 0 < seconds <= 100 years. */
bool text_duration(const char *s, int64_t *ret_s);
/* RFC 3339, UTC, whole seconds; outside the years 0000 to 9999 the nearest second within. */
void text_time(int64_t at_s, char to[static TEXT_TIME_MAX]);

/* Append o with every octet that is not printable ASCII, a quote or a backslash as \xNN. */
void text_put_printable(struct bytes *b, struct octets o);

/*
 * Percent-decode (RFC 3986 section 2.1) into a buffer of size octets, NUL
 * behind. False: bad, too long or NUL in it, and then the buffer is unspecified.
 */
bool text_unpercent(struct octets o, char *to, size_t size);

/* Octets of the UTF-8 character that o begins with (RFC 3629), and its code; 0 for none. */
size_t text_utf8(struct octets o, uint32_t *ret_code);

/*
 * Append o as UTF-8 that stays in its place: each octet that is not UTF-8, or
 * belongs to a control (C0, DEL, C1), a bidi control or a line separator,
 * becomes \xNN; so does a backslash before an x. Thus \xNN always stands for
 * one octet, and o can be had back. lines lets line feeds pass.
 */
void text_put_safe(struct bytes *b, struct octets o, bool lines);

/* How many octets must be put in, taken out or changed to make b of a (Levenshtein), for "did you
 * mean"; TEXT_NEAR_MAX where one of them is longer than that. */
#define TEXT_NEAR_MAX 32
size_t text_distance(const char *a, struct octets b);

#endif
