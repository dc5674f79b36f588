/*
 * policy/value.h - a value of an attribute: what a request says, or what a rule wants.
 *
 * Texts and lists are lent: they live as long as whoever made the value. A
 * value of VALUE_NONE is unknown, which is neither true nor false: it stops a
 * permit and fires a forbid (Kleene's three values).
 */
#ifndef QUATRAIN_POLICY_VALUE_H
#define QUATRAIN_POLICY_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum value_type {
	VALUE_NONE, /* unknown */
	VALUE_BOOL,
	VALUE_NUMBER,  /* whole; a duration in seconds, a time in seconds since 1970 */
	VALUE_TEXT,    /* UTF-8; a version is a text of numbers and dots */
	VALUE_ADDRESS, /* IPv6; IPv4 as ::ffff:a.b.c.d */
	VALUE_NET,     /* an address with a prefix: of rules only */
	VALUE_LIST,    /* of texts */
};

#define VALUE_ADDRESS_OCTETS 16
#define VALUE_LIST_MAX       64

struct value {
	enum value_type type;
	uint8_t prefix; /* of VALUE_NET: bits, 96 + n for IPv4 */
	union {
		bool yes;
		int64_t number;
		struct octets text;
		uint8_t address[VALUE_ADDRESS_OCTETS];
		struct {
			const struct octets *at;
			size_t n;
		} list;
	};
};

/* "10.20.4.9", "2001:db8::1"; false: no address. */
bool value_address(struct octets text, struct value *ret);
/* "10.20.0.0/16", "2001:db8::/32", an address alone; host bits must be zero. */
bool value_net(struct octets text, struct value *ret);
/* IPv4 is in no net of IPv6 but ::ffff:0:0/96 and those within it: "::/0" is all of IPv6. */
bool value_in_net(const struct value *address, const struct value *net);
/* RFC 3339 with "Z" or an offset, a fraction cut off, in seconds since 1970; false: no time. */
bool value_time(struct octets text, int64_t *ret_s);
/* "90d", "1h", "30m", "10s" into seconds; false: no duration. */
bool value_duration(struct octets text, int64_t *ret_s);
/* Numbers between dots, compared one after the other, missing ones are 0. False: one of them is no
 * version (digits and dots, at most 8 numbers of at most 9 digits). */
bool value_versions(struct octets a, struct octets b, int *ret);
bool value_same(const struct value *a, const struct value *b);
/* For people and logs, bounded and safe on one line, appended. */
void value_text(const struct value *v, struct bytes *ret);

#endif
