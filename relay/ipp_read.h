/*
 * relay/ipp_read.h - an IPP message up to its document: how long it is, whether it is one, and its
 * values in turn.
 *
 * Zero copies and no recursion: what is read is lent from the message. First
 * ipp_measure() is fed until it knows where the message ends (the document
 * follows), then ipp_check() holds all of it against the rules of RFC 8010 and
 * the bounds of relay/ipp.h, and only then are values read.
 */
#ifndef QUATRAIN_RELAY_IPP_READ_H
#define QUATRAIN_RELAY_IPP_READ_H

#include "base/bytes.h"
#include "relay/ipp.h"

/* How far a message was seen; zeros to begin with. */
struct ipp_measure {
	size_t at; /* octets that are behind us */
	bool whole;
};

/*
 * o is all that has come so far of one message, from its first octet. With
 * ret->whole the message is its first ret->at octets; otherwise more is needed.
 * Never looks twice at what it has seen. Faults: FAULT_BADREQ what can be no
 * message, FAULT_LIMIT longer than IPP_MESSAGE_MAX.
 */
bool ipp_measure(struct octets o, struct ipp_measure *ret, struct fault *f) CHECKED;

struct ipp_head {
	uint8_t major, minor;
	uint16_t code; /* operation-id, or status-code */
	uint32_t request_id;
};

/*
 * One value. The first of an attribute has its name; the others of it have none, and neither has
 * the end of a collection. Within a collection the name is the member's. depth is 0 outside of
 * collections.
 */
struct ipp_value {
	enum ipp_group group;
	unsigned group_n; /* which group of the message, from 0 */
	unsigned depth;
	enum ipp_tag tag;
	bool more; /* another value of the same attribute as the one before */
	struct octets name, value;
};

struct ipp_reader {
	struct octets rest;
	struct ipp_value last;
	struct octets member; /* name that the next value has */
	unsigned groups;
	bool member_more[IPP_DEPTH_MAX + 1];
};

/*
 * Is the whole of o one well-formed message? Groups in their order, the operation
 * group first with attributes-charset and attributes-natural-language (RFC 8011 section 4.1.4),
 * each value of the length and letters of its syntax, no attribute twice in a group, collections
 * closed. Fault: FAULT_BADREQ which attribute and why.
 */
bool ipp_check(struct octets o, struct ipp_head *ret, struct fault *f) CHECKED;
/* And a request: one group of a kind, but for subscriptions (RFC 3995 section 11.1). Whoever
 * looks at the first of two would judge what another prints. Fault: FAULT_BADREQ. */
bool ipp_check_request(struct octets o, struct ipp_head *ret, struct fault *f) CHECKED;

/* Of a message that was checked: begin, and the next value; false: there is none. */
void ipp_reader_of(struct octets checked, struct ipp_reader *ret);
bool ipp_next(struct ipp_reader *r, struct ipp_value *ret);

/* The first value of an attribute outside of collections in the first group of that kind; false: it
 * has none. */
bool ipp_find(struct octets checked, enum ipp_group group, const char *name, struct ipp_value *ret);
/* An integer or enum; false: another tag. */
bool ipp_number(const struct ipp_value *v, int32_t *ret);
bool ipp_yes(const struct ipp_value *v); /* a boolean that is true */
/* The text of text, name, keyword, uri ... without its language; empty for any other tag. */
struct octets ipp_text(const struct ipp_value *v);

#endif
