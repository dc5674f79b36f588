/* relay/chunked.c - see chunked.h. */
#include "relay/chunked.h"

#define DIGITS_MAX 15

static int
hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
in_size(struct chunked *c, uint8_t o)
{
	int digit = hex(o);

	if (digit >= 0) {
		c->left = c->left << 4 | (uint64_t)digit;
		return ++c->digits <= DIGITS_MAX;
	}
	if (c->digits == 0)
		return false;
	if (o == '\r')
		c->state = CHUNKED_SIZE_LF;
	else if (o == ';')
		c->state = CHUNKED_EXTENSION;
	else
		return false;
	return true;
}

/* Extensions and trailers say nothing to us; but they are text, and not too much of it. */
static bool
in_extra(struct chunked *c, uint8_t o, enum chunked_state end)
{
	if (o == '\r') {
		c->state = end;
		return true;
	}
	return (o == '\t' || (o >= 0x20 && o <= 0x7e)) && ++c->extra <= CHUNKED_EXTRA_MAX;
}

static bool
expect(struct chunked *c, uint8_t o, uint8_t wanted, enum chunked_state next)
{
	c->state = next;
	return o == wanted;
}

/* One octet that is none of the body. */
static bool
step(struct chunked *c, uint8_t o)
{
	switch (c->state) {
	case CHUNKED_SIZE:
		return in_size(c, o);
	case CHUNKED_EXTENSION:
		return in_extra(c, o, CHUNKED_SIZE_LF);
	case CHUNKED_SIZE_LF:
		return expect(c, o, '\n', c->left > 0 ? CHUNKED_DATA : CHUNKED_LINE);
	case CHUNKED_DATA_CR:
		return expect(c, o, '\r', CHUNKED_DATA_LF);
	case CHUNKED_DATA_LF:
		c->digits = 0;
		return expect(c, o, '\n', CHUNKED_SIZE);
	case CHUNKED_LINE:
		c->state = o == '\r' ? CHUNKED_LAST_LF : CHUNKED_TRAILER;
		return o == '\r' || in_extra(c, o, CHUNKED_TRAILER_LF);
	case CHUNKED_TRAILER:
		return in_extra(c, o, CHUNKED_TRAILER_LF);
	case CHUNKED_TRAILER_LF:
		return expect(c, o, '\n', CHUNKED_LINE);
	case CHUNKED_LAST_LF:
		return expect(c, o, '\n', CHUNKED_END);
	case CHUNKED_DATA:
	case CHUNKED_END:
	default:
		return false;
	}
}

bool
chunked_take(
    struct chunked *c, struct octets in, size_t *ret_used, struct octets *ret, struct fault *f)
{
	size_t at = 0;

	*ret = (struct octets){ 0 };
	for (; at < in.n && c->state != CHUNKED_END; at++) {
		if (c->state == CHUNKED_DATA) {
			size_t n = in.n - at;

			if (n > c->left)
				n = (size_t)c->left;
			*ret = octets_of(in.at + at, n);
			c->left -= n;
			at += n;
			if (c->left == 0)
				c->state = CHUNKED_DATA_CR;
			break;
		}
		if (!step(c, in.at[at]))
			return fault_set(f, FAULT_BADREQ, "http: RFC 9112 section 7.1: no chunk");
	}
	*ret_used = at;
	return true;
}
